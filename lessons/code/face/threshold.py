"""What a threshold trades: false accepts against false rejects, and a stranger among K enrolled people."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.face.decision.error_curves import far_for, stranger_chance
from apps.face.decision.matching import calibration

# %% [markdown]
# What was chosen on the page; change it here.

# %%
encoder = "resnet29-128d"
tau = 0.6
people = 100

# %%
known = calibration(encoder)
far, frr = known.far_at(tau), known.frr_at(tau)
print(f"tau = {tau}: false accepts {far:.4%}, false rejects {frr:.4%}")
print(f"a stranger is taken for one of {people} people: 1 - (1 - FAR)^{people} = {stranger_chance(far, people):.2%}")

# %%
wanted = far_for(0.05, people)  # so that this chance is 5 %
strict = known.threshold_at(wanted)
print(
    f"for 5 % FAR must be {wanted:.5%}: tau = {strict:.3f}, which rejects {known.frr_at(strict):.2%} of genuine pairs"
)
