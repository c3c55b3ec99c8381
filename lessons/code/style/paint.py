"""Style transfer: descend J(G) = alpha J_content + beta J_style by changing the pixels of G."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from pathlib import Path

import numpy as np

from apps.style.canvas import open_content, open_style
from apps.style.options import Options, checked, parse_lambdas
from apps.style.run.frames import Frames
from apps.style.run.transfer import Run
from apps.style.samples import SAMPLES

# %% [markdown]
# What was chosen on the page; change it here. Pictures of your own: paths for `open_content` and `open_style`.

# %%
content = "cat"
style = "swirls"
size = 256
iterations = 150
beta = 1.0
alpha = 1.0
content_layers = ["relu4_2"]
style_layers = ["relu1_1", "relu2_1", "relu3_1", "relu4_1"]
lambdas = "relu1_1=1, relu2_1=1, relu3_1=1, relu4_1=1"
units = "target"
init = "content"
optimizer = "lbfgs"
pooling = "average"
smoothness = 0.3
coarse_to_fine = True
keep_colours = False
seed = 0
backbone = "vgg16-hed"

# %%
layers, weights = parse_lambdas(lambdas, tuple(style_layers))
options = checked(
    Options(
        size=size, iterations=iterations, beta=beta, alpha=alpha, content_layers=tuple(content_layers),
        style_layers=layers, lambdas=weights, units=units, init=init, optimizer=optimizer, pooling=pooling,
        smoothness=smoothness, coarse_to_fine=coarse_to_fine, keep_colours=keep_colours, seed=seed, backbone=backbone,
    )
)  # fmt: skip
run = Run(open_content(SAMPLES[content].path), open_style(SAMPLES[style].path), options)
frames, matrices = Frames(), {}
for step in run.steps():
    frames.add(step.picture, step.done)
    matrices = step.grams or matrices
    print(f"iteration {step.done} of {step.total}: J = {step.costs[-1].J:.6g}")

# %%
numbers = run.result().numbers()
print("J from", numbers["J"])
run.picture.save("painted.png")
Path("painted.gif").write_bytes(frames.gif())

# %% [markdown]
# What the style cost compares: how far the style matrices of G are from those of S.

# %%
for layer, target in matrices.get("S", {}).items():
    away = np.linalg.norm(matrices["G"][layer] - target) / np.linalg.norm(target)
    print(f"style matrix of {layer}, {len(target)} x {len(target)}: {away:.0%} away")
