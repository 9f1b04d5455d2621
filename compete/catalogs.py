"""Everything that can be listed and explained: metrics, rules, readers, challenges."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from compete.errors import Finding, UsageError

USAGE_RULES = {
    "usage/unknown-format": (
        "The data look like no format that is known.",
        "`compete list readers` names the formats. Say which it is: compete init DIR --from READER:PATH. Of an "
        "export in a folder give the whole folder, not one of its files.",
    ),
    "usage/unknown-name": ("Nothing has this name.", "`compete list metrics` and `compete list rules` show all names."),
    "usage/no-limits": (
        "Limits of memory and time are not to be had on this system.",
        "They need processes as Unix has them (Linux, macOS). Score without them, or in a container.",
    ),
    "usage/other-count": (
        "There are more submissions than results, or fewer.",
        "`compete score --check RESULT` compares the submissions of one call with its results, in their order.",
    ),
    "usage/accept-leak": (
        "A leak is accepted without a reason, or where there is none.",
        'Each `--accept-leak RULE` needs its own `--because "…"`, on `compete build` or `compete audit BUNDLE`. Rule '
        "and reason are kept in the bundle's private manifest and told by `compete verify` and `compete audit`.",
    ),
    "usage/script": (
        "A script of the challenge failed.",
        "Run it by hand, as the message shows, and read its own words.",
    ),
}


RULE_TABLES = (
    "challenge.rules:CHALLENGE_RULES",
    "audits.rules:AUDIT_RULES",
    "audits.duplicate_findings:DUPLICATE_RULES",
    "building.contract:CONTRACT_RULES",
    "building.asked:ASKED_RULES",
    "building.discretion:PERSONAL_RULES",
    "building.taxonomy:TAXONOMY_RULES",
    "readers.rules:DATASET_RULES",
    "building.splits.rules:SPLIT_RULES",
    "building.identity:IDENTITY_RULES",
    "building.media.rules:MEDIA_RULES",
    "readers.stacks.rules:STACK_RULES",
    "building.media.normalizing:NORMALIZE_RULES",
    "building.pictures:PICTURE_RULES",
    "audits.gate.rules:GATE_RULES",
    "scoring.measures:MEASURE_RULES",
    "scoring.trial:TRIAL_RULES",
    "recommending.rules:RECOMMENDING_RULES",
    "exporters.rules:EXPORT_RULES",
    "exporters.codabench_rules:CODABENCH_RULES",
    "exporters.upload_rules:EVALAI_RULES",
    "exporters.upload_rules:GRAND_CHALLENGE_RULES",
    "exporters.upload_rules:PLAIN_RULES",
    "scoring.doors.unpacked:UNPACKED_RULES",
    "bundle:BUNDLE_RULES",
    "scoring.rules:RULES",
    "scoring.coco_rules:COCO_RULES",
    "scoring.forms.rules:FORM_RULES",
    "scoring.kinds.rules:KIND_RULES",
    "scoring.pictures:PICTURE_RULES",
    "nifti.rules:VOLUME_RULES",
    "scoring.archives:ARCHIVE_RULES",
    "exporters.table_rules:TABLE_RULES",
    "scoring.bounded:BOUND_RULES",
    "scoring.frames:FRAME_RULES",
    "scoring.rescoring:RESCORING_RULES",
    "leaderboard.rules:RANK_RULES",
    "importers.rules:IMPORT_RULES",
    "files:DISK_RULES",
    "reports.rules:REPORT_RULES",
    "engine:ENGINE_RULES",
    "cluster:CLUSTER_RULES",
    "sources:SOURCE_RULES",
)
"""Where rules stand with their texts: beside the code that names them."""


def all_rules() -> dict[str, tuple[str, str]]:
    """Every rule that a finding may name: one line, and a paragraph."""
    from importlib import import_module

    tables: list[Mapping[str, tuple[str, str]]] = [USAGE_RULES]
    for place in RULE_TABLES:
        module, _, name = place.partition(":")
        tables.append(getattr(import_module(f"compete.{module}"), name))
    return {rule: text for table in tables for rule, text in sorted(table.items())}


def metric_rows() -> list[dict[str, Any]]:
    """One row a metric."""
    import metrics

    found = [metrics.get(name) for name in metrics.names()]
    return [
        {
            "metric": metric.name,
            "needs": metric.needs,
            "truth": ", ".join(sorted(metric.targets)),
            "better": "higher" if metric.greater_is_better else "lower",
            "from": format(metric.bounds[0], "g"),
            "to": format(metric.bounds[1], "g"),
            "what": metric.title,
        }
        for metric in found
    ]


def rule_rows() -> list[dict[str, Any]]:
    """One row a rule."""
    return [{"rule": rule, "what": line} for rule, (line, _) in all_rules().items()]


def challenge_rows() -> list[dict[str, Any]]:
    """One row a challenge of the gallery."""
    from compete.challenge import load_challenge
    from compete.demos import gallery

    found = [load_challenge(folder) for folder in gallery().values()]
    return [{"challenge": item.name, "task": item.task, "title": item.title} for item in found]


def reader_rows() -> list[dict[str, Any]]:
    """One row a reader."""
    from importlib import import_module

    from compete.readers import READERS

    return [
        {"reader": name, "what": (import_module(module).__doc__ or "").splitlines()[0]}
        for name, module in READERS.items()
    ]


def audit_rows() -> list[dict[str, Any]]:
    """One row an audit."""
    from importlib import import_module

    from compete.audits import AUDITS

    modules = [(name, import_module(module)) for name, module in AUDITS.items()]
    return [{"audit": name, "what": (module.__doc__ or "").splitlines()[0]} for name, module in modules]


def platform_rows() -> list[dict[str, Any]]:
    """One row a platform."""
    from importlib import import_module

    from compete.exporters import PLATFORMS

    modules = [(name, import_module(module)) for name, module in PLATFORMS.items()]
    return [{"platform": name, "what": (module.__doc__ or "").splitlines()[0]} for name, module in modules]


def schema_document() -> Any:
    """The published schema of ``challenge.yaml``."""
    import json

    from compete.challenge.faults import schema_text

    return json.loads(schema_text())


def result_schema() -> Any:
    """The published schema of what ``compete score --json`` prints."""
    import json
    from importlib.resources import files

    return json.loads(files("compete.scoring").joinpath("result.schema.json").read_text(encoding="utf-8"))


def leaderboard_schema() -> Any:
    """The published schema of what ``compete rank --json`` prints."""
    import json
    from importlib.resources import files

    return json.loads(files("compete.leaderboard").joinpath("leaderboard.schema.json").read_text(encoding="utf-8"))


def audit_schema() -> Any:
    """The published schema of what ``compete audit --json`` prints."""
    import json
    from importlib.resources import files

    return json.loads(files("compete.audits").joinpath("audit.schema.json").read_text(encoding="utf-8"))


LISTS: dict[str, Callable[[], Any]] = {
    "metrics": metric_rows,
    "readers": reader_rows,
    "audits": audit_rows,
    "challenges": challenge_rows,
    "platforms": platform_rows,
    "rules": rule_rows,
    "schema": schema_document,
    "result-schema": result_schema,
    "leaderboard-schema": leaderboard_schema,
    "audit-schema": audit_schema,
}


def list_things(what: str) -> Any:
    """Rows for ``compete list``.

    Raises:
        UsageError: if there is no such list.
    """
    if what not in LISTS:
        close = get_close_matches(what, LISTS, 1)
        hint = f"did you mean {close[0]}?" if close else f"one of {', '.join(LISTS)}"
        raise UsageError(
            "no such list", [Finding("usage/unknown-name", f"nothing to list is called {what!r}", hint=hint)]
        )
    return LISTS[what]()


def _acceptance(rule: str) -> dict[str, str]:
    """How a leak is accepted that the gate may refuse."""
    from compete.audits.gate.rules import TOLD_ONLY

    if not rule.startswith("leak/") or rule in TOLD_ONLY:
        return {}
    return {"accept": f'compete build … --accept-leak {rule} --because "…", where it is no leak'}


def explanation(name: str) -> dict[str, str]:
    """What a metric or a rule is.

    Raises:
        UsageError: if nothing is called so.
    """
    import metrics

    known = all_rules()
    if name in known:
        line, text = known[name]
        return {"name": name, "meaning": line, **_acceptance(name), "text": text}
    try:
        metric = metrics.parse(name)
    except metrics.MetricError as error:
        close = get_close_matches(name, [*known, *metrics.names()], 1)
        hint = f"did you mean {close[0]}?" if close else "see: compete list metrics, compete list rules"
        message = f"no metric and no rule is called {name!r}" if re.fullmatch(r"[\w/-]+", name) else str(error)
        raise UsageError("nothing to explain", [Finding("usage/unknown-name", message, hint=hint)]) from None
    low, high = metric.bounds
    text = metric.doc.partition("\n")[2].strip() or metric.doc
    return {
        "name": metric.name,
        "meaning": metric.title,
        "needs": metric.needs,
        "truth": ", ".join(sorted(metric.targets)),
        "bounds": f"{low:g} to {high:g}",
        "better": "higher" if metric.greater_is_better else "lower",
        "options": ", ".join(f"{key}={value}" for key, value in metric.options.items()) or "none",
        "use": f"metric: {metric.name}",
        "beware": metric.pitfalls,
        "text": text if metric.options else re.sub(r"Args:\n(    .*\n)+\n", "", text),
    }
