"""Digits that nobody wrote: G draws them from random numbers, D judges each, an independent judge reads them."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.gan.drawing.tiles import sheet
from apps.gan.exhibits.requests import draw_samples

# %% [markdown]
# What was chosen on the page; change it here.

# %%
model = "dcgan-digits"
seed = 0
count = 24
real = 6  # of the pictures are real digits
truncation = 4.0

# %%
found = draw_samples(model, count=count, seed=seed, truncation=truncation, real=real)
for number, (is_real, read, p_real) in enumerate(zip(found.real, found.read, found.p_real, strict=True), 1):
    print(f"{number:3}: {'real' if is_real else 'fake'}, read as {read}, D says real with {p_real:.4f}")

# %%
fooled = sum(not is_real and bool(p_real > 0.5) for is_real, p_real in zip(found.real, found.p_real, strict=True))
print(f"D takes {fooled} of {found.real.count(False)} fakes for real.")
sheet(found.pictures, 8).save("digits.png")
