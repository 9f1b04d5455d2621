"""Attacks by lookup in the images: the same, nearly the same, and overlapping ones on two sides; hidden groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.audits.gate.entries import rows_of_digests
from compete.audits.gate.folder import IN_TRAIN, Folder
from compete.audits.gate.linked import linked_probe
from compete.audits.gate.pictures import border_features
from compete.audits.gate.verdicts import Probe
from compete.dataset import counted
from compete.errors import Finding

if TYPE_CHECKING:
    from compete.audits.duplicates import Link

Array = np.ndarray[Any, Any]
Pair = tuple[int, int]
SIDES = ("train and in the test", "the public and in the private test")
HINT = "remove the copies, or give them one data.group"


def copied_images(folder: Folder) -> Iterator[Finding | Probe]:
    """Is an image the same, nearly the same, or a view of the same scene as one on another side?"""
    kinds: dict[str, list[Pair]] = {"same": [], "near": [], "view": []}
    for first, second, kind in folder.same_images:
        kinds[kind].append((first, second))
    yield from _told(folder, kinds["same"], "leak/same-image", "the same", "error")
    yield from _conflicts(folder, kinds["same"])
    yield from _told(folder, kinds["near"], "leak/near-image", "nearly the same", "warning")
    across = [pair for pair in kinds["near"] if _sides(folder, pair) == SIDES[0]]
    if across:
        train, test = zip(*(sorted(pair, key=lambda row: folder.part[row] != IN_TRAIN) for pair in across), strict=True)
        copied = folder.items.target[list(train)]
        what = "the labels of the training images that are nearly the same"
        yield Probe("leak/near-image", what, np.array(test), copied, hint=HINT, items=_named(folder, across))
    yield from _told(folder, kinds["view"], "leak/overlap", "views of one scene", "error")


def hidden_groups(folder: Folder) -> Iterator[Probe]:
    """Are test images strangely near to single training images in light, border and noise?"""
    looks = folder.looks
    if looks and looks.seen.all():
        feature = np.hstack([border_features(looks), looks.thumbnail.astype(np.float64)])
        yield from linked_probe(folder, feature, "the training images that are strangely near")


def same_images(folder: Folder) -> list[tuple[int, int, str]]:
    """Pairs of images of which one is the other (same), nearly so (near), or another view of its scene (view).

    Where the build has compared the very files that stand here, they are not compared again.
    """
    reach = folder.reach
    if folder.file and (reach.links is None or not folder.proven.all()):
        from compete.audits.duplicates import find_duplicates

        paths = [str(folder.public / name) for name in folder.file]
        links = find_duplicates(paths, folder.looks, workers=reach.workers).links
        return [(link.first, link.second, _kind(link)) for link in links]
    seen, rows = folder.seen_before, folder.look_rows
    first = np.full(len(seen), -1)
    first[rows[::-1]] = np.arange(len(rows))[::-1]  # the first of several items is written last
    flat, leader = seen.flat, first[rows]
    again = np.flatnonzero((leader != np.arange(len(rows))) & ~flat[rows])
    again = again[np.argsort(leader[again], kind="stable")]
    found = [(int(leader[row]), row, "same") for row in again.tolist()]
    ends = np.array([(link.first, link.second) for link in reach.links or ()], np.int64).reshape(-1, 2)
    ends = rows_of_digests(seen.cleaned[ends.ravel()], seen.cleaned).reshape(-1, 2)
    for link, (one, other) in zip(reach.links or (), first[ends].tolist(), strict=True):
        if min(one, other) >= 0 and one != other:
            found.append((one, other, _kind(link)))
    return found


def _kind(link: Link) -> str:
    return "same" if link.exact else "view" if link.kind == "view" else "near"


def _conflicts(folder: Folder, pairs: Sequence[Pair]) -> Iterator[Finding]:
    """The same image twice in the test with two labels."""
    target = folder.items.target if pairs else np.empty(0)
    unlike = [
        (one, other)
        for one, other in pairs
        if folder.part[one] and folder.part[other] and not np.array_equal(target[one], target[other])
    ]
    if unlike:
        message = f"{counted(len(unlike), 'pair', 'pairs')} of the same test image with different labels"
        hint = "look which label is right, and drop the other image"
        yield Finding("leak/label-conflict", message, "private", (), hint, "warning", len(unlike))


def _told(folder: Folder, pairs: Sequence[Pair], rule: str, what: str, severity: str) -> Iterator[Finding]:
    """A finding for each two sides that pairs are on."""
    for sides in SIDES:
        across = [pair for pair in pairs if _sides(folder, pair) == sides]
        if across:
            message = f"{counted(len(across), 'pair of images is', 'pairs of images are')} {what}, in {sides}"
            yield Finding(rule, message, "public", _named(folder, across), HINT, severity, len(across))


def _named(folder: Folder, pairs: Sequence[Pair]) -> tuple[str, ...]:
    """The first pairs; beside the names of a bundle, which is gone if it is refused, the organizer's own."""
    own = folder.sources if pairs else []

    def named(row: int) -> str:
        told = own and own[row] and own[row] not in folder.file[row]
        return f"{folder.file[row]} ({own[row]})" if told else folder.file[row]

    return tuple(f"{named(one)} = {named(other)}" for one, other in pairs[:3])


def _sides(folder: Folder, pair: Pair) -> str:
    """Which two sides a pair is on; empty where it is on one."""
    parts = {int(folder.part[row]) for row in pair}
    return "" if len(parts) < 2 else SIDES[IN_TRAIN not in parts]
