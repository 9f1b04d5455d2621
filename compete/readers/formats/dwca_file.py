"""Darwin Core archives as a table of occurrences, or of their media, with taxon, site, event and licence.

Names of people are not read: a recorder becomes ``recorder-1``, so that their records can be kept together. Addresses
lead to the source and so to the label, and are not read either.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from compete.dataset import counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.readers.archive_files import Archive, open_archive
from compete.readers.delimited import Delimited
from compete.readers.formats.dwca_sheets import ID, META, Sheet, layouts, read_sheet, require_files
from compete.readers.images import is_image_name
from compete.readers.json_file import refusal
from compete.readers.listing import listed_files

RULE = "dataset/label-file"
FILE, OCCURRENCE, RECORDER, LICENSE = "file", "occurrence", "recorder", "license"
MEDIA = ("Multimedia", "SimpleMultimedia", "Image", "StillImage")
LEFT_OUT = re.compile(
    r"\A(?:id|identifier|accessURI|file|recorder|occurrence|rights|title|description|location)\Z|references|associated|"
    r"URI\Z|bibliographicCitation|remarks|notes|creator|contributor|photographer|provider|rightsHolder|e-?mail|"
    r"(?:recorded|identified|georeferenced|determined|measured|modified|verified|registered)By|user_?(?:id|login)",
    re.IGNORECASE,
)
"""Terms that name people or addresses, and prose, which often names people or the taxon."""
HOLDERS = ("rightsHolder", "Owner", "creator")
"""Who holds the rights to a medium, the surest first."""
ATTRIBUTED = re.compile(r"\bcc[-_ ]?by|/by(?:-[a-z-]+)?/", re.IGNORECASE)
"""Licences that ask for the name of who holds the rights."""


class Address(NamedTuple):
    """What a medium is known by.

    Attributes:
        row: the row of its occurrence.
        number: of the medium among those of its occurrence, from 1.
        text: the address or path that the archive gives.
        line: of the table of media.
        terms: what the archive tells of it: licence, type, format.
        holder: who holds the rights to it; told where the licence asks for it, and in no column.
    """

    row: int
    number: int
    text: str
    line: int
    terms: Mapping[str, str]
    holder: str = ""


@dataclass
class Joined:
    """An archive with its tables joined.

    Attributes:
        name: of the archive.
        root: the folder that files are relative to.
        columns: of the occurrences, by the names of their terms; ``occurrence`` is the id.
        lines: of the table of occurrences.
        sheet: the name of that table.
        media: what the archive knows of, whether it is here or not.
        files: the images that are here.
        findings: what was noticed.
    """

    name: str
    root: Path
    columns: dict[str, list[str]]
    lines: Sequence[int]
    sheet: str
    media: list[Address] = field(default_factory=list)
    files: Sequence[str] = ()
    findings: list[Finding] = field(default_factory=list)


def read_archive(path: Path, where: str = "") -> Joined:
    """Read an archive and join its tables.

    Args:
        path: the folder or zip archive.
        where: the place in challenge.yaml that names it.

    Raises:
        DatasetError: if it is none, or holds no occurrences.
        SystemFault: if the disk or a permission forbids reading.
    """
    archive = open_archive(path, where)
    known = layouts(archive)
    kind = known[0].kind
    wanted = {"Event": ("Occurrence", *MEDIA), "Occurrence": MEDIA}.get(kind, ())
    if kind not in ("Event", "Occurrence"):
        message = f"the archive lists {kind or 'rows of no kind'}, not occurrences"
        raise refusal(RULE, message, f"{archive.name}/{META}", "an archive of occurrences or of events is needed")
    used = [known[0], *(layout for layout in known[1:] if layout.kind in wanted)]
    for layout in used:
        require_files(archive, layout)
    core, *sheets = (read_sheet(archive, layout) for layout in used)
    joined = _occurrences(archive, core, sheets)
    if not joined.lines:
        raise refusal(
            "dataset/empty-table", "the archive has no occurrences", joined.sheet, "was the search too narrow?"
        )
    joined.findings += [one for sheet in (core, *sheets) for one in sheet.findings]
    _add_media(joined, core, [sheet for sheet in sheets if sheet.kind in MEDIA])
    joined.files = () if archive.packed else [name for name in listed_files(joined.root) if is_image_name(name)]
    return joined


def _occurrences(archive: Archive, core: Sheet, sheets: Sequence[Sheet]) -> Joined:
    """The occurrences, each with what is told of its event."""
    own = next((sheet for sheet in sheets if sheet.kind == "Occurrence"), None)
    if core.kind == "Event" and own is None:
        raise refusal(RULE, "the archive lists events, but no occurrences", f"{archive.name}/{META}", "")
    sheet, findings = own or core, []
    columns = dict(sheet.columns)
    if own is not None:
        row_of = {name: row for row, name in enumerate(core.column(ID))}
        rows = [row_of.get(name, -1) for name in own.column(ID)]
        findings += _orphans([line for line, row in zip(own.lines, rows, strict=True) if row < 0], own, "events")
        for term, cells in core.columns.items():
            columns.setdefault(term, [cells[row] if row >= 0 else "" for row in rows])
        columns["eventID"] = columns.get("eventID") or own.column(ID)
    ids = columns.get("occurrenceID") if own is not None else columns.get(ID)
    ids = ids or [str(number) for number in range(1, len(sheet.lines) + 1)]
    people = columns.get("recordedBy")
    told = {term: cells for term, cells in columns.items() if not LEFT_OUT.search(term)}
    recorders = {RECORDER: _opaque(people)} if people and any(people) else {}
    return Joined(archive.name, archive.root, {OCCURRENCE: ids, **recorders, **told}, sheet.lines, sheet.name,
                  findings=findings)  # fmt: skip


def _opaque(cells: Sequence[str]) -> list[str]:
    """Names of people as numbers, in the order in which they come."""
    known = {name: f"recorder-{number}" for number, name in enumerate(dict.fromkeys(filter(None, cells)), 1)}
    return [known.get(name, "") for name in cells]


def _add_media(joined: Joined, core: Sheet, sheets: Sequence[Sheet]) -> None:
    """The media of each occurrence; those of an event only where it has one occurrence."""
    rows = _rows_by_key(joined, core)
    count: Counter[int] = Counter()
    for sheet in sheets:
        address = sheet.columns.get("accessURI") or sheet.column("identifier")
        own = sheet.column("occurrenceID")
        orphans: list[int] = []
        shared: list[int] = []
        for place, line in enumerate(sheet.lines):
            named = own[place] if own[place] in rows else sheet.column(ID)[place]
            found = rows.get(named, [])
            if len(found) != 1:
                (shared if found else orphans).append(line)
                continue
            count[found[0]] += 1
            terms = {term: cells[place] for term, cells in sheet.columns.items() if not LEFT_OUT.search(term)}
            holder = next((text for term in HOLDERS if (text := sheet.column(term)[place].strip())), "")
            joined.media.append(Address(found[0], count[found[0]], address[place], line, terms, holder))
        joined.findings += _orphans(orphans, sheet, "occurrences")
        joined.findings += _shared(shared, sheet)


def _rows_by_key(joined: Joined, core: Sheet) -> dict[str, list[int]]:
    """The rows of occurrences that an id may mean: their own id, that of the core's row, or that of their event."""
    rows: dict[str, list[int]] = {}
    keys = [joined.columns[OCCURRENCE]]
    keys += [joined.columns["eventID"]] if core.kind == "Event" else [core.column(ID), core.column("occurrenceID")]
    for cells in keys:
        for row, name in enumerate(cells):
            if name and row not in rows.setdefault(name, []):
                rows[name].append(row)
    return rows


