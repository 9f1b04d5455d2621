"""What stands in the files of a Hugging Face competition."""

from __future__ import annotations

METRIC_HEAD = '''"""The custom metric of this competition: `compute(params)`, as huggingface/competitions calls it.

Written by compete {version}; scores are bit for bit what `compete score` tells of the same file. Needs numpy and
huggingface_hub. The challenge's own terms and the scoring program stand below; of the truth this file knows nothing.
"""

import base64
import importlib.abc
import importlib.util
import json
import lzma
import sys
import tempfile
from pathlib import Path

FILES = {files!r}
"""What scoring needs of this repository."""

SUFFIXES = {suffixes!r}
"""Endings that a submission may have; it is stored under that of the uploaded file."""

TERMS = {terms}


def compute(params):
    """Public and private scores of a submission, every metric by its name.

    Raises:
        ValueError: the submission is refused; the reason is in the log of the space.
    """
    from compete.errors import SubmissionError
    from compete.scoring.split_tables import split_scores

    with tempfile.TemporaryDirectory() as folder:
        for name in FILES:
            Path(folder, name).write_bytes(Path(fetched(params, name)).read_bytes())
        try:
            public, private = split_scores(TERMS, Path(folder), submission_of(params))
        except SubmissionError as refused:
            raise ValueError(str(refused)) from None
    return {{"public_score": public, "private_score": private}}


def fetched(params, name):
    """A file of the competition's private repository."""
    from huggingface_hub import hf_hub_download

    return hf_hub_download(repo_id=params.competition_id, filename=name, token=params.token, repo_type="dataset")


def submission_of(params):
    """The participant's file, whatever its ending."""
    from huggingface_hub.utils import EntryNotFoundError

    for suffix in SUFFIXES:
        try:
            return Path(fetched(params, f"submissions/{{params.team_id}}-{{params.submission_id}}{{suffix}}"))
        except EntryNotFoundError:
            continue
    raise ValueError("the submission has none of the endings " + ", ".join(SUFFIXES))
'''

SPACE_README = """---
title: "{title}"
emoji: 🏁
colorFrom: green
colorTo: indigo
sdk: docker
pinned: false
tags:
  - competition
hf_oauth: true
hf_oauth_scopes:
  - read-repos
---
"""

PUBLISH_SCRIPT = '''"""Put this export on Hugging Face: HF_TOKEN=… python publish.py ORG"""

import os
import sys
from pathlib import Path

from huggingface_hub import HfApi

NAME = "{name}"


def publish(organization: str, token: str) -> None:
    """Make the three repositories, fill them, and give the space its secrets."""
    here, api = Path(__file__).resolve().parent, HfApi(token=token)
    secret, public = f"{{organization}}/{{NAME}}-private", f"{{organization}}/{{NAME}}"
    api.create_repo(repo_id=secret, repo_type="dataset", private=True, exist_ok=True)
    api.create_repo(repo_id=public, repo_type="dataset", exist_ok=True)
    api.create_repo(repo_id=public, repo_type="space", space_sdk="docker", private=True, exist_ok=True)
    api.add_space_secret(repo_id=public, key="HF_TOKEN", value=token)
    api.add_space_secret(repo_id=public, key="COMPETITION_ID", value=secret)
    api.upload_folder(repo_id=secret, repo_type="dataset", folder_path=str(here / "repo"))
    api.upload_folder(repo_id=public, repo_type="dataset", folder_path=str(here / "data"))
    api.upload_folder(repo_id=public, repo_type="space", folder_path=str(here / "space"))


if __name__ == "__main__":
    if len(sys.argv) != 2 or "HF_TOKEN" not in os.environ:
        sys.exit(__doc__)
    publish(sys.argv[1], os.environ["HF_TOKEN"])
'''

PUBLISH = """# Publish {title} on Hugging Face

Three repositories. **`repo/` holds the hidden labels and every submission: it must stay private.** `data/` is for
participants. Put your user or organization in place of `ORG`.

```
pip install huggingface_hub
export HF_TOKEN=…             # a write token of yours; the space needs it as long as the competition lasts
python publish.py ORG
```

`publish.py` makes `ORG/{name}-private` (a private dataset, from `repo/`), `ORG/{name}` (a dataset, from `data/`) and
the space `ORG/{name}` (private, from `space/`), whose secrets `HF_TOKEN` and `COMPETITION_ID` it sets.
Make the space public when you have tried it.

- Submissions end when the day `END_DATE` of `conf.json` begins: {ends}. Private scores are shown from then on.
- `SUBMISSION_LIMIT` is a number a day and team, `SELECTION_LIMIT` how many of them a team may choose at the end.
- Say in `COMPETITION_DESC.md` that the data are at `https://huggingface.co/datasets/ORG/{name}`.

Send the sample submission of `data/`, and a perfect one if you like. To the four digits that the leaderboard shows they
must get:

| file | public | private |
|---|---|---|
| `{sample}` | {sample_public} | {sample_private} |
| a perfect one | {best_public} | {best_private} |
"""
