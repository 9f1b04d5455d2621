"""DICOM files in a folder, with folders or a table as labels; with the extra [dicom].

Every frame is an item. Participants get PNG files: nothing of a DICOM header survives in them by construction, and they
are read without a library of the field. Rewritten DICOM files with an allow-list of elements would leave private
elements, overlays and unique numbers to be forgotten one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.files import system_fault
from compete.readers.annotated import annotated_dataset
from compete.readers.annotations import Annotations
from compete.readers.json_file import refusal
from compete.readers.listing import contents, listed_files, unprintable_names
from compete.readers.recognition import Glance, read_head
from compete.readers.stacks.address import StackFault, file_of
from compete.readers.stacks.choosing import StackFaults, pictures_of_dicom
from compete.readers.stacks.dicom import HEAD, SUFFIXES, Dicom, is_dicom, read_dicom, readable
from compete.readers.stacks.dicom_pixels import shown_how
from compete.readers.unmarked import as_annotations, identity_findings, kept_together, propose_unmarked, with_findings

PATIENT = "patient"
LOOKED_AT = 20
"""Files without a telling name that are looked into."""


@dataclass
class _Found:
    """What was read so far."""

    files: list[str] = field(default_factory=list)
    headers: list[Dicom] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    pictureless: list[str] = field(default_factory=list)
    identity: dict[str, frozenset[str]] = field(default_factory=dict)


def read(challenge: Challenge) -> Dataset:
    """Read the folder of DICOM files that a challenge names.

    Files are known by their content, whatever they are called. Columns are ``patient``, ``study`` and ``series`` as
    digests that tell nothing, ``modality, view, body_part, laterality, sex, age, spacing``, and ``folder`` where there
    are several. What tells who a patient is, is not read into columns, and refused where it would be published.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    root, place = challenge.locate(challenge.data.path), challenge.where("data.path")
    annotated, identity = read_folder(root, dict(challenge.data.view), place)
    dataset = annotated_dataset(challenge, annotated)
    found = [*kept_together(challenge, dataset, PATIENT), *identity_findings(challenge, dataset, identity)]
    return replace(dataset, findings=with_findings(dataset, found))


def sketch(path: Path) -> dict[str, Any]:
    """Look at a folder of DICOM files and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it holds none, or no labels.
    """
    annotated, _ = read_folder(path, {})
    return propose_unmarked("dicom", annotated, path, PATIENT)


def recognise(glance: Glance) -> str:
    """Why a path is a folder of DICOM files; empty if it is none."""
    if not glance.is_folder:
        return ""
    likely = glance.ending(*SUFFIXES) or [name for name in glance.names if not Path(name).suffix.strip(".0123456789")]
    found = [name for name in likely[:LOOKED_AT] if is_dicom(read_head(glance.path / name)[:HEAD])]
    return f"DICOM by the first bytes of {found[0]}" if found else ""


def read_folder(root: Path, view: dict[str, str], where: str = "") -> tuple[Annotations, dict[str, frozenset[str]]]:
    """The images of a folder, and of each file the texts that tell who it is of.

    Args:
        root: the folder.
        view: which frames, and which window, as ``data.view`` says.
        where: the place in challenge.yaml that names it.

    Raises:
        DatasetError: if it holds no picture, or one that cannot be taken.
        SystemFault: if the disk or a permission forbids reading.
    """
    names = listed_files(root, where)
    found, faults = _Found(), StackFaults()
    for name in names:
        with faults.noting(name):
            _look(root, name, view, found)
    findings = [*faults.findings(root.name), *_burned(found, root.name), *_left_out(found, root.name),
                *unprintable_names(found.files, root.name)]  # fmt: skip
    if not found.files and not fatal(findings):
        raise refusal("dataset/label-file", f"{root.name} holds no DICOM pictures", where or root.name)
    if fatal(findings):
        raise DatasetError(f"dataset refused: {root.name}", findings)
    findings += [*_windows(found, view, root.name), *_patients(found, root.name)]
    return as_annotations(root, found.files, _columns(found), findings), found.identity


