"""Neural style transfer: pixels are changed until a network sees the content of one picture in the style of another."""

# The rooms and modules in the order of their imports: each may import those before it, and none after it.
ROOMS = ("samples", "measured", "vgg", "options", "canvas", "descent", "instant", "run", "units", "exercises", "ui")
