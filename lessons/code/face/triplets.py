"""The triplet loss of three photos: anchor, positive, negative."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.face.photo.pipeline import encode, find_face
from apps.face.samples import sample_picture
from apps.face.triplets.linear_map import Training, train
from apps.face.triplets.loss import measure
from apps.face.ui.playground import of_samples

# %% [markdown]
# What was chosen on the page; change it here. Photos of your own: `find_face(PIL.Image.open("photo.jpg"))`.

# %%
encoder = "resnet29-128d"
margin = 0.2
mining = "semi-hard"
numbers = 2  # of the encodings that the linear map gives
updates = 300  # of the map; 0: none is trained
photos = ("obama", "obama2", "biden")

# %%
A, P, N = encode([find_face(sample_picture(photo)) for photo in photos], encoder, average="full")
one = measure(A, P, N, margin)
print(f"max({one.d_ap:.4f} - {one.d_an:.4f} + {margin:.4f}, 0) = {one.loss:.4f}: {one.region}")

# %% [markdown]
# A small linear map that learns with this loss, on nine variations of each sample photo.

# %%
if updates:
    ground = of_samples(encoder)
    training = Training(margin=margin, mining=mining, numbers=numbers, steps=updates)
    for step in train(ground.encodings, ground.person, training):
        if step.step % 50 == 0:
            print(f"step {step.step}: L = {step.loss:.4f}, {step.with_loss:,} of {step.total:,} triplets with a loss")
