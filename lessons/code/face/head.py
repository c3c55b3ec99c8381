"""Verification as binary classification: a logistic regression on what two encodings share."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

import numpy as np

from apps.face.decision.logistic import FEATURES, Logistic
from apps.face.decision.matching import decide, find_calibration
from apps.face.encoding.encoders import find_encoder
from apps.face.photo.pipeline import encode, find_face
from apps.face.samples import sample_picture
from shared.registry import find, measured

# %% [markdown]
# What was chosen on the page; change it here. Photos of your own: `find_face(PIL.Image.open("photo.jpg"))`.

# %%
encoder = "resnet29-128d"
tau = 0.6
features = "absolute"  # or "chi_square"
photos = ("obama", "obama2")

# %%
head = measured(find(find_encoder(encoder).name, "face"))["heads"][features]
weights, bias = np.asarray(head["weights"], float), head["bias"]
a, b = encode([find_face(sample_picture(photo)) for photo in photos], encoder, average="full")
phi = FEATURES[features](a, b)
p_same = float(Logistic(weights=weights, bias=bias).probability(phi))
print(f"P(same) = sigma({float((weights * phi).sum()):+.3f} {bias:+.3f}) = {p_same:.4f}")

# %%
decision = decide(a, b, encoder, tau, calibrated=find_calibration(encoder))
print(f"the threshold says {'same' if decision.same else 'different'}, with probability {decision.probability:.4f}")
