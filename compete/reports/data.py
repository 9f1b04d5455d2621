"""The data report: what a competition holds, for its organizer or for participants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from compete.markup import element, isolated, pairs_of
from compete.reports.balance import balance_section, blank_cells, columns_section, missing_section, splits_section
from compete.reports.contents import Contents
from compete.reports.examples import examples_section
from compete.reports.occurrences import Occurrences, occurrences_of
from compete.reports.page import Fact, Section, count_text, rendered, share_text
from compete.reports.representing import Reference, representing_section
from compete.reports.sizes import sizes_section, with_sizes
from compete.reports.subgroups import subgroups_section

UNEVEN = 10
"""The most frequent class is so many times the rarest one: worth a mark."""


def data_page(contents: Contents, references: Sequence[Reference] = ()) -> str:
    """A data report as one HTML file.

    Args:
        contents: what there is; a copy for participants where it was made of ``public/`` alone.
        references: populations to compare the data with.

    Returns:
        HTML; the same contents give the same bytes.
    """
    contents = with_sizes(contents)
    found = occurrences_of(contents)
    sections = [
        _overview(contents, found),
        balance_section(contents, found),
        splits_section(contents, found),
        sizes_section(contents, found),
        examples_section(contents, found),
        columns_section(contents),
        missing_section(contents),
        subgroups_section(contents, found),
        representing_section(contents, references) if references else None,
    ]
    terms = contents.terms
    whom = "for participants" if contents.for_participants else "for the organizer alone"
    beware = "" if contents.for_participants else "This copy tells hidden labels. Do not publish it."
    return rendered(
        "report.html.j2",
        kind=f"Data report · {whom}",
        heading=terms.title,
        lead=[terms.description or terms.title],
        beware=beware,
        facts=facts_of(contents, found),
        sections=[section for section in sections if section],
        foot=[],
    )


def facts_of(contents: Contents, found: Occurrences) -> list[Fact]:
    """The numbers that open the report: items, classes, groups, gaps, subgroups."""
    parts = ", ".join(
        f"{count_text(count)} {name}" for name, count in zip(contents.parts, contents.count_of_parts(), strict=True)
    )
    facts = [Fact(count_text(contents.n), "images" if contents.files is not None else "items", parts)]
    if found.names:
        count = np.bincount(found.code, minlength=len(found.names))
        there = count[count > 0]
        ratio = there.max() / there.min() if len(there) else 0.0
        tone = "warning" if ratio >= UNEVEN else ""
        facts.append(Fact(count_text(len(found.names)), "classes", f"the largest is {ratio:.3g} × the smallest", tone))
        if found.what in ("objects", "segments"):
            each = len(found.row) / max(int(contents.known.sum()), 1)
            facts.append(Fact(count_text(len(found.row)), found.what, f"{each:.1f} an image"))
    if contents.group is not None:
        known = contents.group[contents.group >= 0]
        what = "kept whole by the split" if not contents.for_participants else "in train"
        facts.append(Fact(count_text(len(np.unique(known))), "groups", what))
    cells = list(contents.column.values())
    if cells:
        blank = sum(int(blank_cells(column).sum()) for column in cells)
        facts.append(Fact(share_text(blank, contents.n * len(cells)), "cells without a value", f"{len(cells)} columns"))
    if contents.subgroup:
        facts.append(Fact(count_text(len(contents.subgroup)), "subgroups", ", ".join(contents.subgroup)))
    return facts


def _overview(contents: Contents, found: Occurrences) -> Section:
    """What the challenge asks, as a table of a few lines."""
    terms = contents.terms
    ranks = (
        terms.metric
        if terms.written(terms.metric) == terms.metric
        else f"{terms.metric}: {terms.written(terms.metric)}"
    )
    rows = [
        ("name", f"{terms.name}, version {terms.version}"),
        ("task", terms.task.replace("_", " ")),
        ("ranked by", ranks),
        ("also scored", ", ".join([*terms.also, *(one.name for one in terms.combine)])),
        ("licence", terms.license),
        ("made by", ", ".join(terms.authors)),
        ("to predict", ", ".join(terms.target) if terms.target else f"{found.what} of {len(found.names)} classes"),
        ("told of an item", ", ".join(contents.column) or ("its image" if contents.files is not None else "nothing")),
        ("scored separately", ", ".join(contents.subgroup)),
    ]
    told = {name: isolated(value) for name, value in rows if value}
    return Section("contents", "What is in it", "", [element("div", pairs_of(told), class_="pairs")])
