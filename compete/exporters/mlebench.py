"""MLE-bench: a competition folder for its registry, and the data that it is prepared from."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from compete.bundle import SAMPLE
from compete.cells import CELLS
from compete.errors import Finding
from compete.exporters import Competition, Handover
from compete.exporters.archive import Content, members_of, write_zip
from compete.exporters.guide_sections import sections_of
from compete.exporters.kaggle_pages import CONVERTED
from compete.exporters.mlebench_check import SUMMED, check_path, md5_of
from compete.exporters.mlebench_pages import GRADE, PREPARE, PREPARE_OFFLINE, PROGRAM_HEAD, READ_ME
from compete.exporters.packed import ambiguous_texts, in_rows, loader_text, packed_solution, ranking_score, terms_text
from compete.files import write_file
from compete.version import __version__

COMPETITIONS = PurePosixPath("mlebench", "competitions").as_posix()
ANSWERS, GOLD = "answers.csv", "gold_submission.csv"
CONVERTER = "to_csv.py"
DIGITS = 5
"""Digits to which MLE-bench rounds a score."""


def inexpressible(competition: Competition) -> list[Finding]:
    """What keeps the challenge from MLE-bench, and what would help."""
    findings = ambiguous_texts(competition, "MLE-bench")
    if ranking_score(competition.best, _part(competition)) is None:
        message = "even the perfect submission has no score, so no medal could be given"
        findings.append(Finding("mlebench/leaderboard", message, hint="choose another metric, and build again"))
    terms = competition.bundle.terms
    if (terms.form, terms.kind) in CELLS:
        message = f"submissions are {terms.form} files, and MLE-bench takes CSV: one row an image, made by {CONVERTER}"
        findings.append(Finding("export/converted", message, severity="note"))
    return findings


def export(competition: Competition, folder: Path) -> Handover:
    """Write the folder for ``mlebench/competitions``, and the zip that takes the place of Kaggle's download."""
    name = competition.bundle.terms.name
    place = folder / COMPETITIONS / name
    for file, text in _texts(competition).items():
        write_file(place / file, text.encode())
    write_file(place / "config.yaml", yaml.safe_dump(_configuration(competition), sort_keys=False).encode())
    write_file(place / "leaderboard.csv", _leaderboard(competition))
    archive = folder / "data" / name / f"{name}.zip"
    archive.parent.mkdir(parents=True)
    members = _members(competition)
    write_zip(archive, members)
    write_file(place / "checksums.yaml", yaml.safe_dump(_checksums(archive, members)).encode())
    write_file(folder / "prepare_offline.py", PREPARE_OFFLINE.format(name=name).encode())
    write_file(folder / "README.md", _read_me(competition).encode())
    steps = (f"cp -r {COMPETITIONS}/{name} MLE-BENCH/{COMPETITIONS}/", "python prepare_offline.py")
    return Handover(f"{COMPETITIONS}/{name}", steps, tuple(_notes(competition)))


def check(path: Path) -> list[Finding]:
    """What MLE-bench's registry, its preparation or its medals would stumble over."""
    return check_path(path)


def _part(competition: Competition) -> str:
    """The part whose score gives medals: the private one, where there is one."""
    return "private" if ranking_score(competition.best, "private") is not None else "public"


def _configuration(competition: Competition) -> dict[str, Any]:
    terms, metric = competition.bundle.terms, str(competition.measures[0]["name"])
    module, prepared = f"mlebench.competitions.{terms.name}", f"{terms.name}/prepared"
    return {
        "id": terms.name,
        "name": terms.title,
        "competition_type": "simple",
        "awards_medals": False,
        "prizes": None,
        "description": f"{COMPETITIONS}/{terms.name}/description.md",
        "dataset": {
            "answers": f"{prepared}/private/{ANSWERS}",
            "gold_submission": f"{prepared}/private/{GOLD}",
            "sample_submission": f"{prepared}/public/{SAMPLE}",
        },
        "grader": {"name": metric, "grade_fn": f"{module}.grade:grade"},
        "preparer": f"{module}.prepare:prepare",
    }


