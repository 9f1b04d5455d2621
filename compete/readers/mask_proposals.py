"""Which column of a table names label images, and what their values are: a proposal for a first challenge.yaml."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from compete.readers.delimited import Delimited
from compete.readers.images import is_image_name
from compete.readers.proposals import Proposal
from compete.readers.volume_proposals import is_volume, labels_seen, metric_of_volumes
from compete.readers.whereabouts import around, evenly, files_in

LOOKED_AT = 20
"""Label images whose values are looked at."""
MOST_VALUES = 64
"""An image with more values than these is no label image."""
NOT_SCORED = 255


def with_masks(proposals: dict[str, Any], table: Delimited, path: Path) -> dict[str, Any]:
    """The proposals for semantic segmentation, where a table names images and label images; else as they are.

    Args:
        proposals: what ``propose`` makes of the table.
        table: at least one row.
        path: the table's file, beside which images are looked for.
    """
    file = proposals["file"]
    if file is None:
        return proposals
    folder = path.parent
    images = folder / (proposals["images"].value if proposals["images"] else ".")
    for column, cells in table.columns.items():
        names = [name for name in cells if name]
        if column == file.value or not names or not all(map(is_image_name, names)):
            continue
        beside = dict(zip(cells, table.columns[file.value], strict=True))
        for home in around(folder):
            some = [home / name for name in files_in(home, evenly(names, LOOKED_AT))]
            if some and home / names[0] != images / beside[names[0]] and (values := _values(some)):
                found = _proposed(proposals, column, values, len(some)) | _at(home, folder, images)
                of_volumes = {"metrics": metric_of_volumes(found["values"].value)} if is_volume(names, {}) else {}
                return proposals | found | of_volumes
    return proposals


def _values(paths: Sequence[Path]) -> list[int]:
    """The values of some label images, ascending; none where one of them is no label image."""
    import numpy as np

    found: set[int] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in paths:
            if isinstance(pixels := labels_seen(path, path, {}), str):
                return []
            found |= set(np.unique(pixels).tolist())
            if len(found) > MOST_VALUES:
                return []
    return sorted(found)


def _proposed(proposals: dict[str, Any], column: str, values: Sequence[int], looked: int) -> dict[str, Any]:
    """What is said of label images, and no longer of labels."""
    names = {("background" if value == 0 else f"class_{value}"): value for value in values}
    if len(names) < 2:
        names |= {"class_1": 1} if 0 in values else {"background": 0}
    reason = f"seen in {looked} of them; give the classes their names"
    if NOT_SCORED in values and len(values) > 2:
        reason += f"; {NOT_SCORED} is often what is not scored: then write ignore: {NOT_SCORED} instead"
    kept = {key: [one for one in proposals[key] if one.value != column] for key in ("drop", "features")}
    return {
        "task": Proposal("semantic_segmentation", f"{column} names label images"),
        "mask": Proposal(column, f"its values are names of label images, with the values {_shown(values)}"),
        "values": Proposal(names, reason), "label": None, **kept,
    }  # fmt: skip


def _at(home: Path, folder: Path, images: Path) -> dict[str, Any]:
    """The folder of label images, where it is not that of the images."""
    return {} if home == images else {"masks": Proposal(home.relative_to(folder).as_posix(), "they are there")}


def _shown(values: Sequence[int]) -> str:
    return ", ".join(map(str, values[:5])) + (", …" if len(values) > 5 else "")
