"""grand-challenge: an evaluation container, a ground truth for each phase, and the settings of the phases."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from compete.errors import Finding
from compete.exporters import Competition, Handover
from compete.exporters.archive import Content, members_of, write_zip
from compete.exporters.columns import Column, columns_of, parts_of, unrankable
from compete.exporters.grand_challenge_check import CONTAINER, GROUND_TRUTH, PHASES, check_path
from compete.exporters.grand_challenge_files import (
    DOCKERFILE,
    IGNORED,
    build_script,
    hosts_guide,
    requirements,
    save_script,
    sending,
    try_script,
)
from compete.exporters.guide_sections import sections_of
from compete.exporters.program import program_files
from compete.exporters.reference import write_reference
from compete.exporters.tarballs import write_tarball
from compete.files import write_file

DATA, GUIDE = "public.zip", "README.md"
SHIPPED = Path(__file__).with_name("shipped")
SCRIPTS = {"grand_challenge.py": "evaluate.py", "scored.py": "scored.py", "algorithm_jobs.py": "algorithm_jobs.py"}
"""Our modules, and what they are called in the container."""

TITLES = {"public": "Development", "private": "Final"}
LONGEST_TITLE, LONGEST_PATH, DIGITS = 64, 255, 6
JOINED_FORMS = ("csv", "coco")
"""What outputs of algorithms are put together to."""

PATH, ERROR = "aggregates.{}", "errors.{}"


def inexpressible(competition: Competition) -> list[Finding]:
    """What keeps the challenge from grand-challenge, and what would help."""
    hint = "choose another score.metric, or make the part larger, and build again"
    rule = "grand-challenge/unrankable"
    found = [Finding(rule, message, "score.metric", hint=hint) for message in unrankable(competition)]
    paths = [path for part in parts_of(competition) for path in _paths(columns_of(competition, part)).values()]
    if long := tuple(path for path in paths if len(PATH.format(path)) > LONGEST_PATH):
        message = f"names are too long for a leaderboard: {LONGEST_PATH} characters are the most"
        hint = "give the metric a short name (`metric: {name: …, metric: …}`), or the subgroup, and build again"
        found.append(Finding("grand-challenge/too-long", message, "score", long, hint))
    if competition.bundle.terms.form not in JOINED_FORMS:
        message = f"submissions of the form {competition.bundle.terms.form} are uploaded; algorithms cannot make them"
        found.append(Finding("grand-challenge/uploads-only", message, severity="note"))
    return found


def export(competition: Competition, folder: Path) -> Handover:
    """Write the container's folder, one ground truth a phase, and the phases' settings."""
    for name, content in _container(competition).items():
        write_file(folder / CONTAINER / name, content)
    parts = parts_of(competition)
    for part in parts:
        _write_truth(competition, part, folder / GROUND_TRUTH.format(part=part))
    settings = {"phases": [_phase(competition, part) for part in parts]}
    write_file(folder / PHASES, (json.dumps(settings, indent=2, ensure_ascii=False) + "\n").encode())
    write_zip(folder / DATA, members_of(competition.bundle.public))
    steps = tuple(_steps(parts))
    write_file(folder / GUIDE, hosts_guide(competition.bundle.terms, steps).encode())
    return Handover(CONTAINER, steps, tuple(inexpressible(competition)))


def check(path: Path) -> list[Finding]:
    """What grand-challenge would refuse or mistreat: an export of ours, a container's folder, or phases' settings."""
    return check_path(path)


def _container(competition: Competition) -> Mapping[str, bytes]:
    """The files of the container."""
    terms = competition.bundle.terms
    columns = {part: _records(columns_of(competition, part)) for part in parts_of(competition)}
    ending = Path(terms.sample_name).suffix
    about = {"columns": columns, "ending": ending}
    sources = {name: (SHIPPED / source).read_text(encoding="utf-8") for source, name in SCRIPTS.items()}
    sample = (competition.bundle.public / terms.sample_name).read_bytes()
    uploaded = "predictions.csv" if ending == ".csv" else f"predictions{ending}"
    return {
        **{name: text.replace("compete.exporters.shipped.", "").encode() for name, text in sources.items()},
        "columns.json": (json.dumps(about, indent=2) + "\n").encode(),
        "Dockerfile": DOCKERFILE.encode(),
        ".dockerignore": IGNORED.encode(),
        "requirements.txt": requirements(own_metric=".py:" in terms.metric).encode(),
        "do_build.sh": build_script(terms.name).encode(),
        "do_save.sh": save_script(terms.name).encode(),
        "do_test_run.sh": try_script(terms.name, GROUND_TRUTH.format(part=next(iter(columns)))).encode(),
        f"test/input/{uploaded}": sample,
        **{f"program/{name}": content for name, content in program_files().items()},
    }


def _write_truth(competition: Competition, part: str, target: Path) -> None:
    """The truth of one phase; that of the development phase knows nothing of private items."""
    members: dict[str, Content] = {"phase.json": (json.dumps({"part": part}) + "\n").encode()}
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / "bundle"
        write_reference(competition.bundle, place, public_only=part == "public")
        write_tarball(target, {**members, **members_of(place, "bundle/")})


def key_of(label: str) -> str:
    """A name without what the leaderboard takes for a path; the same label gives the same key.

    >>> key_of("box_ap(iou_to=0.5) [site=A]")
    'box_ap_iou_to_0_5_site_A'
    """
    return "_".join("".join(sign if sign.isalnum() else " " for sign in label).split())


def _paths(columns: list[Column]) -> dict[str, str]:
    """The key of each column's label; where two would be the same, the later ones are numbered."""
    found: dict[str, str] = {}
    for column in columns:
        key = wanted = key_of(column.label)
        number = 1
        while key in found.values():
            number += 1
            key = f"{wanted}_{number}"
        found[column.label] = key
    return found


