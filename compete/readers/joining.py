"""What is known of annotated images beside their objects: the file's own words, and a table joined to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from compete.challenge import Challenge
from compete.dataset import counted, excerpt, nearest_column
from compete.errors import EXAMPLES, Finding, fatal
from compete.nifti import without_suffix
from compete.readers.annotations import Annotations
from compete.readers.delimited import Delimited, read_delimited
from compete.readers.stacks.address import file_of

Columns = dict[str, list[str]]


def joined_columns(challenge: Challenge, annotated: Annotations) -> tuple[Columns, list[Finding]]:
    """The columns of the images: what the file says, and what ``data.items`` says where there is such a table.

    The table's column of file names or numbers is the one that ``data.file`` or ``data.id`` names, else the first whose
    cells name every image.

    Returns:
        Columns in the order of the images, and what was found; a column of the table replaces one of the file.

    Raises:
        DatasetError: if the table cannot be read.
    """
    columns: Columns = {name: list(cells) for name, cells in annotated.columns.items()}
    if not challenge.data.items:
        return columns, []
    table = read_delimited(challenge.locate(challenge.data.items), where=challenge.where("data.items"))
    declared = _declared(challenge)
    if declared and declared not in table.columns:
        hint = nearest_column(declared, table.header)
        message = f"{table.name} has no column {excerpt(declared)!r}"
        return columns, [Finding("dataset/missing-column", message, challenge.where("data.items"), hint=hint)]
    names = [declared] if declared else table.header
    tried = [_rows(table.columns[name], annotated) for name in names]
    best, named = max(tried, key=lambda found: len(found[0]), default=({}, 0))
    findings = [*table.findings, *_findings(challenge, annotated, table, best, named)]
    if fatal(findings):
        return columns, findings
    for name, cells in table.columns.items():
        columns[name] = [cells[best[place]] for place in range(len(annotated.number))]
    return columns, findings


def _declared(challenge: Challenge) -> str:
    """The column that challenge.yaml names to join by."""
    if challenge.document.holds("data", "file"):
        return challenge.data.file or ""
    return challenge.data.id[0] if challenge.data.id else ""


def _rows(cells: Sequence[str], annotated: Annotations) -> tuple[dict[int, int], int]:
    """For each image that cells name its row, and how many cells name one; by the spelling that names most images."""
    best: tuple[dict[int, int], int] = ({}, 0)
    for known in _spellings(annotated):
        named = [(known[cell.strip()], row) for row, cell in enumerate(cells) if cell.strip() in known]
        rows = {place: row for places, row in named for place in places}
        again = len(named) - len({places[0] for places, _ in named})
        best = (rows, len(rows) + again) if len(rows) > len(best[0]) else best
    return best


def _spellings(annotated: Annotations) -> list[Mapping[str, Sequence[int]]]:
    """How a table may name images: by the path of the file they are in, its name with and without ending, a number."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(annotated.file):
        places.setdefault(file_of(name), []).append(place)
    ways: tuple[list[str], ...] = (
        list(places),
        [Path(name).name for name in places],
        [Path(name).stem for name in places],
        [without_suffix(without_suffix(Path(name).name)) for name in places],
    )
    found = [dict(zip(way, places.values(), strict=True)) for way in ways if len(set(way)) == len(way)]
    return [*found, {str(number): [place] for place, number in enumerate(annotated.number)}]


def _findings(
    challenge: Challenge, annotated: Annotations, table: Delimited, best: Mapping[int, int], named: int
) -> list[Finding]:
    """Say which images have no row or several, and how many rows belong to no image of the file."""
    absent = tuple(excerpt(name) for place, name in enumerate(annotated.file) if place not in best)
    place = challenge.where("data.items")
    if absent:
        message = counted(len(absent), "image has", "images have") + f" no row in {table.name}"
        hint = "name the column of file names with data.file, or of the images' numbers with data.id"
        return [Finding("dataset/items-table", message, place, absent[:EXAMPLES], hint, count=len(absent))]
    if named > len(best):
        many = counted(named - len(best), "row names", "rows name")
        message = f"{many} an image that another row of {table.name} names"
        return [Finding("dataset/items-table", message, place, hint="keep one row an image", count=named - len(best))]
    if spare := len(table.lines) - len(set(best.values())):
        message = counted(spare, "row names", "rows name") + " no image of the file and is left out"
        return [Finding("dataset/items-table", message, table.name, severity="warning", count=spare)]
    return []
