"""What data tell of a problem: each figure on drawings of which the answer is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from compete.challenge import Challenge, load_challenge
from compete.dataset import Category, Dataset
from compete.errors import DatasetError
from compete.recommending import advised_against, shapes, structures
from compete.recommending.agreement import agreed, disagreement, exposed_raters
from compete.recommending.closeness import contact
from compete.recommending.fingerprint import figures, fingerprint_of
from compete.recommending.shapes import coarser, elongation
from compete.recommending.structures import background, spread, structures_of
from metrics.label_maps import LabelMaps
from metrics.masks import Masks

Array = np.ndarray[Any, Any]
OF_TASK = {
    "semantic_segmentation": "  path: x.csv\n  file: f\n  mask: m\n  values: {paper: 0, cell: 1}\n",
    "panoptic_segmentation": "  reader: coco\n  path: x\n",
    "instance_segmentation": "  reader: coco\n  path: x\n",
    "detection": "  reader: coco\n  path: x\n",
    "classification": "  path: x.csv\n  label: label\n",
    "multilabel": "  path: x.csv\n  label: [rain, fog]\n",
    "multioutput": "  path: x.csv\n  label: [rain, fog]\n",
}

METRIC = {
    "semantic_segmentation": "miou",
    "panoptic_segmentation": "panoptic_quality",
    "instance_segmentation": "mask_ap",
    "detection": "box_ap",
    "multioutput": "columnwise(metric=accuracy)",
}


def challenge(folder: Path, task: str, more: str = "") -> Challenge:
    """A challenge whose data are given apart."""
    metric = METRIC.get(task, "f1_macro")
    text = f"name: x\ntitle: X\ntask: {task}\ndata:\n{OF_TASK[task]}split: {{seed: s}}\nscore: {{metric: {metric!r}}}\n"
    (folder / "challenge.yaml").write_text(text + more)
    return load_challenge(folder)


def label_images(arrays: list[Array], names: dict[str, int]) -> Dataset:
    """Label images as readers give them."""
    ids = [f"i{place:03d}" for place in range(len(arrays))]
    rows = [
        (item, name, float((array == value).sum()))
        for item, array in zip(ids, arrays, strict=True)
        for name, value in names.items()
        if (array == value).any()
    ]
    return Dataset(
        pd.DataFrame(index=pd.Index(ids, dtype=object)),
        pd.DataFrame(rows, columns=["item", "label", "area"]),
        categories=tuple(Category(name, value) for name, value in names.items()),
        maps=LabelMaps.from_arrays([array.astype(np.uint8) for array in arrays]),
        volumes=arrays[0].ndim == 3,
    )


def masks_of(pictures: list[list[Array]], *, rle: bool = True) -> Dataset:
    """Objects as readers give them: of each picture the masks of one class, as run lengths or as boxes alone."""
    rows = []
    for place, picture in enumerate(pictures):
        for array in picture:
            mask = Masks.from_bitmaps([array])
            x, y, width, height = mask.box[0].tolist()
            text = bytes(mask.text.tolist()).decode()
            rows.append((f"i{place:03d}", "cell", x, y, width, height, float(mask.area[0]), False, text))
    columns = ["item", "label", "x", "y", "width", "height", "area", "crowd", "rle"]
    size = pictures[0][0].shape
    ids = pd.Index([f"i{place:03d}" for place in range(len(pictures))], dtype=object)
    items = pd.DataFrame({"height": str(size[0]), "width": str(size[1])}, index=ids)
    labels = pd.DataFrame(rows, columns=columns)
    return Dataset(items, labels if rle else labels.drop(columns="rle"), categories=(Category("cell", 1),))


def segments_of(pictures: list[list[Array]]) -> Dataset:
    """The same objects as numbered segments on paper."""
    arrays, rows = [], []
    for place, picture in enumerate(pictures):
        array = np.ones(picture[0].shape, dtype=np.uint8)
        for number, mask in enumerate(picture):
            array[mask] = number + 2
        arrays.append(array)
        rows += [(f"i{place:03d}", "paper", 1, float((array == 1).sum()), False)]
        rows += [(f"i{place:03d}", "cell", 2 + k, float((array == 2 + k).sum()), False) for k in range(len(picture))]
    ids = pd.Index([f"i{place:03d}" for place in range(len(pictures))], dtype=object)
    labels = pd.DataFrame(rows, columns=["item", "label", "segment", "area", "crowd"])
    categories = (Category("paper", 1, thing=False), Category("cell", 2))
    return Dataset(pd.DataFrame(index=ids), labels, categories=categories, maps=LabelMaps.from_arrays(arrays))


def box(high: int, wide: int, *, top: int = 2, left: int = 2, size: tuple[int, int] = (40, 40)) -> Array:
    """A picture of one box."""
    array = np.zeros(size, dtype=bool)
    array[top : top + high, left : left + wide] = True
    return array


CELLS = {"paper": 0, "cell": 1}
SQUARES = [box(16, 16)] * 12
UNEQUAL = [box(side, side) for side in range(10, 22)]
TUBES = [box(2, 36)] * 12
SPOTS = [box(4, 4)] * 12
MIXED = [box(3, 3)] * 10 + [box(30, 30)] * 2
DRAWINGS = {
    "squares": (SQUARES, {"small": False, "varied": False, "tubular": False}),
    "unequal": (UNEQUAL, {"small": False, "varied": False, "tubular": False}),
    "tubes": (TUBES, {"small": False, "varied": False, "tubular": True}),
    "spots": (SPOTS, {"small": True, "varied": False, "tubular": False}),
    "mixed": (MIXED, {"small": True, "varied": True, "tubular": False}),
}


@pytest.mark.parametrize("name", DRAWINGS)
@pytest.mark.parametrize(
    "task", ["semantic_segmentation", "instance_segmentation", "panoptic_segmentation", "detection"]
)
def test_sizes_and_shapes_of_structures(tmp_path: Path, name: str, task: str) -> None:
    pictures, expected = DRAWINGS[name]
    made = {
        "semantic_segmentation": lambda: label_images([1 * picture for picture in pictures], CELLS),
        "panoptic_segmentation": lambda: segments_of([[picture] for picture in pictures]),
        "instance_segmentation": lambda: masks_of([[picture] for picture in pictures]),
        "detection": lambda: masks_of([[picture] for picture in pictures], rle=False),
    }
    found = figures(challenge(tmp_path, task), made[task]())
    wanted = {key: value for key, value in expected.items() if key != "tubular" or task != "detection"}
    assert {key: found[key].value for key in wanted} == wanted
    assert "tubular" in found or task == "detection"
    assert all(answer.because for answer in found.values())


def test_of_volumes_a_cube_is_small_sooner_and_a_rod_is_a_tube(tmp_path: Path) -> None:
    cube, rod = np.zeros((12, 12, 40)), np.zeros((12, 12, 40))
    cube[2:11, 2:11, 2:11] = 1  # 9 voxels a side: of a square not small, of a cube small
    rod[4:7, 4:7, 1:39] = 1
    of = challenge(tmp_path, "semantic_segmentation")
    found = figures(of, label_images([cube] * 12, CELLS))
    assert (found["small"].value, found["tubular"].value) == (True, False)
    assert figures(of, label_images([rod] * 12, CELLS))["tubular"].value


def test_half_of_the_classes_are_enough_and_are_named(tmp_path: Path) -> None:
    cell, vessel, spot = box(16, 16, top=20), box(2, 36), box(9, 9, top=20, left=24)
    of, two, three = (
        challenge(tmp_path, "semantic_segmentation"),
        {**CELLS, "vessel": 2},
        {**CELLS, "vessel": 2, "x": 3},
    )
    found = figures(of, label_images([1 * cell + 2 * vessel] * 12, two))["tubular"]
    assert found.value
    assert found.because.startswith("median length by width: 'vessel'")
    assert found.because.endswith("(1 of 2 classes)")
    found = figures(of, label_images([1 * cell + 2 * vessel + 3 * spot] * 12, three))["tubular"]
    assert not found.value
    assert found.because.endswith("(1 of 3 classes)")


def test_few_structures_tell_nothing(tmp_path: Path) -> None:
    of = challenge(tmp_path, "semantic_segmentation")
    found = figures(of, label_images([1 * SPOTS[0]] * 9, CELLS))
    assert "small" not in found
    assert found["empty_reference"].value is False
    found = figures(of, label_images([1 * TUBES[0]] * 10, CELLS))
    assert found["tubular"].value
    assert found["small"].because == "median side in pixels: 'cell' 8.5"


def test_of_many_images_some_are_looked_at_whatever_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(structures, "MOST_RUNS", 1000)
    of, whole = challenge(tmp_path, "semantic_segmentation"), label_images([1 * box(k, k) for k in range(4, 34)], CELLS)
    found = structures_of(of, whole)
    assert found
    assert 0 < len(found.seen) < 30
    turned = np.arange(30)[::-1]
    assert whole.maps
    again = structures_of(of, replace(whole, items=whole.items.iloc[turned], maps=whole.maps.take(turned)))
    assert again
    assert found.size.tolist() == again.size.tolist()


@pytest.mark.parametrize(
    ("names", "least", "expected"),
    [
        ({"paper": 0, "cell": 1}, 0, "paper"),  # value 0, and most pixels
        ({"cell": 0, "paper": 1}, 1, None),  # value 0, but few pixels
        ({"cell": 1, " Background": 7}, 7, " Background"),  # called so
        ({"cell": 1, "paper": 2}, 2, None),
    ],
)
def test_what_is_no_structure(tmp_path: Path, names: dict[str, int], least: int, expected: str | None) -> None:
    rare = next(value for value in names.values() if value != least)
    found = background(
        challenge(tmp_path, "semantic_segmentation"),
        label_images([np.where(box(5, 5), rare, least)] * 2, names),
    )
    assert (found.name if found else None) == expected


def test_absent_classes_and_empty_images(tmp_path: Path) -> None:
    empty = [0 * box(1, 1)] * 2
    of = challenge(tmp_path, "semantic_segmentation")
    assert figures(of, label_images([1 * SQUARES[0]] * 12 + empty, CELLS))["empty_reference"].value
    assert figures(of, label_images([1 * SQUARES[0]] * 38 + empty, CELLS))[
        "empty_reference"
    ].value  # just one in twenty
    assert not figures(of, label_images([1 * SQUARES[0]] * 39 + empty, CELLS))["empty_reference"].value
    objects = masks_of([[SQUARES[0]]] * 12)
    none = pd.DataFrame({"height": "40", "width": "40"}, index=["x", "y"])
    emptier = replace(objects, items=pd.concat([objects.items, none]))
    found = figures(challenge(tmp_path, "instance_segmentation"), emptier)["empty_reference"]
    assert (found.value, found.because) == (True, "2 images have no object, of 14")


APART = [box(8, 8), box(8, 8, left=20)]
BESIDE = [box(8, 8), box(8, 8, left=10)]
CORNERS = [box(8, 8), box(8, 8, top=10, left=10)]
OTHER_CORNERS = [box(8, 8, left=10), box(8, 8, top=10)]
OVER = [box(8, 8), box(8, 8, left=6)]


@pytest.mark.parametrize(
    ("picture", "masks", "boxes"),
    [(APART, False, False), (BESIDE, True, False), (CORNERS, True, False), (OTHER_CORNERS, True, False),
     (OVER, True, True)],
)  # fmt: skip
def test_objects_that_touch_and_boxes_that_overlap(
    tmp_path: Path, picture: list[Array], masks: bool, boxes: bool
) -> None:
    of = challenge(tmp_path, "instance_segmentation")
    assert contact(of, masks_of([picture]))["touching"].value is masks
    assert contact(challenge(tmp_path, "detection"), masks_of([picture], rle=False))["touching"].value is boxes
    assert contact(challenge(tmp_path, "panoptic_segmentation"), segments_of([picture]))["touching"].value is masks


def test_objects_of_other_classes_and_crowds_do_not_touch(tmp_path: Path) -> None:
    over = masks_of([OVER])
    other = replace(over, labels=over.labels.assign(label=["cell", "spot"]))
    crowd = replace(over, labels=over.labels.assign(crowd=[True, False]))
    for dataset in (other, crowd):
        assert contact(challenge(tmp_path, "instance_segmentation"), dataset)["touching"].value is False
        assert contact(challenge(tmp_path, "detection"), dataset)["touching"].value is False
    nothing = replace(over, labels=over.labels.assign(crowd=True))
    assert contact(challenge(tmp_path, "detection"), nothing) == {}


def test_length_by_width() -> None:
    assert elongation(np.zeros((3, 3), dtype=bool)) == 0
    assert elongation(np.ones((30, 30), dtype=bool)) < 1
    long = np.ones((4, 80), dtype=bool)
    assert elongation(long) == pytest.approx(20, rel=0.1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapes, "FINEST", {2: 100, 3: 100})
        assert elongation(long) == pytest.approx(20, rel=0.1)


def test_coarser_regions_do_not_break() -> None:
    line = np.eye(20, dtype=bool)
    assert coarser(line, 3).tolist() == np.eye(7, dtype=bool).tolist()


def test_places_are_spread_evenly() -> None:
    assert spread(5, 9).tolist() == [0, 1, 2, 3, 4]
    assert spread(101, 3).tolist() == [0, 50, 100]


def table(columns: dict[str, list[str]]) -> Dataset:
    """A table of text, with the labels of its column ``label``."""
    items = pd.DataFrame(columns, dtype=object)
    items.index = pd.Index([str(row) for row in range(len(items))])
    label = items.get("label", pd.Series([""] * len(items), index=items.index))
    return Dataset(items, pd.DataFrame({"item": items.index, "label": label.to_numpy()}))


@pytest.mark.parametrize(("rare", "expected"), [(2, True), (20, False)])
def test_imbalance_of_classes(tmp_path: Path, rare: int, expected: bool) -> None:
    dataset = table({"label": ["well"] * 40 + ["ill"] * rare})
    found = figures(challenge(tmp_path, "classification"), dataset)["imbalanced"]
    assert found.value is expected
    share = rare / (40 + rare)
    assert found.because == f"well has {40 / rare:.1f} times as many items as ill ({share:.2%} of all)"


def test_imbalance_of_one_class_is_not_known(tmp_path: Path) -> None:
    assert "imbalanced" not in figures(challenge(tmp_path, "classification"), table({"label": ["a"] * 3}))


@pytest.mark.parametrize(
    ("fog", "expected"), [([1, 0, 0, 0] * 5, False), ([1] + [0] * 19, True), ([0] + [1] * 19, True)]
)
def test_imbalance_of_flags(tmp_path: Path, fog: list[int], expected: bool) -> None:
    rain = [0, 1] * 10
    item = np.repeat([str(row) for row in range(20)], 2)
    values = np.array([rain, fog]).T.ravel()
    labels = pd.DataFrame({"item": item, "label": ["rain", "fog"] * 20, "value": values})
    dataset = replace(table({"rain": ["0"] * 20}), labels=labels)
    found = figures(challenge(tmp_path, "multilabel"), dataset)["imbalanced"]
    assert found.value is expected
    assert found.because == f"fog is 1 in {sum(fog) / 20:.2%} of the items"


@pytest.mark.parametrize(
    ("fog", "expected"), [(["a"] * 19 + ["b"], True), (["a", "b"] * 10, False), (["a"] * 20, False)]
)
def test_imbalance_of_several_columns(tmp_path: Path, fog: list[str], expected: bool) -> None:
    dataset = table({"rain": ["a", "b"] * 10, "fog": fog})
    assert figures(challenge(tmp_path, "multioutput"), dataset)["imbalanced"].value is expected


LABEL = ["a", "b"] * 10
NOISE = ["a", "a", "b", "b"] * 5


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"rater_2": LABEL}, False),
        ({"Second reader": NOISE}, True),
        ({"rater_2": [*LABEL[:10], *[""] * 10]}, False),  # who said nothing does not disagree
        ({"rater_2": ["a", "z"] * 10}, None),  # not a class
        ({"rate": NOISE}, None),
        ({"grader": ["a"] * 20}, None),  # one word is no judgement
        ({}, None),
    ],
)
def test_annotators_are_found_and_compared(
    tmp_path: Path, columns: dict[str, list[str]], expected: bool | None
) -> None:
    found = disagreement(challenge(tmp_path, "classification"), table({"label": LABEL, **columns}))
    assert ("raters_disagree" in found) is (expected is not None)
    assert expected is None or found["raters_disagree"].value is expected


def test_annotators_are_named(tmp_path: Path) -> None:
    of = challenge(tmp_path, "classification", "fingerprint: {raters: other}\n")
    found = disagreement(of, table({"label": LABEL, "other": NOISE}))
    assert found["raters_disagree"].because == "mean kappa of label, other is 0.00"
    with pytest.raises(DatasetError, match="cannot be compared") as caught:
        disagreement(of, table({"label": LABEL}))
    assert caught.value.findings[0].where == "challenge.yaml:9:23"
    assert disagreement(of, table({"label": LABEL, "other": [""] * 20})) == {}


def test_labels_of_annotators_that_would_be_shown_are_told(tmp_path: Path) -> None:
    dataset = table({"label": LABEL, "expert_2": LABEL, "rater": LABEL, "size": LABEL})
    # What is called a rater is not shown in any case.
    (told,) = exposed_raters(challenge(tmp_path, "classification"), dataset)
    assert (told.rule, told.severity, told.items) == ("challenge/label-shown", "warning", ("expert_2",))
    assert exposed_raters(challenge(tmp_path, "classification", "fingerprint: {raters: expert_2}\n"), dataset) == []
    assert exposed_raters(challenge(tmp_path, "detection"), dataset) == []
    assert advised_against(challenge(tmp_path, "classification"), dataset) == [told]


def test_kappa_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import cohen_kappa_score

    random = np.random.default_rng(0)
    one, other = (np.array(["a", "b", "c"], dtype=object)[random.integers(0, 3, 50)] for _ in range(2))
    assert agreed(one, other) == pytest.approx(cohen_kappa_score(one, other))
    assert np.isnan(agreed(one[:0], other[:0]))


def test_what_is_said_counts_before_the_data_which_are_told(tmp_path: Path) -> None:
    of = challenge(tmp_path, "semantic_segmentation", "fingerprint: {small: true, tubular: false, volume: true}\n")
    found = fingerprint_of(of, label_images([1 * SQUARES[0]] * 12, CELLS))
    assert found["small"] is found["volume"] is True
    assert found.replies["small"].because.startswith("challenge.yaml says so, though the data look otherwise: median")
    assert found.replies["tubular"].because == "challenge.yaml says so"
    assert not found.known("outliers")
    assert "outliers" in [item.key for item in found.unanswered]


@pytest.mark.parametrize(
    ("more", "known", "expected"),
    [
        ("submission: {kind: label}\n", True, False),
        ("submission: {kind: probability}\n", True, True),
        ("", False, False),
    ],
)
def test_whether_scores_are_sent(tmp_path: Path, more: str, known: bool, expected: bool) -> None:
    found = fingerprint_of(challenge(tmp_path, "classification", more), table({"label": LABEL}))
    assert (found.known("scores"), found["scores"], found.classes) == (known, expected, 2)
