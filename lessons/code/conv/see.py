"""One filter, five words: input, filter, slide, sum, output; the value of one place, and all of them by torch."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

import base64

import numpy as np
import torch
from torch.nn import functional

from apps.conv.scenes import scene as scene_data

# %% [markdown]
# What was chosen on the page; change it here. `weights`: a filter of your own, with `size` values along each axis.

# %%
scene = "signal"
filter_ = 0
picture = 0
stride = 1
padding = "valid"
dilation = 1
weights = []
size = 3
place = 0  # of the output, row by row

# %%
shown = scene_data(scene)
axes = shown["dimensions"]


def decoded(entry):
    """An input of the scene, (channels, ...) with the axes that it has."""
    if "values" in entry:
        flat = np.array(entry["values"], np.float64)
    else:
        flat = np.frombuffer(base64.b64decode(entry["base64"]), np.uint8) / entry["scale"]
    channels, *sides = entry["shape"]
    return torch.tensor(flat.reshape(channels, *sides[3 - axes :]))


x = decoded(shown["inputs"][picture])
chosen = shown["filters"][filter_]
values, shape = (
    (weights, [len(weights) // size**axes, *[size] * 3]) if weights else (chosen["weights"], chosen["shape"])
)
kernel = torch.tensor(values, dtype=torch.float64).reshape(shape[0], *shape[4 - axes :])
if shape[0] == 1:
    x = x.mean(0, keepdim=True)  # a filter of one channel sees the colours' mean

# %% [markdown]
# The sum of products at every place. "Same" puts d(f - 1) zeros around the input along each axis, half before it.

# %%
sides = []
for f in reversed(kernel.shape[1:]):
    zeros = dilation * (f - 1) if padding == "same" else 0
    sides += [zeros // 2, zeros - zeros // 2]
convolve = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}[axes]
output = convolve(functional.pad(x, sides)[None], kernel[None], stride=stride, dilation=dilation)[0, 0]
print("output:", " x ".join(map(str, output.shape)))
print(f"place {place}: {float(output.flatten()[place]):.4f}")
