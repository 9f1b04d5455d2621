"""What the faults mean that only lists, texts, spans and curves have, and how to mend them."""

from __future__ import annotations

KIND_RULES: dict[str, tuple[str, str]] = {
    "submission/repeated-label": (
        "A list names a label twice.",
        "A label is a hit once; a second time it only takes a place from another. Most often a join or a loop went "
        "wrong, so the file is refused. Name each label once, where it ranks best.",
    ),
    "submission/other-labels": (
        "A list names other labels than those of its item.",
        "Where an order is asked for, the labels of each item are known: the sample submission names them. A list "
        "holds each of them once and nothing else; only their order is yours.",
    ),
    "submission/span": (
        "A cell holds what are no spans.",
        "A span is its first place and the place behind its last, whole numbers counted from 0, with a blank between: "
        "`0 5`. Several are written one after the other, `0 5; 9 12`; an item without spans has an empty cell, where "
        "the challenge allows that.",
    ),
    "submission/curve-order": (
        "The numbers of a row turn back.",
        "An interval ends above its start; a cumulative probability and the quantiles of a forecast never fall, a "
        "chance of survival never rises. Where a model's curves cross, sort each row, or take the running maximum.",
    ),
    "submission/no-row": (
        "Items have no row (a warning).",
        "Where a submission has one row a label or a span, an item without rows says that nothing holds there. That is "
        "an answer and is scored as one; if the items were lost on the way, add their rows.",
    ),
    "submission/absent-text": (
        "Texts read as nan, None or null (a warning).",
        "Programs write so where nothing is there. Such a cell is taken as a text of these letters. Predict a text for "
        "every item, or an empty cell where the challenge says that it is an answer.",
    ),
}
"""Rule → what it means in one line, and a paragraph: why it is refused or told, and how to mend it."""
