"""Labels whose cells hold more than one value, or of which there are several columns: what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt, parsed_number
from compete.errors import EXAMPLES, Finding
from compete.tasks import ABSENT, REPEATING

FARTHEST = 1 << 31
"""Places of spans are smaller."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_PLACE = re.compile(r"[0-9]{1,10}")


def entries_of(cell: str, separator: str) -> list[str]:
    """The entries of a cell; those without text are passed over.

    >>> entries_of("ant  bee", " "), entries_of("ant lion; bee;", ";")
    (['ant', 'bee'], ['ant lion', 'bee'])
    """
    return [entry for one in cell.split(separator) if (entry := one.strip(" "))]


def list_findings(challenge: Challenge, dataset: Dataset) -> list[Finding]:
    """Say which lists name a label twice, or one that reads as nothing, and where gains do not fit."""
    data = challenge.data
    cells = dataset.items[data.label[0]].tolist()
    rows = [entries_of(cell, data.separator) for cell in cells]
    twice = [row for row, entries in enumerate(rows) if len(set(entries)) < len(entries)]
    absent = [row for row, one in enumerate(rows) if len(one) == 1 and one[0] in ABSENT and one[0] not in data.classes]
    told = [
        ([] if challenge.task in REPEATING else twice, "lists name a label twice", "name each label once"),
        (absent, "lists hold a word that stands for nothing", "list it in data.classes, or leave the cell empty"),
        ([] if data.empty else [row for row, one in enumerate(rows) if not one], "lists are empty", "see data.empty"),
    ]
    if data.gain:
        gains = [entries_of(cell, data.separator) for cell in dataset.items[data.gain].tolist()]
        uneven = [row for row, (one, other) in enumerate(zip(rows, gains, strict=True)) if len(one) != len(other)]
        told.append((uneven, "lists have another number of gains than of labels", f"see {data.gain!r}"))
        numbers = [[parsed_number(word) for word in words] for words in gains]
        wrong = [row for row, found in enumerate(numbers) if any(one is None or one < 0 for one in found)]
        told.append((wrong, "lists have gains that are no numbers from 0 on", f"see {data.gain!r}"))
    return [_cells(dataset, data.label[0], *one) for one in told if one[0]]


def text_findings(challenge: Challenge, dataset: Dataset) -> list[Finding]:
    """Say which texts hold what no submission may hold."""
    name = challenge.data.label[0]
    rows = [row for row, text in enumerate(dataset.items[name].tolist()) if _CONTROL.search(text)]
    hint = "take them out: no submission may hold them; lines end in a line feed alone"
    return [_cells(dataset, name, rows, "texts hold invisible control characters", hint)] if rows else []


def span_findings(challenge: Challenge, dataset: Dataset) -> list[Finding]:
    """Say which cells hold what are no spans."""
    name = challenge.data.label[0]
    rows = [row for row, cell in enumerate(dataset.items[name].tolist()) if not are_spans(cell)]
    hint = "write first place and place behind the last, whole numbers from 0: 0 5; 9 12"
    return [_cells(dataset, name, rows, "cells hold what are no spans", hint)] if rows else []


def are_spans(cell: str) -> bool:
    """Whether a cell holds spans, or nothing.

    >>> are_spans("0 5; 9 12"), are_spans("0 5 9 12"), are_spans(""), are_spans("5 0"), are_spans("0; 5")
    (True, True, True, False, False)
    """
    for piece in entries_of(cell, ";"):
        words = entries_of(piece, " ")
        if len(words) % 2 or not all(_PLACE.fullmatch(word) for word in words):
            return False
        places = list(map(int, words))
        if any(not first < last < FARTHEST for first, last in zip(places[::2], places[1::2], strict=True)):
            return False
    return True


def survival_findings(challenge: Challenge, dataset: Dataset) -> list[Finding]:
    """Say which times are no times, which events are neither 0 nor 1, and whether anything happens at all."""
    time, event = challenge.data.label
    numbers = [parsed_number(cell) for cell in dataset.items[time].tolist()]
    wrong = [row for row, number in enumerate(numbers) if number is None or number < 0]
    events = dataset.items[event].tolist()
    odd = [row for row, cell in enumerate(events) if cell.strip() not in ("0", "1")]
    findings = []
    if wrong:
        findings.append(_cells(dataset, time, wrong, "times are no numbers from 0 on", "the first label is the time"))
    if odd:
        hint = "the second label is 1 for an event and 0 for the end of follow-up"
        findings.append(_cells(dataset, event, odd, "events are neither 0 nor 1", hint))
    elif not any(cell.strip() == "1" for cell in events):
        findings.append(Finding("dataset/single-class", "no item has an event", challenge.where("data.label")))
    return findings


def several_findings(challenge: Challenge, dataset: Dataset) -> Iterator[Finding]:
    """Say which of several columns of classes have but one."""
    for number, name in enumerate(challenge.data.label):
        cells = dataset.items[name].tolist()
        if len(set(cells)) == 1:
            message, place = f"all items have {excerpt(cells[0])} in {name!r}", challenge.where("data", "label", number)
            yield Finding("dataset/single-class", message, place, severity="warning")


def _cells(dataset: Dataset, name: str, rows: Sequence[int], what: str, hint: str) -> Finding:
    """One finding of the cells of a column at fault."""
    shown = tuple(dict.fromkeys(repr(excerpt(dataset.items[name].to_numpy()[row])) for row in rows))[:EXAMPLES]
    one = what.replace("lists", "list", 1).replace("texts", "text", 1).replace("cells", "cell", 1)
    message = f"{counted(len(rows), one, what)} ({name})"
    return Finding("dataset/label-cell", message, dataset.where(rows[0]), shown, hint, count=len(rows))
