"""Volumes as NIfTI-1 and NIfTI-2, read strictly and written anew, with numpy alone; all wings of the house use it."""

from __future__ import annotations

SUFFIX = ".nii.gz"
SUFFIXES = (SUFFIX, ".nii")
"""How the names of volumes end, the usual one first."""


def without_suffix(name: str) -> str:
    """The name of a file without its ending, of which ``.nii.gz`` is one.

    >>> without_suffix("case.1.nii.gz"), without_suffix("case.1.png"), without_suffix("case")
    ('case.1', 'case.1', 'case')
    """
    stem, dot, _ = name.rpartition(".")
    if name.lower().endswith(SUFFIX) and len(name) > len(SUFFIX):
        return name[: -len(SUFFIX)]
    return stem if dot and stem else name
