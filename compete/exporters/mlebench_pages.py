"""What stands in the files of a competition of MLE-bench."""

from __future__ import annotations

GRADE = '''"""Grades by {metric}, on the {part} items, bit for bit as `compete score` does."""

import pandas as pd

from mlebench.grade_helpers import InvalidSubmissionError

from . import scoring_program


def grade(submission: pd.DataFrame, answers: pd.DataFrame) -> float:
    """The score of a submission; InvalidSubmissionError tells what an agent must mend."""
    from compete.errors import SubmissionError
    from compete.scoring.frames import frame_score

    try:
        return frame_score(scoring_program.TERMS, answers, submission, "id", part="{part}")
    except SubmissionError as refused:
        raise InvalidSubmissionError(str(refused)) from None
'''

PROGRAM_HEAD = '''"""The challenge's terms, and the scoring program of compete {version}; nothing of the truth."""

import base64
import importlib.abc
import importlib.util
import json
import lzma
import sys

TERMS = {terms}
'''

PREPARE = '''"""The split was made when the challenge was built; this puts both halves where MLE-bench wants them."""

import shutil
from pathlib import Path


def prepare(raw: Path, public: Path, private: Path):
    """Copy the public half for agents, and the private one for the grader."""
    shutil.copytree(raw / "public", public, dirs_exist_ok=True)
    shutil.copytree(raw / "private", private, dirs_exist_ok=True)
    told = {path.name for path in public.rglob("*")} & {path.name for path in private.rglob("*")}
    assert not told, f"files of both halves bear the same names: {sorted(told)}"
'''

PREPARE_OFFLINE = '''"""What `mlebench prepare -c {name}` does, with the zip of this export and no download from Kaggle.

    python prepare_offline.py [DATA_DIR]
"""

import shutil
import sys
from pathlib import Path

from mlebench.data import create_prepared_dir, generate_checksums, get_checksum
from mlebench.registry import registry
from mlebench.utils import extract, load_yaml

NAME = "{name}"


def main(words):
    """Prepare the data, and compare their checksums."""
    known = registry.set_data_dir(Path(words[0])) if words else registry
    competition = known.get_competition(NAME)
    archive = Path(__file__).resolve().parent / "data" / NAME / f"{{NAME}}.zip"
    shutil.rmtree(competition.public_dir.parent, ignore_errors=True)
    shutil.rmtree(competition.raw_dir, ignore_errors=True)
    competition.raw_dir.mkdir(parents=True)
    create_prepared_dir(competition)
    extract(archive, competition.raw_dir)
    competition.prepare_fn(raw=competition.raw_dir, public=competition.public_dir, private=competition.private_dir)
    (competition.public_dir / "description.md").write_text(competition.description, encoding="utf-8")
    found = {{
        "zip": get_checksum(archive),
        "public": generate_checksums(competition.public_dir),
        "private": generate_checksums(competition.private_dir),
    }}
    if found != load_yaml(competition.checksums):
        sys.exit("checksums differ: export again")
    print(competition.public_dir.parent)


if __name__ == "__main__":
    main(sys.argv[1:])
'''

READ_ME = """# {title}, as a competition of MLE-bench

The zip in `data/` holds the hidden labels, below `private/`; agents see `prepared/public/` alone.

```
cp -r mlebench/competitions/{name} MLE-BENCH/mlebench/competitions/
python prepare_offline.py          # instead of `mlebench prepare -c {name}`, which downloads from Kaggle
mlebench grade-sample SUBMISSION.csv {name}
```

- The score is `{metric}` of the {part} items, rounded to five digits by MLE-bench. A submission predicts all test
  items.
- The sample submission gets {sample} and no medal, `private/gold_submission.csv` gets {best} and gold.
- `leaderboard.csv` has these two rows, from which MLE-bench takes the direction and its medals. Put the private scores
  of real participants there (column `score`, best first) before you count medals.
- Grading needs numpy and pandas as MLE-bench has them, and no network; the scoring program stands in
  `scoring_program.py`.
"""
