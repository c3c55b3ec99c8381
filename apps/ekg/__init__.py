"""The EKG classifier: heartbeats of a recording, told apart by a 1-D convolutional network."""
