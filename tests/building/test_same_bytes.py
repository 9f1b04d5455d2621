"""The order in which a system lists the files of a folder changes no byte of a bundle."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compete import jobs
from tests.building.faults import tree, write_challenge


class Shuffled:
    """A listing of a folder, in another order."""

    def __init__(self, listing: Any, chance: random.Random) -> None:
        with listing:
            self.entries = sorted(listing, key=lambda entry: entry.name)
        chance.shuffle(self.entries)
        self.left = iter(self.entries)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self.left)

    def __enter__(self) -> Shuffled:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is open."""


def shuffle_listings(monkeypatch: pytest.MonkeyPatch, seed: int) -> list[str]:
    """Let every folder be listed in a random order; the folders that were."""
    chance, scan, listed, seen = random.Random(seed), os.scandir, os.listdir, []

    def scanned(folder: Any = ".") -> Shuffled:
        seen.append(str(folder))
        return Shuffled(scan(folder), chance)

    def names(folder: Any = ".") -> list[str]:
        seen.append(str(folder))
        found = sorted(listed(folder))
        chance.shuffle(found)
        return found

    monkeypatch.setattr(os, "scandir", scanned)
    monkeypatch.setattr(os, "listdir", names)
    return seen


@pytest.mark.parametrize("kind", ["images", "labels"])
def test_the_order_of_folders_changes_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    root = write_challenge(tmp_path / "reef", "Reef", kind=kind)
    jobs.build(root, tmp_path / "plain", workers=1)
    with monkeypatch.context() as patch:
        seen = shuffle_listings(patch, seed=3)
        jobs.build(root, tmp_path / "shuffled", workers=1)
    assert any("public" in folder for folder in seen)
    assert kind == "labels" or any(folder.endswith(("fish", "crab")) for folder in seen)
    assert tree(tmp_path / "shuffled") == tree(tmp_path / "plain")
