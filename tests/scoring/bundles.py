"""Small bundles written by hand, so that scoring is tested without building."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from compete.bundle import write_manifests
from compete.files import canonical_json, write_file
from compete.terms import Terms


def table(columns: Mapping[str, Sequence[Any]]) -> bytes:
    """A table as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue().encode()


def constant_row(terms: Terms) -> list[str]:
    """Cells that every submission may hold."""
    if terms.classes_of:
        return [classes[0] for classes in terms.classes_of]
    if terms.form == "rows":
        return {"flag": [*terms.target[:1]], "spans": ["0", "5"]}.get(terms.kind, ["d1", "0.5"])
    if terms.distribution:
        return [repr(1 / len(terms.columns))] * len(terms.columns)
    first = "".join(terms.classes[:1])
    plain = {"label": first, "flag": "0", "lists": first or "d1", "texts": "ant", "spans": "0 5"}
    return [plain.get(terms.kind, "0.5")] * len(terms.columns)


def write_small_bundle(
    root: Path, terms: Terms, solution: Mapping[str, Sequence[Any]], train: Mapping[str, Sequence[Any]] | None = None
) -> Path:
    """A bundle of the given solution; the sample repeats one constant row."""
    constant = zip(terms.columns, constant_row(terms), strict=True)
    sample = {"id": solution["id"], **{name: [value] * len(solution["id"]) for name, value in constant}}
    if terms.task == "ordering":
        sample[terms.columns[0]] = [" ".join(sorted(cell.split())) for cell in solution[terms.target[0]]]
    write_file(root / "public" / "challenge.json", canonical_json(terms.as_dict()))
    write_file(root / "public" / "sample_submission.csv", table(sample))
    train = train or {name: column for name, column in solution.items() if name != "Usage"}
    write_file(root / "public" / "train.csv", table({name: train[name] for name in ("id", *terms.target)}))
    belonging = {name: column for name, column in train.items() if name in ("id", "group", *terms.subgroups)}
    if len(belonging) > 1:
        write_file(root / "public" / "train_groups.csv", table(belonging))
    write_file(root / "private" / "solution.csv", table(solution))
    write_manifests(root, challenge_sha256="0" * 64)
    return root
