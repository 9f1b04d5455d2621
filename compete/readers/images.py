"""Which files are images, by their names."""

from __future__ import annotations

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".gif", ".bmp", ".webp"})


def is_image_name(name: str) -> bool:
    """Whether a file name ends as those of images do.

    >>> is_image_name("a/b.PNG"), is_image_name("notes.txt"), is_image_name(".png")
    (True, False, False)
    """
    stem, dot, suffix = name.rpartition("/")[2].rpartition(".")
    return bool(stem) and f"{dot}{suffix}".lower() in SUFFIXES
