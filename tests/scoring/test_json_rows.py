"""Lists of objects written alike: numpy reads them as Python's json does, to the bit, or leaves them alone."""

import json
import random
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.scoring import coco, coco_content, coco_rows, coco_typed, json_rows
from compete.scoring.json_layout import REAL, TEXT, WHOLE, read_layout
from compete.scoring.json_numbers import LONGEST, real_numbers, whole_numbers
from compete.scoring.json_rows import read_rows
from compete.scoring.json_text import load_json
from compete.scoring.source import Caps
from compete.scoring.spans import column_of
from compete.scoring.texts import join_texts, texts_of
from tests.scoring.coco_engines import reading_with
from tests.scoring.coco_files import compressed, images, results, same, terms, written

KINDS = ("boxes", "masks", "points")
FORMS = {
    "json.dump": {},
    "narrow": {"separators": (",", ":")},
    "wide": {"separators": (" ,\t", " : ")},
    "indented": {"indent": 1},
    "sorted": {"sort_keys": True},
}
NUMBER = st.one_of(
    st.text("0123456789.-+eE", min_size=1, max_size=20),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(-1000, 1000, width=32).map(repr),
    st.integers(-(10**18), 10**18).map(str),
    st.tuples(st.floats(-1000, 1000), st.integers(0, 12)).map(lambda pair: repr(round(*pair))),
    st.tuples(st.integers(0, 10**6), st.from_regex(r"[0-9]{1,12}", fullmatch=True)).map("{0[0]}.{0[1]}".format),
)


def read(reader, *texts):
    column = column_of(texts)
    start = column.start.astype(np.int64)
    return reader(column.buffer, start, start + column.length)


