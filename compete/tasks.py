"""The tasks whose items are rows of a table, and the kinds of predictions: one entry a task, one entry a kind.

A kind is read, written and made perfect by its room in ``compete/scoring/kinds``; its columns and its sample are made
by the room of the same name in ``compete/building/kinds``. Nothing else asks what kind a submission is of.
"""

from __future__ import annotations

from dataclasses import dataclass

MANY = 4096
"""Label columns that a table may have at most."""


@dataclass(frozen=True)
class Kind:
    """What a submission says of each item.

    Attributes:
        room: the module that knows such cells.
        views: what a metric may need that looks at it.
        meaning: what a participant is told of the columns.
        rows: what a participant is told where there is one row an entry; empty where that is told elsewhere, or not so.
    """

    room: str
    views: frozenset[str]
    meaning: str
    rows: str = ""


@dataclass(frozen=True)
class Task:
    """What is known of the items, and what may be predicted of them.

    Attributes:
        labels: how few and how many label columns there may be.
        kinds: what a submission may hold; the first where neither metric nor challenge says otherwise.
        truth: the module of ``compete/scoring/kinds`` that reads the labels.
        shape: the shape of the truth, in the metrics' words; empty where it depends on the classes.
        metric: what a first challenge is ranked by.
        labelled: how the labels are meant, for whoever wrote too few or too many.
    """

    labels: tuple[int, int]
    kinds: tuple[str, ...]
    truth: str
    shape: str
    metric: str
    labelled: str


def _kind(room: str, views: str, meaning: str, rows: str = "") -> Kind:
    return Kind(room, frozenset(views.split()), meaning, rows)


KINDS: dict[str, Kind] = {
    "label": _kind("classes", "label", "one of the labels: {classes}"),
    "flag": _kind("classes", "label", "1 where the label holds, else 0, in each column",
                  "a label that holds, once an item: {classes}"),
    "probability": _kind("numbers", "label probability score", "a probability between 0 and 1"),
    "score": _kind("numbers", "score", "any number; the higher, the more likely {positive}"),
    "value": _kind("numbers", "value", "a number{limits}"),
    "shares": _kind("numbers", "value", "a share of the whole, between 0 and 1"),
    "interval": _kind("forecasts", "interval", "lower and upper end of an interval, the lower one first"),
    "spread": _kind("forecasts", "spread", "a value and its standard deviation, which is not negative"),
    "ensemble": _kind("forecasts", "ensemble", "equally likely forecasts, in any order"),
    "cumulative": _kind("forecasts", "cumulative", "the probability of at most {at}; it never falls along a row"),
    "quantiles": _kind("forecasts", "quantiles", "the quantiles {at}; they never fall along a row"),
    "survival": _kind("forecasts", "survival", "the chance of no event until {at}; it never rises along a row"),
    "lists": _kind("lists", "lists", "{labels}{most}"),
    "texts": _kind("texts", "texts", "a text, in quotes where it holds a comma, a quote or a line end"),
    "spans": _kind("spans", "spans", "spans, first place and place behind the last: `0 5; 9 12`{most}",
                   "a span's first place and the place behind its last{most}"),
}  # fmt: skip
"""What a submission may hold, by name; metrics call what they need alike."""

SHARE_METRICS = frozenset(("kl_divergence",))
"""Metrics of values whose predictions are shares of a whole; what is known may be counts, such as votes."""

ONE_ANSWER_METRICS = frozenset(("answer_fbeta",))
"""Metrics of lists of right answers, of which a prediction may give but one."""

ORDER_METRICS: dict[str, tuple[str, object]] = {"cohen_kappa": ("weights", "none"), "expected_cost": ("costs", ())}
"""Metrics that go by the order of the classes, with the option that makes them do so and its value that does not."""

_FORECASTS = ("value", "shares", "interval", "spread", "ensemble", "cumulative", "quantiles")

TASKS: dict[str, Task] = {
    "classification": Task((1, 1), ("label", "probability", "score"), "classes", "", "f1_macro",
                           "one column of classes; 0/1 columns are `task: multilabel`"),
    "multilabel": Task((2, MANY), ("flag", "probability", "score"), "flags", "multilabel", "f1_macro",
                       "two or more 0/1 columns; one column of classes is `task: classification`"),
    "multioutput": Task((2, MANY), ("label",), "several", "multioutput", "columnwise(metric=f1_macro)",
                        "two or more columns of classes; one is `task: classification`"),
    "regression": Task((1, MANY), _FORECASTS, "numbers", "regression", "rmse", "columns of numbers"),
    "survival": Task((2, 2), ("score", "survival"), "follow_up", "survival", "concordance_index",
                     "two columns: time, and 1 for an event or 0 for the end of follow-up"),
    "retrieval": Task((1, 1), ("lists",), "lists", "lists", "map_at_k", "one column, a cell of which lists labels"),
    "sequence": Task((1, 1), ("lists",), "lists", "lists", "sequence_error_rate",
                     "one column, a cell of which lists labels in order; they may repeat"),
    "ordering": Task((1, 1), ("lists",), "lists", "lists", "ordering_tau",
                     "one column, a cell of which lists labels in the right order"),
    "text": Task((1, 1), ("texts",), "texts", "texts", "exact_match", "one column of texts"),
    "spans": Task((1, 1), ("spans",), "spans", "spans", "span_fbeta", "one column, a cell of which lists spans"),
}  # fmt: skip
"""The tasks whose items are rows of a table; an item may have an image all the same."""

LIST_TASKS = tuple(name for name, task in TASKS.items() if task.kinds == ("lists",))
CELL_TASKS = (*LIST_TASKS, "text", "spans")
"""Tasks whose cells hold more than one value, or none."""

IN_ROWS = ("retrieval", "multilabel", "spans")
"""Tasks whose submissions may have one row an entry, any number of rows an item."""

REPEATING = ("sequence",)
"""Tasks whose lists may name a label twice."""

ABSENT = ("nan", "NaN", "<NA>", "None", "null", "NULL")
"""What programs write where nothing is there; as the only label of a cell it must be one that was declared."""

SEPARATORS = (" ", ";", ",", "|")
"""What may part the entries of a list; around all but the blank, blanks do not count."""
