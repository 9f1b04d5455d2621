"""Places: paths of this machine are as they were, addresses are known by their schemes, and nothing else is."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from compete import sources
from compete.errors import SystemFault
from tests.conftest import ROOT


def test_paths_of_this_machine_stay_paths(tmp_path: Path) -> None:
    (tmp_path / "s3:" / "bucket").mkdir(parents=True)
    place = sources.place_of(tmp_path, "s3:/bucket")  # one slash: a folder that is called so
    assert place == (tmp_path / "s3:" / "bucket").resolve()
    assert not sources.is_remote(place)
    assert sources.is_folder(place)
    assert sources.place_of(tmp_path, f"file://{tmp_path}/a.csv") == tmp_path.resolve() / "a.csv"
    assert not sources.is_remote(r"C:\data\a.png")


@pytest.mark.parametrize("text", ["s3://bucket/a b/c.png", "memory://x/y", "https://host:80/a?b=c", "gs://bucket"])
def test_an_address_is_joined_as_paths_are_and_shown_as_it_was_written(text: str) -> None:
    place = sources.place_of(Path("/data"), text)
    assert sources.is_remote(place)
    assert sources.is_remote(str(place))
    assert sources.address_of(str(place / "d.png")) == f"{text}/d.png"
    assert sources.resolved(place / ".." / "e.png") == sources.resolved(place.parent / "e.png")


def test_paths_of_this_machine_do_not_import_fsspec(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"ab")
    code = (
        "import sys; from pathlib import Path; from compete import sources; "
        f"place = sources.place_of(Path({str(tmp_path)!r}), 'a'); assert sources.read_whole(place, 1) == b'a'; "
        "assert sources.is_file(place) and sources.stamps_of([str(place)]); assert 'fsspec' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_what_a_worker_does_not_see_is_one_finding(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / "b.tif").touch()
    sources.require_sight([str(tmp_path / "a.png"), str(tmp_path / "b.tif#z=1.png"), "s3:/bucket/c.png"])
    with pytest.raises(SystemFault) as caught:
        sources.require_sight([str(tmp_path / "a.png"), str(tmp_path / "b.png"), "memory:/c.png"])
    (finding,) = caught.value.findings
    assert (finding.rule, finding.count) == ("source/not-shared", 2)
    assert finding.items == (str(tmp_path / "b.png"), "memory://c.png")
    assert "s3://" in finding.hint


def test_addresses_are_read_ahead_in_order_and_not_all_at_once() -> None:
    paths = [f"memory:/{number}" for number in range(100)]
    begun, most, done, lock = 0, 0, 0, threading.Lock()

    def read(path: str) -> str:
        nonlocal begun
        with lock:
            begun += 1
        time.sleep(0.001)
        return path

    with sources.read_ahead(paths, read) as next_one:
        for path in paths:
            assert next_one(path) == path
            done += 1
            most = max(most, begun - done)
    assert begun == 100
    assert 1 <= most <= sources.AT_ONCE
    with sources.read_ahead(["/a"], str.upper) as next_one:
        assert next_one is str.upper