def meant(text, kinds):
    """What Python's json says of a number; None for what is none, or of another kind."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if type(value) in kinds else None


@settings(deadline=None, max_examples=2000)
@given(NUMBER)
def test_a_number_is_read_as_json_reads_it_or_not_at_all(text):
    expected = meant(text, (int, float))
    value, good = read(real_numbers, text)
    assert good == (expected is not None and len(text) <= LONGEST and abs(float(expected)) < float("inf"))
    assert not good or float(value[0]).hex() == float(expected).hex()
    expected = meant(text, (int,))
    value, good = read(whole_numbers, text)
    assert good == (expected is not None and len(text.lstrip("-")) <= 16)
    assert not good or int(value[0]) == expected


def test_numbers_of_all_sizes_together_are_exact():
    generator = random.Random(5)
    texts = [repr(generator.random() * 10 ** generator.randint(-9, 9)) for _ in range(3000)]
    texts += [repr(struct.unpack("f", struct.pack("f", generator.uniform(0, 700)))[0]) for _ in range(3000)]
    texts += [str(generator.randint(0, 10 ** generator.randint(1, 15))) for _ in range(3000)]
    texts += [f"{generator.uniform(-99, 99):.{generator.randint(1, 6)}f}" for _ in range(3000)]
    texts += ["-0", "-0.0", "-0e5", "0", "-0.5"]
    for some in (texts, sorted(texts, key=len)[:5000], [f"0.{k:07d}" for k in range(3000)]):
        value, good = read(real_numbers, *some)
        assert good
        assert list(map(float.hex, value.tolist())) == [float(json.loads(text)).hex() for text in some]
    assert [part.tolist() for part in (read(real_numbers)[0], read(whole_numbers)[0])] == [[], []]


def prediction(kind, count=40):
    return compressed(results(kind, seed=7, count=count))


def loaded(rows, **form):
    return load_json(written(rows, **form), Caps())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_alike_is_read_without_an_object(kind, form):
    rows = prediction(kind)
    columns = coco_rows.alike_columns(loaded(rows, **FORMS[form]), kind, 2)
    assert columns is not None
    assert columns.image.tolist() == [one["image_id"] for one in rows]
    assert columns.category.tolist() == [one["category_id"] for one in rows]
    assert columns.score.tolist() == [one["score"] for one in rows]
    if kind == "masks":
        assert columns.shapes.size.tolist() == [one["segmentation"]["size"] for one in rows]
        assert columns.shapes.text.tolist() == [one["segmentation"]["counts"].encode() for one in rows]
    else:
        assert columns.numbers.tolist() == [one["bbox" if kind == "boxes" else "keypoints"] for one in rows]


@pytest.mark.parametrize("block", [1, 70, 300, 1000])
@pytest.mark.parametrize("worth", [1, 1 << 20], ids=["threads", "one thread"])
@pytest.mark.parametrize("kind", KINDS)
def test_cuts_and_threads_change_nothing(kind, worth, block, monkeypatch):
    raw = written(prediction(kind, 60))
    with reading_with("json"):
        expected = coco.read_results(raw, terms(kind), images())[0]
    monkeypatch.setattr(json_rows, "BLOCK", block)
    monkeypatch.setattr(json_rows, "WORTH", worth)
    assert coco_rows.alike_columns(load_json(raw, Caps()), kind, 2) is not None
    assert same(coco.read_results(raw, terms(kind), images())[0], expected)


def test_escaped_backslashes_divide_a_text_and_come_out_single():
    texts = ["\\", "a", "", "\\\\", "ab\\c", "\\x\\", "0" * 90]
    rows = [{"k": 1, "t": text, "u": "\\"} for text in texts * 3]
    source = loaded(rows)
    kinds = {("k",): WHOLE, ("t",): TEXT, ("u",): TEXT}
    layout = read_layout(source.buffer, source.begin + 1, source.end, kinds)
    found = read_rows(source.buffer, source.begin + 1, source.end - 1, layout, [("t",)])
    assert found.texts(("t",)).tolist() == [text.encode() for text in texts * 3]
    order = np.array([6, 0, 3, 3, 20])
    assert found.texts(("t",)).take(order).tolist() == [(texts * 3)[place].encode() for place in order]


OTHER = {
    "a text with a quote": ("t", 'a"b'),
    "a text with a tab": ("t", "a\tb"),
    "a text beyond ASCII": ("t", "é"),
    "a comma in a text": ("t", "a,b"),
    "a text for a number": ("k", "1"),
    "a float for a whole number": ("k", 1.0),
    "null": ("r", None),
    "true": ("k", True),
    "a list": ("r", [1.5]),
    "NaN": ("r", float("nan")),
    "infinity": ("r", float("inf")),
    "a number beyond floats": ("k", 10**400),
}


@pytest.mark.parametrize("place", [0, 1, 5, 9])
@pytest.mark.parametrize("what", OTHER)
def test_one_object_that_is_written_otherwise_leaves_all_to_another_reader(what, place):
    rows = [{"k": k, "r": k + 0.5, "t": "abc"} for k in range(10)]
    kinds = {("k",): WHOLE, ("r",): REAL, ("t",): TEXT}
    key, value = OTHER[what]

    def found(rows):
        source = loaded(rows)
        layout = read_layout(source.buffer, source.begin + 1, source.end, kinds)
        return layout and read_rows(source.buffer, source.begin + 1, source.end - 1, layout, [("t",)])

    assert found(rows) is not None
    rows[place][key] = value
    assert found(rows) is None


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_scratched_list_is_read_as_something_else(data):
    rows = [{"k": k, "r": [k + 0.25, 2], "t": "a\\b"} for k in range(6)]
    raw = bytearray(written(rows))
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.sampled_from(list(b'",:{}[]\\ 0159.-eE\n\t\x7fax')))
    source = load_json(b"[" + bytes(raw[1:-1]) + b"]", Caps())
    kinds = {("k",): WHOLE, ("r", 0): REAL, ("r", 1): REAL, ("t",): TEXT}
    layout = read_layout(source.buffer, source.begin + 1, source.end, kinds)
    found = layout and read_rows(source.buffer, source.begin + 1, source.end - 1, layout, [("t",)])
    if found:
        value = json.loads(source.content())
        assert found.numbers(("k",))[0].tolist() == [one["k"] for one in value]
        assert found.numbers(("r", 0), ("r", 1)).T.tolist() == [one["r"] for one in value]
        assert found.texts(("t",)).tolist() == [one["t"].encode() for one in value]


def test_texts_of_several_buffers_are_joined():
    parts = [texts_of(b"abcde", np.array([2, 0, 3])), texts_of(b"xy", np.array([2]))]
    both = join_texts(parts)
    assert both.tolist() == [b"ab", b"", b"cde", b"xy"]
    assert both.take(np.array([3, 0])).tolist() == [b"xy", b"ab"]


def annotated(kind, **image):
    rows = [{**one, "id": k, "iscrowd": k % 2, "area": k + 0.5} for k, one in enumerate(prediction(kind))]
    for one in rows:
        if kind == "points":
            one["bbox"], one["keypoints"] = [0, 0, 5, 5.5], [1, 2, 2, 3.5, 4, 1]
        del one["score"]
    listed = [{"id": k, "height": 64, "width": 64, "file_name": f"{k}.jpg", **image} for k in range(1, 6)]
    categories = [{"id": k, "name": f"c{k}"} for k in (1, 2, 4)]
    return {"info": {"year": 2026, "lists": [{}]}, "images": listed, "annotations": rows, "categories": categories}


@pytest.mark.parametrize("kind", KINDS)
def test_annotations_written_alike_are_read_without_an_object(kind):
    file = annotated(kind)
    for text in (json.dumps(file), json.dumps(file, indent=2), json.dumps(dict(reversed(file.items())))):
        content = coco_content.alike_content(load_json(text.encode(), Caps()), kind)
        assert content is not None
        assert content.images.tolist() == [[one[key] for key in ("id", "height", "width")] for one in file["images"]]
        assert content.categories == [(1, "c1"), (2, "c2"), (4, "c4")]
        assert content.table.crowd.tolist() == [one["iscrowd"] == 1 for one in file["annotations"]]
        assert content.table.area.tolist() == [one["area"] for one in file["annotations"]]
        if kind == "masks":
            counts = [one["segmentation"]["counts"].encode() for one in file["annotations"]]
            assert content.table.shapes.text.tolist() == counts
        else:
            assert content.table.box.tolist() == [one["bbox"] for one in file["annotations"]]
        if kind == "points":
            assert content.table.points.tolist() == [[[1, 2, 2], [3.5, 4, 1]]] * len(file["annotations"])


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "1",
        lambda text: text.replace('"images"', '"annotations"', 1),
        lambda text: text.replace('"info"', '"in\\u0066o"'),
        lambda text: text.replace('"c1"', '"é"'),
        lambda text: text.replace('"c1"', "1"),
        lambda text: text.replace('"bbox"', '"box"'),
        lambda text: text.replace("2026", "2026" + " " * (1 << 17)),
        lambda text: text[:-1],
        lambda text: f"[{text}]",
        lambda text: text.replace('}], "categories"', '}]; "categories"'),
    ],
)
def test_other_annotation_files_are_left_to_another_reader(change):
    text = json.dumps(annotated("boxes"))
    assert change(text) != text
    assert coco_content.alike_content(load_json(change(text).encode(), Caps()), "boxes") is None


@pytest.mark.parametrize("engine", ["numpy", "json"])
def test_long_numbers_are_read_alike_with_msgspec_and_without(engine):
    rows = [{**one, "bbox": [side + 1 / 3 for side in one["bbox"]]} for one in prediction("boxes", 100)]
    expected = coco.read_results(written(rows), terms(), images())[0]
    assert np.isin(expected.box, [side for one in rows for side in one["bbox"]]).all()
    with reading_with(engine), pytest.MonkeyPatch.context() as patch:
        patch.setattr(coco_typed, "plain_columns", lambda *_: None)
        assert same(coco.read_results(written(rows), terms(), images())[0], expected)
