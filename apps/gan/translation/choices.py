"""The room's choices and limits, free of torch: what the page, the command line and the networks all read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.errors import InputError

KM_PER_PIXEL = 10.0  # of every tile, at every latitude; the maps have 9.8 km at the equator
STRIDE = 32  # the U-Net halves its input five times: sides are multiples of this
SMALLEST_SIDE, LARGEST_SIDE = 64, 512  # pixels that one call translates
PAINTING = "data:image/png;base64,"  # what a painting begins with when it is sent
MOST_CHARACTERS = 400_000  # of a painting as it is sent; one of 192 pixels has some 10,000
PLACE_SIDE = 256  # pixels of "a place on the globe": 2,560 km


@dataclass(frozen=True)
class Objective:
    """What one of the three generators was trained to do."""

    title: str
    note: str
    l1: float  # weight of the mean absolute difference, pictures in -1..1
    gan: float  # weight of the adversarial cost


# Isola et al. 2017 weigh L1 a hundredfold. City lights are sparse: at that weight a light one pixel off costs more
# than no light at all, and the result is nearly that of L1 alone.
OBJECTIVES: dict[str, Objective] = {
    "l1": Objective("L1 only", "The least absolute error: where a city is less likely than not, dark.", 1.0, 0.0),
    "both": Objective("L1 and GAN", "Close to the truth, and believable to the discriminator.", 4.0, 1.0),
    "gan": Objective("GAN only", "Believable to the discriminator, whatever the truth is.", 0.0, 1.0),
}


def objectives_at(at: float) -> str:
    """In words, which networks' weights are mixed where the slider is ``at``: 0 L1 only, 0.5 both, 1 GAN only."""
    titles = [objective.title for objective in OBJECTIVES.values()]
    first = min(int(at * 2), 1)
    share = at * 2 - first  # of the second of the two that it lies between
    if share in (0, 1):
        return titles[first + int(share)]
    return f"{titles[first]} {1 - share:.0%}, {titles[first + 1]} {share:.0%}"


@dataclass(frozen=True)
class Region:
    """A box of longitude and latitude in degrees that no training tile touches."""

    title: str
    west: float
    east: float
    south: float
    north: float
    use: Literal["test", "validation"]

    def contains(self, latitude: float, longitude: float) -> bool:
        """Whether the point, in degrees, longitude -180..180, lies inside or on the border."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east


REGIONS: dict[str, Region] = {
    "south-america": Region("South America", -82.0, -34.0, -56.0, 13.0, "test"),
    "australia": Region("Australia", 112.0, 155.0, -44.0, -10.5, "test"),
    "southern-africa": Region("Southern Africa", 10.0, 52.0, -36.0, -18.0, "validation"),
}


@dataclass(frozen=True)
class LandClass:
    """What a visitor can paint."""

    title: str
    colour: tuple[int, int, int]  # RGB of the brush, near the mean colour of such land by day


CLASSES: dict[str, LandClass] = {
    "water": LandClass("Water", (20, 50, 110)),
    "land": LandClass("Land", (110, 130, 60)),
    "forest": LandClass("Forest", (25, 65, 30)),
    "desert": LandClass("Desert", (215, 185, 125)),
    "mountains": LandClass("Mountains", (120, 95, 80)),
    "ice": LandClass("Ice", (240, 245, 250)),
}


def held_out(latitude: float, longitude: float) -> Region | None:
    """The region that was held out of training and contains the point in degrees, if any."""
    return next((region for region in REGIONS.values() if region.contains(latitude, longitude)), None)


def checked_painting(sent: str) -> str:
    """``sent``, if it can be a continent as the page sends it: a data URL of a PNG, of bounded length.

    Raises:
        InputError: it cannot.
    """
    if not sent.startswith(PAINTING) or len(sent) > MOST_CHARACTERS:
        raise InputError(
            f"a painting as a data URL of a PNG, at most {MOST_CHARACTERS:,} characters",
            f"{len(sent):,} characters",
            "Paint on the sheet of the page.",
        )
    return sent
