"""Data in which nothing is wrong: labels that depend on nothing, and a challenge on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from compete.audits.traces import Traces
from compete.challenge import Challenge, load_challenge
from compete.dataset import Dataset

SEED = "a-seed-of-some-length"


def write_challenge(
    folder: Path, data: dict[str, Any], task: str = "classification", metric: str = "f1_macro"
) -> Challenge:
    """A challenge with what it says of its data."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "name": "clean", "title": "Clean", "version": "1.0", "license": "CC0-1.0", "task": task,
        "data": {"path": "table.csv", **data}, "split": {"test": 0.4, "public": 0.5, "seed": SEED},
        "score": {"metric": metric},
    }  # fmt: skip
    if data.get("reader", "csv") == "csv":
        (folder / "table.csv").write_text("id,label\n1,a\n")
    (folder / "challenge.yaml").write_text(json.dumps(content))
    return load_challenge(folder)


def clean_items(seed: int, n: int = 600, classes: int = 3, groups: int = 0) -> tuple[Dataset, Traces]:
    """Items with columns, labels and traces, each drawn by itself.

    Args:
        seed: of all draws.
        n: items.
        classes: how many, with equal chances.
        groups: patients; 0 for none. The traces of one patient's images are alike, and so are its labels.
    """
    chance = np.random.default_rng(seed)
    patient = chance.integers(0, groups, n) if groups else np.arange(n)
    label = chance.integers(0, classes, max(groups, n))[patient]
    day = chance.integers(0, 365, n)
    items = pd.DataFrame(
        {
            "file": [f"/images/{number:06}.jpg" for number in chance.permutation(10 * n)[:n]],
            "label": [f"kind {'abcdefghij'[code]}{'xyzuvwrstq'[code] * 3}" for code in label],
            "patient": [f"p{code}" for code in patient],
            "age": chance.integers(20, 90, n).astype(str),
            "sex": chance.choice(["f", "m"], n),
            "weight": [f"{value:.1f}" for value in chance.normal(70, 12, n)],
            "site": chance.choice(["north", "south", "east", "west"], n),
            "device": chance.choice(["a1", "b2", "c3"], n, p=[0.7, 0.2, 0.1]),
            "taken": [f"2024-{1 + d // 31:02}-{1 + d % 28:02} {h:02}:{m:02}:{s:02}" for d, h, m, s in zip(
                day, chance.integers(6, 20, n), chance.integers(0, 60, n), chance.integers(0, 60, n), strict=True)],
            "note": np.where(chance.random(n) < 0.1, "", "seen"),
        },
        index=pd.Index([f"item{number}" for number in range(n)], name="item"), dtype=object,
    )  # fmt: skip
    labels = pd.DataFrame({"item": items.index.to_numpy(), "label": items["label"].to_numpy()}, dtype=object)
    return Dataset(items, labels, source="table.csv"), clean_traces(chance, n, patient)


def clean_traces(chance: np.random.Generator, n: int, patient: np.ndarray[Any, Any]) -> Traces:
    """Traces that depend on the patient and on nothing else."""
    own = chance.normal(size=(int(patient.max()) + 1, 4))[patient]
    mode = np.where(own[:, 0] > 1, "L", "RGB").astype(object)
    width = np.where(own[:, 1] > 0, 640, 800)
    small = 120 + 30 * own[:, 2, None, None] + chance.normal(0, 20, (n, 8, 8))
    return Traces(
        known=np.ones(n, dtype=bool),
        size=np.exp(11 + 0.3 * own[:, 3] + chance.normal(0, 0.2, n)).astype(np.int64),
        width=width,
        height=width * 3 // 4,
        mode=mode,
        kind=np.full(n, "JPEG", dtype=object),
        tables=np.where(own[:, 3] > 0, "aa", "bb").astype(object),
        taken=[""] * n,
        border=(100 + 20 * own[:, [2]] + chance.normal(0, 10, (n, 12))).clip(0, 255).astype(np.uint8),
        thumbnail=small.clip(0, 255).astype(np.uint8),
    )
