"""Any JSON text reads as Python's json module reads it, or is refused with a place; nothing odd ever passes."""

import json
import math
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.errors import SubmissionError, UsageError
from compete.scoring.json_faults import DEPTH, oddities
from compete.scoring.json_text import Elements, is_odd, load_json, parse_json
from compete.scoring.source import Caps

CAPS = Caps(size=1 << 24)

letters = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | letters,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(letters, inner, max_size=4),
    max_leaves=20,
)


def parse(text):
    raw = text if isinstance(text, bytes) else text.encode()
    return parse_json(load_json(raw, CAPS, "r.json")).value


def findings(text):
    with pytest.raises(SubmissionError) as caught:
        parse(text)
    assert caught.value.findings
    return caught.value.findings


@settings(deadline=None)
@given(plain, st.sampled_from([None, 1]), st.booleans(), st.booleans())
def test_reads_what_json_writes(value, indent, ascii_only, mark):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert parse((b"\xef\xbb\xbf" if mark else b"") + text.encode()) == json.loads(text)


def strictly(text):
    """What a slow and simple strict reader makes of a text: its value, or ValueError."""

    def once(pairs):
        if len(dict(pairs)) != len(pairs):
            raise ValueError("repeated")
        return dict(pairs)

    def refuse(word):
        raise ValueError(word)

    def finite(word):
        if math.isinf(float(word)):
            raise ValueError(word)
        return float(word)

    def small(word):
        if not -(1 << 63) <= int(word) < 1 << 63:
            raise ValueError(word)
        return int(word)

    def depth(value):
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    value = json.loads(text, object_pairs_hook=once, parse_constant=refuse, parse_float=finite, parse_int=small)
    json.dumps(value, ensure_ascii=False).encode("utf-8")  # UnicodeEncodeError, a ValueError, for half characters
    if depth(value) > DEPTH:
        raise ValueError("deep")
    return value


PIECES = [
    *(
        '{"a": ',
        '"a"',
        '"a": ',
        '"\\u0061": ',
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "1",
        "-0.5e3",
        "1e400",
        "NaN",
        "-Infinity",
    ),
    *(
        "true",
        "null",
        '"\\ud800"',
        '"\\ud83d\\ude00"',
        '"é"',
        '"\\\\"',
        '"\\""',
        "99999999999999999999",
        " ",
        "\n",
        "'",
    ),
    *(
        "01",
        "1.",
        ".5",
        "+1",
        "\\",
        "[" * 40,
        "]" * 40,
        '"',
        "// x",
        "\t",
        "\x01",
        "1_0",
        "None",
        "9223372036854775808",
    ),
]


@settings(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(max_size=30))
def test_any_text_is_read_as_a_strict_reader_would_or_refused(text):
    try:
        expected = strictly(text)
    except ValueError:
        for finding in findings(text):
            assert finding.rule.startswith("submission/")
            assert finding.where.startswith("r.json")
            assert finding.hint
            assert str(finding).replace("\n", "").isprintable()
    else:
        assert parse(text) == expected


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(content):
    try:
        expected = strictly(content.decode("utf-8-sig"))
    except ValueError:
        assert findings(content)
    else:
        assert parse(content) == expected


