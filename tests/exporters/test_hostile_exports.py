"""Checks of exports that anybody may have written: whatever stands in a file, there is a finding and no traceback."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from compete.exporters import check_export
from tests.conftest import Made
from tests.exporters.exported import exported_of

HOSTILE = {
    "nothing": b"",
    "no text": b"\xff\xfe\x00\x80",
    "a null": b"null",
    "a list": b'["a", {"b": 1}]',
    "a number": b"7",
    "an object of nothing": b"{}",
    "deep": b"[" * 1_200,
    "a circle": b"a: &a [*a]\n",
    "an anchor that is not there": b"*b\n",
    "a header alone": b"id,Usage,score\n",
    "quotes": b'id,Usage\n"1,2\n',
    "null bytes": b"id,Usage\n\x00,\x00\n",
    "half Python": b"def score(:\n",
    "Python with null": b"x = 1\x00",
}
FILES = {
    "kaggle": ["competition-metadata.json", "settings.yaml", "solution.csv", "metric.py", "data/sample_submission.csv",
               "data/test.csv", "pages/rules.md"],
    "huggingface": ["repo/conf.json", "repo/solution.csv", "repo/metric.py"],
    "mlebench": [f"mlebench/competitions/penguins/{name}" for name in
                 ("config.yaml", "grade.py", "prepare.py", "leaderboard.csv", "checksums.yaml", "description.md")]
                + ["data/penguins/penguins.zip"],
}  # fmt: skip
TAKEN = ("pages/rules.md", "data/test.csv", "description.md")
"""Files of which nothing but emptiness is wrong."""


@pytest.mark.parametrize("platform", FILES)
def test_whatever_a_file_holds_is_told(make: Callable[[str], Made], tmp_path: Path, platform: str) -> None:
    out = tmp_path / "out"
    exported_of(make("penguins"), platform, out)
    for name in FILES[platform]:
        kept = (out / name).read_bytes()
        for content in HOSTILE.values():
            (out / name).write_bytes(content)
            found = check_export(out, platform)
            assert found or name.endswith(TAKEN), (name, content[:20])
        (out / name).write_bytes(kept)
        assert check_export(out, platform) == []


@pytest.mark.parametrize("platform", FILES)
def test_a_folder_in_the_place_of_a_file_is_none(make: Callable[[str], Made], tmp_path: Path, platform: str) -> None:
    exported_of(make("penguins"), platform, tmp_path / "out")
    for number, name in enumerate(FILES[platform]):
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / "out", folder)
        (folder / name).unlink()
        (folder / name).mkdir()
        check_export(folder, platform)


@pytest.mark.parametrize("platform", ["codabench", "evalai"])
def test_a_zip_whose_packed_bytes_are_broken_is_told(tmp_path: Path, platform: str) -> None:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("competition.yaml", "".join(f"key{number}: {number * 7919}\n" for number in range(400)))
    broken = bytearray(raw.getvalue())
    broken[60:200] = b"\xff" * 140
    (tmp_path / "upload.zip").write_bytes(broken)
    found = check_export(tmp_path / "upload.zip", platform)
    assert [one.rule for one in found] == [f"{platform}/not-a-zip"]
    assert found[0].hint
