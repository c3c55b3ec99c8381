"""A recording's heartbeats classified, and one of them from the inside. For teaching only: not a medical device."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.ekg.aami import LETTERS
from apps.ekg.answers.classify import classified
from apps.ekg.answers.explain import explain, first_filters, sentence, slide
from apps.ekg.answers.rhythm import rhythm_in
from apps.ekg.network.weights import leased
from apps.ekg.samples import open_sample

# %% [markdown]
# What was chosen on the page; change it here. A recording of your own: `open_recording("path")` of
# `apps.ekg.formats.opening` in place of `open_sample`.

# %%
sample = "208"
annotated = True  # use annotated beats if there are any
beat = 1
filter_ = 1  # of the first layer
channel = 1  # of the input; 1 is the beat itself
position = 26

# %%
with leased() as network, open_sample(sample) as recording:
    found = classified(recording, network, use_annotations=annotated)
    rhythm = rhythm_in(found)
    view = explain(found, beat - 1, network)
    kernel = first_filters(network)[filter_ - 1]
print(f"{rhythm.n_beats} beats, {rhythm.mean_bpm:.1f} per minute")
print(", ".join(f"{letter} {rhythm.counts[letter]}" for letter in LETTERS))

# %%
print(f"Beat {beat} at {found.times_s[beat - 1]:.2f} s.", sentence(view))
print({letter: round(value, 4) for letter, value in zip(LETTERS, view.probabilities, strict=False)})

# %%
sums = slide(kernel, found.inputs.of(beat - 1, beat)[0][0])
print(f"Filter {filter_} at position {position}: {float(sums[position]):+.3f}")
