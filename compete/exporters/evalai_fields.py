"""What EvalAI's serializers take, field by field, as its Django models say (EvalAI 0f04039, REST framework 3.10).

An unknown key is passed over without a word, so only what stands here can be refused.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_NAME = 100
SUFFIXES = {".csv": (".csv", ".zip"), ".json": (".json", ".zip"), ".zip": (".zip",)}
"""Files that participants may send, by the ending of the sample submission."""

LARGEST, LARGEST_LONG = 2**31 - 1, 2**63 - 1

TRUE = ("t", "T", "y", "Y", "yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "1", 1, True)
FALSE = ("f", "F", "n", "N", "no", "NO", "false", "False", "FALSE", "off", "Off", "OFF", "0", 0, False)

TIME = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d{1,12})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?"
)
_WORD = r"[a-z0-9\u00a1-\uffff](?:[a-z0-9\u00a1-\uffff-]{0,61}[a-z0-9\u00a1-\uffff])?"
_LAST = r"(?!-)(?:[a-z\u00a1-\uffff-]{2,63}|xn--[a-z0-9]{1,59})(?<!-)"
ADDRESS = re.compile(
    rf"(?:https?|ftps?)://(?:[^\s:@/]+(?::[^\s:@/]*)?@)?"
    rf"(?:\d{{1,3}}(?:\.\d{{1,3}}){{3}}|\[[0-9a-f:.]+\]|(?:{_WORD}\.)+{_LAST}\.?|localhost)"
    r"(?::\d{2,5})?(?:[/?#]\S*)?",
    re.IGNORECASE,
)
SLUG = re.compile(r"[-a-zA-Z0-9_]+")
DECIMAL = re.compile(r"\.0*\s*$")


@dataclass(frozen=True)
class Field:
    """What one key may hold.

    Attributes:
        kind: a key of ``KINDS``.
        longest: characters of a text; 0 for any number.
        empty: whether it may be null, and a text empty.
        choices: the values that there are.
        least: of a number.
        largest: of a number.
    """

    kind: str
    longest: int = 0
    empty: bool = False
    choices: tuple[str, ...] = ()
    least: int = 0
    largest: int = LARGEST


def _fields(kind: str, names: str, **more: Any) -> dict[str, Field]:
    return dict.fromkeys(names.split(), Field(kind, **more))


CHALLENGE: Mapping[str, Field] = {
    "title": Field("text", LONGEST_NAME),
    **_fields("text", "short_description leaderboard_description evaluation_module_error", empty=True),
    **_fields("time", "start_date end_date", empty=True),
    **_fields(
        "flag",
        "published is_registration_open enable_forum anonymous_leaderboard require_complete_profile remote_evaluation "
        "allow_resuming_submissions allow_host_cancel_submissions allow_cancel_running_submissions uses_ec2_worker "
        "allow_participants_resubmissions is_docker_based is_static_dataset_code_upload cpu_only_jobs use_fifo_sqs",
    ),
    "challenge_usage_type": Field("choice", choices=("paid", "internal")),
    "worker_python_version": Field("choice", choices=("3.7", "3.8", "3.9", "")),
    **_fields("number", "submission_time_limit ec2_storage ephemeral_storage sqs_retention_period"),
    "max_team_members": Field("number", empty=True),
    "max_docker_image_size": Field("number", empty=True, least=-LARGEST_LONG - 1, largest=LARGEST_LONG),
    **_fields(
        "number",
        "worker_disk_size max_worker_instance min_worker_instance desired_worker_instance",
        empty=True,
        least=-LARGEST - 1,
    ),
    **_fields("texts", "allowed_email_domains blocked_email_domains", longest=50),
    "banned_email_ids": Field("texts", empty=True),
    "forum_url": Field("address", 100, empty=True),
    "slug": Field("slug", 200, empty=True),
    "cli_version": Field("text", 20, empty=True),
    "github_branch": Field("text", 200, empty=True),
    **_fields("text", "vpc_cidr subnet_1_cidr subnet_2_cidr worker_image_url", longest=200, empty=True),
    **_fields("text", "worker_instance_type worker_ami_type job_cpu_cores job_memory", longest=256, empty=True),
}

PHASE: Mapping[str, Field] = {
    "name": Field("text", LONGEST_NAME),
    "codename": Field("text", LONGEST_NAME),
    **_fields("time", "start_date end_date", empty=True),
    **_fields(
        "flag",
        "leaderboard_public is_public is_submission_public annotations_uploaded_using_cli disable_logs "
        "is_restricted_to_select_one_submission is_partial_submission_evaluation_enabled is_submission_paused",
    ),
    **_fields("number", "max_submissions_per_day max_submissions max_concurrent_submissions_allowed"),
    "max_submissions_per_month": Field("number"),
    "submission_artifact_retention_policy": Field(
        "choice", choices=("keep_forever", "days_14", "days_30", "months_3", "months_6", "months_12")
    ),
    "slug": Field("slug", 200, empty=True),
    "environment_image": Field("text", 2128, empty=True),
    **_fields("json", "submission_meta_attributes default_submission_meta_attributes", empty=True),
    "allowed_submission_file_types": Field("text", 200),
    "allowed_email_ids": Field("texts", empty=True),
}

ID = Field("number", empty=True, least=-LARGEST - 1)
SPONSOR: Mapping[str, Field] = {"name": Field("text", 200, empty=True), "website": Field("address", 200, empty=True)}
PRIZE: Mapping[str, Field] = {"description": Field("text", 25, empty=True), "amount": Field("text", 10)}

DATASET_SPLIT: Mapping[str, Field] = {"name": Field("text", LONGEST_NAME), "codename": Field("text", LONGEST_NAME)}

PHASE_SPLIT: Mapping[str, Field] = {
    "visibility": Field("choice", choices=("1", "2", "3")),
    "leaderboard_decimal_precision": Field("number"),
    **_fields(
        "flag",
        "is_leaderboard_order_descending show_leaderboard_by_latest_submission show_execution_time "
        "show_scores_on_leaderboard",
    ),
}

KEYS = {
    "challenge": (
        *CHALLENGE, "description", "terms_and_conditions", "submission_guidelines", "evaluation_details", "image",
        "evaluation_script", "leaderboard", "challenge_phases", "dataset_splits", "challenge_phase_splits", "tags",
        "domain", "sponsors", "prizes",
    ),
    "phase": (*PHASE, "id", "description", "test_annotation_file"),
}  # fmt: skip
"""Keys that EvalAI reads, so that a slip of the pen can be told from them."""


def field_faults(record: Mapping[str, Any], fields: Mapping[str, Field]) -> Iterator[tuple[str, str]]:
    """The keys of a record whose values EvalAI refuses, with what it asks for.

    A key that is not there is no fault here: which must be there, the importer says.
    """
    for key, field in fields.items():
        if key not in record:
            continue
        value = record[key]
        if value is None:
            if not field.empty:
                yield key, "is empty"
        elif fault := KINDS[field.kind](value, field):
            yield key, fault


def _text(value: Any, field: Field) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return f"is a {_kind_of(value)}, not a text; put it in quotes"
    text = str(value).strip()
    if not text:
        return "" if field.empty else "is empty"
    if "\0" in text:
        return "holds a null character"
    return f"has {len(text)} characters; {field.longest} is the most" if 0 < field.longest < len(text) else ""


def _number(value: Any, field: Field) -> str:
    try:
        number = int(DECIMAL.sub("", str(value)))
    except ValueError:
        return "is no whole number"
    return "" if field.least <= number <= field.largest else f"is not between {field.least} and {field.largest}"


def _flag(value: Any, _: Field) -> str:
    try:
        known = value in TRUE or value in FALSE
    except TypeError:
        known = False
    return "" if known else "is neither true nor false"


def _time(value: Any, _: Field) -> str:
    if isinstance(value, datetime.datetime):
        return ""
    if isinstance(value, datetime.date):
        return "is a day without a time; write 2026-01-31 00:00:00"
    found = TIME.fullmatch(value) if isinstance(value, str) else None
    try:
        if found:
            _moment(found)
    except ValueError:
        return "is a time that there is not"
    return "" if found else "is no time such as 2026-01-31 00:00:00"


def _moment(found: re.Match[str]) -> datetime.datetime:
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    return datetime.datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  (only whether there is such a time)


def _choice(value: Any, field: Field) -> str:
    known = [choice for choice in field.choices if choice]
    return "" if str(value) in field.choices else f"is none of {', '.join(known)}"


def _texts(value: Any, field: Field) -> str:
    if isinstance(value, str | Mapping) or not hasattr(value, "__iter__"):
        return "is no list"
    child = Field("text", field.longest, empty=True)
    allowed_null = field.empty
    faults = (("is empty" if not allowed_null else "") if one is None else _text(one, child) for one in value)
    return next((f"has an entry that {fault}" for fault in faults if fault), "")


def _address(value: Any, field: Field) -> str:
    fault = _text(value, field)
    return fault if fault or not str(value).strip() or ADDRESS.fullmatch(str(value).strip()) else "is no address"


def _slug(value: Any, field: Field) -> str:
    fault = _text(value, field)
    return fault or ("" if SLUG.fullmatch(str(value).strip()) else "holds more than letters, digits, - and _")


def json_fault(value: Any, _: Field | None = None) -> str:
    """Why a value of YAML cannot stand in JSON; empty where it can."""
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return "holds what JSON cannot say, most often a date without quotes"
    return ""


def _kind_of(value: Any) -> str:
    names = {bool: "yes or no", datetime.date: "date", datetime.datetime: "time", list: "list", dict: "mapping"}
    return names.get(type(value), type(value).__name__)


KINDS: Mapping[str, Callable[[Any, Field], str]] = {
    "text": _text,
    "number": _number,
    "flag": _flag,
    "time": _time,
    "choice": _choice,
    "texts": _texts,
    "address": _address,
    "slug": _slug,
    "json": json_fault,
}
