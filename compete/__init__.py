"""Turn a curated dataset into a machine-learning competition, and grade what people send in.

>>> import compete
>>> compete.__version__.count(".")
2
"""

from __future__ import annotations

from typing import Any

from compete.version import __version__

__all__ = ["__version__", "build", "check_challenge", "open_bundle", "score", "validate", "verify"]


def __getattr__(name: str) -> Any:
    """The jobs, for notebooks; each is loaded when it is first asked for."""
    if name == "open_bundle":
        from compete.bundle import open_bundle

        return open_bundle
    if name in __all__:
        from compete import jobs

        return getattr(jobs, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
