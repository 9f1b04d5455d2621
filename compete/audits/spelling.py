"""Labels and subgroups that are spelt in several ways."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from typing import Any

from compete.audits.targets import of_classes, targets_of
from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt, is_missing
from compete.errors import Finding

SHORTEST = 5
"""Letters of a name that may be a slip of another: cat and car are two words."""
RARE = 0.05
"""A slip is rare beside what was meant, at most this share of it."""
MOST_NAMES = 20_000
_BETWEEN = re.compile(r"(?<=[^\W\d_])[\s_\-./]+(?=\w)|(?<=\w)[\s_\-./]+(?=[^\W\d_])")


def audit(challenge: Challenge, dataset: Dataset, looks: Any) -> list[Finding]:
    """Labels whose names differ by case, spaces, Unicode form or one letter; values of subgroups and groups too."""
    targets = targets_of(challenge, dataset)
    number = dict(zip(targets.names, targets.flags.sum(axis=0).tolist(), strict=True))
    findings = []
    if of_classes(challenge):
        findings += _label_findings(challenge, number, {one.rule for one in dataset.findings})
    for column in dict.fromkeys([*(one.column for one in challenge.data.subgroups), *challenge.data.group]):
        cells = [text.strip() for text in map(str, dataset.items[column]) if not is_missing(text)]
        twins = spelling_twins(list(dict.fromkeys(cells)))
        if twins:
            message = f"{counted(len(twins), 'value', 'values')} of {column!r} spelt in several ways"
            hint = "each spelling counts as a subgroup or group of its own: make them equal in the table"
            where = challenge.where("data.group" if column in challenge.data.group else "data.subgroups")
            findings.append(Finding("audit/value-spelling", message, where, twins, hint, "warning", len(twins)))
    return findings


def _label_findings(challenge: Challenge, number: Mapping[str, int], told: Set[str]) -> list[Finding]:
    findings, where = [], challenge.where("data.label")
    names = list(number)
    if "dataset/similar-labels" in told:  # of those the reader tells only one is compared with others
        names = list({" ".join(name.split()).casefold(): name for name in names}.values())
    twins = spelling_twins(names)
    if twins:
        message = (
            f"{counted(len(twins), 'label is', 'labels are')} spelt in several ways and counted as several classes"
        )
        hint = "make the spellings equal in the data"
        findings.append(Finding("audit/label-spelling", message, where, twins, hint, "warning", len(twins)))
    odd = tuple(repr(excerpt(name)) for name in number if name != _written(name))
    if odd:
        message = f"{counted(len(odd), 'label has', 'labels have')} spaces around or letters in an unusual Unicode form"
        hint = "submissions must spell it the same; write it without, in form NFC"
        findings.append(Finding("audit/label-form", message, where, odd, hint, "warning", len(odd)))
    slips = near_names(number)
    if slips:
        message = f"{counted(len(slips), 'rare label differs', 'rare labels differ')} by one letter from a common one"
        hint = "if it is a slip of the pen, mend it in the data; if it is another class, nothing need be done"
        findings.append(Finding("audit/near-labels", message, where, slips, hint, "warning", len(slips)))
    return findings


def _written(name: str) -> str:
    """A name as it should be written."""
    return unicodedata.normalize("NFC", " ".join(name.split()))


def folded(name: str) -> str:
    """A name without what people do not hear: case, spaces and hyphens, and the form of letters.

    >>> folded("No_Finding") == folded("no finding "), folded("COVID-19") == folded("covid19")
    (True, True)
    >>> folded("1-2") == folded("12"), folded("CD4+") == folded("CD4-")
    (False, False)
    """
    return _BETWEEN.sub("", " ".join(unicodedata.normalize("NFKC", name).casefold().split()))


def spelling_twins(names: Sequence[str]) -> tuple[str, ...]:
    """Names that are one name spelt in several ways, each with its spellings."""
    alike = defaultdict(list)
    for name in names:
        alike[folded(name)].append(name)
    return tuple(" and ".join(repr(excerpt(name)) for name in same) for same in alike.values() if len(same) > 1)


def near_names(number: Mapping[str, int]) -> tuple[str, ...]:
    """Rare names one letter away from a common one, as ``'Leukocite' (2) beside 'Leukocyte' (372)``.

    Args:
        number: how often each name occurs.
    """
    names = [name for name in number if len(name) >= SHORTEST][:MOST_NAMES]
    buckets = defaultdict(set)
    for name in names:
        low = name.casefold()
        for text in {low, *(low[:place] + low[place + 1 :] for place in range(len(low)))}:
            buckets[text].add(name)
    pairs = {
        (rare, common)
        for same in buckets.values()
        if 1 < len(same) < 50
        for rare in same
        for common in same
        if number[rare] <= RARE * number[common] and is_slip(rare, common) and folded(rare) != folded(common)
    }
    return tuple(f"{rare!r} ({number[rare]}) beside {common!r} ({number[common]})" for rare, common in sorted(pairs))


def is_slip(one: str, other: str) -> bool:
    """Whether two names differ by one letter that may be a slip: no digit, and no letter of a short word.

    >>> is_slip("Platelts", "Platelets"), is_slip("grade 1", "grade 2"), is_slip("type A", "type B")
    (True, False, False)
    """
    left, right = one.split(), other.split()
    if len(left) != len(right):
        return False
    changed = [(a, b) for a, b in zip(left, right, strict=True) if a != b]
    if len(changed) != 1 or min(map(len, changed[0])) < 4:
        return False
    letters = _difference(*changed[0])
    return bool(letters) and not any(letter.isdigit() for letter in letters)


def _difference(one: str, other: str) -> str:
    """The letters in which two words differ, if one change makes one of the other; else nothing."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    middle = one[start : len(one) - end], other[start : len(other) - end]
    changed = "".join(middle)
    swapped = len(changed) == 4 and Counter(middle[0]) == Counter(middle[1])
    return changed if swapped or (changed and max(map(len, middle)) == 1) else ""
