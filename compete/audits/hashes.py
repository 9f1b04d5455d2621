"""Perceptual hashes: pictures that look alike have hashes that differ in few bits."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from compete.audits.near import Words

SIDE = 32
"""Pixels of a side of the small grey pictures that are hashed."""
LOW = 8
"""Frequencies a side that make the hash."""

Small = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
Coefficients = np.ndarray[tuple[int, int, int], np.dtype[np.float32]]


def perceptual_hashes(pictures: Small) -> Words:
    """One 64-bit hash a picture, for all at once: the signs of its low frequencies about their median.

    Args:
        pictures: grey, shape (n, 32, 32).

    Returns:
        Hashes, shape (n,). A picture and its copy in another size, quality or brightness differ in few bits.

    Source: "pHash" as in Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions (2010), with the
    lowest 8 × 8 frequencies of the cosine transform and their median, as the ImageHash library does.
    """
    return hashes_of_low(low_frequencies(pictures))


def hashes_of_symmetries(pictures: Small) -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
    """The hashes of a picture as it is, and turned and mirrored in the seven other ways, without turning any pixel.

    Mirroring a picture changes the sign of every other frequency, and turning its axes exchanges those of rows and
    columns, so all eight follow from one transform.

    Args:
        pictures: grey, shape (n, 32, 32).

    Returns:
        Hashes, shape (8, n): as it is, mirrored left to right, top to bottom, both; then the same with rows and columns
        exchanged first.
    """
    whole = low_frequencies(pictures)
    sign = np.where(np.arange(LOW) % 2, np.float32(-1), np.float32(1))
    columns, rows = np.tile(sign, (LOW, 1)), np.tile(sign[:, None], (1, LOW))
    ways = (np.ones_like(columns), columns, rows, columns * rows)
    plain, mirrored, upended, turned = (_about_median(whole * way) for way in ways)
    # With the axes exchanged the numbers are the same, and so is their median.
    exchanged = [bits.transpose(0, 2, 1) for bits in (plain, upended, mirrored, turned)]
    return np.stack([_packed(bits) for bits in (plain, mirrored, upended, turned, *exchanged)])


def squares_of(stack: np.ndarray[Any, Any]) -> Small:
    """Pictures of one size, each pixel of a square the mean of those it stands for: (n, height, width) to (n, 32, 32).

    Shares of pixels are counted in whole numbers, which are added exactly in any order.
    """
    _, height, width = stack.shape
    sums = np.matmul(np.matmul(_shares(height), stack.astype(np.float32)), _shares_across(width))
    small: Small = np.rint(sums / np.float32(height * width)).astype(np.uint8)
    return small


@lru_cache(maxsize=64)
def _shares(length: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """How many 32nd parts of each pixel fall into each of 32 stretches, shape (32, length)."""
    begin, place = np.arange(SIDE)[:, None] * length, np.arange(length)[None, :] * SIDE
    shared = np.minimum(begin + length, place + SIDE) - np.maximum(begin, place)
    return shared.clip(0).astype(np.float32)


@lru_cache(maxsize=64)
def _shares_across(length: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The same for the other axis; that it lies in order makes the product faster."""
    return np.ascontiguousarray(_shares(length).T)


def low_frequencies(pictures: np.ndarray[Any, Any]) -> Coefficients:
    """The lowest 8 × 8 frequencies of the cosine transform of each square picture, shape (n, side, side)."""
    cosines = _cosines(pictures.shape[-1])
    low: Coefficients = np.matmul(np.matmul(cosines, pictures.astype(np.float32, copy=False)), cosines.T)
    return low


@lru_cache(maxsize=4)
def _cosines(side: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    frequency, place = np.arange(LOW)[:, None], np.arange(side)[None, :]
    return np.cos(np.pi * frequency * (2 * place + 1) / (2 * side)).astype(np.float32)


def hashes_of_low(low: Coefficients) -> Words:
    """The signs of low frequencies about their median, as bits of one number: (n, 8, 8) to (n,)."""
    return _packed(_about_median(low))


def _about_median(low: Coefficients) -> np.ndarray[tuple[int, int, int], np.dtype[np.bool_]]:
    flat = low.reshape(len(low), LOW * LOW)
    middle = LOW * LOW // 2
    # Numpy's median, which loads masked arrays for it.
    median = np.partition(flat, (middle - 1, middle), axis=1)[:, middle - 1 : middle + 1].mean(axis=1)
    above: np.ndarray[tuple[int, int, int], np.dtype[np.bool_]] = low > median[:, None, None]
    return above


def _packed(bits: np.ndarray[tuple[int, int, int], np.dtype[np.bool_]]) -> Words:
    packed: Words = np.packbits(bits.reshape(len(bits), LOW * LOW), axis=1).view(">u8").astype(np.uint64).ravel()
    return packed
