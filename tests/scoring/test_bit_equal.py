"""The same predictions get the same bits: however they are written, wherever and by how many they are scored."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compete.bundle import open_bundle
from compete.png import png_bytes
from compete.scoring.grading import grade
from compete.tasks import TASKS
from compete.terms import FLAT_TASKS, IMAGE_TASKS, Terms
from tests.conftest import ROOT, Run
from tests.scoring.every_form import FORMS, Form
from tests.scoring.tiff_files import tiff

Rows = list[list[str]]
BOM = b"\xef\xbb\xbf"


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The bundle of every form."""
    root = tmp_path_factory.mktemp("forms")
    return {name: form.write(root / name) for name, form in FORMS.items()}


def test_every_task_and_form_is_among_them() -> None:
    wanted = {(task, form, kind) for task, (kind, forms) in IMAGE_TASKS.items() for form in forms}
    flat = {
        *(("classification", "csv", kind) for kind in ("label", "probability", "score")),
        ("multilabel", "csv", "flag"),
        *((task, "csv", kind) for task in set(TASKS) - {"classification", "multilabel"} for kind in TASKS[task].kinds),
        ("retrieval", "rows", "lists"),
        ("multilabel", "rows", "flag"),
        ("spans", "rows", "spans"),
    }
    found = {(form.terms.task, form.terms.form, form.terms.kind) for form in FORMS.values()}
    assert found == wanted | flat
    assert {task for task, *_ in flat} == set(FLAT_TASKS)


# ---- how it is written


def rewritten(raw: bytes, change: Callable[[Rows], Rows] = lambda rows: rows, **style: Any) -> bytes:
    """The same table in another style."""
    rows = list(csv.reader(io.StringIO(raw.decode(), newline="")))
    text = io.StringIO()
    csv.writer(text, **{"lineterminator": "\n", **style}).writerows(change(rows))
    return text.getvalue().encode()


def shuffled(rows: Rows, seed: int) -> Rows:
    """The same rows below the header in another order."""
    below = rows[1:]
    random.Random(seed).shuffle(below)
    return [rows[0], *below]


def other_columns(rows: Rows) -> Rows:
    """The same columns in another order."""
    return [row[::-1] for row in rows]


