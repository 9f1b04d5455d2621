"""What grand-challenge would refuse or mistreat (grand-challenge.org 9957bfc): containers, ground truths, phases."""

from __future__ import annotations

import json
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from compete.bundle import SOLUTION, TRUTH
from compete.errors import Finding

CONTAINER, PHASES, GROUND_TRUTH = "evaluation", "phases.json", "ground_truth_{part}.tar.gz"
METRICS, DOCKERFILE, ENDING = "metrics.json", "Dockerfile", ".tar.gz"
ROOT = re.compile(r"|root|0|0:.*|root:.*", re.IGNORECASE)
PLATFORM = "amd64"
LONGEST = {"title": 64, "score_title": 64, "score_jsonpath": 255, "score_error_jsonpath": 255}
COLUMN = {"title": str, "path": str, "order": str, "error_path": str, "exclude_from_ranking": bool}
NEEDED = ("title", "path", "order")
DIGEST = 64

Record = Mapping[str, Any]
Found = Iterator[Finding]


def check_path(path: Path) -> list[Finding]:
    """What is wrong with what a host would give to grand-challenge.

    Args:
        path: a folder with any of ``evaluation/``, ``phases.json``, ``metrics.json`` and archives; the folder of a
            container; a saved image; a ground truth; or a file of phases' settings.
    """
    if path.is_file():
        return list(_phases(path, None) if path.suffix == ".json" else _archive(path))
    findings: list[Finding] = []
    for folder in (path, path / CONTAINER):
        if (folder / DOCKERFILE).is_file():
            findings += _dockerfile(folder / DOCKERFILE)
    for archive in sorted([*path.glob("*.tar*"), *path.glob(f"{CONTAINER}/*.tar*")]):
        findings += _archive(archive)
    if (path / PHASES).is_file():
        findings += _phases(path / PHASES, _json(path / METRICS))
    known = [DOCKERFILE, f"{CONTAINER}/{DOCKERFILE}", PHASES]
    if not findings and not any((path / name).is_file() for name in known) and not list(path.glob("*.tar*")):
        hint = f"it holds {CONTAINER}/{DOCKERFILE}, {PHASES} or archives"
        findings.append(Finding("grand-challenge/nothing", "nothing of grand-challenge is here", str(path), hint=hint))
    return findings + list(_leaking(path))


