"""Archives: read only when every byte of them tells one story, and refused for the right reason."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
import struct
import tarfile
import warnings
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.errors import CompeteError, SubmissionError, UsageError
from compete.scoring.archive_names import RESERVED, is_junk
from compete.scoring.archives import ARCHIVE_RULES, ArchiveCaps, only_member, open_archive

TEXT = b"id,label\n1,1\n"
CSV = (".csv",)


def zipped(*members, method=zipfile.ZIP_DEFLATED, comment=b"", **fields):
    """A zip of (name, content) pairs; fields are set on every entry, by a mode also its kind."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, content in members:
            about = zipfile.ZipInfo("x")
            about.filename = name
            about.compress_type = method
            about.external_attr = fields.get("mode", stat.S_IFREG | 0o644) << 16
            archive.writestr(about, content)
        archive.comment = comment
    return file.getvalue()


def tarred(*members, kind=tarfile.REGTYPE, mode=0o644, form=tarfile.PAX_FORMAT, packed=False, **fields):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        for name, content in members:
            about = tarfile.TarInfo(name)
            about.type, about.mode, about.size = kind, mode, len(content)
            for key, value in fields.items():
                setattr(about, key, value)
            archive.addfile(about, io.BytesIO(content))
    return gzip.compress(file.getvalue()) if packed else file.getvalue()


def patched(data, old, new, count=1):
    assert old in data
    assert len(old) == len(new)
    return data.replace(old, new, count)


PLAIN = zipped(("a.csv", TEXT))
STORED = zipped(("a.csv", TEXT), method=zipfile.ZIP_STORED)
CENTRAL = PLAIN.index(b"PK\1\2")


def field(data, place, code, value):
    """The same bytes with one number overwritten."""
    return data[:place] + struct.pack(code, value) + data[place + struct.calcsize(code) :]


def overlapping():
    """Two entries whose bytes are the same, as bombs have them."""
    two = zipped(("a.csv", TEXT), ("a.csv", TEXT))
    places = [two.index(b"PK\1\2"), two.rindex(b"PK\1\2")]
    return field(two, places[1] + 42, "<I", 0)


def with_hidden_member():
    """A member that stands in front and is in no list."""
    hidden = PLAIN[: PLAIN.index(b"PK\1\2")]
    moved = field(PLAIN, CENTRAL + 42, "<I", len(hidden))
    return hidden + field(moved, len(PLAIN) - 6, "<I", CENTRAL + len(hidden))


