"""Two players, watched through snapshots of one training run: what G draws, and what D thinks of it."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.gan.drawing.tiles import sheet
from apps.gan.exhibits.requests import players_at
from shared.registry import find, measured

# %% [markdown]
# What was chosen on the page; change it here. Your own training: `python -m apps.gan train`.

# %%
snapshot = 13  # from the first to the last
seed = 0

# %%
step = measured(find("gan/dcgan-snapshots", "gan"))["steps"][snapshot]
found = players_at(step, seed=seed)
fakes, reals = ((p_real > 0.5).mean() for p_real in (found.fake, found.real))
print(f"After {step:,} steps D takes {fakes:.2%} of the fakes and {reals:.2%} of the real digits for real.")
sheet(found.pictures, 8).save("fakes.png")
