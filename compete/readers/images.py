"""Which files are images, by their names."""

from __future__ import annotations

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".gif", ".bmp", ".webp", ".nii", ".nii.gz", ".dcm", ".dicom")


def is_image_name(name: str) -> bool:
    """Whether a file name ends as those of images, volumes and DICOM files do.

    >>> is_image_name("a/b.PNG"), is_image_name("c.nii.gz"), is_image_name("notes.txt"), is_image_name(".png")
    (True, True, False, False)
    """
    short = name.rpartition("/")[2].lower()
    return short.endswith(SUFFIXES) and short not in SUFFIXES
