"""Items that belong together though nobody said so: copies, series, and columns that look like patients or sites."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compete.audits.names import file_column, stems_of
from compete.audits.targets import Codes, Texts, special_columns, targets_of, units_of
from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt, is_missing
from compete.errors import Finding
from compete.personal import kind_of
from compete.table import factorized

FEWEST_GROUPS = 10
REPEATED = 0.2
"""Share of the items that share their value with another, from which on a column can mean groups."""
LARGEST = 0.25
"""Share of the items that a single group may hold."""
ALIKE = 0.5
"""Agreement of the items of a group, beyond chance, from which on a column tells the same of all of them."""
MOST_TOLD = 4
COPY = re.compile(
    r"(?:\.rf\.[0-9a-f]{16,}|[ _-]?\(\d+\)|[ _-]+(?:copy|kopie|aug|augmented|flip|flipped|hflip|vflip|mirror|rot|"
    r"rotated|crop|cropped|blur|noise|bright|dark)(?:[ _-]?\d+)?)+\Z",
    re.IGNORECASE,
)
BETWEEN = re.compile(r"[_\-. ]+|(?<=\d)(?=[^\W\d_])")
SEPARATOR = re.compile(r"[_\-./: ]+")
"""What stands between the parts of an id; that letters follow digits means nothing in ids drawn by chance."""
DECIMAL = re.compile(r"[+-]?\d*\.\d*[1-9]\d*(?:[eE][+-]?\d+)?")
FINE = re.compile(r"[+-]?\d*\.\d{3,}(?:[eE][+-]?\d+)?")
"""A plot may be called 3.12; a number with three decimals is a rate or a measure, whatever its column is called."""
GROUP_WORDS = re.compile(
    r"(?:\b|_)(?:patient|subject|person|participant|donor|individual|animal|family|case|study|series|session|scan|exam|"
    r"visit|site|station|plot|field|farm|tree|plant|camera|deployment|sequence|burst|event|video|clip|scene|slide|wsi|"
    r"specimen|batch|plate|hospital|clinic|location|locality|recorder|observer|author|user|owner|source|"
    r"parent|group|doi)(?:\b|_|s\b|id|no\b)", re.IGNORECASE,
)  # fmt: skip
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, eq=False)
class Candidate:
    """What may be a group.

    Attributes:
        what: a column or what names have in common, in a reader's words.
        column: the column; empty where there is none.
        codes: the group of each item, -1 for none.
        examples: names of groups with more than one item.
        agreement: mean agreement of what tells the same within a group; 0 where nothing does.
        alike: the columns that tell the same of all items of a group, ``label`` among them.
        severity: warning or note.
    """

    what: str
    column: str
    codes: Codes
    examples: tuple[str, ...]
    agreement: float
    alike: tuple[str, ...]
    severity: str


def audit(challenge: Challenge, dataset: Dataset, looks: Any) -> list[Finding]:
    """Groups that are not declared, and declared ones that share items of something larger."""
    if len(dataset.items) < 2 * FEWEST_GROUPS:
        return _copies(challenge, dataset)
    unit = units_of(challenge, dataset)
    grouped = bool(challenge.data.group)
    candidates = [
        *_of_columns(challenge, dataset),
        *_of_places(challenge, dataset),
        *_of_folders(challenge, dataset),
        *_of_names(challenge, dataset),
        *_of_ids(challenge, dataset),
    ]
    left = [one for one in candidates if not _within(one.codes, unit, grouped=grouped)]
    left.sort(key=lambda one: (one.severity != "warning", -one.agreement))
    told: list[Candidate] = []
    for one in left:
        # A column that says the same as a better one, such as the age beside the patient, is not told again.
        if not any(_explained(one.codes, better.codes) for better in told):
            told.append(one)
    return [*_copies(challenge, dataset), *(_finding(challenge, one) for one in told[:MOST_TOLD])]


def _finding(challenge: Challenge, one: Candidate) -> Finding:
    count = np.bincount(one.codes[one.codes >= 0])
    shared = int(count[count > 1].sum())
    groups = int((count > 1).sum())
    message = f"{shared:,} items share {one.what} with another ({groups:,} groups, the largest {count.max():,})"
    if one.alike:
        message += f"; they agree in {', '.join(excerpt(name) for name in one.alike[:3])}"
    joined = [*challenge.data.group, one.column]
    if not one.column:
        hint = f"if these belong together, write {one.what} into a column and name it in `data.group`"
    elif challenge.data.group:
        hint = f"these cross the declared groups; if items of one value belong together: `data.group: [{one.column}]`, "
        hint += f"or a column that joins {' and '.join(joined)}"
    else:
        hint = f"if items of one value belong together: `data.group: [{one.column}]`; the build never cuts a group"
    where = challenge.where("data.group")
    return Finding("audit/undeclared-group", message, where, one.examples, hint, one.severity, shared)


def _copies(challenge: Challenge, dataset: Dataset) -> list[Finding]:
    """Files whose names say that they are copies of one picture."""
    stems, column = stems_of(challenge, dataset), file_column(challenge, dataset)
    if not column:
        return []
    sources = [COPY.sub("", stem) for stem in stems]
    codes, names = factorized(np.array(sources, dtype=object))
    cut = np.array([source != stem for source, stem in zip(sources, stems, strict=True)])
    count, marked, unit = np.bincount(codes), np.bincount(codes, cut) > 0, units_of(challenge, dataset)
    groups = [group for group in np.flatnonzero((count > 1) & marked) if len(np.unique(unit[codes == group])) > 1]
    findings = _same_stems(challenge, dataset.items[column].astype(str).tolist())
    if groups:
        items = int(count[groups].sum())
        message = f"{items:,} images are, by their names, copies of {len(groups):,} pictures"
        told = tuple(f"{excerpt(str(names[group]))} ({count[group]} copies)" for group in groups[:3])
        hint = "give the copies of a picture one `data.group`, or keep the original alone: a copy gives its label away"
        findings.append(Finding("audit/copies", message, challenge.where("data.group"), told, hint, "warning", items))
    return findings


def _same_stems(challenge: Challenge, files: Sequence[str]) -> list[Finding]:
    """Two files of one name, but for the ending, are two versions of one picture."""
    codes, names = factorized(np.array([file.rpartition(".")[0] for file in files], dtype=object))
    twins = np.flatnonzero((np.bincount(codes) > 1) & (names != ""))
    if not len(twins):
        return []
    told = tuple(excerpt(str(names[place]).rpartition("/")[2]) for place in twins[:3])
    message = counted(len(twins), "name is there with several endings", "names are there with several endings")
    hint = "are these one picture twice? then leave one out, or give both one `data.group`"
    return [Finding("audit/same-stem", message, challenge.where("data.file"), told, hint, "warning", len(twins))]


def _of_columns(challenge: Challenge, dataset: Dataset) -> list[Candidate]:
    """Columns whose values repeat in small clusters."""
    special = special_columns(challenge) | {challenge.split.time or ""}
    columns = {name: column_codes(dataset, name) for name in dataset.items.columns if name not in special}
    targets = targets_of(challenge, dataset)
    label = targets.combined
    known = {"the label": (label, len(np.unique(label)))} | {
        name: (np.where(codes < 0, len(distinct), codes), len(distinct) + 1)
        for name, (codes, distinct) in columns.items()
    }
    found = []
    for name, (codes, distinct) in columns.items():
        if not clustered(codes):
            continue
        named = bool(GROUP_WORDS.search(CAMEL.sub(" ", name)))
        if _are_numbers(distinct, FINE if named else DECIMAL):
            continue
        others = {other: value for other, value in known.items() if other != name}
        alike = {other: kappa for other, (value, _) in others.items() if (kappa := agreement(codes, value)) >= ALIKE}
        if named or (len(alike) >= 2 and len(alike) >= 0.5 * _useful(others)):
            mean = float(np.mean(list(alike.values()))) if alike else 0.0
            examples = _examples(codes, distinct)
            severity = "warning" if alike else "note"
            order = tuple(sorted(alike, key=lambda other: -alike[other]))
            found.append(Candidate(f"a value of {name!r}", name, codes, examples, mean + named, order, severity))
    return found


def _useful(columns: dict[str, tuple[Codes, int]]) -> int:
    """Columns in which agreement would say something: neither constant nor unique."""
    return sum(1 < distinct < 0.9 * len(codes) for codes, distinct in columns.values())


def column_codes(dataset: Dataset, name: str) -> tuple[Codes, Texts]:
    """A column as codes, -1 for a blank, and its distinct values."""
    codes, distinct = factorized(dataset.items[name].to_numpy(dtype=object))
    blank = np.array([is_missing(str(text)) for text in distinct], dtype=bool)
    return np.where(blank[codes], -1, codes), distinct


def clustered(codes: Codes) -> bool:
    """Whether many values repeat a few times each, as patients do, and not few values many times, as classes do."""
    count = np.bincount(codes[codes >= 0])
    count = count[count > 0]
    n = len(codes)
    return bool(
        len(count) >= FEWEST_GROUPS
        and count[count > 1].sum() >= REPEATED * n
        and count.max() <= LARGEST * n
        and np.median(count[count > 1]) <= max(0.05 * n, 10)
    )


def _are_numbers(distinct: Texts, form: re.Pattern[str]) -> bool:
    """Whether values are numbers with decimals, of such a form."""
    texts = [str(text) for text in distinct if not is_missing(str(text))]
    return sum(bool(form.fullmatch(text.strip())) for text in texts) > 0.3 * len(texts)


def agreement(group: Codes, value: Codes) -> float:
    """How often two items of a group have the same value, beyond chance: 0 as by chance, 1 always.

    Args:
        group: of each item, -1 for none.
        value: of each item, codes from 0.
    """
    share = np.bincount(value) / len(value)
    chance = float((share**2).sum())
    if chance > 0.95:
        return 0.0
    kept = group >= 0
    size = np.bincount(group[kept])
    pair, count = np.unique(group[kept] * np.int64(len(share)) + value[kept], return_counts=True)
    of = size[pair // len(share)]
    several = of > 1
    if not several.any():
        return 0.0
    met = (count[several] * (count[several] - 1) / (of[several] - 1)).sum() / size[size > 1].sum()
    return float((met - chance) / (1 - chance))


def _of_places(challenge: Challenge, dataset: Dataset) -> list[Candidate]:
    """Coordinates that repeat to the last decimal: items of one site."""
    names = [str(name) for name in dataset.items.columns if kind_of(str(name)) == "places"]
    columns = {name: column_codes(dataset, name) for name in names if name not in special_columns(challenge)}
    columns = {name: known for name, known in columns.items() if _are_numbers(known[1], DECIMAL)}
    if len(columns) < 2:
        return []
    (one, (first, rows)), (other, (second, lines)) = list(columns.items())[:2]
    joined = np.where((first < 0) | (second < 0), -1, first * len(lines) + second)
    place, codes = np.unique(joined, return_inverse=True)
    codes = codes - (place[0] < 0)
    spelt = [f"{rows[code // len(lines)]} {lines[code % len(lines)]}" for code in place[place >= 0].tolist()]
    targets = targets_of(challenge, dataset).combined
    return _candidate(
        f"a place of {one!r} and {other!r}", codes, np.array(spelt, dtype=object), targets, f"{one}, {other}"
    )


def _of_folders(challenge: Challenge, dataset: Dataset) -> list[Candidate]:
    """Folders that hold the files of one patient, slide or site: ``slide_003/tile_7.jpg``."""
    column = file_column(challenge, dataset)
    if not column:
        return []
    paths = [str(text).replace("\\", "/").rpartition("/")[0] for text in dataset.items[column]]
    folder, distinct = factorized(np.array(paths, dtype=object))
    parts = [str(path).split("/")[::-1] for path in distinct]
    label = targets_of(challenge, dataset).combined
    for level in range(max(map(len, parts))):
        # By its own name alone: that of the folder above may be the class.
        own = np.array([names[level] if level < len(names) else "" for names in parts], dtype=object)
        codes, names = factorized(own)
        if found := _candidate("the folder of their files", codes[folder], names, label):
            return found
    return []


def _of_names(challenge: Challenge, dataset: Dataset) -> list[Candidate]:
    """What file names have in common before their last number: ``patient12_3``, ``0007-left``."""
    stems = [COPY.sub("", stem) for stem in stems_of(challenge, dataset)]
    return _of_beginnings(challenge, dataset, stems, BETWEEN, "the beginning of their file's name")


def _of_ids(challenge: Challenge, dataset: Dataset) -> list[Candidate]:
    """What ids have in common before their last part, where that tells the label; many ids begin with a year."""
    ids = list(map(str, dataset.items.index)) if challenge.data.id else []
    found = _of_beginnings(challenge, dataset, ids, SEPARATOR, "the beginning of their id")
    return [one for one in found if one.alike]


def _of_beginnings(
    challenge: Challenge, dataset: Dataset, names: Sequence[str], between: re.Pattern[str], what: str
) -> list[Candidate]:
    """The longest beginnings of names, each up to what stands between parts, that repeat as groups do."""
    label = targets_of(challenge, dataset).combined
    starts = [[0, *(found.start() for found in between.finditer(name) if found.start())] for name in names]
    for level in range(max(map(len, starts), default=0) - 1, 0, -1):
        prefix = [name[: cuts[level]] if level < len(cuts) else name for name, cuts in zip(names, starts, strict=True)]
        if found := _candidate(what, *factorized(np.array(prefix, dtype=object)), label):
            return found
    return []


def _candidate(what: str, codes: Codes, distinct: Texts, label: Codes, column: str = "") -> list[Candidate]:
    """The one candidate that these codes are, if they repeat as groups do and are not just the classes."""
    if not clustered(codes) or _is_class(codes, label):
        return []
    kappa = agreement(codes, label)
    alike = ("the label",) if kappa >= ALIKE else ()
    return [Candidate(what, column, codes, _examples(codes, distinct), kappa, alike, "warning" if alike else "note")]


def _is_class(codes: Codes, label: Codes) -> bool:
    """Whether groups are just classes or what is above them: a value is of one class, or a class of one value."""
    kept = codes >= 0
    pairs = len(np.unique(codes[kept] * np.int64(label.max() + 1) + label[kept]))
    values, classes = int(codes.max()) + 1, int(label.max()) + 1
    return pairs <= 1.1 * max(values, classes) and values <= 2 * classes


def _examples(codes: Codes, distinct: Texts) -> tuple[str, ...]:
    count = np.bincount(codes[codes >= 0], minlength=len(distinct))
    largest = np.argsort(-count, kind="stable")[:3]
    return tuple(f"{excerpt(str(distinct[place]))} ({count[place]} items)" for place in largest if count[place] > 1)


def _within(codes: Codes, unit: Codes, *, grouped: bool) -> bool:
    """Whether the declared groups already keep these items together."""
    return grouped and _explained(codes, unit)


def _explained(codes: Codes, other: Codes) -> bool:
    """Whether nearly all items that share a value also share the other one."""
    return agreement(codes, np.unique(other, return_inverse=True)[1]) >= 0.95
