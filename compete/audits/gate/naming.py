"""Attacks on order and names: where an item stands, what its id is made of, what its file is called."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from compete.audits.gate.folder import Folder
from compete.audits.gate.verdicts import USAGE, Probe
from compete.bundle import ID, TEST_JSON

Array = np.ndarray[Any, Any]
PLACES = 24
"""Letters of an id that are looked at one by one."""
BUCKETS = 48
"""Kinds of pairs of letters that are told apart in names."""
COMMON = 8
"""How many items must share a beginning of an id for it to be looked at."""


def orders(folder: Folder) -> Iterator[Probe]:
    """In which order do items stand in tables and lists?"""
    items = folder.items
    row = {name: place for place, name in enumerate(items.id.tolist())}
    listed = {"the rows of test.csv": folder.test[ID], "the rows of train.csv": folder.train[ID]}
    if sample := _sample_order(folder, row):
        listed[f"the rows of {folder.terms.sample_name}"] = sample
    if images := _image_order(folder):
        listed[f"the images of {TEST_JSON}"] = images
    hint = _hint(folder, "build the bundle again; tables are then in the order of opaque ids")
    seen: set[tuple[str, ...]] = set()
    for what, names in listed.items():
        mine = tuple(name for name in names if name in row)
        if mine not in seen:
            seen.add(mine)
            rows = np.array([row[name] for name in mine])
            place = _places(np.arange(len(rows)))
            yield Probe("leak/row-order", f"the places of {what}", rows, place, ordered=True, hint=hint)
            if "train.csv" not in what:
                yield Probe("leak/usage", f"the places of {what}", rows, place, USAGE, ordered=True, hint=hint)


def listing_order(folder: Folder) -> Iterator[Probe]:
    """In which order does the file system list the files, and which numbers did it give them?"""
    items = folder.items
    if not items.file:
        return
    wanted = set(items.file)
    place = {name: number for number, name in enumerate(folder.entries.names) if name in wanted}
    inode = {name: int(folder.entries.states["st_ino"][number]) for name, number in place.items()}
    hint = _hint(folder, "copy the files in the order of their names, or publish an archive")
    for half in (items.test, items.train):
        rows = half[[items.file[row] in place for row in half]]
        order = np.array([place[items.file[row]] for row in rows])
        number = np.array([inode[items.file[row]] for row in rows])
        what = "the order in which the files are listed, and their numbers on disk,"
        seen = _places(np.arange(len(rows)))
        sequences = [rows[np.argsort(sequence, kind="stable")] for sequence in (order, number)]
        for ranked in sequences[: 1 + (sequences[0] != sequences[1]).any()]:
            yield Probe("leak/listing-order", what, ranked, seen, ordered=True, hint=hint)


def _hint(folder: Folder, hint: str) -> str:
    """A hint that helps; where ids are the source's, what stands in their order stands so in every build."""
    whole = folder.whole or folder
    if whole.sources == whole.ids:
        return "all stands in the order of the ids, which are the source's: leave out `data.ids: keep`"
    return hint


def ids(folder: Folder) -> Iterator[Probe]:
    """What are the ids made of?"""
    items = folder.items
    hint = "leave out `data.ids`, and opaque ids are made; or make ids that are random"
    seen = id_features(items.id.tolist())
    yield Probe("leak/ids", "the ids", np.arange(len(items.id)), seen, hint=hint)
    yield Probe("leak/usage", "the ids", items.test, seen[items.test], USAGE, hint=hint)


def file_names(folder: Folder) -> Iterator[Probe]:
    """What are the files called, beyond their ids?"""
    items = folder.items
    if not items.file:
        return
    rest = [name.replace(item, "\0") for name, item in zip(items.file, items.id.tolist(), strict=True)]
    for half in ("train/", "test/"):  # the folder is no secret
        rest = [name.removeprefix(half) for name in rest]
    if len(set(rest)) < 2:
        return
    hint = "build the bundle again; files are then named by opaque ids, and have the ending of their kind"
    yield Probe("leak/file-names", "the names of the files", np.arange(len(rest)), name_features(rest), hint=hint)


def id_features(names: Sequence[str]) -> Array:
    """Length, letters, digits and number of each text, and how it begins, shape (n, p)."""
    longest = min(PLACES, max(map(len, names)))
    padded = "".join(name[:longest].ljust(longest) for name in names)
    letters = np.frombuffer(padded.encode("utf-32-le"), "<u4").reshape(len(names), longest).astype(np.int64)
    figures = ["".join(re.findall(r"[0-9]", name)) for name in names]
    number = np.array([int(text[:15] or -1) for text in figures])
    digits = np.array(list(map(len, figures)))
    periods = [number % period for period in (2, 3, 4, 5, 7, 8, 10, 16, 100)]
    columns = [np.array(list(map(len, names))), number, digits, letters.sum(axis=1), *periods, *letters.T]
    for end in (1, 2, 3):
        levels, code, count = np.unique(
            np.array([name[:end] for name in names]), return_inverse=True, return_counts=True
        )
        common = np.argsort(-count, kind="stable")[: min(16, int((count >= COMMON).sum()))] if len(levels) > 1 else ()
        columns += [code == level for level in common]
    return np.stack(columns, axis=1).astype(np.float64)


def name_features(names: Sequence[str]) -> Array:
    """How often each pair of letters stands in a name, pairs thrown into few kinds, and the features of ids."""
    bucket = [[zlib.crc32(name[at : at + 2].encode()) % BUCKETS for at in range(len(name) - 1)] for name in names]
    counts = np.stack([np.bincount(np.array(row, dtype=np.int64), minlength=BUCKETS) for row in bucket])
    return np.hstack([id_features(names), counts])


def _places(order: Array) -> Array:
    """A place, its distance from the middle, and slow waves over the whole."""
    share = order / max(len(order) - 1, 1)
    waves = [np.cos(np.pi * turns * share) for turns in (3, 4, 5, 6)]
    return np.stack([share, np.abs(share - 0.5), *waves], axis=1)


def _sample_order(folder: Folder, row: dict[str, int]) -> list[str]:
    names = (folder.whole or folder).sample_ids
    return list(dict.fromkeys(name for name in names if name in row))


def _image_order(folder: Folder) -> list[str]:
    """The ids of the test images in the order of their COCO file."""
    place = folder.public / TEST_JSON
    if not place.is_file():
        return []
    try:
        images = json.loads(place.read_bytes())["images"]
        own = dict(zip(folder.test.get("file", ()), folder.test[ID], strict=False))
        return [own[image["file_name"]] for image in images if image["file_name"] in own]
    except (ValueError, KeyError, TypeError):
        return []  # told by the check of its keys
