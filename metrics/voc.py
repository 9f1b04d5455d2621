"""Average precision as PASCAL VOC scores it, and boxes counted at one confidence as a detector is used.

What differs from the VOC devkit, and why:

- Detections of equal score are ordered there by chance of sorting; here they stand or fall together.
- The eleven recalls are exact tenths here; there 0.3, 0.6 and 0.7 are a rounding error more than three, six and seven
  tenths, so that a recall of just that much does not reach them.
- A category without true objects is left out of the mean; there it is 0/0.

Average precision at one overlap by the size of objects is COCO's: ``box_ap(iou_from=0.5, iou_to=0.5, area=small)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.averages import f1_of, precision_of, recall_of
from metrics.candidates import find_candidates
from metrics.catalog import metric
from metrics.hit_rules import checked_names
from metrics.inputs import mean_defined
from metrics.matching import match_best_only, match_greedily
from metrics.objects import Objects, check_pair
from metrics.outcomes import Category, Outcomes, Tally, outcomes_of
from metrics.stage import over_categories

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics.inputs import Array

UNIT = (0.0, 1.0)
POINTS = {"all": 0, "eleven": 11, "hundred": 101}
"""Where precision is read: all along the curve, at recalls 0, 0.1 … 1, or at 0, 0.01 … 1."""
NAMES = tuple(POINTS)


def voc_outcomes(
    y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]], *, iou: float = 0.5, pixel: bool = True
) -> Outcomes:
    """What became of each box by the rule of VOC: it looks at the true box that it overlaps most, and at no other."""
    check_pair(y_true, y_pred, "box")
    truth, found = (_with_last_pixel(side) if pixel else side for side in (y_true, y_pred))
    candidates = find_candidates(truth, found, "box", least=iou)
    matches = match_best_only(candidates.pairs, (iou,), candidates.ignored)
    return outcomes_of(candidates, matches, found, names=checked_names(truth, labels))


def box_outcomes(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]], *, iou: float = 0.5) -> Outcomes:
    """What became of each box by the rule of COCO: it takes the true box it overlaps most of those still free."""
    check_pair(y_true, y_pred, "box")
    candidates = find_candidates(y_true, y_pred, "box", least=iou)
    matches = match_greedily(candidates.pairs, (iou,), candidates.ignored, candidates.crowd)
    return outcomes_of(candidates, matches, y_pred, names=checked_names(y_true, labels))


@metric(
    "voc_ap",
    collect=voc_outcomes,
    needs="boxes",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=True,
    limits={"iou": (0.01, 1.0), "points": NAMES},
)
def voc_ap(tally: Tally, *, points: str = "all", category: Category = None) -> Array:
    """Average precision of boxes as PASCAL VOC has it, at one overlap; "difficult" objects neither help nor harm.

    Args:
        tally: what became of each box under each weighting. Its options: ``iou``, the intersection over union that a
            match needs; ``pixel``, whether a box ends at its last pixel, as in VOC's files, where width is xmax - xmin
            and a box of one pixel has width 0 (false: width and height as they are). ``Objects.ignore`` is "difficult".
        points: where precision is read: ``all`` along the curve (VOC since 2010), at ``eleven`` recalls (until 2009),
            or at a ``hundred`` and one as COCO does.
        category: one category, by name or number; None takes the mean over those that have true objects.

    Returns:
        One score a weighting, shape (w,); nan where no true object counts.

    Source: Everingham et al., International Journal of Computer Vision 88 (2010), p. 303, and 111 (2015), p. 98.

    >>> true = metrics.objects.Objects(1, 1, [0], [0], box=[[0, 0, 9, 9]])
    >>> found = metrics.objects.Objects(1, 1, [0, 0], [0, 0], box=[[50, 50, 5, 5], [0, 0, 9, 7]], score=[0.9, 0.5])
    >>> metrics.voc_ap(true, found)
    0.5
    """
    return over_categories(tally.precision(POINTS[points]), tally.evidence.number_of(category))


_MEASURES: dict[str, tuple[Callable[..., Array], str, float]] = {
    "precision": (precision_of, "Share of detections that are right", 0.5),
    "recall": (recall_of, "Share of true objects found", 1.0),
    "f1": (f1_of, "Harmonic mean of precision and recall of detections", 0.666666666667),
}

_DOC = """{what}, of boxes at a fixed confidence and overlap.

Args:
    tally: what became of each box under each weighting. Its option ``iou`` is the intersection over union that a match
        needs; the surest detection takes the true box that it overlaps most of those still free.
    confidence: detections of a lower score are left out.
    over: ``micro`` pools the categories; ``macro`` takes the mean over those that have true objects or detections.
    category: one category, by name or number; None takes all.

Returns:
    One score a weighting, shape (w,); nan where {left}.

A category that has true objects and no detection has precision 0. Crowds and ignored objects neither help nor harm.

Source: van Rijsbergen, Information Retrieval (1979), ch. 7; matching as in pycocotools.

>>> true = metrics.objects.Objects(1, 1, [0], [0], box=[[0, 0, 10, 10]])
>>> found = metrics.objects.Objects(1, 1, [0, 0], [0, 0], box=[[50, 50, 5, 5], [0, 0, 10, 8]], score=[0.9, 0.5])
>>> round(metrics.detection_{name}(true, found), 12)
{value}
"""


def _formula(measure: Callable[..., Array]) -> Callable[..., Array]:
    """One measure at a confidence."""

    def at_confidence(
        tally: Tally, *, confidence: float = 0.5, over: str = "micro", category: Category = None
    ) -> Array:
        sides, number = tally.counts(confidence), tally.evidence.number_of(category)
        if number is not None:
            return measure(*(side[:, number] for side in sides))
        if over == "micro":
            return measure(*(side.sum(axis=1) for side in sides))
        return mean_defined(measure(*sides))

    return at_confidence


def _register(name: str) -> None:
    """Put one measure into the catalog."""
    measure, what, value = _MEASURES[name]
    formula = _formula(measure)
    left = "no true object counts" if name == "recall" else "there is neither true object nor detection"
    formula.__doc__ = _DOC.format(what=what, name=name, left=left, value=value)
    metric(
        f"detection_{name}",
        collect=box_outcomes,
        needs="boxes",
        targets=("objects",),
        bounds=UNIT,
        greater_is_better=True,
        limits={"iou": (0.01, 1.0), "confidence": (-1e12, 1e12), "over": ("micro", "macro")},
    )(formula)


def _with_last_pixel(objects: Objects) -> Objects:
    """Boxes that end at their last pixel, as boxes of their whole width and height."""
    assert objects.box is not None
    return replace(objects, box=objects.box + np.array([0.0, 0.0, 1.0, 1.0]))


for _name in _MEASURES:
    _register(_name)
