"""A digit shrunk to 7 x 7 pixels and restored: by bicubic interpolation, and by a generator that was given them."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.gan.drawing.real_digits import some_real
from apps.gan.drawing.tiles import sheet
from apps.gan.exhibits.requests import restore_digit

# %% [markdown]
# Change it here. A digit of your own: an array of 28 x 28 bytes, white on black.

# %%
place = 0  # of a real digit

# %%
found = restore_digit(some_real(1, place)[0][0])
for name, read, psnr_db in zip(("bicubic", "GAN"), found.read[1:], found.psnr_db, strict=True):
    print(f"{name}: the judge reads {read} (the original: {found.read[0]}), PSNR {psnr_db:.1f} dB")
sheet(found.pictures, 3).save("restored.png")
