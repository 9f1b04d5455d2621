"""How a leaderboard looks at the terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from compete.show.terminal import console, document, next_step, plain, print_findings, print_table

if TYPE_CHECKING:
    from compete.leaderboard.records import Leaderboard, Power, Row, Stability

BLOCKS, PLAIN_BLOCKS = " ░▒▓█", " .:+#"
SHARES = (0.0, 0.1, 0.4, 0.7)
"""How often a team must have a place, in shares of the draws, for the next darker block."""

WIDEST, NARROWEST = 30, 12
"""Columns of the picture of a team's places; with more teams a column is several places."""

WIDE = 150
"""Columns of a terminal that shows everything; a narrower one leaves intervals and subgroups to --csv and --json."""

LEFT = ("team", "places", "worst subgroup")
"""Columns of words."""

LISTED = 50
"""Teams that a terminal shows; --json and --csv hold all."""

REFUSED = 10

NAMED = 3


def ranked(
    made: Leaderboard,
    bundle: Path,
    sent: Sequence[Path] = (),
    source: Path | None = None,
    *,
    json: bool,
    page: Path | None = None,
) -> None:
    """Show a leaderboard, or print it as one document; files, folder and page are named in what to do next."""
    if json:
        document(made.as_dict())
        return
    console().print(plain(f"{made.challenge['title']}   {made.metric['name']} on {_parts(made)}"), style="bold")
    if made.public:
        _participants_table(made)
    else:
        _organizers_table(made)
        _firmness(made)
    _refused(made)
    print_findings(made.findings, err=False)
    look = [f"open {page} in a browser; it needs no network"] if page else []
    next_step(*look, *_next(made, _words(bundle, sent, source)))


def _parts(made: Leaderboard) -> str:
    direction = "higher" if made.greater_is_better else "lower"
    return f"{made.items[made.part]:,} {made.part} items, {direction} is better, {_counted(made.counting)}"


def _counted(way: str) -> str:
    return {"best": "best public submission counts", "last": "last submission counts"}.get(
        way, "selected submissions count"
    )


def _organizers_table(made: Leaderboard) -> None:
    """A row a team: rank, score, places over the draws as a picture, public score, worst subgroup."""
    from compete.scoring.result import shown

    width = console().width
    rows, pictures = made.rows[:LISTED], _pictures(made, WIDEST if width >= WIDE else NARROWEST)
    columns = [("rank", [_rank(row, made) for row in rows]), ("team", [row.team for row in rows])]
    columns += [("private", [shown(row.score) for row in rows])]
    if made.stability:
        columns += [("95 % interval", [_interval(row) for row in rows])] if width >= WIDE else []
        columns += [("places", pictures), ("rank of 95 %", [_places(row) for row in rows])]
        columns += [("first", [_percent(row.first) for row in rows])]
    columns += [("public", [shown(row.public) for row in rows])]
    columns += [("shake-up", [_signed(row.shake_up) for row in rows])]
    if width >= WIDE and any(row.worst_group for row in rows):
        columns += [("worst subgroup", [row.worst_group for row in rows])]
        columns += [("its score", [_number(row.worst) for row in rows]), ("gap", [_number(row.gap) for row in rows])]
    columns += [("sent", [f"{row.submissions}" for row in rows])]
    right = [place for place, (head, _) in enumerate(columns) if head not in LEFT]
    print_table([head for head, _ in columns], zip(*(cells for _, cells in columns), strict=True), right=right)
    _more(made)


def _participants_table(made: Leaderboard) -> None:
    from compete.scoring.result import shown

    ties = [row.rank for row in made.rows]
    rows = [
        [f"{row.rank}{'=' if ties.count(row.rank) > 1 else ''}", row.team, shown(row.score), f"{row.submissions}"]
        for row in made.rows[:LISTED]
    ]
    print_table(["rank", "team", "public", "sent"], rows, right=(0, 2, 3))
    _more(made)
    console().print(f"scores are rounded to {made.release.step:.3g}{_ladder(made)}", style="dim")


def _ladder(made: Leaderboard) -> str:
    return "" if made.release.ladder == "none" else ", and move only where a team really improved"


def _more(made: Leaderboard) -> None:
    if len(made.rows) > LISTED:
        console().print(f"and {len(made.rows) - LISTED} more teams: see --csv or --json", style="dim")


