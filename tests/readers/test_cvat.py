"""CVAT's XML: images and tracks, masks, skeletons, turned shapes, what is left out and what is refused."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from compete.dataset import Dataset
from compete.readers.formats.cvat_shapes import Drawn, between
from tests.readers.annotated_files import Read, draw_images, read_at, read_text, real
from tests.readers.coco_files import refused

BOX = '<box label="fish" xtl="1" ytl="2" xbr="11" ybr="22"></box>'


def sheet(*shapes: str, meta: str = "", name: str = "a.png", size: str = 'width="40" height="30"') -> str:
    return f'<annotations><meta>{meta}</meta><image id="0" name="{name}" {size}>{"".join(shapes)}</image></annotations>'


def tracks(*states: str, meta: str = "") -> str:
    inner = "".join(states)
    size = "<original_size><width>40</width><height>30</height></original_size>"
    return (f"<annotations><meta><task>{meta}{size}</task><source>dive.mp4</source></meta>"
            f'<track id="0" label="fish">{inner}</track></annotations>')  # fmt: skip


def state(frame: int, left: float, outside: int = 0, more: str = "") -> str:
    return f'<box frame="{frame}" outside="{outside}" xtl="{left}" ytl="0" xbr="{left + 4}" ybr="4" {more}></box>'


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return partial(read_text, tmp_path, "cvat", name="annotations.xml")


@pytest.fixture
def read_frames(tmp_path: Path) -> Read:
    """Read tracks whose frames 0 to 9 lie there."""

    def reading(text: str, task: str = "detection") -> Dataset:
        for number in range(10):
            draw_images(tmp_path / "drawn", "f")
            (tmp_path / "images").mkdir(exist_ok=True)
            (tmp_path / "drawn" / "f.png").rename(tmp_path / "images" / f"frame_{number:06d}.png")
        (tmp_path / "annotations.xml").write_text(text)
        return read_at(tmp_path, "cvat", "annotations.xml", task)

    return reading


def seen(found: Dataset) -> dict[str, list[float]]:
    rows = found.labels.groupby("item")["x"].apply(list)
    return {str(item).removeprefix("frame_").lstrip("0") or "0": list(values) for item, values in rows.items()}


def test_masks_are_runs_row_by_row_within_their_place(read: Read) -> None:
    mask = '<mask label="fish" rle="1, 2, 1, 2" left="{}" top="{}" width="3" height="2"></mask>'
    found = read(sheet(mask.format(7, 9)), task="instance_segmentation").labels
    assert found[["x", "y", "width", "height", "area"]].to_numpy().tolist() == [[8, 9, 2, 2, 4]]
    found = read(sheet(mask.format(38, 29)), task="instance_segmentation").labels  # what reaches beyond is cut
    assert found[["x", "y", "width", "height", "area"]].to_numpy().tolist() == [[39, 29, 1, 1, 1]]


def test_an_ellipse_is_nearly_its_area(read: Read) -> None:
    shape = '<ellipse label="fish" cx="20" cy="15" rx="10" ry="5" rotation="{}"></ellipse>'
    found = read(sheet(shape.format(0), shape.format(90)), task="instance_segmentation").labels
    assert found["area"].tolist() == pytest.approx([157.08, 157.08], rel=0.03)
    boxes = found[["x", "y", "width", "height"]].to_numpy().round(9).tolist()
    assert boxes == [[10, 10, 20, 10], [15, 5, 10, 20]]


SVG = ('&lt;line data-node-from="2" data-node-to="1"&gt;&lt;/line&gt;'
       '&lt;circle data-node-id="1" data-label-name="tail"&gt;&lt;/circle&gt;'
       '&lt;circle data-node-id="2" data-label-name="nose"&gt;&lt;/circle&gt;')  # fmt: skip
LABELS = ("<task><labels><label><name>fish</name><type>skeleton</type><svg>" + SVG + "</svg></label>"
          "<label><name>nose</name><parent>fish</parent></label><label><name>tail</name><parent>fish</parent></label>"
          "</labels></task>")  # fmt: skip


def test_skeletons_are_keypoints_in_the_order_of_the_drawing(read: Read) -> None:
    points = ('<points label="nose" outside="0" occluded="1" points="3.5,4"></points>'
              '<points label="tail" outside="0" occluded="0" points="10,12"></points>')  # fmt: skip
    found = read(sheet(f'<skeleton label="fish">{points}</skeleton>', meta=LABELS), task="keypoints")
    assert found.categories[0].points == ("tail", "nose")
    assert found.categories[0].skeleton == ((2, 1),)
    assert found.labels["points"].tolist() == [(10, 12, 2, 3.5, 4, 1)]
    gone = points.replace('outside="0" occluded="1"', 'outside="1" occluded="0"')
    found = read(sheet(f'<skeleton label="fish">{gone}</skeleton>', meta=LABELS), task="keypoints")
    assert found.labels["points"].tolist() == [(10, 12, 2, 0, 0, 0)]
    (error,) = refused(read, sheet('<skeleton label="fish"></skeleton>', meta=LABELS), task="keypoints")
    assert error.rule == "dataset/shape"


def test_tracks_fill_the_frames_between_keyframes(read_frames: Read) -> None:
    found = read_frames(tracks(state(1, 0), state(4, 6), state(6, 8, outside=1)))
    assert seen(found) == {"1": [0], "2": [2], "3": [4], "4": [6], "5": [7]}
    assert len(found.items) == 10
    assert set(found.items["video"]) == {"dive.mp4"}
    assert found.items["frame"].tolist() == [str(number) for number in range(10)]


def test_the_last_keyframe_holds_to_the_end_of_the_task(read_frames: Read) -> None:
    meta = "<start_frame>1</start_frame><stop_frame>7</stop_frame><frame_filter>step=2</frame_filter>"
    found = read_frames(tracks(state(3, 5), meta=meta))
    assert seen(found) == {"3": [5], "5": [5], "7": [5]}
    assert found.items["frame"].tolist() == ["1", "3", "5", "7"]


def test_a_polygon_between_keyframes_is_refused_where_it_moves(read_frames: Read) -> None:
    polygon = '<polygon frame="{}" outside="0" points="1,1;5,1;5,{}"></polygon>'
    found = read_frames(tracks(polygon.format(1, 5), polygon.format(3, 5)))
    assert seen(found) == {"1": [1], "2": [1], "3": [1]}
    (error,) = refused(read_frames, tracks(polygon.format(1, 5), polygon.format(3, 6)))
    assert (error.rule, "(frame 2)" in error.items[0]) == ("dataset/shape", True)


def test_the_points_of_a_tracked_skeleton_are_tracks_of_their_own(read_frames: Read) -> None:
    def place(frame: int, x: int) -> str:
        return f'<points frame="{frame}" outside="0" occluded="0" points="{x},4"></points>'

    inner = "".join(
        f'<track id="{number}" label="{name}">{place(1, at)}{place(3, at + 4)}</track>'
        for number, (name, at) in enumerate([("nose", 2), ("tail", 10)], 1)
    )
    frames = '<skeleton frame="1" outside="0"></skeleton><skeleton frame="3" outside="1"></skeleton>'
    text = tracks(frames, inner, meta=LABELS.removeprefix("<task>").removesuffix("</task>"))
    found = read_frames(text, task="keypoints")
    assert dict(zip(found.labels["item"], found.labels["points"], strict=True)) == {
        "frame_000001": (10, 4, 2, 2, 4, 2), "frame_000002": (12, 4, 2, 4, 4, 2),
    }  # fmt: skip


def test_lines_along_a_track_are_no_objects(read_frames: Read) -> None:
    line = '<polyline frame="2" outside="{}" points="1,1;5,5"></polyline>'
    found = read_frames(tracks(state(1, 0), line.format(0), line.format(1), state(3, 4, outside=1)))
    assert seen(found) == {"1": [0], "2": [2]}
    (told,) = [one for one in found.findings if "polyline" in str(one)]
    assert told.count == 1


def test_shapes_turn_the_shorter_way_round() -> None:
    one, other = Drawn("box", (0, 0, 4, 4), 350), Drawn("box", (2, 0, 6, 4), 20)
    middle = between(one, other, 0.5)
    assert middle == Drawn("box", (1, 0, 5, 4), 5)
    there = Drawn("skeleton", (0, 0, 9, 9), names=("a", "b"), sights=(2, 1))
    gone = Drawn("skeleton", (4, 2), names=("a",), sights=(0,))
    assert between(there, gone, 0.5) == Drawn("skeleton", (2, 1, 9, 9), names=("a", "b"), sights=(2, 1))


def test_frames_that_are_not_there_are_told(read: Read) -> None:
    (error,) = refused(read, tracks(state(12, 5)))
    assert error.rule == "dataset/missing-file"
    assert "frame_000012.png" in error.items


def test_points_lines_and_cuboids_are_left_out_and_told(read: Read) -> None:
    others = ['<points label="x" points="1,1"></points>'] * 2 + ['<cuboid label="x"></cuboid>']
    warning = read(sheet(BOX, *others)).findings[0]
    assert (warning.rule, warning.count) == ("dataset/left-out", 3)
    assert warning.items == ("2 × points (annotations.xml:1)", "1 × cuboid (annotations.xml:1)")


def test_subsets_keep_images_of_one_name_apart(tmp_path: Path) -> None:
    for part in ("Train", "Test"):
        draw_images(tmp_path / "data" / "images" / part, "a")
    images = "".join(f'<image id="{at}" name="a.png" subset="{part}" width="40" height="30">{BOX}</image>'
                     for at, part in enumerate(("Test", "Train")))  # fmt: skip
    (tmp_path / "data" / "annotations.xml").write_text(f"<annotations>{images}</annotations>")
    found = read_at(tmp_path, "cvat", "data")
    assert found.items.index.tolist() == ["images/Test/a.png", "images/Train/a.png"]
    assert found.items["split"].tolist() == ["Test", "Train"]


FAULTS = [
    ("<annotation></annotation>", "label-file", "its root is <annotation>"),
    (sheet(BOX)[:-20], "label-file", "annotations.xml:1:"),
    ('<!DOCTYPE a [<!ENTITY x "y">]>' + sheet(BOX), "label-file", "declares entities"),
    ('<!DOCTYPE a SYSTEM "file:///etc/hostname">' + sheet("&x;"), "label-file", "declares entities"),
    ("<annotations></annotations>", "label-file", "there is no annotated image"),
    (sheet(BOX, name="x&#10;y.png"), "file-name", "1 image has no name"),
    (sheet(BOX, name="x" * 300), "file-name", "1 image has no name"),
    (sheet(BOX, name=""), "file-name", "1 image has no name"),
    (sheet(BOX.replace("fish", " ")), "category", "annotations.xml:1"),
    (sheet(BOX.replace('"11"', '"wide"')), "shape", "annotations.xml:1"),
    (sheet('<polygon label="fish" points="1,2;3,4"></polygon>'), "shape", "annotations.xml:1"),
    (sheet('<polygon label="fish" points="1,2;3;5,6"></polygon>'), "shape", "annotations.xml:1"),
    (sheet('<ellipse label="fish" cx="1" cy="1" rx="-1" ry="1"></ellipse>'), "shape", "annotations.xml:1"),
    (sheet('<mask label="fish" rle="1,2" left="0" top="0" width="2" height="2"></mask>'), "shape", "annotations.xml:1"),
    (sheet('<mask label="fish" rle="-1,5" left="0" top="0" width="2" height="2"></mask>'), "shape", "annotations.xml"),
    (sheet('<mask label="fish" rle="9" left="0" top="0" width="3" height="3"></mask>', size=""), "shape", ":1"),
    (tracks('<box frame="x" xtl="1" ytl="1" xbr="2" ybr="2"></box>'), "shape", "(frame)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rule", "words"), FAULTS)
def test_faults_are_told(read: Read, text: str, rule: str, words: str) -> None:
    errors = refused(read, text)
    assert f"dataset/{rule}" in [error.rule for error in errors]
    assert any(words in str(error) for error in errors)


def test_tracks_of_several_tasks_are_refused(read: Read) -> None:
    track = '<track label="fish" task_id="{}"></track>'
    (error,) = refused(read, f"<annotations>{track.format(1)}{track.format(2)}</annotations>")
    assert error.message == "the tracks belong to several tasks"


def test_a_folder_of_several_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("one.xml", "two.xml"):
        (tmp_path / "data" / name).write_text(sheet(BOX))
    (error,) = refused(read_at, tmp_path, "cvat", "data")
    assert error.message == "data holds 2 XML files"


@pytest.mark.real_data
def test_real_files(tmp_path: Path) -> None:
    from compete.readers.formats.cvat_file import read_cvat

    path = real("exports", "neon_cvat").resolve()
    found = read_cvat(path)
    assert (len(found.file), len(found.annotations)) == (577, 11655)
    assert (found.size[0], dict(found.columns)) == ((5568, 3712), {})
    assert "person@example.org" not in repr(found)
    (error,) = refused(read_at, tmp_path, "cvat", path)
    assert (error.rule, error.count) == ("dataset/missing-file", 577)


@pytest.mark.real_data
def test_real_videos_and_projects(tmp_path: Path) -> None:
    path = real("exports", "datumaro", "cvat_dataset").resolve()
    found = read_at(tmp_path, "cvat", path / "for_video")
    assert found.items["frame"].tolist() == ["10", "13", "16"]
    assert found.labels[["label", "x", "y", "width", "height"]].to_numpy().tolist() == [["II", 3, 4, 7, 1]]
    found = read_at(tmp_path, "cvat", path / "for_images" / "export_project")
    assert found.items["split"].tolist() == ["Test", "Test", "Train", "Train", "Validation", "Validation"]
    assert found.labels[["x", "y", "width", "height"]].to_numpy().tolist() == [[0, 2, 4, 2], [1, 2, 5, 3]] * 3
