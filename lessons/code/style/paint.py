"""Style transfer: descend J(G) = alpha J_content + beta J_style by changing the pixels of G."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.style.canvas import open_content, open_style
from apps.style.options import Options, checked, parse_lambdas
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
for step in run.steps():
    print(f"iteration {step.done} of {step.total}: J = {step.costs[-1].J:.6g}")

# %%
numbers = run.result().numbers()
print("J from", numbers["J"])
run.picture.save("painted.png")
