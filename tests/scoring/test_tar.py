"""What stands in the headers of a tar: long names and sizes in every dialect, and what is broken in each."""

from __future__ import annotations

import gzip
import tarfile

import pytest

from compete.errors import SubmissionError
from compete.scoring.archives import only_member
from tests.scoring.test_archives import CSV, TEXT, tarred

INSIDE = "a" * 90 + "/" + "b" * 90 + ".csv"
LONG = f"sub/{INSIDE}"
"""The one folder that holds everything is left out of a name."""

HEADER = 512


def rule_of(data: bytes) -> tuple[str, str]:
    """The rule and the message of the first fault."""
    with pytest.raises(SubmissionError) as caught:
        only_member(data, CSV, name="sub.tar")
    finding = caught.value.findings[0]
    return finding.rule, finding.message


def summed(header: bytes) -> bytes:
    """The same header with the checksum that it must have."""
    blank = header[:148] + b" " * 8 + header[156:]
    return header[:148] + b"%06o\0 " % sum(blank) + header[156:]


def with_field(data: bytes, low: int, value: bytes, at: int = 0) -> bytes:
    """The same archive with one field of a header changed, and its checksum right."""
    header = data[at : at + HEADER]
    return data[:at] + summed(header[:low] + value + header[low + len(value) :]) + data[at + HEADER :]


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_long_names_are_read_in_every_dialect(form: int) -> None:
    assert only_member(tarred((LONG, TEXT), form=form), CSV) == (INSIDE, TEXT)
    assert only_member(tarred((LONG, TEXT), form=form, packed=True), CSV) == (INSIDE, TEXT)


def test_a_size_in_binary_is_read() -> None:
    data = with_field(tarred(("a.csv", TEXT), form=tarfile.USTAR_FORMAT), 124, b"\x80" + len(TEXT).to_bytes(11, "big"))
    assert only_member(data, CSV) == ("a.csv", TEXT)
    huge = with_field(tarred(("a.csv", TEXT), form=tarfile.USTAR_FORMAT), 124, b"\x80" + b"\xff" * 11)
    assert rule_of(huge)[0] in ("archive/damaged", "archive/too-large")


@pytest.mark.parametrize("value", [b"12x45678901\0", b"-0000000001\0", b"\xff" * 12])
def test_a_size_that_is_no_number_is_refused(value: bytes) -> None:
    rule, message = rule_of(with_field(tarred(("a.csv", TEXT), form=tarfile.USTAR_FORMAT), 124, value))
    assert (rule, "no number" in message) == ("archive/damaged", True)


def record(text: bytes) -> bytes:
    """An extended header that says a text, before a file."""
    data = tarred(("é" * 60 + ".csv", TEXT), form=tarfile.PAX_FORMAT)
    assert data[156:157] == tarfile.XHDTYPE
    changed = with_field(data, 124, b"%011o\0" % len(text))
    return changed[:HEADER] + text.ljust(HEADER, b"\0") + changed[2 * HEADER :]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"path=x.csv\n", "broken"),
        (b"99 path=x.csv\n", "broken"),
        (b"2 \n", "broken"),
        (b"1234567 path=x\n", "broken"),
        (b"22 GNU.sparse.size=10\n", "sparse"),
        (b"13 size=+13x\n", "no number"),
        (b"11 size=-1\n", "no number"),
    ],
)
def test_extended_headers_that_say_no_sense_are_refused(text: bytes, words: str) -> None:
    rule, message = rule_of(record(text))
    assert rule == "archive/damaged"
    assert words in message


def test_an_extended_header_may_name_the_file() -> None:
    assert only_member(record(b"14 path=x.csv\n"), CSV) == ("x.csv", TEXT)
    assert rule_of(record(b"17 path=../x.csv\n"))[0] == "archive/escaping-name"


@pytest.mark.parametrize("says", [{"path": "x.csv"}, {"size": "1"}, {"linkpath": "/etc"}])
def test_a_header_for_all_members_says_nothing_of_names(says: dict[str, str]) -> None:
    comment = tarfile.TarInfo.create_pax_global_header({"comment": "made by git"})
    assert only_member(comment + tarred(("a.csv", TEXT)), CSV) == ("a.csv", TEXT)
    rule, message = rule_of(tarfile.TarInfo.create_pax_global_header(says) + tarred(("a.csv", TEXT)))
    assert (rule, "all members" in message) == ("archive/damaged", True)


def test_a_name_of_a_megabyte_is_refused() -> None:
    data = tarred(("a" * (1 << 21) + ".csv", TEXT), form=tarfile.GNU_FORMAT)
    assert rule_of(data)[0] == "archive/damaged"
    assert rule_of(gzip.compress(data))[0] == "archive/too-large"  # and not unpacked to see
