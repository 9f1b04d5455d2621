"""Attacks on images without looking at what they show: their bytes, sizes, coders, borders, traces of compression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.audits.gate.chance import ranked
from compete.audits.gate.folder import Folder
from compete.audits.gate.seen import coder_of, fault_of, traces_of
from compete.audits.gate.verdicts import PART, USAGE, Probe
from compete.dataset import counted
from compete.engine import map_shards
from compete.errors import Finding
from compete.files import sha256_of

if TYPE_CHECKING:
    from compete.audits.look_columns import Looks

Array = np.ndarray[Any, Any]
PERIOD = 256
"""The longest period of a file's length that is tried, in bytes."""
HARMONICS = (2, 4, 8, 16, 32, 37, 64, 74, 128, 148, 255, 256)
"""Periods of a file's length that blocks, frames and headers make."""
ALONE, LOOKED_AT = 256, 64
"""Images up to which other processes are not worth their start, and how many a process looks at in one go."""
PENALTY = 0.005
"""Of a model of what images show, as a share of their number: just enough for columns that say the same."""
WHOLE = "convert all images alike (data.normalize)"


def structure(folder: Folder) -> Iterator[Finding]:
    """Does every image file hold its pixels and nothing else?"""
    kinds: dict[str, list[str]] = {}
    proven = np.flatnonzero(folder.proven)
    again = set(np.random.default_rng(9).permutation(proven)[: folder.reach.read].tolist())
    unknown = np.flatnonzero(~folder.proven).tolist()
    looks = dict(zip(unknown, folder.looks.take(np.array(unknown)), strict=True)) if unknown else {}
    for row in sorted({*again, *unknown}):
        name = folder.file[row]
        if row in again:
            same = sha256_of(folder.public / name)[0] == folder.listed.digest(name)
            why = "" if same else "is not what the manifest lists"
        else:
            why = fault_of(folder.public / name, looks[row])
        if why:
            kinds.setdefault(why, []).append(name)
    for why, names in kinds.items():
        rule = "leak/trailing-bytes" if "after its end" in why else "leak/image-metadata"
        message = f"{counted(len(names), 'file', 'files, each of which')} {why}"
        hint = "build the bundle again, which keeps nothing but pixels"
        yield Finding(rule, message, "public", tuple(names[:3]), hint, count=len(names))


def sizes(folder: Folder) -> Iterator[Probe]:
    """Do the lengths of the files tell the labels?"""
    items = folder.items
    if not items.file:
        return
    wanted, found = set(items.file), folder.entries
    length = {name: int(found.states["st_size"][row]) for row, name in enumerate(found.names) if name in wanted}
    size = np.array([length.get(name, 0) for name in items.file], dtype=np.float64)
    pixels = np.maximum(1, folder.looks.width.astype(np.int64) * folder.looks.height)
    columns = [size, size / pixels, *(size % period for period in HARMONICS)]
    columns += [size % period == 0 for period in range(2, PERIOD + 1)]
    feature = np.stack(columns, axis=1)
    everything = np.arange(len(size))
    yield Probe("leak/file-size", "the lengths of the files", everything, feature, hint=WHOLE, severity="warning")
    yield Probe("leak/usage", "the lengths of the files", items.test, feature[items.test], USAGE, hint=WHOLE)


def dimensions(folder: Folder) -> Iterator[Probe]:
    """Do width, height and kind of pixel tell the labels?"""
    looks = folder.looks
    if not looks:
        return
    width, height = looks.width.astype(np.int64), looks.height.astype(np.int64)
    modes = [looks.words[code][2] for code in looks.code.tolist()]
    kinds = [f"{wide} {high} {mode}" for wide, high, mode in zip(width.tolist(), height.tolist(), modes, strict=True)]
    ratio = width / np.maximum(height, 1)
    feature = np.column_stack([width, height, width * height, ratio, _levels(kinds), _levels(modes)])
    if feature.std(axis=0).any():
        what = "width, height and kind of the images"
        everything = np.arange(len(width))
        yield Probe("leak/image-size", what, everything, feature, hint=WHOLE, severity="warning")
        yield Probe("leak/shift", what, everything, feature, PART, hint=SHIFT, severity="warning")


