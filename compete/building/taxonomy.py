"""The tree in which the classes stand, from a table of it or from columns of the data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from compete.challenge import Challenge
from compete.dataset import Dataset, counted, is_missing
from compete.errors import EXAMPLES, Finding
from compete.readers.delimited import read_delimited
from compete.terms import TAXONOMY_METRICS
from metrics.expressions import named_in
from metrics.inputs import MetricError
from metrics.taxonomy import Tree

TAXONOMY_RULES = {
    "challenge/taxonomy": (
        "The tree of the classes is none, or a metric needs one and there is none.",
        "`data.taxonomy` names a CSV table with the columns `name` and `parent` (blank at the top), or one whose first "
        "column is the class and whose further columns are its ancestors, the nearest first (species, genus, family); "
        "or it lists such columns of the data. Every class needs a place, every node one parent, and no circles.",
    ),
}

Node = tuple[str, str]
"""The column that a node comes from, and its name: a genus and a family may bear one name."""


@dataclass
class _Tree:
    """A tree as it is read: the parent of each node, and what contradicts."""

    parent: dict[Node, Node | None] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)

    def add(self, node: Node, parent: Node | None) -> None:
        """Note a node's parent."""
        known = self.parent.setdefault(node, parent)
        if known != parent:
            one, other = (above[1] if above else "nothing" for above in (known, parent))
            self.conflicts.append(f"{node[1]}: {one}, {other}")

    def add_line(self, line: Sequence[Node]) -> None:
        """Note a class and its ancestors, the nearest first."""
        for node, above in zip(line, [*line[1:], None], strict=True):
            self.add(node, above)


def taxonomy_of(
    challenge: Challenge, classes: Sequence[str], dataset: Dataset, labels: Sequence[str]
) -> tuple[tuple[int, ...], tuple[str, ...], list[Finding]]:
    """The tree of the classes.

    Args:
        challenge: what the organizer wrote.
        classes: the classes in the order of their codes.
        dataset: the items, whose columns may name the ancestors.
        labels: the class of each item.

    Returns:
        The number of each node's parent, -1 at the top, the classes first; the names of the other nodes; findings.
        Nothing where there is no tree.
    """
    data, where = challenge.data, challenge.where("data.taxonomy")
    if not data.tree and not data.ranks:
        return (), (), _needless(challenge)
    tree = _Tree()
    findings: list[Finding] = []
    if data.tree:
        table = read_delimited(challenge.locate(data.tree), where=where)
        findings += [finding for finding in table.findings if finding.severity == "error"]
        where = table.name
        _read_table(tree, table.columns)
    else:
        cells = [dataset.items[column].tolist() for column in data.ranks]
        for row in dict.fromkeys(zip(labels, *cells, strict=True)):
            tree.add_line(_line(row, ("", *data.ranks)))
    absent = [name for name in classes if ("", name) not in tree.parent]
    findings += _faults(tree, absent, where)
    if findings:
        return (), (), findings
    nodes = [*(("", name) for name in classes), *_above(tree.parent, [("", name) for name in classes])]
    place = {node: number for number, node in enumerate(nodes)}
    parents = tuple(-1 if (above := tree.parent.get(node)) is None else place[above] for node in nodes)
    try:
        assert len(Tree(tuple(classes), np.array(parents, dtype=np.int64)).path) == len(classes)
    except MetricError as error:
        return (), (), [Finding("challenge/taxonomy", str(error), where)]
    return parents, tuple(name for _, name in nodes[len(classes) :]), []


def _read_table(tree: _Tree, columns: Mapping[str, list[str]]) -> None:
    """A table of nodes and parents, or of classes and their ancestors."""
    parent = next((name for name in columns if name.strip().lower() == "parent"), None)
    if parent is None:
        for row in zip(*columns.values(), strict=True):
            tree.add_line(_line(row, ("", *list(columns)[1:])))
        return
    names = next(cells for name, cells in columns.items() if name != parent)
    for name, above in zip(names, columns[parent], strict=True):
        tree.add(("", name), None if is_missing(above) else ("", above))


def _line(row: Iterable[Any], ranks: Sequence[str]) -> list[Node]:
    """A class and its ancestors, without ranks whose cell is blank."""
    return [(rank, str(name)) for rank, name in zip(ranks, row, strict=True) if not is_missing(name)]


def _above(parent: Mapping[Node, Node | None], nodes: Sequence[Node]) -> Iterator[Node]:
    """The ancestors of some nodes that are not among them, each once."""
    known, rest = set(nodes), list(nodes)
    while rest:
        above = parent.get(rest.pop(0))
        if above is not None and above not in known:
            known.add(above)
            rest.append(above)
            yield above


def _faults(tree: _Tree, absent: Sequence[str], where: str) -> list[Finding]:
    """Say which classes have no place, and which nodes have two parents."""
    rule, findings = "challenge/taxonomy", []
    if absent:
        message = f"{counted(len(absent), 'class has', 'classes have')} no place in the tree"
        findings.append(Finding(rule, message, where, tuple(absent[:EXAMPLES]), count=len(absent)))
    if tree.conflicts:
        many = list(dict.fromkeys(tree.conflicts))
        message = f"{counted(len(many), 'node has', 'nodes have')} two parents"
        findings.append(Finding(rule, message, where, tuple(many[:EXAMPLES]), count=len(many)))
    return findings


def _needless(challenge: Challenge) -> list[Finding]:
    """Say which metrics need a tree that there is not."""
    score = challenge.score
    texts = {"score.metric": score.metric, **{f"score.also.{place}": text for place, text in enumerate(score.also)}}
    texts |= {f"score.combine.{place}.metric": entry.metric for place, entry in enumerate(score.combine)}
    findings = []
    for place, text in texts.items():
        try:
            named = [name.partition("(")[0].strip() for name in named_in(score.written(text))]
        except MetricError:  # which the metric's own finding tells
            continue
        if asked := [name for name in named if name in TAXONOMY_METRICS]:
            message = f"{asked[0]} needs the tree in which the classes stand"
            hint = "name its table, or the columns of the ancestors, in data.taxonomy"
            findings.append(Finding("challenge/taxonomy", message, challenge.where(place), hint=hint))
    return findings
