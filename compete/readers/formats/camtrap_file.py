"""Camtrap DP: packages of camera traps as a table of their media, with species, event, deployment and place.

Names of people, coordinates, comments and addresses are not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from compete.dataset import counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.readers.delimited import Delimited, read_delimited
from compete.readers.images import is_image_name
from compete.readers.json_file import read_json, refusal
from compete.readers.listing import listed_files

RULE = "dataset/label-file"
PACKAGE = "datapackage.json"
FILE, LABEL, MEDIUM, DEPLOYMENT, EVENT = "file", "label", "mediaID", "deploymentID", "eventID"
NEEDED = {
    "deployments": ("deploymentID",),
    "media": ("mediaID", "deploymentID", "timestamp", "filePath"),
    "observations": ("observationID", "deploymentID", "mediaID", "eventID", "observationType", "scientificName"),
}
"""The tables of a package, and their columns that must be there."""
OF_DEPLOYMENTS = ("locationID", "cameraID", "cameraModel", "featureType", "habitat", "baitUse")
OF_MEDIA = ("mediaID", "deploymentID", "timestamp", "captureMethod")
OF_OBSERVATIONS = ("observationType", "scientificName", "count", "lifeStage", "sex", "behavior")


class Window(NamedTuple):
    """An event of a deployment: when it began and ended, and the row of an observation of it."""

    start: datetime
    end: datetime
    row: int


@dataclass(frozen=True)
class Package:
    """The tables of a package.

    Attributes:
        name: of the folder.
        root: the folder.
        tables: by name: deployments, media, observations.
    """

    name: str
    root: Path
    tables: Mapping[str, Delimited]

    def column(self, table: str, name: str) -> Sequence[str]:
        """The cells of a column; blank where the table does not have it."""
        found = self.tables[table]
        return found.columns.get(name) or [""] * len(found.lines)


def read_package(path: Path, where: str = "") -> Package:
    """Read the three tables of a package.

    Args:
        path: the folder, or the datapackage.json in it.
        where: the place in challenge.yaml that names it.

    Raises:
        DatasetError: if it is none; all faults of a table at once.
        SystemFault: if the disk or a permission forbids reading.
    """
    file = path / PACKAGE if path.is_dir() else path
    said = read_json(file, RULE, where)
    resources = said.get("resources") if isinstance(said, dict) else None
    paths = {one.get("name"): one.get("path") for one in resources or () if _is_resource(one)}
    absent = [name for name in NEEDED if not isinstance(paths.get(name), str)]
    if absent:
        hint = "a package of Camtrap DP lists deployments, media and observations among its resources"
        raise refusal(RULE, f"the package has no table {' and no table '.join(absent)}", file.name, hint)
    tables = {name: _table(file.parent, name, str(paths[name])) for name in NEEDED}
    return Package(file.parent.name, file.parent, tables)


def _is_resource(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("name"), str)


def _table(root: Path, name: str, written: str) -> Delimited:
    """One table, with the columns that it must have."""
    parts = written.replace("\\", "/").split("/")
    if "://" in written or ".." in parts or not parts[0]:
        raise refusal(RULE, f"the table {name} lies outside the package", PACKAGE, "fetch it, and name it by its file")
    table = read_delimited(root.joinpath(*parts), where=PACKAGE)
    absent = [column for column in NEEDED[name] if column not in table.columns]
    findings = list(table.findings)
    if absent:
        hint = "version 1 of Camtrap DP is read; older packages have other columns"
        message = f"{table.name} has no column {' and no column '.join(absent)}"
        findings.append(Finding("dataset/missing-column", message, table.name, hint=hint))
    if fatal(findings):
        raise DatasetError("the package cannot be read", findings)
    return replace(table, findings=findings)


def table_of(package: Package, *, of_media: bool) -> Delimited:
    """A row a medium: what was seen on it, and where and when it was made.

    The observations of a medium are those that name it, or else those of the event in whose time it was made. The
    column ``label`` is the species, or what else was seen (blank, human, vehicle); it is blank where nothing was told,
    or several species were.

    Args:
        package: the tables.
        of_media: keep only images whose files are here, and name them in the column ``file``.

    Raises:
        DatasetError: if images are wanted and none is here.
    """
    media = package.tables["media"]
    findings = [one for table in package.tables.values() for one in table.findings]
    seen = _observations(package, findings)
    rows, files = list(range(len(media.lines))), [""] * len(media.lines)
    if of_media:
        rows, files = _kept(package, findings)
        if fatal(findings):
            raise DatasetError(f"dataset refused: {package.name}", findings)
    columns = {name: [package.column("media", name)[row] for row in rows] for name in OF_MEDIA}
    place = {name: row for row, name in enumerate(package.column("deployments", DEPLOYMENT))}
    for name in OF_DEPLOYMENTS:
        cells = package.column("deployments", name)
        columns[name] = [cells[place[one]] if one in place else "" for one in columns[DEPLOYMENT]]
    for name in (EVENT, *OF_OBSERVATIONS):
        cells = package.column("observations", name)
        columns[name] = ["|".join(dict.fromkeys(cells[one] for one in seen[row] if cells[one])) for row in rows]
    columns[LABEL] = [_label(package, seen[row]) for row in rows]
    findings += _told_labels(columns, package, [media.lines[row] for row in rows])
    if of_media:
        columns = {FILE: [files[row] for row in rows], **columns}
    told = {name: cells for name, cells in columns.items() if any(cells) or name == LABEL}
    return Delimited(media.name, told, [media.lines[row] for row in rows], findings)


def _observations(package: Package, findings: list[Finding]) -> list[list[int]]:
    """The rows of observations of each medium."""
    row_of = {name: row for row, name in enumerate(package.column("media", "mediaID"))}
    seen: list[list[int]] = [[] for _ in package.tables["media"].lines]
    orphans = []
    windows: dict[str, list[Window]] = {}
    starts, ends = (package.column("observations", name) for name in ("eventStart", "eventEnd"))
    deployments = package.column("observations", DEPLOYMENT)
    for row, name in enumerate(package.column("observations", "mediaID")):
        start, end = _moment(starts[row]), _moment(ends[row])
        if name in row_of:
            seen[row_of[name]].append(row)
        elif name:
            orphans.append(row)
        elif start and end:
            windows.setdefault(deployments[row], []).append(Window(start, end, row))
    times = map(_moment, package.column("media", "timestamp"))
    for place, (made, deployment) in enumerate(zip(times, package.column("media", DEPLOYMENT), strict=True)):
        if made and not seen[place]:
            seen[place] = [one.row for one in windows.get(deployment, ()) if one.start <= made <= one.end]
    if orphans:
        table = package.tables["observations"]
        message = (
            counted(len(orphans), "observation is of a medium", "observations are of media") + " not in the package"
        )
        lines = tuple(f"line {table.lines[row]}" for row in orphans[:EXAMPLES])
        findings.append(Finding("dataset/orphan-row", message, table.name, lines, "", "warning", len(orphans)))
    return seen


def _moment(text: str) -> datetime | None:
    """A time of ISO 8601; one without a zone counts as UTC; None for what is none."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _label(package: Package, rows: Sequence[int]) -> str:
    """What was seen: the one species, or the one other thing; blank where there is none, or several."""
    kinds, names = (package.column("observations", name) for name in ("observationType", "scientificName"))
    found = {names[row] or kinds[row] for row in rows}
    return found.pop() if len(found) == 1 else ""


