"""Bad submissions of images in every form of table and archive: each is refused for its own reason, with a cure."""

from __future__ import annotations

import gzip
import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from compete.errors import SubmissionError
from compete.files import zip_bytes
from compete.png import png_bytes
from compete.scoring.archives import ARCHIVE_RULES
from compete.scoring.coco_rules import COCO_RULES
from compete.scoring.forms import as_submission, read_images_submission
from compete.scoring.forms.rules import FORM_RULES
from compete.scoring.pictures import PICTURE_RULES
from compete.scoring.rules import RULES
from metrics.label_maps import LabelMaps
from metrics.masks import Masks
from tests.scoring.form_images import IDS, SIZES, random_segments, some_images, terms_of

IMAGES = some_images()
ROWS = terms_of("rows", "boxes")
CORNERS = terms_of("rows", "boxes", coordinates="xyxy")
STRINGS = terms_of("strings", "boxes")
ONE = terms_of("strings", "boxes", classes=("cat",))
OBJECTS = terms_of("runs", "masks")
CLASSES = terms_of("runs", "label_maps")
INK = terms_of("runs", "label_maps", classes=("paper", "ink"), columns=("rle",))
PICTURES = terms_of("png", "label_maps", ignore_value=200)
SEGMENTS = terms_of("png", "segments", things=("cat", "owl"))

BOX = "id,class,x,y,width,height,score\nimg_0001,cat,1,2,30,20,0.9\nimg_0003,dog,0,0,8,8,0.5\n"
CORNER = "id,class,left,top,right,bottom,score\nimg_0001,cat,1,2,31,22,0.9\nimg_0003,dog,0,0,8,8,0.5\n"
RUN = "id,class,rle,score\nimg_0001,cat,1 5 41 5,0.9\nimg_0003,dog,3 4,0.5\n"
CLASS = 'id,class,rle\nimg_0001,dog,1 5 41 5\nimg_0003,owl,3 4\nimg_0003,dog,65 10\n"café, two",dog,1 1\n'


def one_row(cell, where=0, head="id,PredictionString", others=""):
    """A table with one row an image."""
    cells = [cell if place == where else others for place in range(len(IDS))]
    return head + "\n" + "".join(f'"{name}","{one}"\n' for name, one in zip(IDS, cells, strict=True))


def runs(cell, **more):
    return one_row(cell, head="id,rle", **more)


GOOD = one_row("cat 0.9 1 2 30 20 dog 0.5 0 0 8 8")
INKED = runs("1 5 41 5")


def pictures(change=None, drop=(), more=None):
    """A zip of label images."""
    members = {f"{name}.png": png_bytes(np.zeros(size, int)) for name, size in zip(IDS, SIZES, strict=True)}
    members.update({f"{name}.png": png_bytes(np.asarray(array)) for name, array in (change or {}).items()})
    members.update(more or {})
    return zip_bytes({name: content for name, content in members.items() if name not in drop})


def values(number, size=SIZES[0]):
    array = np.zeros(size, dtype=int)
    array[3, :4] = number
    return array


def segments(change=None, said=None, drop=(), more=None):
    """A panoptic zip whose ``panoptic.json`` or members are changed."""
    with zipfile.ZipFile(
        io.BytesIO(as_submission(random_segments(np.random.default_rng(0)), SEGMENTS, IMAGES))
    ) as zipped:
        members = {name: zipped.read(name) for name in zipped.namelist()}
    if said:
        content = json.loads(members["panoptic.json"])
        said(content["annotations"])
        members["panoptic.json"] = json.dumps(content).encode()
    members.update({f"{name}.png": png_bytes(array, segments=True) for name, array in (change or {}).items()})
    members.update(more or {})
    return zip_bytes({name: content for name, content in members.items() if name not in drop})


def coco_text():
    return Masks.from_bitmaps([values(1)]).text.tobytes().decode()


def squares(texts):
    """Many boxes, one a text, in the first image."""
    return "".join(f"img_0001,cat,{text},0.{place + 1:03}\n" for place, text in enumerate(texts))


def changed(place, **entry):
    return lambda listed: listed[place].update(entry)


