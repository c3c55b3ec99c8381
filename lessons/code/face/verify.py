"""Same person or not? The distance of two encodings against the threshold tau, on the sample photos of the page."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.face.decision.matching import decide, find_calibration
from apps.face.photo.pipeline import encode, find_face
from apps.face.samples import sample_picture

# %% [markdown]
# What was chosen on the page; change it here. Photos of your own: `find_face(PIL.Image.open("photo.jpg"))`.

# %%
encoder = "resnet29-128d"
tau = 0.6
pairs = (("obama", "obama2"), ("obama", "biden"), ("collins", "biden"))

# %%
known = find_calibration(encoder)
answers = []
for first, second in pairs:
    a, b = encode([find_face(sample_picture(first)), find_face(sample_picture(second))], encoder, average="full")
    answers.append(decide(a, b, encoder, tau, calibrated=known))
    verdict = "same person" if answers[-1].same else "different people"
    print(f"{first} and {second}: distance {answers[-1].distance:.4f}, at tau = {tau}: {verdict}")

# %% [markdown]
# How often this threshold errs on the pairs that it was measured on.

# %%
print(f"false accepts {answers[0].far}, false rejects {answers[0].frr}")
