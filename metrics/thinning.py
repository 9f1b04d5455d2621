"""Skeletons: regions thinned to lines without breaking, joining or piercing them, in two and three dimensions.

In two dimensions this is Guo and Hall's parallel thinning in two alternating passes (``thin`` of scikit-image and of
MATLAB): a table of the 256 neighbourhoods says which pixels a pass removes.

In three dimensions it is thinning as of Lee, Kashyap and Chu, one side after the other: a voxel is removed if it is
open to that side, is no end of a line, and neither the Euler number nor the number of parts around it changes.
Candidates are looked at again in eight subfields, by odd and even coordinates, before they go. No two voxels of a
subfield touch, so what is removed together could be removed one by one. scikit-image looks again in the order of the
array: its skeleton has the same topology, and lines may lie a voxel aside.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from metrics.inputs import MetricError

if TYPE_CHECKING:
    from metrics.inputs import Array

RING = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))
"""The neighbours of a pixel, anticlockwise from the right; neighbour k is bit k of a neighbourhood."""

AROUND = tuple(step for step in product((-1, 0, 1), repeat=3) if any(step))
"""The neighbours of a voxel; neighbour k is bit k of a neighbourhood."""

SIDES = ((-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1))


def skeleton(region: Any) -> Array:
    """The centre lines of a region.

    Args:
        region: bool, shape (height, width) or (depth, height, width).

    Returns:
        Which pixels are left, bool, of the same shape.

    Raises:
        MetricError: the array is not of two or three dimensions.

    Source: Guo and Hall, Communications of the ACM 32 (1989), p. 359, algorithm A1; Lee, Kashyap and Chu, CVGIP:
    Graphical Models and Image Processing 56 (1994), p. 462.

    >>> skeleton(np.ones((3, 7), dtype=bool)).astype(int).tolist()
    [[0, 0, 0, 0, 0, 0, 0], [0, 1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 0, 0]]
    """
    inside = np.asarray(region, dtype=bool)
    if inside.ndim not in (2, 3):
        raise MetricError(f"a skeleton is of pixels in two or three dimensions, not of shape {inside.shape}")
    padded = np.pad(inside, 1).astype(np.uint8)
    strides = np.array(padded.strides)
    if inside.ndim == 2:
        _thin_image(padded.ravel(), np.array(RING) @ strides)
    else:
        _thin_volume(padded, strides)
    return padded[(slice(1, -1),) * inside.ndim].astype(bool)


def _neighbourhoods(flat: Array, place: Array, steps: Array, kind: Any) -> Array:
    """Which neighbours of each pixel are set, as bits."""
    code = np.zeros(len(place), dtype=kind)
    for bit, step in enumerate(steps.tolist()):
        code |= flat[place + step].astype(kind) << kind(bit)
    return code


def _thin_image(flat: Array, steps: Array) -> None:
    """Thin an image in place until neither pass removes a pixel."""
    changed = [flat.copy(), flat.copy()]  # pixels that a pass must look at: those whose neighbours are not as they were
    idle, turn = 0, 0
    while idle < 2:
        changed[turn] &= flat
        place = np.flatnonzero(changed[turn])
        changed[turn].fill(0)
        gone = place[_removable()[turn][_neighbourhoods(flat, place, steps, np.uint8)]]
        flat[gone] = 0
        for marks in changed:
            for step in steps.tolist():
                marks[gone + step] = 1
        idle = 0 if len(gone) else idle + 1
        turn = 1 - turn


@lru_cache(maxsize=1)
def _removable() -> tuple[Array, Array]:
    """Which neighbourhoods each of the two passes removes, shape (256,)."""
    code = np.arange(256)
    around = [(code >> bit % 8 & 1).astype(bool) for bit in range(9)]
    x = around[:8]
    parts = sum((~around[k] & (around[k + 1] | around[(k + 2) % 8])).astype(int) for k in (0, 2, 4, 6))
    ahead = sum((around[k] | around[k + 1]).astype(int) for k in (0, 2, 4, 6))
    behind = sum((around[k] | around[k + 1]).astype(int) for k in (1, 3, 5, 7))
    fewest = np.minimum(ahead, behind)
    thin = (parts == 1) & (fewest >= 2) & (fewest <= 3)
    return thin & ~((x[1] | x[2] | ~x[7]) & x[0]), thin & ~((x[5] | x[6] | ~x[3]) & x[4])


def _thin_volume(volume: Array, strides: Array) -> None:
    """Thin a volume in place until no side loses a voxel."""
    flat, steps = volume.ravel(), np.array(AROUND) @ strides
    idle = 0
    while idle < len(SIDES):
        for side in np.array(SIDES) @ strides:
            place = np.flatnonzero(flat)
            place = _simple(flat, place[flat[place + side] == 0], steps)
            odd = sum((coordinate % 2) << axis for axis, coordinate in enumerate(np.unravel_index(place, volume.shape)))
            removed = False
            for subfield in range(8):
                some = place[odd == subfield]
                gone = _simple(flat, some, steps) if removed else some
                flat[gone] = 0
                removed |= len(gone) > 0
            idle = 0 if removed else idle + 1


def _simple(flat: Array, place: Array, steps: Array) -> Array:
    """The voxels that may go: they are no end of a line, and the topology around them stays as it is."""
    if not len(place):
        return place
    code = _neighbourhoods(flat, place, steps, np.uint32)
    faces, edges, corners = _own_parts()
    # a closed cube less the corners, edges and faces that no other cube shares: the change of the Euler number
    change = np.full(len(code), -1, dtype=np.int8)
    for kind, masks in enumerate((corners, edges, faces)):
        for mask in masks:
            own = (code & mask) == 0
            change = change - own if kind == 1 else change + own
    chosen = np.flatnonzero((change == 0) & ((code & (code - np.uint32(1))) != 0))
    return place[chosen[_is_connected(code[chosen])]]


def _is_connected(code: Array) -> Array:
    """Whether the neighbours that are set hang together without the voxel itself."""
    reached = code & (~code + np.uint32(1))
    left = np.arange(len(code))
    while len(left):
        now, known = reached[left], code[left]
        grown = now.copy()
        for bit, touching in enumerate(_touching()):
            grown |= (now >> np.uint32(bit) & np.uint32(1)) * touching
        grown &= known
        reached[left] = grown
        left = left[(grown != now) & (grown != known)]
    return np.asarray(reached == code)


@lru_cache(maxsize=1)
def _touching() -> tuple[np.uint32, ...]:
    """The neighbours of a voxel that touch each of its neighbours, as bits."""
    return tuple(
        _bits(k for k, other in enumerate(AROUND) if max(abs(a - b) for a, b in zip(step, other)) == 1)
        for step in AROUND
    )


@lru_cache(maxsize=1)
def _own_parts() -> tuple[tuple[np.uint32, ...], ...]:
    """For each face, edge and corner of a voxel, the other voxels that share it, as bits."""
    kinds: tuple[list[np.uint32], ...] = ([], [], [])
    for part in AROUND:
        sharing = (k for k, step in enumerate(AROUND) if all(b in (0, a) for a, b in zip(part, step)))
        kinds[sum(map(abs, part)) - 1].append(_bits(sharing))
    return tuple(map(tuple, kinds))


def _bits(places: Any) -> np.uint32:
    """Whole numbers as the bits of one."""
    return np.uint32(sum(1 << place for place in places))
