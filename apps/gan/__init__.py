"""The GAN demo: digits from noise, digits on demand, the two players watched and measured."""

# The rooms and modules in the order of their imports: each may import those before it, and none after it.
ROOMS = ("choices", "figures", "players", "drawing", "lab", "exhibits", "training", "ui")
