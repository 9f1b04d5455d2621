"""What stands on Kaggle's pages, and what the host types."""

from __future__ import annotations

from typing import Any

from compete.cells import CELLS
from compete.exporters import Competition
from compete.exporters.guide_sections import sections_of
from compete.exporters.packed import ranking_score

CONVERTED = """
## On Kaggle

Kaggle takes tables alone. Make `{sample}` as above, and turn it into one with one row an image:

```
python to_csv.py {sample} submission.csv
```

It needs Python and nothing else, and loses nothing: `{columns}`.
"""

PUBLISH = """# Publish {title} on Kaggle

`data/` is for participants. **`solution.csv` and `sandbox/perfect_submission.csv` hold the hidden labels**: only
Kaggle's solution slot and the submission sandbox may see them.

## 1. By command

```
pip install "kaggle>=2.2.4" six
kaggle competitions create -p .
python create_pages.py
kaggle competitions data update {slug} -p data -m "{version}"
kaggle competitions solution create {slug} -p solution.csv
kaggle competitions solution status {slug}
kaggle competitions settings update {slug} -f settings.yaml
```

- `create` reads `competition-metadata.json`. `LIMITED` means: only who has the address finds it; `PUBLIC` lists it.
- `create_pages.py` does what `kaggle competitions pages create` should; that command stops with a TypeError in 2.2.4
  and 2.2.5.
- `data update` replaces all files at once. Files whose names begin with a dot are left out.
- `solution status` must say {total} rows: {public} public and {private} private, and `id` as the row id. After the
  launch the solution is frozen.
{dates}
## 2. In the browser: what no command can set

1. **Metric.** Host → Evaluation Metric → new metric (or https://www.kaggle.com/code/metrics/new): put the whole of
   `metric.py` ({size} KB) into one cell; its length is the scoring program of compete, packed. In the sidebar's section
   *Metric*:
   - Leaderboard sort order: **{better} is better**
   - Pass complete submission: **on**. Without it scores may differ in the last digits, and submissions that have
     several rows an item, or none, may be turned down.
   - Category: as you like. Description: `{metric}, as compete scores it`
   Save the section with its own button, then *Save & Validate*. Then choose this metric for the competition.
2. **Submissions a day, team size, deadline, prizes**: Host → Settings.
3. **Sandbox.** Submit both files of `sandbox/` (Host → Sandbox submissions). They must get, to the last digit shown:

   | file | public | private |
   |---|---|---|
   | `sample_submission.csv` | {sample_public} | {sample_private} |
   | `perfect_submission.csv` | {best_public} | {best_private} |

   A broken file, such as one without its last row, must be refused in words.

## 3. Launch

```
kaggle competitions launch {slug}
kaggle competitions launch {slug} --at 2027-01-01T00:00:00Z     # or later, in UTC
```

Scores on Kaggle are those of `compete score` on the same bundle. One thing is Kaggle's own: it reads a submission with
pandas, which may round the last of 17 digits of a number.

When it is over, `dataset/dataset-metadata.json` serves to publish `data/` as a Kaggle dataset: put your user name into
`id`, copy it into the folder, `kaggle datasets create -p data -r zip`.
"""


def slug_of(competition: Competition) -> str:
    """The last part of the competition's address."""
    return competition.bundle.terms.name.strip("-")


def pages_of(competition: Competition) -> dict[str, str]:
    """The pages of the competition, as Markdown, by the names that Kaggle has for them."""
    sections = sections_of(competition.bundle)
    overview, _, files = sections.overview.partition("## What is here")
    return {
        "description": overview.strip() + "\n",
        "data-description": (f"## What is here{files}" if files else overview).strip() + "\n",
        "evaluation": f"{sections.scoring.strip()}\n\n{sections.submission.strip()}\n{_converted(competition)}",
        "rules": sections.rules.strip() + "\n",
    }


def _converted(competition: Competition) -> str:
    """How to make a table, where predictions are none."""
    terms = competition.bundle.terms
    if (terms.form, terms.kind) not in CELLS:
        return ""
    columns = ", ".join(("id", *CELLS[terms.form, terms.kind]))
    return CONVERTED.format(sample=terms.sample_name.replace("sample_", ""), columns=columns)


def publish_text(competition: Competition) -> str:
    """The steps of the host, with the numbers that must come out."""
    terms, measure = competition.bundle.terms, competition.measures[0]
    items = {part: _items(competition, part) for part in ("public", "private")}
    dates = f"- `settings.yaml` sets the deadline, {competition.closes.isoformat()} UTC.\n" if competition.dated else ""
    from compete.exporters.kaggle_metric import metric_file

    return PUBLISH.format(
        title=terms.title,
        slug=slug_of(competition),
        version=terms.version,
        total=sum(items.values()),
        **items,
        dates=dates,
        size=-(-len(metric_file(competition)) // 1024),
        better="Higher" if measure["greater_is_better"] else "Lower",
        metric=measure["name"],
        sample_public=_shown(competition.sample, "public"),
        sample_private=_shown(competition.sample, "private"),
        best_public=_shown(competition.best, "public"),
        best_private=_shown(competition.best, "private"),
    )


def _items(competition: Competition, part: str) -> int:
    """How many items a part has."""
    name = competition.measures[0]["name"]
    of_part: list[Any] = [one for one in competition.best["scores"] if one["part"] == part and not one["group"]]
    return next((int(one["n"]) for one in of_part if one["metric"] == name), 0)


def _shown(told: Any, part: str) -> str:
    """A score in full, or what becomes of one that is not defined."""
    value = ranking_score(told, part)
    return "refused: not defined" if value is None else repr(value)
