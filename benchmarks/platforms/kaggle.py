"""Kaggle's own command-line package reads an export, and its metric is called as Kaggle says that it calls metrics.

    pip install "kaggle==2.2.4" six
    KAGGLE_USERNAME=x KAGGLE_KEY=y python -m benchmarks.platforms.kaggle BUNDLE [SUBMISSION.csv]

Nothing is sent: the client that would send it keeps what it is given. What Kaggle does with it afterwards nobody
outside can run; of that only the documented contract of `score` is played.
"""

from __future__ import annotations

import importlib.util
import runpy
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd

from benchmarks.platforms.ours import exported, shown


def main(bundle: Path, sent: list[Path]) -> None:
    """Print which requests would be sent, then one line a submission and part."""
    with tempfile.TemporaryDirectory() as scratch:
        ours = exported(bundle, "kaggle", Path(scratch) / "export")
        print(*_requests(ours.folder, ours.name), sep="\n")
        spec = importlib.util.spec_from_file_location("metric", ours.folder / "metric.py")
        assert spec
        assert spec.loader
        metric = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(metric)
        solution = pd.read_csv(ours.folder / "solution.csv")
        for path in (*sorted((ours.folder / "sandbox").iterdir()), *sent):
            for part in ("Public", "Private"):
                rows = solution[solution["Usage"] == part].drop(columns="Usage")
                told = ours.rows_score(path, part.lower())
                shown(path.name, metric.score(rows, pd.read_csv(path), "id"), told, part.lower())


def _requests(folder: Path, name: str) -> list[str]:
    """The requests that the commands of PUBLISH.md would send."""
    from kaggle.api import kaggle_api_extended as package

    sent: list[str] = []

    class Client:
        def __getattr__(self, method: str) -> Any:
            def call(request: Any = None) -> Any:
                sent.append(f"{method}: {len(request.files)} files" if hasattr(request, "files") else method)
                return SimpleNamespace(url="", name="", is_published=True)

            return call

    @contextmanager
    def client(_: Any) -> Iterator[Any]:
        yield SimpleNamespace(competitions=SimpleNamespace(competition_api_client=Client()))

    api = package.KaggleApi
    api.build_kaggle_client, api.authenticate = client, lambda _: None
    api._upload_file = lambda _, file, *__, **___: SimpleNamespace(token=file)
    api.competition_list_pages = lambda *_: [SimpleNamespace(name="description")]
    made = api()
    made.competition_create_new(str(folder))
    made.competition_data_update(name, str(folder / "data"), "first", quiet=True)
    made.competition_create_solution(name, str(folder / "solution.csv"), quiet=True)
    made.competition_update_settings(name, made._load_settings_file(str(folder / "settings.yaml")))
    runpy.run_path(str(folder / "create_pages.py"), run_name="__main__")
    return sent


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(word).resolve() for word in sys.argv[2:]])
