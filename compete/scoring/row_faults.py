"""What is wrong with single rows of a table: ragged ones, blank lines between them, invisible characters."""

from __future__ import annotations

from compete.errors import Finding
from compete.scoring.scanning import Scan
from compete.scoring.source import counted


def row_findings(found: Scan) -> list[Finding]:
    """What is wrong with single rows; those rows were not kept."""
    source, findings = found.source, []
    if found.full:
        message = f"the table has more than {found.caps.rows:,} rows; what follows was not read"
        hint = "write one row an item, each item once"
        findings.append(Finding("submission/too-large", message, source.name, hint=hint))
    if found.control:
        shown = tuple(f"line {source.line(place)}: 0x{source.buffer[place]:02x}" for place in found.control)
        message = f"the text holds {counted(found.control_count, 'control character')} (invisible bytes such as NUL)"
        hint = "write the file anew as plain text; a half-finished copy or download often leaves such bytes"
        where = source.where(found.control[0])
        findings.append(Finding("submission/control-character", message, where, shown, hint, count=found.control_count))
    if found.ragged:
        findings.append(_ragged_finding(found))
    if found.blank_between:
        message = f"{counted(found.blank_between, 'blank line')} between rows passed over"
        where, hint = source.where(found.first_blank), "nothing to do; no value changes"
        count = found.blank_between
        findings.append(Finding("submission/blank-line", message, where, hint=hint, severity="warning", count=count))
    return findings


def _ragged_finding(found: Scan) -> Finding:
    source, (place, cells) = found.source, found.ragged[0]
    shown = tuple(f"line {source.line(at)}: {counted(count, 'cell')}" for at, count in found.ragged)
    message = f"{counted(found.ragged_rows, 'row')} without the {counted(found.columns, 'cell')} of the header"
    hint = _ragged_cause(found, place, cells)
    return Finding("submission/ragged-row", message, source.where(place), shown, hint, count=found.ragged_rows)


def _ragged_cause(found: Scan, place: int, cells: int) -> str:
    source = found.source
    line = bytes(source.buffer[place : min(place + 400, source.end)]).split(b"\n")[0]
    if any(mark in line for mark in (b"\xe2\x80\xa8", b"\xe2\x80\xa9", b"\xc2\x85")):
        return "lines must end with LF or CR LF, not with a Unicode line separator (U+2028)"
    if cells < found.columns and place + len(line) >= source.end - 1:
        return "the last row is cut off: write or upload the file once more, whole"
    if cells == 1 and any(mark in line for mark in (b";", b"\t", b"|")):
        return "put a comma between the columns"
    if cells > found.columns and line.rstrip(b"\r").replace(b",", b"")[-1:].isdigit():
        return "write decimal numbers with a point (0.5), and quote text that holds a comma"
    return "give each row one cell a column, and quote text that holds a comma"
