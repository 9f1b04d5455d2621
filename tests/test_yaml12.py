"""Strict YAML 1.2: core scalars, every fault with its place, bounded work."""

from __future__ import annotations

import json
import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from compete.challenge.rules import CHALLENGE_RULES
from compete.challenge.yaml12 import MOST_BYTES, MOST_DEPTH, MOST_VALUES, Document, read_yaml


def read(text: str | bytes) -> Document:
    return read_yaml(text if isinstance(text, bytes) else text.encode(), "challenge.yaml")


def plain(text: str) -> object:
    document = read(text)
    assert document.findings == ()
    assert document.root is not None
    return document.root.plain()


def rules(text: str | bytes) -> list[tuple[str, str]]:
    return [(finding.rule.removeprefix("challenge/yaml-"), finding.where) for finding in read(text).findings]


@pytest.mark.parametrize("scalar", ["no", "yes", "on", "off", "y", "n", "12:30:00", "2024-01-31", "1_000", "0b11",
                                    "=", "+", ".", "1e", "0o8", "0xg", "-0x1", "NO", "trUe", "nULL", "1,5",
                                    "९"])  # fmt: skip
def test_what_yaml_1_1_would_twist_stays_text(scalar: str) -> None:
    assert plain(f"a: {scalar}") == {"a": scalar}


@pytest.mark.parametrize(
    ("scalar", "value"),
    [("010", 10), ("-7", -7), ("+7", 7), ("0o17", 15), ("0x1F", 31), ("1.50", 1.5), (".5", 0.5), ("5.", 5.0),
     ("1e3", 1000.0),
     ("true", True), ("FALSE", False), ("~", None), ("", None), ("null", None), ("'no'", "no"), ('"1"', "1"),
     ("! 1", "1")],
)  # fmt: skip
def test_core_scalars(scalar: str, value: object) -> None:
    found = plain(f"a: {scalar}")
    assert found == {"a": value}
    assert type(found["a"]) is type(value)  # type: ignore[index]


def test_a_scalar_remembers_how_it_was_written() -> None:
    document = read("version: 1.10\nclasses: [010, 'no', 1.50]\n")
    assert document.text("version") == "1.10"
    assert [document.text("classes", number) for number in range(3)] == ["010", "no", "1.50"]
    assert document.text("classes") is None
    assert document.text("absent") is None


def test_places_are_of_scalars_keys_items_and_the_nearest_parent() -> None:
    document = read("data:\n  label: Species\n  group: [a,\n    b]\n  drop:\nlast: 1\n")
    assert document.where("data", "label") == "challenge.yaml:2:10"
    assert document.where_key("data", "label") == "challenge.yaml:2:3"
    assert document.where("data", "group") == "challenge.yaml:3:3"
    assert document.where("data", "group", 1) == "challenge.yaml:4:5"
    assert document.where("data", "drop") == "challenge.yaml:5:3"
    assert document.where("data", "absent", "deeper") == "challenge.yaml:1:1"
    assert document.where("data", "group", 7) == "challenge.yaml:3:3"
    assert document.holds("last")
    assert not document.holds("data", "absent")


def test_columns_count_letters_not_bytes() -> None:
    assert read("é: [ü, x, x]\n").where("é", 1) == "challenge.yaml:1:8"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\na: 2\n",
         [("repeated-key", "challenge.yaml:4:3"), ("repeated-key", "challenge.yaml:5:1")]),
        ("1: a\n'1': b\n", [("repeated-key", "challenge.yaml:2:1")]),
        ("a: !!str 1\nb: !x [1]\n", [("tag", "challenge.yaml:1:4"), ("tag", "challenge.yaml:2:4")]),
        ("a: !!python/object/apply:os.system [echo]\n", [("tag", "challenge.yaml:1:4")]),
        ("a: 1\n---\nb: 2\n", [("several-documents", "challenge.yaml:2:1")]),
        ("a: *b\n", [("alias", "challenge.yaml:1:4")]),
        ("a: &b [*b]\n", [("alias", "challenge.yaml:1:8")]),
        ("? [a]\n: b\n", [("key", "challenge.yaml:1:3")]),
        ("a: .inf\nb: -.NaN\nc: .nan\nd: 1e999\n", [("number", "challenge.yaml:1:4"), ("number", "challenge.yaml:3:4"),
                                                    ("number", "challenge.yaml:4:4")]),
        ("a: " + "1" * 5000, [("number", "challenge.yaml:1:4")]),
        ("", [("empty", "challenge.yaml:1:1")]),
        ("# a comment\n", [("empty", "challenge.yaml:1:1")]),
        ("a: b: c\n", [("syntax", "challenge.yaml:1:5")]),
        ("a: 1\n\tb: 2\n", [("syntax", "challenge.yaml:2:1")]),
        (b"a: \xff\n", [("encoding", "challenge.yaml:1:4")]),
        ("a: b".encode("utf-16"), [("encoding", "challenge.yaml:1:1")]),
        ("a: 1\nb: x\0y\n", [("encoding", "challenge.yaml:2:5")]),
        ("a: " + "[" * 100, [("too-large", f"challenge.yaml:1:{MOST_DEPTH + 3}")]),
        (b"#" * (MOST_BYTES + 1), [("too-large", "challenge.yaml")]),
    ],
)  # fmt: skip
def test_faults_and_their_places(text: str | bytes, expected: list[tuple[str, str]]) -> None:
    assert rules(text) == expected


