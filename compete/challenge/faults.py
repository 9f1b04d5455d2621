"""The published schema of ``challenge.yaml``: its defaults, and its faults in plain words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from compete.challenge.yaml12 import Document, Key
from compete.errors import Finding

_KINDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a block of `key: value` lines",
    "null": "empty",
}


def schema_text() -> str:
    """The published JSON Schema (draft 2020-12) of ``challenge.yaml``, as text."""
    return Path(__file__).with_name("challenge.schema.json").read_text(encoding="utf-8")


def default_of(*keys: str) -> Any:
    """The default that the schema gives a key, such as ``default_of("split", "test")``; None where it has none."""
    part = json.loads(schema_text())
    for key in keys:
        part = part["properties"][key]
    return part.get("default")


def with_defaults(content: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The content with the schema's default for every key that is absent, block by block."""
    filled = dict(content)
    for key, part in schema.get("properties", {}).items():
        if key not in filled and "default" in part:
            filled[key] = part["default"]
        if isinstance(filled.get(key), dict) and "properties" in part:
            filled[key] = with_defaults(filled[key], part)
    return filled


class Draft:
    """The content of a challenge before it is known to be sound: every look-up is safe, every scalar is as written."""

    def __init__(
        self, document: Document, content: dict[str, Any], folder: Path, faulty: Iterable[tuple[Key, ...]]
    ) -> None:
        self.document = document
        self.content = content
        self.folder = folder
        self.faulty = set(faulty)

    def get(self, *keys: Key) -> Any:
        """The value, or None where it is absent."""
        value: Any = self.content
        for key in keys:
            if isinstance(value, list) and isinstance(key, int):
                value = value[key]
            else:
                value = value.get(key) if isinstance(value, dict) else None
        return value

    def has(self, *keys: Key) -> bool:
        """Whether the organizer wrote the key, rightly or wrongly."""
        return self.get(*keys) is not None or any(fault[: len(keys)] == keys for fault in self.faulty)

    def text(self, *keys: Key) -> str:
        """The scalar as written; what the default says where it is absent; empty where there is neither."""
        written = self.document.text(*keys)
        if written is not None:
            return written
        value = self.get(*keys)
        return value if isinstance(value, str) else ""

    def texts(self, *keys: Key) -> tuple[str, ...]:
        """A list as written; one scalar is a list of one."""
        value = self.get(*keys)
        if value is None or value is True or value is False:
            return () if value is None else (self.text(*keys),)
        if isinstance(value, list):
            return tuple(self.text(*keys, number) for number in range(len(value)))
        return (self.text(*keys),)

    def metric(self, *keys: Key) -> tuple[str, str]:
        """What a metric is called, and its text; they are the same where it has no short name."""
        if isinstance(self.get(*keys), dict):
            return self.text(*keys, "name"), self.text(*keys, "metric")
        return self.text(*keys), self.text(*keys)

    def finding(
        self, rule: str, keys: tuple[Key, ...], message: str, hint: str = "", severity: str = "error"
    ) -> Finding:
        """A finding that points at a key."""
        return Finding(f"challenge/{rule}", message, self.document.where(*keys), hint=hint, severity=severity)

    def subgroup_names(self) -> tuple[str, ...]:
        """The names of the declared subgroups, in order."""
        entries = self.get("data", "subgroups") or []
        return tuple(
            self.text("data", "subgroups", number, *(("name",) if isinstance(entry, dict) else ()))
            for number, entry in enumerate(entries)
        )


def schema_findings(
    document: Document, content: Any, schema: Mapping[str, Any]
) -> list[tuple[tuple[Key, ...], Finding]]:
    """Every fault that the schema finds, each with the keys of the value at fault.

    Args:
        document: where values stand in the file.
        content: the plain content of the document.
        schema: the published schema.

    Returns:
        Pairs of keys (from the outside in) and finding; several faults of one value are all told.
    """
    import jsonschema

    extend: Any = jsonschema.validators.extend
    # Repeated entries are found by their text elsewhere: the library compares every pair of a mixed list.
    strict = extend(jsonschema.Draft202012Validator, {"uniqueItems": lambda *_: iter(())})
    told = []
    for error in strict(schema).iter_errors(content):
        keys = tuple(error.absolute_path)
        teller = _TELLERS.get(error.validator, _tell_anything)
        told += [(place, finding) for place, finding in teller(error, keys, document, schema)]
    return told