TAR = tarred(("a.csv", TEXT))
GOOD = {
    "plain": PLAIN,
    "stored": STORED,
    "comment": zipped(("a.csv", TEXT), comment=b"made by me"),
    "one folder": zipped(("sub/", b""), ("sub/a.csv", TEXT)),
    "junk": zipped(("a.csv", TEXT), ("__MACOSX/._a.csv", b"x"), (".DS_Store", b"y"), ("Thumbs.db", b"z")),
    "tar": TAR,
    "ustar": tarred(("a.csv", TEXT), form=tarfile.USTAR_FORMAT),
    "gnu": tarred(("a.csv", TEXT), form=tarfile.GNU_FORMAT),
    "tar.gz": tarred(("a.csv", TEXT), packed=True),
    "tar of a folder": tarred(("./a.csv", TEXT)),
    "two gzip streams": gzip.compress(TAR[:700]) + gzip.compress(TAR[700:]),
}
BAD = {
    "up": ("archive/escaping-name", zipped(("a.csv", TEXT), ("../b.csv", TEXT))),
    "up behind": ("archive/escaping-name", zipped(("a/../../b.csv", TEXT))),
    "absolute": ("archive/escaping-name", zipped(("/a.csv", TEXT))),
    "drive": ("archive/escaping-name", zipped(("C:a.csv", TEXT))),
    "backslash": ("archive/escaping-name", patched(zipped(("x+a.csv", TEXT)), b"x+a", b"x\\a", 2)),
    "tar up": ("archive/escaping-name", tarred(("../a.csv", TEXT))),
    "dot": ("archive/odd-name", zipped(("./a.csv", TEXT))),
    "no name": ("archive/odd-name", patched(zipped(("a", TEXT)), b"a", b" ", 2)),
    "double slash": ("archive/odd-name", zipped(("a//b.csv", TEXT))),
    "control": ("archive/odd-name", zipped(("a\x1b[2J.csv", TEXT))),
    "nul": ("archive/odd-name", patched(zipped(("axb.csv", TEXT)), b"axb", b"a\0b", 2)),
    "backwards": ("archive/odd-name", zipped(("a\u202evsc.csv", TEXT))),
    "dot at the end": ("archive/odd-name", zipped(("a.csv.", TEXT))),
    "blank at the end": ("archive/odd-name", zipped(("a.csv ", TEXT))),
    "device": ("archive/odd-name", zipped(("con.csv", TEXT))),
    "long": ("archive/odd-name", zipped(("a" * 300 + ".csv", TEXT))),
    "deep": ("archive/odd-name", zipped(("d/" * 40 + "a.csv", TEXT))),
    "twice": ("archive/same-name", zipped(("a.csv", TEXT), ("a.csv", b"other"))),
    "case": ("archive/same-name", zipped(("a.csv", TEXT), ("A.csv", TEXT))),
    "accents": ("archive/same-name", zipped(("caf\u00e9.csv", TEXT), ("cafe\u0301.csv", TEXT))),
    "case of a folder": ("archive/same-name", zipped(("d/a.csv", TEXT), ("D/b.csv", TEXT))),
    "file and folder": ("archive/same-name", zipped(("a.csv", TEXT), ("a.csv/b.csv", TEXT))),
    "folder and file": ("archive/same-name", zipped(("a.csv/b.csv", TEXT), ("a.csv", TEXT))),
    "link": ("archive/special-member", zipped(("a.csv", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777)),
    "setuid": ("archive/special-member", zipped(("a.csv", TEXT), mode=stat.S_IFREG | 0o4755)),
    "device file": ("archive/special-member", zipped(("a.csv", b""), mode=stat.S_IFCHR | 0o644)),
    "tar link": ("archive/special-member", tarred(("a.csv", b""), kind=tarfile.SYMTYPE, linkname="/etc/passwd")),
    "tar hard link": ("archive/special-member", tarred(("a.csv", b""), kind=tarfile.LNKTYPE, linkname="b")),
    "tar device": ("archive/special-member", tarred(("a.csv", b""), kind=tarfile.CHRTYPE)),
    "tar setuid": ("archive/special-member", tarred(("a.csv", TEXT), mode=0o4755)),
    "password": ("archive/encrypted", field(field(PLAIN, CENTRAL + 8, "<H", 1), 6, "<H", 1)),
    "lzma": ("archive/method", zipped(("a.csv", TEXT), method=zipfile.ZIP_LZMA)),
    "bzip2": ("archive/method", zipped(("a.csv", TEXT), method=zipfile.ZIP_BZIP2)),
    "two names": ("archive/two-readings", patched(PLAIN, b"a.csv", b"b.csv")),
    "two methods": ("archive/two-readings", field(PLAIN, 8, "<H", 0)),
    "two sizes": ("archive/two-readings", field(PLAIN, 22, "<I", 5)),
    "no header": ("archive/two-readings", field(PLAIN, CENTRAL + 42, "<I", 3)),
    "hidden member": ("archive/two-readings", with_hidden_member()),
    "shared bytes": ("archive/overlap", overlapping()),
    "checksum": ("archive/damaged", field(field(PLAIN, 14, "<I", 7), CENTRAL + 16, "<I", 7)),
    "larger than said": ("archive/damaged", field(field(PLAIN, 22, "<I", 5), CENTRAL + 24, "<I", 5)),
    "smaller than said": ("archive/damaged", field(field(PLAIN, 22, "<I", 99), CENTRAL + 24, "<I", 99)),
    "broken bytes": ("archive/damaged", PLAIN[:37] + b"\xff\xff\xff" + PLAIN[40:]),
    "cut": ("archive/damaged", PLAIN[:-4]),
    "more behind": ("archive/damaged", PLAIN + b"x"),
    "two ends": ("archive/damaged", zipped(("a.csv", TEXT), comment=b"PK\5\6" + bytes(18))),
    "other part": ("archive/damaged", field(PLAIN, len(PLAIN) - 18, "<H", 1)),
    "more than listed": ("archive/damaged", field(field(PLAIN, len(PLAIN) - 14, "<H", 2), len(PLAIN) - 12, "<H", 2)),
    "fewer than listed": ("archive/damaged", field(field(PLAIN, len(PLAIN) - 14, "<H", 0), len(PLAIN) - 12, "<H", 0)),
    "tar checksum": ("archive/damaged", b"b" + TAR[1:]),
    "tar cut": ("archive/damaged", TAR[:600]),
    "tar without end": ("archive/damaged", TAR[:1024]),
    "tar.gz cut": ("archive/damaged", gzip.compress(TAR)[:-9]),
    "tar.gz and more": ("archive/damaged", gzip.compress(TAR) + b"x"),
    "nothing": ("archive/empty", zipped()),
    "folder only": ("archive/empty", zipped(("d/", b""))),
    "junk only": ("archive/empty", zipped((".DS_Store", b"x"))),
    "text": ("archive/not-archive", TEXT),
    "no bytes": ("archive/not-archive", b""),
    "gzip of text": ("archive/not-archive", gzip.compress(TEXT)),
    "zip in zip": ("archive/unexpected-member", zipped(("a.zip", PLAIN))),
    "program": ("archive/unexpected-member", zipped(("a.csv", TEXT), ("metadata", b"command: x"), ("score.py", b"x"))),
    "two files": ("archive/several-members", zipped(("a.csv", TEXT), ("b.csv", TEXT))),
    "dense": ("archive/too-dense", zipped(("a.csv", bytes(5_000_000)))),
    "dense tar.gz": ("archive/too-large", tarred(("a.csv", bytes(20_000_000)), packed=True)),
}


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD)
def test_every_wrapping_gives_the_same_file(data):
    assert only_member(data, CSV) == ("a.csv", TEXT)


@pytest.mark.parametrize(("rule", "data"), BAD.values(), ids=BAD)
def test_bad_archives_are_refused_for_the_right_reason(rule, data):
    with pytest.raises(SubmissionError) as caught:
        only_member(data, CSV, name="sub.zip")
    told = {finding.rule: finding for finding in caught.value.findings}
    assert rule in told
    assert told[rule].where.startswith("sub.zip")
    assert told[rule].hint
    assert set(told) <= set(ARCHIVE_RULES)
    assert str(told[rule]).replace("\n", "").isprintable()
    assert len(str(told[rule])) < 700


def test_every_fault_is_told_at_once():
    data = zipped(("../a.csv", TEXT), ("con", b""), ("B.csv", b""), ("b.csv", b""), ("x.py", b""))
    with pytest.raises(SubmissionError) as caught:
        open_archive(data, CSV)
    rules = {"archive/escaping-name", "archive/odd-name", "archive/same-name", "archive/unexpected-member"}
    assert {finding.rule for finding in caught.value.findings} == rules


def test_what_an_operating_system_added_is_told():
    with open_archive(GOOD["junk"], CSV) as archive:
        assert [member.name for member in archive.members] == ["a.csv"]
        assert [(one.rule, one.severity, one.count) for one in archive.warnings] == [
            ("archive/ignored-member", "note", 3)
        ]


@pytest.mark.parametrize(
    ("caps", "rule"),
    [
        (ArchiveCaps(size=50), "archive/too-large"),
        (ArchiveCaps(members=3), "archive/too-many"),
        (ArchiveCaps(member=3), "archive/too-large"),
        (ArchiveCaps(unpacked=20), "archive/too-large"),
        (ArchiveCaps(directory=20), "archive/too-many"),
    ],
)
def test_caps_hold(caps, rule):
    members = [(f"{k}.csv", TEXT) for k in range(5)]
    for data in (zipped(*members), tarred(*members), tarred(*members, packed=True)):
        if caps.directory == 20 and not data.startswith(b"PK"):
            continue
        with pytest.raises(SubmissionError) as caught:
            open_archive(data, CSV, caps)
        assert rule in {finding.rule for finding in caught.value.findings}


def test_members_are_read_by_several_threads_and_broken_ones_told_together(tmp_path: Path):
    members = [(f"m/{k:03}.csv", bytes([k]) * (1000 + k)) for k in range(60)]
    path = tmp_path / "many.zip"
    path.write_bytes(zipped(*members))
    with open_archive(path, CSV) as archive, ThreadPoolExecutor(4) as pool:
        assert list(pool.map(archive.read, archive.members)) == [content for _, content in members]
        assert [name for name, _ in archive.contents()] == [name[2:] for name, _ in members]
    broken = bytearray(path.read_bytes())
    with open_archive(path, CSV) as archive:
        for member in archive.members[10:13]:
            broken[member.entry.start + 2] ^= 255
    read = []
    with open_archive(bytes(broken), CSV, name="many.zip") as archive, pytest.raises(SubmissionError) as caught:
        read.extend(archive.contents())
    assert 57 <= len(read) < 60 or len(caught.value.findings) == 3
    assert caught.value.findings[0].where == "many.zip/010.csv"


def test_sizes_that_follow_the_bytes_are_fine():
    class Pipe(io.RawIOBase):
        """A file that cannot go back, so that sizes must be written behind the bytes."""

        def __init__(self):
            self.data = bytearray()

        def writable(self):
            return True

        def write(self, part):
            self.data += part
            return len(part)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", TEXT)
        archive.writestr("b.csv", TEXT * 9)
    with open_archive(bytes(pipe.data), CSV) as read:
        assert [content for _, content in read.contents()] == [TEXT, TEXT * 9]


def test_archives_of_many_members_and_long_fields_are_read():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for k in range(66_000):
            archive.writestr(f"{k}.csv", b"")
    with open_archive(file.getvalue(), CSV) as read:
        assert len(read.members) == 66_000
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, archive.open("a.csv", "w", force_zip64=True) as member:
        member.write(TEXT)
    assert only_member(file.getvalue(), CSV) == ("a.csv", TEXT)


def test_names_in_any_spelling():
    for name in ("café.csv", "cafe\u0301.csv"):
        assert only_member(zipped((name, TEXT)), CSV)[0] == "caf\u00e9.csv"
    marked = zipped(("café.csv", TEXT))
    unmarked = field(field(marked, 6, "<H", 0), marked.index(b"PK\1\2") + 8, "<H", 0)  # as macOS writes it
    assert only_member(unmarked, CSV)[0] == "café.csv"
    old = unmarked.replace("é".encode(), b"\x82_")  # code page 437
    assert only_member(old, CSV)[0] == "café_.csv"
    long = "n" * 150 + ".csv"
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT):
        assert only_member(tarred((f"{'d' * 90}/{long[60:]}", TEXT), form=form), CSV)[0] == long[60:]
    assert only_member(tarred((long, TEXT), form=tarfile.GNU_FORMAT), CSV)[0] == long


@pytest.mark.parametrize(("name", "agrees"), [("a.csv", True), ("é.csv", False)])
def test_both_headers_must_read_a_name_alike(name, agrees):
    """One says that the name is UTF-8 and the other does not: of plain letters both make the same."""
    data = zipped((name, TEXT))
    flags = struct.unpack_from("<H", data, 6)[0]
    said = field(data, 6, "<H", flags ^ 0x800)
    if agrees:
        assert only_member(said, CSV) == only_member(data, CSV)
        return
    with pytest.raises(SubmissionError, match="two-readings"):
        only_member(said, CSV)


