"""COCO results: odd files read like plain ones, bad ones are refused for the right reason, with msgspec and without."""

import copy
import json
import random

import numpy as np
import pytest

from compete.errors import SubmissionError
from compete.scoring import coco_typed
from compete.scoring.coco import caps_of, read_results
from compete.scoring.coco_rules import COCO_RULES
from compete.scoring.json_text import load_json
from compete.scoring.rules import RULES
from tests.scoring.coco_engines import ENGINES, reading_with
from tests.scoring.coco_files import CLASS_IDS, images, results, runs, same, terms, written

KINDS = ("boxes", "masks", "points")


@pytest.fixture(params=ENGINES)
def engine(request):
    """Read with each reader."""
    with reading_with(request.param):
        yield request.param


def read(raw, kind="boxes", **changed):
    return read_results(raw, terms(kind, **changed), images(), name="r.json")


def refused(raw, kind="boxes", **changed):
    with pytest.raises(SubmissionError) as caught:
        read(raw, kind, **changed)
    assert caught.value.findings
    return {one.rule: one for one in caught.value.findings}


def changed(row=0, kind="boxes", **values):
    """A valid file with some keys of one result changed, or of all where no row is named; ... removes a key."""
    rows = results(kind)
    for one in rows if row is None else [rows[row]]:
        for key, value in values.items():
            one[key] = value(one) if callable(value) else value
            if value is ...:
                del one[key]
    return written(rows)


def test_typed_reading_is_not_left_untried():
    assert coco_typed.installed_msgspec() is not None
    coco_typed.decoders.cache_clear()
    for kind in KINDS:
        assert (
            coco_typed.plain_columns(load_json(written(results(kind)), caps_of(terms(), images())), kind, 2) is not None
        )


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read(kind):
    rows = results(kind)
    objects, warnings = read(written(rows), kind)
    assert warnings == ()
    given = sorted((one["image_id"] - 1, CLASS_IDS.index(one["category_id"]), -one["score"]) for one in rows)
    assert list(zip(objects.image.tolist(), objects.category.tolist(), (-objects.score).tolist(), strict=True)) == given
    content = {(one["image_id"], one["score"]): one for one in rows}
    for k in range(objects.count):
        one = content[objects.image[k] + 1, float(objects.score[k])]
        if kind == "boxes":
            assert objects.box[k].tolist() == one["bbox"]
        elif kind == "points":
            assert objects.points[k].ravel().tolist() == one["keypoints"]
        else:
            assert objects.mask.take([k]).counts()[0].tolist() == one["segmentation"]["counts"]


def odd_forms(kind):
    """Files that say what the plain one says."""
    rows = results(kind)
    plain = written(rows).decode()
    content = {"boxes": "bbox", "masks": "segmentation", "points": "keypoints"}[kind]
    beside = [{**one, "bbox": [1, 2, 3, 4]} if kind != "boxes" else one for one in rows]
    return {
        "byte order mark": "\ufeff" + plain,
        "indented": json.dumps(rows, indent=2),
        "tight": json.dumps(rows, separators=(",", ":")),
        "CR LF": json.dumps(rows, indent=1).replace("\n", "\r\n"),
        "space around": f"\n \t{plain}\r\n\n",
        "backwards": json.dumps(rows[::-1]),
        "keys sorted": json.dumps(rows, sort_keys=True),
        "keys backwards": json.dumps([dict(list(one.items())[::-1]) for one in rows]),
        "escaped key": plain.replace('"score"', '"sc\\u006fre"', 2),
        "escaped content": plain.replace(f'"{content}"', f'"\\u{ord(content[0]):04x}{content[1:]}"', 1),
        "area, id and crowd declared": json.dumps([{**one, "area": 1e12, "iscrowd": 1, "id": 0} for one in rows]),
        "nested and text keys": json.dumps([{**one, "{x}": {"y": [["é"]]}, "name": "},{]"} for one in rows]),
        "a box beside": json.dumps(beside),
        "a broken box beside": json.dumps([{"bbox": None, **one} for one in rows]),
        "a broken mask beside": json.dumps([{"segmentation": [[0, 1]], **one} for one in rows]),
    }  # fmt: skip


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("size", [40, 1 << 18])
@pytest.mark.parametrize("kind", KINDS)
def test_odd_files_read_like_the_plain_one(kind, size, monkeypatch):
    monkeypatch.setattr(coco_typed, "SLICE", size)
    expected = read(written(results(kind)), kind)[0]
    for what, text in odd_forms(kind).items():
        objects, warnings = read(text.encode(), kind)
        assert same(objects, expected), what
        unread = "declared" in what or "nested" in what or (what == "a broken mask beside" and kind != "masks")
        assert [one.rule for one in warnings] == ["submission/unread-key"] * unread, what
        assert all(one.severity == "warning" for one in warnings)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("kind", KINDS)
