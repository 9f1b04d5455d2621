"""Data at addresses give the bundle that they give here, and what storage refuses is told in words."""

from __future__ import annotations

import http.server
import importlib
import json
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import fsspec
import pytest

from compete import jobs, sources
from compete.audits.looks import looks_of
from compete.building.journal import Draft, take_up
from compete.building.media import Published, clean_files
from compete.errors import SystemFault
from compete.files import files_below
from tests.building.scenes import N, write_scenes
from tests.conftest import Run
from tests.sources.storage import built, moved, put, run_s3, tree

CLASSES = "name: reef\ntitle: Reef\ntask: classification\ndata: {reader: folder, path: images}\n"
CLASSES += "split: {test: 0.5, public: 0.5, seed: 0f1e2d3c4b5a6978}\nscore: {metric: accuracy, draws: 5}\n"
Build = Callable[[str], tuple[Path, dict[str, Any]]]


def sorted_into_classes(root: Path) -> Path:
    """The images of a challenge in one folder a class, with what lies about in such folders."""
    for path in sorted((root / "images").iterdir()):
        folder = root / "images" / ("fish" if int(path.stem[-2:]) % 2 else "crab")
        folder.mkdir(exist_ok=True)
        path.rename(folder / path.name)
    (root / "images" / "notes.txt").write_text("not an image")
    (root / "images" / "fish" / ".hidden.png").write_bytes(b"")
    (root / "images" / "eel").mkdir()
    (root / "images" / "eel" / "notes.txt").write_text("not an image")
    (root / "challenge.yaml").write_text(CLASSES)
    return root


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A challenge on this machine, and the bundle that it gives; each is made once."""
    made: dict[str, tuple[Path, dict[str, Any]]] = {}

    def once(what: str) -> tuple[Path, dict[str, Any]]:
        if what not in made:
            folder = tmp_path_factory.mktemp(what)
            root = write_scenes(folder, "detection" if what == "classes" else what)
            root = sorted_into_classes(root) if what == "classes" else root
            built(root, folder / "bundle")
            made[what] = root, tree(folder / "bundle")
        return made[what]

    return once


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An S3 server on this machine with the bucket reef, and the client that fsspec has of it."""
    with pytest.MonkeyPatch.context() as patch:
        for environment in run_s3(tmp_path_factory.mktemp("s3")):
            for name, value in environment.items():
                patch.setenv(name, value)
            fsspec.filesystem("s3").mkdir("reef")
            yield fsspec.filesystem("s3")
    fsspec.filesystem("s3").clear_instance_cache()


@pytest.mark.parametrize("what", ["detection", "semantic_segmentation", "panoptic_segmentation", "classes"])
def test_the_bundle_is_the_same_to_the_byte(what: str, build: Build, memory: Any, tmp_path: Path) -> None:
    root, here = build(what)
    put(memory, root, "memory://reef")
    far = moved(root, "memory://reef", tmp_path / "far")
    outcome = built(far, tmp_path / "bundle")
    assert tree(tmp_path / "bundle") == here
    near = [one for one in jobs.check_challenge(root, workers=1).findings if one.rule != "score/advised-against"]
    told = {(one.rule, one.message, one.items) for one in outcome.findings}
    assert {(one.rule, one.message, one.items) for one in near} == told


def test_the_bundle_of_an_s3_bucket_is_the_same_to_the_byte(build: Build, s3: Any, tmp_path: Path) -> None:
    root, here = build("semantic_segmentation")
    put(s3, root, "s3://reef/far")
    built(moved(root, "s3://reef/far", tmp_path / "far"), tmp_path / "bundle")
    assert tree(tmp_path / "bundle") == here


