"""What every report is made with: one look, tables and figures as records, and pages that are written whole.

A report is a template that extends ``base.html.j2`` and gets plain values, records of this module for the macros of
``pieces.html.j2``, and figures. Everything that a template prints is escaped but ``Html``, whose makers escape what
they are given. No page holds a script or asks for a file: a policy in its head forbids both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compete.files import whole_file
from compete.markup import POLICY, Html, element, escaped, joined, visible
from compete.reports.figures import figure_style
from compete.reports.thumbnails import marks_style
from compete.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
FORMULA = frozenset("=+-@")
JOINER = "\u2060"
"""Stands, unseen, before a cell that a spreadsheet would take for a formula when the table is pasted there."""


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes:
        caption: one sentence: what the table tells.
        columns: the heads.
        rows: the cells; the first of each row is its head.
        right: the columns of numbers, from 0.
        note: what stands below it.
        shares: of some columns numbers from 0 to 1, one a row, drawn as a bar behind the cell.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[int] = ()
    note: str = ""
    shares: Mapping[int, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Fact:
    """A number that opens a report.

    Attributes:
        value: as people read it.
        name: what it counts.
        note: what else is to be said of it.
        tone: ``good``, ``warning``, ``error``, or nothing.
    """

    value: str
    name: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Grid:
    """Pieces side by side, where there is room."""

    parts: Sequence[Piece]


@dataclass(frozen=True)
class Fold:
    """Pieces that a reader may open.

    Attributes:
        title: what is inside.
        parts: in their order.
        opened: whether they are shown at first.
    """

    title: str
    parts: Sequence[Piece]
    opened: bool = False


@dataclass(frozen=True)
class Section:
    """A part of a report with its own heading.

    Attributes:
        place: by which the contents find it; letters alone.
        title: the heading.
        lead: one or two sentences; empty for none.
        parts: in their order.
    """

    place: str
    title: str
    lead: str
    parts: Sequence[Piece]


Piece = Table | Grid | Fold | Html | str
"""What stands in a section; a text is a paragraph."""


def rendered(template: str, **content: Any) -> str:
    """Fill a template of ``templates/``.

    Args:
        template: its file name.
        content: what it asks for; every text is escaped where it is printed.

    Returns:
        HTML of one file that needs no other.
    """
    style = Html(figure_style())
    return (
        _templates()
        .get_template(template)
        .render(version=__version__, policy=POLICY, figure_style=style, marks_style=marks_style(), **content)
    )


def write_report(out: Path, html: str, *, force: bool = False) -> Path:
    """Write a page, whole or not at all.

    Raises:
        UsageError: if the file is there and is not to be replaced.
        SystemFault: if the disk or a permission forbids it.
    """
    with whole_file(out, force=force) as stream:
        stream.write(html.encode())
    return out


def cell_text(text: str) -> Html:
    """A cell that a spreadsheet keeps as text; numbers stay as they are.

    >>> str(cell_text("-1.5 %")), str(cell_text("=a<b")) == JOINER + "=a&lt;b"
    ('-1.5 %', True)
    """
    formula = len(text) > 1 and text[0] in FORMULA and not text[1].isdigit()
    return Html(JOINER + escaped(text).text) if formula else escaped(text)


def count_text(number: float) -> str:
    """A whole number as people read it.

    >>> count_text(12345)
    '12,345'
    """
    return f"{number:,.0f}"


def marked_text(text: str) -> Html:
    """Words of ours in which what stands between backticks is code.

    >>> str(marked_text("set `data.group: <x>`"))
    'set <code>data.group: &lt;x&gt;</code>'
    """
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escaped(text)
    return joined(element("code", part) if place % 2 else part for place, part in enumerate(parts))


def part_text(part: float, whole: float) -> str:
    """A count with its share.

    >>> part_text(12, 48), part_text(0, 48)
    ('12 · 25 %', '0')
    """
    return f"{count_text(part)} · {share_text(part, whole)}" if part else "0"


def share_text(part: float, whole: float = 1.0) -> str:
    """A share in percent, with as many digits as it deserves.

    >>> share_text(1, 3), share_text(1, 5000), share_text(0, 3), share_text(1, 0)
    ('33 %', '0.02 %', '0 %', '–')
    """
    if not whole or not math.isfinite(part):
        return "–"
    percent = 100 * part / whole
    if percent == 0 or percent >= 9.95:
        return f"{percent:.0f} %"
    return f"{percent:.1f} %" if percent >= 0.95 else f"{percent:.2g} %"


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_printed,
    )
    kinds = {"table": Table, "grid": Grid, "fold": Fold}
    found.tests |= {name: _tester(kind) for name, kind in kinds.items()}
    found.filters |= {"count": count_text, "share": share_text, "cell": cell_text, "marked": marked_text}
    return found


def _tester(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kind)


def _printed(value: Any) -> Any:
    """What a template prints: nothing for None, texts in which all can be seen, markup as it is."""
    if value is None:
        return ""
    return visible(value) if type(value) is str else value
