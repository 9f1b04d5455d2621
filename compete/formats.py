"""The formats that data come in, by what they hold; ``compete.readers`` has a file for each."""

from __future__ import annotations

TABLES = ("csv",)
"""Formats with one row an item."""
FOLDERS = ("folder",)
"""Formats whose folders are the classes."""
ANNOTATED = ("coco",)
"""Formats of annotated images: objects, segments, keypoints, and columns that tell of the images."""
