"""Random truth and prediction for metrics that ask for more than plain columns: places, survival, columns beside."""

from __future__ import annotations

from typing import Any

import numpy as np

import metrics

OPTIONS = (
    "columnwise(metric=spearman)",
    "columnwise(metric=mae, by=worst)",
    "columnwise(metric=mae, transform=sqrt)",
    "columnwise(metric=f1, by=minimum, weights=[2, 1, 1])",
    "columnwise(metric=roc_auc, by=geometric_mean, weights=[3, 2, 1])",
    "columnwise(metric=balanced_accuracy, weights=[2, 1, 1])",
    "by_type(metric=rmse, transform=log, over=type)",
    "by_type(metric=roc_auc, over=type, by=gap)",
    "by_type(metric=accuracy, over=type, by=worst)",
    "by_type(metric=mae, over=type, weight=worth)",
    "haversine_quantile(quantiles=[0.9], method=lower)",
    "median_absolute_error(method=lower)",
    "mean_angular_error(unit=degrees)",
    "log_loss_columns(normalize=all, positive_weight=2, weights=[3, 1, 1])",
    "expected_cost(normalize=true)",
    "concordance_index(predicts=time)",
    "adaptive_ece(bins=4)",
    "partial_auc(max_fpr=0.5)",
    "weighted_auc(cuts=[0.2, 0.6], weights=[3, 2, 1])",
    "pfbeta(beta=2)",
    "net_benefit(threshold=0.2)",
    "fbeta_at(threshold=0.3)",
    "fbeta_best(beta=2)",
    "bias_auc(power=0, overall=0.5)",
    "rmsse(weight=worth)",
)
"""Options under which the laws are tried, too."""

NEEDS = ("spread", "ensemble", "cumulative", "quantiles", "interval", "survival")
"""What a prediction holds, one row an item, that is not one of the plain words."""

LAWLESS = ("fbeta_chosen",)
"""Its threshold is chosen once on one half, so scoring some items alone is another question; see test_beside."""

SHAPED = ("haversine", "haversine_quantile", "mean_angular_error", "kl_divergence")
"""Metrics of values that take two or more columns."""

BESIDE = tuple(name for name in metrics.names() if metrics.get(name).takes_columns)
"""Metrics whose truth has columns beside it."""

Made = tuple[Any, Any, Any]


def places(metric: metrics.Metric, random: np.random.Generator, n: int) -> Made:
    true = np.column_stack((random.uniform(-60, 60, n), random.uniform(-179, 179, n)))
    return true, true + 5e-6 * random.normal(size=(n, 2)).round(1), None


def directions(metric: metrics.Metric, random: np.random.Generator, n: int) -> Made:
    turn = 180 / np.pi if "degrees" in metric.name else 1.0
    true = turn * np.column_stack((random.uniform(0, 2 * np.pi, n), random.uniform(0, np.pi, n)))
    return true, true + turn * random.normal(size=(n, 2)), None


def shares(metric: metrics.Metric, random: np.random.Generator, n: int) -> Made:
    votes = random.integers(0, 4, size=(n, 3))
    votes[:, 0] += 1
    return votes, random.dirichlet(np.ones(3), n), None


def columns_of(random: np.random.Generator, n: int) -> dict[str, Any]:
    series = random.integers(0, 4, n)
    return {
        "type": np.array(["a", "b", "c", ""])[random.integers(0, 4, n)],
        "series": np.array(["s0", "s1", "s2", "s3"])[series],
        "scale": np.array([1.0, 2.0, 0.5, 3.0])[series],
        "worth": np.array([2.0, 1.0, 4.0, 0.5])[series],
    }


def values_beside(metric: metrics.Metric, random: np.random.Generator, n: int) -> Made:
    true = np.round(np.exp(random.normal(size=n)), 1) + 0.1
    columns = columns_of(random, n)
    if metric.name == "by_type":
        columns = {"type": columns["type"]}
    elif metric.base == "by_type":
        columns["worth"] = np.where(columns["type"] == "a", 2.0, 1.0)
    return metrics.WithColumns(true, columns), np.round(true * np.exp(random.normal(size=n)), 1), None


def by_type(metric: metrics.Metric, random: np.random.Generator, n: int, target: str) -> Made:
    if target == "regression":
        return values_beside(metric, random, n)
    true = random.integers(0, 2, n)
    types = np.array(["a", "b", "c", ""])[np.arange(n) % 4]
    score = np.round(true + random.normal(size=n), 1)
    predicted = (score > 0.5).astype(int) if metric.needs == "label" else score
    if target == "multilabel":
        true, predicted = np.column_stack((true, 1 - true)), np.column_stack((predicted, predicted))
    return metrics.WithColumns(true, {"type": types}), predicted, None if target == "multilabel" else (0, 1)


def identities(metric: metrics.Metric, random: np.random.Generator, n: int) -> Made:
    true = random.integers(0, 2, n)
    columns = {name: random.integers(0, 2, n) for name in ("one", "two", "three")}
    return metrics.WithColumns(true, columns), np.round(true + random.normal(size=n), 1), (0, 1)


