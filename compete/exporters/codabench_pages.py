"""The pages of a CodaBench competition, the starting kit's guide, and the organizer's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compete.bundle import Bundle
from compete.exporters import Competition
from compete.exporters.codabench_yaml import IMAGE, SECONDS, key_of, phases_of
from compete.exporters.columns import Column
from compete.exporters.guide_sections import sections_of


@dataclass(frozen=True)
class Pages:
    """Pages as Markdown.

    Attributes:
        listed: title and file name of each page, in order.
        files: texts by file name; the terms are among them, and not listed.
    """

    listed: tuple[tuple[str, str], ...]
    files: dict[str, str]


def pages_of(bundle: Bundle, *, takes_code: bool) -> Pages:
    """The pages that participants read."""
    sections = sections_of(bundle)
    sending = _sending(bundle, takes_code=takes_code)
    texts = {
        "Overview": sections.overview,
        "What to send": f"{sections.submission.strip()}\n\n{sending}",
        "How it is scored": sections.scoring,
        **{name.replace("_", " ").capitalize(): text for name, text in sections.others.items()},
    }
    texts = {title: f"{text.strip()}\n" for title, text in texts.items() if text.strip()}
    files = {title: f"{title.lower().replace(' ', '-')}.md" for title in texts}
    listed = tuple((title, name) for title, name in files.items())
    return Pages(listed, {"terms.md": sections.rules, **{files[title]: text for title, text in texts.items()}})


def _sending(bundle: Bundle, *, takes_code: bool) -> str:
    """How to send something on CodaBench."""
    sample = bundle.terms.sample_name
    archive = (
        "Upload the archive as it is." if sample.endswith(".zip") else "Zip this one file, and upload the archive."
    )
    told = (
        f"## Sending it here\n\n{archive} A file that cannot be scored is refused with every fault, its line and its "
    )
    told += "cure, in the log and in the detailed results; it does not count against your limit."
    if takes_code:
        told += (
            "\n\nOr send a program: an archive with `predict.py` at its top, which is run without the labels as "
            f"`python3 predict.py DATA -o FILE` in the image `{IMAGE}`. DATA holds what you see here; write your "
            "predictions to FILE. The starting kit has an example."
        )
    return told


def kit_guide(bundle: Bundle, *, takes_code: bool) -> str:
    """The README of the starting kit."""
    terms = bundle.terms
    program = "\n- `program/`: an example of a program to send; zip what is in it" if takes_code else ""
    return (
        f"# {terms.title}: starting kit\n\n"
        f"- `{terms.sample_name}`: a complete submission that knows nothing; copy its form{program}\n"
        "- `scoring/`: the program that scores here; it needs Python 3.9 and numpy 1.26, and nothing else\n\n"
        "Score predictions for the training items at home, out of fold, with the very code that scores here. `public/` "
        "is the folder of the public data:\n\n"
        "```\ncd scoring\n"
        "python3 -m compete.scoring.program ../public ../oof.csv --on train\n```\n\n"
        f"{_sending(bundle, takes_code=takes_code)}\n"
    )


def organizers_guide(competition: Competition, columns: Sequence[Column], *, takes_code: bool) -> str:
    """What the organizer should know of the export."""
    terms = competition.bundle.terms
    phases = "\n".join(
        f"| {phase.part} | {phase.start} | {phase.end or 'no end'} |" for phase in phases_of(competition)
    )
    shortened = [f"| `{key_of(one.label)}` | {one.label} |" for one in columns if key_of(one.label) != one.label]
    keys = "\n".join(["", "", "| column | stands for |", "|---|---|", *shortened]) if shortened else ""
    code = (
        "Predictions and programs may be sent. A program (`predict.py`) runs with the public data and without labels."
        if takes_code
        else "Predictions may be sent, programs not: the data are too large to be fetched for each."
    )
    return f"""# {terms.title} on CodaBench

1. On CodaBench choose Benchmarks > Management > Upload, and give it `competition.zip`.
2. Look at the phases' dates and at the pages, then publish.
3. Keep `competition.zip` to yourself: it holds the private labels.

Try it before: `compete check . --platform codabench`.

| scores | start (UTC) | end (UTC) |
|---|---|---|
{phases}

- The first phase is scored with public labels alone: its reference data hold nothing of the private ones. The second
  begins a minute after the first has ended, takes over the submission of each participant that stands on the
  leaderboard (their best one), and hides logs and outputs. Hidden columns and leaderboards hide nothing on CodaBench.
- {code}
- Image: `{IMAGE}` (Python 3.12, numpy 1.26.4). The scoring program needs Python 3.9 and numpy 1.26 alone, and no
  network; all of ours that it runs is in its archive. A metric of the challenge's own needs pandas too, which the image
  has.
- Scores are those of `compete score`, from the same code. CodaBench keeps ten digits behind the point and ten before.
- A score that is not defined (0/0) leaves its column empty; where it is the one that ranks, the submission is refused,
  as CodaBench would put a row without it at the top.
- Scoring stops after 8 minutes or at 8 GB of memory, and says so; CodaBench's default queue stops everything after
  {SECONDS // 60} minutes.{keys}
"""
