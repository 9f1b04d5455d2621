"""Annotated images, whatever format they came in: the record that every format of annotations is translated to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compete.dataset import Category, Coverage
from compete.errors import Finding

LARGEST = 1 << 63


@dataclass(frozen=True)
class Annotations:
    """Images, categories and objects, in the words of COCO; row ``i`` of every column is image ``i``.

    Attributes:
        name: of the source, for findings.
        number: by what the annotations know each image.
        file: the path of each image, relative to ``root``.
        size: the width and height of each image as declared; None where they are not.
        columns: what the source says of its images beside that, as text; blank where it says nothing.
        categories: by number.
        annotations: one mapping an object, with the keys of COCO: ``image_id, category_id``, ``bbox`` in pixels,
            ``segmentation`` (polygons or run lengths), ``keypoints``, ``iscrowd``, ``ignore``, ``area``; they
            are looked at when the dataset is made.
        root: the folder that ``file`` is relative to, unless the challenge names another.
        places: what findings call each annotation; empty for ``annotations[i]``.
        findings: what was noticed while reading; errors were raised.
        coverage: which classes were looked for in which image, where not all were in all; by places in ``number`` and
            ``categories``.
        choices: the columns that say what was chosen for a whole image, so that they could be labels.
    """

    name: str
    number: Sequence[int]
    file: Sequence[str]
    size: Sequence[tuple[int, int] | None]
    columns: Mapping[str, Sequence[str]]
    categories: tuple[Category, ...]
    annotations: Sequence[Any]
    root: Path
    places: Sequence[str] = ()
    findings: tuple[Finding, ...] = ()
    coverage: Coverage | None = None
    choices: tuple[str, ...] = ()

    def place(self, row: int) -> str:
        """What findings call an annotation."""
        return self.places[row] if self.places else f"annotations[{row}]"


def is_whole(value: Any) -> bool:
    """Whether a value of JSON is a whole number, and neither true nor false."""
    return isinstance(value, int) and not isinstance(value, bool) and -LARGEST < value < LARGEST


def is_number(value: Any) -> bool:
    """Whether a value of JSON is a finite number."""
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < LARGEST
    return isinstance(value, float) and math.isfinite(value)
