"""Style pictures made by program: painted once at 512 x 512 by ``python -m tools.paint``, then kept as samples.

Paintings in museums are mostly scans that others hold rights in, and a network of pixels needs no museum: what it takes
from a style picture are its strokes, edges and colours. Each painter is a function of a random generator alone, so that
the same seed paints the same picture. They draw at twice the size and are reduced, which smooths every edge.
"""
