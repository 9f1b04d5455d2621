"""Attacks by lookup in the images: the same, nearly the same, and overlapping ones on two sides; hidden groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from compete.audits.gate.folder import IN_PRIVATE, IN_PUBLIC, IN_TRAIN, Folder
from compete.audits.gate.linked import linked_probe
from compete.audits.gate.seen import picture_of
from compete.audits.gate.verdicts import Probe
from compete.audits.near import near_pairs
from compete.audits.views import likeness, shared_marks
from compete.errors import Finding

Array = np.ndarray[Any, Any]
Pair = tuple[int, int]
NEAR = 4
"""Bits in which the hashes of near duplicates differ, at most."""
CLOSE, PLAIN = 6.0, 6.0
"""Grey levels by which near duplicates differ on average, at most, and that a picture must vary to be compared."""
VOTES = 3
"""Marks that must agree on a shift for two pictures to be compared on their pixels."""
MOST = 2_000
"""Pairs that are compared on their pixels, at most."""
BLANK = 0.1
"""Grey levels by which a picture that shows nothing varies, at most."""
HINT = "remove the copies, or give them one data.group"


def same_images(folder: Folder) -> Iterator[Finding]:
    """Is an image that is not blank, pixel for pixel, on two sides; or twice in the test with two labels?"""
    rows = [row for row, seen in enumerate(folder.seen) if seen.border is not None and seen.border[1] > BLANK]
    rows.sort(key=lambda row: folder.seen[row].pixels)
    sets = [list(some) for _, some in groupby(rows, key=lambda row: folder.seen[row].pixels)]
    alike = [(one, other) for some in sets for at, one in enumerate(some[:9]) for other in some[at + 1 : 10]]
    pairs = [pair for pair in alike[:MOST] if _both_in_test(folder, pair) or _sides(folder, pair)]
    pairs = [pair for pair in pairs if _are_equal(folder, pair)]  # so far only their grey was compared
    yield from _told(folder, pairs, "leak/same-image", "the same", "error")
    unlike = [pair for pair in pairs if _both_in_test(folder, pair) and _other_label(folder, pair)]
    if unlike:
        message = f"{len(unlike):,} pairs of test images are the same and have different labels"
        hint = "look which label is right, and drop the other image"
        yield Finding("leak/label-conflict", message, "private", (), hint, "warning", len(unlike))


def near_images(folder: Folder) -> Iterator[Finding | Probe]:
    """Is an image nearly the same, turned, mirrored, scaled or packed anew, on two sides?"""
    pairs = near_duplicates(folder)
    yield from _told(folder, pairs, "leak/near-image", "nearly the same", "warning")
    across = [pair for pair in pairs if _sides(folder, pair) == "train and in the test"]
    if across:
        train, test = zip(
            *(sorted(pair, key=lambda row: folder.items.part[row] != IN_TRAIN) for pair in across), strict=True
        )
        copied = folder.items.target[list(train)]
        what = "the labels of the training images that are nearly the same"
        yield Probe("leak/near-image", what, np.array(test), copied, hint=HINT, items=_named(folder, across))


def overlapping_images(folder: Folder) -> Iterator[Finding]:
    """Do two images on two sides show parts of one scene?"""
    rows = [row for row, seen in enumerate(folder.seen) if seen.marks is not None]
    shared = shared_marks([folder.seen[row].marks for row in rows])  # type: ignore[misc]
    found: list[Pair] = []
    enough = np.flatnonzero(shared.votes >= VOTES)
    for at in enough[np.argsort(-shared.votes[enough], kind="stable")].tolist():
        pair = rows[int(shared.first[at])], rows[int(shared.second[at])]
        if not _sides(folder, pair) or len(found) >= MOST:
            continue
        one, other = (picture_of(folder.public / folder.items.file[row]) for row in pair)
        if one.shape == other.shape and likeness(one, other, *shared.shift[at].tolist()).same_scene:
            found.append(pair)
    yield from _told(folder, found, "leak/overlap", "views of one scene", "error")


def hidden_groups(folder: Folder) -> Iterator[Probe]:
    """Are test images strangely near to single training images in light, border and noise?"""
    rows = [row for row, seen in enumerate(folder.seen) if seen.border is not None]
    if len(rows) == len(folder.items.id) and rows:
        feature = np.array([[*seen.border, *seen.thumb] for seen in folder.seen], dtype=np.float64)  # type: ignore[misc]
        yield from linked_probe(folder, feature, "the training images that are strangely near")


def near_duplicates(folder: Folder) -> list[Pair]:
    """Pairs on two sides whose hashes are near, in any of eight positions, and whose pixels confirm it."""
    rows = [row for row, seen in enumerate(folder.seen) if seen.hashes is not None]
    if not rows:
        return []
    hashes = np.stack([folder.seen[row].hashes for row in rows])  # type: ignore[misc]
    pairs = near_pairs(np.ascontiguousarray(hashes.T.ravel()), NEAR)
    way, first, second = pairs // len(rows), pairs[:, 0] % len(rows), pairs[:, 1] % len(rows)
    wanted = (way.min(axis=1) == 0) & (first != second)  # of one the position as it is
    candidates = sorted({(min(pair), max(pair)) for pair in np.stack([first, second], 1)[wanted].tolist()})
    named = [(rows[one], rows[other]) for one, other in candidates]
    found = [pair for pair in named if _sides(folder, pair)]
    same = {pair for pair in found if folder.seen[pair[0]].pixels == folder.seen[pair[1]].pixels}
    return [pair for pair in found[:MOST] if pair not in same and _is_confirmed(folder, pair)]


def _is_confirmed(folder: Folder, pair: Pair) -> bool:
    """Whether two pictures are alike in their pixels, in one of the eight positions."""
    from PIL import Image

    one, other = (picture_of(folder.public / folder.items.file[row]) for row in pair)
    one, other = (
        np.asarray(Image.fromarray(part).resize((64, 64), Image.Resampling.BOX), dtype=np.float32)
        for part in (one, other)
    )
    if min(one.std(), other.std()) < PLAIN:
        return False
    one, other = one - one.mean(), (other - other.mean()) * (one.std() / other.std())
    ways = (np.rot90(turned, times) for turned in (other, other.T) for times in range(4))
    return min(float(np.abs(one - way).mean()) for way in ways) <= CLOSE


def _are_equal(folder: Folder, pair: Pair) -> bool:
    """Whether two images have the same pixels in all colours."""
    from PIL import Image

    one, other = (folder.public / folder.items.file[row] for row in pair)
    if one.read_bytes() == other.read_bytes():
        return True
    with Image.open(one) as first, Image.open(other) as second:
        return first.mode == second.mode and first.tobytes() == second.tobytes()


def _told(folder: Folder, pairs: Sequence[Pair], rule: str, what: str, severity: str) -> Iterator[Finding]:
    """A finding for each two sides that pairs are on."""
    for sides in ("train and in the test", "the public and in the private test"):
        across = [pair for pair in pairs if _sides(folder, pair) == sides]
        if across:
            message = f"{len(across):,} pairs of images are {what} and stand in {sides}"
            yield Finding(rule, message, "public", _named(folder, across), HINT, severity, len(across))


def _named(folder: Folder, pairs: Sequence[Pair]) -> tuple[str, ...]:
    return tuple(f"{folder.items.file[one]} = {folder.items.file[other]}" for one, other in pairs[:3])


def _sides(folder: Folder, pair: Pair) -> str:
    parts = {int(folder.items.part[row]) for row in pair}
    if len(parts) < 2:
        return ""
    return "train and in the test" if IN_TRAIN in parts else "the public and in the private test"


def _both_in_test(folder: Folder, pair: Pair) -> bool:
    return all(folder.items.part[row] in (IN_PUBLIC, IN_PRIVATE) for row in pair)


def _other_label(folder: Folder, pair: Pair) -> bool:
    one, other = folder.items.target[list(pair)]
    return not np.array_equal(one, other)
