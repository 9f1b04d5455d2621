"""What score reports say of truth and predictions, against plain implementations."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

import metrics
from compete.bundle import open_bundle
from compete.reports.page import Section, Table
from compete.reports.views import sections_of
from compete.reports.views.classes import MOST_CLASSES, confusion_chart, confusion_of, wilson_ends
from compete.reports.views.maps import pixel_confusion
from compete.reports.views.objects import precision_line
from compete.reports.views.records import Seen
from compete.reports.views.words import given_text, true_text
from compete.reports.views.worst import layers_of_kind, surest, worst_first, wrong_pairs
from compete.scoring.grading import grade, read_predictions
from compete.scoring.truth import read_truth
from metrics.error_types import sort_errors
from metrics.label_maps import LabelMaps
from tests.scoring.every_form import FORMS
from tests.scoring.form_images import terms_of


def seen_of(name: str, root: Path) -> Seen:
    """A form's submission beside its truth."""
    form = FORMS[name]
    bundle, file = open_bundle(form.write(root / "b")), root / f"good{form.suffix}"
    file.write_bytes(form.good)
    truth = read_truth(bundle)
    read = read_predictions(truth.terms, truth.images or truth.ids, file)
    return Seen(bundle.public, truth, read.values, grade(bundle, file, truth=truth))


def text_of(section: Section) -> str:
    return "".join(str(part) for part in section.parts if not isinstance(part, Table))


def test_pixels_are_counted_as_they_lie_over_each_other() -> None:
    chance = np.random.default_rng(2)
    sizes = [(5, 7), (1, 1), (20, 3)]
    truth, given = ([chance.choice([0, 3, 9, 255], size) for size in sizes] for _ in range(2))
    terms = replace(terms_of("png", "label_maps", classes=("a", "b", "c")), class_ids=(9, 0, 3))
    table = pixel_confusion(LabelMaps.from_arrays(truth), LabelMaps.from_arrays(given), terms)
    one, other = (np.concatenate([part.ravel() for part in side]) for side in (truth, given))
    plain = [[np.sum((one == true) & (other == called)) for called in (9, 0, 3)] for true in (9, 0, 3)]
    assert table.tolist() == np.array(plain, dtype=float).tolist()


def test_pairs_in_wrong_order_are_what_the_area_under_the_curve_lacks() -> None:
    chance = np.random.default_rng(3)
    positive, score = chance.random(300) < 0.4, chance.integers(0, 9, 300) / 8
    area = sklearn_metrics.roc_auc_score(positive, score)
    wrong = wrong_pairs(positive, score)
    assert 1 - wrong[positive].mean() == pytest.approx(area, abs=1e-12)
    assert 1 - wrong[~positive].mean() == pytest.approx(area, abs=1e-12)
    assert np.isnan(wrong_pairs(np.ones(3, dtype=bool), np.zeros(3))).all()


def test_the_curve_of_detections_has_the_average_precision_of_coco(tmp_path: Path) -> None:
    seen = seen_of("COCO boxes", tmp_path)
    truth = seen.truth.y_true
    sure = replace(seen.values, score=np.linspace(0.9, 0.1, seen.values.count))  # no ties: coco breaks them otherwise
    outcomes = sort_errors(truth, sure, seen.terms.classes).outcomes
    for place, name in enumerate(seen.terms.classes):
        total = int((outcomes.true_category == place).sum())
        line = precision_line(name, outcomes, outcomes.category == place, total)
        recall, precision = np.array(line.x[1:]), np.array(line.y[1:])
        best = np.maximum.accumulate(precision[::-1])[::-1]
        at = np.searchsorted(recall, np.linspace(0, 1, 101) - 1e-12)
        average = np.append(best, 0.0)[np.minimum(at, len(best))].mean()
        metric = metrics.get("box_ap", iou_to=0.5, category=name)
        assert average == pytest.approx(metric(truth, sure, labels=seen.terms.classes), abs=1e-9)


def test_a_confusion_of_many_classes_shows_the_most_confused() -> None:
    names = tuple(f"class{place}" for place in range(60))
    known = np.repeat(np.arange(60), 5)
    called = known.copy()
    called[5 * 17 : 5 * 17 + 4] = 42
    counts = confusion_of(known, called, 60)
    assert counts[17].tolist() == [4 if place == 42 else 1 if place == 17 else 0 for place in range(60)]
    chart = confusion_chart(counts, names, "Which").text
    assert chart.count('scope="row"') == MOST_CLASSES
    assert "class17<" in chart
    assert "class42<" in chart
    assert "class59<" not in chart


