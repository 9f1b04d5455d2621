"""Random-looking numbers that depend on a secret key and on who an item is, never on where it stands in a file."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint64]
Identity = Sequence[str] | NDArray[np.generic]

CHUNK = 1 << 15
"""Integers mixed at a time: the four words of the state stay in the processor's cache."""


def keyed_numbers(identity: Identity, key: bytes, purpose: str) -> Numbers:
    """Give every identity its own number from 0 to 2**64 - 1, which nobody can tell without the key.

    Text goes through keyed BLAKE2b (about 1 µs each), integers through SipHash-2-4 on arrays (some 80 ns each).
    The same identity, key and purpose give the same number on every machine and with every version of numpy.

    Args:
        identity: shape (n,): text, or an array of integers.
        key: the secret, any length but none.
        purpose: what the numbers are for; two purposes give unrelated numbers.

    Returns:
        Shape (n,), uint64.

    Raises:
        ValueError: the key is empty.
        TypeError: an identity is neither text nor an integer.

    Source: RFC 7693 (BLAKE2); Aumasson and Bernstein, SipHash (2012).

    >>> keyed_numbers(["anna", "bert"], b"secret", "parts").tolist()
    [5871275112902789438, 10847796886783577254]
    """
    if not key:
        raise ValueError("the key is empty")
    own_key = blake2b(purpose.encode(), key=blake2b(key, digest_size=32).digest(), digest_size=16).digest()
    if isinstance(identity, np.ndarray) and identity.dtype.kind in "iu":
        return siphash(identity, own_key)
    blank = blake2b(key=own_key, digest_size=8)
    digests = []
    for text in identity:
        if not isinstance(text, str):
            raise TypeError(f"an identity is text or an integer, not {type(text).__name__}")
        state = blank.copy()
        state.update(text.encode("utf-8", "surrogatepass"))
        digests.append(state.digest())
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def siphash(integers: NDArray[np.generic], key: bytes) -> Numbers:
    """SipHash-2-4 of each integer, taken as eight bytes, little end first.

    Args:
        integers: shape (n,), any integer type.
        key: sixteen bytes.

    Returns:
        Shape (n,), uint64.

    Source: Aumasson and Bernstein, SipHash: a fast short-input PRF (INDOCRYPT 2012).

    >>> hex(siphash(np.array([0x0706050403020100]), bytes(range(16)))[0])
    '0x93f5f5799a932462'
    """
    words = integers.astype(np.int64).view(np.uint64) if integers.dtype.kind == "i" else integers.astype(np.uint64)
    result = np.empty(len(words), np.uint64)
    for start in range(0, len(words), CHUNK):
        result[start : start + CHUNK] = _mixed(words[start : start + CHUNK], key)
    return result


def _mixed(word: Numbers, key: bytes) -> Numbers:
    low, high = np.frombuffer(key, dtype="<u8").astype(np.uint64)
    state = [
        np.full(len(word), constant ^ part, np.uint64)
        for constant, part in zip(
            np.frombuffer(b"uespemosmodnarodarenegylsetybdet", "<u8"), (low, high) * 2, strict=True
        )
    ]
    # The second block holds nothing but the message's length: eight bytes.
    for block in (word, np.full(len(word), 8 << 56, np.uint64)):
        state[3] ^= block
        _stir(state, 2)
        state[0] ^= block
    state[2] ^= np.uint64(0xFF)
    _stir(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _stir(state: list[Numbers], rounds: int) -> None:
    a, b, c, d = state
    for _ in range(rounds):
        a += b
        _rotate(b, 13)
        b ^= a
        _rotate(a, 32)
        c += d
        _rotate(d, 16)
        d ^= c
        a += d
        _rotate(d, 21)
        d ^= a
        c += b
        _rotate(b, 17)
        b ^= c
        _rotate(c, 32)


def _rotate(word: Numbers, bits: int) -> None:
    carried = word >> np.uint64(64 - bits)
    word <<= np.uint64(bits)
    word |= carried