def all_categories(more):
    """Every category number that much higher."""
    return lambda listed: [held.update(category_id=held["category_id"] + more) for one in listed
                           for held in one["segments_info"]]  # fmt: skip


ALL_PNG = ("img_0001.png", "café, two.png", "img_0003.png", "img_0004.png")


def exchanged(name):
    """The PNG of an image as OpenCV would write it: blue before red."""
    with zipfile.ZipFile(io.BytesIO(segments())) as zipped, Image.open(io.BytesIO(zipped.read(name))) as image:
        red, green, blue = image.convert("RGB").split()
    out = io.BytesIO()
    Image.merge("RGB", (blue, green, red)).save(out, "PNG")
    return out.getvalue()


def with_segments(change):
    return lambda listed: change(listed[0]["segments_info"])


FIRST = {"id": 1, "category_id": 7}
BAD = [
    # one row a box
    (ROWS, "submission/empty-file", ""),
    (ROWS, "submission/empty-file", BOX.split("\n", 1)[0] + "\n"),
    (ROWS, "submission/encoding", BOX.encode("utf-16")),
    (ROWS, "submission/not-csv", json.dumps([{"image_id": 1}])),
    (ROWS, "submission/not-csv", gzip.compress(BOX.encode())),
    (ROWS, "submission/not-csv", BOX.replace(",", ";")),
    (ROWS, "submission/missing-column", BOX.replace("width", "w")),
    (ROWS, "submission/missing-column", BOX.replace("id,", "image_id,", 1)),
    (ROWS, "submission/missing-column", CORNER),
    (ROWS, "submission/extra-column", "\n".join(f"{line},9" for line in BOX.split())),
    (ROWS, "submission/ragged-row", BOX + "img_0003,dog,0\n"),
    (ROWS, "submission/control-character", BOX.replace("cat", "cat\0")),
    (ROWS, "submission/unknown-id", BOX.replace("img_0001", "img_1")),
    (ROWS, "submission/unknown-id", BOX.replace("img_0001", "IMG_0001")),
    (ROWS, "submission/unknown-id", BOX.replace("img_0001", "1")),
    (ROWS, "submission/unknown-id", BOX.replace("img_0001", "img_0001.jpg")),
    (ROWS, "submission/empty-cell", BOX.replace("img_0001", "")),
    (ROWS, "submission/empty-cell", BOX.replace("cat", "")),
    (ROWS, "submission/empty-cell", BOX.replace("0.9", "")),
    (ROWS, "submission/unknown-label", BOX.replace("cat", "Cat")),
    (ROWS, "submission/unknown-label", BOX.replace("cat", "1")),
    *((ROWS, "submission/not-a-number", BOX.replace(",30,", f",{text},")) for text in ("a", "1_0", '"1,5"', "٣", "0x")),
    *((ROWS, "submission/not-finite", BOX.replace("0.9", text)) for text in ("nan", "inf", "1e400")),
    (ROWS, "submission/out-of-range", BOX.replace(",30,", ",1e200,")),
    *((ROWS, "submission/box-size", BOX.replace(",30,", f",{text},")) for text in ("0", "-30")),
    (ROWS, "submission/outside-image", BOX.replace(",1,2,", ",61,2,")),
    (ROWS, "submission/outside-image", BOX.replace(",30,20,", ",3e4,20,")),
    (ROWS, "submission/relative-box", BOX.replace("1,2,30,20", "0.1,0.2,0.5,0.5").replace("0,0,8,8", "0,0,0.5,0.25")),
    (ROWS, "submission/too-many", BOX + squares(f"{k % 9},1,5,{1 + k % 30}" for k in range(51))),
    (ROWS, "submission/too-many", BOX + "img_0001,cat,1,2,30,20,0.9\n" * 1600),
    # corners
    (CORNERS, "submission/missing-column", BOX),
    (CORNERS, "submission/box-size", CORNER.replace("31,22", "31,2")),
    (CORNERS, "submission/box-size", CORNER.replace("31,22", "0,1") + squares(["5,5,9,9"] * 9)),
    (CORNERS, "submission/box-sizes", CORNER + squares(f"{20 + k},15,{5 + k % 3},{4 + k % 4}" for k in range(9))),
    (CORNERS, "submission/relative-box", CORNER.replace("1,2,31,22", "0.1,0.2,0.5,0.5").replace("8,8", "0.5,1")),
    (CORNERS, "submission/outside-image", CORNER.replace("1,2,31,22", "70,2,80,22")),
    # prediction strings
    (STRINGS, "submission/missing-id", "\n".join(GOOD.split("\n")[:3])),
    (STRINGS, "submission/repeated-id", GOOD + "img_0003,\n"),
    (STRINGS, "submission/unknown-id", GOOD.replace("img_0003", "img_0033")),
    (STRINGS, "submission/missing-column", GOOD.replace("PredictionString", "prediction")),
    (STRINGS, "submission/prediction-string", one_row("cat 0.9 1 2 30")),
    (STRINGS, "submission/prediction-string", one_row("0.9 1 2 30 20")),
    (STRINGS, "submission/word-order", one_row("cat 5 2 30 20 0.9 dog 7 8 9 10 1")),
    (STRINGS, "submission/prediction-string", one_row("cat 0.9 1 2 30 20 dog")),
    (STRINGS, "submission/prediction-string", one_row("cat,0.9,1,2,30,20")),
    *((STRINGS, "submission/prediction-string", one_row(text)) for text in ("nan", "-", "none")),
    (STRINGS, "submission/unknown-label", one_row("cow 0.9 1 2 30 20")),
    (STRINGS, "submission/unknown-label", one_row("0.9 cat 1 2 30 20")),
    (STRINGS, "submission/unknown-label", one_row("1 0.9 1 2 30 20")),
    (STRINGS, "submission/not-a-number", one_row("cat 0,9 1 2 30 20")),
    (STRINGS, "submission/not-a-number", one_row("cat 0.9 [1 2 30 20]")),
    (STRINGS, "submission/not-a-number", one_row("cat 0.9 1\u00a0 2 30 20")),
    (STRINGS, "submission/not-finite", one_row("cat nan 1 2 30 20")),
    (STRINGS, "submission/box-size", one_row("cat 0.9 1 2 0 20")),
    (STRINGS, "submission/outside-image", one_row("cat 0.9 1 200 30 20")),
    (STRINGS, "submission/too-many", one_row(" ".join(f"cat 0.9 1 2 {k} 20" for k in range(1, 52)))),
    (STRINGS, "submission/too-large", one_row("cat 0.9 1 2 30 20 " * 5000)),
    (ONE, "submission/prediction-string", one_row("0.9 1 2 30")),
    (ONE, "submission/prediction-string", one_row("cat 0.9 1 2 30")),
    (ONE, "submission/unknown-label", one_row("dog 0.9 1 2 30 20 cat 0.9 1 2 30 20 " * 5, others="cat 1 1 1 2 2")),
    # run lengths of objects
    (OBJECTS, "submission/missing-column", RUN.replace("rle", "mask")),
    (OBJECTS, "submission/unknown-id", RUN.replace("img_0001", "img_9")),
    (OBJECTS, "submission/unknown-label", RUN.replace("cat", "cow")),
    (OBJECTS, "submission/not-a-number", RUN.replace("0.9", "high")),
    *(
        (OBJECTS, "submission/run-length", RUN.replace("1 5 41 5", text))
        for text in (
            *("0 5", "1 0", "-1 5", "1 -5", "1", "1 5 41", "2400 2", "9999 1", "5 5 1 2", "1 5 4 2", "1.0 5", "+1 5"),
            *("1_0 5", "9" * 30 + " 1", "\u0661 5", "1\t5", '"1,5"', "1;5", "nan", "-1", "-", "[1 5]", "1 5 x"),
            *(coco_text(), "1\u00a05", "1  2 3", "0x1 5"),
        )
    ),
    (OBJECTS, "submission/too-many", RUN + "".join(f"img_0001,cat,{k} 1,0.5\n" for k in range(1, 52))),
    # run lengths of classes
    (CLASSES, "submission/unknown-label", CLASS.replace("owl", "cow")),
    (CLASSES, "submission/run-length", CLASS.replace("3 4", "3 4000")),
    (CLASSES, "submission/repeated-class", CLASS.replace("owl", "dog")),
    (CLASSES, "submission/overlapping-classes", CLASS.replace("3 4", "3 70")),
    (CLASSES, "submission/overlapping-classes", CLASS.replace("65 10", "1 1024")),
    (CLASSES, "submission/unknown-id", CLASS.replace("img_0003", "img_3")),
    (INK, "submission/missing-id", "id,rle\nimg_0001,1 5\n"),
    (INK, "submission/repeated-id", INKED + "img_0001,1 5\n"),
    (INK, "submission/extra-column", CLASS.replace("dog", "ink").replace("owl", "ink")),
    *((INK, "submission/run-length", runs(text)) for text in ("0 5", "2398 5", "5", "-", "1 0", "1e1 5", "1 5 3 9")),
    # label pictures
    (PICTURES, "archive/not-archive", b"mine"),
    (PICTURES, "archive/empty", zip_bytes({})),
    (PICTURES, "archive/unexpected-member", pictures(more={"score.py": b"x"})),
    (PICTURES, "archive/escaping-name", pictures(more={"../x.png": b"x"})),
    (PICTURES, "archive/same-name", pictures(more={"IMG_0001.png": b"x"})),
    (PICTURES, "submission/missing-id", pictures(drop=("img_0003.png",))),
    (PICTURES, "submission/unknown-id", pictures(more={"img_9.png": png_bytes(values(0))})),
    (PICTURES, "submission/unknown-id", pictures(more={"a/img_0001.png": png_bytes(values(0))})),
    (PICTURES, "picture/not-png", pictures(more={"img_0001.png": b"\xff\xd8\xff\xe0 JPEG"})),
    (PICTURES, "picture/damaged", pictures(more={"img_0001.png": png_bytes(values(0))[:-20]})),
    (PICTURES, "picture/size", pictures({"img_0001": values(0).T})),
    (PICTURES, "picture/unknown-class", pictures({"img_0001": values(3)})),
    (PICTURES, "picture/unknown-class", pictures({"img_0001": values(200)})),
    (PICTURES, "picture/unknown-class", pictures({"img_0001": values(40_000)})),
    (PICTURES, "picture/kind", pictures(more={"img_0001.png": png_bytes(values(1), segments=True)})),
    # segments
    (SEGMENTS, "submission/missing-member", segments(drop=("panoptic.json",))),
    (SEGMENTS, "submission/missing-member", segments(drop=("img_0001.png",))),
    (SEGMENTS, "submission/missing-member", segments(said=changed(0, file_name="panoptic/img_0001.png"))),
    (SEGMENTS, "archive/unexpected-member", segments(more={"x.png": png_bytes(values(0))})),
    (SEGMENTS, "archive/unexpected-member", segments(more={"more.json": b"{}"})),
    (SEGMENTS, "archive/unexpected-member", segments(more={"predictions.json": b"{}"})),
    (SEGMENTS, "submission/not-panoptic", segments(more={"panoptic.json": b"[]"})),
    (SEGMENTS, "submission/cut-off", segments(more={"panoptic.json": b'{"annotations": ['})),
    (SEGMENTS, "submission/missing-image", segments(said=lambda listed: listed.pop(0), drop=("img_0001.png",))),
    (SEGMENTS, "submission/repeated-image", segments(said=changed(0, image_id=2))),
    (SEGMENTS, "submission/repeated-file", segments(said=changed(0, file_name="img_0003.png"))),
    (SEGMENTS, "submission/unknown-category", segments(said=with_segments(lambda held: held[0].update(category_id=1)))),
    (SEGMENTS, "submission/unlisted-segment", segments(said=with_segments(lambda held: held.pop()))),
    (SEGMENTS, "submission/empty-segment", segments(said=with_segments(lambda held: held.append({**FIRST, "id": 5})))),
    (SEGMENTS, "submission/repeated-segment", segments(said=with_segments(lambda held: held.append(FIRST)))),
    (SEGMENTS, "submission/segment-id", segments(said=with_segments(lambda held: held.append({**FIRST, "id": 0})))),
    (SEGMENTS, "submission/empty-segment", segments({"img_0001": values(0)})),
    (SEGMENTS, "picture/size", segments({"img_0001": values(0)[1:]})),
    (SEGMENTS, "picture/damaged", segments(more={"img_0001.png": png_bytes(values(0), segments=True)[:-9]})),
]  # fmt: skip
EXPLAINED = {**RULES, **COCO_RULES, **ARCHIVE_RULES, **PICTURE_RULES, **FORM_RULES}


