"""Polygons of COCO files: read by their commas, as Python's json reads them, or left to another reader."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.errors import DatasetError
from compete.scoring import coco_content, json_outlines
from compete.scoring.coco_truth import read_truth_json
from compete.scoring.json_text import load_json
from compete.scoring.source import Caps
from metrics.masks import Masks
from tests.scoring.coco_engines import reading_with

SIDE = 60


def outlines(random, many):
    """Polygons with numbers of many forms."""
    shapes = [random.uniform(0, SIDE, 2 * int(random.integers(3, 9))).tolist() for _ in range(many)]
    form = random.integers(4)
    return [[int(one) if form == 0 else round(one, int(form)) for one in shape] for shape in shapes]


def file_of(seed=0, count=60, crowds=True):
    """A COCO file whose annotations have one or more polygons each; some are crowds with run lengths."""
    random = np.random.default_rng(seed)
    annotations = []
    for k in range(count):
        shape = outlines(random, int(random.integers(1, 4)))
        if crowds and k % 9 == 4:
            shape = {"size": [SIDE, SIDE], "counts": [k, 50, SIDE * SIDE - k - 50]}
        elif crowds and k % 9 == 7:
            counts = Masks.from_counts([[k, 50, SIDE * SIDE - k - 50]], SIDE, SIDE).text.tobytes().decode()
            shape = {"counts": counts, "size": [SIDE, SIDE]}
        annotations.append({"segmentation": shape, "area": 9.5, "iscrowd": int(k % 9 == 4), "image_id": 1 + k % 3})
        annotations[-1] |= {"bbox": [1.0, 2.0, 3.0, 4.0], "category_id": 5, "id": k + 1}
    images = [{"id": k + 1, "file_name": f"{k}.jpg", "height": SIDE, "width": SIDE} for k in range(3)]
    return {"images": images, "annotations": annotations, "categories": [{"id": 5, "name": "cat", "keypoints": []}]}


def lifted(text):
    """What the reader makes of a file; None where it leaves it to another."""
    return coco_content.alike_content(load_json(text.encode(), Caps(), "truth"), "masks")


def plainly(text):
    """The masks that the reader of plain ``json`` makes of it."""
    with reading_with("json"):
        return read_truth_json(text.encode(), "masks").objects


def outcome(read):
    """What the objects say, or the rules of what is wrong with them."""
    try:
        objects = read()
    except DatasetError as fault:
        return [one.rule for one in fault.findings]
    return [objects.mask.text.tobytes(), *(getattr(objects, name).tolist() for name in ("image", "area", "crowd"))]


@pytest.mark.parametrize("separators", [None, (",", ":"), (",", ": ")])
@pytest.mark.parametrize("block", [300, 1 << 19])
@pytest.mark.parametrize(("seed", "crowds"), [(0, True), (1, True), (2, False)])
def test_polygons_are_read_by_their_commas(seed, crowds, block, separators, monkeypatch):
    text = json.dumps(file_of(seed, crowds=crowds), separators=separators)
    expected = outcome(lambda: plainly(text))
    monkeypatch.setattr(json_outlines, "BLOCK", block)
    content = lifted(text)
    assert content is not None
    assert content.table.shapes.polygons.start[-1] > 100
    assert outcome(lambda: read_truth_json(text.encode(), "masks").objects) == expected
    assert len(expected) == 4


CHANGES = {
    "a text for a number": ('"id": 5, ', '"id": 5.0, '),
    "a key twice": ('"id": 31}', '"id": 31, "id": 31}'),
    "a list in a list": ("[[", "[[["),
    "a number too much of brackets": ("]]", "]]]"),
    "a polygon of two points": ("[[", "[[1, 2, 3, 4], ["),
    "half a point": ("[[", "[[1, 2, 3, 4, 5, 6, 7], ["),
    "no number": ("[[", "[[1, 2, 3, 4, 5, null], ["),
    "a text": ("[[", '[["1", 2, 3, 4, 5, 6], ['),
    "infinity": ("[[", "[[1, 2, 3, 4, 5, 1e999], ["),
    "a zero in front": ("[[", "[[01, 2, 3, 4, 5, 6], ["),
    "an empty place": ("[[", "[[1, 2, , 3, 4, 5, 6], ["),
    "another name": ('"segmentation": [[', '"polygon": [['),
    "white space": ("[[", "[ ["),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_written_otherwise_is_left_to_another_reader(change):
    text = json.dumps(file_of(count=40))
    place = (
        text.index(CHANGES[change][0], len(text) // 2) if change != "a text for a number" else text.rindex('"id": 5')
    )
    changed = text[:place] + text[place:].replace(*CHANGES[change], 1)
    assert changed != text
    assert lifted(changed) is None


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_scratched_file_is_read_as_json_reads_it_or_refused(data):
    text = json.dumps(file_of(count=12))
    begin = text.index('"annotations"')
    place = data.draw(st.integers(begin, len(text) - 1))
    changed = (
        text[:place] + data.draw(st.sampled_from('[]{},:" 0-.e9a\\')) + text[place + data.draw(st.integers(0, 2)) :]
    )
    content = lifted(changed)
    if content is None:
        return
    document = json.loads(changed)
    rows = document["annotations"]
    polygons = content.table.shapes.polygons
    drawn = [one["segmentation"] for one in rows if isinstance(one["segmentation"], list)]
    assert polygons.number.tolist() == [number for one in drawn for shape in one for number in shape]
    assert np.diff(polygons.start).tolist() == [len(shape) for one in drawn for shape in one]
    assert content.table.image.tolist() == [one["image_id"] for one in rows]
    assert outcome(lambda: read_truth_json(changed.encode(), "masks").objects) == outcome(lambda: plainly(changed))
