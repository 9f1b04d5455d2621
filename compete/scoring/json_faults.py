"""What is wrong with a JSON text: where the grammar breaks and the likely cause, and what strict JSON does not hold."""

from __future__ import annotations

import json
import re
from typing import Optional

from compete.errors import Finding
from compete.scoring.json_text import DEPTH
from compete.scoring.source import excerpt
from metrics.frozen import dataclass

_DUMP = "write it with a JSON library (Python: json.dump)"
_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_TOKEN = re.compile(rf"({_STRING})([ \t\n\r]*:)?|(-?[0-9][0-9.eE+-]*|NaN|-?Infinity)|([\[{{])|([\]}}])", re.DOTALL)
_NUMBER = re.compile(r"NaN|-?Infinity|-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LONGEST = 18
_TAIL = re.compile(r"[-+.\w\\]{1,12}[ \t\n\r]*\Z")
_TOO_LARGE = "a number goes beyond what 64 bits hold"


@dataclass(frozen=True)
class Oddity:
    """One place of a text that decodes, and yet is refused: what to say about it, and how to mend it."""

    position: int
    text: str
    message: str
    hint: str


@dataclass(frozen=True)
class Cause:
    """What stands where a JSON text breaks, and what that tells.

    Attributes:
        before: what the text before the break ends with, a pattern.
        at: what the text begins with there, a pattern.
        hint: the cause and the cure.
    """

    before: str
    at: str
    hint: str


_CAUSES = [
    Cause("", r"'", f"names and texts stand in double quotes; {_DUMP} instead of print or str"),
    Cause(r"[,\[{]\s*", r",", "a comma too many; remove it"),
    Cause(r",\s*", r"[\]}]", "no comma after the last element; remove it"),
    Cause("", r",\s*[\]}]", "no comma after the last element; remove it"),
    Cause("", r"(?i)-?(nan|inf(inity)?|na)\b", "nan and infinity are no JSON and no prediction; replace them"),
    Cause("", r"(None|True|False)\b", f"this is Python, not JSON; {_DUMP} instead of print or str"),
    Cause("", r"//|/\*|#", "JSON has no comments; remove them"),
    Cause(r"[0-9]", r"[xX_][0-9a-fA-F]", "write numbers with decimal digits alone"),
    Cause(r"(^|[^0-9.])-?0", r"[0-9]", "a number does not begin with a zero; write it without"),
    Cause(r"[0-9]", r"\.", "a point needs digits behind it; write 1.0 or 1"),
    Cause("", r"-?\.[0-9]", "a number begins with a digit; write 0.5, not .5"),
    Cause("", r"\+", "write numbers without a plus sign"),
    Cause(r"[0-9\]}\"el]\s*", r"[\[{\"0-9-]", "a comma is missing between two elements"),
    Cause(r"[{,]\s*", r"[A-Za-z_]", "names stand in double quotes"),
    Cause("", r"[\x00-\x1f]", "an invisible control character stands in a text; write it as \\n or \\t, or drop it"),
    Cause("", r"\\", "a backslash begins an escape such as \\n; write a plain one as \\\\"),
]


def syntax_finding(text: str, told: str, position: int) -> Finding:
    """Say what breaks the grammar, and why.

    Args:
        text: the whole text.
        told: what Python's decoder said.
        position: where it stopped.

    Returns:
        The finding, without a place.
    """
    cut = position and told != "Extra data" and _TAIL.match(text, position)
    if cut or not text[position:].strip(" \t\n\r") or told.startswith("Unterminated string"):
        hint = "the file is not whole: write or upload it again and look at its size"
        return Finding("submission/cut-off", "the file ends before the JSON text does", hint=hint, count=1)
    start = text[position : position + 40]
    if told == "Extra data":
        return _extra_data(text, start)
    if (
        position <= len(text) - len(text.lstrip())
        and re.match(r"[\w.-]+[ \t]*[,;\t]", start)
        and not start[0].isdigit()
    ):
        hint = f"send a JSON file; {_DUMP}"
        return Finding(
            "submission/not-json", "this looks like a table (CSV), not JSON", items=(excerpt(start),), hint=hint
        )
    message = f"the JSON text breaks here ({_expected(told)})"
    before = text[max(0, position - 40) : position]
    for cause in _CAUSES:
        if re.match(cause.at, start) and re.search(f"(?:{cause.before})$", before):
            return Finding("submission/json-syntax", message, items=(excerpt(start),), hint=cause.hint, count=1)
    return Finding("submission/json-syntax", message, items=(excerpt(start),), hint=_DUMP, count=1)


def _extra_data(text: str, start: str) -> Finding:
    """A second document behind the first."""
    message = "more text follows after the end of the JSON document"
    hint = "remove what follows the last bracket"
    if start[:1] in ("{", "["):
        lines = text.lstrip()[:1] == "{"
        hint = "this looks like JSON Lines; write one list of all results" if lines else "join the two lists into one"
    return Finding("submission/json-syntax", message, items=(excerpt(start),), hint=hint, count=1)


def _expected(told: str) -> str:
    """What Python's decoder said, in our words."""
    for theirs, ours in (
        ("Expecting property name", "a name in double quotes was expected"),
        ("Expecting value", "a value was expected"),
        ("Expecting ',' delimiter", "a comma or a closing bracket was expected"),
        ("Expecting ':' delimiter", "a colon was expected"),
        ("Illegal trailing comma", "a comma stands before the closing bracket"),
        ("Invalid control character", "control characters do not stand in texts"),
        ("Invalid \\", "no such escape is known"),
    ):
        if told.startswith(theirs):
            return ours
    return told[:1].lower() + told[1:]


def oddities(text: str, most: int) -> dict[str, list[Oddity]]:
    """Look through a text of right syntax for what strict JSON does not hold.

    Args:
        text: the whole text.
        most: places of each kind to find; the search ends when a kind has as many, or at the first place too deep.

    Returns:
        Rule → places, in the text's order.
    """
    found: dict[str, list[Oddity]] = {}
    open_keys: list[Optional[set[str]]] = []
    for token in _TOKEN.finditer(text):
        string, colon, number, opened, closed = token.groups()
        if opened:
            open_keys.append(set() if opened == "{" else None)
            if len(open_keys) > DEPTH:
                hint = "results are a list of objects; nothing nests deeper than a few brackets"
                message = f"lists and objects nest deeper than {DEPTH}"
                found["submission/too-deep"] = [Oddity(token.start(), "", message, hint)]
                break
        elif closed and open_keys:
            open_keys.pop()
        elif number:
            _note(found, _odd_number(number), token.start())
        elif string:
            _note(found, _odd_string(string), token.start())
            if colon and open_keys:
                _note(found, _odd_key(string, open_keys[-1]), token.start())
        if any(len(ones) >= most for ones in found.values()):
            break
    return found


Said = Optional[tuple[str, str, str, str]]


def _note(found: dict[str, list[Oddity]], said: Said, position: int) -> None:
    """Keep what was said about a token, if anything."""
    if said:
        rule, text, message, hint = said
        found.setdefault(rule, []).append(Oddity(position, text, message, hint))


def _odd_number(number: str) -> Said:
    """What is odd about a number."""
    if len(number) <= _LONGEST and number[-1] != "y" and number != "NaN" and "e" not in number and "E" not in number:
        return None
    whole = number.lstrip("-").isdigit()
    if whole and len(number) <= _LONGEST + 2 and -(1 << 63) <= int(number) < 1 << 63:
        return None
    if not _NUMBER.fullmatch(number):
        return None
    if whole:
        return "submission/out-of-range", number, _TOO_LARGE, "numbers of images and categories are small integers"
    if abs(float(number)) < float("inf"):
        return None
    return "submission/not-finite", number, "a number is nan or infinite", "replace it before you write the file"


def _odd_string(string: str) -> Said:
    """What is odd about a text: half of a surrogate pair."""
    if "\\u" not in string:
        return None
    if any("\ud800" <= letter <= "\udfff" for letter in json.loads(string)):
        message = "a text holds half of a character (a lone surrogate)"
        return "submission/encoding", string, message, f"write the text in UTF-8; {_DUMP}"
    return None


def _odd_key(string: str, keys: Optional[set[str]]) -> Said:
    """What is odd about a key: that it stood before."""
    if keys is None:
        return None
    key = json.loads(string)
    if key in keys:
        message = "a key stands twice in one object"
        return "submission/repeated-key", string, message, "nobody can tell which of the two counts; name each key once"
    keys.add(key)
    return None
