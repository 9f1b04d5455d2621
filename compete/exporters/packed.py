"""One Python file that holds the whole scoring program, and one table that holds the whole truth."""

from __future__ import annotations

import base64
import json
import lzma
from collections.abc import Mapping
from functools import cache
from textwrap import wrap
from typing import Any

from compete.bundle import ID, PRIVATE, PUBLIC, SOLUTION, TRUTH, USAGE
from compete.cells import (
    BLANK,
    CELLS,
    PERFECT,
    TRUTH_COLUMN,
    packed_files,
    plain_text,
    rows_of_file,
    table_rows,
    table_text,
    truth_cells,
)
from compete.errors import EXAMPLES, Finding
from compete.exporters import Competition
from compete.exporters.program import program_files
from compete.terms import Terms

OWN_METRIC = "metric.py"

LOADER = '''

class Packed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the modules that PROGRAM holds, from memory: nothing is written, and nothing is installed."""

    def __init__(self, packed):
        self.files = json.loads(lzma.decompress(base64.b64decode(packed)))

    def find_spec(self, name, path=None, target=None):
        stem = name.replace(".", "/")
        for place in (stem + "/__init__.py", stem + ".py"):
            if place in self.files:
                package = place.endswith("/__init__.py")
                return importlib.util.spec_from_loader(name, self, origin=place, is_package=package)
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        place = module.__spec__.origin
        exec(compile(self.files[place], place, "exec", dont_inherit=True), module.__dict__)


PROGRAM = """
{program}
"""
# The Python files of compete {version} that score, as JSON, packed with LZMA, in base64. To read them:
# {{name: text}} = json.loads(lzma.decompress(base64.b64decode(PROGRAM)))

if not any(type(finder).__name__ == "Packed" for finder in sys.meta_path):
    sys.meta_path.insert(0, Packed(PROGRAM))
'''
"""The end of a file that scores by itself; its head imports base64, importlib.abc, importlib.util, json, lzma, sys."""


@cache
def loader_text() -> str:
    """The scoring program as the end of a Python file, about half a megabyte."""
    from compete.version import __version__

    sources = {name: content.decode() for name, content in program_files().items() if name.endswith(".py")}
    raw = lzma.compress(json.dumps(sources, ensure_ascii=True, sort_keys=True).encode(), preset=9)
    program = "\n".join(wrap(base64.b64encode(raw).decode("ascii"), 116))
    return LOADER.format(program=program, version=__version__)


def terms_text(terms: Terms) -> str:
    """The terms as an expression of Python."""
    text = json.dumps(terms.as_dict(), indent=1, ensure_ascii=True)
    return f'json.loads(r"""\n{text}\n""")' if '"""' not in text else f"json.loads({text!r})"


def packed_solution(competition: Competition, *, apart: bool) -> bytes:
    """``solution.csv`` as the organizer has it, with a last column that holds the truth as scoring reads it.

    Args:
        competition: the bundle.
        apart: whether public and private rows are handed over by themselves; each part then holds all of the truth.
    """
    head, *rows = table_rows((competition.private / SOLUTION).read_bytes())
    usage = head.index(USAGE)
    files = {SOLUTION: (competition.private / SOLUTION).read_bytes(), PERFECT: competition.perfect}
    for place, name in ((competition.private, TRUTH), (competition.bundle.public, OWN_METRIC)):
        if (place / name).is_file():
            files[name] = (place / name).read_bytes()
    packed = packed_files(files)
    parts = [[row for row in rows if row[usage] == part] for part in (PUBLIC, PRIVATE)] if apart else [rows]
    cell = {
        row[0]: text for part in parts if part for row, text in zip(part, truth_cells(packed, len(part)), strict=True)
    }
    return table_text([*head, TRUTH_COLUMN], ([*row, cell[row[0]]] for row in rows))


def in_rows(competition: Competition, content: bytes) -> bytes:
    """A submission as a table: the same bytes where it is one, else one row an image."""
    terms = competition.bundle.terms
    if (terms.form, terms.kind) not in CELLS:
        return content
    rows = rows_of_file(content, terms.form, terms.kind, test_ids(competition))
    return table_text([ID, *CELLS[terms.form, terms.kind]], rows)


def test_ids(competition: Competition) -> list[str]:
    """The ids of the test items, in their order."""
    return [row[0] for row in table_rows((competition.private / SOLUTION).read_bytes())[1:]]


def one_row_an_item(terms: Terms) -> bool:
    """Whether a table of predictions has one row an item, where platforms take tables alone."""
    many = terms.form == "rows" or (terms.form in ("runs", "coco_runs") and terms.kind == "masks")
    return not many and not (terms.form == "runs" and len(terms.columns) > 1)


def ambiguous_texts(competition: Competition, platform: str) -> list[Finding]:
    """Classes and ids that are no longer told apart when pandas has read them, as it reads them on a platform."""
    terms = competition.bundle.terms
    findings = _lost_texts(competition, platform)
    sets = terms.classes_of or ((terms.classes,) if terms.kind in ("label", "lists") else ())
    for what, texts in (*(("labels", texts) for texts in sets), ("ids", tuple(test_ids(competition)))):
        shown = _confused(texts)
        if shown:
            message = f"{platform} reads tables with pandas, after which these {what} are no longer told apart"
            hint = "write them so that they are no number, no NA and no true or false, and build again"
            findings.append(Finding("export/ambiguous-text", message, items=tuple(shown[:EXAMPLES]), hint=hint))
    return findings


def _lost_texts(competition: Competition, platform: str) -> list[Finding]:
    """Right answers that pandas takes for nothing; they are hidden, so only their number is told."""
    terms = competition.bundle.terms
    if terms.kind not in ("texts", "lists") or terms.classes:
        return []
    head, *rows = table_rows(competition.perfect)
    places = [head.index(name) for name in terms.columns if name in head]
    lost = sum(row[place] in BLANK and bool(row[place]) for row in rows for place in places)
    if not lost:
        return []
    message = (
        f"{platform} reads tables with pandas, which takes {lost:,} of the right texts for nothing (NA, None, nan …)"
    )
    hint = "leave these items out, or score on a platform that reads files: codabench, evalai, huggingface"
    return [Finding("export/ambiguous-text", message, hint=hint, count=lost)]


def _confused(texts: tuple[str, ...]) -> list[str]:
    """Texts that pandas takes for nothing, or for the same as another."""
    left: dict[str, list[str]] = {}
    for text in texts:
        left.setdefault(plain_text(text), []).append(text)
    return [text for plain, same in left.items() for text in same if not plain or len(same) > 1]


def ranking_score(told: Mapping[str, Any], part: str) -> float | None:
    """The ranking score of a part, as ``Result.as_dict`` tells it; None where it is not defined or has no items."""
    name = told["metrics"][0]["name"]
    found = (one for one in told["scores"] if one["metric"] == name and one["part"] == part and not one["group"])
    return next((one["value"] for one in found), None)
