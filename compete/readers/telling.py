"""How well a column of few values tells the label by itself; the gate refuses what nearly says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from compete.dataset import is_missing, parsed_number

FEWEST = 5
"""Items that a class must have, and not have, to be counted."""
MANY = 20
"""Different numbers from which on a label is a measure, of which the upper half is the class."""


def told_area(cells: Sequence[str], label: Sequence[str]) -> float:
    """The area under the curve of each class, told by a column's values alone, in the mean over the classes.

    Each value stands for how often a class goes with it, which orders the items.

    Args:
        cells: of a column of few values.
        label: the class or number of the same rows; rows without one do not count.

    Returns:
        From 0.5 to 1; 0 where no class can be told from the others.

    >>> told_area(["x", "x", "y", "y"] * 9, ["cat", "cat", "dog", "dog"] * 9)
    1.0
    >>> told_area(["x", "y", "x", "y"] * 9, ["cat", "cat", "dog", "dog"] * 9)
    0.5
    """
    pairs, has, of_class = Counter[tuple[str, str]](), Counter[str](), Counter[str]()
    named = _classes(Counter(label))
    for (value, text), count in Counter(zip(cells, label, strict=True)).items():
        if text in named:
            pairs[value, named[text]] += count
            has[value] += count
            of_class[named[text]] += count
    rows = sum(has.values())
    areas = [
        _area([(pairs[value, name], has[value]) for value in has], size)
        for name, size in of_class.items()
        if FEWEST <= size <= rows - FEWEST
    ]
    return sum(areas) / len(areas) if areas else 0.0


def _classes(count: Mapping[str, int]) -> dict[str, str]:
    """The class of each label that is one; of many numbers, whether they are above their median."""
    known = [text for text in count if not is_missing(text)]
    numbers = {text: number for text in known if (number := parsed_number(text)) is not None}
    if len(numbers) < len(known) or len(known) <= MANY:
        return {text: text for text in known}
    rows, below, middle = sum(count[text] for text in known), 0, 0.0
    for text in sorted(known, key=lambda one: numbers[one]):
        middle, below = numbers[text], below + count[text]
        if 2 * below >= rows:
            break
    return {text: str(number > middle) for text, number in numbers.items()}


def _area(counts: Sequence[tuple[int, int]], size: int) -> float:
    """The area under the curve of values in the order of a class's share, by how many of the class each value has."""
    rows, below, area = sum(whole for _, whole in counts), 0, 0.0
    for of_class, whole in sorted(counts, key=lambda one: one[0] / one[1]):
        others = whole - of_class
        area += of_class * (below + others / 2)
        below += others
    return area / (size * (rows - size))
