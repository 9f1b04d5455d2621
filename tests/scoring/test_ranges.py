"""A table read in ranges on any number of cores: the same cells, the same findings, the same fingerprint."""

import hashlib
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.errors import SubmissionError
from compete.scoring import ranges, scanning, threads
from compete.scoring.bounded import Limits, run_bounded
from compete.scoring.forms import read_images_submission
from compete.scoring.source import Caps, load
from compete.scoring.table import examine
from tests.scoring.form_images import CLASSES, IDS, some_images, terms_of

CAPS = Caps(cell=60, row=200)
GOOD = [b"a,1,x\n", b"bb,22,yy\n", b"with space,3,z\n", "é,4,ü\n".encode(), b",,\n", b"last,5,w\r\n"]
QUOTED = [b'"q",6,"v"\n', b'"two\nlines",7,v\n', b'"a,b",8,"\n\n\n"\r\n', b'"all",   "9","\x7f"\n'.replace(b"   ", b"")]
ODD = [
    b'"say ""hi""",9,x\n',
    b"\n",
    b"\r\n",
    b"short,1\n",
    b"long,1,2,3\n",
    b"nul\0,1,x\n",
    b"del\x7f,1,x\n",
    b"latin \xe9,1,x\n",
    b"lone\rreturn,1,x\n",
    b'"open,1,x\n',
    b'in"side,1,x\n',
    b"x" * 70 + b",1,x\n",
    b"y" * 300 + b",1,x\n",
    b"cut",
]


@contextmanager
def on_cores(count, block):
    """Read on some cores, however small the file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "core_count", lambda: count)
        patch.setattr(threads, "WORTH", 1)
        patch.setattr(ranges, "WORTH", 1)
        patch.setattr(scanning, "BLOCK", block)
        yield


def told(content, caps, count, block):
    """All that reading a table finds."""
    with on_cores(count, block):
        try:
            source = load(content, caps, "t.csv")
            table, findings = examine(source, ["c", "a"], None, caps, hashed=True)
        except SubmissionError as fault:
            return [finding.as_dict() for finding in fault.findings]
    assert source.sha256() == hashlib.sha256(content).hexdigest()
    columns = [(one.start.tolist(), one.length.tolist(), one.tolist()) for one in table.columns.values()]
    return [finding.as_dict() for finding in findings], columns, table.rows, table.unread


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.sampled_from([*GOOD, *GOOD, *QUOTED]), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from(ODD)), max_size=2),
    st.booleans(),
    st.sampled_from([None, 5, 40]),
    st.sampled_from([40, 400]),
)
def test_any_number_of_ranges_finds_the_same(rows, odd, mark, most, block):
    for place, row in odd:
        rows.insert(place, row)
    content = b"\xef\xbb\xbf" * mark + b"a,b,c\n" + b"".join(rows)
    caps = Caps(cell=CAPS.cell, row=CAPS.row, rows=most)
    whole = told(content, caps, 1, block)
    for count in (2, 3, 8):
        assert told(content, caps, count, block) == whole


def scanned_at_once(content, monkeypatch, count=3):
    """Whether ranges sufficed, so that nothing was scanned in one go."""
    called = []
    monkeypatch.setattr(ranges, "scan", lambda *given: called.append(given) or scanning.scan(*given))
    table = told(content, CAPS, count, 64)
    assert table == told(content, CAPS, 1, 64)
    return len(called) == 1  # the one for one core


@pytest.mark.parametrize("rows", [GOOD[:4], GOOD, [*GOOD, *QUOTED[:1]], [*GOOD[:3], *QUOTED[1:3]], [GOOD[0][:-1]]])
def test_good_rows_are_scanned_in_ranges(rows, monkeypatch):
    assert scanned_at_once(b"a,b,c\n" + b"".join(GOOD) * 20 + b"".join(rows), monkeypatch)


@pytest.mark.parametrize("row", [*ODD[:-1], b"\n" * 500])
def test_rows_of_which_something_is_to_tell_are_scanned_in_one_go(row, monkeypatch):
    assert not scanned_at_once(b"a,b,c\n" + b"".join(GOOD) * 20 + row + b"".join(GOOD) * 20, monkeypatch)


def test_a_range_that_begins_inside_a_quoted_cell_counts_for_nothing(monkeypatch):
    trap = b'x,"' + b"1,2\n3,4,5\n" * 40 + b'",y\n'
    content = b"a,b,c\n" + GOOD[0] * 40 + trap + GOOD[1] * 40
    caps = Caps()
    assert told(content, caps, 2, 1 << 18) == told(content, caps, 1, 1 << 18)
    found = told(content, caps, 2, 1 << 18)
    assert found[2] == 81


NUMBER = st.one_of(
    st.floats(0, 3).map(repr),
    st.floats(0, 3).map("{:.2f}".format),
    st.sampled_from(["", "nan", "1e999", "x", "1e0", "+2", "-1", "300", "1,5"]),
)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*IDS, "no such image", ""]),
            st.sampled_from([*CLASSES, *CLASSES, "unheard of"]),
            st.tuples(*[st.floats(0, 3).map(repr) | NUMBER] * 5),
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_boxes_and_what_is_wrong_with_them_are_the_same(rows, ending, quoted):
    mark = '"' if quoted else ""
    cells = [[name, label, *numbers] for name, label, numbers in rows] + [[IDS[0], CLASSES[0], *"11331"]]
    lines = [",".join(mark + cell + mark for cell in row) for row in cells]
    content = ending.join(["id,class,x,y,width,height,score", *lines * 3]).encode()

    def read(count):
        with on_cores(count, 256):
            try:
                found = read_images_submission(content, terms_of("rows", "boxes"), some_images(), "s.csv")
            except SubmissionError as fault:
                return [finding.as_dict() for finding in fault.findings]
        return found.canonical_sha256(), found.sha256, found.rows, [finding.as_dict() for finding in found.warnings]

    whole = read(1)
    for count in (2, 3, 8):
        assert read(count) == whole


def rows_of(megabytes):
    chance = np.random.default_rng(3)
    row = b"".join(b"i%d,%.9f,c\n" % (number, chance.random()) for number in range(1000))
    return b"a,b,c\n" + row * (megabytes * (1 << 20) // len(row))


@pytest.mark.parametrize("memory", [8, 16, 90, 400, 1000])
def test_limits_of_memory_hold_on_several_cores(memory, monkeypatch):
    content = rows_of(5)
    monkeypatch.setattr(threads, "core_count", lambda: 3)

    def work():
        source = load(content, Caps(), "t.csv")
        return {"rows": examine(source, ["a"], None, Caps(), hashed=True)[0].rows}

    try:
        found = run_bounded(work, Limits(memory, 20))["rows"]
    except SubmissionError as fault:
        found = [one.rule for one in fault.findings]
    refused = memory < 400 and found == ["submission/too-much-memory"]
    assert refused or found == content.count(b"\n") - 1
