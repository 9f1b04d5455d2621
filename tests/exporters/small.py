"""Small competitions for exporters, written by hand: a bundle of any kind, ready to be exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from compete.bundle import write_manifests
from compete.exporters import Competition
from compete.jobs.exporting import competition_of
from compete.terms import Terms
from tests.scoring.bundles import write_small_bundle

N = 80
TERMS = Terms(
    name="reef", title="Reef", version="1.0", task="classification", target=("kind",), kind="label", columns=("kind",),
    metric="f1_macro", also=("accuracy",), classes=("coral", "sand"), subgroups=("site",), smallest_subgroup=5, draws=0,
    test=N, description="What is on the ground?",
)  # fmt: skip
PARTS = ("# Reef", "What is on the ground?", "## What is here", "files", "## What to send", "a file")
GUIDE = "\n\n".join((*PARTS, "## How it is scored", "well\n"))


def reef(seed: int = 0) -> dict[str, list[str]]:
    """A solution; the public labels are always the same, the private ones follow from the seed."""
    usage = ["Public" if place % 3 else "Private" for place in range(N)]
    public, private = np.random.default_rng(99), np.random.default_rng(seed)
    kinds = [str((public if part == "Public" else private).choice(TERMS.classes)) for part in usage]
    return {
        "id": [f"i{place:03}" for place in range(N)],
        "kind": kinds,
        "Usage": usage,
        "site": [f"s{place % 2}" for place in range(N)],
    }


TRAIN = {"id": ["t1", "t2"], "kind": ["coral", "sand"], "site": ["s0", "s1"]}


def write_reef(
    root: Path, *, seed: int = 0, terms: Terms = TERMS, solution: Mapping[str, Sequence[Any]] | None = None
) -> Path:
    """A whole bundle."""
    write_small_bundle(root, terms, solution or reef(seed), TRAIN)
    return finished(root)


def finished(root: Path) -> Path:
    """A bundle with a guide, which exporters make pages of, under manifests that fit."""
    (root / "public/README.md").write_text(GUIDE, encoding="utf-8")
    (root / "private/private-manifest.json").unlink()
    write_manifests(root, challenge_sha256="0" * 64)
    return root


def ready(root: Path, **options: Any) -> Competition:
    """A competition as exporters are given it."""
    return competition_of(write_reef(root, **options))
