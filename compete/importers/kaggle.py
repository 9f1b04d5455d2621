"""Kaggle: a downloaded competition, or the host's folder, as a challenge that can be rebuilt and scored here."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compete.cells import long_cells
from compete.errors import DatasetError, Finding
from compete.files import files_below, write_file
from compete.importers import CHALLENGE, Imported
from compete.importers.writing import Draft, challenge_text, table_bytes

TABLES = ("train", "test", "solution")
USAGE, PACKED = "Usage", "packed_truth"
PART, PARTS = "part", {"Public": "public", "Private": "private"}
IMAGES = frozenset((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif"))
ODD_FORMS = re.compile(r"encodedpixels|predictionstring|rle|predictions?_string|^predictions$|^image$", re.IGNORECASE)
"""Prediction columns that hold run lengths, boxes or files."""

MANY = 20
"""More different whole numbers than these are taken for a measurement, not for classes."""


@dataclass(frozen=True)
class Table:
    """A CSV file as text."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]

    def cells(self, name: str) -> list[str]:
        """The cells of a column."""
        return [row[name] for row in self.rows]


def read(source: Path, folder: Path, out: Path) -> Imported:
    """Write the challenge; see ``compete.importers``."""
    tables = _tables(source)
    train, sample = tables["train"], tables["sample"]
    identity, predicted = sample.columns[0], sample.columns[1:]
    odd = [name for name in predicted if ODD_FORMS.search(name)]
    if odd:
        hint = "compete init DIR --from auto:ANNOTATIONS"
        finding = Finding("import/form", "predictions are not plain cells", sample.path.name, tuple(odd), hint)
        raise DatasetError("this competition cannot be rebuilt from its tables", [finding])
    labels, wide = _labels(train, tables.get("test"), predicted, identity)
    items, split = _items(tables, identity, labels, wide=wide)
    images = _with_files(items, identity, train.path.parent)
    write_file(folder / "data" / "items.csv", table_bytes(list(items[0]), items))
    own = _own_metric(source, folder)
    task, kind = _task(items, labels, sample, wide=wide)
    metric = "metric.py:score" if own else _told_metric(train.path.parent)
    facts = _facts(source)
    draft = Draft(
        name=_name(source, facts),
        title=str(facts.get("title") or source.resolve().name),
        description=str(facts.get("briefDescription") or ""),
        task=task,
        kind=kind,
        metric=metric,
        labels=labels,
        identity=identity if identity in items[0] else "",
        features=[name for name in items[0] if name not in (identity, PART, *labels) and not _names_files(name, items)],
        images=_relative(train.path.parent, out) if images else "",
        split=PART if split else "",
    )
    write_file(folder / CHALLENGE, challenge_text(draft).encode())
    carried = _carried(draft, len(items))
    return Imported("kaggle", out, carried, tuple(_findings(source, tables, draft)))


def _tables(source: Path) -> dict[str, Table]:
    """The tables of a competition by what they are for."""
    found: dict[str, Path] = {}
    for path in _csv_files(source):
        stem = path.stem.lower()
        role = stem if stem in TABLES else "sample" if "sample" in stem and "submission" in stem else ""
        if role and role not in found:
            found[role] = path
    missing = [name for name in ("train", "sample") if name not in found]
    if missing:
        names = {"train": "train.csv", "sample": "sample_submission.csv"}
        message = f"there is no {' and no '.join(names[name] for name in missing)}"
        hint = "unpack what `kaggle competitions download` gave, and name that folder"
        raise DatasetError(
            "nothing was imported", [Finding("import/not-a-competition", message, str(source), hint=hint)]
        )
    return {role: _read(path) for role, path in found.items()}


def _csv_files(source: Path) -> list[Path]:
    """Tables of a folder, those nearest to its top first."""
    if not source.is_dir():
        hint = "unzip it first, and name the folder"
        message = "this is no folder"
        raise DatasetError(
            "nothing was imported", [Finding("import/not-a-competition", message, str(source), hint=hint)]
        )
    paths = [path for path in files_below(source) if path.suffix.lower() == ".csv" and "sandbox" not in path.parts]
    return sorted(paths, key=lambda path: (len(path.parts), str(path)))


def _read(path: Path) -> Table:
    try:
        with long_cells(), path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            rows = tuple(dict(row) for row in reader)
            columns = tuple(reader.fieldnames or ())
    except (UnicodeDecodeError, csv.Error) as error:
        finding = Finding("import/not-a-competition", f"this cannot be read: {error}", path.name)
        raise DatasetError("nothing was imported", [finding]) from None
    if len(columns) < 2 or not rows or any(None in row for row in rows):
        finding = Finding("import/not-a-competition", "this table has no rows, or ragged ones", path.name)
        raise DatasetError("nothing was imported", [finding])
    return Table(path, columns, rows)


