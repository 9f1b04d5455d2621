"""The fast readers of tables say what a slow transcription of the rules says, on input that is made to confuse them."""

import csv
import io
import itertools
import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.errors import SubmissionError
from compete.scoring import scanning
from compete.scoring.coco_order import ordered
from compete.scoring.forms import column_runs, read_images_submission
from compete.scoring.numerals import GRAMMAR, NOT_FINITE, NOTHING
from compete.scoring.submission import Contract, read_submission
from compete.terms import LARGEST_VALUE
from metrics.label_maps import LabelMaps
from tests.scoring.form_images import CLASSES, IDS, some_images, terms_of

KNOWN = ["a", "img_1", "café, two", 'say "x"', "eight_by", "an id of more than twenty-four bytes", "7"]
VALUE = Contract("id", ("value",), "value")
NUMBERS = st.one_of(
    st.floats(0, 1).map(repr),
    st.floats(-1e30, 1e30).map(repr),
    st.floats(0, 1000).map("{:.2f}".format),
    st.integers(-(10**9), 10**18).map(str),
    st.sampled_from(["5.", ".5", "+1", "-0", "1e5", "2E-7", "1.5e+10", "00012.50", "12345678", "1234567.8", "0.1e1"]),
)
OTHERS = st.sampled_from(
    ["", "NA", "nan", "-inf", "1e400", "1e101", "1 ", " 1", "1,5", "1.2.3", ".", "-", "x", "é", "0x1"]
)
LAYOUT = st.fixed_dictionaries(
    {
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        "lineterminator": st.sampled_from(["\n", "\n", "\r\n"]),
    }
)


def written(rows, layout, mark):
    file = io.StringIO(newline="")
    csv.writer(file, **layout).writerows(rows)
    return (b"\xef\xbb\xbf" if mark else b"") + file.getvalue().encode()


def number(text):
    """The number of a cell, or the rule that it breaks."""
    raw = text.encode()
    if GRAMMAR.fullmatch(raw):
        return float(text) if math.isfinite(float(text)) else "submission/not-finite"
    if NOT_FINITE.fullmatch(raw):
        return "submission/not-finite"
    return "submission/empty-cell" if NOTHING.fullmatch(raw) else "submission/not-a-number"


def read_plainly(rows):
    """Values in the order of ids, or how many cells or rows break each rule."""
    found, seen, values = Counter(), set(), {}
    for name, text in rows:
        value = number(text)
        if isinstance(value, str):
            found[value] += 1
        elif abs(value) > LARGEST_VALUE:
            found["submission/out-of-range"] += 1
        if name not in KNOWN:
            found["submission/unknown-id" if name else "submission/empty-cell"] += 1
        elif name in seen:
            found["submission/repeated-id"] += 1
        seen.add(name)
        values[name] = value
    missing = sum(name not in seen for name in KNOWN)
    found += Counter({"submission/missing-id": missing})
    return found or [values[name] for name in KNOWN]


def read_fast(content):
    try:
        return read_submission(content, VALUE, KNOWN).values.tolist()
    except SubmissionError as fault:
        found = Counter()
        for finding in fault.findings:
            found[finding.rule] += finding.count
        return found


@settings(deadline=None)
@given(
    st.permutations(KNOWN),
    st.lists(NUMBERS, min_size=7, max_size=7),
    LAYOUT,
    st.booleans(),
    st.sampled_from([64, 1 << 18]),
)
def test_good_values_are_read_as_csv_and_float_read_them(ids, texts, layout, mark, block):
    rows = list(zip(ids, texts, strict=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanning, "BLOCK", block)
        read = read_fast(written([("id", "value"), *rows], layout, mark))
    assert np.array(read).tobytes() == np.array(read_plainly(rows)).tobytes()


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([*KNOWN, "b", "", " a", "A"]), NUMBERS | OTHERS), min_size=1, max_size=12),
    LAYOUT,
    st.booleans(),
)
def test_faults_are_those_of_a_slow_reading(rows, layout, mark):
    read, plain = read_fast(written([("id", "value"), *rows], layout, mark)), read_plainly(rows)
    assert read == plain


