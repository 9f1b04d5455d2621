"""COCO annotation files as objects, and objects as COCO results: what is written reads back to the bit."""

import copy
import json

import numpy as np
import pytest

from compete.errors import DatasetError
from compete.scoring import coco_typed
from compete.scoring.coco import read_results
from compete.scoring.coco_truth import read_truth_json
from compete.scoring.coco_writing import as_coco
from metrics.objects import Objects
from tests.scoring.coco_engines import ENGINES, reading_with
from tests.scoring.coco_files import CLASS_IDS, CLASSES, HEIGHT, WIDTH, images, results, same, terms, written

KINDS = ("boxes", "masks", "points")


@pytest.fixture(params=ENGINES)
def engine(request):
    """Read with each reader."""
    with reading_with(request.param):
        yield request.param


def annotated(kind="boxes", count=20):
    """A COCO file with what such files hold beside."""
    listed = [
        {"id": k + 1, "file_name": f"{k}.jpg", "height": h, "width": w, "license": 3, "coco_url": "http://x/},{"}
        for k, (h, w) in enumerate(zip(HEIGHT, WIDTH, strict=True))
    ]
    rows = results(kind, count=count)
    for k, one in enumerate(rows):
        del one["score"]
        one |= {"id": k, "area": 10.5 + k, "iscrowd": k % 7 == 0, "attributes": {"occluded": False}}
        one.setdefault("bbox", [1, 2, 3.5, 4])
        one["iscrowd"] = int(one["iscrowd"])
        if kind == "points":
            one["keypoints"] = [2 if place % 3 == 2 else value for place, value in enumerate(one["keypoints"])]
    named = [{"id": one, "name": name, "supercategory": "animal"} for one, name in zip(CLASS_IDS, CLASSES, strict=True)]
    return {"info": {"year": 2026}, "licenses": [], "images": listed, "annotations": rows, "categories": named}


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("size", [100, 1 << 18])
@pytest.mark.parametrize("kind", KINDS)
def test_annotations_become_objects(kind, size, monkeypatch):
    monkeypatch.setattr(coco_typed, "SLICE", size)
    file = annotated(kind)
    truth = read_truth_json(json.dumps(file).encode(), kind)
    assert (truth.class_ids, truth.classes) == (CLASS_IDS, CLASSES)
    assert (truth.number.tolist(), truth.height.tolist(), truth.width.tolist()) == (
        [1, 2, 3, 4, 5],
        [*HEIGHT],
        [*WIDTH],
    )
    objects, rows = truth.objects, file["annotations"]
    assert (objects.images, objects.categories, objects.count) == (5, 3, 20)
    assert objects.image.tolist() == [one["image_id"] - 1 for one in rows]
    assert objects.category.tolist() == [CLASS_IDS.index(one["category_id"]) for one in rows]
    assert objects.area.tolist() == [one["area"] for one in rows]
    assert objects.crowd.tolist() == [bool(one["iscrowd"]) for one in rows]
    assert objects.score is None
    if kind == "masks":
        counts, begin = objects.mask.counts()
        assert counts.tolist() == [run for one in rows for run in one["segmentation"]["counts"]]
        assert begin[-1] == len(counts)
    else:
        assert objects.box.tolist() == [one["bbox"] for one in rows]
    if kind == "points":
        assert objects.points.reshape(20, -1).tolist() == [one["keypoints"] for one in rows]


@pytest.mark.usefixtures("engine")
def test_images_and_categories_come_in_the_order_of_their_ids():
    file = annotated()
    expected = read_truth_json(json.dumps(file).encode(), "boxes")
    file["images"].reverse()
    file["categories"].reverse()
    turned = read_truth_json(json.dumps(file).encode(), "boxes")
    assert same(turned.objects, expected.objects)
    assert turned.classes == expected.classes


@pytest.mark.usefixtures("engine")
def test_what_may_be_missing_and_what_may_be_odd():
    file = annotated()
    for one in file["annotations"]:
        del one["iscrowd"]
    file["annotations"][0]["area"] = None
    objects = read_truth_json(json.dumps(file, indent=1).encode(), "boxes").objects
    assert objects.area is None
    assert not objects.crowd.any()
    empty = read_truth_json(json.dumps({**file, "annotations": []}).encode(), "boxes").objects
    assert (empty.count, empty.images) == (0, 5)
    polygons = annotated("masks", 2)
    polygons["annotations"][0]["segmentation"] = [[1, 1, 9, 1, 9, 9, 1, 9], [20, 20, 200, 20, 200, 25, 20, 25]]
    assert read_truth_json(json.dumps(polygons).encode(), "masks").objects.mask.area[0] > 64


def broken(kind="boxes", **changed):
    file = annotated(kind)
    for key, value in changed.items():
        if key in file:
            file[key] = value
        elif value is ...:
            del file["annotations"][3][key]
        else:
            file["annotations"][3][key] = value
    return json.dumps(file)


