"""A visitor's own styles: taught or loaded, shown, painted with, forgotten; films in the style that is chosen."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import torch

from apps.style.instant import learn
from apps.style.instant.answers import OwnStyle
from apps.style.instant.stylefile import CHANNELS, LARGEST, StyleFile, read_style, write_style
from apps.style.instant.table import STYLES
from apps.style.samples import SAMPLES
from apps.style.ui import film, now, styles, teach
from apps.style.ui.state import Session, leave, session_of
from shared.errors import HubError, InputError
from shared.model_cache import model_cache
from shared.settings import weights_dir
from shared.video import read_frames, write_mp4

Visit = Callable[[str], gr.Request]
CAT, SWIRLS = str(SAMPLES["cat"].path), str(SAMPLES["swirls"].path)
INK = "style/learned/ink.safetensors"


@pytest.fixture
def short_lessons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lessons on crops of 32 pixels; every step is shown."""
    monkeypatch.setattr(learn, "Lesson", functools.partial(learn.Lesson, crop=32, style_side=32))
    monkeypatch.setattr(teach, "paced", lambda steps: steps)


def own(title: str = "Mine") -> OwnStyle:
    file = StyleFile(title=title, gamma=torch.ones(CHANNELS), beta=torch.zeros(CHANNELS))
    return OwnStyle(title, write_style(file), b"thumb")


def painted(picture: Any) -> bytes:
    data: bytes = picture.tobytes()
    return data


@pytest.mark.usefixtures("short_lessons")
def test_a_lesson_ends_with_a_file_that_paints_on_any_hub(visit: Visit) -> None:
    answers = list(teach.teach(SWIRLS, "My <b>sky</b>", 2, 1.0, visit("a")))
    assert "looks for the known style" in answers[0][0]
    assert [re.findall(r"Step \d of \d", str(live))[0] for live, *_ in answers[1:-1]] == ["Step 1 of 2", "Step 2 of 2"]
    _, path, told = answers[-1]
    assert Path(path).name == "my-b-sky-b.safetensors"
    assert "2 steps" in told
    assert "<b>sky" not in told
    file = read_style(Path(path).read_bytes())
    assert file.title == "My <b>sky</b>"
    mine, _, numbers = now.stylize_now(CAT, "own-1", size=64, request=visit("a"))
    assert numbers["style"] == file.title
    elsewhere, *_ = now.stylize_now(CAT, style_picture=path, size=64, request=visit("b"))
    assert painted(mine) == painted(elsewhere)


@pytest.mark.usefixtures("short_lessons")
def test_a_lesson_that_is_stopped_keeps_what_was_learned(visit: Visit) -> None:
    lesson = teach.teach(SWIRLS, "", 400, 1.0, visit("a"))
    next(lesson)
    next(lesson)
    session_of(visit("a")).stop_lesson.set()
    rest = list(lesson)
    assert "1 steps" in rest[-1][2]
    assert [one.title for one in session_of(visit("a")).styles.values()] == ["My style"]


def test_what_is_stopped_while_it_waits_does_not_begin(visit: Visit, tmp_path: Path) -> None:
    session = session_of(visit("a"))
    session.stop_all()
    ((_, _, told),) = teach.teach(SWIRLS, "", 400, 1.0, visit("a"))
    assert "before it began" in told
    assert list(painted_film(film_of(tmp_path, 1), visit("a"))) == []


@pytest.mark.usefixtures("short_lessons")
def test_a_page_that_is_closed_ends_its_lesson_and_returns_the_networks(visit: Visit) -> None:
    lesson = teach.teach(SWIRLS, "", 400, 1.0, visit("a"))
    next(lesson)
    next(lesson)
    lesson.close()  # type: ignore[attr-defined]
    assert session_of(visit("a")).styles == {}
    assert all(model.leases == 0 for model in model_cache().statistics().models)


@pytest.mark.parametrize(
    "wrong", [{"picture": None}, {"steps": 0}, {"steps": 100_000}, {"content": float("nan")}, {"content": -1}]
)
def test_a_lesson_refuses_mistakes(visit: Visit, wrong: dict[str, Any]) -> None:
    given = {"picture": SWIRLS, "title": "", "steps": 2, "content": 1.0} | wrong
    with pytest.raises(HubError):
        list(teach.teach(**given, request=visit("a")))