def test_intervals_of_shares_are_wilsons() -> None:
    from scipy.stats import binomtest

    low, high = wilson_ends(np.array([0.0, 0.25, 1.0]), np.array([7.0, 40.0, 3.0]))
    for place, (right, n) in enumerate([(0, 7), (10, 40), (3, 3)]):
        wanted = binomtest(right, n).proportion_ci(method="wilson")
        assert (low[place], high[place]) == pytest.approx((wanted.low, wanted.high), abs=1e-6)


def test_the_worst_come_first_and_perfect_items_not_at_all() -> None:
    values = np.array([1.0, 0.2, np.nan, 0.2, 0.5, 1.0])
    assert worst_first(values, greater_is_better=True).tolist() == [1, 3, 4]
    assert worst_first(values, greater_is_better=False).tolist() == [0, 5, 4]
    assert worst_first(np.ones(3), greater_is_better=True).tolist() == []


@pytest.mark.parametrize("name", ["pictures", "segments", "runs of objects", "volumes"])
def test_areas_are_drawn_where_they_are(name: str, tmp_path: Path) -> None:
    seen = seen_of(name, tmp_path)
    for values, which in ((seen.truth.y_true, 0), (seen.values, 1)):
        codes = layers_of_kind(seen, 1, values, which)
        assert codes.shape == (33, 47)
        assert 0 <= codes.min() <= codes.max() <= len(seen.terms.classes)
        if name == "pictures":  # the first class is 0: the ground
            assert codes.tolist() == values.array(1).tolist()
        if name == "volumes":
            assert codes.tolist() == values.array(1)[1].tolist()
        if name == "runs of objects":
            chosen = surest(values, 1, 99) if which else np.flatnonzero(values.image == 1)
            assert (codes > 0).sum() == np.logical_or.reduce([*values.mask.take(chosen).bitmaps()]).sum()
        if name == "segments":
            held = {int(one) + 1 for one in values.category[values.image == 1]}
            assert set(np.unique(codes).tolist()) - {0} == held


@pytest.mark.parametrize(
    ("name", "true", "given"),
    [
        ("labels", r"cat|dog|owl", r"cat|dog|owl"), ("probabilities", r"cat|dog|owl", r"(cat|dog|owl) \(\d+%\)"),
        ("values", r"-?[\d.]+", r"-?[\d.]+"), ("flags", r"none|x|y|x, y", r"none|x|y|x, y"),
        ("lists", r"(d\d ?)+", r"none|(d\d ?)+"), ("texts", r"'.*'|\".*\"", r"'.*'|\".*\""),
        ("spans", r"\d+ \d+; \d+ \d+", r"\d+ \d+; \d+ \d+"), ("columns of classes", r"[uv], [pqr]", r"[uv], [pqr]"),
        ("quantiles", r"-?[\d.]+", r"-?[\d.]+, -?[\d.]+, -?[\d.]+"),
        ("rows", r"\d+ (cat|dog|owl).*", r"nothing|\d+ (cat|dog|owl).*"), ("pictures", r"[a-z, ]+", r"[a-z, ]+"),
    ],
)  # fmt: skip
def test_truth_and_prediction_are_told_in_words(name: str, true: str, given: str, tmp_path: Path) -> None:
    seen = seen_of(name, tmp_path)
    for item in range(4):
        assert re.fullmatch(true, true_text(seen, item)), true_text(seen, item)
        assert re.fullmatch(given, given_text(seen, item)), given_text(seen, item)


def test_pixels_of_classes_are_scored_as_the_metrics_score_them(tmp_path: Path) -> None:
    seen = seen_of("pictures", tmp_path)
    text = text_of(sections_of(seen)[0])
    for place, name in enumerate(seen.terms.classes):
        wanted = metrics.get("iou", positive=place)(seen.truth.y_true, seen.values, labels=seen.terms.class_ids)
        assert re.search(rf"{name} \([\d.]+%\).*?>{wanted:.3f}<", text)


def test_categories_of_segments_and_of_objects_are_scored_as_the_metrics_score_them(tmp_path: Path) -> None:
    for name, base, place in (("segments", "panoptic_quality", 0), ("runs of objects", "mask_ap", 0)):
        seen = seen_of(name, tmp_path / base)
        text = text_of(sections_of(seen)[place])
        for category in seen.terms.classes:
            metric = metrics.get(base, category=category)
            wanted = metric(seen.truth.y_true, seen.values, labels=seen.terms.classes)
            shown = "–" if np.isnan(wanted) else f"{wanted:.3f}"
            assert re.search(rf"<bdi>{category} \(\d+\)</bdi>.*?>{shown}<", text)
