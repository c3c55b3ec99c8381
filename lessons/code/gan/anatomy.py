"""Both networks layer by layer for one picture: shapes and parameters, from z to a digit and from it to a verdict."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.gan.exhibits.anatomy import anatomy

# %% [markdown]
# What was chosen on the page; change it here.

# %%
model = "cgan-digits"
seed = 0
digit = "8"

# %%
found = anatomy(model, seed=seed, digit=int(digit))
for title, layers in (("Generator", found.generator), ("Discriminator", found.discriminator)):
    print(f"{title}: {sum(layer.parameters for layer in layers):,} parameters")
    for layer in layers:
        print(f"  {layer.name:12} {layer.kind:18} {' x '.join(map(str, layer.shape)) or '1':14} {layer.parameters:>9,}")
print(f"D says real with {found.p_real:.4f}")
