"""A result as a notebook shows it: inert HTML with the intervals drawn, dark or light as the page around it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Optional

from compete.markup import Html, element, findings_table, isolated, joined, table_of
from compete.scoring.result import Result, Score, interval_text, shown

WIDTH, HEIGHT = 120.0, 14.0
"""Pixels of a drawn interval."""

COLOURS = {"public": "#0a6aa1", "private": "#b4540a", "train": "#6b7280"}
"""Of the parts; seen on white and on black."""

HEAD = ("metric", "part", "group", "score", "", "95 % interval", "items")


def result_html(result: Result) -> str:
    """Scores with their intervals, and what was noticed.

    Args:
        result: of one submission.

    Returns:
        HTML that runs nothing and asks nobody for anything.
    """
    rows, last = [], ""
    for score in result.scores:
        alike = [one for one in result.scores if one.metric == score.metric]
        name = element("b", isolated(score.metric)) if score.metric != last else Html("")
        last = score.metric
        group = isolated(score.group) if score.group else element("i", "all")
        drawn = interval_drawing(score, ends_of(alike))
        told = (shown(score.value), drawn, interval_text(score), f"{score.n:,}")
        rows.append((name, score.part, group, *told))
    challenge, submission = result.challenge, result.submission
    caption = joined([f"{challenge['name']} {challenge['version']}: ", isolated(submission["file"])])
    parts = [table_of(caption, HEAD, rows, numbers=(3, 6), first=False)]
    if result.findings:
        parts.append(findings_table(result.findings, "What was noticed"))
    return joined(parts).text


def ends_of(scores: Sequence[Score]) -> tuple[float, float]:
    """The least and the largest number that scores of one metric have, their intervals included."""
    known = [end for one in scores for end in (one.value, one.low, one.high) if end is not None]
    return (min(known), max(known)) if known else (0.0, 1.0)


def interval_drawing(score: Score, ends: tuple[float, float]) -> Html:
    """A score as a dot, and its interval as a line; nothing where it is not defined."""
    if score.value is None:
        return Html("")

    def place(value: float) -> float:
        span = ends[1] - ends[0]
        return 4.0 + (WIDTH - 8.0) * ((value - ends[0]) / span if span else 0.5)

    colour = COLOURS.get(score.part, COLOURS["train"])
    line = _line(score.low, score.high, colour, place)
    dot = element("circle", cx=place(score.value), cy=HEIGHT / 2, r=4.0, fill=colour)
    return element("svg", line, dot, width=WIDTH, height=HEIGHT, aria_hidden="true")


def _line(low: Optional[float], high: Optional[float], colour: str, place: Callable[[float], float]) -> Html:
    if low is None or high is None:
        return Html("")
    ends = {"x1": place(low), "x2": place(high), "y1": HEIGHT / 2, "y2": HEIGHT / 2}
    return element("line", **ends, stroke=colour, stroke_width=2.0)
