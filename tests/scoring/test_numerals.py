"""Numbers from text equal Python's float, bit for bit, and nothing else is a number."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.scoring.digits import whole_numbers
from compete.scoring.numerals import GRAMMAR, numbers
from compete.scoring.spans import column_of

ACCEPTED = [
    *("0", "1", "-1", "+1", "007", "0.5", ".5", "5.", "-.5", "+5.", "1e5", "1E5", "1e+05", "1.5e-7", "0e999", "-0"),
    *("-0.0", "1e-400", "1e-320", "2.2250738585072014e-308", "1.7976931348623157e308", "9007199254740993"),
    *("9007199254740992.5", "0.1", "0.30000000000000004", "123456789012345678901234567890", "1e22", "1e23", "8.5e-23"),
    *("0.000123456789012345678", "18446744073709551616", "12345678901234567.25", "0.8444218515250481", "1e0005"),
    *(
        "0." + "0" * 40 + "1",
        "1" * 300,
        "3." + "14159" * 30,
        "5e-324",
        "2.5e-324",
        "1.00000000000000011102230246251565",
    ),
]
REFUSED = [
    *("1_0", "0x1", "1,0", "1 ", " 1", "--1", "+-1", "1.2.3", "1e", "1e+", ".", "+", "e5", "1e5.5", "1ee5", "1d5"),
    *("٣", "１", "1\u200b", "1 000", "25%", "=1+0", "'1'", "true", "1f", "1L", "−1", "1\n", "1.5e-", "0b1", "1.e.5"),
]


def bits(value: float) -> bytes:
    return np.float64(value).tobytes()


def test_accepted_text_equals_float():
    read = numbers(column_of(ACCEPTED))
    assert [bits(value) for value in read.value] == [bits(float(text)) for text in ACCEPTED]
    assert read.empty.count == read.not_finite.count == read.not_number.count == 0


@pytest.mark.parametrize("text", REFUSED)
def test_other_text_is_no_number(text):
    read = numbers(column_of(["1", text, "2"]))
    assert read.not_number.first == {1: text.encode()}
    assert math.isnan(read.value[1])
    assert read.value[[0, 2]].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("text", ["nan", "NaN", "-nan", "inf", "-Inf", "Infinity", "1e400", "-1e309", "9" * 400])
def test_what_is_not_finite_has_its_own_fault(text):
    read = numbers(column_of([text]))
    assert read.not_finite.first == {0: text.encode()}


@pytest.mark.parametrize("text", ["", "NA", "n/a", "null", "None", "#N/A", "-"])
def test_what_says_nothing_has_its_own_fault(text):
    read = numbers(column_of([text, "1"]))
    assert read.empty.first == {0: text.encode()}


def test_faults_are_counted_and_only_the_first_are_kept():
    read = numbers(column_of(["x"] * 40_000 + ["1"]))
    assert read.not_number.count == 40_000
    assert len(read.not_number.first) < 10


def test_no_row_is_no_number():
    assert numbers(column_of([])).value.shape == (0,)


numeral = st.from_regex(r"[+-]?([0-9]{1,25}\.?[0-9]{0,25}|\.[0-9]{1,25})([eE][+-]?[0-9]{1,3})?", fullmatch=True)


@settings(deadline=None)
@given(st.lists(numeral | st.floats(allow_nan=False).map(repr) | st.floats(0, 1).map("{:.6f}".format), max_size=50))
def test_every_numeral_equals_float(texts):
    texts = [text for text in texts if text.isascii() and not math.isinf(float(text))]
    assert [bits(value) for value in numbers(column_of(texts)).value] == [bits(float(text)) for text in texts]


@settings(deadline=None)
@given(st.lists(st.text("+-0123456789.eE _,xnaif%", max_size=12) | st.text("1.9-é\x80ÿ🙂", max_size=26), max_size=50))
def test_the_grammar_decides_alone(texts):
    read = numbers(column_of(texts))
    for text, value in zip(texts, read.value.tolist(), strict=True):
        accepted = GRAMMAR.fullmatch(text.encode()) is not None and not math.isinf(float(text))
        assert math.isnan(value) != accepted
        assert not accepted or bits(value) == bits(float(text))


@pytest.mark.parametrize(
    "way", [repr, "{:.3f}".format, "{:.17g}".format, "{:.10e}".format, "{:.18f}".format, "{:.0f}".format]
)
@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1e-5, 1.0, 1e4, 1e9, 1e20])
def test_long_columns_equal_float(way, scale):
    rng = np.random.default_rng(3)
    texts = [way(value) for value in (rng.normal(size=3000) * scale).tolist()]
    assert numbers(column_of(texts)).value.tolist() == [float(text) for text in texts]


@settings(deadline=None)
@given(
    st.lists(st.from_regex("[0-9]{1,16}", fullmatch=True), max_size=40), st.sampled_from(["", "-1", "1.", "é", " 1"])
)
def test_whole_numbers_are_digits_and_nothing_else(texts, other):
    assert whole_numbers(column_of(texts)).tolist() == [int(text) for text in texts]
    assert whole_numbers(column_of([*texts, other])) is None
    assert whole_numbers(column_of([*texts, "1" * 17])) is None
