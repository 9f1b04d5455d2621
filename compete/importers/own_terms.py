"""A challenge made again of what an export of ours holds: the terms, the public tables and the solution."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from compete.bundle import GROUP, HEIGHT, ID, PRIVATE, PUBLIC, SOLUTION, TERMS, TEST, TRAIN, TRAIN_GROUPS, USAGE, WIDTH
from compete.cells import long_cells
from compete.errors import DatasetError, Finding
from compete.files import write_file
from compete.importers.competition_zip import Files
from compete.importers.own_truth import IMAGES, refuse_packed, write_truth
from compete.importers.writing import table_bytes
from compete.terms import Terms

PART, FILE, OWN_METRIC = "part", "file", "metric.py"
PARTS = {PUBLIC: "public", PRIVATE: "private"}
LIMITED = ("value", "score")
"""Kinds that ``challenge.yaml`` names beside a range."""

SAID = {"flag": "label"}
"""Kinds that ``challenge.yaml`` calls otherwise."""

HEAD = "# Imported from CodaBench, where it was exported by compete. The split and the ids are as they were.\n"

Row = dict[str, str]


@dataclass(frozen=True)
class Layout:
    """The columns of the table.

    Attributes:
        features: what participants see of each item, but for its id.
        hidden: columns that they see of the training items alone, by the names that scores tell.
        labels: the truth.
    """

    features: tuple[str, ...]
    hidden: Mapping[str, str]
    labels: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """All of them in their order."""
        return [ID, PART, *self.hidden.values(), *self.features, *self.labels]

    def named(self, name: str) -> Any:
        """A hidden column as ``challenge.yaml`` names it."""
        return name if self.hidden[name] == name else {"name": name, "column": self.hidden[name]}


@dataclass(frozen=True)
class Rebuilt:
    """What was made.

    Attributes:
        terms: of the competition.
        items: how many there are.
        parts: how many of each part.
    """

    terms: Terms
    items: int
    parts: Mapping[str, int]


def is_own(reference: Files) -> bool:
    """Whether reference data are those of an export of ours."""
    return f"public/{TERMS}" in reference and f"private/{SOLUTION}" in reference


def rebuild(reference: Files, public: Files, folder: Path) -> Rebuilt:
    """Write ``challenge.yaml`` and its data.

    Args:
        reference: the private truth of the last phase.
        public: the participants' data.
        folder: of the challenge.

    Raises:
        DatasetError: if a table is missing, or items are annotated images, whose truth such an export packs.
    """
    terms = _terms(reference)
    if terms.of_images:
        refuse_packed(terms)
    absent = [name for name in (TRAIN, TEST) if name not in public]
    if absent:
        finding = Finding("import/not-a-competition", f"the public data have no {' and no '.join(absent)}")
        raise DatasetError("nothing was imported", [finding])
    items, layout = _items(reference, public, terms)
    for name in public.names:
        if name.startswith(("train/", "test/")):
            write_file(folder / IMAGES / name, public.read(name))
    more: dict[str, Any] = {}
    if terms.of_images:
        more = write_truth(reference, public, terms, items, folder)
    columns = [*layout.columns, *(["mask"] if terms.kind == "label_maps" else [])]
    write_file(folder / "data" / "items.csv", table_bytes(columns, items))
    if f"public/{OWN_METRIC}" in reference:
        write_file(folder / OWN_METRIC, reference.read(f"public/{OWN_METRIC}"))
    seed = hashlib.sha256(reference.read(f"private/{SOLUTION}")).hexdigest()[:16]
    content = _challenge(terms, layout, more, seed)
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
    write_file(folder / "challenge.yaml", (HEAD + text).encode())
    counted = [row[PART] for row in items]
    return Rebuilt(terms, len(items), {part: counted.count(part) for part in ("train", "public", "private")})


def _terms(reference: Files) -> Terms:
    try:
        return Terms.from_dict(json.loads(reference.read(f"public/{TERMS}")))
    except (ValueError, KeyError, TypeError):
        finding = Finding("import/not-a-competition", "its terms are of another version of compete", TERMS)
        raise DatasetError("nothing was imported", [finding]) from None


def _rows(files: Files, name: str) -> list[Row]:
    with long_cells():
        return list(csv.DictReader(io.StringIO(files.text(name), newline="")))


def _items(reference: Files, public: Files, terms: Terms) -> tuple[list[Row], Layout]:
    """One row an item, with what is known of it from every table."""
    solved = {row[ID]: row for row in _rows(reference, f"private/{SOLUTION}")}
    train, test = _rows(public, TRAIN), _rows(public, TEST)
    groups = {row[ID]: row for row in _rows(public, TRAIN_GROUPS)} if TRAIN_GROUPS in public else {}
    lost = [row[ID] for row in test if row[ID] not in solved]
    if lost:
        message = f"{len(lost)} test items are not in the solution"
        finding = Finding("import/not-a-competition", message, SOLUTION, tuple(lost[:3]), count=len(lost))
        raise DatasetError("nothing was imported", [finding])
    layout = _layout(terms, [name for name in test[0] if name != ID])
    found = [{PART: "train", **_cells(row, groups.get(row[ID], {}), row, layout)} for row in train]
    for row in test:
        truth = solved[row[ID]]
        found.append({PART: PARTS[truth[USAGE]], **_cells(row, truth, truth, layout)})
    return found, layout


def _layout(terms: Terms, features: list[str]) -> Layout:
    labels = (*terms.target, *((terms.gain,) if terms.gain else ()))
    taken = {*features, *labels, PART, ID}
    names = dict.fromkeys([*([GROUP] if terms.grouped else []), *terms.subgroups, *terms.beside])
    hidden = {name: f"{name} (hidden)" if name in taken else name for name in names}
    return Layout(tuple(features), hidden, labels)


def _cells(shown: Row, known: Row, truth: Row, layout: Layout) -> Row:
    """The cells of one item from the tables that have them."""
    return {
        ID: shown[ID],
        **{name: shown[name] for name in layout.features},
        **{column: known.get(name, "") for name, column in layout.hidden.items()},
        **{name: truth[name] for name in layout.labels},
    }


def _challenge(terms: Terms, layout: Layout, more: Mapping[str, Any], seed: str) -> dict[str, Any]:
    """The content of ``challenge.yaml``; what is as it would be without saying is left out."""
    about = {
        "name": terms.name,
        "title": terms.title,
        "version": terms.version,
        "description": terms.description,
        "license": terms.license,
        "authors": list(terms.authors),
        "task": terms.task,
    }
    return {
        **{key: value for key, value in about.items() if value},
        "data": {**_data(terms, layout), **more},
        "split": {"column": PART, "seed": seed},
        "score": _score(terms),
        "submission": _submission(terms),
    }


def _data(terms: Terms, layout: Layout) -> dict[str, Any]:
    found: dict[str, Any] = {"path": "data/items.csv", "id": ID, "ids": "keep"}
    if FILE in layout.features:
        found |= {"images": IMAGES, "file": FILE}
    if terms.target:
        found["label"] = list(terms.target) if len(terms.target) > 1 else terms.target[0]
    if terms.classes and not terms.of_images:
        found["classes"] = list(terms.classes)
    if len(terms.classes) == 2 and terms.task == "classification":
        found["positive"] = terms.classes[1]
    more = {
        "gain": terms.gain,
        "group": layout.hidden.get(GROUP) if terms.grouped else "",
        "subgroups": [layout.named(name) for name in terms.subgroups],
        "beside": [layout.hidden[name] for name in terms.beside],
        "separator": "" if terms.separator == " " else terms.separator,
        "empty": terms.empty,
        "features": [name for name in layout.features if name not in (FILE, WIDTH, HEIGHT)],
    }
    return found | {key: value for key, value in more.items() if value}


def _score(terms: Terms) -> dict[str, Any]:
    short = {entry.name: entry.metric for entry in terms.named}

    def written(text: str) -> Any:
        return {"name": text, "metric": short[text]} if text in short else text

    found: dict[str, Any] = {"metric": written(terms.metric)}
    if terms.also:
        found["also"] = [written(text) for text in terms.also]
    if terms.combine:
        found["combine"] = [
            {"name": one.name, "metric": one.metric, "over": one.over, "by": one.by} for one in terms.combine
        ]
    if terms.greater_is_better is not None:
        found["greater_is_better"] = terms.greater_is_better
    return {**found, "draws": terms.draws, "smallest_subgroup": terms.smallest_subgroup}


def _submission(terms: Terms) -> dict[str, Any]:
    """What is sent; a kind whose values are limited follows from the metric, where it is none of two."""
    if terms.of_images:
        asked: dict[str, Any] = {"form": terms.form}
        asked |= {"most_objects": terms.most_objects} if terms.of_objects else {}
        return asked | ({"coordinates": terms.coordinates} if terms.form in ("rows", "strings") else {})
    limited = terms.low is not None and terms.kind not in ("probability", "shares")
    found: dict[str, Any] = {"columns": list(terms.columns)}
    if not limited or terms.kind in LIMITED:
        found = {"kind": SAID.get(terms.kind, terms.kind), **found}
    if terms.form == "rows":
        found["form"] = terms.form
    if terms.at:
        found["at"] = list(terms.at)
    if limited:
        found["range"] = [terms.low, terms.high]
    return found
