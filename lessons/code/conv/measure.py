"""Is the arithmetic of shapes right, and what does a multiplication cost? Random layers against torch, and a race."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.conv.experiments import agreement, costs, machine

# %% [markdown]
# What was chosen on the page; change it here.

# %%
seed = 0

# %%
*_, report = agreement(seed=seed)
print(
    f"torch agrees on {report.agreed} of {report.n} random layers; largest difference {report.largest_difference:.1e}"
)

# %% [markdown]
# The race. Its times are this machine's, and no two runs give the same.

# %%
print(machine())
for one in costs():
    print(f"{one.title}: {one.best_ms:.2f} ms, {one.billions_a_second:.1f} billion multiplications per second")
