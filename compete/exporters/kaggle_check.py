"""What Kaggle would refuse or mistreat in a folder of its host flow: metadata, settings, solution, metric, data."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

from compete.bundle import SAMPLE, SOLUTION, USAGE
from compete.errors import EXAMPLES, Finding
from compete.exporters.documents import mapping_of
from compete.exporters.metric_check import metric_findings
from compete.exporters.solution_check import (
    Table,
    id_findings,
    label_findings,
    packed_findings,
    public_findings,
    read_plain_table,
    usage_findings,
)

REQUIRED = ("title", "slug", "briefDescription", "privacy")
PRIVACY = ("PUBLIC", "LIMITED", "PRIVATE")
REWARDS = ("USD", "KUDOS", "AUD", "EUR", "JOBS", "SWAG", "GBP", "KNOWLEDGE", "PRIZES", "NON_MONETARY")
NUMBERS = ("cloneCompetitionId", "licenseId", "organizationId", "numPrizes")
PLACEHOLDER = "INSERT_"
SLUG = re.compile(r"(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
USAGES = ("Public", "Private", "Ignored")

FLAGS = (
    "rules_required", "has_scripts", "requires_identity_verification", "enable_team_files", "disable_submissions",
    "has_leaderboard", "disable_leaderboard_prize_indicator", "withold_final_leaderboard_until_it_has_been_verified",
    "final_leaderboard_has_been_verified", "only_allow_kernel_submissions", "uses_synchronous_reruns",
)  # fmt: skip
DATES = (
    "team_file_deadline", "deadline", "team_merger_explicit_deadline", "prohibit_new_entrants_explicit_deadline",
    "kernels_publishing_disabled_deadline",
)  # fmt: skip
TEXTS = (
    "title", "brief_description", "competition_name", "public_leaderboard_disclaimer_message",
    "final_leaderboard_disclaimer_message", "host_segment", "publicly_cloneable",
)  # fmt: skip
COUNTS = (
    "organization_id", "max_cpu_runtime_minutes", "max_gpu_runtime_minutes", "rerun_override_kernel_id",
    "gateway_kernel_id", "directly_responsible_user_id",
)  # fmt: skip
SHARES = ("rerun_max_stagger_minutes",)
KINDS = {
    **dict.fromkeys(FLAGS, "true or false"),
    **dict.fromkeys(DATES, "a date with a time"),
    **dict.fromkeys(TEXTS, "text"),
    **dict.fromkeys(COUNTS, "a whole number"),
    **dict.fromkeys(SHARES, "a number"),
}
"""What the command for settings takes: field names and kinds of kaggle 2.2.4."""


def check_folder(path: Path) -> list[Finding]:
    """All that is wrong with a folder; several files may be missing where the host sets them in the browser."""
    if not path.is_dir():
        hint = "give the folder with competition-metadata.json, solution.csv and metric.py"
        return [Finding("kaggle/folder", "this is no folder", str(path), hint=hint)]
    data = path / "data" if (path / "data").is_dir() else path
    sample, findings = _sample(data if (data / SAMPLE).is_file() else path)
    findings += _metadata_findings(path / "competition-metadata.json")
    for name in ("settings.yaml", "settings.yml", "settings.json"):
        findings += _settings_findings(path / name)
    if (path / "metric.py").is_file():
        findings += metric_findings(path / "metric.py", "score")
    findings += _solution_findings(path / SOLUTION, sample, has_metric=(path / "metric.py").is_file())
    if data != path:
        secret = (path / SOLUTION, path / "sandbox" / "perfect_submission.csv")
        findings += public_findings(data, secret, (USAGE,), "kaggle/data")
    return findings + label_findings(data, sample, "kaggle/data") + _page_findings(path / "pages")


def _sample(folder: Path) -> tuple[Table | None, list[Finding]]:
    path = folder / SAMPLE
    if not path.is_file():
        hint = "Kaggle checks submissions against it; put it among the data"
        return None, [Finding("kaggle/sample", "there is no sample submission", SAMPLE, hint=hint)]
    return read_plain_table(path, "kaggle/sample")


def _metadata_findings(path: Path) -> list[Finding]:
    """What ``kaggle competitions create`` would stop at."""
    if not path.is_file():
        message = "it is not there, so `kaggle competitions create` has nothing to read"
        hint = "kaggle competitions init writes one; without it create the competition in the browser"
        return [Finding("kaggle/metadata", message, path.name, hint=hint, severity="note")]
    content, findings = mapping_of(path, "kaggle/metadata")
    if content is None:
        return findings
    faults = [f"{key} is missing" for key in REQUIRED if not content.get(key)]
    faults += [f"{key} is still {content[key]}" for key in REQUIRED if str(content.get(key)).startswith(PLACEHOLDER)]
    faults += [] if faults else _value_faults(content)
    return [Finding("kaggle/metadata", fault, path.name) for fault in faults]


def _value_faults(content: dict[str, Any]) -> list[str]:
    faults = []
    if not SLUG.fullmatch(str(content["slug"])):
        faults.append(f"slug {content['slug']!r}: write lower-case letters, digits and single hyphens, with a letter")
    if str(content["privacy"]).upper() not in PRIVACY:
        faults.append(f"privacy {content['privacy']!r} is none of {', '.join(PRIVACY)}")
    faults += [
        f"{key} {content[key]!r} is no whole number"
        for key in NUMBERS
        if content.get(key) is not None and not str(content[key]).isdigit()
    ]
    reward = content.get("reward")
    if reward is None:
        return faults
    if not isinstance(reward, dict) or not {"id", "quantity"} <= set(reward):
        return [*faults, "reward needs id and quantity"]
    if str(reward["id"]).upper() not in REWARDS:
        faults.append(f"reward.id {reward['id']!r} is none of {', '.join(REWARDS)}")
    return faults if str(reward["quantity"]).isdigit() else [*faults, "reward.quantity is no whole number"]


def _settings_findings(path: Path) -> list[Finding]:
    """What ``kaggle competitions settings update`` would stop at: it sends nothing then."""
    if not path.is_file():
        return []
    content, findings = mapping_of(path, "kaggle/settings")
    if not content:
        hint = "give a field and a value a line"
        return findings or [Finding("kaggle/settings", "it sets nothing", path.name, hint=hint)]
    known = {_camel(name): name for name in KINDS} | {name: name for name in KINDS}
    unknown = [str(key) for key in content if key not in known]
    if unknown:
        hint = "metric, submissions a day and team size are set in the browser"
        message = "fields that Kaggle's settings do not have, so none would be set"
        findings.append(Finding("kaggle/settings", message, path.name, tuple(unknown), hint, count=len(unknown)))
    for key, value in content.items():
        fault = "" if key not in known or value is None else _setting_fault(KINDS[known[key]], value)
        if fault:
            findings.append(Finding("kaggle/settings", f"{key}: {fault}", path.name))
    return findings


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _setting_fault(kind: str, value: Any) -> str:
    """Why a value would stop the command; empty where it would not."""
    fine = {
        "true or false": isinstance(value, bool),
        "a whole number": isinstance(value, int) and not isinstance(value, bool),
        "a number": isinstance(value, int | float) and not isinstance(value, bool),
        "text": isinstance(value, str),
        "a date with a time": isinstance(value, datetime) or (isinstance(value, str) and _is_moment(value)),
    }[kind]
    if fine:
        return ""
    if isinstance(value, date):
        return f"{value} is a date without a time, which stops the command; put it in quotes"
    return f"{value!r} is not {kind}"


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return False
    return True


def _solution_findings(path: Path, sample: Table | None, *, has_metric: bool) -> list[Finding]:
    """What Kaggle's set-up of a solution stops at, or takes and mistreats."""
    if not path.is_file():
        hint = "kaggle competitions solution create needs it: id, what is to be predicted, Usage"
        return [Finding("kaggle/solution", "there is no solution", path.name, hint=hint)]
    table, findings = read_plain_table(path, "kaggle/solution")
    if table is None:
        return findings
    identity = sample.columns[0] if sample else table.columns[0]
    findings += id_findings(table, identity, "kaggle/solution")
    if identity in table.columns and table.columns[0] != identity:
        hint = "make it the first column"
        findings.append(Finding("kaggle/solution", f"{identity} is not the first column", table.name, hint=hint))
    if has_metric or USAGE in table.columns:
        findings += usage_findings(table, USAGE, USAGES, USAGES[:2], "kaggle/usage")
    if sample and identity in table.columns and identity in sample.columns:
        findings += _same_ids(set(table.column(identity)), set(sample.column(identity)))
    return findings + packed_findings(table, "kaggle/solution", apart=True)


def _same_ids(solution: set[str], sample: set[str]) -> list[Finding]:
    """Rows of the sample that nobody scores, and rows of the solution that the sample does not show."""
    findings = []
    for severity, what, found in (
        ("error", "rows of the sample are not in the solution, so it cannot be scored", sample - solution),
        ("warning", "items of the solution have no row in the sample, so participants miss them", solution - sample),
    ):
        if found:
            shown, message = tuple(sorted(found)[:EXAMPLES]), f"{len(found):,} {what}"
            findings.append(Finding("kaggle/sample", message, SAMPLE, shown, severity=severity, count=len(found)))
    return findings


def _page_findings(folder: Path) -> list[Finding]:
    """Pages that say nothing."""
    pages = sorted(folder.glob("*")) if folder.is_dir() else []
    empty = [page.name for page in pages if page.is_file() and not page.read_bytes().strip()]
    return [Finding("kaggle/page", "this page is empty", f"pages/{name}") for name in empty]
