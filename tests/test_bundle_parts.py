"""A bundle of which a part is not at hand: without its private half, without one manifest, or without both."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from compete.bundle import (
    MANIFEST,
    PRIVATE_MANIFEST,
    accept_leaks,
    accepted_leaks,
    expected_digests,
    open_bundle,
    verify_bundle,
)
from compete.errors import BundleError
from tests.scoring.every_form import FORMS


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A small bundle, written by hand."""
    return FORMS["labels"].write(tmp_path / "bundle")


def test_a_bundle_without_its_private_half_is_verified_by_its_public_one(bundle: Path) -> None:
    shutil.rmtree(bundle / "private")
    assert verify_bundle(bundle) == []
    (bundle / "public" / "train.csv").write_text("id,label\n")
    assert [finding.rule for finding in verify_bundle(bundle)] == ["bundle/changed"]


def test_a_lost_private_manifest_is_told(bundle: Path) -> None:
    (bundle / "private" / PRIVATE_MANIFEST).unlink()
    (finding,) = verify_bundle(bundle)
    assert (finding.rule, finding.where) == ("bundle/missing", f"private/{PRIVATE_MANIFEST}")


def test_digests_are_known_where_both_manifests_are(bundle: Path) -> None:
    assert {"private/solution.csv", "public/challenge.json"} <= set(expected_digests(open_bundle(bundle)))
    assert expected_digests(open_bundle(bundle / "public")) == {}
    (bundle / MANIFEST).unlink()
    with pytest.raises(BundleError, match="bundle/missing"):
        expected_digests(open_bundle(bundle))
    (bundle / "private" / PRIVATE_MANIFEST).unlink()
    assert expected_digests(open_bundle(bundle)) == {}


def test_a_folder_called_private_among_public_files_is_no_private_half(bundle: Path) -> None:
    (bundle / "public" / "private").mkdir()
    assert open_bundle(bundle / "public").private is None
    assert open_bundle(bundle).private == bundle / "private"
    shutil.rmtree(bundle / "private")
    assert open_bundle(bundle).private is None


def test_accepted_leaks_are_kept_with_their_reasons_and_seal(bundle: Path) -> None:
    assert accepted_leaks(bundle) == {}
    public = (bundle / MANIFEST).read_bytes()
    accept_leaks(bundle, {"leak/one": "because", "leak/two": "known"})
    accept_leaks(bundle, {"leak/two": "looked at again"})
    assert accepted_leaks(bundle) == {"leak/one": "because", "leak/two": "looked at again"}
    assert verify_bundle(bundle) == []
    assert (bundle / MANIFEST).read_bytes() == public
    shutil.rmtree(bundle / "private")
    assert accepted_leaks(bundle) == {}


def test_a_private_manifest_that_was_edited_is_not_written_on(bundle: Path) -> None:
    manifest = bundle / "private" / PRIVATE_MANIFEST
    edited = manifest.read_bytes().replace(b'"size": ', b'"size": 1', 1)
    manifest.write_bytes(edited)
    with pytest.raises(BundleError, match="cannot be used"):
        accept_leaks(bundle, {"leak/one": "because"})
    assert manifest.read_bytes() == edited
    assert accepted_leaks(bundle) == {}
    with pytest.raises(BundleError, match="bundle/manifest"):
        expected_digests(open_bundle(bundle))
