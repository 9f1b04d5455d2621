"""The leaderboard report: who is where, and how firm that is; one offline HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compete.leaderboard.records import Estimate, Leaderboard, Row
from compete.markup import element, findings_table, pairs_of, wide
from compete.reports.figures import Estimate as Bounded
from compete.reports.figures import cut_short, forest_chart, slope_chart
from compete.reports.firmness import firmness_sections, overfitting_sections
from compete.reports.page import Fact, Fold, Section, Table, rendered
from compete.scoring.result import shown

MOST_ROWS = 100
"""Teams of a chart; the table holds all of them."""

MOST_SLOPES = 40

REFUSED = ("team", "file", "rule", "first fault", "faults")

COLUMNS = {
    "rank": "Rank: shared by teams that cannot be told apart.",
    "place": "Place: by score alone.",
    "first": "First: share of the draws in which the team is first.",
    "shake-up": "Shake-up: places won from public to private.",
    "gap": "Gap: between best and worst subgroup.",
}
"""What the columns of the table mean, where their names do not say it."""

PUBLIC = "This copy is for participants: it holds public scores alone."
PRIVATE = "This copy tells private scores. Do not pass it on before the end; --public makes one that you may."


def leaderboard_page(board: Leaderboard) -> str:
    """The report on a leaderboard; a public one shows what participants may see, since it holds nothing else.

    Args:
        board: as ranked.

    Returns:
        One HTML page that needs no other file.
    """
    name = str(board.challenge.get("title") or board.challenge["name"])
    sections = [_table_section(board), *firmness_sections(board), *_shake_section(board), *overfitting_sections(board)]
    sections += _entry_sections(board)
    if board.findings:
        table = wide(findings_table(board.findings, "Warnings and notes"), "Warnings and notes")
        sections.append(Section("findings", "What was noticed", "", (table,)))
    sections.append(_provenance(board))
    return rendered(
        "report.html.j2",
        kind="Leaderboard for participants" if board.public else "Leaderboard",
        heading=name,
        lead=[_lead(board)],
        facts=_facts(board),
        sections=sections,
        beware="" if board.public else PRIVATE,
        foot=[PUBLIC] if board.public else [],
    )


def _lead(board: Leaderboard) -> str:
    direction = "higher" if board.greater_is_better else "lower"
    counted = {"best": "the best", "last": "the last", "selected": "the selected"}.get(board.counting, board.counting)
    items = f"{board.items.get(board.part, 0):,} {board.part} items"
    return (
        f"Ranked by {board.metric['name']} ({direction} is better) on {items}; {counted} submission of a team counts."
    )


def _facts(board: Leaderboard) -> list[Fact]:
    """The numbers that open the report."""
    sent = sum(row.submissions for row in board.rows)
    refused = f"{len(board.refused):,} more refused" if board.refused else ""
    facts = [Fact(f"{len(board.rows):,}", "teams"), Fact(f"{sent:,}", "submissions", refused)]
    if board.rows and board.rows[0].first is not None:
        note = f"that is how often {board.rows[0].team} is first, were the items drawn again"
        facts.append(Fact(f"{board.rows[0].first:.0%}", "chance of the first place", note))
    if board.classes:
        first = len(board.classes[0])
        facts.append(Fact(f"{first:,}", "teams share rank 1", "they cannot be told apart" if first > 1 else ""))
    if board.agreement.value is not None:
        facts.append(
            Fact(f"{board.agreement.value:.2f}", "Kendall's tau, public and private", _between(board.agreement))
        )
    if board.power is not None:
        note = f"with {board.power.power:.0%} power, on {board.power.n:,} items"
        facts.append(Fact(f"{board.power.least:.3g}", "least difference that can be told", note))
    return facts


def _between(one: Estimate) -> str:
    return "" if one.low is None or one.high is None else f"95 % interval {one.low:.2f} – {one.high:.2f}"


def _table_section(board: Leaderboard) -> Section:
    rows = board.rows[:MOST_ROWS]
    chart = forest_chart(
        f"{board.metric['name']} of each team with its 95 % interval, {board.part} items",
        [
            Bounded(f"{row.rank}. {row.team}", row.score, row.low, row.high, series=_class_of(board, row))
            for row in rows
        ],
        head="team",
        bounds=(board.metric.get("low"), board.metric.get("high")),
        counted="",
    )
    parts: list[Any] = [chart]
    if len(board.rows) > MOST_ROWS:
        parts.append(f"The chart shows the first {MOST_ROWS} of {len(board.rows):,} teams; the table has all of them.")
    lead = "Teams that the test items cannot tell apart share a rank and a colour." if board.classes else ""
    return Section("leaderboard", "Leaderboard", lead, (*parts, leaderboard_table(board)))


def _class_of(board: Leaderboard, row: Row) -> int:
    """The number of the class that a team is in: neighbours have other colours."""
    found = (number for number, teams in enumerate(board.classes) if row.team in teams)
    return next(found, 0)


def leaderboard_table(board: Leaderboard) -> Table:
    """All teams with what is known of each; columns in which nothing is known are left out."""
    columns: list[tuple[str, Sequence[str], bool]] = [
        ("team", [row.team for row in board.rows], False),
        ("rank", [str(row.rank) for row in board.rows], True),
        ("place", [str(row.place) for row in board.rows], True),
        ("95 % of places", [_places(row) for row in board.rows], True),
        ("first", [_share(row.first) for row in board.rows], True),
        ("private", [_score(row.private) for row in board.rows], True),
        ("public", [_score(row.public) for row in board.rows], True),
        ("shake-up", [_signed(row.shake_up) for row in board.rows], True),
        ("worst subgroup", [_worst(row) for row in board.rows], False),
        ("gap", [_score(row.gap) for row in board.rows], True),
        ("sent", [f"{row.submissions:,}" for row in board.rows], True),
        ("late", [f"{row.late:,}" if row.late else "" for row in board.rows], True),
        ("copies", [f"{row.copies:,}" if row.copies else "" for row in board.rows], True),
        ("file", [row.file for row in board.rows], False),
    ]
    kept = [column for column in columns if any(column[1])]
    return Table(
        "All teams" if board.rows else "No team was ranked",
        [name for name, _, _ in kept],
        list(zip(*(cells for _, cells, _ in kept), strict=True)),
        right=[place for place, (_, _, number) in enumerate(kept) if number],
        note=" ".join(words for name, words in COLUMNS.items() if name in {column[0] for column in kept}),
    )


def _places(row: Row) -> str:
    return "" if row.rank_low is None or row.rank_high is None else f"{row.rank_low} – {row.rank_high}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _score(value: float | None) -> str:
    return "" if value is None else shown(value)


def _signed(value: int | None) -> str:
    return "" if value is None else f"{value:+d}" if value else "0"


def _worst(row: Row) -> str:
    """The worst subgroup and its score, in one line."""
    told = f"{cut_short(row.worst_group, 40)}: {_score(row.worst)}" if row.worst_group else ""
    return told.replace(" ", "\u00a0")


def _shake_section(board: Leaderboard) -> list[Section]:
    """Public and private places, and who moved."""
    known = [row for row in board.rows if row.public_place is not None and row.private is not None]
    if board.public or len(known) < 2:
        return []
    places = [(row.team, float(row.public_place or 0), float(row.place)) for row in known[:MOST_SLOPES]]
    told = "" if len(known) <= MOST_SLOPES else f", the first {MOST_SLOPES} of {len(known):,} teams"
    chart = slope_chart(f"Places by public and by private score{told}", "public", "private", places)
    lead = "Steep lines are teams whose public score said little of their private one."
    if board.agreement.value is not None:
        between = _between(board.agreement)
        told = f"{board.agreement.value:.2f} ({between})" if between else f"{board.agreement.value:.2f}"
        lead = f"Kendall's tau between both is {told}. {lead}"
    return [Section("shakeup", "From public to private", lead, (chart,))]


def _entry_sections(board: Leaderboard) -> list[Section]:
    """Every submission, folded, and those that were refused."""
    parts: list[Any] = []
    if board.entries:
        rows = [
            (
                entry.team, entry.file, entry.time, _score(entry.public), _score(entry.private), _score(entry.released),
                "counts" if entry.counts else "", _remarks(entry),
            )
            for entry in board.entries
        ]  # fmt: skip
        heads = ("team", "file", "time", "public", "private", "shown as", "", "remarks")
        table = Table("Every submission that was scored", heads, rows, right=(3, 4, 5))
        parts.append(Fold(f"{len(rows):,} submissions", (table,)))
    if board.refused:
        refusals = [
            (one.team, one.file, one.finding.rule, one.finding.message, f"{one.faults:,}") for one in board.refused
        ]
        turned_down = Table("Submissions that were refused and are not ranked", REFUSED, refusals, right=(4,))
        parts.append(Fold(f"{len(refusals):,} refused", (turned_down,)))
    if not parts:
        return []
    lead = f"Public scores are rounded to multiples of {board.release.step:.3g}"
    lead += "." if board.release.ladder == "none" else f" and stand on the ladder ({board.release.ladder})."
    return [Section("submissions", "Submissions", lead, tuple(parts))]


def _remarks(entry: Any) -> str:
    found = ("late" if entry.late else "", "over the limit" if entry.over_limit else "")
    same = f"same predictions as {entry.same_as}" if entry.same_as else ""
    return ", ".join(word for word in (*found, same, "selected" if entry.selected else "") if word)


def _provenance(board: Leaderboard) -> Section:
    facts = {name: str(fact) for name, fact in board.challenge.items() if fact}
    facts |= {name: str(version) for name, version in board.versions.items()}
    told = {name: element("code", fact) for name, fact in facts.items()}
    return Section("provenance", "Provenance", "With the same files, compete gives the same board.", (pairs_of(told),))
