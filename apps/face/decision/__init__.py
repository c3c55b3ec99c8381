"""Same person or not: distances, what tau decides (``matching.py``), its error rates, logistic regression on pairs."""
