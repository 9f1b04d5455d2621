"""Time and memory of the search for copies and shifted views among up to a million images.

Run ``python benchmarks/bench_copies.py [--sizes 100000 1000000] [--kinds photographs fields]``; each search runs in a
process of its own. Looks are drawn, no pictures: what is measured is everything from the looks to the pairs whose
pixels would be compared, and of those only that their files are not there. Hashes of ``photographs`` have the bits of
marks in drawn clouds, as often equal and as much alike; those of ``fields`` are taken from a few thousand kinds of
marks with some bits turned, as in microscope fields that all show the same cells, where nearly every mark is like
thousands of others by chance. In every hundredth image half of the marks are those of the one before it, moved; told
is how many of these views are among the pairs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from compete.audits import duplicates
from compete.audits.look_columns import CLEANED, PIXELS, READ, SEEN, Looks
from compete.audits.marks import MOST, marks_of
from compete.engine import give_back_memory

KINDS = ("photographs", "fields")
HEIGHT, WIDTH, MARGIN = 96, 128, 12
CLOUDS, CELLS, TURNED = 400, 20_000, 0.05
"""Pictures of which the bits are learned; kinds of marks in fields, and the share of their bits that are turned."""
EVERY, MOVED = 100, (40, 31)
AT_ONCE = 10_000

Array = np.ndarray[Any, Any]


def clouds(count: int) -> list[Array]:
    """Grey pictures in which coarse things are as much stronger than fine ones as in photographs."""
    chance, pictures = np.random.default_rng(0), []
    for _ in range(count):
        picture = np.zeros((HEIGHT // 2, WIDTH // 2))
        for across in (4, 8, 16, 32):
            patches = Image.fromarray(chance.normal(0, 1, (across, across)).astype(np.float32))
            picture += np.asarray(patches.resize((WIDTH // 2, HEIGHT // 2), Image.Resampling.BICUBIC)) / across
        pictures.append(np.clip(128 + 250 * picture, 0, 255).astype(np.uint8))
    return pictures


def bits_of(hashes: Array) -> Array:
    return np.unpackbits(hashes.astype(">u8").view(np.uint8).reshape(-1, 8), axis=1)


def like_photographs() -> Any:
    """What draws hashes whose bits are set, and set together, as often as those of marks in clouds."""
    bits = bits_of(np.concatenate([one.hash for one in marks_of(clouds(CLOUDS))])).astype(np.float64)
    middle = np.quantile(np.random.default_rng(1).normal(size=100_000), 1 - bits.mean(axis=0).clip(1e-4, 1 - 1e-4))
    bits[0] = 1 - bits[1]  # no bit is the same in all
    together = np.sin(np.pi / 2 * np.corrcoef(bits.T))
    values, vectors = np.linalg.eigh(together)
    root = (vectors * np.sqrt(values.clip(1e-9))).astype(np.float32)

    def draw(chance: np.random.Generator, count: int) -> Array:
        drawn = chance.standard_normal((count, 64), dtype=np.float32) @ root.T > middle.astype(np.float32)
        return np.packbits(drawn, axis=1).view(">u8").ravel().astype("<u8")

    return draw


def like_fields() -> Any:
    """What draws hashes of a few kinds, with some bits turned."""
    kinds = np.random.default_rng(2).integers(0, 1 << 64, CELLS, dtype=np.uint64)

    def draw(chance: np.random.Generator, count: int) -> Array:
        turned = np.packbits(chance.random((count, 64), dtype=np.float32) < TURNED, axis=1).view("<u8").ravel()
        return kinds[chance.integers(0, CELLS, count)] ^ turned

    return draw


def drawn_looks(count: int, kind: str) -> Looks:
    """Looks at images, every hundredth a view of the one before it."""
    draw = like_photographs() if kind == "photographs" else like_fields()
    around = np.empty(count * MOST, "<u8")
    places = np.empty((count * MOST, 2), np.uint8)
    alike = np.empty((count, 8), "<u8")
    chance = np.random.default_rng(3)
    for start in range(0, count, AT_ONCE):
        end = min(start + AT_ONCE, count)
        hashes = draw(chance, (end - start) * MOST).reshape(-1, MOST)
        place = chance.integers(MARGIN, (HEIGHT - MARGIN, WIDTH - MARGIN), (end - start, MOST, 2), np.uint8)
        view = np.arange(EVERY - 1, end - start, EVERY)
        half = slice(0, MOST // 2)
        place[view - 1, half] = np.minimum(
            place[view - 1, half], (HEIGHT - MOVED[0] - MARGIN, WIDTH - MOVED[1] - MARGIN)
        )
        place[view, half] = place[view - 1, half] + np.array(MOVED, np.uint8)
        place[view, MOST // 2 :] = np.maximum(place[view, MOST // 2 :], MARGIN)
        turned = np.uint64(1) << chance.integers(0, 64, (len(view), MOST // 2), np.uint64)
        hashes[view, half] = hashes[view - 1, half] ^ turned
        around[start * MOST : end * MOST] = hashes.ravel()
        places[start * MOST : end * MOST] = place.reshape(-1, 2)
        alike[start:end] = draw(chance, (end - start) * 8).reshape(-1, 8)
    thumbnail = chance.integers(0, 256, (count, 64), np.uint8)
    return Looks(
        given=np.full(count, READ | CLEANED | PIXELS | SEEN, np.uint8),
        sha256=chance.integers(0, 256, (count, 32), np.uint8),
        cleaned=chance.integers(0, 256, (count, 32), np.uint8),
        size=np.full(count, 60_000),
        published=np.full(count, 60_000),
        width=np.full(count, WIDTH * 5, np.int32),
        height=np.full(count, HEIGHT * 5, np.int32),
        words=((".jpg", "JPEG", "RGB"),),
        code=np.zeros(count, np.int32),
        pixels=chance.integers(0, 256, (count, 16), np.uint8),
        hashes=alike,
        counts=np.full(count, MOST, np.uint8),
        places=places,
        around=around,
        thumbnail=thumbnail,
        border=chance.integers(1, 256, (count, 12), np.uint8),
        tables=np.zeros(count, np.uint32),
        taken=np.zeros(count, "S19"),
        findings={},
    )


def peak() -> float:
    """The most memory of this process since this was asked before, in MB; Linux only."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    Path("/proc/self/clear_refs").write_text("5")
    return int(lines["VmHWM"].split()[0]) / 1024


