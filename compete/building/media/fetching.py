"""Images of other machines: their bytes, and by what a change of them is seen."""

from __future__ import annotations

from pathlib import Path

from compete.building.journal import Origin
from compete.building.media.records import Published
from compete.building.media.wholeness import Refused
from compete.sources import is_remote, read_stamped, stamp_at


def fetched(source: str, largest: int, *, stamped: bool) -> tuple[bytes, Origin]:
    """The bytes of an image at an address, and its origin.

    Args:
        source: the address.
        largest: bytes that are taken.
        stamped: ask by what a change will be seen; else nothing is told of that.

    Raises:
        OSError: it is not there, or may not be read.
        Refused: it is too large.
        SystemFault: the storage cannot be reached.
    """
    found = read_stamped(source, largest, stamped=stamped)
    if isinstance(found, int):
        raise Refused("image/too-large", f"it has more than {largest} bytes")
    data, stamp = found
    return data, (source, stamp)


def origin_now(source: str, known: Published | None) -> Origin:
    """By what it is seen whether a written image would be made of the same again.

    One at an address that was proven whole before is known by what will be published of it, so that nobody asks there.
    """
    if known is not None and is_remote(source):
        return known.sha256.hex(), ()
    try:
        return source, stamp_at(Path(source))
    except OSError:  # it is told when it is read
        return "", ()
