"""Which classes were looked for in which image: the lists that LVIS adds to COCO's images and categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from compete.dataset import Category, Coverage, counted, excerpt
from compete.errors import EXAMPLES, Finding
from compete.readers.annotations import Annotations, is_whole
from compete.readers.faults import Faults, Kind

if TYPE_CHECKING:
    import numpy as np

    from compete.table import Table

RULE = "dataset/coverage"
LISTS = {
    "absent": "neg_category_ids",
    "present": "pos_category_ids",
    "not_exhaustive": "not_exhaustive_category_ids",
}
"""Fields of a coverage, and what an image calls its list; the second is ours, for verified labels of Open Images."""
FREQUENCY, PARENTS = "frequency", "parents"
"""Keys of a category; the second is ours: the numbers of the categories that contain it."""
LETTERS = {"r": 0, "c": 1, "f": 2, "rare": 0, "common": 1, "frequent": 2}

KINDS = {
    "coverage-list": Kind(
        RULE, "list names a category that is not in the file", "lists name categories that are not in the file",
        "neg_category_ids and not_exhaustive_category_ids are lists of numbers of categories, without quotes"),
    "coverage-circle": Kind(
        RULE, "category contains itself", "categories contain themselves",
        "`parents` lists what contains a category, and must not lead back to it"),
    "coverage-frequency": Kind(
        RULE, "category does not say how frequent it is", "categories do not say how frequent they are",
        "others do, as r, c or f; give it to all, or `frequency` of a metric cannot be asked for", "warning"),
    "coverage-parents": Kind(
        RULE, "category has `parents` that are no numbers of categories",
        "categories have `parents` that are no numbers of categories", "they are not read", "warning"),
}  # fmt: skip


def listed_coverage(
    images: Sequence[Mapping[str, Any]], entries: Sequence[Any], categories: Sequence[Category], faults: Faults
) -> Coverage | None:
    """What the images and categories of a file say of what was looked for where; None where they say nothing.

    Args:
        images: the entries of images.
        entries: those of categories.
        categories: the same as they are numbered in the dataset.
        faults: gathers what is wrong; its kinds hold ours.
    """
    place_of = {category.number: place for place, category in enumerate(categories)}
    told = {entry["id"]: entry for entry in entries if isinstance(entry, dict) and is_whole(entry.get("id"))}
    ordered = [told[category.number] for category in categories]
    fields: dict[str, Any] = {name: _pairs(images, key, place_of, faults) for name, key in LISTS.items()}
    fields["frequency"] = _frequency(ordered, faults)
    fields["parents"] = _parents(ordered, place_of, faults)
    return Coverage(**fields) if any(value is not None for value in fields.values()) else None


def written_coverage(
    coverage: Coverage | None, images: Sequence[dict[str, Any]], entries: Sequence[dict[str, Any]]
) -> None:
    """Add to entries of images and categories, in the order of the dataset, what was looked for where.

    Args:
        coverage: of the dataset; None adds nothing.
        images: the entries of images.
        entries: those of categories.
    """
    if coverage is None:
        return
    for field, key in LISTS.items():
        pairs = getattr(coverage, field)
        if pairs is not None:
            for image in images:
                image[key] = []
            for row, code in pairs.tolist():
                images[row][key].append(entries[code]["id"])
    if coverage.frequency is not None:
        for entry, code in zip(entries, coverage.frequency.tolist(), strict=True):
            entry[FREQUENCY] = "rcf"[code]
    if coverage.parents is not None:
        for child, parent in coverage.parents.tolist():
            entries[child].setdefault(PARENTS, []).append(entries[parent]["id"])


def coverage_findings(annotated: Annotations, labels: Table, items: Table) -> list[Finding]:
    """Say which classes have objects in images where they are said to be absent."""
    import numpy as np

    from compete.table import rows_named

    coverage = annotated.coverage
    if coverage is None or coverage.absent is None:
        return []
    size = len(annotated.categories)
    place = {category.name: number for number, category in enumerate(annotated.categories)}
    row = rows_named(items, labels["item"])
    there = row * size + np.array([place[name] for name in labels["label"]], dtype=np.int64)
    both = np.unique(there[np.isin(there, coverage.absent @ np.array([size, 1]))])
    if not len(both):
        return []
    message = counted(len(both), "class has an object", "classes have objects")
    message += " in an image where it is said to be absent" if len(both) == 1 else " in images where they are not"
    names = annotated.categories
    told = tuple(
        excerpt(f"{names[code].name} in {annotated.file[image]}", 80)
        for image, code in zip(*np.divmod(both[:EXAMPLES], size), strict=True)
    )
    return [Finding(RULE, message, annotated.name, told, "the objects count", "warning", len(both))]


def _pairs(
    images: Sequence[Mapping[str, Any]], key: str, place_of: Mapping[int, int], faults: Faults
) -> np.ndarray[Any, Any] | None:
    """Places of images and of the categories that they list; None where no image has such a list."""
    import numpy as np

    found: list[tuple[int, int]] = []
    for row, image in enumerate(images):
        listed = image.get(key) or []
        if not isinstance(listed, list) or not all(is_whole(number) and number in place_of for number in listed):
            faults.add("coverage-list", f"{key} of image {image['id']}")
            continue
        found += [(row, place_of[number]) for number in sorted(set(listed))]
    return np.array(found, dtype=np.int64).reshape(-1, 2) if any(key in image for image in images) else None


def _frequency(entries: Sequence[Mapping[str, Any]], faults: Faults) -> np.ndarray[Any, Any] | None:
    """How frequent each category is; None where not all say so."""
    import numpy as np

    given = [entry.get(FREQUENCY) for entry in entries]
    known = [LETTERS.get(word, -1) if isinstance(word, str) else -1 for word in given]
    if max(known, default=-1) < 0:
        return None
    for entry, code in zip(entries, known, strict=True):
        if code < 0:
            faults.add("coverage-frequency", str(entry["name"]))
    return None if min(known) < 0 else np.array(known, dtype=np.int8)


def _parents(
    entries: Sequence[Mapping[str, Any]], place_of: Mapping[int, int], faults: Faults
) -> np.ndarray[Any, Any] | None:
    """Places of categories and of what contains each; None where no category says so."""
    import numpy as np

    found: list[tuple[int, int]] = []
    for place, entry in enumerate(entries):
        above = entry.get(PARENTS) or []
        if not isinstance(above, list) or not all(is_whole(number) and number in place_of for number in above):
            faults.add("coverage-parents", str(entry["name"]))
            continue
        found += [(place, place_of[number]) for number in sorted(set(above))]
    if not found:
        return None
    for place in circles(found):
        faults.add("coverage-circle", str(entries[place]["name"]))
    return np.array(found, dtype=np.int64)


def circles(pairs: Sequence[tuple[int, int]]) -> list[int]:
    """What lies on a circle of children and parents, or below one, ascending; empty where there is none.

    >>> circles([(0, 1), (1, 2)]), circles([(0, 1), (1, 0), (2, 3)])
    ([], [0, 1])
    """
    above: dict[int, set[int]] = {}
    for child, parent in pairs:
        above.setdefault(child, set()).add(parent)
    while True:  # what has no parent left lies on no circle
        free = [child for child, parents in above.items() if not parents & above.keys()]
        if not free:
            return sorted(above)
        for child in free:
            del above[child]
