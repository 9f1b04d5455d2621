"""Small pictures inside a page: images as ``data:`` addresses, with boxes, masks and points drawn on them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.markup import Html, element, isolated

if TYPE_CHECKING:
    from PIL import Image

Array = np.ndarray[Any, Any]

LONGEST = 256
"""Pixels of the longer side of a picture in a page; smaller ones keep their size."""

SMALL = 24_000
"""Bytes of a PNG above which a picture without sharp edges is written as JPEG."""

MARKS = ("#ffb000", "#4cc9ff", "#5ee08a", "#ff7ab6", "#c9a6ff", "#ff6a3d", "#f4f05a", "#7af0e4", "#ffffff", "#93a0ff")
"""Colours that are seen on any picture beside a dark line; they are the same in the light and in the dark."""

SOFT = 96
"""How opaque the inside of a mask is, of 255; its edge is."""


@dataclass(frozen=True)
class Thumbnail:
    """A picture in a page.

    Attributes:
        uri: its ``data:`` address.
        width: of the picture itself in pixels, in which boxes are told.
        height: likewise.
    """

    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Shape:
    """Something drawn on a picture, in its pixels.

    Attributes:
        name: what it is; told where the pointer rests, and to who cannot see.
        series: which colour, counted from 0.
        box: left, top, width, height; empty for none.
        points: pairs x, y.
        dashed: whether its line is, as that of a prediction.
    """

    name: str
    series: int = 0
    box: tuple[float, ...] = ()
    points: tuple[tuple[float, float], ...] = ()
    dashed: bool = False


def open_thumbnail(source: str, size: tuple[int, int] | None = None) -> Thumbnail | None:
    """A picture of an item, made small.

    Args:
        source: a path, an address, or the name of a picture inside a file, as ``compete.building.media`` reads them; of
            a volume the slice in its middle is shown.
        size: width and height in which objects are told; a picture that lies on its side is turned to fit.

    Returns:
        The picture; None where the file cannot be read or shown.
    """
    picture = open_picture(source)
    if picture is None:
        return None
    if size and picture.size != size and picture.size == size[::-1]:
        from PIL import ImageOps

        picture = ImageOps.exif_transpose(picture)
    width, height = size if size and min(size) > 0 else picture.size
    return Thumbnail(uri_of(shrunk(picture)), width, height)


def open_picture(source: str) -> Image.Image | None:
    """A picture of an item in 8 bits a pixel; None where it cannot be read or shown."""
    from compete.building.media import clean_image, read_image
    from compete.building.media.volumes import may_be_volume
    from compete.building.media.wholeness import Refused
    from compete.nifti.header import VolumeFault

    try:
        data, _ = read_image(source, stamped=False)
        if may_be_volume(data):
            return _picture_of_array(middle_slice(data))
        cleaned = clean_image(data)
    except (OSError, Refused, VolumeFault):
        return None
    return _decoded(cleaned.data) if cleaned.data else None


def middle_slice(data: bytes) -> Array:
    """The slice in the middle of a volume, shape (height, width); of several frames the first.

    Raises:
        VolumeFault: it is damaged.
    """
    from compete.nifti.header import HEADER, damaged, header_of
    from compete.nifti.voxels import first_bytes

    header = header_of(first_bytes(data, HEADER), labels=False)
    depth, height, width = header.shape
    begin = header.start + depth // 2 * height * width * header.kind.itemsize
    end = begin + height * width * header.kind.itemsize
    raw = first_bytes(data, end)
    if len(raw) < end:
        damaged("it holds fewer voxels than its header says")
    return np.frombuffer(raw, header.kind, height * width, begin).reshape(height, width)


def shrunk(picture: Image.Image, longest: int = LONGEST) -> Image.Image:
    """A picture with no more pixels than a page shows."""
    from PIL import Image

    scale = longest / max(picture.size)
    if scale >= 1:
        return picture
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.NEAREST if picture.mode == "P" else Image.Resampling.HAMMING)


def uri_of(picture: Image.Image) -> str:
    """A picture as a ``data:`` address: PNG, or JPEG where that is much smaller; the same picture gives the same."""
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    kind = "png"
    if out.tell() > SMALL and picture.mode in {"L", "RGB"}:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=82, optimize=True)
        kind = "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(out.getvalue()).decode()}"


def layer_of(codes: Array, size: tuple[int, int]) -> str:
    """Areas as a layer over a picture: each in its colour, soft inside and hard at its edge.

    Args:
        codes: shape (height, width): 0 for nothing, else the series of the area, counted from 1.
        size: width and height of the picture; the layer has no more pixels than a page shows.

    Returns:
        A ``data:`` address.
    """
    from PIL import Image

    wide, high = size
    scale = min(1.0, LONGEST / max(wide, high, 1))
    rows = np.minimum((np.arange(max(1, round(high * scale))) / scale).astype(int), codes.shape[0] - 1)
    columns = np.minimum((np.arange(max(1, round(wide * scale))) / scale).astype(int), codes.shape[1] - 1)
    small = codes[rows][:, columns].astype(np.int64)
    shown = np.where(small > 0, (small - 1) % len(MARKS) + 1, 0)
    layer = np.where((shown > 0) & edges_of(small), shown + len(MARKS), shown).astype(np.uint8)
    picture = Image.fromarray(layer)
    palette = [0, 0, 0, *(part for _ in range(2) for colour in MARKS for part in bytes.fromhex(colour[1:]))]
    picture.putpalette(palette)
    out = io.BytesIO()
    opaque = bytes([0] + [SOFT] * len(MARKS) + [255] * len(MARKS))
    picture.save(out, "PNG", optimize=True, transparency=opaque)
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def edges_of(codes: Array) -> Array:
    """Which pixels have a neighbour of another code, shape as given."""
    edge = np.zeros(codes.shape, dtype=bool)
    down, across = codes[1:] != codes[:-1], codes[:, 1:] != codes[:, :-1]
    edge[1:] |= down
    edge[:-1] |= down
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    return edge


def scene_of(
    thumbnail: Thumbnail, told: str, shapes: Sequence[Shape] = (), *, layer: str = "", caption: Sequence[Any] = ()
) -> Html:
    """A picture with what is drawn on it, and words below.

    Args:
        thumbnail: the picture.
        told: what one sees, for who cannot.
        shapes: boxes and points.
        layer: a ``data:`` address over all of the picture.
        caption: lines below it; texts are escaped.
    """
    place = {"width": float(thumbnail.width), "height": float(thumbnail.height)}
    stretched = {"preserveAspectRatio": "none"}
    parts = [element("image", href=thumbnail.uri, **place, **stretched)]
    if layer:
        parts.append(element("image", href=layer, **place, **stretched))
    parts += [part for shape in shapes for part in _drawn(shape)]
    box = f"0 0 {thumbnail.width} {thumbnail.height}"
    coarse = "coarse" if max(thumbnail.width, thumbnail.height) <= 128 else None
    drawing = element("svg", *parts, viewBox=box, role="img", aria_label=told, class_=coarse)
    lines = [element("span", line) for line in caption if line]
    words = element("figcaption", *lines) if lines else ""
    return element("figure", drawing, words, class_="thumbnail")


def grid_of(scenes: Sequence[Html], label: str, *, large: bool = False) -> Html:
    """Pictures side by side; large ones where things are drawn on them."""
    kind = "thumbnails large" if large else "thumbnails"
    return element("div", *scenes, class_=kind, role="group", aria_label=label)


def sets_of(sets: Sequence[tuple[str, Sequence[Html]]]) -> Html:
    """Sets of pictures that belong together, each in a frame: what each set is called, and its pictures."""
    framed = [element("div", *scenes, class_="set", role="group", aria_label=label) for label, scenes in sets]
    return element("div", *framed, class_="sets")


def marks_legend(names: Sequence[str]) -> Html:
    """Which colour is whose: one name a series, in their order."""
    entries = []
    for place, name in enumerate(names):
        dot = element("rect", width=12.0, height=12.0, rx=2.0, class_=f"m{place % len(MARKS) + 1}")
        sample = element("svg", dot, width=12.0, height=12.0, aria_hidden="true", class_="sample")
        entries.append(element("li", sample, isolated(name)))
    return element("ul", *entries, class_="marks")


def marks_style() -> Html:
    """The colours of ``MARKS`` as classes."""
    lines = [
        f".m{number} {{ stroke: {colour}; }} .marks .m{number} {{ fill: {colour}; }}"
        for number, colour in enumerate(MARKS, 1)
    ]
    return Html("\n".join(lines))


def _drawn(shape: Shape) -> list[Html]:
    """A shape twice: a dark line below, so that it is seen on any ground, and its colour."""
    kinds = ("under", f"over m{shape.series % len(MARKS) + 1}{' dashed' if shape.dashed else ''}")
    parts = []
    for kind in kinds:
        title = element("title", shape.name) if kind != "under" else ""
        if shape.box:
            left, top, width, height = map(float, shape.box)
            places = {"x": left, "y": top, "width": width, "height": height}
            parts.append(element("rect", title, **places, class_=kind, vector_effect="non-scaling-stroke"))
        if shape.points:
            path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in shape.points)
            parts.append(element("path", title, d=path, class_=f"{kind} dot", vector_effect="non-scaling-stroke"))
    return parts


def _decoded(data: bytes) -> Image.Image:
    """A cleaned picture in 8 bits a pixel; deeper ones in the range that they use."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        deep = picture.mode.startswith("I") or picture.mode == "F"
        if not deep and picture.mode not in {"L", "RGB"}:
            clear = picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info
            return _on_white(picture.convert("RGBA")) if clear else picture.convert("RGB")
        return _picture_of_array(np.asarray(picture)) if deep else picture.copy()


def _on_white(picture: Image.Image) -> Image.Image:
    from PIL import Image

    ground = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    return Image.alpha_composite(ground, picture).convert("RGB")


def _picture_of_array(values: Array) -> Image.Image:
    """Numbers as grey levels, from the least to the largest; what is no number is black."""
    from PIL import Image

    number = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(number.min(initial=0.0)), float(number.max(initial=0.0))
    low = float(number.min()) if number.size else low
    return Image.fromarray(np.rint((number - low) * (255 / max(high - low, 1e-12))).astype(np.uint8))
