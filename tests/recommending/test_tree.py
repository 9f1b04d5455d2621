"""Each branch of the decision tree, with the paper's own examples; and what a fingerprint advises against."""

from __future__ import annotations

from dataclasses import replace

import pytest

import metrics
from compete.dataset import Category, Coverage
from compete.recommending.advice import Walk, common_notes, with_pitfalls
from compete.recommending.discouraged import DISCOURAGED, discouraged_by
from compete.recommending.fingerprint import Fingerprint
from compete.recommending.items import CATEGORIES
from compete.recommending.objects import object_path
from compete.recommending.pixels import pixel_path
from compete.recommending.whole_items import whole_item_path
from compete.scoring.measures import metric_findings
from compete.tasks import KINDS, TASKS
from compete.terms import IMAGE_TASKS, Terms
from tests.recommending.problems import problem

CLASSES, FLAGS, SEVERAL = "classification", "multilabel", "multioutput"
PIXELS, BOXES, MASKS = "semantic_segmentation", "detection", "instance_segmentation"

WHOLE_ITEMS = {
    "balanced classes": (problem(CLASSES), ["accuracy", "f1_macro", "roc_auc_ovr"]),
    "two balanced classes": (problem(CLASSES, 2), ["accuracy", "f1", "roc_auc"]),
    "labels alone are sent": (problem(CLASSES, scores=False), ["accuracy", "f1_macro"]),
    "rare classes that count alike": (
        problem(CLASSES, imbalanced=True),
        ["balanced_accuracy", "f1_macro", "average_precision_macro", "roc_auc_ovr"],
    ),
    "rare classes that need not count alike": (
        problem(CLASSES, imbalanced=True, equal_classes=False, scores=False),
        ["matthews_corrcoef", "f1_macro"],
    ),
    "frequencies of no population": (
        problem(CLASSES, representative=False, imbalanced=True),
        ["balanced_accuracy", "recall_macro", "roc_auc_ovr"],
    ),
    "confusions of unequal severity": (
        problem(CLASSES, 2, severity="costs", costs=((0.0, 1.0), (5.0, 0.0)), scores=False),
        ["expected_cost(costs=[0, 1, 5, 0])", "f1"],
    ),
    "classes in an order": (
        problem(CLASSES, severity="ordered", scores=False),
        ["cohen_kappa(weights=quadratic)", "f1_macro"],
    ),
    "misses are worse": (problem(CLASSES, 2, severity="misses"), ["fbeta(beta=2)", "accuracy", "roc_auc"]),
    "false alarms are worse": (
        problem(CLASSES, severity="false_alarms", scores=False),
        ["fbeta_macro(beta=0.5)", "accuracy"],
    ),
    "a rate is given": (
        problem(CLASSES, 2, decision="target", target=(("specificity", 0.95),)),
        ["recall_at_specificity(specificity=0.95)", "accuracy", "roc_auc"],
    ),
    "the rate of right alarms is given": (
        problem(CLASSES, 2, decision="target", target=(("precision", 0.9),), imbalanced=True),
        ["sensitivity_at_precision(precision=0.9)", "balanced_accuracy", "average_precision", "roc_auc"],
    ),
    "costs against benefits": (
        problem(CLASSES, 2, decision="cost_benefit", threshold=0.1, calibration=True),
        ["net_benefit(threshold=0.1)", "accuracy", "roc_auc", "brier", "adaptive_ece"],
    ),
    "the best threshold": (
        problem(CLASSES, 2, decision="optimised", severity="misses"),
        ["fbeta_chosen(beta=2)", "accuracy", "roc_auc"],
    ),
    "the best threshold of equal errors": (
        problem(CLASSES, 2, decision="optimised"),
        ["fbeta_chosen", "accuracy", "roc_auc"],
    ),
    "no decisions, but probabilities": (
        problem(CLASSES, decision="none", calibration=True),
        ["roc_auc_ovr", "brier", "adaptive_ece"],
    ),
    "no decisions of two classes": (
        problem(CLASSES, 2, decision="none", imbalanced=True),
        ["average_precision", "roc_auc"],
    ),
    "several flags": (problem(FLAGS, 0), ["f1_macro", "roc_auc_columns"]),
    "several flags, rare and as probabilities": (
        problem(FLAGS, 0, imbalanced=True, calibration=True, severity="misses"),
        ["fbeta_macro(beta=2)", "average_precision_macro", "roc_auc_columns", "log_loss_columns"],
    ),
    "several columns": (problem(SEVERAL, 0), ["columnwise(metric=accuracy)"]),
    "several uneven columns": (problem(SEVERAL, 0, imbalanced=True), ["columnwise(metric=balanced_accuracy)"]),
}

