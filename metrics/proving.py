"""Python's texts proven to be texts while they are compared, so that each is fetched from memory once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

if TYPE_CHECKING:
    from metrics.inputs import Array

PORTION = 1 << 11
"""Pairs handled at a time: their texts stay in the cache."""


def equal_texts(one: Any, other: Any) -> Optional[Array]:
    """Which texts of two lists are equal, bool, shape (n,); None for all else than plain texts, which others refuse."""
    if not _paired(one, other):
        return None
    same = [left == right for left, right in zip(one, other) if left.__class__ is right.__class__ is str]
    return np.frombuffer(bytes(same), dtype=np.bool_) if len(same) == len(one) else None


def counted_texts(one: Any, other: Any, count: Callable[[list[str], list[str]], Array]) -> Optional[Array]:
    """A whole number for each pair of texts, int64, shape (n,); None for all else than texts, which others refuse."""
    if not _paired(one, other):
        return None
    out = np.empty(len(one), dtype=np.int64)
    for start in range(0, len(one), PORTION):
        part, beside = one[start : start + PORTION], other[start : start + PORTION]
        try:
            "".join(part)  # takes texts alone, and asks each a fifth as long as Python would
            "".join(beside)
        except TypeError:
            return None
        out[start : start + PORTION] = count(part, beside)
    return out


def _paired(one: Any, other: Any) -> bool:
    """Whether these are two of Python's lists, equally long and not empty."""
    return isinstance(one, list) and isinstance(other, list) and 0 < len(one) == len(other)
