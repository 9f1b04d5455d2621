"""What the metrics of detection have in common: what they collect, and what their options mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional, Union

from metrics.catalog import Metric, defaults
from metrics.inputs import MetricError
from metrics.matched import Matched, collect_matches
from metrics.stage import LADDER, Reading

if TYPE_CHECKING:
    from metrics.catalog import Limits

AREAS = {"all": (0.0, 1e10), "small": (0.0, 1024.0), "medium": (1024.0, 9216.0), "large": (9216.0, 1e10)}
"""COCO's ranges of area in square pixels; both ends are included, so that 1,024 is small and medium."""

LIMITS: Limits = {
    "iou_from": (0.01, 1.0),
    "iou_to": (0.01, 1.0),
    "area": tuple(AREAS),
    "area_from": (0.0, 1e10),
    "area_to": (0.0, 1e10),
    "limit": (1.0, 1e6),
}
Category = Optional[Union[str, int]]


def box_matches(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]]) -> Matched:
    """What boxes match what boxes; ``labels`` names the categories in order."""
    return collect_matches(y_true, y_pred, "box", labels)


def mask_matches(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]]) -> Matched:
    """What masks match what masks; ``labels`` names the categories in order."""
    return collect_matches(y_true, y_pred, "mask", labels)


def point_matches(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]]) -> Matched:
    """Whose keypoints match whose; ``labels`` names the categories in order."""
    return collect_matches(y_true, y_pred, "points", labels)


def ladder(iou_from: float, iou_to: float) -> tuple[float, ...]:
    """The thresholds from one to another, 0.05 apart; those that COCO has too are the very same numbers.

    Raises:
        MetricError: ``iou_to`` is less than ``iou_from``.

    >>> ladder(0.4, 0.6)
    (0.4, 0.45, 0.5, 0.55, 0.6)
    """
    if iou_to < iou_from:
        raise MetricError(f"iou_to={iou_to} is less than iou_from={iou_from}")
    count = int((iou_to - iou_from) / 0.05 + 1e-9) + 1
    known = {round(one, 9): one for one in LADDER}
    steps = [round(iou_from + 0.05 * step, 9) for step in range(count)]
    return tuple(known.get(step, step) for step in steps)


def area_range(area: str, area_from: float = 0.0, area_to: float = 1e10) -> tuple[float, float]:
    """A named range of areas, narrowed to another range; both ends are included.

    Raises:
        MetricError: nothing is left.
    """
    low, high = max(AREAS[area][0], area_from), min(AREAS[area][1], area_to)
    if low > high:
        raise MetricError(f"no area is {area} and lies between {area_from:g} and {area_to:g} square pixels")
    return low, high


def cut_short(asked: Metric) -> Metric:
    """A metric of recall; with a limit below the usual one the truth itself may hold more objects than count."""
    return replace(asked, attained=asked.options["limit"] >= defaults(asked.formula)["limit"])


def number_of(reading: Reading, category: Category) -> Optional[int]:
    """The number of a category that an option names; None for all."""
    return None if category is None else reading.stage.evidence.category(category)
