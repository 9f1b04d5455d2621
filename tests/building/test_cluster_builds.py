"""``--engine dask:ADDRESS``: the bundle of one machine, whoever looks at the images, and whoever dies meanwhile."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from PIL import Image

from compete.audits import duplicates, looks
from compete.cluster import cluster_of
from compete.errors import UsageError
from tests.conftest import ROOT, Run
from tests.sources.storage import built, moved, put, run_s3, tree
from tests.test_cluster import run_cluster

IMAGES = 36
TEXT = "name: reef\ntitle: Reef\ntask: classification\ndata: {reader: folder, path: images}\n"
TEXT += "split: {test: 0.5, public: 0.5, seed: 0f1e2d3c4b5a6978}\nscore: {metric: accuracy, draws: 5}\n"


@pytest.fixture(scope="module")
def reef(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A challenge on a few images, of which some are copies and turned copies of others."""
    root = tmp_path_factory.mktemp("reef")
    for number in range(IMAGES):
        pixels = np.random.default_rng(number // 2).integers(0, 256, (12, 16, 3)).astype(np.uint8)
        image = Image.fromarray(pixels).resize((160, 120), Image.Resampling.BICUBIC)
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if number % 4 == 1 else image
        folder = root / "images" / ("fish", "crab")[number // 2 % 2]
        folder.mkdir(parents=True, exist_ok=True)
        image.save(folder / f"{number:02}.jpg", quality=90 if number % 4 else 70)
    (root / "challenge.yaml").write_text(TEXT)
    built(root, root / "bundle")
    return root


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers, which find an S3 server as this process does."""
    folder = tmp_path_factory.mktemp("cluster")
    with pytest.MonkeyPatch.context() as patch:
        for environment in run_s3(folder):
            for name, value in environment.items():
                patch.setenv(name, value)
            yield from run_cluster(folder, path=str(ROOT))
    fsspec.filesystem("s3").clear_instance_cache()


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many shards of few images."""
    monkeypatch.setattr(looks, "SHARD", 4)
    monkeypatch.setattr(duplicates, "SHARD", 4)


def test_the_bundle_and_the_audit_are_those_of_one_machine(reef: Path, cluster: str, run: Run, tmp_path: Path) -> None:
    engine = ("--engine", f"dask:{cluster}", "--json")
    assert run("build", reef, "-o", tmp_path / "bundle", *engine).code == 0
    assert tree(tmp_path / "bundle") == tree(reef / "bundle")
    there, here = run("audit", reef, *engine), run("audit", reef, "--json")
    assert there == here
    assert json.loads(here.out)["findings"]


def test_a_worker_killed_while_it_looks_costs_a_repetition(reef: Path, cluster: str, tmp_path: Path) -> None:
    from distributed import Client

    killed: list[tuple[int, int]] = []

    def kill(what: str, done: int, total: int) -> None:
        if what == "images" and not killed:
            with Client(cluster, set_as_default=False) as client:
                os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
            killed.append((done, total))

    built(reef, tmp_path / "bundle", cluster=cluster, progress=kill)
    assert [done < total for done, total in killed] == [True]
    assert tree(tmp_path / "bundle") == tree(reef / "bundle")


def test_workers_fetch_images_from_a_bucket(reef: Path, cluster: str, tmp_path: Path) -> None:
    storage: Any = fsspec.filesystem("s3")
    storage.mkdir("reef")
    put(storage, reef, "s3://reef/far")
    built(moved(reef, "s3://reef/far", tmp_path / "far"), tmp_path / "bundle", cluster=cluster)
    assert tree(tmp_path / "bundle") == tree(reef / "bundle")


def test_workers_that_do_not_see_the_images_are_one_finding(reef: Path, cluster: str, tmp_path: Path, run: Run) -> None:
    put(fsspec.filesystem("memory"), reef, "memory://reef")  # which nobody but this process sees
    far = moved(reef, "memory://reef", tmp_path / "far")
    answer = run("build", far, "-o", tmp_path / "bundle", "--engine", f"dask:{cluster}", "--json")
    told = json.loads(answer.out)
    (finding,) = told["findings"]
    assert (answer.code, finding["rule"]) == (5, "source/not-shared")
    assert "s3://" in finding["hint"]
    assert not (tmp_path / "bundle").exists()
    fsspec.filesystem("memory").store.clear()


@pytest.mark.parametrize(
    ("engine", "meant"),
    [
        ("dsk:tcp://10.0.0.5:8786", "dask:tcp://10.0.0.5:8786"), ("tcp://10.0.0.5:8786", "dask:tcp://10.0.0.5:8786"),
        ("Dask:tcp://a:1", "dask:tcp://a:1"), ("dask", "dask:tcp://HOST:8786"), ("ray", "dask:tcp://HOST:8786"),
    ],
)  # fmt: skip
def test_an_unknown_engine_is_told_with_what_was_meant(engine: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        cluster_of(engine)
    (finding,) = caught.value.findings
    assert finding.rule == "engine/unknown"
    assert f"did you mean --engine {meant}?" in finding.hint


def test_an_engine_is_refused_before_anything_is_read(tmp_path: Path, run: Run, reef: Path) -> None:
    for words in (("build", tmp_path, "-o", tmp_path / "b"), ("check", tmp_path), ("audit", tmp_path)):
        answer = run(*words, "--engine", "dsk:tcp://a:1")
        assert (answer.code, "engine/unknown" in answer.err) == (2, True)
    answer = run("audit", reef / "bundle", "--engine", "dask:tcp://a:1")
    assert (answer.code, "a bundle is audited here" in answer.err) == (2, True)
