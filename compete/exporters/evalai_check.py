"""What EvalAI would refuse of a configuration, as its importer says it (challenge_config_utils.py, EvalAI 0f04039)."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from compete.errors import Finding
from compete.exporters.evalai_fields import (
    CHALLENGE,
    DATASET_SPLIT,
    ID,
    PHASE,
    PHASE_SPLIT,
    SPONSOR,
    Field,
    field_faults,
    json_fault,
)
from compete.exporters.evalai_traps import trap_findings
from compete.exporters.opened import Opened, escaping, open_upload

CONFIGS = ("challenge_config.yaml", "challenge_config.yml")
PAGES = ("description", "evaluation_details", "terms_and_conditions", "submission_guidelines")
LISTS = ("leaderboard", "challenge_phases", "dataset_splits", "challenge_phase_splits")
MAPPED = ("challenge_phase_id", "leaderboard_id", "dataset_split_id")
ASKED = (*MAPPED, "visibility", "leaderboard_decimal_precision", "is_leaderboard_order_descending")
PICTURES = (".jpg", ".jpeg", ".png")
DOMAINS = ("CV", "NLP", "RL", "MM", "AUD", "TAB")
ATTRIBUTES = ("boolean", "text", "radio", "checkbox")
MOST_TAGS = 4
LONGEST_PATH = 72
"""EvalAI stores a script under the path that it was unpacked to, of 100 characters, 28 of which are its own."""

AMOUNT = re.compile(r"\d+(\.\d{1,2})?[A-Z]{3}")

Record = Mapping[str, Any]


def check_path(path: Path) -> list[Finding]:
    """What EvalAI would refuse or mistreat of a configuration.

    Args:
        path: the zip to upload, or the folder that would be zipped.
    """
    upload = open_upload(path)
    if upload is None:
        hint = "zip the files themselves, not the folder they lie in"
        return [Finding("evalai/not-a-zip", "it is no zip that can be unpacked", str(path), hint=hint)]
    if upload.zipped and (escapes := sorted(name for name in upload.names if escaping(name))):
        return [Finding("evalai/unsafe-path", "members would be written elsewhere", str(path), tuple(escapes))]
    configs = [name for name in CONFIGS if name in upload]
    if len(configs) != 1:
        return [_not_one_config(upload, configs)]
    return _of_config(upload, configs[0])


def _of_config(upload: Opened, name: str) -> list[Finding]:
    """What is wrong with the configuration, and with what it names."""
    try:
        config = yaml.safe_load(upload.read(name))
    except (yaml.YAMLError, ValueError, AttributeError, RecursionError) as error:  # the last two are faults of PyYAML
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        return [Finding("evalai/yaml", f"the YAML cannot be read: {getattr(error, 'problem', None) or error}", where)]
    if not isinstance(config, dict):
        return [Finding("evalai/yaml", "it is no mapping of keys to values", name)]
    refusals = [*_refusals(config, upload)]
    placed = [
        Finding(one.rule, one.message, f"{name}: {one.where}" if one.where else name, one.items, one.hint)
        for one in refusals
    ]
    if any(one.rule == "evalai/shape" for one in refusals):
        return placed
    return placed + trap_findings(config, upload, name)


def _not_one_config(upload: Opened, configs: list[str]) -> Finding:
    if configs:
        message = "there are challenge_config.yaml and challenge_config.yml; leave one"
        return Finding("evalai/two-configs", message, str(upload.path))
    deeper = sorted(name for name in upload.names if name.endswith(CONFIGS))
    hint = "zip the files themselves, not the folder they lie in" if deeper else "it is the file that names all others"
    message = "there is no challenge_config.yaml at the top"
    return Finding("evalai/no-config", message, str(upload.path), tuple(deeper), hint)


def _refusals(config: Record, upload: Opened) -> Iterator[Finding]:
    misshapen = [name for name in LISTS if config.get(name) is not None and not _records(config[name])]
    misshapen += [name for name in ("prizes", "sponsors") if name in config and not _records(config[name])]
    misshapen += ["tags"] if "tags" in config and not isinstance(config["tags"], list | str | dict) else []
    yield from (Finding("evalai/shape", "it is no list of mappings", name) for name in misshapen)
    if misshapen:
        return
    yield from _challenge(config, upload)
    yield from _leaderboards(config)
    for number, phase in enumerate(config.get("challenge_phases") or ()):
        yield from _phase(phase, f"challenge_phases.{number}", upload)
    yield from _splits(config)
    yield from _phase_splits(config)
    yield from _extras(config)


def _records(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _missing(where: str, key: str) -> Finding:
    return Finding("evalai/missing-key", f"there is no {key}", where, hint="EvalAI asks for it")


def _id(record: Record, where: str) -> Iterator[Finding]:
    if "id" not in record:
        yield _missing(where, "id")
    elif record["id"]:
        yield from _fields(record, {"id": ID}, where)


def _fields(record: Record, fields: Mapping[str, Field], where: str) -> Iterator[Finding]:
    for key, fault in field_faults(record, fields):
        yield Finding("evalai/field", f"{key} {fault}", f"{where}.{key}" if where else key)


def _challenge(config: Record, upload: Opened) -> Iterator[Finding]:
    if not config.get("title"):
        yield _missing("", "title")
    elif not isinstance(config["title"], str):
        yield Finding("evalai/field", "title is no text; put it in quotes", "title")
    for key in PAGES:
        yield from _file(config, key, upload, (".html",))
    yield from _file(config, "evaluation_script", upload, (".zip",))
    yield from _dates(config, "")
    yield from _fields(config, {key: field for key, field in CHALLENGE.items() if key != "title"}, "")
    if isinstance(config.get("title"), str) and config["title"]:
        yield from _fields(config, {"title": CHALLENGE["title"]}, "")
    image = config.get("image")
    if image is not None and not _is_picture(upload, image):
        hint = "a .jpg, .jpeg or .png of the archive, or no key image"
        yield Finding("evalai/missing-file", f"the logo {image} is no picture that can be opened", "image", hint=hint)


def _is_picture(upload: Opened, name: Any) -> bool:
    import io

    from PIL import Image

    if not isinstance(name, str) or not name.endswith(PICTURES) or escaping(name) or name not in upload:
        return False
    try:
        Image.open(io.BytesIO(upload.read(name))).verify()
    except (OSError, SyntaxError, ValueError):
        return False
    return True


def _file(config: Record, key: str, upload: Opened, endings: tuple[str, ...]) -> Iterator[Finding]:
    """A file that must be there, of one kind."""
    name = config.get(key)
    if not name:
        yield _missing("", key)
    elif not isinstance(name, str):
        yield Finding("evalai/field", f"{key} is no path", key)
    elif escaping(name) or name not in upload:
        yield Finding("evalai/missing-file", f"{name} is not in the archive", key, hint="paths are as in the archive")
    elif not name.endswith(endings):
        yield Finding("evalai/missing-file", f"{name} does not end with {endings[0]}", key)
    elif endings == (".zip",):
        yield from _stored(name, key, upload)


def _stored(name: str, where: str, upload: Opened) -> Iterator[Finding]:
    """What EvalAI asks of a file that it keeps."""
    if len(name) > LONGEST_PATH:
        message = f"the path has {len(name)} characters; {LONGEST_PATH} are the most"
        yield Finding("evalai/field", message, where)
    if not upload.read(name):
        yield Finding("evalai/missing-file", f"{name} is empty", where)


def _dates(record: Record, where: str) -> Iterator[Finding]:
    start, end = record.get("start_date"), record.get("end_date")
    place = f"{where}.start_date" if where else "start_date"
    if not start or not end:
        yield _missing(where, "start_date and end_date")
        return
    try:
        if _comparable(start) > _comparable(end):
            yield Finding("evalai/dates", "it begins after it has ended", place)
    except TypeError:
        hint = "write both times in quotes, or both without"
        message = "one time is in quotes and the other is not; EvalAI compares them and breaks (HTTP 500)"
        yield Finding("evalai/dates", message, place, hint=hint)


def _comparable(moment: Any) -> Any:
    """A time as EvalAI's older YAML reader gives it: in UTC, and without saying so."""
    if isinstance(moment, datetime.datetime) and moment.tzinfo:
        return moment.astimezone(datetime.UTC).replace(tzinfo=None)
    return moment


