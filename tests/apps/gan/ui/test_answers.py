"""What the endpoints and the figures of the tab say: counts, thresholds, columns, and texts that cannot become tags."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from apps.gan.choices import GENERATORS
from apps.gan.drawing.tiles import Tile, is_empty, tiles
from apps.gan.exhibits.results import JudgedPictures, WrittenNumber
from apps.gan.ui.digits import sample_digits
from apps.gan.ui.guess import discriminate
from apps.gan.ui.sampling import sample_gan
from apps.gan.ui.tab import build
from shared.errors import OptionError
from shared.settings import weights_dir

HOSTILE = "<img src=x onerror=alert(1)>"


def _samples(real: list[bool], p_real: list[float], read: list[int]) -> JudgedPictures:
    pictures = np.zeros((len(real), 28, 28), np.uint8)
    return JudgedPictures(pictures, tuple(real), (None,) * len(real), np.array(p_real, np.float32), tuple(read))


def test_only_fakes_that_d_takes_for_real_have_fooled_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given = _samples([True, False, False, True, False], [0.9, 0.51, 0.5, 0.1, 0.99], [1, 2, 3, 4, 5])
    monkeypatch.setattr("apps.gan.exhibits.requests.draw_samples", lambda *_, **__: given)
    sheet, numbers, html = sample_gan(count=5)
    assert sheet.size == ((8 * 29 + 1) * 6, (29 + 1) * 6)
    assert numbers["fooled"] == 2
    assert "D takes 2 of 3 fakes for real" in html
    assert [one["real"] for one in numbers["pictures"]] == [True, False, False, True, False]
    assert [one["read"] for one in numbers["pictures"]] == [1, 2, 3, 4, 5]
    assert [one["chance_real"] for one in numbers["pictures"]] == pytest.approx([0.9, 0.51, 0.5, 0.1, 0.99], abs=1e-4)
    assert re.findall(r'class="ch-figure gan-(real|fake)"', html) == ["real", "fake", "fake", "real", "fake"]
    assert re.findall(r'alt="a (.)"', html) == list("12345")
    assert "D: 51% real" in html


@pytest.mark.parametrize(
    ("read", "says"), [((1, 2, 3), "123</b>, which is right"), ((1, 7, 3), "1 wrong"), ((3, 2, 1), "2 wrong")]
)
def test_the_judges_reading_is_compared_digit_by_digit(
    monkeypatch: pytest.MonkeyPatch, read: tuple[int, ...], says: str
) -> None:
    given = WrittenNumber(np.zeros((3, 28, 28), np.uint8), (1, 2, 3), read)
    monkeypatch.setattr("apps.gan.exhibits.requests.write_number", lambda *_, **__: given)
    picture, html = sample_digits("123")
    assert picture.size == (3 * 280, 280)
    assert "".join(map(str, read)) in html
    assert says in html


def test_you_and_d_are_scored_by_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    real = [True, False] * 5
    given = _samples(real, [0.9, 0.1, 0.4, 0.6, 0.9, 0.1, 0.9, 0.1, 0.5, 0.5], [0] * 10)
    monkeypatch.setattr("apps.gan.exhibits.requests.deal_round", lambda seed: given)
    numbers, html = discriminate(0, ["2", "3"])
    assert numbers["score"] == {"you": 5, "d": 7}
    assert [row["you"] for row in numbers["round"]] == ["real", "fake", "fake"] + ["real"] * 7
    assert [row["d"] for row in numbers["round"]][:4] == ["real", "fake", "fake", "real"]
    assert [row["truth"] for row in numbers["round"]] == ["real", "fake"] * 5
    assert html.count("gan-right") == 5
    assert re.findall(r"<figcaption>(\d+) is (real|fake)", html)[:2] == [("1", "real"), ("2", "fake")]
    with pytest.raises(OptionError, match="picture"):
        discriminate(0, ["11"])


@pytest.mark.parametrize("strokes", [None, "", "[]", " [] ", "null"])
def test_a_sheet_without_strokes_is_empty(strokes: str | None) -> None:
    assert is_empty(strokes)
    assert not is_empty("[[[0.1, 0.2]]]")


def test_one_tile_is_no_wider_than_its_width() -> None:
    picture = np.zeros((2, 28, 28), np.uint8)
    assert "gan-single" in tiles(picture[:1], [Tile("a")], width_px=200)
    assert "gan-single" not in tiles(picture, [Tile("a"), Tile("b")])


def _shown(build_page: Callable[[], None]) -> str:
    """What the HTML elements of a page hold when it is built."""
    with gr.Blocks() as page:
        build_page()
    return "".join(str(block.value) for block in page.blocks.values() if isinstance(block, gr.HTML))


def _cells(html: str, title: str) -> list[str]:
    """The cells of the first table row whose heading begins with ``title``, without tags."""
    (row, *_) = re.findall(rf'<tr><th scope="row">{re.escape(title)}.*?</tr>', html)
    return [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A weights folder with the bundled figures, which a test may change."""
    folder = tmp_path / "weights"
    (folder / "gan").mkdir(parents=True)
    for path in (weights_dir() / "gan").glob("*.json"):
        shutil.copy(path, folder / "gan")
    monkeypatch.setenv("CONVHUB_WEIGHTS", str(folder))
    return folder / "gan"


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def test_every_figure_stands_under_its_generator(weights: Path) -> None:
    html = _shown(build)
    files = [_read(weights / f"{name}.json") for name in GENERATORS]
    titles = [title.partition(":")[0] for title in GENERATORS.values()]
    assert "".join(f'<th scope="col">{title}</th>' for title in (*titles, "real digits")) in html
    floor = files[0]
    assert _cells(html, "Fréchet distance, judge") == [f"{f['fid']:.3f}" for f in files] + [f"{floor['fid_floor']:.3f}"]
    assert _cells(html, "precision: ") == [f"{f['precision']:.1%}" for f in files] + [f"{floor['precision_floor']:.1%}"]
    assert _cells(html, "recall: ") == [f"{f['recall']:.1%}" for f in files] + [f"{floor['recall_floor']:.1%}"]
    assert _cells(html, "copies") == [f"{f['copies']:.1%}" for f in files] + ["1.0%"]
    assert _cells(html, "distance to")[-1] == f"{floor['nearest_real']:.1f}"
    agreement = _cells(html, "agreement: ")
    assert agreement[1:] == ["—", "—", "—"]
    low, high = floor["agreement_interval"]
    worst = min(floor["agreement_per_digit"].values())
    assert agreement[0] == f"{floor['agreement']:.2%} ({low:.2%} to {high:.2%}; worst digit {worst:.1%})"


