"""A picture in one pass: a network that was trained to paint, and the 990 numbers of a style."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.style.instant.now import stylize_now
from apps.style.samples import SAMPLES

# %% [markdown]
# What was chosen on the page; change it here.

# %%
content = "cat"  # or the path of a picture, without SAMPLES below
style = "starry-blue"
second = ""  # to mix with
mix = 0.5  # share of the second style
size = 384
strength = 1.0
keep = False  # the photo's colours

# %%
answer = stylize_now(
    SAMPLES[content].path, style, second=second or None, share=mix, size=size, strength=strength, keep_colours=keep
)
print(answer.numbers())
answer.picture.save("painted.png")
