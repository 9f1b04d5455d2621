"""A submission is aligned by id and refused with all its faults, in words that help."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.errors import REFUSED, CompeteError, SubmissionError, SystemFault, UsageError
from compete.scoring import source
from compete.scoring.matching import vocabulary
from compete.scoring.rules import RULES, explanation
from compete.scoring.source import Caps
from compete.scoring.submission import Contract, read_submission
from compete.scoring.table import read_table

CLASSES = ("cat", "dog", "sea cucumber")
LABEL = Contract("id", ("label",), "label", classes=CLASSES)
PROBABILITY = Contract("id", CLASSES, "probability", distribution=True)
VALUE = Contract("id", ("value",), "value", low=-5.0, high=5.0)
FLAG = Contract("id", ("red", "blue"), "flag")
IDS = [f"img_{number:06}" for number in range(40)]


def written(rows, mark=False, order=None, **dialect):
    file = io.StringIO(newline="")
    csv.writer(file, **dialect).writerows([[row[place] for place in order or range(len(row))] for row in rows])
    return (b"\xef\xbb\xbf" if mark else b"") + file.getvalue().encode()


def refused(content, contract=LABEL, ids=IDS):
    with pytest.raises(SubmissionError, match=r"^submission refused: s\.csv") as caught:
        read_submission(content, contract, ids, name="s.csv")
    return {finding.rule: finding for finding in caught.value.findings}


def lines(values, ids=IDS, head="id,label"):
    return "\n".join([head, *(f"{item},{value}" for item, value in zip(ids, values, strict=True))]).encode()


labels = [CLASSES[number % 3] for number in range(40)]


@settings(deadline=None)
@given(
    random=st.randoms(),
    mark=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    contract=st.sampled_from([LABEL, PROBABILITY, VALUE, FLAG]),
    last=st.booleans(),
)
def test_the_shape_of_the_file_changes_no_value(random, *, mark, line_end, quoting, contract, last):
    rng = np.random.default_rng(random.randrange(1000))
    share = rng.dirichlet([1, 1, 1], 40)
    columns = {
        "label": [[label] for label in labels],
        "probability": [[repr(part) for part in row] for row in share.tolist()],
        "value": [[repr(value)] for value in rng.normal(size=40).clip(-5, 5).tolist()],
        "flag": rng.integers(0, 2, (40, 2)).astype(str).tolist(),
    }[contract.kind]
    head, rows = ["id", *contract.columns], [[item, *cells] for item, cells in zip(IDS, columns, strict=True)]
    plain = read_submission(written([head, *rows]), contract, IDS)
    random.shuffle(rows)
    order = random.sample(range(len(head)), len(head))
    content = written([head, *rows], mark, order, lineterminator=line_end, quoting=quoting)
    other = read_submission(content.rstrip() if last else content, contract, vocabulary(IDS))
    assert plain.values.dtype == {"label": np.int32, "flag": np.uint8}.get(contract.kind, np.float64)
    assert plain.values.shape == ((40,) if len(contract.columns) == 1 else (40, len(contract.columns)))
    assert other.values.tobytes() == plain.values.tobytes()
    assert other.canonical_sha256() == plain.canonical_sha256()
    assert (plain.rows, plain.warnings) == (40, ())


def test_values_stand_in_the_order_of_the_ids():
    assert read_submission(lines(labels), LABEL, IDS).values.tolist() == [0, 1, 2] * 13 + [0]
    swapped = read_submission(lines(labels), LABEL, IDS[::-1])
    assert swapped.values.tolist() == ([0, 1, 2] * 13 + [0])[::-1]
    flags = lines(["1.0,False", "0,TRUE"] * 20, head="id,red,blue")
    assert read_submission(flags, FLAG, IDS).values[:2].tolist() == [[1, 0], [0, 1]]


def test_ids_may_be_a_column_of_a_table():
    table = read_table(lines(labels))
    assert read_submission(lines(labels), LABEL, table.columns["id"]).rows == 40


@settings(deadline=None)
@given(st.binary(max_size=100) | st.text('id,labelcat\n\r"01;\0é', max_size=60).map(str.encode), st.booleans())
def test_any_bytes_raise_nothing_but_our_errors(content, head):
    for contract in (LABEL, PROBABILITY, VALUE, FLAG):
        start = ",".join(["id", *contract.columns]).encode() + b"\n" if head else b""
        with pytest.raises(CompeteError) as caught:
            read_submission(start + content, contract, IDS)
        assert all(finding.rule in RULES for finding in caught.value.findings)
        assert str(caught.value).replace("\n", "").isprintable()


def test_every_fault_is_told_at_once():
    values = list(labels)
    values[3], values[5] = "", "Dog"
    ids = list(IDS)
    ids[7], ids[9], ids[11] = ids[6], "img_9", ""
    content = lines(values, ids) + b"\n\nimg_000007,cat,cat\nimg_000001,dog,"
    with pytest.raises(SubmissionError) as caught:
        read_submission(content, LABEL, IDS, name="s.csv")
    assert [(one.rule, one.where, one.count) for one in caught.value.findings] == [
        ("submission/ragged-row", "s.csv:43", 2),
        ("submission/empty-cell", "s.csv:13", 1),
        ("submission/unknown-id", "s.csv:11", 1),
        ("submission/repeated-id", "s.csv:9", 1),
        ("submission/empty-cell", "s.csv:5", 1),
        ("submission/unknown-label", "s.csv:7", 1),
    ]
    assert caught.value.exit_code == REFUSED


UNKNOWN = [
    ("img_000003 ", "did you mean img_000003? a space"),
    ("img_3", "did you mean img_000003? the number of leading zeros counts"),
    ("IMG_000003", "upper and lower case"),
    ("img_000003.png", "without the file ending"),
    ("test/img_000003", "without the folder"),
    ("test/img_000003.jpg", "without folder and file ending"),
    ("img_000003.0", "decimal number"),
    ("img\u200b_000003", "invisible character"),
    ("іmg_000003", "another alphabet"),
    ("'img_000003'", "quotes stand inside"),
    ("whale", "ids look like img_000000, img_000001, img_000002"),
]


@pytest.mark.parametrize(("text", "cause"), UNKNOWN)
def test_the_cause_of_an_unknown_id_is_looked_for(text, cause):
    told = refused(lines(labels, [*IDS[:3], text, *IDS[4:]]))
    finding = told["submission/unknown-id"]
    assert cause in finding.hint
    assert (finding.where, finding.count) == ("s.csv:5", 1)
    assert told["submission/missing-id"].items == ("img_000003",)


@pytest.mark.parametrize(
    ("ids", "text", "cause"),
    [
        (["1000", "1007"], "1.007e3", "did you mean 1007? a spreadsheet"),
        (["1000", "1007"], "1007.0", "did you mean 1007? it was written as a decimal number"),
        (["007", "1000"], "7", "did you mean 007? the number of leading zeros"),
        (["café", "b"], "cafe\u0301", "Unicode form"),
        (["a.png", "b.png"], "a", "did you mean a.png? the file ending"),
        (["12345678901234567", "b"], "1.2345678901234567e+16", "did you mean 12345678901234567?"),
    ],
)
def test_the_cause_for_other_ids(ids, text, cause):
    assert cause in refused(lines(["cat"], [text]), ids=ids)["submission/unknown-id"].hint


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Cat", "did you mean cat?"),
        ("cat ", "a space"),
        ("1", "not its number: cat, dog, 'sea cucumber'"),
        ("0.93", "not a probability"),
        ("sea cucumbr", "did you mean 'sea cucumber'?"),
        ("SEA Cucumber", "did you mean 'sea cucumber'?"),
        ("galaxy", "the classes are cat, dog, 'sea cucumber'"),
    ],
)
def test_the_cause_of_an_unknown_label_is_looked_for(text, cause):
    assert cause in refused(lines([text, *labels[1:]]))["submission/unknown-label"].hint


@pytest.mark.parametrize(
    ("text", "rule", "cause"),
    [
        ("25%", "not-a-number", "not a percentage"),
        ('"0,5"', "not-a-number", "as a point"),
        ('"1,234.5"', "not-a-number", "thousands"),
        (" 0.5", "not-a-number", "space"),
        ("1_0", "not-a-number", "underscores"),
        ("0x1", "not-a-number", "decimal digits"),
        ("True", "not-a-number", "1 for true"),
        ("[0.5]", "not-a-number", "brackets"),
        ("=1+1", "not-a-number", "formula"),
        ("−1", "not-a-number", "hyphen"),
        ("٣", "not-a-number", "digits 0 to 9"),
        ("1\u200b", "not-a-number", "invisible"),
        ("high", "not-a-number", "a plain number such as"),
        ("nan", "not-finite", "replace nan"),
        ("1e400", "not-finite", "plain number"),
        ("", "empty-cell", "needs a value"),
        ("NA", "empty-cell", "needs a value"),
        ("5.1", "out-of-range", "from -5 to 5"),
    ],
)
def test_the_cause_of_a_bad_number_is_looked_for(text, rule, cause):
    told = refused(lines(["1", text], IDS[:2], "id,value"), VALUE, IDS[:2])
    assert list(told) == [f"submission/{rule}"]
    assert cause in told[f"submission/{rule}"].hint
    assert told[f"submission/{rule}"].where == "s.csv:3"


def test_probabilities():
    def told(*rows):
        return refused(lines(rows, IDS[: len(rows)], "id,cat,dog,sea cucumber"), PROBABILITY, IDS[: len(rows)])

    assert "divide by 100" in told("20,30,50")["submission/out-of-range"].hint
    assert "softmax" in told("-1,3,-1")["submission/out-of-range"].hint
    assert told("0.2,0.3,0.5", "0.2,0.3,0.4")["submission/probabilities-sum"].where == "s.csv:3"
    assert set(told("nan,0.5,0.5")) == {"submission/not-finite"}
    fine = lines(["0.3333,0.3333,0.3333"], IDS[:1], "id,cat,dog,sea cucumber")
    assert read_submission(fine, PROBABILITY, IDS[:1]).values.tolist() == [[0.3333] * 3]


def test_one_fault_in_many_columns_is_one_finding():
    wide = Contract("id", tuple(f"c{place}" for place in range(50)), "probability")
    told = refused(("id," + ",".join(wide.columns) + "\na" + ",x" * 50).encode(), wide, ["a"])
    assert told["submission/not-a-number"].count == 50
    assert "50 columns (c0, c1, c2, …)" in told["submission/not-a-number"].message


def test_columns():
    assert "differs by case" in refused(lines(labels, head="ID,label"))["submission/missing-column"].hint
    assert "looks like a row" in refused(lines(labels[1:], IDS[1:], "img_000000,0"))["submission/missing-column"].hint
    assert "index=False" in refused(b",id,label\n0,a,cat", ids=["a"])["submission/extra-column"].hint
    assert set(refused(b"id,label,label\na,cat,cat", ids=["a"])) == {"submission/repeated-column"}
    assert set(refused(b"id\nb\n", ids=["a"])) == {
        "submission/missing-column",
        "submission/unknown-id",
        "submission/missing-id",
    }
    extra = Contract("id", ("label",), "label", classes=CLASSES, ignorable=("note",))
    assert read_submission(b"note,id,label\nx,a,cat\n", extra, ["a"]).values.tolist() == [0]


def test_a_row_limit_follows_from_the_items():
    told = refused(lines(["cat"] * 300_000, [f"x{number}" for number in range(300_000)]))
    assert "more than 1,080 rows" in told["submission/too-large"].message
    assert "submission/missing-id" not in told
    assert set(refused(lines(labels), Contract("id", ("label",), "label", CLASSES, caps=Caps(size=20)))) == {
        "submission/too-large"
    }


def test_hidden_rows_do_not_pass_as_missing():
    assert set(refused(lines(labels)[:-8])) == {"submission/ragged-row"}


def test_findings_survive_hostile_text():
    told = refused(lines(["\x1b]0;x\u202e" + "y" * 5000, *labels[1:]]).replace(b"\x1b", "\u009b".encode()))
    finding = told["submission/unknown-label"]
    assert str(finding).replace("\n", "").isprintable()
    assert len(str(finding)) < 500


def test_files_that_cannot_be_read(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="there is no such file"):
        read_submission(tmp_path / "none.csv", LABEL, IDS)
    with pytest.raises(UsageError, match="folder"):
        read_submission(tmp_path, LABEL, IDS)

    def forbidden(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(source.os, "open", forbidden)
    with pytest.raises(SystemFault, match="permission denied"):
        read_submission(tmp_path / "s.csv", LABEL, IDS)


def test_every_rule_in_the_code_is_explained_and_no_other():
    folder = Path(source.__file__).parent
    modules = (
        "source",
        "header",
        "scanning",
        "row_faults",
        "table",
        "submission",
        "numerals",
        "matching",
        "spans",
        "causes",
    )
    texts = "".join((folder / f"{module}.py").read_text("utf-8") for module in modules)
    assert set(re.findall(r"submission/[a-z-]+", texts)) == set(RULES)
    assert explanation("bundle/ragged-row") == RULES["submission/ragged-row"]
    assert explanation("bundle/none") is None
    assert all(meaning.endswith(".") and len(text) > 60 for meaning, text in RULES.values())
