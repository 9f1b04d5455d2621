"""A small challenge, and teams that play it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from compete import jobs
from compete.bundle import open_bundle
from compete.scoring.truth import read_truth

LABELS = ("bee", "fly", "wasp")

CHALLENGE = """name: insects
title: Tell insects apart
task: classification
data:
  path: insects.csv
  id: id
  label: label
  subgroups: [site]
  features: [size]
split: {test: 0.6, public: 0.4, seed: 8d1f0c6b7a2e4983}
score: {metric: accuracy, also: [f1_macro], draws: 0}
"""


def write_challenge(folder: Path, text: str = CHALLENGE, rows: int = 400, seed: int = 0) -> Path:
    """A challenge of labelled rows whose feature tells nothing."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    lines = ["id,size,label,site,animal"]
    for row in range(rows):
        label, site = LABELS[random.integers(3)], "north" if random.random() < 0.5 else "south"
        lines.append(f"row{row:04d},{random.normal():.4f},{label},{site},animal{row // 4}")
    (folder / "insects.csv").write_text("\n".join(lines) + "\n")
    (folder / "challenge.yaml").write_text(text)
    return folder


def build_challenge(folder: Path, text: str = CHALLENGE, rows: int = 400) -> Path:
    """Its bundle."""
    jobs.build(write_challenge(folder / "challenge", text, rows), folder / "bundle", workers=1)
    return folder / "bundle"


def true_labels(bundle: Path, column: str = "label") -> tuple[list[str], list[str]]:
    """Ids and labels of the test items, for those who must not know them."""
    with (bundle / "private" / "solution.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [row["id"] for row in rows], [row[column] for row in rows]


def parts_of(bundle: Path) -> np.ndarray:
    """0 for public and 1 for private, one an item."""
    return np.asarray(read_truth(open_bundle(bundle)).part)


def guesses(labels: Sequence[str], right: float, seed: int) -> list[str]:
    """Predictions of which about so many are right."""
    random = np.random.default_rng(seed)
    return [
        label if random.random() < right else LABELS[(LABELS.index(label) + random.integers(1, 3)) % 3]
        for label in labels
    ]


def send(path: Path, ids: Sequence[str], labels: Sequence[str], name: str = "label") -> Path:
    """Write a submission."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["id", name])
        table.writerows(zip(ids, labels, strict=True))
    return path


def send_all(bundle: Path, folder: Path, skills: Mapping[str, float]) -> Path:
    """One submission for each name below a folder, so many of it right."""
    ids, labels = true_labels(bundle)
    for seed, (name, right) in enumerate(skills.items()):
        send(folder / name, ids, guesses(labels, right, seed))
    return folder
