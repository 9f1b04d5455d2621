"""Attacks on COCO files: keys that do not belong there, categories, and numbers that leave gaps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compete.audits.gate.folder import Folder
from compete.bundle import TEST_JSON, TRAIN_JSON
from compete.errors import Finding

TOP = {"info", "images", "categories"}
IMAGE = {"id", "file_name", "width", "height"}
CATEGORY = {"id", "name", "supercategory", "isthing", "keypoints", "skeleton", "frequency", "parents"}
LISTED = {"neg_category_ids", "pos_category_ids", "not_exhaustive_category_ids"}
TRAIN_FILES = (TRAIN_JSON, "train_panoptic.json")
HINT = "build the bundle again"


def keys(folder: Folder) -> Iterator[Finding]:
    """Does the test file hold nothing but images and categories, and the training file nothing of the test?"""
    for name in (TEST_JSON, *TRAIN_FILES):
        if not (folder.public / name).is_file():
            continue
        content = _read(folder, name)
        if content is None:
            yield Finding("leak/annotation-keys", "it is no COCO file", name, hint=HINT)
            continue
        allowed = TOP if name == TEST_JSON else TOP | {"annotations"}
        per_image = IMAGE if name == TEST_JSON else IMAGE | LISTED
        odd = sorted(set(content) - allowed)
        odd += sorted({key for image in content.get("images", ()) for key in image} - per_image)
        odd += sorted({key for one in content.get("categories", ()) for key in one} - CATEGORY)
        odd += sorted(set(content.get("info", {})) - {"description", "version"})
        if odd:
            message = f"it holds {len(odd)} keys that it must not hold"
            yield Finding("leak/annotation-keys", message, name, tuple(odd[:3]), HINT, count=len(odd))
        yield from _strangers(folder, name, content)


def categories(folder: Folder) -> Iterator[Finding]:
    """Are all categories in both files, in the order of their numbers?"""
    lists = {name: content.get("categories") for name in (TEST_JSON, *TRAIN_FILES) if (content := _read(folder, name))}
    wanted = list(folder.terms.class_ids)
    for name, listed in lists.items():
        numbers = [one.get("id") for one in listed or ()]
        if numbers != wanted or listed != lists.get(TEST_JSON, listed):
            message = "its categories are not those of the challenge, all of them and in their order"
            hint = "list every class in both files: which are left out, or come first, tells which are frequent"
            yield Finding("leak/categories", message, name, hint=hint)


def gaps(folder: Folder) -> Iterator[Finding]:
    """Do numbers of images and objects leave gaps where those of the test were?"""
    for name in TRAIN_FILES:
        content = _read(folder, name) or {}
        for what in ("annotations", "images"):
            numbers = [one["id"] for one in content.get(what, ()) if isinstance(one.get("id"), int)]
            missing = max(numbers, default=0) - min(numbers, default=1) + 1 - len(numbers)
            if len(numbers) > 1 and 0 < missing < 20 * len(numbers):
                message = f"the numbers of its {what} leave {missing:,} gaps, which tell of the test"
                hint = "number them anew, without gaps"
                yield Finding("leak/gaps", message, name, hint=hint, count=missing)
    test = _read(folder, TEST_JSON) or {}
    numbers = sorted(one["id"] for one in test.get("images", ()) if isinstance(one.get("id"), int))
    if numbers and numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        message = "the numbers of its images are not consecutive"
        yield Finding("leak/gaps", message, TEST_JSON, hint="number them anew, without gaps")


def _strangers(folder: Folder, name: str, content: Mapping[str, Any]) -> Iterator[Finding]:
    """Images of the other half, and images listed twice."""
    half = "test/" if name == TEST_JSON else "train/"
    files: Sequence[str] = [image.get("file_name", "") for image in content.get("images", ())]
    odd = [file for file in files if not file.startswith(half)]
    if odd or len(set(files)) < len(files):
        message = f"it lists {len(odd):,} images that are not of its half, or one twice"
        yield Finding("leak/annotation-keys", message, name, tuple(odd[:3]), HINT, count=len(odd))


def _read(folder: Folder, name: str) -> dict[str, Any] | None:
    place = folder.public / name
    if not place.is_file():
        return None
    try:
        content = json.loads(place.read_bytes())
    except ValueError:
        return None
    fits = isinstance(content, dict) and all(
        isinstance(content.get(key, []), list) and all(isinstance(one, dict) for one in content.get(key, []))
        for key in ("images", "annotations", "categories")
    )
    return content if fits else None