def refused(terms, content, images=IMAGES):
    with pytest.raises(SubmissionError) as caught:
        read_images_submission(content if isinstance(content, bytes) else content.encode(), terms, images, name="s.x")
    return {finding.rule: finding for finding in caught.value.findings}


@pytest.mark.parametrize(
    ("terms", "rule", "content"), BAD, ids=[f"{place}-{one[0].form}-{one[1]}" for place, one in enumerate(BAD)]
)
def test_bad_files_are_refused_for_the_right_reason(terms, rule, content):
    told = refused(terms, content)
    assert rule in told, told
    for finding in told.values():
        assert finding.rule in EXPLAINED
        assert finding.where.startswith("s.x"), finding
        assert finding.message[0].islower() or finding.message[0].isdigit() or finding.message.startswith("panoptic")
        assert finding.hint or finding.severity != "error", finding
        assert str(finding).replace("\n", "").isprintable()
        assert len(str(finding)) < 800


def test_the_corpus_is_large():
    assert len(BAD) >= 100


@pytest.mark.parametrize(
    ("terms", "content", "words"),
    [
        (STRINGS, one_row("0.9 1 2 30 20"), "the class seems to be missing"),
        (STRINGS, one_row("cat 1 2 30 20"), "the score seems to be missing"),
        (STRINGS, one_row("cat 5 2 30 20 0.9"), "write class score x y width height"),
        (STRINGS, one_row("nan"), "leave the cell empty"),
        (STRINGS, one_row("cat,0.9,1,2,30,20"), "separated by blanks"),
        (OBJECTS, RUN.replace("1 5 41 5", "0 5 40 5"), "counted from 1; add 1"),
        (OBJECTS, RUN.replace("1 5 41 5", "5 20 41 60"), None),
        (OBJECTS, RUN.replace("1 5 41 5", "2301 2340 2361 2390"), "starts and ends"),
        (OBJECTS, RUN.replace("1 5 41 5", coco_text()), "COCO's compressed run lengths"),
        (OBJECTS, RUN.replace("1 5 41 5", "[1 5]"), "no brackets"),
        (OBJECTS, RUN.replace("1 5 41 5", "1.0 5.0"), "no decimal points"),
        (OBJECTS, RUN.replace("1 5 41 5", "\u0661 5"), "digits 0 to 9"),
        (OBJECTS, RUN.replace("1 5 41 5", "nan"), "leave the cell empty"),
        (PICTURES, pictures({"img_0001": values(200)}), "200 marks what is not scored"),
        (PICTURES, pictures(more={"Img_0003.png": b""}, drop=("img_0003.png",)), "did you mean img_0003?"),
        (SEGMENTS, segments(said=changed(0, file_name="a/img_0001.png")), "without the folder"),
        (SEGMENTS, segments(said=all_categories(-1)), "category numbers begin at 7, yours at 6"),
        (SEGMENTS, segments(more={name: exchanged(name) for name in ALL_PNG}), "red and blue are exchanged"),
        (CORNERS, CORNER + squares(["30,20,5,5"] * 9), "right is x + width"),
        (ROWS, BOX.replace("img_0001", "img_0001.jpg"), "without the file ending"),
        (ROWS, BOX.replace("img_0001", "zebra"), "take them from sample_submission.csv"),
        (PICTURES, pictures(more={"zebra.png": png_bytes(values(0))}), "take them from sample_submission.zip"),
    ],
)
def test_the_cure_is_told(terms, content, words):
    if words is None:  # overlapping as start and length and not rising as ends: nothing special is known
        read_images_submission(content.encode(), terms, IMAGES)
        return
    assert any(words in finding.hint for finding in refused(terms, content).values())


