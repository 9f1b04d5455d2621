"""Kaggle: the files of its host flow, one solution with ``Usage``, a metric that is one file, and the commands."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from compete.bundle import SAMPLE, SOLUTION
from compete.cells import CELLS
from compete.errors import Finding
from compete.exporters import Competition, Handover
from compete.exporters.kaggle_check import check_folder
from compete.exporters.kaggle_metric import metric_file
from compete.exporters.kaggle_pages import pages_of, publish_text, slug_of
from compete.exporters.packed import ambiguous_texts, in_rows, packed_solution, ranking_score
from compete.files import canonical_json, files_below, write_file

DATA, PAGES, TRIES = "data", "pages", "sandbox"
METADATA, SETTINGS, METRIC, PAGE_SCRIPT = "competition-metadata.json", "settings.yaml", "metric.py", "create_pages.py"
CONVERTER = "to_csv.py"
SHORT = 140
"""Characters of the line below the title."""

LICENCES = (
    "CC0-1.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", "GPL-2.0", "ODbL-1.0", "DbCL-1.0", "CC-BY-4.0",
    "CC-BY-NC-4.0", "PDDL", "CC-BY-3.0", "CC-BY-3.0-IGO", "CC-BY-NC-SA-3.0-IGO", "CDLA-Permissive-1.0",
    "CDLA-Sharing-1.0", "CC-BY-ND-4.0", "CC-BY-NC-ND-4.0", "ODC-BY-1.0", "LGPL-3.0", "AGPL-3.0", "FDL-1.3", "GPL-3.0",
)  # fmt: skip
"""Licences that Kaggle knows by their SPDX names."""

CREATE_PAGES = '''"""Put the pages of this folder on Kaggle: python create_pages.py

The command `kaggle competitions pages create` stops with a TypeError in kaggle 2.2.4 and 2.2.5; this does not need it.
"""

from pathlib import Path

from kaggle.api.kaggle_api_extended import KaggleApi

SLUG = "{slug}"

api = KaggleApi()
api.authenticate()
known = {{page.name for page in api.competition_list_pages(SLUG) or []}}
for path in sorted((Path(__file__).parent / "pages").glob("*.md")):
    words = {{"content_path": str(path), "mime_type": "text/markdown"}}
    if path.stem in known:
        api.competition_update_page(SLUG, path.stem, is_published=True, **words)
    else:
        api.competition_create_page(SLUG, path.stem, publish=True, **words)
    print(path.stem)
'''


def inexpressible(competition: Competition) -> list[Finding]:
    """What keeps the challenge from Kaggle, and what would help."""
    findings = ambiguous_texts(competition, "Kaggle")
    slug = slug_of(competition)
    if not re.search("[a-z]", slug):
        message = f"the name {slug!r} has no letter, and Kaggle's addresses need one"
        findings.append(Finding("kaggle/metadata", message, "challenge.yaml: name", hint="give it another name"))
    for part in ("public", "private"):
        if ranking_score(competition.best, part) is None:
            message = f"the {part} part has no items, or no score even where all is right; Kaggle needs both parts"
            hint = "give split.public a share between 0 and 1, and build again"
            findings.append(Finding("kaggle/usage", message, SOLUTION, hint=hint))
    terms = competition.bundle.terms
    if (terms.form, terms.kind) in CELLS:
        message = f"submissions are {terms.form} files, and Kaggle takes tables: one row an image, made by {CONVERTER}"
        findings.append(Finding("export/converted", message, severity="note"))
    return findings


def export(competition: Competition, folder: Path) -> Handover:
    """Write ``data/`` for participants; all else is the host's."""
    _write_data(competition, folder / DATA)
    write_file(folder / SOLUTION, packed_solution(competition, apart=True))
    write_file(folder / METRIC, metric_file(competition))
    write_file(folder / METADATA, canonical_json(_metadata(competition)))
    write_file(folder / SETTINGS, yaml.safe_dump(_settings(competition), allow_unicode=True).encode())
    for name, text in pages_of(competition).items():
        write_file(folder / PAGES / f"{name}.md", text.encode())
    write_file(folder / PAGE_SCRIPT, CREATE_PAGES.format(slug=slug_of(competition)).encode())
    write_file(folder / "dataset" / "dataset-metadata.json", canonical_json(_dataset(competition)))
    write_file(folder / TRIES / "perfect_submission.csv", in_rows(competition, competition.perfect))
    write_file(folder / TRIES / SAMPLE, (folder / DATA / SAMPLE).read_bytes())
    write_file(folder / "PUBLISH.md", publish_text(competition).encode())
    steps = ("read PUBLISH.md: every command, in order", "pip install 'kaggle>=2.2.4' six")
    return Handover(DATA, steps, tuple(_notes(competition)))


def check(path: Path) -> list[Finding]:
    """What Kaggle would refuse or mistreat in a folder of its host flow."""
    return check_folder(path)


def _write_data(competition: Competition, folder: Path) -> None:
    """All that participants see, with the sample as a table."""
    public = competition.bundle.public
    for source in files_below(public):
        target = folder / source.relative_to(public)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    terms = competition.bundle.terms
    if (terms.form, terms.kind) not in CELLS:
        return
    sample = (public / terms.sample_name).read_bytes()
    write_file(folder / SAMPLE, in_rows(competition, sample))
    (folder / terms.sample_name).unlink()
    from compete import cells

    shutil.copyfile(cells.__file__, folder / CONVERTER)


def _metadata(competition: Competition) -> dict[str, Any]:
    """What ``kaggle competitions create`` reads."""
    return {
        "title": competition.bundle.terms.title,
        "slug": slug_of(competition),
        "briefDescription": _brief(competition),
        "privacy": "LIMITED",
    }


def _brief(competition: Competition) -> str:
    """The first words of the description, on one line."""
    text = " ".join(competition.bundle.terms.description.split()) or competition.bundle.terms.title
    return text if len(text) <= SHORT else text[: SHORT - 1].rpartition(" ")[0] + "…"


def _settings(competition: Competition) -> dict[str, Any]:
    """What ``kaggle competitions settings update`` reads; dates only where the organizer gave some."""
    settings: dict[str, Any] = {
        "title": competition.bundle.terms.title,
        "brief_description": _brief(competition),
        "has_leaderboard": True,
        "rules_required": True,
        "only_allow_kernel_submissions": False,
    }
    return settings | ({"deadline": f"{competition.closes.isoformat()}Z"} if competition.dated else {})


def _dataset(competition: Competition) -> dict[str, Any]:
    """Metadata of the same data as a Kaggle dataset, for when the competition has ended."""
    terms = competition.bundle.terms
    licence = terms.license if terms.license in LICENCES else "other"
    title = terms.title if len(terms.title) <= 50 else terms.title[:49].rpartition(" ")[0] + "…"
    subtitle = f"The data of the competition {slug_of(competition)}"
    return {
        "title": title.ljust(6, "."),
        "subtitle": subtitle if len(subtitle) <= 80 else "The data of the competition of the same name",
        "description": terms.description,
        "id": f"INSERT_OWNER_HERE/{slug_of(competition)[:50]}",
        "licenses": [{"name": licence}],
    }


def _notes(competition: Competition) -> list[Finding]:
    """What Kaggle cannot hold."""
    names = tuple(str(one["name"]) for one in competition.measures[1:])
    if not names:
        return []
    message = "Kaggle shows one number a part; these, the subgroups and the intervals stay with `compete score`"
    return [Finding("kaggle/one-score", message, items=names, severity="note", count=len(names))]
