"""How firm a leaderboard is: bootstrap ranks, significance, other metrics, power, and signs of overfitting."""

from __future__ import annotations

from typing import Any

from compete.leaderboard.records import Leaderboard, Overfitting, Power, Stability
from compete.reports.figures import (
    Axis,
    Estimate,
    Line,
    RankSpread,
    blob_chart,
    forest_chart,
    heat_chart,
    line_chart,
    symbol_chart,
)
from compete.reports.page import Grid, Section, Table

MOST_TEAMS = 50
"""Teams of a chart of ranks."""

MOST_PAIRS = 30
"""Teams of a map of pairs."""

LEAST_MOVE = 3.0
"""Places of the strongest shade at least: where no team moves far, shades stay light."""

STRENGTH = 10
"""Shade of a difference that is surely there."""


def firmness_sections(board: Leaderboard) -> list[Section]:
    """The sections for whoever may know how firm the ranking is; none of a public leaderboard."""
    if board.public:
        return []
    sections = []
    if board.stability is not None:
        sections += [_rank_section(board, board.stability), _significance_section(board, board.stability)]
        sections += _sensitivity_section(board, board.stability)
    if board.power is not None:
        sections.append(_power_section(board.power))
    return sections


def overfitting_sections(board: Leaderboard) -> list[Section]:
    """Whether public scores were earned, for whoever may know private ones."""
    return [] if board.public or board.overfitting is None else [_overfitting_section(board.overfitting)]


def _rank_section(board: Leaderboard, stability: Stability) -> Section:
    rows = {row.team: row for row in board.rows}
    spreads = []
    for team, counts in list(zip(stability.teams, stability.distribution, strict=True))[:MOST_TEAMS]:
        row, total = rows[team], max(1, sum(counts))
        low, high = (row.place if end is None else end for end in (row.rank_low, row.rank_high))
        spreads.append(
            RankSpread(team, tuple(count / total for count in counts[: _ranks(stability)]), row.place, low, high)
        )
    told = "" if len(stability.teams) <= MOST_TEAMS else f", the first {MOST_TEAMS} teams"
    chart = blob_chart(f"Places in {stability.draws:,} bootstrap leaderboards{told}", spreads)
    lead = (
        f"The test's {stability.n:,} {stability.units} were drawn again {stability.draws:,} times. A blob is the "
        "larger the more often a team had that place; the upright line is its place as it is, the long one holds 95 % "
        "of the draws."
    )
    tau = stability.kendall
    if tau.value is not None and tau.low is not None and tau.high is not None:
        between = f"{tau.value:.2f} ({tau.low:.2f} – {tau.high:.2f})"
        lead += f" Drawn leaderboards agree with this one by a Kendall's tau of {between}."
    return Section("ranks", "How firm the ranks are", lead, (chart,))


def _ranks(stability: Stability) -> int:
    """The last place that any of the shown teams ever had."""
    shown = stability.distribution[:MOST_TEAMS]
    return max((place + 1 for counts in shown for place, count in enumerate(counts) if count), default=1)


def _significance_section(board: Leaderboard, stability: Stability) -> Section:
    """Which teams are better than which, adjusted for all pairs."""
    teams = stability.teams[:MOST_PAIRS]
    place = {row.team: row.place for row in board.rows}
    symbols = []
    for one, name in enumerate(teams):
        row = []
        for other, against in enumerate(teams):
            p_value = stability.p_values[one][other]
            if one == other:
                row.append(("", "", 0))
            elif p_value >= stability.level:
                row.append(("≈", f"{name} and {against} cannot be told apart, p = {p_value:.3f}", 0))
            elif place[name] < place[against]:
                row.append(("▲", f"{name} is better than {against}, p {_p_text(p_value)}", STRENGTH - 2))
            else:
                row.append(("▽", f"{name} is worse than {against}, p {_p_text(p_value)}", -(STRENGTH - 6)))
        symbols.append(row)
    told = "" if len(stability.teams) <= MOST_PAIRS else f", the first {MOST_PAIRS} teams"
    chart = symbol_chart(
        f"▲ better, ▽ worse, ≈ not to be told apart{told}", teams, teams, symbols, "row against column"
    )
    lead = (
        f"Each two teams are compared on the same draws of the {stability.units}; p-values are adjusted by Holm over "
        f"all pairs, and those below {stability.level:g} count. Rest the pointer on a cell for its p-value."
    )
    return Section("significance", "Who is better than whom", lead, (chart,))


