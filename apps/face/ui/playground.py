"""Where triplets come from: the visitor's gallery where it has enough photos, else variations of the sample photos."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from apps.face.encoding.encoders import find_encoder
from apps.face.gallery.gallery import Gallery, thumbnail
from apps.face.samples import SAMPLES, sample, sample_name
from apps.face.triplets.variations import variations
from apps.face.ui.rooms import pipeline
from apps.face.ui.state import encoder_id, read_photo

VARIATIONS = 9  # of each sample photo
MOST = 600  # photos of a gallery that are used: the first enrolled


@dataclass(frozen=True, kw_only=True, eq=False)
class Playground:
    """Encodings to mine triplets from."""

    title: str
    names: tuple[str, ...]  # K people
    person: NDArray[np.int64]  # (N,)
    encodings: NDArray[np.float64]  # (N, D)
    thumbnails: tuple[bytes, ...]  # (N,) small JPEGs


def playground(gallery: Gallery, owner: str, encoder: str) -> Playground:
    """The visitor's gallery if it has a triplet, else the samples.

    Raises:
        HubError: the encoder or the class gallery cannot be used.
    """
    own = of_gallery(gallery, owner, encoder)
    return of_samples(encoder) if own is None else own


def of_gallery(gallery: Gallery, owner: str, encoder: str) -> Playground | None:
    """The photos of ``gallery`` that ``encoder`` encoded; ``None`` where they make no triplet."""
    index = gallery.index(encoder_id(encoder))
    counts = np.bincount(index.person[:MOST]) if index.people else np.zeros(0, np.int64)
    if np.count_nonzero(counts) < 2 or counts.max() < 2:
        return None
    small = {photo.id: photo.thumbnail for photo in gallery.photos(owner)}
    return Playground(
        title="Your gallery",
        names=index.names,
        person=index.person[:MOST],
        encodings=index.rows[:MOST].astype(np.float64),
        thumbnails=tuple(small.get(int(photo), b"") for photo in index.photo[:MOST]),
    )


@functools.lru_cache(maxsize=2)
def of_samples(encoder: str) -> Playground:
    """Nine variations of each sample photo: three people, one of them with two photos."""

    names = tuple(dict.fromkeys(sample_name(key) for key in SAMPLES))
    chips, person = [], []
    for seed, key in enumerate(SAMPLES):
        face = read_photo(sample(key)).face
        chips += variations(face.views(find_encoder(encoder))[0], VARIATIONS, seed=seed)
        person += [names.index(sample_name(key))] * VARIATIONS
    return Playground(
        title="The sample photos, each in nine variations (enrol two photos of somebody to use your own gallery)",
        names=names,
        person=np.array(person, np.int64),
        encodings=pipeline.encode(chips, encoder, average="single").astype(np.float64),
        thumbnails=tuple(thumbnail(Image.fromarray(chip)) for chip in chips),
    )
