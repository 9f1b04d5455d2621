"""Scores of whole submissions, against scikit-learn on the same rows."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from compete.bundle import open_bundle
from compete.errors import BundleError, Finding, SubmissionError
from compete.scoring.grading import grade
from compete.scoring.measures import metric_findings
from compete.scoring.result import Result
from compete.scoring.trial import try_scoring
from compete.terms import Combined, Terms
from tests.conftest import ROOT
from tests.scoring.bundles import table, write_small_bundle

N = 240
RANDOM = np.random.default_rng(11)
IDS = [f"item{number:03}" for number in RANDOM.permutation(N)]
TRUE = RANDOM.choice(["cat", "dog", "owl"], N, p=[0.5, 0.3, 0.2])
USAGE = RANDOM.choice(["Public", "Private"], N, p=[0.4, 0.6])
SITE = RANDOM.choice(["north", "south", "tiny"], N, p=[0.55, 0.4, 0.05])
PATIENT = RANDOM.integers(0, 60, N)
CLASSES = ("cat", "dog", "owl")
LABELS = Terms(
    "animals", "Animals", "1.0", "classification", ("label",), "label", ("label",), "f1_macro", classes=CLASSES,
    also=("accuracy", "cohen_kappa"), subgroups=("site",), grouped=True, draws=200,
    combine=(Combined("worst_site", "accuracy", "site", "minimum"),),
)  # fmt: skip
PICTURES = Terms(
    "maps", "Maps", "1.0", "semantic_segmentation", (), "label_maps", (), "miou", form="png", classes=CLASSES,
    class_ids=(0, 1, 2),
)  # fmt: skip
SOLUTION = {"id": IDS, "label": TRUE, "Usage": USAGE, "group": PATIENT, "site": SITE}
PREDICTED = np.where(RANDOM.random(N) < 0.7, TRUE, RANDOM.choice(CLASSES, N))


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    return write_small_bundle(tmp_path / "animals", LABELS, SOLUTION)


def submission(columns: dict[str, object], tmp_path: Path, name: str = "mine.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(table({"id": IDS, **columns}))  # type: ignore[dict-item]
    return path


def try_bundle(root: Path) -> list[Finding]:
    """Try the scoring of a bundle."""
    solution, sample = (
        (root / "private/solution.csv").read_bytes(),
        (root / "public/sample_submission.csv").read_bytes(),
    )
    return try_scoring(open_bundle(root).terms, solution, sample, root / "public" / "metric.py")


def value(result: Result, metric: str, part: str, group: str = "") -> float | None:
    found = [score for score in result.scores if (score.metric, score.part, score.group) == (metric, part, group)]
    assert len(found) == 1
    return found[0].value


def test_label_scores_are_those_of_scikit_learn(animals: Path, tmp_path: Path) -> None:
    result = grade(open_bundle(animals), submission({"label": PREDICTED}, tmp_path))
    for part in ("public", "private"):
        rows = part.capitalize() == USAGE
        assert value(result, "f1_macro", part) == pytest.approx(
            sklearn_metrics.f1_score(TRUE[rows], PREDICTED[rows], average="macro"), abs=1e-12
        )
        assert value(result, "cohen_kappa", part) == pytest.approx(
            sklearn_metrics.cohen_kappa_score(TRUE[rows], PREDICTED[rows]), abs=1e-12
        )
        for site in ("north", "south"):
            here = rows & (site == SITE)
            assert value(result, "accuracy", part, f"site={site}") == pytest.approx((TRUE == PREDICTED)[here].mean())
        by_site = [(TRUE == PREDICTED)[rows & (site == SITE)].mean() for site in ("north", "south", "tiny")]
        assert value(result, "worst_site", part) == pytest.approx(min(by_site))


def test_intervals_hold_the_score_and_small_public_subgroups_are_hidden(animals: Path, tmp_path: Path) -> None:
    result = grade(open_bundle(animals), submission({"label": PREDICTED}, tmp_path))
    assert all(
        score.low <= score.value <= score.high
        for score in result.scores
        if score.low is not None and score.value is not None and score.high is not None
    )
    assert {score.group for score in result.scores if score.part == "private"} == {
        "",
        "site=north",
        "site=south",
        "site=tiny",
    }
    assert {score.group for score in result.scores if score.part == "public"} == {"", "site=north", "site=south"}
    assert [finding.rule for finding in result.findings] == ["score/small-subgroup"]
    wide = result.overall("private")
    narrow = grade(
        open_bundle(write_small_bundle(tmp_path / "ungrouped", replace(LABELS, grouped=False), SOLUTION)),
        submission({"label": PREDICTED}, tmp_path),
    ).overall("private")
    assert wide
    assert narrow
    assert (wide.value, wide.n) == (narrow.value, narrow.n)
    assert (wide.low, wide.high) != (narrow.low, narrow.high)


def test_neither_order_nor_spelling_changes_a_bit(animals: Path, tmp_path: Path) -> None:
    bundle = open_bundle(animals)
    first = grade(bundle, submission({"label": PREDICTED}, tmp_path))
    order = RANDOM.permutation(N)
    shuffled = table({"label": PREDICTED[order], "id": np.array(IDS)[order]})
    for raw in (shuffled, b"\xef\xbb\xbf" + shuffled.replace(b"\n", b"\r\n"), shuffled.replace(b"cat", b'"cat"')):
        other = grade(bundle, raw)
        assert other.scores == first.scores
        assert other.submission["canonical_sha256"] == first.submission["canonical_sha256"]
        assert other.submission["sha256"] != first.submission["sha256"]


def test_probabilities_give_ranks_labels_and_losses(tmp_path: Path) -> None:
    terms = replace(
        LABELS,
        kind="probability",
        columns=CLASSES,
        distribution=True,
        metric="log_loss",
        also=("roc_auc_ovr", "accuracy"),
    )
    bundle = open_bundle(write_small_bundle(tmp_path / "animals", terms, SOLUTION))
    given = RANDOM.dirichlet([1, 1, 1], N)
    result = grade(bundle, submission(dict(zip(CLASSES, given.T, strict=True)), tmp_path))
    rows = USAGE == "Private"
    code = np.searchsorted(CLASSES, TRUE)[rows]
    assert value(result, "log_loss", "private") == pytest.approx(sklearn_metrics.log_loss(code, given[rows]), abs=1e-12)
    assert value(result, "accuracy", "private") == pytest.approx((given[rows].argmax(axis=1) == code).mean())
    assert value(result, "roc_auc_ovr", "private") == pytest.approx(
        sklearn_metrics.roc_auc_score(code, given[rows], multi_class="ovr"), abs=1e-12
    )


def test_two_classes_one_column_of_probabilities(tmp_path: Path) -> None:
    true = np.where(TRUE == "cat", "no", "yes")
    terms = Terms(
        "b", "B", "1", "classification", ("label",), "probability", ("yes",), "roc_auc", classes=("no", "yes"),
        also=("f1", "brier"),
    )  # fmt: skip
    bundle = open_bundle(write_small_bundle(tmp_path / "b", terms, {"id": IDS, "label": true, "Usage": USAGE}))
    given = RANDOM.random(N)
    result = grade(bundle, submission({"yes": given}, tmp_path))
    rows = USAGE == "Public"
    flag = true[rows] == "yes"
    assert value(result, "roc_auc", "public") == pytest.approx(
        sklearn_metrics.roc_auc_score(flag, given[rows]), abs=1e-12
    )
    assert value(result, "f1", "public") == pytest.approx(sklearn_metrics.f1_score(flag, given[rows] >= 0.5), abs=1e-12)
    assert value(result, "brier", "public") == pytest.approx(np.mean((flag - given[rows]) ** 2), abs=1e-12)


@pytest.mark.parametrize("classes", [("no", "yes"), ("1", "2"), ("2", "1"), ("0", "1"), ("1", "0"), ("false", "true")])
def test_a_positive_class_is_named_as_the_organizer_names_it(tmp_path: Path, classes: tuple[str, str]) -> None:
    true, given = (np.where(RANDOM.random(N) < share, *classes) for share in (0.3, 0.5))
    site = np.where(RANDOM.random(N) < 0.5, "north", "south")
    for name in classes:
        asked = (
            f"recall(positive={name})",
            f"equal_opportunity_gap(over=site, positive={name})",
            f"1 - f1(positive={name})",
        )
        terms = replace(LABELS, metric=asked[0], classes=classes, also=asked[1:], combine=())
        assert metric_findings(terms) == []
        root = write_small_bundle(tmp_path / name, terms, {**SOLUTION, "label": true, "site": site})
        result = grade(open_bundle(root), submission({"label": given}, tmp_path))
        rows = USAGE == "Public"
        recall, f1 = (
            score(true[rows], given[rows], pos_label=name)
            for score in (sklearn_metrics.recall_score, sklearn_metrics.f1_score)
        )
        sites = [
            sklearn_metrics.recall_score(true[rows & (site == one)], given[rows & (site == one)], pos_label=name)
            for one in ("north", "south")
        ]
        told = {score.metric: score.value for score in result.scores if score.part == "public" and not score.group}
        assert list(told.values()) == pytest.approx([recall, max(sites) - min(sites), 1 - f1], abs=1e-12)
        assert asked[0] in told


def test_a_positive_class_that_there_is_not_is_told() -> None:
    terms = replace(LABELS, classes=("no", "yes"), also=(), combine=())
    (found,) = metric_findings(replace(terms, metric="f1(positive=1)"))
    assert (found.where, found.message) == (
        "score.metric", "positive=1 is no class of the challenge (classes: no, yes)",
    )  # fmt: skip
    assert "did you mean yes?" in metric_findings(replace(terms, metric="f1(positive=yess)"))[0].message


@pytest.mark.parametrize("kind", ["flag", "probability"])
def test_several_labels_an_item(tmp_path: Path, kind: str) -> None:
    names = ("fish", "crab")
    true = RANDOM.integers(0, 2, (N, 2))
    terms = Terms("m", "M", "1", "multilabel", names, kind, names, "f1_macro")
    solution = {"id": IDS, **dict(zip(names, true.T, strict=True)), "Usage": USAGE}
    bundle = open_bundle(write_small_bundle(tmp_path / "m", terms, solution))
    given = RANDOM.integers(0, 2, (N, 2)) if kind == "flag" else RANDOM.random((N, 2))
    result = grade(bundle, submission(dict(zip(names, given.T, strict=True)), tmp_path))
    rows = USAGE == "Private"
    expected = sklearn_metrics.f1_score(true[rows], (given >= 0.5)[rows], average="macro")
    assert value(result, "f1_macro", "private") == pytest.approx(expected, abs=1e-12)


def test_values(tmp_path: Path) -> None:
    true = RANDOM.normal(size=N)
    terms = Terms("r", "R", "1", "regression", ("depth",), "value", ("depth",), "rmse", also=("r2", "spearman"))
    bundle = open_bundle(write_small_bundle(tmp_path / "r", terms, {"id": IDS, "depth": true, "Usage": USAGE}))
    given = true + RANDOM.normal(size=N)
    result = grade(bundle, submission({"depth": given}, tmp_path))
    rows = USAGE == "Private"
    assert value(result, "rmse", "private") == pytest.approx(np.sqrt(np.mean((true - given)[rows] ** 2)), abs=1e-12)
    assert value(result, "r2", "private") == pytest.approx(sklearn_metrics.r2_score(true[rows], given[rows]), abs=1e-12)


@pytest.mark.parametrize("metric", ["r2", "pearson", "0.5*r2 + 0.5*pearson"])
def test_no_bit_of_a_part_depends_on_the_other(tmp_path: Path, metric: str) -> None:
    true, given = RANDOM.normal(size=N) * 1e3 + 7, RANDOM.normal(size=N)
    terms = Terms("r", "R", "1", "regression", ("depth",), "value", ("depth",), metric, draws=20)
    found = []
    for place in range(3):
        private = np.where(USAGE == "Private", 10.0**place, 1.0)
        solution = {"id": IDS, "depth": true * private, "Usage": USAGE}
        bundle = open_bundle(write_small_bundle(tmp_path / str(place), terms, solution))
        result = grade(bundle, submission({"depth": (true + given) * private}, tmp_path))
        found.append([(one.value, one.low, one.high) for one in result.scores if one.part == "public"])
    assert found[0] == found[1] == found[2]


def test_values_that_the_metric_does_not_take_refuse_the_submission(tmp_path: Path) -> None:
    true = RANDOM.random(N)
    terms = Terms("r", "R", "1", "regression", ("depth",), "value", ("depth",), "rmsle")
    bundle = open_bundle(write_small_bundle(tmp_path / "r", terms, {"id": IDS, "depth": true, "Usage": USAGE}))
    with pytest.raises(SubmissionError, match="rmsle cannot be computed"):
        grade(bundle, submission({"depth": true - 5}, tmp_path))


OWN = """
import pandas as pd