def _p_text(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def _sensitivity_section(board: Leaderboard, stability: Stability) -> list[Section]:
    """The places that other metrics and other ways to aggregate would give."""
    every = stability.sensitivities
    if not every or not board.rows:
        return []
    found = [one for one in every if one.tau is not None]
    rows = board.rows[:MOST_TEAMS]
    values: list[list[float | None]] = []
    texts = []
    for number, row in enumerate(rows):
        places = [one.places[number] for one in found]
        values.append([0.0, *(float(row.place - place) for place in places)])
        texts.append([str(row.place), *(str(place) for place in places)])
    chart = heat_chart(
        "Places; shaded where a team would stand elsewhere: in blue better, in brown worse",
        [row.team for row in rows], [str(board.metric["name"]), *(one.name for one in found)], values, texts=texts,
        top=max([LEAST_MOVE, *(abs(value) for row in values for value in row if value)]), corner="team ↓  ranked by →",
    )  # fmt: skip
    taus = [(one.name, one.kind, "–" if one.tau is None else f"{one.tau:.3f}") for one in every]
    table = Table(
        "Agreement with the ranking as it is", ("ranked by", "what differs", "Kendall's tau"), taus, right=(2,)
    )
    lead = "A ranking that stands under other metrics and other ways to aggregate owes little to the choice of either."
    if stability.per_item:
        lead += f" Aggregations are over {stability.per_item}."
    return [Section("sensitivity", "Would another metric rank otherwise?", lead, (chart, table))]


def _power_section(power: Power) -> Section:
    """What the test can tell, and how many items it would take to tell more."""
    x, y = [float(n) for n, _ in power.curve], [least for _, least in power.curve]
    parts: list[Any] = []
    if len(x) > 1:
        told = f"the least difference falls from {y[0]:.3g} with {x[0]:,.0f} items to {y[-1]:.3g} with {x[-1]:,.0f}"
        line = Line("", x, y, dots=True)
        chart = line_chart("What more items would tell", told, [line], Axis("items", 0.0, max(x) * 1.02),
                           Axis("least difference", 0.0, max(y) * 1.08))  # fmt: skip
        parts.append(chart)
    if power.needed:
        rows = [(f"{difference:.3g}", f"{items:,}") for difference, items in power.needed]
        parts.append(Table("Items that a difference needs", ("difference", "items"), rows, right=(0, 1)))
    lead = (
        f"With {power.n:,} items, a difference of {power.least:.3g} between two neighbours of this leaderboard is "
        f"found with {power.power:.0%} power; between those that are easiest to tell apart {power.low:.3g}, between "
        f"the hardest {power.high:.3g}."
    )
    return Section("power", "What this test can tell", lead, (Grid(tuple(parts)),) if parts else ())


def _overfitting_section(found: Overfitting) -> Section:
    """Whether public scores were learnt."""
    rows = [
        Estimate(gap.team, gap.gap.value, gap.gap.low, gap.gap.high, gap.submissions, series=1 if gap.beyond else 0)
        for gap in found.teams[:MOST_TEAMS]
    ]
    chart = forest_chart(
        "Public less private score, turned so that positive means better in public", rows, head="team",
        counted="submissions", score="gap", reference=0.0, series=("as chance explains", "more than chance explains"),
        shown="{:+.4f}".format,
    )  # fmt: skip
    lead = f"{found.submissions:,} submissions had a public score."
    if found.expected is not None:
        lead += f" If all were equally good, the best would gain {found.expected:.3g} in public by chance alone."
    if found.gap.value is not None:
        lead += f" On average teams do {found.gap.value:+.3g} better in public than in private."
    parts: list[Any] = [chart]
    suspected = [one for one in found.probing if one.suspected]
    if suspected:
        cells = [
            (one.team, f"{one.submissions:,}", f"{one.near_copies:,}", f"{one.constant:,}", ", ".join(one.files))
            for one in suspected
        ]
        heads = ("team", "submissions", "nearly the one before", "nearly constant", "such as")
        parts.append(Table("Teams that may have asked the public score for labels", heads, cells, right=(1, 2, 3)))
    else:
        parts.append("No team's submissions look as if they asked the public score for labels.")
    return Section("overfitting", "Were public scores earned?", lead, tuple(parts))
