"""Attacks by searching: what is private, in any disguise, in any public file; ids and splits that can be computed."""

from __future__ import annotations

import base64
import hashlib
import random
import re
import uuid
import zlib
from collections.abc import Callable, Iterator, Sequence
from math import lgamma, log
from typing import Any

import numpy as np

from compete.audits.gate.files import texts
from compete.audits.gate.folder import Folder
from compete.audits.gate.streams import streams_of
from compete.building.identity import CONSONANTS, HEX
from compete.bundle import ID, MANIFEST, USAGE
from compete.errors import Finding

Array = np.ndarray[Any, Any]
TABLES = (".csv",)
RUN = 24
"""Labels in a row that are searched for: so many are not in one order twice by chance."""
VARIED = 8
"""Bits of surprise that a run of labels must hold at least to be searched for."""
EXAMPLES_SHOWN = 4
"""Test ids that the guide quotes as an example."""
TRIED = 60
"""Items whose ids are compared with digests."""
SHORTEST = 6
"""Letters of a digest that an id must have in common with it."""
RARE = 10_000
"""How many splits there must be for each seed that is tried, so that none gives it by chance."""
SHUFFLED, USUAL = 100, 1001
"""Seeds between these are not tried where a try takes long."""
SEEDS = [*range(USUAL), 1234, 12345, 123456, 1337, 2020, 2021, 2022, 2023, 2024, 2025, 2026, 31337, 4242, 424242]

DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).digest(),
    "SHA-1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "SHA-224": lambda data: hashlib.sha224(data).digest(),
    "SHA-256": lambda data: hashlib.sha256(data).digest(),
    "SHA-512": lambda data: hashlib.sha512(data).digest(),
    "BLAKE2b": lambda data: hashlib.blake2b(data).digest(),
    "BLAKE2b-64": lambda data: hashlib.blake2b(data, digest_size=8).digest(),
    "BLAKE2s": lambda data: hashlib.blake2s(data).digest(),
    "CRC-32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "Adler-32": lambda data: zlib.adler32(data).to_bytes(4, "big"),
    "UUID3": lambda data: uuid.uuid3(uuid.NAMESPACE_DNS, data.decode()).bytes,
    "UUID5": lambda data: uuid.uuid5(uuid.NAMESPACE_DNS, data.decode()).bytes,
}


def private_content(folder: Folder) -> Iterator[Finding]:
    """Is the key, a run of hidden labels, or a line of a private file anywhere in the public folder?"""
    wanted = _private_patterns(folder)
    names: dict[str, list[str]] = {}
    for entry in folder.files:
        if entry.name.endswith((".jpg", ".nii.gz")) or (entry.name in folder.items.file):
            continue  # of images every byte is accounted for by another check
        for inside, data in streams_of(entry.name, entry.path.read_bytes()):
            for what, patterns in wanted.items():
                if any(pattern in data for pattern in patterns):
                    names.setdefault(what, []).append(inside)
    for what, places in names.items():
        message = f"{what} stands in {len(places):,} public files"
        hint = "remove it; if the bundle was published, make another with another seed"
        yield Finding("leak/private-content", message, "public", tuple(places[:3]), hint, count=len(places))


def digests(folder: Folder) -> Iterator[Finding]:
    """Does a public file hold a digest of a private one, or of the labels?"""
    secret = [place.read_bytes() for place in sorted(folder.private.rglob("*")) if place.is_file()]
    secret += [data for labels in _label_runs(folder) for data in _spelt(labels, whole=True)]
    public = {str(entry["sha256"]) for entry in folder.listed.values()}
    wanted: set[bytes] = set()
    for data in secret:
        if hashlib.sha256(data).hexdigest() in public:
            continue  # the same as a public file, such as an empty mask
        for name in ("MD5", "SHA-1", "SHA-224", "SHA-256", "SHA-512", "BLAKE2b", "BLAKE2s"):
            digest = DIGESTS[name](data)
            wanted |= {digest.hex().encode(), base64.b64encode(digest).rstrip(b"=")}
    words = re.compile(rb"[0-9A-Za-z+/]{22,128}")
    for place in [entry.path for entry in texts(folder)] + [folder.root / MANIFEST]:
        if not place.is_file():
            continue
        found = set(words.findall(place.read_bytes()))
        if wanted & (found | {word.lower() for word in found}):
            message = "it holds a digest of hidden labels; with few kinds of labels all can be tried"
            hint = "remove it; to commit to labels publish the digest of the labels and a long random text"
            yield Finding("leak/digest", message, place.name, hint=hint)


