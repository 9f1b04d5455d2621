"""The tables of a Darwin Core archive as its ``meta.xml`` describes them, their columns named by their terms."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from compete.cells import long_cells
from compete.dataset import counted
from compete.errors import EXAMPLES, DatasetError, Finding
from compete.readers.archive_files import Archive
from compete.readers.delimited import DELIMITERS
from compete.readers.json_file import refusal
from compete.readers.xml_file import Node, xml_pieces

RULE = "dataset/label-file"
META = "meta.xml"
ID = "id"
"""The column of the numbers by which the tables of an archive know each other."""
SPELT = {name.lower(): name for name in (
    "occurrenceID", "eventID", "locationID", "organismID", "recordedBy", "scientificName", "acceptedScientificName",
    "basisOfRecord", "countryCode", "stateProvince", "lifeStage", "gbifID", "eventDate", "decimalLatitude",
    "decimalLongitude",
)}  # fmt: skip
"""Terms as the standard spells them; GBIF's simple downloads write them small."""
PROSE = 10
"""Cells of a row; a text may well have as many commas as a narrower table."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Layout:
    """How a table of the archive is written.

    Attributes:
        kind: the last word of its row type: Occurrence, Event, Taxon, Multimedia, …
        files: its parts.
        core: whether it is the core.
        encoding: of its text.
        delimiter: between cells; empty where nobody says.
        ending: of lines.
        quote: around cells; empty for none.
        skipped: lines at the beginning that are no rows.
        key: the column of the id of the core's row; -1 for none.
        terms: column -> short name of its term.
        defaults: short name -> what blank cells mean.
    """

    kind: str
    files: tuple[str, ...]
    core: bool
    encoding: str = "UTF-8"
    delimiter: str = ""
    ending: str = "\n"
    quote: str = '"'
    skipped: int = 0
    key: int = -1
    terms: Mapping[int, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """How many cells a row must have."""
        return max([self.key, *self.terms], default=0) + 1


@dataclass(frozen=True)
class Sheet:
    """A table of the archive.

    Attributes:
        kind: as in its layout.
        name: of its first file, for findings.
        columns: short name of the term -> cells; ``id`` are the numbers of the core's rows.
        lines: the line of each row.
        findings: what was noticed.
    """

    kind: str
    name: str
    columns: Mapping[str, list[str]]
    lines: Sequence[int]
    findings: tuple[Finding, ...] = ()

    def column(self, name: str) -> list[str]:
        """The cells of a column; blank where there is no such column."""
        return self.columns.get(name) or [""] * len(self.lines)


def layouts(archive: Archive) -> list[Layout]:
    """How the tables of an archive are written, the core first.

    Raises:
        DatasetError: if ``meta.xml`` is none, or there is none and more than one file could be the table.
    """
    found = [name for name in archive.names if name.rpartition("/")[2].lower() == META]
    if not found:
        return [_without_meta(archive)]
    name = min(found, key=lambda one: (one.count("/"), one))
    root, *elements = xml_pieces(archive.data(name), name, RULE)
    tables = [_layout(node, name) for node in elements if _local(node.tag) in ("core", "extension")]
    if _local(root.tag) != "archive" or sum(table.core for table in tables) != 1:
        raise refusal(RULE, "this describes no Darwin Core archive: it must name one core", f"{name}:{root.line}", "")
    return sorted(tables, key=lambda table: not table.core)


def require_files(archive: Archive, layout: Layout) -> None:
    """Refuse a table whose files are not in the archive, before others are read.

    Raises:
        DatasetError: if one is missing.
    """
    for written in layout.files:
        _found(archive, written)


def read_sheet(archive: Archive, layout: Layout) -> Sheet:
    """Read a table of the archive; columns without any value are left out.

    Raises:
        DatasetError: if a file is missing, or is not as ``meta.xml`` says.
        SystemFault: if the disk or a permission forbids reading.
    """
    rows: list[list[str]] = []
    lines: list[int] = []
    findings: list[Finding] = []
    for written in layout.files:
        name = _found(archive, written)
        text = _decoded(archive.data(name), layout, name, findings)
        if not layout.delimiter:
            head = text.partition(layout.ending)[0]
            layout = replace(layout, delimiter=max(DELIMITERS, key=head.count))
        for line, cells in list(_cells(text, layout, name))[layout.skipped :]:
            lines.append(line)
            rows.append(cells)
    short = [(line, cells) for line, cells in zip(lines, rows, strict=True) if len(cells) < layout.width]
    if short:
        raise DatasetError("the archive cannot be read", [_ragged(layout, short)])
    columns = {ID: [cells[layout.key].strip() for cells in rows]} if layout.key >= 0 else {}
    for place, term in layout.terms.items():
        default = layout.defaults.get(term, "")
        values = [cells[place].strip() or default for cells in rows]
        if any(values):
            columns.setdefault(term, values)
    for term, default in layout.defaults.items():
        columns.setdefault(term, [default] * len(rows))
    return Sheet(layout.kind, layout.files[0], columns, lines, tuple(findings))


def _ragged(layout: Layout, short: Sequence[tuple[int, list[str]]]) -> Finding:
    """What is wrong with rows that have too few cells: mostly a quote that swallowed some."""
    swallowed = [line for line, cells in short if any(layout.delimiter in cell for cell in cells)]
    if swallowed:
        return _unclosed(layout.files[0], swallowed)
    many = counted(len(short), "row has", "rows have")
    message = f"{many} fewer cells than the {layout.width} that {META} describes"
    hint = "export the archive again; line breaks inside cells must be removed or quoted"
    told = tuple(f"line {line}" for line, _ in short[:EXAMPLES])
    return Finding("dataset/ragged-row", message, f"{layout.files[0]}:{short[0][0]}", told, hint)


def _unclosed(name: str, lines: Sequence[int]) -> Finding:
    one, many = "row opens a quote and does not close it", "rows open a quote and do not close it"
    message = counted(len(lines), one, many) + " in the same cell"
    hint = "in a quoted cell a quote is written twice; where quotes are letters of the text, "
    hint += f'{META} must say fieldsEnclosedBy=""'
    told = tuple(f"line {line}" for line in lines[:EXAMPLES])
    return Finding("dataset/quoting", message, f"{name}:{lines[0]}", told, hint, count=len(lines))


def _holds_rows(cells: Sequence[str], layout: Layout) -> bool:
    """Whether a cell holds whole rows, as one does whose quote is closed many lines below."""
    if layout.delimiter != "\t" and layout.width < PROSE:
        return False
    lines = (line for cell in cells if "\n" in cell for line in cell.split("\n"))
    return any(line.count(layout.delimiter) >= layout.width - 1 for line in lines)


def short_name(term: str) -> str:
    """The last word of a term's address.

    >>> short_name("http://rs.tdwg.org/dwc/terms/scientificName"), short_name("dcterms:license")
    ('scientificName', 'license')
    """
    return re.split(r"[/#:]", term.strip().rstrip("/#"))[-1]


def _layout(node: Node, place: str) -> Layout:
    """One element ``core`` or ``extension``; what it does not say is as the standard has it.

    Where it does not say what stands between cells, which the standard takes for a comma and some programs for a tab,
    the first line tells.

    Source: Darwin Core text guidelines (TDWG), section 2.
    """
    said = {_local(name): text for name, text in node.attributes.items()}
    files = tuple(child.text.strip() for part in node.children if _local(part.tag) == "files"
                  for child in part.children if _local(child.tag) == "location" and child.text.strip())  # fmt: skip
    if not files:
        hint = "an element `files` with a `location` is needed"
        raise refusal(RULE, f"a table of kind {short_name(said.get('rowType', '?'))} has no file",
                      f"{place}:{node.line}", hint)  # fmt: skip
    key = next((_number(child, place) for child in node.children if _local(child.tag) in ("id", "coreid")), -1)
    terms: dict[int, str] = {}
    defaults: dict[str, str] = {}
    for child in node.children:
        if _local(child.tag) == "field" and child.attributes.get("term"):
            term = short_name(child.attributes["term"])
            if child.attributes.get("index"):
                terms[_number(child, place)] = term
            if child.attributes.get("default"):
                defaults[term] = child.attributes["default"]
    skipped = said.get("ignoreHeaderLines", "").strip() or "0"
    return Layout(
        short_name(said.get("rowType", "")), files, _local(node.tag) == "core", said.get("encoding", "") or "UTF-8",
        _unescaped(said.get("fieldsTerminatedBy", "")), _unescaped(said.get("linesTerminatedBy", "\n")) or "\n",
        _unescaped(said.get("fieldsEnclosedBy", '"')), int(skipped) if skipped.isdecimal() else 0, key, terms, defaults,
    )  # fmt: skip


def _number(node: Node, place: str) -> int:
    text = node.attributes.get("index", "").strip()
    if not text.isdecimal() or len(text) > 6:
        raise refusal(RULE, f"the index of <{_local(node.tag)}> is no number", f"{place}:{node.line}", "")
    return int(text)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _unescaped(text: str) -> str:
    """A mark as ``meta.xml`` spells it."""
    return text.replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r").replace('\\"', '"')


def _without_meta(archive: Archive) -> Layout:
    """The one table of an archive without ``meta.xml``, whose header names the terms."""
    tables = [name for name in archive.names if name.lower().endswith((".csv", ".tsv", ".txt")) and "/" not in name]
    others = [name for name in archive.names if name not in tables and not name.lower().endswith(".xml")]
    if len(tables) != 1 or others:
        message = f"there is no {META}, and the archive holds more than one table"
        message = f"there is no {META} and no table" if not tables else message
        raise refusal(RULE, message, archive.name, f"an archive needs a {META} that says what each file holds")
    head = archive.data(tables[0])[: 1 << 16].decode("utf-8-sig", "replace").splitlines()[:1]
    line = head[0] if head else ""
    delimiter = max(DELIMITERS, key=line.count)
    names = [short_name(cell.strip().strip('"')) for cell in line.split(delimiter)]
    names = [SPELT.get(name.lower(), name) for name in names]
    quote = '"' if '"' in line or delimiter == "," else ""
    return Layout("Occurrence", (tables[0],), True, delimiter=delimiter, quote=quote, skipped=1, key=0,
                  terms=dict(enumerate(names)))  # fmt: skip


def _found(archive: Archive, written: str) -> str:
    """The name of a file as ``meta.xml`` writes it; only files of the archive are ever opened."""
    name = written.replace("\\", "/").removeprefix("./")
    known = {one.casefold(): one for one in archive.names}
    if name.casefold() not in known:
        hint = "the archive is not whole; fetch it again"
        raise refusal("dataset/missing-file", f"the archive has no file {name!r}, which {META} names", META, hint)
    return known[name.casefold()]


def _decoded(data: bytes, layout: Layout, name: str, findings: list[Finding]) -> str:
    try:
        codec = codecs.lookup(layout.encoding.strip()).name
        text = data.decode("utf-8-sig" if codec == "utf-8" else codec)
    except (LookupError, UnicodeError):
        text = data.decode("latin-1")
        message = f"the table is not {layout.encoding}, which {META} says; it was read as Latin-1"
        hint = "look whether letters such as é, ø, µ are right"
        findings.append(Finding("dataset/encoding", message, name, hint=hint, severity="warning"))
    for found in _CONTROL.finditer(text):
        if found[0] not in (layout.delimiter, layout.ending):
            line = text.count("\n", 0, found.start()) + 1
            message = f"a control character (U+{ord(found[0]):04X}) stands in the text"
            raise refusal("dataset/control-character", message, f"{name}:{line}", "remove it")
    return text


def _cells(text: str, layout: Layout, name: str) -> Iterator[tuple[int, list[str]]]:
    """The line and the cells of each row."""
    if not layout.quote:
        for number, written in enumerate(text.split(layout.ending), 1):
            if written.strip("\r"):
                yield number, written.removesuffix("\r").split(layout.delimiter)
        return
    if len(layout.delimiter) != 1 or len(layout.quote) != 1:
        raise refusal(RULE, "cells are separated or enclosed by more than one character", META, "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter, quotechar=layout.quote)
    try:
        with long_cells():
            line = 1
            for row in reader:
                if reader.line_num > line and _holds_rows(row, layout):
                    raise DatasetError("the archive cannot be read", [_unclosed(name, [line])])
                if row:
                    yield line, row
                line = reader.line_num + 1
    except (csv.Error, TypeError, ValueError) as error:
        raise refusal("dataset/quoting", f"a quote is out of place: {error}", f"{name}:{reader.line_num}", "") from None
