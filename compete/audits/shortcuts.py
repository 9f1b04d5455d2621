"""Shortcuts: what goes with the class though it should not: sites, modes, sizes, encoders, frames, names."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from compete.audits.columns import TELLS, told_share
from compete.audits.names import file_column, stems_of
from compete.audits.probes import (
    Probed,
    draw_sample,
    holm,
    indicators,
    least_detectable,
    normal_scores,
    run_probe,
)
from compete.audits.targets import Targets, special_columns, targets_of, units_of
from compete.audits.traces import Traces
from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt, is_missing, parsed_number
from compete.errors import Finding
from compete.table import factorized

ALPHA = 0.01
"""The chance of any false alarm, for all probes together and for all values together."""
FEWEST = 5
COLUMN = "column"
MANY = 20
PURE = 0.9
"""Share of the items with a value that are of one class, or of a class that have one value."""
STRONG = 0.65
POWERFUL = 500
"""Units from which on a silent probe says something by itself."""
BUCKETS = 128
LONGER = 128
"""Pixels of the longer side of a picture as it is looked at."""
BORDERED = 32
"""Pixels of its shorter side from which on the border is something else than the picture."""
RING = np.pad(np.zeros((6, 6), dtype=bool), 1, constant_values=True)

Array = np.ndarray[Any, Any]

PROBES = {
    "file": "size, shape, mode and encoder of the files",
    "border": "brightness of the borders and corners",
    "surroundings": "an 8 × 8 thumbnail without its middle",
    "thumbnail": "an 8 × 8 thumbnail",
    "name": "letters and length of the file names",
}
"""What each probe sees."""
INNOCENT = ("thumbnail", "surroundings", "name")
"""Probes that may see the content itself, or what the build takes away: told as a note."""


def audit(challenge: Challenge, dataset: Dataset, looks: Traces | None) -> list[Finding]:
    """Values that go with a class, and probes that predict it from what should tell nothing."""
    targets = targets_of(challenge, dataset)
    if not targets.flags.any() or len(targets.names) < 1:
        return []
    return [*_values(challenge, dataset, looks, targets), *_probes(challenge, dataset, looks, targets)]


def _fields(
    challenge: Challenge, dataset: Dataset, looks: Traces | None, targets: Targets
) -> Iterator[tuple[str, Array]]:
    """What takes few values: columns, and properties of the files."""
    skipped = special_columns(challenge) | {"width", "height"}
    for name in dataset.items.columns:
        cells = dataset.items[name].astype(str).to_numpy(dtype=object)
        # A column from which the label follows altogether is told elsewhere, and a measured number names nothing.
        if name in skipped or is_measured(cells) or (targets.exclusive and told_share(dataset, name, targets) >= TELLS):
            continue
        yield f"{COLUMN} {excerpt(name)!r}", cells
    if looks is not None:
        sizes = np.array(
            [f"{width} × {height}" for width, height in zip(looks.width, looks.height, strict=True)], dtype=object
        )
        yield from (("mode", looks.mode), ("format", looks.kind), ("size", sizes), ("encoder's tables", looks.tables))


def is_measured(cells: Array) -> bool:
    """Whether a column holds many different numbers."""
    distinct = [text for text in factorized(cells)[1] if not is_missing(text)]
    return len(distinct) > MANY and sum(parsed_number(text) is not None for text in distinct) > 0.9 * len(distinct)


def _values(challenge: Challenge, dataset: Dataset, looks: Traces | None, targets: Targets) -> list[Finding]:
    """Values that nearly always go with one class, or that a class nearly always has, beyond chance."""
    unit = units_of(challenge, dataset)
    tests, tied = 0, []
    for name, cells in _fields(challenge, dataset, looks, targets):
        number, told = tied_values(cells, targets, unit)
        tests += number
        tied += [(p, name, text) for p, text in told]
    good = holm([p for p, *_ in tied], ALPHA, tests)
    found = sorted(test for test, significant in zip(tied, good, strict=True) if significant)
    of_images = file_column(challenge, dataset) is not None
    of_files = [test for test in found if not test[1].startswith(COLUMN)]
    of_columns = [test for test in found if test[1].startswith(COLUMN)]
    hint = "bring all images to one size, mode and encoder before the build, or collect each class in the same way"
    findings = _tied(challenge, of_files, "properties of the files", "warning", hint)
    hint = (
        "fine if it is so in the world; if it comes from how the data were collected, leave the column out: `data.drop`"
    )
    if of_images:
        hint = (
            "an image shows its place, too, so a model can learn that instead: find other examples, or name the column "
        )
        hint += "in `data.subgroups`, so that it shows in the scores"
    return findings + _tied(challenge, of_columns, "columns", "warning" if of_images else "note", hint)


def _tied(
    challenge: Challenge, found: Sequence[tuple[float, str, str]], what: str, severity: str, hint: str
) -> list[Finding]:
    """One finding for all values of one kind, each field at first with the value that is least likely by chance."""
    if not found:
        return []
    first = {name: f"{name} {text}" for _, name, text in reversed(found)}
    told = dict.fromkeys([*(first[name] for _, name, _ in found), *(f"{name} {text}" for _, name, text in found)])
    message = f"{counted(len(found), 'value goes', 'values go')} nearly always with one class ({what}: {len(first)})"
    where = challenge.where("data.subgroups" if severity == "warning" else "data.features")
    return [Finding("audit/shortcut-value", message, where, tuple(told), hint, severity, len(found))]


def tied_values(cells: Array, targets: Targets, unit: Array) -> tuple[int, list[tuple[float, str]]]:
    """Values that go with a class, each with a p value and what to say of it; and how many pairs were looked at.

    Chance is computed on independent units, each of which counts once a value; what is told are items.
    """
    from scipy.stats import hypergeom

    codes, distinct = factorized(cells)
    pairs, first = np.unique(unit * np.int64(len(distinct)) + codes, return_index=True)
    number, size = _pair_counts(pairs % len(distinct), targets.flags[first], len(distinct))
    blank = np.array([is_missing(str(text)) for text in distinct], dtype=bool)
    values = np.flatnonzero((number.total >= FEWEST) & (number.total < len(pairs)) & ~blank)
    classes = np.flatnonzero((size >= FEWEST) & (size < len(pairs)))
    items, of_items = _pair_counts(codes, targets.flags, len(distinct))
    out: list[tuple[float, str]] = []
    for value in values:
        has, both, whole = items.total[value], items.both[value, classes], of_items[classes]
        pure = (both >= PURE * has) & (whole <= 0.7 * len(cells))
        reached = (both >= PURE * whole) & (has <= 0.5 * len(cells))
        for place in np.flatnonzero(pure | reached):
            label = classes[place]
            p = float(hypergeom.sf(number.both[value, label] - 1, len(pairs), size[label], number.total[value]))
            name = excerpt(targets.names[label])
            told = f"{both[place]} of {has} are {name}, {both[place]} of {whole[place]} {name} have it"
            out.append((p, f"{excerpt(str(distinct[value]))!r}: {told}"))
    return len(values) * len(classes), out


class _Counts(NamedTuple):
    """How many rows have each value, (values,), and how many of them each class, (values, k)."""

    total: Array
    both: Array


def _pair_counts(value: Array, flags: Array, values: int) -> tuple[_Counts, Array]:
    row, label = np.nonzero(flags)
    both = np.bincount(value[row] * flags.shape[1] + label, minlength=values * flags.shape[1])
    return _Counts(np.bincount(value, minlength=values), both.reshape(values, -1)), flags.sum(axis=0)


def _probes(challenge: Challenge, dataset: Dataset, looks: Traces | None, targets: Targets) -> list[Finding]:
    """Probes on the files, judged together."""
    features = dict(probe_features(challenge, dataset, looks))
    kept = looks.known if looks is not None else np.ones(len(dataset.items), dtype=bool)
    if not features or kept.sum() < 2 * FEWEST:
        return []
    unit = np.unique(units_of(challenge, dataset)[kept], return_inverse=True)[1]
    sample = draw_sample(targets.flags[kept], targets.names, unit)
    if not sample.names:
        return []
    found = [run_probe(name, columns[kept], sample) for name, columns in features.items() if columns.shape[1]]
    good = holm([probed.p for probed in found], ALPHA)
    findings = [_told(challenge, probed) for probed, significant in zip(found, good, strict=True) if significant]
    if len(sample.flags) < POWERFUL and len(findings) < len(found):
        size = sample.flags.sum(axis=0)
        positive = int(size[np.argmax(size * (len(sample.flags) - size))])
        least = least_detectable(positive, len(sample.flags) - positive, len(found), ALPHA)
        message = (
            f"with {len(sample.flags):,} independent items a shortcut is found from an AUC of about {least:.2f} on"
        )
        hint = "that the other probes found nothing says no more than that"
        findings.append(Finding("audit/low-power", message, challenge.where("data"), (), hint, "note"))
    return findings


def _told(challenge: Challenge, probed: Probed) -> Finding:
    best = probed.auc[0][1]
    told = tuple(f"{excerpt(name)} {area:.2f}" for name, area in probed.auc[:3])
    chance = f"p {probed.p:.4f}, {probed.units:,} independent items"
    message = f"the class is predicted from {PROBES[probed.name]}: AUC {best:.2f} ({chance})"
    hints = {
        "file": "bring all images to one size, mode and encoder before the build, or collect all classes alike",
        "border": "look for borders, rulers and burnt-in text; crop all images alike",
        "surroundings": "if the class should not show there, a model learns the place: look at some images of each",
        "thumbnail": "compare baselines with this figure: it takes no look at detail",
        "name": "images get opaque names in the bundle; keep `data.ids` opaque",
    }
    kept = probed.name == "name" and challenge.data.ids == "keep"
    severity = "warning" if kept or (probed.name not in INNOCENT and best >= STRONG) else "note"
    return Finding("audit/shortcut", message, challenge.where("data"), told, hints[probed.name], severity, 0)


def probe_features(challenge: Challenge, dataset: Dataset, looks: Traces | None) -> Iterator[tuple[str, Array]]:
    """What each probe sees of the items, (n, d)."""
    if looks is not None:
        yield from look_features(looks)
    stems = stems_of(challenge, dataset)
    if stems and looks is not None:
        yield "name", name_features(stems)


def look_features(looks: Traces) -> Iterator[tuple[str, Array]]:
    """What each probe of image files sees of them, (n, d)."""
    yield "file", file_features(looks)
    small = looks.thumbnail.astype(np.float32)
    if _have_borders(looks):
        border = normal_scores(looks.border)
        yield "border", np.hstack([border, border**2])
        yield "surroundings", small[:, RING]
    yield "thumbnail", small.reshape(len(small), -1)


def _have_borders(looks: Traces) -> bool:
    """Whether most pictures, as they are looked at, are more than a border of 8 pixels."""
    scale = np.minimum(1.0, LONGER / np.maximum(np.maximum(looks.width, looks.height), 1))
    shorter = (np.minimum(looks.width, looks.height) * scale)[looks.known]
    return bool(len(shorter)) and float(np.median(shorter)) >= BORDERED


def file_features(looks: Traces) -> Array:
    """Size, shape, mode and encoder as numbers, (n, d)."""
    pixels = np.maximum(looks.width * looks.height, 1)
    aspect = looks.width / np.maximum(looks.height, 1)
    rank = normal_scores(np.stack([looks.size, looks.size / pixels, looks.width, looks.height, aspect], axis=1))
    sizes = looks.width * 1_000_003 + looks.height
    return np.hstack([rank, rank**2, *(indicators(cells) for cells in (looks.mode, looks.kind, looks.tables, sizes))])


def name_features(stems: list[str]) -> Array:
    """Names as counts of their runs of three letters, their length, and their last number, (n, d)."""
    out = np.zeros((len(stems), BUCKETS + 2), np.float32)
    last = np.zeros(len(stems))
    for row, stem in enumerate(stems):
        for start in range(len(stem) - 2):
            out[row, zlib.crc32(stem[start : start + 3].encode("utf-8", "surrogateescape")) % BUCKETS] += 1
        out[row, BUCKETS] = len(stem)
        digits = "".join(letter if letter in "0123456789" else " " for letter in stem).split()
        last[row] = float(digits[-1][:15]) if digits else 0.0
    out[:, BUCKETS + 1] = normal_scores(last[:, None])[:, 0]
    return out