Told = Iterator[tuple[tuple[Key, ...], Finding]]


def spell(keys: tuple[Key, ...]) -> str:
    """The keys as people write them.

    >>> spell(("data", "subgroups", 0, "name"))
    'data.subgroups[1].name'
    """
    text = ""
    for key in keys:
        text += f"[{key + 1}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def quoted(value: Any) -> str:
    """A value as a message tells it, short and harmless to a terminal."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | int | float | bool) else ""
    inert = "".join(letter if letter.isprintable() else "�" for letter in text)
    return inert if len(inert) <= 60 else inert[:58] + "…"


def nearest(word: str, known: Any) -> str:
    """A hint with the known word that is nearest, or nothing."""
    by_fold = {str(name).casefold(): str(name) for name in known}
    close = get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6)
    return f"did you mean `{by_fold[close[0]]}`?" if close else ""


def _tell_type(error: Any, keys: tuple[Key, ...], document: Document, schema: Any) -> Told:
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    words = " or ".join(_KINDS[kind] for kind in wanted)
    value, hint = error.instance, ""
    if value is None:
        found = "is empty"
    elif isinstance(value, str):
        found = f"is the text {quoted(value)}"
        if _is_number(value) and {"number", "integer"} & set(wanted):
            hint = "take the quotes away"
        elif value.endswith("%"):
            hint = "write 30 % as 0.3"
        elif "boolean" in wanted and value.lower() in ("yes", "no", "on", "off"):
            hint = "write true or false: in YAML 1.2 yes and no are text"
    elif isinstance(value, list | dict):
        found = "is a list" if isinstance(value, list) else "is a block of `key: value` lines"
    else:
        found = f"is {quoted(value)}"
        hint = "put it in quotes to make it text" if "string" in wanted else ""
    if "array" in wanted and "string" not in wanted and isinstance(value, str | int | float):
        hint = f"write [{document.text(*keys) or value}] for a list of one"
    yield (
        keys,
        Finding(
            "challenge/wrong-type",
            f"`{spell(keys) or 'the challenge'}` {found}; it must be {words}",
            document.where(*keys),
            hint=hint,
        ),
    )


def _tell_unknown(error: Any, keys: tuple[Key, ...], document: Document, schema: Any) -> Told:
    known = error.schema.get("properties", {})
    for key in error.instance:
        if key in known:
            continue
        if homes := _homes(key, schema):
            hint = f"`{key}` belongs under `{homes[0]}`" if homes[0] else f"`{key}` belongs to the outermost level"
        else:
            hint = nearest(key, known) or f"known here: {', '.join(known)}"
        name = spell((*keys, quoted(key)[1:-1]))
        yield (
            (*keys, key),
            Finding("challenge/unknown-key", f"there is no key `{name}`", document.where_key(*keys, key), hint=hint),
        )


def _homes(key: str, schema: Mapping[str, Any]) -> list[str]:
    blocks = {"": schema, **{name: part for name, part in schema["properties"].items() if "properties" in part}}
    return [name for name, part in blocks.items() if key in part["properties"]]


def _tell_missing(error: Any, keys: tuple[Key, ...], document: Document, schema: Any) -> Told:
    # The library reports each absent key on its own; its message is the only place that names it.
    for key in error.validator_value:
        if key not in error.instance and error.message.startswith(repr(key)):
            part = error.schema["properties"][key]
            place = f"`{spell(keys)}`" if keys else "the challenge"
            meaning = part.get("description", "").split(". ")[0].rstrip(".")
            yield (
                (*keys, key),
                Finding(
                    "challenge/missing-key",
                    f"{place} lacks the key `{key}`",
                    document.where(*keys),
                    hint=f"{part['title']}: {meaning}",
                ),
            )


def _tell_enum(error: Any, keys: tuple[Key, ...], document: Document, schema: Any) -> Told:
    words = error.validator_value
    if not isinstance(error.instance, str):
        return
    message = f"`{spell(keys)}` is {quoted(error.instance)}; it must be one of {', '.join(words)}"
    yield keys, Finding("challenge/unknown-value", message, document.where(*keys), hint=nearest(error.instance, words))


def _tell_range(error: Any, keys: tuple[Key, ...], document: Document, schema: Any) -> Told:
    rules = error.schema
    low = rules.get("minimum", rules.get("exclusiveMinimum"))
    high = rules.get("maximum", rules.get("exclusiveMaximum"))
    if low is None or high is None:
        words = f"at least {low}" if high is None else f"at most {high}"
    else:
        words = f"between {low} and {high}"
        excluded = [str(rules[side]) for side in ("exclusiveMinimum", "exclusiveMaximum") if side in rules]
        words += f", {' and '.join(excluded)} excluded" if excluded else ""
    note = f" ({rules['$comment']})" if "$comment" in rules else ""
    percent = error.instance >= 2 and high == 1 and error.instance <= 100
    hint = f"write {error.instance:g} % as {error.instance / 100:g}" if percent else ""
    message = f"`{spell(keys)}` is {quoted(error.instance)}; it must be {words}{note}"
    yield keys, Finding("challenge/out-of-range", message, document.where(*keys), hint=hint)


def _tell_form(error: Any, keys: tuple[Key, ...], document: Document, schema: Any) -> Told:
    if error.validator == "minLength":
        found, words = "is empty", "hold text"
    elif error.validator == "maxLength":
        found, words = f"has {len(error.instance)} characters", f"have at most {error.validator_value}"
    else:
        found, words = f"is {quoted(error.instance)}", "be " + error.schema.get("$comment", "of another form")
    examples = error.schema.get("examples", ())
    hint = f"for example {quoted(examples[0])[1:-1]}" if examples else ""
    if error.validator == "pattern" and "propertyNames" in error.absolute_schema_path:
        message = f"the key `{quoted(error.instance)[1:-1]}` under `{spell(keys)}` must {words}"
        yield (
            (*keys, error.instance),
            Finding("challenge/malformed", message, document.where_key(*keys, error.instance)),
        )
        return
    yield (
        keys,
        Finding("challenge/malformed", f"`{spell(keys)}` {found}; it must {words}", document.where(*keys), hint=hint),
    )


def _tell_length(error: Any, keys: tuple[Key, ...], document: Document, schema: Any) -> Told:
    low, high = error.schema.get("minItems", error.schema.get("minProperties", 0)), error.schema.get("maxItems")
    number = f"exactly {low}" if low == high else f"at least {low}" if high is None else f"{low} to {high}"
    entries = "entry" if number == "at least 1" else "entries"
    found = "1 entry" if len(error.instance) == 1 else f"{len(error.instance)} entries"
    message = f"`{spell(keys)}` has {found}; it must have {number} {entries}"
    yield keys, Finding("challenge/wrong-length", message, document.where(*keys))


def _tell_branches(error: Any, keys: tuple[Key, ...], document: Document, schema: Any) -> Told:
    """Of several forms that a value may have, tell the faults of the one it comes nearest to."""
    from jsonschema.exceptions import best_match

    nearest_fault = best_match(error.context)
    if nearest_fault is None:
        yield from _tell_anything(error, keys, document, schema)
        return
    teller = _TELLERS.get(nearest_fault.validator, _tell_anything)
    yield from teller(nearest_fault, tuple(nearest_fault.absolute_path), document, schema)


def _tell_anything(error: Any, keys: tuple[Key, ...], document: Document, schema: Any) -> Told:
    meaning = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    yield (
        keys,
        Finding(
            "challenge/malformed",
            f"`{spell(keys) or 'the challenge'}` is not as it must be",
            document.where(*keys),
            hint=meaning,
        ),
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


_TELLERS: dict[str, Callable[[Any, tuple[Key, ...], Document, Any], Told]] = {
    "type": _tell_type,
    "additionalProperties": _tell_unknown,
    "required": _tell_missing,
    "enum": _tell_enum,
    "minimum": _tell_range,
    "maximum": _tell_range,
    "exclusiveMinimum": _tell_range,
    "exclusiveMaximum": _tell_range,
    "pattern": _tell_form,
    "minLength": _tell_form,
    "maxLength": _tell_form,
    "minItems": _tell_length,
    "maxItems": _tell_length,
    "minProperties": _tell_length,
    "anyOf": _tell_branches,
    "oneOf": _tell_branches,
}
