"""One size and one encoder for all images, so that neither tells where an image comes from."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

from compete.building.media.jpeg import Damaged, strip_jpeg
from compete.building.media.png import strip_png
from compete.building.media.records import Cleaned, Published
from compete.building.media.wholeness import opened
from compete.challenge.records import Normalize

if TYPE_CHECKING:
    from PIL import Image

SUFFIX = {"png": ".png", "jpeg": ".jpg"}
SUBSAMPLED = 2
"""Half as many colours along both axes, as cameras write them."""

NORMALIZE_RULES = {
    "image/masks-unscaled": (
        "Masks and label images are not scaled.",
        "Scaled outlines would be other outlines: thin parts vanish, and areas change with the way of rounding. So "
        "data.normalize takes such data only if every image has the size already, and then gives all one encoder. "
        "Scale images and labels together beforehand, look at them, and build from those. Boxes and keypoints are "
        "scaled exactly.",
    ),
    "image/deep": (
        "Images with more than eight bits a colour, and volumes, are not scaled.",
        "An encoder for all would cut their depth. Leave data.normalize out, or make pictures of eight bits of them.",
    ),
    "image/enlarged": (
        "Images are smaller than the size that all shall have.",
        "Enlarged ones are blurred, and that tells which they were. Choose a size that the smallest image has.",
    ),
    "image/pixels-kept": (
        "Images have the size already, so their pixels are not scaled.",
        "Scaling is what wears traces of an earlier compression away; a new encoder alone does not. Choose a smaller "
        "size, best half of it or less, and look at what `compete audit BUNDLE` says of leak/compression-traces.",
    ),
    "image/scaled": (
        "Boxes and keypoints are scaled with their images.",
        "Participants see the scaled images and coordinates, and submissions are in their pixels. Sizes that metrics "
        "know, such as COCO's small, medium and large, are those of the scaled objects.",
    ),
}


def scaled_size(settings: Normalize, width: int, height: int) -> tuple[int, int]:
    """The width and height that an image gets.

    >>> scaled_size(Normalize(None, 100, "png", 90), 300, 200), scaled_size(Normalize((64, 48), None, "png", 90), 9, 9)
    ((100, 67), (64, 48))
    """
    if settings.size:
        return settings.size
    longest, longer = settings.longest or 1, max(width, height)
    wide, high = (max(1, (2 * side * longest + longer) // (2 * longer)) for side in (width, height))
    return wide, high


def normalized(data: bytes, known: Published) -> Cleaned:
    """Decode an image, turn it upright, scale it and encode it anew; the same for the same build of Pillow.

    Args:
        data: the file's bytes.
        known: SHA-256 of the file that was looked at, its kind, and what all images are made.

    Raises:
        Damaged: it is another file by now, or cannot be decoded.
    """
    from PIL import Image, ImageOps

    from compete.building.media import PIXELS

    assert known.normal
    settings, mode = known.normal
    if hashlib.sha256(data).digest() != known.sha256:
        raise Damaged("it has changed")
    with opened(_readable(data, known.kind), "JPEG" if known.kind == "JPEG" else "PNG", PIXELS) as image:
        picture = _of_mode(ImageOps.exif_transpose(image), mode)
        size = scaled_size(settings, *picture.size)
        if picture.size != size:
            picture = picture.resize(size, Image.Resampling.LANCZOS)
    written = io.BytesIO()
    if settings.encoder == "png":
        picture.save(written, "PNG", compress_level=6)
        plain = strip_png(written.getvalue()).data
    else:
        picture.save(written, "JPEG", quality=settings.quality, subsampling=SUBSAMPLED)
        plain = strip_jpeg(written.getvalue()).data
    return Cleaned(plain, SUFFIX[settings.encoder], *size, mode)


def _readable(data: bytes, kind: str) -> bytes:
    """A JPEG as it is, and a PNG of everything else."""
    from compete.building.media import clean_image

    if kind == "JPEG":
        return data
    return strip_png(data).data if kind == "PNG" else clean_image(data).data


def _of_mode(image: Image.Image, mode: str) -> Image.Image:
    """An image in grey or in colours; what is transparent becomes white, and nothing that it hid is shown."""
    from PIL import Image

    if image.mode in {"LA", "PA", "RGBA", "La", "RGBa"} or "transparency" in image.info:
        colours = image.convert("RGBA")
        white = Image.new("RGBA", colours.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, colours)
    plain = image if image.mode == mode else image.convert(mode)
    plain.info = {}
    return plain
