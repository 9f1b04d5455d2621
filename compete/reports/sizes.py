"""Section of a data report about sizes: of images, of objects, and how many objects an image has."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from compete.reports.balance import SHOWN, number_text, parts_known
from compete.reports.contents import Contents
from compete.reports.figures import Axis, Bar, Line, bar_chart, line_chart
from compete.reports.occurrences import Occurrences
from compete.reports.page import Fold, Grid, Piece, Section, Table, count_text, part_text, share_text

Array = np.ndarray[Any, Any]

SMALL, LARGE = 32, 96
"""Pixels of the side of a square at which COCO calls objects small, and large."""

ONE_BY_ONE = 12
"""Numbers of objects in an image that are told one by one, where no image has more."""


def with_sizes(contents: Contents) -> Contents:
    """The contents with the sizes of all images; those that no table tells are read from the heads of the files."""
    if contents.size is None or contents.files is None or contents.size.any():
        return contents
    from compete.readers.headers import read_headers

    sizes = [(header.width, header.height) for header in read_headers(contents.files)]
    return replace(contents, size=np.array(sizes, dtype=np.int64).reshape(-1, 2))


def sizes_section(contents: Contents, found: Occurrences) -> Section | None:
    """Sizes of images and of their objects; None of tables."""
    if contents.size is None:
        return None
    pieces: list[Piece] = [_image_sizes(contents, contents.size)]
    if found.area is not None and len(found.row):
        if found.what == "images":
            pieces.append(_class_shares(contents, found))
        else:
            pieces += [Grid(_object_charts(contents, found)), _class_sizes(found)]
    return Section("sizes", "Sizes", _lead(contents.size), pieces)


def _lead(size: Array) -> str:
    known = size[size.min(axis=1) > 0]
    if not len(known):
        return "No table tells how large the images are."
    kinds = len(np.unique(known, axis=0))
    if kinds == 1:
        return f"All images have {known[0, 0]:,} × {known[0, 1]:,} pixels."
    (least, most), middle = (known.min(axis=0), known.max(axis=0)), np.median(known, axis=0)
    told = f"{kinds:,} sizes, from {least[0]:,} to {most[0]:,} pixels wide and from {least[1]:,} to {most[1]:,} high"
    return f"{told}; the median is {middle[0]:,.0f} × {middle[1]:,.0f}."


def _image_sizes(contents: Contents, size: Array) -> Piece:
    """The most frequent sizes in each part."""
    pairs, code = np.unique(size, axis=0, return_inverse=True)
    flat = contents.part * len(pairs) + code.reshape(-1)
    counts = np.bincount(flat, minlength=len(contents.parts) * len(pairs)).reshape(len(contents.parts), -1)
    order = np.argsort(-counts.sum(axis=0), kind="stable")[:SHOWN]
    whole = contents.count_of_parts()
    rows = []
    for place in order.tolist():
        width, height = pairs[place].tolist()
        name = f"{width:,} × {height:,}" if width else "not told"
        cells = [part_text(count, all_) for count, all_ in zip(counts[:, place], whole, strict=True)]
        rows.append([name, *cells])
    caption = (
        "Images of each size" if len(order) == len(pairs) else f"The {len(order)} most frequent of {len(pairs):,} sizes"
    )
    table = Table(caption, ["width × height", *contents.parts], rows, range(1, 1 + len(contents.parts)))
    return table if len(rows) <= 6 else Fold(caption, [table])


def _object_charts(contents: Contents, found: Occurrences) -> list[Piece]:
    """How many objects images have, and how large these are."""
    assert found.area is not None
    shown = parts_known(contents)
    charts: list[Piece] = []
    count = np.bincount(found.row, minlength=contents.n)
    bars = []
    for low, high in number_bins(int(count.max(initial=0))):
        many = (count >= low) & (count <= high)
        values = [float(many[(contents.part == part) & contents.known].mean()) for part in shown]
        name = str(low) if low == high else f"{low:,} – {high:,}"
        bars.append(Bar(name, tuple(values), tuple(share_text(value) for value in values)))
    names = [contents.parts[part] for part in shown]
    charts.append(bar_chart(f"{found.what.capitalize()} in an image, share of images", bars, names, head="number"))
    side = np.sqrt(found.area)
    edges = np.linspace(0, max(float(np.quantile(side, 0.995)), 1.0), 25)
    lines = []
    for part in shown:
        some = side[contents.part[found.row] == part]
        share = np.histogram(some, edges)[0] / max(len(some), 1)
        lines.append(Line(contents.parts[part], edges.tolist(), [*share.tolist(), float(share[-1])], steps=True))
    top = max(max(line.y) for line in lines) or 1.0
    axes = Axis("side of a square of the same area, pixels", 0.0, float(edges[-1])), Axis("share", 0.0, top * 1.08)
    told = f"From {number_text(float(side.min()))} to {number_text(float(side.max()))} pixels"
    charts.append(line_chart(f"How large {found.what} are", told, lines, *axes))
    return charts


def number_bins(most: int) -> list[tuple[int, int]]:
    """Ranges of numbers from 0 on, one by one where they are few, else ever wider.

    >>> number_bins(2), number_bins(30)
    ([(0, 0), (1, 1), (2, 2)], [(0, 0), (1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, 50)])
    """
    if most <= ONE_BY_ONE:
        return [(number, number) for number in range(most + 1)]
    ends = [0, 1, 2, 5]
    while ends[-1] < most:
        ends += [ends[-1] * 2, ends[-1] * 4, ends[-1] * 10]
    bins = [(low + 1, high) for low, high in pairwise([-1, *ends])]
    return [one for one in bins if one[0] <= most]


def _class_shares(contents: Contents, found: Occurrences) -> Piece:
    """Of label images how much of an image each class covers, where it is there."""
    assert found.area is not None
    whole = np.bincount(found.row, weights=found.area, minlength=contents.n)
    share = found.area / whole[found.row]
    rows = []
    for place, name in enumerate(found.names):
        own = share[found.code == place]
        if len(own):
            low, middle, high = np.quantile(own, (0.25, 0.5, 0.75)).tolist()
            told = f"{share_text(middle)} ({share_text(low)} – {share_text(high)})"
            rows.append([name, part_text(len(own), int(contents.known.sum())), told, share_text(float(own.min()))])
    heads = ["class", "images with it", "share of the image: median (quartiles)", "least"]
    return Table("How much of an image each class covers, where it is there", heads, rows, range(1, 4))


def _class_sizes(found: Occurrences) -> Piece:
    """Small, medium and large objects of each class, as COCO calls them."""
    assert found.area is not None
    side = np.sqrt(found.area)
    kinds = (side < SMALL, (side >= SMALL) & (side < LARGE), side >= LARGE)
    rows = []
    for place, name in enumerate(found.names):
        own = found.code == place
        if own.any():
            middle = float(np.median(side[own]))
            cells = [part_text((own & kind).sum(), own.sum()) for kind in kinds]
            rows.append([name, count_text(own.sum()), number_text(middle), *cells])
    heads = ["class", found.what, "median side", f"small (< {SMALL}²)", "medium", f"large (≥ {LARGE}²)"]
    caption = "Sizes of each class, as COCO divides them"
    table = Table(caption, heads, rows, range(1, len(heads)))
    return Fold(caption, [table], opened=len(rows) <= SHOWN // 2)
