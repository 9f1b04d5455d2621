"""What is told about COCO results: every fault at once, its place, its cause; the same with and without msgspec."""

import json
import os
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.errors import SubmissionError
from compete.scoring import coco_typed, json_rows
from compete.scoring.coco import read_results
from compete.scoring.images import Images
from compete.scoring.matching import vocabulary
from tests.scoring.coco_engines import ENGINES, reading_with
from tests.scoring.coco_files import CLASS_IDS, compressed, images, results, runs, same, terms, written

KINDS = ("boxes", "masks", "points")


def outcome(raw, kind="boxes"):
    """The objects and what was told, or only what was told."""
    try:
        objects, told = read_results(raw, terms(kind), images(), name="r.json")
    except SubmissionError as fault:
        return None, fault.findings
    return objects, told


def told(rows, kind="boxes"):
    return {one.rule[len("submission/") :]: one for one in outcome(written(rows, indent=1), kind)[1]}


def every_way(raw, kind):
    """What comes out, after a look that it is the same with every reader."""
    first, said = outcome(raw, kind)
    for engine in ENGINES[1:]:
        with reading_with(engine):
            other, said_then = outcome(raw, kind)
        assert said == said_then
        assert (first is None) == (other is None)
        if first is not None:
            assert same(first, other)
    return first, said


PIECES = [
    b'"',
    b"\\",
    b",",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"0",
    b"-",
    b".",
    b"e5",
    b" ",
    b"\n",
    b"\xc3\xa9",
    b"\xff",
    b"\0",
]
PIECES += [
    b"null",
    b"true",
    b"NaN",
    b'"score": 1,',
    b'"bbox": [1,2,3,4],',
    b'"x": 1,',
    b"}, {",
    b'"a"',
    b"\\u0061",
    b"1e999",
]
SLICES = st.sampled_from([30, 200, 1 << 18])


@settings(deadline=None, max_examples=500)
@given(st.data(), st.sampled_from(KINDS), SLICES)
def test_a_file_with_scratches_is_read_alike_or_refused_alike(data, kind, size):
    raw = written(compressed(results(kind, count=4)) if data.draw(st.booleans()) else results(kind, count=4))
    for _ in range(data.draw(st.integers(1, 3))):
        low = data.draw(st.integers(0, len(raw)))
        high = low + data.draw(st.sampled_from([0, 0, 1, 2, 8, 40]))
        raw = raw[:low] + data.draw(st.sampled_from([b"", *PIECES])) + raw[high:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coco_typed, "SLICE", size)
        patch.setattr(json_rows, "BLOCK", size)
        objects, said = every_way(raw, kind)
    if objects is not None:
        rows = json.loads(raw.decode("utf-8-sig"))
        assert objects.count == len(rows)
        assert sorted(objects.score.tolist()) == sorted(float(one["score"]) for one in rows)
    else:
        assert said


@pytest.mark.parametrize("kind", KINDS)
def test_every_beginning_of_a_file_is_told_to_be_cut_off(kind):
    raw = written(results(kind, count=2))
    for end in range(1, len(raw)):
        objects, said = every_way(raw[:end], kind)
        assert objects is None
        assert [one.rule for one in said] == ["submission/cut-off"], raw[:end]


def test_a_repeated_key_anywhere_is_seen():
    generator = random.Random(1)
    for kind in KINDS:
        for _ in range(40):
            rows = results(kind, count=5)
            chosen = generator.randrange(5)
            key = generator.choice(list(rows[chosen]))
            again = json.dumps({key: generator.choice(rows)[key]})[1:-1]
            texts = [json.dumps(one) for one in rows]
            texts[chosen] = f"{{{again}, {texts[chosen][1:]}"
            objects, said = every_way(f"[{', '.join(texts)}]".encode(), kind)
            assert objects is None
            assert [(one.rule, one.count) for one in said] == [("submission/repeated-key", 1)]


