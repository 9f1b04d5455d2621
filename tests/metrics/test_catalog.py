"""Names, options and what happens to misspelt ones."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import metrics
from metrics.catalog import metric
from metrics.confusion import label_pairs


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("f1_macro", "f1_macro"),
        (" f1_macro ( ) ", "f1_macro"),
        ("fbeta(beta=2.0)", "fbeta(beta=2)"),
        ("fbeta(beta=1)", "fbeta"),
        ("fbeta(positive=cat, beta=0.5)", "fbeta(beta=0.5, positive=cat)"),
        ("f1(positive=1)", "f1(positive=1)"),
        ('f1(positive="1")', 'f1(positive="1")'),
        ("f1(positive=true)", "f1(positive=true)"),
        ("f1(positive=none)", "f1"),
        ('f1(positive="a, \\"b\\" = c")', 'f1(positive="a, \\"b\\" = c")'),
        ("cohen_kappa(weights=none)", "cohen_kappa"),
        ("cohen_kappa(weights=quadratic)", "cohen_kappa(weights=quadratic)"),
        ("log_loss(clip=1e-15)", "log_loss(clip=1e-15)"),
        ("ece(bins=10)", "ece(bins=10)"),
    ],
)
def test_names_are_canonical(text, name):
    assert metrics.parse(text).name == name
    assert metrics.parse(name) == metrics.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("f1_marco", "did you mean f1_macro"),
        ("F1_macro", "did you mean f1_macro"),
        ("fbeta(beat=2)", "did you mean beta"),
        ("accuracy(beta=2)", r"no option beta .*options: none"),
        ("fbeta(beta=-1)", "between 0 and 1000000"),
        ("fbeta(beta=cat)", "must be a number"),
        ("fbeta(beta=true)", "must be a number"),
        ("fbeta(beta=nan)", "must be a number"),
        ("ece(bins=2.5)", "whole number"),
        ("ece(bins=0)", "between 1"),
        ("top_k_accuracy(k=0)", "between 1"),
        ("cohen_kappa(weights=cubic)", "not one of none, linear, quadratic"),
        ("pinball(quantile=1.5)", "between 0 and 1"),
        ("fbeta(beta=2, beta=3)", "write each once"),
        ("fbeta(beta)", "cannot read the options"),
        ("fbeta(beta=2", "cannot read the metric"),
        ("f1(positive=1.5)", "must be a label"),
        ("", "cannot read the metric"),
        ("f1; drop", "cannot read the metric"),
    ],
)
def test_faults_are_told_with_the_cure(text, message):
    with pytest.raises(metrics.MetricError, match=message):
        metrics.parse(text)


def test_options_that_are_not_finite_are_refused():
    for value in (float("nan"), float("inf"), 1j, None, [2]):
        with pytest.raises(metrics.MetricError):
            metrics.get("fbeta", beta=value)


@given(st.text(min_size=1), st.floats(0, 1e6))
def test_any_option_parses_back(label, beta):
    found = metrics.get("fbeta", positive=label, beta=beta)
    assert metrics.parse(found.name) == found
    assert metrics.parse(found.name).options == found.options


@given(st.text())
def test_any_text_is_a_metric_or_a_metric_error(text):
    with contextlib.suppress(metrics.MetricError):
        assert metrics.parse(text).name


def test_a_taken_name_is_an_error():
    register = metric(
        "accuracy", collect=label_pairs, needs="label", targets=("binary",), bounds=(0, 1), greater_is_better=True
    )
    before = metrics.accuracy
    with pytest.raises(metrics.MetricError, match="taken"):
        register(lambda counts: counts.total)
    assert metrics.accuracy is before


@pytest.mark.parametrize("fault", [{"needs": "labels"}, {"targets": ("binry",)}, {"name": "not a word"}])
def test_a_record_that_makes_no_sense_is_an_error(fault):
    facts = {"name": "fresh", "needs": "label", "targets": ("binary",)} | fault
    with pytest.raises(metrics.MetricError, match="must be a word"):
        metric(facts.pop("name"), collect=label_pairs, bounds=(0, 1), greater_is_better=True, **facts)(lambda counts: 0)
    assert "fresh" not in metrics.names()


def test_metrics_are_attributes():
    assert metrics.f1_macro is metrics.get("f1_macro")
    assert "f1_macro" in dir(metrics)
    with pytest.raises(AttributeError, match="f1_marco"):
        _ = metrics.f1_marco


def test_evidence_is_shared_between_metrics_that_collect_the_same(monkeypatch):
    passes = []

    def counted(self, *arguments):
        passes.append(self.name)
        return original(self, *arguments)

    original = metrics.Metric.collect
    monkeypatch.setattr(metrics.Metric, "collect", counted)
    names = ["accuracy", "f1_macro", "fbeta(beta=2)", "f1"]
    scores = metrics.evaluate(names, [0, 1, 1], [0, 1, 0])
    assert list(scores) == names
    assert passes == ["accuracy"]


def test_evaluate_under_groups_and_weights():
    true, predicted = np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0])
    parts = metrics.Partition(np.array([0, 0, 1, 1]), 2)
    weight = np.array([1.0, 1.0, 3.0, 1.0])
    scores = metrics.evaluate([metrics.accuracy], true, predicted, weight, weighting=parts)
    np.testing.assert_allclose(scores["accuracy"], [1.0, 0.25])
    dense = metrics.evaluate(["accuracy"], true, predicted, weight, weighting=np.eye(4)[:2])
    np.testing.assert_allclose(dense["accuracy"], [1.0, 1.0])


def test_shared_evidence_is_checked_for_each_metric():
    with pytest.raises(metrics.MetricError, match="f1 takes binary truth, not multiclass"):
        metrics.evaluate(["f1_macro", "f1"], [0, 1, 2], [0, 1, 2])


def test_import_is_light():
    code = (
        "import sys, numpy; before = set(sys.modules); import metrics; "
        "metrics.f1_macro(['a', 'b'], ['a', 'a']); metrics.roc_auc([0, 1], [0.1, 0.2]); "
        "new = {name.split('.')[0] for name in set(sys.modules) - before}; "
        "heavy = [name for name in ('numpy.ma', 'numpy.random', 'pandas', 'scipy', 'sklearn', 'compete', 'difflib') "
        "if name in set(sys.modules) - before]; "
        "print(sorted(new - {'metrics'} - set(sys.stdlib_module_names) - {'numpy'}), heavy)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[] []"
