"""What the record of every metric must say, whatever it scores."""

from __future__ import annotations

import doctest
import pickle
import re

import numpy as np
import pytest

import metrics
from metrics.vocabulary import NEEDS, TARGETS


@pytest.fixture(params=metrics.names())
def name(request: pytest.FixtureRequest) -> str:
    """The name of a metric, over the whole catalog."""
    return request.param


def test_name_parses_back(name):
    metric = metrics.parse(name)
    assert metrics.parse(metric.name) == metric
    assert metric.name == name
    assert pickle.loads(pickle.dumps(metric)) == metric
    assert metrics.get(metric.base, **metric.options) == metric


def test_record_is_complete(name):
    metric = metrics.parse(name)
    low, high = metric.bounds
    assert low < high
    assert metric.needs in NEEDS
    assert metric.targets
    assert metric.targets <= set(TARGETS)
    assert isinstance(metric.greater_is_better, bool)
    assert np.isfinite(metric.perfect)
    assert getattr(metrics, metric.base) == metrics.get(metric.base)
    assert set(metric.limits) <= set(metric.options)


def test_docstring_tells_all(name):
    metric = metrics.parse(name)
    assert re.fullmatch(r"[A-Z].*[.;:].*|[A-Z].*\.", metric.title)
    for part in ("Args:", "Returns:", "shape (w,)", "nan where", "Source:", ">>> "):
        assert part in metric.doc, part
    for option in metric.options:
        assert re.search(rf"\b{option}\b", metric.doc), option


def test_pitfalls_are_told(name):
    text = metrics.parse(name).pitfalls
    assert re.fullmatch(r"[A-Zb-z].{30,}[.]", text), f"{name} needs pitfalls: @metric(..., pitfalls=...) or pitfalls.py"
    assert len(text) < 600


def test_docstring_example_is_true(name):
    metric = metrics.parse(name)
    example = doctest.DocTestParser().get_doctest(metric.doc, {"metrics": metrics}, metric.name, None, 0)
    assert example.examples
    result = doctest.DocTestRunner().run(example)
    assert result.failed == 0
