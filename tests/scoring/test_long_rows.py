"""Labels and spans with one row each: what is read, what is refused, and that it scores as one row an item does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from compete.bundle import open_bundle
from compete.errors import SubmissionError
from compete.scoring.grading import grade, read_predictions
from compete.scoring.matching import vocabulary
from compete.scoring.perfect import perfect_submission
from compete.scoring.submission import Submission
from compete.terms import Terms
from tests.scoring.every_form import FORMS

ITEMS = ("i1", "i2", "i3", "i4")
FLAGS = Terms("t", "T", "1", "multilabel", ("bird", "tree"), "flag", ("label",), "f1_macro", form="rows", empty=True)
SPANS = Terms("t", "T", "1", "spans", ("where",), "spans", ("start", "end"), "span_fbeta", form="rows", empty=True)


def read(terms: Terms, *lines: str) -> Submission:
    """A submission of these lines."""
    return read_predictions(
        terms, vocabulary(ITEMS), "\n".join([",".join(["id", *terms.columns]), *lines, ""]).encode()
    )


def refused(terms: Terms, *lines: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """Rule, message and examples of every fault."""
    with pytest.raises(SubmissionError) as caught:
        read(terms, *lines)
    return [(one.rule.removeprefix("submission/"), one.message, one.items) for one in caught.value.findings]


def test_labels_are_flags_in_any_order() -> None:
    read_so = read(FLAGS, "i3,tree", "i1,bird", "i3,bird", "i4,tree")
    assert read_so.values.tolist() == [[1, 0], [0, 0], [1, 1], [0, 1]]
    assert read_so.values.dtype == np.uint8
    assert [(one.rule, one.severity, one.items) for one in read_so.warnings] == [
        ("submission/no-row", "warning", ("i2",))
    ]
    assert read(FLAGS, "i4,tree", "i3,bird", "i1,bird", "i3,tree").canonical_sha256() == read_so.canonical_sha256()


def test_spans_are_sorted_by_place() -> None:
    record = read(SPANS, "i2,9,12", "i1,3.0,4", "i2,0,5", "i4,0,2147483647").values
    assert (record.start.tolist(), record.first.tolist(), record.last.tolist()) == (
        [0, 1, 3, 3, 4], [3, 0, 9, 0], [4, 5, 12, 2147483647],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "lines", "rule", "words", "items"),
    [
        (FLAGS, ["i1,bird", "i1,bird"], "repeated-label", "1 entry that their item had before", ("bird",)),
        (FLAGS, ["i1,Bird", "i2,tree"], "unknown-label", "1 entry of label that are no label", ("Bird",)),
        (FLAGS, ["i1,"], "empty-cell", "1 row without a label", ("''",)),
        (FLAGS, ["i9,bird"], "unknown-id", "1 row whose id is no test item", ("i9",)),
        (FLAGS, [",bird"], "empty-cell", "1 row without an id", ()),
        (SPANS, ["i1,5,5"], "span", "1 entry of end that are not behind the first place", ("'5 5'",)),
        (SPANS, ["i1,0.5,5"], "span", "1 entry of start that are no place", ("0.5",)),
        (SPANS, ["i1,-1,5"], "span", "1 entry of start that are no place", ("-1",)),
        (SPANS, ["i1,1,2147483648"], "span", "1 entry of end that are no place", ("2147483648",)),
        (SPANS, ["i1,1,x"], "not-a-number", "1 cell with no plain number in column end", ("x",)),
        (SPANS, ["i1,,2"], "empty-cell", "1 cell without a value in column start", ()),
        (
            SPANS,
            ["i1,nan,2"],
            "not-finite",
            "1 cell with nan, infinity or a number too large in column start",
            ("nan",),
        ),
    ],
)
def test_what_is_wrong_is_told(terms: Terms, lines: list[str], rule: str, words: str, items: tuple[str, ...]) -> None:
    told = [(found, shown) for found, message, shown in refused(terms, *lines) if words in message]
    assert [(found, tuple(one for one in shown if one)) for found, shown in told] == [(rule, items)]


def test_all_faults_are_told_at_once() -> None:
    assert [rule for rule, _, _ in refused(FLAGS, "i9,bird", "i1,cat", ",tree")] == [
        "empty-cell", "unknown-id", "unknown-label",
    ]  # fmt: skip


def test_where_every_item_needs_an_answer_none_may_be_left_out() -> None:
    ((rule, message, items),) = refused(replace(SPANS, empty=False), "i1,0,2", "i3,0,2", "i4,1,2")
    assert (rule, items) == ("missing-id", ("i2",))
    assert "1 test item of 4" in message
    ((rule, message, _),) = refused(replace(SPANS, most_objects=1), "i1,0,2", "i1,3,4")
    assert (rule, message) == ("too-many", "1 items with more than 1 rows")


def test_both_ways_to_write_say_the_same() -> None:
    columns = replace(FLAGS, form="csv", columns=FLAGS.target, empty=False)
    given = read(FLAGS, "i1,tree", "i3,bird", "i3,tree")
    assert read(columns, "i1,0,1", "i2,0,0", "i3,1,1", "i4,0,0").canonical_sha256() == given.canonical_sha256()
    cells = replace(SPANS, form="csv", columns=SPANS.target)
    spans = read(SPANS, "i1,4,9", "i4,7,8", "i1,0,2")
    assert read(cells, "i1,0 2; 4 9", "i2,", "i3,", "i4,7 8").canonical_sha256() == spans.canonical_sha256()


@pytest.mark.parametrize("name", ["rows of flags", "rows of spans"])
def test_the_truth_written_so_is_perfect(name: str, tmp_path: Path) -> None:
    bundle = open_bundle(FORMS[name].write(tmp_path))
    best = grade(bundle, perfect_submission(bundle)).overall("public")
    assert best is not None
    assert best.value == 1.0
