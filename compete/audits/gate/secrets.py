"""Attacks by searching: what is private, in any disguise, in any public file."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import compress
from operator import eq
from typing import Any

import numpy as np

from compete.audits.gate.files import texts
from compete.audits.gate.folder import Folder
from compete.audits.gate.guesses import DIGESTS
from compete.audits.gate.streams import streams_of
from compete.bundle import ID, MANIFEST, PRIVATE, PUBLIC, USAGE
from compete.errors import Finding

Array = np.ndarray[Any, Any]
TABLES = (".csv",)
RUN = 24
"""Labels in a row that are searched for: so many are not in one order twice by chance."""
VARIED = 8
"""Bits of surprise that a run of labels must hold at least to be searched for."""
EXAMPLES_SHOWN = 4
"""Test ids that the guide quotes as an example."""
BULK = 1 << 22
"""Bytes of a table above which nothing packed is looked for in its cells, and digests only at its ends."""
ENDS = 1 << 18
"""Bytes at each end of such a table in which digests are looked for."""
FEWEST, SEARCHED = 4, 100_000_000
"""Patterns that are searched for at least, and bytes that are compared with patterns for each file."""
COUNTABLE = 50_000
"""Test items up to which somebody may have digested their labels alone, and all can be tried."""


def private_content(folder: Folder) -> Iterator[Finding]:
    """Is the key, a run of hidden labels, or a line of a private file anywhere in the public folder?"""
    wanted = _private_patterns(folder)
    names: dict[str, list[str]] = {}
    pictures = set(folder.file)
    for row, name in enumerate(folder.files.names):
        if name.endswith((".jpg", ".nii.gz")) or name in pictures:
            continue  # of images every byte is accounted for by another check
        entry = folder.files[row]
        data = entry.path.read_bytes()
        plain = entry.name.endswith(TABLES) and len(data) > BULK
        for inside, content in [(entry.name, data)] if plain else streams_of(entry.name, data):
            for what, patterns in wanted.items():
                if any(pattern in content for pattern in patterns[: max(FEWEST, SEARCHED // (len(content) + 1))]):
                    names.setdefault(what, []).append(inside)
    for what, places in names.items():
        message = f"{what} stands in {len(places):,} public files"
        hint = "remove it; if the bundle was published, make another with another seed"
        yield Finding("leak/private-content", message, "public", tuple(places[:3]), hint, count=len(places))


def digests(folder: Folder) -> Iterator[Finding]:
    """Does a public file hold a digest of a private one, or of the labels?"""
    public = set(map(bytes, folder.listed.digests))
    wanted: set[bytes] = set()
    for data, name in _secrets(folder):
        digest = DIGESTS[name](data)
        if name == "SHA-256" and digest in public:
            continue  # the same as a public file, such as an empty mask
        wanted |= {digest.hex().encode(), base64.b64encode(digest).rstrip(b"=")}
    words = re.compile(rb"[0-9A-Za-z+/]{22,128}")
    for place in [entry.path for entry in texts(folder)] + [folder.root / MANIFEST]:
        if not place.is_file():
            continue
        content = place.read_bytes()
        bulk = place.name.endswith(TABLES) and len(content) > BULK
        found = set(words.findall(content[:ENDS] + b" " + content[-ENDS:] if bulk else content))
        if wanted & (found | {word.lower() for word in found}):
            message = "it holds a digest of hidden labels; with few kinds of labels all can be tried"
            hint = "remove it; to commit to labels publish the digest of the labels and a long random text"
            yield Finding("leak/digest", message, place.name, hint=hint)


def _secrets(folder: Folder) -> Iterator[tuple[bytes, str]]:
    """What may have been digested, and with what: of large files in the usual ways only, as nobody can try them all."""
    kinds = ("MD5", "SHA-1", "SHA-224", "SHA-256", "SHA-512", "BLAKE2b", "BLAKE2s")
    for place in sorted(folder.private.rglob("*")):
        if place.is_file():
            data = place.read_bytes()
            yield from ((data, name) for name in (kinds if len(data) <= BULK else ("MD5", "SHA-1", "SHA-256")))
    for labels in _label_runs(folder) if len(folder.solution[ID]) <= COUNTABLE else ():
        for data in _spelt(labels, whole=True):
            yield from ((data, name) for name in kinds)


def test_ids(folder: Folder) -> Iterator[Finding]:
    """Do texts that are no tables name test items?"""
    tests = folder.test_ids
    example = set(folder.test[ID][:EXAMPLES_SHOWN])
    for entry in texts(folder):
        if entry.name.endswith((*TABLES, "test.json", "sample_submission.json")):
            continue
        words = set(re.findall(r"[\w\-]+", entry.path.read_text(encoding="utf-8", errors="replace")))
        if len(named := (words & tests) - example) and not _are_numbers(tests):
            message = f"it names {len(named):,} test items"
            hint = "remove them: what is said of a test item in a page, a notebook or a program can tell its label"
            yield Finding("leak/test-ids", message, entry.name, hint=hint, count=len(named))


def class_counts(folder: Folder) -> Iterator[Finding]:
    """Do pages tell how many test items each class has?"""
    terms = folder.terms
    if terms.task != "classification":
        return
    label, usage = folder.solution[terms.target[0]], folder.solution[USAGE]
    train, pairs = Counter(folder.train[terms.target[0]]), Counter(zip(label, usage, strict=True))
    halves = [{PUBLIC, PRIVATE}, {PUBLIC}, {PRIVATE}]
    for entry in texts(folder):
        if not entry.name.endswith((".md", ".txt", ".html", ".py", "challenge.json")):
            continue
        page = entry.path.read_text(encoding="utf-8", errors="replace")
        for sides in halves:
            counts = {name: sum(pairs[name, side] for side in sides) for name in terms.classes}
            # A count that is the name of a class stands in every list of them.
            common = {*map(str, range(10)), *terms.classes}
            told = [name for name, count in counts.items() if str(count) not in common and count != train[name]]
            told = [name for name in told if _near(page, name, counts[name])]
            if len(told) >= min(2, len(terms.classes)):
                message = f"it tells how many test items {len(told)} classes have"
                yield Finding("leak/class-counts", message, entry.name, hint="remove the numbers", severity="warning")
                return


def public_sources(folder: Folder) -> Iterator[Finding]:
    """Are public ids those of the source, so that its labels can be looked up?"""
    sources = folder.sources
    if not sources:
        return
    tests = range(len(folder.train[ID]), len(folder.ids))
    equal = compress(tests, map(eq, sources[tests.start :], folder.ids[tests.start :]))
    same = [row for row in equal if not sources[row].isdigit()]
    if same:
        message = (
            f"{len(same) / len(tests):.0%} of the test items bear the source's ids: whoever has the source has labels"
        )
        hint = "leave out `data.ids: keep`, unless nobody can get the source"
        yield Finding("leak/source-ids", message, "public", (), hint, "warning", len(same))


def _private_patterns(folder: Folder) -> dict[str, list[bytes]]:
    """What is searched for, each in the ways in which it may be spelt."""
    place = folder.private / "key"
    wanted: dict[str, list[bytes]] = {}
    if place.is_file():
        key = place.read_text().strip()
        raw = bytes.fromhex(key) if re.fullmatch(r"(?:[0-9a-f]{2})+", key) else key.encode()
        wanted["the secret key"] = [key.encode(), key.upper().encode(), raw, base64.b64encode(raw).rstrip(b"=")]
    runs = [spelt for labels in _label_runs(folder) for spelt in _spelt(labels[:RUN])]
    if runs:
        wanted["a run of hidden labels"] = runs
    solution = folder.solution
    columns = [name for name in (*folder.terms.target, USAGE) if name in solution]
    drawn = np.random.default_rng(3).permutation(len(solution[ID]))[:200].tolist()
    lines = [",".join([solution[ID][row], *(solution[name][row] for name in columns)]) for row in drawn]
    wanted["a line of the solution"] = [line.encode() for line in lines]
    some = [name for name in folder.sources[:: max(1, len(folder.ids) // 100)] if len(name) >= 8]
    own = set(some).intersection(folder.ids)
    wanted["a source's id"] = [b"," + name.encode() for name in [name for name in some if name not in own][:100]]
    return wanted


def _label_runs(folder: Folder) -> list[list[str]]:
    """The hidden labels in the order of the solution, and in that of the test table, where they vary enough."""
    solution = folder.solution
    orders: list[Sequence[int]] = [range(len(solution[ID]))]
    if not folder.test_in_order:
        row = {item: place for place, item in enumerate(solution[ID])}
        orders.append([row[item] for item in folder.test[ID]])
    runs = []
    for name in folder.terms.target:
        for order in orders:
            labels = [solution[name][place] for place in order]
            if len(labels) >= RUN and _surprise(labels[:RUN]) >= VARIED:
                runs.append(labels)
    return runs


def _surprise(labels: Sequence[str]) -> float:
    count = np.unique(np.array(labels, dtype=object).astype(str), return_counts=True)[1] / len(labels)
    return float(-(count * np.log2(count)).sum() * len(labels))


def _spelt(labels: Sequence[str], *, whole: bool = False) -> list[bytes]:
    """A run of labels as lists, lines and arrays spell it."""
    texts_of = [mark.join(labels).encode() for mark in ("\n", ",", " ", ", ", ";", "\t", "")]
    texts_of += [(mark.join(labels) + "\n").encode() for mark in ("\n", ",")] * whole
    texts_of += [", ".join(f"{quote}{text}{quote}" for text in labels).encode() for quote in "\"'"]
    texts_of += [",".join(f'"{text}"' for text in labels).encode()]
    codes = np.unique(np.array(labels, dtype=object).astype(str), return_inverse=True)[1]
    arrays = [codes.astype(kind).tobytes() for kind in ("<i8", "<i4", "<i2", "<f8", "<f4")]
    arrays += [] if len(set(labels)) < 2 else [codes.astype("u1").tobytes()]
    try:
        numbers = np.array([float(text) for text in labels])
        arrays += [
            numbers.astype(kind).tobytes()
            for kind in ("<f8", "<f4", "<i8", "<i4", "u1")[: 5 if np.all(numbers % 1 == 0) else 2]
        ]
    except ValueError:
        pass
    return [text for text in [*texts_of, *arrays] if len(text) >= RUN]


def _near(page: str, name: str, count: int) -> bool:
    """Whether a number stands close to a name."""
    if name not in page or not (str(count) in page or f"{count:,}" in page):
        return False
    shown = rf"(?:{count}|{count:,})"
    gap = r"[^\w\n]{1,12}(?:\w+[^\w\n]{1,6}){0,2}?"
    word = rf"\b{re.escape(name)}\b"
    return bool(re.search(rf"{word}{gap}\b{shown}\b|\b{shown}\b{gap}{word}", page))


def _are_numbers(names: frozenset[str]) -> bool:
    """Whether ids are small numbers, which stand in any text."""
    return all(name.isdigit() and len(name) < 7 for name in names)