LABEL_IMAGES = {
    "large organs": (problem(PIXELS), ["dice", "masd"]),
    # The published run of the paper's own tool: small, yet annotators agree; tubes of which the centre line matters.
    "small vessels, as the tool has it": (
        problem(PIXELS, small=True, raters_disagree=False, centres=True, tubular=True, touching=False, boundaries=True,
                tolerance=0.0, reference_outliers=False, outliers="contour"),
        ["cldice", "masd"],
    ),
    "vessels, neurons, microtubules": (problem(PIXELS, tubular=True), ["cldice", "dice", "masd"]),
    "lesions of multiple sclerosis, drawn differently": (
        problem(PIXELS, small=True, raters_disagree=True, tolerance=1.5),
        ["nsd(tolerance=1.5)"],
    ),
    "radiotherapy, annotators half a centimetre apart": (
        problem(PIXELS, boundaries=True, tolerance=5.0),
        ["dice", "nsd(tolerance=5)"],
    ),
    "too much is worse": (problem(PIXELS, severity="false_alarms"), ["pixel_fbeta(beta=0.5)", "masd"]),
    "too little is worse": (problem(PIXELS, severity="misses"), ["pixel_fbeta(beta=2)", "masd"]),
    "each outlier by its distance": (problem(PIXELS, outliers="distance"), ["dice", "hausdorff"]),
    "each outlier, but the reference has slips": (
        problem(PIXELS, outliers="distance", reference_outliers=True),
        ["dice", "hausdorff95"],
    ),
    "outliers however far": (problem(PIXELS, outliers="existence"), ["dice", "nsd(tolerance=1)"]),
    "references may be empty": (problem(PIXELS, empty_reference=True), ["dice", "nsd(tolerance=1)"]),
    "empty references, and distances all the same": (
        problem(PIXELS, empty_reference=True, outliers="contour"),
        ["dice", "masd"],
    ),
    "worms in a dish": (problem(PIXELS, touching=True), ["dice"]),
    "shapes do not matter": (problem(PIXELS, boundaries=False), ["dice"]),
    "nothing can be compared": (problem(PIXELS, small=True, raters_disagree=True, touching=True), ["dice"]),
}  # fmt: skip

OBJECTS = {
    "boxes": (problem(BOXES), ["box_ap", "detection_f1(iou=0.5)"]),
    "boxes of uneven classes": (problem(BOXES, imbalanced=True), ["box_ap", "detection_f1(iou=0.5, over=macro)"]),
    "cells to be tracked": (problem(BOXES, centres=True), ["centre_ap(distance=10)", "inside_f1"]),
    "where it is": (problem(MASKS, localisation="position"), ["centre_ap(distance=10)", "inside_f1"]),
    "small lesions": (problem(BOXES, small=True), ["inside_ap", "inside_f1"]),
    "small, and yet exactly": (
        problem(MASKS, small=True, localisation="exact"),
        ["boundary_ap", "mask_ap", "mask_iou_steps"],
    ),
    "a false alarm an image": (
        problem(BOXES, target=(("false_alarms", 1.0),)),
        ["sensitivity_at_fp(fp=1, hit=iou, iou=0.5)", "froc(hit=iou, iou=0.5)", "box_ap", "detection_f1(iou=0.5)"],
    ),
    "a false alarm an image, of small lesions": (
        problem(BOXES, target=(("false_alarms", 1.0),), small=True),
        ["sensitivity_at_fp(fp=1, hit=centre, distance=10)", "froc(hit=centre, distance=10)", "inside_ap", "inside_f1"],
    ),
    "surgical instruments": (problem(MASKS), ["mask_ap", "boundary_ap", "mask_iou_steps"]),
    "rough masks": (problem(MASKS, boundaries=False), ["mask_ap", "mask_iou_steps"]),
    "keypoints": (problem("keypoints"), ["keypoint_ap", "keypoint_ar"]),
    "things and stuff": (
        problem("panoptic_segmentation"),
        ["panoptic_quality", "segmentation_quality", "recognition_quality"],
    ),
}

CASES = {**WHOLE_ITEMS, **LABEL_IMAGES, **OBJECTS}


def walked(fingerprint: Fingerprint, background: Category | None = None) -> Walk:
    """The way through the tree of the problem's category; objects are 20 pixels long."""
    if fingerprint.task in (CLASSES, FLAGS, SEVERAL):
        return whole_item_path(fingerprint)
    return pixel_path(fingerprint, background) if fingerprint.task == PIXELS else object_path(fingerprint, 20.0)


