"""Challenges on images: what each task and reader takes, and what contradicts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from compete.challenge import Challenge, load_challenge
from compete.errors import ChallengeError
from compete.terms import IMAGE_TASKS

LEAST = """\
name: reef
title: Reef
task: detection
data:
  reader: coco
  path: coco.json
split:
  seed: 9f86d081884c7d65
score:
  metric: box_ap
submission:
  form: coco
"""


def load(tmp_path: Path, text: str) -> Challenge:
    (tmp_path / "challenge.yaml").write_text(text, encoding="utf-8")
    return load_challenge(tmp_path)


def test_the_least_challenge_has_no_label_and_a_file(tmp_path: Path) -> None:
    challenge = load(tmp_path, LEAST)
    assert (challenge.data.label, challenge.data.file, challenge.data.ignore) == ((), "file", None)
    assert (challenge.submission.form, challenge.submission.coordinates) == ("coco", "xywh")
    assert challenge.submission.most_objects == 1000
    assert challenge.findings == ()


def test_everything_of_images_is_read_as_it_was_written(tmp_path: Path) -> None:
    text = LEAST.replace("task: detection", "task: panoptic_segmentation").replace("form: coco", "form: png")
    data = "path: coco.json\n  masks: pngs\n  items: images.csv\n  file: name\n  things: [1, no]"
    challenge = load(tmp_path, text.replace("path: coco.json", data))
    assert (challenge.data.masks, challenge.data.items, challenge.data.file) == ("pngs", "images.csv", "name")
    assert challenge.data.things == ("1", "no")
    text = LEAST.replace("task: detection", "task: semantic_segmentation").replace("form: coco", "form: runs")
    data = "path: t.csv\n  file: f\n  mask: m\n  values: {no: 0, 010: 10}\n  ignore: 255"
    challenge = load(tmp_path, text.replace("reader: coco\n  path: coco.json", data))
    assert challenge.data.values == (("no", 0), ("010", 10))
    assert (challenge.data.mask, challenge.data.ignore) == ("m", 255)
    text = LEAST.replace("task: detection", "task: keypoints").replace(
        "path: coco.json", "path: c\n  sigmas: [1, 0.05]"
    )
    assert load(tmp_path, text).data.sigmas == (1.0, 0.05)
    text = LEAST.replace("form: coco", "form: rows\n  coordinates: xyxy\n  most_objects: 7")
    assert load(tmp_path, text).submission.coordinates == "xyxy"


ODD = [
    # change of the least challenge, rule, place, words of the message, words of the hint
    ("task: detection", "task: detektion", "unknown-value", "3:7", "must be one of", "`detection`"),
    ("reader: coco", "reader: csv", "task-mismatch", "5:11", "the csv reader does not read what detection", "coco"),
    ("reader: coco", "reader: folder", "task-mismatch", "5:11", "the folder reader", "reader: coco"),
    ("form: coco", "form: rle", "unknown-value", "12:9", "must be one of", ""),
    ("form: coco", "form: png", "task-mismatch", "12:9", "written as coco or rows or strings", ""),
    ("form: coco", "coordinates: xyxy", "contradiction", "12:16", "always left, top, width, height", "form: rows"),
    ("form: coco", "most_objects: 0", "out-of-range", "12:17", "between 1 and 100000", ""),
    ("form: coco", "kind: label", "task-mismatch", "12:9", "belongs to tables", "the task says"),
    ("form: coco", "range: [0, 1]", "task-mismatch", "12:3", "belongs to tables", "remove"),
    ("path: coco.json", "path: c\n  label: x", "task-mismatch", "7:10", "belongs to tables", "what is predicted"),
    ("path: coco.json", "path: c\n  classes: [a, b]", "task-mismatch", "7:3", "belongs to tables", "categories"),
    ("path: coco.json", "path: c\n  sigmas: [0.1]", "task-mismatch", "7:3", "belongs to keypoints", "remove"),
    (
        "path: coco.json",
        "path: c\n  ignore: 255",
        "task-mismatch",
        "7:11",
        "belongs to semantic_segmentation",
        "remove",
    ),
    ("path: coco.json", "path: c\n  masks: m", "task-mismatch", "7:10", "semantic_segmentation and panoptic", "remove"),
    ("path: coco.json", "path: c\n  drop: [a]", "contradiction", "7:3", "is for tables", "no column"),
    ("path: coco.json", "path: c\n  id: a", "contradiction", "7:7", "there is no such table", "remove"),
    ("path: coco.json", "path: c\n  item: a", "unknown-key", "7:3", "no key `data.item`", "`items`"),
]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd[1].replace("\n", " "))
def test_one_fault_one_finding(tmp_path: Path, odd: tuple[str, ...]) -> None:
    old, new, rule, place, words, hint = odd
    assert LEAST.count(old) == 1
    with pytest.raises(ChallengeError) as caught:
        load(tmp_path, LEAST.replace(old, new))
    (finding,) = caught.value.findings
    assert (finding.rule, finding.where) == (f"challenge/{rule}", f"challenge.yaml:{place}")
    assert words in finding.message
    assert hint in finding.hint


def test_a_coco_file_is_not_for_tasks_of_tables(tmp_path: Path) -> None:
    with pytest.raises(ChallengeError) as caught:
        load(tmp_path, LEAST.replace("task: detection", "task: regression"))
    reader, form = caught.value.findings
    assert "the task is regression" in reader.message
    assert "`submission.form` belongs to images" in form.message


@pytest.mark.parametrize("key", ["items: i.csv", "masks: m", "mask: m", "values: {a: 0, b: 1}", "ignore: 1"])
def test_keys_of_images_are_refused_for_tables(tmp_path: Path, key: str) -> None:
    text = f"name: a\ntitle: b\ntask: classification\ndata:\n  path: p\n  label: l\n  {key}\n"
    with pytest.raises(ChallengeError) as caught:
        load(tmp_path, text + "split: {seed: 0123456789abcdef}\nscore: {metric: f1_macro}\n")
    (finding,) = caught.value.findings
    assert finding.rule == "challenge/task-mismatch"
    assert finding.where.startswith("challenge.yaml:7:")


@pytest.mark.parametrize(("task", "form"), [(task, form) for task, (_, forms) in IMAGE_TASKS.items() for form in forms])
def test_every_form_of_every_task_is_taken(tmp_path: Path, task: str, form: str) -> None:
    text = LEAST.replace("detection", task).replace("form: coco", f"form: {form}")
    if task == "semantic_segmentation":
        text = text.replace("path: coco.json", "path: coco.json\n  masks: m")
    assert load(tmp_path, text).submission.form == form