def test_a_second_name_in_unicode_counts_only_where_the_first_is_no_unicode():
    def with_second(first, second):
        about = zipfile.ZipInfo("placeholder.csv"[: len(first)])
        about.extra = struct.pack("<HHBI", 0x7075, 5 + len(second), 1, zlib.crc32(first)) + second
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(about, TEXT)
        return file.getvalue().replace(about.filename.encode(), first)

    assert only_member(with_second(b"caf\x82.csv", "café.csv".encode()), CSV)[0] == "café.csv"
    assert only_member(with_second(b"plain.csv", b"plain.csv"), CSV)[0] == "plain.csv"
    with pytest.raises(SubmissionError, match="two-readings"):
        only_member(with_second(b"plain.csv", b"other.csv"), CSV)


@pytest.mark.parametrize(
    "size",
    ["99999999999999999999", "-1", "1_0", "\u0663", ""],
    ids=["long", "negative", "underscore", "arabic", "empty"],
)
def test_extended_headers_are_read_strictly(size):
    with pytest.raises(SubmissionError, match="damaged"):
        open_archive(tarred(("a.csv", TEXT), pax_headers={"size": size}))


def test_global_headers_may_not_rename():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", pax_headers={"path": "b.csv"}) as archive:
        archive.addfile(tarfile.TarInfo("a.csv"), io.BytesIO())
    with pytest.raises(SubmissionError, match="speaks of all members"):
        open_archive(file.getvalue())


def test_what_is_no_file_is_not_opened(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.zip")
    for path in (tmp_path, tmp_path / "pipe.zip", tmp_path / "none.zip"):
        with pytest.raises(UsageError):
            open_archive(path)


def test_gzip_of_many_empty_streams_ends():
    with pytest.raises(SubmissionError, match="damaged"):
        open_archive(gzip.compress(b"") * 3000)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_one_changed_byte_never_gives_another_file(data):
    source = data.draw(st.sampled_from([PLAIN, STORED, GOOD["tar.gz"], GOOD["one folder"]]))
    place, byte = data.draw(st.integers(0, len(source) - 1)), data.draw(st.integers(0, 255))
    try:
        name, content = only_member(source[:place] + bytes([byte]) + source[place + 1 :], ())
    except CompeteError:
        return
    assert content == TEXT or place >= len(source)
    assert len(name) >= 1


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"PK\3\4", b"PK\5\6", b"\x1f\x8b\x08\0", TAR[:512], PLAIN[:60]]))
def test_random_bytes_are_refused_and_nothing_else(tail, head):
    with pytest.raises(SubmissionError):
        only_member(head + tail, CSV)


def test_words_of_the_systems():
    assert all(RESERVED.match(name) for name in ("CON", "nul.txt", "com1.csv", "LPT9"))
    assert not any(RESERVED.match(name) for name in ("console.csv", "com10.csv", "aux_1.csv"))
    assert all(is_junk(name) for name in ("__MACOSX/a", "a/.DS_Store", "._a.csv", "d/Thumbs.db"))
    assert not any(is_junk(name) for name in ("a.csv", "DS_Store.csv", "a._b.csv"))


def shared() -> Path:
    given_ = os.environ.get("COMPETE_REAL_DATA", "")
    return Path(given_).parent / "corpus" if given_ else Path("/nonexistent")


def cases():
    manifest = shared() / "manifest.json"
    listed = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else []
    return [case for case in listed if case["family"] == "Z"]


@pytest.mark.real_data
@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_the_shared_corpus(case):
    if case["expect"] == "reject":
        with pytest.raises(SubmissionError) as caught:
            only_member(shared() / case["path"], CSV)
        assert all(finding.hint for finding in caught.value.findings if finding.severity == "error")
    else:
        assert only_member(shared() / case["path"], CSV) == ("a.csv", TEXT)
