"""Samples of spans: the most frequent cell."""

from __future__ import annotations

from compete.building.kinds.texts import columns, sample

__all__ = ["columns", "sample"]
