"""Lessons: what their files may be, and that every link leads somewhere and every number is the product's."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from apps.lessons import FOLDER, MOST_STEPS, Lessons, Step, read_lesson
from apps.links import read_link
from apps.sharing import Sharing, path_of, sharing_of
from shared.demos import SLUGS
from shared.errors import InputError, OptionError

STEP = '[[steps]]\nminutes = 2\nlink = "?tab=gan"\ntitle = "A"\nsay = "B"\nask = "C?"\nwatch = "D"\n'
SHIPPED = [read_lesson(path) for path in sorted(FOLDER.glob("*.toml"))]
STEPS = [pytest.param(step, id=f"{one.name}-{at}") for one in SHIPPED for at, step in enumerate(one.steps, 1)]


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "mine.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture(scope="module")
def page(whole_page: gr.Blocks) -> gr.Blocks:
    return whole_page


@pytest.fixture(scope="module")
def sharing(page: gr.Blocks) -> Sharing:
    return sharing_of(page)


def test_a_lesson_is_read(tmp_path: Path) -> None:
    one = read_lesson(written(tmp_path, f'title = "Mine"\n{STEP}{STEP}'))
    assert (one.name, one.title, len(one.steps)) == ("mine", "Mine", 2)
    assert one.steps[0] == Step(minutes=2, link="?tab=gan", title="A", say="B", ask="C?", watch="D")
    assert one.plain()["steps"][1]["ask"] == "C?"


def test_who_is_not_to_know_the_answer_does_not_learn_it(tmp_path: Path) -> None:
    asked = STEP + 'choices = ["Yes", "No"]\nright = 2\n'
    one = read_lesson(written(tmp_path, f'title = "Mine"\n{asked}{STEP}'))
    assert one.plain()["steps"][0] | {"right": 2, "choices": ("Yes", "No"), "watch": "D"} == one.plain()["steps"][0]
    first, second = one.plain(solved=False)["steps"]
    assert (first["choices"], first["right"], first["watch"], first["say"]) == (("Yes", "No"), 0, "", "")
    assert second["watch"] == "D"  # nothing is asked there


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"\xff\xfe", "in TOML"),
        ("title = ", "in TOML"),
        ("a = " + "[" * 5000, "in TOML"),
        ("#" * 100_001, "at most 100,000 bytes"),
        ('title = "Mine"', f"1 to {MOST_STEPS} steps"),
        ('title = "Mine"\nsteps = [1]', "something else"),
        ('title = "Mine"\n' + STEP * (MOST_STEPS + 1), "steps"),
        (STEP, "title, a text of at most 80 characters"),
        ('title = "Mine"\n' + STEP.replace("?tab=gan", "https://example.org/?tab=gan"), "begins with ?tab="),
        ('title = "Mine"\n' + STEP.replace("?tab=gan", "?tab=gan&x=" + "a" * 4000), "begins with ?tab="),
        ('title = "Mine"\n' + STEP.replace('"B"', f'"{"b" * 701}"'), "say, a text of at most 700 characters"),
        ('title = "Mine"\n' + STEP.replace('"B"', "7"), "say, a text"),
        ('title = "Mine"\n' + STEP.replace("minutes = 2", "minutes = nan"), "inutes in mine.toml, step 1"),
        ('title = "Mine"\n' + STEP + "onclick = 1\n", "“onclick”"),
        ('title = "Mine"\n' + STEP + "known = [1]\n", "known, a list of texts"),
        ('title = "Mine"\n' + STEP + 'choices = ["A"]\nright = 1\n', "choices, 2 to 6 texts"),
        ('title = "Mine"\n' + STEP + 'choices = ["A", 2]\nright = 1\n', "choice, a text of at most 100 characters"),
        ('title = "Mine"\n' + STEP + 'choices = ["A", "B"]\n', "ight, the number of a choice"),
        ('title = "Mine"\n' + STEP + 'choices = ["A", "B"]\nright = 3\n', "ight, the number of a choice"),
        ('title = "Mine"\n' + STEP + "right = 1\n", "choices, 2 to 6 texts"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_lesson_is_refused_with_the_reason(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(InputError, match=re.escape(told)):
        read_lesson(written(tmp_path, text))


def test_a_broken_file_takes_no_other_lesson_along(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text(f'title = "A <b>good</b> one"\n{STEP}')
    written(tmp_path, "broken")
    lessons = Lessons(("gan",), tmp_path)
    assert list(lessons.found) == ["good"]
    assert "A &lt;b&gt;good&lt;/b&gt; one" in str(lessons.menu())
    with pytest.raises(OptionError):
        lessons.lesson("mine")
    assert lessons.lesson("good").title == "A <b>good</b> one"
    assert "class/notes" not in str(lessons.menu())
    assert "class/notes" in str(lessons.menu(class_=True))
    assert Lessons(("ekg",), tmp_path).menu() is None


def test_every_tab_has_ten_minutes_and_the_week_forty_five() -> None:
    assert {one.name: sum(step.minutes for step in one.steps) for one in SHIPPED} == dict.fromkeys(SLUGS, 10) | {
        "week": 45
    }
    week = next(one for one in SHIPPED if one.name == "week")
    assert {step.tab for step in week.steps} == set(SLUGS)
    assert sum(bool(step.choices) for step in week.steps) > len(week.steps) / 2  # the class has something to do
    assert max(len(one.title) for one in SHIPPED) < 45


@pytest.mark.parametrize("step", STEPS)
def test_every_step_leads_to_a_place_of_the_page(sharing: Sharing, step: Step) -> None:
    asked = read_link(step.link, sharing.paths, sharing.groups)
    assert asked.faults == ()
    assert asked.path == step.link.removeprefix("?tab=").partition("&")[0]


def numbers(text: str) -> list[tuple[float, float]]:
    """The numbers in a text, with the most by which the value that they round may differ."""
    found = re.findall(r"(\d+(?:,\d{3})*(?:\.\d+)?)( million)?", text)
    units = [(one, 1e6 if million else 1.0) for one, million in found]
    return [
        (float(one.replace(",", "")) * unit, 0.5000001 * unit / 10 ** len(one.partition(".")[2])) for one, unit in units
    ]


SPELLED = re.compile(
    r"\b(?:five|six|seven|eight|nine|ten|twelve|fourteen|fifteen|sixteen|eighteen|twenty|sixty|990)\b", re.IGNORECASE
)
_PRINTED: dict[str, str] = {}  # by the link: lessons share many


def printed(sharing: Sharing, link: str) -> str:
    """What "Show me the code" prints for a link."""
    if link not in _PRINTED:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(sharing.code(link)["script"], link, "exec"), {})
        _PRINTED[link] = said.getvalue()
    return _PRINTED[link]


SAID = {  # small numbers stand in every output: sentences of lessons, and of what their links' code prints
    "D takes 4 of the 18 fakes for real.": "D takes 4 of 18 fakes for real.",
    "2 of them. 486 are given up as Q, 15 are not found.": "same class as before: 2 (",
}


@pytest.mark.slow
def test_what_lessons_say_in_small_numbers_is_said_by_the_product(
    sharing: Sharing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = {said: step.link for said in SAID for one in SHIPPED for step in one.steps if said in step.watch}
    assert found.keys() == SAID.keys()
    assert [said for said, link in found.items() if SAID[said] not in printed(sharing, link)] == []


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_every_number_of_a_step_is_the_products(
    sharing: Sharing, step: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands in the link, or the code of "Show me the code" prints it, perhaps with more digits."""
    monkeypatch.chdir(tmp_path)
    sources = " ".join((step.link, *step.known))
    answer = step.choices[step.right - 1] if step.choices else ""
    texts = " ".join((step.title, step.say, step.ask, step.watch, answer)).replace("VGG-16", "")

    def missing() -> list[float]:
        there = [value for value, _ in numbers(sources)]
        return [n for n, most in numbers(texts) if all(abs(n - one) > most for one in there)]

    if missing():
        sources += " " + printed(sharing, step.link)
    assert missing() == []


