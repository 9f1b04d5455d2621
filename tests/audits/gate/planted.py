"""All leaks that can be planted; see ``planting`` for how, and ``clean`` for into what."""

from __future__ import annotations

from tests.audits.gate import planted_files, planted_images, planted_tables
from tests.audits.gate.planting import AREAS, LEAKS, SHARES, Leak, spoil

__all__ = ["AREAS", "LEAKS", "MODULES", "SHARES", "Leak", "spoil"]

MODULES = (planted_files, planted_images, planted_tables)
"""Their import fills ``LEAKS``."""
