"""Every format of annotated images reads its sample, is recognised by it, and never breaks on a damaged one."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.challenge import load_challenge
from compete.dataset import feature_columns
from compete.errors import CompeteError, DatasetError
from compete.readers import recognise_dataset, sketch_dataset
from compete.readers.rules import DATASET_RULES
from tests.readers.annotated_files import NAMES, SAMPLES, as_json, draw_images, read_at, write_sample

SECRETS = ("somebody", "Somebody", "example.org", "secret", "token", "completed_by")
"""What the samples say of people and their accounts."""


@pytest.mark.parametrize("reader", NAMES)
def test_the_sample_is_read_as_expected(reader: str, tmp_path: Path) -> None:
    found = read_at(tmp_path, reader, write_sample(tmp_path, reader))
    assert as_json(found) == json.loads((SAMPLES / reader / "expected.json").read_text())
    assert all(Path(file).is_file() for file in found.items["file"])
    assert all(finding.rule in DATASET_RULES for finding in found.findings)


@pytest.mark.parametrize("reader", NAMES)
def test_nothing_of_people_is_read(reader: str, tmp_path: Path) -> None:
    found = read_at(tmp_path, reader, write_sample(tmp_path, reader))
    tables = found.items.drop(columns="file").to_json() + found.labels.to_json() + " ".join(map(str, found.findings))
    assert not [secret for secret in SECRETS if secret in tables]
    assert feature_columns(load_challenge(tmp_path), found) == ()


@pytest.mark.parametrize("reader", NAMES)
def test_the_sample_is_recognised_and_a_challenge_proposed(reader: str, tmp_path: Path) -> None:
    path = write_sample(tmp_path, reader)
    name, reason = recognise_dataset(path)
    assert name == reader, reason
    proposal = sketch_dataset(reader, path)
    assert proposal["reader"].value == reader
    assert proposal["task"].value == "detection"
    assert proposal["images"] is None


@pytest.mark.parametrize("reader", NAMES)
def test_other_formats_do_not_claim_the_sample(reader: str, tmp_path: Path) -> None:
    path = write_sample(tmp_path, reader)
    assert "might be" not in recognise_dataset(path)[1]


@pytest.mark.parametrize("reader", NAMES)
def test_images_of_another_folder_are_found(reader: str, tmp_path: Path) -> None:
    path = write_sample(tmp_path, reader)
    (tmp_path / reader / "images").rename(tmp_path / "pictures")
    with pytest.raises(DatasetError) as caught:
        read_at(tmp_path, reader, path)
    assert {finding.rule for finding in caught.value.findings} & {"dataset/missing-file"}
    found = read_at(tmp_path, reader, path, more="  images: pictures\n")
    assert [Path(file).parent.name for file in found.items["file"]] == ["pictures"] * 3
    proposal = sketch_dataset(reader, path)
    assert proposal["images"].value == tmp_path / "pictures"


@pytest.mark.parametrize("reader", NAMES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_damaged_file_is_read_or_refused(reader: str, data: st.DataObject) -> None:
    source = SAMPLES / NAMES[reader]
    name = {"voc": source / "Annotations" / "a.xml", "labelme": source / "a.json"}.get(reader, source)
    raw = bytearray(name.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        kind = data.draw(st.sampled_from(["byte", "cut", "digits", "insert", "repeat"]))
        piece = {"byte": data.draw(st.binary(min_size=1, max_size=1)), "cut": b"", "digits": b"9e999", "insert": b'"-1',
                 "repeat": bytes(raw[at : at + 40]) * 2}[kind]  # fmt: skip
        raw[at : at + (1 if kind == "byte" else 30 if kind == "cut" else 0)] = piece
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, reader)
        draw_images(place)
        (place / name.name).write_bytes(bytes(raw))
        task = data.draw(st.sampled_from(["detection", "instance_segmentation", "keypoints"]))
        with suppress(CompeteError):  # and nothing else
            found = read_at(Path(folder), reader, place if source.is_dir() else place / name.name, task)
            assert set(found.labels["item"]) <= set(found.items.index)


ODD: list[Any] = [
    None, True, -1, 0, 1e308, 10**400, "", "x", "\x00", "\udc80", "../../x", "a" * 3000, [], [[]], {}, {"a": 1}, [1],
]  # fmt: skip
WORDS = ["", " ", "-1", "nan", "1e999", "9" * 400, "x;y", "1,2;3", "../..", "a" * 3000]
JSON = {reader: name for reader, name in NAMES.items() if name.endswith("json") or reader == "labelme"}


def spots(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a JSON document."""
    yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from spots(one, (*way, key))


@pytest.mark.parametrize("reader", JSON)
@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_any_value_may_be_another(reader: str, data: st.DataObject) -> None:
    source = SAMPLES / (f"{NAMES[reader]}/a.json" if reader == "labelme" else NAMES[reader])
    lines = source.read_text().splitlines() if source.suffix == ".ndjson" else [source.read_text()]
    documents = [json.loads(line) for line in lines]
    for _ in range(data.draw(st.integers(1, 3))):
        way = data.draw(st.sampled_from(list(spots(documents))))
        place: Any = documents
        for key in way[:-1]:
            place = place[key]
        if way:
            place[way[-1]] = deepcopy(ODD[data.draw(st.integers(0, len(ODD) - 1))])
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, reader)
        draw_images(place)
        (place / source.name).write_text("\n".join(map(json.dumps, documents)))
        task = data.draw(st.sampled_from(["detection", "instance_segmentation", "keypoints"]))
        with suppress(CompeteError):
            read_at(Path(folder), reader, place if reader == "labelme" else place / source.name, task)


@pytest.mark.parametrize("reader", ["voc", "cvat"])
@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_any_text_may_be_another(reader: str, data: st.DataObject) -> None:
    source = SAMPLES / (f"{NAMES[reader]}/Annotations/a.xml" if reader == "voc" else NAMES[reader])
    text = source.read_text()
    for _ in range(data.draw(st.integers(1, 3))):
        found = data.draw(st.sampled_from(list(re.finditer(r'(?<==")[^"]*|(?<=>)[^<>]*(?=<)', text))))
        other = data.draw(st.sampled_from(WORDS))
        text = text[: found.start()] + other + text[found.end() :]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, reader)
        draw_images(place)
        (place / source.name).write_text(text)
        task = data.draw(st.sampled_from(["detection", "instance_segmentation", "keypoints"]))
        with suppress(CompeteError):
            read_at(Path(folder), reader, place if reader == "voc" else place / source.name, task)
