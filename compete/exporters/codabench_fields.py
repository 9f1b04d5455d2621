"""What CodaBench's serializers refuse of a competition: kinds, lengths and choices of fields, as Django checks them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from compete.errors import Finding

Record = Mapping[Any, Any]

RULE = "codabench/field"
LARGEST_NUMBER = 2**31 - 1
TRUE = {"t", "T", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "1", 1}
FALSE = {"f", "F", "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", "0", 0}
QUESTION = frozenset(("key", "type", "title", "selection", "is_required", "is_on_leaderboard"))
KINDS = ("checkbox", "text", "select")
RULES = ("Add", "Add_And_Delete", "Add_And_Delete_Multiple", "Force_Last", "Force_Latest_Multiple", "Force_Best")
EMAIL = re.compile(r"[^@\s,;<>()\[\]\\]+@(localhost|([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,})")

Check = Callable[[Any], str]
"""What is wrong with a value, in words; empty for nothing."""


def text(most: int | None = None, *, blank: bool = False, null: bool = False) -> Check:
    """A text; numbers are taken for one."""

    def wrong(value: Any) -> str:
        if value is None:
            return "" if null else "it may not be null"
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return f"it is {_kind(value)} and must be a text"
        told = str(value).strip()
        if "\0" in told:
            return "it holds a null character"
        if not told and not blank:
            return "it may not be blank"
        return f"it has {len(told)} characters and may have {most}" if most and len(told) > most else ""

    return wrong


def whole(*, low: int | None = 0, null: bool = False) -> Check:
    """A whole number, perhaps written as text."""

    def wrong(value: Any) -> str:
        if value is None:
            return "" if null else "it may not be null"
        if isinstance(value, str) and len(value) > 1000:
            return "it is too long for a number"
        try:
            number = int(re.sub(r"\.0*\s*$", "", str(value)))
        except ValueError:
            return f"it is {_kind(value)} and must be a whole number"
        if low is not None and number < low:
            return f"it is {number} and may not be below {low}"
        return f"it is {number} and may not be above {LARGEST_NUMBER}" if abs(number) > LARGEST_NUMBER else ""

    return wrong


def flag(value: Any) -> str:
    """True or false, in one of their spellings."""
    try:
        return "" if value in TRUE or value in FALSE else f"it is {_kind(value)} and must be true or false"
    except TypeError:  # a list or a mapping
        return f"it is {_kind(value)} and must be true or false"


def is_true(value: Any) -> bool:
    """Whether a value is taken for true."""
    return not flag(value) and value in TRUE


def choice(*names: str, null: bool = False) -> Check:
    """One of some texts."""

    def wrong(value: Any) -> str:
        if null and value in (None, ""):
            return ""
        return "" if value is not None and str(value) in names else f"it is {value!r} and must be {' or '.join(names)}"

    return wrong


def email(value: Any) -> str:
    """An address, or nothing."""
    if value is None or value == "":
        return ""
    if wrong := text(256)(value):
        return wrong
    return "" if EMAIL.fullmatch(str(value).strip()) else f"{value!r} is no address"


COMPETITION: dict[str, Check] = {
    "title": text(256),
    "docker_image": text(128),
    "description": text(blank=True, null=True),
    "registration_auto_approve": flag,
    "enable_detailed_results": flag,
    "show_detailed_results_in_submission_panel": flag,
    "show_detailed_results_in_leaderboard": flag,
    "auto_run_submissions": flag,
    "can_participants_make_submissions_public": flag,
    "make_programs_available": flag,
    "make_input_data_available": flag,
    "competition_type": choice("competition", "benchmark"),
    "reward": text(256, blank=True, null=True),
    "contact_email": email,
    "forum_enabled": flag,
}
PAGE: dict[str, Check] = {"title": text(255), "content": text(blank=True, null=True)}
TASK: dict[str, Check] = {
    "name": text(256),
    "description": text(blank=True, null=True),
    "ingestion_only_during_scoring": flag,
}
SOLUTION: dict[str, Check] = {"name": text(256), "description": text(blank=True, null=True)}
PHASE: dict[str, Check] = {
    "name": text(256),
    "description": text(blank=True, null=True),
    "execution_time_limit": whole(),
    "max_submissions_per_day": whole(null=True),
    "max_submissions": whole(null=True),
    "auto_migrate_to_this_phase": flag,
    "hide_output": flag,
    "hide_prediction_output": flag,
    "hide_score_output": flag,
}
LEADERBOARD: dict[str, Check] = {
    "title": text(64),
    "key": text(36),
    "primary_index": whole(),
    "hidden": flag,
    "submission_rule": choice(*RULES),
}
COLUMN: dict[str, Check] = {
    "title": text(36),
    "key": text(36),
    "index": whole(),
    "sorting": choice("asc", "desc"),
    "hidden": flag,
    "precision": whole(low=None),
    "computation": choice("avg", "sum", "min", "max", null=True),
}


def faults_of(record: Record, checks: Mapping[str, Check], required: Iterable[str], where: str) -> Iterator[Finding]:
    """The fields of a record that a serializer refuses.

    Args:
        record: what the unpacker hands over.
        checks: of each field that is looked at.
        required: fields that must be there.
        where: the place of the record, with a dot behind it where it is not the whole.
    """
    for name in required:
        if name not in record:
            yield Finding(RULE, f"{name} is missing", f"{where}{name}", hint=f"add {name}")
    for name, check in checks.items():
        if name in record and (wrong := check(record[name])):
            yield Finding(RULE, f"{name}: {wrong}", f"{where}{name}")


def leaderboard_faults(board: Any, where: str) -> Iterator[Finding]:
    """What is wrong with a leaderboard and its columns."""
    if not isinstance(board, dict):
        yield Finding(RULE, f"a leaderboard is {_kind(board)} and must be a mapping", where)
        return
    yield from faults_of(board, LEADERBOARD, ("title", "key", "columns"), f"{where}.")
    columns = board.get("columns")
    if "columns" not in board:
        return
    if not isinstance(columns, list) or not columns:
        hint = "a leaderboard needs at least one column"
        yield Finding(RULE, "columns is no list with an entry", f"{where}.columns", hint=hint)
        return
    for number, column in enumerate(columns):
        yield from _column_faults(column, f"{where}.columns.{number}")
    records = [column for column in columns if isinstance(column, dict)]
    for name in ("index", "key"):
        yield from _repeated(records, name, f"{where}.columns")
    yield from _computations(records, where)


def _column_faults(column: Any, where: str) -> Iterator[Finding]:
    if not isinstance(column, dict):
        yield Finding(RULE, f"a column is {_kind(column)} and must be a mapping", where)
        return
    yield from faults_of(column, COLUMN, ("title", "key", "index"), f"{where}.")
    if "computation" in column and "computation_indexes" not in column:
        message = "a computation needs computation_indexes, the columns that it is made of"
        yield Finding(RULE, message, f"{where}.computation_indexes", hint="name them, or drop computation")
    of = column.get("computation_indexes")
    if of and "computation" not in column:
        yield Finding(RULE, "computation_indexes need a computation", f"{where}.computation", hint="avg, sum, min, max")


def _repeated(records: Sequence[Record], name: str, where: str) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for number, record in enumerate(records):
        told = str(record[name]).strip() if name in record else ""
        if told and told in seen:
            message = f"two columns have the {name} {told}: {seen[told]} and {number}"
            yield Finding(RULE, message, f"{where}.{number}.{name}", hint=f"give each its own {name}")
        seen.setdefault(told, number)


def _computations(records: Sequence[Record], where: str) -> Iterator[Finding]:
    known = {str(record.get("index")).strip() for record in records}
    for number, record in enumerate(records):
        of = record.get("computation_indexes")
        place = f"{where}.columns.{number}.computation_indexes"
        if isinstance(of, str) and not of.strip():
            yield Finding(RULE, "computation_indexes may not be blank", place, hint="name indexes of columns")
            continue
        if of is None or of in ([], {}):
            continue
        if not isinstance(of, list | str | dict):
            yield Finding(RULE, f"it is {_kind(of)} and must be a list", place)
            continue
        each = ",".join(str(one) for one in of).split(",")
        if str(record.get("index")) in each:
            yield Finding(RULE, "a column is computed from itself", place, hint="name other columns")
        for one in each:
            if one.strip() not in known:
                yield Finding(RULE, f"there is no column with index {one}", place, hint="name indexes of columns")


def sheet_faults(sheet: Any) -> Iterator[Finding]:
    """What is wrong with a fact sheet."""
    if not sheet:
        return
    if not _is_json(sheet):
        message = "fact_sheet holds a date or another value that JSON cannot say"
        yield Finding(RULE, message, "fact_sheet", hint="write dates and numbers in quotes")
        return
    if not isinstance(sheet, dict):
        yield Finding(RULE, f"fact_sheet is {_kind(sheet)} and must be a mapping", "fact_sheet")
        return
    for name, question in sheet.items():
        where = f"fact_sheet.{name}"
        if not isinstance(question, dict):
            yield Finding(RULE, f"a question is {_kind(question)} and must be a mapping", where)
            continue
        if odd := sorted(QUESTION.symmetric_difference(map(str, question))):
            message = f"a question has exactly the keys {', '.join(sorted(QUESTION))}"
            yield Finding(RULE, message, where, tuple(odd), "add or drop what is named", count=len(odd))
            continue
        if question["key"] != name:
            yield Finding(RULE, f"its key is {question['key']!r}, not {name!r}", f"{where}.key")
        if question["type"] not in KINDS:
            yield Finding(RULE, f"its type is {question['type']!r}, not one of {', '.join(KINDS)}", f"{where}.type")


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _kind(value: Any) -> str:
    """What kind of value it is, in the words of YAML."""
    kinds = {dict: "a mapping", list: "a list", bool: "true or false", str: "a text", type(None): "null"}
    return kinds.get(type(value), f"{value!r}")
