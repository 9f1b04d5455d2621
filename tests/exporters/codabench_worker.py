"""CodaBench's compute worker as far as it concerns a program: which folders there are, and what stands in them.

Restated from ``compute_worker.py`` of codalab/codabench at c7dbc75: archives are unpacked below ``program``,
``ingestion_program``, ``input_data``, ``input/ref`` and ``input/res``; what was sent is copied to the output unless it
has a command of its own; the output of predicting is zipped, with a file ``metadata``, and is the input of scoring.
"""

from __future__ import annotations

import io
import json
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Run:
    """What became of a submission."""

    code: int
    out: str
    err: str
    scores: dict[str, float] | None
    page: str
    output: Path


def unpacked(export: Path, folder: Path) -> dict[str, Any]:
    """Unpack a competition, and give its description."""
    with zipfile.ZipFile(export / "competition.zip") as archive:
        archive.extractall(folder)
    content: dict[str, Any] = yaml.safe_load((folder / "competition.yaml").read_text(encoding="utf-8"))
    return content


def run_submission(
    competition: Path, phase: int, sent: bytes, root: Path, *, python: str = sys.executable, around: Sequence[str] = ()
) -> Run:
    """Predict and score, as the worker does.

    Args:
        competition: where a competition is unpacked.
        phase: its number.
        sent: the archive that a participant sends.
        root: a new folder, which stands for ``/app``.
        python: the interpreter.
        around: a command that runs a command, such as ``unshare -rn``.
    """
    content = yaml.safe_load((competition / "competition.yaml").read_text(encoding="utf-8"))
    task = content["tasks"][content["phases"][phase]["tasks"][0]]
    predicted = _predict(competition, task, sent, root / "predicting", (*around, python))
    app = root / "scoring"
    _unzip(competition / task["scoring_program"], app / "program")
    _unzip(competition / task["reference_data"], app / "input/ref")
    _unzip(predicted, app / "input/res")
    (app / "output").mkdir()
    code, out, err = _run(app, "program", (*around, python))
    scores = app / "output/scores.json"
    page = app / "output/detailed_results.html"
    assert not (app / "output/metadata").exists()
    return Run(
        code,
        out,
        err,
        json.loads(scores.read_text(encoding="utf-8")) if scores.exists() else None,
        page.read_text(encoding="utf-8") if page.exists() else "",
        app / "output",
    )


def _predict(competition: Path, task: dict[str, Any], sent: bytes, app: Path, python: Sequence[str]) -> bytes:
    """The archive that predicting leaves."""
    _unzip(sent, app / "ingested_program")
    if not any((app / "ingested_program" / name).exists() for name in ("metadata", "metadata.yaml")):
        shutil.copytree(app / "ingested_program", app / "output")
    (app / "output").mkdir(exist_ok=True)
    if "ingestion_program" in task:
        _unzip(competition / task["ingestion_program"], app / "program")
        _unzip(competition / task["input_data"], app / "input_data")
        code, out, err = _run(app, "program", python)
        (app / "log").write_text(f"{code}\n{out}\n{err}", encoding="utf-8")
    (app / "output/metadata").write_text("elapsedTime: 1.0\nexitCode: 0\n", encoding="utf-8")
    made = shutil.make_archive(str(app / "prediction"), "zip", app / "output")
    return Path(made).read_bytes()


def _unzip(archive: Path | bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(archive) if isinstance(archive, bytes) else archive) as opened:
        opened.extractall(folder)


def _run(app: Path, program: str, python: Sequence[str]) -> tuple[int, str, str]:
    """Run the command of a program, with our folders for ``/app`` and an environment that holds next to nothing."""
    command = yaml.safe_load((app / program / "metadata.yaml").read_text(encoding="utf-8"))["command"]
    words = [word.replace("/app", str(app)) for word in shlex.split(command)]
    assert words[0] == "python3"
    done = subprocess.run(
        [*python, *words[1:]],
        cwd=app / program,
        env={"PYTHONUNBUFFERED": "1", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr
