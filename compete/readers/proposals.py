"""What a table looks like: a proposal for a first challenge.yaml, each part with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compete.dataset import is_missing, parsed_date, parsed_number
from compete.personal import e_mail_rows, kind_of
from compete.readers.delimited import Delimited
from compete.readers.images import is_image_name
from compete.readers.telling import told_area
from compete.readers.whereabouts import around, fullest_folder

LABELS = (
    "label", "labels", "class", "target", "species", "diagnosis", "category", "outcome", "response", "disease",
    "type", "status", "progression", "finding", "y",
)  # fmt: skip
IDS = (
    "id", "uuid", "guid", "key", "name", "sample", "image", "accession", "identifier", "file", "filename",
)  # fmt: skip
GROUPS = (
    "patient", "patientid", "subject", "individual", "person", "participant", "animal", "donor", "specimen", "site",
    "plot", "location", "camera", "writer", "user", "family", "nest", "plant", "slide", "block", "case", "tree",
)  # fmt: skip
SUBGROUPS = (
    "sex", "gender", "site", "island", "region", "year", "age", "center", "centre", "hospital", "device", "scanner",
    "country", "season", "habitat", "station", "ethnicity", "race", "camera", "location",
)  # fmt: skip
RESERVED = ("id", "file", "group", "Usage")
"""Columns of the bundle's own."""
FEW, MANY = 12, 20
MOST_TOLD = 0.9
"""How well a column of few words may tell the label by itself, as an area under the curve; the gate refuses at .95."""
REPEATS = 5
"""Rows that a value must have, in the mean, to tell anything."""
LONG_TEXT = 3.0
"""Words; a column whose cells have more on average is prose."""


@dataclass(frozen=True)
class Proposal:
    """A value for challenge.yaml and why it is proposed."""

    value: Any
    reason: str


@dataclass(frozen=True)
class _Column:
    """What a column looks like."""

    name: str
    cells: tuple[str, ...]
    present: tuple[str, ...]
    distinct: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def unique(self) -> bool:
        """Whether every row has its own value."""
        return len(self.distinct) == len(self.cells)

    def all(self, check: Callable[[str], object]) -> bool:
        """Whether every value that is present passes."""
        return bool(self.distinct) and all(check(text) for text in self.distinct)

    def called(self, names: Iterable[str]) -> bool:
        """Whether one of the words of the column's name is among the names."""
        return any(word in names for word in self.words)


def propose(table: Delimited, path: Path) -> dict[str, Any]:
    """What challenge.yaml may say about a table.

    Args:
        table: at least one row.
        path: the table's file, beside which image paths are looked for.

    Returns:
        ``reader, task, id, file, images, label``: a Proposal, or None where nothing fits (``images`` is relative to the
        folder of the table); ``group, subgroups, features, drop``:
        lists of Proposals. A subgroup's value is a column, or a mapping as in challenge.yaml.
    """
    columns = [_column(name, cells) for name, cells in table.columns.items()]
    file, images = _file(columns, path.parent)
    identity = _identity([column for column in columns if not file or column.name != file.value])
    taken = {proposal.value for proposal in (file, identity) if proposal}
    label = _label([column for column in columns if column.name not in taken and not _of_people(column)])
    labels = label.value if label and isinstance(label.value, list) else [label.value] if label else []
    truth = next((column for column in columns if labels == [column.name]), None)
    rest = [column for column in columns if column.name not in (*taken, *labels)]
    group = _group(rest)
    rest = [column for column in rest if column.name not in [one.value for one in group]]
    subgroups = _subgroups(rest, truth)
    hidden = [one.value["column"] if isinstance(one.value, dict) else one.value for one in subgroups]
    rest = [column for column in rest if column.name not in hidden]
    drop = [Proposal(column.name, reason) for column in rest if (reason := _useless(column, truth))]
    dropped = [one.value for one in drop]
    features = [Proposal(column.name, _looks(column)) for column in rest if column.name not in dropped]
    return {
        "reader": Proposal("csv", f"{len(table.lines)} rows, {len(columns)} columns"), "task": _task(label, truth),
        "id": identity, "file": file, "images": images, "label": label,
        "group": group, "subgroups": subgroups, "features": features, "drop": drop,
    }  # fmt: skip