def _told_labels(columns: Mapping[str, Sequence[str]], package: Package, lines: Sequence[int]) -> list[Finding]:
    """Say which media show several species, and so have no one label."""
    several = [row for row, names in enumerate(columns["scientificName"]) if "|" in names]
    if not several:
        return []
    message = counted(len(several), "medium shows", "media show") + " several species, and no label is given"
    told = tuple(excerpt(columns["scientificName"][row]) for row in several[:EXAMPLES])
    where = f"{package.tables['media'].name}:{lines[several[0]]}"
    hint = "the column scientificName has them all, with bars between"
    return [Finding("dataset/several-labels", message, where, told, hint, "warning", len(several))]


def _kept(package: Package, findings: list[Finding]) -> tuple[list[int], list[str]]:
    """The media that are images and here, and the file of each."""
    files = [name for name in listed_files(package.root) if is_image_name(name)]
    known = set(files)
    names = Counter(name.rpartition("/")[2] for name in files)
    by_name = {name.rpartition("/")[2]: name for name in files if names[name.rpartition("/")[2]] == 1}
    paths, called = package.column("media", "filePath"), package.column("media", "fileName")
    again = Counter(called)
    kinds, public = package.column("media", "fileMediatype"), package.column("media", "filePublic")
    kept: list[int] = []
    found = [""] * len(paths)
    private: list[int] = []
    other: list[int] = []
    absent: list[int] = []
    for row, written in enumerate(paths):
        path = written.replace("\\", "/").removeprefix("./")
        found[row] = path if path in known else (by_name.get(called[row], "") if again[called[row]] == 1 else "")
        if public[row].strip().lower() == "false":
            private.append(row)
        elif kinds[row] and not kinds[row].startswith("image/"):
            other.append(row)
        else:
            (kept if found[row] else absent).append(row)
    findings += _left_out(package, private, "not public, and left out", "they may show people: filePublic is false")
    findings += _left_out(package, other, "no image, and left out", "")
    if absent or not kept:
        message = counted(len(absent), "image is", "images are") + " not here, and left out"
        told = tuple(excerpt(paths[row], 60) for row in absent[:EXAMPLES])
        hint = f"fetch each `filePath`, and save it in a folder `media` beside {PACKAGE} under its `fileName`"
        severity = "warning" if kept else "error"
        findings.append(Finding("dataset/remote-media", message, package.name, told, hint, severity, len(absent)))
    return kept, found


def _left_out(package: Package, rows: Sequence[int], what: str, hint: str) -> list[Finding]:
    if not rows:
        return []
    told = tuple(excerpt(package.column("media", "mediaID")[row]) for row in rows[:EXAMPLES])
    message = f"{counted(len(rows), 'medium is', 'media are')} {what}"
    return [Finding("dataset/left-out", message, package.name, told, hint, "warning", len(rows))]
