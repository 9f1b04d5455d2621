"""COCO files whose ids are text, as COCO Camera Traps and some tools write them: numbered anew."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from compete.readers.annotations import is_whole

_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}")


def with_numbers(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The content of a COCO file with whole numbers where the ids of all images, or of all categories, are text.

    Text that spells a number becomes that number where all do; other texts are numbered from 1, in the order of the
    file. An annotation that names what is not there keeps its text, to be told.

    Args:
        content: with the lists images, categories and annotations.

    >>> given = {"images": [{"id": "a"}], "categories": [{"id": "7"}]}
    >>> with_numbers({**given, "annotations": [{"image_id": "a", "category_id": "7"}]})["annotations"]
    [{'image_id': 1, 'category_id': 7}]
    """
    image, category = _numbers(content["images"]), _numbers(content["categories"])
    if not image and not category:
        return content
    annotations = [
        {**entry, **_renamed(entry, "image_id", image), **_renamed(entry, "category_id", category)}
        if isinstance(entry, dict)
        else entry
        for entry in content["annotations"]
    ]
    return {
        **content,
        "images": [{**entry, "id": image[entry["id"]]} for entry in content["images"]] if image else content["images"],
        "categories": [{**entry, "id": category[entry["id"]]} for entry in content["categories"]]
        if category
        else content["categories"],
        "annotations": annotations,
    }


def _numbers(entries: Sequence[Any]) -> dict[str, int]:
    """The number of each id; none where not all are text."""
    names = [entry.get("id") if isinstance(entry, dict) else None for entry in entries]
    known = [name for name in names if isinstance(name, str) and name.strip()]
    if len(known) < len(names):
        return {}
    if all(map(_WHOLE.fullmatch, known)):
        return {name: int(name) for name in known if is_whole(int(name))}
    return {name: number for number, name in enumerate(dict.fromkeys(known), 1)}


def _renamed(entry: Mapping[str, Any], key: str, number: Mapping[str, int]) -> dict[str, Any]:
    """What an annotation names, by its number; nothing where it names nothing."""
    name = entry.get(key)
    return {key: number[name]} if isinstance(name, str) and name in number else {}
