"""Near pairs are all pairs that a plain comparison finds; hashes follow their pictures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compete.audits import near
from compete.audits.hashes import hashes_of_symmetries, perceptual_hashes
from compete.audits.near import FARTHEST, bits_apart, near_pairs


def plain_pairs(hashes: np.ndarray, distance: int) -> set[tuple[int, int]]:
    """All near pairs by comparing all with all; of equal hashes only the first is compared with others."""
    values = hashes.tolist()
    first = {value: row for row, value in reversed(list(enumerate(values)))}
    pairs = {(first[value], row) for row, value in enumerate(values) if first[value] != row}
    rows = sorted(first.values())
    pairs |= {
        (one, other) for place, one in enumerate(rows) for other in rows[place + 1 :]
        if bin(values[one] ^ values[other]).count("1") <= distance
    }  # fmt: skip
    return pairs


def clustered(seed: int, count: int) -> np.ndarray:
    """Hashes among which some are copies of others with a few bits turned."""
    generator = np.random.default_rng(seed)
    hashes = generator.integers(0, 1 << 64, count, dtype=np.uint64)
    for row in range(1, count):
        if generator.random() < 0.5:
            hashes[row] = hashes[generator.integers(0, row)]
            for bit in generator.integers(0, 64, generator.integers(0, 10)):
                hashes[row] ^= np.uint64(1 << int(bit))
    return hashes


@given(seed=st.integers(0, 10_000), count=st.integers(0, 120), distance=st.integers(0, FARTHEST))
def test_near_pairs_are_those_of_a_plain_comparison(seed: int, count: int, distance: int) -> None:
    hashes = clustered(seed, count)
    found = near_pairs(hashes, distance)
    assert found.shape == (len(found), 2)
    assert len(set(map(tuple, found.tolist()))) == len(found)
    assert set(map(tuple, found.tolist())) == plain_pairs(hashes, distance)


@pytest.mark.parametrize("distance", [1, 4, 7])
def test_many_hashes_that_share_most_bits(distance: int) -> None:
    hashes = np.arange(500, dtype=np.uint64) << np.uint64(20)
    assert set(map(tuple, near_pairs(hashes, distance).tolist())) == plain_pairs(hashes, distance)


@pytest.mark.parametrize("distance", [0, 4, 9])
def test_pairs_are_the_same_where_hashes_are_sorted_in_parts(distance: int, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = clustered(3, 400)
    whole = near_pairs(hashes, distance)
    monkeypatch.setattr(near, "PART", 50)
    assert np.array_equal(near_pairs(hashes, distance), whole)
    assert set(map(tuple, whole.tolist())) == plain_pairs(hashes, distance)


def test_more_bits_than_tell_anything_are_refused() -> None:
    with pytest.raises(ValueError, match="0 to 15, not 16"):
        near_pairs(np.zeros(2, np.uint64), 16)


def test_bits_are_counted_without_the_newest_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = clustered(1, 50), clustered(2, 50)
    plain = [bin(int(a) ^ int(b)).count("1") for a, b in zip(one, other, strict=True)]
    assert bits_apart(one, other).tolist() == plain
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert bits_apart(one, other).tolist() == plain


def pictures(count: int = 40) -> np.ndarray:
    """Random pictures with something of every size in them."""
    generator = np.random.default_rng(5)
    whole = sum(
        np.kron(generator.normal(size=(count, side, side)), np.ones((32 // side, 32 // side))) for side in (2, 4, 8, 32)
    )
    return np.clip(128 + 25 * whole, 0, 255).astype(np.uint8)


def test_a_brighter_picture_has_nearly_the_same_hash_and_another_picture_does_not() -> None:
    plain = pictures()
    brighter = np.clip(plain * 0.9 + 12, 0, 255).astype(np.uint8)
    own = bits_apart(perceptual_hashes(plain), perceptual_hashes(brighter))
    others = bits_apart(perceptual_hashes(plain), np.roll(perceptual_hashes(plain), 1))
    assert own.max() <= 4
    assert others.min() > 10


def test_hashes_of_symmetries_are_those_of_the_turned_pictures() -> None:
    plain = pictures()
    turned = [plain, plain[:, :, ::-1], plain[:, ::-1], plain[:, ::-1, ::-1]]
    turned += [picture.transpose(0, 2, 1) for picture in (plain,)]
    exchanged = plain.transpose(0, 2, 1)
    turned += [exchanged[:, :, ::-1], exchanged[:, ::-1], exchanged[:, ::-1, ::-1]]
    wanted = np.stack([perceptual_hashes(np.ascontiguousarray(picture)) for picture in turned])
    assert bits_apart(hashes_of_symmetries(plain).ravel(), wanted.ravel()).max() <= 1
