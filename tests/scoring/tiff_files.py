"""TIFF files written entry by entry, so that tests can write any that there is, and any that there should not be."""

from __future__ import annotations

import struct
import zlib

import numpy as np

PLAIN, LZW, DEFLATE, OLD_DEFLATE, PACKBITS = 1, 5, 8, 32946, 32773
SHORT, LONG, LONG8 = 3, 4, 16
CODES = {SHORT: "H", LONG: "I", LONG8: "Q", 1: "B", 2: "s", 12: "d"}


def lzw(raw: bytes, full: int = 4094) -> bytes:
    """Pack as the specification words it; ``full`` is where a table is begun anew."""
    bits, table, width = [], {}, 9
    free = 258

    def put(code, width):
        bits.append((code, width))

    put(256, 9)
    text = b""
    for one in raw:
        longer = text + bytes([one])
        if len(longer) == 1 or longer in table:
            text = longer
            continue
        put(table[text] if len(text) > 1 else text[0], width)
        table[longer] = free
        free += 1
        text = longer[-1:]
        if free == full:
            put(256, width)
            table, free, width = {}, 258, 9
        elif free > (1 << width) - 1:
            width += 1
    if text:
        put(table[text] if len(text) > 1 else text[0], width)
        width += free + 1 > (1 << width) - 1
    put(257, min(width, 12))
    line = "".join(format(code, f"0{wide}b") for code, wide in bits)
    line += "0" * (-len(line) % 8)
    return int(line, 2).to_bytes(len(line) // 8, "big")


def packbits(raw: bytes) -> bytes:
    """Runs of three and more as runs, all else as it is; stretches of any bytes."""
    out, place = b"", 0
    while place < len(raw):
        run = 1
        while run < 128 and place + run < len(raw) and raw[place + run] == raw[place]:
            run += 1
        if run >= 2:
            out += bytes([257 - run]) + raw[place : place + 1]
            place += run
            continue
        stop = place + 1
        while stop < len(raw) and stop - place < 128 and raw[stop] != raw[stop - 1]:
            stop += 1
        out += bytes([stop - place - 1]) + raw[place:stop]
        place = stop
    return out


PACK = {PLAIN: bytes, LZW: lzw, DEFLATE: zlib.compress, OLD_DEFLATE: zlib.compress, PACKBITS: packbits}


def part_bytes(part, depth, order, packing, differences):
    """One strip or tile."""
    if depth < 8:
        bits = np.unpackbits(part.astype(np.uint8)[..., None], axis=2)[:, :, 8 - depth :]
        rows = np.packbits(bits.reshape(len(part), -1), axis=1)
    else:
        part = part.astype(f"u{depth // 8}")
        if differences:
            part = np.concatenate([part[:, :1], part[:, 1:] - part[:, :-1]], axis=1)
        rows = part.astype(f"{order}u{depth // 8}")
    return PACK[packing](rows.tobytes())


def tiff(values, depth=8, *, order="<", big=False, packing=PLAIN, differences=False, rows=None, tile=None, meaning=1,
         change=None, more=(), last=0, drop=()):  # fmt: skip
    """A TIFF of these values.

    Args:
        values: shape (height, width).
        depth: bits of a pixel.
        order: of bytes.
        big: whether it is a BigTIFF.
        packing: TIFF's number.
        differences: whether predictor 2 is used.
        rows: of a strip; all by default.
        tile: height and width of tiles, instead of strips.
        meaning: photometric interpretation.
        change: entries that say something else: tag to (type, numbers).
        more: parts that are other bytes: number of the part to bytes.
        last: where the next page is said to be.
        drop: tags that are left out.
    """
    height, width = values.shape
    down, across = tile or (rows or height, width)
    parts = []
    for top in range(0, height, down):
        for left in range(0, width, across):
            part = values[top : top + down, left : left + across]
            if tile:
                part = np.pad(part, ((0, down - part.shape[0]), (0, across - part.shape[1])), mode="edge")
            parts.append(part_bytes(part, depth, order, packing, differences))
    for place, other in dict(more).items():
        parts[place] = other
    start = 16 if big else 8
    offsets = [start + sum(map(len, parts[:k])) for k in range(len(parts))]
    sizes = [len(part) for part in parts]
    wide = LONG8 if big else LONG
    entries = {256: (LONG, [width]), 257: (SHORT, [height]), 258: (SHORT, [depth]), 259: (SHORT, [packing]),
               262: (SHORT, [meaning]), 277: (SHORT, [1])}  # fmt: skip
    if tile:
        entries |= {322: (SHORT, [across]), 323: (SHORT, [down]), 324: (wide, offsets), 325: (LONG, sizes)}
    else:
        entries |= {273: (wide, offsets), 278: (LONG, [down]), 279: (LONG, sizes)}
    entries |= {317: (SHORT, [2])} if differences else {}
    entries |= {320: (SHORT, list(range(3 << depth)))} if meaning == 3 else {}
    entries |= change or {}
    kept = {tag: entry for tag, entry in entries.items() if tag not in drop}
    return with_entries(b"".join(parts), kept, order, big=big, last=last)


def with_entries(body, entries, order="<", *, big=False, last=0):
    """A file that holds a body from its header on, and a list of entries behind it."""
    place, inline = ("Q", 8) if big else ("I", 4)
    start = 16 if big else 8
    body += bytes(-len(body) % 8)
    first = start + len(body)
    listed = 8 + 20 * len(entries) + 8 if big else 2 + 12 * len(entries) + 4
    tail, lines = b"", b""
    for tag, (kind, numbers) in sorted(entries.items()):
        raw = struct.pack(f"{order}{len(numbers)}{CODES[kind]}", *numbers)
        value = raw.ljust(inline, b"\0")
        if len(raw) > inline:
            value = struct.pack(order + place, first + listed + len(tail))
            tail += raw
        lines += struct.pack(order + "2H" + place, tag, kind, len(numbers)) + value
    count = struct.pack(order + ("Q" if big else "H"), len(entries))
    head = {("<", False): b"II*\0", (">", False): b"MM\0*", ("<", True): b"II+\0", (">", True): b"MM\0+"}[order, big]
    head += struct.pack(order + "2H", 8, 0) if big else b""
    head += struct.pack(order + place, first)
    return head + body + count + lines + struct.pack(order + place, last) + tail
