"""Every byte of a bundle is watched."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from compete.bundle import MANIFEST, PRIVATE_MANIFEST, is_bundle, open_bundle, verify_bundle, write_manifests
from compete.errors import BundleError
from compete.files import canonical_json
from compete.terms import Terms

TERMS = Terms("tiny", "Tiny", "1.0", "classification", ("label",), "label", ("label",), "accuracy", classes=("a", "b"))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A small bundle, written by hand."""
    root = tmp_path / "bundle"
    (root / "public" / "test").mkdir(parents=True)
    (root / "private").mkdir()
    (root / "public" / "challenge.json").write_bytes(canonical_json(TERMS.as_dict()))
    (root / "public" / "train.csv").write_text("id,label\nx,a\n")
    (root / "public" / "test" / "y.png").write_bytes(bytes(range(64)))
    (root / "private" / "solution.csv").write_text("id,label,Usage\ny,b,Public\n")
    write_manifests(root, challenge_sha256="0" * 64)
    return root


def rules(root: Path) -> set[tuple[str, str]]:
    """What is said of a bundle."""
    return {(finding.rule, finding.where) for finding in verify_bundle(root)}


def test_an_intact_bundle_has_no_fault(bundle: Path) -> None:
    assert verify_bundle(bundle) == []
    assert is_bundle(bundle)
    assert not is_bundle(bundle / "public")


def test_every_flipped_byte_is_found(bundle: Path) -> None:
    """Each byte of the manifests and the small files, flipped by one random bit."""
    chance = random.Random(7)
    for path in [path for path in sorted(bundle.rglob("*")) if path.is_file()]:
        content = path.read_bytes()
        places = range(len(content)) if len(content) < 200 else chance.sample(range(len(content)), 150)
        for place in places:
            flipped = bytearray(content)
            flipped[place] ^= 1 << chance.randrange(8)
            path.write_bytes(flipped)
            assert verify_bundle(bundle), f"{path.name}: byte {place}"
        for cut in (content[:-1], content + b"\n", b""):
            path.write_bytes(cut)
            assert verify_bundle(bundle), path.name
        path.write_bytes(content)
    assert verify_bundle(bundle) == []


def test_missing_added_and_renamed_files_are_told_apart(bundle: Path) -> None:
    (bundle / "public" / "train.csv").unlink()
    (bundle / "public" / "notes.txt").write_text("hello")
    (bundle / "public" / "test" / "y.png").rename(bundle / "public" / "test" / "b_class.png")
    (bundle / "private" / "empty").mkdir()
    (bundle / "Thumbs.db").touch()
    assert rules(bundle) == {
        ("bundle/missing", "public/train.csv"),
        ("bundle/added", "public/notes.txt"),
        ("bundle/renamed", "public/test/b_class.png"),
        ("bundle/added", "private/empty"),
        ("bundle/added", "Thumbs.db"),
    }


def test_a_link_is_not_the_file(bundle: Path, tmp_path: Path) -> None:
    file = bundle / "public" / "train.csv"
    shutil.copy(file, tmp_path / "elsewhere")
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere")
    assert rules(bundle) == {("bundle/changed", "public/train.csv")}


def test_manifests_know_each_other(bundle: Path) -> None:
    """A public file and the manifest changed together are still found by the private half."""
    (bundle / "public" / "train.csv").write_text("id,label\nx,b\n")
    private = (bundle / "private" / PRIVATE_MANIFEST).read_bytes()
    write_manifests(bundle, challenge_sha256="0" * 64)
    (bundle / "private" / PRIVATE_MANIFEST).write_bytes(private)
    assert rules(bundle) == {("bundle/manifest", MANIFEST)}


def test_the_public_manifest_tells_nothing_of_private_files(bundle: Path) -> None:
    manifest = json.loads((bundle / MANIFEST).read_text())
    assert set(manifest["files"]) == {"challenge.json", "train.csv", "test/y.png"}
    private = json.loads((bundle / "private" / PRIVATE_MANIFEST).read_text())
    digests = [entry["sha256"] for entry in private["files"].values()]
    text = (bundle / MANIFEST).read_text()
    assert digests
    assert not [digest for digest in digests if digest in text]


def test_opening(bundle: Path) -> None:
    whole, half = open_bundle(bundle), open_bundle(bundle / "public")
    assert whole.terms == half.terms == TERMS
    assert whole.solution() == bundle / "private" / "solution.csv"
    with pytest.raises(BundleError, match="no private/"):
        half.solution()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format": 1}', '{"format": 1, "unknown": 2}', '{"format": 99}'])
def test_terms_that_are_not_ours_are_refused(bundle: Path, content: str) -> None:
    (bundle / "public" / "challenge.json").write_text(content)
    with pytest.raises(BundleError, match="cannot be read"):
        open_bundle(bundle)


def test_what_is_not_a_bundle_is_told(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no such folder"):
        open_bundle(tmp_path / "nowhere")
    (tmp_path / "challenge.yaml").touch()
    with pytest.raises(BundleError, match="build it first"):
        open_bundle(tmp_path)
    with pytest.raises(BundleError, match="not a bundle"):
        verify_bundle(tmp_path)