def propose_belonging(table: Mapping[str, Sequence[str]], label: Sequence[str] = ()) -> dict[str, list[Proposal]]:
    """Which columns look as if they tell what belongs together, and for which scores should be told apart.

    Args:
        table: columns of text.
        label: what is to be predicted, where that is a column; no subgroup may nearly say it.

    Returns:
        ``group`` and ``subgroups``: lists of Proposals.
    """
    columns = [_column(name, cells) for name, cells in table.items()]
    group = _group(columns)
    rest = [column for column in columns if column.name not in [one.value for one in group]]
    return {"group": group, "subgroups": _subgroups(rest, _column("label", label) if label else None)}


def _column(name: str, cells: Sequence[str]) -> _Column:
    present = tuple(text for text in cells if not is_missing(text))
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = tuple(re.findall(r"[^\W_]+", apart.casefold()))
    return _Column(name, tuple(cells), present, tuple(dict.fromkeys(present)), words)


def _file(columns: list[_Column], folder: Path) -> tuple[Proposal | None, Proposal | None]:
    """The column of image paths, and the folder they are relative to where it is not the table's own."""
    for column in columns:
        if not column.all(is_image_name):
            continue
        home = fullest_folder(column.distinct, around(folder))
        # One folder of many, as of classes, does not hold the images.
        if home and (not home.elsewhere or 2 * home.found >= home.looked):
            some = "" if home.whole else f"; {home.reason}"
            file = Proposal(column.name, f"its values are names of images, such as {column.distinct[0]}{some}")
            inner = home.folder.relative_to(folder).as_posix()
            return file, None if home.folder == folder else Proposal(inner, home.reason)
    return None, None


def _identity(columns: list[_Column]) -> Proposal | None:
    for column in columns:
        whole = not column.all(parsed_number) or column.all(str.isdigit)
        if column.unique and whole and column.called(IDS):
            absent = "; they name images that are not beside the table" if column.all(is_image_name) else ""
            return Proposal(column.name, f"every row has its own value{absent}")
    return None


def _label(columns: list[_Column]) -> Proposal | None:
    """The column to predict: by its name, else a set of 0/1 columns, else the last that can be one."""
    possible = [column for column in columns if len(column.distinct) > 1 and not _is_prose(column)]
    for name in LABELS:
        for column in possible:
            if column.words == (name,) or (column.words and column.words[-1] == name and len(column.distinct) <= 50):
                return Proposal(column.name, f"its name says so; {_looks(column)}")
    flags = [column for column in possible if set(column.distinct) == {"0", "1"} and column.present == column.cells]
    if len(flags) >= 3:
        return Proposal([column.name for column in flags], f"{len(flags)} columns hold only 0 and 1")
    for column in reversed(possible):
        if len(column.distinct) <= MANY and len(column.distinct) < len(column.cells) / 2:
            return Proposal(column.name, f"a guess: the last column with few values; {_looks(column)}")
    numbers = [column for column in possible if column.all(_is_number)]
    return Proposal(numbers[-1].name, "a guess: the last column of numbers") if numbers else None


def _task(label: Proposal | None, truth: _Column | None) -> Proposal:
    if label and isinstance(label.value, list):
        return Proposal("multilabel", label.reason)
    if truth and truth.all(_is_number):
        fractions = any("." in text for text in truth.distinct)
        if len(truth.distinct) > MANY or (fractions and len(truth.distinct) > FEW):
            return Proposal("regression", f"{truth.name} holds {len(truth.distinct)} different numbers")
    count = len(truth.distinct) if truth else 0
    return Proposal("classification", f"{truth.name} has {count} values" if truth else "nothing else is known")


def _group(columns: list[_Column]) -> list[Proposal]:
    return [
        Proposal(column.name, f"{len(column.distinct)} values in {len(column.cells)} rows, and its name says that rows "
                              "with one value belong together")
        for column in columns
        if column.called(GROUPS) and FEW < len(column.distinct) < len(column.cells)
        and not any("." in text and parsed_number(text) is not None for text in column.distinct)
    ][:1]  # fmt: skip


def _subgroups(columns: list[_Column], truth: _Column | None = None) -> list[Proposal]:
    """Columns whose values are scored separately: neither people nor what nearly says the label."""
    found = []
    for column in columns:
        if _of_people(column) or (truth and _nearly_tells(column, truth)):
            continue
        years = {(parsed_date(text) or {}).get("year") for text in column.distinct}
        dates = column.all(lambda text: "month" in (parsed_date(text) or {}))
        if dates and 1 < len(years) <= FEW:
            value = {"name": _free_name("year", columns), "column": column.name, "part": "year"}
            found.append(Proposal(value, f"{len(years)} years"))
        elif column.called(SUBGROUPS) and 1 < len(column.distinct) <= FEW:
            found.append(Proposal(column.name, _looks(column)))
        elif column.called(("age",)) and (bins := _thirds(column)):
            found.append(Proposal({"name": column.name, "column": column.name, "bins": bins}, "about thirds"))
    return found


