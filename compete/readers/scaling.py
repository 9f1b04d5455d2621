"""Coordinates of objects scaled with their images, where ``data.normalize`` gives all images one size."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from compete.building.media.normalizing import scaled_size
from compete.bundle import HEIGHT, WIDTH
from compete.challenge import Challenge
from compete.dataset import Dataset, counted
from compete.errors import EXAMPLES, DatasetError, Finding
from compete.terms import IMAGE_TASKS

if TYPE_CHECKING:
    import numpy as np

    from compete.table import Table

    Array = np.ndarray[tuple[int], np.dtype[np.int64]]

EXACT = ("detection", "keypoints")
"""Tasks whose coordinates are numbers, so that scaling loses nothing."""


def scaled_dataset(challenge: Challenge, dataset: Dataset) -> Dataset:
    """The dataset with its images' sizes as they will be, and boxes, areas and keypoints scaled with them.

    A coordinate is a distance from the image's left or upper border, so it is multiplied by the new width over the old
    one, or height over height; a keypoint that nobody sees stays 0, 0, 0.

    Args:
        challenge: with ``data.normalize``.
        dataset: as it was read.

    Raises:
        DatasetError: masks would have to be scaled.
    """
    import numpy as np

    settings = challenge.data.normalize
    if settings is None or challenge.task not in IMAGE_TASKS:
        return dataset
    old = np.array([dataset.items[name].to_numpy(dtype=np.int64) for name in (WIDTH, HEIGHT)])
    new = np.array([scaled_size(settings, wide, high) for wide, high in old.T.tolist()], dtype=np.int64).T
    changed = np.flatnonzero((old != new).any(axis=0))
    if not len(changed):
        return dataset
    where, count = challenge.where("data.normalize"), counted(len(changed), "image is", "images are")
    if challenge.task not in EXACT or dataset.volumes:
        names = tuple(map(str, dataset.items.index[changed[:EXAMPLES]]))
        hint = "scale images and label images together beforehand, and build from those"
        message = f"{count} of another size, and {challenge.task} has masks, which are not scaled"
        finding = Finding("image/masks-unscaled", message, where, names, hint, count=len(changed))
        raise DatasetError(f"dataset refused: {dataset.source}", [*dataset.findings, finding])
    sides = {name: [str(side) for side in one] for name, one in zip((WIDTH, HEIGHT), new.tolist(), strict=True)}
    message = f"{count} scaled, and what is annotated with {'it' if len(changed) == 1 else 'them'}"
    told = Finding("image/scaled", message, where, severity="note", count=len(changed))
    labels = _scaled_labels(dataset, old, new)
    return replace(dataset, items=dataset.items.extended(sides), labels=labels, findings=(*dataset.findings, told))


def _scaled_labels(dataset: Dataset, old: Array, new: Array) -> Table:
    import numpy as np

    from compete.table import rows_named

    labels, scaled = dataset.labels, {}
    row = rows_named(dataset.items, labels["item"])
    (wide, high), (was_wide, was_high) = new[:, row].astype(np.float64), old[:, row].astype(np.float64)
    for names, now, was in ((("x", "width"), wide, was_wide), (("y", "height"), high, was_high)):
        for name in names:
            scaled[name] = labels[name].to_numpy(dtype=np.float64) * now / was
    scaled["area"] = labels["area"].to_numpy(dtype=np.float64) * (wide * high) / (was_wide * was_high)
    if "points" in labels and len(labels):
        points = np.array(labels["points"].tolist(), dtype=np.float64).reshape(len(labels), -1, 3)
        points[:, :, 0] *= (wide / was_wide)[:, None]
        points[:, :, 1] *= (high / was_high)[:, None]
        cells = map(tuple, points.reshape(len(labels), -1).tolist())
        scaled["points"] = np.fromiter(cells, object, len(labels))
    return labels.extended(scaled)
