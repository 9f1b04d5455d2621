"""Images of drawn scenes as files: copies, changed copies and other views of one scene."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps


def drawn_scene(seed: int, width: int = 480, height: int = 360) -> Image.Image:
    """Coloured discs on a shaded ground, like cells; drawn larger than it is seen, for views of it."""
    chance = np.random.default_rng(seed)
    down, right = np.mgrid[:height, :width]
    shade = 190 + 30 * np.sin(down / chance.uniform(60, 150)) + 25 * np.cos(right / chance.uniform(60, 150))
    picture = np.stack([shade, shade - 12, shade - 25], axis=-1)
    for _ in range(70):
        row, column = chance.uniform(0, height), chance.uniform(0, width)
        inside = (down - row) ** 2 + (right - column) ** 2 < chance.uniform(8, 30) ** 2
        picture[inside] -= chance.uniform(15, 110, 3)
    picture += chance.normal(0, 3, (height, width, 1))
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


def seen(picture: Image.Image, left: int = 0, top: int = 0) -> Image.Image:
    """What a camera of 320 × 240 pixels sees of a scene."""
    return picture.crop((left, top, left + 320, top + 240))


def overlaid(picture: Image.Image) -> Image.Image:
    """A picture with a scale bar and a line of text burned in."""
    copy = picture.copy()
    pen = ImageDraw.Draw(copy)
    pen.rectangle((230, 220, 300, 226), fill="white")
    pen.text((10, 224), "SITE 14", fill="yellow")
    return copy


CHANGES: dict[str, tuple[Callable[[Image.Image], Image.Image], str]] = {
    "smaller": (lambda picture: picture.resize((200, 150), Image.Resampling.LANCZOS), "near"),
    "larger": (lambda picture: picture.resize((900, 675), Image.Resampling.BICUBIC), "near"),
    "brighter": (lambda picture: picture.point(lambda level: min(255, int(level * 0.8) + 50)), "near"),
    "grey": (lambda picture: picture.convert("L"), "near"),
    "overlaid": (overlaid, "near"),
    "mirrored": (ImageOps.mirror, "turned"),
    "upside down": (ImageOps.flip, "turned"),
    "half turn": (lambda picture: picture.transpose(Image.Transpose.ROTATE_180), "turned"),
    "quarter turn": (lambda picture: picture.transpose(Image.Transpose.ROTATE_90), "turned"),
    "other quarter turn": (lambda picture: picture.transpose(Image.Transpose.ROTATE_270), "turned"),
    "transposed": (lambda picture: picture.transpose(Image.Transpose.TRANSPOSE), "turned"),
    "transversed": (lambda picture: picture.transpose(Image.Transpose.TRANSVERSE), "turned"),
}
"""What is done to a copy, and what it then is called."""


def write_images(folder: Path, pictures: dict[str, Image.Image]) -> list[str]:
    """Save pictures under their names, in their order; JPEG with quality 90."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        picture.save(folder / name, **({"quality": 90} if name.endswith("jpg") else {}))
    return [str(folder / name) for name in pictures]
