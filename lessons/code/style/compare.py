"""Two weights, one picture: the same recipe twice, with other weights of content and style."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from dataclasses import replace

from apps.style.canvas import open_content, open_style
from apps.style.options import Options, checked, parse_lambdas
from apps.style.run.transfer import Run
from apps.style.samples import SAMPLES

# %% [markdown]
# What was chosen on the page; change it here. Pictures of your own: paths for `open_content` and `open_style`.

# %%
alpha_a = 1.0
beta_a = 1.0
alpha_b = 1.0
beta_b = 100.0
content = "cat"
style = "swirls"
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
recipe = Options(
    size=160, iterations=60, content_layers=tuple(content_layers), style_layers=layers, lambdas=weights, units=units,
    init=init, optimizer=optimizer, pooling=pooling, smoothness=smoothness, coarse_to_fine=coarse_to_fine,
    keep_colours=keep_colours, seed=seed, backbone=backbone,
)  # fmt: skip
pictures = open_content(SAMPLES[content].path), open_style(SAMPLES[style].path)
runs = []
for name, alpha, beta in (("A", alpha_a, beta_a), ("B", alpha_b, beta_b)):
    runs.append(Run(*pictures, checked(replace(recipe, alpha=alpha, beta=beta))))
    for _ in runs[-1].steps():
        pass
    last = runs[-1].costs[-1]
    print(f"{name}, alpha = {alpha}, beta = {beta}: J_content {last.content:.6g}, J_style {last.style:.6g}")
    runs[-1].picture.save(f"{name}.png")
