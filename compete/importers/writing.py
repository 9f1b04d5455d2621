"""The ``challenge.yaml`` of an imported competition, and the table beside it."""

from __future__ import annotations

import csv
import io
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from compete.personal import is_personal

PROBABLE = {("classification", "probability"): "log_loss", ("classification", "score"): "roc_auc",
            ("multilabel", "probability"): "roc_auc"}  # fmt: skip
PLAIN = {"classification": "f1_macro", "multilabel": "f1_macro", "regression": "rmse",
         "multioutput": "columnwise(metric=f1_macro)"}  # fmt: skip
"""What ranks where the competition does not tell."""


@dataclass(frozen=True)
class Draft:
    """What is known of a competition on tables.

    Attributes:
        name: short, as ``challenge.yaml`` wants it.
        title: one line for people.
        description: a paragraph; empty where there is none.
        task: classification, multilabel, multioutput or regression.
        kind: what a submission holds; empty for what the task says.
        metric: as ``challenge.yaml`` writes it; empty where it is not known.
        labels: columns.
        identity: the column that names each item; empty where rows are counted.
        features: columns that participants see.
        images: the folder that the column ``file`` is relative to; empty for none.
        split: the column that says train, public or private; empty for a new split.
    """

    name: str
    title: str
    description: str
    task: str
    kind: str
    metric: str
    labels: Sequence[str]
    identity: str
    features: Sequence[str]
    images: str = ""
    split: str = ""

    @property
    def chosen_metric(self) -> str:
        """The metric, or what stands in its place."""
        return self.metric or PROBABLE.get((self.task, self.kind)) or PLAIN[self.task]


def challenge_text(draft: Draft) -> str:
    """A ``challenge.yaml`` that builds; what the competition did not tell is marked."""
    return "\n".join(_lines(draft)) + "\n"


def table_bytes(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bytes:
    """Rows as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _lines(draft: Draft) -> Iterator[str]:
    yield f"name: {_flow(draft.name)}"
    yield f"title: {_flow(draft.title)}"
    yield 'version: "1.0"'
    if draft.description:
        yield f"description: {_flow(draft.description)}"
    yield f"task: {draft.task}"
    yield ""
    yield "data:"
    yield "  path: data/items.csv"
    if draft.identity:
        yield f"  id: {_flow(draft.identity)}"
        yield "  ids: keep   # submissions to the old competition can be scored"
    if draft.images:
        yield f"  images: {_flow(draft.images)}"
        yield "  file: file"
    yield f"  label: {_flow(list(draft.labels) if len(draft.labels) > 1 else draft.labels[0])}"
    yield "  # group: patient_id   # items that belong together; the old split may have cut them apart"
    if draft.features:
        yield f"  features: {_flow(list(draft.features))}"
    if personal := [name for name in draft.features if is_personal(name)]:
        yield f"  personal: {_flow(personal)}   # the old competition showed them: people, or exact places"
    yield ""
    yield "split:"
    if draft.split:
        yield f"  column: {draft.split}   # train, public and private, as they were"
    else:
        yield "  test: 0.3     # drawn anew from the training items: the old test has no labels"
        yield "  public: 0.3"
    yield f'  seed: "{secrets.token_hex(8)}"   # keep it private'
    yield ""
    yield "score:"
    note = "" if draft.metric else "   # the old one is not known: see `compete list metrics`"
    yield f"  metric: {_flow(draft.chosen_metric)}{note}"
    if draft.kind:
        yield ""
        yield "submission:"
        yield f"  kind: {draft.kind}"


def _flow(value: object) -> str:
    """A value in YAML's flow style, which for our values is JSON."""
    return json.dumps(value, ensure_ascii=False)
