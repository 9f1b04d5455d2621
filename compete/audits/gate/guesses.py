"""Attacks by computing: ids that are digests of what is known, splits and keys that a usual seed makes again."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
import zlib
from collections.abc import Callable, Iterator
from math import lgamma, log
from typing import Any

import numpy as np

from compete.audits.gate.files import texts
from compete.audits.gate.folder import Folder
from compete.audits.gate.seeds import SEEDS, shuffles_like
from compete.building.identity import CONSONANTS, HEX
from compete.bundle import GROUP, ID, TRAIN_GROUPS
from compete.errors import Finding

Array = np.ndarray[Any, Any]
TRIED = 60
"""Items whose ids are compared with digests."""
SHORTEST = 6
"""Letters of a digest that an id must have in common with it."""
WORDS = re.compile(r"[\w.\-]{1,128}")
SEARCHED = 1 << 20
"""Bytes of a page whose words are tried as seeds."""
RARE = 10_000
"""How many splits there must be for each seed that is tried, so that none gives it by chance."""

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
    splits = lgamma(many + 1) - lgamma(tests + 1) - lgamma(many - tests + 1)
    # Of few items one of the seeds may give the split by chance.
    if splits >= log(RARE * len(SEEDS)) and (found := next(shuffles_like(in_test), None)):
        message = f"the split follows from the seed {found[0]} with {found[1]}"
        yield Finding("leak/computable-split", message, "public", hint=hint)
        return
    yield from _guessed_key(folder, hint)


def _guessed_key(folder: Folder, hint: str) -> Iterator[Finding]:
    """Whether a usual seed, or a word that stands in public, makes the key of the opaque ids again."""
    place = folder.private / "key"
    if not place.is_file():
        return
    key = place.read_text().strip()
    public = dict.fromkeys(_public_words(folder), "that stands in a public text")
    for seed, what in ({str(seed): str(seed) for seed in SEEDS} | public).items():
        text = hashlib.blake2b(seed.encode(), digest_size=64).digest()
        made = hashlib.blake2b(folder.terms.name.encode(), key=text, person=b"compete key", digest_size=32).hexdigest()
        if made == key:
            own = f"take it out of the description and the pages; {hint}"
            message, hint = f"ids and split follow from the seed {what}", own if seed in public else hint
            yield Finding("leak/computable-split", message, "public", hint=hint)
            return


def _public_words(folder: Folder) -> set[str]:
    """The words of pages and documents, not those of tables."""
    words: set[str] = set()
    for entry in texts(folder):
        if not entry.name.endswith(".csv"):
            page = entry.path.read_bytes()[:SEARCHED].decode("utf-8", "replace")
            words.update(word.rstrip(".") for word in WORDS.findall(page))
    return words


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
