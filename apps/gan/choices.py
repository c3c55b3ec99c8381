"""The demo's choices and limits, without torch: drop-downs, checks, command line and networks all read them here."""

from __future__ import annotations

from shared.errors import OptionError, check_number, check_whole, quoted

GENERATORS: dict[str, str] = {
    "cgan-digits": "Conditional GAN: digits on demand",
    "dcgan-digits": "DCGAN: digits at random",
    "collapsed-digits": "A collapsed GAN, kept as an exhibit",
}
LOSSES: dict[str, tuple[str, str]] = {  # title, what to know
    "non-saturating": (
        "Non-saturating: G maximises log D(G(z))",
        "The default. While D is winning, the gradient for G stays large.",
    ),
    "minimax": (
        "Minimax: G minimises log(1 − D(G(z)))",
        "The original game. Once D is certain, the gradient for G vanishes.",
    ),
    "least-squares": (
        "Least squares: D regresses 1 for real, 0 for fake",
        "No saturation; also pulls in fakes that D already calls real but that lie far from the real points.",
    ),
    "wasserstein": (
        "Wasserstein with gradient penalty",
        "D is a critic: no probability, and its slope is held near 1. Give it several updates per update of G.",
    ),
}
WALKS: dict[str, str] = {"spherical": "Along the sphere", "linear": "Straight through"}
ARMS: dict[str, str] = {  # of the augmentation measurement
    "none": "real digits, unchanged",
    "classical": "small rotations, shifts and scalings",
    "gan": "half of every batch from the GAN",
    "both": "half from the GAN, all distorted",
}
SIZES = (10, 100, 1_000)  # real digits per class of the augmentation measurement
AUGMENTATION = "gan/augmentation.json"  # its figures, below weights/
FULL = 4.0  # truncation that leaves practically all of the normal distribution
LOWEST = 0.05  # truncation at which all pictures are nearly the same
SEEDS = 2**31 - 1  # the largest seed
MOST = 10_000  # pictures per call of the command line
MOST_ON_PAGE = 100
LONGEST = 32  # digits of a number written on demand
MOST_COLUMNS = 16  # handwritings next to each other
MOST_STEPS = 64  # pictures of a walk
ROUND = 10  # pictures of a round against the discriminator
DIRECTIONS = 4  # sliders
REACH = 4.0  # how far a slider goes, in standard deviations of z


def check_seed(seed: object) -> int:
    """A seed, 0 to 2³¹ - 1, or an ``OptionError``."""
    return check_whole(seed, "The seed", low=0, high=SEEDS)


def check_count(count: object, *, most: int = MOST) -> int:
    """A number of pictures, 1 to ``most``, or an ``OptionError``."""
    return check_whole(count, "The number of pictures", low=1, high=most)


def check_truncation(truncation: object) -> float:
    """A truncation, or an ``OptionError``."""
    return check_number(truncation, "The truncation", low=LOWEST, high=FULL)


def check_digit(digit: object) -> int:
    """A digit, 0 to 9, or an ``OptionError``."""
    return check_whole(digit, "The digit", low=0, high=9)


def digits_in(text: object) -> tuple[int, ...]:
    """The digits of a number, a date or a telephone number; spaces and . , : / + - ( ) may stand between them.

    Raises:
        OptionError: other characters, no digit, or more than ``LONGEST``.
    """
    kept = [character for character in str(text) if character not in " .,:/+-–()\t\n"]
    others = sorted({character for character in kept if character not in "0123456789"})
    needed = f"a number of 1 to {LONGEST} digits, 0 to 9"
    if others:
        raise OptionError(needed, f"{quoted(text)} with {quoted(''.join(others))}", "Leave out everything else.")
    if not 1 <= len(kept) <= LONGEST:
        raise OptionError(needed, f"{len(kept):,} digits", "Type a shorter number." if kept else "Type a number.")
    return tuple(int(character) for character in kept)
