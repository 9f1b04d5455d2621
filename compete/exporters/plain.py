"""Plain: two zips for whoever runs a competition by hand, and the command that scores."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from compete.bundle import MANIFEST, verify_bundle
from compete.errors import BundleError, Finding
from compete.exporters import Competition, Handover
from compete.exporters.archive import Content, members_of, write_zip
from compete.exporters.opened import escaping, open_upload
from compete.exporters.program import program_files
from compete.files import write_file

PUBLIC, PRIVATE, GUIDE = "public.zip", "private.zip", "README.md"
DOOR = "program/compete/scoring/program.py"
COMMAND = "cd program && python3 -m compete.scoring.program ../bundle ../SUBMISSION"


def inexpressible(competition: Competition) -> list[Finding]:
    """Nothing: two zips hold any challenge."""
    return []


def export(competition: Competition, folder: Path) -> Handover:
    """Write ``public.zip`` for participants and ``private.zip``, which scores by itself."""
    bundle = competition.bundle
    members: dict[str, Content] = {
        "README.md": _guide(competition).encode(),
        f"bundle/{MANIFEST}": bundle.root / MANIFEST,
        **members_of(competition.private, "bundle/private/"),
        **{f"bundle/public/{name}": bundle.public / name for name in _needed(competition)},
        **{f"program/{name}": content for name, content in program_files().items()},
    }
    write_zip(folder / PUBLIC, members_of(bundle.public, "public/"))
    write_zip(folder / PRIVATE, members)
    write_file(folder / GUIDE, _guide(competition).encode())
    steps = (f"give participants {PUBLIC}", f"unzip {PRIVATE} where you score", COMMAND)
    return Handover(PUBLIC, steps)


def check(path: Path) -> list[Finding]:
    """Say what is wrong with the two zips of a folder, or with one of them that is given alone."""
    places = [path / PUBLIC, path / PRIVATE] if path.is_dir() else [path]
    absent = [place for place in places if not place.is_file()]
    if absent:
        hint = "give the folder that compete export wrote"
        return [Finding("plain/missing-file", "it is not there", str(place), hint=hint) for place in absent]
    broken = [place for place in places if open_upload(place) is None]
    if broken:
        return [Finding("plain/not-a-zip", "it is no zip that can be unpacked", str(place)) for place in broken]
    findings = [finding for place in places for finding in _names(place)]
    return findings or (_as_built(path) if path.is_dir() else [])


def _names(place: Path) -> list[Finding]:
    """Names that would be written elsewhere, links, and private files in the part for participants."""
    with zipfile.ZipFile(place) as archive:
        listed = archive.infolist()
    odd = tuple(one.filename for one in listed if escaping(one.filename) or (one.external_attr >> 28) == 0o12)
    findings = [Finding("plain/unsafe-path", "members are links or leave the folder", place.name, odd)] if odd else []
    strays = tuple(one.filename for one in listed if place.name == PUBLIC and not one.filename.startswith("public/"))
    if strays:
        message = "the archive for participants holds more than public/"
        findings.append(Finding("plain/private-data", message, place.name, strays, count=len(strays)))
    if place.name == PRIVATE and DOOR not in {one.filename for one in listed}:
        findings.append(Finding("plain/missing-file", f"there is no {DOOR}", place.name, hint="export again"))
    return findings


def _as_built(folder: Path) -> list[Finding]:
    """Whether both archives together are the bundle that was built."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        for name, place in ((PRIVATE, root), (PUBLIC, root / "bundle")):
            with zipfile.ZipFile(folder / name) as archive:
                archive.extractall(place)
        try:
            return verify_bundle(root / "bundle")
        except BundleError as error:
            return list(error.findings)


def _needed(competition: Competition) -> list[str]:
    """The public files that scoring reads."""
    return [name for name in ("challenge.json", "metric.py") if (competition.bundle.public / name).is_file()]


def _guide(competition: Competition) -> str:
    terms = competition.bundle.terms
    needs = "Python 3.9 or later with numpy 1.26 or later"
    needs += ", and pandas for the challenge's own metric" if ".py:" in terms.metric else " and nothing else"
    return (
        f"# {terms.title}\n\n"
        f"- `{PUBLIC}`: for participants: everything in it is public, and its README.md says what to send\n"
        f"- `{PRIVATE}`: for you alone: the hidden labels, and the program that scores\n\n"
        f"Scoring needs {needs}. Unzip `{PRIVATE}`, put a submission beside it and run\n\n"
        f"```\n{COMMAND}\n```\n\n"
        "It prints the scores as JSON, with the private part; `--public` leaves that out. A submission that is "
        "refused ends with exit code 3 and the reasons, and may use 8 GB of memory and half an hour unless "
        "`--limit-memory` and `--limit-time` say otherwise. With compete installed, `compete score bundle SUBMISSION` "
        "gives the same numbers.\n\n"
        f"`unzip {PUBLIC} -d bundle` beside that makes the whole bundle again: `compete verify bundle`.\n"
    )
