"""What structures look like: how small, how different in size, how long and thin, and whether any is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from compete.dataset import counted, excerpt
from compete.recommending.replies import Reply, measured
from compete.recommending.structures import Structures, spread

if TYPE_CHECKING:
    from compete.challenge import Challenge
    from compete.dataset import Dataset

Array = np.ndarray[Any, Any]
SMALL = {2: 2 / (1 - 0.5 ** (1 / 2)), 3: 2 / (1 - 0.5 ** (1 / 3))}
"""A square or cube with sides up to here loses half of its pixels, and so half of its overlap, with a rim of one pixel:
``((s - 2) / s) ** dimensions <= 1 / 2``; 6.8 pixels in two dimensions, 9.7 in three."""
ENOUGH = 10
"""Structures of a class that tell what is usual."""
UNEVEN = 1.0
"""Standard deviation of the sizes by their mean, from which on sizes vary: that of an exponential distribution."""
LONG = 8.0
"""How many times as long as wide a structure is from which on it is a tube."""
THIN = 16
"""Pixels below which nobody can tell a tube from a spot."""
MOST_SHAPES = {2: 300, 3: 60}
"""Structures that are thinned, those of all classes together, by dimensions."""
FINEST = {2: 100_000, 3: 10_000}
"""Pixels of a structure that is thinned as it is; of a larger one several pixels are taken for one."""
SHOWN = 3
OFTEN = 0.05
"""Share of images, or of classes in images, or of objects, that is more than a slip."""


def look_of(structures: Structures) -> dict[str, Reply]:
    """Size, spread and elongation of the structures: ``small``, ``varied``, ``tubular`` (FP3.1 to FP3.3)."""
    classes = _by_class(structures)
    if not classes:
        return {}
    sizes = {name: structures.size[rows] for name, rows in classes.items()}
    side = {name: float(np.median(structures.side[rows])) for name, rows in classes.items()}
    spreads = {name: float(np.std(size) / np.mean(size)) if size.any() else 0.0 for name, size in sizes.items()}
    found = {
        "small": _told("median side in pixels", side, SMALL[structures.dimensions], at_most=True),
        "varied": _told("deviation of sizes by their mean", spreads, UNEVEN),
    }
    if structures.shape:
        found["tubular"] = _tubular(structures, classes)
    return found


def _by_class(structures: Structures) -> dict[str, Array]:
    """The rows of each class that has enough structures."""
    names, code = np.unique(structures.label.astype(str), return_inverse=True)
    count = np.bincount(code, minlength=len(names))
    rows = np.split(np.argsort(code, kind="stable"), np.cumsum(count)[:-1])
    return {str(name): rows[place] for place, name in enumerate(names) if count[place] >= ENOUGH}


def _told(figure: str, values: dict[str, float], limit: float, *, at_most: bool = False) -> Reply:
    """An answer that holds where it does for half of the classes, with the figures of those that come nearest to it."""
    holds = {name: number for name, number in values.items() if (number <= limit if at_most else number >= limit)}
    shown = sorted((holds or values).items(), key=lambda pair: (pair[1] if at_most else -pair[1], pair[0]))
    told = ", ".join(f"{excerpt(name)!r} {number:.1f}" for name, number in shown[:SHOWN])
    told += ", …" if len(shown) > SHOWN else ""
    told += f" ({len(holds)} of {len(values)} classes)" if 0 < len(holds) < len(values) else ""
    return measured(2 * len(holds) >= len(values), f"{figure}: {told}")


def _tubular(structures: Structures, classes: dict[str, Array]) -> Reply:
    """Elongation by class, of some structures of each."""
    ratios, most = {}, max(ENOUGH, MOST_SHAPES[structures.dimensions] // len(classes))
    assert structures.shape
    for name, rows in classes.items():
        large = rows[structures.size[rows] >= THIN]
        if len(large) >= ENOUGH:
            found = [elongation(structures.shape(row)) for row in large[spread(len(large), most)].tolist()]
            ratios[name] = float(np.median(found))
    if not ratios:
        return measured(False, f"structures have fewer than {THIN} pixels")
    return _told("median length by width", ratios, LONG)


def elongation(region: Array) -> float:
    """How many times as long as wide a region is, along its centre line; of volumes, the root of length by section.

    A tube of length ``l`` and width ``w`` has ``l * w`` pixels and ``l`` on its centre line, of volumes ``l * w * w``.

    Args:
        region: bool, shape (height, width) or (depth, height, width).

    >>> round(elongation(np.ones((3, 30), dtype=bool)), 1)
    8.7
    """
    from metrics.thinning import skeleton

    step = int(np.ceil((region.sum() / FINEST[region.ndim]) ** (1 / region.ndim)))
    region = coarser(region, step) if step > 1 else region
    length, pixels = int(skeleton(region).sum()), int(region.sum())
    return float((length**region.ndim / pixels) ** (1 / (region.ndim - 1))) if pixels else 0.0


def coarser(region: Array, step: int) -> Array:
    """A region in which squares or cubes of pixels are one, true where any of them is; so no tube breaks.

    >>> coarser(np.array([[0, 0, 0, 1, 0]], dtype=bool), 2).tolist()
    [[False, True, False]]
    """
    for axis in range(region.ndim):
        region = np.logical_or.reduceat(region, np.arange(0, region.shape[axis], step), axis=axis)
    return region


def emptiness(challenge: Challenge, dataset: Dataset) -> dict[str, Reply]:
    """Whether there often is nothing to find in an image, or a class is absent from it (FP4.6)."""
    labels, count = dataset.labels, len(dataset.items)
    if challenge.task != "semantic_segmentation":
        things = {one.name for one in dataset.categories if one.thing}
        with_some = labels.loc[labels["label"].isin(things), "item"].nunique() if len(labels) else 0
        because = counted(count - with_some, "image has no object", "images have no object") + f", of {count:,}"
        return {"empty_reference": measured(count - with_some >= OFTEN * count, because)}
    from compete.recommending.structures import background

    nothing = background(challenge, dataset)
    names = [one.name for one in dataset.categories if one != nothing]
    there = labels[(labels["area"] > 0) & labels["label"].isin(names)]
    pairs, absent = count * len(names), count * len(names) - len(there[["item", "label"]].drop_duplicates())
    because = f"a class is absent from an image in {absent:,} of {pairs:,} cases ({absent / max(pairs, 1):.0%})"
    return {"empty_reference": measured(bool(absent >= OFTEN * pairs), because)}
