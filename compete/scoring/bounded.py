"""Scoring in a child process under limits: a submission that hangs, eats memory or crashes costs itself alone.

The child is a fork, so what the parent has read (numpy, the truth) costs it nothing. It answers with JSON through
a pipe; whatever else becomes of it is told by how it ended.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Optional

from compete.errors import CompeteError, Finding, SubmissionError, SystemFault, UsageError
from metrics.frozen import dataclass

MEGABYTE = 1 << 20
LONGEST_ANSWER = 1 << 28
"""Bytes of an answer: far more than the scores of one submission."""

BOUND_RULES = {
    "submission/too-slow": (
        "Scoring took longer than it may.",
        "The limit is that of --limit-time. A file that is refused takes under two seconds; a large one that is merely "
        "slow needs a higher limit, which only the organizer can give.",
    ),
    "submission/too-much-memory": (
        "Scoring needed more memory than it may use.",
        "The limit is that of --limit-memory. Send a smaller file: fewer predictions, fewer digits, no repeated rows.",
    ),
    "submission/crashed": (
        "Scoring broke down on this file.",
        "The file was not scored and the others were not touched. This is our fault and not the file's, unless the "
        "challenge has a metric of its own: please report it with the file.",
    ),
}


@dataclass(frozen=True)
class Limits:
    """What one submission may cost.

    Attributes:
        memory: megabytes above what the process holds when it begins; 0 for no limit.
        seconds: of wall time, and of CPU time on each core; 0 for no limit.
    """

    memory: int = 0
    seconds: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.memory or self.seconds)


def run_bounded(work: Callable[[], Mapping[str, Any]], limits: Limits, name: str = "") -> dict[str, Any]:
    """Do work in a child process under limits.

    Args:
        work: gives plain JSON data, or raises a ``CompeteError``, which is raised here again.
        limits: of memory and time.
        name: how findings call the submission.

    Returns:
        What the work gave.

    Raises:
        SubmissionError: the work was refused, took too long, needed too much memory or crashed.
        UsageError: this system cannot fork a process (Windows).
    """
    if not hasattr(os, "fork"):
        finding = Finding("usage/no-limits", "--limit-memory and --limit-time need a Unix system")
        raise UsageError("nothing was scored", [finding])
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _answer(work, limits, writing)
    os.close(writing)
    died_of = 0
    try:
        raw, late = _listen(reading, limits.seconds)
    finally:
        os.close(reading)
        died_of = _end(child)
    return _judged(raw, limits, name, late=late, died_of=died_of)


def _answer(work: Callable[[], Mapping[str, Any]], limits: Limits, writing: int) -> None:
    """In the child: work, say what came of it, and end without any of the parent's clean-up."""
    try:
        os.setpgid(0, 0)
        _restrict(limits)
        raw = json.dumps({"given": work()}).encode()
    except CompeteError as error:
        content = {"error": type(error).__name__, "message": error.message}
        raw = json.dumps({**content, "findings": [finding.as_dict() for finding in error.findings]}).encode()
    except BaseException as error:  # whatever it is, it must not reach the parent's code in this process
        raw = json.dumps({"memory": True} if _starved(error) and limits.memory else {"bug": _place(error)}).encode()
    try:
        view = memoryview(raw)
        while view:
            view = view[os.write(writing, view) :]
    finally:
        os._exit(0)


def _restrict(limits: Limits) -> None:
    """Set the limits of this process; none of them can be raised again by what it reads."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if limits.seconds:
        cores = os.cpu_count() or 1
        ceiling = int(limits.seconds * cores) + 2
        resource.setrlimit(resource.RLIMIT_CPU, (ceiling, ceiling))
    if limits.memory:
        ceiling = _held() + limits.memory * MEGABYTE
        resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))


def _held() -> int:
    """Bytes of address space that this process holds; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  (no object to spare under a limit)
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 1 << 32


def _starved(error: BaseException) -> bool:
    """Whether it is what happens where memory ends: none for an array, a library or a thread's stack."""
    thread = isinstance(error, RuntimeError) and "thread" in str(error)
    return thread or isinstance(error, (MemoryError, ImportError))


def _place(error: BaseException) -> str:
    """What broke and where; not its text, which might hold a hidden label."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "unknown"
    return f"{type(error).__name__} in {where}"


def _listen(reading: int, seconds: float) -> tuple[bytes, bool]:
    """All that the child says, and whether its time ran out before."""
    deadline = time.monotonic() + seconds if seconds else None
    parts, size = [], 0
    while size < LONGEST_ANSWER:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and (left <= 0 or not select.select([reading], [], [], left)[0]):
            return b"", True
        part = os.read(reading, 1 << 20)
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts), False


def _end(child: int) -> int:
    """End the child, and what it may have started, and tell the signal that it died of; 0 for none."""
    for kill in (os.killpg, os.kill):
        try:
            kill(child, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def _judged(raw: bytes, limits: Limits, name: str, *, late: bool, died_of: int) -> dict[str, Any]:
    """What the child gave, or the finding that says why it gave nothing."""
    try:
        told: dict[str, Any] = json.loads(raw)
    except ValueError:
        told = {}
    if "given" in told:
        given: dict[str, Any] = told["given"]
        return given
    if "error" in told:
        raise _error(told)
    if late or died_of == signal.SIGXCPU:
        message = f"scoring was stopped after {limits.seconds:g} seconds"
        finding = Finding("submission/too-slow", message, name, hint="send a smaller file, or ask for a higher limit")
    elif "memory" in told:
        message = f"scoring needed more than {limits.memory:,} MB of memory"
        finding = Finding("submission/too-much-memory", message, name, hint="send a smaller file")
    else:
        message = f"scoring broke down: {told.get('bug') or f'killed by signal {died_of}'}"
        finding = Finding("submission/crashed", message, name, hint="this is a bug in compete: please report it")
    raise SubmissionError(f"submission not scored: {name}", [finding])


def _error(told: Mapping[str, Any]) -> CompeteError:
    """The error that the child was refused with."""
    findings = [Finding(**{**one, "items": tuple(one["items"])}) for one in told["findings"]]
    kinds: dict[str, Optional[type[CompeteError]]] = {kind.__name__: kind for kind in _kinds(CompeteError)}
    return (kinds.get(str(told["error"])) or SystemFault)(str(told["message"]), findings)


def _kinds(kind: type[CompeteError]) -> list[type[CompeteError]]:
    """An error and all that are kinds of it."""
    return [kind, *(below for child in kind.__subclasses__() for below in _kinds(child))]