def _free_name(name: str, columns: list[_Column]) -> str:
    return name if all(column.name != name for column in columns) else f"{name}_of_date"


def _thirds(column: _Column) -> list[int]:
    """Two whole edges that cut a column of numbers into about thirds; nothing where there are none."""
    if not column.all(_is_number):
        return []
    numbers = sorted(parsed_number(text) or 0.0 for text in column.present)
    edges = sorted({round(numbers[len(numbers) * third // 3]) for third in (1, 2)})
    return edges if len(edges) == 2 and numbers[0] < edges[0] else []


def _of_people(column: _Column) -> str:
    """Why participants do not get a column that tells of people, and how they get it; nothing for any other."""
    told = {"people": "it is called like people", "places": "it is called like exact places"}.get(kind_of(column.name))
    if not told and (rows := e_mail_rows(column.distinct)):
        told = f"{len(rows)} of its values hold an e-mail address"
    return f"{told}; if it is to be public, name it in `personal` instead" if told else ""


def _useless(column: _Column, truth: _Column | None) -> str:
    """Why participants should not get the column; nothing where they should."""
    names_rows = not column.all(_has_decimal_comma) and len(column.distinct) > len(column.present) / 2
    running = column.called(("number", "no", "nr", "index", "row")) and column.all(str.isdigit)
    of_people = _of_people(column)
    reasons = (
        (of_people, of_people),
        (not column.distinct, "no values"),
        (len(column.distinct) == 1, "the same value in every row"),
        (column.name in RESERVED, "the bundle has a column of this name"),
        (column.all(is_image_name), "names of images that are not beside the table"),
        (column.all(_is_address), "addresses, which lead to the source and so to the label"),
        (column.unique and column.called(IDS), "an id"),
        (_is_prose(column), "free text, which often names the label"),
        (running, "a running number, which tells how the table was sorted"),
        (names_rows, "nearly every row has its own value"),
        (truth and _gives_away(column, truth), f"it gives the label away: each value goes with one {_name(truth)}"),
        (truth and _nearly_tells(column, truth), f"its values nearly give {_name(truth)} away"),
    )
    return next((reason for applies, reason in reasons if applies), "")


def _name(truth: _Column | None) -> str:
    return truth.name if truth else "label"


def _is_address(text: str) -> bool:
    return "://" in text


def _is_number(text: str) -> bool:
    return parsed_number(text) is not None


def _has_decimal_comma(text: str) -> bool:
    return text.count(",") <= 1 and _is_number(text.replace(",", "."))


def _gives_away(column: _Column, truth: _Column) -> bool:
    """Whether each of the column's few words goes with one label only."""
    if column.all(_has_decimal_comma) or len(column.distinct) > FEW * 4:
        return False
    pairs = {(one, other) for one, other in zip(column.cells, truth.cells, strict=True) if not is_missing(one)}
    return len(pairs) == len(column.distinct) and len(truth.distinct) <= len(column.distinct)


def _nearly_tells(column: _Column, truth: _Column) -> bool:
    """Whether a column of few words, or the years of its dates, tells the label better than it may."""
    if column.all(lambda text: "month" in (parsed_date(text) or {})):
        column = _column(column.name, [(parsed_date(text) or {}).get("year", "") for text in column.cells])
    elif column.all(_has_decimal_comma):
        return False
    is_few = len(column.distinct) <= min(FEW * 4, len(column.cells) / REPEATS)
    return is_few and told_area(column.cells, truth.cells) > MOST_TOLD


def _is_prose(column: _Column) -> bool:
    words = [len(text.split()) for text in column.distinct]
    return bool(words) and sum(words) / len(words) > LONG_TEXT and len(words) > FEW / 2


def _looks(column: _Column) -> str:
    """A column in a few words."""
    absent = len(column.cells) - len(column.present)
    tail = f", {absent} missing" if absent else ""
    if len(column.distinct) <= 5:
        return f"values: {', '.join(sorted(column.distinct))}{tail}"
    kind = "numbers" if column.all(_is_number) else "values"
    if kind == "values" and column.all(_has_decimal_comma):
        kind = "numbers with a decimal comma, which few programs read: better write a point"
    return f"{len(column.distinct)} different {kind}{tail}"
