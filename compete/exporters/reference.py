"""The truth as a scoring program is given it: a bundle of four files, whole or with the private half blotted out."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.bundle import (
    AFFINE,
    DEPTH,
    HEIGHT,
    ID,
    PRIVATE,
    PRIVATE_MANIFEST,
    SAMPLE,
    SOLUTION,
    TERMS,
    TRUTH,
    USAGE,
    WIDTH,
    Bundle,
    write_manifests,
)
from compete.cells import long_cells
from compete.files import write_file
from compete.hidden import pack_truth, unpack_truth
from compete.terms import Terms

if TYPE_CHECKING:
    from metrics.label_maps import LabelMaps
    from metrics.segments import Segments

OWN_METRIC = "metric.py"

KNOWN = frozenset((ID, USAGE, WIDTH, HEIGHT, DEPTH, AFFINE))
"""Columns of a solution that say nothing of the truth: participants know them, but for the half of an item."""

Array = np.ndarray[Any, Any]


def write_reference(bundle: Bundle, folder: Path, *, public_only: bool) -> Path:
    """Write what scoring needs of a bundle, as a bundle that ``open_bundle`` and ``grade`` take.

    Public scores from either form are the same, bit for bit.

    Args:
        bundle: a whole bundle.
        folder: a new folder.
        public_only: whether private items shall know nothing: their labels, groups and subgroups are copies of those of
            public items, and private images are empty. Only scores of the public part can be told from it.

    Returns:
        The folder.
    """
    assert bundle.private
    folder.mkdir(parents=True)
    for name in (TERMS, OWN_METRIC):
        if (bundle.public / name).is_file():
            write_file(folder / "public" / name, (bundle.public / name).read_bytes())
    place = folder / "private"
    place.mkdir()
    if public_only:
        rows = _table(bundle.private / SOLUTION)
        is_private = np.array([row[USAGE] == PRIVATE for row in rows])
        write_file(place / SOLUTION, _as_csv(_blotted(rows, is_private, bundle)))
        if (bundle.private / TRUTH).is_file():
            truth = unpack_truth((bundle.private / TRUTH).read_bytes(), TRUTH)
            write_file(place / TRUTH, pack_truth(_emptied(truth, is_private, bundle.terms)))
    else:
        for name in (SOLUTION, TRUTH):
            if (bundle.private / name).is_file():
                shutil.copyfile(bundle.private / name, place / name)
    write_manifests(folder, challenge_sha256=_challenge_digest(bundle.private))
    return folder


def _challenge_digest(private: Path) -> str:
    content = json.loads((private / PRIVATE_MANIFEST).read_text(encoding="utf-8"))
    return str(content["challenge.yaml"])


Row = dict[str, str]


def _table(path: Path) -> list[Row]:
    """The rows of a table of ours, each cell as text."""
    with long_cells(), path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _as_csv(rows: list[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _blotted(rows: list[Row], is_private: Array, bundle: Bundle) -> list[Row]:
    """The rows with what is known of private items replaced by what is known of public ones, in turn.

    Copies of real rows are valid in every task, and no metric of a challenge's own stops over them.
    """
    public = [row for row, hidden in zip(rows, is_private.tolist(), strict=True) if not hidden]
    shown = _shown_labels(bundle) if bundle.terms.task == "ordering" else {}
    found: list[Row] = []
    taken = 0
    for row, hidden in zip(rows, is_private.tolist(), strict=True):
        if not hidden or not public:
            found.append(row)
            continue
        copied = {name: cell for name, cell in public[taken % len(public)].items() if name not in KNOWN}
        found.append({**row, **copied, **shown.get(row[ID], {})})
        taken += 1
    return found


def _shown_labels(bundle: Bundle) -> dict[str, Row]:
    """Of lists to be put in order, the labels that the sample shows participants for each item."""
    target, column = bundle.terms.target[0], bundle.terms.columns[0]
    return {row[ID]: {target: row[column]} for row in _table(bundle.public / SAMPLE)}


def _emptied(truth: Any, is_private: Array, terms: Terms) -> Any:
    """The truth of images with nothing in the private ones."""
    kind = type(truth).__name__
    if kind == "Federated":
        pairs = {name: getattr(truth, name) for name in ("absent", "not_exhaustive", "present")}
        kept = {name: None if pair is None else pair[~is_private[pair[:, 0]]] for name, pair in pairs.items()}
        return replace(truth, objects=_emptied(truth.objects, is_private, terms), **kept)
    if kind == "Objects":
        return truth.take(~is_private[truth.image])
    if kind == "Segments":
        return _without_segments(truth, is_private)
    return _of_one_value(truth, is_private, terms.class_ids[0])


def _of_one_value(maps: LabelMaps, is_private: Array, value: int) -> LabelMaps:
    """Label images of which the private ones have one value everywhere."""
    from metrics.label_maps import LabelMaps

    hidden, shown = np.flatnonzero(is_private), np.flatnonzero(~is_private)
    if not len(hidden) or not len(shown):
        return maps
    ones = np.ones(len(hidden), dtype=np.int64)
    spacing = None if maps.spacing is None else maps.spacing[hidden]
    plain = LabelMaps.from_runs(ones * value, maps.pixels[hidden], ones, maps.shape[hidden], spacing)
    return LabelMaps.joined([maps.take(shown), plain]).take(np.argsort(np.concatenate([shown, hidden])))


def _without_segments(truth: Segments, is_private: Array) -> Segments:
    """Segments of which the private images have none."""
    kept = ~is_private[truth.image]
    crowd = None if truth.crowd is None else truth.crowd[kept]
    rows = {name: getattr(truth, name)[kept] for name in ("image", "segment", "category")}
    return replace(truth, maps=_of_one_value(truth.maps, is_private, 0), **rows, crowd=crowd)
