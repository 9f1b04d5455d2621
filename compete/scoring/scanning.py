"""Find the cells of a CSV text (RFC 4180) block by block: positions in bytes, with numpy, never a Python string."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn, Optional

import numpy as np

from compete.errors import Finding
from compete.scoring.source import Caps, Source, excerpt, refuse, refuse_not_utf8
from compete.scoring.spans import Array, Column

BLOCK = 1 << 18
LARGE = 1 << 24
QUOTE, COMMA, NEWLINE, RETURN, TAB, SPACE = (ord(c) for c in '",\n\r\t ')
DELETE = 127


@dataclass
class Scan:
    """What was found so far: spans of the wanted columns, and what is wrong with single rows."""

    source: Source
    columns: int
    wanted: Sequence[int]
    caps: Caps
    start: Array
    length: Array
    rows: int = 0
    reserved: int = 0
    ragged: list[tuple[int, int]] = field(default_factory=list)
    ragged_rows: int = 0
    control: list[int] = field(default_factory=list)
    control_count: int = 0
    first_blank: int = -1
    blank_between: int = 0
    blank_since: int = 0
    full: bool = False
    plain: bool = True
    spaced: bool = False
    good_only: bool = False

    @property
    def every(self) -> bool:
        """Whether all columns are wanted, in their order."""
        return len(self.wanted) == self.columns and list(self.wanted) == list(range(self.columns))


def scan(source: Source, begin: int, columns: int, wanted: Sequence[int], caps: Caps) -> Scan:
    """Find the cells of all rows from ``begin`` on.

    Args:
        source: the bytes; quoted cells that hold doubled quotes are unfolded in place.
        begin: position of the first row below the header.
        columns: how many cells every row must have.
        wanted: places of the columns whose cells are kept.
        caps: limits.

    Returns:
        The spans of the rows that have the right number of cells, and where the others stand.

    Raises:
        SubmissionError: a fault after which nothing more can be told (no UTF-8, an open quote, a row without end).
    """
    keep_freed_memory()
    nothing = np.zeros((len(wanted), 0), np.int32)
    found = Scan(source, columns, wanted, caps, nothing, nothing)
    end = source.end + (source.end > begin and source.buffer[source.end - 1] != NEWLINE)
    size = BLOCK
    while begin < end and not found.full:
        stop = min(begin + size, end)
        used = take_block(found, begin, source.buffer[begin:stop])
        if used:
            begin, size = begin + used, BLOCK
        elif stop == end or size > caps.row:
            _refuse_endless(found, begin, stop)
        else:
            size *= 2
    return found


def keep_freed_memory() -> None:
    """Let glibc keep the memory of what is computed on the way, instead of giving it back after each block."""
    np.empty(LARGE, np.uint8)  # it does so once it has freed an array as large, of which not one page is touched


def kept_column(found: Scan, place: int) -> Column:
    """The column at a place of ``wanted``."""
    return Column(found.source.buffer, found.start[place, : found.rows], found.length[place, : found.rows])


def _reserve(found: Scan, rows: int, used: int, left: int) -> None:
    """Make room for more rows: for all that the file seems to hold, so that spans are written once."""
    needed = found.rows + rows
    if needed <= found.reserved:
        return
    found.reserved = needed + needed // 2 + left * rows // used + left * rows // used // 32
    kind = np.int32 if found.source.buffer.size < 2**31 else np.int64
    # One array for all columns: the system gives large ones in large pages.
    start, length = (np.empty((len(found.wanted), found.reserved), one) for one in (kind, np.int32))
    start[:, : found.rows] = found.start[:, : found.rows]
    length[:, : found.rows] = found.length[:, : found.rows]
    found.start, found.length = start, length


def take_block(found: Scan, begin: int, block: Array) -> int:
    """Take the whole rows of a block; tells how many bytes they have, 0 where no row ends in it.

    Where ``good_only`` is set, it is 0 and nothing is taken or written, too, if there is anything to tell of the rows
    or a cell is to be unfolded.
    """
    if found.plain and (used := _last_newline(block) + 1):
        edge = _plain_edges(found, block[:used])
        if edge is not None:
            _check_text(found, begin, block[:used])
            found.blank_between, found.blank_since = found.blank_between + found.blank_since, 0
            _keep(found, begin, block[:used], edge, None)
            return used
    position, kind, inside, bad = _separators(found, begin, block)
    newline = kind == NEWLINE
    if not newline.any() or (found.good_only and (len(inside) or len(bad))):
        return 0
    whole = newline.size - int(newline[::-1].argmax())
    position, newline = position[:whole], newline[:whole]
    used = int(position[-1]) + 1
    _check_text(found, begin, block[:used])
    columns, rows = found.columns, int(np.count_nonzero(newline))
    if len(position) == rows * columns and newline[columns - 1 :: columns].all() and (columns > 1) and not len(bad):
        edge = _edges(position, columns)
        found.blank_between, found.blank_since = found.blank_between + found.blank_since, 0
    elif found.good_only:
        return 0
    else:
        edge = _sort_out(found, begin, block, position=position, newline=newline, bad=bad[bad < used])
    if edge.shape[1]:
        _keep(found, begin, block[:used], edge, inside[inside < used])
    return used


def _last_newline(block: Array) -> int:
    """Where the last newline stands, or -1."""
    size = 4096
    while True:
        first = max(len(block) - size, 0)
        newline = block[first:].tobytes().rfind(b"\n")
        if newline >= 0:
            return first + newline
        if size >= len(block):
            return -1
        size *= 8


def _plain_edges(found: Scan, rows: Array) -> Optional[Array]:
    """As `_edges`, for rows that hold no other mark than the commas and newlines they must have; None for others."""
    columns = found.columns
    expected = b"," * (columns - 1) + b"\n"
    special = rows <= COMMA
    if found.spaced:
        special &= rows != SPACE
    position = special.nonzero()[0]
    kind = rows.take(position)
    if not found.spaced and kind.tobytes() != expected * (len(kind) // columns) and (kind == SPACE).any():
        found.spaced = True
        position, kind = position[kind != SPACE], kind[kind != SPACE]
    found.plain = columns > 1 and kind.tobytes() == expected * (len(kind) // columns)
    return _edges(position, columns) if found.plain else None


def _edges(position: Array, columns: int) -> Array:
    """What stands around the cells of rows: the end of the row before, then the end of each cell.

    Args:
        position: of all commas and newlines in a block, as many a row.
        columns: how many that is.

    Returns:
        int32 (columns + 1, rows).
    """
    edge = np.empty((columns + 1, len(position) // columns), dtype=np.int32)
    edge[1:] = position.reshape(-1, columns).T
    edge[0, :1], edge[0, 1:] = -1, edge[-1, :-1]
    return edge


def _separators(found: Scan, begin: int, block: Array) -> tuple[Array, Array, Array, Array]:
    """Positions and kinds of commas and newlines outside quotes; inner quotes; positions of control characters."""
    special = ((block <= COMMA) & (block != SPACE)).nonzero()[0]
    kind = block.take(special)
    separator = (kind == NEWLINE) | (kind == COMMA)
    none = special[:0]
    found.plain = bool(separator.all())
    if found.plain:
        return special, kind, none, none
    quoted = kind == QUOTE
    inner = none
    if quoted.any():
        open_before = (np.cumsum(quoted) & 1).astype(bool)
        separator &= ~open_before
        inner = _check_quotes(found, begin, block, special[quoted])
    else:
        open_before = quoted
    control = (kind < SPACE) & (kind != NEWLINE) & (kind != TAB) & (kind != RETURN)
    bad = special[control]
    alone = special[(kind == RETURN) & ~open_before]
    alone = alone[alone + 1 < len(block)]
    alone = alone[block[alone + 1] != NEWLINE]
    if len(alone):
        _refuse_return(found.source, begin + int(alone[0]))
    return special[separator], kind[separator], inner, bad


def _check_quotes(found: Scan, begin: int, block: Array, quote: Array) -> Array:
    """Every quote opens a cell, closes one, or is doubled inside one; tells the second quote of each doubled pair."""
    follows = np.zeros(len(quote), dtype=bool)
    follows[1:] = quote[1:] == quote[:-1] + 1
    before = block[quote - 1]
    before[quote == 0] = NEWLINE
    after = block[np.minimum(quote + 1, len(block) - 1)]
    opening = (np.arange(len(quote)) & 1) == 0
    good_opening = (before == COMMA) | (before == NEWLINE) | follows
    good_closing = (after == COMMA) | (after == NEWLINE) | (after == RETURN) | np.append(follows[1:], False)
    good_closing |= quote == len(block) - 1
    good = np.where(opening, good_opening, good_closing)
    if not good.all():
        place = begin + int(quote[~good][0])
        message = "a quote stands inside a cell that is not quoted, or text follows a closing quote"
        hint = 'put quotes around the whole cell and double those inside ("say ""hi""")'
        refuse(found.source, Finding("submission/quoting", message, found.source.where(place), hint=hint, count=1))
    inner: Array = quote[opening & follows]
    return inner


