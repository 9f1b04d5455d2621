"""Files of a draft are written whole, and nothing is published but what was proven, whatever of it is known before."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from compete.building.journal import entries_of, write_noted
from compete.building.media import Published, clean_image, strip_again
from compete.files import EPOCH, files_below, whole_folder

ORIGIN = "/source/1.jpg", (1, 2, 3)


@pytest.fixture
def closed_umask() -> Iterator[None]:
    """An account whose new files nobody else may read."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_files_are_for_all_to_read_whatever_the_account_is_used_to(tmp_path: Path, closed_umask: None) -> None:
    with whole_folder(tmp_path / "out", ours=lambda _: False) as draft:
        write_noted(draft, "one", ".jpg", b"work", origin=ORIGIN)
        (draft / "below").mkdir()
        write_noted(draft, "below/two", ".jpg", b"work", origin=ORIGIN)
    found = [path.stat() for path in files_below(tmp_path / "out")]
    assert [(one.st_mode & 0o777, one.st_mtime) for one in found] == [(0o644, EPOCH)] * 2
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out", tmp_path / "out" / "below")} == {0o755}


def test_a_system_that_takes_few_bytes_at_a_time_gets_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed worker left is longer, and is written over."""
    write, root = os.write, tmp_path / "out"
    root.mkdir()
    (root / "one.jpg").write_bytes(b"torn" * 99)
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:7]))
    entry = write_noted(root, "one", ".jpg", b"a whole image", origin=ORIGIN)
    assert (root / "one.jpg").read_bytes() == b"a whole image"
    assert [one for _, one in entries_of(root)] == [entry]


def photograph(about: bytes) -> bytes:
    """A JPEG with a note in it, or none."""
    file = io.BytesIO()
    Image.linear_gradient("L").save(file, "JPEG", comment=about)
    return file.getvalue()


@pytest.mark.parametrize("about", [b"", b"taken by the organizer"])
def test_what_was_proven_is_stripped_again_whatever_its_size(about: bytes) -> None:
    data, plain = photograph(about), clean_image(photograph(about)).data
    assert (data == plain) == (not about)
    for size in (len(plain), len(data), 0):
        known = Published(hashlib.sha256(plain).digest(), "JPEG", ".jpg", 256, 256, "L", size)
        assert strip_again(data, known, "a").data == plain
        changed = bytes([*data[:-3], data[-3] ^ 1, *data[-2:]])
        (finding,) = strip_again(changed, known, "a").findings
        assert finding.rule == "image/changed"
