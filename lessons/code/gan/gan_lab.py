"""GAN Lab: the game on points of the plane, in torch, as the page plays it in the browser."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from dataclasses import replace

from apps.gan.lab.game import Lab
from apps.gan.lab.rules import PRESETS

# %% [markdown]
# What was chosen on the page; change it here. `None` is what the game says.

# %%
preset = "It works"
start = "0"  # rounds that were played ahead
shape = None
noise = None
loss = None
seed = None
r1 = None
layers_d = None
neurons_d = None
optimizer_d = None
lr_d = None
d_updates = None
layers_g = None
neurons_g = None
optimizer_g = None
lr_g = None
g_updates = None

# %%
rules = PRESETS[preset].rules
chosen = {
    "shape": shape, "noise": noise, "loss": loss, "seed": seed, "r1": r1, "optimizer_d": optimizer_d, "lr_d": lr_d,
    "d_updates": d_updates, "optimizer_g": optimizer_g, "lr_g": lr_g, "g_updates": g_updates,
}  # fmt: skip
for player, layers, neurons in (("d", layers_d, neurons_d), ("g", layers_g, neurons_g)):
    usual = getattr(rules, f"hidden_{player}")
    count = len(usual) if layers is None else layers
    chosen[f"hidden_{player}"] = (neurons or (usual or (32,))[0],) * count
game = Lab(replace(rules, **{name: value for name, value in chosen.items() if value is not None}))

# %%
ahead = int(start)
for frame in game.play(ahead + 100, per_frame=50):
    if frame.rounds >= ahead and not frame.diverged:
        kl, js = game.divergences()
        d, g = frame.losses_d[-1:], frame.losses_g[-1:]
        print(f"round {frame.rounds}: loss of D {d}, of G {g}; KL {kl:.3f}, JS {js:.3f} bits")
