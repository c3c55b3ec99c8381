"""Same person or not: distances, the threshold tau, probabilities, logistic regression on the difference."""
