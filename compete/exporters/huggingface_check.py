"""What a Hugging Face competition would stop at, or mistreat, in its private repository."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from compete.bundle import SOLUTION
from compete.errors import Finding
from compete.exporters.documents import function_of, mapping_of, python_of
from compete.exporters.solution_check import id_findings, read_plain_table, usage_findings

CONFIGURATION = "conf.json"
RESERVED = ("id", "rank", "selected", "submission_datetime")
"""Columns of the leaderboard that are no score."""

NEEDED = ("COMPETITION_DESC.md", "DATASET_DESC.md")
TEAMS = ("teams.json", "user_team.json")
NUMBERS = ("SUBMISSION_LIMIT", "SELECTION_LIMIT", "TIME_LIMIT", "SUBMISSION_ROWS")
TEXTS = ("COMPETITION_TYPE", "SUBMISSION_ID_COLUMN", "SUBMISSION_COLUMNS", "EVAL_METRIC", "LOGO")
TYPES = ("generic", "script")
SPLITS = ("public", "private")


def check_path(path: Path) -> list[Finding]:
    """All that is wrong with a repository."""
    if not (path / CONFIGURATION).is_file():
        hint = "give the folder that becomes the private repository: conf.json, solution.csv, COMPETITION_DESC.md …"
        return [Finding("huggingface/folder", f"there is no {CONFIGURATION}", str(path), hint=hint)]
    conf, findings = mapping_of(path / CONFIGURATION, "huggingface/config")
    if conf is None:
        return findings
    findings = [Finding("huggingface/config", fault, CONFIGURATION) for fault in _faults(conf)]
    findings += _page_findings(path)
    custom = conf.get("EVAL_METRIC") == "custom"
    if custom:
        findings += _metric_findings(path / "metric.py")
    if not custom or (path / SOLUTION).is_file():
        findings += _solution_findings(path / SOLUTION, conf, custom=custom)
    return findings


def _faults(conf: Mapping[str, Any]) -> list[str]:
    """What is missing or of the wrong kind: it is read without a default, when a page or a score needs it."""
    faults = [f"{key} is missing" for key in (*NUMBERS, *TEXTS, "END_DATE", "EVAL_HIGHER_IS_BETTER") if key not in conf]
    faults += [
        f"{key} is {conf[key]!r}; it must be a whole number, without quotes"
        for key in NUMBERS
        if key in conf and (not isinstance(conf[key], int) or isinstance(conf[key], bool))
    ]
    faults += [f"{key} is {conf[key]!r}; it must be text" for key in TEXTS if not isinstance(conf.get(key, ""), str)]
    kind = conf.get("COMPETITION_TYPE")
    if isinstance(kind, str) and kind.lower().strip() not in TYPES:
        faults.append(f"COMPETITION_TYPE is {kind!r}; submissions of another than generic or script are never scored")
    if "END_DATE" in conf and not _is_day(conf["END_DATE"]):
        faults.append(f'END_DATE is {conf["END_DATE"]!r}; write a day as "2027-01-31", without a time')
    if "EVAL_HIGHER_IS_BETTER" in conf and str(conf["EVAL_HIGHER_IS_BETTER"]) not in ("0", "1", "True", "False"):
        faults.append(f"EVAL_HIGHER_IS_BETTER is {conf['EVAL_HIGHER_IS_BETTER']!r}; write 1 or 0")
    names = conf.get("SUBMISSION_FILENAMES", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        faults.append('SUBMISSION_FILENAMES must be a list of names, such as ["submission.csv"]')
    return faults + _metric_faults(conf)


def _metric_faults(conf: Mapping[str, Any]) -> list[str]:
    """What is wrong with the metric that is named."""
    metric = conf.get("EVAL_METRIC")
    if metric == "custom":
        ranking = conf.get("SCORING_METRIC")
        if not isinstance(ranking, str) or not ranking:
            return ["SCORING_METRIC is missing: with a custom metric it names the score that ranks"]
        return [f"SCORING_METRIC is {ranking!r}, a column of the leaderboard itself"] if ranking in RESERVED else []
    if isinstance(metric, str):
        from sklearn import metrics

        if not callable(getattr(metrics, metric, None)):
            return [f"EVAL_METRIC {metric!r} is no function of sklearn.metrics, and not custom"]
    return []


def _is_day(value: Any) -> bool:
    try:
        datetime.strptime(value, "%Y-%m-%d")  # noqa: DTZ007  (only whether it can be read)
    except (TypeError, ValueError):
        return False
    return True


def _page_findings(path: Path) -> list[Finding]:
    """Pages and lists of teams without which the space stops."""
    findings = [
        Finding("huggingface/page", "it is required, and not there", name)
        for name in NEEDED
        if not (path / name).is_file()
    ]
    for name in TEAMS:
        if not (path / name).is_file():
            hint = "write {} into it: the space fills it"
            findings.append(Finding("huggingface/page", "without it nobody can submit", name, hint=hint))
    return findings


def _metric_findings(path: Path) -> list[Finding]:
    """Whether ``compute(params)`` can be called."""
    if not path.is_file():
        return [Finding("huggingface/metric", "EVAL_METRIC is custom, and there is no metric.py", path.name)]
    tree, findings = python_of(path, "huggingface/metric")
    if tree is None:
        return findings
    found = function_of(tree, "compute")
    if not found:
        hint = "def compute(params): return {'public_score': {…}, 'private_score': {…}}"
        return [Finding("huggingface/metric", "there is no function compute", path.name, hint=hint)]
    arguments = found.args
    needed = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    if (needed > 1 or not (arguments.posonlyargs or arguments.args)) and not arguments.vararg:
        where = f"{path.name}:{found.lineno}"
        return [Finding("huggingface/metric", "compute is called with one argument, params", where)]
    return []


def _solution_findings(path: Path, conf: Mapping[str, Any], *, custom: bool) -> list[Finding]:
    """What makes every submission fail, or scores the wrong rows."""
    if not path.is_file():
        return [Finding("huggingface/solution", "there is no solution.csv", path.name)]
    table, findings = read_plain_table(path, "huggingface/solution")
    identity = conf.get("SUBMISSION_ID_COLUMN")
    if table is None or not isinstance(identity, str):
        return findings
    if custom and "split" not in table.columns and not _is_ours(path.with_name("metric.py")):
        return findings  # a metric of somebody else's may deal rows out as it likes
    findings += id_findings(table, identity, "huggingface/solution")
    findings += usage_findings(table, "split", SPLITS, SPLITS, "huggingface/solution")
    columns = [name.strip() for name in str(conf.get("SUBMISSION_COLUMNS", "")).split(",")]
    targets = [name for name in table.columns if name not in (identity, "split")]
    lost = [name for name in targets if name not in columns]
    if not custom and lost:
        message = "columns of the solution are no columns of a submission, so every one would fail"
        hint = "the metric is given all columns but the id and split; remove the others"
        findings.append(Finding("huggingface/solution", message, path.name, tuple(lost), hint, count=len(lost)))
    return findings


def _is_ours(metric: Path) -> bool:
    """Whether a metric was written by ``compete export``."""
    return metric.is_file() and b"compete.scoring.split_tables" in metric.read_bytes()
