"""What is published already is stripped to itself, without a copy; whatever hides behind its form is removed."""

from __future__ import annotations

import pytest

from compete.building.media.jpeg import Damaged, strip_jpeg
from compete.building.media.png import strip_png
from compete.png import png_chunk
from tests.building.test_jpeg import JPEG_SETTINGS, encoded, photograph, segment

SECRET = b"written by Anna"
END = png_chunk(b"IEND", b"")


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("settings", JPEG_SETTINGS.values(), ids=JPEG_SETTINGS)
def test_a_stripped_jpeg_is_handed_back_as_it_is(mode: str, settings: dict[str, object]) -> None:
    first = strip_jpeg(encoded(photograph(mode), "JPEG", **settings))
    again = strip_jpeg(first.data)
    assert again.data is first.data
    assert (again.doubtful, again.plain, again.trailing) == (first.doubtful, first.plain, 0)


@pytest.mark.parametrize("where", [2, 20])
def test_a_segment_as_long_as_the_opening_does_not_pass_for_it(where: int) -> None:
    whole = strip_jpeg(encoded(photograph(), "JPEG")).data
    hidden = segment(0xFE, SECRET[:14])
    assert len(hidden) == 18  # as the opening's JFIF
    for data in (whole[:where] + hidden + whole[where:], whole[:2] + hidden + whole[20:], whole + hidden):
        assert b"Anna" not in strip_jpeg(data).data


@pytest.mark.parametrize("settings", [{}, {"progressive": True}, {"restart_marker_blocks": 2}], ids=str)
def test_scans_lie_where_they_are_said_to_whatever_was_removed_before(settings: dict[str, object]) -> None:
    data = encoded(photograph(), "JPEG", **settings)
    at = data.rindex(b"\xff\xda")
    strange = data[:2] + segment(0xE5, SECRET) + data[2:at] + segment(0xFE, SECRET) + b"\xff\xff" + data[at:] + SECRET
    plain, found = strip_jpeg(data), strip_jpeg(strange)
    assert (found.data, found.doubtful, found.scans) == (plain.data, plain.doubtful, plain.scans)
    assert found.trailing == len(SECRET)


def test_restarts_without_an_end_are_read_once() -> None:
    data = encoded(photograph(), "JPEG", restart_marker_blocks=1)
    begin = data.index(b"\xff\xda") + 14
    with pytest.raises(Damaged, match="middle of its pixels"):
        strip_jpeg(data[:begin] + b"\xff\xd0" * 2_000_000)


def test_a_stripped_png_is_handed_back_as_it_is() -> None:
    for mode in ("RGB", "L", "P", "RGBA", "1"):
        whole = strip_png(encoded(photograph(mode), "PNG")).data
        assert strip_png(whole).data is whole


@pytest.mark.parametrize(
    "ending", [png_chunk(b"IEND", SECRET), END + END, END + SECRET, png_chunk(b"tEXt", SECRET) + END]
)
def test_nothing_hides_behind_the_end_of_a_png(ending: bytes) -> None:
    whole = strip_png(encoded(photograph(), "PNG")).data
    assert strip_png(whole[: -len(END)] + ending).data == whole
