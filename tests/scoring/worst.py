"""Files that cost a reader far more than their size or picture says: what each is, and what must become of it.

``python -m tests.scoring.worst FOLDER SIDE`` writes them beside bundles of pictures of that many pixels a side, and
``cases.json`` that lists them.
"""

from __future__ import annotations

import gzip
import json
import struct
import sys
import zlib
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from compete.nifti.writing import label_volume
from metrics.label_maps import LabelMaps
from tests.scoring.corpus import Case, put
from tests.scoring.every_form import write_image_bundle
from tests.scoring.form_images import some_images, terms_of
from tests.scoring.tiff_files import DEFLATE, LONG, LZW, PACKBITS, PLAIN, SHORT, lzw, with_entries

SCORED, DAMAGED = "accept_any", "reject:picture/damaged"


def tiffs(side: int) -> Iterator[tuple[str, str, bytes]]:
    """TIFF files: name, what must become of each, bytes."""
    pixels = side * side
    zeros, row = zlib.compress(bytes(16 * pixels), 9), bytes(side)
    yield "LZW, a table after each code", DAMAGED, strips(side, LZW, tables(1, pixels // 16))
    yield "LZW, tables of 1,024 codes", DAMAGED, strips(side, LZW, tables(1024, pixels // 1024 + 1))
    yield "LZW, full tables of single bytes", DAMAGED, strips(side, LZW, tables(3837, pixels // 3837 + 2))
    yield "LZW, one strip a row", SCORED, strips(side, LZW, lzw(row), rows=1)
    yield "PackBits, one byte a head", SCORED, strips(side, PACKBITS, bytes(2 * pixels))
    yield "PackBits, runs of two", SCORED, strips(side, PACKBITS, b"\xff\0" * (pixels // 2))
    yield "PackBits, heads that do nothing", DAMAGED, strips(side, PACKBITS, b"\x80" * pixels)
    yield "Deflate, far too much", DAMAGED, strips(side, DEFLATE, zeros)
    yield "Deflate, empty blocks", DAMAGED, strips(side, DEFLATE, b"\x78\x9c" + b"\0\0\0\xff\xff" * (pixels // 4))
    yield "Deflate, one strip a row", SCORED, strips(side, DEFLATE, zlib.compress(row), rows=1)
    yield "tiles of one pixel", DAMAGED, tiles(side, 1)
    yield "a size beyond all memory", "reject:picture/size", strips(1 << 17, PLAIN, b"\0")
    yield "one bit a pixel", SCORED, strips(side, PLAIN, bytes(pixels // 8), depth=1)


def strips(side: int, packing: int, part: bytes, *, rows: int = 0, depth: int = 8) -> bytes:
    """A square TIFF all of whose strips hold the same bytes."""
    many = side // (rows or side)
    places = [8 + place * len(part) for place in range(many)]
    return with_entries(
        part * many,
        {256: (LONG, [side]), 257: (LONG, [side]), 258: (SHORT, [depth]), 259: (SHORT, [packing]), 262: (SHORT, [1]),
         273: (LONG, places), 277: (SHORT, [1]), 278: (LONG, [rows or side]), 279: (LONG, [len(part)] * many)},
    )  # fmt: skip


def tiles(side: int, size: int) -> bytes:
    """A square TIFF of very small tiles."""
    many = (side // size) ** 2
    places = range(8, 8 + many * size * size, size * size)
    return with_entries(
        bytes(many * size * size),
        {256: (LONG, [side]), 257: (LONG, [side]), 258: (SHORT, [8]), 259: (SHORT, [PLAIN]), 262: (SHORT, [1]),
         277: (SHORT, [1]), 322: (LONG, [size]), 323: (LONG, [size]), 324: (LONG, [*places]),
         325: (LONG, [size * size] * many)},
    )  # fmt: skip


def tables(codes: int, many: int) -> bytes:
    """LZW that begins its table anew after so many codes, each of one byte, over and over."""
    width = [9 + (257 + place > 510) + (257 + place > 1022) + (257 + place > 2046) for place in range(codes + 1)]
    said = zip([*(place % 256 for place in range(codes)), 256], width, strict=True)
    table = "".join(format(code, f"0{wide}b") for code, wide in said)
    bits = format(256, "09b") + table * many
    return np.packbits(np.frombuffer(bits.encode(), dtype=np.uint8) - ord("0")).tobytes()


def pngs(side: int) -> Iterator[tuple[str, str, bytes]]:
    """PNG files."""
    chance, pixels = np.random.default_rng(0), side * side
    line = np.zeros((side, side + 1), dtype=np.uint8)
    for name, kind in (("Average", 3), ("Paeth", 4)):
        line[:, 0] = kind
        yield f"the filter {name} in every row", SCORED, png(side, line.tobytes())
    line[:, 0] = chance.integers(0, 5, side)
    yield "all filters in turn", SCORED, png(side, line.tobytes())
    yield "one bit, interlaced", SCORED, png(side, bytes(interlaced(side)), depth=1, turns=1)
    yield "far too much", "reject:picture/damaged", png(side, bytes(16 * pixels))
    raw = zlib.compress(bytes((side + 1) * side))
    yield "one byte a chunk", SCORED, png(side, b"", chunks=[raw[place : place + 1] for place in range(len(raw))])
    empty = [b""] * (pixels // 16)
    yield "empty chunks", "either_any", png(side, b"", chunks=[*empty, raw])
    yield "a size beyond all memory", "reject:picture/size", png(1 << 30, b"")


def interlaced(side: int) -> int:
    """Bytes of a picture of one bit a pixel in Adam7's seven passes."""
    starts = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    wide_high = ((-(-(side - x) // across), -(-(side - y) // down)) for x, y, across, down in starts)
    return sum(high * (1 + -(-wide // 8)) for wide, high in wide_high if wide > 0)


def png(side: int, raw: bytes, *, depth: int = 8, turns: int = 0, chunks: list[bytes] | None = None) -> bytes:
    """A square grey PNG of these filtered rows, or of these packed parts of them."""
    head = struct.pack(">2I5B", side, side, depth, 0, 0, 0, turns)
    parts = [zlib.compress(raw, 9)] if chunks is None else chunks
    named = [(b"IHDR", head), *((b"IDAT", part) for part in parts), (b"IEND", b"")]
    written = (
        struct.pack(">I", len(one)) + name + one + struct.pack(">I", zlib.crc32(name + one)) for name, one in named
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def volumes(side: int) -> Iterator[tuple[str, str, bytes]]:
    """NIfTI files of one slice."""
    whole = gzip.decompress(label_volume(np.zeros((1, side, side), dtype=int)))
    large = bytearray(whole[:352])
    struct.pack_into("<8h", large, 40, 3, 32767, 32767, 32767, 1, 1, 1, 1)
    yield "far too much", SCORED, gzip.compress(whole + bytes(16 * side * side))
    yield "a thousand members", "reject", b"".join(gzip.compress(whole[place::1000]) for place in range(1000))
    yield "cut in its middle", "reject", gzip.compress(whole, 1)[:-9]
    yield "a size beyond all memory", "reject:volume/size", gzip.compress(bytes(large))
    yield "not packed", SCORED, whole


def cases(root: Path, side: int) -> Iterator[Case]:
    """Every one as a file beside its bundle."""
    images = some_images(["one"], [(side, side)])
    truth = LabelMaps.from_arrays([np.zeros((side, side), dtype=np.uint8)])
    affine = np.eye(3, 4)
    flat = {"TIFF": tiffs, "PNG": pngs}
    for kind, made in (*flat.items(), ("NIfTI", volumes)):
        form = "png" if kind in flat else "nifti"
        terms = replace(terms_of(form, "label_maps", classes=("0", "1")), metric="miou", draws=0, smallest_subgroup=1)
        depth = {} if kind in flat else {"depth": np.array([1], np.int32), "affine": affine[None]}
        shaped = truth if kind in flat else LabelMaps.from_arrays([np.zeros((1, side, side), dtype=np.uint8)])
        bundle = str(write_image_bundle(root / kind, terms, replace(images, **depth), shaped))
        ending = {"TIFF": ".tif", "PNG": ".png", "NIfTI": ".nii.gz"}[kind]
        for number, (name, expect, data) in enumerate(made(side)):
            file = put(root / kind / "sent", f"{number:02}{ending}", data)
            yield Case("worst cases", f"{kind}: {name}", expect, bundle, file)


def main() -> None:
    """Write all, and their list."""
    root, side = Path(sys.argv[1]), int(sys.argv[2])
    (root / "cases.json").write_text(json.dumps([asdict(case) for case in cases(root, side)]), encoding="utf-8")


if __name__ == "__main__":
    main()