def coders(folder: Folder) -> Iterator[Probe]:
    """Does how the files were packed tell the labels?"""
    there = set(folder.file).intersection(folder.files.names)
    rows = [row for row, name in enumerate(folder.file) if name in there]
    if not rows:
        return
    levels = _levels([coder_of(folder.public / folder.file[row]) for row in rows])
    if levels.size:
        what = "the tables and settings with which the images were packed"
        yield Probe("leak/coder", what, np.array(rows), levels, hint=WHOLE)


def traces(folder: Folder) -> Iterator[Probe]:
    """Do traces of an earlier compression, still there in the pixels, tell the labels?"""
    rows = traced_rows(folder)
    paths = [str(folder.public / folder.file[row]) for row in rows]
    workers = folder.reach.workers if len(paths) > ALONE else 1
    found = map_shards(traces_of, paths, workers=workers, shard=LOOKED_AT)
    seen = [(row, *one) for row, one in zip(rows, found, strict=True) if one is not None]
    if seen:
        what = "traces of an earlier compression in the pixels"
        hint = "scale all images to a common size and pack them alike (data.normalize)"
        row, trace, content = (np.stack(one) for one in zip(*seen, strict=True))
        feature = _beyond(trace, content)
        yield Probe("leak/compression-traces", what, row, feature, hint=hint, severity="warning")


def _beyond(columns: Array, known: Array) -> Array:
    """Columns less what a model makes of others that are known, all by their ranks; shape (n, p)."""
    own, other = ranked(columns).astype(np.float64), ranked(known).astype(np.float64)
    product = other.T @ other + PENALTY * len(other) * np.eye(other.shape[1])
    rest: Array = own - other @ np.linalg.solve(product, other.T @ own)
    return rest


def traced_rows(folder: Folder) -> list[int]:
    """Which images are decoded in full: some drawn by chance, of large ones fewer."""
    looks = folder.looks
    order = np.random.default_rng(5).permutation(len(looks))
    order = order[looks.seen[order]]
    taken = np.cumsum(looks.width[order].astype(np.int64) * looks.height[order])
    many = int((taken <= folder.reach.pixels).sum())
    return sorted(order[: min(many, folder.reach.traced)].tolist())


def borders(folder: Folder) -> Iterator[Probe]:
    """Do border strips and corners alone tell the labels? And the brightness of the whole?"""
    rows = np.flatnonzero(folder.looks.seen)
    if not len(rows):
        return
    looks = folder.looks.take(rows)
    hint = "look at the borders: letterboxes, scale bars, burned-in text; cut or cover them"
    what, strips = "borders and corners of the images", looks.border.astype(np.float64)
    yield Probe("leak/border", what, rows, strips, hint=hint, severity="warning", named=STRIPS)
    what, hint = "mean and spread of the brightness of the images", "compare baselines with that"
    yield Probe("leak/brightness", what, rows, brightness_of(looks), hint=hint, severity="warning")
    what = "borders, corners and brightness of the images"
    yield Probe("leak/shift", what, rows, border_features(looks), PART, hint=SHIFT, severity="warning")


def brightness_of(looks: Looks) -> Array:
    """Mean and spread of the brightness of the whole, shape (n, 2)."""
    return np.column_stack([looks.thumbnail.mean(axis=1), looks.thumbnail.std(axis=1)])


def border_features(looks: Looks) -> Array:
    """Brightness of the whole, of border strips and corners, and how much it varies, shape (n, 14)."""
    return np.column_stack([brightness_of(looks), looks.border])


SIDES = ("the top", "the bottom", "the left", "the right")
CORNERS = ("top left", "top right", "bottom left", "bottom right")
STRIPS = (
    *(f"{what} of {side}" for side in SIDES for what in ("the brightness", "the spread")),
    *(f"the {corner} corner" for corner in CORNERS),
)
"""What the figures of a border are of, in their order."""
SHIFT = "if the split is by time, place or group that is as it must be; else divide by chance"


def _levels(texts: Sequence[str]) -> Array:
    """A column for each text that some items have and some have not, shape (n, p)."""
    levels, count = np.unique(np.array(texts, dtype=object).astype(str), return_counts=True)
    common = levels[np.argsort(-count, kind="stable")][: min(24, int((count >= 5).sum()))]
    if len(levels) < 2 or not len(common):
        return np.empty((len(texts), 0))
    return np.stack([np.array(texts, dtype=object) == level for level in common.tolist()], axis=1).astype(np.float64)
