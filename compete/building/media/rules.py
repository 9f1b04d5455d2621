"""What ``compete explain`` tells about the rules of images."""

from __future__ import annotations

MEDIA_RULES = {
    "image/damaged": (
        "The image is damaged.",
        "It ends early, a checksum is wrong, or its pixels cannot be decoded to the end. Many viewers show such files "
        "all the same, half grey. Fetch the file again from its source, or drop the item.",
    ),
    "image/unreadable": (
        "The image file cannot be read.",
        "It is missing, this account may not read it, or it is no plain file. The message has the system's words.",
    ),
    "image/changed": (
        "The image has changed while the bundle was built.",
        "The build looks at all images first, decides, and then writes them. Somebody wrote to this file in between, "
        "so what was decided no longer fits. Let the data rest, and build again.",
    ),
    "image/unsupported": (
        "This kind of image is not taken.",
        "JPEG and PNG are published as they are, without metadata; GIF, BMP, WebP, TIFF and DICOM (extra [dicom]) are "
        "written as PNG if a PNG can hold their pixels. Volumes (NIfTI) get a new header: descriptions, names, "
        "extensions and codes that place or scale no voxel are left out. Convert anything else (floating-point, CMYK "
        "or CIELAB TIFF, HEIC) beforehand.",
    ),
    "image/too-large": (
        "The image is larger than is taken.",
        "A small file can claim to hold more pixels than fit into memory. Images of up to 100 million pixels and files "
        "of up to 512 MiB are taken; cut larger ones into tiles or scale them down.",
    ),
    "image/suffix": (
        "The name's ending does not fit the content.",
        "The published copy gets the ending of its content, so nothing need be done; but look whether the files are "
        "what you think they are.",
    ),
    "image/trailing-bytes": (
        "Bytes after the end of the image were cut.",
        "Phones append previews, depth maps or films there. None of it belongs to the picture, and it can tell where "
        "and with what it was taken.",
    ),
    "image/frames": (
        "Further frames were cut.",
        "The file holds several pictures (an animation, or pages); only the first is published. Write the frames as "
        "files of their own if they matter.",
    ),
    "image/rewritten": (
        "The image was written as PNG.",
        "Its pixels are the same, its format is not: GIF, BMP, WebP and TIFF can carry metadata in many places, and "
        "not every tool reads them.",
    ),
    "image/orientation": (
        "An orientation in the metadata of a PNG was cut.",
        "Few programs heed it, so the picture is published as its pixels lie. Turn it beforehand if it looks wrong.",
    ),
}
"""Every rule of images: one line, and a paragraph."""

CURES = {
    "image/damaged": "fetch each again from its source, or leave its item out",
    "image/unreadable": "see that each file is there and may be read, or leave its item out",
    "image/changed": "let the data rest, and build again",
    "image/unsupported": "write each as JPEG, PNG or 8- or 16-bit TIFF, or leave its item out",
    "image/too-large": "cut each into tiles or scale it down, or leave its item out",
}
"""What mends that which stops a build."""
