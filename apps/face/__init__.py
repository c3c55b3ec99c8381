"""Face verification and recognition: from a photo to encodings, decisions and measured error rates."""

# The rooms and modules in the order of their imports: each may import those before it, and none after it.
ROOMS = (
    "samples",
    "encoding",
    "photo",
    "decision",
    "measured",
    "gallery",
    "triplets",
    "evaluation",
    "identify",
    "exercises",
    "ui",
)
