"""What noise, drift, a wrong gain, swapped electrodes or a slow recorder do to the answers."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.ekg.answers.classify import classified
from apps.ekg.answers.disturb import Disturbance, agreement, disturbed, excerpt
from apps.ekg.network.weights import leased
from apps.ekg.samples import open_sample

# %% [markdown]
# What was chosen on the page; change it here.

# %%
sample = "208"
annotated = True
noise = 0.0  # mV
drift = 0.0  # mV
gain = 1.0
rate = 125
inverted = False

# %%
how = Disturbance(noise_mv=noise, drift_mv=drift, gain=gain, inverted=inverted, rate_hz=rate)
with leased() as network, open_sample(sample) as recording:
    part = excerpt(classified(recording, network, use_annotations=annotated))  # the first five minutes
    before = classified(part, network)
    after = classified(disturbed(part, how), network)
result = agreement(before, after)
print(f"same class as before: {result.kept} ({result.share:.1%}); another class: {result.changed}")
print(f"Q, lost in noise: {result.given_up}; not found: {result.lost}; false detections: {result.added}")
