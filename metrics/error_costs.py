"""What each kind of a detector's errors costs, as metrics: average precision that is lost by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

from metrics.catalog import Metric, metric
from metrics.error_types import ERRORS, ErrorTally, SortedErrors, sort_errors
from metrics.inputs import MetricError
from metrics.outcomes import Category

if TYPE_CHECKING:
    from metrics.catalog import Limits
    from metrics.inputs import Array

UNIT = (0.0, 1.0)

LIMITS: Limits = {"error": ("any", *ERRORS), "iou": (0.01, 1.0), "background": (1e-9, 1.0), "limit": (1.0, 1e6)}

PITFALLS = (
    "It explains a score and is not one to rank by: a detector that finds nothing loses nothing by wrong places. Costs "
    "do not add up to what average precision lacks, for an error mended may uncover another."
)


def box_errors(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]],
    *,
    iou: float = 0.5,
    background: float = 0.1,
    limit: int = 100,
) -> SortedErrors:
    """What is wrong with each predicted box."""
    return sort_errors(y_true, y_pred, labels, foreground=iou, background=background, limit=limit)


def mask_errors(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]],
    *,
    iou: float = 0.5,
    background: float = 0.1,
    limit: int = 100,
) -> SortedErrors:
    """What is wrong with each predicted mask."""
    return sort_errors(y_true, y_pred, labels, kind="mask", foreground=iou, background=background, limit=limit)


def _in_order(record: Metric) -> Metric:
    """The record, if its overlaps are in order."""
    iou, background = record.options["iou"], record.options["background"]
    if background >= iou:
        raise MetricError(f"{record.base}: background={background:g} must be less than iou={iou:g}")
    return record


@metric(
    "lost_box_ap",
    collect=box_errors,
    needs="boxes",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=False,
    limits=LIMITS,
    pitfalls=PITFALLS,
    adapt=_in_order,
)
def lost_box_ap(tally: ErrorTally, *, error: str = "any", category: Category = None) -> Array:
    """How much average precision of boxes is lost by errors of a kind, or by any, as in TIDE.

    Args:
        tally: boxes and what is wrong with them under each weighting. Its options: ``iou``, the intersection over union
            that a match needs; ``background``, the overlap up to which a box is of nothing; ``limit``, how many boxes
            of an image count, the surest over all categories.
        error: what is mended. ``classification``: what overlaps an object of another category enough takes that
            category; ``localisation``: what is of the right category and overlaps too little moves to the object;
            ``both`` (wrong in both), ``duplicate`` (of an object that a surer one found) and ``background`` (of
            nothing) are taken away; so are ``missed`` objects, which none of these would find. Of two more,
            ``false_positive`` puts every false alarm behind all hits, and ``false_negative`` takes away all objects not
            found. ``any``: all at once, so that average precision is 1.
        category: one category, by name or number; None takes the mean over those that have true objects.

    Returns:
        One score a weighting, shape (w,), 0 where there is nothing to mend; nan where no true object counts, or none
        is left once those not found are taken away.

    Average precision is COCO's, read at 101 recalls, at the one overlap ``iou``. Of several boxes that could be mended
    to find the same object the surest is, and the others are taken away.

    Source: Bolya, Foley, Hays and Hoffman, TIDE, ECCV (2020), p. 558.

    >>> true = metrics.objects.Objects(1, 1, [0, 0], [0, 0], box=[[0, 0, 10, 10], [30, 0, 10, 10]])
    >>> found = metrics.objects.Objects(1, 1, [0, 0], [0, 0], box=[[0, 0, 10, 9], [30, 0, 10, 4]], score=[0.9, 0.8])
    >>> round(metrics.lost_box_ap(true, found), 12), metrics.get("lost_box_ap", error="duplicate")(true, found)
    (0.49504950495, 0.0)
    >>> round(metrics.get("lost_box_ap", error="localisation")(true, found), 12)
    0.49504950495
    """
    return tally.lost(error, category)


@metric(
    "lost_mask_ap",
    collect=mask_errors,
    needs="masks",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=False,
    limits=LIMITS,
    pitfalls=PITFALLS,
    adapt=_in_order,
)
def lost_mask_ap(tally: ErrorTally, *, error: str = "any", category: Category = None) -> Array:
    """How much average precision of instance masks is lost by errors of a kind, or by any, as in TIDE.

    Args:
        tally: masks and what is wrong with them under each weighting. Its options: ``iou``, the intersection over union
            that a match needs; ``background``, the overlap up to which a mask is of nothing; ``limit``, how many masks
            of an image count, the surest over all categories.
        error: what is mended: ``classification``, ``localisation``, ``both``, ``duplicate``, ``background``,
            ``missed``, ``false_positive``, ``false_negative`` or ``any``, each as ``lost_box_ap`` has it.
        category: one category, by name or number; None takes the mean over those that have true objects.

    Returns:
        One score a weighting, shape (w,), 0 where there is nothing to mend; nan where no true object counts, or none
        is left once those not found are taken away.

    Source: Bolya, Foley, Hays and Hoffman, TIDE, ECCV (2020), p. 558.

    >>> square, corner = (metrics.masks.Masks.from_bitmaps([one]) for one in ([[1, 1], [1, 1]], [[1, 0], [0, 0]]))
    >>> true = metrics.objects.Objects(1, 1, [0], [0], mask=square)
    >>> found = metrics.objects.Objects(1, 1, [0], [0], mask=corner, score=[0.9])
    >>> metrics.get("lost_mask_ap", error="localisation")(true, found)
    1.0
    """
    return tally.lost(error, category)