def _leaderboards(config: Record) -> Iterator[Finding]:
    if not config.get("leaderboard"):
        yield _missing("", "leaderboard")
    for number, board in enumerate(config.get("leaderboard") or ()):
        where = f"leaderboard.{number}"
        yield from _id(board, where)
        schema = board.get("schema")
        if not isinstance(schema, dict):
            yield _missing(where, "schema")
            continue
        labels = schema.get("labels")
        if "labels" not in schema or "default_order_by" not in schema:
            yield _missing(f"{where}.schema", "labels" if "labels" not in schema else "default_order_by")
        elif not isinstance(labels, list):
            yield Finding("evalai/field", "labels is no list", f"{where}.schema.labels")
        elif schema["default_order_by"] not in labels:
            message = f"default_order_by {schema['default_order_by']!r} is none of the labels"
            yield Finding("evalai/leaderboard", message, f"{where}.schema", tuple(map(str, labels)))
        if fault := json_fault(schema):
            yield Finding("evalai/field", f"schema {fault}", f"{where}.schema")


def _phase(phase: Record, where: str, upload: Opened) -> Iterator[Finding]:
    yield from _id(phase, where)
    yield from (_missing(where, key) for key in ("codename", "name") if key not in phase)
    if "codename" in phase and not isinstance(phase["codename"], str):
        yield Finding("evalai/field", "codename is no text; put it in quotes", f"{where}.codename")
    description = phase.get("description")
    if not description:
        yield _missing(where, "description")
    elif not isinstance(description, str) or not description.endswith(".html") or description not in upload:
        message = f"{description} is no HTML file of the archive"
        yield Finding("evalai/missing-file", message, f"{where}.description")
    elif not upload.read(description).strip():
        yield Finding("evalai/missing-file", f"{description} is empty", f"{where}.description")
    annotation = phase.get("test_annotation_file")
    if annotation and (not isinstance(annotation, str) or escaping(annotation) or annotation not in upload):
        yield Finding("evalai/missing-file", f"{annotation} is not in the archive", f"{where}.test_annotation_file")
    elif annotation:
        yield from _stored(annotation, f"{where}.test_annotation_file", upload)
    if phase.get("is_submission_public") and phase.get("is_restricted_to_select_one_submission"):
        message = "is_submission_public and is_restricted_to_select_one_submission exclude each other"
        yield Finding("evalai/phase", message, where)
    yield from _dates(phase, where)
    monthly = phase.get("max_submissions_per_month")
    record = {**phase, "max_submissions_per_month": phase.get("max_submissions") if monthly is None else monthly}
    yield from _fields(record, PHASE, where)
    yield from _attributes(phase, f"{where}.submission_meta_attributes")


