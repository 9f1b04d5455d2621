"""What EvalAI takes without a word and then mistreats."""

from __future__ import annotations

import ast
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from compete.cells import ZIP_DAMAGE
from compete.errors import Finding
from compete.exporters.evalai_fields import KEYS, PRIZE, field_faults
from compete.exporters.opened import Opened, escaping

OLD_WORKERS = ("3.7", "3.8")
REQUIREMENT = re.compile(r"^\s*numpy\s*(?:==|>=|~=)\s*2", re.IGNORECASE | re.MULTILINE)

Record = Mapping[str, Any]


def trap_findings(config: Record, upload: Opened, name: str) -> list[Finding]:
    """Warnings about a configuration that EvalAI's importer takes.

    Args:
        config: as read; its lists are lists of mappings.
        upload: the files.
        name: of the configuration's file.
    """
    found = [
        *_annotations(config, upload),
        *_script(config, upload),
        *_orders(config),
        *_unused(config),
        *_tags(config),
        *_prizes(config),
        *_misspelt(config),
    ]
    return [
        Finding(one.rule, one.message, f"{name}: {one.where}", one.items, one.hint, severity="warning")
        for one in found
    ]  # fmt: skip


def _annotations(config: Record, upload: Opened) -> Iterator[Finding]:
    """A phase without annotations is imported, and then every submission to the challenge fails."""
    if config.get("remote_evaluation") or config.get("is_docker_based"):
        return
    for number, phase in enumerate(config.get("challenge_phases") or ()):
        if not phase.get("test_annotation_file"):
            message = "there is no test_annotation_file: the import succeeds, and EvalAI's worker breaks when it starts"
            hint = "give a file, if only an empty one"
            yield Finding("evalai/no-annotation", message, f"challenge_phases.{number}", hint=hint)
        elif config.get("worker_python_version") in OLD_WORKERS and number == 0:
            message = f"the worker runs Python {config['worker_python_version']}; leave the key out for 3.9"
            yield Finding("evalai/old-worker", message, "worker_python_version")


def _script(config: Record, upload: Opened) -> Iterator[Finding]:
    """A script that cannot be loaded is imported all the same, and then every submission fails."""
    name = config.get("evaluation_script")
    if not isinstance(name, str) or name not in upload or escaping(name) or config.get("remote_evaluation"):
        return
    fault, hint = _script_fault(upload.read(name))
    if fault:
        message = f"{fault}: the import succeeds, and then every submission fails"
        yield Finding("evalai/script", message, f"evaluation_script {name}", hint=hint)


def _script_fault(raw: bytes) -> tuple[str, str]:
    """What keeps a script from being loaded, and the cure; two empty texts where nothing does."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = archive.namelist()
            sources = {one: archive.read(one).decode("utf-8") for one in names if one.endswith(".py")}
            asked = archive.read("requirements.txt").decode("utf-8") if "requirements.txt" in names else ""
    except ZIP_DAMAGE:
        return "it is no zip that can be unpacked", "zip the files of the script themselves"
    if REQUIREMENT.search(asked):
        return "its requirements ask for numpy 2, and EvalAI's worker holds 1.26.4 and lets nobody change it", "numpy<2"
    return _source_fault(sources)


def _source_fault(sources: Mapping[str, str]) -> tuple[str, str]:
    if "__init__.py" not in sources:
        return (
            "it has no __init__.py at the top",
            "zip the files themselves; __init__.py says: from .main import evaluate",
        )
    for one, source in sources.items():
        try:
            ast.parse(source)
        except (SyntaxError, ValueError) as error:
            return f"{one} cannot be read as Python ({error})", "mend it"
    if not _offers_evaluate(sources["__init__.py"]):
        return "its __init__.py does not offer evaluate", "write: from .main import evaluate"
    if "main.py" in sources and _imports_main(sources["__init__.py"]) and not _offers_evaluate(sources["main.py"]):
        return "its main.py has no function evaluate", "EvalAI calls evaluate(annotation, submission, phase, **kwargs)"
    return "", ""


def _offers_evaluate(source: str) -> bool:
    """Whether a module defines or imports a name ``evaluate``, or everything of another."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == "evaluate":
            return True
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = {alias.asname or alias.name for alias in node.names}
            if names & {"evaluate", "*"}:
                return True
        if isinstance(node, ast.Name) and node.id == "evaluate" and isinstance(node.ctx, ast.Store):
            return True
    return False


def _imports_main(source: str) -> bool:
    return any(isinstance(node, ast.ImportFrom) and node.module == "main" for node in ast.walk(ast.parse(source)))


def _orders(config: Record) -> Iterator[Finding]:
    """A label with metadata but without a direction is sorted upwards, whatever the phase split says."""
    boards = {repr(board.get("id")): board.get("schema") for board in config.get("leaderboard") or ()}
    for number, split in enumerate(config.get("challenge_phase_splits") or ()):
        schema = boards.get(repr(split.get("leaderboard_id")))
        metadata = schema.get("metadata") if isinstance(schema, dict) else None
        label = schema.get("default_order_by") if isinstance(schema, dict) else None
        about = metadata.get(label) if isinstance(metadata, dict) and isinstance(label, str) else None
        if not isinstance(about, dict):
            continue
        descending = about.get("sort_ascending") is False
        if descending != bool(split.get("is_leaderboard_order_descending")):
            order = "the highest first" if descending else "the lowest first"
            message = f"the leaderboard puts {order}: what metadata say of its label overrules the phase split"
            hint = "write sort_ascending: false where higher is better, true where lower is"
            yield Finding("evalai/order", message, f"challenge_phase_splits.{number}", hint=hint)


def _unused(config: Record) -> Iterator[Finding]:
    """Phases and splits that nothing refers to."""
    splits = config.get("challenge_phase_splits") or ()
    for name, key in (("challenge_phases", "challenge_phase_id"), ("dataset_splits", "dataset_split_id")):
        used = {repr(split.get(key)) for split in splits}
        idle = tuple(str(one.get("codename")) for one in config.get(name) or () if repr(one.get("id")) not in used)
        if idle:
            message = "no challenge_phase_splits entry names them, so a score for them fails the submission"
            yield Finding("evalai/unused", message, name, idle)


def _tags(config: Record) -> Iterator[Finding]:
    if isinstance(config.get("tags"), str) and config["tags"]:
        yield Finding(
            "evalai/ignored", "tags is a text, of which every letter becomes a tag", "tags", hint="use a list"
        )


def _prizes(config: Record) -> Iterator[Finding]:
    for number, prize in enumerate(config.get("prizes") or ()):
        for key, fault in field_faults(prize, PRIZE):
            message = f"{key} {fault}: EvalAI leaves the prize out and does not say so"
            yield Finding("evalai/ignored", message, f"prizes.{number}")


def _misspelt(config: Record) -> Iterator[Finding]:
    """Keys that EvalAI passes over, where another one was most likely meant."""
    records = [("", "challenge", config)]
    records += [
        (f"challenge_phases.{number}", "phase", phase)
        for number, phase in enumerate(config.get("challenge_phases") or ())
    ]
    for where, kind, record in records:
        for key in record:
            near = get_close_matches(str(key), KEYS[kind], 1, 0.85)
            if key not in KEYS[kind] and near and near[0] not in record:
                hint = f"did you mean {near[0]}?"
                yield Finding("evalai/ignored", f"EvalAI passes over the key {key}", where, hint=hint)
