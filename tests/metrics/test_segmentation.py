"""Scores of label images against scikit-learn's confusion matrix and against numbers worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

import metrics
from metrics import regions, segmentation
from metrics.inputs import MetricError
from metrics.label_maps import LabelMaps

assert segmentation


def random_images(seed, classes=4, ignored=0.1, offset=0):
    random = np.random.default_rng(seed)
    shapes = [tuple(random.integers(1, 12, size=2)) for _ in range(6)]
    true = [random.integers(0, classes, size=shape) + offset for shape in shapes]
    predicted = [
        np.where(random.random(image.shape) < 0.6, image, random.integers(0, classes, size=image.shape) + offset)
        for image in true
    ]
    for image in true:
        image[random.random(image.shape) < ignored] = 255
    return true, predicted


def confusion(true, predicted, labels):
    flat, other = (np.concatenate([image.ravel() for image in images]) for images in (true, predicted))
    known = flat != 255
    return confusion_matrix(flat[known], other[known], labels=labels) if known.any() else np.zeros([len(labels)] * 2)


def class_scores(matrix):
    with np.errstate(invalid="ignore"):
        hit, true, found = np.diagonal(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
        return hit / (true + found - hit), 2 * hit / (true + found), hit / true, true


@pytest.mark.filterwarnings("ignore:A single label was found")
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("classes", "offset"), [(2, 0), (4, 0), (30, 300), (5, 1 << 20)])
def test_pooled_scores_are_those_of_the_confusion_matrix(seed, classes, offset):
    true, predicted = random_images(seed, classes, offset=offset)
    labels = [offset + k for k in range(classes)]
    iou, dice, recall, size = class_scores(confusion(true, predicted, labels))
    kept = size > 0
    expected = {
        "miou": np.nanmean(iou),
        "dice_global": np.nanmean(dice),
        "mean_pixel_accuracy": np.nanmean(recall),
        "frequency_iou": (iou[kept] * size[kept]).sum() / size.sum(),
        "pixel_accuracy": (recall[kept] * size[kept]).sum() / size.sum(),
        f"iou(positive={labels[1]})": iou[1],
        f"miou(background={offset})": np.nanmean(iou[1:]),
    }
    ours = metrics.evaluate(expected, true, predicted, labels=labels)
    assert ours == {name: pytest.approx(score, abs=1e-12, nan_ok=True) for name, score in expected.items()}


@pytest.mark.filterwarnings("ignore:A single label was found")
@pytest.mark.parametrize("seed", range(8))
def test_scores_image_by_image_are_those_of_confusion_matrices(seed):
    true, predicted = random_images(seed)
    labels = range(4)
    pairs = zip(true, predicted, strict=True)
    table = np.stack([class_scores(confusion([one], [other], labels))[1] for one, other in pairs])
    by_class = [np.mean(column[~np.isnan(column)]) for column in table.T]
    by_image = [np.mean(row[~np.isnan(row)]) for row in table if not np.isnan(row).all()]
    assert metrics.dice(true, predicted, None, labels) == pytest.approx(np.mean(by_class), abs=1e-12)
    assert metrics.dice_per_image(true, predicted, None, labels) == pytest.approx(np.mean(by_image), abs=1e-12)
    one = metrics.get("dice", positive=2)(true, predicted, None, labels)
    assert one == pytest.approx(by_class[2], abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_two_ways_of_counting_agree(seed):
    random = np.random.default_rng(seed)
    image = np.sort(random.integers(0, 5, size=200))
    true, predicted = random.integers(0, 4, size=200), random.integers(0, 4, size=200).astype(np.uint8)
    length = random.integers(1, 9, size=200)
    one, other = (count(image.copy(), true, predicted, length, 4) for count in (regions._crossed, regions._one_by_one))
    np.testing.assert_array_equal(one[:, :, :-1], other[:, :, :-1])


@pytest.mark.parametrize(("labels", "ignore"), [([4, 0, 9], 255), ([4, 0, 9], -1), (range(255), 255), (range(256), -1)])
def test_bytes_are_coded_as_wider_numbers_are(labels, ignore):
    random = np.random.default_rng(1)
    true, predicted = random.choice([*labels][-3:], (2, 3, 9, 11))
    if ignore >= 0:
        true[random.random(true.shape) < 0.2] = ignore
    wide = [np.where(one == labels[-1], 70_000, one) for one in (true, predicted)]
    narrow = regions.coded_regions(list(true.astype(np.uint8)), list(predicted.astype(np.uint8)), labels, ignore)
    other = regions.coded_regions(*map(list, wide), [*labels[:-1], 70_000], ignore)
    for one, same in ((narrow.truth, other.truth), (narrow.prediction, other.prediction)):
        np.testing.assert_array_equal(one.value, same.value)
    np.testing.assert_array_equal(narrow.counts.hit, other.counts.hit)


def test_a_class_that_is_predicted_and_nowhere_true_counts_nothing_and_an_absent_one_is_left_out():
    true, predicted = [[[0, 0, 0, 0]]], [[[0, 0, 0, 1]]]
    assert metrics.miou(true, predicted, None, [0, 1]) == pytest.approx((3 / 4 + 0) / 2)
    assert metrics.miou(true, predicted, None, [0, 1, 2, 3]) == pytest.approx((3 / 4 + 0) / 2)
    assert metrics.mean_pixel_accuracy(true, predicted, None, [0, 1, 2]) == pytest.approx(3 / 4)
    assert metrics.frequency_iou(true, predicted, None, [0, 1, 2]) == pytest.approx(3 / 4)


def test_a_prediction_that_names_nothing_misses_and_is_no_false_alarm():
    true, predicted = [[[0, 0, 1, 1, 255]]], [[[0, 255, 1, 1, 255]]]
    assert metrics.iou(true, predicted, None, [0, 1]) == 1.0
    assert metrics.miou(true, predicted, None, [0, 1]) == pytest.approx((1 / 2 + 1) / 2)
    assert metrics.pixel_accuracy(true, predicted, None, [0, 1]) == pytest.approx(3 / 4)


def test_empty_regions_count_as_the_docs_say():
    true, predicted = [[[0, 0]], [[0, 1]], [[0, 0]]], [[[0, 0]], [[0, 1]], [[1, 0]]]
    assert metrics.get("dice", positive=1)(true, predicted) == pytest.approx((1 + 0) / 2)
    assert metrics.get("dice_global", positive=1)(true, predicted) == pytest.approx(2 / 3)
    assert metrics.dice_per_image(true, predicted) == pytest.approx((1 + 1 + (2 / 3 + 0) / 2) / 3)
    assert np.isnan(metrics.get("dice", positive=1)([[[0, 0]]], [[[0, 0]]], None, [0, 1]))
    assert np.isnan(metrics.miou([[[255, 255]]], [[[0, 1]]], None, [0, 1]))
    assert np.isnan(metrics.miou([[[255, 255]]], [[[255, 255]]]))


def test_masks_of_true_and_false_and_a_stack_of_images_are_taken():
    true = np.random.default_rng(0).random((5, 8, 9)) < 0.4
    predicted = np.roll(true, 1, axis=2)
    assert metrics.iou(true, predicted) == metrics.iou(true.astype(int), predicted.astype(np.int64))
    both, either = (true & predicted).sum(), (true | predicted).sum()
    assert metrics.iou(true, predicted) == pytest.approx(both / either, abs=1e-15)
    volume = metrics.iou([true], [predicted])
    assert volume == pytest.approx(both / either, abs=1e-15)


def test_ignoring_another_value_and_none():
    true, predicted = [[[0, 7, 1]]], [[[0, 1, 1]]]
    assert metrics.get("miou", ignore=7)(true, predicted) == 1.0
    assert metrics.get("miou", ignore=-1)(true, predicted) == pytest.approx((1 + 0 + 1 / 2) / 3)
    assert metrics.get("iou", ignore=-1, positive=255)([[[0, 255]]], [[[255, 255]]]) == 0.5


@pytest.mark.parametrize(
    ("name", "true", "predicted", "labels", "says"),
    [
        ("miou", [[[0, 1]]], [[[0, 5]]], [0, 1], r"y_pred holds 1 values that are no class \(5\)"),
        ("miou", [[[0, 5]]], [[[0, 1]]], [0, 1], r"y_true holds 1 values that are no class$"),
        ("miou", [[[0, 1]]], [[[0, 1]]], [0, 255], "set ignore=-1"),
        ("miou", [[[0, 1]]], [[[0, 1]]], [0, 0], "repeat"),
        ("miou", [[[0, 1]]], [[[0, 1]]], [0, -4], "outside"),
        ("miou", [[[0, 1]]], [[[0, 1]]], ["a", "b"], "whole numbers"),
        ("miou", [[[0, 1]]], [[[0, 1]]], [], "whole numbers"),
        ("miou", [[[0, 1]]], [[[0], [1]]], None, "another size"),
        ("miou", [[[0, 1]]], [[[0, 1]]] * 2, None, "aligned"),
        ("miou", 5, [[[0, 1]]], None, "not int"),
        ("miou", "0110", [[[0, 1]]], None, "not str"),
        ("miou", [[[0.0, 1.0]]], [[[0, 1]]], None, "float64"),
        ("miou(background=3)", [[[0, 1]]], [[[0, 1]]], None, "background=3 is not one of the labels"),
        ("dice(positive=3)", [[[0, 1]]], [[[0, 1]]], None, "positive=3 is not one of the labels"),
        ("dice(background=0, positive=1)", [[[0, 1]]], [[[0, 1]]], None, "not both"),
        ("iou", [[[0, 1, 2]]], [[[0, 1, 2]]], None, "name the one to score"),
    ],
)
def test_what_cannot_be_scored_is_told(name, true, predicted, labels, says):
    with pytest.raises(MetricError, match=says):
        metrics.parse(name)(true, predicted, None, labels)


def test_more_classes_than_memory_are_refused():
    maps = LabelMaps.from_arrays([np.arange(1 << 20).reshape(1 << 10, -1)] * 33)
    with pytest.raises(MetricError, match="too many"):
        metrics.get("miou", ignore=-1)(maps, maps)


def test_records_of_label_maps_take_no_other_truth():
    evidence = metrics.accuracy.collect([0, 1], [0, 1])
    with pytest.raises(MetricError, match="takes label_maps truth"):
        metrics.miou.check(evidence)
