"""The formats that data come in, by what they hold; ``compete.readers`` has a file for each."""

from __future__ import annotations

TABLES = ("csv", "dwca", "camtrap_dp", "masks", "nnunet", "parquet")
"""Formats with one row an item."""
FOLDERS = ("folder",)
"""Formats whose folders are the classes."""
ANNOTATED = (
    "coco",
    "yolo",
    "roboflow",
    "cvat",
    "voc",
    "label_studio",
    "labelbox",
    "labelme",
    "vott",
    "open_images",
    "biigle",
    "object_masks",
    "dicom",
    "tiff",
)
"""Formats of annotated images: objects, segments, keypoints, and columns that tell of the images."""
UNMARKED = ("dicom", "tiff")
"""Formats of images without objects; their labels are folders, a table, or label images."""
DISCREET = ("dwca", "camtrap_dp", "masks", "nnunet")
"""Tables that tell of sources, places and people: participants see no column of them that is not asked for."""
