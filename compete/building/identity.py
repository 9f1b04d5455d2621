"""Opaque names: ids that tell neither row, nor name, nor label, and that only the key's owner can make again."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np

from compete.challenge import Challenge
from compete.dataset import counted, excerpt
from compete.errors import EXAMPLES, Finding

HEX, CONSONANTS = "0123456789abcdef", "bcdfghjkmnpqrstv"
"""Ids are written in sixteen consonants: they can be read as no number, no date, no missing value and no word."""

IDENTITY_RULES = {
    "split/guessable-seed": (
        "The seed can be guessed.",
        "Opaque ids and the split follow from the seed. Who knows the source data and tries the usual seeds (0, 42, "
        "2024, …) can compute both again, and with them the hidden labels. Use a random seed of 16 or more characters, "
        "as `compete init` writes it, and keep challenge.yaml private until the competition has ended.",
    ),
    "dataset/id-as-file-name": (
        "An id cannot be the name of a file.",
        "With `data.ids: keep` each image is published under its id. So an id must be a name on every system: without "
        'slashes, control characters or any of < > : " | ? *, not longer than 200 bytes, not beginning with a dot, not '
        "beginning or ending with a space, and not the same as another but for capitals. Change those ids, or leave "
        "`data.ids` out, and names are made anew.",
    ),
}

NO_FILE_NAME = re.compile(r'\A[. ]|[/\\<>:"|?*]|[. ]\Z')
MOST_BYTES = 200
"""Of an id that becomes a file name; file systems take 255, with the ending."""


def secret_key(challenge: Challenge) -> bytes:
    """The key of a challenge: 32 bytes that follow from its name and seed, so that a rebuild gives the same ids."""
    return hashlib.blake2b(
        challenge.name.encode(), key=_folded(challenge.split.seed), person=b"compete key", digest_size=32
    ).digest()


def derived_key(key: bytes, purpose: str) -> bytes:
    """A key for one purpose, from which the others cannot be told."""
    return hashlib.blake2b(purpose.encode(), key=key, digest_size=32).digest()


def opaque_ids(key: bytes, ids: Iterable[str]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """One opaque id an id: sixteen letters, 64 bits of a keyed hash.

    Args:
        key: 32 bytes.
        ids: texts; equal texts get equal opaque ids.

    Returns:
        Texts, shape (n,).
    """
    letters = str.maketrans(HEX, CONSONANTS)
    keyed = hashlib.blake2b(key=key, digest_size=8)

    def opaque(text: str) -> str:
        digest = keyed.copy()
        digest.update(text.encode())
        return digest.hexdigest().translate(letters)

    return np.array([opaque(text) for text in ids], dtype=object)


def seed_findings(challenge: Challenge) -> list[Finding]:
    """Warn of a seed that anybody would try."""
    seed = challenge.split.seed
    if len(seed) >= 12 and not re.fullmatch(r"(.)\1*", seed):
        return []
    message = f"the seed {seed!r} can be guessed, and with it the split and the ids"
    hint = "use 16 random characters, and keep challenge.yaml private"
    return [Finding("split/guessable-seed", message, challenge.where("split.seed"), hint=hint, severity="warning")]


def file_name_findings(ids: Sequence[str], where: str) -> list[Finding]:
    """Say which ids cannot be the names of files, on any system that participants have."""
    first: dict[str, str] = {}
    alike = [text for text in ids if first.setdefault(unicodedata.normalize("NFC", text).casefold(), text) != text]
    bad = list(dict.fromkeys([*(text for text in ids if not _names_a_file(text)), *alike]))
    if not bad:
        return []
    message = f"{counted(len(bad), 'id', 'ids')} cannot be the name of an image's file"
    hint = "change these ids, or leave out data.ids: names are then made anew"
    items = tuple(map(excerpt, bad[:EXAMPLES]))
    return [Finding("dataset/id-as-file-name", message, where, items, hint, count=len(bad))]


def _names_a_file(text: str) -> bool:
    return not NO_FILE_NAME.search(text) and text.isprintable() and 0 < len(text.encode()) <= MOST_BYTES


def repeated(values: Sequence[str]) -> list[str]:
    """The values that occur more than once, in order of first repetition."""
    seen: set[str] = set()
    again: dict[str, None] = {}
    for value in values:
        if value in seen:
            again[value] = None
        seen.add(value)
    return list(again)


def _folded(seed: str) -> bytes:
    """A seed of any length as a key: the hash allows 64 bytes."""
    return hashlib.blake2b(seed.encode(), digest_size=64).digest()