def _labels(train: Table, test: Table | None, predicted: Sequence[str], identity: str) -> tuple[list[str], bool]:
    """The columns of the labels, and whether a submission has a column a class instead."""
    known = [name for name in predicted if name in train.columns]
    if len(known) == len(predicted):
        return known, False
    only = [name for name in train.columns if name != identity and (test is None or name not in test.columns)]
    for name in only:
        if set(train.cells(name)) <= set(predicted):
            return [name], True
    if len(only) == 1 and len(predicted) == 1:
        return only, False
    message = "which columns of train.csv are predicted cannot be told"
    hint = "begin with: compete init DIR --from csv:train.csv"
    finding = Finding("import/form", message, train.path.name, tuple(predicted[:3]), hint)
    raise DatasetError("nothing was imported", [finding])


def _items(
    tables: Mapping[str, Table], identity: str, labels: Sequence[str], *, wide: bool
) -> tuple[list[dict[str, str]], bool]:
    """All items whose labels are known, and whether the test is among them."""
    train, test, solution = tables["train"], tables.get("test"), tables.get("solution")
    features = [name for name in train.columns if name not in labels and (test is None or name in test.columns)]
    columns = list(dict.fromkeys([*([identity] if identity in train.columns else []), *features, *labels]))
    if (
        not solution
        or not test
        or identity not in test.columns
        or identity not in columns
        or not {identity, USAGE} <= set(solution.columns)
    ):
        return [{name: row[name] for name in columns} for row in train.rows], False
    truth = _known_labels(solution, identity, labels, wide=wide)
    rows = [{**{name: row[name] for name in columns}, PART: "train"} for row in train.rows]
    seen = [name for name in columns if name not in labels]
    rows += [
        {**{name: row[name] for name in seen}, **truth[row[identity]]} for row in test.rows if row[identity] in truth
    ]
    return rows, True


def _known_labels(solution: Table, identity: str, labels: Sequence[str], *, wide: bool) -> dict[str, dict[str, str]]:
    """Labels and part of each item of a solution, by its id; items that belong to no part are left out."""
    beside = (identity, USAGE, PACKED)
    own = [name for name in labels if name in solution.columns]
    others = [name for name in solution.columns if name not in beside]
    named = dict(zip(labels, own if len(own) == len(labels) else others, strict=False))
    if len(own) < len(labels) and not wide and len(others) != len(labels):
        message, hint = "it does not say what train.csv says", f"it needs the columns {', '.join(labels)}"
        raise DatasetError("nothing was imported", [Finding("import/form", message, solution.path.name, hint=hint)])
    found = {}
    for row in solution.rows:
        if row[USAGE] in PARTS:
            one = {labels[0]: _one_class({name: row[name] for name in others})} if wide and not own else {}
            known = one or {label: row[name] for label, name in named.items()}
            found[row[identity]] = {**known, PART: PARTS[row[USAGE]]}
    return found


def _one_class(row: Mapping[str, str]) -> str:
    """The class of a row that has a column a class."""
    chosen = [name for name, cell in row.items() if re.fullmatch(r"1(\.0+)?", cell)]
    if len(chosen) == 1:
        return chosen[0]
    message = f"a row of the solution has {len(chosen)} columns with a 1, where one class was expected"
    hint = "leave solution.csv out, and a new test is split off the training items"
    raise DatasetError("nothing was imported", [Finding("import/form", message, "solution.csv", hint=hint)])


def _with_files(items: list[dict[str, str]], identity: str, folder: Path) -> bool:
    """Name the image of each item, where images lie beside the tables; False where there are none."""
    names = list(items[0])
    place = next((name for name in names if _all_files(folder, (row[name] for row in items[:MANY]))), "")
    if place:
        for row in items:
            row["file"] = row[place]
        return True
    if identity not in names:
        return False
    found = {path.stem: path for path in files_below(folder) if path.suffix.lower() in IMAGES}
    stems = [Path(row[identity]).stem for row in items]
    if not found or any(stem not in found for stem in stems):
        return False
    for row, stem in zip(items, stems, strict=True):
        row["file"] = found[stem].relative_to(folder).as_posix()
    return True


def _names_files(name: str, items: Sequence[Mapping[str, str]]) -> bool:
    """Whether a column says the same as the column ``file``, or is it."""
    return "file" in items[0] and all(row[name] == row["file"] for row in items)


