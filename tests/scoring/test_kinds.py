"""Lists, texts, spans and forecasts are read as they stand, or refused with what is wrong and where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.errors import CompeteError, SubmissionError
from compete.scoring.forms import read_images_submission
from compete.scoring.kinds.list_rows import read_list_rows
from compete.scoring.kinds.orders import OrderedItems
from compete.scoring.kinds.rules import KIND_RULES
from compete.scoring.matching import vocabulary
from compete.scoring.rules import RULES
from compete.scoring.submission import Contract, Submission, read_submission
from metrics.lists import Lists
from tests.scoring.form_images import some_images, terms_of

IDS = ["a", "b", "c"]
LISTS = Contract("id", ("docs",), "lists", most=4)
CLOSED = replace(LISTS, classes=("ant", "bee", "cat", "NaN"))
TEXTS = Contract("id", ("said",), "texts")
SPANS = Contract("id", ("where",), "spans", most=3)
INTERVAL = Contract("id", ("low", "high"), "interval")
SPREAD = Contract("id", ("y", "sure"), "spread")
CURVE = Contract("id", ("p", "q", "r"), "cumulative")
SURVIVAL = replace(CURVE, kind="survival")
QUANTILES = replace(CURVE, kind="quantiles")
SHARES = replace(CURVE, kind="shares", distribution=True)
SEVERAL = Contract("id", ("x", "y"), "label", classes_of=(("u", "v"), ("p", "q")))
ROWS = Contract("id", ("docs", "score"), "lists", most=3)
ONE_ROW = (LISTS, CLOSED, TEXTS, SPANS, INTERVAL, SPREAD, CURVE, SURVIVAL, QUANTILES, SHARES, SEVERAL)


def read(contract: Contract, *cells: str) -> Submission:
    """A submission of these cells, one text an item."""
    rows = [f"{name},{cell}" for name, cell in zip(IDS, cells, strict=True)]
    return read_submission("\n".join([",".join(["id", *contract.columns]), *rows]).encode(), contract, IDS, "s.csv")


def refused(contract: Contract, *cells: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """Rule, place and examples of each fault."""
    with pytest.raises(SubmissionError) as caught:
        read(contract, *cells)
    return [(one.rule.partition("/")[2], one.where, one.items) for one in caught.value.findings]


def labels(submission: Submission) -> list[list[str]]:
    """Lists as Python's."""
    lists = submission.values
    return [
        [lists.labels[code] for code in lists.code[low:high]]
        for low, high in zip(lists.start, lists.start[1:], strict=False)
    ]


def test_lists_are_read_in_the_order_of_the_items() -> None:
    content = b'docs,id\r\nbee,c\r\n"ant  bee",a\r\n cat ,b\r\n'
    for contract in (LISTS, CLOSED):
        assert labels(read_submission(content, contract, IDS)) == [["ant", "bee"], ["cat"], ["bee"]]
    parted = replace(LISTS, separator=";")
    assert labels(read(parted, "ant lion; bee ;", "cat", "d")) == [["ant lion", "bee"], ["cat"], ["d"]]
    parted = replace(LISTS, separator=",")
    assert labels(read(parted, '"ant, bee"', "cat", "d")) == [["ant", "bee"], ["cat"], ["d"]]
    assert labels(read(CLOSED, "NaN", "ant", "bee"))[0] == ["NaN"]


