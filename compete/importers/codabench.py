"""CodaBench and CodaLab: a competition's zip as a challenge that can be rebuilt and scored here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import metrics
from compete.errors import DatasetError, Finding
from compete.files import write_file
from compete.importers import CHALLENGE, Imported
from compete.importers.codabench_yaml import Column, Described, Phase, describe
from compete.importers.competition_zip import Files, open_competition
from compete.importers.label_rows import Labelled, labelled_rows
from compete.importers.own_terms import is_own, rebuild
from compete.importers.writing import Draft, challenge_text, table_bytes

MEANT = {
    "acc": "accuracy", "bac": "balanced_accuracy", "f1": "f1_macro", "f1_score": "f1_macro", "macro_f1": "f1_macro",
    "auc": "roc_auc", "auroc": "roc_auc", "roc": "roc_auc", "r2_score": "r2", "logloss": "log_loss",
    "mcc": "matthews_corrcoef", "kappa": "cohen_kappa", "mean_squared_error": "mse", "mean_absolute_error": "mae",
    "root_mean_squared_error": "rmse",
}  # fmt: skip
"""Names that others give to our metrics."""

TARGETS = {
    "classification": {"binary", "multiclass"},
    "multilabel": {"multilabel"},
    "regression": {"regression"},
}
PROGRAMS = ("scoring_program", "ingestion_program")
LONGEST_NAME = 40


def read(source: Path, folder: Path, out: Path) -> Imported:
    """Write the challenge; see ``compete.importers``."""
    files = open_competition(source)
    described = describe(files)
    if not described.phases:
        raise DatasetError("nothing was imported", [Finding("import/description", "there are no phases")])
    reference = _below(files, described.phases[-1], "reference_data")
    pages = _write_pages(files, described, folder)
    if is_own(reference):
        carried, findings = _own(files, described, folder, reference)
    else:
        carried, findings = _others(files, described, folder)
    if pages:
        _append_pages(folder / CHALLENGE, pages)
    carried = (*carried, *((("pages", ", ".join(pages)),) if pages else ()))
    return Imported("codabench", out, carried, tuple(findings))


def _below(files: Files, phase: Phase, what: str) -> Files:
    place = phase.places.get(what, "")
    return files.below(place) if place else Files(files.archive, {})


def _own(
    files: Files, described: Described, folder: Path, reference: Files
) -> tuple[tuple[tuple[str, str], ...], list[Finding]]:
    """A competition that compete exported comes back as it was, but for what only the organizer had."""
    rebuilt = rebuild(reference, _below(files, described.phases[0], "public_data"), folder)
    counts = ", ".join(f"{count} {part}" for part, count in rebuilt.parts.items())
    carried = (
        ("items", f"{rebuilt.items}: {counts}, as they were divided, with the ids that participants know"),
        ("metrics", ", ".join([rebuilt.terms.metric, *rebuilt.terms.also])),
        ("task", rebuilt.terms.task),
    )
    hint = "the key stays with the bundle that was exported; new items would need new ids"
    findings = [Finding("import/left-out", "the organizer's own ids", hint=hint, severity="note")]
    if rebuilt.terms.parents:
        message = "the tree of the classes has to be given again under data.taxonomy"
        findings.append(Finding("import/left-out", message, "challenge.json: parents", severity="warning"))
    return carried, [*findings, *_settings(described, programs=False)]


def _others(files: Files, described: Described, folder: Path) -> tuple[tuple[tuple[str, str], ...], list[Finding]]:
    """A competition of somebody else: its tables are found by what they hold."""
    first, last = described.phases[0], described.phases[-1]
    shown = [_below(files, first, "public_data"), _below(files, first, "input_data"), _below(files, last, "input_data")]
    references = [_below(files, phase, "reference_data") for phase in (first, last)]
    labelled = labelled_rows(shown, references)
    _write_programs(files, described, folder)
    write_file(folder / "data" / "items.csv", table_bytes(labelled.columns, labelled.rows))
    metric = _metric(described.columns, labelled.task)
    draft = Draft(
        name=_name(described.title),
        title=described.title,
        description=described.description,
        task=labelled.task,
        kind="",
        metric=metric,
        labels=labelled.labels,
        identity=labelled.identity,
        features=labelled.features,
        split="part",
    )
    write_file(folder / CHALLENGE, challenge_text(draft).encode())
    counts = ", ".join(f"{labelled.parts.count(part)} {part}" for part in dict.fromkeys(labelled.parts))
    carried = (
        ("items", f"{len(labelled.rows)}: {counts}"),
        *((part, place) for part, place in labelled.places.items()),
        ("task", labelled.task),
        *((("metric", metric),) if metric else ()),
    )
    return carried, [*_unknown(described, draft, labelled), *_settings(described, programs=True)]


def _unknown(described: Described, draft: Draft, labelled: Labelled) -> Iterator[Finding]:
    """What had to be guessed, or is another thing here."""
    if not draft.metric:
        titles = tuple(column.title for column in described.columns[:3])
        message = f"the leaderboard does not name a metric that is known; {draft.chosen_metric} stands in its place"
        hint = "look at original/scoring_program, then at `compete list metrics`; your own is a function in metric.py"
        yield Finding("import/metric", message, "leaderboards", titles, hint, severity="warning")
    elif described.columns and metrics.get(draft.metric).greater_is_better != described.columns[0].greater_is_better:
        order = "highest" if described.columns[0].greater_is_better else "lowest"
        message = f"the old leaderboard puts the {order} {draft.metric} first, which is the worst"
        yield Finding("import/metric", message, "leaderboards", severity="warning")
    rest = tuple(column.title for column in described.columns[1:])
    if rest:
        yield Finding("import/left-out", "columns of the leaderboard", "leaderboards", rest, severity="note")
    if not labelled.identity:
        message = "old submissions have one line an item and no ids; here each row begins with the item's id"
        yield Finding("import/left-out", message, hint="see sample_submission.csv of the bundle", severity="warning")
    for place in labelled.unread:
        yield Finding("import/left-out", "labels that fit no features", place, severity="warning")


def _settings(described: Described, *, programs: bool) -> Iterator[Finding]:
    """What a platform knows and a challenge does not."""
    dates = sorted({key for phase in described.phases for key in phase.settings})
    if dates:
        hint = "compete export takes --start and --end; limits are set on the platform"
        yield Finding("import/left-out", "dates and limits of the phases", "phases", tuple(dates), hint, "note")
    if described.others:
        keys = tuple(sorted(map(str, described.others)))
        yield Finding("import/left-out", "settings of the platform", "", keys, severity="note", count=len(keys))
    many = [phase.name for phase in described.phases if phase.tasks > 1]
    if many:
        message = "of phases with several tasks, all but the first"
        hint = "each task has labels of its own; import it as a challenge of its own"
        yield Finding("import/left-out", message, "phases", tuple(many), hint, "warning")
    between = tuple(phase.name for phase in described.phases[1:-1])
    if between:
        message = "the phases between the first, whose labels are public, and the last, whose labels are private"
        yield Finding("import/left-out", message, "phases", between, severity="warning")
    kept = tuple(what for what in PROGRAMS if any(what in phase.places for phase in described.phases))
    if kept and programs:
        hint = "they are kept below original/ to be read; nothing runs them"
        yield Finding("import/left-out", "programs of the competition", "", kept, hint, "warning")
    if any("starting_kit" in phase.places for phase in described.phases):
        yield Finding("import/left-out", "the starting kit", severity="note")


def _metric(columns: Sequence[Column], task: str) -> str:
    """The metric that the ranking column is named after; empty where none is."""
    if not columns:
        return ""
    for text in (columns[0].key, columns[0].title):
        plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
        name = MEANT.get(plain, plain)
        if name in metrics.names() and metrics.get(name).targets & TARGETS.get(task, set()):
            return name
    return ""


def _name(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower())[:LONGEST_NAME].strip("-") or "imported"


def _write_programs(files: Files, described: Described, folder: Path) -> None:
    """Keep the programs, so that whoever writes the metric anew can read them."""
    for what in PROGRAMS:
        found = _below(files, described.phases[-1], what)
        for name in found.names:
            write_file(folder / "original" / what / name, found.read(name))


def _write_pages(files: Files, described: Described, folder: Path) -> dict[str, str]:
    """The pages as files, by the names that ``challenge.yaml`` gives them."""
    found: dict[str, str] = {}
    for title, place in described.pages.items():
        name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        if place in files and name and name not in found and files.read(place).strip():
            found[name] = f"pages/{name}.md"
            write_file(folder / found[name], files.text(place).encode())
    return found


def _append_pages(path: Path, pages: Mapping[str, str]) -> None:
    lines = [f"  {name}: {place}" for name, place in pages.items()]
    path.write_text("\n".join([path.read_text(encoding="utf-8").rstrip(), "", "pages:", *lines, ""]), encoding="utf-8")
