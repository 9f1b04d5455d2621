"""Attacks by computing: ids that are digests of what is known, splits and keys that a usual seed makes again."""

from __future__ import annotations

import base64
import hashlib
import random
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from math import lgamma, log
from typing import Any

import numpy as np

from compete.audits.gate.folder import Folder
from compete.building.identity import CONSONANTS, HEX
from compete.bundle import GROUP, ID, TRAIN_GROUPS
from compete.errors import Finding

Array = np.ndarray[Any, Any]
TRIED = 60
"""Items whose ids are compared with digests."""
SHORTEST = 6
"""Letters of a digest that an id must have in common with it."""
RARE = 10_000
"""How many splits there must be for each seed that is tried, so that none gives it by chance."""
SEEDS = (*range(1001), 1234, 1337, 2020, 2021, 2022, 2023, 2024, 2025, 2026, 4242, 12345, 31337, 123456, 424242)
LAST = 24
"""Rows that a shuffle settles first, which refute nearly every seed."""

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


def computable_ids(folder: Folder) -> Iterator[Finding]:
    """Is an id a digest of what an outsider may know or guess?"""
    sources = folder.sources
    rows = np.random.default_rng(4).permutation(len(folder.ids))[:TRIED].tolist()
    number = np.empty(len(sources), dtype=np.int64)
    number[folder.by_source] = np.arange(len(sources))
    hits: dict[str, int] = {}
    for row in rows:
        name, plain = folder.ids[row], _as_hex(folder.ids[row])
        if len(plain) < SHORTEST:
            return
        for what, text in _guesses(folder, row, int(number[row]) if len(number) else row).items():
            if plain == text.lower() and text != (sources[row] if sources else ""):
                hits[f"{what} itself"] = hits.get(f"{what} itself", 0) + 1
            for digest, function in DIGESTS.items():
                if _is_piece(name, plain, function(text.encode())):
                    hits[f"{digest} of {what}"] = hits.get(f"{digest} of {what}", 0) + 1
    for what, count in hits.items():
        if count >= min(3, len(rows)):
            message = f"ids are the {what}: {count} of {len(rows)} that were tried"
            hint = "leave out `data.ids`; opaque ids are made with a secret key"
            yield Finding("leak/computable-ids", message, "public", hint=hint, count=count)


def computable_split(folder: Folder) -> Iterator[Finding]:
    """Do the usual seeds give the split again, with the usual functions?"""
    sources = folder.sources
    if not sources or len(set(sources)) < len(sources):
        return
    hint = "use a random seed of 16 or more characters, and keep challenge.yaml private"
    in_test = (folder.part != 0)[folder.by_source]
    many, tests = len(in_test), int(in_test.sum())
    least = min(tests, many - tests, LAST)
    splits = lgamma(many + 1) - lgamma(tests + 1) - lgamma(many - tests + 1)
    # Of few items one of the seeds may give the split by chance.
    for seed in SEEDS if splits >= log(RARE * len(SEEDS)) else ():
        for how, settled in LAST_ROWS.items():
            if may_be_split(in_test, least, settled(many, seed)) and _is_split(in_test, SHUFFLES[how](many, seed)):
                message = f"the split follows from the seed {seed} with {how}"
                yield Finding("leak/computable-split", message, "public", hint=hint)
                return
    yield from _guessed_key(folder, hint)


def may_be_split(in_test: Array, settled: int, drawn: Iterable[int]) -> bool:
    """Whether a shuffle may have made a split, test first or test last, as far as the rows tell that it settles first.

    Args:
        in_test: which rows are in the test, in the order before the shuffle, bool of shape (n,).
        settled: how many of the last places must be all of the test, or all of train.
        drawn: for the last places, from the end, the place with which each was exchanged.
    """
    last = len(in_test) - 1
    moved: dict[int, int] = {}
    found = set()
    for at, other in zip(range(last, max(last - settled, 0), -1), drawn, strict=False):
        found.add(bool(in_test[moved.get(other, other)]))
        if len(found) == 2:
            return False
        moved[other] = moved.get(at, at)
    return True


def _is_split(in_test: Array, rows: Array) -> bool:
    tests = int(in_test.sum())
    return bool(in_test[rows[:tests]].all() or in_test[rows[-tests:]].all())


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


def _guesses(folder: Folder, row: int, number: int) -> dict[str, str]:
    """Texts from which an id might have been made."""
    terms, train = folder.terms, len(folder.train[ID])
    source = folder.sources[row] if folder.sources else ""
    label = group = ""
    if not terms.of_images:
        name = terms.target[0]
        label = folder.train[name][row] if row < train else folder.solution[name][row - train]
    if GROUP in folder.solution and (folder.public / TRAIN_GROUPS).is_file():
        group = folder.solution[GROUP][row - train] if row >= train else ""
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
    if as_hex != name.lower():
        return False  # it is written in consonants, as no base64 is by chance
    plain = as_hex.replace("-", "")
    if len(plain) >= SHORTEST and (spelt.startswith(plain) or spelt.endswith(plain)):
        return True
    in_letters = base64.b64encode(digest).decode()
    in_letters_of_addresses = in_letters.replace("+", "-").replace("/", "_")
    whole = name.isdigit() and name == str(int.from_bytes(digest, "big"))
    return in_letters.startswith(name) or in_letters_of_addresses.startswith(name) or whole


def _as_hex(name: str) -> str:
    """An id in hex, where it is written in the sixteen consonants."""
    if set(name) <= set(CONSONANTS):
        return name.translate(str.maketrans(CONSONANTS, HEX))
    return name.lower()


def _shuffled(many: int, seed: int) -> Array:
    rows = list(range(many))
    random.Random(seed).shuffle(rows)  # noqa: S311  (what an attacker would try)
    return np.array(rows)


@lru_cache(maxsize=1)
def _legacy() -> np.random.RandomState:
    return np.random.RandomState(0)


def _last_of_legacy(many: int, seed: int) -> Iterator[int]:
    """With which places the last ones are exchanged by the permutation of a ``RandomState``."""
    _legacy().seed(seed)
    return _exchanged(_legacy().randint(0, 1 << 32, 2 * LAST, dtype=np.uint32), many)


def _last_of_generator(many: int, seed: int) -> Iterator[int]:
    """The same of a ``Generator``."""
    return _exchanged(np.random.default_rng(seed).integers(0, 1 << 32, 2 * LAST, dtype=np.uint32), many)


def _exchanged(words: Array, many: int) -> Iterator[int]:
    """Numpy cuts random words to as many bits as a place has, and leaves out those that are too large."""
    left = iter(words.tolist())
    for place in range(many - 1, max(many - LAST, 0), -1):
        kept = (1 << place.bit_length()) - 1
        drawn = next((word & kept for word in left if word & kept <= place), None)
        if drawn is None:
            return
        yield drawn


def _last_of_shuffle(many: int, seed: int) -> Iterator[int]:
    chance = random.Random(seed)  # noqa: S311
    for end in range(many, max(many - LAST, 1), -1):
        yield chance.randrange(end)


SHUFFLES: dict[str, Callable[[int, int], Array]] = {
    "train_test_split": lambda many, seed: np.random.RandomState(seed).permutation(many),
    "default_rng": lambda many, seed: np.random.default_rng(seed).permutation(many),
    "random.shuffle": _shuffled,
}
"""The usual ways to shuffle rows."""
LAST_ROWS: dict[str, Callable[[int, int], Any]] = {
    "train_test_split": _last_of_legacy,
    "default_rng": _last_of_generator,
    "random.shuffle": _last_of_shuffle,
}
"""Their first draws, which settle the last places."""
