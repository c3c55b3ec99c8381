"""Markup: foreign text never becomes a tag, whatever it is and wherever it enters."""

from __future__ import annotations

import ast
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.charts import Bar, Bin, Frame, bars, lines, reliability, short, spark
from apps.markup import (
    Fact,
    Markup,
    Row,
    cell,
    details,
    facts,
    figure,
    h,
    message,
    note,
    progress_bar,
    prose,
    svg,
    table,
)

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = '<img src=x onerror="alert(1)">\'&quot;</td><script>'


class Reader(HTMLParser):
    """Reads markup back: its tags, attributes and text, and whether every tag was closed."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(str(markup))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("img", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


MADE = {
    "element": lambda text: h.p(text, title=text, data_name=text),
    "prose": lambda text: prose("<b>{}</b> of {name}", text, name=text),
    "note": lambda text: note(text),
    "message": lambda text: message(text, "warn"),
    "figure": lambda text: figure(text, text),
    "details": lambda text: details(text, text),
    "table": lambda text: table([text], [[text, cell(text, title=text)]], caption=text),
    "facts": lambda text: facts([Fact(text, text, text, text)]),
    "svg": lambda text: svg(h.text(text), size=(10, 10), label=text),
    "progress": lambda text: progress_bar(0.5, text),
    "lines": lambda text: lines({text: [1.0, 2.0]}, title=text),
    "spark": lambda text: spark([0.0, 1.0], text),
    "bars": lambda text: bars([Bar(text, 0.5, text)]),
    "reliability": lambda text: reliability({text: [Bin(0.1, 0.2, 30)]}, unit=text),
}


@cache
def of_a_word(name: str) -> Reader:
    return Reader(MADE[name]("word"))


@pytest.mark.parametrize("name", MADE)
@given(text=st.text(min_size=1, max_size=30) | st.just(HOSTILE))
def test_foreign_text_stays_text(name: str, text: str) -> None:
    plain, hostile = of_a_word(name), Reader(MADE[name](text))
    assert hostile.tags == plain.tags
    assert [key for key, _ in hostile.attributes] == [key for key, _ in plain.attributes]
    assert not hostile.open
    cleaned = text.replace("\r", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")
    if name not in ("svg", "spark", "progress"):
        assert text in hostile.text or cleaned in hostile.text or text.isspace()


def test_attributes_are_written_as_html_has_them() -> None:
    made = h.div(class_="a", data_act="x", aria_hidden="true", hidden=True, title=None, draggable=False)
    assert made == '<div class="a" data-act="x" aria-hidden="true" hidden></div>'
    assert h.circle(cx=10 / 3, cy=2.0, r=-0.00001) == '<circle cx="3.33" cy="2" r="0"></circle>'
    assert h.input(step=0.001, max=1 / 3) == '<input step="0.001" max="0.3333">'
    assert h.img(src="data:image/png;base64,AA==", alt="a") == '<img src="data:image/png;base64,AA==" alt="a">'


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: h.p(onclick="alert(1)"),
        lambda: h.a(href="javascript:alert(1)"),
        lambda: h.a(href=" \tJavaScript:alert(1)"),
        lambda: h.a(href="data:text/html,x"),
        lambda: h.img("inside", src="/a.png"),
        lambda: h.iframe(srcdoc="<p>"),
        lambda: h.p(**{"a b": "c"}),
    ],
)
def test_what_would_run_a_script_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"script|address|content|name"):
        wrong()  # type: ignore[operator]


def test_content_may_be_text_markup_numbers_nothing_and_sequences() -> None:
    assert h.p("a<", Markup("<b>b</b>"), 3, None, False, ["c", ("d", None)], (x for x in "ef")) == (
        "<p>a&lt;<b>b</b>3cdef</p>"
    )


def test_a_row_of_a_table_is_named_by_its_first_cell() -> None:
    made = table(["", "n"], [["a", 1], [cell("b", class_="x"), 2]])
    assert '<th scope="row">a</th><td>1</td>' in made
    assert '<td class="x">b</td><td>2</td>' in made


def test_on_a_phone_a_cell_of_a_wide_table_brings_its_columns_title() -> None:
    head = ("", "a", Markup('<b>b</b> & "'), "c")
    made = table(head, [["row", 1, cell("x", class_="y"), Markup("<i>2</i>")], Row(["next", 3, 4], "sum")])
    assert '<td data-label="a">1</td><td data-label="b &amp; &#34;" class="y">x</td><td data-label="c"><i>2' in made
    assert '<tr class="sum"><th scope="row">next</th><td data-label="a">3</td>' in made
    assert "ch-stacks" in made
    for other in (
        table(head[:3], [["row", 1, 2]]),
        table(head, [["row", 1, 2, 3]], stacks=False),
    ):
        assert "data-label" not in other
        assert "ch-stacks" not in other


def places(markup: str) -> list[list[tuple[float, float]]]:
    """The places of every polyline."""
    texts = [value for key, value in Reader(markup).attributes if key == "points"]
    return [[tuple(map(float, pair.split(","))) for pair in (text or "").split()] for text in texts]  # type: ignore[misc]


def test_lines_end_where_their_values_are() -> None:
    frame = Frame(width=100, height=100, left=0, right=0, top=0, bottom=0)
    (line,) = places(lines({"a": [0.0, 1.0, 4.0]}, [0, 1, 2], title="t", frame=frame))
    assert line == [(0, 100), (50, 75), (100, 0)]
    (line,) = places(lines({"a": [1.0, 10.0, 100.0]}, [0, 1, 2], title="t", log=True, frame=frame))
    assert line == [(0, 100), (50, 50), (100, 0)]


def test_a_gap_stays_a_gap() -> None:
    (line,) = places(lines({"a": [1.0, float("nan"), 0.0, 10.0]}, title="t", log=True))
    assert len(line) == 2
    assert lines({"a": []}, title="nothing yet")
    assert lines({"a": [float("nan")]}, title="nothing finite")


def test_numbers_for_people_are_short() -> None:
    assert [short(v) for v in (0, 0.5, 123.4, 12345.6, 1e-9, float("inf"))] == [
        "0",
        "0.5",
        "123",
        "1.2e4",
        "1.0e-9",
        "∞",
    ]


def test_a_spark_says_where_it_begins_and_ends_and_is_thinned() -> None:
    assert 'aria-label="loss: from 2 to 0.5"' in spark([2.0, 1.0, 0.5], "loss")
    assert spark([1.0] * 5000, "x").count(",") < 900


def test_a_reliability_diagram_has_a_dot_per_bin() -> None:
    bins = [Bin(0.1, 0.0, 20), Bin(0.9, 1.0, 20)]
    made = Reader(reliability({"distance": bins, "head": bins}, unit="pairs"))
    assert made.tags.count("circle") == 4
    assert "distance: predicted 0.100, observed 0.000, 20 pairs" in made.text


def test_no_chart_is_without_its_numbers() -> None:
    """Where lines are drawn (class ch-lines), it is done by ``charts.chart``, which takes no chart without numbers."""
    told = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "apps").rglob("*.py"))
        if "ch-lines" in (text := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "svg"
        and any("ch-lines" in ast.unparse(keyword.value) for keyword in node.keywords) and path.name != "charts.py"
    ]  # fmt: skip
    assert told == []
    shown = (
        lines({"J": [3.0, 2.0, 1.0]}, title="J"),
        spark([0.5, 0.25], "loss"),
        reliability({"net": [Bin(0.7, 0.66, 12)]}, unit="beats"),
    )
    for one, number in zip(shown, ("<td>2</td>", "<td>0.25</td>", "<td>0.660</td>"), strict=True):
        assert "<summary>Numbers</summary>" in one
        assert number in one


def test_the_numbers_of_a_chart_are_bounded() -> None:
    long = lines({"J": [float(n) for n in range(5000)]}, title="J")
    assert long.count("<tr>") <= 21
    assert "<td>0</td>" in long
    assert "<td>4999</td>" in long
    assert "20 of 5,000 rows" in long
