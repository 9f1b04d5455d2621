"""Hugging Face competitions: a private repository with solution and metric, a space, and the data for participants."""

from __future__ import annotations

import base64
import shutil
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from compete.bundle import ID, SOLUTION, TRUTH, USAGE
from compete.cells import table_rows, table_text
from compete.errors import Finding
from compete.exporters import Competition, Handover
from compete.exporters.guide_sections import sections_of
from compete.exporters.huggingface_check import RESERVED, check_path
from compete.exporters.huggingface_pages import METRIC_HEAD, PUBLISH, PUBLISH_SCRIPT, SPACE_README
from compete.exporters.logo import logo_png
from compete.exporters.packed import OWN_METRIC, loader_text, ranking_score, terms_text
from compete.files import canonical_json, files_below, write_file
from compete.version import __version__

REPOSITORY, SPACE, DATA = "repo", "space", "data"
DOCKERFILE = """FROM huggingface/competitions:latest
CMD uvicorn competitions.app:app --host 0.0.0.0 --port 7860 --workers 1
"""
A_DAY, CHOSEN, SECONDS = 5, 2, 1800
"""Submissions a day, submissions that a team may choose, seconds of a script."""


def inexpressible(competition: Competition) -> list[Finding]:
    """What keeps the challenge from Hugging Face, and what would help."""
    findings = []
    taken = tuple(str(one["name"]) for one in competition.measures if str(one["name"]) in RESERVED)
    if taken:
        message, hint = "a metric has a name that the leaderboard needs for itself", "give it another name"
        findings.append(Finding("huggingface/names", message, "challenge.yaml: score", taken, hint))
    for part in ("public", "private"):
        if ranking_score(competition.best, part) is None:
            message = f"the {part} part has no items, or no score even where all is right; both parts are needed"
            hint = "give split.public a share between 0 and 1, and build again"
            findings.append(Finding("huggingface/solution", message, SOLUTION, hint=hint))
    return findings


def export(competition: Competition, folder: Path) -> Handover:
    """Write ``repo/``, which stays private, ``space/``, and ``data/`` for participants."""
    repository, terms = folder / REPOSITORY, competition.bundle.terms
    write_file(repository / "conf.json", canonical_json(_configuration(competition)))
    for name, text in _pages(competition).items():
        write_file(repository / name, text.encode())
    write_file(repository / SOLUTION, _solution(competition))
    if (competition.private / TRUTH).is_file():
        shutil.copyfile(competition.private / TRUTH, repository / TRUTH)
    if (competition.bundle.public / OWN_METRIC).is_file():
        shutil.copyfile(competition.bundle.public / OWN_METRIC, repository / "own_metric.py")
    write_file(repository / "metric.py", _metric(competition))
    for name in ("teams.json", "user_team.json"):
        write_file(repository / name, b"{}\n")
    write_file(folder / SPACE / "Dockerfile", DOCKERFILE.encode())
    write_file(folder / SPACE / "README.md", SPACE_README.format(title=terms.title.replace('"', "'")).encode())
    for source in files_below(competition.bundle.public):
        target = folder / DATA / source.relative_to(competition.bundle.public)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    write_file(folder / "publish.py", PUBLISH_SCRIPT.format(name=terms.name).encode())
    write_file(folder / "PUBLISH.md", _publish(competition).encode())
    message = "a submission that is refused becomes FAILED, and its sender is not told why"
    hint = "SUBMISSION_DESC.md asks participants to run `compete validate` first"
    note = Finding("huggingface/no-reason", message, hint=hint, severity="note")
    return Handover(REPOSITORY, ("read PUBLISH.md", "python publish.py ORG"), (note,))


def check(path: Path) -> list[Finding]:
    """What a competition's space would stop at, or mistreat, in its private repository."""
    return check_path(path / REPOSITORY if (path / REPOSITORY / "conf.json").is_file() else path)


def _configuration(competition: Competition) -> dict[str, Any]:
    """``conf.json``; submissions end when the day END_DATE begins."""
    terms, measure = competition.bundle.terms, competition.measures[0]
    rows = len(table_rows((competition.private / SOLUTION).read_bytes())) - 1
    closes = competition.closes
    last = closes.date() if closes.time() == time() else closes.date() + timedelta(days=1)
    return {
        "COMPETITION_TYPE": "generic",
        "SUBMISSION_LIMIT": A_DAY,
        "TIME_LIMIT": SECONDS,
        "SELECTION_LIMIT": CHOSEN,
        "HARDWARE": "cpu-basic",
        "END_DATE": last.isoformat(),
        "EVAL_HIGHER_IS_BETTER": int(bool(measure["greater_is_better"])),
        "SUBMISSION_ID_COLUMN": ID,
        "SUBMISSION_COLUMNS": ",".join((ID, *terms.columns)),
        "SUBMISSION_ROWS": rows,
        "EVAL_METRIC": "custom",
        "LOGO": "data:image/png;base64," + base64.b64encode(logo_png(terms.name)).decode("ascii"),
        "DATASET": "",
        "SUBMISSION_FILENAMES": [f"submission{Path(terms.sample_name).suffix}"],
        "SCORING_METRIC": str(measure["name"]),
    }


def _solution(competition: Competition) -> bytes:
    """The solution with its parts in a column ``split``, in lower case."""
    head, *rows = table_rows((competition.private / SOLUTION).read_bytes())
    place = head.index(USAGE)
    head[place] = "split"
    for row in rows:
        row[place] = row[place].lower()
    return table_text(head, rows)


def _metric(competition: Competition) -> bytes:
    """``metric.py``: one file that scores by itself, and knows nothing of the truth."""
    terms = competition.bundle.terms
    suffixes = dict.fromkeys((Path(terms.sample_name).suffix, ".zip", ".csv", ".json", ".gz", ".tgz", ".tar"))
    files = [SOLUTION]
    files += [TRUTH] if (competition.private / TRUTH).is_file() else []
    files += ["own_metric.py"] if (competition.bundle.public / OWN_METRIC).is_file() else []
    head = METRIC_HEAD.format(
        version=__version__, terms=terms_text(terms), files=tuple(files), suffixes=tuple(suffixes)
    )
    return (head + loader_text()).encode()


def _pages(competition: Competition) -> dict[str, str]:
    sections, terms = sections_of(competition.bundle), competition.bundle.terms
    overview, _, files = sections.overview.partition("## What is here")
    refused = (
        "A submission that is refused is shown as FAILED, without a reason. Try yours before you send it: "
        f"`pip install compete`, then `compete validate . submission{Path(terms.sample_name).suffix}` in the folder of "
        "the data tells everything that is wrong with it."
    )
    return {
        "COMPETITION_DESC.md": f"# {terms.title}\n\n{overview.strip()}\n\n{sections.scoring.strip()}\n",
        "DATASET_DESC.md": (f"## What is here{files}" if files else overview).strip() + "\n",
        "SUBMISSION_DESC.md": f"{sections.submission.strip()}\n\n{refused}\n",
        "RULES.md": sections.rules.strip() + "\n",
    }


def _publish(competition: Competition) -> str:
    """The steps of the organizer, with the numbers that must come out."""
    told = {
        f"{name}_{part}": ranking_score(scores, part)
        for name, scores in (("sample", competition.sample), ("best", competition.best))
        for part in ("public", "private")
    }
    shown = {name: "FAILED: not defined" if value is None else repr(value) for name, value in told.items()}
    terms = competition.bundle.terms
    ends = _configuration(competition)["END_DATE"]
    return PUBLISH.format(title=terms.title, name=terms.name, sample=terms.sample_name, ends=ends, **shown)
