"""Endless art on the page: what its handlers answer, and what a client may send."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import pytest
from PIL import Image

from apps.gan.art import requests
from apps.gan.art.choices import FAR
from apps.gan.ui import art
from apps.gan.ui.art import endless_art
from shared.errors import OptionError
from tests.apps.gan.art.conftest import untrained

__all__ = ("untrained",)
pytestmark = pytest.mark.usefixtures("untrained")
SMALL: tuple[Any, ...] = ("mosaic", 0, 0, 0, 64, 64)


def test_only_a_tile_is_shown_as_a_background() -> None:
    picture, background = endless_art(*SMALL)
    assert picture.size == (64, 64)
    assert "background-image" not in str(background)
    tile, background = endless_art(*SMALL, wraps=True)
    assert tile.tobytes() != picture.tobytes()
    assert "url(data:image/" in str(background).replace("&#34;", "").replace('"', "")


def test_the_film_is_told_while_it_is_painted_and_then_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "FRAMES", 3)
    *told, film = (str(one) for one in art._film_of(*SMALL, False, "none", 0.5, True))
    assert [re.search(r"\d+", one).group() for one in told] == ["1", "2", "3"]  # type: ignore[union-attr]
    data = re.search(r'<img[^>]*src="data:image/webp;base64,([^"]+)"', film)
    assert data is not None
    with Image.open(io.BytesIO(base64.b64decode(data.group(1)))) as frames:
        assert frames.n_frames == 3
    assert 'class="ch-film"' in film  # by which keys.js lets it wait for whoever asked for less motion
    assert 'srcset="data:image/' in film  # the first picture, to be seen meanwhile


def test_patches_stand_above_their_nearest() -> None:
    html = str(art._nearest_of(*SMALL, False, "none", 0.5, True))
    assert html.count("<img") == 12
    assert html.count("apart</figcaption>") == 6


def test_a_client_gets_the_film_as_a_file_and_the_patches_on_a_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "FRAMES", 2)
    monkeypatch.setattr(requests, "FILM_SIDE", 64)
    *waiting, path = art.endless_film("woodcut", 3)
    assert waiting == [None, None]
    with Image.open(path) as film:
        assert (film.n_frames, film.size) == (2, (64, 64))  # type: ignore[attr-defined]
    sheet, told = art.nearest_patches("woodcut", 3)
    assert sheet.size == (192, 64)
    assert len(told["distances"]) == 6


@pytest.mark.parametrize("way", [-1, 1])
def test_a_walk_is_half_a_window_and_ends_at_the_edge_of_what_is_counted(way: int) -> None:
    assert art._gone(0, way, 512) == way * 256
    assert art._gone(None, way, 64) == way * 32  # type: ignore[arg-type]
    assert art._gone(way * (FAR - 10), way, 512) == way * FAR


def test_a_wrong_name_is_refused() -> None:
    with pytest.raises(OptionError, match="picture"):
        endless_art("<script>")
