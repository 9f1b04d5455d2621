"""Scores of questions that have several right answers, or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.catalog import metric
from metrics.evidence import Additive, Totals
from metrics.inputs import MetricError, ratio
from metrics.lists import list_pair

if TYPE_CHECKING:
    from metrics.inputs import Array


def judged_answers(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect of each question whether it was answered rightly, wrongly, or not although it has an answer.

    Args:
        y_true: `Lists` of the right answers of each question; none for a question without one.
        y_pred: `Lists` of at most one answer each.
        labels: not looked at.

    Raises:
        MetricError: a question got several answers.
    """
    truth, prediction, _ = list_pair(y_true, y_pred)
    if (prediction.length > 1).any():
        raise MetricError(f"y_pred gives {int((prediction.length > 1).sum())} questions more than one answer")
    answered = prediction.length == 1
    answer = np.full(prediction.rows, -1, dtype=np.int64)
    answer[answered] = prediction.value
    right = np.bincount(truth.row[truth.value == answer[truth.row]], minlength=truth.rows) > 0
    right &= answered
    table = np.stack([right, answered & ~right, ~answered & (truth.length > 0)]).astype(np.float64)
    return Additive(truth.rows, "lists", table=table)


@metric(
    "answer_fbeta",
    collect=judged_answers,
    needs="lists",
    targets=("lists",),
    bounds=(0.0, 1.0),
    greater_is_better=True,
    limits={"beta": (0.0, 1e6)},
    pitfalls=(
        "A wrong answer to a question that has one is a false alarm and no miss, so guessing costs less than in other "
        "F measures. Questions without an answer that get none do not count."
    ),
)
def answer_fbeta(totals: Totals, *, beta: float = 1.0) -> Array:
    """Harmonic mean of precision and recall of answers, where a question may have several right ones, or none.

    Args:
        totals: questions answered rightly, wrongly, and left open although they have an answer, shape (w, 3, 1).
        beta: how many times as much recall counts as precision.

    Returns:
        One score a weighting, shape (w,); nan where no question has an answer and none is given.

    Source: Kaggle, TensorFlow 2.0 Question Answering (2019); Kwiatkowski et al., TACL 7 (2019), p. 453.

    >>> metrics.answer_fbeta([["3:9", "4:9"], [], ["yes"], ["7:8"]], [["4:9"], ["1:2"], [], ["7:9"]])
    0.4
    """
    right, wrong, missed = (totals.sums[:, column, 0] for column in range(3))
    return ratio((1 + beta**2) * right, (1 + beta**2) * right + beta**2 * missed + wrong)
