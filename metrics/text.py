"""Scores of texts: how much of what was to be written is written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.by_item import ByItem, WeighedItems
from metrics.catalog import metric
from metrics.edits import quick_edits
from metrics.inputs import MetricError, mean_defined, ratio
from metrics.ngrams import shared_ngrams
from metrics.proving import equal_texts
from metrics.texts import NORMAL, TextPairs, Texts, normalised, text_pair, without_spaces

if TYPE_CHECKING:
    from metrics.inputs import Array

UNIT = (0.0, 1.0)
POSITIVE = (0.0, np.inf)
LONGEST = 12
"""The longest run of letters that chrF may count."""


def text_pairs(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, normalise: str = "none") -> ByItem:
    """Collect pairs of texts.

    Args:
        y_true: Texts, or one string an item.
        y_pred: the same number of texts.
        labels: not used.
        normalise: how texts are made alike first, ``none``, ``lower`` or ``squad``.

    Raises:
        MetricError: the numbers of items differ, or an entry is no text.
    """
    truth, predicted = (normalised(texts, normalise) for texts in text_pair(y_true, y_pred))
    return ByItem(len(truth), "texts", TextPairs(truth, predicted), width=3)


def equal_pairs(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, normalise: str = "none") -> ByItem:
    """As `text_pairs`, and which texts are equal: plain lists are looked at once for both."""
    same = equal_texts(y_true, y_pred) if normalise == "none" else None
    if same is None:
        return text_pairs(y_true, y_pred, labels, normalise=normalise)
    return _compared(y_true, y_pred, "equal", same.astype(np.float64))


def edited_pairs(
    y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, normalise: str = "none"
) -> ByItem:
    """As `text_pairs`, and the edit distances of the letters: plain lists are looked at once for both."""
    edits = quick_edits(y_true, y_pred) if normalise == "none" else None
    if edits is None:
        return text_pairs(y_true, y_pred, labels, normalise=normalise)
    return _compared(y_true, y_pred, "letter edits", edits)


def _compared(y_true: Any, y_pred: Any, name: str, known: Array) -> ByItem:
    """Pairs of texts that are proven to be some, the caller's own lists, with what was found on the way."""
    return ByItem(len(known), "texts", TextPairs(Texts(y_true), Texts(y_pred), {name: known}), width=3)


def squad_pairs(
    y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, normalise: str = "squad"
) -> ByItem:
    """Collect pairs of texts, made alike as answers to questions are, unless another way is asked for."""
    return text_pairs(y_true, y_pred, labels, normalise=normalise)


written = partial(metric, collect=text_pairs, needs="texts", targets=("texts",), bounds=UNIT, greater_is_better=True)
"""What the metrics of texts have in common."""

edited = partial(written, collect=edited_pairs, bounds=POSITIVE, greater_is_better=False)
"""What the metrics that count edits have in common."""

ALIKE = {"normalise": NORMAL}


@written(
    "exact_match",
    collect=equal_pairs,
    limits=ALIKE,
    pitfalls="A space at the end or another case is a miss, unless normalise=squad; accents that are composed in one "
    "text and not in the other differ.",
)
def exact_match(items: WeighedItems) -> Array:
    """Share of the items whose text is right to the letter.

    Args:
        items: pairs of texts, and how much each item counts.

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight. Two empty texts are equal.

    Options: ``normalise``, how texts are made alike first: ``none``; ``lower``, lower case; ``squad``, also without
    ASCII punctuation and the words a, an and the, and with single spaces.

    Source: Rajpurkar et al., SQuAD, EMNLP (2016), p. 2383.

    >>> metrics.exact_match(["an ant", "a bee"], ["an ant", "The bee!"])
    0.5
    >>> metrics.get("exact_match", normalise="squad")(["an ant", "a bee"], ["an ant", "The bee!"])
    1.0
    """
    return items.mean(items.known.equal())


