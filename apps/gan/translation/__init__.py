"""Day to night, from space: pix2pix on NASA's aligned pictures of the Earth, with whole continents held out."""