@pytest.mark.parametrize("name", CASES)
def test_each_branch_leads_to_its_metrics(name: str) -> None:
    fingerprint, expected = CASES[name]
    walk = walked(fingerprint)
    assert [one.metric for one in walk.advice] == expected
    assert all(one.why and one.role for one in walk.advice)


def terms_for(fingerprint: Fingerprint, texts: list[str]) -> Terms:
    """Terms of a challenge that has these metrics, in which a submission holds what they need."""
    task, names = fingerprint.task, tuple("abcdef"[: max(fingerprint.classes, 2)])
    needed = frozenset().union(*(metrics.parse(text).needed for text in texts))
    flat = [kind for kind in TASKS[task].kinds if needed <= KINDS[kind].views] if task in TASKS else []
    kind = flat[0] if flat else IMAGE_TASKS[task][0] if task in IMAGE_TASKS else "?"
    several = (names, names) if task == SEVERAL else ()
    numbers = tuple(range(len(names)))
    return Terms("x", "x", "1", task, names[:2], kind, names[:2], texts[0], names, tuple(texts[1:]),
                 class_ids=numbers, classes_of=several)  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_whatever_is_advised_can_be_computed_from_one_submission(name: str) -> None:
    fingerprint, texts = CASES[name]
    assert metric_findings(terms_for(fingerprint, texts)) == []


@pytest.mark.parametrize("name", CASES)
def test_nobody_is_advised_to_rank_by_what_is_advised_against(name: str) -> None:
    fingerprint, expected = CASES[name]
    ranking, *beside = (text.partition("(")[0] for text in expected)
    assert name == "nothing can be compared" or discouraged_by(fingerprint, [ranking], beside) == []


def test_every_task_of_a_category_is_walked() -> None:
    assert {fingerprint.task for fingerprint, _ in CASES.values()} == set(CATEGORIES)


NOTES = {
    "worms in a dish": (problem(PIXELS, touching=True), "instance_segmentation"),
    "lesions": (problem(PIXELS, small=True), "task: detection"),
    "liver": (problem(PIXELS, volume=True), "difference of volumes"),
    "cell centres in label images": (problem(PIXELS, centres=True), "task: detection"),
    "an outline from a box": (problem(BOXES, localisation="exact"), "instance_segmentation"),
    "neurons one by one": (problem(MASKS, tubular=True), "cldice"),
    "other frequencies": (problem(CLASSES, representative=False), "likelihood ratio"),
    "a rate of labels": (
        problem(CLASSES, 2, decision="target", target=(("precision", 0.9),), scores=False),
        "kind: probability",
    ),
    "costs of other classes": (
        problem(CLASSES, 3, severity="costs", costs=((0, 1), (1, 0))),
        "2 classes, the data have 3",
    ),
    "a rate of three classes": (problem(CLASSES, 3, decision="optimised"), "two classes"),
}


@pytest.mark.parametrize("name", NOTES)
def test_what_no_metric_mends_is_said(name: str) -> None:
    fingerprint, words = NOTES[name]
    (told,) = walked(fingerprint).notes
    assert words in f"{told.message} {told.hint}"
    assert (told.rule, told.severity) == ("score/beyond-metrics", "note")


PITFALLS = {
    "dice of several sizes": (PIXELS, "varied", "Sizes vary"),
    "segments of few pixels": ("panoptic_segmentation", "small", "Small objects miss half"),
    "boxes of several sizes": (BOXES, "varied", "box_ap(area=small)"),
    "boxes over each other": (BOXES, "touching", "count for its neighbour"),
    "masks of several sizes": (MASKS, "varied", "mask_ap(area=small)"),
}


@pytest.mark.parametrize("name", PITFALLS)
def test_pitfalls_are_told_where_they_are(name: str) -> None:
    task, key, words = PITFALLS[name]
    assert words in walked(problem(task, **{key: True})).advice[0].pitfall
    assert words not in walked(problem(task, **{key: False})).advice[0].pitfall


def test_what_holds_for_every_metric_is_said() -> None:
    assert common_notes(problem(CLASSES), grouped=False) == []
    hanging, noisy = problem(CLASSES, dependent=True), problem(BOXES, raters_disagree=True)
    assert "data.group" in common_notes(hanging, grouped=False)[0].hint
    assert common_notes(hanging, grouped=True) == []
    assert "annotators disagree" in common_notes(noisy, grouped=False)[0].message


def test_the_class_that_is_no_structure_is_left_out() -> None:
    walk = walked(problem(PIXELS, tolerance=2.0), Category("paper", 0))
    assert [one.metric for one in walk.advice] == ["dice(background=0)", "nsd(tolerance=2, background=0)"]
    assert "'paper' is left out" in walk.advice[0].why


