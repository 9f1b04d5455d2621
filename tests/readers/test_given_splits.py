"""Published splits: proposed where the data name one that keeps together what belongs together."""

from __future__ import annotations

from pathlib import Path

import pytest

from compete.building.starter import write_challenge
from compete.challenge import load_challenge
from compete.readers import read_dataset, sketch_dataset
from compete.readers.given_splits import propose_split
from tests.readers.yolo_files import write_files


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ("train train val test test", {"train": ["train", "val"], "test": ["test"]}),
        ("train train val val", {"train": ["train"], "test": ["val"]}),
        ("Train Train Test Test", {"train": ["Train"], "test": ["Test"]}),
        ("train train", None),
        ("test test val", None),
        ("train train test", None),
        ("train other test test", None),
        ("", None),
    ],
)
def test_parts_have_the_usual_names(cells: str, values: dict[str, list[str]] | None) -> None:
    found = propose_split({"split": cells.split()}, [])
    assert (found and found.value) == (values and {"column": "split", "values": values})


def test_a_split_that_cuts_a_group_apart_is_not_proposed() -> None:
    columns = {
        "split": ["train", "train", "test", "test"],
        "source": ["a", "b", "b", "c"],
        "site": ["x", "x", "y", "y"],
    }
    assert propose_split(columns, ["source"]) is None
    assert propose_split(columns, ["site"]) is not None
    assert propose_split(columns | {"source": ["a", "", "", "c"]}, ["source"]) is not None  # a blank is no group


def test_init_writes_a_challenge_with_the_published_split(tmp_path: Path) -> None:
    labels = {f"{part}/labels/{name}.txt": "0 0.5 0.5 0.2 0.2\n" for part, name in
              (("train", "d"), ("train", "e"), ("train", "f"), ("valid", "g"), ("valid", "h"))}  # fmt: skip
    folder = write_files(tmp_path / "data")
    for name, text in labels.items():
        image = folder / name.replace("labels", "images").replace(".txt", ".png")
        image.write_bytes((folder / "train/images/a.png").read_bytes())
        (folder / name).write_text(text)
    assert sketch_dataset("yolo", folder)["split"].value["values"] == {"train": ["train"], "test": ["val"]}
    started = write_challenge(tmp_path / "new", f"auto:{folder}")
    text = started.path.read_text()
    assert "  column: split   # published with the data: 5 train, 3 val" in text
    assert "`compete audit` tells whether it is clean\n" in text
    assert "one scene on both sides; to draw a new split, remove both lines" in text
    assert "  test:" not in text
    challenge = load_challenge(started.path)
    assert challenge.split.column == "split"
    assert dict(challenge.split.values) == {"train": ("train",), "test": ("val",)}
    assert len(read_dataset(challenge).items) == 8
