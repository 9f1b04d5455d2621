"""What must hold for every metric of lists, texts and spans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import metrics
from metrics.weighting import Draws, LeaveOut, Partition

SEEDS = range(5)
CLOSE = {"rtol": 1e-9, "atol": 1e-11, "equal_nan": True}
OPTIONS = (
    "map_at_k(k=2)",
    "map_at_k(divide=relevant)",
    "ndcg_at_k(k=3, gain=exponential)",
    "mrr_at_k(k=1)",
    "recall_at_k(k=3)",
    "precision_at_k(k=3)",
    "hit_rate_at_k(k=1)",
    "list_fbeta(beta=2)",
    "list_fbeta(average=pooled)",
    "exact_match(normalise=squad)",
    "edit_distance(normalise=lower)",
    "normalised_edit_distance(by=longer)",
    "token_f1(normalise=none)",
    "word_jaccard(normalise=lower)",
    "chrf(order=2, beta=1)",
    "ordering_tau(average=items)",
    "span_fbeta(beta=0.5)",
)
KINDS = ("lists", "texts", "spans")
OURS = ("metrics.retrieval", "metrics.text", "metrics.sequences")
NAMES = [
    name
    for name in metrics.names()
    if metrics.get(name).needs in KINDS and metrics.get(name).formula.__module__ in OURS
]
RECORDS = {"lists": metrics.Lists, "texts": metrics.Texts, "spans": metrics.Spans}


@pytest.fixture(params=[*NAMES, *OPTIONS])
def name(request: pytest.FixtureRequest) -> str:
    """A metric of lists, texts or spans, with or without options."""
    return request.param


@dataclass(frozen=True)
class Case:
    """One random truth and prediction, as lists of Python."""

    metric: metrics.Metric
    y_true: list[Any]
    y_pred: list[Any]

    @property
    def n(self) -> int:
        return len(self.y_true)

    def score(self, index: Any = None, weight: Any = None) -> float:
        if index is None:
            return self.metric(self.y_true, self.y_pred, weight)
        rows = np.arange(self.n)[index].tolist()
        return self.metric([self.y_true[row] for row in rows], [self.y_pred[row] for row in rows], weight)

    def evidence(self) -> Any:
        return self.metric.collect(self.y_true, self.y_pred)


def some_lists(random, n):
    true, predicted = [], []
    for _ in range(n):
        labels = random.permutation(12).tolist()
        true.append(labels[: random.integers(0, 12 if random.random() < 0.2 else 4)])
        predicted.append(random.integers(0, 12, size=random.integers(0, 7)).tolist() + labels[: random.integers(0, 2)])
    return true, predicted


def some_orders(random, n):
    true = [random.permutation(int(random.integers(0, 9))).tolist() for _ in range(n)]
    return true, [random.permutation(row).tolist() for row in true]


def some_texts(random, n):
    words = np.array(["ant", "Bee", "the", "a", "cat's", "é", "dog,", "emu"])
    texts = [random.choice(words, size=random.integers(1, 7)).tolist() for _ in range(2 * n)]
    texts = [
        [*row[:2], *other[1:]] if random.random() < 0.6 else row
        for row, other in zip(texts, texts[n:] + texts[:n], strict=True)
    ]
    lines = [" ".join(row) for row in texts]
    return lines[:n], [
        other if random.random() < 0.7 else line for line, other in zip(lines[:n], lines[n:], strict=True)
    ]


def some_spans(random, n):
    def side():
        first = random.integers(0, 20, size=(random.integers(0, 4), 1))
        return np.hstack((first, first + random.integers(0, 9, size=first.shape))).tolist()

    return [side() for _ in range(n)], [side() for _ in range(n)]


def make_case(name: str, seed: int, n: int = 40) -> Case:
    metric, random = metrics.parse(name), np.random.default_rng(seed)
    made = {"lists": some_lists, "texts": some_texts, "spans": some_spans}[metric.needs]
    return Case(metric, *(some_orders if metric.base == "ordering_tau" else made)(random, n))


def assert_same(one, other):
    np.testing.assert_allclose(one, other, **CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_stay_within_bounds(name, seed):
    case = make_case(name, seed, 5 + 10 * seed)
    low, high = case.metric.bounds
    assert low <= case.score() <= high


@pytest.mark.parametrize("seed", SEEDS)
def test_perfect_is_best(name, seed):
    case = make_case(name, seed)
    perfect = case.metric(case.y_true, case.y_true)
    if case.metric.attained:
        assert perfect == pytest.approx(case.metric.perfect, abs=1e-12)
    ours = case.score()
    assert ours < perfect if case.metric.greater_is_better else ours > perfect


@pytest.mark.parametrize("seed", SEEDS)
def test_order_of_items_does_not_matter(name, seed):
    case = make_case(name, seed)
    assert_same(case.score(np.random.default_rng(seed).permutation(case.n)), case.score())


@pytest.mark.parametrize("seed", SEEDS)
def test_weight_zero_is_absence_and_weight_k_is_k_copies(name, seed):
    case, random = make_case(name, seed), np.random.default_rng(seed)
    keep = random.random(case.n) < 0.5
    assert_same(case.score(weight=keep.astype(float)), case.score(keep))
    copies = random.integers(0, 4, size=case.n)
    assert_same(case.score(weight=copies), case.score(np.repeat(np.arange(case.n), copies)))
    assert_same(case.score(weight=1000.0 * copies), case.score(weight=copies))


def test_nothing_left_is_nan(name):
    case = make_case(name, 0)
    assert np.isnan(case.score(weight=np.zeros(case.n)))
    parts = Partition(np.zeros(case.n, dtype=int), 2)
    assert np.isnan(case.metric.reduce(case.evidence(), parts)[1])
    assert np.isnan(case.metric.reduce(case.evidence(), LeaveOut(parts.group, 1))[0])


@pytest.mark.parametrize("weighted", [False, True])
def test_groups_are_a_loop_over_groups(name, weighted):
    case, random = make_case(name, 3), np.random.default_rng(3)
    group, weight = random.integers(0, 4, size=case.n), random.random(case.n) if weighted else None

    def loop(chosen):
        rows = np.flatnonzero(chosen)
        return case.score(rows, None if weight is None else weight[rows])

    ours = case.metric.reduce(case.evidence(), Partition(group, 4, weight))
    assert_same(ours, [loop(group == one) for one in range(4)])
    rest = case.metric.reduce(case.evidence(), LeaveOut(group, 4, weight))
    assert_same(rest, [loop(group != one) for one in range(4)])
    scores = metrics.by_group(case.metric, case.y_true, case.y_pred, [f"g{one}" for one in group], weight)
    assert_same(scores.values, ours)


def test_many_weightings_are_a_loop(name):
    case, random = make_case(name, 5), np.random.default_rng(5)
    dense = random.random((3, case.n)) * (random.random((3, case.n)) < 0.7)
    evidence = case.evidence()
    assert_same(case.metric.reduce(evidence, dense), [case.metric.reduce(evidence, row) for row in dense])
    assert case.metric.reduce(evidence, dense[:0]).shape == (0,)


def test_draws_are_their_dense_weights(name):
    case = make_case(name, 6)
    evidence, cluster = case.evidence(), np.arange(case.n) // 3
    for draws in (Draws(20, 7, cluster), Draws(20, 7, copies=1 + np.arange(case.n) % 3)):
        dense = np.concatenate([draws.spread(batch) for batch in draws.batches(case.n, case.n)])
        assert_same(case.metric.reduce(evidence, draws), case.metric.reduce(evidence, dense))
    one, again = (case.metric.reduce(evidence, Draws(30, 1)) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert np.nanstd(one) > 0


def test_taken_evidence_is_evidence_of_the_rest(name):
    case, random = make_case(name, 11), np.random.default_rng(11)
    evidence, mask = case.evidence(), random.random(case.n) < 0.6
    index = random.integers(0, case.n, size=25)
    for scored in (False, True):
        for chosen, n in ((mask, mask.sum()), (index, 25)):
            part = evidence.take(chosen)
            assert part.n == n
            assert_same(case.metric.reduce(part), case.score(chosen))
        assert scored or case.metric.reduce(evidence) == case.score()
    assert case.metric.reduce(evidence.coarse()) == case.score()


def test_intervals_and_paired_tests_run(name):
    case, other = make_case(name, 12), make_case(name, 12)
    low, high = metrics.interval(case.metric, case.evidence(), draws=200)
    assert low <= case.score() <= high
    result = metrics.paired_test(case.metric, case.y_true, case.y_pred, case.y_true, draws=200)
    assert result.first == case.score()
    assert result.p_value < 0.05
    assert metrics.paired_test(case.metric, case.y_true, case.y_pred, other.y_pred, draws=50).difference == 0


def test_records_score_as_the_lists_that_they_are_made_of(name):
    case = make_case(name, 13)
    record = RECORDS[case.metric.needs]
    true, predicted = record.of(case.y_true), record.of(case.y_pred)
    assert len(true) == case.n
    assert case.metric(true, predicted) == case.metric(case.y_true, predicted) == case.score()
    rows = np.arange(case.n)[::2]
    assert_same(case.metric(true.take(rows), predicted.take(rows)), case.score(rows))
    assert metrics.evaluate([name], true, predicted) == {case.metric.name: case.score()}


def test_what_cannot_be_paired_is_refused(name):
    metric = metrics.parse(name)
    case = make_case(name, 14, 3)
    for true, predicted, message in (
        ([], [], "y_true is empty"),
        (case.y_true, case.y_pred[:2], "y_true has 3 items and y_pred has 2"),
        (case.y_true, "text", "y_pred is a single str"),
        (1, case.y_pred, "y_true is a single int"),
        (case.y_true, [None, None, None], "y_pred (holds|must hold)"),
        (case.y_true, [0.5, 0.5, 0.5], "y_pred (holds|must hold)"),
    ):
        with pytest.raises(metrics.MetricError, match=message):
            metric(true, predicted)


def test_every_metric_says_what_to_beware_of():
    assert len(NAMES) == 21
    assert [name for name in NAMES if not metrics.get(name).pitfalls] == []