def test_ours_and_the_textbooks_are_not_mixed_up(weights: Path) -> None:
    html = _shown(build)
    found = _read(weights / "textbook.json")
    after = html[html.index("textbook</th>") :]
    assert _cells(after, "recall") == [f"{found[who]['recall']:.1%}" for who in ("ours", "textbook")]
    assert f"{found['our_steps']:,} steps of ours, {found['textbook_steps']:,} of the" in after


def test_what_the_gan_adds_is_the_difference_it_makes(weights: Path) -> None:
    found = _read(weights / "augmentation.json")
    for row in found["rows"]:
        row["accuracy"] = {"none": 0.5, "gan": 0.6, "classical": 0.8, "both": 0.77}[row["arm"]]
    found["rows"] = [row for row in found["rows"] if (row["n"], row["arm"]) != (1_000, "both")]
    (weights / "augmentation.json").write_text(json.dumps(found))
    html = _shown(build)
    assert "10 per class: +10.00% compared with nothing, -3.00% in addition to distortions" in html
    assert "1,000 per class: not measured yet." in html
    assert _cells(html, "half from the GAN, all distorted")[-1] == "—"


def test_what_bicubic_and_the_gan_restore_stands_in_their_rows(weights: Path) -> None:
    html = _shown(build)
    found = _read(weights / "superres-digits.json")
    for title, key in (("Bicubic", "bicubic"), ("Conditional GAN", "gan")):
        figures = found[key]
        low, high = figures["accuracy_interval"]
        assert _cells(html, title) == [
            f"{figures['psnr_db']:.2f} dB",
            f"{figures['accuracy']:.2%} ({low:.2%} to {high:.2%})",
            f"{figures['fid']:.2f}",
        ]


def test_a_figures_file_cannot_put_a_tag_into_the_page(weights: Path) -> None:
    for name, key in (("augmentation", "data"), ("augmentation", "command"), ("superres-digits", "command")):
        content = _read(weights / f"{name}.json")
        content[key] = HOSTILE
        (weights / f"{name}.json").write_text(json.dumps(content))
    html = _shown(build)
    assert html.count("&lt;img src=x") == 3
    assert "<img src=x" not in html


def test_a_hub_without_figures_says_so(weights: Path) -> None:
    for path in weights.glob("*.json"):
        if not path.name.startswith("dcgan-snapshots"):
            path.unlink()
    html = _shown(build)
    assert html.count("Not measured yet") >= 7  # a sentence per file; a room may add more
