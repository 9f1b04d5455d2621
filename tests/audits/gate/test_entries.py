"""What stands in a folder and in a manifest, held in columns, is what is there; names are sorted as before."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from compete.audits.gate.columns import _natural, natural_order
from compete.audits.gate.entries import Listed, entries_below, rows_of_digests

FILES = {name: {"sha256": f"{row:02x}" * 32, "size": row} for row, name in enumerate(["b/2.png", "a.csv", "b/1.png"])}


def listed(files: object = FILES) -> Listed:
    about = {"sha256": "ab" * 32, "name": "x", "version": "1"}
    return Listed(json.dumps({"challenge": about, "files": files, "seal": "00"}).encode())


def test_a_manifest_tells_digests_by_name() -> None:
    manifest = listed()
    assert "b/1.png" in manifest
    assert "b" not in manifest
    assert (manifest.digest("a.csv"), manifest.digest("c")) == ("01" * 32, "")
    assert manifest.digests_of(["b/2.png", "c", "b/1.png"]).tolist() == [[0] * 32, [0] * 32, [2] * 32]
    assert manifest.same("".join(["b/", "1.png"])) is manifest.names[1]
    assert listed({}).digests_of(["a"]).tolist() == [[0] * 32]
    assert listed({"a": {"sha256": "no digest", "size": 1}}).digest("a") == "00" * 32


def test_entries_are_what_the_system_tells(tmp_path: Path) -> None:
    for name in FILES:
        place = tmp_path / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(name)
    (tmp_path / "link").symlink_to("a.csv")
    entries = entries_below(tmp_path, listed())
    assert sorted(entry.name for entry in entries) == ["a.csv", "b", "b/1.png", "b/2.png", "link"]
    assert {entry.name for entry in entries if entry.is_folder} == {"b"}
    assert [entry.name for entry in entries.files()] == ["a.csv", "b/1.png", "b/2.png"]
    for entry in [*entries, entries[0], entries[1:3][1]]:
        found = (tmp_path / entry.name).lstat()
        assert entry.path == tmp_path / entry.name
        assert {name: getattr(found, name) for name in entry.status._fields} == entry.status._asdict()


def test_the_last_of_equal_digests_is_found() -> None:
    digests = np.random.default_rng(0).integers(0, 256, (5, 32), np.uint8)
    digests[4], digests[2, :8] = digests[1], digests[3, :8]  # two begin alike
    wanted = np.concatenate([digests[[1, 4, 0]], np.zeros((1, 32), np.uint8)])
    assert rows_of_digests(wanted, digests).tolist() == [4, 4, 0, -1]
    assert rows_of_digests(wanted, digests[:0]).tolist() == [-1] * 4


@given(st.lists(st.text("ab0129/-. \x7f", max_size=8), min_size=1, max_size=12))
def test_names_are_sorted_by_their_numbers(names: list[str]) -> None:
    names = [*names, "longer than any other name 1"]  # so that lengths differ
    assert natural_order(names).tolist() == sorted(range(len(names)), key=lambda row: _natural(names[row]))
