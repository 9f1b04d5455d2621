"""Scores of thousands of submissions, each graded once: what was graded before is known by its content."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from compete.bundle import Bundle
from compete.engine import cores, map_shards
from compete.errors import CompeteError
from compete.files import sha256_of
from compete.leaderboard.likeness import row_codes
from compete.leaderboard.opening import one_reading, opened
from compete.scoring.bounded import Limits, run_bounded
from compete.scoring.grading import scored_predictions
from compete.scoring.result import Score
from compete.scoring.truth import Truth
from compete.version import __version__

if TYPE_CHECKING:
    from compete.engine import Progress

CACHE = 1
"""The version of what the cache holds."""

SHARD = 64


@dataclass(frozen=True, eq=False)
class Graded:
    """What is kept of one submission.

    Attributes:
        sha256: digest of the file.
        canonical_sha256: digest of the predictions.
        rows: rows of the file.
        scores: every score on every part and subgroup, without intervals.
        code: a number for each of some rows, uint32; see ``row_codes``.
    """

    sha256: str
    canonical_sha256: str
    rows: int
    scores: tuple[Score, ...]
    code: npt.NDArray[Any]

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON data."""
        return {
            "sha256": self.sha256,
            "canonical_sha256": self.canonical_sha256,
            "rows": self.rows,
            "scores": [asdict(score) for score in self.scores],
            "code": base64.b64encode(self.code.astype("<u4").tobytes()).decode("ascii"),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Graded:
        """The record that plain JSON data tell.

        Raises:
            KeyError, TypeError, ValueError: they are not what ``as_dict`` gives.
        """
        code = np.frombuffer(base64.b64decode(content["code"], validate=True), dtype="<u4").astype(np.uint32)
        scores = tuple(Score(**score) for score in content["scores"])
        return cls(content["sha256"], content["canonical_sha256"], int(content["rows"]), scores, code)


def grade_submissions(
    bundle: Path,
    paths: Sequence[Path],
    *,
    cache: Path | None = None,
    workers: int | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> list[Graded | CompeteError]:
    """Grade submissions on all cores; one that is refused, or cannot be read, does not stop the others.

    Args:
        bundle: a built bundle.
        paths: files.
        cache: a folder that keeps what was graded, by content; it holds private scores. None keeps nothing.
        workers: processes; None one a core.
        limits: of memory and time; each submission is then graded in a process of its own.
        progress: told how many are done, and of how many.

    Returns:
        What each submission got, or why it was refused, in their order.

    Raises:
        SystemFault: a submission killed its process again and again; ``limits`` keep it apart.
    """
    if cache:
        cache.mkdir(parents=True, exist_ok=True)
    shard = max(1, min(SHARD, len(paths) // (4 * (workers or cores()))))
    with one_reading() as reading:
        work = partial(_graded, bundle=bundle, reading=reading, cache=cache, limits=limits)
        return map_shards(work, paths, workers=workers, shard=shard, progress=progress)


def _graded(
    paths: Sequence[Path], *, bundle: Path, reading: str, cache: Path | None, limits: Limits | None
) -> list[Graded | CompeteError]:
    """Grade some submissions against a truth that is read once."""
    held, truth = opened(bundle, reading)
    found: list[Graded | CompeteError] = []
    for path in paths:
        try:
            kept = _place(cache, path, held, truth) if cache else None
            found.append((_recalled(kept) if kept else None) or _fresh(path, held, truth, limits, kept))
        except CompeteError as error:  # the bundle was read before, so whatever is wrong is wrong with this submission
            found.append(error)
    return found


def _fresh(path: Path, bundle: Bundle, truth: Truth, limits: Limits | None, kept: Path | None) -> Graded:
    work = partial(_one, path, bundle, truth)
    graded = Graded.from_dict(run_bounded(_plainly(work), limits, str(path))) if limits else work()
    if kept:
        _keep(kept, graded)
    return graded


def _one(path: Path, bundle: Bundle, truth: Truth) -> Graded:
    read, scores, _ = scored_predictions(bundle, truth, path, draws=0)
    return Graded(read.sha256, read.canonical_sha256(), read.rows, tuple(scores), row_codes(read.values))


def _plainly(work: Callable[[], Graded]) -> Callable[[], Mapping[str, Any]]:
    return lambda: work().as_dict()


def _place(cache: Path, path: Path, bundle: Bundle, truth: Truth) -> Path | None:
    """Where a submission's scores are kept: by its content, the challenge's, the truth's and our version."""
    try:
        digest, _ = sha256_of(path)
    except OSError:  # whoever reads it tells why
        return None
    own = [__version__, np.__version__, bundle.terms_sha256, truth.sha256, digest, path.suffix.lower()]
    key = hashlib.sha256("\n".join([f"{CACHE}", *own]).encode()).hexdigest()
    return cache / key[:2] / f"{key}.json"


def _recalled(place: Path) -> Graded | None:
    """What was kept; None where it is not there, or not whole."""
    try:
        return Graded.from_dict(json.loads(place.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(place: Path, graded: Graded) -> None:
    """Write what was graded, under its name only when it is whole."""
    place.parent.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", dir=place.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(graded.as_dict(), file)
        Path(name).replace(place)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