def test_ids(folder: Folder) -> Iterator[Finding]:
    """Do texts that are no tables name test items?"""
    tests = set(folder.test[ID])
    example = set(sorted(tests)[:EXAMPLES_SHOWN]) | set(folder.test[ID][:EXAMPLES_SHOWN])
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
    for half in ("", "Public", "Private"):
        counts = {
            name: sum(text == name and half in ("", side) for text, side in zip(label, usage, strict=True))
            for name in terms.classes
        }
        train = {name: folder.train[terms.target[0]].count(name) for name in terms.classes}
        for entry in texts(folder):
            if not entry.name.endswith((".md", ".txt", ".html", ".py", "challenge.json")):
                continue
            page = entry.path.read_text(encoding="utf-8", errors="replace")
            told = [
                name
                for name, count in counts.items()
                if count > 9 and count != train[name] and _near(page, name, count)
            ]
            if len(told) >= min(2, len(terms.classes)):
                message = f"it tells how many test items {len(told)} classes have"
                yield Finding("leak/class-counts", message, entry.name, hint="remove the numbers", severity="warning")
                return


def computable_ids(folder: Folder) -> Iterator[Finding]:
    """Is an id a digest of what an outsider may know or guess?"""
    items, sources = folder.items, folder.sources
    rows = np.random.default_rng(4).permutation(len(items.id))[:TRIED].tolist()
    place = {name: row for row, name in enumerate(sorted(sources, key=_natural))} if sources else {}
    hits: dict[str, int] = {}
    for row in rows:
        name = _as_hex(str(items.id[row]))
        if len(name) < SHORTEST:
            return
        for what, text in _guesses(folder, row, place).items():
            if name == text.lower() and text != (sources[row] if sources else ""):
                hits[f"{what} itself"] = hits.get(f"{what} itself", 0) + 1
            for digest, function in DIGESTS.items():
                if _is_piece(str(items.id[row]), name, function(text.encode())):
                    hits[f"{digest} of {what}"] = hits.get(f"{digest} of {what}", 0) + 1
    for what, count in hits.items():
        if count >= min(3, len(rows)):
            message = f"ids are the {what}: {count} of {len(rows)} that were tried"
            hint = "leave out `data.ids`; opaque ids are made with a secret key"
            yield Finding("leak/computable-ids", message, "public", hint=hint, count=count)


