"""An exercise: what is asked, the mistakes that the hub knows with what it says to them, and the answer."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from importlib import import_module
from pathlib import Path

from shared.exercises import written

# %% [markdown]
# What was chosen on the page; change it here: the same kind and number give the same exercise everywhere. `None` is
# the tab's first kind.

# %%
demo = "conv"
exercise = None
number = 1

# %%
room = import_module(f"apps.{demo}.exercises")
one = room.ask(exercise or next(iter(room.KINDS)), number)
print(one.question)
for slip in one.slips:
    print(f"not {written(slip.answer)}: {slip.why}")
print(f"but {written(one.answer, one.unit)}: {one.because}")
Path("exercise.html").write_text(f'<meta charset="utf-8"><p>{one.question}</p>{one.shown}', encoding="utf-8")
