"""Which columns of annotated images could be what is to be predicted: a proposal for a first challenge.yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compete.dataset import excerpt, is_missing
from compete.readers.proposals import LABELS, MANY, Proposal

ANSWERED = 0.5
"""Share of the images that have a word in a column, for it to be the label."""

SEVERAL = 0.05
"""Share of the images that may have several answers, and so none of one word, for it to be the label all the same."""


def propose_label(columns: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """A task of one row an image whose labels stand in a column, or in columns of 0 and 1.

    Args:
        columns: what was chosen for each image, as text.

    Returns:
        ``task`` and ``label``: a Proposal each; empty where no column could be a label.

    >>> propose_label({"light": ["a", "b", "c"], "kind": ["ant", "bee", "ant"]})["label"].value
    'kind'
    """
    words = [name for name, cells in columns.items() if _are_classes(cells) and not _are_flags(cells)]
    several = [name for name in words if any(other.startswith(f"{name}: ") for other in columns)]
    words = [name for name in words if name not in several or _absent(columns[name]) <= SEVERAL * len(columns[name])]
    if words:
        name = next((name for name in words if name.casefold() in (*LABELS, "tag")), words[0])
        others = [excerpt(other) for other in words if other != name]
        cells = [cell for cell in columns[name] if not is_missing(cell)]
        absent = _absent(columns[name])
        reason = f"what was chosen for each image, one of {len(set(cells))}"
        reason += f"; {absent} have none" if absent else ""
        reason += f"; it might be {' or '.join(others[:2])} too" if others else ""
        task = Proposal("classification", f"{excerpt(name)} has {len(set(cells))} values")
        return {"task": task, "label": Proposal(name, reason)}
    flags = [name for name, cells in columns.items() if _are_flags(cells)]
    if len(flags) < 2:
        return {}
    task = Proposal("multilabel", f"{len(flags)} columns of 0 and 1")
    return {"task": task, "label": Proposal(flags, "columns of 0 and 1")}


def _absent(cells: Sequence[str]) -> int:
    return sum(map(is_missing, cells))


def _are_flags(cells: Sequence[str]) -> bool:
    return set(cells) <= {"0", "1"}


def _are_classes(cells: Sequence[str]) -> bool:
    """Whether most images have one of a few words."""
    present = [cell for cell in cells if not is_missing(cell)]
    joined = any("|" in cell for cell in present)
    few = not joined and 2 <= len(set(present)) <= max(MANY, len(present) // MANY) and len(set(present)) < len(present)
    return few and len(present) > ANSWERED * len(cells)
