"""Darwin Core archives (GBIF downloads, IPT): occurrences, or the images of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding
from compete.readers.archive_files import PACKED, open_archive
from compete.readers.formats.dwca_file import FILE, OCCURRENCE, RECORDER, Joined, credits_of, read_archive, table_of
from compete.readers.formats.dwca_sheets import META, layouts
from compete.readers.proposals import FEW, MOST_TOLD, Proposal
from compete.readers.recognition import Glance, read_head
from compete.readers.tables import tabled_dataset
from compete.readers.telling import told_area
from compete.sources import is_remote

LABELS = ("species", "scientificName", "acceptedScientificName", "genus", "family")
GROUPS = ("organismID", "individualID", "eventID", "locationID", "locality", RECORDER)
"""What belongs together, the closest first."""
SUBGROUPS = ("lifeStage", "sex", "basisOfRecord", "countryCode", "continent", "stateProvince")


def read(challenge: Challenge) -> Dataset:
    """Read the archive that a challenge names.

    With ``data.file`` an item is an image, whose file lies beside the archive's tables under the name at the end of its
    address, or under the id of its occurrence and its number: ``2803151307_1.jpg``. Without, an item is an occurrence.
    Participants see no column that ``data.features`` does not name. Names of people are read into no column;
    ``recorder`` tells whose records belong together. Who holds the rights to an image stands in the bundle's
    ``credits.csv``, where its licence asks for it (CC BY and its kin).

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    joined = read_archive(challenge.locate(challenge.data.path), challenge.where("data.path"))
    of_media = bool(challenge.data.file)
    dataset = tabled_dataset(challenge, table_of(joined, of_media=of_media), joined.root)
    return _credited(dataset, joined, challenge.data.file or "") if of_media else dataset


def _credited(dataset: Dataset, joined: Joined, file: str) -> Dataset:
    """The dataset with who holds the rights to its images, and which lack a name that their licence asks for."""
    known = {str(joined.root / name): credit for name, credit in credits_of(joined).items()}
    pairs = zip(dataset.items.index.tolist(), dataset.items[file].tolist(), strict=True)
    found = {str(item): known[path] for item, path in pairs if path in known}
    nameless = [item for item, (holder, _) in found.items() if not holder]
    findings = list(dataset.findings)
    if nameless:
        message = counted(len(nameless), "image names", "images name") + " nobody whose rights its licence asks to tell"
        hint = "add the term rightsHolder or creator to the table of media, or leave them out"
        told = tuple(map(excerpt, nameless[:EXAMPLES]))
        findings.append(Finding("dataset/licence", message, joined.name, told, hint, "warning", len(nameless)))
    return replace(dataset, findings=tuple(findings), credits=found)


def sketch(path: Path) -> dict[str, Any]:
    """Look at an archive and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    joined = read_archive(path)
    of_media = _has_images(joined)
    columns = table_of(joined, of_media=of_media).columns
    count = len(columns[OCCURRENCE])
    reason = f"{len(joined.lines)} occurrences, {len(joined.media)} media, {count if of_media else 0} of them here"
    label = next((name for name in LABELS if len(set(filter(None, columns.get(name, ())))) > 1), "")
    classes = len(set(columns[label])) if label else 0
    away = 0 if of_media else len(joined.media)
    hint = (
        f"; {away} media are addresses: fetch them to have images as items (see: compete explain dataset/remote-media)"
    )
    return {
        "reader": Proposal("dwca", reason),
        "task": Proposal("classification", f"{label or 'the label'} has {classes} values{hint if away else ''}"),
        "id": None,
        "file": Proposal(FILE, "the images that are here") if of_media else None,
        "images": None,
        "label": Proposal(label, f"{classes} taxa") if label else None,
        "group": _group(columns, OCCURRENCE if of_media else ""),
        "subgroups": _subgroups(columns, columns.get(label, ())),
    }


def recognise(glance: Glance) -> str:
    """Why a path is a Darwin Core archive; empty if it is none."""
    if glance.is_folder:
        near = [name for name in glance.names if name.rpartition("/")[2].lower() == META and name.count("/") <= 1]
        head = read_head(glance.path / near[0]) if near else b""
        return f"{META} of a Darwin Core archive" if b"rs.tdwg.org/dwc/text" in head else ""
    if is_remote(glance.path) or not glance.path.name.lower().endswith(PACKED):
        return ""
    return _packed(glance.path)


def _packed(path: Path) -> str:
    try:
        archive = open_archive(path)
        known = layouts(archive)
    except DatasetError:
        return ""
    if any(name.lower().endswith(META) for name in archive.names):
        return f"an archive with {META} of Darwin Core"
    told = {term.lower() for term in known[0].terms.values()} & {"scientificname", "occurrenceid", "basisofrecord"}
    return "an archive with one table whose columns are terms of Darwin Core" if told else ""


def _has_images(joined: Joined) -> bool:
    try:
        return bool(table_of(joined, of_media=True).lines)
    except DatasetError:
        return False


def _subgroups(columns: Mapping[str, Sequence[str]], label: Sequence[str]) -> list[Proposal]:
    """Columns of few values, without those that nearly say the label."""
    few = [name for name in SUBGROUPS if 1 < len(set(filter(None, columns.get(name, ())))) <= FEW]
    told = [name for name in few if label and told_area(columns[name], label) > MOST_TOLD]
    return [Proposal(name, f"{len(set(columns[name]))} values") for name in few if name not in told]


def _group(columns: Mapping[str, Sequence[str]], otherwise: str) -> list[Proposal]:
    """The column that keeps together what must not be cut apart: it has to be known for every item."""
    for name in GROUPS:
        cells = columns.get(name, ())
        if cells and all(cells) and FEW < len(set(cells)) < len(cells):
            return [Proposal(name, f"{len(set(cells))} values in {len(cells)} rows: each belongs together")]
    several = otherwise and len(set(columns[otherwise])) < len(columns[otherwise])
    return [Proposal(otherwise, "several images of one occurrence")] if several else []
