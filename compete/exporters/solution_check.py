"""What platforms that take tables would refuse or mistreat of a solution, a sample submission and the public files."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from compete.bundle import ID, SOLUTION, USAGE
from compete.cells import TRUTH_COLUMN, CellError, long_cells, table_rows, truth_of_cells
from compete.errors import EXAMPLES, Finding
from compete.files import files_below, sha256_of

LARGE = 1 << 26
"""Bytes of a public table that is looked through whole; of larger ones the header is enough."""


@dataclass(frozen=True)
class Table:
    """A table as text: its columns, and its rows."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, name: str) -> list[str]:
        """The cells of a column."""
        place = self.columns.index(name)
        return [row[place] for row in self.rows]


def read_plain_table(path: Path, rule: str) -> tuple[Table | None, list[Finding]]:
    """A table, or why it is none: what the platforms' own readers stumble over."""
    try:
        rows = list(_rows(path.read_bytes().decode("utf-8-sig")))
    except UnicodeDecodeError:
        hint = "write it as UTF-8"
        return None, [Finding(rule, "this is not text in UTF-8", path.name, hint=hint)]
    except (csv.Error, ValueError) as error:
        return None, [Finding(rule, f"this is no CSV: {error}", path.name)]
    if not rows:
        return None, [Finding(rule, "the table is empty", path.name)]
    head, body = rows[0], [row for row in rows[1:] if row]
    ragged = [str(line) for line, row in enumerate(body, 2) if len(row) != len(head)]
    if ragged:
        message = f"{len(ragged)} rows have another number of cells than the header"
        found = Finding(rule, message, f"{path.name}:{ragged[0]}", count=len(ragged))
        return None, [found]
    again = [name for name, count in Counter(head).items() if count > 1]
    if again:
        return None, [Finding(rule, "columns have the same name", path.name, tuple(again[:EXAMPLES]))]
    return Table(path.name, tuple(head), tuple(map(tuple, body))), []


def _rows(text: str) -> Iterable[list[str]]:
    with long_cells():
        yield from csv.reader(io.StringIO(text, newline=""), strict=True)


def id_findings(table: Table, identity: str, rule: str) -> list[Finding]:
    """Ids that are missing or stand twice."""
    if identity not in table.columns:
        message = f"there is no column {identity!r}, by which rows are known"
        return [Finding(rule, message, table.name, hint="name the id column as in sample_submission.csv")]
    ids = table.column(identity)
    again = [name for name, count in Counter(ids).items() if count > 1 and name]
    findings = []
    if "" in ids:
        findings.append(Finding(rule, f"{ids.count(''):,} rows have no {identity}", table.name))
    if again:
        message = f"{len(again):,} ids stand in more than one row"
        findings.append(Finding(rule, message, table.name, tuple(again[:EXAMPLES]), count=len(again)))
    return findings


def usage_findings(table: Table, column: str, known: Sequence[str], needed: Sequence[str], rule: str) -> list[Finding]:
    """Rows that are in no part, and parts without a row."""
    if column not in table.columns:
        hint = f"add it, with {' or '.join(needed)} in each row"
        return [Finding(rule, f"there is no column {column}, so the platform cannot tell parts", table.name, hint=hint)]
    count = Counter(table.column(column))
    others = [name or "(blank)" for name in count if name not in known]
    findings = []
    if others:
        hint = f"write one of {', '.join(known)}, with these capitals"
        wrong = sum(count[name] for name in count if name not in known)
        message = f"{wrong:,} rows whose {column} is no part"
        findings.append(Finding(rule, message, table.name, tuple(others[:EXAMPLES]), hint, count=wrong))
    missing = [name for name in needed if not count[name]]
    if missing:
        message = f"no row is {' or '.join(missing)}, so there would be no such score"
        findings.append(Finding(rule, message, table.name, hint=f"mark some rows {missing[0]}"))
    return findings


def packed_findings(table: Table, rule: str, *, apart: bool) -> list[Finding]:
    """Whether a solution of ours says twice the same: in columns for people, and in the packed one for scoring.

    Args:
        table: the solution.
        rule: of the findings.
        apart: whether the rows of each part hold all of the truth.
    """
    if TRUTH_COLUMN not in table.columns:
        return []
    parts: dict[str, list[str]] = {}
    usage = table.column(USAGE) if apart and USAGE in table.columns else [""] * len(table.rows)
    for name, cell in zip(usage, table.column(TRUTH_COLUMN), strict=True):
        parts.setdefault(name, []).append(cell)
    held = [_unpacked(cells) for cells in parts.values()]
    place = table.columns.index(TRUTH_COLUMN)
    told = [[*row[:place], *row[place + 1 :]] for row in (table.columns, *table.rows)]
    hint = "export again instead of changing it: scores come from the packed column alone"
    if any(rows is None for rows in held):
        return [Finding(rule, f"the column {TRUTH_COLUMN} is not as it was exported", table.name, hint=hint)]
    if any(rows != told for rows in held):
        return [Finding(rule, "its columns were changed, and scores would not follow", table.name, hint=hint)]
    return []


def _unpacked(cells: Iterable[str]) -> list[list[str]] | None:
    """The solution that packed cells hold; None where they hold none."""
    try:
        return table_rows(truth_of_cells(cells)[SOLUTION])
    except (CellError, KeyError, ValueError):
        return None


def public_findings(folder: Path, secret: Iterable[Path], hidden: Sequence[str], rule: str) -> list[Finding]:
    """What must not lie among the files for participants, or would be lost on the way.

    Args:
        folder: what participants get.
        secret: files that hold the truth; copies of them are looked for.
        hidden: columns that would tell parts, such as ``Usage``.
        rule: of the findings.
    """
    known = [path for path in secret if path.is_file()]
    digests, sizes = {sha256_of(path)[0]: path.name for path in known}, {path.stat().st_size for path in known}
    findings = []
    for path in files_below(folder):
        where = path.relative_to(folder.parent).as_posix()
        if path.is_symlink():
            findings.append(Finding(rule, "this is a link, not a file", where, hint="put the file itself there"))
            continue
        twin = digests.get(sha256_of(path)[0]) if path.stat().st_size in sizes else None
        told = [name for name in hidden if path.suffix == ".csv" and name in _header(path)]
        if twin or path.name.lower().startswith("solution"):
            message = f"this is {twin or 'a solution'}, and participants would get it"
            findings.append(Finding(rule, message, where, hint="remove it"))
        elif told:
            message = f"the column {told[0]} would tell participants which rows are public"
            findings.append(Finding(rule, message, where, hint="remove the column"))
        elif any(part.startswith(".") for part in path.relative_to(folder).parts):
            message = "its name begins with a dot, so it is left out of the upload"
            findings.append(Finding(rule, message, where, severity="warning", hint="rename it, or remove it"))
    return findings


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return next(csv.reader([file.readline()]), [])


def label_findings(folder: Path, sample: Table | None, rule: str) -> list[Finding]:
    """Whether the test table tells what is to be predicted."""
    path = folder / "test.csv"
    if sample is None or not path.is_file():
        return []
    identity = sample.columns[0] if sample.columns else ID
    told = [name for name in _header(path) if name in sample.columns and name != identity]
    if not told:
        return []
    hint = "remove it, unless it is a column of blanks or a feature that may be known"
    message = "the test table has columns that are to be predicted"
    return [Finding(rule, message, f"{folder.name}/test.csv", tuple(told), hint, severity="warning")]
