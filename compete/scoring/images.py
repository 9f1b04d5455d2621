"""The images that a submission predicts: their ids, COCO numbers and sizes, in the order of the solution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

import numpy as np

from compete.errors import BundleError, Finding
from compete.scoring.matching import Vocabulary, vocabulary
from compete.scoring.spans import Array
from metrics.frozen import dataclass

if TYPE_CHECKING:
    from compete.nifti.header import Grid
    from compete.scoring.table import Table


@dataclass(frozen=True, eq=False)
class Images:
    """The images to predict.

    Attributes:
        ids: their ids, prepared for looking up.
        number: what COCO files call them, int64, shape (n,), ascending.
        height: pixels, int32, shape (n,).
        width: pixels, int32, shape (n,).
        depth: slices, int32, shape (n,); None where images are flat.
        affine: where the voxels of volumes lie, float64, shape (n, 3, 4); None for anywhere.
    """

    ids: Vocabulary
    number: Array
    height: Array
    width: Array
    depth: Optional[Array] = None
    affine: Optional[Array] = None

    @property
    def n(self) -> int:
        """How many images there are."""
        return len(self.number)

    def grids(self) -> list[Grid]:
        """Where the voxels of each volume lie; a flat image has one slice."""
        from compete.nifti.header import Grid  # only volumes need it

        depth = np.ones_like(self.height) if self.depth is None else self.depth
        shape = zip(depth.tolist(), self.height.tolist(), self.width.tolist())
        return [Grid(one, None if self.affine is None else self.affine[k]) for k, one in enumerate(shape)]


def images_of(table: Table, first: int, *, volumes: bool = False) -> Images:
    """The images that a table of a bundle lists.

    Args:
        table: with the columns ``id``, ``width`` and ``height``; of volumes also ``depth`` and ``affine``.
        first: the COCO number of its first row; the others follow.
        volumes: whether images are volumes.

    Raises:
        BundleError: a volume has no depth, or an affine that is not twelve numbers.
    """
    # Not above: who has the images already needs neither tables nor bundles, and they take long to load.
    from compete.bundle import AFFINE, DEPTH, HEIGHT, ID, WIDTH
    from compete.scoring.table import as_numbers

    height, width = (as_numbers(table, name).astype(np.int32) for name in (HEIGHT, WIDTH))
    number = np.arange(first, first + table.rows, dtype=np.int64)
    ids = vocabulary(table.columns[ID])
    if not volumes:
        return Images(ids, number, height, width)
    if not {DEPTH, AFFINE} <= set(table.columns):
        raise _not_as_built("it does not say where the voxels of its volumes lie")
    depth, texts = as_numbers(table, DEPTH).astype(np.int32), table.columns[AFFINE].tolist()
    try:
        affine = np.array([[float(number) for number in text.split()] for text in texts]).reshape(-1, 3, 4)
    except ValueError:
        raise _not_as_built("an affine is not twelve numbers") from None
    return Images(ids, number, height, width, depth, affine)


def _not_as_built(message: str) -> BundleError:
    finding = Finding("bundle/changed", message, "affine", hint="build the bundle again")
    return BundleError("the bundle cannot be used", [finding])
