"""Objects in images, for tests of what is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

import metrics


def objects_of_images(images: int) -> tuple[Any, Any]:
    """True boxes and detections of them, some of which are off."""
    random = np.random.default_rng(5)
    image = np.repeat(np.arange(images), 3)
    box = np.column_stack([random.uniform(0, 80, (len(image), 2)), random.uniform(10, 20, (len(image), 2))])
    moved = box + random.normal(0, 2, box.shape)
    category = np.zeros(len(image), dtype=np.int64)
    truth = metrics.Objects(images=images, categories=1, image=image, category=category, box=box)
    found = metrics.Objects(
        images=images, categories=1, image=image, category=category, box=moved, score=random.random(len(image))
    )
    return truth, found
