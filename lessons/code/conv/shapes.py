"""Shapes, parameters and multiplications of a stack of convolutions, checked against torch."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.conv.check import verdicts
from apps.conv.describe import answer, read_stack

# %% [markdown]
# What was chosen on the page; change it here.

# %%
input_ = "14x14x3"
layers = """\
5x5x3,16
5x5x16,32"""

# %%
steps = read_stack(input_, layers)
found = answer(steps, verdicts(steps))
for layer in found["layers"]:
    print(f"{layer['text']:24} {layer['output']}  {layer['parameters']:,} parameters")
print(
    f"{found['parameters']:,} parameters, {found['multiplications']:,} multiplications; torch agrees: {found['agrees']}"
)
