"""Nothing is scored against a bundle that is not as it was built."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from compete.bundle import open_bundle
from compete.errors import BundleError
from compete.scoring.grading import grade
from compete.terms import Terms
from tests.scoring.bundles import table, write_small_bundle

IDS = [f"item{number:02}" for number in range(40)]
TRUE = ["cat", "dog"] * 20
TERMS = Terms(
    "pets", "Pets", "1.0", "classification", ("label",), "label", ("label",), "accuracy", classes=("cat", "dog"),
    also=("f1_macro",), subgroups=("site",), draws=0,
)  # fmt: skip
MINE = table({"id": IDS, "label": TRUE})


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    usage = ["Public"] * 16 + ["Private"] * 24
    return write_small_bundle(
        tmp_path / "pets", TERMS, {"id": IDS, "label": TRUE, "Usage": usage, "site": ["a", "a", "b", "b"] * 10}
    )


def edited(path: Path, change: Callable[[list[str]], list[str]]) -> None:
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")


@pytest.mark.parametrize(
    ("file", "on", "change"),
    [
        ("private/solution.csv", "test", lambda lines: [lines[0], lines[1].replace("cat", "dog"), *lines[2:]]),
        ("private/solution.csv", "test", lambda lines: [lines[0], lines[2], lines[1], *lines[3:]]),
        ("private/solution.csv", "test", lambda lines: [*lines, lines[-1]]),
        ("private/solution.csv", "test", lambda lines: lines[:20]),
        ("public/challenge.json", "test", lambda lines: [line.replace("accuracy", "f1_macro") for line in lines]),
        ("public/challenge.json", "train", lambda lines: [line.replace('"cat"', '"cow"') for line in lines]),
        ("public/train.csv", "train", lambda lines: [lines[0], lines[1].replace("cat", "dog"), *lines[2:]]),
        ("public/train_groups.csv", "train", lambda lines: [lines[0], lines[1].replace("a", "b"), *lines[2:]]),
    ],
)
def test_an_edited_file_stops_the_scoring(
    pets: Path, file: str, on: str, change: Callable[[list[str]], list[str]]
) -> None:
    assert grade(open_bundle(pets), MINE, on=on).scores[0].value == 1.0
    edited(pets / file, change)
    with pytest.raises(BundleError, match=f"{file}  bundle/changed"):
        grade(open_bundle(pets), MINE, on=on)


@pytest.mark.parametrize("file", ["manifest.json", "private/private-manifest.json"])
def test_an_edited_or_missing_manifest_stops_the_scoring(pets: Path, file: str) -> None:
    whole = (pets / file).read_text()
    (pets / file).write_text(whole.replace("compete", "someone", 1))
    with pytest.raises(BundleError, match="bundle/manifest"):
        grade(open_bundle(pets), MINE)
    (pets / file).unlink()
    with pytest.raises(BundleError, match="bundle/missing"):
        grade(open_bundle(pets), MINE)


def test_the_public_half_needs_no_manifest(pets: Path, tmp_path: Path) -> None:
    (pets / "public").rename(tmp_path / "handed-out")
    assert grade(open_bundle(tmp_path / "handed-out"), MINE, on="train").scores[0].value == 1.0