def test_images_behind_a_web_server_are_read_by_the_names_of_a_table(build: Build, tmp_path: Path) -> None:
    root, here = build("semantic_segmentation")
    text = (root / "challenge.yaml").read_text()
    work = partial(Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), work) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        shutil.copytree(root, tmp_path / "far", ignore=shutil.ignore_patterns("images"))
        (tmp_path / "far" / "challenge.yaml").write_text(text.replace("images: images", f"images: {address}/images"))
        built(tmp_path / "far", tmp_path / "bundle")
        server.shutdown()
    assert tree(tmp_path / "bundle") == here


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_a_cell_may_spell_out_the_address_and_no_cell_leads_elsewhere(
    build: Build, memory: Any, tmp_path: Path, run: Run
) -> None:
    root, here = build("semantic_segmentation")
    put(memory, root, "memory://reef")
    far = moved(root, "memory://reef", tmp_path / "far")
    table = memory.cat_file("memory://reef/table.csv").decode()
    spelt = table.replace(",canary-03.png", ",memory://reef/images/canary-03.png", 1)
    memory.pipe_file("memory://reef/table.csv", spelt.encode())
    built(far, tmp_path / "bundle")
    assert tree(tmp_path / "bundle") == here
    for cell in ("../labels/canary-03.png", "memory://other/canary-03.png", "/etc/hostname"):
        memory.pipe_file("memory://reef/table.csv", table.replace(",canary-03.png", f",{cell}", 1).encode())
        answer = run("check", far, "--json")
        found = {one["rule"] for one in json.loads(answer.out)["findings"]}
        assert answer.code == 1
        assert found & {"dataset/file-outside", "dataset/missing-file"}


def test_images_of_an_address_are_converted(build: Build, memory: Any, tmp_path: Path) -> None:
    root, _ = build("detection")
    put(memory, root, "memory://reef")
    far = moved(root, "memory://reef", tmp_path / "far")
    assert jobs.convert(far, "yolo", tmp_path / "there") == jobs.convert(root, "yolo", tmp_path / "here")
    files = [[path.read_bytes() for path in files_below(tmp_path / name)] for name in ("there", "here")]
    assert files[0] == files[1]


def test_a_look_is_kept_as_long_as_the_tag_of_the_file(memory: Any, tmp_path: Path, reads: Counter[str]) -> None:
    root = write_scenes(tmp_path, "detection")
    put(memory, root, "memory://reef")
    paths = [f"memory:/reef/images/canary-{number:02}.png" for number in range(4)]
    first = looks_of(paths, journal=tmp_path / "journal")
    assert sum(reads.values()) == 4
    assert looks_of(paths, journal=tmp_path / "journal") == first
    assert sum(reads.values()) == 4
    memory.pipe_file("memory://reef/images/canary-02.png", memory.cat_file("memory://reef/images/canary-03.png"))
    reads.clear()
    assert looks_of(paths, journal=tmp_path / "journal")[2].sha256 == first[3].sha256
    assert set(reads) == {"/reef/images/canary-02.png"}


