"""A challenge begins from data at an address as it does from data here, and what storage refuses is told in words."""

from __future__ import annotations

import importlib
import json
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import fsspec
import pytest
import yaml

from compete.challenge import load_challenge
from tests.building.scenes import write_scenes
from tests.conftest import Run
from tests.sources.storage import built, run_s3, tree
from tests.sources.test_remote_data import sorted_into_classes

SOURCES = {
    "detection": ("coco:coco.json", ("images",)),
    "semantic_segmentation": ("csv:table.csv", ("images", "labels")),
    "classes": ("folder:images", ()),
    "masks": ("masks:pairs", ()),
}
"""What a challenge begins from, and the folders that it names."""


class Wire:
    """Carries what clients and a server say; now and then it is cut after some bytes of an answer."""

    def __init__(self, port: int) -> None:
        self.server, self.cuts = port, 0
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self._open, daemon=True).start()

    def _open(self) -> None:
        while True:
            try:
                client, _ = self.door.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.server))
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._carry, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, client, True), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        try:
            while data := source.recv(1 << 16):
                if answers and self.cuts:
                    self.cuts -= 1
                    target.sendall(data[: len(data) // 2])
                    break
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            with suppress(OSError):  # the thread of the other direction may wait for it, or have closed it
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """An S3 server on this machine with the bucket reef, behind a wire that can be cut."""
    with pytest.MonkeyPatch.context() as patch:
        for environment in run_s3(tmp_path_factory.mktemp("s3")):
            wire = Wire(int(environment["AWS_ENDPOINT_URL"].rpartition(":")[2]))
            environment |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{wire.port}", "AWS_MAX_ATTEMPTS": "3"}
            for name, value in environment.items():
                patch.setenv(name, value)
            fsspec.filesystem("s3").clear_instance_cache()
            fsspec.filesystem("s3").mkdir("reef")
            yield wire
            wire.door.close()
    fsspec.filesystem("s3").clear_instance_cache()


def data_of(what: str, folder: Path) -> Path:
    """A folder of data without a challenge."""
    task = what if what in {"detection", "semantic_segmentation"} else "semantic_segmentation"
    root = write_scenes(folder, "detection" if what == "classes" else task)
    if what == "classes":
        sorted_into_classes(root)
    if what == "masks":
        (root / "pairs").mkdir()
        (root / "images").rename(root / "pairs" / "images")
        (root / "labels").rename(root / "pairs" / "masks")
    (root / "challenge.yaml").unlink()
    return root


def put(root: Path, names: Iterable[str], address: str) -> None:
    """Put some files and folders of a folder under an address."""
    for name in names:
        fsspec.filesystem("s3").put(str(root / name), f"{address}/{name}", recursive=True)


def begun(run: Run, folder: Path, source: str) -> dict[str, Any]:
    """What init writes, but for the seed."""
    answer = run("init", folder, "--from", source)
    assert answer.code == 0, answer.err
    written: dict[str, Any] = yaml.safe_load((folder / "challenge.yaml").read_text())
    del written["split"]["seed"]
    return written


@pytest.mark.parametrize("what", SOURCES)
def test_init_finds_in_a_bucket_what_it_finds_here(what: str, wire: Wire, tmp_path: Path, run: Run) -> None:
    root = data_of(what, tmp_path)
    address = f"s3://reef/{what}"
    source, beside = SOURCES[what]
    reader, _, name = source.partition(":")
    put(root, (name, *beside), address)
    here = begun(run, tmp_path / "coral", f"auto:{root / name}")
    far = begun(run, tmp_path / "far" / "coral", f"auto:{address}/{name}")
    assert far["data"]["reader"] == reader
    assert far["data"]["path"] == f"{address}/{name}"
    text = json.dumps(far["data"]).replace(f"{address}/", "../data/").replace(address, "../data")
    assert text == json.dumps(here["data"]).replace(f"../{root.name}", "../data")


def test_what_begins_in_a_bucket_is_built_as_here_though_the_connection_breaks(
    wire: Wire, tmp_path: Path, run: Run
) -> None:
    root = data_of("classes", tmp_path)
    put(root, ["images"], "s3://reef/cut")
    wire.cuts = 1
    begun(run, tmp_path / "far" / "coral", "auto:s3://reef/cut/images")
    assert wire.cuts == 0
    begun(run, tmp_path / "coral", f"auto:{root / 'images'}")
    text = (tmp_path / "far" / "coral" / "challenge.yaml").read_text()
    near = text.replace("s3://reef/cut/images", str(root / "images"))
    (tmp_path / "coral" / "challenge.yaml").write_text(near)
    assert load_challenge(tmp_path / "coral").data.reader == "folder"
    wire.cuts = 1
    for name in ("coral", "far/coral"):
        built(tmp_path / name, tmp_path / name / "bundle")
    assert wire.cuts == 0
    assert tree(tmp_path / "far" / "coral" / "bundle") == tree(tmp_path / "coral" / "bundle")


@pytest.mark.parametrize(
    ("source", "rule", "code"),
    [
        ("auto:s3://nothing-here/images", "source/no-bucket", 5),
        ("csv:s3://nothing-here/table.csv", "source/no-bucket", 5),
        ("auto:s3://reef/nothing", "usage/unknown-name", 2),
        ("s3://reef/images", "usage/unknown-name", 2),
        ("auto:blub://reef/images", "source/unknown-scheme", 1),
        ("auto:gs://reef/images", "source/no-library", 2),
        ("auto:https://127.0.0.1:1/images", "source/no-listing", 1),
        ("yolo:s3://reef/yolo", "source/reader", 1),
        ("auto:s3://reef/yolo", "source/reader", 1),
        ("auto:s3://reef/words", "usage/unknown-format", 2),
    ],
)
@pytest.mark.usefixtures("wire")
def test_what_cannot_begin_is_told(tmp_path: Path, run: Run, source: str, rule: str, code: int) -> None:
    system = fsspec.filesystem("s3")
    system.pipe_file("s3://reef/yolo/images/a.png", b"")
    system.pipe_file("s3://reef/yolo/labels/a.txt", b"0 0.5 0.5 0.2 0.2\n")
    system.pipe_file("s3://reef/words/a.docx", b"hello")
    answer = run("init", tmp_path / "coral", "--from", source, "--json")
    told = json.loads(answer.out)["findings"]
    assert (answer.code, [one["rule"] for one in told]) == (code, [rule])
    assert not (tmp_path / "coral").exists()
    if source.startswith("s3:"):
        assert told[0]["hint"] == "did you mean auto:s3://reef/images?"


def test_who_nobody_knows_and_what_is_not_installed_is_told(
    wire: Wire, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wire.port
    monkeypatch.setattr("s3fs.S3FileSystem.retries", 1)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    assert refused(run, tmp_path) == (5, "source/no-credentials")

    def absent(name: str) -> Any:
        if name == "fsspec":
            raise ImportError(name)
        return importlib.import_module(name)

    monkeypatch.setattr("compete.sources.remote.importlib.import_module", absent)
    assert refused(run, tmp_path) == (2, "source/no-library")


def refused(run: Run, folder: Path) -> tuple[int, str]:
    """Exit code and rule, as a client that knows nothing yet meets them."""
    fsspec.filesystem("s3").clear_instance_cache()
    answer = run("init", folder / "coral", "--from", "auto:s3://reef/images", "--json")
    fsspec.filesystem("s3").clear_instance_cache()
    return answer.code, json.loads(answer.out)["findings"][0]["rule"]
