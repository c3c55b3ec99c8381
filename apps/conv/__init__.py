"""Convolutions in one, two and three dimensions: the arithmetic of shapes, and a filter to watch as it slides.

The five words are the same everywhere: input, filter, slide, sum, output.
"""
