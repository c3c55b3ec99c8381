"""A photo made small and restored in every way: which one is near to the original, and which one looks like a photo."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from PIL import Image

from apps.gan.sharpen.lesson import lesson, prepared
from apps.gan.sharpen.options import FACTOR
from apps.gan.sharpen.samples import sample_path
from apps.gan.sharpen.upscale import upscaled

# %% [markdown]
# What was chosen on the page; change it here. A photo of your own: its path in place of `sample_path(sample)`.

# %%
sample = "cat"
mode = "restore"  # or "enlarge": four times as large as it is
side = 96  # pixels of the small picture's longer side

# %%
photo = Image.open(sample_path(sample)).convert("RGB")
if mode == "restore":
    *_, found = lesson(prepared(photo, FACTOR * side), side=FACTOR * side)
    for one in found.restored:
        print(f"{one.way}: PSNR {one.psnr_db:.2f} dB, perceptual {one.distance:.3f}, texture {one.texture:.4f}")
        one.picture.save(f"{one.way}.png")
else:
    for way in ("bicubic", "small", "gan"):
        upscaled(photo, model=way).save(f"{way}-x4.png")