def test_order_changes_nothing(kind):
    rows = results(kind, count=60)
    for one in rows:
        one["score"] = round(one["score"], 1) - 0.0
    rows += copy.deepcopy(rows[:5])
    expected, warnings = read(written(rows), kind)
    assert [(one.rule, one.count) for one in warnings] == [("submission/repeated-result", 5)]
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        assert same(read(written(rows), kind)[0], expected)
    key = (expected.image.astype(int) * 10 + expected.category) * 10 - expected.score
    assert (np.diff(key) >= 0).all()


def test_all_readers_agree_to_the_bit_on_numbers():
    generator = random.Random(3)
    texts = ["0.1", "1e-7", "5E-324", "2.5e+1", "1e22", "-0.0", "0", "123456789012345678901234567890", "0." + "3" * 60]
    texts += [repr(generator.random() * 10 ** generator.randint(-30, 1)) for _ in range(2000)]
    texts += [f"{generator.randint(0, 20)}.{generator.getrandbits(90)}" for _ in range(1000)]
    row = '{{"image_id": 4, "category_id": 2, "bbox": [1, 2, 1{}, 3], "score": {}}}'
    widths = [text if text[1:2] == "." and "e" not in text.lower() else "0" for text in texts]
    raw = ("[" + ",".join(map(row.format, widths, texts)) + "]").encode()
    first = read(raw, most_objects=5000)[0]
    for engine in ENGINES:
        with reading_with(engine):
            assert same(read(raw, most_objects=5000)[0], first), engine
    assert sorted(first.score.tolist()) == sorted(float(text) for text in texts)