def sexes(metric: metrics.Metric, random: np.random.Generator, n: int) -> Made:
    true = random.integers(0, 2, n)
    group = np.array(["f", "m", "x", ""])[random.integers(0, 4, n)]
    predicted = np.where(random.random(n) < 0.6, true, random.integers(0, 2, n))
    return metrics.WithColumns(true, {"sex": group}), predicted, (0, 1)


def halves(metric: metrics.Metric, random: np.random.Generator, n: int) -> Made:
    true = random.integers(0, 2, n)
    usage = np.array(["public", "private"])[np.arange(n) % 2]
    return metrics.WithColumns(true, {"usage": usage}), np.round(true + random.normal(size=n), 1), (0, 1)


def followed(random: np.random.Generator, n: int) -> Any:
    return np.column_stack((np.round(random.exponential(5.0, n), 1) + 0.1, random.random(n) < 0.6))


def risks(metric: metrics.Metric, random: np.random.Generator, n: int) -> Made:
    true = followed(random, n)
    return true, np.round(-np.log(true[:, 0]) + random.normal(size=n), 1), None


def survivals(metric: metrics.Metric, random: np.random.Generator, n: int) -> Made:
    times = np.array([1.0, 2.0, 4.0, 7.0])
    return followed(random, n), np.exp(-times * random.exponential(0.2, size=(n, 1))), times


def forecasts(metric: metrics.Metric, random: np.random.Generator, n: int) -> Made:
    true = np.round(random.normal(size=n), 1)
    if metric.needs == "ensemble":
        return true, true[:, None] + random.normal(size=(n, 5)), None
    if metric.needs == "spread":
        wide = 40.0 if metric.base == "laplace_log_likelihood" else 1.0
        return true, np.column_stack((true + random.normal(size=n), wide * random.exponential(size=n))), None
    if metric.needs == "interval":
        return true, np.sort(true[:, None] + random.normal(size=(n, 2)), axis=1), None
    if metric.needs == "quantiles":
        return true, np.sort(true[:, None] + random.normal(size=(n, 3)), axis=1), np.array([0.05, 0.5, 0.95])
    at = np.arange(-3.0, 4.0)
    return true, np.sort(random.random((n, 7)), axis=1), at


MAKERS = {
    **dict.fromkeys(("haversine", "haversine_quantile"), places),
    "mean_angular_error": directions,
    "kl_divergence": shares,
    **dict.fromkeys(("mase", "rmsse"), values_beside),
    "bias_auc": identities,
    **dict.fromkeys(("demographic_parity_gap", "equal_opportunity_gap", "equalized_odds_gap"), sexes),
    "fbeta_chosen": halves,
    "concordance_index": risks,
    "integrated_brier": survivals,
    **dict.fromkeys(
        (
            "laplace_log_likelihood",
            "crps_normal",
            "crps_ensemble",
            "crps_cumulative",
            "interval_score",
            "quantile_loss",
        ),
        forecasts,
    ),
}


def special_case(metric: metrics.Metric, target: str, random: np.random.Generator, n: int) -> Made | None:
    """Truth, prediction and labels; None where plain columns will do."""
    if metric.base == "by_type":
        return by_type(metric, random, n, target)
    if target == "multioutput":
        true = random.integers(0, 4, size=(n, 3))
        predicted = np.where(random.random((n, 3)) < 0.6, true, random.integers(0, 4, size=(n, 3)))
        return true, predicted, [range(4)] * 3
    if target == "multilabel" and metric.needs == "probability":
        return random.integers(0, 2, size=(n, 3)), random.random((n, 3)), None
    return MAKERS[metric.base](metric, random, n) if metric.base in MAKERS else None


def special_perfect(metric: metrics.Metric, y_true: Any, y_pred: Any, labels: Any) -> Any:
    """The perfect prediction; None where plain columns will do."""
    plain = y_true.y_true if isinstance(y_true, metrics.WithColumns) else y_true
    if metric.base == "demographic_parity_gap":
        return np.zeros(len(plain), dtype=int)
    if metric.base == "concordance_index":
        late = plain[:, 0] + 0.01 * (1 - plain[:, 1])
        return late if "time" in metric.name else -late
    if metric.base == "kl_divergence":
        return plain / plain.sum(axis=1, keepdims=True)
    shapes = {
        "spread": lambda: np.column_stack((plain, np.zeros(len(plain)))),
        "ensemble": lambda: np.column_stack((plain, plain)),
        "interval": lambda: np.column_stack((plain, plain)),
        "quantiles": lambda: np.column_stack((plain, plain, plain)),
        "cumulative": lambda: (np.asarray(labels) >= plain[:, None]).astype(float),
        "survival": lambda: (plain[:, :1] > np.asarray(labels)).astype(float),
    }
    if metric.needs in shapes:
        return shapes[metric.needs]()
    return plain if isinstance(y_true, metrics.WithColumns) else None