def test_all_faults_are_told_at_once_with_their_places():
    rows = results(count=8)
    rows[1]["image_id"] = 99
    rows[2]["category_id"] = "cat"
    rows[3]["bbox"] = [1, 2, 0, 4]
    rows[5]["score"] = None
    rows[6].pop("score")
    rows[7]["image_id"] = 98
    said = told(rows)
    assert set(said) == {"unknown-image", "wrong-type", "box-size", "missing-key"}
    lines = written(rows, indent=1).decode().split("\n")
    line = [number for number, text in enumerate(lines, 1) if text == " {"]
    assert said["unknown-image"].where == f"r.json:{line[1]}:2"
    assert said["unknown-image"].items == ("results[1]: 99", "results[7]: 98")
    assert said["unknown-image"].count == 2
    assert said["box-size"].where == f"r.json:{line[3]}:2"
    assert said["box-size"].items == ("results[3]: [1, 2, 0, 4]",)
    assert said["missing-key"].where == f"r.json:{line[6]}:2"


def shifted(key, change):
    return [{**one, key: change(one[key])} for one in results()]


def renamed(one, key, other):
    return {other if name == key else name: value for name, value in one.items()}


CAUSES = [
    ("unknown-image", shifted("image_id", lambda one: one - 1), "one too low"),
    ("unknown-image", shifted("image_id", lambda one: one + 1), "one too high"),
    ("unknown-image", shifted("image_id", lambda one: one + 5), "training images"),
    ("unknown-image", shifted("image_id", lambda one: one * 1000), "from 1 to 5"),
    ("unknown-category", shifted("category_id", lambda one: one - 1), "begin at 1, yours at 0"),
    ("unknown-category", shifted("category_id", lambda one: one + 1), "one too high"),
    ("unknown-category", shifted("category_id", CLASS_IDS.index), "place of the class"),
    ("unknown-category", shifted("category_id", lambda one: 77), "1 (cat), 2 (dog), 4 (owl)"),
    ("wrong-type", shifted("image_id", str), "without quotes"),
    ("wrong-type", shifted("image_id", lambda one: f"img_{one}.png"), "test.json under images"),
    ("wrong-type", shifted("image_id", float), "decimal point"),
    ("wrong-type", shifted("category_id", lambda one: "cat"), "test.json under categories"),
    ("wrong-type", shifted("bbox", lambda one: [*one, 0.5]), "5 numbers stand where 4 belong"),
    ("wrong-type", shifted("bbox", lambda one: [one]), "further list"),
    ("missing-key", [renamed(one, "score", "confidence") for one in results()], "confidence"),
    ("missing-key", [renamed(one, "bbox", "box") for one in results()], "says box"),
    ("not-a-list", {"annotations": results()}, "stands under 'annotations'"),
    ("not-a-result", [results()], "one list"),
    ("relative-box", shifted("bbox", lambda one: [part / 100 for part in one]), "multiply"),
    ("score-range", shifted("score", lambda one: one * 60 + 40), "percentages"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "rows", "hint"), CAUSES, ids=[f"{rule}-{k}" for k, (rule, _, _) in enumerate(CAUSES)])
def test_the_likely_cause_is_named(rule, rows, hint):
    assert hint in told(rows)[rule].hint


def test_corners_are_recognised_and_told():
    box = np.array([[x, y, x + 15, y + 14] for x, y in np.random.default_rng(0).integers((25, 15), (44, 26), (30, 2))])
    rows = [{"image_id": 1, "category_id": 1, "bbox": one, "score": 0.5} for one in box.tolist()]
    said = told(rows)["box-corners"]
    assert (said.severity, "right less left" in said.hint) == ("warning", True)
    honest = np.array([[x, y, 15, 14] for x, y in box[:, :2]])
    assert "box-corners" not in told([{**one, "bbox": new} for one, new in zip(rows, honest.tolist(), strict=True)])


