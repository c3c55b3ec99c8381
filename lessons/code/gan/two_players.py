"""Two players, watched through snapshots of one training run: what G draws, and what D thinks of it."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.gan.drawing.tiles import sheet
from apps.gan.exhibits.requests import players_at
from apps.gan.training.live import begun
from shared.registry import find, measured

# %% [markdown]
# What was chosen on the page; change it here. `own_steps`: of your own training, 200 for each press of its button. To
# train a network for good: `python -m apps.gan train`.

# %%
snapshot = 13  # from the first to the last
seed = 0
own_seed = 0
own_steps = 0

# %%
step = measured(find("gan/dcgan-snapshots", "gan"))["steps"][snapshot]
found = players_at(step, seed=seed)
fakes, reals = ((p_real > 0.5).mean() for p_real in (found.fake, found.real))
print(f"After {step:,} steps D takes {fakes:.2%} of the fakes and {reals:.2%} of the real digits for real.")
sheet(found.pictures, 8).save("fakes.png")

# %%
if own_steps:
    training = begun(own_seed)
    for _ in training.play(own_steps):
        now = training.breath
        print(f"after {now.steps} steps: D's loss {now.losses_d[-1]:.4f}, G's {now.losses_g[-1]:.4f}")
    sheet(training.breath.pictures, 4).save("own.png")
