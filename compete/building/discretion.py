"""What participants would see of people: columns that are called like them, and e-mail addresses in cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt, feature_columns
from compete.errors import EXAMPLES, Finding
from compete.personal import e_mail_rows, is_personal

PERSONAL_RULES = {
    "challenge/personal-column": (
        "Participants would see a column that is called like people, or like places to the metre.",
        "Who labelled, collected or owns something (`annotator`, `recordedBy`, `phone`) and where exactly it was "
        "(`latitude`, `gps`) is nobody's business, unless you decide otherwise. Take the column out of "
        "`data.features`, `data.subgroups` or `data.beside`, cut it into `bins`, or name it in `data.personal` to "
        "publish it on purpose. What belongs together may be named in `data.group` as it is: groups get opaque names. "
        "Whose name a licence asks to tell stands in `credits.csv`.",
    ),
    "challenge/personal-hidden": (
        "Columns that are called like people, or like places to the metre, are not shown.",
        "Without `data.features` participants see every column that has no other use, but not these. Name them in "
        "`data.drop`, and nothing is told any more; or in `data.personal`, to publish them on purpose.",
    ),
    "dataset/e-mail": (
        "Cells that participants would see hold an e-mail address.",
        "Remove the addresses from the cells, leave the column out (`data.drop`), or name it in `data.personal` to "
        "publish it on purpose. Addresses are found by their form in every column that becomes public, whatever it is "
        "called; phone numbers and names in free text are not, so look through what people wrote.",
    ),
}
"""What is told of people in the data: one line, and a paragraph."""


def personal_findings(challenge: Challenge, dataset: Dataset, features: Sequence[str]) -> list[Finding]:
    """Refuse what would tell of people and is not named in ``data.personal``, and say what is not shown for it.

    Args:
        challenge: what the organizer wrote.
        dataset: its items.
        features: the columns that participants see of every item.
    """
    shown = {name: place for name, place in _shown(challenge, features).items() if name not in challenge.data.personal}
    named = [name for name in shown if is_personal(name)]
    found = []
    if named:
        message = (
            f"participants would see {counted(len(named), 'column', 'columns')} called like people or exact places"
        )
        hint = f"take them out, or publish them on purpose: {_accepting(challenge, named)}"
        where = challenge.where(*shown[named[0]])
        told = tuple(map(excerpt, named))
        found.append(Finding("challenge/personal-column", message, where, told, hint, count=len(named)))
    labels = [name for name in challenge.data.label if name in dataset.items and name not in challenge.data.personal]
    mails = [_e_mails(challenge, dataset, name) for name in dict.fromkeys([*shown, *labels])]
    return [*found, *_hidden(challenge, dataset, features), *(one for one in mails if one)]


def _shown(challenge: Challenge, features: Sequence[str]) -> dict[str, tuple[str | int, ...]]:
    """The columns that become public as they are, but the label; each with the keys of its place in challenge.yaml."""
    data = challenge.data
    whole = enumerate(data.subgroups)
    ids = data.id if data.ids == "keep" else ()
    return {
        **{name: ("data", "id", number) for number, name in enumerate(ids)},
        **{name: ("data", "beside", number) for number, name in enumerate(data.beside)},
        **{one.column: ("data", "subgroups", number) for number, one in whole if not one.bins and not one.part},
        **{name: ("data", "features", number) for number, name in enumerate(features)},
    }


def _hidden(challenge: Challenge, dataset: Dataset, features: Sequence[str]) -> list[Finding]:
    """Say which columns would be features if they were called otherwise."""
    as_if = replace(challenge, data=replace(challenge.data, personal=tuple(dataset.items.columns)))
    hidden = [name for name in feature_columns(as_if, dataset) if name not in features]
    if not hidden:
        return []
    message = counted(len(hidden), "column is", "columns are") + " called like people or exact places, and not shown"
    hint = f"name them in `data.drop`, or publish them on purpose: {_accepting(challenge, hidden)}"
    told = tuple(map(excerpt, hidden))
    where = challenge.where("data")
    return [Finding("challenge/personal-hidden", message, where, told, hint, "warning", len(hidden))]


def _e_mails(challenge: Challenge, dataset: Dataset, name: str) -> Finding | None:
    """The cells of a column that hold an e-mail address, by their rows."""
    cells = (dataset.items.index if name in challenge.data.id else dataset.items[name]).tolist()
    rows = e_mail_rows(cells)
    if not rows:
        return None
    message = f"{counted(len(rows), 'cell', 'cells')} of {excerpt(name)!r}, which participants would see, "
    message += "holds an e-mail address" if len(rows) == 1 else "hold an e-mail address"
    hint = f"remove them, or leave the column out, or publish it on purpose: {_accepting(challenge, [name])}"
    told = [f"line {dataset.lines[row]}" if len(dataset.lines) else f"item {row + 1}" for row in rows[:EXAMPLES]]
    return Finding("dataset/e-mail", message, dataset.where(rows[0]), tuple(told), hint, count=len(rows))


def _accepting(challenge: Challenge, names: Sequence[str]) -> str:
    """The line of challenge.yaml by which columns are published on purpose."""
    return f"`personal: [{', '.join(dict.fromkeys([*challenge.data.personal, *names]))}]` under `data`"
