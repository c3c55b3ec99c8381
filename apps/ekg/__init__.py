"""The EKG classifier: heartbeats of a recording, classified by a 1-D convolutional network."""

# The rooms and modules in the order of their imports: each may import those before it, and none after it.
ROOMS = ("aami", "measured", "formats", "samples", "beats", "network", "answers", "training", "exercises", "ui")