def _check_text(found: Scan, begin: int, rows: Array) -> None:
    if rows.max() >= DELETE:
        try:
            rows.tobytes().decode("utf-8")
        except UnicodeDecodeError as fault:
            refuse_not_utf8(found.source, begin, fault)
        delete = np.flatnonzero(rows == DELETE)
        found.control_count += len(delete)
        found.control.extend((delete[: 3 - min(3, len(found.control))] + begin).tolist())


def _sort_out(found: Scan, begin: int, block: Array, *, position: Array, newline: Array, bad: Array) -> Array:
    """`_edges` of rows with the right number of cells, among blank lines, ragged rows and control characters."""
    last = np.flatnonzero(newline)
    cells = np.diff(last, prepend=-1)
    stop = position[last]
    first = np.concatenate(([0], stop[:-1] + 1))
    empty = (stop == first) | ((stop == first + 1) & (block[first] == RETURN))
    good = (cells == found.columns) & ~empty
    for row in np.flatnonzero(~good & ~empty)[: 3 - min(3, len(found.ragged))].tolist():
        found.ragged.append((begin + int(first[row]), int(cells[row])))
    found.ragged_rows += int(np.count_nonzero(~good & ~empty))
    if len(bad):
        good[np.searchsorted(stop, bad)] = False
        found.control_count += len(bad)
        found.control.extend((bad[: 3 - min(3, len(found.control))] + begin).tolist())
    kept = np.flatnonzero(good)
    _count_blank(found, begin, first, np.flatnonzero(empty), kept)
    end = position[last[kept] + np.arange(1 - found.columns, 1)[:, None]]
    return np.concatenate((first[None, kept] - 1, end)).astype(np.int32)


