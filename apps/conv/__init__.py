"""Convolutions in one, two and three dimensions: the arithmetic of shapes, and a filter to watch as it slides.

The five words are the same everywhere: input, filter, slide, sum, output.
"""

# The rooms and modules in the order of their imports: each may import those before it, and none after it.
ROOMS = (
    "shapes",
    "results",
    "filters",
    "presets",
    "phantoms",
    "learned",
    "parse",
    "check",
    "describe",
    "scenes",
    "experiments",
    "exercises",
    "ui",
)
