"""One look at an image tells what it is, what it shows, and what is wrong with it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compete.audits import looks as looking
from compete.audits.hashes import hashes_of_symmetries
from compete.audits.look_journal import SEAL, kept_looks
from compete.audits.looks import Look, look_findings, looks_of, small_picture
from compete.building.media import clean_image
from compete.version import __version__
from tests.audits.drawn import drawn_scene, seen, write_images


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    pictures = {f"{seed}.{'jpg' if seed % 2 else 'png'}": seen(drawn_scene(seed)) for seed in range(5)}
    return write_images(tmp_path / "images", pictures)


def test_a_look_tells_the_file_and_what_would_be_published(files: list[str]) -> None:
    for path, look in zip(files, looks_of(files, workers=1), strict=True):
        data = Path(path).read_bytes()
        cleaned = clean_image(data)
        assert (look.sha256, look.size) == (hashlib.sha256(data).digest(), len(data))
        assert (look.cleaned, look.published) == (hashlib.sha256(cleaned.data).digest(), len(cleaned.data))
        assert (look.width, look.height, look.mode, look.suffix) == (320, 240, "RGB", Path(path).suffix)
        assert look.kind == {".jpg": "JPEG", ".png": "PNG"}[look.suffix]
        assert (look.tables != 0) == (look.kind == "JPEG")
        assert (look.seen, look.refused, look.flat, look.findings) == (True, False, False, ())


def test_what_a_look_shows_follows_from_half_of_the_small_picture(files: list[str]) -> None:
    for path, look in zip(files, looks_of(files, workers=1), strict=True):
        small = small_picture(path)
        assert small is not None
        assert small.shape == (96, 128)
        with Image.open(path) as image:
            image.draft("L", (80, 60))
            half = np.asarray(image.convert("L").resize((64, 48), Image.Resampling.HAMMING))
        fine = half.repeat(32, axis=0).repeat(32, axis=1)  # each pixel of the square is the mean of what it covers
        square = np.rint(fine.reshape(32, 48, 32, 64).mean(axis=(1, 3))).astype(np.uint8)
        assert look.hashes == hashes_of_symmetries(square[None]).T.astype("<u8").tobytes()
        sides = [half[:4], half[-4:], half[:, :4], half[:, -4:]]
        corners = [side[:, part] for side in sides[:2] for part in (slice(4), slice(-4, None))]
        numbers = [number for side in sides for number in (side.mean(), side.std())] + [one.mean() for one in corners]
        assert list(look.border) == [round(float(number)) for number in numbers]
        thumbnail = np.frombuffer(look.thumbnail, np.uint8).reshape(8, 8)
        assert abs(float(thumbnail.mean()) - float(small.mean())) < 2
        assert 5 < len(look.marks.hash) == len(look.marks.place)


def test_looks_are_the_same_however_many_work_and_in_whatever_company(files: list[str], monkeypatch) -> None:
    monkeypatch.setattr(looking, "SHARD", 2)
    alone = [looks_of([path], workers=1)[0] for path in files]
    told: list[tuple[int, int]] = []
    assert looks_of(files, workers=2, progress=lambda *step: told.append(step)) == alone
    assert told[-1] == (5, 5)


def test_the_date_in_exif_is_seen_and_the_quantisation_told_apart(tmp_path: Path) -> None:
    picture, exif = seen(drawn_scene(1)), Image.Exif()
    exif[0x0132] = "2021:06:30 11:22:33"
    picture.save(tmp_path / "dated.jpg", quality=90, exif=exif)
    picture.save(tmp_path / "plain.jpg", quality=90)
    picture.save(tmp_path / "other.jpg", quality=80)
    dated, plain, other = looks_of([str(tmp_path / f"{name}.jpg") for name in ("dated", "plain", "other")], workers=1)
    assert (dated.taken, plain.taken) == ("2021:06:30 11:22:33", "")
    assert dated.tables == plain.tables != other.tables
    assert dated.cleaned == plain.cleaned
    assert dated.sha256 != plain.sha256


def test_sixteen_bits_are_seen_in_the_range_they_use(tmp_path: Path) -> None:
    deep = np.asarray(seen(drawn_scene(2)).convert("L")).astype(np.uint16) * 16
    low, high = int(deep.min()), int(deep.max())
    Image.fromarray(deep).save(tmp_path / "deep.png")
    Image.fromarray(np.rint((deep - low) * (255 / (high - low))).astype(np.uint8)).save(tmp_path / "plain.png")
    deep_look, plain = looks_of([str(tmp_path / "deep.png"), str(tmp_path / "plain.png")], workers=1)
    assert deep_look.mode == "I;16"
    assert (deep_look.hashes, deep_look.thumbnail) == (plain.hashes, plain.thumbnail)


def test_what_cannot_be_taken_is_told_and_shows_nothing(tmp_path: Path, files: list[str]) -> None:
    cut = tmp_path / "cut.png"
    cut.write_bytes(Path(files[0]).read_bytes()[:-500])
    (tmp_path / "page.jpg").write_text("<html>")
    paths = [str(cut), str(tmp_path / "page.jpg"), str(tmp_path / "absent.png"), files[0]]
    looks = looks_of(paths, names=["a", "b", "c", "d"], workers=1)
    assert [look.refused for look in looks] == [True, True, True, False]
    assert not any(look.seen or look.cleaned for look in looks[:3])
    told = {(one.rule, one.items) for one in look_findings(looks)}
    wanted = {("image/damaged", ("a.png",)), ("image/unsupported", ("b.jpg",)), ("image/unreadable", ("c",))}
    assert told == wanted


@pytest.mark.parametrize(("side", "flat"), [(1, True), (9, True), (300, True)])
def test_a_blank_picture_is_flat(tmp_path: Path, side: int, flat: bool) -> None:
    paths = write_images(tmp_path, {"blank.png": Image.new("RGB", (side, side), (9, 80, 3))})
    assert looks_of(paths, workers=1)[0].flat is flat


def test_a_journal_spares_the_look_at_what_is_as_it_was(tmp_path: Path, files: list[str], monkeypatch) -> None:
    journal, seen_again = tmp_path / "looks", []
    monkeypatch.setattr(looking, "SHARD", 2)
    first = looks_of(files, workers=1, journal=journal)
    original = looking._look
    monkeypatch.setattr(looking, "_look", lambda *task: (seen_again.append(task[0]), original(*task))[1])
    assert looks_of(files, workers=1, journal=journal) == first
    assert seen_again == []
    data = journal.read_bytes()
    journal.write_bytes(data[: len(data) - 20])  # the last line is torn
    seen(drawn_scene(77)).save(files[1], quality=90)
    again = looks_of(files, workers=1, journal=journal)
    assert seen_again == [files[1], files[4]]
    assert (again[0], again[4]) == (first[0], first[4])
    assert again[1].sha256 != first[1].sha256


@pytest.mark.parametrize("where", [0, 5, 30, 400])
def test_a_line_of_the_journal_that_was_changed_is_not_believed(tmp_path: Path, files: list[str], where: int) -> None:
    journal = tmp_path / "looks"
    first = looks_of(files[:1], workers=1, journal=journal)
    data = bytearray(journal.read_bytes())
    data[1 + where] ^= 1
    journal.write_bytes(data)
    assert looks_of(files[:1], workers=1, journal=journal) == first


def test_findings_are_told_again_from_the_journal(tmp_path: Path, files: list[str]) -> None:
    Path(files[0]).write_bytes(Path(files[0]).read_bytes() + b"tail")
    journal = tmp_path / "looks"
    (first,), (again,) = (looks_of(files[:1], workers=1, journal=journal) for _ in range(2))
    assert first == again
    assert [one.rule for one in again.findings] == ["image/trailing-bytes"]


def test_nothing_is_a_look_at_nothing() -> None:
    assert looks_of([]) == []
    assert not Look().seen


def test_a_journal_in_another_layout_is_not_believed(tmp_path: Path, files: list[str]) -> None:
    journal = tmp_path / "looks"
    text = json.dumps([__version__, "a", [files[0], [1, 2, 3]], ["", "", 3]]).encode()
    journal.write_bytes(b"\n" + hashlib.sha256(text).hexdigest()[:SEAL].encode() + text + b"\n")
    assert kept_looks(journal, [(files[0], "a")]) == ([], [])


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (13, 8), (31, 64), (96, 127)])
def test_a_picture_is_halved_as_pillow_does_it(size: tuple[int, int]) -> None:
    stack = np.random.default_rng(1).integers(0, 256, (4, *size)).astype(np.uint8)
    halved = [np.asarray(Image.fromarray(picture).reduce(2)) for picture in stack]
    assert np.array_equal(looking._halved(stack), halved)


def test_small_and_large_pictures_of_one_shard_keep_their_places(tmp_path: Path) -> None:
    pictures = {f"{at}.png": seen(drawn_scene(at)) for at in range(6)}
    for at in (1, 2, 4):
        pictures[f"{at}.png"] = pictures[f"{at}.png"].resize((96, 90 + at))
    paths = write_images(tmp_path, pictures)
    (tmp_path / "3.png").write_bytes(b"nothing")
    looks = looks_of(paths, workers=1)
    assert looks == [looks_of([path], workers=1)[0] for path in paths]
    assert [look.seen for look in looks] == [True, True, True, False, True, True]
