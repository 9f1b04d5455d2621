"""Images that a submission does not speak of, in every form that lets it be silent."""

from __future__ import annotations

import numpy as np

from compete.errors import EXAMPLES, Finding
from compete.scoring.images import Images
from compete.scoring.source import counted, excerpt
from compete.scoring.spans import Array


def left_out(image: Array, images: Images, where: str, what: str, meaning: str) -> list[Finding]:
    """Warn of images that nothing names: most often a model stopped half-way, or looked at some of them alone.

    Args:
        image: the place of the image of each row or result, or -1.
        images: the test images.
        where: how findings call the file.
        what: what the file holds of an image, such as ``row``.
        meaning: how such images are scored.
    """
    missing = np.flatnonzero(np.bincount(image[image >= 0], minlength=images.n) == 0)
    if not len(missing):
        return []
    message = f"{counted(len(missing), 'test image')} of {images.n:,} without a {what}"
    items = tuple(excerpt(images.ids.column.text(one)) for one in missing[:EXAMPLES].tolist())
    hint = f"{meaning}; if that is meant, there is nothing to do"
    return [Finding("submission/image-without-rows", message, where, items, hint, "warning", len(missing))]
