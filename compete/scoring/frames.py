"""Scoring where a platform hands over tables that it has read itself: pandas frames of a solution and a submission.

Reading a table with pandas changes texts: ``007`` becomes 7, ``NA`` nothing. So a solution carries its truth a second
time, packed into a column that no reader changes, and classes are known again by what pandas makes of them.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Optional

from compete.bundle import ID, SOLUTION, TRUTH, USAGE, Bundle
from compete.cells import (
    CELLS,
    PERFECT,
    TRUTH_COLUMN,
    CellError,
    file_of_rows,
    number_text,
    plain_text,
    rows_of_file,
    table_rows,
    table_text,
    truth_of_cells,
)
from compete.errors import EXAMPLES, BundleError, CompeteError, Finding, SubmissionError
from compete.scoring.bounded import Limits
from compete.scoring.source import counted, excerpt
from compete.terms import Terms
from metrics.frozen import dataclass

LIMITS = Limits(8192, 840.0)
"""What a call may cost; Kaggle gives both halves of a submission 30 minutes together."""

LONGEST_MESSAGE = 280
"""Characters of an error that Kaggle shows a participant."""

FRAME_RULES: dict[str, tuple[str, str]] = {
    "submission/unreadable-cell": (
        "A cell does not hold what it should.",
        "Where a platform takes tables alone, predictions of images stand in cells: a JSON list, or a file in base64. "
        "`python to_csv.py SUBMISSION`, which comes with the data, writes them from a JSON file or a zip.",
    ),
    "submission/undefined-score": (
        "The score that ranks is not defined for these predictions.",
        "A division by zero: a correlation with a constant, a ratio of which nothing is left. Platforms cannot rank "
        "such a submission, so it is refused. Send predictions that differ.",
    ),
}


@dataclass(frozen=True)
class Hidden:
    """What the packed column of a solution holds.

    Attributes:
        files: contents by name: ``solution.csv``, of images ``truth.npz``, ``metric.py`` and the perfect submission.
        ids: the items in the order of the solution.
        usage: ``Public`` or ``Private``, one an item.
    """

    files: Mapping[str, bytes]
    ids: tuple[str, ...]
    usage: tuple[str, ...]


def frame_score(
    terms: Mapping[str, Any],
    solution: Any,
    submission: Any,
    row_id: str,
    *,
    part: str = "",
    limits: Optional[Limits] = LIMITS,
) -> float:
    """The ranking score of one part, bit for bit what ``compete score`` tells of the same predictions.

    Args:
        terms: the content of ``challenge.json``.
        solution: a pandas table with the packed truth; rows of one part, or all.
        submission: a pandas table with a row an item: of the part alone, or, as it should be, of all items.
        row_id: the name of the id column in both.
        part: ``public`` or ``private``; empty for the part that the solution's first row is of.
        limits: of memory and time; None for none.

    Raises:
        SubmissionError: the submission is refused, or its score is not defined.
        BundleError: the solution is not as it was exported.
    """
    known = Terms.from_dict(dict(terms))
    hidden = hidden_of(solution)
    if not part:
        part = _part_of(hidden, solution, row_id)
    columns, rows = frame_rows(submission, row_id, known, hidden.ids)
    rows = _completed(columns, rows, hidden, known, part)
    content = _as_file(columns, rows, hidden, known)
    return _graded(known, hidden, content, part, limits)


def hidden_of(solution: Any) -> Hidden:
    """The truth that a solution carries.

    Raises:
        BundleError: the column is missing, or not as it was exported.
    """
    if TRUTH_COLUMN not in solution.columns:
        raise _edited(f"it has no column {TRUTH_COLUMN}")
    try:
        files = truth_of_cells(solution[TRUTH_COLUMN].tolist())
    except CellError as error:
        raise _edited(str(error)) from None
    head, *rows = table_rows(files[SOLUTION])
    place, usage = head.index(ID), head.index(USAGE)
    return Hidden(files, tuple(row[place] for row in rows), tuple(row[usage] for row in rows))


def frame_rows(
    submission: Any, row_id: str, terms: Terms, ids: Sequence[str] = ()
) -> tuple[list[str], list[list[str]]]:
    """The columns and cells of a pandas table as texts, the ids in the column ``id``.

    Args:
        submission: the table.
        row_id: the name of its id column.
        terms: the challenge, whose classes are known again.
        ids: the items, which are known again too.
    """
    columns = [ID if str(name) == row_id else str(name) for name in submission.columns]
    numeric = terms.kind not in ("label", "flag", "lists", "texts", "spans") and not terms.of_images
    cells = []
    for place, name in enumerate(columns):
        texts = _texts(submission.iloc[:, place], plain=numeric and name != ID)
        known = _known(ids) if name == ID else _classes_of(name, terms)
        cells.append([_named(text, known) for text in texts] if known else texts)
    return columns, [list(row) for row in zip(*cells)]


@contextmanager
def own_metric_folder(own: Optional[bytes]) -> Iterator[Path]:
    """A folder that holds the challenge's own metric while it is needed; no disk is touched where there is none."""
    from compete.scoring.own import FILE

    if own is None:
        yield Path()
        return
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, FILE).write_bytes(own)
        yield Path(folder)


