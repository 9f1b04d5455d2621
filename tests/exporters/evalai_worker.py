"""EvalAI's worker as far as it concerns a script: how it is unpacked and called, and what its answer must be.

Restated from ``scripts/workers/submission_worker.py`` of Cloud-CV/EvalAI at 0f04039: the script is unpacked into a
package of a running process, the annotations and the submission get names that nobody chose, and a submission fails
that raises, that answers without ``result``, or whose answer names a split that there is not.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SCRIPT = """
import contextlib, importlib, io, json, sys, traceback
sys.path.append(sys.argv[1])
module = importlib.import_module("challenge_data.challenge_7")
out, err, status, answer = io.StringIO(), io.StringIO(), "finished", {}
try:
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        answer = module.evaluate(sys.argv[2], sys.argv[3], "test", submission_metadata={"id": 1})
    rows = {next(iter(row)): row[next(iter(row))] for row in answer["result"]}
except Exception:
    err.write("" if answer == {} and not isinstance(sys.exc_info()[1], RuntimeError) else traceback.format_exc())
    status, rows = "failed", {}
told = {"status": status, "rows": rows, "stdout": out.getvalue(), "stderr": err.getvalue(), "answer": answer}
print(json.dumps(told, allow_nan=False))
"""


@dataclass(frozen=True)
class Evaluated:
    """What became of a submission: its state, its leaderboard rows by split, and what the participant sees."""

    status: str
    rows: dict[str, dict[str, float]]
    stdout: str
    stderr: str
    answer: dict[str, Any]


def evaluated(export: Path, submission: Path, folder: Path, *, python: str = sys.executable) -> Evaluated:
    """Score a submission as the worker does, in an interpreter that finds no module of this checkout."""
    if not folder.exists():
        unpack(export, folder)
    sent = folder / f"5ac84fb7{submission.suffix}"
    shutil.copy(submission, sent)
    truth = next(folder.glob("annotation*"))
    command = [python, "-I", "-c", SCRIPT, str(folder), str(truth), str(sent)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Evaluated(**json.loads(done.stdout))


def unpack(export: Path, folder: Path) -> None:
    """Unpack a configuration as the importer does, and the script into a package as the worker does."""
    package = folder / "challenge_data/challenge_7"
    package.mkdir(parents=True)
    with zipfile.ZipFile(export / "challenge_config.zip") as archive:
        config = yaml.safe_load(archive.read("challenge_config.yaml"))
        (folder / "script.zip").write_bytes(archive.read(config["evaluation_script"]))
        annotation = config["challenge_phases"][0]["test_annotation_file"]
        (folder / f"annotation{Path(annotation).suffix}").write_bytes(archive.read(annotation))
    with zipfile.ZipFile(folder / "script.zip") as archive:
        archive.extractall(package)
