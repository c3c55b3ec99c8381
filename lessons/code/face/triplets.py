"""The triplet loss of three photos: anchor, positive, negative."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.face.photo.pipeline import encode, find_face
from apps.face.samples import sample_picture
from apps.face.triplets.loss import measure

# %% [markdown]
# What was chosen on the page; change it here. Photos of your own: `find_face(PIL.Image.open("photo.jpg"))`.

# %%
encoder = "resnet29-128d"
margin = 0.2
photos = ("obama", "obama2", "biden")

# %%
A, P, N = encode([find_face(sample_picture(photo)) for photo in photos], encoder, average="full")
one = measure(A, P, N, margin)
print(f"max({one.d_ap:.4f} - {one.d_an:.4f} + {margin:.4f}, 0) = {one.loss:.4f}: {one.region}")