B, S, P = "boxes", "masks", "points"
WHOLE = runs(1, (2, 2, 10, 10))
BAD = [
    ("empty-file", B, "[]"),
    ("not-a-list", B, '"/etc/passwd"'),
    ("not-a-list", B, "17"),
    ("not-a-list", B, "null"),
    ("not-a-list", B, json.dumps({"images": [], "annotations": results()})),
    ("not-a-list", B, json.dumps(results()[0])),
    ("not-a-result", B, json.dumps([*results(), None])),
    ("not-a-result", B, json.dumps([results()])),
    ("not-a-result", B, json.dumps([1, *results()])),
    ("json-syntax", B, written(results()) + b"[]"),
    ("json-syntax", B, b"\n".join(map(written, results()))),
    ("json-syntax", B, written(results())[:-1] + b",]"),
    ("json-syntax", B, str(results())),
    ("cut-off", B, written(results())[:-30]),
    ("encoding", B, written(results()).decode().encode("utf-16")),
    ("encoding", B, written(results()).replace(b"score", b"sc\xe9re", 1)),
    ("repeated-key", B, written(results()).replace(b'"score"', b'"score": 0.1, "score"', 1)),
    ("repeated-key", B, written(results()).replace(b'"score"', b'"sc\\u006fre": 0.1, "score"', 1)),
    ("repeated-key", B, written(results()).replace(b'"image_id"', b'"image_id": 1, "image_id"')),
    ("repeated-key", B, written(results()).replace(b'"score"', b'"x": {"y": 1, "y": 1}, "score"', 1)),
    ("repeated-key", S, written(results(S)).replace(b'"size"', b'"size": [1, 2], "size"', 1)),
    ("repeated-key", P, written(results(P)).replace(b'"score"', b'"bbox": [1,2,3,4], "bbox": [1,2,3,4], "score"', 1)),
    ("too-deep", B, changed(x=lambda one: json.loads("[" * 40 + "]" * 40))),
    ("not-finite", B, changed(x=float("inf"))),
    ("encoding", B, changed(x="\ud800")),
    ("missing-key", B, changed(image_id=...)),
    ("missing-key", B, changed(None, category_id=...)),
    ("missing-key", B, changed(bbox=...)),
    ("missing-key", B, changed(3, score=...)),
    ("missing-key", B, changed(bbox=..., segmentation=[[1, 1, 5, 1, 5, 5]])),
    ("foreign-key", B, changed(caption="x", area=1e12)),
    *(("wrong-type", B, changed(image_id=value)) for value in (True, "1", "img_1.png", None, 1.0, [1], 1 << 70)),
    *(("wrong-type", B, changed(category_id=value)) for value in (False, "cat", 2.0, None, {})),
    *(("wrong-type", B, changed(score=value)) for value in (True, "0.9", None, [0.9], {})),
    *(("wrong-type", B, changed(bbox=value)) for value in (None, [], [1, 2, 3], [1, 2, 3, 4, 5], [[1, 2, 3, 4]])),
    *(("wrong-type", B, changed(bbox=value)) for value in ("1,2,3,4", {"x": 1}, [1, 2, "3", 4], [1, 2, True, 4])),
    *(("not-finite", B, changed(bbox=[1, 2, value, 4])) for value in (float("nan"), float("inf"), -float("inf"))),
    ("not-finite", B, written(results()).replace(b"[19.25,", b"[1e400,", 1)),
    ("not-finite", B, changed(score=float("nan"))),
    ("not-finite", B, changed(score=10**400)),
    ("unknown-image", B, changed(image_id=77)),
    ("unknown-image", B, changed(image_id=-1)),
    ("unknown-image", B, changed(None, image_id=lambda one: one["image_id"] - 1)),
    ("unknown-category", B, changed(category_id=3)),
    ("unknown-category", B, changed(None, category_id=lambda one: CLASS_IDS.index(one["category_id"]))),
    ("box-size", B, changed(bbox=[5, 5, -2, -2])),
    ("box-size", B, changed(bbox=[5, 5, 0, 3])),
    ("outside-image", B, changed(bbox=[500, 5, 4, 4])),
    ("outside-image", B, changed(bbox=[-50, 5, 4, 4])),
    ("outside-image", B, changed(bbox=[0, 0, 1e300, 1e300])),
    ("relative-box", B, changed(None, bbox=[0.1, 0.2, 0.5, 0.5])),
    ("too-many", B, written(results() * 500)),
    ("too-many", B, b"[" + b"{}," * 60_000 + b"{}]"),
    *(("wrong-type", P, changed(kind=P, keypoints=value)) for value in ([1, 2, 1], None, [1, 2, 1] * 3, [[1, 2, 1]])),
    ("not-finite", P, changed(kind=P, keypoints=[1, 2, 1, 1, float("nan"), 1])),
    ("outside-image", P, changed(kind=P, keypoints=[-1, -2, 1, -1, -5, 1])),
    ("outside-image", P, changed(kind=P, keypoints=[1, 2, 1, 1, 1e200, 1])),
    ("relative-box", P, changed(None, P, keypoints=[0.5, 0.25, 1, 0.1, 0.1, 1])),
    *(("wrong-type", S, changed(kind=S, segmentation=value)) for value in (None, "x", 5, True)),
    *(
        (rule, S, changed(kind=S, segmentation=lambda one, part=part: {**one["segmentation"], **part}))
        for rule, part in (
            ("wrong-type", {"counts": 5}),
            ("wrong-type", {"counts": [10.5, 5]}),
            ("wrong-type", {"counts": None}),
            ("wrong-type", {"size": [40.0, 60.0]}),
            ("wrong-type", {"size": [40, 60, 3]}),
            ("wrong-type", {"size": None}),
            ("mask-size", {"size": [41, 60]}),
            ("mask-size", {"size": [0, 0]}),
            ("mask-size", {"size": [1 << 80, -5]}),
            ("mask-size", {"size": [-1, -1]}),
            ("mask-size", {"size": [-1, -1], "counts": "0"}),
            ("run-length", {"counts": []}),
            ("run-length", {"counts": [5, -5, 2400]}),
            ("run-length", {"counts": [5, 5]}),
            ("run-length", {"counts": [1 << 90]}),
            ("run-length", {"counts": ""}),
            ("run-length", {"counts": "é١"}),
            ("run-length", {"counts": "abc\0"}),
            ("run-length", {"counts": "oooooooooooooooooo"}),
            ("run-length", {"counts": "0PPPPPPPP1"}),
            ("run-length", {"counts": "0O"}),
            ("run-length", {"counts": ":d0"}),
            ("run-length", {"counts": 'a"b'}),
        )
    ),
    ("missing-key", S, changed(kind=S, segmentation={"counts": "0"})),
    ("missing-key", S, changed(kind=S, segmentation={"size": [40, 60]})),
    *(
        (rule, S, changed(kind=S, segmentation=value))
        for rule, value in (
            ("polygon", []),
            ("polygon", [[]]),
            ("polygon", [[1, 1, 5, 5]]),
            ("polygon", [[1, 1, 5, 5, 6, 6, 7]]),
            ("polygon", [1, 1, 5, 5, 6, 1]),
            ("polygon", [[[1, 1, 5, 5, 6, 1]]]),
            ("polygon", [[1, 1, 5, 5, 6, "1"]]),
            ("polygon", [[1, 1, 5, 5, 600, 1]]),
            ("polygon", [[1, 1, -5, 5, 6, 1]]),
            ("polygon", [[1e8, 1, 5e300, 5, 6, 1]]),
            ("not-finite", [[1, 1, float("nan"), 5, 6, 1]]),
        )
    ),
]  # fmt: skip


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(("rule", "kind", "text"), BAD, ids=[f"{rule}-{k}" for k, (rule, _, _) in enumerate(BAD)])
def test_bad_files_are_refused_for_the_right_reason(rule, kind, text):
    told = refused(text if isinstance(text, bytes) else text.encode(), kind)
    assert f"submission/{rule}" in told
    for finding in told.values():
        assert finding.rule in COCO_RULES or finding.rule in RULES
        assert finding.where.startswith("r.json")
        assert finding.hint
        assert finding.message[0].islower() or finding.message[0].isdigit()
        assert str(finding).replace("\n", "").isprintable()
        assert len(str(finding)) < 700
