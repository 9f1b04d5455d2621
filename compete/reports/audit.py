"""The audit report: every finding with its cure, and the pictures or rows that it speaks of side by side."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compete.audits import Audited
from compete.errors import Finding
from compete.markup import Html
from compete.reports.contents import Contents
from compete.reports.examples import drawn_scene
from compete.reports.occurrences import Occurrences, occurrences_of
from compete.reports.page import Fact, Piece, Table, count_text, rendered
from compete.reports.shortcuts import shortcut_section
from compete.reports.thumbnails import sets_of

if TYPE_CHECKING:
    from compete.audits.traces import Traces

SEVERITIES = {
    "error": ("Errors", "They stop a build, or refuse a bundle."),
    "warning": ("Warnings", "Look at them before people take part."),
    "note": ("Notes", "Good to know."),
}
TONES = {"error": "error", "warning": "warning", "note": ""}

MOST_SETS = 6
"""Sets of pictures that a finding shows."""

MOST_OF_SET = 6
MOST_NAMED = 12
ALIKE = " = "
SHOWN = (
    "image/", "audit/exact-duplicates", "audit/near-duplicates", "audit/shifted-views", "audit/duplicate-labels",
    "audit/split-cuts-duplicates", "audit/repeated-rows", "audit/conflicting-rows", "audit/empty-box", "audit/box-",
    "audit/burst", "leak/same-image", "leak/near-image", "leak/overlap", "leak/image-metadata", "leak/trailing-bytes",
)  # fmt: skip
"""How the rules begin whose findings name items of the data; others name classes or values, perhaps spelt alike."""

_NAME_ENDS = re.compile(r": | \(| and \d")


@dataclass(frozen=True)
class Told:
    """A finding as the report shows it.

    Attributes:
        finding: what was found.
        meaning: what its rule means, in a line; empty where it is not known.
        text: a paragraph that says more; empty likewise.
        items: the items that are only named.
        parts: pictures or rows of the others, side by side.
    """

    finding: Finding
    meaning: str
    text: str
    items: Sequence[str]
    parts: Sequence[Piece]

    @property
    def more(self) -> bool:
        """Whether there are more items than are shown."""
        return self.finding.count > len(self.finding.items) > 0


def audit_page(audited: Audited, contents: Contents | None = None, looks: Traces | None = None) -> str:
    """An audit report as one HTML file, for the organizer alone.

    Args:
        audited: what was found.
        contents: the items, to show those that findings speak of; None where they cannot be planned.
        looks: what the image files tell, a row an item, for the shortcut heat.

    Returns:
        HTML; the same findings give the same bytes.
    """
    found = occurrences_of(contents) if contents else None
    rules = known_rules()
    gallery = gallery_of(contents) if contents else {}
    told = [_told(one, rules, contents, found, gallery) for one in audited.findings]
    heat = shortcut_section(contents, found, looks) if contents and found else None
    groups = [(severity, [one for one in told if one.finding.severity == severity]) for severity in SEVERITIES]
    what = "bundle" if audited.of_bundle else "challenge"
    return rendered(
        "audit.html.j2",
        kind=f"Audit report · {what}",
        heading=contents.terms.title if contents else audited.name,
        name=audited.name,
        facts=_facts(audited),
        groups=[(severity, *SEVERITIES[severity], some) for severity, some in groups if some],
        sections=[heat] if heat else [],
    )


def known_rules() -> dict[str, tuple[str, str]]:
    """The rules that audits name: a line, and a paragraph."""
    from compete.audits.duplicate_findings import DUPLICATE_RULES
    from compete.audits.gate.rules import GATE_RULES
    from compete.audits.rules import AUDIT_RULES
    from compete.building.discretion import PERSONAL_RULES
    from compete.building.media.rules import MEDIA_RULES
    from compete.building.pictures import PICTURE_RULES
    from compete.building.splits.rules import SPLIT_RULES
    from compete.readers.rules import DATASET_RULES

    of_data = (AUDIT_RULES, DUPLICATE_RULES, GATE_RULES, SPLIT_RULES, DATASET_RULES, PERSONAL_RULES)
    tables = (*of_data, MEDIA_RULES, PICTURE_RULES)
    return {rule: text for table in tables for rule, text in table.items()}


def gallery_of(contents: Contents) -> Mapping[str, int]:
    """What findings may call an item -> its row; names that several items share are left out."""
    names: list[tuple[str, int]] = [(str(name), row) for row, name in enumerate(contents.ids)]
    if contents.files is not None:
        for row, path in enumerate(contents.files):
            parts = Path(path).parts
            names += [(path, row), ("/".join(parts[-2:]), row), (parts[-1] if parts else path, row)]
    rows: dict[str, set[int]] = {}
    for name, row in names:
        rows.setdefault(name, set()).add(row)
    return {name: some.pop() for name, some in rows.items() if len(some) == 1}


def rows_of_item(text: str, gallery: Mapping[str, int]) -> list[int]:
    """The rows of the items that a finding's item names: one, or several that it says to be alike; [] for none.

    >>> rows_of_item("a.png = b.png", {"a.png": 3, "b.png": 5}), rows_of_item("b.png: cat (IoU 0.97)", {"b.png": 5})
    ([3, 5], [5])
    """
    if text in gallery:
        return [gallery[text]]
    parts = text.split(ALIKE)
    if len(parts) > 1:
        return [gallery[part] for part in parts if part in gallery]
    ends = [match.start() for match in _NAME_ENDS.finditer(text)]
    known = [text[:end] for end in reversed(ends) if text[:end] in gallery]
    return [gallery[known[0]]] if known else []


def _told(
    finding: Finding,
    rules: Mapping[str, tuple[str, str]],
    contents: Contents | None,
    found: Occurrences | None,
    gallery: Mapping[str, int],
) -> Told:
    meaning, text = rules.get(finding.rule, ("", ""))
    named: list[str] = []
    sets: list[tuple[str, list[Html]]] = []
    tables: list[Piece] = []
    for item in finding.items:
        rows = rows_of_item(item, gallery)[:MOST_OF_SET] if finding.rule.startswith(SHOWN) else []
        room = contents is not None and len(sets) + len(tables) < MOST_SETS
        if room and contents and found and (scenes := _scenes(rows, contents, found)):
            sets.append((item, scenes))
        elif room and contents and contents.files is None and len(rows) > 1:
            tables.append(_rows_beside(item, rows, contents))
        elif len(named) < MOST_NAMED:
            named.append(item)
    return Told(finding, meaning, text, named, [*([sets_of(sets)] if sets else []), *tables])


def _scenes(rows: Sequence[int], contents: Contents, found: Occurrences) -> list[Html]:
    """Pictures of items, each with its file and its part."""
    if contents.files is None:
        return []
    called = [f"{Path(contents.files[row]).name} · {contents.parts[int(contents.part[row])]}" for row in rows]
    drawn = [drawn_scene(contents, row, found, name) for row, name in zip(rows, called, strict=True)]
    return [scene for scene in drawn if scene]


def _rows_beside(item: str, rows: Sequence[int], contents: Contents) -> Table:
    """Rows of a table below each other, the columns in which they differ first."""
    columns = {**contents.target, **contents.column}
    differ = [name for name, cells in columns.items() if len({str(cells[row]) for row in rows}) > 1]
    same = [name for name in columns if name not in differ]
    names = [*differ, *same][:10]
    cells = [[str(contents.ids[row]), *(str(columns[name][row])[:40] for name in names)] for row in rows]
    heads = ["item", *(f"{name} ≠" if name in differ else name for name in names)]
    note = "≠ marks columns in which they differ." if differ else ""
    return Table(item, heads, cells, note=note)


def _facts(audited: Audited) -> list[Fact]:
    count = Counter(finding.severity for finding in audited.findings)
    facts = [Fact(count_text(audited.items), "items looked at")]
    for severity, (title, _) in SEVERITIES.items():
        tone = TONES[severity] if count[severity] else "good"
        facts.append(Fact(count_text(count[severity]), title.lower(), tone=tone if severity != "note" else ""))
    return facts
