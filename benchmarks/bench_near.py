"""Near pairs among 64-bit hashes, beside faiss: CPU seconds of one thread, and memory at 5 million.

Run ``python benchmarks/bench_near.py [--count 100000] [--largest 5000000] [--repeats 5] [--quick]``. Faiss is asked as
it is meant to be: IndexBinaryMultiHash(64, nhash 4, b 16) with nflip 1, a range search for the same distance. It finds
only those pairs that its tables let meet, so how many it misses is printed. Hashes are random; every tenth is a copy of
another in which up to seven bits are turned.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

import faiss
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.side_by_side import Contest, compare
from compete.audits.near import near_pairs


def drawn(count: int) -> np.ndarray:
    random = np.random.default_rng(0)
    hashes = random.integers(0, 1 << 64, count, dtype=np.uint64)
    copies = np.arange(9, count, 10)
    hashes[copies] = hashes[copies - 1 - random.integers(0, 8, len(copies))]
    for turned in range(7):
        chosen = copies[random.random(len(copies)) < turned / 7]
        hashes[chosen] ^= np.uint64(1) << random.integers(0, 64, len(chosen), dtype=np.uint64)
    return hashes


def faiss_pairs(hashes: np.ndarray, distance: int) -> int:
    index = faiss.IndexBinaryMultiHash(64, 4, 16)
    index.nflip = 1
    codes = hashes.view(np.uint8).reshape(-1, 8)
    index.add(codes)
    limits, _, found = index.range_search(codes, distance + 1)
    return int((found > np.repeat(np.arange(len(hashes)), np.diff(limits.astype(np.int64)))).sum())


def report_largest(count: int, distance: int) -> None:
    hashes = drawn(count)
    begin = time.process_time()
    found = len(near_pairs(hashes, distance))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    took = time.process_time() - begin
    print(f"{count:,} hashes, distance {distance}: {took:.2f} s CPU, {found:,} pairs, {peak:.0f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--largest", type=int, default=5_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="fewer hashes, once")
    parser.add_argument("--alone", type=int, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.quick:
        given.count, given.largest, given.repeats = 20_000, 500_000, 1
    if given.alone:
        report_largest(*given.alone)
        return
    faiss.omp_set_num_threads(1)
    hashes = drawn(given.count)
    contests = [
        Contest(
            f"{given.count:,}, distance {distance}",
            lambda distance=distance: near_pairs(hashes, distance),
            lambda distance=distance: faiss_pairs(hashes, distance),
            6.0 if distance == 7 else 0.0,
            given.repeats,
            note=f"{len(near_pairs(hashes, distance)):,} pairs, faiss finds {faiss_pairs(hashes, distance):,}",
        )
        for distance in (4, 7)
    ]
    compare("near_pairs, beside faiss MultiHash", contests)
    for distance in (3, 4):
        subprocess.run([sys.executable, __file__, "--alone", str(given.largest), str(distance)], check=True)


if __name__ == "__main__":
    main()
