"""``panoptic.json``: segments in the solution's order, or every fault at once."""

import copy
import json

import pytest

from compete.errors import SubmissionError
from compete.scoring.coco_panoptic import LARGEST_ID, read_panoptic_json
from compete.scoring.coco_rules import COCO_RULES
from compete.scoring.rules import RULES
from tests.scoring.coco_files import images, terms

SEGMENTS = [[(7, 1), (300, 4)], [], [(1, 2)], [(LARGEST_ID, 4), (2, 2), (3, 2)], [(5, 1)]]


def listed():
    return [
        {
            "image_id": number,
            "file_name": f"img_{number}.png",
            "segments_info": [{"id": one, "category_id": label} for one, label in held],
        }
        for number, held in enumerate(SEGMENTS, 1)
    ]


def read(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return read_panoptic_json(raw, terms(), images(), name="panoptic.json")


def check(files):
    assert files.file == tuple(f"img_{number}.png" for number in range(1, 6))
    assert files.image.tolist() == [0, 0, 2, 3, 3, 3, 4]
    assert files.segment.tolist() == [7, 300, 1, 2, 3, LARGEST_ID, 5]
    assert files.category.tolist() == [0, 2, 1, 1, 1, 2, 0]


def test_segments_come_in_the_solutions_order():
    rows = listed()
    check(read({"annotations": rows})[0])
    check(read({"annotations": rows[::-1]})[0])
    for one in rows:
        one["segments_info"].reverse()
    check(read({"annotations": rows, "images": [], "info": {"x": None}})[0])
    assert read({"annotations": rows})[1] == ()


def test_what_stands_beside_is_not_read():
    rows = listed()
    for one in rows:
        for segment in one["segments_info"]:
            segment |= {"area": 10**12, "iscrowd": 1, "bbox": [1, 2, 3, 4], "isthing": False}
    files, told = read({"annotations": rows})
    check(files)
    assert told == ()


def changed(row=0, **values):
    rows = listed()
    for key, value in values.items():
        rows[row][key] = value
        if value is ...:
            del rows[row][key]
    return {"annotations": rows}


def segment(**values):
    rows = copy.deepcopy(listed())
    rows[3]["segments_info"][1] |= values
    return {"annotations": rows}


BAD = [
    ("not-panoptic", listed()),
    ("not-panoptic", {"images": []}),
    ("not-panoptic", {"annotations": {"1": []}}),
    ("not-panoptic", 5),
    ("not-a-result", {"annotations": [*listed(), None]}),
    ("missing-key", changed(image_id=...)),
    ("missing-key", changed(file_name=...)),
    ("missing-key", changed(segments_info=...)),
    *(("wrong-type", changed(image_id=value)) for value in ("1", 1.0, True, None, 1 << 62)[:4]),
    ("unknown-image", changed(image_id=1 << 62)),
    ("unknown-image", changed(image_id=77)),
    ("missing-image", {"annotations": listed()[1:]}),
    ("missing-image", {"annotations": []}),
    ("missing-image", changed(image_id=2)),
    ("repeated-image", changed(image_id=2)),
    ("repeated-image", {"annotations": [*listed(), *listed()[:2]]}),
    *(("wrong-type", changed(file_name=value)) for value in (None, "", "  ", 5, "a\x1b.png", "x" * 300)),
    ("repeated-file", changed(file_name="img_2.png")),
    *(("wrong-type", changed(segments_info=value)) for value in (None, {}, "x", [1], [[]])),
    *(("wrong-type", segment(id=value)) for value in ("2", 2.0, None, True)),
    *(("wrong-type", segment(category_id=value)) for value in ("cat", 1.5, None)),
    *(("segment-id", segment(id=value)) for value in (0, -1, LARGEST_ID + 1)),
    ("repeated-segment", segment(id=3)),
    ("unknown-category", segment(category_id=3)),
    ("unknown-category", segment(category_id=0)),
    ("repeated-key", json.dumps({"annotations": listed()}).replace('"id": 7', '"id": 8, "id": 7').encode()),
    ("repeated-key", json.dumps({"annotations": listed()}).replace("{", '{"annotations": [], ', 1).encode()),
    ("not-finite", {"annotations": listed(), "x": float("nan")}),
    ("cut-off", json.dumps({"annotations": listed()})[:-20].encode()),
    ("json-syntax", json.dumps({"annotations": listed()}).encode() + b"{}"),
]


@pytest.mark.parametrize(("rule", "value"), BAD, ids=[f"{rule}-{k}" for k, (rule, _) in enumerate(BAD)])
def test_bad_files_are_refused_for_the_right_reason(rule, value):
    with pytest.raises(SubmissionError) as caught:
        read(value)
    told = {one.rule: one for one in caught.value.findings}
    assert f"submission/{rule}" in told
    for finding in told.values():
        assert finding.rule in COCO_RULES or finding.rule in RULES
        assert finding.where.startswith("panoptic.json")
        assert finding.hint
        assert str(finding).replace("\n", "").isprintable()
        assert len(str(finding)) < 600


def test_classes_as_a_model_counts_them_are_recognised():
    rows = listed()
    held = rows[0]["segments_info"][0]
    held["label_id"] = held.pop("category_id")
    with pytest.raises(SubmissionError) as caught:
        read({"annotations": rows})
    (told,) = caught.value.findings
    assert told.rule == "submission/wrong-type"
    assert "label_id is the place of a class in a model: give its category_id instead" in told.hint


def test_all_faults_are_told_at_once_with_their_places():
    rows = listed()
    rows[0]["image_id"] = 99
    rows[2]["segments_info"][0]["category_id"] = 3
    rows[3]["file_name"] = "img_5.png"
    with pytest.raises(SubmissionError) as caught:
        read(json.dumps({"annotations": rows}, indent=1).encode())
    told = {one.rule: one for one in caught.value.findings}
    assert set(told) == {
        f"submission/{rule}" for rule in ("unknown-image", "missing-image", "unknown-category", "repeated-file")
    }
    assert told["submission/unknown-image"].where == "panoptic.json:3:3"
    assert told["submission/unknown-image"].items == ("annotations[0]: 99",)
    assert told["submission/missing-image"].items == ("image 1",)
    assert told["submission/unknown-category"].items == ("annotations[2]: 3",)
