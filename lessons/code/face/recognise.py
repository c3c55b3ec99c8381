"""Who is this? The sample people are enrolled, and a photo is looked up among them."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.face.decision.error_curves import pooling
from apps.face.decision.matching import find_calibration
from apps.face.gallery.gallery import MemoryGallery
from apps.face.photo.pipeline import encode, find_face
from apps.face.samples import sample_name, sample_picture

# %% [markdown]
# What was chosen on the page; change it here. Photos of your own: `find_face(PIL.Image.open("photo.jpg"))`.

# %%
encoder = "resnet29-128d"
tau = 0.6
people = ("obama", "biden", "collins")
photo = "obama2"

# %%
known = find_calibration(encoder)
gallery = MemoryGallery()
codes = encode([find_face(sample_picture(key)) for key in (*people, photo)], encoder, average="full")
for key, code in zip(people, codes, strict=False):
    gallery.enroll(sample_name(key), code, encoder=encoder, thumbnail=b"", owner="me")
answer = gallery.index(encoder).identify(codes[-1], tau, **pooling(known))
for one in answer.candidates:
    print(f"{one.rank}. {one.person}: distance {one.distance:.4f}")
print("not recognised" if answer.winner is None else f"recognised: {answer.winner.person}")