def computable_split(folder: Folder) -> Iterator[Finding]:
    """Do the usual seeds give the split again, with the usual functions?"""
    items, sources = folder.items, folder.sources
    if not sources or len(set(sources)) < len(sources):
        return
    order = sorted(range(len(sources)), key=lambda row: _natural(sources[row]))
    in_test = (items.part != 0)[order]
    many, tests = len(in_test), int(in_test.sum())
    hint = "use a random seed of 16 or more characters, and keep challenge.yaml private"
    splits = lgamma(many + 1) - lgamma(tests + 1) - lgamma(many - tests + 1)
    if splits < log(RARE * len(SEEDS)):  # one of the seeds may give it by chance
        yield from _guessed_key(folder, hint)
        return
    for seed in SEEDS[: max(40, min(len(SEEDS), 20_000_000 // many))]:
        for how, function in SPLITTERS.items():
            if how == "random.shuffle" and seed >= SHUFFLED and seed < USUAL:
                continue
            rows = function(many, seed)
            if in_test[rows[:tests]].all() or in_test[rows[-tests:]].all():
                message = f"the split follows from the seed {seed} with {how}"
                yield Finding("leak/computable-split", message, "public", hint=hint)
                return
    yield from _guessed_key(folder, hint)


def public_sources(folder: Folder) -> Iterator[Finding]:
    """Are public ids those of the source, so that its labels can be looked up?"""
    sources = folder.sources
    if not sources:
        return
    tests = folder.items.test.tolist()
    same = [row for row in tests if sources[row] == folder.items.id[row] and not _is_row_number(sources[row])]
    if same:
        message = (
            f"{len(same) / len(tests):.0%} of the test items bear the source's ids: whoever has the source has labels"
        )
        hint = "leave out `data.ids: keep`, unless nobody can get the source"
        yield Finding("leak/source-ids", message, "public", (), hint, "warning", len(same))


def _guessed_key(folder: Folder, hint: str) -> Iterator[Finding]:
    """Whether a usual seed makes the key of the opaque ids again."""
    place = folder.private / "key"
    if not place.is_file():
        return
    key = place.read_text().strip()
    for seed in SEEDS:
        text = hashlib.blake2b(str(seed).encode(), digest_size=64).digest()
        made = hashlib.blake2b(folder.terms.name.encode(), key=text, person=b"compete key", digest_size=32).hexdigest()
        if made == key:
            yield Finding("leak/computable-split", f"ids and split follow from the seed {seed}", "public", hint=hint)
            return


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
    lines = [
        ",".join([solution[ID][row], *(solution[name][row] for name in columns)])
        for row in range(0, len(solution[ID]), 7)
    ]
    wanted["a line of the solution"] = [line.encode() for line in lines[:200]]
    sources = [name for name in folder.sources if len(name) >= 8 and name not in set(folder.items.id.tolist())]
    wanted["a source's id"] = [b"," + name.encode() for name in sources[:100]]
    return wanted


def _label_runs(folder: Folder) -> list[list[str]]:
    """The hidden labels in the order of the solution, and in that of the test table, where they vary enough."""
    solution = folder.solution
    row = {item: place for place, item in enumerate(solution[ID])}
    by_test = [row[item] for item in folder.test[ID]]
    runs = []
    for name in folder.terms.target:
        for order in ([*range(len(by_test))], by_test):
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


def _guesses(folder: Folder, row: int, place: dict[str, int]) -> dict[str, str]:
    """Texts from which an id might have been made."""
    items, terms = folder.items, folder.terms
    source = folder.sources[row] if folder.sources else ""
    number = place.get(source, row)
    label = ""
    if not terms.of_images:
        tables = [folder.train[terms.target[0]], folder.solution[terms.target[0]]]
        label = [*tables[0], *tables[1]][row]
    group = str(items.group[row]) if items.group is not None else ""
    texts_of = {
        "the row number": str(number),
        "the row number from 1": str(number + 1),
        "the source's id": source,
        "the source's path": source.rpartition("/")[2],
        "label and row number": f"{label}{number}",
        "label and row number, joined": f"{label}_{number}",
        "label and source's id": f"{label}{source}",
        "label and source's id, joined": f"{label}_{source}",
        "challenge and source's id": f"{terms.name}{source}",
        "group": group,
    }
    return {what: text for what, text in texts_of.items() if text}


def _is_piece(name: str, as_hex: str, digest: bytes) -> bool:
    """Whether an id is a beginning or an end of a digest, in hex, base64 or as a number."""
    spelt = digest.hex()
    if spelt.startswith(as_hex) or spelt.endswith(as_hex):
        return True
    plain = name.replace("-", "").lower()
    if len(plain) >= SHORTEST and (spelt.startswith(plain) or spelt.endswith(plain)):
        return True
    text = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return (
        text.startswith(name)
        or base64.b64encode(digest).decode().startswith(name)
        or name == str(int.from_bytes(digest, "big"))
    )


def _as_hex(name: str) -> str:
    """An id in hex, where it is written in the sixteen consonants."""
    if set(name) <= set(CONSONANTS):
        return name.translate(str.maketrans(CONSONANTS, HEX))
    return name.lower()


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which item 10 comes after item 9."""
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.split(r"([0-9]+)", text))


def _shuffled(many: int, seed: int) -> Array:
    rows = list(range(many))
    random.Random(seed).shuffle(rows)  # noqa: S311  (what an attacker would try)
    return np.array(rows)


SPLITTERS: dict[str, Callable[[int, int], Array]] = {
    "train_test_split": lambda many, seed: np.random.RandomState(seed).permutation(many),
    "default_rng": lambda many, seed: np.random.default_rng(seed).permutation(many),
    "random.shuffle": _shuffled,
}


def _near(page: str, name: str, count: int) -> bool:
    """Whether a number stands close to a name."""
    shown = rf"(?:{count}|{count:,})"
    gap = r"[^\w\n]{1,12}(?:\w+[^\w\n]{1,6}){0,2}?"
    word = rf"\b{re.escape(name)}\b"
    return bool(re.search(rf"{word}{gap}\b{shown}\b|\b{shown}\b{gap}{word}", page))


def _are_numbers(names: set[str]) -> bool:
    """Whether ids are small numbers, which stand in any text."""
    return all(name.isdigit() and len(name) < 7 for name in names)


def _is_row_number(text: str) -> bool:
    return text.isdigit()
