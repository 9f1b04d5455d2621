"""The README that participants find in ``public/``."""

from __future__ import annotations

import csv
import textwrap
from collections.abc import Sequence
from pathlib import Path

import metrics
from compete.building.image_guide import file_rows, image_submission
from compete.bundle import CREDITS, SAMPLE, TEST, TRAIN, TRAIN_GROUPS
from compete.tasks import KINDS
from compete.terms import Terms

PARTED = {" ": "blanks", ";": "`;`", ",": "`,`", "|": "`|`"}
"""How entries of a list are parted, in words."""

UNSAID = 1000
"""How many entries a list may have is told where it is less."""


def participants_guide(terms: Terms, public: Path) -> str:
    """Write the guide from the terms and from what is in the folder.

    Args:
        terms: the challenge's terms.
        public: the public folder, whose tables are already written.

    Returns:
        Markdown.
    """
    parts = [
        f"# {terms.title}",
        textwrap.fill(" ".join(terms.description.split()), 100),
        _files(terms, public),
        image_submission(terms, public) if terms.of_images else _submission(terms, public),
        _scoring(terms),
        _local(terms),
        _colophon(terms),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _files(terms: Terms, public: Path) -> str:
    labelled = "images to learn from" if terms.of_images else "items with their labels"
    rows = [
        (TRAIN, f"{terms.train:,} {labelled}: {_header(public / TRAIN)}"),
        (TEST, f"{terms.test:,} items to predict: {_header(public / TEST)}"),
        *(file_rows(terms, public) if terms.of_images else ()),
        (terms.sample_name, "a complete submission that knows nothing; copy its form"),
        ("challenge.json", "the same terms for machines"),
    ]
    if (public / "train").is_dir():
        rows.insert(2, ("train/, test/", "the images that the column `file` names"))
    if (public / TRAIN_GROUPS).is_file():
        rows.insert(1, (TRAIN_GROUPS, f"where the training items belong: {_header(public / TRAIN_GROUPS)}"))
    if (public / CREDITS).is_file():
        rows.append((CREDITS, "who holds the rights to the images, and under which licence they are shared"))
    if (public / "pages").is_dir():
        rows.append(("pages/", "more about the challenge"))
    listing = "\n".join(f"| `{name}` | {text} |" for name, text in rows)
    return f"## What is here\n\n| file | what |\n|---|---|\n{listing}"


def _header(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        names = next(csv.reader(file))
    return ", ".join(f"`{' '.join(name.split())}`".replace("|", "\\|") for name in names)


def _submission(terms: Terms, public: Path) -> str:
    told = KINDS[terms.kind]
    meaning = (told.rows if terms.form == "rows" and told.rows else told.meaning).format(
        classes="; ".join(map(_classes, terms.classes_of or (terms.classes or terms.target,))),
        positive=f"`{terms.classes[-1]}`" if terms.classes else _event(terms) if terms.task == "survival" else "`yes`",
        limits="" if terms.low is None else f" from {terms.low:g} to {terms.high:g}",
        at=", ".join(f"{place:g}" for place in terms.at[:12]) + " …" * (len(terms.at) > 12),
        labels=_lists(terms) if terms.kind == "lists" else "",
        most=f", not more than {terms.most_objects:,}" if terms.most_objects < UNSAID else "",
    )
    if terms.empty:
        nothing = "an item without a row" if terms.form == "rows" else "an empty cell"
        meaning += f"; {nothing} says that there is nothing"
    if terms.distribution:
        meaning += "; each row sums to 1"
    with (public / SAMPLE).open(encoding="utf-8", newline="") as file:
        first = "".join(line for line, _ in zip(file, range(4), strict=False))
    columns = ", ".join(f"`{column}`" for column in terms.columns)
    rows = f"exactly {terms.test:,} rows, one for each `id` of `{TEST}`"
    rows = f"any number of rows for each `id` of `{TEST}`" if terms.form == "rows" else rows
    return (
        f"## What to send\n\nOne CSV file with a header and {rows}, in any order.\n"
        f"{columns}: {meaning}.\n\n```\n{first}```"
    )


def _classes(names: Sequence[str]) -> str:
    """The first of some classes."""
    return ", ".join(f"`{name}`" for name in names[:20]) + (" …" if len(names) > 20 else "")


def _event(terms: Terms) -> str:
    """What a higher score of survival means."""
    return "a late event" if "predicts=time" in terms.written(terms.metric) else "an early event"


def _lists(terms: Terms) -> str:
    """What a list holds, or a row of the long form."""
    known = f", of these {len(terms.classes):,}: {_classes(terms.classes)}" if terms.classes else ""
    if terms.form == "rows":
        return f"a label{known}, once an item, and its score; the highest score ranks first"
    order = {
        "retrieval": "the best first",
        "sequence": "in order; a label may come again",
        "ordering": "those that the sample names for the item, in the right order",
    }[terms.task]
    return f"labels with {PARTED[terms.separator]} between, {order}{known}"


def _scoring(terms: Terms) -> str:
    lines = []
    if ".py:" in terms.metric:
        better = "higher" if terms.greater_is_better else "lower"
        lines.append(f"- **the challenge's own metric** (`metric.py`) ranks; {better} is better.")
    combined = {entry.name: entry for entry in terms.combine}
    for text in dict.fromkeys([terms.metric, *terms.also, *combined]):
        if ".py:" in text:
            continue
        entry = combined.get(text)
        metric = _expressed(entry.metric if entry else text, terms)
        better = "higher" if metric.greater_is_better else "lower"
        what = f"{entry.by.replace('_', ' ')} of {metric.name} over {entry.over}" if entry else _meaning(metric)
        ranks = " This one ranks." if text == terms.metric else ""
        named = f" = `{terms.written(text)}`" if terms.written(text) != text else ""
        lines.append(f"- `{text}`{named}: {what}; {better} is better.{ranks}")
    refused = "An unknown image or class" if terms.of_images else "A missing, repeated or unknown id"
    refused = "A missing image, an unknown one or one of another size" if terms.form in ("png", "nifti") else refused
    told = f" Scores are also told for each {', '.join(terms.subgroups)}." if terms.subgroups else ""
    tree = (
        "\n\nThe tree of the classes stands in `challenge.json`: `parents` has the number of each node's parent, -1 at "
        "the top; the nodes are the `classes` in their order and then the `taxa`, counted from 0."
        if terms.parents
        else ""
    )
    return "## How it is scored\n\n" + "\n".join(lines) + f"\n\n{refused} refuses the whole file.{told}{tree}"


def _expressed(text: str, terms: Terms) -> metrics.Metric:
    """The metric of a text, whose names may be combinations of the challenge."""
    combined = {entry.name: entry.metric for entry in terms.combine}
    declared = terms.greater_is_better if text == terms.metric else None

    def lookup(name: str) -> metrics.Metric:
        inner = combined.get(name, terms.written(name))
        return metrics.parse(inner, lookup=None if inner == name else lookup)

    return metrics.parse(terms.written(text), greater_is_better=declared, lookup=lookup)


def _meaning(metric: metrics.Metric) -> str:
    """What a metric says, in a line; of an expression, what each of its parts does."""
    if not metric.parts:
        return metric.title.rstrip(".")
    return "of " + "; ".join(f"`{part.name}` ({part.title.rstrip('.')})" for part in metric.parts)


def _local(terms: Terms) -> str:
    mine, oof = (terms.sample_name.replace("sample_submission", name) for name in ("submission", "oof"))
    group = (
        f"\nItems that share a `group` in `{TRAIN_GROUPS}` belong together (one individual, patient, site): "
        "keep them in one fold.\n"
        if terms.grouped
        else ""
    )
    return (
        "## Check and score at home\n"
        f"{group}\n```\npip install compete\ncompete validate . {mine}          # will it be accepted?\n"
        f"compete score . {oof} --on train          # out-of-fold predictions, scored as the organizer scores\n```"
    )


def _colophon(terms: Terms) -> str:
    authors = f"By {', '.join(terms.authors)}. " if terms.authors else ""
    licence = f"Licence of the data: {terms.license}. " if terms.license else ""
    return f"---\n{authors}{licence}{terms.name} {terms.version}."