def _attributes(phase: Record, where: str) -> Iterator[Finding]:
    """What participants are asked beside their file."""
    given = phase.get("submission_meta_attributes") or ()
    if not _records(list(given)):
        yield Finding("evalai/field", "submission_meta_attributes is no list of mappings", where)
        return
    for attribute in given:
        if absent := [key for key in ("name", "description", "type") if key not in attribute]:
            yield _missing(where, ", ".join(absent))
        elif attribute["type"] not in ATTRIBUTES:
            yield Finding("evalai/field", f"type {attribute['type']!r} is none of {', '.join(ATTRIBUTES)}", where)
        elif attribute["type"] in ("radio", "checkbox") and not attribute.get("options"):
            yield Finding("evalai/field", f"{attribute['type']} {attribute['name']!r} has no options", where)


def _splits(config: Record) -> Iterator[Finding]:
    if not config.get("challenge_phases"):
        yield _missing("", "challenge_phases")
    if not config.get("dataset_splits"):
        yield _missing("", "dataset_splits")
    for number, split in enumerate(config.get("dataset_splits") or ()):
        where = f"dataset_splits.{number}"
        yield from _id(split, where)
        yield from (_missing(where, key) for key in ("name", "codename") if key not in split)
        yield from _fields(split, DATASET_SPLIT, where)
    for name in ("challenge_phases", "dataset_splits"):
        named = Counter(str(one["codename"]) for one in config.get(name) or () if "codename" in one)
        if twice := tuple(code for code, count in named.items() if count > 1):
            yield Finding("evalai/twice", "a codename stands twice", name, twice)