def test_boxes_a_little_over_the_edge_are_fine():
    rows = [{"image_id": 1, "category_id": 1, "bbox": [-3, -2, 70, 50], "score": 0.5}]
    assert told(rows) == {}


def test_scores_may_be_any_finite_number_with_a_warning():
    said = told(shifted("score", lambda one: one * 40 - 20))
    assert {rule: one.severity for rule, one in said.items()} == {"score-range": "warning"}


def test_masks_of_another_size_and_masks_without_a_pixel():
    rows = results("masks", count=3)
    rows[0]["segmentation"]["size"] = rows[0]["segmentation"]["size"][::-1]
    assert "other way round" in told(rows, "masks")["mask-size"].hint
    empty = {"image_id": 1, "category_id": 1, "segmentation": {"size": [40, 60], "counts": [2400]}, "score": 0.5}
    assert told([empty], "masks")["empty-mask"].severity == "warning"
    small = {**empty, "segmentation": {"size": [20, 30], "counts": [0, 600]}}
    assert "resized" in told([small], "masks")["mask-size"].hint


# pycocotools' decode gives numpy 2 an array in a way that numpy 2 warns of.
@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_polygons_and_run_lengths_say_the_same():
    from pycocotools import mask

    shape = [[2.0, 3.0, 20.5, 3.0, 20.5, 12.25, 9, 20, 2, 12.25], [30, 5, 40, 5, 40, 15]]
    packed = mask.merge(mask.frPyObjects(shape, 40, 60))
    plain = {"size": [40, 60], "counts": packed["counts"].decode()}
    flat = np.concatenate([[0], mask.decode(packed).ravel(order="F"), [2]])
    ends = np.flatnonzero(flat[1:] != flat[:-1])
    counts = {"size": [40, 60], "counts": np.diff([0, *ends]).tolist()}
    box = runs(2, (1, 2, 5, 6))
    made = []
    for order in ([shape, plain, counts, box], [plain, box, plain, plain], [counts, counts, box, shape]):
        rows = [
            {"image_id": 2 if one is box else 1, "category_id": 1, "segmentation": one, "score": 0.1 * (one is not box)}
            for one in order
        ]
        objects, said = every_way(written(rows), "masks")
        assert [one.rule for one in said] == ["submission/repeated-result"]
        made.append(objects)
    assert same(made[0], made[1])
    assert same(made[1], made[2])
    assert made[0].mask.text.tobytes().startswith(packed["counts"])


def shared():
    given = os.environ.get("COMPETE_REAL_DATA", "")
    return Path(given).parent / "corpus" if given else Path("/nonexistent")


def cases():
    manifest = shared() / "manifest.json"
    listed = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else []
    return [case for case in listed if case["family"] in "DS"]


@pytest.mark.real_data
@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_the_shared_corpus(case):
    truth = json.loads((shared() / "gt.json").read_text("utf-8"))
    listed = truth["images"]
    number = np.array([one["id"] for one in listed])
    height, width = (np.array([one[side] for one in listed], np.int32) for side in ("height", "width"))
    known = Images(vocabulary([one["file_name"] for one in listed]), number, height, width)
    kind = {"D": "boxes", "S": "masks"}[case["family"]]
    classes = tuple(one["name"] for one in truth["categories"])
    challenge = terms(kind, classes=classes, class_ids=tuple(one["id"] for one in truth["categories"]))

    def read(name):
        return read_results(shared() / case["family"] / f"{name}.json", challenge, known)[0]

    if case["expect"] == "reject":
        with pytest.raises(SubmissionError):
            read(case["id"])
        return
    try:
        objects = read(case["id"])
    except SubmissionError:
        objects = None
    assert objects is not None or case["expect"].startswith("either")
    if objects is not None and case["expect"] in ("accept", "either"):
        assert same(objects, read(f"{case['family']}000"))
    if case["expect"].startswith("same_as:"):
        assert same(objects, read(case["expect"].partition(":")[2]))