def _lessons_say() -> dict[str, bool]:
    """What lessons say in words or in numbers that no code prints, and whether the product agrees."""
    from apps.conv.filters import signal_filters
    from apps.conv.presets import PRESETS as STACKS
    from apps.conv.ui.stage_html import WORDS
    from apps.ekg.samples import open_sample
    from apps.gan.lab.rules import PRESETS
    from apps.gan.players.networks import Z
    from apps.style.instant.networks import MANY
    from apps.style.units.answers import COUNT

    filters = signal_filters(np.sin(np.arange(400)), 100, 200)
    collapse = PRESETS["Mode collapse"].rules
    with open_sample("208") as recording:
        minutes = recording.duration_s / 60
    return {
        "five words": len(WORDS) == 5,
        "A filter of nine numbers": filters[0].weights.size == 9,
        "all sixteen channels of the first": STACKS["2d"].layers.startswith("5x5x3,16"),
        "sixteen filters, five by five, on three channels": STACKS["2d"].layers.startswith("5x5x3,16"),
        "fourteen voxels wide": STACKS["3d"].input.startswith("14x14x14"),
        "Five minutes of a patient": minutes == pytest.approx(5, abs=0.02),
        "six are real digits": True,  # of the page's 24: what the code prints is compared above
        "Eighteen of these": True,
        "five large steps for each small one of D": (
            collapse.g_updates == 5 and collapse.d_updates == 1 and collapse.lr_g > collapse.lr_d
        ),
        "three become an eight": True,  # from_digit=3&to_digit=8
        "sixty-four numbers": Z == 64,
        "nine places": COUNT == 9,
        "990": 2 * MANY.total == 990,
    }


@pytest.mark.slow
def test_numbers_in_words_are_the_products_as_well() -> None:
    said = _lessons_say()
    assert [words for words, agrees in said.items() if not agrees] == []
    for one in SHIPPED:
        for step in one.steps:
            text = " ".join((step.title, step.say, step.ask, step.watch, *step.choices, *step.known))
            for words in said:
                text = re.sub(words, "", text, flags=re.IGNORECASE)
            assert SPELLED.findall(text) == [], step.title


def _buttons(page: gr.Blocks, path: str) -> set[str]:
    """What is written on the buttons of the sub-tab ``path`` and of what it stands in."""
    near = [block for block in page.blocks.values() if f"{path}/".startswith(f"{path_of(block)}/")]
    written = {str(block.value) for block in near if isinstance(block, gr.Button)}
    for block in near:
        if isinstance(block, gr.HTML):
            markup = f"{block.value} {getattr(block, 'html_template', '')}"
            written |= {re.sub(r"<[^>]*>", "", one) for one in re.findall(r"<button[^>]*>(.*?)</button>", markup)}
    return {one.strip(" ▶") for one in written}


def test_every_button_that_a_step_names_is_there(page: gr.Blocks) -> None:
    for one in SHIPPED:
        for step in one.steps:
            path = step.link.removeprefix("?tab=").partition("&")[0]
            there = _buttons(page, path)
            for text in (step.say, step.ask, step.watch):
                for after in re.findall(r"\b[Pp]ress ([A-Z].*)", text):
                    assert any(after.startswith(name) for name in there if name), (one.name, step.title, there)