def test_several_faults_are_told_at_once():
    text = BOX.replace("img_0001", "img_1").replace("dog", "cow").replace("0.5", "x") + "img_0003,cat,1,1,0,5,0.1\n"
    assert set(refused(ROWS, text)) == {
        "submission/unknown-id", "submission/unknown-label", "submission/not-a-number", "submission/box-size",
    }  # fmt: skip
    told = refused(PICTURES, pictures({"img_0001": values(9)}, drop=("img_0003.png",), more={"y.png": b""}))
    assert set(told) == {"submission/missing-id", "submission/unknown-id", "picture/unknown-class"}


def test_boxes_as_corners_are_told_and_scored():
    corners = [f"{20 + k},15,{45 + k},{35 + k % 4}" for k in range(9)]
    read = read_images_submission((BOX.split("\n", 1)[0] + "\n" + squares(corners)).encode(), ROWS, IMAGES)
    assert {one.rule for one in read.warnings} == {"submission/box-corners", "submission/image-without-rows"}


def test_repeats_and_odd_scores_are_told():
    text = BOX + "img_0001,cat,1,2,30,20,0.9\nimg_0003,dog,0,0,8,9,17\n"
    told = {one.rule: one for one in read_images_submission(text.encode(), ROWS, IMAGES, name="s.csv").warnings}
    assert set(told) == {"submission/repeated-result", "submission/score-range", "submission/image-without-rows"}
    assert told["submission/repeated-result"].where == "s.csv:4"
    assert told["submission/score-range"].items == ("img_0003: 17",)
    text = RUN + "img_0001,cat,1 5 41 5,0.9\n"
    rules = [one.rule for one in read_images_submission(text.encode(), OBJECTS, IMAGES).warnings]
    assert rules == ["submission/repeated-result", "submission/image-without-rows"]


