"""Labels of whole images: which columns are proposed for them, by which formats, and that the challenge loads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compete.building.starter import write_challenge
from compete.challenge import load_challenge
from compete.errors import DatasetError
from compete.readers import read_dataset
from compete.readers.label_proposals import propose_label
from tests.readers.annotated_files import draw_images
from tests.readers.test_label_studio import annotation, answer, task
from tests.readers.test_labelbox import row

WORDS = ["dark", "dark", "bright"]
IMAGES = ["a.png", "b.png", "c.png"]
PROPOSED = [
    ({"light": WORDS}, "classification", "light"),
    ({"light": WORDS, "species": ["x", "y", "x"]}, "classification", "species"),
    ({"light": [*WORDS, ""]}, "classification", "light"),
    ({"light": ["dark", "bright", "", "", ""]}, "", None),
    ({"light": ["dark", "bright", "dim"]}, "", None),
    ({"light": ["dark"] * 3}, "", None),
    ({"sea": ["calm|clear", "calm", "calm"], "sea: calm": list("111"), "sea: clear": list("100")}, "multilabel",
     ["sea: calm", "sea: clear"]),
    ({"label": ["x"] * 20 + ["y"] * 20 + [""], "label: x": ["1"] * 41, "label: y": ["0"] * 40 + ["1"]},
     "classification", "label"),
    ({"label": ["x", "y", "x", ""], "label: x": list("1011"), "label: y": list("0101")}, "multilabel",
     ["label: x", "label: y"]),
    ({"hidden": list("010")}, "", None),
    ({}, "", None),
]  # fmt: skip


@pytest.mark.parametrize(("columns", "kind", "label"), PROPOSED)
def test_columns_of_few_words_are_labels(columns: dict[str, list[str]], kind: str, label: Any) -> None:
    found = propose_label(columns)
    assert (found["task"].value, found["label"].value) == (kind, label) if kind else found == {}


def chosen(folder: Path) -> Path:
    tasks = [task(annotation(answer("choices", {"choices": [word]}, "light")), image=image)
             for word, image in zip(WORDS, IMAGES, strict=True)]  # fmt: skip
    (folder / "export.json").write_text(json.dumps(tasks))
    return folder / "export.json"


def answered(folder: Path) -> Path:
    radio = [{"objects": [], "classifications": [{"name": "light", "radio_answer": {"name": word}}]} for word in WORDS]
    rows = [row({"annotations": one}, name=name) for one, name in zip(radio, IMAGES, strict=True)]
    (folder / "export.ndjson").write_text("\n".join(map(json.dumps, rows)))
    return folder / "export.ndjson"


def tagged(folder: Path) -> Path:
    images = "".join(f'<image id="1" name="{name}" width="40" height="30"><tag label="{word}"/></image>'
                     for name, word in zip(IMAGES, WORDS, strict=True))  # fmt: skip
    (folder / "annotations.xml").write_text(f"<annotations><version>1.1</version>{images}</annotations>")
    return folder / "annotations.xml"


def flagged(folder: Path) -> Path:
    for name, word in zip(IMAGES, WORDS, strict=True):
        flags = {"dark": word == "dark", "bright": word == "bright"}
        sheet = {"shapes": [], "flags": flags, "imagePath": name, "imageWidth": 40, "imageHeight": 30}
        (folder / name).with_suffix(".json").write_text(json.dumps(sheet))
    return folder


LABELLED = [(chosen, "light"), (answered, "light"), (tagged, "tag"), (flagged, ["dark", "bright"])]


@pytest.mark.parametrize(("write", "label"), LABELLED)
def test_labels_of_whole_images_start_a_challenge(
    tmp_path: Path, write: Callable[[Path], Path], label: str | list[str]
) -> None:
    draw_images(tmp_path / "data")
    started = write_challenge(tmp_path / "challenge", f"auto:{write(tmp_path / 'data')}")
    challenge = load_challenge(started.path)
    assert list(challenge.data.label) == (label if isinstance(label, list) else [label])
    found = read_dataset(challenge)
    if isinstance(label, list):
        assert found.labels["value"].tolist() == [1, 0, 1, 0, 0, 1]
    else:
        assert found.labels["label"].tolist() == WORDS


def test_of_objects_the_label_is_there_for_whoever_asks(tmp_path: Path) -> None:
    from tests.readers.test_label_studio import result

    draw_images(tmp_path / "data")
    tasks = [task(annotation(result(), answer("choices", {"choices": [word]}, "light")), image=image)
             for word, image in zip(WORDS, IMAGES, strict=True)]  # fmt: skip
    path = tmp_path / "data" / "export.json"
    path.write_text(json.dumps(tasks))
    objects = load_challenge(write_challenge(tmp_path / "objects", f"auto:{path}").path)
    assert (objects.task, list(objects.data.label)) == ("detection", [])
    classes = load_challenge(write_challenge(tmp_path / "classes", f"auto:{path}", task="classification").path)
    assert read_dataset(classes).labels["label"].tolist() == WORDS


def test_a_search_for_objects_names_the_labels_that_are_there(tmp_path: Path) -> None:
    draw_images(tmp_path / "data")
    path = chosen(tmp_path / "data")
    wrong = load_challenge(write_challenge(tmp_path / "objects", f"auto:{path}", task="detection").path)
    with pytest.raises(DatasetError) as caught:
        read_dataset(wrong)
    assert "task: classification, and label: light" in caught.value.findings[0].hint


def test_that_nothing_was_found_is_told_at_once(tmp_path: Path) -> None:
    draw_images(tmp_path / "data")
    path = tmp_path / "data" / "export.json"
    path.write_text(json.dumps([task(annotation(), image=image) for image in IMAGES]))
    started = write_challenge(tmp_path / "nothing", f"auto:{path}")
    (reason,) = [why for field, _, why in started.choices if field == "task"]
    assert "no object was found" in reason