def _rank(row: Row, made: Leaderboard) -> str:
    """The shared rank; ``=`` where others share it."""
    shared = any(row.team in teams and len(teams) > 1 for teams in made.classes)
    return f"{row.rank}{'=' if shared else ''}"


def _interval(row: Row) -> str:
    return "" if row.low is None or row.high is None else f"{_number(row.low)} – {_number(row.high)}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.4g}"


def _places(row: Row) -> str:
    if row.rank_low is None:
        return ""
    return f"{row.rank_low}" if row.rank_low == row.rank_high else f"{row.rank_low}–{row.rank_high}"


def _signed(value: int | None) -> str:
    return "" if value is None else f"{value:+d}" if value else "0"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"


def _pictures(made: Leaderboard, width: int) -> list[str]:
    """Of each team how often it has which place, from first at the left to last at the right."""
    if made.stability is None:
        return []
    encoding = (sys.stdout.encoding or "ascii").lower()
    blocks = BLOCKS if encoding.startswith("utf") else PLAIN_BLOCKS
    return [_picture(row, made.stability.draws, blocks, width) for row in made.stability.distribution[:LISTED]]


def _picture(counts: Sequence[int], draws: int, blocks: str, width: int) -> str:
    width = min(width, len(counts))
    cells = [0] * width
    for place, count in enumerate(counts):
        cells[place * width // len(counts)] += count
    return "".join(blocks[sum(count / draws > share for share in SHARES)] for count in cells)


def _firmness(made: Leaderboard) -> None:
    """What the draws tell of the whole leaderboard, a line each."""
    out = console()
    if made.classes:
        groups = [teams for teams in made.classes if len(teams) > 1]
        tied = f", {len(groups)} of them shared" if groups else ""
        out.print(f"ranks that the test can tell apart: {len(made.classes)} for {len(made.rows)} teams{tied}")
    if made.agreement.value is not None:
        out.print(f"public and private places agree by Kendall's tau {made.agreement.value:.2f}")
    stability = made.stability
    if stability and stability.kendall.value is not None:
        out.print(f"drawn again {stability.draws:,} times the leaderboard agrees with itself by {_own_tau(stability)}")
    if stability and stability.sensitivities:
        others = [f"{one.name} {_tau(one.tau)}" for one in stability.sensitivities]
        out.print(plain(f"ranked otherwise: {', '.join(others)}"))
    if made.power:
        out.print(_power(made.power))
    if made.overfitting and made.overfitting.expected is not None and made.overfitting.gap.value is not None:
        learnt = made.overfitting
        out.print(
            f"public is better than private by {learnt.gap.value:+.4f} on average; luck alone gives the best of "
            f"{learnt.submissions:,} submissions {learnt.expected:.4f}"
        )


def _own_tau(stability: Stability) -> str:
    low, high = stability.kendall.low, stability.kendall.high
    span = "" if low is None or high is None else f" ({low:.2f} – {high:.2f})"
    return f"{_tau(stability.kendall.value)}{span}"


def _tau(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"


def _power(power: Power) -> str:
    needed = ", ".join(f"{gap:g} needs {items:,}" for gap, items in power.needed)
    return f"this test tells neighbours {power.least:.3g} apart with {100 * power.power:.0f} % power; {needed} items"


def _refused(made: Leaderboard) -> None:
    """Submissions without a score, each with its first fault."""
    if not made.refused:
        return
    rows = [[one.file, one.team, one.finding.rule, one.finding.message] for one in made.refused[:REFUSED]]
    console().print()
    print_table(["refused", "team", "rule", "first fault"], rows)
    if len(made.refused) > REFUSED:
        console().print(f"and {len(made.refused) - REFUSED} more: see --json", style="dim")


def _next(made: Leaderboard, words: str) -> list[str]:
    if made.public:
        return [f"{words} --public --csv leaderboard.csv"]
    explain = [f"compete explain {finding.rule}" for finding in made.findings[:1]]
    return [*explain, f"{words} --public", f"{words} --csv leaderboard.csv"]


def _words(bundle: Path, sent: Sequence[Path], source: Path | None) -> str:
    """The command again."""
    files = [str(path) for path in sent[:NAMED]] + ["…"] * (len(sent) > NAMED)
    return " ".join(["compete rank", str(bundle), *files, *(["--from", str(source)] if source else [])])
