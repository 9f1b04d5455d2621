"""Work spread over a Dask cluster, in the same shards and with the same result as on the cores of one machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

from compete.errors import Finding, SystemFault, UsageError
from compete.version import __version__

if TYPE_CHECKING:
    from distributed import Client

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

PATIENCE = "10s"
"""How long the scheduler may take to answer."""

PROTOCOLS = ("tcp", "tls", "ucx", "ws", "wss")
"""How addresses of schedulers begin."""

CLUSTER_RULES = {
    "engine/unknown": (
        "No engine is called so.",
        "cores: the processes of this machine, which is the default. dask:ADDRESS: the workers of a Dask cluster, by "
        "the address that `dask scheduler` prints, such as dask:tcp://10.0.0.5:8786.",
    ),
    "engine/no-dask": (
        "A Dask cluster was asked for, but the library that talks to one is not installed.",
        "pip install 'compete[dask]', here and on the machines of the cluster.",
    ),
    "engine/no-cluster": (
        "No Dask scheduler answers at the address.",
        "`dask scheduler` prints its address, such as tcp://10.0.0.5:8786. Is it running, and does a firewall let this "
        "machine through? A scheduler without any worker does not count.",
    ),
    "engine/other-version": (
        "Workers of the cluster have another version of compete, or none.",
        "The same data must give the same bytes wherever the work is done, so all machines need one version: "
        "pip install compete==VERSION on each, and start the workers anew.",
    ),
}


def cluster_of(engine: str) -> str:
    """The address of the Dask scheduler that ``--engine`` names; empty for the cores of this machine.

    Raises:
        UsageError: no engine is called so.

    >>> cluster_of("dask:tcp://10.0.0.5:8786"), cluster_of("cores"), cluster_of("")
    ('tcp://10.0.0.5:8786', '', '')
    """
    kind, _, address = engine.partition(":")
    if kind == "dask" and address:
        return address
    if engine in {"", "cores"}:
        return ""
    meant = "dask:tcp://HOST:8786"
    if kind in PROTOCOLS:
        meant = f"dask:{engine}"
    elif address and get_close_matches(kind.lower(), ["dask", "distributed"]):
        meant = f"dask:{address}"
    hint = f"did you mean --engine {meant}? without it the cores of this machine do the work"
    raise UsageError("the work was not begun", [Finding("engine/unknown", f"no engine is {engine!r}", hint=hint)])


def map_on_cluster(
    function: Callable[[Sequence[Item]], Sequence[Outcome]],
    shards: Sequence[Sequence[Item]],
    address: str,
    tell: Callable[[Sequence[Item]], None],
) -> list[Sequence[Outcome]]:
    """Apply a function to shards on the workers of a cluster; outcomes come in the order of the shards.

    A worker that is lost costs a repetition of its shards elsewhere.

    Args:
        function: takes a shard; must be importable by name on the workers, as must its arguments.
        shards: what there is to do.
        address: of the scheduler, such as ``tcp://10.0.0.5:8786``.
        tell: told each shard that is done.

    Raises:
        UsageError: the library is not installed, or workers have another version of this one.
        SystemFault: nobody answers, or a shard lost its worker again and again.

    Whatever the function raises is raised here: that of the first shard in order that failed.
    """
    with _connected(address) as client:
        futures = [client.submit(function, shard, pure=False) for shard in shards]
        row_of = {future.key: row for row, future in enumerate(futures)}
        for future in import_module("distributed").as_completed(futures, loop=client.loop):
            if future.status == "finished":
                tell(shards[row_of[future.key]])
        return [_outcome(future, shards[row]) for row, future in enumerate(futures)]


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """A client of the scheduler, once its workers are known to be like us."""
    if find_spec("distributed") is None:
        hint = "pip install 'compete[dask]'"
        raise UsageError("the work was not begun", [Finding("engine/no-dask", f"no Dask for {address}", hint=hint)])
    try:
        client: Client = import_module("distributed").Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise _unreachable(address, str(error) or type(error).__name__) from None
    with client:
        _compare_versions(client, address)
        yield client


def _compare_versions(client: Client, address: str) -> None:
    """Refuse a cluster without workers, or with other versions than ours."""
    if not client.scheduler_info(n_workers=-1)["workers"]:
        raise _unreachable(address, "the scheduler has no workers")
    found: dict[str, Any] = client.run(_version, on_error="return")
    strange = {worker: version for worker, version in found.items() if version != __version__}
    if strange:
        message = f"{len(strange)} of {len(found)} workers do not have compete {__version__}"
        told = tuple(f"{worker} has {version if isinstance(version, str) else 'none'}" for worker, version in
                     sorted(strange.items())[:3])  # fmt: skip
        finding = Finding("engine/other-version", message, address, told, f"pip install compete=={__version__} there")
        raise UsageError("the work was not begun", [finding])


def _version() -> str:
    """On a worker: which version it has."""
    from compete.version import __version__ as version

    return version


def _unreachable(address: str, why: str) -> SystemFault:
    hint = "give the address that `dask scheduler` prints: --engine dask:tcp://HOST:8786"
    return SystemFault("the cluster cannot be used", [Finding("engine/no-cluster", why, address, hint=hint)])


def _outcome(future: Any, shard: Sequence[Any]) -> Any:
    """What a shard gave; whatever it raised is raised."""
    from distributed.scheduler import KilledWorker

    try:
        return future.result()
    except KilledWorker:
        message = f"{len(shard)} items lost their worker again and again"
        items = tuple(str(item) for item in shard[:3])
        hint = "most often the memory of the workers was used up, or a library crashed on one of the items"
        finding = Finding("engine/worker-killed", message, "", items, hint, count=len(shard))
        raise SystemFault("a worker process was killed", [finding]) from None
