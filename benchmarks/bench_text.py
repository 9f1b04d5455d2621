"""Scores of texts beside rapidfuzz, jiwer, sacrebleu and plain Python, results checked to be equal first.

Run ``python benchmarks/bench_text.py`` or with ``--quick`` for small sizes. Both sides start from lists of strings.
"""

from __future__ import annotations

import argparse
import re
import string
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import metrics
from benchmarks.side_by_side import Contest, compare
from metrics import edits
from metrics.ragged import Ragged

ALPHABET = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))


def check(ours: Any, peer: Any, what: str) -> None:
    """Stop where the two sides differ by more than 1e-9."""
    difference = float(np.max(np.abs(np.asarray(ours, dtype=float) - np.asarray(peer, dtype=float))))
    if not difference <= 1e-9:
        raise SystemExit(f"{what}: the scores differ by {difference:.3g}")


def sentences(n: int, words: int, wrong: float) -> tuple[list[str], list[str]]:
    """Sentences of words as frequent as in English, and copies with some words changed, left out or put in."""
    random = np.random.default_rng(1)
    letters = random.choice(ALPHABET, size=(20_000, 10))
    lengths = np.minimum(1 + random.poisson(3.5, size=20_000), 10)
    known = np.array(["".join(row[:length]) for row, length in zip(letters, lengths, strict=True)])
    true, predicted = [], []
    for size in random.poisson(words, size=n) + 1:
        row = known[np.minimum(random.zipf(1.3, size=size), 20_000) - 1]
        copy = np.where(random.random(size) < wrong, known[random.integers(0, 20_000, size=size)], row)
        copy = copy[random.random(size) > wrong / 3]
        true.append(" ".join(row))
        predicted.append(" ".join(copy))
    return true, predicted


def strings(n: int, length: int, wrong: float) -> tuple[list[str], list[str]]:
    """Strings of about so many letters, and copies with some letters changed."""
    random = np.random.default_rng(2)
    true, predicted = [], []
    for size in random.integers(length // 2, length * 3 // 2, size=n):
        row = random.choice(ALPHABET, size=size)
        copy = np.where(random.random(size) < wrong, random.choice(ALPHABET, size=size), row)
        true.append("".join(row))
        predicted.append("".join(copy[random.random(size) > wrong / 3]))
    return true, predicted


def beside_rapidfuzz(n: int, length: int) -> Contest:
    from rapidfuzz.distance import Levenshtein

    true, predicted = strings(n, length, 0.1)

    def theirs() -> float:
        return float(np.mean([Levenshtein.distance(one, other) for one, other in zip(true, predicted, strict=True)]))

    ours = partial(metrics.edit_distance, true, predicted)
    check(ours(), theirs(), "edit distance")
    note = "the same inner loop"
    return Contest(f"edit distance, {n:,} strings of {length}, rapidfuzz", ours, theirs, goal=1, note=note)


def in_numpy(n: int, length: int) -> Contest:
    from rapidfuzz.distance import Levenshtein

    true, predicted = strings(n, length, 0.1)
    rows: list[Ragged] = [metrics.Texts.of(side).letters for side in (true, predicted)]

    def theirs() -> list[int]:
        return [Levenshtein.distance(one, other) for one, other in zip(true, predicted, strict=True)]

    ours = partial(edits._by_bits, *rows)
    check(ours(), theirs(), "edit distance in numpy")
    return Contest(f"… {n:,} strings of {length} in numpy alone", ours, theirs, note="where rapidfuzz is missing")


def beside_jiwer(n: int, words: int) -> list[Contest]:
    import jiwer

    true, predicted = sentences(n, words, 0.15)
    out = []
    for name, peer in (("wer", jiwer.wer), ("cer", jiwer.cer)):
        ours, theirs = partial(metrics.get(name), true, predicted), partial(peer, true, predicted)
        check(ours(), theirs(), name)
        out.append(Contest(f"{name}, {n:,} sentences of {words} words, jiwer", ours, theirs, goal=5))
    return out


def beside_sacrebleu(n: int, words: int) -> Contest:
    import sacrebleu

    true, predicted = sentences(n, words, 0.3)

    def theirs() -> float:
        return float(sacrebleu.corpus_chrf(predicted, [true]).score) / 100

    ours = partial(metrics.chrf, true, predicted)
    check(ours(), theirs(), "chrF")
    return Contest(f"chrF, {n:,} sentences of {words} words, sacrebleu", ours, theirs, goal=5)


def slow_f1(true: list[str], predicted: list[str]) -> float:
    """Token F1 as the scripts that come with SQuAD compute it."""

    def tokens(text: str) -> list[str]:
        exclude = set(string.punctuation)
        plain = "".join(letter for letter in text.lower() if letter not in exclude)
        return re.sub(r"\b(a|an|the)\b", " ", plain).split()

    total = 0.0
    for one, other in zip(true, predicted, strict=True):
        left, right = tokens(one), tokens(other)
        shared = sum((Counter(left) & Counter(right)).values())
        if not left or not right:
            total += left == right
        elif shared:
            precision, recall = shared / len(right), shared / len(left)
            total += 2 * precision * recall / (precision + recall)
    return total / len(true)


def slow_jaccard(true: list[str], predicted: list[str]) -> float:
    """Word-level Jaccard as competitions on texts publish it."""
    total = 0.0
    for one, other in zip(true, predicted, strict=True):
        left, right = set(one.lower().split()), set(other.lower().split())
        shared = left & right
        total += len(shared) / (len(left) + len(right) - len(shared))
    return total / len(true)


def beside_scripts(n: int, words: int) -> list[Contest]:
    true, predicted = sentences(n, words, 0.3)
    out = []
    for name, peer in (("token_f1", slow_f1), ("word_jaccard(normalise=lower)", slow_jaccard)):
        ours, theirs = partial(metrics.parse(name), true, predicted), partial(peer, true, predicted)
        check(ours(), theirs(), name)
        out.append(Contest(f"{name}, {n:,} texts of {words} words, plain Python", ours, theirs, goal=1))
    return out


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the sizes")
    part = 10 if parser.parse_args().quick else 1
    contests = [
        beside_rapidfuzz(100_000 // part, 20),
        beside_rapidfuzz(30_000 // part, 150),
        in_numpy(100_000 // part, 20),
        in_numpy(30_000 // part, 150),
        *beside_jiwer(30_000 // part, 20),
        beside_sacrebleu(5_000 // part, 20),
        *beside_scripts(30_000 // part, 10),
    ]
    compare("Texts", contests)


if __name__ == "__main__":
    main()
