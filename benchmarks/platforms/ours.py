"""What our side says: an export made by `compete export`, and scores by `compete score`, each in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PYTHON = os.environ.get("COMPETE_PYTHON", sys.executable)
"""The interpreter in which compete and its libraries are installed, where the platform's code runs in another."""


@dataclass(frozen=True)
class Exported:
    """An export, and the bundle that it was made of."""

    bundle: Path
    folder: Path

    @property
    def terms(self) -> dict[str, Any]:
        """The content of ``challenge.json``."""
        told: dict[str, Any] = json.loads((self.bundle / "public" / "challenge.json").read_text(encoding="utf-8"))
        return told

    @property
    def name(self) -> str:
        """The challenge's name."""
        return str(self.terms["name"])

    def file_score(self, path: Path, part: str) -> float | None:
        """The ranking score of a file; None where it is refused or not defined."""
        done = compete("score", self.bundle, path, "--json", "--draws", "0")
        told = json.loads(done.stdout)
        if "metrics" not in told:
            return None
        name = told["metrics"][0]["name"]
        found = (one for one in told["scores"] if (one["metric"], one["part"], one["group"]) == (name, part, ""))
        return next((one["value"] for one in found), None)

    def rows_score(self, path: Path, part: str) -> float | None:
        """The same of a table that has one row an image."""
        from compete.cells import CELLS, file_of_rows, table_rows

        form = self.terms["form"], self.terms["kind"]
        if form not in CELLS:
            return self.file_score(path, part)
        ids = [row[0] for row in table_rows((self.bundle / "public" / "test.csv").read_bytes())[1:]]
        content = file_of_rows(table_rows(path.read_bytes())[1:], *form, ids)
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / ("sent.json" if form[0] == "coco" else "sent.zip")
            file.write_bytes(content)
            return self.file_score(file, part)


def exported(bundle: Path, platform: str, folder: Path) -> Exported:
    """Export a bundle."""
    done = compete("export", bundle.resolve(), platform, "-o", folder)
    assert done.returncode == 0, done.stderr
    return Exported(bundle.resolve(), folder)


PERFECT = """
import sys
from pathlib import Path
from compete.jobs.exporting import competition_of
Path(sys.argv[2]).write_bytes(competition_of(Path(sys.argv[1])).perfect)
"""


def perfect_of(ours: Exported, folder: Path) -> Path:
    """The submission that is right everywhere."""
    suffix = next((ours.bundle / "public").glob("sample_submission.*")).suffix
    command = [PYTHON, "-c", PERFECT, str(ours.bundle), str(folder / f"perfect{suffix}")]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    return folder / f"perfect{suffix}"


def compete(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    command = [PYTHON, "-m", "compete", *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def shown(name: str, theirs: Any, ours: Any, more: str) -> None:
    """One line: what the platform says, what we say, and whether they are the same."""
    print(f"{name:28} {more:8} {theirs!r:>22} {ours!r:>22} {'same' if theirs == ours else 'DIFFERENT'}")
