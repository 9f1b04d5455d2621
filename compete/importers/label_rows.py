"""The items of a competition of somebody else: which files hold labels, and which features go with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from compete.errors import DatasetError, Finding
from compete.importers.competition_zip import Files
from compete.importers.label_lines import (
    LABELS,
    NAME,
    TESTING,
    TRAINING,
    Table,
    classes_of,
    is_number,
    joined,
    listed_names,
    tables_of,
)

PART, LABEL = "part", "label"
MANY = 20
"""More different whole numbers than these are taken for a measurement, not for classes."""

Row = dict[str, str]


@dataclass(frozen=True)
class Labelled:
    """The items that were found.

    Attributes:
        rows: one an item.
        columns: all of them, in their order.
        identity: the column that names an item; empty where nothing does.
        labels: columns to predict.
        features: columns that participants see.
        task: classification, multilabel or regression.
        parts: the part of each item.
        places: of each part, the file that its labels are from.
        unread: label files for which no features were found.
    """

    rows: list[Row]
    columns: list[str]
    identity: str
    labels: list[str]
    features: list[str]
    task: str
    parts: list[str]
    places: Mapping[str, str]
    unread: tuple[str, ...]


def labelled_rows(shown: Sequence[Files], references: Sequence[Files]) -> Labelled:
    """Find the labels of all parts.

    Args:
        shown: files that participants see: of training items the labels too.
        references: the truth of the first phase, and of the last.

    Raises:
        DatasetError: the training labels, or those of the test, are not in tables that can be read.
    """
    seen = _distinct([table for files in shown for table in tables_of(files)])
    first, last = (tables_of(files) for files in references)
    same = [table.rows for table in first] == [table.rows for table in last]
    truths = {"test": last} if same else {"public": first, "private": last}
    names = [*(listed_names(files, "classes") for files in shown)]
    named = _named(seen, truths)
    if named:
        return named
    called = next((one for one in names if one), ())
    features = next((one for one in (listed_names(files, "features") for files in shown) if one), ())
    return _lined(seen, truths, called, features)


def _distinct(tables: Sequence[Table]) -> list[Table]:
    """Tables without those that stand in two archives."""
    found: dict[tuple[str, tuple[tuple[str, ...], ...]], Table] = {}
    for table in tables:
        found.setdefault((PurePosixPath(table.place).name, table.rows), table)
    return list(found.values())


def _named(seen: Sequence[Table], truths: Mapping[str, Sequence[Table]]) -> Labelled | None:
    """Items of tables whose rows have names; None where the truth has none."""
    parts: dict[str, Mapping[str, Row]] = {}
    places: dict[str, str] = {}
    for part, tables in truths.items():
        for table in sorted(tables, key=lambda one: not LABELS.search(one.place)):
            if found := joined(table, seen):
                parts[part], places[part] = found, table.place
                break
    if set(parts) != set(truths):
        return None
    labels = _label_columns(seen, truths, places)
    training = next((table for table in seen if set(labels) <= set(table.columns)), None) if labels else None
    train = joined(training, ()) if training else None
    if not train or not training:
        return None
    places["train"] = training.place
    rows = [{PART: part, **row} for part, some in {"train": train, **parts}.items() for row in some.values()]
    seen_columns = [name for name in rows[0] if all(name in row for row in rows)]
    features = [name for name in seen_columns if name not in (PART, NAME, *labels)]
    columns = [NAME, PART, *features, *labels]
    kept = [{name: row[name] for name in columns} for row in rows]
    task = _task([[row[name] for row in kept] for name in labels])
    return Labelled(kept, columns, NAME, labels, features, task, [r[PART] for r in kept], places, ())


def _label_columns(
    seen: Sequence[Table], truths: Mapping[str, Sequence[Table]], places: Mapping[str, str]
) -> list[str]:
    """Columns of the truth that some table of the training items has, and one of the test items has not."""
    part = next(iter(places))
    table = next(one for one in truths[part] if one.place == places[part])
    known = [set(one.columns) for one in seen if one.columns]
    return [
        name
        for name in table.columns
        if any(name in columns for columns in known) and not all(name in columns for columns in known if len(known) > 1)
    ]


def _lined(
    seen: Sequence[Table], truths: Mapping[str, Sequence[Table]], called: Sequence[str], features: Sequence[str]
) -> Labelled:
    """Items of files with one line an item, in the order of the lines."""
    trained = [one for one in seen if LABELS.search(_stem(one)) and TRAINING.search(_stem(one))]
    pairs = {"train": _pair(trained, seen)}
    pairs |= {part: _pair(sorted(tables, key=_likely), seen) for part, tables in truths.items()}
    absent = [part for part, pair in pairs.items() if pair is None]
    if absent:
        message = f"there are no labels with features for {', '.join(absent)}"
        hint = (
            "bring labels and features into one CSV with a column that says train, public or private, and begin with "
        )
        hint += "compete init DIR --from csv:FILE"
        raise DatasetError("nothing was imported", [Finding("import/form", message, hint=hint)])
    found = {part: pair for part, pair in pairs.items() if pair}
    width = min(pair[1].width for pair in found.values())
    names = list(features) if len(features) == width else [f"feature_{place}" for place in range(width)]
    rows = [row for part, (labels, table) in found.items() for row in _rows(part, labels, table, names, called)]
    labels = [name for name in rows[0] if name not in (PART, *names)]
    task = _task([[row[name] for row in rows] for name in labels])
    unread = tuple(table.place for table in trained if table.place != found["train"][0].place)
    return Labelled(
        rows,
        [PART, *names, *labels],
        "",
        labels,
        names,
        task,
        [row[PART] for row in rows],
        {part: pair[0].place for part, pair in found.items()},
        unread,
    )


def _stem(table: Table) -> str:
    return PurePosixPath(table.place).name


def _likely(table: Table) -> tuple[bool, bool, str]:
    """What is looked at first among the files of a truth."""
    return not LABELS.search(_stem(table)), not TESTING.search(_stem(table)), table.place


def _pair(labels: Sequence[Table], seen: Sequence[Table]) -> tuple[Table, Table] | None:
    """A file of labels and the file of features that has as many lines and the most alike name."""
    for table in labels:
        fitting = [one for one in seen if len(one.rows) == len(table.rows) and not LABELS.search(_stem(one))]
        if fitting:
            return table, max(fitting, key=lambda one: (_alike(one, table), -len(one.place)))
    return None


def _alike(one: Table, other: Table) -> int:
    """How many words of two names are the same, and whether both are of the training items, or neither."""
    words = [set(LABELS.sub(" ", _stem(table)).replace("_", " ").replace(".", " ").split()) for table in (one, other)]
    same_part = bool(TRAINING.search(_stem(one))) == bool(TRAINING.search(_stem(other)))
    return len(words[0] & words[1]) + 10 * same_part


def _rows(part: str, labels: Table, table: Table, names: Sequence[str], called: Sequence[str]) -> Iterator[Row]:
    classes = classes_of(labels, called)
    for number, (cells, given) in enumerate(zip(table.rows, labels.rows, strict=True)):
        known = {LABEL: classes[number]} if classes else {f"{LABEL}_{place}": cell for place, cell in enumerate(given)}
        shown = dict(zip(names, cells, strict=False))
        yield {PART: part, **shown, **known}


def _task(labels: Sequence[Sequence[str]]) -> str:
    """What is to be predicted, by what the labels look like."""
    numeric = all(is_number(cell) for cells in labels for cell in cells)
    if len(labels) > 1:
        return "multilabel" if {cell for cells in labels for cell in cells} <= {"0", "1"} else "regression"
    distinct = set(labels[0])
    whole = numeric and all(float(cell).is_integer() for cell in distinct)
    return "regression" if numeric and (not whole or len(distinct) > MANY) else "classification"
