"""The measured figures of a tab, read from the files next to its weights; no network has to run for them."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from importlib import import_module
from pathlib import Path

from apps.markup import h, joined

# %% [markdown]
# The tab whose figures were on the page. How they were measured, and with which commands, is said by the cards in the
# folder `weights`.

# %%
demo = "gan"

# %%
measured = import_module(f"apps.{demo}.measured")
for one in measured.headlines():
    print(f"{one.figure}: {one.value}{one.interval and f' ({one.interval})'}; {one.data}")

# %% [markdown]
# All of them, as the page shows them.

# %%
chapters = measured.chapters()
page = joined([h.meta(charset="utf-8"), *(h.section(h.h2(one.title), h.p(one.text), one.body) for one in chapters)])
Path("measured.html").write_text(page, encoding="utf-8")
