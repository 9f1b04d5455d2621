"""Items whose labels are known, and only their order is to be told: a submission must name just these."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from compete.errors import Finding
from compete.scoring.kinds import contract_of
from compete.scoring.kinds.entries import told_rows
from compete.scoring.kinds.lists import read
from compete.scoring.matching import Vocabulary
from compete.scoring.spans import Array
from compete.scoring.submission import Contract
from compete.scoring.table import Table
from compete.terms import Terms
from metrics.frozen import dataclass
from metrics.lists import Lists, list_pair


@dataclass(frozen=True, eq=False)
class OrderedItems(Vocabulary):
    """Items with the labels of each, in any order.

    Attributes:
        own: the labels of each item.
    """

    own: Lists


def with_labels(known: Vocabulary, table: Table, column: str, terms: Terms) -> Vocabulary:
    """The items of an ordering with their labels, as a column of their table names them; those of other tasks as is."""
    if terms.task != "ordering":
        return known
    contract = replace(contract_of(terms), columns=(column,), empty=True, most=len(table.source.buffer))
    own = read(table, contract)[0]
    return known if own is None else OrderedItems(known.column, own)


def other_labels(table: Table, contract: Contract, lists: Lists, item: Array, own: Lists) -> list[Finding]:
    """Tell of lists that do not name just the labels of their item.

    Args:
        table: as read.
        contract: what it must hold.
        lists: the list of each row.
        item: the item of each row, each item once.
        own: the labels of each item.
    """
    true, found, _ = list_pair(own.take(item), lists, apart=True)
    rows = np.flatnonzero(true.length != found.length)
    size = 1 + max(int(one.value.max(initial=0)) for one in (true, found))
    if not len(rows):
        one, other = (np.sort(side.row * size + side.value) for side in (true, found))
        rows = np.unique(one[one != other] // size)
    message = "{rows} that name other labels than those of their item"
    hint = f"name each label that {contract.columns[0]} of sample_submission.csv has for the item, once"
    return told_rows(table, contract.columns[0], "other-labels", rows, message=message, hint=hint)
