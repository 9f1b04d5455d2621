"""The images that a submission predicts: their ids, COCO numbers and sizes, in the order of the solution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from compete.bundle import HEIGHT, ID, WIDTH
from compete.scoring.matching import Vocabulary, vocabulary
from compete.scoring.spans import Array
from compete.scoring.table import Table, as_numbers


@dataclass(frozen=True, eq=False)
class Images:
    """The images to predict.

    Attributes:
        ids: their ids, prepared for looking up.
        number: what COCO files call them, int64, shape (n,), ascending.
        height: pixels, int32, shape (n,).
        width: pixels, int32, shape (n,).
    """

    ids: Vocabulary
    number: Array
    height: Array
    width: Array

    @property
    def n(self) -> int:
        """How many images there are."""
        return len(self.number)


def images_of(table: Table, first: int) -> Images:
    """The images that a table of a bundle lists.

    Args:
        table: with the columns ``id``, ``width`` and ``height``.
        first: the COCO number of its first row; the others follow.
    """
    height, width = (as_numbers(table, name).astype(np.int32) for name in (HEIGHT, WIDTH))
    number = np.arange(first, first + table.rows, dtype=np.int64)
    return Images(vocabulary(table.columns[ID]), number, height, width)