R = '{"image_id": 1, "score": 0.5}'
BAD = [
    ("submission/empty-file", b"", ""),
    ("submission/empty-file", b"\xef\xbb\xbf \n", ""),
    ("submission/encoding", f"[{R}]".encode("utf-16"), ""),
    ("submission/encoding", f"[{R}]".encode("utf-16-le"), ""),
    ("submission/encoding", f"[{R}]".encode("utf-32"), ""),
    ("submission/encoding", b'[\n {"a": "caf\xe9"}]', ":2"),
    ("submission/encoding", '[\n "\\ud800"]', ":2:2"),
    ("submission/encoding", '{"\\udc00": 1}', ":1:2"),
    ("submission/encoding", b'["\xed\xa0\x80"]', ":1"),
    ("submission/not-json", b"PK\x03\x04", ""),
    ("submission/not-json", b"\x1f\x8b\x08", ""),
    ("submission/not-json", b"\x80\x04\x95", ""),
    ("submission/not-json", b"\x89PNG\r\n\x1a\n", ""),
    ("submission/not-json", b"<!DOCTYPE html>", ""),
    ("submission/not-json", "id,PredictionString\n1,cat 0.5\n", ":1:1"),
    ("submission/cut-off", f"[{R},\n {R[:-4]}", ":2:"),
    ("submission/cut-off", f"[{R},", ":1:"),
    ("submission/cut-off", '[{"image_id', ":1:"),
    ("submission/json-syntax", f"[{R}] []", ":1:33"),
    ("submission/json-syntax", f"{R}\n{R}\n", ":2:1"),
    ("submission/json-syntax", f"[{R}\n {R}]", ":2:2"),
    ("submission/json-syntax", f"[{R},]", ":1:"),
    ("submission/json-syntax", '[{"a": 1,}]', ":1:"),
    ("submission/json-syntax", "[{'a': 1}]", ":1:3"),
    ("submission/json-syntax", "[{a: 1}]", ":1:3"),
    ("submission/json-syntax", '[{"a": nan}]', ":1:8"),
    ("submission/json-syntax", '[{"a": inf}]', ":1:8"),
    ("submission/json-syntax", '[{"a": None}]', ":1:8"),
    ("submission/json-syntax", '[{"a": True}]', ":1:8"),
    ("submission/json-syntax", '[{"a": .5}]', ":1:8"),
    ("submission/json-syntax", '[{"a": +5}]', ":1:8"),
    ("submission/json-syntax", '[{"a": 05}]', ":1:9"),
    ("submission/json-syntax", '[{"a": 5.}]', ":1:9"),
    ("submission/json-syntax", '[{"a": 1_000}]', ":1:9"),
    ("submission/json-syntax", '[{"a": 0x10}]', ":1:9"),
    ("submission/json-syntax", "[1, // one\n2]", ":1:5"),
    ("submission/json-syntax", '["a\x01b"]', ":1:4"),
    ("submission/json-syntax", '["a\\x"]', ":1:4"),
    ("submission/json-syntax", "[1,,2]", ":1:4"),
    ("submission/too-deep", "[" * 33 + "]" * 33, ":1:33"),
    ("submission/too-deep", "[" * 200_000, ":1:33"),
    ("submission/too-deep", '{"a":' * 200_000, ":1:"),
    ("submission/repeated-key", '{"a": 1,\n "a": 1}', ":2:2"),
    ("submission/repeated-key", '[{"b": {"a": 1, "\\u0061": 2}}]', ":1:17"),
    ("submission/not-finite", '[1,\n NaN]', ":2:2"),
    ("submission/not-finite", "[-Infinity]", ":1:2"),
    ("submission/not-finite", "[1e400]", ":1:2"),
    ("submission/not-finite", "[" + "9" * 400 + ".5]", ":1:2"),
    ("submission/out-of-range", "[9223372036854775808]", ":1:2"),
    ("submission/out-of-range", "[-9223372036854775809]", ":1:2"),
    ("submission/out-of-range", "[" + "9" * 100_000 + "]", ":1:2"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "text", "where"), BAD, ids=[f"{rule[11:]}-{k}" for k, (rule, _, _) in enumerate(BAD)])
def test_bad_texts_are_refused_for_the_right_reason_and_place(rule, text, where):
    told = {one.rule: one for one in findings(text)}
    assert list(told) == [rule]
    finding = told[rule]
    assert finding.where.startswith("r.json" + where)
    assert finding.message[0].islower() or finding.message[0].isdigit()
    assert finding.hint
    assert len(str(finding)) < 500


def test_all_oddities_are_told_at_once_and_three_of_each_kind():
    text = '{"a": NaN, "a": "\\ud800", "b": [1, 1e999, 123456789012345678901234567890]}'
    told = {one.rule: one for one in findings(text)}
    assert set(told) == {f"submission/{rule}" for rule in ("not-finite", "repeated-key", "encoding", "out-of-range")}
    many = oddities("[" + "NaN, " * 1000 + "1]", 3)
    assert [len(ones) for ones in many.values()] == [3]
    repeated = findings("[" + ", ".join(['{"a": 1, "a": 2}'] * 50) + "]")[0]
    assert (repeated.count, len(repeated.items)) == (50, 3)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[{'a': 1}]", "double quotes"),
        ("[1,]", "comma after the last"),
        ('{"a": 1}\n{"a": 2}', "JSON Lines"),
        ("[1] [2]", "join the two lists"),
        ("[nan]", "replace"),
        ("[None]", "Python"),
        ("[007]", "begin with a zero"),
        ("[1 2]", "comma is missing"),
        ("[1, # x\n2]", "comments"),
        ("[.5]", "0.5"),
        ('["C:\\data"]', "backslash"),
    ],
)
def test_the_likely_cause_is_named(text, hint):
    assert hint in findings(text)[0].hint


def test_the_largest_and_deepest_that_pass():
    assert parse("[9223372036854775807, -9223372036854775808, 1.7976931348623157e308, 5e-324]")
    assert parse("[" * DEPTH + "]" * DEPTH)
    assert not is_odd([1, "😀", {"é": [None, True]}])


def test_elements_know_where_they_start():
    text = ' [ {"a": "],{"},\n\n  [1, 2] ,3]'
    elements = Elements(text)
    assert [text[elements.start(row)] for row in (2, 0, 1)] == ["3", "{", "["]
    held = Elements('{"x": [1], "annotations" : [ 5, {"y": 2}]}', "annotations")
    assert held.text[held.start(1) :] == '{"y": 2}]}'


def test_files(tmp_path):
    file = tmp_path / "r.json"
    file.write_text("[1, 2]")
    assert parse_json(load_json(file, CAPS)).value == [1, 2]
    with pytest.raises(SubmissionError, match="submission/too-large"):
        load_json(file, Caps(size=3))
    with pytest.raises(UsageError, match="name the JSON file"):
        load_json(tmp_path, CAPS)
    with pytest.raises(UsageError, match="no such file"):
        load_json(tmp_path / "none.json", CAPS)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SubmissionError, match="submission/unreadable"):
        load_json(tmp_path / "pipe", CAPS)