def _dockerfile(path: Path) -> Found:
    """Whether a container would run as root, or be built for another processor."""
    lines = [line.split() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    users = [words[1] for words in lines if len(words) > 1 and words[0].upper() == "USER"]
    if not users or ROOT.fullmatch(users[-1]):
        hint = "make a user and write USER user after the last step that needs root"
        yield Finding(
            "grand-challenge/root", "the container would run as root", f"{path.parent.name}/{path.name}", hint=hint
        )
    origins = [words for words in lines if words and words[0].upper() == "FROM"]
    scripts = "".join(one.read_text(encoding="utf-8", errors="replace") for one in path.parent.glob("*.sh"))
    if origins and not any(PLATFORM in word for word in origins[-1]) and PLATFORM not in scripts:
        hint = "write FROM --platform=linux/amd64 …"
        message = "built on another processor, such as Apple's, the image would be refused"
        yield Finding("grand-challenge/processor", message, path.name, hint=hint, severity="warning")


def _archive(path: Path) -> Found:
    """A saved image, or a ground truth: what it is its content says."""
    try:
        with tarfile.open(path) as archive:
            members = archive.getmembers()
            names = {one.name for one in members}
            if {"manifest.json", "oci-layout", "repositories"} & names:
                yield from _image(archive, names, path)
                return
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        message = f"it cannot be unpacked ({type(error).__name__})"
        yield Finding("grand-challenge/archive", message, path.name)
        return
    if not path.name.endswith(ENDING):
        yield Finding("grand-challenge/archive", f"a ground truth is called *{ENDING}", path.name)
    odd = tuple(one.name for one in members if not (one.isfile() or one.isdir()) or _escapes(one.name))
    if odd:
        yield Finding("grand-challenge/archive", "members are links, or would be written elsewhere", path.name, odd)


def _escapes(name: str) -> bool:
    return name.startswith("/") or ".." in name.split("/")


def _image(archive: tarfile.TarFile, names: set[str], path: Path) -> Found:
    """An image that docker saved: one, not for root, and for the platform's processors."""
    manifest = _member(archive, "manifest.json") if "manifest.json" in names else None
    if not isinstance(manifest, list) or not all(isinstance(one, dict) for one in manifest):
        yield Finding("grand-challenge/image", "there is no manifest.json; make the file with docker save", path.name)
        return
    if len(manifest) != 1:
        yield Finding("grand-challenge/image", f"it holds {len(manifest)} images, and one is asked for", path.name)
        return
    place = str(manifest[0].get("Config", ""))
    config = _member(archive, place) if place in names else None
    if not isinstance(config, dict):
        yield Finding("grand-challenge/image", "the image's own settings are missing", path.name)
        return
    digest = place.partition(".")[0] if place.endswith(".json") else place.rpartition("/")[2]
    if len(digest.removeprefix("sha256:")) != DIGEST:
        yield Finding("grand-challenge/image", "the image has no valid sha256", path.name)
    inner = config.get("config") or {}
    if ROOT.fullmatch(str(inner.get("User") or "")):
        hint = "write USER user into the Dockerfile and build again"
        yield Finding("grand-challenge/root", "the container runs as root", path.name, hint=hint)
    if config.get("architecture") != PLATFORM:
        message = f"it is built for {config.get('architecture')!r}, and grand-challenge runs {PLATFORM}"
        hint = "docker build --platform=linux/amd64"
        yield Finding("grand-challenge/processor", message, path.name, hint=hint)


def _member(archive: tarfile.TarFile, name: str) -> Any:
    file = archive.extractfile(name)
    try:
        return json.loads(file.read()) if file else None
    except (ValueError, RecursionError):
        return None


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _phases(path: Path, metrics: Any) -> Found:
    """The settings of phases, one by one."""
    content = _json(path)
    phases = content.get("phases") if isinstance(content, dict) else None
    if not isinstance(phases, list) or not all(isinstance(one, dict) for one in phases):
        yield Finding("grand-challenge/settings", "it holds no list of phases", path.name)
        return
    for number, phase in enumerate(phases):
        where = f"{path.name}: phases.{number}"
        yield from _settings(phase, where)
        columns = phase.get("extra_results_columns") or []
        if not isinstance(columns, list) or not all(isinstance(one, dict) for one in columns):
            yield Finding("grand-challenge/settings", "extra_results_columns is no list of mappings", where)
            continue
        yield from _columns(columns, where)
        yield from _paths(phase, columns, metrics, where)


def _settings(phase: Record, where: str) -> Found:
    for key, longest in LONGEST.items():
        value = phase.get(key, "")
        if not isinstance(value, str) or len(value) > longest:
            message = f"{key} is no text of at most {longest} characters"
            yield Finding("grand-challenge/settings", message, where)
    if not phase.get("score_jsonpath"):
        message = "there is no score_jsonpath, so nobody is ranked"
        yield Finding("grand-challenge/unranked", message, where, severity="warning")
    if phase.get("score_default_sort", "desc") not in ("asc", "desc"):
        yield Finding("grand-challenge/settings", "score_default_sort is neither asc nor desc", where)
    opens, closes = (_moment(phase.get(f"submissions_{name}_at")) for name in ("open", "close"))
    if opens and closes and closes < opens:
        yield Finding("grand-challenge/settings", "it closes before it opens", where)
    limit = phase.get("submissions_limit_per_user_per_period", 0)
    if not isinstance(limit, int) or limit < 0:
        message = "submissions_limit_per_user_per_period is no number"
        yield Finding("grand-challenge/settings", message, where)
    elif limit == 0:
        message = "submissions_limit_per_user_per_period is 0, which closes the phase"
        yield Finding("grand-challenge/closed", message, where, severity="warning")
    if phase.get("display_all_metrics", True):
        message = "everybody may read the whole of metrics.json, with what no column shows"
        hint = "set display_all_metrics to false, and write nothing into it that must stay hidden"
        yield Finding("grand-challenge/all-metrics", message, where, hint=hint, severity="warning")


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and not moment.tzinfo else moment


def _columns(columns: list[Record], where: str) -> Found:
    """What the platform's schema asks of further columns."""
    for number, column in enumerate(columns):
        place = f"{where}.extra_results_columns.{number}"
        absent = [key for key in NEEDED if key not in column]
        strange = [key for key in column if key not in COLUMN]
        wrong = [key for key, kind in COLUMN.items() if key in column and not isinstance(column[key], kind)]
        faults = {"there is no": absent, "there is an unknown key": strange, "these are of another kind:": wrong}
        for what, keys in faults.items():
            if keys:
                yield Finding("grand-challenge/settings", f"{what} {', '.join(map(str, keys))}", place)
        if column.get("order", "asc") not in ("asc", "desc"):
            yield Finding("grand-challenge/settings", "order is neither asc nor desc", place)
        if not column.get("exclude_from_ranking", False):
            message = "the column takes part in the ranking: where it has no number, the submission has no rank"
            hint = "set exclude_from_ranking to true, unless it is meant so"
            yield Finding("grand-challenge/ranked-column", message, place, hint=hint, severity="warning")


def _paths(phase: Record, columns: list[Record], metrics: Any, where: str) -> Found:
    """Whether the paths lead to numbers in an example of ``metrics.json``."""
    if not isinstance(metrics, dict):
        return
    asked = [str(phase.get("score_jsonpath", "")), *(str(one.get("path", "")) for one in columns)]
    lost = tuple(path for path in asked if path and not isinstance(_at(metrics, path), int | float))
    if lost:
        hint = "a path is cut at its dots, so no key of metrics.json may hold one"
        message = f"{METRICS} has no number there, so the submission has no rank"
        yield Finding("grand-challenge/path", message, where, lost, hint)


def _at(content: Any, path: str) -> Any:
    for key in path.split("."):
        if not isinstance(content, dict) or key not in content:
            return None
        content = content[key]
    return content


def _leaking(path: Path) -> Found:
    """Whether the ground truth of the development phase knows the private labels."""
    told = {}
    for part in ("public", "private"):
        try:
            with tarfile.open(path / GROUND_TRUTH.format(part=part)) as archive:
                packed = f"bundle/private/{TRUTH}"
                # Where items are images, the table lists them and the packed truth holds the labels.
                labels = packed if packed in archive.getnames() else f"bundle/private/{SOLUTION}"
                file = archive.extractfile(labels)
                told[part] = file.read() if file else b""
        except (OSError, tarfile.TarError, KeyError, EOFError, zlib.error):
            return
    if told["public"] and told["public"] == told["private"]:
        message = "it holds the private labels, and scores told of this phase could be of them"
        yield Finding("grand-challenge/private-data", message, GROUND_TRUTH.format(part="public"), hint="export again")
