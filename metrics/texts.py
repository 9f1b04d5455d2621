"""Texts, one an item, as Python's strings or as code points end to end; and the words they are made of."""

from __future__ import annotations

import re
import string
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import field
from functools import cached_property, partial
from itertools import count, repeat
from operator import eq
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from metrics.edits import edit_distances, text_edits
from metrics.frozen import dataclass
from metrics.inputs import MetricError
from metrics.ragged import Ragged, starts_of
from metrics.words import words_in_common

if TYPE_CHECKING:
    from metrics.inputs import Array

NORMAL = ("none", "lower", "squad")
"""How texts may be made alike before they are compared; see `normalised`."""

LONG = 32
"""Words of a text up to which it costs less to count each of them than to number them."""

PUNCTUATION = str.maketrans("", "", string.punctuation)
ARTICLES = frozenset(("a", "an", "the"))
ARTICLE = re.compile(r"\b(a|an|the)\b")


@dataclass(frozen=True, eq=False, repr=False)
class Texts:
    """One text an item; a text may be empty. Strings and code points are made of each other when first asked for.

    Attributes:
        given: the strings, or the code points of each text as rows.
        lower: whether the texts are these in lower case.

    Raises:
        MetricError: a number is no code point.

    >>> texts = Texts.of(["ant", "", "bee"])
    >>> texts.letters.start.tolist(), Texts(texts.letters).strings
    ([0, 3, 3, 6], ['ant', '', 'bee'])
    """

    given: Union[Ragged, list[str]]
    lower: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.given, Ragged):
            letter = self.given.value
            if len(letter) and (letter.dtype.kind not in "iu" or not 0 <= letter.min() <= letter.max() < 0x110000):
                raise MetricError("letters hold what are no code points")

    @classmethod
    def of(cls, rows: Any, name: str = "texts") -> Texts:
        """Texts of Python's strings, checked.

        Args:
            rows: one string an item.
            name: what to call the texts in a message.

        Raises:
            MetricError: an entry is no text.
        """
        if isinstance(rows, (str, bytes)) or not hasattr(rows, "__len__"):
            raise MetricError(f"{name} is a single {type(rows).__name__}; give one text an item")
        if hasattr(rows, "mask") and isinstance(rows, np.ndarray):
            raise MetricError(f"{name} is a masked array; leave the masked rows out, or fill them, before scoring")
        given = rows.tolist() if isinstance(rows, np.ndarray) else list(rows)
        try:
            "".join(given)  # takes texts alone, and asks each a fifth as long as Python would
        except TypeError:
            strange = sum(not isinstance(one, str) for one in given)
            message = f"{name} holds {strange} entries that are no text; every item needs a text, perhaps empty"
            raise MetricError(message) from None
        return cls(given)

    def __len__(self) -> int:
        return self.given.rows if isinstance(self.given, Ragged) else len(self.given)

    @cached_property
    def strings(self) -> list[str]:
        """The texts as Python's strings."""
        return _lowered(self.as_given) if self.lower else self.as_given

    @property
    def as_given(self) -> list[str]:
        """The texts as Python's strings, in the case in which they came."""
        if not isinstance(self.given, Ragged):
            return self.given
        whole = self.given.value.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")
        ends = self.given.start.tolist()
        return [whole[part] for part in map(slice, ends, ends[1:])]

    @cached_property
    def letters(self) -> Ragged:
        """The texts as rows of code points, uint32."""
        if isinstance(self.given, Ragged) and not self.lower:
            return self.given
        whole = "".join(self.strings).encode("utf-32-le", "surrogatepass")
        return Ragged(starts_of(self.length), np.frombuffer(whole, dtype="<u4").astype(np.uint32, copy=False))

    @property
    def length(self) -> Array:
        """How many letters each text has, int64, shape (items,)."""
        if isinstance(self.given, Ragged) and not self.lower:
            return self.given.length
        return np.fromiter(map(len, self.strings), dtype=np.int64, count=len(self))

    def take(self, index: Array) -> Texts:
        """Some texts, by whole numbers or by a mask."""
        if isinstance(self.given, Ragged):
            return Texts(self.given.take(index), self.lower)
        return Texts([self.given[place] for place in np.arange(len(self))[index].tolist()], self.lower)


