"""A picture in one forward pass: networks that were trained to paint, and the styles that they know or are taught."""