@st.composite
def boxes(draw):
    """Cells of a box inside any of the images, and its numbers."""
    numbers = [draw(st.floats(0, 2)), draw(st.floats(0, 2)), draw(st.floats(0.5, 3)), draw(st.floats(0.5, 3))]
    way = draw(
        st.sampled_from([repr, "{:.2f}".format, "{:.7f}".format, "{:.3e}".format, "{:.20f}".format, "+{:.1f}".format])
    )
    texts = [way(one) for one in numbers]
    return (*texts, draw(st.sampled_from(["0", "1", "0.5", "1e-3", "-0.0", "0.12345678901234567"])))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(CLASSES), boxes()), min_size=1, max_size=30),
    LAYOUT,
    st.booleans(),
)
def test_rows_of_boxes_are_those_of_a_slow_reading(rows, layout, mark):
    rows = [*rows, (IDS[0], CLASSES[0], ("1", "1", "3", "3", "1"))]  # beyond what could be parts of an image
    header = ("id", "class", "x", "y", "width", "height", "score")
    content = written([header, *((name, label, *cells) for name, label, cells in rows)], layout, mark)
    read = read_images_submission(content, terms_of("rows", "boxes"), some_images()).values
    plain = []
    for name, label, cells in rows:
        *box, score = map(float, cells)
        plain.append((IDS.index(name), CLASSES.index(label), -score, *box))
    columns = zip(
        read.image.tolist(), read.category.tolist(), (-read.score).tolist(), *read.box.T.tolist(), strict=True
    )
    assert list(columns) == sorted(plain)


@pytest.mark.parametrize(("groups", "scores"), [(1, 3), (7, 1 << 40), (1 << 15, 50), (1 << 20, 4), (1 << 30, 1 << 40)])
def test_results_are_ordered_as_several_keys_order_them(groups, scores):
    rng = np.random.default_rng(groups)
    group = rng.integers(0, groups, 20_000)
    score = rng.integers(-scores, scores, 20_000) / scores
    content = rng.integers(0, 3, 20_000).astype(np.float64)
    order, repeats = ordered(group, score, lambda row: [content[row]])
    wanted = np.lexsort((np.arange(20_000), content, -score, group))
    assert order.tolist() == wanted.tolist()
    same = np.all([one[wanted][1:] == one[wanted][:-1] for one in (group, score, content)], axis=0)
    assert repeats.tolist() == sorted(wanted[1:][same].tolist())
    again, _ = ordered(group[order], score[order], lambda row: [content[order][row]])
    assert again.tolist() == list(range(20_000))


@st.composite
def columns_of_runs(draw):
    """Small label images, and runs down their columns that say the same."""
    sizes = draw(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=4))
    background, rng = draw(st.integers(0, 2)), np.random.default_rng(draw(st.integers(0, 1 << 30)))
    longest = draw(st.integers(1, 12))
    arrays, runs = [], []
    for place, (height, width) in enumerate(sizes):
        flat = np.repeat(rng.integers(0, 3, height * width), rng.integers(1, longest + 1, height * width))[
            : height * width
        ]
        arrays.append(flat.reshape(width, height).T)
        cut = (np.diff(flat) != 0) | (rng.random(len(flat) - 1) < 0.1)  # runs of one class may touch
        edge = np.concatenate(([0], np.flatnonzero(cut) + 1, [len(flat)])).tolist()
        told = itertools.pairwise(edge)
        runs += [(place, low, high, flat[low]) for low, high in told if flat[low] != background or rng.random() < 0.3]
    return arrays, np.array(runs, dtype=np.int64).reshape(-1, 4).T, background


@settings(deadline=None, max_examples=200)
@given(
    columns_of_runs(), st.sampled_from([1, 40, 1 << 22]), st.sampled_from([(0, 0), (1 << 20, 0), (0, 1 << 20), (2, 2)])
)
def test_label_images_from_runs_are_those_that_are_painted(drawn, pixels, dense):
    arrays, (image, begin, end, value), background = drawn
    height, width = np.array([array.shape for array in arrays], dtype=np.int32).T
    images = SimpleNamespace(height=height, width=width)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(column_runs, "PIXELS", pixels)
        patch.setattr(column_runs, "SPARSE", dense[0])
        patch.setattr(column_runs, "FEW", dense[1])
        found = column_runs.maps_of_columns((image, begin, end), value.astype(np.uint8), background, images)
    painted = LabelMaps.from_arrays(arrays)
    for name in ("shape", "value", "end", "start"):
        assert getattr(found, name).tolist() == getattr(painted, name).tolist()
        assert getattr(found, name).dtype == getattr(painted, name).dtype
