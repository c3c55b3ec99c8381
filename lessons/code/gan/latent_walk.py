"""From one digit to another: every point on the way between two z is a digit."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

import itertools

from apps.gan.drawing.tiles import sheet
from apps.gan.exhibits.requests import moved, sum_of_styles, walk

# %% [markdown]
# What was chosen on the page; change it here.

# %%
from_seed = 1
from_digit = "3"
to_seed = 2
to_digit = "8"
path = "spherical"
steps = 32
seed = 4  # of the digit that is moved along directions with a meaning
digit = "4"
slant = 0
boldness = 0
width = 0
height = 0
a = 5  # of the sum A - B + C
b = 6
c = 7
sum_digit = "2"

# %%
ends = {"digit_a": int(from_digit), "digit_b": int(to_digit)}
pictures = walk(seed_a=from_seed, seed_b=to_seed, kind=path, steps=steps, **ends)
changes = [float(abs(after - before).mean()) for before, after in itertools.pairwise(pictures)]
print(f"{len(pictures)} pictures; from one to the next a pixel changes by {sum(changes) / len(changes):.4f} on average")
sheet(pictures, 16, gap=0).save("walk.png")

# %% [markdown]
# A digit moved along directions of z, with the same move for all ten; and the sum of three handwritings.

# %%
shifted = moved(seed=seed, digit=int(digit), amounts=(slant, boldness, width, height))
summed = sum_of_styles(base=a, minus=b, plus=c, digit=int(sum_digit))
sheet(shifted, 11).save("moved.png")
sheet(summed, 4).save("sum.png")