def _records(columns: list[Column]) -> list[dict[str, str]]:
    paths = _paths(columns)
    return [{"label": paths[one.label], "metric": one.metric, "group": one.group} for one in columns]


def _phase(competition: Competition, part: str) -> dict[str, Any]:
    """The settings of a phase, by the names that grand-challenge gives them."""
    columns = columns_of(competition, part)
    paths = _paths(columns)
    ranking, *others = columns
    public = part == "public"
    return {
        "title": TITLES[part],
        "score_title": ranking.label[:LONGEST_TITLE],
        "score_jsonpath": PATH.format(paths[ranking.label]),
        "score_error_jsonpath": ERROR.format(paths[ranking.label]) if competition.bundle.terms.draws else "",
        "score_default_sort": _order(ranking),
        "score_decimal_places": DIGITS,
        "extra_results_columns": [
            {
                "title": one.label,
                "path": PATH.format(paths[one.label]),
                "order": _order(one),
                "exclude_from_ranking": True,
            }
            for one in others
        ],
        "submission_kind": "Predictions",
        "submissions_limit_per_user_per_period": 5 if public else 1,
        "submission_limit_period": 1 if public else None,
        "submissions_open_at": f"{competition.opens if public else competition.closes}Z",
        "submissions_close_at": f"{competition.closes}Z" if public else None,
        "auto_publish_new_results": public,
        "display_all_metrics": False,
        "submission_page_markdown": sections_of(competition.bundle).submission + sending(competition.bundle.terms),
        "ground_truth": GROUND_TRUTH.format(part=part),
    }


def _order(column: Column) -> str:
    return "desc" if column.greater_is_better else "asc"


def _steps(parts: list[str]) -> Iterator[str]:
    yield f"cd {CONTAINER} && bash do_test_run.sh && bash do_save.sh"
    yield f"make a phase for each entry of {PHASES}, with its settings"
    yield "upload the saved image as the method of each phase (Admin > Methods), the same for all"
    for part in parts:
        yield f"upload {GROUND_TRUTH.format(part=part)} as the ground truth of the phase {TITLES[part]}"
    yield f"give participants {DATA}"
