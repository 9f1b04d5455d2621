"""Random truth and prediction for any metric of the catalog; needs numpy alone, so that old versions can run it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import metrics
from compete.terms import TAXONOMY_METRICS
from metrics.taxonomy import Tree
from metrics.vocabulary import FLAT
from tests.metrics import special_cases

OPTIONS = (
    "fbeta(beta=2)",
    "fbeta_macro(beta=0.5)",
    "fbeta_samples(beta=2)",
    "f1(positive=0)",
    "cohen_kappa(weights=linear)",
    "cohen_kappa(weights=quadratic)",
    "top_k_accuracy(k=1)",
    "log_loss(clip=0.001)",
    "brier(halve=true)",
    "brier(halve=false)",
    "ece(bins=4)",
    "recall_at_specificity(specificity=0.5)",
    "sensitivity_at_precision(precision=0.5)",
    "pinball(quantile=0.9)",
    "hierarchical_fbeta(beta=2)",
    "accuracy_at_level(level=2)",
)
NEEDS = (*FLAT, *special_cases.NEEDS)
FLAT_NAMES = [n for n in metrics.names() if metrics.get(n).needs in NEEDS and n not in special_cases.LAWLESS]
NAMES = (*FLAT_NAMES, *OPTIONS, *special_cases.OPTIONS)
CASES = [(name, target) for name in NAMES for target in sorted(metrics.parse(name).targets)]


@dataclass(frozen=True)
class Case:
    """One random truth and prediction, as a metric takes it."""

    metric: metrics.Metric
    y_true: Any
    y_pred: Any
    labels: Any
    columns: int

    def score(self, index: Any = slice(None), weight: Any = None) -> float:
        return self.metric(self.y_true[index], self.y_pred[index], weight, self.labels)

    def evidence(self, index: Any = slice(None)) -> Any:
        return self.metric.collect(self.y_true[index], self.y_pred[index], self.labels)


def tree_of(classes: int) -> Tree:
    """Classes of which the last is an ancestor of the first two; of four, another hangs on nodes that are no class."""
    parent = {2: [1, -1], 4: [3, 3, 4, 5, 5, -1]}[classes]
    return Tree(tuple(range(classes)), np.array(parent))


def make_case(name: str, target: str, seed: int, n: int = 60) -> Case:
    metric, random = metrics.parse(name), np.random.default_rng(seed)
    if (made := special_cases.special_case(metric, target, random, n)) is not None:
        return Case(metric, *made, 1)
    if target == "regression":
        columns = 1 + seed % 2
        shape = (n,) if columns == 1 else (n, columns)
        true = np.round(np.exp(random.normal(size=shape)), 1) + 0.1
        return Case(metric, true, np.round(true * np.exp(random.normal(size=shape)), 1), None, columns)
    if target == "multilabel":
        true = random.integers(0, 2, size=(n, 3))
        noisy = np.round(true + random.normal(size=true.shape), 1)
        return Case(metric, true, (noisy > 0.7).astype(int) if metric.needs == "label" else noisy, None, 3)
    classes = 2 if target == "binary" else 4
    labels = tree_of(classes) if metric.base in TAXONOMY_METRICS else range(classes)
    true = random.integers(0, classes, size=n)
    if metric.needs == "label":
        keep = random.random(n) < 0.6
        return Case(metric, true, np.where(keep, true, random.integers(0, classes, size=n)), labels, 1)
    chance = random.dirichlet(np.full(classes, 0.7), size=n)
    chance[np.arange(n), true] += 0.3
    chance = np.round(chance, 1) if metric.needs == "score" else chance / chance.sum(axis=1, keepdims=True)
    one_column = target == "binary" and name.partition("(")[0] != "top_k_accuracy" and seed % 2 == 0
    return Case(metric, true, chance[:, 1] if one_column else chance, range(classes), classes)


def perfect_prediction(case: Case, target: str) -> Any:
    if (made := special_cases.special_perfect(case.metric, case.y_true, case.y_pred, case.labels)) is not None:
        return made
    if case.metric.needs in ("label", "value") or target == "multilabel":
        return case.y_true
    if case.y_pred.ndim == 1:
        return case.y_true.astype(float)
    return np.eye(len(case.labels))[case.y_true]
