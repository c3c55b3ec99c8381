"""What the page asks of the bundled network, each with the network leased for that call."""

from __future__ import annotations

from collections.abc import Iterator

from apps.ekg.answers import classify as classifying
from apps.ekg.answers import explain as explaining
from apps.ekg.answers import live
from apps.ekg.answers.classify import Classified
from apps.ekg.answers.explain import Explained
from apps.ekg.answers.live import LiveStep
from apps.ekg.beats.signals import Prepared
from apps.ekg.beats.windows import Array
from apps.ekg.formats.recording import Recording
from apps.ekg.network.weights import leased
from shared.progress import Progress


def classify(
    recording: Recording, *, lead: str | None = None, use_annotations: bool = True
) -> Iterator[Progress | Classified]:
    """As ``classify.classify``."""
    with leased() as network:
        yield from classifying.classify(recording, network, lead=lead, use_annotations=use_annotations)


def classified(recording: Recording, *, lead: str | None = None) -> Classified:
    """As ``classify.classified``."""
    with leased() as network:
        return classifying.classified(recording, network, lead=lead)


def explained(found: Classified, index: int) -> Explained:
    """As ``explain.explain``."""
    with leased() as network:
        return explaining.explain(found, index, network)


def first_filters() -> Array:
    """As ``explain.first_filters``."""
    with leased() as network:
        return explaining.first_filters(network)


def followed(prepared: Prepared) -> Iterator[LiveStep]:
    """As ``live.follow``."""
    return live.follow(prepared, leased)
