"""A packed truth comes back as it was, is the same bytes each time, and is refused when it is anything else."""

from __future__ import annotations

import hashlib
import io
from dataclasses import fields

import numpy as np
import pytest

from compete.errors import BundleError
from compete.hidden import pack_truth, unpack_truth
from metrics.label_maps import LabelMaps
from metrics.masks import Masks
from metrics.objects import Objects
from metrics.panoptic import Segments

BITMAPS = [np.eye(5, 7, dtype=bool), np.ones((5, 7), dtype=bool)]
MAPS = LabelMaps.from_arrays([np.arange(6).reshape(2, 3), np.ones((4, 4), dtype=int)])
RECORDS = {
    "boxes": Objects(3, 2, np.array([0, 2]), np.array([1, 0]), box=np.array([[0, 1, 2, 3], [4, 5, 6, 7.5]])),
    "masks": Objects(
        1, 1, np.array([0, 0]), np.array([0, 0]), mask=Masks.from_bitmaps(BITMAPS), crowd=np.array([True, False])
    ),
    "none": Objects(2, 1, np.zeros(0, int), np.zeros(0, int), box=np.zeros((0, 4))),
    "maps": MAPS,
    "segments": Segments(
        LabelMaps.from_arrays([np.array([[0, 1], [2, 2]])]),
        np.zeros(2, int),
        np.array([1, 2]),
        np.array([0, 1]),
        np.array([True, False]),
    ),
}


def assert_alike(one, other):
    assert type(one) is type(other)
    for name in [field.name for field in fields(one)]:
        value, found = getattr(one, name), getattr(other, name)
        if isinstance(value, np.ndarray):
            assert value.dtype == found.dtype, name
            np.testing.assert_array_equal(value, found)
        elif hasattr(value, "__dataclass_fields__"):
            assert_alike(value, found)
        else:
            assert value == found, name


@pytest.mark.parametrize("name", RECORDS)
def test_a_truth_comes_back(name):
    raw = pack_truth(RECORDS[name])
    assert raw == pack_truth(RECORDS[name])
    assert_alike(RECORDS[name], unpack_truth(raw, "truth.npz"))


def test_a_truth_is_the_same_bytes_on_every_system_and_with_every_version():
    digests = {name: hashlib.sha256(pack_truth(RECORDS[name])).hexdigest()[:16] for name in ("boxes", "maps")}
    assert digests == {"boxes": "53ef19f11a5e8396", "maps": "c56c32ae10ee5804"}


@pytest.mark.parametrize("name", RECORDS)
def test_what_is_damaged_is_refused(name):
    raw = pack_truth(RECORDS[name])
    for bad in (b"", raw[:-1], raw[: len(raw) // 2], b"PK" + raw[:100], raw.replace(b"kind.npy", b"mind.npy")):
        with pytest.raises(BundleError, match="cannot be used") as caught:
            unpack_truth(bad, "truth.npz")
        assert caught.value.findings[0].rule == "bundle/changed"


def test_no_pickle_and_no_other_record_is_read():
    for arrays in ({"kind": np.array("Path")}, {"kind": np.array([object()], dtype=object)}, {"image": np.zeros(3)}):
        raw = io.BytesIO()
        np.savez(raw, **arrays)
        with pytest.raises(BundleError, match="cannot be used"):
            unpack_truth(raw.getvalue(), "truth.npz")