def _all_files(folder: Path, cells: Iterable[str]) -> bool:
    return all(Path(cell).suffix.lower() in IMAGES and (folder / cell).is_file() for cell in cells)


def _task(items: Sequence[Mapping[str, str]], labels: Sequence[str], sample: Table, *, wide: bool) -> tuple[str, str]:
    """The task, and what a submission holds."""
    values = [{row[name] for row in items} for name in labels]
    if wide:
        return "classification", "probability"
    numeric = [all(_is_number(cell) for cell in column) for column in values]
    if len(labels) > 1:
        flags = all(column <= {"0", "1"} for column in values)
        fraction = any(
            "." in cell and float(cell) % 1 for name in labels for cell in sample.cells(name) if _is_number(cell)
        )
        return ("multilabel", "probability" if fraction else "") if flags else _several(all(numeric))
    measured = numeric[0] and (len(values[0]) > MANY or any(float(cell) % 1 for cell in values[0]))
    if measured:
        return "regression", ""
    sent = sample.cells(sample.columns[1])
    fraction = len(values[0]) == 2 and all(_is_number(cell) for cell in sent) and any(float(cell) % 1 for cell in sent)
    return "classification", "score" if fraction else "label"


def _several(numeric: bool) -> tuple[str, str]:
    return ("regression", "") if numeric else ("multioutput", "")


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", cell) is not None


def _own_metric(source: Path, folder: Path) -> bool:
    """Take over the host's metric, which has the signature of our own; not one that `compete export` made."""
    path = source / "metric.py"
    if not path.is_file() or PACKED in path.read_text(encoding="utf-8", errors="replace") or _is_ours(path):
        return False
    shutil.copyfile(path, folder / "metric.py")
    return True


def _is_ours(path: Path) -> bool:
    return b"compete.scoring.frames" in path.read_bytes()


def _told_metric(folder: Path) -> str:
    """The metric that ``challenge.json`` names, where `compete export` put one among the data; else nothing."""
    import metrics

    try:
        told = json.loads((folder / "challenge.json").read_text(encoding="utf-8"))
        return metrics.parse(told["metric"]).name
    except (OSError, ValueError, KeyError, TypeError, metrics.MetricError):
        return ""


def _facts(source: Path) -> dict[str, Any]:
    """What the host said of the competition."""
    path = source / "competition-metadata.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _name(source: Path, facts: Mapping[str, Any]) -> str:
    text = str(facts.get("slug") or source.resolve().name).lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:64] or "competition"


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _carried(draft: Draft, count: int) -> tuple[tuple[str, str], ...]:
    """What was taken over, for whoever reads the report."""
    split = "train, public and private as they were" if draft.split else "drawn anew"
    return (
        ("items", f"{count:,}"),
        ("task", draft.task),
        ("label", ", ".join(draft.labels)),
        ("id", draft.identity or "none: rows are counted"),
        ("images", draft.images or "none"),
        ("split", split),
        ("metric", draft.chosen_metric),
    )


def _findings(source: Path, tables: Mapping[str, Table], draft: Draft) -> list[Finding]:
    """What could not be carried over."""
    findings = []
    if not draft.split:
        message = "the test items' labels are not there; a new test is split off the training items"
        hint = "a host puts solution.csv (id, labels, Usage) into the folder and imports again"
        findings.append(Finding("import/hidden-labels", message, "solution.csv", hint=hint, severity="warning"))
    if not draft.metric:
        message = f"the metric is not told; {draft.chosen_metric} stands in its place"
        hint = "look at the evaluation page, then write score.metric in challenge.yaml"
        findings.append(Finding("import/metric", message, CHALLENGE, hint=hint, severity="warning"))
    test = tables.get("test")
    hidden = [
        name for name in tables["train"].columns if test and name not in test.columns and name not in draft.labels
    ]
    if hidden:
        message = "columns of train.csv that test.csv has not are left out"
        findings.append(
            Finding("import/left-out", message, "train.csv", tuple(hidden), severity="note", count=len(hidden))
        )
    ignored = [row for row in tables["solution"].rows if row.get(USAGE) not in PARTS] if "solution" in tables else []
    if ignored and draft.split:
        message = f"{len(ignored):,} test items that are neither Public nor Private are left out"
        findings.append(Finding("import/left-out", message, "solution.csv", severity="note", count=len(ignored)))
    for name in ("pages", "settings.yaml"):
        if (source / name).exists():
            message = "pages, rules, dates and limits of submissions have no place in challenge.yaml"
            findings.append(Finding("import/left-out", message, name, severity="note"))
    return findings
