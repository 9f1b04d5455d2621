"""Charts that are tables: a row has its name, a strip with a bar or an interval, and its numbers as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from compete.markup import Html, element, isolated
from compete.reports.figures.drawing import (
    Scale,
    cut_short,
    fill_of,
    framed_ends,
    legend_of,
    spread,
    strip_of,
    stroke_of,
    tick_text,
    ticks_of,
    words_at,
)

LABEL = 60
"""Characters of a row's name; longer ones are cut."""


@dataclass(frozen=True)
class Bar:
    """One row of a bar chart.

    Attributes:
        label: its name.
        values: one length a series, from 0 on; None where it is not known.
        texts: what stands beside them; empty takes the numbers.
    """

    label: str
    values: tuple[float | None, ...]
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Estimate:
    """One row of a forest plot.

    Attributes:
        label: its name.
        value: the score; None where it is not defined.
        low: lower end of the interval; None where there is none.
        high: upper end of it.
        n: how many items.
        series: which colour, counted from 0.
        overall: whether it is the whole, and set off from its parts.
    """

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    series: int = 0
    overall: bool = False


def bar_chart(
    caption: Any,
    bars: Sequence[Bar],
    series: Sequence[str] = ("count",),
    *,
    head: str = "",
    top: float | None = None,
    shown: Callable[[float], str] = tick_text,
) -> Html:
    """Bars along rows; several series stand below each other in a row, each with its own colour and column of numbers.

    Args:
        caption: what the chart shows.
        bars: the rows, top first.
        series: names of what is counted; more than one get a legend.
        head: what the rows are.
        top: the value of a whole strip; None takes the largest.
        shown: how a number is written.
    """
    largest = max((value for bar in bars for value in bar.values if value is not None), default=0.0)
    scale = Scale(0.0, top or largest or 1.0)
    thick = 14.0 if len(series) == 1 else 9.0
    rows = [
        _row(
            bar.label,
            strip_of("", *_bar_marks(bar, scale, thick), height=(thick + 2) * len(series)),
            _texts(bar, series, shown),
        )
        for bar in bars
    ]
    table = _table(caption, (head, "", *series), rows)
    return element("div", table, legend_of(series) if len(series) > 1 else "", class_="figure")


def forest_chart(
    caption: Any,
    estimates: Sequence[Estimate],
    *,
    head: str = "",
    score: str = "score",
    counted: str = "items",
    series: Sequence[str] = (),
    bounds: tuple[float | None, float | None] = (None, None),
    ends: tuple[float, float] | None = None,
    reference: float | None = None,
    shown: Callable[[float], str] = "{:.4f}".format,
) -> Html:
    """Scores with their intervals along rows, on one axis.

    Args:
        caption: what the chart shows.
        estimates: the rows, top first.
        head: what the rows are.
        score: the name of the score.
        counted: what the rows' ``n`` counts; empty leaves that column out.
        series: names of the colours, if there are several.
        bounds: what a score can be at least and at most; None where nothing bounds it.
        ends: of the axis; None takes what holds all intervals.
        reference: a value that a line marks through all rows, such as the overall score.
        shown: how a score is written.
    """
    known = [end for one in estimates for end in (one.value, one.low, one.high)]
    low, high = ends or framed_ends(*spread(known), bounds)
    scale = Scale(low, high, 2.0, 98.0)
    bounded = any(one.low is not None for one in estimates)
    heads = tuple(head for head in (counted, score, "95 % interval" if bounded else "") if head)
    rows = []
    for one in estimates:
        strip = strip_of("", *_interval_marks(one, scale, reference), height=22.0)
        cells = _told(one, (counted, score, "95 % interval" if bounded else ""), shown)
        rows.append(_row(one.label, strip, cells, one.overall))
    table = _table(caption, (head, "", *heads), rows, _axis_row(scale, len(heads)))
    return element("div", table, legend_of(series) if len(series) > 1 else "", class_="figure")


