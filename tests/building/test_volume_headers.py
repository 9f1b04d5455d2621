"""Volumes as they are published: every header comes out with what places and scales the voxels, and nothing else."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from compete.building.media import clean_image
from compete.nifti.header import header_of
from compete.nifti.rules import VOLUME_RULES
from tests.building.volumes import AFFINE, CANARY, image_of, labels_of, packed, volume

LABELS = labels_of(np.random.default_rng(2))
IMAGE = image_of(np.random.default_rng(3), LABELS)


def test_a_volume_is_cleaned_by_its_content_whatever_its_name() -> None:
    plain = clean_image(volume(IMAGE), "scan.nii")
    assert (plain.suffix, plain.width, plain.height, plain.mode, plain.findings) == (".nii.gz", 14, 16, "int16", ())
    assert clean_image(packed(volume(IMAGE), "x"), "scan.nii.gz") == plain
    assert clean_image(plain.data) == plain
    (note,) = clean_image(volume(IMAGE) + b"tail", "scan.nii").findings
    assert (note.rule, note.severity, note.items) == ("volume/trailing-bytes", "note", ("scan.nii",))
    assert clean_image(volume(IMAGE) + b"tail").data == plain.data
    many = clean_image(volume(np.stack([IMAGE] * 3)), "scan.nii")
    assert len(gzip.decompress(many.data)) == 352 + 3 * IMAGE.nbytes


@pytest.mark.parametrize(
    ("rule", "data"),
    [
        ("volume/damaged", volume(IMAGE)[:-1]),
        ("volume/damaged", packed(volume(IMAGE), "x")[:-9]),
        ("volume/damaged", packed(volume(IMAGE), "x")[:-8] + bytes(8)),
        ("volume/kind", volume(IMAGE, datatype=(128,))),
        ("volume/size", volume(IMAGE, dim=(3, 2000, 2000, 2000, 1, 1, 1, 1))),
        ("volume/not-nifti", gzip.compress(b"text" * 999, mtime=0)),
    ],
)
def test_volumes_that_cannot_be_taken(rule: str, data: bytes) -> None:
    cleaned = clean_image(data, "scan.nii.gz")
    assert (cleaned.data, cleaned.suffix) == (b"", "")
    assert [one.rule for one in cleaned.findings] == [rule]
    assert rule in VOLUME_RULES


def test_what_nobody_reads_of_a_header_is_blank() -> None:
    """Codes that are 0 leave numbers behind that mean nothing, and could mean something to a person."""
    odd = volume(
        IMAGE, dim=(3, 14, 16, 10, 7, 7, 7, 7), pixdim=(1, 0.8, 0.8, 3, 5, 5, 5, 5), quatern=(1, 2, 3, 4, 5, 6)
    )
    assert clean_image(odd).data == clean_image(volume(IMAGE)).data
    form = {"sform_code": (0,), "qform_code": (1,), "quatern": (0, 0, 1, 40.5, -30.25, -12)}
    one, other = (clean_image(volume(IMAGE, **form, srow=(number,) * 12)) for number in (0, 9))
    assert one.data == other.data != clean_image(volume(IMAGE)).data


@pytest.mark.parametrize("seed", range(5))
def test_turned_volumes_lie_where_others_place_them(seed: int) -> None:
    """By the qform alone, by the sform alone, and by both."""
    nibabel = pytest.importorskip("nibabel", reason="nibabel is not installed")
    chance = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(chance.normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3] = np.column_stack([turn * chance.uniform(0.5, 3, 3), chance.uniform(-200, 200, 3)])
    for sform, qform in ((0, 1), (2, 0), (1, 1)):
        image = nibabel.Nifti1Image(IMAGE.T, affine)
        image.set_sform(affine, sform)
        image.set_qform(affine, qform)
        header = header_of(image.to_bytes()[:540], labels=False)
        np.testing.assert_allclose(header.affine, image.affine[:3], atol=1e-4)
        np.testing.assert_allclose(header.spacing[::-1], image.header.get_zooms(), rtol=1e-6)
        assert header.apart < 0.01
        cleaned = nibabel.Nifti1Image.from_bytes(gzip.decompress(clean_image(image.to_bytes()).data))
        np.testing.assert_array_equal(cleaned.affine, image.affine)
        for one in ("get_qform", "get_sform"):  # None where the code is 0
            mine, theirs = (getattr(each, one)(coded=True)[0] for each in (cleaned, image))
            np.testing.assert_array_equal(mine, theirs)
        np.testing.assert_array_equal(cleaned.get_fdata(), image.get_fdata())


@pytest.mark.parametrize("kind", ["Nifti1Image", "Nifti2Image"])
@pytest.mark.parametrize("dtype", [">i2", "<f4", ">f8", "u1", "<u8"])
def test_headers_of_both_kinds_and_orders_come_out_whole(kind: str, dtype: str) -> None:
    nibabel = pytest.importorskip("nibabel", reason="nibabel is not installed")
    make = getattr(nibabel, kind)
    header = make.header_class(endianness=dtype[0] if dtype[0] in "<>" else "<")
    header.set_data_dtype(np.dtype(dtype))
    header["descrip"] = CANARY
    image = make(np.abs(IMAGE.T).astype(dtype), np.vstack([AFFINE, [0, 0, 0, 1]]), header, dtype=np.dtype(dtype))
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", CANARY))
    given = image.to_bytes()
    assert CANARY in given
    shown = gzip.decompress(clean_image(given).data)
    assert CANARY not in shown
    assert len(shown) == int(image.header["sizeof_hdr"]) + 4 + image.dataobj.nbytes
    again = make.from_bytes(shown)
    assert again.get_data_dtype() == image.get_data_dtype()
    np.testing.assert_array_equal(np.asarray(again.dataobj), np.asarray(image.dataobj))
    np.testing.assert_array_equal(again.affine, make.from_bytes(given).affine)
    np.testing.assert_array_equal(again.header.get_zooms(), image.header.get_zooms())
    assert again.header.get_xyzt_units() == image.header.get_xyzt_units()