@pytest.fixture
def reads(memory: Any, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each file was fetched."""
    count: Counter[str] = Counter()
    fetch = memory.cat_file

    def counted(path: str, *words: Any, **options: Any) -> bytes:
        count[path] += 1
        data: bytes = fetch(path, *words, **options)
        return data

    monkeypatch.setattr(type(memory), "cat_file", lambda self, *words, **options: counted(*words, **options))
    return count


def test_what_a_killed_build_has_written_is_not_fetched_again(memory: Any, tmp_path: Path, reads: Counter[str]) -> None:
    root = write_scenes(tmp_path, "detection")
    put(memory, root, "memory://reef")
    paths = [f"memory:/reef/images/canary-{number:02}.png" for number in range(4)]
    known = [
        Published(look.cleaned, look.kind, look.suffix, look.width, look.height, look.mode, look.published)
        for look in looks_of(paths)
    ]
    (tmp_path / "draft" / "draft").mkdir(parents=True)
    draft, targets = tmp_path / "draft" / "draft", ["a", "b", "c", "d"]
    first = clean_files(paths, targets, Draft(draft, {}), known=known)
    reads.clear()
    (draft / "c.png").write_bytes(b"torn")
    assert clean_files(paths, targets, take_up(draft, targets), known=known) == first
    assert set(reads) == {"/reef/images/canary-02.png"}


def test_each_image_is_fetched_once_to_look_and_once_to_write(
    build: Build, memory: Any, tmp_path: Path, reads: Counter[str]
) -> None:
    root, _ = build("classes")
    put(memory, root, "memory://reef")
    built(moved(root, "memory://reef", tmp_path / "far"), tmp_path / "bundle")
    images = {path: count for path, count in reads.items() if path.endswith(".png")}
    assert len(images) == N
    assert set(images.values()) <= {2, 3, 4}  # those that look alike are compared on their pixels


def challenge(folder: Path, path: str, reader: str = "folder") -> Path:
    """A challenge on data at an address."""
    more = ", id: id, label: label" if reader == "csv" else ""
    text = CLASSES.replace("path: images", f"path: {path}{more}").replace("reader: folder", f"reader: {reader}")
    if reader == "yolo":
        text = text.replace("classification", "detection").replace("accuracy", "box_ap")
    (folder / "challenge.yaml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("path", "reader", "rule", "code"),
    [
        ("s3://nothing-here/images", "folder", "source/no-bucket", 5),
        ("s3://nothing-here/table.csv", "csv", "source/no-bucket", 5),
        ("s3://reef/nothing", "folder", "dataset/missing-file", 1),
        ("s3://reef/nothing.csv", "csv", "dataset/missing-file", 1),
        ("blub://reef/images", "folder", "source/unknown-scheme", 1),
        ("https://127.0.0.1:1/images", "folder", "source/no-listing", 1),
        ("http://127.0.0.1:1/table.csv", "csv", "source/no-network", 5),
        ("gs://reef/images", "folder", "source/no-library", 2),
        ("s3://reef/images", "yolo", "source/reader", 1),
    ],
)
@pytest.mark.usefixtures("s3")
def test_what_storage_does_not_have_is_told(
    tmp_path: Path, run: Run, path: str, reader: str, *, rule: str, code: int
) -> None:
    answer = run("check", challenge(tmp_path, path, reader), "--json")
    told = json.loads(answer.out)
    assert (answer.code, [one["rule"] for one in told["findings"]]) == (code, [rule])
    assert all(part in str(told["findings"]) for part in (path.rpartition("/")[0],))


def test_no_credentials_and_no_network_are_told_apart(
    s3: Any, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = challenge(tmp_path, "s3://reef/images")
    monkeypatch.setattr("s3fs.S3FileSystem.retries", 1)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    assert refused(run, far) == (5, "source/no-credentials")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert refused(run, far) == (5, "source/no-network")


def refused(run: Run, folder: Path) -> tuple[int, str]:
    """Exit code and rule, as a client that knows nothing yet meets them."""
    fsspec.filesystem("s3").clear_instance_cache()
    answer = run("check", folder, "--json")
    fsspec.filesystem("s3").clear_instance_cache()
    return answer.code, json.loads(answer.out)["findings"][0]["rule"]


def test_without_the_extra_the_cure_is_told(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        if name == "fsspec":
            raise ImportError(name)
        return importlib.import_module(name)

    monkeypatch.setattr("compete.sources.remote.importlib.import_module", absent)
    answer = run("check", challenge(tmp_path, "s3://reef/images"), "--json")
    (finding,) = json.loads(answer.out)["findings"]
    assert (answer.code, finding["rule"]) == (2, "source/no-library")
    assert finding["hint"] == "pip install 'compete[remote]'"


def test_a_connection_that_breaks_is_tried_again_and_then_told(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.pipe_file("memory://reef/a", b"ab")
    monkeypatch.setattr("compete.sources.remote.time.sleep", lambda _: None)
    fetch, broken = memory.cat_file, [2]

    def breaking(self: Any, *words: Any, **options: Any) -> bytes:
        broken[0] -= 1
        if broken[0] >= 0:
            raise ConnectionResetError("reset")
        data: bytes = fetch(*words, **options)
        return data

    monkeypatch.setattr(type(memory), "cat_file", breaking)
    assert sources.read_whole("memory:/reef/a") == b"ab"
    broken[0] = 3
    with pytest.raises(SystemFault, match="source/no-network"):
        sources.read_whole("memory:/reef/a")
    broken[0] = 0
    with pytest.raises(FileNotFoundError):
        sources.read_whole("memory:/reef/b")
