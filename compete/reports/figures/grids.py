"""Charts that are grids: a table whose cells are shaded by their values, and say them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from compete.markup import Html, element, isolated, wide
from compete.reports.figures.drawing import cut_short, tick_text
from compete.reports.figures.style import LEVELS

HEAD = 60
"""Characters of the name of a row or column; longer ones are cut."""


def heat_chart(
    caption: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    *,
    texts: Sequence[Sequence[str]] | None = None,
    corner: str = "",
    top: float | None = None,
    mirrored: bool = False,
    shown: Callable[[float], str] = tick_text,
) -> Html:
    """A table whose cells are the darker (in the dark: the brighter) the larger their value.

    Args:
        caption: what the chart shows.
        rows: their names.
        columns: their names.
        values: one row of numbers a row; None where there is none. Negative ones have another colour.
        texts: what stands in the cells; None takes the numbers.
        corner: what the rows and the columns are, such as ``true ↓ predicted →``.
        top: the value of the strongest shade; None takes the largest.
        mirrored: rows and columns are the same things: the diagonal is framed, and beside it the other colour is used.
        shown: how a number is written.
    """
    known = [abs(value) for row in values for value in row if value is not None and math.isfinite(value)]
    largest = top or max(known, default=0.0) or 1.0
    heads = [element("th", isolated(cut_short(name, HEAD)), scope="col") for name in columns]
    body = []
    for place, (name, row) in enumerate(zip(rows, values, strict=True)):
        cells = [element("th", isolated(cut_short(name, HEAD)), scope="row")]
        for at, value in enumerate(row):
            text = texts[place][at] if texts is not None else "" if value is None else shown(value)
            apart = mirrored and at != place
            cells.append(
                element("td", text, class_=_shade(value, largest, apart) + " self" * (mirrored and at == place))
            )
        body.append(element("tr", *cells))
    corner_cell = element("th", corner, scope="col") if corner else element("td")
    head = element("thead", element("tr", corner_cell, *heads))
    table = element("table", element("caption", caption), head, element("tbody", *body), class_="heat")
    return element("div", wide(table, caption), class_="figure")


def symbol_chart(
    caption: str,
    rows: Sequence[str],
    columns: Sequence[str],
    symbols: Sequence[Sequence[tuple[str, str, int]]],
    corner: str,
) -> Html:
    """A grid of symbols, each with words for who cannot see it, and a shade.

    Args:
        caption: what the chart shows.
        rows: their names.
        columns: their names.
        symbols: symbol, words and shade (-10 to 10; negative in the other colour) of each cell.
        corner: what the rows and the columns are.
    """
    heads = [element("th", isolated(cut_short(name, HEAD)), scope="col") for name in columns]
    body = []
    for name, row in zip(rows, symbols, strict=True):
        cells: list[Any] = [element("th", isolated(cut_short(name, HEAD)), scope="row")]
        for symbol, words, level in row:
            kind = f"{'miss' if level < 0 else 'heat'}-{min(abs(level), LEVELS)}"
            mark = element("span", symbol, role="img", aria_label=words, title=words) if words else symbol
            cells.append(element("td", mark, class_=kind))
        body.append(element("tr", *cells))
    head = element("thead", element("tr", element("th", corner, scope="col"), *heads))
    table = element("table", element("caption", caption), head, element("tbody", *body), class_="heat")
    return element("div", wide(table, caption), class_="figure")


def _shade(value: float | None, largest: float, apart: bool) -> str:
    """The class of a cell's shade; what is not nothing is at least the lightest shade."""
    if value is None or not math.isfinite(value):
        return "heat-0"
    level = min(LEVELS, math.ceil(round(abs(value) / largest * LEVELS, 6)))
    return f"{'miss' if apart or value < 0 else 'heat'}-{level}"