@pytest.mark.parametrize(
    ("contract", "cells", "faults"),
    [
        (CLOSED, ("ant", "ant wasp", "Bee"), [("unknown-label", "s.csv:3", ("wasp", "Bee"))]),
        (LISTS, ("ant bee ant", "bee", "c d c d"), [("repeated-label", "s.csv:2", ("ant", "c", "d"))]),
        (LISTS, ("1 2 3 4 5", "1", "2"), [("too-many", "s.csv:2", ("'1 2 3 4 5'",))]),
        (LISTS, ("ant", "", "bee"), [("empty-cell", "s.csv:3", ("''",))]),
        (LISTS, ("ant", "   ", "bee"), [("empty-cell", "s.csv:3", ("'   '",))]),
        (LISTS, ("nan", "a nan", "None"), [("empty-cell", "s.csv:2", ("nan", "None"))]),
        (replace(LISTS, empty=True), ("", "NaN", "b"), [("empty-cell", "s.csv:3", ("NaN",))]),
        (CLOSED, ("nan", "NaN", "ant"), [("empty-cell", "s.csv:2", ("nan",))]),
        (CLOSED, ("[ant]", "'bee'", "cat;ant"), [("unknown-label", "s.csv:2", ("[ant]", "''bee''", "cat;ant"))]),
        (TEXTS, ("x", "", "y"), [("empty-cell", "s.csv:3", ("''",))]),
        (SPANS, ("0 5", "5 2", "1 1"), [("span", "s.csv:3", ("'5 2'", "'1 1'"))]),
        (SPANS, ("0 5 9", "1 2", "3 4"), [("span", "s.csv:2", ("'0 5 9'",))]),
        (SPANS, ("0; 5", "1 2", "3 4"), [("span", "s.csv:2", ("0", "5"))]),
        (SPANS, ("0 x", "-1 2", "1.0 2"), [("span", "s.csv:2", ("x", "-1", "1.0"))]),
        (SPANS, ("0 99999999999", "1 2147483648", "3 4"), [("span", "s.csv:2", ("99999999999", "2147483648"))]),
        (SPANS, ('"[(0, 5)]"', "1 2", "3 4"), [("span", "s.csv:2", ("'[(0,'", "5)]"))]),
        (SPANS, ("nan", "1 2", ""), [("span", "s.csv:2", ("nan",)), ("span", "s.csv:2", ("nan",))]),
        (SPANS, ("1 2", "1 2", ""), [("empty-cell", "s.csv:4", ("''",))]),
        (SPANS, ("1 2 3 4 5 6 7 8", "1 2", "1 2"), [("too-many", "s.csv:2", ("'1 2 3 4 5 6 7 8'",))]),
        (INTERVAL, ("0,1", "2,1", "1,1"), [("curve-order", "s.csv:3", ("2 1",))]),
        (INTERVAL, ("0,1", "x,1", "nan,1"), [("not-a-number", "s.csv:3", ("x",)), ("not-finite", "s.csv:4", ("nan",))]),
        (SPREAD, ("0,1", "2,-1", "1,0"), [("out-of-range", "s.csv:3", ("2 -1",))]),
        (CURVE, ("0,0.5,1", "0.5,0.4,1", "0,0,1e-10"), [("curve-order", "s.csv:3", ("0.5 0.4 1",))]),
        (CURVE, ("0,0.5,1.5", "0,0,0", "0,0,1"), [("out-of-range", "s.csv:2", ("1.5",))]),
        (SURVIVAL, ("1,0.5,0.6", "1,1,1", "1,0,0"), [("curve-order", "s.csv:2", ("1 0.5 0.6",))]),
        (QUANTILES, ("1,3,2", "-5,0,7", "0,0,0"), [("curve-order", "s.csv:2", ("1 3 2",))]),
        (SHARES, ("0.5,0.5,0", "0.5,0.6,0", "1,0,0"), [("probabilities-sum", "s.csv:3", ("sum 1.1",))]),
        (SEVERAL, ("u,p", "v,u", "p,q"), [("unknown-label", "s.csv:4", ("p",)), ("unknown-label", "s.csv:3", ("u",))]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    contract: Contract, cells: tuple[str, ...], faults: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    assert refused(contract, *cells) == faults


def test_an_empty_cell_may_be_an_answer() -> None:
    assert labels(read(replace(LISTS, empty=True), "", "ant", " ")) == [[], ["ant"], []]
    assert read(replace(TEXTS, empty=True), "", "ant", "").values.strings == ["", "ant", ""]
    assert read(replace(SPANS, empty=True), "", "0 1", "").values.start.tolist() == [0, 0, 1, 1]


def test_sequences_may_repeat_a_label() -> None:
    assert labels(read(replace(LISTS, repeats=True), "x x", "y", "z"))[0] == ["x", "x"]


def test_texts_stand_letter_by_letter() -> None:
    read_texts = read(TEXTS, '"two\nlines, ""quoted"""', " blanks ", "NaN")
    assert read_texts.values.strings == ['two\nlines, "quoted"', " blanks ", "NaN"]
    assert [(one.rule, one.severity, one.items) for one in read_texts.warnings] == [
        ("submission/absent-text", "warning", ("NaN",))
    ]


def test_spans_come_in_order_however_they_are_written() -> None:
    one, other = read(SPANS, "9 12; 0 5", "1 2", "3 4"), read(SPANS, "0 5 9 12", " 1  2 ;", "3 4;;")
    assert one.values.first.tolist() == other.values.first.tolist() == [0, 9, 1, 3]
    assert one.values.last.tolist() == other.values.last.tolist() == [5, 12, 2, 4]
    assert one.canonical_sha256() == other.canonical_sha256()


def rows(*lines: str, contract: Contract = ROWS) -> Submission:
    """Lists in the long form."""
    content = "\n".join(["id,docs,score", *lines]).encode()
    return read_list_rows(content, contract, vocabulary(IDS), "s.csv")


def test_rows_rank_by_score_and_then_by_label() -> None:
    lines = ["a,x,1", "a,y,2", "b,y,-1", "b,x,-1", "c,z,0"]
    assert labels(rows(*lines)) == labels(rows(*lines[::-1])) == [["y", "x"], ["x", "y"], ["z"]]
    closed = replace(ROWS, classes=("y", "x", "z"))
    assert labels(rows(*lines, contract=closed))[1] == ["x", "y"]
    assert labels(rows("a,x,1", contract=replace(ROWS, empty=True))) == [["x"], [], []]


@pytest.mark.parametrize(
    ("lines", "rules"),
    [
        (("a,x,1", "b,x,1"), ["missing-id"]),
        (("a,x,1", "b,x,1", "d,x,1"), ["unknown-id", "missing-id"]),
        (("a,x,1", "a,x,2", "b,x,1", "c,x,1"), ["repeated-label"]),
        (("a,x,1", "b,x,nan", "c,,1"), ["empty-cell", "not-finite"]),
        (("a,x,1", "b,x,1", "c,x,1", ",x,1"), ["empty-cell"]),
        (("a,1,1", "a,2,1", "a,3,1", "a,4,1", "b,1,1", "c,1,1"), ["too-many"]),
        (("a,x", "b,x,1", "c,x,1"), ["ragged-row"]),
    ],
)
def test_what_is_wrong_with_rows_is_told(lines: tuple[str, ...], rules: list[str]) -> None:
    with pytest.raises(SubmissionError) as caught:
        rows(*lines)
    assert [one.rule.partition("/")[2] for one in caught.value.findings] == rules


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(' ,;"\n\r09a-[.é', max_size=12), min_size=3, max_size=3))
def test_any_cells_are_read_or_refused(cells: list[str]) -> None:
    for contract in (*ONE_ROW, ROWS):
        head = ",".join(["id", *contract.columns])
        body = "\n".join(f"{name},{cell}" for name, cell in zip(IDS, cells, strict=True))
        content = f"{head}\n{body}".encode()
        error = refusal(content, contract)
        if error is not None:
            assert {finding.rule for finding in error.findings} <= {*RULES, *KIND_RULES, "submission/too-many"}
            assert str(error).replace("\n", "").isprintable()


def refusal(content: bytes, contract: Contract) -> CompeteError | None:
    """Why a submission is refused; None where it is read."""
    try:
        if contract is ROWS:
            read_list_rows(content, contract, vocabulary(IDS))
        else:
            read_submission(content, contract, IDS)
    except CompeteError as error:
        return error
    return None


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.text("abü-", min_size=1, max_size=11), max_size=4, unique=True), min_size=1, max_size=9),
    st.sampled_from([" ", ";", ",", "|"]),
    st.randoms(),
)
def test_lists_are_those_that_python_splits(drawn: list[list[str]], separator: str, random: object) -> None:
    ids = [f"i{place}" for place in range(len(drawn))]
    lines = [f'{name},"{separator.join(row)}"' for name, row in zip(ids, drawn, strict=True)]
    random.shuffle(lines)  # type: ignore[attr-defined]
    contract = Contract("id", ("docs",), "lists", separator=separator, empty=True)
    found = read_submission("\n".join(["id,docs", *lines]).encode(), contract, ids)
    assert labels(found) == drawn
    closed = replace(contract, classes=tuple(sorted({label for row in drawn for label in row})) or ("a",))
    assert labels(read_submission("\n".join(["id,docs", *lines]).encode(), closed, ids)) == drawn


