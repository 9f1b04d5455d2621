"""The header of a table: the names of its columns, held against those that were asked for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Optional

from compete.errors import EXAMPLES, Finding
from compete.scoring.causes import nearest
from compete.scoring.source import Caps, Source, counted, excerpt, refuse, refuse_not_utf8

_CELL = re.compile(r'"((?:[^"]|"")*)"(?=,|$)|([^",]*)(?=,|$)')
_NUMBER = re.compile(r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?")
_BREAK = re.compile("[\u2028\u2029\x85\v\f]")
_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f]")
SHORT = 4096
"""Bytes that are looked through first: most headers are shorter."""

_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def read_header(source: Source, caps: Caps) -> tuple[list[str], int]:
    """The names of the columns, and the position where the rows begin.

    Raises:
        SubmissionError: the first line is no header of any CSV table.
    """
    start = source.buffer[source.begin : min(source.begin + caps.row, source.end + 1)]
    size = bytes(start[:SHORT]).find(b"\n")
    size = size if size >= 0 else bytes(start).find(b"\n")
    ended = size >= 0
    raw = bytes(start[:size]) if ended else bytes(start)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as fault:
        refuse_not_utf8(source, source.begin, fault)
    text = text[:-1] if text.endswith("\r") else text
    _refuse_line_ends(source, text)
    if not ended:
        message = f"the first line has more than {caps.row:,} bytes"
        refuse(source, _finding(source, "submission/too-large", message, "write a header line, then one row an item"))
    if control := _CONTROL.search(text):
        shown, cure = (f"line 1: 0x{ord(control.group()):02x}",), "write the file anew as plain text"
        refuse(
            source,
            _finding(source, "submission/control-character", "the header holds a control character", cure, shown),
        )
    if not text.strip():
        message, cure = "the first line is blank", "begin with the header, the names of the columns"
        refuse(source, _finding(source, "submission/missing-column", message, cure))
    names = _cells(text)
    if names is None:
        message, cure = "the quotes of the header do not match", "write plain names, without quotes"
        refuse(source, _finding(source, "submission/quoting", message, cure, (excerpt(text),)))
    if len(names) > caps.columns:
        message = f"the header names {len(names):,} columns, {caps.columns:,} are allowed"
        refuse(source, _finding(source, "submission/too-large", message, "send only the columns asked for"))
    return names, source.begin + size + 1


def _finding(source: Source, rule: str, message: str, hint: str, items: tuple[str, ...] = ()) -> Finding:
    return Finding(rule, message, f"{source.name}:1", items, hint, count=max(1, len(items)))


def _refuse_line_ends(source: Source, text: str) -> None:
    other = _BREAK.search(text)
    if "\r" in text or other:
        sign = "a carriage return (CR) alone" if "\r" in text or not other else f"U+{ord(other.group()):04X}"
        cure = "save with line ends LF or CR LF (Excel: 'CSV UTF-8', not 'CSV Macintosh')"
        if text.endswith("\r"):
            cure = "open the file with newline='' when you write it with Python's csv module"
        refuse(
            source,
            _finding(source, "submission/line-ending", f"lines end with {sign}, which is no line end of a CSV", cure),
        )


def _cells(text: str) -> Optional[list[str]]:
    names, place = [], 0
    while True:
        cell = _CELL.match(text, place)
        if cell is None:
            return None
        names.append(cell.group(2) if cell.group(1) is None else cell.group(1).replace('""', '"'))
        place = cell.end() + 1
        if place > len(text):
            return names


def column_findings(
    source: Source, header: Sequence[str], wanted: Sequence[str], others: Optional[Sequence[str]]
) -> list[Finding]:
    """What is wrong with the names: missing, repeated, or not asked for.

    Raises:
        SubmissionError: the text is separated by another sign than the comma.
    """
    missing = [name for name in wanted if name not in header]
    allowed = {*wanted, *(header if others is None else others)}
    extra = [name for name in dict.fromkeys(header) if name not in allowed]
    if missing and len(missing) == len(wanted):
        _refuse_delimiter(source, header, wanted)
    slips = {_bare(name) for name in missing}
    strange = [] if len(missing) == len(wanted) else [name for name in extra if _bare(name) not in slips]
    asked = ",".join(wanted) if len(wanted) <= 12 else ",".join(wanted[:12]) + ",…"
    findings = []
    if missing:
        message = f"the header lacks {len(missing)} of the {len(wanted)} columns asked for"
        findings.append(
            _named(source, "submission/missing-column", message, missing, _missing_cause(header, missing, extra, asked))
        )
    if strange:
        message = f"the header names {counted(len(strange), 'column')} that nobody asked for"
        findings.append(_named(source, "submission/extra-column", message, strange, _extra_cause(strange, asked)))
    repeated = (
        [name for name in dict.fromkeys(header) if header.count(name) > 1] if len(set(header)) < len(header) else []
    )
    if repeated:
        message = f"the header repeats {counted(len(repeated), 'name')}"
        findings.append(_named(source, "submission/repeated-column", message, repeated, "name each column once"))
    return findings


def _named(source: Source, rule: str, message: str, names: Sequence[str], hint: str) -> Finding:
    shown = tuple(excerpt(name) for name in names[:EXAMPLES])
    return Finding(rule, message, f"{source.name}:1", shown, hint, count=len(names))


def _refuse_delimiter(source: Source, header: Sequence[str], wanted: Sequence[str]) -> None:
    line = ",".join(header)
    for sign, word in _DELIMITERS.items():
        names = {_bare(name) for name in line.split(sign)}
        if len(names) > 1 and (names & {_bare(name) for name in wanted} or len(header) == 1):
            cure = "put a comma between the columns (in R write.csv, not write.csv2; in pandas sep=',')"
            refuse(
                source,
                _finding(source, "submission/not-csv", f"the columns are separated by {word}", cure, (excerpt(line),)),
            )


def _bare(name: str) -> str:
    """A name without what people overlook: case, spaces, quotes, invisible signs, composed letters."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c)[0] not in "CZ")
    return plain.strip("'\"").casefold()


def _missing_cause(header: Sequence[str], missing: Sequence[str], extra: Sequence[str], asked: str) -> str:
    if header[0].startswith("#"):
        return f"a comment stands before the header; begin with {excerpt(asked, 200)}"
    for name in missing:
        for other in extra:
            if _bare(name) == _bare(other):
                return (
                    f"write {excerpt(name)} exactly so; {excerpt(other)} differs by case, space, quote or hidden sign"
                )
    if len(extra) == len(header) and any(_NUMBER.fullmatch(name) for name in header):
        return f"the first line looks like a row; begin with the header {excerpt(asked, 200)}"
    near = nearest(missing[0], extra[:200])
    guess = f"did you mean {excerpt(missing[0])} by {excerpt(near)}? " if near else ""
    return f"{guess}the header must name {excerpt(asked, 200)}, in any order"


def _extra_cause(extra: Sequence[str], asked: str) -> str:
    if any(name == "" or name.startswith("Unnamed: ") or name == "index" for name in extra):
        return "leave out the row numbers: to_csv(index=False) in pandas, row.names=FALSE in R"
    return f"send only {excerpt(asked, 200)}"
