"""Teach the painter a style: only gamma and beta, 990 numbers, are trained, on crops of the sample photos."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from pathlib import Path

from apps.style.instant.learn import taught
from apps.style.instant.now import stylize_now
from apps.style.samples import SAMPLES

# %% [markdown]
# What was chosen on the page; change it here. A picture of your own: its path in place of `SAMPLES[sample].path`.

# %%
sample = "swirls"
steps = 150
content_weight = 1.0  # how much the photo counts

# %%
for step in taught(SAMPLES[sample].path, "My style", steps=steps, content=content_weight):
    print(f"step {step.progress.done} of {step.progress.total}: content {step.content:.3f}, style {step.style:.3f}")
Path("my-style.safetensors").write_bytes(step.file)

# %% [markdown]
# A photo in this style. The page takes the file as well: Teach a style, Load a style.

# %%
stylize_now(SAMPLES["cat"].path, Path("my-style.safetensors")).picture.save("painted.png")