def text_pair(y_true: Any, y_pred: Any) -> tuple[Texts, Texts]:
    """Truth and prediction as Texts, one an item, equally many.

    Raises:
        MetricError: there are no items, the numbers of items differ, or an entry is no text.
    """
    truth = y_true if isinstance(y_true, Texts) else Texts.of(y_true, "y_true")
    predicted = y_pred if isinstance(y_pred, Texts) else Texts.of(y_pred, "y_pred")
    if not len(truth) or not len(predicted):
        raise MetricError(f"{'y_pred' if len(truth) else 'y_true'} is empty; a score needs at least one item")
    if len(truth) != len(predicted):
        raise MetricError(f"y_true has {len(truth)} items and y_pred has {len(predicted)}; they must be aligned")
    return truth, predicted


def normalised(texts: Texts, how: str) -> Texts:
    """Texts made alike: ``none`` leaves them as they are, ``lower`` makes them lower case.

    ``squad`` also takes out ASCII punctuation, then the words a, an and the, and leaves one space between words, none
    at the ends.

    Source: the evaluation script of Rajpurkar et al., SQuAD, EMNLP (2016), p. 2383.

    >>> normalised(Texts(["The  Ant's", "a bee"]), "squad").strings
    ['ants', 'bee']
    """
    if how == "none":
        return texts
    if how == "lower":
        return Texts(texts.given, lower=True)
    return Texts(list(map(_squad, texts.strings)))


def _lowered(strings: list[str]) -> list[str]:
    """Every text in lower case: all in one go, unless one of them holds the sign that parts them."""
    whole = "\0".join(strings).lower().split("\0")
    return whole if len(whole) == len(strings) else list(map(str.lower, strings))


def _squad(text: str) -> str:
    """One text as the script of SQuAD leaves it."""
    plain = text.lower().translate(PUNCTUATION)
    if plain.isascii() and plain.isprintable():  # so white space alone parts words, and no pattern need be sought
        return " ".join([word for word in plain.split() if word not in ARTICLES])
    return " ".join(ARTICLE.sub(" ", plain).split())


def without_spaces(texts: Texts) -> Texts:
    """The texts less their white space, as `str.split` sees it."""
    return Texts(["".join(text.split()) for text in texts.strings])


def word_pair(truth: Texts, predicted: Texts) -> tuple[Ragged, Ragged]:
    """The words of truth and prediction, split at white space, with the same number for the same word.

    Predicted words that no true text has share one number: they equal no true word.
    """
    number: defaultdict[str, int] = defaultdict(count().__next__)
    one = _numbered(truth.strings, partial(map, number.__getitem__))
    known, stranger = dict(number), repeat(len(number))
    return one, _numbered(predicted.strings, lambda words: map(known.get, words, stranger))


def _numbered(strings: list[str], numbers: Callable[[list[str]], Iterator[int]]) -> Ragged:
    """The words of each text as numbers; text by text, so that the words themselves need not be kept."""
    start, codes = [0], array("q")
    for text in strings:
        codes.extend(numbers(text.split()))
        start.append(len(codes))
    return Ragged(np.array(start), np.frombuffer(codes, dtype=np.int64))


def word_jaccards(truth: Texts, predicted: Texts) -> Array:
    """Different words of both texts of each pair by those of either, shape (n,); 1 for two texts without words."""
    shared, true, found = _word_counts(truth, predicted, repeats=False)
    return _shares(shared, true + found - shared, truth, predicted, _jaccard)