def test_places_in_prediction_strings_are_lines():
    told = refused(STRINGS, one_row("cat 0.9 1 2 30 20 cow 0.5 1 1 2 2", where=2))
    finding = told["submission/unknown-label"]
    assert (finding.where, finding.items) == ("s.x:4", ("cow",))


def test_ignored_pixels_are_no_secret_class():
    maps = LabelMaps.from_arrays([np.full(size, 200) for size in SIZES])
    written = zip_bytes({f"{name}.png": png_bytes(maps.array(place)) for place, name in enumerate(IDS)})
    assert set(refused(PICTURES, written)) == {"picture/unknown-class"}


MENDED = {
    "rows": (ROWS, BOX),
    "corners": (CORNERS, CORNER),
    "strings": (STRINGS, GOOD),
    "one class": (ONE, one_row("cat 0.9 1 2 30 20")),
    "runs of objects": (OBJECTS, RUN),
    "runs of classes": (CLASSES, CLASS),
    "runs of one class": (INK, INKED),
    "pictures": (PICTURES, pictures()),
    "segments": (SEGMENTS, segments()),
}


@pytest.mark.parametrize("name", MENDED)
def test_the_files_that_were_spoiled_are_good(name):
    terms, content = MENDED[name]
    read = read_images_submission(content if isinstance(content, bytes) else content.encode(), terms, IMAGES)
    assert {one.rule for one in read.warnings} <= {"submission/image-without-rows"}


@pytest.mark.parametrize("name", MENDED)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_spoiled_files_are_read_or_refused_and_nothing_else(name, data):
    terms, content = MENDED[name]
    raw = bytearray(content if isinstance(content, bytes) else content.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        if data.draw(st.booleans()):
            raw[place] = data.draw(st.sampled_from(b'0123456789 ,.-+eE"\n\tax\0\xc3\xff'))
        else:
            raw[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    try:
        read = read_images_submission(bytes(raw), terms, IMAGES)
    except SubmissionError as error:
        said = error.findings
    else:
        said = (read.canonical_sha256(),)
    assert said
