"""Any CSV text reads as Python's csv module reads it, or is refused; nothing else ever comes out."""

import csv
import io
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.errors import BundleError, CompeteError, SubmissionError, UsageError
from compete.scoring import scanning
from compete.scoring.source import Caps, excerpt
from compete.scoring.table import as_codes, as_numbers, columns_as_text, read_table

letters = st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from('",\n\t ;')
cell = st.text(letters, max_size=12)


def written(rows, **dialect):
    file = io.StringIO(newline="")
    csv.writer(file, **dialect).writerows(rows)
    return file.getvalue().encode()


def cells(table):
    columns = [columns_as_text(table, name) for name in table.header]
    return [list(row) for row in zip(*columns, strict=True)]


@pytest.fixture(params=[64, 1 << 18])
def block(request, monkeypatch):
    monkeypatch.setattr(scanning, "BLOCK", request.param)


@settings(deadline=None)
@given(
    st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(cell, min_size=n, max_size=n), min_size=1, max_size=30)),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from([16, 64, 1 << 18]),
)
def test_reads_what_csv_writes(rows, quoting, line_end, mark, size):
    header = [f"column {place}" for place in range(len(rows[0]))]
    content = written([header, *rows], quoting=quoting, lineterminator=line_end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanning, "BLOCK", size)
        table = read_table((b"\xef\xbb\xbf" if mark else b"") + content)
    assert cells(table) == list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))[1:]
    assert cells(table) == rows


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text('id,"\n\r 1;\0é', max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused(content):
    for text in (content, b"id,label\n" + content):
        table, findings = read_or_refused(text)
        if table is None:
            assert findings
            assert all(finding.rule.startswith("submission/") for finding in findings)
        else:
            expected = [row for row in csv.reader(io.StringIO(text.decode("utf-8-sig"), newline="")) if row][1:]
            assert cells(table) == expected


def read_or_refused(text):
    try:
        return read_table(text), ()
    except CompeteError as fault:
        return None, fault.findings


@pytest.mark.usefixtures("block")
def test_many_rows_with_quoted_line_breaks():
    rows = [[f"{number}", 'say "hi",\nthen go' if number % 3 else "é" * (number % 50)] for number in range(2000)]
    assert cells(read_table(written([["id", "note"], *rows]))) == rows


@pytest.mark.parametrize("odd", ['"a,b",1', "a b,1", "a,1\r", ",", "é,1", '"",""'])
@pytest.mark.usefixtures("block")
def test_a_row_that_is_not_plain_among_many_that_are(odd):
    lines = ["id,x", *["i,1"] * 99, odd, *["j,2"] * 99, odd, *["k l,3"] * 9]
    text = "\n".join(lines) + "\n"
    assert cells(read_table(text.encode())) == list(csv.reader(io.StringIO(text, newline="")))[1:]


@pytest.mark.parametrize(("odd", "rule"), [("a,1,2\nb", "ragged-row"), ("a,\x01", "control-character")])
@pytest.mark.usefixtures("block")
def test_rows_whose_marks_add_up_are_not_plain_for_that(odd, rule):
    with pytest.raises(SubmissionError) as caught:
        read_table("\n".join(["id,x", *["i,1"] * 99, odd, *["j,2"] * 9]).encode(), name="t.csv")
    (finding,) = caught.value.findings
    assert (finding.rule, finding.where) == (f"submission/{rule}", "t.csv:101")


def test_line_separators_of_unicode_are_named():
    with pytest.raises(SubmissionError) as caught:
        read_table("id,x\n1,2\u20283,4\n".encode())
    assert "U+2028" in caught.value.findings[0].hint


@pytest.mark.parametrize(
    ("rows", "line"), [('1,"open\n2,x\n', 2), ('"x\ny","open\nz,1\n', 3), ('"x\ny",op"en\nz,"1"\n', 3)]
)
def test_the_quote_that_is_never_closed_is_found_by_its_line(rows, line):
    with pytest.raises(SubmissionError) as caught:
        read_table(f"id,note\n{rows}".encode(), name="t.csv")
    assert [(one.rule, one.where) for one in caught.value.findings] == [("submission/quoting", f"t.csv:{line}")]


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize(
    ("cells", "shown"), [(["12345,123456", "a,1234567"], "1234567"), (["12345,1", "123456,12345678"], "123456")]
)
def test_the_longest_cell_of_the_first_column_with_one_too_long_is_shown(quote, cells, shown):
    rows = [",".join(quote + cell + quote for cell in row.split(",")) for row in cells]
    with pytest.raises(SubmissionError) as caught:
        read_table("\n".join(["id,x", *rows, "b,2\n"]).encode(), caps=Caps(cell=5), name="t.csv")
    (finding,) = caught.value.findings
    assert (finding.rule, finding.where) == ("submission/too-large", "t.csv:3")
    assert finding.items == (shown,)
    assert f" {len(shown)} bytes" in finding.message


def test_lines_are_physical_lines():
    content = b'id,note\n1,"two\nlines"\n2\n3,x\n\n4\n'
    with pytest.raises(SubmissionError) as caught:
        read_table(content, name="t.csv")
    ragged = next(finding for finding in caught.value.findings if finding.rule == "submission/ragged-row")
    assert ragged.where == "t.csv:4"
    assert ragged.items == ("line 4: 1 cell", "line 7: 1 cell")
    table = read_table(b'id,note\n1,"two\nlines"\n2,y\n')
    assert [table.line("id", row) for row in (0, 1)] == [2, 4]


def test_blank_lines_are_passed_over_and_told():
    table = read_table(b"id,x\n1,2\n\n3,4\r\n\r\n\n")
    assert cells(table) == [["1", "2"], ["3", "4"]]
    assert [(one.rule, one.where, one.count, one.severity) for one in table.warnings] == [
        ("submission/blank-line", "table:3", 1, "warning")
    ]
    assert read_table(b"id,x\n1,2\n\n\n").warnings == ()


@pytest.mark.usefixtures("block")
def test_blank_lines_are_counted_over_blocks():
    content = b"id,x\n" + b"1,2\n" * 50 + b"\n" * 200 + b"1,2\n" * 50 + b"\n" * 70
    assert read_table(content).warnings[0].count == 200


def test_one_column():
    assert cells(read_table(b'x\n1\n\n""\n2\n')) == [["1"], [""], ["2"]]


def test_columns_by_name_and_ignored_ones():
    content = b"c,a,b\n3,1,2\n"
    assert columns_as_text(read_table(content, ["a"], others=None), "a") == ["1"]
    assert columns_as_text(read_table(content, ["b", "a"], others=["c"]), "b") == ["2"]
    with pytest.raises(SubmissionError, match="extra-column"):
        read_table(content, ["a"])


def test_codes_of_many_and_of_few():
    rng = np.random.default_rng(0)
    few = rng.choice(["dog", "cat", "", "zebra é", "x" * 70], 100_000).tolist()
    many = [f"value {number}" for number in rng.integers(0, 90_000, 100_000).tolist()]
    table = read_table(written([["few", "many"], *zip(few, many, strict=True)]))
    for name, texts in (("few", few), ("many", many)):
        codes, distinct = as_codes(table, name)
        assert distinct == sorted(set(texts))
        assert [distinct[code] for code in codes.tolist()] == texts
        assert columns_as_text(table, name) == texts
    empty, distinct = as_codes(read_table(b"id,x\n1,a\n"), "x")
    assert (empty.tolist(), distinct) == ([0], ["a"])


def test_numbers_of_a_table():
    table = read_table(b"id,x\n1,0.5\n2,\n", error=BundleError, room="bundle", name="solution.csv")
    np.testing.assert_array_equal(as_numbers(table, "x", empty=True), [0.5, np.nan])
    with pytest.raises(BundleError, match="bundle/empty-cell") as caught:
        as_numbers(table, "x")
    assert caught.value.findings[0].where == "solution.csv:3"


def test_faults_of_a_bundle_are_the_bundles():
    with pytest.raises(BundleError, match="bundle/ragged-row"):
        read_table(b"id,x\n1\n", error=BundleError, room="bundle")
    with pytest.raises(BundleError, match="bundle/encoding"):
        read_table(b"id,x\n\xff,1\n", error=BundleError, room="bundle")


def test_limits():
    for caps, content in (
        (Caps(size=10), b"id,x\n1,2\n3,4\n"),
        (Caps(rows=1), b"id,x\n1,2\n3,4\n"),
        (Caps(columns=1), b"id,x\n1,2\n"),
        (Caps(cell=3), b"id,x\n1,2345\n"),
        (Caps(row=1000), b"id,x\n1," + b"2" * 300_000 + b"\n"),
        (Caps(row=1000), b"x" * 2000),
    ):
        with pytest.raises(SubmissionError, match="submission/too-large"):
            read_table(content, caps=caps)


def test_files(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b"id,x\n1,2\n")
    (tmp_path / "link.csv").symlink_to(file)
    assert cells(read_table(file)) == cells(read_table(str(tmp_path / "link.csv"))) == [["1", "2"]]
    for missing in (tmp_path / "none.csv", tmp_path, file / "below", tmp_path / ("x" * 300), "a\0b"):
        with pytest.raises(UsageError, match="submission/unreadable"):
            read_table(missing)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(UsageError, match="submission/unreadable"):
        read_table(tmp_path / "loop")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_or_a_device_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for strange in (tmp_path / "pipe", os.devnull):
        with pytest.raises(SubmissionError, match="submission/unreadable"):
            read_table(strange)


def test_excerpts_are_inert():
    for text in ("\x1b[2J", "a\u202eb", "a\u200bb", "x\ny", "\x9b31m", "tab\t"):
        assert excerpt(text).isprintable()
    assert len(excerpt("y" * 10_000)) < 80
    assert len(excerpt("\U000e0001" * 10_000)) < 500
    assert excerpt("") == "''"
    assert excerpt("plain") == "plain"


@pytest.mark.parametrize("size", [10, 4095, 4096, 9000])
def test_headers_of_any_length_end_at_their_line(size):
    names = ["id", "x" * size]
    table = read_table(written([names, ["1", "a"]]))
    assert (list(table.header), cells(table)) == (names, [["1", "a"]])
