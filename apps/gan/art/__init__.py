"""Endless art: a generator per picture that paints more of it, seamless and in any size."""