def _orphans(lines: Sequence[int], sheet: Sheet, what: str) -> list[Finding]:
    if not lines:
        return []
    message = counted(len(lines), "row belongs", "rows belong") + f" to none of the {what} and is left out"
    if len(lines) > 1:
        message = f"{len(lines):,} rows belong to none of the {what} and are left out"
    told = tuple(f"line {line}" for line in lines[:EXAMPLES])
    hint = "the archive was cut; fetch it again, if they matter"
    return [Finding("dataset/orphan-row", message, f"{sheet.name}:{lines[0]}", told, hint, "warning", len(lines))]


def _shared(lines: Sequence[int], sheet: Sheet) -> list[Finding]:
    if not lines:
        return []
    message = counted(len(lines), "medium is", "media are") + " of an event with several occurrences and left out"
    told = tuple(f"line {line}" for line in lines[:EXAMPLES])
    hint = "nobody knows which of them it shows"
    return [Finding("dataset/left-out", message, f"{sheet.name}:{lines[0]}", told, hint, "warning", len(lines))]


def table_of(joined: Joined, *, of_media: bool) -> Delimited:
    """The archive as a table: a row an occurrence, or a row an image that is here.

    Raises:
        DatasetError: if images are wanted and none is here.
    """
    if not of_media:
        return Delimited(joined.sheet, joined.columns, joined.lines, joined.findings)
    found, findings = _here(joined)
    findings = [*joined.findings, *findings]
    if fatal(findings):
        raise DatasetError(f"dataset refused: {joined.name}", findings)
    columns = {FILE: [name for _, name in found]}
    for term, cells in joined.columns.items():
        columns[term] = [cells[one.row] for one, _ in found]
    for term in dict.fromkeys(term for one, _ in found for term in one.terms):
        told = [one.terms.get(term, "") for one, _ in found]
        if any(told):
            before = columns.get(term, [""] * len(told))
            columns[term] = [own or other for own, other in zip(told, before, strict=True)]
    findings += _licences(columns, joined)
    return Delimited(joined.name, columns, [one.line for one, _ in found], findings)


