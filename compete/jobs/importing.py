"""Jobs of who takes over an existing competition."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compete.importers import Imported


def take_over(source: Path, platform: str, out: Path, *, force: bool = False) -> Imported:
    """Make a challenge of an existing competition; see ``compete.importers.import_competition``."""
    from compete.importers import import_competition

    return import_competition(source, platform, out, force=force)