def report(count: int, kind: str) -> None:
    """Draw, search and print one row of the table."""
    looks = drawn_looks(count, kind)
    give_back_memory()
    peak()
    before, begin = peak(), time.process_time()
    rows = duplicates._by_content(looks, np.arange(count))
    pictures, sizes = looks.pictures(rows), np.stack((looks.width[rows], looks.height[rows]), axis=1).astype(np.int64)
    del looks
    likely, unseen, common = duplicates._likely(pictures, sizes)
    likely = duplicates._of_rows(likely, rows)
    took = time.process_time() - begin
    view = np.arange(EVERY - 1, count, EVERY)
    pairs = np.minimum(likely.first, likely.second) * count + np.maximum(likely.first, likely.second)
    found = np.isin((view - 1) * count + view, pairs).mean()
    row = f"| {kind} | {count:,} | {took:.0f} s | {before:,.0f} MB | {peak():,.0f} MB | {len(pairs):,} | {found:.1%} |"
    print(f"{row} {unseen:,} | {common:,} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 40_000])
    parser.add_argument("--kinds", choices=KINDS, nargs="+", default=KINDS)
    parser.add_argument("--quick", action="store_true", help="few looks")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        report(given.sizes[0], given.kinds[0])
        return
    print("| looks of | images | CPU | memory with the looks | at most | pairs | of the views | unseen | left aside |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for kind in given.kinds:
        for size in [2_000] if given.quick else given.sizes:
            asked = [sys.executable, __file__, "--alone", "--sizes", str(size), "--kinds", kind]
            subprocess.run(asked, check=True)


if __name__ == "__main__":
    main()