def test_a_style_that_somebody_saved_is_loaded(visit: Visit) -> None:
    shown, told = teach.load(str(weights_dir() / INK), visit("a"))
    assert "Brown ink" in shown
    assert "Brown ink" in told
    mine, *_ = now.stylize_now(CAT, "own-1", size=64, request=visit("a"))
    bundled, *_ = now.stylize_now(CAT, "ink", size=64)
    assert painted(mine) == painted(bundled)


@pytest.mark.parametrize("data", [b"", b"no style", b"\0" * LARGEST, b"x" * 100_000])
def test_a_file_that_is_no_style_is_refused_and_nothing_is_kept(visit: Visit, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "hostile.safetensors"
    path.write_bytes(data)
    with pytest.raises(InputError, match="style file"):
        teach.load(str(path), visit("a"))
    with pytest.raises(InputError, match="a style file"):
        teach.load(None, visit("a"))
    assert session_of(visit("a")).styles == {}


def test_no_more_of_a_file_is_read_than_a_style_can_have() -> None:
    assert len(styles.load_file("/dev/zero")) == LARGEST + 1


def test_the_oldest_of_thirteen_own_styles_is_forgotten() -> None:
    session = Session()
    names = [session.keep(own(str(number))) for number in range(13)]
    assert list(session.styles) == names[1:]
    assert session.latest_style() == names[-1]


def test_without_a_style_of_ones_own_there_is_none_to_paint_with() -> None:
    with pytest.raises(InputError, match="Press Teach"):
        Session().latest_style()


def test_closing_the_page_stops_films_and_lessons(visit: Visit) -> None:
    session = session_of(visit("a"))
    leave(visit("a"))
    assert session.stop_film.is_set()
    assert session.stop_lesson.is_set()


def test_every_style_has_one_thumbnail_and_the_chosen_one_is_pressed() -> None:
    session = Session()
    session.keep(own("<script>"))
    shown = styles.thumbnails(session, "dusk")
    assert re.findall('data-style="([^"]+)"', shown) == [
        "own-1",
        *(style.name for style in sorted(STYLES.values(), key=lambda style: style.kind == "known")),
    ]
    assert re.findall('data-style="([^"]+)" aria-pressed="true"', shown) == ["dusk"]
    assert "<script>" not in shown
    assert [name for _, name in styles.choices(session)] == ["", "own-1", *STYLES]


def test_one_visitor_does_not_paint_with_another_ones_style(visit: Visit) -> None:
    session_of(visit("a")).keep(own())
    with pytest.raises(HubError, match="own-1"):
        now.stylize_now(CAT, "own-1", size=64, request=visit("b"))


def film_of(folder: Path, frames: int) -> str:
    from PIL import Image

    picture = Image.open(CAT).convert("RGB").resize((98, 66))
    return str(write_mp4([picture] * frames, folder / "in.mp4", size=(98, 66), rate_hz=10))


def painted_film(source: str | None, request: gr.Request, **look: Any) -> Any:
    given = {"style": "dusk", "picture": None, "second": "", "share": 0.5, "size": 64, "strength": 1.0}
    return film.paint_frames(source, **(given | look), keep_colours=False, request=request)


def test_a_film_is_painted_frame_by_frame_in_a_mixture(visit: Visit, tmp_path: Path) -> None:
    answers = list(painted_film(film_of(tmp_path, 3), visit("a"), second="embers"))
    assert [re.findall(r"Frame (\d+)", str(live)) for live, _ in answers[:-1]] == [["1"], ["2"], ["3"]]
    frames = list(read_frames(Path(answers[-1][1]), side=64, rate_hz=10, most=9))
    assert [frame.size for frame in frames] == [(64, 42)] * 3  # 43 rows; an even number


def test_a_film_that_is_stopped_can_be_played(visit: Visit, tmp_path: Path) -> None:
    frames = painted_film(film_of(tmp_path, 6), visit("a"))
    next(frames)
    film.stop_frames(visit("a"))
    (_, target) = list(frames)[-1]
    assert len(list(read_frames(Path(target), side=64, rate_hz=10, most=9))) == 1


@pytest.mark.parametrize("wrong", [{"style": "nothing"}, {"second": "nothing"}, {"size": 3}, {"strength": 7.0}])
def test_a_film_refuses_mistakes(visit: Visit, tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(HubError):
        list(painted_film(film_of(tmp_path, 1), visit("a"), **wrong))
    with pytest.raises(InputError, match="a film"):
        list(painted_film(None, visit("a")))
