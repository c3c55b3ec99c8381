"""A number in generated handwriting: one z for all its digits, and what an independent judge reads."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.gan.drawing.tiles import sheet
from apps.gan.exhibits.requests import class_grid, write_number

# %% [markdown]
# What was chosen on the page; change it here.

# %%
number = "2026"
seed = 0
truncation = 4.0
columns = 12  # handwritings, each with all ten digits
columns_seed = 0

# %%
found = write_number(number, seed=seed, truncation=truncation)
wrong = sum(typed != read for typed, read in zip(found.digits, found.read, strict=True))
print("The judge reads", "".join(map(str, found.read)), f"({wrong} wrong)")
sheet(found.pictures, len(found.digits), gap=0).save("number.png")
sheet(class_grid(columns=columns, seed=columns_seed, truncation=truncation), columns).save("grid.png")
