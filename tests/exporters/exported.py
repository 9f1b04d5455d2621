"""What tests of several exporters share: exports of small and real bundles, and files that run by themselves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from compete.bundle import open_bundle, write_manifests
from compete.exporters import Competition, Exported, export_competition
from compete.files import canonical_json
from compete.jobs.exporting import competition_of
from compete.scoring.grading import grade
from compete.scoring.perfect import perfect_submission
from compete.scoring.result import Result
from tests.conftest import Made
from tests.scoring.every_form import FORMS, Form

GUIDE = """# T

What it is about.

## What is here

Tables.

## What to send

A file.

## How it is scored

Well.

---
By nobody.
"""


def small_competition(form: Form, folder: Path) -> Competition:
    """A form's bundle, with a good submission in the place of the sample."""
    root = form.write(folder / "bundle")
    (root / "public" / form.terms.sample_name).write_bytes(form.good)
    (root / "public" / "README.md").write_text(GUIDE)
    bundle = open_bundle(root)
    perfect = perfect_submission(bundle)
    sample, best = (grade(bundle, content, draws=0).as_dict() for content in (form.good, perfect))
    return Competition(bundle, sample, perfect, best)


OWN = """
def score(solution, submission, row_id_column_name):
    return float((solution.label == submission.label).mean())
"""


def with_own_metric(root: Path) -> Path:
    """A bundle on labels that is scored by a function of its own; its sample is a good submission."""
    form = FORMS["labels"]
    form.write(root)
    terms = replace(form.terms, metric="metric.py:score", greater_is_better=True)
    (root / "public/challenge.json").write_bytes(canonical_json(terms.as_dict()))
    (root / "public/metric.py").write_text(OWN)
    (root / "public/README.md").write_text(GUIDE)
    (root / "public" / terms.sample_name).write_bytes(form.good)
    for name in ("manifest.json", "private/private-manifest.json"):
        (root / name).unlink()
    write_manifests(root, challenge_sha256="0" * 64)
    return root


def exported_of(made: Made, platform: str, out: Path) -> Exported:
    """The export of a challenge of the gallery."""
    return export_competition(competition_of(made.bundle), platform, out)


def overall(result: Result) -> dict[str, dict[str, Any]]:
    """Every measure on all items, by part and name."""
    found: dict[str, dict[str, Any]] = {}
    for score in result.scores:
        if not score.group:
            found.setdefault(score.part, {})[score.metric] = score.value
    return found


def ranking(bundle: Path, submission: Path) -> dict[str, float | None]:
    """The ranking score of each part, as `compete score` tells it."""
    result = grade(open_bundle(bundle), submission, draws=0)
    return {part: values[result.metric] for part, values in overall(result).items()}


def run_alone(script: str, *words: str | Path, python: str = sys.executable, folder: Path) -> Any:
    """What a script prints as JSON, in a process that finds no module of this checkout."""
    command = [python, "-I", "-c", script, *map(str, words)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def same_bytes(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> bool:
    """Whether two trees are alike; not compared by pytest, which would print half a megabyte."""
    return sorted(one) == sorted(other) and all(one[name] == other[name] for name in one)
