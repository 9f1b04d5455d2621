"""What is known of fsspec: its file systems, and what they raise, in words for people."""

from __future__ import annotations

import errno
import hashlib
import importlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from compete.errors import ChallengeError, CompeteError, Finding, SystemFault, UsageError
from compete.sources.places import ALONE, UNLISTED, Stamp, address_of, scheme_of

ATTEMPTS = 3
"""How often a connection that breaks is tried."""
TAGS = ("ETag", "etag", "md5", "mtime", "LastModified", "created")
"""What file systems call that by which a change is seen, the surest first."""

OF_ONE_FILE = (FileNotFoundError, PermissionError, IsADirectoryError)
"""What may be true of one file alone."""
_RAISED = {
    "botocore.exceptions": ("BotoCoreError", "ClientError"),
    "aiohttp": ("ClientError",),
    "fsspec.exceptions": ("FSTimeoutError",),
}
"""What else may happen, by the module that says so."""
_STRANGER = (
    "NoCredentials",
    "PartialCredentials",
    "CredentialRetrieval",
    "TokenRetrieval",
    "ProfileNotFound",
    "SSOToken",
)
_STRANGE = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken")
"""How exceptions begin, and what S3 answers, where nobody knows who asks."""


def file_system(place: Path) -> tuple[Any, str]:
    """The file system of an address, and the address as it knows it.

    Raises:
        UsageError: the library is not installed.
        ChallengeError: nobody knows such addresses.
    """
    scheme = scheme_of(place)
    try:
        fsspec = importlib.import_module("fsspec")
        system = fsspec.filesystem(scheme, use_listings_cache=False)
    except ImportError as error:
        hint = "pip install 'compete[remote]'" if scheme in {"s3", "s3a", *UNLISTED, *ALONE} else str(error)
        finding = Finding("source/no-library", f"nothing here reads {scheme}://", address_of(place), hint=hint)
        raise UsageError("the data cannot be read", [finding]) from None
    except ValueError:
        hint = "known are s3://, https:// and others of fsspec; a path of this machine needs no scheme"
        finding = Finding("source/unknown-scheme", f"nobody reads {scheme}://", address_of(place), hint=hint)
        raise ChallengeError("the data cannot be read", [finding]) from None
    return system, str(system._strip_protocol(address_of(place)))


def stamp_from(about: dict[str, Any]) -> Stamp:
    """Size and tag of a file, as its storage tells them."""
    tag = next((about[name] for name in TAGS if about.get(name) is not None), "")
    tag = tag.timestamp() if isinstance(tag, datetime) else tag  # as some listings have it
    return int(about.get("size") or 0), int(hashlib.sha256(str(tag).encode()).hexdigest()[:15], 16)


def try_again(work: Callable[[], Any]) -> Any:
    """Do what a connection that breaks may stop, a few times; botocore tries again by itself."""
    for attempt in range(ATTEMPTS):
        try:
            return work()
        except OF_ONE_FILE:
            raise
        except failures() as error:
            lasting = 0 < getattr(error, "status", 0) < 500 or type(error).__module__.startswith("botocore")
            if lasting or attempt == ATTEMPTS - 1:
                raise
            time.sleep(0.2 * 4**attempt)
    raise AssertionError


@contextmanager
def told(place: Path | str, *, whole: bool = False) -> Iterator[None]:
    """Put what storage says into words.

    Args:
        place: what is asked for.
        whole: whether it is all of the data, so that being refused is a fault of the storage and not of a file.
    """
    try:
        yield
    except OF_ONE_FILE as error:
        said = str(error)
        if _code(error) == "NoSuchBucket":
            raise _fault("source/no-bucket", place, said, "is its name spelt right?") from None
        if whole and isinstance(error, PermissionError):
            raise _fault("source/denied", place, said, "the account needs the rights to list and to read") from None
        raise type(error)(error.errno, said, address_of(place)) from None
    except failures() as error:
        kind, said = type(error).__name__, str(error)
        if (status := getattr(error, "status", 0)) in {401, 403}:
            raise PermissionError(errno.EACCES, f"HTTP status {status}", address_of(place)) from None
        if kind.startswith(_STRANGER) or _code(error) in _STRANGE:
            hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; of a public bucket see explain"
            raise _fault("source/no-credentials", place, said, hint) from None
        raise _fault("source/no-network", place, said or kind, "run it again when it can be reached") from None


def _code(error: BaseException) -> str:
    """What S3 calls a fault, which fsspec keeps as its cause."""
    answer = getattr(error.__cause__, "response", None) or getattr(error, "response", None)
    return str(answer.get("Error", {}).get("Code", "")) if isinstance(answer, dict) else ""


def _fault(rule: str, place: Path | str, said: str, hint: str) -> CompeteError:
    words = " ".join(said.split())[:200]
    return SystemFault("the storage stopped the work", [Finding(rule, words, address_of(place), hint=hint)])


def failures() -> tuple[type[BaseException], ...]:
    """What libraries of storage raise, beside errors of the system; of those that are loaded."""
    found: list[type[BaseException]] = [OSError]
    for module, names in _RAISED.items():
        if module in sys.modules:
            found += [getattr(sys.modules[module], name) for name in names]
    return tuple(found)
