"""Looks of many images as columns: some hundred bytes an image, where a record of Python takes three times that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, NamedTuple, overload

import numpy as np

from compete.audits.look import Look
from compete.errors import Finding, fatal

Array = np.ndarray[Any, Any]
Words = tuple[str, str, str]
"""Suffix, kind and mode, which a few sets of words tell of all images."""

READ, CLEANED, PIXELS, SEEN = 1, 2, 4, 8
"""Bits of ``given``: what is known of an image; of the rest the columns hold zeros."""
RAGGED = frozenset({"words", "places", "around", "findings"})
"""What does not have one row an image."""
AT_ONCE = 1 << 14
"""Images whose marks are gathered together."""


class Pictures(NamedTuple):
    """What some pictures show, in columns as those of ``Looks``.

    Attributes:
        hashes: of the eight symmetries, (n, 8).
        counts: how many marks each has, (n,).
        places: row and column of all marks, of one picture after the other, (m, 2).
        around: hash of what is around each mark, (m,).
        thumbnail: grey levels, (n, 64).
        border: figures of the borders, (n, 12).
    """

    hashes: Array
    counts: Array
    places: Array
    around: Array
    thumbnail: Array
    border: Array


@dataclass(frozen=True, eq=False)
class Looks(Sequence[Look]):
    """Looks at images, each made anew from columns when it is asked for.

    Attributes:
        given: which digests are known and whether there is a picture, as bits, (n,).
        sha256: of the files, (n, 32).
        cleaned: of what would be published, (n, 32).
        size: bytes, (n,).
        published: bytes of what would be published, (n,).
        width: pixels, (n,).
        height: pixels, (n,).
        words: the sets of suffix, kind and mode that occur.
        code: the place of each image's set among them, (n,).
        pixels: digests of small pictures, (n, 16).
        hashes: of the eight symmetries, (n, 8).
        counts: how many marks each has, (n,).
        places: row and column of all marks, of one image after the other, (m, 2).
        around: hash of what is around each mark, (m,).
        thumbnail: grey levels, (n, 64).
        border: figures of the borders, (n, 12).
        tables: digests of quantisation tables, (n,).
        taken: dates as bytes, (n,).
        findings: by row, of those images of which something is to be told.
    """

    given: Array
    sha256: Array
    cleaned: Array
    size: Array
    published: Array
    width: Array
    height: Array
    words: tuple[Words, ...]
    code: Array
    pixels: Array
    hashes: Array
    counts: Array
    places: Array
    around: Array
    thumbnail: Array
    border: Array
    tables: Array
    taken: Array
    findings: Mapping[int, tuple[Finding, ...]]

    def __len__(self) -> int:
        return len(self.given)

    @overload
    def __getitem__(self, row: int) -> Look: ...
    @overload
    def __getitem__(self, row: slice) -> Looks: ...
    def __getitem__(self, row: int | slice) -> Look | Looks:
        if isinstance(row, slice):
            return self.take(np.arange(len(self))[row])
        row = range(len(self))[row]
        return self._look(row, int(self._begin[row]))

    def __iter__(self) -> Iterator[Look]:
        return map(self._look, range(len(self)), self._begin.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    @cached_property
    def _begin(self) -> Array:
        """Where the marks of each image begin, (n,)."""
        return np.cumsum(self.counts, dtype=np.int64) - self.counts

    @property
    def seen(self) -> Array:
        """Of which images there is a picture to compare with others, bool, (n,)."""
        seen: Array = self.given & SEEN != 0
        return seen

    @property
    def flat(self) -> Array:
        """Which pictures are one grey level all over, bool, (n,)."""
        plain: Array = (self.thumbnail == self.thumbnail[:, :1]).all(axis=1) & ~self.border[:, 1:8:2].any(axis=1)
        return plain & self.seen

    @property
    def refused(self) -> Array:
        """Which files cannot be taken, bool, (n,)."""
        found = np.zeros(len(self), dtype=bool)
        found[[row for row, told in self.findings.items() if fatal(told)]] = True
        return found

    def take(self, rows: Array) -> Looks:
        """The looks of some rows, in their order; themselves where these are all, in order."""
        if len(rows) == len(self) and (rows == np.arange(len(self))).all():
            return self
        counts = self.counts[rows]
        shift = self._begin[rows] - (np.cumsum(counts, dtype=np.int64) - counts)
        marks = np.repeat(shift, counts) + np.arange(int(counts.sum(dtype=np.int64)))
        told = {at: self.findings[row] for at, row in enumerate(rows.tolist()) if row in self.findings}
        plain: dict[str, Any] = {
            field.name: getattr(self, field.name)[rows]
            for field in fields(self) if field.name not in RAGGED
        }  # fmt: skip
        return replace(self, **plain, places=self.places[marks], around=self.around[marks], findings=told)

    def with_pictures(self, rows: Array, pictures: Pictures) -> Looks:
        """The same, none of which has a picture yet, with those of some rows in ascending order."""
        given = self.given.copy()
        given[rows] |= SEEN
        spread: dict[str, Any] = {}
        for name in ("hashes", "counts", "thumbnail", "border"):
            column = getattr(pictures, name)
            spread[name] = np.zeros((len(self), *column.shape[1:]), column.dtype)
            spread[name][rows] = column
        return replace(self, given=given, places=pictures.places, around=pictures.around, **spread)

    def pictures(self, rows: Array) -> Pictures:
        """What the pictures of some rows show, in their order."""
        counts = self.counts[rows]
        end = np.cumsum(counts, dtype=np.int64)
        marks = int(end[-1]) if len(end) else 0
        places, around = np.empty((marks, 2), self.places.dtype), np.empty(marks, self.around.dtype)
        for start in range(0, len(rows), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            place = np.arange(end[start] - counts[start], end[some][-1])
            mark = place + np.repeat(self._begin[rows[some]] - (end[some] - counts[some]), counts[some])
            places[place], around[place] = self.places[mark], self.around[mark]
        return Pictures(self.hashes[rows], counts, places, around, self.thumbnail[rows], self.border[rows])

    def without_marks(self) -> Looks:
        """The same without hashes, marks and digests of pixels, which nobody needs once copies are found."""
        nothing: dict[str, Any] = {
            "pixels": np.empty((len(self), 0), np.uint8),
            "hashes": np.empty((len(self), 0), np.uint64),
        }
        marks: dict[str, Any] = {
            "counts": np.zeros(len(self), np.uint8),
            "places": self.places[:0].copy(),
            "around": np.empty(0, "<u8"),
        }
        return replace(self, **nothing, **marks)

    def _look(self, row: int, begin: int) -> Look:
        given, end = int(self.given[row]), begin + int(self.counts[row])
        suffix, kind, mode = self.words[self.code[row]]
        seen = bool(given & SEEN)
        return Look(
            sha256=self.sha256[row].tobytes() if given & READ else b"",
            cleaned=self.cleaned[row].tobytes() if given & CLEANED else b"",
            size=int(self.size[row]),
            published=int(self.published[row]),
            suffix=suffix,
            kind=kind,
            mode=mode,
            width=int(self.width[row]),
            height=int(self.height[row]),
            pixels=self.pixels[row].tobytes() if given & PIXELS else b"",
            hashes=self.hashes[row].tobytes() if seen else b"",
            places=self.places[begin:end].tobytes(),
            around=self.around[begin:end].tobytes(),
            thumbnail=self.thumbnail[row].tobytes() if seen else b"",
            border=self.border[row].tobytes() if seen else b"",
            tables=int(self.tables[row]),
            taken=self.taken[row].decode(),
            findings=self.findings.get(row, ()),
        )


def packed(looks: Sequence[Look]) -> Looks:
    """Looks as columns."""
    if isinstance(looks, Looks):
        return looks
    words = {(look.suffix, look.kind, look.mode): 0 for look in looks}
    words = {triple: place for place, triple in enumerate(words)}
    given = [
        READ * bool(look.sha256) + CLEANED * bool(look.cleaned) + PIXELS * bool(look.pixels) + SEEN * look.seen
        for look in looks
    ]
    return Looks(
        given=np.array(given, np.uint8),
        sha256=_bytes([look.sha256 for look in looks], 32),
        cleaned=_bytes([look.cleaned for look in looks], 32),
        size=np.array([look.size for look in looks], np.int64),
        published=np.array([look.published for look in looks], np.int64),
        width=np.array([look.width for look in looks], np.int32),
        height=np.array([look.height for look in looks], np.int32),
        words=tuple(words),
        code=np.array([words[look.suffix, look.kind, look.mode] for look in looks], np.int32),
        pixels=_bytes([look.pixels for look in looks], 16),
        hashes=_bytes([look.hashes for look in looks], 64).view("<u8"),
        counts=np.array([len(look.places) // 2 for look in looks], np.uint8),
        places=np.frombuffer(b"".join(look.places for look in looks), np.uint8).reshape(-1, 2),
        around=np.frombuffer(b"".join(look.around for look in looks), "<u8"),
        thumbnail=_bytes([look.thumbnail for look in looks], 64),
        border=_bytes([look.border for look in looks], 12),
        tables=np.array([look.tables for look in looks], np.uint32),
        taken=np.array([look.taken.encode() for look in looks], dtype="S"),
        findings={row: look.findings for row, look in enumerate(looks) if look.findings},
    )


def joined(parts: Sequence[Looks]) -> Looks:
    """The looks of several parts, one after the other; the parts are used up, so that nothing is held twice."""
    sizes = [len(part) for part in parts]
    place: dict[Words, int] = {}
    codes, begin = [], 0
    told: dict[int, tuple[Finding, ...]] = {}
    for part, size in zip(parts, sizes, strict=True):
        codes.append(np.array([place.setdefault(one, len(place)) for one in part.words], np.int32)[part.code])
        told |= {begin + row: found for row, found in part.findings.items()}
        begin += size
    columns: dict[str, Any] = {"words": tuple(place), "code": np.concatenate(codes), "findings": told}
    for field in fields(Looks):
        if field.name not in columns:
            columns[field.name] = np.concatenate([vars(part).pop(field.name) for part in parts])
    return Looks(**columns)


def _bytes(texts: Sequence[bytes], width: int) -> Array:
    """Texts of one length, or of none, as rows of bytes."""
    blank = bytes(width)
    return np.frombuffer(b"".join(text or blank for text in texts), np.uint8).reshape(-1, width)
