"""Pictures in pages: any image small and whole, with what is drawn on it in its own pixels."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compete.reports.thumbnails import (
    LONGEST,
    MARKS,
    Shape,
    edges_of,
    layer_of,
    middle_slice,
    open_picture,
    open_thumbnail,
    scene_of,
)
from tests.building.volumes import volume


def decoded(uri: str) -> Image.Image:
    """The picture in a ``data:`` address."""
    head, _, body = uri.partition(",")
    assert head in {"data:image/png;base64", "data:image/jpeg;base64"}
    return Image.open(io.BytesIO(base64.b64decode(body)))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_mode_becomes_a_small_picture(mode: str, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (300, 600, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    picture = Image.fromarray(pixels[..., 0].astype(np.uint16) * 200) if mode == "I;16" else picture.convert(mode)
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    picture.save(path)
    found = open_thumbnail(str(path))
    assert found
    assert (found.width, found.height) == (600, 300)
    assert decoded(found.uri).size == (LONGEST, LONGEST // 2)


def test_what_cannot_be_shown_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    assert open_thumbnail(str(tmp_path / "a.png")) is None
    assert open_thumbnail(str(tmp_path / "gone.png")) is None


def test_a_picture_on_its_side_is_turned_where_its_boxes_are(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20)).save(tmp_path / "a.jpg", exif=exif)
    for size in ((40, 20), (20, 40)):
        found = open_thumbnail(str(tmp_path / "a.jpg"), size)
        assert found
        assert decoded(found.uri).size == size


def test_the_middle_of_a_volume_is_shown(tmp_path: Path) -> None:
    values = np.arange(5 * 4 * 3, dtype=np.int16).reshape(5, 4, 3)
    assert middle_slice(volume(values)).tolist() == values[2].tolist()
    (tmp_path / "a.nii").write_bytes(volume(values))
    picture = open_picture(str(tmp_path / "a.nii"))
    assert picture
    assert np.asarray(picture).tolist()[0][0] == 0
    assert np.asarray(picture).max() == 255


def test_a_layer_has_each_area_in_its_colour_with_a_hard_edge() -> None:
    codes = np.zeros((60, 80), dtype=np.int64)
    codes[10:30, 10:40] = 2
    codes[40:50, 50:70] = len(MARKS) + 1
    layer = np.asarray(decoded(layer_of(codes, (80, 60))).convert("RGBA"))
    assert layer[0, 0, 3] == 0
    assert layer[20, 25].tolist() == [*bytes.fromhex(MARKS[1][1:]), 96]
    assert layer[10, 10].tolist() == [*bytes.fromhex(MARKS[1][1:]), 255]
    assert layer[45, 60, :3].tolist() == list(bytes.fromhex(MARKS[0][1:]))
    assert edges_of(codes)[9, 10]
    assert not edges_of(codes)[20, 25]
    large = decoded(layer_of(np.ones((2000, 1000), dtype=np.int64), (1000, 2000)))
    assert large.size == (LONGEST // 2, LONGEST)


def test_shapes_stand_in_the_pixels_of_the_picture_and_names_are_escaped(tmp_path: Path) -> None:
    Image.new("L", (400, 200)).save(tmp_path / "a.png")
    found = open_thumbnail(str(tmp_path / "a.png"))
    assert found
    scene = str(scene_of(found, "two <b>", [Shape("<i>", 1, (10, 20.5, 30, 40)), Shape("p", 0, points=((5, 6),))]))
    assert 'viewBox="0 0 400 200"' in scene
    assert 'x="10" y="20.5" width="30" height="40"' in scene
    assert "M5.0 6.0h0" in scene
    assert "&lt;i&gt;" in scene
    assert "<i>" not in scene
    assert 'aria-label="two &lt;b&gt;"' in scene
