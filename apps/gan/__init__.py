"""The GAN demo: digits from noise, digits on demand, both players watched while they learn, and figures."""

# The rooms and modules in the order of their imports: each may import those before it, and none after it.
ROOMS = (
    "choices",
    "players",
    "drawing",
    "lab",
    "exhibits",
    "sharpen",
    "training",
    "translation",
    "art",
    "measured",
    "exercises",
    "ui",
)