def word_f1s(truth: Texts, predicted: Texts) -> Array:
    """F1 of the words of each pair, a word that comes k times counted k times, shape (n,); 1 for two without words."""
    shared, true, found = _word_counts(truth, predicted, repeats=True)
    return _shares(2 * shared, true + found, truth, predicted, _f1)


def _word_counts(truth: Texts, predicted: Texts, repeats: bool) -> Array:
    """Words that both texts of each pair have, and words of either, int64, shape (3, n); -1 where not counted."""
    lower = truth.lower and predicted.lower
    true, found = (texts.as_given if lower else texts.strings for texts in (truth, predicted))
    return words_in_common(true, found, repeats, lower)


def _shares(part: Array, whole: Array, truth: Texts, predicted: Texts, share: Callable[[str, str], float]) -> Array:
    """Part by whole, 1 where there is no whole; by hand where nothing was counted."""
    out: Array = np.divide(part, whole, out=np.ones(len(whole)), where=whole > 0)
    left = np.flatnonzero(part < 0)
    sides = (texts.strings if len(left) == len(out) else texts.take(left).strings for texts in (truth, predicted))
    out[left] = list(map(share, *sides))
    return out


def _jaccard(one: str, other: str) -> float:
    """Different words of both texts by those of either."""
    if one == other:
        return 1.0
    true, found = set(one.split()), set(other.split())
    both = len(true & found)
    either = len(true) + len(found) - both
    return both / either if either else 1.0


def _f1(one: str, other: str) -> float:
    """F1 of the words of two texts."""
    if one == other:
        return 1.0
    true, found = one.split(), other.split()
    if len(true) > LONG:
        shared = sum((Counter(true) & Counter(found)).values())
    else:
        shared = sum([min(true.count(word), found.count(word)) for word in set(true).intersection(found)])
    both = len(true) + len(found)
    return 2 * shared / both if both else 1.0


@dataclass(frozen=True, eq=False, repr=False)
class TextPairs:
    """True and predicted texts; what is counted of them is counted when a formula first asks.

    Attributes:
        truth: the true texts, normalised.
        predicted: the predicted texts, normalised.
        kept: what was counted so far, an array whose last axis is the items, by name.
    """

    truth: Texts
    predicted: Texts
    kept: dict[Any, Array] = field(default_factory=dict)

    def take(self, index: Array) -> TextPairs:
        """Some of the pairs, by whole numbers or by a mask."""
        kept = {name: known[..., index] for name, known in self.kept.items()}
        return TextPairs(self.truth.take(index), self.predicted.take(index), kept)

    def equal(self) -> Array:
        """1 where both texts of a pair are equal, letter by letter, else 0, shape (n,)."""
        return self.once("equal", lambda: _equal(self.truth.strings, self.predicted.strings))

    def letter_edits(self) -> Array:
        """Edit distance of the letters of each pair, int64, shape (n,)."""
        return self.once("letter edits", lambda: text_edits(self.truth, self.predicted))

    def word_edits(self) -> Array:
        """Edit distance of the words of each pair, and how many words the true text has, int64, shape (2, n)."""

        def made() -> Array:
            true, predicted = word_pair(self.truth, self.predicted)
            return np.stack((edit_distances(true, predicted), true.length))

        return self.once("word edits", made)

    def jaccards(self) -> Array:
        """Words that both texts of each pair have by those that either has, shape (n,)."""
        return self.once("jaccards", lambda: word_jaccards(self.truth, self.predicted))

    def f1s(self) -> Array:
        """F1 of the words of each pair, shape (n,)."""
        return self.once("f1s", lambda: word_f1s(self.truth, self.predicted))

    def once(self, name: Any, make: Callable[[], Array]) -> Array:
        """What was counted under a name; counted now if it was not yet."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]


def _equal(one: list[str], other: list[str]) -> Array:
    """Which of two strings are equal."""
    return np.frombuffer(bytes(map(eq, one, other)), dtype=np.bool_).astype(np.float64)