WRONG = [
    ("boxes", "[1, 2]", "coco"),
    ("boxes", "{}", "coco"),
    ("boxes", broken()[:-9], "coco"),
    ("boxes", broken(images=[]), "coco"),
    ("boxes", broken(categories=[]), "coco"),
    ("boxes", broken(images=annotated()["images"] * 2), "coco"),
    ("boxes", broken(categories=annotated()["categories"] * 2), "coco"),
    ("boxes", broken(image_id=99), "unlisted image"),
    ("boxes", broken(category_id=3), "unlisted category"),
    ("boxes", broken(bbox=...), "coco"),
    ("boxes", broken(bbox=None), "coco"),
    ("boxes", broken(bbox=[1, 2, 3]), "4 numbers"),
    ("boxes", broken(bbox=[1, 2, -3, 4]), "negative"),
    ("boxes", broken(bbox=[1, 2, float("nan"), 4]), "NaN"),
    ("boxes", broken(area=-5), "negative"),
    ("points", broken("points", keypoints=[1, 2, 2]), "numbers"),
    ("masks", broken("masks", segmentation=...), "coco"),
    ("masks", broken("masks", segmentation=None), "wrong-type"),
    ("masks", broken("masks", segmentation=[]), "polygon"),
    ("masks", broken("masks", segmentation=[[1, 1, 2, 2]]), "polygon"),
    ("masks", broken("masks", segmentation={"size": [1, 2], "counts": "0"}), "mask-size"),
    ("masks", broken("masks", segmentation={"size": [*HEIGHT[:1], *WIDTH[:1]], "counts": "x"}), "dataset/"),
]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(("kind", "text", "what"), WRONG, ids=[f"{what}-{k}" for k, (_, _, what) in enumerate(WRONG)])
def test_what_is_wrong_is_told(kind, text, what):
    with pytest.raises(DatasetError, match=what) as caught:
        read_truth_json(text.encode(), kind, name="truth.json")
    for finding in caught.value.findings:
        assert finding.rule.startswith("dataset/")
        assert finding.where.startswith("truth.json")
        assert finding.hint


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("kind", KINDS)
def test_objects_written_as_results_read_back(kind):
    rows = results(kind, seed=4, count=30)
    objects = read_results(written(rows), terms(kind), images())[0]
    again, told = read_results(as_coco(objects, terms(kind), images()), terms(kind), images())
    assert same(objects, again)
    assert told == ()


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("kind", KINDS)
def test_a_truth_as_results_is_a_perfect_submission(kind):
    truth = read_truth_json(json.dumps(annotated(kind)).encode(), kind).objects
    found, told = read_results(as_coco(truth, terms(kind), images()), terms(kind), images())
    assert told == ()
    assert found.count == truth.count - int(truth.crowd.sum())
    assert found.score.tolist() == [1.0] * found.count
    kept = truth.take(np.flatnonzero(~truth.crowd))
    order = np.lexsort((kept.category, kept.image))
    assert found.image.tolist() == kept.image[order].tolist()
    if kind == "boxes":
        assert sorted(map(tuple, found.box.tolist())) == sorted(map(tuple, kept.box.tolist()))


def test_objects_that_ask_for_no_prediction_are_left_out():
    points = np.zeros((3, 2, 3))
    points[1, 0] = (4, 5, 2)
    truth = Objects(5, 3, np.array([0, 1, 2]), np.array([0, 1, 2]), points=points)
    assert [one["image_id"] for one in json.loads(as_coco(truth, terms("points"), images()))] == [2]
    box = np.array([[1.5, 2, 3, 4]] * 3)
    ignored = Objects(5, 3, truth.image, truth.category, box=box, ignore=np.array([True, False, True]))
    assert json.loads(as_coco(ignored, terms(), images())) == [
        {"image_id": 2, "category_id": 2, "bbox": [1.5, 2, 3, 4], "score": 1.0}
    ]
    with pytest.raises(ValueError, match="no masks"):
        as_coco(ignored, terms("masks"), images())


@pytest.mark.real_data
def test_real_annotations_read_like_pycocotools_does(real_data):
    from pycocotools import mask
    from pycocotools.coco import COCO

    for path in sorted((real_data / "coco_tiny" / "annotations").glob("*.json")):
        file = json.loads(path.read_text("utf-8"))
        theirs = COCO()
        theirs.dataset = copy.deepcopy(file)
        theirs.createIndex()
        truth = read_truth_json(path, "masks")
        assert truth.number.tolist() == sorted(theirs.imgs)
        assert truth.objects.area.tolist() == [one["area"] for one in file["annotations"]]
        area = [int(mask.area(theirs.annToRLE(one))) for one in file["annotations"]]
        assert truth.objects.mask.area.tolist() == area
