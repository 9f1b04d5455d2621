"""Boxes and keypoints of COCO results: do they have an area, and do they lie in their image."""

from __future__ import annotations

import numpy as np

from compete.scoring.coco_checks import rows_of
from compete.scoring.coco_columns import CONTENT, Columns
from compete.scoring.coco_report import Teller, numbers_shown
from compete.scoring.images import Images
from compete.scoring.spans import Array
from metrics.frozen import dataclass

FAR = 10
"""How many sizes of its image a prediction may reach beyond it."""

SLACK = 1.01
"""How far a box may reach beyond its image, in image sizes, and a pixel more, before it speaks for corners."""


@dataclass(frozen=True, eq=False)
class Placed:
    """Predictions whose image is known: their entries among the columns, and width and height of the image of each."""

    columns: Columns
    entry: Array
    across: Array
    down: Array
    report: Teller

    def tell(self, rule: str, message: str, wrong: Array, hint: str, severity: str = "error") -> None:
        """One finding about some of them, by place among ``entry``."""
        if len(wrong) and self.columns.numbers is not None:
            number = self.columns.numbers[self.entry[wrong[:8]]]
            rows = rows_of(self.columns, self.entry[wrong])
            self.report.tell(rule, message, rows, lambda k: numbers_shown(number[k]), hint, severity=severity)


def check_numbers(columns: Columns, kind: str, image: Array, images: Images, report: Teller) -> None:
    """Tell of boxes or keypoints that cannot be meant.

    Args:
        columns: the results.
        kind: ``boxes`` or ``points``.
        image: the place of each result's image, or -1, shape (n,).
        images: the test images.
        report: takes the findings.
    """
    good = (image >= 0) & columns.read(CONTENT[kind])
    entry = np.flatnonzero(good)
    if columns.numbers is None or not len(entry):
        return
    every = len(entry) == len(columns)
    value, place = (columns.numbers, image) if every else (columns.numbers[entry], image[entry])
    placed = Placed(columns, entry, images.width.take(place), images.height.take(place), report)
    if kind == "boxes":
        _check_boxes(placed, np.ascontiguousarray(value.T))
    else:
        _check_points(placed, value.reshape(len(value), -1, 3))


def _check_boxes(placed: Placed, box: Array) -> None:
    """Look at boxes, shape (4, n)."""
    x, y, width, height = box
    if box.max() <= 1 and box.min() >= 0 and min(placed.across.max(), placed.down.max()) > 2:
        message = "{results}, all of them with boxes inside the first pixel"
        hint = "these look like parts of the image; multiply x and width by its width, y and height by its height"
        placed.tell("relative-box", message, np.arange(len(x)), hint)
        return
    right, bottom = x + width, y + height
    if min(width.min(), height.min()) <= 0:
        flat = np.flatnonzero((width <= 0) | (height <= 0))
        hint = "a box is x, y, width, height: width is right less left, height is bottom less top; leave out empty ones"
        placed.tell("box-size", "{results} whose box has no area", flat, hint)
    out = (x >= placed.across) | (y >= placed.down) | (np.minimum(right, bottom) <= 0)
    _check_corners(placed, box, right, bottom)
    out |= (right > (FAR + 1) * placed.across) | (bottom > (FAR + 1) * placed.down)
    out |= (x < -FAR * placed.across) | (y < -FAR * placed.down)
    out &= (width > 0) & (height > 0)
    hint = "clip boxes to the image; if many lie outside, they may be those of a resized image"
    message = "{results} whose box lies outside the image, or reaches far beyond it"
    placed.tell("outside-image", message, np.flatnonzero(out), hint)


def _check_corners(placed: Placed, box: Array, right: Array, bottom: Array) -> None:
    """Warn if boxes look like left, top, right, bottom: most reach out of the image, and read so nearly all fit."""
    x, y, width, height = box
    beyond = (right > SLACK * placed.across + 1) | (bottom > SLACK * placed.down + 1)
    if 2 * int(np.count_nonzero(beyond)) <= len(x):
        return
    fits = (width > x) & (height > y) & (width <= placed.across + 1) & (height <= placed.down + 1)
    if int(np.count_nonzero(fits)) >= 0.95 * len(x):
        message = "{results} whose box reaches out of the image, and all fit when read as left, top, right, bottom"
        hint = "write x, y, width, height: width is right less left, height is bottom less top"
        placed.tell("box-corners", message, np.flatnonzero(beyond), hint, "warning")


def _check_points(placed: Placed, point: Array) -> None:
    """Look at keypoints, shape (n, k, 3)."""
    x, y = point[..., 0], point[..., 1]
    across, down = placed.across[:, None], placed.down[:, None]
    if x.max() <= 1 and y.max() <= 1 and min(x.min(), y.min()) >= 0 and x.any() and min(across.max(), down.max()) > 2:
        message = "{results}, all of them with keypoints inside the first pixel"
        hint = "these look like parts of the image; multiply x by its width and y by its height"
        placed.tell("relative-box", message, np.arange(len(x)), hint)
        return
    out = ((x < 0) | (x > across) | (y < 0) | (y > down)).all(axis=1)
    far = (np.abs(x) > (FAR + 1) * across) | (np.abs(y) > (FAR + 1) * down)
    out |= far.any(axis=1)
    message = "{results} whose keypoints all lie outside the image, or one of them far beyond it"
    placed.tell("outside-image", message, np.flatnonzero(out), "keypoints are x, y, visibility in pixels of the image")