@edited(
    "edit_distance",
    limits=ALIKE,
    pitfalls="It is in letters and has no upper end: one long text may outweigh many short ones. Letters are code "
    "points, so an accent that stands for itself counts as one.",
)
def edit_distance(items: WeighedItems) -> Array:
    """Fewest letters to insert, delete or replace to turn one text into the other; the mean over items.

    Args:
        items: pairs of texts, and how much each item counts.

    Returns:
        One score a weighting, shape (w,), in letters; nan where nothing has weight.

    Options: ``normalise``, how texts are made alike first: ``none``, ``lower`` or ``squad``, as in exact_match.

    Source: Levenshtein, Soviet Physics Doklady 10 (1966), p. 707.

    >>> metrics.edit_distance(["kitten", "ant"], ["sitting", "ant"])
    1.5
    """
    return items.mean(items.known.letter_edits().astype(np.float64))


@edited(
    "normalised_edit_distance",
    limits={**ALIKE, "by": ("truth", "longer")},
    pitfalls="Short texts weigh as much as long ones, so one letter too many in a word of one letter costs 1; cer "
    "pools all letters instead. By the length of the truth it may exceed 1.",
)
def normalised_edit_distance(items: WeighedItems, *, by: str = "truth") -> Array:
    """Edit distance of the letters by the length of the text; the mean over items.

    Args:
        items: pairs of texts, and how much each item counts.
        by: the length that it is divided by: ``truth``, that of the true text, which must not be empty; ``longer``,
            that of the longer of both, so that the score lies between 0 and 1 and two empty texts score 0.

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Options: ``normalise``, how texts are made alike first: ``none``, ``lower`` or ``squad``, as in exact_match.

    Source: Marzal and Vidal, IEEE TPAMI 15 (1993), p. 926, discusses both; rapidfuzz, normalized_distance (longer).

    >>> metrics.normalised_edit_distance(["ants", "bee"], ["ant", "bee"])
    0.125
    """
    known: TextPairs = items.known
    edits, true = known.letter_edits(), known.truth.length
    if by == "truth":
        if not true.all():
            count = int(np.count_nonzero(true == 0))
            raise MetricError(f"y_true holds {count} empty texts, of which no share can be taken; use by=longer or cer")
        return items.mean(edits / true)
    return items.mean(edits / np.maximum(np.maximum(true, known.predicted.length), 1))


@edited(
    "cer",
    limits=ALIKE,
    pitfalls="Letters of all items are pooled, so long texts count more. jiwer takes off white space at both ends "
    "first; here it counts.",
)
def cer(items: WeighedItems) -> Array:
    """Character error rate: edit distances of all items, summed, by the letters of all true texts; may exceed 1.

    Args:
        items: pairs of texts, and how much each item counts.

    Returns:
        One score a weighting, shape (w,); nan where the true texts have no letter.

    Options: ``normalise``, how texts are made alike first: ``none``, ``lower`` or ``squad``, as in exact_match.

    Source: Morris, Maier and Green, Interspeech (2004), p. 2765; jiwer, cer.

    >>> metrics.cer(["ants", "bees"], ["ant", "beds"])
    0.25
    """
    known: TextPairs = items.known
    return _rate(items, np.stack((known.letter_edits(), known.truth.length)))


@edited(
    "wer",
    collect=text_pairs,
    limits=ALIKE,
    pitfalls="Words are what white space parts: ant and ant, with a comma differ. Words of all items are pooled, so "
    "long texts count more.",
)
def wer(items: WeighedItems) -> Array:
    """Word error rate: words to insert, delete or replace in all items, by the words of all true texts; may exceed 1.

    Args:
        items: pairs of texts, and how much each item counts.

    Returns:
        One score a weighting, shape (w,); nan where the true texts have no word.

    Options: ``normalise``, how texts are made alike first: ``none``, ``lower`` or ``squad``, as in exact_match.

    Source: Morris, Maier and Green, Interspeech (2004), p. 2765; jiwer, wer.

    >>> metrics.wer(["an ant runs", "bees fly"], ["an ant run", "bees can fly"])
    0.4
    """
    return _rate(items, items.known.word_edits())


def _rate(items: WeighedItems, edits: Array) -> Array:
    """Summed edits by the summed length of the truth."""
    total = items.sums(edits.astype(np.float64))
    return ratio(total[:, 0], total[:, 1])


