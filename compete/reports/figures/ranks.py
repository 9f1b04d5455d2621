"""Charts of ranks: how sure they are, and how they move between the halves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from compete.markup import Html, element, isolated, wide
from compete.reports.figures.drawing import Scale, cut_short, fill_of, strip_of, stroke_of
from compete.reports.figures.rows import LABEL, axis_strip

ROW = 28
"""Pixels of a row."""

LARGEST = 12.0
"""Radius of the blob of a rank that a team has in every draw, where there is room."""


@dataclass(frozen=True)
class RankSpread:
    """How often a team had which rank.

    Attributes:
        label: the team.
        shares: share of the draws at each rank, the first rank first.
        rank: its rank as it is.
        low: lower end of its rank interval.
        high: upper end of it.
    """

    label: str
    shares: tuple[float, ...]
    rank: float
    low: float
    high: float


def blob_chart(caption: str, teams: Sequence[RankSpread]) -> Html:
    """Blobs as large as the share of bootstrap draws in which a team had a rank; a cross where it stands, and a line
    along its interval.

    Args:
        caption: what the chart shows.
        teams: the rows, best first; all with as many ranks.
    """  # noqa: D205
    ranks = max((len(team.shares) for team in teams), default=1)
    scale = Scale(0.5, ranks + 0.5)
    radius = min(LARGEST, 420 / max(ranks, 1) / 2 * 1.4)
    rows = []
    for team in teams:
        strip = strip_of("", *_blobs(team, scale, radius), height=float(ROW))
        told = f"{team.low:g} – {team.high:g}"
        most = max(range(len(team.shares)), key=lambda place, team=team: team.shares[place], default=0)  # type: ignore[misc]
        often = f"{most + 1} ({team.shares[most]:.0%})" if team.shares else ""
        cells = [
            element("th", isolated(cut_short(team.label, LABEL)), scope="row"),
            element("td", strip, class_="strip long"),
            element("td", f"{team.rank:g}", class_="number"),
            element("td", told, class_="number interval"),
            element("td", often, class_="number"),
        ]
        rows.append(element("tr", *cells))
    names = ("team", "place →", "place", "95 % interval", "most often")
    kinds = ("", "strip long", "number", "number", "number")
    heads = [element("th", name, scope="col", class_=kind or None) for name, kind in zip(names, kinds, strict=True)]
    foot = element(
        "tr", element("td"), element("td", axis_strip(scale, 10, whole=True)), *[element("td")] * 3, aria_hidden="true"
    )
    parts = [element("thead", element("tr", *heads)), element("tbody", *rows), element("tfoot", foot)]
    table = element("table", element("caption", caption), *parts, class_="figure-table")
    return element("div", wide(table, caption), class_="figure")


def slope_chart(caption: str, before: str, after: str, teams: Sequence[tuple[str, float, float]]) -> Html:
    """Lines from the ranks of one half to those of the other: who rose, who fell.

    Args:
        caption: what the chart shows.
        before: what stands at the left.
        after: what stands at the right.
        teams: name, rank at the left and at the right.
    """
    left = sorted(teams, key=lambda team: (team[1], team[0]))
    right = sorted(teams, key=lambda team: (team[2], team[0]))
    place = {team: number for number, team in enumerate(right)}
    lines = [_slope(number, place[team], team) for number, team in enumerate(left)]
    moved = sum(team[1] != team[2] for team in teams)
    told = f"{moved} of {len(teams)} change their rank between {before} and {after}."
    drawing = element("svg", *lines, height=float(ROW * len(teams)), role="img", aria_label=told)
    names = [
        element("ol", *(element("li", f"{team[1]:g}. ", isolated(team[0])) for team in left)),
        drawing,
        element("ol", *(element("li", f"{team[2]:g}. ", isolated(team[0])) for team in right)),
    ]
    heads = [element("div", before, class_="side"), element("div")]
    heads.append(element("div", after, class_="other"))
    figure = element("div", *heads, *names, class_="slopes")
    return element("figure", element("figcaption", caption), figure, class_="figure")


def _blobs(team: RankSpread, scale: Scale, radius: float) -> list[Any]:
    middle = ROW / 2
    ends = {"x1": scale.percent(team.low), "x2": scale.percent(team.high)}
    marks = [element("line", **ends, y1=middle, y2=middle, class_="whisker axis")]
    for place, share in enumerate(team.shares):
        if share > 0:
            blob = {"cx": scale.percent(place + 1), "cy": middle, "r": max(1.0, radius * share**0.5)}
            marks.append(element("circle", **blob, class_=fill_of(0)))
    at = scale.percent(team.rank)
    marks.append(element("line", x1=at, x2=at, y1=2.0, y2=ROW - 2.0, class_=f"whisker {stroke_of(1)}"))
    return marks


def _slope(start: int, end: int, team: tuple[str, float, float]) -> Html:
    kind = "same" if team[1] == team[2] else "up" if team[2] < team[1] else "down"
    places = {"y1": start * ROW + ROW / 2, "y2": end * ROW + ROW / 2}
    return element("line", x1="0%", x2="100%", **places, class_=f"slope {kind}")
