"""The bundle: a competition as a folder on disk, the one thing at which building, scoring and exporting meet.

::

    manifest.json                 SHA-256 and size of every public file, name of the challenge, builder's version
    public/                       all that a participant may see
        challenge.json            the task, the columns of a submission, the metrics (the *terms*)
        train.csv  train/         items with their labels
        train_groups.csv          their groups and subgroups, for folds and for scores at home
        test.csv   test/          items without
        sample_submission.csv     a complete submission that scores as chance (.json or .zip for images)
        train.json  test.json     of objects in images: COCO, for the training images with their annotations
        train_masks/              of label images: PNG, or NIfTI of volumes, by the id of the image
        credits.csv               who holds the rights to images, where their licences ask for it
        README.md                 for participants
    private/                      never leaves the organizer
        solution.csv              id, labels, Usage (Public or Private), group, subgroups
        truth.npz                 of images: the hidden objects or label images as arrays; see ``hidden.py``
        truth.json  masks/        the same, as COCO and as PNG or NIfTI, for people and other tools
        ids.csv                   opaque id beside the organizer's own
        key                       what the opaque ids were made with
        private-manifest.json     SHA-256 and size of the private files and of manifest.json

Both manifests carry a seal, the digest of their own content, so that no byte of a bundle can change unnoticed.
No digest of a private file stands in a public one. A participant holds ``public/`` alone, and may open that.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Protocol, Union

from compete.errors import BundleError, Finding
from compete.files import canonical_json, files_below, sha256_of
from compete.terms import FORMAT, Terms
from compete.version import __version__

MANIFEST, PRIVATE_MANIFEST = "manifest.json", "private-manifest.json"
TERMS, SOLUTION, SAMPLE, TRAIN, TEST = (
    "challenge.json",
    "solution.csv",
    "sample_submission.csv",
    "train.csv",
    "test.csv",
)
TRAIN_GROUPS = "train_groups.csv"
CREDITS = "credits.csv"
TRAIN_JSON, TEST_JSON, TRUTH, TRUTH_JSON = "train.json", "test.json", "truth.npz", "truth.json"
TRAIN_TRUTH = "train_truth.npz"
ACCEPTED = "accepted_leaks"
"""Where the private manifest keeps what the leak gate found and somebody accepted: reasons by rule."""
WIDTH, HEIGHT = "width", "height"
DEPTH, AFFINE = "depth", "affine"
"""Columns of images that are volumes: number of slices, and twelve numbers with blanks between, row by row."""
ID, USAGE, GROUP = "id", "Usage", "group"
PUBLIC, PRIVATE = "Public", "Private"


class Listed(Protocol):
    """What a manifest tells of a file: SHA-256 in hex, and bytes."""

    @property
    def sha256(self) -> str:
        """Of its bytes, in hex."""

    @property
    def size(self) -> int:
        """Bytes."""


@dataclass(frozen=True)
class _Counted:
    sha256: str
    size: int


BUNDLE_RULES = {
    "bundle/not-a-bundle": (
        "The folder is not a bundle.",
        "A bundle is the folder that `compete build` writes; it holds public/challenge.json. Give that folder, or its "
        "public/ folder alone. A challenge.yaml must be built first: compete build CHALLENGE -o BUNDLE.",
    ),
    "bundle/format": (
        "The bundle was written in a format that this version does not read.",
        "Build it again with this version, or use the version that the manifest names.",
    ),
    "bundle/changed": (
        "A file's bytes are not those that were built.",
        "Somebody edited it, or the disk or a transfer damaged it. Build again or restore it; never score with it.",
    ),
    "bundle/missing": ("A file of the bundle is gone.", "Restore it from a copy, or build the bundle again."),
    "bundle/added": (
        "A file is there that was not built.",
        "What stands in a bundle without being listed might tell what must be hidden. Remove it, or declare it and "
        "build again.",
    ),
    "bundle/renamed": (
        "A file stands under another name than it was built with.",
        "Names must not tell anything of their own, so they are watched as the content is. Give it its name back, or "
        "build again.",
    ),
    "bundle/manifest": (
        "A manifest is not as it was written.",
        "Its seal does not match its content, so nothing in it can be trusted. Build the bundle again.",
    ),
    "bundle/no-solution": (
        "This folder has no private part, so there is nothing to score test predictions against.",
        "Only the organizer holds private/. With public/ alone, predictions for the training items (out of fold) can "
        "be scored: compete score PUBLIC SUBMISSION --on train.",
    ),
}


@dataclass(frozen=True)
class Bundle:
    """A bundle that was opened: where its two halves are, and its terms.

    Attributes:
        public: the folder for participants.
        private: the organizer's folder; None where only ``public/`` is at hand.
        terms: the content of ``challenge.json``.
        terms_sha256: its digest, by which a score names its challenge.
    """

    public: Path
    private: Optional[Path]
    terms: Terms
    terms_sha256: str

    @property
    def root(self) -> Path:
        """The folder to name to a reader."""
        return self.public.parent if self.private else self.public

    def solution(self) -> Path:
        """The path of the solution.

        Raises:
            BundleError: if only the public half is at hand.
        """
        if self.private is None:
            hint = "score out-of-fold predictions with --on train, or give the organizer's bundle"
            finding = Finding("bundle/no-solution", "there is no private/ beside it", str(self.public), hint=hint)
            raise BundleError("cannot score test predictions", [finding])
        return self.private / SOLUTION


def open_bundle(path: Path | str) -> Bundle:
    """Open a bundle, or the public half of one.

    Raises:
        BundleError: if the folder is not a bundle, or of a format that this version does not know.
    """
    folder = Path(path)
    whole = (folder / "public" / TERMS).is_file()
    public = folder / "public" if whole else folder
    terms_file = public / TERMS
    if not terms_file.is_file():
        raise _not_a_bundle(folder)
    raw = terms_file.read_bytes()
    terms = _read_terms(raw, terms_file)
    private = folder / "private"
    return Bundle(public, private if whole and private.is_dir() else None, terms, _digest(raw))


def _read_terms(raw: bytes, place: Path) -> Terms:
    try:
        content = json.loads(raw)
        found = content.get("format")
        if found == FORMAT:
            return Terms.from_dict(content)
    except (ValueError, KeyError, TypeError, AttributeError):
        finding = Finding("bundle/changed", "this is not as it was built", str(place), hint="build the bundle again")
        raise BundleError("the bundle cannot be read", [finding]) from None
    finding = Finding("bundle/format", f"format {found!r}; this version reads {FORMAT}", str(place))
    raise BundleError("the bundle cannot be read", [finding])


def is_bundle(folder: Path) -> bool:
    """Whether the folder was written by ``compete build``, so that it may be replaced."""
    return (folder / MANIFEST).is_file() and (folder / "public" / TERMS).is_file()


def write_manifests(root: Path, *, challenge_sha256: str, known: Optional[Mapping[str, Listed]] = None) -> None:
    """List every file of a finished bundle in its two manifests, and seal them.

    Args:
        root: the bundle.
        challenge_sha256: digest of the organizer's ``challenge.yaml``; kept in the private half.
        known: what is to be told of files whose digest whoever wrote them knows, by their path below the bundle.
    """
    known = known or {}
    terms = json.loads((root / "public" / TERMS).read_text(encoding="utf-8"))
    about = {"format": FORMAT, "builder": f"compete {__version__}"}
    challenge = {"name": terms["name"], "version": terms["version"], "sha256": sha256_of(root / "public" / TERMS)[0]}
    public = _sealed({**about, "challenge": challenge, "files": _listing(root, "public", known)})
    (root / MANIFEST).write_bytes(public)
    private_files = _listing(root, "private", known)
    private = {**about, "challenge.yaml": challenge_sha256, "files": private_files, "manifest": _digest(public)}
    (root / "private" / PRIVATE_MANIFEST).write_bytes(_sealed(private))


def accept_leaks(root: Path, accepted: Mapping[str, str]) -> None:
    """Write into the private manifest which leaks were accepted and why; the public one tells nothing of it.

    Args:
        root: a bundle with its manifests.
        accepted: reasons by rule; those of earlier decisions are kept.

    Raises:
        BundleError: if the private manifest is not as it was written.
    """
    place = root / "private" / PRIVATE_MANIFEST
    content, findings = _read_sealed(place)
    if content is None:
        raise _unfit(*findings)
    kept = {**content.get(ACCEPTED, {}), **accepted}
    place.write_bytes(_sealed({**content, ACCEPTED: kept}))


def accepted_leaks(root: Path) -> dict[str, str]:
    """Which leaks of a bundle were accepted: reasons by rule; none where ``private/`` is not at hand."""
    place = root / "private" / PRIVATE_MANIFEST
    content = _read_sealed(place)[0] if place.is_file() else None
    return dict(content.get(ACCEPTED, {})) if content else {}


def verify_bundle(path: Path | str) -> list[Finding]:
    """Compare every byte of a bundle with its manifests: changed, missing, added and renamed files.

    Returns:
        One finding a fault; empty where the bundle is as it was built.

    Raises:
        BundleError: if the folder is not a whole bundle.
    """
    root = Path(path)
    if not (root / MANIFEST).is_file():
        raise _not_a_bundle(root)
    findings = _verify_half(root, root / "public", root / MANIFEST)
    if (root / "private").is_dir():
        private_manifest = root / "private" / PRIVATE_MANIFEST
        if not private_manifest.is_file():
            return [*findings, Finding("bundle/missing", "it is gone", f"private/{PRIVATE_MANIFEST}")]
        findings += _verify_half(root, root / "private", private_manifest)
        sealed, _ = _read_sealed(private_manifest)
        if sealed and sealed.get("manifest") != sha256_of(root / MANIFEST)[0]:
            findings.append(Finding("bundle/manifest", "it is not the one that the private half knows", MANIFEST))
    expected = {MANIFEST, "public", "private"}
    strays = sorted(entry.name for entry in root.iterdir() if entry.name not in expected)
    findings += [Finding("bundle/added", "it was not built", name, hint="remove it") for name in strays]
    return findings


def expected_digests(bundle: Bundle) -> dict[str, str]:
    """SHA-256 of each file of the bundle as it was built, by its path below the root.

    Returns:
        Digests; empty where there is no manifest: in the public half alone, or in a draft that is still being tried.

    Raises:
        BundleError: if a manifest is gone, or not as it was written.
    """
    if bundle.private is None:
        return {}
    places = {"private": bundle.private / PRIVATE_MANIFEST, "public": bundle.root / MANIFEST}
    gone = [place for place in places.values() if not place.is_file()]
    if len(gone) == len(places):
        return {}
    if gone:
        raise _unfit(Finding("bundle/missing", "it is gone", str(gone[0]), hint="restore it, or build again"))
    sealed, findings = _read_sealed(places["private"])
    raw = places["public"].read_bytes()  # its seal need not be tried: the private half knows its digest
    if sealed is None:
        raise _unfit(*findings)
    if sealed["manifest"] != _digest(raw):
        raise _unfit(Finding("bundle/manifest", "it is not the one that the private half knows", MANIFEST))
    files = {"private": sealed["files"], "public": json.loads(raw)["files"]}
    return {f"{half}/{name}": entry["sha256"] for half, listed in files.items() for name, entry in listed.items()}


def refuse_changed(bundle: Bundle, found: Mapping[str, str]) -> None:
    """Refuse to go on with files that are not as they were built.

    Args:
        bundle: as opened; nothing is known of the public half alone, nor of a file that was not built.
        found: SHA-256 of the files that were read, by their paths below the root.

    Raises:
        BundleError: if one is not as it was built.
    """
    expected = expected_digests(bundle)
    changed = [name for name, digest in found.items() if expected.get(name, digest) != digest]
    if changed:
        hint = "restore it, or build again; compete verify tells what else is changed"
        message = "its bytes are not those that were built"
        raise _unfit(*(Finding("bundle/changed", message, name, hint=hint) for name in changed))


def _unfit(*findings: Finding) -> BundleError:
    return BundleError("the bundle cannot be used", findings)


def _verify_half(root: Path, folder: Path, manifest: Path) -> list[Finding]:
    content, findings = _read_sealed(manifest)
    if content is None:
        return findings
    listed: dict[str, dict[str, Any]] = content["files"]
    found = {path.relative_to(folder).as_posix(): path for path in files_below(folder)} if folder.is_dir() else {}
    found.pop(PRIVATE_MANIFEST, None)
    missing = {name for name in listed if name not in found}
    for name, file in found.items():
        place = f"{folder.relative_to(root).as_posix()}/{name}"
        plain = file.is_file() and not file.is_symlink()
        digest, size = sha256_of(file) if plain else ("", 0)
        if name in listed:
            if not plain or listed[name] != {"sha256": digest, "size": size}:
                findings.append(Finding("bundle/changed", "its bytes are not those that were built", place))
            continue
        twin = next((old for old in sorted(missing) if listed[old]["sha256"] == digest), None)
        if twin is None:
            findings.append(Finding("bundle/added", "it was not built", place, hint="remove it"))
        else:
            missing.discard(twin)
            findings.append(Finding("bundle/renamed", f"it was built as {twin}", place, hint="give it its name back"))
    empty = _empty_folders(folder)
    findings += [
        Finding("bundle/added", "an empty folder that was not built", name, hint="remove it") for name in empty
    ]
    return findings + [Finding("bundle/missing", "it is gone", f"{folder.name}/{name}") for name in sorted(missing)]


def _empty_folders(folder: Path) -> list[str]:
    below = sorted(path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())
    return [path.relative_to(folder.parent).as_posix() for path in below if not any(path.iterdir())]


def _listing(root: Path, half: str, known: Mapping[str, Listed]) -> dict[str, Listed]:
    begin = len(str(root / half)) + 1
    found: dict[str, Listed] = {}
    for path in files_below(root / half):
        name = str(path)[begin:].replace(os.sep, "/")
        found[name] = known.get(f"{half}/{name}") or _Counted(*sha256_of(path))
    return found


def _told(file: Listed) -> dict[str, Union[str, int]]:
    return {"sha256": file.sha256, "size": file.size}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sealed(content: dict[str, Any]) -> bytes:
    plain = canonical_json(content, _told)
    if max(content) > "seal":
        return canonical_json({**content, "seal": _digest(plain)}, _told)
    # The seal comes last, so the rest need not be spelt again.
    end = b"\n}\n"
    return plain[: -len(end)] + b',\n  "seal": "' + _digest(plain).encode() + b'"' + end


def _read_sealed(manifest: Path) -> tuple[Optional[dict[str, Any]], list[Finding]]:
    """A manifest's content, if its bytes are exactly those that were written."""
    raw = manifest.read_bytes()
    try:
        content = json.loads(raw)
        seal = content.pop("seal")
        intact = _sealed(content) == raw and seal == _digest(canonical_json(content))
    except (ValueError, KeyError, TypeError, AttributeError):
        intact = False
    if intact:
        return content, []
    place = manifest.name if manifest.name == MANIFEST else f"private/{manifest.name}"
    return None, [Finding("bundle/manifest", "its seal does not match its content", place, hint="build it again")]


def _not_a_bundle(folder: Path) -> BundleError:
    if (folder / "challenge.yaml").is_file() or folder.suffix in (".yaml", ".yml"):
        hint = f"this is a challenge; build it first: compete build {folder} -o BUNDLE"
    else:
        hint = "give the folder that `compete build` wrote, or its public/ folder"
    what = "there is no such folder" if not folder.exists() else "it holds no public/challenge.json"
    return BundleError("not a bundle", [Finding("bundle/not-a-bundle", what, str(folder), hint=hint)])
