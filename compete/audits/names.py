"""What file names tell: the class, and which files belong together."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from compete.audits.probes import holm
from compete.audits.spelling import folded
from compete.audits.targets import of_classes, targets_of
from compete.challenge import Challenge
from compete.dataset import Dataset, excerpt, feature_columns
from compete.errors import Finding
from compete.readers.images import is_image_name

ALPHA = 0.01
FEWEST_LETTERS = 3
ABBREVIATED = 5
_WORD = re.compile(r"[^\W_]+")
_LETTERS = re.compile(r"[^\W\d_]+")


def audit(challenge: Challenge, dataset: Dataset, looks: Any) -> list[Finding]:
    """File names that contain the name of the file's own class."""
    if not of_classes(challenge):
        return []
    stems = stems_of(challenge, dataset)
    if not stems:
        return []
    targets = targets_of(challenge, dataset)
    contained = contained_names(stems, targets.names)
    own = contained & targets.flags
    if not own.any():
        return []
    telling = _telling(contained, targets.flags)
    rows = np.flatnonzero(own[:, telling].any(axis=1))
    if not len(rows):
        return []
    message = f"{len(rows):,} of {len(stems):,} file names contain the name of their class"
    told = tuple(excerpt(stems[row]) for row in rows[:3])
    kept, column = challenge.data.ids == "keep", file_column(challenge, dataset)
    seen = kept or column in feature_columns(challenge, dataset)
    hint = "images get opaque names in the bundle, so nothing need be done; do not publish the files elsewhere"
    if seen:
        hint = (
            "participants see these names: let `data.ids` be opaque, and leave the column of names out with `data.drop`"
        )
    where = challenge.where("data.ids" if kept else "data.file")
    return [Finding("audit/label-in-name", message, where, told, hint, "error" if seen else "note", len(rows))]


def _telling(contained: np.ndarray[Any, Any], flags: np.ndarray[Any, Any]) -> list[int]:
    """The classes whose names stand in the names of their own files more often than chance would have it."""
    from scipy.stats import hypergeom

    n, size, there = len(flags), flags.sum(axis=0), contained.sum(axis=0)
    both = (contained & flags).sum(axis=0)
    p = np.atleast_1d(hypergeom.sf(both - 1, n, size, there))
    # A class that has nearly every item cannot be tested; its name in their names tells all the same.
    p = np.where((both == there) & (both >= 5) & (size > 0.5 * n), np.minimum(p, ALPHA / len(p)), p)
    return [place for place, good in enumerate(holm(p.tolist(), ALPHA)) if good and both[place]]


def contained_names(stems: list[str], names: tuple[str, ...]) -> np.ndarray[Any, Any]:
    """Which file names contain which class, shape (n, k).

    A class is contained if its name is, without regard to case, spaces and hyphens; or a word of four letters or more
    that no other class has; or a word of the file name that abbreviates it, of five letters or more.
    """
    joined = ["".join(_WORD.findall(stem.casefold())) for stem in stems]
    words = [set(_LETTERS.findall(stem.casefold())) for stem in stems]
    shared = Counter(word for name in names for word in set(_LETTERS.findall(name.casefold())))
    out = np.zeros((len(stems), len(names)), dtype=bool)
    for place, name in enumerate(names):
        whole = "".join(_WORD.findall(folded(name)))
        # A word that several classes bear names none of them.
        own = [word for word in _LETTERS.findall(name.casefold()) if shared[word] == 1]
        parts = [word for word in own if len(word) > FEWEST_LETTERS]
        if len(whole) >= FEWEST_LETTERS and not whole.isdigit():
            out[:, place] = [
                whole in text
                or any(part in text for part in parts)
                or any(len(word) >= ABBREVIATED and whole.startswith(word) for word in word_set)
                for text, word_set in zip(joined, words, strict=True)
            ]
    return out


def file_column(challenge: Challenge, dataset: Dataset) -> str | None:
    """The column of file names: the declared one, or of a table the first that looks like it."""
    if challenge.data.file:
        return challenge.data.file
    for name in dataset.items.columns:
        cells = dataset.items[name]
        if cells.map(lambda text: is_image_name(str(text))).mean() > 0.9:
            return str(name)
    return None


def stems_of(challenge: Challenge, dataset: Dataset) -> list[str]:
    """The names of the items' files without folder and ending; empty where there are no files."""
    column = file_column(challenge, dataset)
    return [Path(str(text)).stem for text in dataset.items[column]] if column else []
