"""Storage for tests: files of a folder put under an address, and an S3 server on this machine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compete.building.pipeline import write_bundle
from compete.building.plan import Outcome, plan_build
from compete.challenge import load_challenge
from compete.files import files_below
from compete.scoring.trial import try_scoring

PATHS = re.compile(r"(?<=[ {])(path|images|masks|items): (?=[\w.-])")
"""The keys of challenge.yaml that name data."""


def built(challenge: Path, out: Path, **how: Any) -> Outcome:
    """Build a bundle whose scoring is tried, and that nobody attacks, for that takes seconds."""
    return write_bundle(plan_build(load_challenge(challenge)), out, trial=try_scoring, **{"workers": 1, **how})


def put(system: Any, folder: Path, address: str) -> None:
    """Put all data of a challenge under an address."""
    for path in files_below(folder):
        if path.name != "challenge.yaml":
            system.pipe_file(f"{address}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def moved(folder: Path, address: str, target: Path) -> Path:
    """The challenge of a folder, with its data at an address; nothing else is in the new folder."""
    target.mkdir()
    text = (folder / "challenge.yaml").read_text()
    (target / "challenge.yaml").write_text(PATHS.sub(rf"\1: {address}/", text))
    return target


def tree(bundle: Path) -> dict[str, Any]:
    """The content of a bundle; of the private manifest all but what follows from the text of challenge.yaml."""
    found: dict[str, Any] = {path.relative_to(bundle).as_posix(): path.read_bytes() for path in files_below(bundle)}
    manifest = json.loads(found["private/private-manifest.json"])
    assert len(manifest.pop("challenge.yaml")) == 64
    manifest.pop("seal")
    return found | {"private/private-manifest.json": manifest}


def run_s3(folder: Path) -> Iterator[dict[str, str]]:
    """An S3 server, and the environment by which clients find it."""
    code = (
        "import time; from moto.server import ThreadedMotoServer as Server; s = Server('127.0.0.1', 0, verbose=False)"
    )
    code += "; s.start(); print(s.get_host_and_port()[1], flush=True); time.sleep(600)"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    assert server.stdout
    port = int(server.stdout.readline())
    try:
        yield {
            "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
        }  # fmt: skip
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        server.stdout.close()
