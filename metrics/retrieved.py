"""Which labels of each ranked list are relevant, and at which ranks: all that scores of retrieval read."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.by_item import ByItem
from metrics.frozen import dataclass
from metrics.inputs import ratio
from metrics.lists import list_pair, without_repeats
from metrics.ragged import Ragged, rows_taken, starts_of

if TYPE_CHECKING:
    from metrics.inputs import Array

FEW = 8
"""Lists of no more relevant labels are compared label by label, longer ones are searched."""


SEEN = 20_000
"""Labels that tell, about, whether there are few of them or many."""


@dataclass(frozen=True, eq=False, repr=False)
class Retrieved:
    """The hits of each item, that is the entries of its list that are relevant, by rank.

    Attributes:
        start: where each item's hits begin and, last, where the last one's end, shape (n + 1,).
        rank: rank of each hit in its list, from 1, shape (hits,).
        gain: how relevant each hit is, shape (hits,).
        listed: how many labels each list has, shape (n,).
        ideal_start: where each item's relevant labels begin, shape (n + 1,).
        ideal: the gains of the relevant labels of each item, the highest first, shape (relevant labels,).
    """

    start: Array
    rank: Array
    gain: Array
    listed: Array
    ideal_start: Array
    ideal: Array

    @property
    def n(self) -> int:
        """How many items there are."""
        return len(self.listed)

    @property
    def relevant(self) -> Array:
        """How many labels are relevant to each item, shape (n,)."""
        return np.diff(self.ideal_start)

    @cached_property
    def item(self) -> Array:
        """The item of each hit, shape (hits,)."""
        return np.repeat(np.arange(self.n), np.diff(self.start))

    @property
    def number(self) -> Array:
        """How many hits of the item come before each hit, and itself, shape (hits,)."""
        out: Array = np.arange(1, len(self.rank) + 1) - self.start.take(self.item)
        return out

    def within(self, k: Any) -> Array:
        """How many hits each item has among the first k of its list, shape (n,).

        Args:
            k: one number, or one an item, shape (n,).
        """
        last = np.asarray(k).take(self.item) if np.ndim(k) else k
        return np.bincount(self.item[self.rank <= last], minlength=self.n)

    def summed(self, values: Array, k: int) -> Array:
        """Sum of one number a hit over the hits among the first k of each list, shape (n,)."""
        return np.bincount(self.item, np.where(self.rank <= k, values, 0.0), self.n)

    def share(self, values: Array, whole: Array) -> Array:
        """Numbers of the items by what they could be at most; nan where nothing is relevant to an item."""
        return np.where(self.relevant > 0, ratio(values, whole), np.nan)

    def take(self, index: Array) -> Retrieved:
        """The hits of some items, by whole numbers or by a mask."""
        start, hit = rows_taken(self.start, index)
        ideal_start, label = rows_taken(self.ideal_start, index)
        ideal = self.ideal[label]
        return Retrieved(start, self.rank[hit], self.gain[hit], self.listed[index], ideal_start, ideal)


def hits(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> ByItem:
    """Collect which entries of each ranked list are relevant; a label that comes again is no hit again.

    Args:
        y_true: Lists, or one list of relevant labels an item, in any order; with gains, those above 0 are relevant.
        y_pred: Lists, or one list of labels an item, the best first.
        labels: not used; lists name their own.

    Raises:
        MetricError: the numbers of items differ, text meets numbers, or a list of truth names a label twice.
    """
    quick = None if _few_labels(y_pred) else quick_matches(y_true, y_pred)
    if quick is not None:
        return ByItem(len(quick[0]) - 1, "lists", _retrieved(*quick))
    truth, predicted, gain = list_pair(y_true, y_pred)
    without_repeats(truth, "y_true")
    if gain is not None and not gain.all():
        kept = gain > 0
        start = np.concatenate(([0], np.cumsum(kept)))[truth.start]
        truth, gain = Ragged(start, truth.value[kept]), gain[kept]
    matches = _matches(truth, predicted)
    return ByItem(truth.rows, "lists", _retrieved(truth.start, predicted.start, *matches, gain))


def _retrieved(relevant: Array, listed: Array, entry: Array, label: Array, gain: Optional[Array] = None) -> Retrieved:
    """The hits, of all matches.

    Args:
        relevant: where the relevant labels of each item begin, shape (n + 1,).
        listed: where the list of each item begins, shape (n + 1,).
        entry: the entries of the lists that are relevant, ascending, shape (matches,).
        label: the relevant label that each of them is, shape (matches,).
        gain: how relevant each relevant label is; None for 1 each.
    """
    first = np.empty(relevant[-1], dtype=np.int64)
    first[label[::-1]] = entry[::-1]  # the last one written is the first one listed
    fresh = first[label] == entry
    entry, label = entry[fresh], label[fresh]
    width = max(1, int(listed[1] - listed[0]))
    if listed[-1] == width * (len(listed) - 1) and (np.diff(listed) == width).all():
        item = entry // width
        start, rank = starts_of(np.bincount(item, minlength=len(listed) - 1)), entry - item * width + 1
    else:
        start = np.searchsorted(entry, listed)
        rank = entry - np.repeat(listed[:-1], np.diff(start)) + 1
    if gain is None:
        return Retrieved(start, rank, np.ones(len(rank)), np.diff(listed), relevant, np.ones(relevant[-1]))
    item = np.repeat(np.arange(len(relevant) - 1), np.diff(relevant))
    return Retrieved(start, rank, gain[label], np.diff(listed), relevant, gain[np.lexsort((-gain, item))])


def quick_matches(y_true: Any, y_pred: Any) -> Optional[tuple[Array, Array, Array, Array]]:
    """Where the relevant labels and the lists begin, and all matches, of Python's lists of text; None of all else.

    Each item has a set of its own: small ones stay in the cache, which a numbering of all labels does not.
    """
    if not _begins_with_text(y_true, y_pred) or not set(map(type, chain(y_true, y_pred))) <= {list, tuple}:
        return None
    entries, places = array("q"), array("q")
    begun = passed = 0
    try:
        for relevant, row in zip(y_true, y_pred):
            known = set(relevant)
            if len(known) < len(relevant):
                return None
            "".join(relevant)  # takes texts alone, and asks each a third as long as Python would
            "".join(row)
            both = known.intersection(row)
            if len(both) <= FEW:
                entries.extend([passed + row.index(label) for label in both])
                places.extend([begun + relevant.index(label) for label in both])
            else:
                entries.extend(map(_numbered(row, passed).__getitem__, both))
                places.extend(map(_numbered(relevant, begun).__getitem__, both))
            begun += len(relevant)
            passed += len(row)
    except TypeError:  # an entry that is no text
        return None
    begin, listed = (starts_of(np.fromiter(map(len, rows), np.int64, count=len(rows))) for rows in (y_true, y_pred))
    entry, place = (np.frombuffer(known, dtype=np.int64) for known in (entries, places))
    order = np.argsort(entry)
    return begin, listed, entry[order], place[order]


def _numbered(row: Sequence[str], first: int) -> dict[str, int]:
    """The place of each label of a list where it stands first, counted from a number."""
    return dict(zip(reversed(row), range(first + len(row) - 1, first - 1, -1)))


def _few_labels(rows: Any) -> bool:
    """Whether the first of Python's lists name the same labels again and again, so that one numbering stays small."""
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], (list, tuple)):
        return False
    seen = rows[: SEEN // max(1, len(rows[0]))]
    if not set(map(type, seen)) <= {list, tuple}:
        return False
    entries = list(chain.from_iterable(seen))
    try:
        return len(set(entries)) * 4 <= len(entries)
    except TypeError:  # a label that is no label
        return False


def _begins_with_text(y_true: Any, y_pred: Any) -> bool:
    """Whether both are equally many lists, by the look of the first, and text is in it: a look that costs nothing."""
    sides = (y_true, y_pred)
    if not all(isinstance(side, list) and side and isinstance(side[0], (list, tuple)) for side in sides):
        return False
    return len(y_true) == len(y_pred) and isinstance(next(chain(y_pred[0], y_true[0]), None), str)


def _matches(truth: Ragged, predicted: Ragged) -> tuple[Array, Array]:
    """Which entries of the lists are relevant, ascending, and which true entry each is."""
    few = truth.length <= FEW
    entry, label = _compared(truth, predicted) if few.any() else (np.empty(0, dtype=np.int64),) * 2
    if not few.all():
        more = _searched(truth, predicted, ~few)
        entry, label = _in_order(np.concatenate((entry, more[0])), np.concatenate((label, more[1])))
    return entry, label


def _compared(truth: Ragged, predicted: Ragged) -> tuple[Array, Array]:
    """Matches of the items with few relevant labels: each entry beside the first, then the second and so on."""
    relevant, length = truth.length, predicted.length
    even = len(predicted.value) == len(length) * length[0]  # a list is as long as the next: no need to repeat
    even = even and bool((length == length[0]).all())
    entry, label = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for turn in range(min(FEW, int(relevant.max()))):
        place = np.minimum(truth.start[:-1] + turn, len(truth.value) - 1)
        code = np.where((relevant > turn) & (relevant <= FEW), truth.value[place], -1)
        if even:
            found = np.flatnonzero(predicted.value.reshape(len(length), -1) == code[:, None])
        else:
            found = np.flatnonzero(predicted.value == np.repeat(code, length))
        row = found // length[0] if even else np.searchsorted(predicted.start, found, side="right") - 1
        entry.append(found)
        label.append(place[row])
    return _in_order(np.concatenate(entry), np.concatenate(label))


def _in_order(entry: Array, label: Array) -> tuple[Array, Array]:
    """Matches by the entry of the list."""
    order = np.argsort(entry, kind="stable")
    return entry[order], label[order]


def _searched(truth: Ragged, predicted: Ragged, chosen: Array) -> tuple[Array, Array]:
    """Matches of some items, by a search among the sorted labels of all of them."""
    size = 1 + max(int(rows.value.max(initial=0)) for rows in (truth, predicted))
    label, entry = rows_taken(truth.start, chosen)[1], rows_taken(predicted.start, chosen)[1]
    key = truth.row[label] * size + truth.value[label]
    order = np.argsort(key)
    ordered, wanted = key[order], predicted.row[entry] * size + predicted.value[entry]
    place = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
    found = ordered[place] == wanted
    return entry[found], label[order[place[found]]]


def discounts(count: int) -> Array:
    """What a gain at each rank counts for in DCG, shape (count,)."""
    out: Array = 1.0 / np.log2(np.arange(2, count + 2))
    return out


def leading(start: Array, values: Array, k: int) -> Array:
    """Sum of the first k numbers of each row, in order, shape (rows,)."""
    length = np.diff(start)
    place = np.arange(len(values)) - np.repeat(start[:-1], length)
    return np.bincount(np.repeat(np.arange(len(length)), length), np.where(place < k, values, 0.0), len(length))
