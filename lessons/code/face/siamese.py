"""Two photos, one network: both encodings, number by number, and what each coordinate adds to their distance."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.face.photo.pipeline import encode, find_face
from apps.face.samples import sample_picture

# %% [markdown]
# What was chosen on the page; change it here. Photos of your own: `find_face(PIL.Image.open("photo.jpg"))`.

# %%
encoder = "resnet29-128d"
photos = ("obama", "obama2")

# %%
a, b = encode([find_face(sample_picture(photo)) for photo in photos], encoder, average="full")
parts = (a.astype(float) - b) ** 2
print(f"{len(a)} numbers each; d = {parts.sum():.4f}, the plain distance is {parts.sum() ** 0.5:.4f}")
for place in parts.argsort()[::-1][:12]:
    print(f"coordinate {place}: {a[place]:+.4f} and {b[place]:+.4f}, {parts[place] / parts.sum():.1%} of d")
