"""The leaderboard as a CSV table that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
import io

from compete.leaderboard.records import Leaderboard, Row

COLUMNS = (
    "rank",
    "place",
    "team",
    "score",
    "low",
    "high",
    "rank_low",
    "rank_high",
    "first",
    "public",
    "private",
    "public_place",
    "shake_up",
    "worst_group",
    "worst",
    "gap",
    "submissions",
    "late",
    "copies",
    "file",
)
SHOWN = ("rank", "team", "score", "worst_group", "worst", "gap", "submissions")
"""What participants get."""

ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Beginnings of a cell that a spreadsheet may take for a formula; the last four are full-width."""


def inert(text: str) -> str:
    """A text that no spreadsheet runs: an apostrophe stands before what could be a formula.

    >>> inert("=HYPERLINK(1)"), inert("Ada")
    ("'=HYPERLINK(1)", 'Ada')
    """
    return f"'{text}" if text.lstrip(" ").startswith(ACTIVE) else text


def csv_bytes(leaderboard: Leaderboard) -> bytes:
    """The rows as UTF-8 CSV, one a team, the best first; a number that is not defined is an empty cell."""
    out = io.StringIO(newline="")
    columns = SHOWN if leaderboard.public else COLUMNS
    table = csv.writer(out, lineterminator="\n")
    table.writerow(columns)
    table.writerows([_cell(row, column) for column in columns] for row in leaderboard.rows)
    return out.getvalue().encode("utf-8", "backslashreplace")


def _cell(row: Row, column: str) -> str:
    value = getattr(row, column)
    if value is None:
        return ""
    return inert(value) if isinstance(value, str) else repr(value)
