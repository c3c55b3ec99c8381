"""A place of the Earth by day, painted by night by pix2pix, next to the truth."""

# %%
import sys

sys.path.insert(0, ".")  # the folder of the repository, where this is run

from apps.gan.translation.requests import night_of_picture, night_of_place

# %% [markdown]
# What was chosen on the page; change it here.

# %%
latitude = -23.5
longitude = -47.5
at = 0.5  # 0: trained with L1 only, 1: with the adversary only
seed = 0
painted = False  # show the network a painted map of the place
photo = ""  # the path of a picture of your own, land from above by day
model = "both"
by_hand = False  # it is painted: every pixel becomes the colour of the nearest brush
own_seed = 0

# %%
found = night_of_place(latitude, longitude, at=at, seed=seed, by_hand=painted)
print(f"painted: {found.lights.lit_km2:,.0f} km² lit; the truth: {found.place.true_lights.lit_km2:,.0f} km²")
if found.likeness is not None:
    print(f"correlation of the lights on land: {found.likeness:.2f}")
found.night.save("night.png")

# %%
if photo:
    night_of_picture(photo, model=model, by_hand=by_hand, seed=own_seed).night.save("own-night.png")