def credits_of(joined: Joined) -> dict[str, tuple[str, str]]:
    """Of each image that is here, and whose licence asks for it, who holds the rights, and the licence."""
    found, _ = _here(joined)
    rows = joined.columns.get(LICENSE, [""] * len(joined.lines))
    told = ((one, name, one.terms.get(LICENSE) or rows[one.row]) for one, name in found)
    return {name: (one.holder, text) for one, name, text in told if ATTRIBUTED.search(text)}


def _here(joined: Joined) -> tuple[list[tuple[Address, str]], list[Finding]]:
    """The media whose files are here, and what is to be told of the others."""
    names = Counter(_last(one.text) for one in joined.media)
    by_name: dict[str, str] = {}
    by_stem: dict[str, str] = {}
    for file in joined.files:
        by_name.setdefault(file.rpartition("/")[2], file)
        by_stem.setdefault(Path(file).stem, file)
    found: list[tuple[Address, str]] = []
    absent: list[Address] = []
    other: list[Address] = []
    ids = joined.columns[OCCURRENCE]
    alone = Counter(one.row for one in joined.media)
    for one in joined.media:
        last = _last(one.text)
        here = by_name.get(last, "") if names[last] == 1 else ""
        here = here or by_stem.get(f"{ids[one.row]}_{one.number}", "")
        here = here or (by_stem.get(ids[one.row], "") if alone[one.row] == 1 else "")
        if here:
            found.append((one, here))
        else:
            (absent if _is_picture(one) else other).append(one)
    return found, [*_others(joined, other), *_absent(joined, absent, len(found))]


def _others(joined: Joined, rows: Sequence[Address]) -> list[Finding]:
    """Say which media are no images."""
    if not rows:
        return []
    message = counted(len(rows), "medium is", "media are") + " no image and left out"
    told = tuple(excerpt(one.terms.get("type") or one.terms.get("format") or "?") for one in rows[:EXAMPLES])
    return [Finding("dataset/left-out", message, joined.name, told, severity="warning", count=len(rows))]


def _absent(joined: Joined, rows: Sequence[Address], here: int) -> list[Finding]:
    """Say which images are not here, and how to fetch them."""
    if not rows and here:
        return []
    message = counted(len(rows), "image is", "images are") + " not here, and left out"
    if not joined.media:
        message = "the archive tells of no media"
    first = rows[0] if rows else None
    name = f"{joined.columns[OCCURRENCE][first.row]}_{first.number}.jpg" if first else "1_1.jpg"
    hint = f"fetch each address of the table of media, and save it in a folder `media` beside {META} under the id of "
    hint += f"its occurrence and its number among them, such as {excerpt(name, 60)}"
    severity = "warning" if here else "error"
    told = tuple(excerpt(one.text, 60) for one in rows[:EXAMPLES])
    return [Finding("dataset/remote-media", message, joined.name, told, hint, severity, len(rows))]


def _last(address: str) -> str:
    """The name at the end of an address or path."""
    return re.split(r"[/\\]", address.partition("?")[0].strip())[-1]


def _is_picture(one: Address) -> bool:
    """Whether a medium is an image, as far as the archive tells."""
    said = f"{one.terms.get('type', '')} {one.terms.get('format', '')}".lower()
    return not re.search(r"sound|video|moving|audio|text/|application/|3d|interactive", said)


def _licences(columns: Mapping[str, Sequence[str]], joined: Joined) -> list[Finding]:
    """Say which images nobody may change or share, as far as their licences tell."""
    cells = columns.get(LICENSE, [""] * len(columns[FILE]))
    blank = [row for row, text in enumerate(cells) if not text]
    fixed = [row for row, text in enumerate(cells) if re.search(r"[-_/ ]nd\b|no.?deriv", text.lower())]
    reserved = [row for row, text in enumerate(cells) if "all rights reserved" in text.lower()]
    kinds = (
        (blank, "has no licence", "have no licence", "without one, nobody may share them: leave them out, or ask"),
        (reserved, "is under no free licence", "are under no free licence", "leave them out, or ask"),
        (fixed, "must not be changed (ND)", "must not be changed (ND)",
         "resized or cut images are changed ones; take out those, or share them as they are"),
    )  # fmt: skip
    return [
        Finding("dataset/licence", counted(len(rows), f"image {one}", f"images {many}"), joined.name,
                tuple(excerpt(columns[FILE][row]) for row in rows[:EXAMPLES]), hint, "warning", len(rows))
        for rows, one, many, hint in kinds if rows
    ]  # fmt: skip