def test_all_faults_at_once_before_the_one_that_stops_reading() -> None:
    told = rules("a: 1\na: !t 2\nb: *c\nd: [\n")
    assert [rule for rule, _ in told] == ["tag", "repeated-key", "alias", "syntax"]


def test_aliases_repeat_what_was_marked() -> None:
    assert plain("a: &x [1, 2]\nb: *x\nc: [*x, *x]\n") == {"a": [1, 2], "b": [1, 2], "c": [[1, 2], [1, 2]]}


def test_merge_keys_are_plain_keys() -> None:
    assert plain("a: &x {b: 1}\nc: {<<: *x}\n") == {"a": {"b": 1}, "c": {"<<": {"b": 1}}}


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for previous, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [" + ", ".join([f"*{previous}"] * 9) + "]")
    assert [rule for rule, _ in rules("\n".join(lines))] == ["too-large"]


def test_aliases_cannot_nest_deeper_than_the_limit() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{number}: &a{number} [*a{number - 1}]" for number in range(1, MOST_DEPTH + 5)]
    assert [rule for rule, _ in rules("\n".join(lines))] == ["too-large"]


def test_a_long_list_is_fine_up_to_the_limit() -> None:
    assert read("a: [" + "1," * 50_000 + "1]").findings == ()
    assert [rule for rule, _ in rules("a: [" + "1," * (MOST_VALUES + 1) + "1]")] == ["too-large"]


def test_messages_are_harmless_to_a_terminal() -> None:
    (finding,) = read('"a\\e[31mb": 1\n"a\\e[31mb": 2\n').findings
    assert "\x1b" not in str(finding)
    assert finding.rule == "challenge/yaml-repeated-key"


def test_the_pure_python_parser_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: [no, 010, &x 1.5]\na: !t 1\nb: *x\nc: *y\n"
    fast = read(text)
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    slow = read(text)
    assert slow.findings == fast.findings
    assert len(fast.findings) == 3
    assert slow.root is not None
    assert fast.root is not None
    assert slow.root.plain() == fast.root.plain()


@given(st.text() | st.text(alphabet="ab:-[]{}&*!'\"#|>%@ \n\t,?0.~<"))
def test_any_text_is_read_or_told(text: str) -> None:
    document = read(text.encode("utf-8", errors="surrogatepass"))
    assert document.root is not None or document.findings
    for finding in document.findings:
        assert finding.rule in CHALLENGE_RULES
        assert finding.message


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_told(data: bytes) -> None:
    document = read(data)
    assert document.root is not None or document.findings


TEXT = st.text(st.characters(exclude_categories=("C", "Zl", "Zp"), exclude_characters="\ufeff\uffff"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | TEXT
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: number == 0 or abs(number) > 1e-300),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_json_is_yaml_and_reads_back_equal(value: object) -> None:
    document = read(json.dumps({"value": value}, ensure_ascii=False))
    assert document.findings == ()
    assert document.root is not None
    assert document.root.plain() == {"value": value}


def test_no_number_is_ever_infinite() -> None:
    document = read("a: 1e308\nb: 179769313486231580793e289\n")
    assert document.root is not None
    assert all(isinstance(value, str) or math.isfinite(value) for value in document.root.plain().values())
    assert len(document.findings) == 1
