"""Real or fake? The ten pictures of a round, what they are, and what the discriminator takes them for."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.gan.drawing.tiles import sheet
from apps.gan.exhibits.requests import deal_round

# %% [markdown]
# What was chosen on the page; change it here. `fake`: the numbers of the pictures that you take for fakes.

# %%
round_ = 0
fake = []

# %%
found = deal_round(round_)
yours = its = 0
for number, (is_real, p_real) in enumerate(zip(found.real, found.p_real, strict=True), 1):
    yours += is_real == (str(number) not in fake)
    its += is_real == (p_real > 0.5)
    print(f"{number:2}: {'real' if is_real else 'fake'}, D says real with {p_real:.4f}")
print(f"You {yours}, D {its} of {len(found.real)}.")
sheet(found.pictures, 5).save("round.png")