@written(
    "word_jaccard",
    limits=ALIKE,
    pitfalls="A set has no order and no repeats: the words may come in any order and any number. Punctuation sticks to "
    "its word. Kaggle's versions make texts lower case first: normalise=lower.",
)
def word_jaccard(items: WeighedItems) -> Array:
    """Words of both texts by words of either, each word counted once; the mean over items.

    Args:
        items: pairs of texts, and how much each item counts.

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight. Two texts without words score 1.

    Options: ``normalise``, how texts are made alike first: ``none``, ``lower`` or ``squad``, as in exact_match.

    Source: Jaccard, Bulletin de la Société vaudoise des sciences naturelles 37 (1901), p. 547; Kaggle, Tweet Sentiment
    Extraction (2020).

    >>> metrics.word_jaccard(["so sad today", "yes"], ["sad today", "no"])
    0.3333333333333333
    """
    return items.mean(items.known.jaccards())


@metric(
    "token_f1",
    collect=squad_pairs,
    needs="texts",
    targets=("texts",),
    bounds=UNIT,
    greater_is_better=True,
    limits=ALIKE,
    pitfalls="The order of the words does not count. With several true answers an item, score the best of them by "
    "hand: here an item has one.",
)
def token_f1(items: WeighedItems) -> Array:
    """Harmonic mean of the shares of predicted and of true words that the other has too; the mean over items.

    Args:
        items: pairs of texts, and how much each item counts.

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight. Two texts without words score 1.

    A word that comes k times in both counts k times.

    Options: ``normalise``, how texts are made alike first: ``squad``, the default: lower case, without ASCII
    punctuation and the words a, an and the; ``lower``; ``none``.

    Source: Rajpurkar et al., SQuAD, EMNLP (2016), p. 2383.

    >>> metrics.token_f1(["The red ant.", "a bee"], ["red ant nest", "bee"])
    0.9
    """
    return items.mean(items.known.f1s())


@written(
    "chrf",
    limits={**ALIKE, "order": (1, LONGEST), "beta": (0.0, 1e6)},
    pitfalls="Runs of letters are pooled over all items, so long texts count more; the scores of sacrebleu are 100 "
    "times as large. Recall counts twice as much as precision.",
)
def chrf(items: WeighedItems, *, order: int = 6, beta: float = 2.0) -> Array:
    """F score of runs of 1 to 6 letters: mean precision and mean recall over the lengths, of all items pooled.

    Args:
        items: pairs of texts, and how much each item counts.
        order: the greatest length of a run.
        beta: how many times as much recall counts as precision.

    Returns:
        One score a weighting, shape (w,); nan where the true texts have no letter, 0 where only the predicted
        have none.

    White space is left out before runs are counted. A run that comes k times in both texts of an item counts k times;
    predicted runs longer than the true text of the item are not counted, nor lengths of which either side has no run.

    Options: ``normalise``, how texts are made alike first: ``none``, ``lower`` or ``squad``, as in exact_match.

    Source: Popović, WMT (2015), p. 392; as in sacrebleu, CHRF with its default effective order, divided by 100.

    >>> round(metrics.chrf(["the cat sat"], ["the cat sits"]), 12)
    0.665832483079
    """
    counts = items.known.once(("runs", order), lambda: _runs(items.known, order))
    shared, true, predicted = np.split(items.sums(counts.reshape(3 * order, -1).astype(np.float64)), 3, axis=1)
    both = np.where((true > 0) & (predicted > 0), 1.0, np.nan)
    precision, recall = mean_defined(ratio(shared, predicted) * both), mean_defined(ratio(shared, true) * both)
    score = ratio((1 + beta**2) * precision * recall, beta**2 * precision + recall)
    return np.where(true[:, 0] > 0, np.where(np.isnan(score), 0.0, score), np.nan)


def _runs(pairs: TextPairs, order: int) -> Array:
    """Runs of each length that either text has and that both share, int64, shape (3, order, n)."""
    truth, predicted = (without_spaces(texts).letters for texts in (pairs.truth, pairs.predicted))
    lengths = np.arange(order)[:, None]
    true, found = (np.maximum(side.length - lengths, 0) for side in (truth, predicted))
    return np.stack((shared_ngrams(truth, predicted, order), true, np.where(true > 0, found, 0)))
