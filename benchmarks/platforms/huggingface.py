"""The evaluation and the leaderboard of huggingface/competitions, run on an export with a folder for the Hub.

    git clone https://github.com/huggingface/competitions CHECKOUT      (d887d2e was used)
    python -m benchmarks.platforms.huggingface CHECKOUT BUNDLE [SUBMISSION]

It needs huggingface_hub 0.24, loguru, pydantic, fastapi, requests, pandas, scikit-learn, tabulate. Nothing is sent:
what would be fetched from the Hub or put there is fetched from a folder and put there.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.platforms.ours import exported, perfect_of, shown

TEAM = "team"


def main(checkout: Path, bundle: Path, sent: list[Path]) -> None:
    """Print one line a submission and part, then the private leaderboard."""
    with tempfile.TemporaryDirectory() as scratch:
        ours = exported(bundle, "huggingface", Path(scratch) / "export")
        hub = Path(shutil.copytree(ours.folder / "repo", Path(scratch) / "hub"))
        _offline(hub)
        sys.path.insert(0, str(checkout))
        from competitions import evaluate
        from competitions.info import CompetitionInfo
        from competitions.leaderboard import Leaderboard
        from competitions.params import EvalParams

        info = CompetitionInfo("org/private", "token")
        perfect = perfect_of(ours, Path(scratch))
        paths = [next((ours.folder / "data").glob("sample_submission.*")), perfect, *sent]
        for number, path in enumerate(paths):
            _submitted(hub, number, path)
        for number, path in enumerate(paths):
            sys.modules.pop("metric", None)  # a space starts a process for each
            evaluate.run(EvalParams(**_params(info, number)))
            told = json.loads((hub / f"submission_info/{TEAM}.json").read_text())["submissions"][number]
            for part in ("public", "private"):
                shown(path.name, told[f"{part}_score"].get(info.scoring_metric), ours.file_score(path, part), part)
        board = Leaderboard(
            info.end_date, info.eval_higher_is_better, info.selection_limit, "org/private", "token", info.scoring_metric
        )
        print(board.fetch(private=True).to_markdown(index=False))


def _offline(hub: Path) -> None:
    """Put a folder in the place of the Hub, before their code takes hold of its functions."""
    import huggingface_hub
    from huggingface_hub.utils import EntryNotFoundError

    def download(filename: str, **_: Any) -> str:
        if not (hub / filename).is_file():
            error = EntryNotFoundError.__new__(EntryNotFoundError)
            Exception.__init__(error, filename)
            raise error
        return str(hub / filename)

    class Api:
        def __init__(self, token: str = "") -> None:
            """Take a token, and no notice of it."""

        def upload_file(self, path_or_fileobj: Any, path_in_repo: str, **_: Any) -> None:
            content = path_or_fileobj.read() if hasattr(path_or_fileobj, "read") else path_or_fileobj
            (hub / path_in_repo).write_bytes(content)

    huggingface_hub.hf_hub_download, huggingface_hub.HfApi = download, Api
    huggingface_hub.snapshot_download = lambda **_: str(hub)


def _submitted(hub: Path, number: int, path: Path) -> None:
    """What ``Submissions.new_submission`` leaves in the repository."""
    for folder in ("submissions", "submission_info"):
        (hub / folder).mkdir(exist_ok=True)
    shutil.copyfile(path, hub / "submissions" / f"{TEAM}-{number}{path.suffix}")
    (hub / "teams.json").write_text(json.dumps({TEAM: {"name": "Team"}}))
    file = hub / f"submission_info/{TEAM}.json"
    known = json.loads(file.read_text()) if file.is_file() else {"id": TEAM, "submissions": []}
    plain = {"submission_comment": "", "submission_repo": "", "space_id": "", "submitted_by": "user"}
    entry = {**plain, "datetime": f"2026-01-01 00:00:{number:02}", "submission_id": str(number), "status": 0}
    known["submissions"].append({**entry, "selected": False, "public_score": {}, "private_score": {}})
    file.write_text(json.dumps(known))


def _params(info: Any, number: int) -> dict[str, Any]:
    """What ``JobRunner.run_local`` hands to the evaluation."""
    names = ("competition_type", "metric", "submission_id_col", "submission_cols", "submission_rows", "time_limit")
    given = {name: getattr(info, name) for name in (*names, "dataset", "submission_filenames")}
    fixed = {"competition_id": "org/private", "token": "token", "team_id": TEAM, "submission_id": str(number)}
    return {**given, **fixed, "output_path": "", "submission_repo": ""}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [Path(word).resolve() for word in sys.argv[3:]])
