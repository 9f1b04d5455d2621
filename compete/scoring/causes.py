"""Look for the likely cause of a fault, so that a finding can say how to mend it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from compete.scoring.source import excerpt
from compete.scoring.spans import Array
from compete.terms import SAMPLE_STEM

_LOOKALIKE = str.maketrans(
    "АВЕКМНОРСТХаеорсухіјѕԁΑΒΕΖΗΙΚΜΝΟΡΤΥΧο‐‑‒–—−＿", "ABEKMHOPCTXaeopcyxijsdABEZHIKMNOPTYXo------_"
)
_ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".wav", ".txt", ".csv", ".nii.gz", ".dcm", ".npy", ".json")
_TRUTH = {"yes": "1", "true": "1", "no": "0", "false": "0"}
_ENDING = re.compile(r"\.(nii\.gz|[A-Za-z][A-Za-z0-9]{0,5}|[0-9][A-Za-z]{1,3})$")
_DIGITS = re.compile(r"[0-9]+")
_WIDTHS = range(1, 21)
_LONGEST = 200


def _unhidden(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc"))


def nearest(text: str, known: Sequence[str]) -> str:
    """The known word that is most like a text; empty where none is."""
    import difflib  # only a faulty file needs it

    return next(iter(difflib.get_close_matches(text, known, 1)), "")


def _unquoted(text: str) -> str:
    return text.strip("'\"`“”‘’«»")


def _whole(text: str) -> str:
    return re.sub(r"\.0*$", "", text)


def _written_out(text: str) -> str:
    from decimal import Decimal, InvalidOperation  # only a faulty file needs it

    try:
        number = Decimal(text) if "e" in text.lower() and len(text) < 32 else Decimal("nan")
        return f"{number:f}".split(".")[0] if number.is_finite() and abs(number.adjusted()) < 32 else text
    except InvalidOperation:
        return text


def _cases(text: str) -> Iterable[str]:
    return text.lower(), text.upper(), text.capitalize(), text.title()


def _paddings(text: str) -> Iterable[str]:
    groups = list(_DIGITS.finditer(text))
    if not groups:
        return []
    last = groups[-1]
    bare = last.group().lstrip("0") or "0"
    return [text[: last.start()] + bare.zfill(width) + text[last.end() :] for width in _WIDTHS if width >= len(bare)]


_REPAIRS: list[tuple[str, Callable[[str], Iterable[str]]]] = [
    ("a space or line break stands before or after it", lambda text: [text.strip()]),
    ("an invisible character hides in it", lambda text: [_unhidden(text), _unhidden(text).strip()]),
    (
        "its letters are composed in another Unicode form (NFC, NFD); copy it from the file you were given",
        lambda text: [unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC", "NFKD")],
    ),
    ("quotes stand inside it; write it plain", lambda text: [_unquoted(text), _unquoted(text).strip()]),
    ("upper and lower case count", _cases),
    ("it was written as a decimal number; read and write that column as text (dtype=str)", lambda text: [_whole(text)]),
    ("a spreadsheet or float changed it; read and write that column as text", lambda text: [_written_out(text)]),
    ("write it without the plus sign", lambda text: [text.lstrip("+")]),
    ("write it without the file ending", lambda text: [_ENDING.sub("", text)]),
    ("the file ending belongs to it", lambda text: [text + ending for ending in _ENDINGS]),
    ("write it without the folder", lambda text: [re.split(r"[/\\]", text)[-1]]),
    (
        "write it without folder and file ending",
        lambda text: [_ENDING.sub("", re.split(r"[/\\]", text)[-1])],
    ),
    ("the number of leading zeros counts; read and write that column as text (dtype=str)", _paddings),
    (
        "a letter or dash is a lookalike from another alphabet; copy it from the file you were given",
        lambda text: [text.translate(_LOOKALIKE), unicodedata.normalize("NFKC", text).translate(_LOOKALIKE)],
    ),
    ("write 1 for true and 0 for false", lambda text: [_TRUTH.get(text.lower(), text)]),
]


def unknown_cause(texts: Iterable[str], known: Callable[[str], bool]) -> str:
    """Why a text is not in a closed set, if a small repair makes it known; else empty.

    >>> unknown_cause(["Cat "], {"cat"}.__contains__)
    ''
    >>> unknown_cause(["cat "], {"cat"}.__contains__)
    'did you mean cat? a space or line break stands before or after it'
    """
    for text in texts:
        if len(text) > _LONGEST:
            continue
        for why, repair in _REPAIRS:
            for other in repair(text):
                if other != text and known(other):
                    return f"did you mean {excerpt(other)}? {why}"
    return ""


def unknown_id_cause(
    texts: Sequence[str], known: Callable[[str], bool], sample: Sequence[str], suffix: str = ".csv"
) -> str:
    """The likely cause of an unknown id, or what ids look like; the suffix is that of the sample submission."""
    looks = ", ".join(excerpt(one) for one in sample[:3])
    return unknown_cause(texts, known) or f"ids look like {looks}; take them from {SAMPLE_STEM}{suffix}"


_NUMBER_CAUSES = [
    (r"[+-]?[0-9.]+ *%", "write a fraction (0.25), not a percentage (25%)"),
    (r"[+-]?[0-9]*,[0-9]+", "write the decimal sign as a point (0.5), not as a comma"),
    (r"[+-]?[0-9]{1,3}([,' \u00a0\u202f][0-9]{3})+([.,][0-9]+)?", "write numbers without thousands separators"),
    (r"\s+\S+\s*|\S+\s+", "a space stands before or after the number; write it without"),
    (r"[+-]?[0-9_.]*_[0-9_.]*", "write digits without underscores"),
    (r"[+-]?0[xXbBoO][0-9a-fA-F]+", "write numbers with decimal digits"),
    (r"(?i)true|false|yes|no", "write a number: 1 for true, 0 for false"),
    (r"[\[(].*[\])]", "write one number a cell, without brackets"),
    (r"(?i)tensor\(.*", "write the number only: tensor.item()"),
    (r"=.*", "write the value, not a spreadsheet formula"),
    (r"(?i)[+-]?(nan|inf|infinity)", "replace nan and infinity before you write the file"),
    (r"(?i)|na|n/a|#n/a|null|none|nil|missing|#value!|#div/0!|\?|-", "every item needs a value"),
    (r".*[−–—].*", "write the minus sign as the plain hyphen -"),
    (r"['\"].*", "write the number without quotes inside the cell"),
    (r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}", "a spreadsheet may have made a date of it; write the number"),
]


def unknown_label_cause(texts: Sequence[str], classes: Sequence[str]) -> str:
    """The likely cause of an unknown label: a slip of spelling, a number in place of a name, or no label at all."""
    if cause := unknown_cause(texts, set(classes).__contains__):
        return cause
    folded = {one.casefold(): one for one in classes}
    names = ", ".join(excerpt(one) for one in classes[:6]) + (", …" if len(classes) > 6 else "")
    for text in texts:
        short = text[:_LONGEST]
        if short.strip().casefold() in folded:
            return f"did you mean {excerpt(folded[short.strip().casefold()])}? upper and lower case and spaces count"
        if re.fullmatch(r"[0-9]{1,6}(\.0*)?", short):
            return f"write the name of the class, not its number: {names}"
        if re.fullmatch(r"0?\.[0-9]+|[0-9.]+[eE]-[0-9]+", short):
            return f"write the predicted class, not a probability: {names}"
        if near := nearest(short, classes[:2000]):
            return f"did you mean {excerpt(near)}? the classes are {names}"
    plain = all(one.isdigit() for one in classes)
    causes = [why for pattern, why in _NUMBER_CAUSES if plain and re.fullmatch(pattern, texts[0][:_LONGEST], re.DOTALL)]
    return f"{causes[0] if causes else 'write one label a cell'}; the classes are {names}"


def no_number_cause(text: str) -> str:
    """Why a cell holds no number, and what to write instead."""
    short = text[:_LONGEST]
    for pattern, cause in _NUMBER_CAUSES:
        if re.fullmatch(pattern, short, re.DOTALL):
            return cause
    if any(c.isdigit() and not c.isascii() for c in short):
        return "write numbers with the digits 0 to 9"
    if any(unicodedata.category(c) == "Cf" for c in short):
        return "an invisible character hides in the number; write it anew"
    return "write a plain number such as 0.25 or 1e-5"


def range_cause(value: Array, low: float, high: float) -> str:
    """Why values lie outside their range: percentages, logits, or plain slips."""
    finite = value[np.isfinite(value)]
    if (low, high) == (0.0, 1.0) and len(finite):
        if finite.min() < 0:
            return "these look like scores before the sigmoid or softmax; write probabilities from 0 to 1"
        if finite.max() <= 100.0 and np.median(finite) > 1.0:
            return "these look like percentages; divide by 100"
        return "write probabilities from 0 to 1"
    return f"write values from {low:g} to {high:g}"


def sum_cause(total: Array) -> str:
    """Why the probabilities of a row do not sum to one."""
    if len(total) and np.abs(total - 100.0).max() < 1.0:
        return "these are percentages; divide by 100"
    if len(total) and np.abs(total - 1.0).max() < 0.05:
        return "write at least six decimals, or divide each row by its sum"
    return "divide each row by its sum, or apply a softmax; do not round to few decimals"