def test_many_lists_are_read_without_a_loop_over_items() -> None:
    n = 20_000
    ids = [f"i{place:05}" for place in range(n)]
    words = np.random.default_rng(0).integers(0, 500, (n, 3))
    kept = [list(dict.fromkeys(row)) for row in words.tolist()]
    cells = [" ".join(map(str, row)) for row in kept]
    content = "\n".join(["id,docs", *map(",".join, zip(ids, cells, strict=True))]).encode()
    found = read_submission(content, LISTS, ids)
    assert labels(found) == [[str(code) for code in row] for row in kept]


@pytest.mark.parametrize(
    ("cells", "items"),
    [
        (("ant bee", "cow dog", "elk"), ()),
        (("bee ant", "dog cow", "fly"), ("fly",)),
        (("ant", "dog cow", "elk"), ("ant",)),
        (("ant cow", "bee dog", "elk elk"), ("'elk elk'",)),
        (("ant cow", "bee dog", "elk"), ("'ant cow'", "'bee dog'")),
    ],
)
def test_an_ordering_names_the_labels_of_its_item(cells: tuple[str, ...], items: tuple[str, ...]) -> None:
    own = Lists.of([["bee", "ant"], ["cow", "dog"], ["elk"]])
    known = OrderedItems(vocabulary(IDS).column, own)
    content = "\n".join(["id,docs", *(f"{name},{cell}" for name, cell in zip(IDS, cells, strict=True))]).encode()
    if not items:
        assert labels(read_submission(content, LISTS, known)) == [["ant", "bee"], ["cow", "dog"], ["elk"]]
        return
    with pytest.raises(SubmissionError) as caught:
        read_submission(content, LISTS, known)
    (finding,) = caught.value.findings
    rule = "repeated-label" if "elk elk" in items[0] else "other-labels"
    assert finding.rule == f"submission/{rule}"
    assert finding.items == (("elk",) if rule == "repeated-label" else items)


COCO_RUNS = terms_of("coco_runs", "masks")


@pytest.mark.parametrize(
    ("cell", "rule", "words"),
    [
        ("1 2 3 4", "submission/run-length", "starts and lengths"),
        ("~~", "submission/run-length", "pycocotools"),
        ("é", "submission/run-length", "pycocotools"),
        ("0", "submission/run-length", "pycocotools"),
    ],
)
def test_compressed_run_lengths_are_declared_and_not_guessed(cell: str, rule: str, words: str) -> None:
    images = some_images()
    content = f"id,class,rle,score\n{images.ids.column.text(0)},{COCO_RUNS.classes[0]},{cell},0.5\n".encode()
    with pytest.raises(SubmissionError) as caught:
        read_images_submission(content, COCO_RUNS, images)
    assert [(one.rule, words in one.hint) for one in caught.value.findings if one.severity == "error"] == [(rule, True)]
