"""What a unit of a deep layer responds to: the nine places of the sample pictures that excite it most."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.style.units.answers import cut
from apps.style.units.patches import sample_index

# %% [markdown]
# What was chosen on the page; change it here.

# %%
layer = "relu3_3"
unit = 245
network = "vgg16-hed"

# %%
index = sample_index(network)
patches = index.patches(layer, unit)
for place, patch in enumerate(patches, 1):
    print(f"{place}. {patch.picture}, row {patch.row}, column {patch.column}: activation {patch.activation:.4f}")
    cut(index.pictures[patch.picture].picture, patch.window).save(f"patch-{place}.png")
