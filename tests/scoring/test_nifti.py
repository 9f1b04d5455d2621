"""Label volumes: every kind of header is read, every odd one refused, and a bundle of volumes is scored."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metrics
from compete.bundle import open_bundle, write_manifests
from compete.errors import BundleError, SubmissionError
from compete.files import canonical_json, write_file, zip_bytes
from compete.hidden import pack_truth
from compete.nifti.header import FIELDS, KINDS, MAGIC, Grid
from compete.nifti.rules import VOLUME_RULES
from compete.nifti.voxels import is_nifti
from compete.nifti.writing import label_volume
from compete.scoring.forms import as_submission, read_images_submission
from compete.scoring.grading import check_submission, grade, read_predictions
from compete.scoring.images import Images, images_of
from compete.scoring.matching import vocabulary
from compete.scoring.nifti import read_nifti
from compete.scoring.table import read_table
from compete.scoring.truth import wanted_items
from metrics.label_maps import LabelMaps
from tests.scoring.form_images import terms_of

AFFINE = np.array([[-0.7, 0, 0, 90.5], [0, 0.7, 0, -126], [0, 0, 2.5, -72.25]])
SHAPE = (4, 5, 6)
LABELS = (np.arange(120) % 7 % 3).reshape(SHAPE)
GRID = Grid(SHAPE, AFFINE)


def nifti(values, kind=2, *, order="<", size=348, start=None, tail=b"", magic=None, **more):
    """A volume as the standard words it; ``more`` are fields that say something else."""
    start = start or {348: 352, 540: 544}[size]
    said = {
        "dim": (3, *values.shape[::-1], 1, 1, 1, 1),
        "datatype": (kind,),
        "bitpix": (8 * np.dtype(KINDS[kind]).itemsize if kind in KINDS else 8,),
        "pixdim": (1, 0.7, 0.7, 2.5, 0, 0, 0, 0),
        "vox_offset": (start,),
        "xyzt_units": (2,),
        "sform_code": (1,),
        "srow": AFFINE.ravel(),
        **more,
    }
    head = bytearray(start)
    struct.pack_into(order + "i", head, 0, size)
    for name, numbers in said.items():
        at, form = FIELDS[size][name]
        struct.pack_into(order + form, head, at, *numbers)
    at, usual = MAGIC[size]
    head[at : at + len(usual)] = magic or usual
    return bytes(head) + np.ascontiguousarray(values, dtype=order + KINDS.get(kind, "u1")).tobytes() + tail


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(1, 7)),
    kind=st.sampled_from(sorted(KINDS)),
    order=st.sampled_from("<>"),
    size=st.sampled_from([348, 540]),
    extra=st.sampled_from([0, 16, 1000]),
    packed=st.booleans(),
)
def test_every_kind_of_number_and_header_is_exact(seed, shape, kind, order, size, extra, packed):  # noqa: PLR0917
    most = min(np.iinfo(KINDS[kind]).max if KINDS[kind][0] != "f" else 70_000, 2**32 - 1)
    values = np.random.default_rng(seed).integers(0, int(most) + 1, shape)
    data = nifti(values, kind, order=order, size=size, start={348: 352, 540: 544}[size] + extra)
    data = gzip.compress(data, mtime=0) if packed else data
    read, findings = read_nifti(data, Grid(shape, AFFINE))
    assert not findings
    np.testing.assert_array_equal(read.values, values)
    assert read.values.dtype.kind == "u"
    np.testing.assert_allclose(read.spacing, [2.5, 0.7, 0.7], rtol=1e-6)
    np.testing.assert_allclose(read.grid.affine, AFFINE, rtol=1e-6)
    assert is_nifti(data[:1000])


def turned(b, c, d):
    """The matrix of a quaternion, by turning the axes one after the other."""
    a = np.sqrt(1 - b * b - c * c - d * d)
    one = np.array([a, b, c, d])

    def times(p, q):
        return np.array([
            p[0] * q[0] - p[1:] @ q[1:], *(p[0] * q[1:] + q[0] * p[1:] + np.cross(p[1:], q[1:]))
        ])  # fmt: skip

    other = one * [1, -1, -1, -1]
    return np.column_stack([times(times(one, np.eye(4)[1 + axis]), other)[1:] for axis in range(3)])


@pytest.mark.parametrize("sign", [1, -1, 0])
@pytest.mark.parametrize("quaternion", [(0, 0, 0), (0.5, 0.5, 0.5), (0, 0, 1), (0.1, -0.3, 0.2)])
def test_the_qform_places_voxels_where_there_is_no_sform(sign, quaternion):
    data = nifti(LABELS, sform_code=(0,), qform_code=(1,), quatern=(*quaternion, 4, 5, 6),
                 pixdim=(sign, 0.7, 0.8, 2.5, 0, 0, 0, 0))  # fmt: skip
    matrix = turned(*quaternion) * [0.7, 0.8, 2.5 * (sign or 1)]
    read, _ = read_nifti(data)
    np.testing.assert_allclose(read.grid.affine, np.column_stack([matrix, [4, 5, 6]]), atol=1e-6)
    np.testing.assert_allclose(read.spacing, [2.5, 0.8, 0.7], rtol=1e-6)


@pytest.mark.parametrize(("unit", "factor"), [(0, 1), (1, 1000), (2, 1), (3, 0.001), (2 + 8, 1)])
def test_spacing_is_in_millimetres(unit, factor):
    read, _ = read_nifti(nifti(LABELS, sform_code=(0,), xyzt_units=(unit,)))
    np.testing.assert_allclose(read.spacing, np.array([2.5, 0.7, 0.7]) * factor, rtol=1e-6)


FRACTION = LABELS.astype(float)
FRACTION[1, 2, 3] = 0.5
PLAIN = nifti(LABELS)
PACKED = gzip.compress(PLAIN, mtime=0)
FLIPPED = AFFINE * [[-1, -1, -1, -1], [1, 1, 1, 1], [1, 1, 1, 1]]
BAD = {
    "empty": ("volume/not-nifti", b""),
    "another file": ("volume/not-nifti", b"\x89PNG\r\n\x1a\n" + bytes(600)),
    "header alone cut": ("volume/not-nifti", PLAIN[:300]),
    "a pair": ("volume/not-nifti", nifti(LABELS, magic=b"ni1\0")),
    "analyze": ("volume/not-nifti", nifti(LABELS, magic=b"\0\0\0\0")),
    "size": ("volume/size", nifti(LABELS[:3])),
    "axes swapped": ("volume/size", nifti(LABELS.T)),
    "terabytes": ("volume/size", nifti(LABELS, dim=(3, 30_000, 30_000, 30_000, 1, 1, 1, 1))),
    "four axes": ("volume/kind", nifti(LABELS, dim=(4, 6, 5, 4, 2, 1, 1, 1))),
    "complex": ("volume/kind", nifti(LABELS, 32)),
    "colours": ("volume/kind", nifti(LABELS, 128)),
    "kind 3": ("volume/kind", nifti(LABELS, 3)),
    "slope": ("volume/scaled", nifti(LABELS, scl_slope=(2,))),
    "infinite slope": ("volume/scaled", nifti(LABELS, scl_slope=(np.inf,))),
    "intercept": ("volume/scaled", nifti(LABELS, scl_slope=(1,), scl_inter=(-1,))),
    "flipped": ("volume/orientation", nifti(LABELS, srow=FLIPPED.ravel())),
    "moved": ("volume/orientation", nifti(LABELS, srow=(AFFINE + np.array([0, 0, 0, 0.01])).ravel())),
    "other spacing": ("volume/orientation", nifti(LABELS, srow=(AFFINE * [1.01, 1, 1, 1]).ravel())),
    "no place at all": ("volume/orientation", nifti(LABELS, sform_code=(0,))),
    "fraction": ("volume/not-whole", nifti(FRACTION, 16)),
    "not a number": ("volume/not-whole", nifti(FRACTION * np.nan, 64)),
    "infinite": ("volume/not-whole", nifti(np.full(SHAPE, np.inf), 16)),
    "negative": ("volume/unknown-class", nifti(-LABELS, 4)),
    "too large": ("volume/unknown-class", nifti(LABELS * 2**40, 1024)),
    "fewer voxels": ("volume/damaged", PLAIN[:-1]),
    "no axes": ("volume/damaged", nifti(LABELS, dim=(0, 6, 5, 4, 1, 1, 1, 1))),
    "side 0": ("volume/damaged", nifti(LABELS, dim=(3, 6, 0, 4, 1, 1, 1, 1))),
    "side -1": ("volume/damaged", nifti(LABELS, dim=(3, -6, -5, 4, 1, 1, 1, 1))),
    "sides of 2**62": ("volume/damaged", nifti(LABELS, size=540, dim=(3, 2**62, 2**62, 4, 1, 1, 1, 1))),
    "bits of another kind": ("volume/damaged", nifti(LABELS, bitpix=(16,))),
    "offset nan": ("volume/damaged", nifti(LABELS, vox_offset=(np.nan,))),
    "offset infinite": ("volume/damaged", nifti(LABELS, vox_offset=(np.inf,))),
    "offset inside": ("volume/damaged", nifti(LABELS, vox_offset=(100,))),
    "offset far": ("volume/damaged", nifti(LABELS, vox_offset=(1e9,))),
    "offset a fraction": ("volume/damaged", nifti(LABELS, vox_offset=(352.5,))),
    "affine nan": ("volume/damaged", nifti(LABELS, srow=[np.nan] * 12)),
    "affine far": ("volume/damaged", nifti(LABELS, srow=(AFFINE * 1e12).ravel())),
    "affine flat": ("volume/damaged", nifti(LABELS, srow=[0] * 12)),
    "spacing 0": ("volume/damaged", nifti(LABELS, sform_code=(0,), pixdim=(1, 0, 1, 1, 0, 0, 0, 0))),
    "quaternion infinite": ("volume/damaged", nifti(LABELS, sform_code=(0,), qform_code=(1,), quatern=[np.inf] * 6)),
    "unknown unit": ("volume/damaged", nifti(LABELS, xyzt_units=(5,))),
    "gzip cut": ("volume/damaged", PACKED[:-9]),
    "gzip checksum": ("volume/damaged", PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:]),
    "gzip of nothing": ("volume/not-nifti", gzip.compress(b"")),
    "gzip noise": ("volume/damaged", b"\x1f\x8b\x08\0" + b"noise" * 9),
    "gzip head alone": ("volume/damaged", b"\x1f\x8b"),
    "many empty streams": ("volume/damaged", gzip.compress(b"") * 70_000),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "data"), BAD.values(), ids=BAD)
def test_bad_volumes_are_refused_for_the_right_reason(rule, data):
    read, findings = read_nifti(data, GRID, name="v.nii")
    assert read is None
    assert [finding.rule for finding in findings] == [rule]
    assert findings[0].where == "v.nii"
    assert findings[0].hint
    assert str(findings[0]).replace("\n", "").isprintable()
    assert rule in VOLUME_RULES


def test_every_fault_of_a_header_is_told_at_once():
    _, findings = read_nifti(nifti(LABELS, 32, dim=(4, 6, 5, 4, 2, 1, 1, 1), scl_slope=(3,)), GRID)
    assert [(one.rule, one.message.count("axes")) for one in findings] == [("volume/kind", 1), ("volume/scaled", 0)]


def test_a_flip_is_named():
    _, findings = read_nifti(nifti(LABELS, srow=FLIPPED.ravel()), GRID)
    assert "the other way" in findings[0].hint
    assert "181 mm" in findings[0].message


def test_a_bomb_unpacks_no_more_than_the_header_allows():
    bomb = gzip.compress(PLAIN + bytes(1 << 28), 9)
    tracemalloc.start()
    read, findings = read_nifti(bomb, GRID)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_array_equal(read.values, LABELS)
    assert [(one.rule, one.severity) for one in findings] == [("volume/trailing-bytes", "warning")]
    assert most < 1 << 21


ODD = {
    "slope 0": nifti(LABELS, scl_slope=(0,)),
    "slope nan": nifti(LABELS, scl_slope=(np.nan,), scl_inter=(np.nan,)),
    "a fourth axis of one": nifti(LABELS, dim=(4, 6, 5, 4, 1, 1, 1, 1)),
    "sides that do not count": nifti(LABELS, dim=(3, 6, 5, 4, 0, 0, 0, 0)),
    "streams end to end": gzip.compress(PLAIN[:400]) + gzip.compress(PLAIN[400:]),
    "whole floats": nifti(LABELS, 16),
    "nearly there": nifti(LABELS, srow=(AFFINE + 5e-4).ravel()),
}


@pytest.mark.parametrize("data", ODD.values(), ids=ODD)
def test_odd_volumes_are_read_like_the_plain_one(data):
    read, findings = read_nifti(data, GRID)
    assert not findings
    np.testing.assert_array_equal(read.values, LABELS)


def test_a_slice_is_a_volume():
    read, _ = read_nifti(nifti(LABELS[:1], dim=(2, 6, 5, 0, 0, 0, 0, 0)))
    assert read.values.shape == (1, 5, 6)
    assert read_nifti(PLAIN, most=100)[1][0].rule == "volume/size"


@settings(max_examples=300, deadline=None)
@given(st.data(), st.booleans(), st.sampled_from([348, 540]))
def test_any_changed_bytes_are_refused_or_read_with_one_finding(data, packed, size):
    whole = nifti(LABELS, size=size)
    place = data.draw(st.integers(0, len(whole) - 8))
    other = whole[:place] + data.draw(st.binary(min_size=1, max_size=8)) + whole[place + 8 :]
    other = data.draw(st.sampled_from([other, whole[:place]]))
    read, findings = read_nifti(gzip.compress(other) if packed else other, GRID)
    errors = [one for one in findings if one.severity == "error"]
    assert (read is None) == bool(errors)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=1000))
def test_noise_is_refused(noise):
    for data in (noise, b"\x1f\x8b\x08" + noise, PACKED[:30] + noise):
        assert read_nifti(data, GRID)[0] is None
        is_nifti(data)


IDS = ["case_01", "case_02", "case.nii"]
SHAPES = [(4, 5, 6), (3, 8, 2), (1, 2, 9)]
TERMS = replace(terms_of("nifti", "label_maps"), metric="dice", also=("miou", "hausdorff"))
IMAGES = Images(
    vocabulary(IDS), np.arange(1, 4), *np.array(SHAPES, dtype=np.int32).T[[1, 2, 0]], np.stack([AFFINE] * 3)
)


def volumes(seed=0):
    random = np.random.default_rng(seed)
    return [random.integers(0, 3, shape) for shape in SHAPES]


def sent(change=None, drop=(), more=None):
    members = {f"{one}.nii.gz": label_volume(array, AFFINE) for one, array in zip(IDS, volumes(), strict=True)}
    members |= change or {}
    return zip_bytes({name: data for name, data in {**members, **(more or {})}.items() if name not in drop})


def refused(data, images=IMAGES):
    with pytest.raises(SubmissionError) as error:
        read_images_submission(data, TERMS, images, "sent.zip")
    return {one.rule: one for one in error.value.findings}


def test_what_is_written_reads_back_in_any_order(tmp_path: Path):
    record = LabelMaps.from_arrays(volumes())
    written = as_submission(record, TERMS, IMAGES)
    path = tmp_path / TERMS.sample_name
    path.write_bytes(written)
    read = read_predictions(TERMS, IMAGES, path)
    for place, array in enumerate(volumes()):
        np.testing.assert_array_equal(read.values.array(place), array)
    plain = {f"{one}.nii": nifti(array, 4, order=">") for one, array in zip(IDS[::-1], volumes()[::-1], strict=True)}
    other = read_predictions(TERMS, IMAGES, zip_bytes(plain))
    assert other.canonical_sha256() == read.canonical_sha256()


def test_voxels_that_are_not_scored_are_written_as_the_first_class():
    maps = LabelMaps.from_arrays([np.full(shape, 255) for shape in SHAPES])
    assert not read_images_submission(as_submission(maps, TERMS, IMAGES), TERMS, IMAGES).values.value.any()


def test_many_classes_are_written_with_16_bits():
    values = np.arange(400).reshape(4, 10, 10)
    np.testing.assert_array_equal(read_nifti(label_volume(values))[0].values, values)


@pytest.mark.parametrize(
    ("rule", "data"),
    [
        ("submission/missing-id", sent(drop=("case_02.nii.gz",))),
        ("submission/unknown-id", sent(more={"case_9.nii.gz": b""})),
        ("submission/repeated-id", sent(more={"case_01.nii": PLAIN})),
        ("archive/unexpected-member", sent(more={"case_03.png": b""})),
        ("volume/unknown-class", sent({"case_01.nii.gz": label_volume(LABELS + 5, AFFINE)})),
        ("volume/orientation", sent({"case_01.nii.gz": label_volume(LABELS, FLIPPED)})),
        ("volume/size", sent({"case_01.nii.gz": label_volume(LABELS[:2], AFFINE)})),
        ("volume/damaged", sent({"case_01.nii.gz": PACKED[:90]})),
        ("archive/not-archive", PACKED),
    ],
)
def test_bad_submissions_are_refused_for_the_right_reason(rule, data):
    told = refused(data)
    assert list(told) == [rule]
    assert told[rule].hint
    assert told[rule].where.startswith("sent.zip")


def test_a_damaged_member_is_told_beside_the_others():
    data = sent({"case_01.nii.gz": PLAIN, "case_02.nii.gz": label_volume(volumes()[1] + 7, AFFINE)})
    place = data.index(PLAIN) + 400
    told = refused(data[:place] + b"\xff" + data[place + 1 :])
    assert set(told) == {"archive/damaged", "volume/unknown-class"}
    assert told["volume/unknown-class"].where == "sent.zip/case_02.nii.gz"


def test_one_volume_alone_is_a_submission_of_one_image():
    alone = Images(vocabulary(IDS[:1]), np.array([1]), np.array([5]), np.array([6]), np.array([4]), AFFINE[None])
    for data in (PLAIN, PACKED, zip_bytes({"case_01.nii": PLAIN})):
        read = read_images_submission(data, TERMS, alone)
        np.testing.assert_array_equal(read.values.array(0), LABELS)
    assert set(refused(nifti(LABELS[:2]), alone)) == {"volume/size"}


TABLE = "id,width,height,depth,affine,Usage\n" + "".join(
    f"{one},{shape[2]},{shape[1]},{shape[0]},{' '.join(map(str, AFFINE.ravel().tolist()))},Private\n"
    for one, shape in zip(IDS, SHAPES, strict=True)
)


def test_a_bundle_made_by_hand_is_scored(tmp_path: Path):
    root = tmp_path / "bundle"
    record = LabelMaps.from_arrays(volumes(), spacing=[2.5, 0.7, 0.7])
    for name, content in {
        "public/challenge.json": canonical_json(replace(TERMS, test=3, smallest_subgroup=1).as_dict()),
        "public/test.csv": TABLE.replace(",Usage", ",place").encode(),
        "private/solution.csv": TABLE.encode(),
        "private/truth.npz": pack_truth(record),
    }.items():
        write_file(root / name, content)
    write_manifests(root, challenge_sha256="0" * 64)
    bundle = open_bundle(root)
    (tmp_path / "sent.zip").write_bytes(sent())
    assert check_submission(bundle, tmp_path / "sent.zip").rows == 3
    np.testing.assert_allclose(wanted_items(bundle).affine, np.stack([AFFINE] * 3))
    assert scores(bundle, tmp_path / "sent.zip") == {"dice": 1, "miou": 1, "hausdorff": 0}
    moved = [np.roll(array, 1, axis=0) for array in volumes()]
    (tmp_path / "moved.zip").write_bytes(
        sent({f"{one}.nii.gz": label_volume(array, AFFINE) for one, array in zip(IDS, moved, strict=True)})
    )
    found = scores(bundle, tmp_path / "moved.zip")
    wanted = metrics.hausdorff(record, LabelMaps.from_arrays(moved))
    assert (0 < found["dice"] < 1, found["hausdorff"]) == (True, wanted)
    assert wanted != metrics.hausdorff(LabelMaps.from_arrays(volumes()), LabelMaps.from_arrays(moved))


def scores(bundle, submission):
    """What each metric says of the private part."""
    return {one.metric: one.value for one in grade(bundle, submission, draws=0).scores if one.part == "private"}


def test_an_affine_of_eleven_numbers_is_not_as_built():
    table = read_table(TABLE.replace(" -72.25", "").encode(), None)
    with pytest.raises(BundleError, match="twelve numbers"):
        images_of(table, 1, volumes=True)


def test_a_table_that_places_no_voxels_is_not_as_built():
    table = read_table(b"id,width,height,depth\na,3,4,x\n", None)
    with pytest.raises(BundleError, match="does not say"):
        images_of(table, 1, volumes=True)
    assert images_of(table, 1).depth is None
