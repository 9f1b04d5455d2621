"""MLE-bench prepares an export with its own code, and grades the sample, the gold and another submission.

    git clone https://github.com/openai/mle-bench CHECKOUT      (783b15a was used)
    python -m benchmarks.platforms.mlebench CHECKOUT BUNDLE [SUBMISSION.csv]

It needs what MLE-bench imports: pandas, pyyaml, py7zr, appdirs, diskcache, tenacity, tqdm. Kaggle is not asked: the zip
of the export takes the place of its download. The competition folder is copied into the checkout.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.platforms.ours import Exported, exported, shown


def main(checkout: Path, bundle: Path, sent: list[Path]) -> None:
    """Print one line a submission."""
    sys.path.insert(0, str(checkout))
    with tempfile.TemporaryDirectory() as scratch:
        ours = exported(bundle, "mlebench", Path(scratch) / "export")
        os.chdir(scratch)  # where their code is loaded it leaves a folder called cache
        competition = _prepared(checkout, ours, Path(scratch) / "data")
        from mlebench.grade import grade_csv, validate_submission

        for path in (competition.sample_submission, competition.gold_submission, *sent):
            report = grade_csv(path, competition)
            told = ours.rows_score(path, "private")
            medal = "gold" if report.gold_medal else "medal" if report.any_medal else "none"
            shown(path.name, report.score, told if told is None else round(told, 5), medal)
            assert validate_submission(path, competition)[0] == (told is not None)


def _prepared(checkout: Path, ours: Exported, data: Path) -> Any:
    """The competition, prepared by their code from our zip, with its checksums compared."""
    name = ours.name
    place = checkout / "mlebench" / "competitions" / name
    shutil.copytree(ours.folder / "mlebench" / "competitions" / name, place, dirs_exist_ok=True)
    import mlebench.data
    from mlebench.registry import registry

    def download(competition_id: str, download_dir: Path, **_: bool) -> Path:
        return Path(shutil.copy(ours.folder / "data" / name / f"{name}.zip", download_dir))

    mlebench.data.download_dataset = download
    competition = registry.set_data_dir(data).get_competition(name)
    mlebench.data.download_and_prepare_dataset(competition)
    return competition


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]), [Path(word).resolve() for word in sys.argv[3:]])
