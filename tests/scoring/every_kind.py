"""A small bundle and a good submission of every kind of prediction in tables that is more than one plain value."""

from __future__ import annotations

from typing import Any

import numpy as np

N = 60
CHANCE = np.random.default_rng(23)
LABELS = [f"d{place}" for place in range(9)]
WORDS = ["ant", "bee", "cat,", '"dog"', "elk", "fünf"]
AT = (-1.0, 0.0, 1.0)

Columns = dict[str, Any]
Made = tuple[str, str, Columns, Columns, str, dict[str, Any]]
"""Task, kind, truth, prediction, metric, and further terms."""


def some_labels(most: int, least: int = 1) -> list[list[str]]:
    """A list of labels an item."""
    return [CHANCE.permutation(LABELS)[: CHANCE.integers(least, most + 1)].tolist() for _ in range(N)]


def joined(rows: list[list[str]], separator: str = " ") -> list[str]:
    """Lists as cells."""
    return [separator.join(row) for row in rows]


def lists() -> dict[str, Made]:
    """Lists in all tasks and forms."""
    true, found = some_labels(3), some_labels(5, least=0)
    order = [CHANCE.permutation(LABELS[:4]).tolist() for _ in range(N)]
    other = [CHANCE.permutation(LABELS[:4]).tolist() for _ in range(N)]
    return {
        "lists": ("retrieval", "lists", {"docs": joined(true)}, {"docs": joined(found)}, "map_at_k(k=3)", {
            "empty": True, "also": ("list_fbeta",)}),
        "lists of a catalogue": ("retrieval", "lists", {"docs": joined(true, ";")}, {"docs": joined(found, " ; ")},
            "recall_at_k(k=3)", {"empty": True, "separator": ";", "classes": tuple(LABELS)}),
        "sequences": ("sequence", "lists", {"said": joined([[*row, row[0]] for row in true])}, {
            "said": joined([[*row, "d1", "d1"] for row in found])}, "0.1*sequence_edit_distance", {}),
        "orderings": ("ordering", "lists", {"cells": joined(order)}, {"cells": joined(other)},
            "0.5 + 0.5*ordering_tau", {}),
    }  # fmt: skip


def cells() -> dict[str, Made]:
    """Texts and spans."""
    said = [" ".join(CHANCE.choice(WORDS, CHANCE.integers(1, 5))) for _ in range(N)]
    heard = [text if CHANCE.random() < 0.5 else " ".join(CHANCE.choice(WORDS, 3)) for text in said]
    first = CHANCE.integers(0, 30, (N, 2))
    spans = [f"{one} {one + 4}; {other} {other + 6}" for one, other in first.tolist()]
    near = [f"{one + 1} {one + 5} {other} {other + 3}" for one, other in first.tolist()]
    return {
        "texts": ("text", "texts", {"said": said}, {"said": heard}, "wer", {"also": ("chrf",)}),
        "spans": ("spans", "spans", {"where": spans}, {"where": near}, "span_fbeta", {"also": ("span_jaccard",)}),
    }  # fmt: skip


def forecasts() -> dict[str, Made]:
    """Several numbers an item that say one thing, and several columns."""
    true = CHANCE.normal(size=N).round(2)
    members = np.sort((true[:, None] + CHANCE.normal(size=(N, 3))).round(2), axis=1)
    chances = np.sort(CHANCE.random((N, 3)).round(2), axis=1)
    named = dict(zip(("a", "b", "c"), members.T, strict=True))
    falling = dict(zip(("a", "b", "c"), chances.T[::-1], strict=True))
    followed = {"time": CHANCE.exponential(2.0, N).round(2), "event": CHANCE.integers(0, 2, N)}
    votes = {name: CHANCE.integers(1, 5, N) for name in "abc"}
    share = CHANCE.dirichlet([2, 2, 2], N)
    classes = {"x": CHANCE.choice(["u", "v"], N), "y": CHANCE.choice(["p", "q", "r"], N)}
    guess = {"x": CHANCE.choice(["u", "v"], N), "y": CHANCE.choice(["p", "q", "r"], N)}
    value = {"y": true}
    return {
        "intervals": ("regression", "interval", value, {"low": members[:, 0], "high": members[:, 2]},
            "0.2*interval_score(level=0.1)", {}),
        "spreads": ("regression", "spread", value, {"y": members[:, 1], "sure": chances[:, 2] + 0.1},
            "crps_normal", {}),
        "ensembles": ("regression", "ensemble", value, named, "crps_ensemble", {}),
        "cumulative": ("regression", "cumulative", value, dict(zip("abc", chances.T, strict=True)), "crps_cumulative",
            {"at": AT}),
        "quantiles": ("regression", "quantiles", value, named, "quantile_loss", {"at": (0.1, 0.5, 0.9)}),
        "shares": ("regression", "shares", votes, dict(zip("abc", share.T, strict=True)), "kl_divergence", {
            "distribution": True}),
        "risks": ("survival", "score", followed, {"risk": (-followed["time"] + CHANCE.normal(size=N)).round(1)},
            "concordance_index", {}),
        "survival": ("survival", "survival", followed, falling, "integrated_brier", {"at": (0.5, 1.0, 2.0)}),
        "columns of classes": ("multioutput", "label", classes, guess, "columnwise(metric=f1_macro)", {
            "classes_of": (("u", "v"), ("p", "q", "r"))}),
    }  # fmt: skip


def long_rows() -> tuple[list[int], Columns]:
    """Lists in the long form: the item of each row, and its columns."""
    rows = [(item, label) for item, labels in enumerate(some_labels(5, least=2)) for label in labels]
    score = CHANCE.integers(0, 4, len(rows)) / 4
    return [item for item, _ in rows], {"docs": [label for _, label in rows], "score": score}


KINDS: dict[str, Made] = {**lists(), **cells(), **forecasts()}
"""One row an item."""
