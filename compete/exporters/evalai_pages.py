"""EvalAI's five pages, in HTML."""

from __future__ import annotations

from collections.abc import Sequence

from compete.exporters import Competition
from compete.exporters.guide_sections import html_of, sections_of

ADDRESS = "https://example.org/public.zip"
"""What the organizer replaces by the place of the data."""


def pages_of(competition: Competition) -> dict[str, str]:
    """The pages by their file names."""
    sections = sections_of(competition.bundle)
    data = f"## Data\n\nDownload [public.zip]({ADDRESS}).\n\n"
    others = "".join(f"\n\n{page}" for page in sections.others.values())
    hidden = (
        "Each submission is scored on the whole test. You see the score of the public part; that of the private part, "
        "which decides, is told at the end.\n"
    )
    pages = {
        "description.html": data + sections.overview + others,
        "evaluation_details.html": sections.scoring + "\n\n" + hidden,
        "submission_guidelines.html": sections.submission,
        "terms_and_conditions.html": sections.rules,
        "phase.html": hidden,
    }
    return {name: f"{html_of(text)}\n" for name, text in pages.items()}


def hosts_guide(competition: Competition, steps: Sequence[str]) -> str:
    """What the host should know of the export."""
    own = competition.bundle.terms.metric.partition(":")[0].endswith(".py")
    needs = "pandas for the challenge's own metric, which the worker has" if own else "nothing else"
    numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
    return (
        f"# {competition.bundle.terms.title} on EvalAI\n\n"
        "- `challenge_config.zip`: what EvalAI imports. It holds the private labels: keep it to yourself\n"
        "- `challenge/`: the same, unpacked, to be changed; also the layout of a repository made from EvalAI-Starters\n"
        "- `public.zip`: what participants may have; EvalAI does not share it for you\n\n"
        f"{numbered}\n\n"
        "## What happens to a submission\n\n"
        "It is scored on both parts at once, by the code of `compete score` in EvalAI's own worker (Python 3.9, numpy "
        f"1.26; it needs {needs}), in a process of its own that may use 8 GB of memory and half an hour. The public "
        "split is on everybody's leaderboard; the private split is on the host's alone, until you change its "
        "visibility from 1 to 3. What participants can open (their output and result file) holds public scores alone; "
        "all scores stand in the metadata file, which only hosts can open.\n\n"
        "A refused submission counts as failed, and its error file says what is wrong, where, and the cure. So does "
        "one whose ranking score is not defined (0/0): EvalAI would take a missing score for 0. Other scores that are "
        "not defined are shown as `#`.\n\n"
        "Scores are shown with six digits and kept with all of them.\n"
    )