def _phase_splits(config: Record) -> Iterator[Finding]:
    given = config.get("challenge_phase_splits")
    if not given:
        yield _missing("", "challenge_phase_splits")
    known = {
        key: {repr(one.get("id")) for one in config.get(name) or ()}
        for key, name in zip(MAPPED, ("challenge_phases", "leaderboard", "dataset_splits"), strict=True)
    }
    seen: set[tuple[Any, ...]] = set()
    for number, split in enumerate(given or ()):
        where = f"challenge_phase_splits.{number}"
        if absent := [key for key in ASKED if key not in split]:
            yield _missing(where, ", ".join(absent))
            continue
        strangers = [f"{key} {split[key]}" for key in MAPPED if repr(split[key]) not in known[key]]
        if strangers:
            yield Finding("evalai/stranger", "it names an id that there is not", where, tuple(strangers))
        triple = tuple(repr(split[key]) for key in MAPPED)
        if triple in seen:
            yield Finding("evalai/twice", "the same phase, leaderboard and split stand twice", where)
        seen.add(triple)
        yield from _fields(split, PHASE_SPLIT, where)


def _extras(config: Record) -> Iterator[Finding]:
    if len(config.get("tags") or ()) > MOST_TAGS:
        yield Finding("evalai/field", f"there are {len(config['tags'])} tags; {MOST_TAGS} are the most", "tags")
    if "domain" in config and config["domain"] not in DOMAINS:
        hint = f"one of {', '.join(DOMAINS)}"
        yield Finding("evalai/field", f"there is no domain {config['domain']!r}", "domain", hint=hint)
    tags = config.get("tags") or ()
    if any(isinstance(tag, list | dict) for tag in tags):
        yield Finding("evalai/field", "a tag is no text", "tags")
    for number, prize in enumerate(config.get("prizes") or ()):
        yield from _prize(prize, f"prizes.{number}")
    ranks = Counter(repr(prize.get("rank")) for prize in config.get("prizes") or ())
    if twice := tuple(rank for rank, count in ranks.items() if count > 1):
        yield Finding("evalai/twice", "a rank stands twice", "prizes", twice)
    for number, sponsor in enumerate(config.get("sponsors") or ()):
        where = f"sponsors.{number}"
        yield from (_missing(where, key) for key in ("name", "website") if key not in sponsor)
        yield from _fields(sponsor, SPONSOR, where)


def _prize(prize: Record, where: str) -> Iterator[Finding]:
    absent = [key for key in ("rank", "amount", "description") if key not in prize]
    if absent:
        hint = "without a description EvalAI says no more than: Error in creating challenge: None"
        yield Finding("evalai/missing-key", f"there is no {', '.join(absent)}", where, hint=hint)
        return
    if not isinstance(prize["rank"], int) or prize["rank"] < 1:
        yield Finding("evalai/field", "rank is no whole number from 1 up", where)
    if not isinstance(prize["amount"], str) or not AMOUNT.fullmatch(prize["amount"]):
        yield Finding("evalai/field", "amount is not written as 100.00USD", where)
