"""A split that was published with the data: a proposal for ``split.column``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from compete.readers.listing import PARTS
from compete.readers.proposals import Proposal

SPLIT = "split"
"""The column of the part of a published split."""
FEWEST = 2
"""Items of a test that can be divided into public and private."""


def propose_split(columns: Mapping[str, Sequence[str]], groups: Sequence[str]) -> Proposal | None:
    """What challenge.yaml may say of a published split; None where there is none that can be kept.

    Args:
        columns: of the images.
        groups: columns of what must stay together; a split that cuts one of them apart is not proposed.

    Returns:
        ``{column: split, values: {train: …, test: …}}``: the part ``test`` is the test, ``val`` belongs to train; of a
        split without ``test`` the part ``val`` is.
    """
    cells = columns.get(SPLIT, ())
    part = {cell: PARTS.get(cell.lower(), "") for cell in set(cells)}
    if not all(part.values()) or "train" not in part.values():
        return None
    test = "test" if "test" in part.values() else "val"
    side = [part[cell] == test for cell in cells]
    if sum(side) < FEWEST or _cut(columns, groups, side):
        return None
    values = {
        "train": sorted(cell for cell, name in part.items() if name != test),
        "test": sorted(cell for cell, name in part.items() if name == test),
    }
    shown = ", ".join(f"{count} {cell}" for cell, count in sorted(Counter(cells).items()))
    reason = f"published with the data: {shown}; `compete audit` tells whether it is clean"
    return Proposal({"column": SPLIT, "values": values}, reason)


def _cut(columns: Mapping[str, Sequence[str]], groups: Sequence[str], side: Sequence[bool]) -> bool:
    """Whether a value of one of the columns is on both sides."""
    for name in groups:
        pairs = {(cell, where) for cell, where in zip(columns.get(name, ()), side, strict=False) if cell}
        if len(pairs) > len({cell for cell, _ in pairs}):
            return True
    return False
