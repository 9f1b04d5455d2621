"""Charts of lines: curves and points on two axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from compete.markup import Html, element
from compete.reports.figures.drawing import (
    Scale,
    figure_of,
    fill_of,
    lines_legend,
    picture_of,
    stroke_of,
    tick_text,
    ticks_of,
    words_at,
)

WIDTH, HEIGHT = 360.0, 320.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 10.0, 10.0, 44.0

DASHES = (None, "7 3", "2 3", "9 3 2 3")
"""Lines are told apart without colour too."""

POINTS = 400
"""Points of a line that is drawn; a longer one is thinned, which nobody sees at this size."""


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Attributes:
        label: its name in the legend.
        x: places across.
        y: places up.
        steps: whether the value holds until the next point.
        dots: whether the points are marked.
        joined: whether the points are joined.
        low: the lower edge of a band about the line, one a point; empty for none.
        high: its upper edge.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    steps: bool = False
    dots: bool = False
    joined: bool = True
    low: Sequence[float] = ()
    high: Sequence[float] = ()


@dataclass(frozen=True)
class Axis:
    """An axis: what it shows, and its ends."""

    label: str
    low: float = 0.0
    high: float = 1.0


def line_chart(
    title: str, description: str, lines: Sequence[Line], x: Axis, y: Axis, *, diagonal: bool = False, caption: Any = ""
) -> Html:
    """Lines on two axes, at a size that a small screen shows whole.

    Args:
        title: what the chart is, in a few words.
        description: what one sees in it, for who cannot.
        lines: the lines, the most important first.
        x: the axis across.
        y: the axis up.
        diagonal: whether to mark where both are equal.
        caption: what stands above the chart; empty takes the title.
    """
    across, up = Scale(x.low, x.high, LEFT, WIDTH - RIGHT), Scale(y.low, y.high, HEIGHT - BOTTOM, TOP)
    parts = [*_frame(x, y, across, up)]
    if diagonal:
        ends = max(x.low, y.low), min(x.high, y.high)
        places = {"x1": across(ends[0]), "y1": up(ends[0]), "x2": across(ends[1]), "y2": up(ends[1])}
        parts.append(element("line", **places, class_="diagonal"))
    for place, line in reversed(list(enumerate(lines))):
        parts += _drawn(line, place, across, up)
    drawing = picture_of(title, description, *parts, width=WIDTH, height=HEIGHT)
    dashes = [DASHES[place % len(DASHES)] for place in range(len(lines))]
    told = any(line.label for line in lines)
    legend = lines_legend([line.label for line in lines], dashes) if told else ""
    return figure_of(caption or title, drawing, legend)


def histogram(
    title: str, description: str, count: Sequence[int], edge: Sequence[float], x: Axis, *, caption: Any = ""
) -> Html:
    """How many values lie in each bin.

    Args:
        title: what the chart is, in a few words.
        description: what one sees in it, for who cannot.
        count: how many values each bin has.
        edge: where the bins begin and, last, end; one more than counts.
        x: the axis across.
        caption: what stands above the chart; empty takes the title.
    """
    places = [edge[0], *(one for inner in edge[1:-1] for one in (inner, inner)), edge[-1]]
    heights = [float(one) for number in count for one in (number, number)]
    line = Line("", places, heights, low=[0.0] * len(heights), high=heights)
    y = Axis("items", 0.0, max(1.0, *heights) * 1.05)
    return line_chart(title, description, [line], x, y, caption=caption)


def _frame(x: Axis, y: Axis, across: Scale, up: Scale) -> list[Html]:
    """Grid, axes, ticks and labels."""
    parts = []
    for tick in ticks_of(x.low, x.high):
        at = across(tick)
        parts.append(element("line", x1=at, x2=at, y1=TOP, y2=HEIGHT - BOTTOM, class_="grid"))
        parts.append(words_at(at, HEIGHT - BOTTOM + 16, tick_text(tick), anchor="middle"))
    for tick in ticks_of(y.low, y.high):
        at = up(tick)
        parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="grid"))
        parts.append(words_at(LEFT - 6, at + 4, tick_text(tick), anchor="end"))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    turned = f"translate(12 {middle:g}) rotate(-90)"
    parts.append(words_at((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x.label, anchor="middle", strong=True))
    up_label = words_at(0.0, 0.0, y.label, anchor="middle", strong=True)
    return [*parts, element("g", up_label, transform=turned)]


def _drawn(line: Line, place: int, across: Scale, up: Scale) -> list[Html]:
    points = [(one, other) for one, other in zip(line.x, line.y, strict=True) if math.isfinite(one + other)]
    parts: list[Html] = []
    if line.low and line.high:
        edge = [*zip(line.x, line.high, strict=True), *reversed([*zip(line.x, line.low, strict=True)])]
        sides = " ".join(f"{across(one):.1f},{up(other):.1f}" for one, other in edge if math.isfinite(one + other))
        parts.append(element("polygon", points=sides, class_=f"band {fill_of(place)}"))
    path = _path(points, line.steps, across, up) if line.joined else ""
    if path:
        dash = DASHES[place % len(DASHES)]
        parts.append(element("path", d=path, class_=f"line {stroke_of(place)}", stroke_dasharray=dash))
    if line.dots:
        kind, radius = (fill_of(place), 3.5) if line.joined else (f"cloud {fill_of(place)}", 2.5)
        parts += [element("circle", cx=across(one), cy=up(other), r=radius, class_=kind) for one, other in points]
    return parts


def _path(points: Sequence[tuple[float, float]], steps: bool, across: Scale, up: Scale) -> str:
    """The path along points; of points that fall on one pixel the first and last are kept."""
    words: list[str] = []
    last = ("", "")
    every = max(1, len(points) // POINTS)
    kept = [point for place, point in enumerate(points) if place % every == 0 or place == len(points) - 1]
    for one, other in kept:
        x, y = f"{across(one):.1f}", f"{up(other):.1f}"
        if (x, y) == last:
            continue
        if steps and words and x != last[0]:
            words.append(f"H{x}")
        words.append(f"{'L' if words else 'M'}{x} {y}")
        last = x, y
    return "".join(words)