def _texts(competition: Competition) -> dict[str, str]:
    """Descriptions and code."""
    terms = competition.bundle.terms
    sections = sections_of(competition.bundle)
    overview, _, files = sections.overview.partition("## What is here")
    converted = ""
    if (terms.form, terms.kind) in CELLS:
        columns = ", ".join(("id", *CELLS[terms.form, terms.kind]))
        converted = CONVERTED.format(sample=terms.sample_name.replace("sample_", ""), columns=columns)
        converted = converted.replace("## On Kaggle", "## As a table").replace("Kaggle takes", "The grader takes")
    plain = f"{sections.scoring.strip()}\n\n{sections.submission.strip()}\n{converted}"
    listed = f"\n## What is here{files.partition(chr(10) + 'By ')[0].rstrip()}\n" if files else ""
    head = PROGRAM_HEAD.format(version=__version__, terms=terms_text(terms))
    return {
        "description.md": f"# {terms.title}\n\n{overview.strip()}\n\n{plain}{listed}",
        "description_obfuscated.md": f"{overview.strip()}\n\n{plain}{listed}",
        "grade.py": GRADE.format(metric=competition.measures[0]["name"], part=_part(competition)),
        "scoring_program.py": head + loader_text(),
        "prepare.py": PREPARE,
    }


def _leaderboard(competition: Competition) -> bytes:
    """Two rows, best first, from which the direction follows: what is right everywhere, and what knows nothing."""
    part, higher = _part(competition), bool(competition.measures[0]["greater_is_better"])
    best, sample = (ranking_score(told, part) for told in (competition.best, competition.sample))
    assert best is not None
    top = round(best, DIGITS)
    low = top if sample is None else round(sample, DIGITS)
    if low == top or (low > top) == higher:
        low = top - 1 if higher else top + 1
    return f"submission,score\nperfect,{top!r}\nsample,{low!r}\n".encode()


def _members(competition: Competition) -> dict[str, Content]:
    """Everything that is prepared, below ``public/`` and ``private/``."""
    bundle = competition.bundle
    members: dict[str, Content] = dict(members_of(bundle.public, "public/"))
    if (bundle.terms.form, bundle.terms.kind) in CELLS:
        from compete import cells

        sample = (bundle.public / bundle.terms.sample_name).read_bytes()
        del members[f"public/{bundle.terms.sample_name}"]
        members[f"public/{SAMPLE}"] = in_rows(competition, sample)
        members[f"public/{CONVERTER}"] = Path(cells.__file__)
    members[f"private/{ANSWERS}"] = packed_solution(competition, apart=False)
    members[f"private/{GOLD}"] = in_rows(competition, competition.perfect)
    return members


def _checksums(archive: Path, members: dict[str, Content]) -> dict[str, Any]:
    """MD5 of the zip, and of the tables that lie directly in each half."""
    found: dict[str, Any] = {"zip": md5_of(archive), "public": {}, "private": {}}
    for name, content in members.items():
        half, *rest = PurePosixPath(name).parts
        if len(rest) == 1 and PurePosixPath(name).suffix in SUMMED:
            found[half][rest[0]] = md5_of(content)
    return found


def _read_me(competition: Competition) -> str:
    terms, part = competition.bundle.terms, _part(competition)
    sample = ranking_score(competition.sample, part)
    return READ_ME.format(
        title=terms.title,
        name=terms.name,
        part=part,
        metric=competition.measures[0]["name"],
        sample="no score: it is not defined" if sample is None else repr(round(sample, DIGITS)),
        best=repr(round(ranking_score(competition.best, part) or 0.0, DIGITS)),
    )


def _notes(competition: Competition) -> list[Finding]:
    """What MLE-bench does not hold."""
    rounded = f"scores are rounded to {DIGITS} digits, and are those of the {_part(competition)} items"
    message = "leaderboard.csv has two rows, a perfect submission and the sample: only a perfect one would get a medal"
    hint = "put the private scores of a real leaderboard into the column score, best first"
    return [
        Finding("mlebench/rounded", rounded, severity="note"),
        Finding("mlebench/leaderboard", message, "leaderboard.csv", hint=hint, severity="note"),
    ]