def test_the_size_of_objects_says_how_near_is_near() -> None:
    (first, _) = object_path(problem(BOXES, centres=True), 13.0).advice
    assert first.metric == "centre_ap(distance=6.5)"
    (first, _) = object_path(problem(BOXES, centres=True), 0.0).advice
    assert first.metric == "centre_ap(distance=10)"


@pytest.mark.parametrize(
    ("task", "coverage", "expected"),
    [
        (BOXES, Coverage(absent=1), "lvis_box_ap"),  # type: ignore[arg-type]
        (MASKS, Coverage(absent=1), "lvis_mask_ap"),  # type: ignore[arg-type]
        (BOXES, Coverage(absent=1, parents=1), "open_images_ap"),  # type: ignore[arg-type]
        (BOXES, Coverage(frequency=1), "box_ap"),  # type: ignore[arg-type]
    ],
)
def test_classes_that_nobody_looked_for_are_heeded(task: str, coverage: Coverage, expected: str) -> None:
    assert object_path(problem(task), 20.0, coverage).advice[0].metric == expected


AGAINST = {
    "rare classes": (problem(CLASSES, imbalanced=True), "accuracy", "balanced_accuracy"),
    "frequencies of no population": (problem(CLASSES, representative=False), "f1_macro", "balanced_accuracy"),
    "ordered classes": (problem(CLASSES, severity="ordered"), "accuracy", "cohen_kappa"),
    "costs": (problem(CLASSES, severity="costs"), "f1_macro", "expected_cost"),
    "no decisions": (problem(CLASSES, decision="none"), "f1_macro", "brier"),
    "probabilities": (problem(CLASSES, calibration=True), "roc_auc", "log_loss"),
    "small and noisy": (problem(PIXELS, small=True, raters_disagree=True), "miou", "nsd"),
    "vessels": (problem(PIXELS, tubular=True), "dice", "cldice"),
    "compact organs": (problem(PIXELS, tubular=False), "cldice", "dice"),
    "much background": (problem(PIXELS, imbalanced=True), "pixel_accuracy", "dice"),
    "touching cells": (problem(PIXELS, touching=True), "boundary_f", "dice"),
    "empty references": (problem(PIXELS, empty_reference=True), "hausdorff95", "nsd"),
    "slips in the reference": (problem(PIXELS, reference_outliers=True), "hausdorff", "hausdorff95"),
    "different outlines": (problem(PIXELS, raters_disagree=True), "hausdorff", "masd"),
    "small objects": (problem(BOXES, small=True), "box_ap", "inside_ap"),
    "positions": (problem(BOXES, localisation="position"), "detection_f1", "centre_ap"),
    "centres": (problem(MASKS, centres=True), "mask_ap", "centre_ap"),
    "exact outlines": (problem(MASKS, localisation="exact"), "inside_ap", "mask_ap"),
}


@pytest.mark.parametrize("name", AGAINST)
def test_a_metric_is_advised_against_and_another_is_not(name: str) -> None:
    fingerprint, bad, good = AGAINST[name]
    ((told, case),) = discouraged_by(fingerprint, [bad, good])
    assert told == bad
    assert case.why
    assert case.instead


def test_each_reason_to_advise_against_a_metric_is_tried() -> None:
    tried = {id(discouraged_by(fingerprint, [bad])[0][1]) for fingerprint, bad, _ in AGAINST.values()}
    assert tried == {id(case) for case in DISCOURAGED}


def test_what_stands_beside_may_make_it_good() -> None:
    tubes, sure = problem(PIXELS, tubular=True), problem(CLASSES, calibration=True)
    assert discouraged_by(tubes, ["dice"], ["cldice"]) == []
    assert discouraged_by(sure, ["accuracy"], ["brier"]) == []


def test_only_what_is_known_advises_against_a_metric() -> None:
    known = problem(CLASSES, imbalanced=True)
    assumed = replace(known, replies={key: replace(one, source="assumed") for key, one in known.replies.items()})
    assert discouraged_by(known, ["accuracy"])
    assert discouraged_by(assumed, ["accuracy"]) == []


def test_who_says_that_frequent_classes_decide_is_not_warned() -> None:
    assert discouraged_by(problem(CLASSES, imbalanced=True, equal_classes=False), ["accuracy"]) == []


def test_all_metrics_that_are_named_exist() -> None:
    named = set().union(*(case.metrics | case.beside for case in DISCOURAGED))
    assert named <= set(metrics.names())


def test_a_metric_is_told_once_and_with_what_the_catalog_says() -> None:
    first, second = walked(problem(CLASSES, scores=False)).advice
    told = with_pitfalls([first, second, first])
    assert [one.metric for one in told] == [first.metric, second.metric]
    assert metrics.get(first.base).pitfalls in told[0].pitfall
