"""Attacks on images without looking at what they show: their bytes, sizes, coders, borders, traces of compression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from compete.audits.gate.folder import Folder
from compete.audits.gate.verdicts import PART, USAGE, Probe
from compete.errors import Finding

Array = np.ndarray[Any, Any]
PERIOD = 256
"""The longest period of a file's length that is tried, in bytes."""
HARMONICS = (2, 4, 8, 16, 32, 37, 64, 74, 128, 148, 255, 256)
"""Periods of a file's length that blocks, frames and headers make."""
WHOLE = "convert all images alike (data.normalize), or accept that"


def structure(folder: Folder) -> Iterator[Finding]:
    """Does every image file hold its pixels and nothing else?"""
    kinds: dict[str, list[str]] = {}
    for name, seen in zip(folder.items.file, folder.seen, strict=True):
        if seen.why:
            kinds.setdefault(seen.why, []).append(name)
    for why, names in kinds.items():
        rule = "leak/trailing-bytes" if "after its end" in why else "leak/image-metadata"
        message = f"{len(names):,} files: each {why}"
        hint = "build the bundle again, which keeps nothing but pixels"
        yield Finding(rule, message, "public", tuple(names[:3]), hint, count=len(names))


def sizes(folder: Folder) -> Iterator[Probe]:
    """Do the lengths of the files tell the labels?"""
    if not folder.items.file:
        return
    size = np.array([seen.size for seen in folder.seen], dtype=np.float64)
    pixels = np.array([max(1, seen.width * seen.height) for seen in folder.seen])
    columns = [size, size / pixels, *(size % period for period in HARMONICS)]
    columns += [size % period == 0 for period in range(2, PERIOD + 1)]
    feature = np.stack(columns, axis=1)
    everything = np.arange(len(size))
    yield Probe("leak/file-size", "the lengths of the files", everything, feature, hint=WHOLE, severity="warning")
    yield Probe(
        "leak/usage", "the lengths of the files", folder.items.test, feature[folder.items.test], USAGE, hint=WHOLE
    )


def dimensions(folder: Folder) -> Iterator[Probe]:
    """Do width, height and kind of pixel tell the labels?"""
    if not folder.items.file:
        return
    width, height = (np.array([getattr(seen, side) for seen in folder.seen]) for side in ("width", "height"))
    kinds = [f"{seen.width} {seen.height} {seen.mode}" for seen in folder.seen]
    modes = [seen.mode for seen in folder.seen]
    ratio = width / np.maximum(height, 1)
    feature = np.column_stack([width, height, width * height, ratio, _levels(kinds), _levels(modes)])
    if feature.std(axis=0).any():
        what = "width, height and kind of the images"
        everything = np.arange(len(width))
        yield Probe("leak/image-size", what, everything, feature, hint=WHOLE, severity="warning")
        yield Probe("leak/shift", what, everything, feature, PART, hint=SHIFT, severity="warning")


def coders(folder: Folder) -> Iterator[Probe]:
    """Does how the files were packed tell the labels?"""
    if not folder.items.file:
        return
    levels = _levels([seen.coder for seen in folder.seen])
    if levels.size:
        what = "the tables and settings with which the images were packed"
        yield Probe("leak/coder", what, np.arange(len(levels)), levels, hint=WHOLE)


def traces(folder: Folder) -> Iterator[Probe]:
    """Do traces of an earlier compression, still there in the pixels, tell the labels?"""
    rows = np.array([row for row, seen in enumerate(folder.seen) if seen.traces is not None], dtype=np.int64)
    if len(rows):
        feature = np.stack([folder.seen[row].traces for row in rows.tolist()])
        what = "traces of an earlier compression in the pixels"
        hint = "scale all images to a common size and pack them alike (data.normalize), or accept that"
        yield Probe("leak/compression-traces", what, rows, feature, hint=hint, severity="warning")


def borders(folder: Folder) -> Iterator[Probe]:
    """Do brightness, border strips and corners alone tell the labels?"""
    rows = np.array([row for row, seen in enumerate(folder.seen) if seen.border is not None], dtype=np.int64)
    if len(rows):
        feature = np.stack([folder.seen[row].border for row in rows.tolist()])
        hint = "look at the borders: letterboxes, scale bars, burned-in text; cut or cover them, or accept that"
        what = "borders, corners and the mean brightness of the images"
        yield Probe("leak/border", what, rows, feature, hint=hint, severity="warning")
        yield Probe("leak/shift", what, rows, feature, PART, hint=SHIFT, severity="warning")


SHIFT = "if the split is by time, place or group that is as it must be; else divide by chance"


def _levels(texts: Sequence[str]) -> Array:
    """A column for each text that some items have and some have not, shape (n, p)."""
    levels, count = np.unique(np.array(texts, dtype=object).astype(str), return_counts=True)
    common = levels[np.argsort(-count, kind="stable")][: min(24, int((count >= 5).sum()))]
    if len(levels) < 2 or not len(common):
        return np.empty((len(texts), 0))
    return np.stack([np.array(texts, dtype=object) == level for level in common.tolist()], axis=1).astype(np.float64)
