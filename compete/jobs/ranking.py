"""The job of ranking: submissions become a leaderboard, and a table of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compete.leaderboard.records import Leaderboard
    from compete.scoring.bounded import Limits

Progress = Callable[[str, int, int], None]


def rank_teams(
    bundle: Path | str,
    submissions: Sequence[Path] = (),
    *,
    source: Path | None = None,
    table: Path | None = None,
    force: bool = False,
    cache: Path | None = None,
    workers: int | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
    **wishes: Any,
) -> Leaderboard:
    """Rank the teams that sent submissions, on all cores, and say how firm that is.

    Args:
        bundle: a built bundle with its private half.
        submissions: files; those of one folder are a team each, of several folders each folder is a team.
        source: a folder of submissions, or a table with the columns file and team.
        table: a CSV file to write the rows to.
        force: replace that file if it is there.
        cache: a folder that keeps scores by content; it holds private scores.
        workers: processes; None one a core.
        limits: of memory and time of each submission.
        progress: told what is being done, how far it is, and how much there is.
        wishes: which submissions count and how public scores are shown; see ``compete.leaderboard.policy.policy_of``.

    Raises:
        UsageError: there are no submissions, an option cannot be understood, or the table is there.
        BundleError: the bundle is not whole, or has no private half.
        SubmissionError: every submission was refused.
    """
    from compete.files import whole_file
    from compete.leaderboard.policy import policy_of
    from compete.leaderboard.rank import Means, rank_submissions
    from compete.leaderboard.tables import csv_bytes

    policy = policy_of(**wishes)
    means = Means(cache, workers, limits, progress)
    ranked = partial(rank_submissions, Path(bundle), submissions, source=source, policy=policy, means=means)
    if not table:
        return ranked()
    with whole_file(table, force=force) as file:  # a table that may not be written is told before the work begins
        made = ranked()
        file.write(csv_bytes(made))
    return made
