"""The challenge: frozen dataclasses read from ``challenge.yaml``, every fault told at once with its place."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compete.challenge.checks import contradictions
from compete.challenge.faults import Draft, default_of, schema_findings, schema_text, with_defaults
from compete.challenge.fingerprint_checks import fingerprint_of
from compete.challenge.records import Author, Combination, Data, Normalize, Scoring, Split, Subgroup, Submission
from compete.challenge.rules import CHALLENGE_RULES
from compete.challenge.yaml12 import MOST_BYTES, Document, Key, read_yaml
from compete.errors import ChallengeError, Finding, fatal
from compete.files import system_fault
from compete.formats import TABLES
from compete.sources import place_of
from compete.terms import IMAGE_TASKS

__all__ = [
    "CHALLENGE_RULES", "Author", "Challenge", "Combination", "Data", "Scoring", "Split", "Subgroup", "Submission",
    "default_of", "load_challenge", "schema_text",
]  # fmt: skip

FILE_NAME = "challenge.yaml"
COLUMN_LISTS = ("id", "label", "classes", "group", "features", "drop", "personal", "things", "beside")
SINGLE = ("images", "file", "positive", "masks", "items", "mask", "catalogue", "gain")


@dataclass(frozen=True)
class Challenge:
    """Everything that ``challenge.yaml`` says, with its defaults.

    Attributes:
        path: the file that was read.
        sha256: of its bytes, in hex.
        findings: warnings; faults were raised.
        document: where each value stands; not part of equality.
        fingerprint: what the organizer says of the problem, as pairs of key and value; see ``compete.recommending``.
    """

    name: str
    title: str
    version: str
    description: str
    license: str
    authors: tuple[Author, ...]
    task: str
    data: Data
    split: Split
    score: Scoring
    submission: Submission
    pages: tuple[tuple[str, str], ...]
    path: Path = field(compare=False)
    sha256: str
    findings: tuple[Finding, ...] = field(compare=False, repr=False)
    document: Document = field(compare=False, repr=False)
    fingerprint: tuple[tuple[str, Any], ...] = ()

    @property
    def folder(self) -> Path:
        """The folder of ``challenge.yaml``, to which its paths are relative."""
        return self.path.parent

    def locate(self, path: str) -> Path:
        """The place of a path or address that the challenge names, as ``compete.sources`` takes it."""
        return place_of(self.folder, path)

    def where(self, *keys: Key) -> str:
        """``challenge.yaml:line:column`` of a key; of the nearest block around it where it was not written.

        Args:
            keys: one dotted text, ``where("data.group.0")``, or the keys one by one, list items by number from 0.
        """
        if len(keys) == 1 and isinstance(keys[0], str):
            keys = tuple(int(key) if key.isdigit() else key for key in keys[0].split("."))
        return self.document.where(*keys)


def load_challenge(path: Path | str) -> Challenge:
    """Read a challenge.

    Args:
        path: the folder that holds ``challenge.yaml``, or the file.

    Returns:
        The challenge, with the defaults of the schema for all that it does not say; warnings in ``findings``.

    Raises:
        ChallengeError: with one finding for every fault, in the order of the file.
        SystemFault: if the disk or a permission forbids reading.
    """
    file = Path(path)
    file = file / FILE_NAME if file.is_dir() else file
    raw = _read_bytes(file)
    document = read_yaml(raw, file.name)
    findings, content, faulty = list(document.findings), {}, []
    plain = document.root.plain() if document.root else None
    if isinstance(plain, dict):
        schema = json.loads(schema_text())
        told = schema_findings(document, plain, schema)
        findings += [finding for _, finding in told]
        faulty = [keys for keys, _ in told]
        content = with_defaults(_without(plain, faulty), schema)
    elif document.root:
        findings.append(Finding("challenge/not-a-mapping", "the file must hold `key: value` lines", document.where()))
    draft = Draft(document, content, file.parent, faulty)
    if content:
        findings += contradictions(draft)
    findings = sorted(dict.fromkeys(findings), key=_line_and_column)
    if fatal(findings):
        raise ChallengeError(f"challenge refused: {file}", findings)
    return _build(draft, file.resolve(), hashlib.sha256(raw).hexdigest(), tuple(findings))


def _read_bytes(file: Path) -> bytes:
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            finding = Finding("challenge/missing-file", "this is not a regular file", str(file))
            raise ChallengeError(f"challenge refused: {file}", [finding])
        with file.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        hint = f"name the folder that holds {FILE_NAME}; compete init writes a first one"
        finding = Finding("challenge/missing-file", "there is no such file", str(file), hint=hint)
        raise ChallengeError(f"no challenge at {file}", [finding]) from None
    except OSError as error:
        raise system_fault(error) from error


def _line_and_column(finding: Finding) -> tuple[int, ...]:
    return tuple(int(part) for part in finding.where.split(":")[1:] if part.isdigit())


def _without(content: dict[str, Any], faulty: list[tuple[Key, ...]]) -> dict[str, Any]:
    """The content without the values at fault, so that the other checks still have something to look at.

    A fault inside a list takes the whole list, because its numbers would no longer fit the file.
    """
    sound: dict[str, Any] = json.loads(json.dumps(content))
    for keys in faulty:
        first_number = next((place for place, key in enumerate(keys) if isinstance(key, int)), len(keys))
        value: Any = sound
        *around, last = keys[:first_number] or (None,)
        for key in around:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, dict):
            value.pop(last, None)
    return sound


def _build(draft: Draft, file: Path, sha256: str, findings: tuple[Finding, ...]) -> Challenge:
    return Challenge(
        name=draft.text("name"),
        title=draft.text("title"),
        version=draft.text("version"),
        description=draft.text("description").strip(),
        license=draft.text("license"),
        authors=tuple(_author(draft, number) for number in range(len(draft.get("authors")))),
        task=draft.text("task"),
        data=_data(draft),
        split=_split(draft),
        score=_scoring(draft),
        submission=_submission(draft),
        pages=tuple((page, draft.text("pages", page)) for page in draft.get("pages")),
        path=file,
        sha256=sha256,
        findings=findings,
        document=draft.document,
        fingerprint=fingerprint_of(draft),
    )


def _author(draft: Draft, number: int) -> Author:
    if not isinstance(draft.get("authors", number), dict):
        return Author(draft.text("authors", number), None, None, None)
    name, orcid, affiliation, email = (
        draft.text("authors", number, key) or None for key in ("name", "orcid", "affiliation", "email")
    )
    return Author(name or "", orcid and orcid.removeprefix("https://orcid.org/"), affiliation, email)


def _data(draft: Draft) -> Data:
    columns = {key: draft.texts("data", key) for key in COLUMN_LISTS}
    single = {key: draft.text("data", key) or None for key in SINGLE}
    named = draft.get("data", "reader") not in TABLES
    values, listed = draft.get("data", "values") or {}, isinstance(draft.get("data", "taxonomy"), list)
    return Data(
        reader=draft.text("data", "reader"),
        path=draft.text("data", "path"),
        images=single["images"],
        id=columns["id"],
        file=single["file"] or ("file" if named else None),
        label=columns["label"] or (() if draft.get("task") in IMAGE_TASKS else ("label",)),
        positive=single["positive"],
        classes=columns["classes"],
        group=columns["group"],
        subgroups=tuple(_subgroup(draft, number) for number in range(len(draft.get("data", "subgroups")))),
        features=columns["features"],
        drop=columns["drop"],
        personal=columns["personal"],
        ids=draft.text("data", "ids"),
        masks=single["masks"],
        items=single["items"],
        mask=single["mask"],
        values=tuple((name, int(value)) for name, value in values.items()),
        ignore=draft.get("data", "ignore"),
        things=columns["things"],
        sigmas=tuple(float(sigma) for sigma in draft.get("data", "sigmas") or ()),
        tree=None if listed else draft.text("data", "taxonomy") or None,
        ranks=draft.texts("data", "taxonomy") if listed else (),
        duplicates=draft.text("data", "duplicates"),
        normalize=_normalize(draft.get("data", "normalize")),
        catalogue=single["catalogue"],
        separator=draft.text("data", "separator"),
        empty=bool(draft.get("data", "empty")),
        gain=single["gain"],
        beside=columns["beside"],
        form=draft.text("data", "form"),
        view=_view(draft.get("data", "view") or {}),
    )


def _subgroup(draft: Draft, number: int) -> Subgroup:
    keys: tuple[Key, ...] = ("data", "subgroups", number)
    name = draft.subgroup_names()[number]
    if not isinstance(draft.get(*keys), dict):
        return Subgroup(name, name, (), None)
    bins = tuple(float(edge) for edge in draft.get(*keys, "bins") or ())
    return Subgroup(name, draft.text(*keys, "column") or name, bins, draft.text(*keys, "part") or None)


def _view(said: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """What is taken of stacks, as text; a window as ``centre:width``."""
    return tuple(
        (axis, ":".join(map(str, what)) if isinstance(what, list) else str(what)) for axis, what in said.items()
    )


def _normalize(said: dict[str, Any] | None) -> Normalize | None:
    if not said:
        return None
    wide, high = said.get("size") or (0, 0)
    return Normalize((wide, high) if wide else None, said.get("longest"), said["encoder"], said["quality"])


def _split(draft: Draft) -> Split:
    stratify = draft.get("split", "stratify")
    parts = draft.get("split", "values") or {}
    return Split(
        test=float(draft.get("split", "test")),
        public=float(draft.get("split", "public")),
        stratify=stratify if isinstance(stratify, bool) else draft.texts("split", "stratify"),
        time=draft.text("split", "time") or None,
        column=draft.text("split", "column") or None,
        values=tuple((part, draft.texts("split", "values", part)) for part in parts),
        seed=draft.text("split", "seed"),
    )


def _scoring(draft: Draft) -> Scoring:
    combine = tuple(
        Combination(*(draft.text("score", "combine", number, key) for key in ("name", "metric", "over", "by")))
        for number in range(len(draft.get("score", "combine")))
    )
    also: tuple[tuple[Key, ...], ...] = tuple(("score", "also", row) for row in range(len(draft.get("score", "also"))))
    told = [draft.metric(*keys) for keys in (("score", "metric"), *also)]
    return Scoring(
        metric=told[0][0],
        also=tuple(name for name, _ in told[1:]),
        combine=combine,
        greater_is_better=draft.get("score", "greater_is_better"),
        draws=int(draft.get("score", "draws")),
        smallest_subgroup=int(draft.get("score", "smallest_subgroup")),
        named=tuple(dict.fromkeys((name, text) for name, text in told if name != text)),
    )


def _submission(draft: Draft) -> Submission:
    limits = draft.get("submission", "range")
    return Submission(
        kind=draft.text("submission", "kind") or None,
        columns=draft.texts("submission", "columns"),
        range=(float(limits[0]), float(limits[1])) if limits else None,
        form=draft.text("submission", "form") or None,
        coordinates=draft.text("submission", "coordinates"),
        most_objects=int(draft.get("submission", "most_objects")),
        at=tuple(float(place) for place in draft.get("submission", "at") or ()),
    )
