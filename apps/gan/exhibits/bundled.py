"""The bundled networks of the demo, leased from the hub's one cache, each with its own type."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from torch import nn

from apps.gan.choices import GENERATORS
from apps.gan.exhibits.snapshots import Snapshots
from apps.gan.exhibits.superres import Restorer
from apps.gan.players.judge import Judge
from apps.gan.players.networks import Discriminator, Generator
from shared.errors import check_choice
from shared.model_cache import model_cache
from shared.registry import find

_M = TypeVar("_M", bound=nn.Module)


def lease_generator(name: str) -> AbstractContextManager[Generator]:
    """The averaged generator called ``name``, one of ``GENERATORS``, as a context manager."""
    return lease(check_choice(name, GENERATORS, "The generator"), Generator)


def lease_discriminator(name: str) -> AbstractContextManager[Discriminator]:
    """The discriminator that faced the generator called ``name``, as a context manager."""
    return lease(check_choice(name, GENERATORS, "The generator") + "-d", Discriminator)


def lease_judge() -> AbstractContextManager[Judge]:
    """The judge, as a context manager."""
    return lease("judge-digits", Judge)


def lease_restorer() -> AbstractContextManager[Restorer]:
    """The generator that restores small digits, as a context manager."""
    return lease("superres-digits", Restorer)


def lease_snapshots() -> AbstractContextManager[Snapshots]:
    """The two players through training, as a context manager."""
    return lease("dcgan-snapshots", Snapshots)


@contextmanager
def lease(name: str, kind: type[_M]) -> Iterator[_M]:
    """The bundled network gan/``name``, which is a ``kind``, as a context manager.

    Raises:
        TypeError: the registry's loader made something else.
    """
    with model_cache().lease(find(name, "gan")) as model:
        if not isinstance(model, kind):
            raise TypeError(f"gan/{name} holds a {type(model).__name__}, not a {kind.__name__}")
        yield model