def _count_blank(found: Scan, begin: int, first: Array, empty: Array, kept: Array) -> None:
    """Blank lines at the end of the file are nothing; those between rows are worth a word."""
    if len(empty) and found.first_blank < 0:
        found.first_blank = begin + int(first[empty[0]])
    before = int(np.count_nonzero(empty < kept[-1])) if len(kept) else 0
    if len(kept):
        found.blank_between += found.blank_since + before
        found.blank_since = 0
    found.blank_since += len(empty) - before


def _keep(found: Scan, begin: int, block: Array, edge: Array, inner: Optional[Array]) -> None:
    """Keep the spans of the wanted cells, without their quotes; ``inner`` is None where there is none to look for."""
    rows = edge.shape[1]
    _reserve(found, rows, len(block), max(found.source.end - begin - len(block), 0))
    low, high = found.rows, found.rows + rows
    kept, size = found.start[:, low:high], found.length[:, low:high]
    before, end = (edge[:-1], edge[1:]) if found.every else (edge[place] for place in _places(found))
    if inner is None:
        np.add(before, begin + 1, out=kept, dtype=kept.dtype)
        np.subtract(end, before, out=size)
        size -= 1
    else:
        for place, column in enumerate(found.wanted):
            start, length = before[place] + 1, end[place] - before[place] - 1
            last = column == found.columns - 1
            start, length = _unquoted(block, start, length, end[place], last=last, inner=inner)
            np.add(start, begin, out=kept[place], dtype=kept.dtype)
            size[place] = length
    if int(size.max(initial=0)) > found.caps.cell:
        _refuse_long_cell(found, kept, size)
    found.rows = high
    found.full = found.caps.rows is not None and found.rows > found.caps.rows


