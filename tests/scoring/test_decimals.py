"""Plain decimals read many at once: each is Python's float to the bit, or it is told not to be read."""

import math
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.scoring import numerals
from compete.scoring.decimals import plain_decimals
from compete.scoring.numerals import numbers, numbers_of_columns
from compete.scoring.spans import column_of

PLAIN = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")


def read(texts):
    """The values of cells, and which of them are sure."""
    column = column_of(texts)
    value, sure = plain_decimals(column.buffer, column.start.astype(np.int64), column.length.astype(np.int64))
    return value, np.ones(len(texts), bool) if sure is None else sure


def assert_exact(texts):
    """What is read is a plain decimal and Python's float; tells the texts that are not read."""
    value, sure = read(texts)
    for text, number, good in zip(texts, value.tolist(), sure.tolist(), strict=True):
        assert not good or PLAIN.fullmatch(text), text
        assert not good or np.float64(number).tobytes() == np.float64(text).tobytes(), text
    return [text for text, good in zip(texts, sure.tolist(), strict=True) if not good]


def halfway(digits, below, count):
    """Decimals of so many characters that lie as close as they can to the middle of two floats."""
    chance = np.random.default_rng(digits)
    for near in (chance.random(count) * below).tolist():
        middle = (Fraction(near) + Fraction(math.nextafter(near, math.inf))) / 2
        whole = len(str(int(middle))) + 1
        places = digits - whole
        scaled = middle * 10**places
        for number in (math.floor(scaled), math.ceil(scaled)):
            yield f"{number // 10**places}.{number % 10**places:0{places}d}"


@pytest.mark.parametrize("digits", [16, 17, 18, 19, 20, 21, 22])
@pytest.mark.parametrize("below", [0.001, 1, 8, 100, 65_536])
def test_decimals_next_to_the_middle_of_two_floats(digits, below):
    texts = list(halfway(digits, below, 150))
    assert len(assert_exact(texts)) < len(texts) or digits > 20


@pytest.mark.parametrize("texts", [["0.5"], ["7"], ["1.0"], ["0.0"], ["8.25", "7"]])
def test_easy_numbers_are_read_beside_hard_ones(texts):
    hard = [repr(number) for number in np.random.default_rng(0).random(200).tolist()]
    assert not set(texts) & set(assert_exact([*hard, *texts, *hard]))


@pytest.mark.parametrize("power", range(-12, 53))
def test_floats_around_a_power_of_two(power):
    number = 2.0**power
    near = [number]
    for _ in range(4):
        near = [math.nextafter(near[0], 0), *near, math.nextafter(near[-1], math.inf)]
    assert_exact([f"{number:.{places}f}" for number in near for places in range(1, 19)])


@pytest.mark.parametrize("size", range(1, 27))
def test_cells_of_every_length(size):
    digits = "98765432109876543210987654321"[:size]
    points = [digits[:place] + "." + digits[place + 1 :] for place in range(size)]
    zeros = ["0" * (size - 1) + "7", "0." + "0" * max(size - 3, 0) + "3", "9" * size]
    refused = assert_exact([digits, *points, *zeros])
    if size < 16:
        first = [points[place] for place in range(size) if place >= 8 or size == 1]
        assert set(refused) == set(first)
    for text in (digits, *points, *zeros):  # alone, without others whose length decides how it is read
        assert_exact([text])


@pytest.mark.parametrize(
    "text", ["92233720368547758.07", "9223372036854775807", "922.33720368547758079", "9.99999999999999999"]
)
def test_numbers_that_nearly_fill_63_bits(text):
    assert_exact([text, text[:-1] + "8", "1" + text[1:], "0." + text.replace(".", "")])


@pytest.mark.parametrize(
    "odd", ["1.2.3", "1..2", ".", "..", "", "1e5", "-1", "+1", "1_0", " 1", "1 ", "١", "1.2x", "1,2"]
)
@pytest.mark.parametrize("other", ["1", "0.25", "0.1234567890123456", "12345678901234.567890123"])
def test_what_is_no_plain_decimal_is_not_read(odd, other):
    # Beside others, what follows a cell in the text must not be taken for it.
    assert set(assert_exact([other, odd, other])) == ({odd, other} if other.find(".") > 8 else {odd})


def test_the_numbers_that_most_files_hold_are_all_read_at_once():
    chance = np.random.default_rng(1)
    for scale in (1, 10, 640):
        texts = [repr(number) for number in (chance.random(3000) * scale + 0.001).tolist()]
        assert not assert_exact(texts)
        assert not assert_exact([f"{float(text):.3f}" for text in texts])


@pytest.mark.parametrize("zeros", range(14, 22))
def test_numbers_with_many_digits_behind_the_point(zeros):
    texts = [f"{whole}.{'0' * zeros}{last}" for whole in ("", "0", "00") for last in ("1", "12", "123", "7" * 9)]
    assert_exact(texts)
    assert_exact([text for text in texts if len(text) <= 24])


@settings(deadline=None)
@given(
    st.lists(st.from_regex(r"[0-9]{0,20}\.?[0-9]{0,20}", fullmatch=True) | st.text("0.9x", max_size=26), max_size=40)
)
def test_any_cells(texts):
    assert_exact(texts)


MANY = {
    "signs": "{:.12f}",
    "exponents": "{:.9e}",
    "points far to the right": "{:.3f}",
    "words": "x{}",
}


@pytest.mark.parametrize("form", MANY.values(), ids=MANY)
@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_many_cells_that_are_not_plain(form, share, monkeypatch):
    monkeypatch.setattr(numerals, "CELLS", 64)
    chance = np.random.default_rng(2)
    texts = [
        form.format(number * 1e12) if odd < share else repr(abs(number))
        for number, odd in zip(chance.normal(size=1000).tolist(), chance.random(1000).tolist(), strict=True)
    ]
    found = numbers(column_of(texts))
    wrong = {row: text.encode() for row, text in enumerate(texts) if text.startswith("x")}
    wanted = [math.nan if row in wrong else float(text) for row, text in enumerate(texts)]
    np.testing.assert_array_equal(found.value, wanted)
    assert found.not_number.count == len(wrong)
    assert found.not_number.first == dict(list(wrong.items())[: len(found.not_number.first)])
    assert len(found.not_number.first) == min(len(wrong), numerals.KEPT)


def test_columns_side_by_side_are_read_as_each_alone(monkeypatch):
    monkeypatch.setattr(numerals, "CELLS", 50)
    chance = np.random.default_rng(3)
    columns = [
        [repr(number) for number in chance.random(200).tolist()],
        [f"{number:.2f}" for number in chance.normal(size=200).tolist()],
        ["" if number < 5 else "nan" if number < 9 else str(number) for number in chance.integers(0, 99, 200).tolist()],
    ]
    joined = column_of([text for column in columns for text in column])
    parts = [joined.part(200 * place, 200 * place + 200) for place in range(3)]
    values = list(np.empty((3, 200)))
    for column, value, found in zip(columns, values, numbers_of_columns(parts, values), strict=True):
        alone = numbers(column_of(column))
        np.testing.assert_array_equal(value, alone.value)
        assert (found.empty, found.not_finite) == (alone.empty, alone.not_finite)
