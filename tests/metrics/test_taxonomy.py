"""Scores along a tree of classes, against slow sets of ancestors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import metrics
from metrics.taxonomy import Tree

NAMES = ("hierarchical_precision", "hierarchical_recall", "hierarchical_fbeta", "tree_distance")


def line(tree, code):
    """A class and its ancestors up to the top."""
    found = []
    while code >= 0:
        found.append(code)
        code = int(tree.parent[code])
    return found


def by_hand(tree, true, predicted):
    """Hierarchical precision, recall and F1, and mean tree distance, from sets."""
    common = claimed = wanted = steps = 0
    for one, other in zip(true, predicted, strict=True):
        above, below = set(line(tree, one)), set(line(tree, other))
        common, claimed, wanted = common + len(above & below), claimed + len(below), wanted + len(above)
        steps += len(above ^ below)
    return common / claimed, common / wanted, 2 * common / (claimed + wanted), steps / len(true)


@st.composite
def forests(draw):
    """Trees of up to 12 nodes, each hanging on a later one or at the top."""
    nodes = draw(st.integers(2, 12))
    parent = [draw(st.sampled_from([-1, *range(node + 1, nodes)])) for node in range(nodes)]
    classes = draw(st.integers(2, nodes))
    return Tree(tuple(range(classes)), np.array(parent))


@given(forests(), st.integers(0, 10**6))
def test_scores_are_those_of_sets_of_ancestors(tree, seed):
    random = np.random.default_rng(seed)
    true, predicted = random.integers(0, len(tree), (2, 30))
    told = by_hand(tree, true, predicted)
    ours = [metrics.get(name)(true, predicted, labels=tree) for name in NAMES]
    np.testing.assert_allclose(ours, told, rtol=1e-12)
    for level in (1, 2, 3):
        deep = [(one, other) for one, other in zip(true, predicted, strict=True) if len(line(tree, one)) >= level]
        right = [line(tree, one)[-level] in line(tree, other) for one, other in deep]
        score = metrics.get("accuracy_at_level", level=level)(true, predicted, labels=tree)
        np.testing.assert_allclose(score, np.mean(right) if right else np.nan, rtol=1e-12)


def test_without_ancestors_it_is_accuracy():
    random = np.random.default_rng(0)
    true, predicted = random.integers(0, 5, (2, 200))
    tree = Tree(tuple(range(5)), np.full(5, -1))
    accuracy = metrics.get("accuracy")(true, predicted)
    for name in (*NAMES[:3], "accuracy_at_level"):
        assert metrics.get(name)(true, predicted, labels=tree) == pytest.approx(accuracy, abs=1e-12)
    assert metrics.get("tree_distance")(true, predicted, labels=tree) == pytest.approx(2 * (1 - accuracy), abs=1e-12)


def test_a_tree_is_a_list_of_labels_for_other_metrics():
    random = np.random.default_rng(1)
    true, predicted = random.choice(["ant", "bee", "cat"], (2, 50))
    tree = Tree.from_parents(["ant", "bee", "cat"], {"ant": "insects", "bee": "insects"})
    for name in ("f1_macro", "cohen_kappa", "accuracy"):
        assert metrics.get(name)(true, predicted, None, tree) == metrics.get(name)(true, predicted)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", "b"], "needs the tree"),
        (None, "needs the tree"),
        (Tree(("a", "b"), np.array([2, 2, 0])), "circle"),
        (Tree(("a", "b"), np.array([0, -1])), "circle"),
    ],
)
def test_what_is_no_tree_is_refused(labels, message):
    with pytest.raises(metrics.MetricError, match=message):
        metrics.get("tree_distance")(["a", "b"], ["a", "a"], labels=labels)


@pytest.mark.parametrize("parent", [[0.5, 1], [[1, 2]], [-1], [5, -1], [-2, -1]])
def test_parents_that_are_no_numbers_of_nodes_are_refused(parent):
    with pytest.raises(metrics.MetricError, match="parent"):
        Tree(("a", "b"), np.array(parent))


def test_a_class_that_is_not_in_the_tree_is_refused():
    tree = Tree(("a", "b"), np.array([-1, -1]))
    with pytest.raises(metrics.MetricError, match="y_pred holds 1 values"):
        metrics.get("tree_distance")(["a"], ["c"], labels=tree)