def _bar_marks(bar: Bar, scale: Scale, thick: float) -> list[Html]:
    marks = []
    for place, value in enumerate(bar.values):
        y = place * (thick + 2) + 1
        marks.append(element("rect", x=0.0, y=y, width="100%", height=thick, rx=2.0, class_="track"))
        if value:
            width = scale.percent(value)
            marks.append(element("rect", x=0.0, y=y, width=width, height=thick, rx=2.0, class_=fill_of(place)))
    return marks


def _interval_marks(one: Estimate, scale: Scale, reference: float | None) -> list[Html]:
    marks = []
    if reference is not None:
        at = scale.percent(reference)
        marks.append(element("line", x1=at, x2=at, y1=0.0, y2=22.0, class_="reference"))
    colour = stroke_of(one.series)
    if one.low is not None and one.high is not None:
        ends = {"x1": scale.percent(one.low), "x2": scale.percent(one.high)}
        marks.append(element("line", **ends, y1=11.0, y2=11.0, class_=f"whisker {colour}"))
    if one.value is not None:
        dot = {"cx": scale.percent(one.value), "cy": 11.0, "r": 6.5 if one.overall else 5.0}
        marks.append(element("circle", **dot, class_=fill_of(one.series)))
    return marks


def axis_strip(scale: Scale, most: int = 5, *, whole: bool = False) -> Html:
    """Ticks with their numbers, for the foot of a strip; where only whole numbers mean something, at those."""
    marks = []
    found = ticks_of(scale.low, scale.high, most)
    for tick in [one for one in found if one.is_integer()] if whole else found:
        at, place = scale.percent(tick), scale(tick)
        marks.append(element("line", x1=at, x2=at, y1=0.0, y2=5.0, class_="axis"))
        anchor = "start" if place < 8 else "end" if place > 92 else "middle"
        marks.append(words_at(at, 17.0, tick_text(tick), anchor=anchor))
    return strip_of("", *marks, height=22.0)


def _axis_row(scale: Scale, after: int) -> Html:
    cells = [element("td"), element("td", axis_strip(scale), class_="strip"), *[element("td")] * after]
    return element("tfoot", element("tr", *cells, aria_hidden="true"))


def _texts(bar: Bar, series: Sequence[str], shown: Callable[[float], str]) -> list[Html]:
    texts = bar.texts or tuple("–" if value is None else shown(value) for value in bar.values)
    return [_cell(text, name, "number") for text, name in zip(texts, series, strict=True)]


def _cell(text: str, head: str, kind: str) -> Html:
    """A cell that tells its column's head where a small screen stacks the cells."""
    return element("td", text, class_=kind, data_head=head if text else None, role="cell")


def _told(one: Estimate, heads: Sequence[str], shown: Callable[[float], str]) -> list[Html]:
    """The cells behind the strip: items, score and interval."""
    count = "" if one.n is None else f"{one.n:,}"
    score = "undefined" if one.value is None else shown(one.value)
    ends = "" if one.low is None or one.high is None else f"{shown(one.low)} – {shown(one.high)}"
    kinds = ("number", "number", "number interval")
    cells = zip((count, score, ends), heads, kinds, strict=True)
    return [_cell(text, head, kind) for text, head, kind in cells if head]


def _row(label: str, strip: Html, cells: Sequence[Html], overall: bool = False) -> Html:
    name = element("th", isolated(cut_short(label, LABEL)), scope="row", role="rowheader")
    drawing = element("td", strip, class_="strip", role="cell")
    return element("tr", name, drawing, *cells, class_="overall" if overall else None, role="row")


def _table(caption: Any, heads: Sequence[str], rows: Sequence[Html], foot: Any = "") -> Html:
    """The table about the rows; the second column holds the strips, the ones behind it numbers."""
    kinds = ["", "strip", *["number"] * (len(heads) - 2)]
    cells = [
        element("th", text, scope="col", class_=kind or None, role="columnheader")
        if text
        else element("td", class_=kind or None, role="cell")
        for text, kind in zip(heads, kinds, strict=True)
    ]
    head = element("thead", element("tr", *cells, role="row"), role="rowgroup")
    body = element("tbody", *rows, role="rowgroup")  # roles, since stacked cells are no table to some browsers
    return element("table", element("caption", caption), head, body, foot, class_="figure-table stacking", role="table")
