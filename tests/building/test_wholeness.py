"""The short way of decoding a JPEG shows and refuses what the long one does; files are read as they are."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compete.building.media import clean_image, read_image, suffix_of, wholeness
from compete.building.media.jpeg import strip_jpeg
from tests.building.test_jpeg import encoded, photograph

KINDS = {
    "plain": {},
    "optimized": {"optimize": True},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_rows": 1},
    "fine": {"quality": 100, "subsampling": 0},
    "coarse": {"quality": 20},
    "no marker of colours": {"keep_rgb": True},
}


def harmed(data: bytes, chance: random.Random) -> Iterator[bytes]:
    """The file whole, cut, cut and closed, with zeros, noise, or a single bit changed somewhere."""
    yield data
    for _ in range(3):
        at = chance.randrange(20, len(data) - 2)
        stretch = chance.randrange(1, 200)
        yield data[:at]
        yield data[:at] + b"\xff\xd9"
        yield data[:at] + bytes(stretch) + data[at + stretch :]
        yield data[:at] + chance.randbytes(stretch) + data[at + stretch :]
        for place in (at, chance.randrange(2, 600), len(data) - chance.randrange(3, 70)):
            yield data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


def judged(data: bytes) -> tuple[object, ...]:
    """Everything that is told of an image."""
    found = clean_image(data, "a.jpg")
    pixels = None if found.picture is None else (found.picture.mode, found.picture.size, found.picture.tobytes())
    return found, pixels


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_short_way_tells_what_the_long_way_tells(monkeypatch: pytest.MonkeyPatch, mode: str, kind: str) -> None:
    chance = random.Random(f"{mode} {kind}")
    width, height = chance.choice([(400, 300), (70, 90), (1100, 40), (333, 517)])
    data = encoded(photograph(mode, width, height, chance.randrange(99)), "JPEG", **KINDS[kind])
    short = [judged(one) for one in harmed(data, random.Random(1))]
    monkeypatch.setattr(wholeness, "_prove_plain", lambda *_: None)
    assert short == [judged(one) for one in harmed(data, random.Random(1))]


@pytest.mark.parametrize("last", [0, 127, 128, 255])
def test_what_ends_black_or_grey_is_proven_as_before(monkeypatch: pytest.MonkeyPatch, last: int) -> None:
    pixels = np.asarray(photograph(width=300, height=200)).copy()
    for rows in (1, 8, 40):
        pixels[-rows:] = last
        data = encoded(Image.fromarray(pixels), "JPEG")
        with monkeypatch.context() as within:
            short = [judged(one) for one in harmed(data, random.Random(rows))]
            within.setattr(wholeness, "_prove_plain", lambda *_: None)
            assert short == [judged(one) for one in harmed(data, random.Random(rows))]


def test_a_photograph_is_decoded_once_and_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("the long way was taken")

    monkeypatch.setattr(wholeness, "opened", refuse)
    for mode in ("RGB", "L"):
        stripped = strip_jpeg(encoded(photograph(mode, 640, 480), "JPEG"))
        proven = wholeness.prove_whole("JPEG", stripped, 640 * 480)
        assert (proven.width, proven.height, proven.mode, proven.picture.size) == (640, 480, mode, (80, 60))


def test_the_short_way_takes_no_more_pixels_than_the_long_one() -> None:
    stripped = strip_jpeg(encoded(photograph(width=640, height=480), "JPEG"))
    with pytest.raises(wholeness.Refused, match="more than 307199 pixels"):
        wholeness.prove_whole("JPEG", stripped, 640 * 480 - 1)


def test_what_cannot_be_identified_is_told_in_the_same_words_each_time() -> None:
    data = encoded(photograph(), "JPEG")
    frame = data.index(b"\xff\xc0")
    broken = data[: frame + 4] + b"\x0b" + data[frame + 5 :]
    (found,) = clean_image(broken, "a.jpg").findings
    assert found.message == "the image is damaged: its header cannot be read"


@pytest.mark.parametrize(
    "name",
    [
        "a.jpg",
        "a/b.JPG",
        "a.b/c",
        ".jpg",
        "a/.jpg",
        "a",
        "",
        "a..jpg",
        "x.nii.gz",
        "a/b.c/d.e",
        "...",
        "a/..x",
        "a.b c",
    ],
)
def test_a_suffix_is_what_paths_call_so(name: str) -> None:
    assert suffix_of(name) == Path(name).suffix


def test_a_file_is_read_whole_also_while_it_grows_or_shrinks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, fstat = tmp_path / "a.bin", os.fstat
    content = bytes(range(256)) * 5000
    path.write_bytes(content)
    assert read_image(str(path))[0] == content
    for size in (0, 7, len(content) - 1, len(content) + 9):
        with monkeypatch.context() as within:
            within.setattr(os, "fstat", lambda handle, size=size: Sized(fstat(handle), size))
            assert read_image(str(path))[0] == content


class Sized:
    """What the system tells of a file, but for its size."""

    def __init__(self, found: os.stat_result, size: int) -> None:
        self.found, self.st_size = found, size

    def __getattr__(self, name: str) -> object:
        return getattr(self.found, name)