def _places(found: Scan) -> tuple[Array, Array]:
    """Where the edges before and behind the wanted columns stand."""
    place = np.array(found.wanted, dtype=np.int64)
    return place, place + 1


def _unquoted(
    block: Array, start: Array, length: Array, end: Array, *, last: bool, inner: Array
) -> tuple[Array, Array]:
    """The spans of cells without their quotes, and without the carriage return of a line's end."""
    if last:
        length = length - ((block.take(end - 1, mode="wrap") == RETURN) & (length > 0))
    quoted = (block.take(start) == QUOTE) & (length > 1)
    if quoted.any():
        start, length = start + quoted, length - 2 * quoted
        if len(inner):
            _unfold(block, start, length, end, inner)
    return start, length


def _unfold(block: Array, start: Array, length: Array, end: Array, inner: Array) -> None:
    """Write cells with doubled quotes as they are meant, in place and shorter."""
    row = np.minimum(np.searchsorted(end, inner), len(end) - 1)
    row = row[(inner >= start[row]) & (inner < start[row] + length[row])]
    for cell in sorted(set(row.tolist())):
        low, size = int(start[cell]), int(length[cell])
        meant = block[low : low + size].tobytes().replace(b'""', b'"')
        block[low : low + size] = QUOTE
        block[low : low + len(meant)] = np.frombuffer(meant, dtype=np.uint8)
        length[cell] = len(meant)


def _refuse_return(source: Source, place: int) -> NoReturn:
    doubled = bytes(source.buffer[place : place + 3]) == b"\r\r\n"
    hint = "open the file with newline='' when you write it with Python's csv module" if doubled else ""
    message = "a line ends with a carriage return (CR) that no newline follows"
    hint = hint or "save with line ends LF or CR LF (Excel: 'CSV UTF-8', not 'CSV Macintosh')"
    refuse(source, Finding("submission/line-ending", message, source.where(place), hint=hint, count=1))


def _refuse_long_cell(found: Scan, start: Array, length: Array) -> NoReturn:
    """Refuse the longest cell of the first column that has one too long."""
    column = int(np.argmax(length.max(axis=1) > found.caps.cell))
    row = int(length[column].argmax())
    place, size = int(start[column, row]), int(length[column, row])
    shown = excerpt(bytes(found.source.buffer[place : place + min(20, size)]).decode("utf-8", "ignore"))
    message = f"a cell has {size:,} bytes, {found.caps.cell:,} are allowed"
    hint = "write the plain id or value, nothing longer"
    refuse(found.source, Finding("submission/too-large", message, found.source.where(place), (shown,), hint, count=1))


def _refuse_endless(found: Scan, begin: int, stop: int) -> NoReturn:
    """Refuse a row that does not end: most often a quote was opened and never closed."""
    source = found.source
    _check_text(found, begin, source.buffer[begin : min(stop, source.end)])
    quote = np.flatnonzero(source.buffer[begin:stop] == QUOTE)
    if len(quote):
        message = "a quote is opened and never closed"
        hint = "close it, or write the quote doubled inside a quoted cell"
        place = source.where(begin + int(quote[-1] if len(quote) % 2 else quote[0]))
        refuse(source, Finding("submission/quoting", message, place, hint=hint, count=1))
    message = f"a row has more than {found.caps.row:,} bytes"
    refuse(source, Finding("submission/too-large", message, source.where(begin), hint="write one row an item", count=1))
