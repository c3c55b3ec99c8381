"""The GAN demo: digits from noise, digits on demand, the two players watched and measured."""