def _look(root: Path, name: str, view: dict[str, str], found: _Found) -> None:
    """Add the pictures of a file, or note what it is."""
    path = root / name
    if not is_dicom(contents(path, HEAD)):
        found.strange.append(name)
        return
    try:
        header = read_dicom(str(path))
    except OSError as error:
        raise system_fault(error) from error
    if not header.frames:
        found.pictureless.append(name)
        return
    if missing := readable(header.syntax):
        message = f"its pixels are packed in a way that nothing here reads (transfer syntax {header.syntax})"
        raise StackFault("image/no-decoder", message, f"{missing}; or unpack them once with dcmdjpeg or gdcmconv")
    for picture in pictures_of_dicom(name, header, view):
        found.files.append(picture)
        found.headers.append(header)
    found.identity[str(path)] = header.identity


def _columns(found: _Found) -> dict[str, Sequence[str]]:
    """What is known of each picture; a file without a patient counts by its study, then by itself."""
    headers = found.headers
    pairs = zip(headers, found.files, strict=True)
    patients = [one.patient or one.study or f"file {file_of(file)}" for one, file in pairs]
    words = {name: [one.words[name] for one in headers] for name in headers[0].words}
    told = {name: cells for name, cells in words.items() if any(cells)}
    return {
        PATIENT: patients, "study": [one.study for one in headers], "series": [one.series for one in headers], **told,
    }  # fmt: skip


def _burned(found: _Found, name: str) -> list[Finding]:
    marked = [file for file, header in zip(found.files, found.headers, strict=True) if header.burned]
    if not marked:
        return []
    message = counted(len(marked), "picture has names burned in", "pictures have names burned in")
    hint = "paint over them and set BurnedInAnnotation to NO, or take these files away"
    items = tuple(map(excerpt, marked[:EXAMPLES]))
    return [Finding("image/burned-in", message, name, items, hint, count=len(marked))]


def _left_out(found: _Found, name: str) -> list[Finding]:
    kinds = (
        ("dataset/stray-file", "file is no DICOM and is left out", "files are no DICOM and are left out",
         [file for file in found.strange if not file.lower().endswith((".csv", ".tsv"))]),
        ("image/no-picture", "DICOM file holds no picture and is left out",
         "DICOM files hold no picture and are left out", found.pictureless),
    )  # fmt: skip
    return [
        Finding(rule, counted(len(files), one, many), name, tuple(map(excerpt, files[:EXAMPLES])), "", "warning",
                len(files))
        for rule, one, many, files in kinds if files
    ]  # fmt: skip


def _windows(found: _Found, view: dict[str, str], name: str) -> list[Finding]:
    """Say how values became grey levels, and where that differs so much that it tells images apart."""
    ways: dict[str, list[str]] = {}
    for file, header in zip(found.files, found.headers, strict=True):
        ways.setdefault(shown_how(header, view.get("window", "file")), []).append(file)
    told = tuple(f"{len(files)} × {how}" for how, files in sorted(ways.items(), key=lambda way: -len(way[1])))
    count = len(found.files)
    note = Finding(
        "image/rescaled",
        f"{counted(count, 'picture is', 'pictures are')} written as PNG",
        name,
        told[:EXAMPLES],
        "another window for all: data.view: {window: [centre, width]}",
        "note",
        count,
    )
    depths = {how.partition(" bits")[0] for how in ways}
    if len(depths) < 2:
        return [note]
    hint = "say one for all: data.view: {window: [centre, width]}, or window: none"
    message = f"pictures are shown in {len(ways)} ways, some with 8 and some with 16 bits"
    return [note, Finding("image/window", message, name, told[:EXAMPLES], hint, "warning", count)]


def _patients(found: _Found, name: str) -> list[Finding]:
    unknown = [file for file, header in zip(found.files, found.headers, strict=True) if not header.patient]
    if not unknown:
        return []
    message = counted(len(unknown), "picture names", "pictures name") + " no patient"
    hint = "their study stands in for the patient; where that is wrong, group by a column of data.items"
    return [Finding("dataset/no-patient", message, name, tuple(map(excerpt, unknown[:EXAMPLES])), hint, "warning",
                    len(unknown))]  # fmt: skip
