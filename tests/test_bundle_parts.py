"""A bundle of which a part is not at hand: without its private half, without one manifest, or without both."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from compete.bundle import MANIFEST, PRIVATE_MANIFEST, expected_digests, open_bundle, verify_bundle
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
