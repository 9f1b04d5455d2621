"""Average precision of masks that must agree along their outlines too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.boundary import RATIO, boundary_iou
from metrics.candidates import find_candidates, known_pairs
from metrics.catalog import metric
from metrics.detection_options import AREAS, Category, area_range, ladder, number_of
from metrics.matched import KEPT, Matched, collect_matches
from metrics.stage import LADDER, Reading, over_categories

if TYPE_CHECKING:
    from metrics.inputs import Array


def boundary_matches(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]], *, ratio: float = RATIO) -> Matched:
    """What masks match what masks, where the lesser of the overlaps of masks and of outlines counts."""
    evidence = collect_matches(y_true, y_pred, "mask", labels)
    limit, least = KEPT["mask"], LADDER[0]
    candidates = find_candidates(y_true, y_pred, "mask", least=least, limit=limit)
    known = known_pairs(candidates)
    crowd = candidates.crowd[candidates.pairs.truth]
    edge = boundary_iou(y_pred.mask, known.found, y_true.mask, known.true, crowd, ratio=ratio, least=least)
    lesser = np.where(crowd, known.similarity, np.minimum(known.similarity, edge))
    kept = lesser >= least
    pairs = replace(known, found=known.found[kept], true=known.true[kept], similarity=lesser[kept])
    return replace(evidence, known=pairs)


@metric(
    "boundary_ap",
    collect=boundary_matches,
    needs="masks",
    targets=("objects",),
    bounds=(0.0, 1.0),
    greater_is_better=True,
    limits={
        "ratio": (0.0, 1.0),
        "iou_from": (LADDER[0], 1.0),
        "iou_to": (LADDER[0], 1.0),
        "area": tuple(AREAS),
        "limit": (1.0, float(KEPT["mask"])),
    },
)
def boundary_ap(
    reading: Reading,
    *,
    iou_from: float = 0.5,
    iou_to: float = 0.95,
    area: str = "all",
    limit: int = 100,
    category: Category = None,
) -> Array:
    """Average precision of instance masks where the lesser of mask overlap and outline overlap makes a match.

    Args:
        reading: matched masks under each weighting. Its option ``ratio`` is the width of an outline as a share of the
            image's diagonal.
        iou_from: lowest overlap that a match needs; every 0.05 from there counts alike.
        iou_to: highest; the same as ``iou_from`` for a single threshold.
        area: which true objects count by their area: ``all``, ``small``, ``medium`` or ``large`` as COCO has them.
        limit: how many detections of an image and category count, the surest.
        category: one category, by name or number; None takes the mean over those that have true objects.

    Returns:
        One score a weighting, shape (w,); nan where no true object counts.

    Crowds are matched by their masks alone.

    Source: Cheng et al., Boundary IoU, CVPR (2021), p. 15334; the rest as in COCO.

    >>> from metrics.masks import Masks
    >>> from metrics.objects import Objects
    >>> true = Objects(1, 1, [0], [0], mask=Masks.from_bitmaps([[[1, 1, 0], [1, 1, 0]]]))
    >>> found = Objects(1, 1, [0], [0], mask=Masks.from_bitmaps([[[1, 1, 0], [1, 0, 0]]]), score=[0.9])
    >>> round(metrics.boundary_ap(true, found), 12)
    0.6
    """
    steps = ladder(iou_from, iou_to)
    return over_categories(reading.precision(steps, area_range(area), limit), number_of(reading, category))