def told_briefly(error: CompeteError, longest: int = LONGEST_MESSAGE) -> str:
    """What a participant must mend, in no more characters than the platform shows."""
    lines = []
    for finding in error.findings:
        items = ", ".join(finding.items[:EXAMPLES])
        lines.append(f"{finding.message}{': ' + items if items else ''} ({finding.rule})")
    text = "; ".join(lines) or error.message
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _part_of(hidden: Hidden, solution: Any, row_id: str) -> str:
    """The part of which a solution's rows are; all must be of one."""
    usage = dict(zip(hidden.ids, hidden.usage))
    known = _known(hidden.ids)
    found = {usage.get(_named(text, known), "") for text in _texts(solution[row_id])}
    if len(found) != 1 or "" in found:
        raise _edited("its ids are not those of one part of the challenge")
    return found.pop().lower()


def _completed(
    columns: Sequence[str], rows: list[list[str]], hidden: Hidden, terms: Terms, part: str
) -> list[list[str]]:
    """The rows of all items, where a platform hands over those of one part alone.

    What it held back is filled with what is right: it counts for nothing in the part that is asked for.
    """
    if ID not in columns:
        raise _refused("submission/missing-column", "there is no id column", ())
    place = columns.index(ID)
    other = {name for name, usage in zip(hidden.ids, hidden.usage) if usage.lower() != part}
    if not other or any(row[place] in other for row in rows):
        return rows
    perfect = hidden.files[PERFECT]
    made = _cells_of(perfect, hidden, terms)
    names = made[0]
    if sorted(names) != sorted(columns):
        return rows
    order = [names.index(name) for name in columns]
    return rows + [[row[one] for one in order] for row in made[1:] if row[names.index(ID)] in other]


def _cells_of(content: bytes, hidden: Hidden, terms: Terms) -> list[list[str]]:
    """A submission of ours as rows, the names of its columns first."""
    if (terms.form, terms.kind) not in CELLS:
        return table_rows(content)
    columns = [ID, *CELLS[terms.form, terms.kind]]
    return [columns, *rows_of_file(content, terms.form, terms.kind, hidden.ids)]


def _as_file(columns: list[str], rows: list[list[str]], hidden: Hidden, terms: Terms) -> bytes:
    """The submission that ``grade`` reads."""
    if (terms.form, terms.kind) not in CELLS:
        return table_text(columns, rows)
    wanted = [ID, *CELLS[terms.form, terms.kind]]
    missing = [name for name in wanted if name not in columns]
    if missing:
        raise _refused("submission/missing-column", "columns are missing", missing)
    order = [columns.index(name) for name in wanted]
    placed = [[row[one] for one in order] for row in rows]
    known, count = frozenset(hidden.ids), Counter(row[0] for row in placed)
    for rule, noun, message, found in (
        ("submission/unknown-id", "row", "whose id is no test item", [name for name in count if name not in known]),
        ("submission/repeated-id", "id", "in more than one row", [name for name in count if count[name] > 1]),
        ("submission/missing-id", "test item", "without a row", [name for name in hidden.ids if name not in count]),
    ):
        if found:
            raise _refused(rule, f"{counted(len(found), noun)} {message}", found)
    try:
        return file_of_rows(placed, terms.form, terms.kind, hidden.ids)
    except CellError as error:
        raise _refused("submission/unreadable-cell", str(error), ()) from None


def _graded(terms: Terms, hidden: Hidden, content: bytes, part: str, limits: Optional[Limits]) -> float:
    """The ranking score of a file's bytes."""
    from compete.scoring.grading import bounded_result, grade
    from compete.scoring.own import FILE
    from compete.scoring.truth import truth_of

    truth = truth_of(terms, hidden.files[SOLUTION], packed=hidden.files.get(TRUTH))
    with own_metric_folder(hidden.files.get(FILE)) as folder:
        work = partial(grade, Bundle(folder, None, terms, ""), content, draws=0, truth=truth)
        result = bounded_result(work, limits, "") if limits and hasattr(os, "fork") else work()
    score = result.overall(part)
    if score is None or score.value is None:
        message = f"{result.metric} is not defined for these predictions (0/0), so they cannot be ranked"
        raise _refused("submission/undefined-score", message, ())
    return score.value


def _texts(column: Any, *, plain: bool = False) -> list[str]:
    """What was written in the cells of a pandas column.

    Args:
        column: texts, numbers, true and false, or nothing.
        plain: numbers are numbers, and stay what they are; else one without a fraction is a whole number that pandas
            read beside an empty cell.
    """
    found = []
    for value, blank in zip(column.tolist(), column.isna().tolist()):
        if blank:
            found.append("")
        elif isinstance(value, float):
            found.append(repr(value) if plain or math.isinf(value) else number_text(value))
        else:
            found.append(str(value))
    return found


def _classes_of(name: str, terms: Terms) -> Mapping[str, str]:
    """The classes that a column may hold, by what pandas leaves of them; none where it holds others."""
    if name not in terms.columns or terms.kind not in ("label", "lists"):
        return {}
    classes = terms.classes_of[terms.columns.index(name)] if terms.classes_of else terms.classes
    return _known(classes)


def _known(texts: Sequence[str]) -> Mapping[str, str]:
    """Texts by themselves, and by what pandas leaves of them."""
    return {plain_text(one): one for one in reversed(texts)} | {one: one for one in texts}


def _named(text: str, known: Mapping[str, str]) -> str:
    """The text that was meant; one that is not known as it is."""
    return known.get(text) or known.get(plain_text(text), text)


def _refused(rule: str, message: str, items: Sequence[str]) -> SubmissionError:
    shown = tuple(excerpt(one) for one in items[:EXAMPLES])
    return SubmissionError("submission refused", [Finding(rule, message, items=shown, count=len(items))])


def _edited(message: str) -> BundleError:
    hint = "export again, and upload solution.csv as it is"
    return BundleError("the solution cannot be used", [Finding("bundle/changed", message, SOLUTION, hint=hint)])
