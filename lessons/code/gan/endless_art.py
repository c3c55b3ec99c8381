"""A window of a picture without end, from a generator that has seen patches of one single picture."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

import numpy as np

from apps.gan.art.requests import painting
from apps.gan.art.wish import Wish

# %% [markdown]
# What was chosen on the page; change it here.

# %%
picture = "mosaic"
seed = 0
x = 0
y = 0
width = 512
height = 512
tile = False
second = "none"
amount = 0.5
across = True

# %%
window = painting(Wish(picture, seed, x, y, width, height, tile, second, amount, across))
mean = np.asarray(window).reshape(-1, 3).mean(axis=0)
print(f"{window.width} x {window.height} pixels, mean colour {mean.round(1).tolist()}")
window.save("endless.png")