class ParticipantVisibleError(Exception):
    pass

def score(solution: pd.DataFrame, submission: pd.DataFrame, row_id_column_name: str) -> float:
    assert list(solution[row_id_column_name]) == list(submission[row_id_column_name])
    if (submission["label"] == "owl").all():
        raise ParticipantVisibleError("not everything is an owl")
    if (submission["label"] == "dog").all():
        raise KeyError("secret " + solution["label"].iloc[0])
    return float((solution["label"] == submission["label"]).mean())
"""


def test_a_challenges_own_metric(tmp_path: Path) -> None:
    terms = replace(LABELS, metric="metric.py:score", greater_is_better=True)
    root = write_small_bundle(tmp_path / "own", terms, SOLUTION)
    (root / "public" / "metric.py").write_text(OWN)
    bundle = open_bundle(root)
    result = grade(bundle, submission({"label": PREDICTED}, tmp_path))
    rows = USAGE == "Private"
    assert result.metric == "metric.py:score"
    assert value(result, "metric.py:score", "private") == (TRUE == PREDICTED)[rows].mean()
    assert (
        value(result, "metric.py:score", "private", "site=south")
        == (TRUE == PREDICTED)[rows & (SITE == "south")].mean()
    )
    with pytest.raises(SubmissionError, match="not everything is an owl"):
        grade(bundle, submission({"label": ["owl"] * N}, tmp_path))
    with pytest.raises(BundleError, match="stops with KeyError") as told:
        grade(bundle, submission({"label": ["dog"] * N}, tmp_path))
    assert "secret" not in str(told.value)
    assert "metric.py:12" in str(told.value)
    assert not [finding for finding in try_bundle(root) if finding.severity == "error"]


def test_what_an_own_metric_prints_is_swallowed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    terms = replace(LABELS, metric="metric.py:score", greater_is_better=True)
    root = write_small_bundle(tmp_path / "own", terms, SOLUTION)
    talks = (
        "import sys\nprint('in')\ndef score(a, b, c):\n    print(a)\n    print(a, file=sys.stderr)\n    return 1.0\n"
    )
    (root / "public" / "metric.py").write_text(talks)
    assert grade(open_bundle(root), submission({"label": PREDICTED}, tmp_path)).scores[0].value == 1.0
    assert capfd.readouterr() == ("", "")


def test_a_broken_own_metric_is_told(tmp_path: Path) -> None:
    terms = replace(LABELS, metric="metric.py:score", greater_is_better=True)
    root = write_small_bundle(tmp_path / "own", terms, SOLUTION)
    mine = submission({"label": PREDICTED}, tmp_path)
    with pytest.raises(BundleError, match="missing"):
        grade(open_bundle(root), mine)
    for text, words in (
        ("def score(:", "SyntaxError"),
        ("def other(): pass", "no function score"),
        ("def score(a, b, c): return float('inf')", "infinity"),
        ("def score(a, b, c): return 'x'", "ValueError"),
    ):
        (root / "public" / "metric.py").write_text(text)
        with pytest.raises(BundleError, match=words):
            grade(open_bundle(root), mine)


def test_the_trial_passes_a_good_bundle(animals: Path) -> None:
    assert try_bundle(animals) == []


def test_the_trial_finds_a_sample_that_knows(animals: Path) -> None:
    (animals / "public" / "sample_submission.csv").write_bytes(table({"id": IDS, "label": TRUE}))
    assert {finding.rule for finding in try_bundle(animals)} == {"trial/chance"}


def test_the_trial_warns_where_a_metric_has_no_value(tmp_path: Path) -> None:
    true = np.where(USAGE == "Public", "no", np.where(TRUE == "cat", "no", "yes"))
    terms = Terms(
        "b", "B", "1", "classification", ("label",), "probability", ("yes",), "roc_auc", classes=("no", "yes")
    )
    root = write_small_bundle(tmp_path / "b", terms, {"id": IDS, "label": true, "Usage": USAGE})
    assert [(finding.rule, finding.severity) for finding in try_bundle(root)] == [("trial/undefined", "warning")]


def test_metrics_that_do_not_fit_are_told() -> None:
    def rules(**changes: object) -> set[str]:
        return {finding.rule for finding in metric_findings(replace(LABELS, **changes))}  # type: ignore[arg-type]

    assert rules() == set()
    assert rules(metric="f1_makro") == {"score/unknown-metric"}
    assert rules(metric="fbeta_macro(betta=2)") == {"score/unknown-metric"}
    assert rules(metric="log_loss") == {"score/unfit-metric"}
    assert rules(metric="rmse") == {"score/unfit-metric"}
    assert rules(metric="roc_auc", kind="probability") == {"score/unfit-metric"}
    assert rules(combine=(Combined("x", "accuracy", "sex", "middle"),)) == {"score/unknown-combination"}
    assert rules(metric="worst_site") == set()


def test_a_class_that_a_metric_needs_is_asked_for_before_anything_is_scored() -> None:
    def messages(metric: str, **changes: object) -> list[str]:
        return [one.message for one in metric_findings(replace(PICTURES, metric=metric, **changes))]  # type: ignore[arg-type]

    assert "there are 3 classes" in messages("iou")[0]
    assert "not one of the labels" in messages("iou(positive=7)")[0]
    assert messages("iou(positive=2)") == messages("miou") == messages("hausdorff95") == []
    assert messages("iou", classes=("a", "b"), class_ids=(0, 1)) == []
    assert "label images" in messages("metric.py:score")[0]


def test_the_platforms_door_gives_the_same_result_with_numpy_alone(animals: Path, tmp_path: Path) -> None:
    """No pandas, scikit-learn or YAML is loaded on the way."""
    mine = submission({"label": PREDICTED}, tmp_path)
    script = (
        "import sys\nfrom compete.scoring.program import main\ncode = main(sys.argv[1:])\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'pandas', 'sklearn', 'scipy', 'yaml', 'jsonschema', 'typer', 'rich', 'PIL'}, loaded\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(animals), str(mine)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == grade(open_bundle(animals), mine).as_dict()
    mine.write_text("id,label\n")
    done = subprocess.run(
        [sys.executable, "-c", script, str(animals), str(mine)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 3
    assert json.loads(done.stdout)["findings"]


def test_a_result_shows_itself_and_hostile_names_are_inert(animals: Path, tmp_path: Path) -> None:
    mine = submission({"label": PREDICTED}, tmp_path, "<script>alert(1)<script>.csv")
    page = grade(open_bundle(animals), mine, draws=0)._repr_html_()
    assert "<script>" not in page
    assert "f1_macro" in page


def test_values_beyond_all_sums_are_refused(tmp_path: Path) -> None:
    terms = Terms("sizes", "Sizes", "1", "regression", ("size",), "value", ("size",), "rmse", also=("r2",), draws=9)
    root = write_small_bundle(tmp_path / "sizes", terms, {"id": IDS, "size": RANDOM.random(N), "Usage": USAGE})
    with pytest.raises(SubmissionError, match="submission/out-of-range"):
        grade(open_bundle(root), submission({"size": ["1e154"] * N}, tmp_path))
    largest = grade(open_bundle(root), submission({"size": ["1e100", "-1e100"] * (N // 2)}, tmp_path))
    assert json.loads(json.dumps(largest.as_dict(), allow_nan=False))["scores"]
    assert value(largest, "rmse", "public") == pytest.approx(1e100)
