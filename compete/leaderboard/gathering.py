"""Which submissions there are, and whose: from files, from folders, or from a table."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from compete.errors import Finding, UsageError
from compete.files import system_fault
from compete.leaderboard.policy import moment_of
from compete.scoring.source import counted

LIST = "submissions.csv"
YES, NO = ("1", "true", "yes", "y", "x"), ("", "0", "false", "no", "n")


@dataclass(frozen=True)
class Sent:
    """One file that somebody sent.

    Attributes:
        path: where it is.
        file: how it is called.
        team: who sent it.
        time: when, in UTC; None where that is not known.
        selected: whether the team chose it for the final ranking.
    """

    path: Path
    file: str
    team: str
    time: datetime | None = None
    selected: bool = False

    @property
    def order(self) -> tuple[str, str, tuple[tuple[int, str], ...]]:
        """By team and time; files without a time come first, in the order in which people count."""
        return self.team, self.moment, counted_order(self.file)

    @property
    def moment(self) -> str:
        """The time as text, which sorts as time does; empty where it is not known."""
        return self.time.isoformat(timespec="microseconds") if self.time else ""


def gather_submissions(
    paths: Sequence[Path], source: Path | None, endings: Sequence[str]
) -> tuple[list[Sent], list[Finding]]:
    """List the submissions of files, of a folder or of a table, by team and time.

    Files of one folder are a team each; of files in several folders each folder is a team.

    Args:
        paths: files.
        source: a folder, or a table with the columns file and team; a folder that holds ``submissions.csv`` is read as
            that table says.
        endings: how names of submissions end, in small letters.

    Returns:
        The submissions, and notes on files that are none.

    Raises:
        UsageError: there are none, or the table is at fault, with all its faults.
        SystemFault: the disk or a permission forbids reading.
    """
    sent = _of_files(paths)
    notes: list[Finding] = []
    if source is not None:
        if not source.exists():
            raise _refused([Finding("rank/nothing", "there is no such folder or table", str(source))])
        listed = source / LIST if (source / LIST).is_file() else source
        if listed.is_file():
            sent += _of_table(listed)
        else:
            found, notes = _of_folder(source, endings)
            sent += found
    if not sent:
        place = str(source) if source else ""
        raise _refused([Finding("rank/nothing", "no submissions were found", place, hint="see: compete rank --help")])
    return sorted(sent, key=lambda one: one.order), notes


def _of_files(paths: Sequence[Path]) -> list[Sent]:
    folders = {path.absolute().parent for path in paths}
    if len(folders) <= 1:
        return [Sent(path, path.name, team_name(path)) for path in paths]
    return [Sent(path, f"{_folder(path)}/{path.name}", _folder(path)) for path in paths]


def _folder(path: Path) -> str:
    return path.absolute().parent.name


def team_name(path: Path) -> str:
    """The name of a file without what says of which kind it is."""
    return re.sub(r"(\.(csv|json|zip|tar|gz|tgz))+$", "", path.name, flags=re.IGNORECASE) or path.name


def _of_folder(folder: Path, endings: Sequence[str]) -> tuple[list[Sent], list[Finding]]:
    """Each file a team, each folder a team with every file below it; hidden ones are passed over."""
    sent, others = [], []
    for path in _files(folder):
        inside = path.relative_to(folder)
        if not inside.name.lower().endswith(tuple(endings)):
            others.append(inside.as_posix())
        elif len(inside.parts) == 1:
            sent.append(Sent(path, inside.name, team_name(path)))
        else:
            sent.append(Sent(path, inside.as_posix(), inside.parts[0]))
    if not others:
        return sent, []
    message = f"{counted(len(others), 'file')} not ending as a submission does ({', '.join(endings)})"
    note = Finding("rank/other-file", message, str(folder), tuple(others[:3]), severity="note", count=len(others))
    return sent, [note]


def _files(folder: Path) -> list[Path]:
    found = []
    try:
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            if entry.name.startswith((".", "__")):
                continue
            if entry.is_dir(follow_symlinks=False):
                found += _files(Path(entry.path))
            elif entry.is_file():
                found.append(Path(entry.path))
    except OSError as error:
        raise system_fault(error) from error
    return found


def _of_table(table: Path) -> list[Sent]:
    """The submissions that a table lists."""
    try:
        text = table.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise system_fault(error) from error
    except UnicodeDecodeError:
        raise _refused([Finding("rank/list", "it is not UTF-8 text", str(table))]) from None
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        missing = [name for name in ("file", "team") if name not in (rows.fieldnames or ())]
        if missing:
            known = ", ".join(rows.fieldnames or ()) or "none"
            message = f"it has no column {' and no column '.join(missing)} (columns: {known})"
            raise _refused([Finding("rank/list", message, str(table), hint="columns: file,team,time,selected")])
        listed = [(rows.line_num, row) for row in rows]
    except csv.Error as error:
        raise _refused([Finding("rank/list", f"it is no CSV table: {error}", str(table))]) from None
    faults: list[Finding] = []
    sent = [_sent(row, table, f"{table}:{line}", faults) for line, row in listed]
    if faults:
        raise _refused(faults)
    return sent


def _sent(row: dict[str, str], table: Path, where: str, faults: list[Finding]) -> Sent:
    """One row; what is wrong with it is added to the faults."""
    cells = {name: (row.get(name) or "").strip() for name in ("file", "team", "time", "selected")}
    file, team, chosen = cells["file"], cells["team"], cells["selected"].lower()
    time = moment_of(cells["time"]) if cells["time"] else None
    path = table.parent / file
    wrong = (
        (not file, "no file is named"),
        (not team, "no team is named"),
        (bool(cells["time"]) and time is None, f"the time {cells['time']!r} is not in ISO 8601"),
        (chosen not in (*YES, *NO), f"selected is {chosen!r}, neither yes nor no"),
        (bool(file) and not _below(path, table.parent), f"{file} lies outside the folder of the table"),
    )
    faults += [Finding("rank/list", message, where) for found, message in wrong if found]
    return Sent(path, file, team, time, chosen in YES)


def _below(path: Path, folder: Path) -> bool:
    """Whether a path stays below a folder, whatever links there are."""
    return path.resolve().is_relative_to(folder.resolve())


@lru_cache(maxsize=1 << 14)
def counted_order(text: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts as people count: s2 before s10, and s.csv before both.

    >>> sorted(["s10", "s2", "s1"], key=counted_order)
    ['s1', 's2', 's10']
    """
    parts = re.findall(r"\d+|[^\d.]+|\.", text)
    return tuple((int(part), "") if part.isdecimal() and part.isascii() else (-1, part) for part in parts)


def _refused(findings: Sequence[Finding]) -> UsageError:
    return UsageError("nothing was ranked", findings)
