"""The leaderboard at a glance, as a notebook shows it."""

from __future__ import annotations

from compete.leaderboard.records import Leaderboard, Row
from compete.markup import isolated, joined, table_of
from compete.scoring.result import shown

LISTED = 100
"""Teams that a notebook shows."""


def glance_html(made: Leaderboard) -> str:
    """A table with one row a team, the best first; every name is inert."""
    head = ["rank", "team", made.part]
    head += ["sent"] if made.public else ["95 % interval", "rank of 95 %", "first", "public", "worst subgroup"]
    rows = [_cells(row, made) for row in made.rows[:LISTED]]
    more = f" (the first {LISTED} of {len(made.rows):,} teams)" if len(made.rows) > LISTED else ""
    caption = joined([f"{made.challenge['title']}: {made.metric['name']} on {made.items[made.part]:,} items", more])
    numbers = (0, 2, 3) if made.public else (0, 2, 4, 5, 6)
    return str(table_of(caption, head, rows, numbers=numbers, first=False))


def _cells(row: Row, made: Leaderboard) -> list[object]:
    shared = sum(row.rank == other.rank for other in made.rows) > 1
    cells: list[object] = [f"{row.rank}{'=' if shared else ''}", isolated(row.team), shown(row.score)]
    if made.public:
        return [*cells, row.submissions]
    span = "" if row.low is None or row.high is None else f"{shown(row.low)} – {shown(row.high)}"
    places = "" if row.rank_low is None else f"{row.rank_low} – {row.rank_high}"
    first = "" if row.first is None else f"{100 * row.first:.0f} %"
    worst = joined([isolated(row.worst_group), f" {shown(row.worst)}"]) if row.worst_group else ""
    return [*cells, span, places, first, shown(row.public), worst]
