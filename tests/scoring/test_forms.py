"""Every form of predictions of images: what is written reads back the same, whatever its order."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.errors import SubmissionError
from compete.scoring.coco_boxes import check_numbers
from compete.scoring.coco_columns import Columns
from compete.scoring.forms import FORMS, as_submission, read_images_submission, run_masks
from compete.scoring.forms.boxes import all_inside
from compete.scoring.forms.tables import RowReport
from compete.scoring.forms.words import words_of
from compete.scoring.image_trial import reordered
from compete.scoring.spans import column_of
from compete.scoring.table import read_table
from compete.terms import IMAGE_TASKS
from metrics.label_maps import LabelMaps
from metrics.masks import Masks
from metrics.objects import Objects
from metrics.runs import write_pairs
from tests.scoring.form_images import (
    IDS,
    SIZES,
    random_boxes,
    random_maps,
    random_masks,
    random_segments,
    some_images,
    terms_of,
)

IMAGES = some_images()
CASES = {
    "coco boxes": (terms_of("coco", "boxes"), random_boxes),
    "coco masks": (terms_of("coco", "masks"), random_masks),
    "rows": (terms_of("rows", "boxes"), random_boxes),
    "rows of corners": (terms_of("rows", "boxes", coordinates="xyxy"), random_boxes),
    "strings": (terms_of("strings", "boxes"), random_boxes),
    "strings of corners": (terms_of("strings", "boxes", coordinates="xyxy"), random_boxes),
    "strings of one class": (
        terms_of("strings", "boxes", classes=("7",)),
        lambda rng: random_boxes(rng, classes=1),
    ),
    "runs of objects": (terms_of("runs", "masks"), random_masks),
    "compressed runs of objects": (terms_of("coco_runs", "masks"), random_masks),
    "runs of one kind of object": (
        terms_of("runs", "masks", classes=("cat",), columns=("rle", "score")),
        lambda rng: random_masks(rng, classes=1),
    ),
    "runs of classes": (terms_of("runs", "label_maps"), random_maps),
    "runs of one class": (
        terms_of("runs", "label_maps", classes=("paper", "ink"), columns=("rle",)),
        lambda rng: random_maps(rng, classes=2),
    ),
    "pictures": (terms_of("png", "label_maps"), random_maps),
    "pictures of wide numbers": (
        terms_of("png", "label_maps", class_ids=(0, 1, 2, 300), classes=("a", "b", "c", "d")),
        lambda rng: random_maps(rng, classes=3),
    ),
    "segments": (terms_of("png", "segments", things=("cat", "owl")), random_segments),
}


def assert_same(one, other):
    """Records say the same: equal arrays, boxes up to the rounding of a sum."""
    assert type(one) is type(other)
    if isinstance(one, LabelMaps):
        assert one.images == other.images
        for place in range(one.images):
            np.testing.assert_array_equal(one.array(place), other.array(place))
        return
    for field in dataclasses.fields(one):
        first, second = getattr(one, field.name), getattr(other, field.name)
        if field.name == "maps":
            assert_same(first, second)
        elif field.name == "mask" and first is not None:
            assert first.text.tobytes() == second.text.tobytes()
            np.testing.assert_array_equal(first.start, second.start)
            np.testing.assert_array_equal(first.height, second.height)
        elif not (first is None and second is None) and field.name != "crowd":
            np.testing.assert_array_equal(first, second)


def in_order(record):
    """Objects by image, class and falling score, as the readers bring them."""
    if not isinstance(record, Objects):
        return record
    return record.take(np.lexsort((-record.score, record.category, record.image)))


def test_every_form_of_every_task_has_a_reader_and_is_tested_here():
    wanted = {(form, kind) for kind, forms in IMAGE_TASKS.values() for form in forms}
    assert set(FORMS) == wanted
    tested = {(terms.form, terms.kind) for terms, _ in CASES.values()}
    assert tested == wanted - {("coco", "points"), ("nifti", "label_maps")}  # volumes: see test_nifti.py


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1 << 30))
def test_what_is_written_reads_back_the_same_in_any_order(name, seed):
    terms, random = CASES[name]
    record = random(np.random.default_rng(seed))
    written = as_submission(record, terms, IMAGES)
    read = read_images_submission(written, terms, IMAGES)
    assert_same(read.values, in_order(record))
    other = read_images_submission(reordered(written, terms.form), terms, IMAGES)
    assert_same(other.values, read.values)
    assert other.canonical_sha256() == read.canonical_sha256()
    assert not [one.rule for one in read.warnings if one.rule != "submission/image-without-rows"]
    changed = random(np.random.default_rng(seed + 1))
    again = read_images_submission(as_submission(changed, terms, IMAGES), terms, IMAGES)
    assert again.canonical_sha256() != read.canonical_sha256()


@pytest.mark.parametrize("name", CASES)
def test_a_path_reads_as_its_bytes(name, tmp_path):
    terms, random = CASES[name]
    written = as_submission(random(np.random.default_rng(1)), terms, IMAGES)
    path = tmp_path / terms.sample_name
    path.write_bytes(written)
    assert_same(
        read_images_submission(path, terms, IMAGES).values, read_images_submission(written, terms, IMAGES).values
    )
    assert read_images_submission(path, terms, IMAGES).sha256 == read_images_submission(written, terms, IMAGES).sha256


def test_numbers_of_segments_are_only_names():
    terms, random = CASES["segments"]
    record = random(np.random.default_rng(3))
    renamed = dataclasses.replace(
        record,
        maps=record.maps.revalued(np.where(record.maps.value > 0, 16_777_216 - record.maps.value.astype(np.int64), 0)),
        segment=16_777_216 - record.segment,
    )
    one, other = (
        read_images_submission(as_submission(each, terms, IMAGES), terms, IMAGES) for each in (record, renamed)
    )
    assert one.sha256 != other.sha256
    assert one.canonical_sha256() == other.canonical_sha256()


def test_truth_is_written_without_crowds_and_with_score_one():
    truth = Objects(
        4, 3, np.array([0, 1, 2]), np.array([0, 1, 2]), box=np.array([[1.0, 2, 3, 4]] * 3), crowd=np.array([0, 1, 0]),
        ignore=np.array([0, 0, 1]),
    )  # fmt: skip
    for name in ("rows", "strings"):
        read = read_images_submission(as_submission(truth, CASES[name][0], IMAGES), CASES[name][0], IMAGES).values
        assert (read.image.tolist(), read.score.tolist()) == ([0], [1.0])


def test_pixels_that_are_not_scored_are_written_as_the_first_class():
    maps = LabelMaps.from_arrays([np.full(size, 255) for size in SIZES])
    for name in ("pictures", "runs of classes", "runs of one class"):
        terms = dataclasses.replace(CASES[name][0], ignore_value=255)
        read = read_images_submission(as_submission(maps, terms, IMAGES), terms, IMAGES).values
        assert read.values().tolist() == [0]


def test_images_without_rows_hold_nothing_and_are_told():
    terms = CASES["rows"][0]
    read = read_images_submission(b"score,height,width,y,x,class,id\n0.5,4,3,2,1,dog,img_0003\n", terms, IMAGES)
    assert (read.values.image.tolist(), read.values.category.tolist()) == ([2], [1])
    assert read.values.box.tolist() == [[1, 2, 3, 4]]
    (warning,) = read.warnings
    assert (warning.rule, warning.count, warning.severity) == ("submission/image-without-rows", 3, "warning")


def test_the_class_may_be_left_out_where_there_is_one():
    terms = CASES["strings of one class"][0]
    rows = ["0.5 1 2 3 4 0.25 5 6 7 8", "", "  0.125  1 1 2 2 ", ""]
    text = "id,PredictionString\n" + "\n".join(f'"{name}",{row}' for name, row in zip(IDS, rows, strict=True))
    read = read_images_submission(text.encode(), terms, IMAGES).values
    assert read.score.tolist() == [0.5, 0.25, 0.125]
    assert read.box.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8], [1, 1, 2, 2]]
    # thirty words are six boxes of five words or five of six; where each sixth is the class, it is the class
    rows[0] = " ".join(f"7 0.{place} 1 2 3 4" for place in range(1, 6))
    rows[2] = ""
    text = "id,PredictionString\n" + "\n".join(f'"{name}",{row}' for name, row in zip(IDS, rows, strict=True))
    assert read_images_submission(text.encode(), terms, IMAGES).values.score.tolist() == [0.5, 0.4, 0.3, 0.2, 0.1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab 1.", max_size=9), max_size=30))
def test_words_are_those_of_split(cells):
    word, row = words_of(column_of(cells))
    assert word.tolist() == [one for cell in cells for one in cell.split(" ") if one]
    assert row.tolist() == [place for place, cell in enumerate(cells) for one in cell.split(" ") if one]


def test_words_are_found_across_blocks(monkeypatch):
    monkeypatch.setattr("compete.scoring.forms.words.BLOCK", 7)
    cells = ["a bb", "", "ccc d  e", "f" * 20, " "]
    word, row = words_of(column_of(cells))
    assert (word.tolist(), row.tolist()) == (["a", "bb", "ccc", "d", "e", "f" * 20], [0, 0, 2, 2, 2, 3])


def test_runs_count_down_the_columns_from_one_and_may_touch():
    terms = CASES["runs of one kind of object"][0]
    read = read_images_submission(b"id,rle,score\nimg_0004,1 2 3 1 6 5,0.5\n", terms, IMAGES)
    (area,) = read.values.mask.bitmaps()
    expected = np.zeros((5, 7), dtype=bool)
    expected[:3, 0] = expected[:, 1] = True
    np.testing.assert_array_equal(area, expected)


pairs = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), max_size=5).map(sorted)
rising = pairs.map(lambda runs: " ".join(f"{start + 9 * place} {size}" for place, (start, size) in enumerate(runs)))


@settings(max_examples=500, deadline=None)
@given(st.lists(rising | st.text("0123 ", max_size=25) | st.text("12 9.\t\né", max_size=12), max_size=6))
def test_run_lengths_read_at_once_are_those_read_one_by_one(texts):
    column = column_of(texts)
    height, width = np.full(len(texts), 8, np.int32), np.arange(7, 7 + len(texts), dtype=np.int32)
    found, masks = run_masks._good_runs(column, height, width), Masks.from_pairs(texts, height, width)
    assert (found is None) == bool(masks.faults.any())
    if found is not None:
        assert found.masks().text.tobytes() == masks.text.tobytes()
        np.testing.assert_array_equal(found.area(), masks.area)
        some = np.arange(0, len(texts), 2)
        assert found.take(some).masks().text.tobytes() == masks.take(some).text.tobytes()


@pytest.mark.parametrize("text", ["0" * 10 + "1 1", "1 1"])
def test_numbers_of_eleven_digits_and_images_beyond_all_masks_are_read_one_by_one(text):
    side = np.array([8 if text[0] == "0" else 1 << 15], np.int32)
    assert run_masks._good_runs(column_of([text]), side, side) is None
    assert Masks.from_pairs([text], side, side).faults.any()


edges = st.sampled_from([-70.0, -60.0, -1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 2.0, 5.0, 39.0, 40.0, 41.0, 60.0, 61.5, 700.0])


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(edges, edges, edges, edges), min_size=1, max_size=4), st.booleans())
def test_boxes_that_are_plainly_inside_have_nothing_to_be_told(boxes, corners):
    terms, value = CASES["rows of corners" if corners else "rows"][0], [*np.array(boxes).T]
    number, image = np.stack(value, axis=1), np.zeros(len(boxes), dtype=np.int32)
    if corners:
        number[:, 2:] -= number[:, :2]
    report = RowReport(read_table(b"id\n1\n2\n3\n4\n"), str)
    columns = Columns(image, image, np.ones(len(boxes)), number)
    check_numbers(columns, "boxes", image, IMAGES, report)
    assert not (all_inside(value, image, IMAGES, terms) and report.findings)
    assert all_inside([np.array([1.0]), np.array([2.0]), np.array([9.0]), np.array([30.0])], image[:1], IMAGES, terms)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("coco boxes", b'[{"image_id":1,"category_id":1,"bbox":[1,1,2,2],"score":1}]', "result"),
        ("rows", b"id,class,x,y,width,height,score\nimg_0001,cat,1,1,2,2,1\n", "row"),
        ("runs of objects", b"id,class,rle,score\nimg_0001,cat,1 1,1\n", "row"),
        ("runs of classes", b"id,class,rle\nimg_0001,dog,1 1\n", "row"),
    ],
)
def test_images_that_nothing_names_are_warned_of(name, content, word):
    (told,) = read_images_submission(content, CASES[name][0], IMAGES, "mine").warnings
    assert (told.rule, told.severity, told.where) == ("submission/image-without-rows", "warning", "mine")
    assert told.message == f"3 test images of 4 without a {word}"
    assert told.items == ("'café, two'", "img_0003", "img_0004")


def test_a_row_without_runs_says_nothing():
    terms = CASES["runs of objects"][0]
    text = 'id,class,rle,score\nimg_0001,dog,1 5,0.5\nimg_0003,,,\n"café, two",cat,  ,1\n'
    read = read_images_submission(text.encode(), terms, IMAGES)
    assert (read.values.count, read.rows) == (1, 3)
    assert [one.items for one in read.warnings] == [("img_0004",)]


def test_pixels_that_no_row_names_are_of_the_first_class():
    terms = CASES["runs of classes"][0]
    read = read_images_submission(b"id,class,rle\nimg_0004,owl,6 5\nimg_0004,dog,1 1\n", terms, IMAGES)
    expected = np.zeros((5, 7), dtype=int)
    expected[:, 1], expected[0, 0] = 2, 1
    np.testing.assert_array_equal(read.values.array(3), expected)
    assert read.values.array(0).max() == 0
    assert [one.rule for one in read.warnings] == ["submission/image-without-rows"]
    read = read_images_submission(b"id,class,rle\nimg_0004,owl,6 5\nimg_0004,cat,1 1\n", terms, IMAGES)
    assert [one.rule for one in read.warnings] == ["submission/no-class", "submission/image-without-rows"]


def test_label_images_are_painted_some_at_a_time(monkeypatch):
    terms, record = CASES["runs of classes"][0], random_maps(np.random.default_rng(8))
    written = as_submission(record, terms, IMAGES)
    whole = read_images_submission(written, terms, IMAGES)
    monkeypatch.setattr("compete.scoring.forms.column_runs.PIXELS", 100)
    assert read_images_submission(written, terms, IMAGES).canonical_sha256() == whole.canonical_sha256()


def test_objects_without_boxes_or_masks_cannot_be_written_so():
    for name, other in (("rows", "runs of objects"), ("runs of objects", "rows")):
        with pytest.raises(ValueError, match=r"have no (boxes|masks)"):
            as_submission(CASES[other][1](np.random.default_rng(0)), CASES[name][0], IMAGES)


def test_masks_along_the_rows_are_doubted_where_height_and_width_differ():
    area = np.zeros((64, 16), dtype=bool)
    area[20:40, 3:12] = True
    along = Masks.from_bitmaps([area.T]).counts()  # what an encoder writes that forgets to transpose
    terms = CASES["runs of one kind of object"][0]
    told = [
        [
            one.rule
            for one in read_images_submission(f"id,rle,score\nimg_0003,{runs},1\n".encode(), terms, IMAGES).warnings
        ]
        for runs in (*write_pairs(*along), *write_pairs(*Masks.from_bitmaps([area]).counts()))
    ]
    assert told == [["submission/row-order", "submission/image-without-rows"], ["submission/image-without-rows"]]


def test_a_single_image_may_come_as_a_bare_picture(tmp_path):
    images, terms = some_images(IDS[:1], SIZES[:1]), CASES["pictures"][0]
    maps = random_maps(np.random.default_rng(2)).take(np.array([0]))
    written = as_submission(maps, terms, images)
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        bare = archive.read("img_0001.png")
    path = tmp_path / "mine.png"
    path.write_bytes(bare)
    one, other, third = (read_images_submission(each, terms, images) for each in (written, bare, path))
    assert one.canonical_sha256() == other.canonical_sha256() == third.canonical_sha256()
    with pytest.raises(SubmissionError, match="archive/not-archive"):
        read_images_submission(bare, terms, IMAGES)


def test_black_and_white_is_read_as_the_two_classes():
    terms = terms_of("png", "label_maps", classes=("paper", "ink"), ignore_value=255)
    maps = random_maps(np.random.default_rng(5), classes=2)
    white = maps.revalued(np.where(maps.value > 0, 255, 0).astype(np.uint8))
    bright = dataclasses.replace(terms, class_ids=(0, 255))
    read = read_images_submission(as_submission(white, bright, IMAGES), terms, IMAGES)
    assert_same(read.values, maps)
    assert [one.rule for one in read.warnings] == ["picture/white"]


def test_a_zip_in_a_folder_and_with_the_junk_of_a_mac_is_read():
    terms, random = CASES["segments"]
    written = as_submission(random(np.random.default_rng(7)), terms, IMAGES)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(written)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            target.writestr(f"mine/{name}", source.read(name))
        target.writestr("__MACOSX/._x.png", b"")
    read = read_images_submission(out.getvalue(), terms, IMAGES)
    assert read.canonical_sha256() == read_images_submission(written, terms, IMAGES).canonical_sha256()
    assert [one.rule for one in read.warnings] == ["archive/ignored-member"]


def test_panoptic_json_names_what_is_in_the_pictures():
    terms, random = CASES["segments"]
    record = random(np.random.default_rng(9))
    with zipfile.ZipFile(io.BytesIO(as_submission(record, terms, IMAGES))) as archive:
        said = json.loads(archive.read("panoptic.json"))
    assert [one["image_id"] for one in said["annotations"]] == [1, 2, 3, 4]
    assert {held["category_id"] for one in said["annotations"] for held in one["segments_info"]} <= set(terms.class_ids)


def test_segments_may_come_as_detectron2_names_their_file():
    terms, random = CASES["segments"]
    written = as_submission(random(np.random.default_rng(9)), terms, IMAGES)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(written)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            target.writestr("predictions.json" if name == "panoptic.json" else name, source.read(name))
    read = read_images_submission(out.getvalue(), terms, IMAGES)
    assert read.canonical_sha256() == read_images_submission(written, terms, IMAGES).canonical_sha256()
    assert not read.warnings


def test_noise_and_masks_as_wide_as_high_raise_no_doubt():
    terms, rng = CASES["runs of one kind of object"][0], np.random.default_rng(0)
    for density in (0.03, 0.1, 0.5):
        noise = Masks.from_bitmaps(rng.random((1, 64, 16)) < density)
        one = Objects(4, 1, np.array([2]), np.array([0]), mask=noise, score=np.ones(1))
        read = read_images_submission(as_submission(one, terms, IMAGES), terms, IMAGES)
        assert [warning.rule for warning in read.warnings] == ["submission/image-without-rows"]
    square = some_images(["a"], [(30, 30)])
    area = np.zeros((30, 30), dtype=bool)
    area[3:9, 5:25] = True
    one = Objects(1, 1, np.array([0]), np.array([0]), mask=Masks.from_bitmaps([area.T]), score=np.ones(1))
    assert not read_images_submission(as_submission(one, terms, square), terms, square).warnings
