"""The labels that a challenge on tables may name: classes in their order, the tree they stand in, several sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from compete.building.contract import classes_by_column, ordered_classes
from compete.building.kinds.lists import vocabulary_of
from compete.building.taxonomy import taxonomy_of
from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.errors import Finding
from compete.tasks import LIST_TASKS

Texts = np.ndarray[tuple[int], np.dtype[np.object_]]


@dataclass(frozen=True)
class Wording:
    """What labels there are; empty where labels are no names of a set.

    Attributes:
        classes: in the order of their codes, or those that lists may name.
        parents: of classes that stand in a tree, the number of each node's parent, -1 at the top.
        taxa: names of the nodes that are no class.
        classes_of: of several columns of classes, the classes of each.
    """

    classes: tuple[str, ...] = ()
    parents: tuple[int, ...] = ()
    taxa: tuple[str, ...] = ()
    classes_of: tuple[tuple[str, ...], ...] = ()


def wording_of(challenge: Challenge, dataset: Dataset, target: Mapping[str, Texts]) -> tuple[Wording, list[Finding]]:
    """The labels of a challenge, and what is wrong with them.

    Args:
        challenge: what the organizer wrote.
        dataset: the items, whose columns may name the ancestors of classes.
        target: the label columns as text.
    """
    if challenge.task == "multioutput":
        return Wording(classes_of=classes_by_column(target)), []
    if challenge.task in LIST_TASKS:
        labels, findings = vocabulary_of(challenge, next(iter(target.values())).tolist())
        return Wording(labels), findings
    if challenge.task != "classification":
        return Wording(), []
    classes, findings = ordered_classes(challenge, next(iter(target.values())))
    parents, taxa, misgrown = taxonomy_of(challenge, classes, dataset, next(iter(target.values())).tolist())
    return Wording(classes, parents, taxa), [*findings, *misgrown]
