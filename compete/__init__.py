"""Turn a curated dataset into a machine-learning competition, and grade what people send in."""

from compete.version import __version__

__all__ = ["__version__"]