def tables(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """A table in every way in which it may be written."""
    yield "byte order mark", BOM + raw
    yield "CR LF", rewritten(raw, lineterminator="\r\n")
    yield "mixed line ends", raw.replace(b"\n", b"\r\n", 2)
    yield "no last line end", raw.rstrip(b"\n")
    yield "all quoted", rewritten(raw, quoting=csv.QUOTE_ALL)
    yield "columns", rewritten(raw, other_columns)
    for seed in range(5):
        yield f"rows {seed}", rewritten(raw, lambda rows: shuffled(rows, seed))  # noqa: B023
    yield (
        "all at once",
        BOM
        + rewritten(raw, lambda rows: shuffled(other_columns(rows), 9), quoting=csv.QUOTE_ALL, lineterminator="\r\n"),
    )
    yield from archives("mine.csv", raw)


def archives(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """A file in an archive of its own."""
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        yield f"zip {method}", zipped({name: content}, method)


def turned(content: Any, seed: int) -> Any:
    """The same JSON with the keys of its objects in another order."""
    if isinstance(content, dict):
        keys = list(content)
        random.Random(seed).shuffle(keys)
        return {key: turned(content[key], seed) for key in keys}
    return [turned(one, seed + place) for place, one in enumerate(content)] if isinstance(content, list) else content


def results(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """COCO results in every way in which they may be written."""
    rows = json.loads(raw)
    yield "byte order mark", BOM + raw
    yield "many lines", json.dumps(rows, indent=3).encode()
    yield "CR LF and tabs", json.dumps(rows, indent="\t").replace("\n", "\r\n").encode()
    yield "no blanks", json.dumps(rows, separators=(",", ":")).encode()
    yield "blanks around", b" \n\t" + json.dumps(rows, separators=(" , ", " : ")).encode() + b"\n\n"
    yield "escaped keys", raw.replace(b'"score"', b'"\\u0073core"')
    yield "other keys", turned_results(rows, {"id": 7, "area": 1e12, "iscrowd": 1})
    for seed in range(5):
        again = turned(rows, seed)
        random.Random(seed).shuffle(again)
        yield f"order {seed}", json.dumps(again).encode()
    yield from archives("mine.json", raw)


def turned_results(rows: list[dict[str, Any]], more: dict[str, Any]) -> bytes:
    """The same results with keys that are not read."""
    return json.dumps([{**more, **one} for one in rows]).encode()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def pictures(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """A zip of pictures in every way in which it may be packed."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    yield "backwards", zipped(dict(reversed(members.items())))
    yield "stored", zipped(members, zipfile.ZIP_STORED)
    yield "one folder", zipped({f"mine/{name}": content for name, content in members.items()})
    yield "packed otherwise", zipped({name: repacked(content) for name, content in members.items()})
    for name, content in members.items():
        if name.endswith(".json"):
            for seed in range(3):
                said = turned(json.loads(content), seed)
                for part in said["annotations"]:
                    random.Random(seed).shuffle(part["segments_info"])
                random.Random(seed).shuffle(said["annotations"])
                yield f"order {seed}", zipped({**members, name: json.dumps(said, indent=seed).encode()})


def repacked(content: bytes) -> bytes:
    """The same picture as another program writes it: other filters, other deflation."""
    if content.startswith(b"\x1f\x8b"):
        return gzip.compress(gzip.decompress(content), 1)
    if not content.startswith((b"\x89PNG", b"II")):
        return content
    from PIL import Image

    file = io.BytesIO()
    with Image.open(io.BytesIO(content)) as picture:
        if picture.format == "TIFF":
            picture.save(file, "TIFF", compression="tiff_adobe_deflate")
        else:
            picture.save(file, "PNG", optimize=True, compress_level=9)
    return file.getvalue()


WAYS = {".csv": tables, ".json": results, ".zip": pictures}


def cases() -> list[tuple[str, str, bytes]]:
    """Every form in every way."""
    return [(name, way, raw) for name, form in FORMS.items() for way, raw in WAYS[form.suffix](form.good)]


@pytest.mark.parametrize("name", FORMS)
def test_no_way_of_writing_changes_a_bit(bundles: dict[str, Path], tmp_path: Path, name: str) -> None:
    form, bundle = FORMS[name], open_bundle(bundles[name])
    first = grade(bundle, form.good)
    assert any(score.value is not None and 0 < score.value < 1.5 for score in first.scores), "a score that says nothing"
    ways = list(WAYS[form.suffix](form.good))
    assert len(ways) >= 4
    for way, raw in ways:
        ending = ".zip" if raw[:2] == b"PK" else form.suffix
        path = tmp_path / f"{way}{ending}"
        path.write_bytes(raw)
        other = grade(bundle, path)
        assert other.scores == first.scores, way
        assert other.submission["canonical_sha256"] == first.submission["canonical_sha256"], way
        assert (other.submission["sha256"] == first.submission["sha256"]) == (raw == form.good), way
        assert json.dumps(other.as_dict()["scores"]) == json.dumps(first.as_dict()["scores"]), way


def test_the_kind_of_picture_changes_no_bit(bundles: dict[str, Path]) -> None:
    first, other = (grade(open_bundle(bundles[name]), FORMS[name].good) for name in ("pictures", "pictures in TIFF"))
    assert other.scores == first.scores
    assert other.submission["canonical_sha256"] == first.submission["canonical_sha256"]


@pytest.mark.parametrize("name", FORMS)
def test_another_prediction_has_another_digest(bundles: dict[str, Path], name: str) -> None:
    """What is said otherwise is not held to be the same, or the test above would say nothing."""
    form, bundle = FORMS[name], open_bundle(bundles[name])
    first = grade(bundle, form.good, draws=0)
    other = grade(bundle, changed(form), draws=0)
    assert other.submission["canonical_sha256"] != first.submission["canonical_sha256"]


OTHERWISE = {
    **dict.fromkeys(("value", "score"), "0.125"), "probability": "0.125,0.375,0.5", "texts": "something else",
    "spans": "3 4", "interval": "0.125,0.375", "spread": "0.125,0.375", "shares": "0.25,0.25,0.5",
    "survival": "0.75,0.5,0.25", **dict.fromkeys(("ensemble", "cumulative", "quantiles"), "0.125,0.25,0.375"),
}  # fmt: skip
"""Cells of one row that say something else."""


def changed(form: Form) -> bytes:
    """A submission that says something else: without its last prediction, or with another one."""
    if form.suffix == ".json":
        return json.dumps(json.loads(form.good)[:-1]).encode()
    if form.suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(form.good)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        said = json.loads(members.get("panoptic.json", b"{}"))
        if said:
            held = said["annotations"][0]["segments_info"][0]
            held["category_id"] = 15 - held["category_id"] if held["category_id"] in (7, 8) else 7
            return zipped({**members, "panoptic.json": json.dumps(said).encode()})
        name, content = list(members.items())[-1]
        return zipped({**members, name: blank(content)})
    return changed_table(form)


def changed_table(form: Form) -> bytes:
    """A table without its last row, or with other cells in it."""
    header, *rows = form.good.decode().splitlines()
    objects = form.terms.of_images and form.terms.form != "strings" and "class" in header
    if objects or form.terms.kind == "masks" or (form.terms.form == "rows" and not form.terms.of_images):
        return "\n".join([header, *rows[:-1]]).encode()
    name, cell = rows[-1].split(",", 1)
    return "\n".join([header, *rows[:-1], f"{name},{other_cells(form.terms, cell)}"]).encode()


def other_cells(terms: Terms, cell: str) -> str:
    """Cells that say something else than those of a row."""
    pairs = {"label": ("owl", "cat"), "lists": ("d8", "d7")}
    if terms.task == "ordering":
        pairs["lists"] = ("d3 d2 d1 d0", "d0 d1 d2 d3")
    if terms.task == "multioutput":
        pairs["label"] = ("u,p", "v,q")
    if terms.kind in pairs:
        first, other = pairs[terms.kind]
        return first if cell != first else other
    flipped = {"0,": "1,", "1,": "0,"}.get(cell[:2], "") + cell[2:]
    runs = "1 2" if terms.form == "runs" else ""
    return {"flag": flipped, "boxes": "", **OTHERWISE}.get(terms.kind, runs)


def blank(content: bytes) -> bytes:
    """A picture or volume of one class, of the size that this one has."""
    if content.startswith(b"\x1f\x8b"):
        raw = gzip.decompress(content)
        return gzip.compress(raw[:352] + bytes(len(raw) - 352))
    return png_bytes(np.zeros((5, 7), dtype=int)) if content.startswith(b"\x89PNG") else tiff(np.zeros((5, 7)))


# ---- where it is scored

ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Antarctica/Troll", "Africa/Casablanca")
TONGUES = ("C", "C.UTF-8", "de_DE.UTF-8", "tr_TR.UTF-8", "ja_JP.eucJP", "ar_EG.ISO-8859-6")
PLACES: dict[str, tuple[dict[str, str], list[str], list[str]]] = {
    **{
        f"{tongue} {zone}": ({"LC_ALL": tongue, "LANG": tongue, "TZ": zone, "PYTHONHASHSEED": str(seed * 1001)}, [], [])
        for seed, (tongue, zone) in enumerate(zip(TONGUES, ZONES, strict=True))
    },
    "optimised": ({}, ["-O"], []),
    "without docstrings": ({}, ["-OO"], []),
    "UTF-8": ({"LC_ALL": "C"}, ["-X", "utf8"], []),
    "not UTF-8": ({"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}, ["-X", "utf8=0"], []),
    "hash seed": ({"PYTHONHASHSEED": "4242"}, [], []),
    "without msgspec": ({}, [], ["msgspec"]),
    "one thread": ({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}, [], []),
}


def told(sent: list[list[str]], place: str) -> str:
    """All that the program prints of all submissions at one place."""
    variables, flags, without = PLACES[place]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    done = subprocess.run(
        [sys.executable, *flags, "-m", "tests.scoring.scored", *without],
        input=json.dumps(sent), capture_output=True, encoding="ascii", cwd=ROOT, env={**kept, **variables},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sent(bundles: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """Command lines: of every form a good submission, and one that is refused."""
    root, lines = tmp_path_factory.mktemp("sent"), []
    for name, bundle in bundles.items():
        for word, raw in (("good", FORMS[name].good), ("bad", FORMS[name].good[:-40] + b"\xff")):
            path = root / name / f"{word}{FORMS[name].suffix}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(raw)
            lines.append([str(bundle), str(path)])
    return lines


@pytest.fixture(scope="module")
def at_home(sent: list[list[str]]) -> str:
    """What the first place tells."""
    text = told(sent, next(iter(PLACES)))
    assert [line for line in text.splitlines() if line in ("0", "3")] == ["0", "3"] * len(FORMS)
    return text


@pytest.mark.parametrize("place", list(PLACES)[1:])
def test_no_place_changes_a_byte(sent: list[list[str]], at_home: str, place: str) -> None:
    assert told(sent, place) == at_home


@pytest.mark.parametrize("name", ["labels", "COCO masks"])
def test_the_number_of_workers_changes_no_byte(bundles: dict[str, Path], tmp_path: Path, run: Run, name: str) -> None:
    form, paths = FORMS[name], []
    for place, raw in enumerate([form.good, form.good[:-9], form.good, changed(form), b"", form.good] * 3):
        paths.append(tmp_path / f"{place:02}{form.suffix}")
        paths[-1].write_bytes(raw)
    answers = [run("score", bundles[name], *paths, "--json", "--workers", str(count)) for count in (1, 2, 8)]
    assert len(json.loads(answers[0].out)["results"]) == len(paths)
    assert answers[1] == answers[0]
    assert answers[2] == answers[0]


def test_a_result_does_not_depend_on_what_was_scored_before(bundles: dict[str, Path]) -> None:
    """In one process, one after the other and backwards: nothing is kept from one submission to the next."""
    opened = {name: open_bundle(path) for name, path in bundles.items()}
    first = {name: grade(opened[name], FORMS[name].good).as_dict() for name in FORMS}
    assert {name: grade(opened[name], FORMS[name].good).as_dict() for name in reversed(FORMS)} == first
