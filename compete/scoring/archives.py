"""Archives (zip, tar, tar.gz) that are audited before a byte is unpacked, and never unpacked to a folder."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Union

from compete.errors import Finding, SubmissionError, fatal
from compete.scoring.archive_bytes import ArchiveCaps, Reader, open_bytes, unpack_gzip
from compete.scoring.archive_names import fault, is_junk, name_faults, plain_name
from compete.scoring.source import counted, refuse, shown_name
from compete.scoring.tar_headers import list_tar
from compete.scoring.zip_directory import AGAIN, Entry, list_zip
from metrics.frozen import dataclass

ARCHIVE_RULES: dict[str, tuple[str, str]] = {
    "archive/unreadable": (
        "The archive could not be read.",
        "There is no file of that name, or it is a folder or a device. Look at the spelling and name one archive.",
    ),
    "archive/not-archive": (
        "The file is neither a zip nor a tar archive.",
        "Its first bytes tell what a file is, not its name. Zip (stored or deflate), tar and tar.gz are read; make "
        "one of these. Other packers, and files that were only renamed, are not.",
    ),
    "archive/empty": (
        "The archive holds no file.",
        "Most often a program that stopped before it wrote, or an archive of an empty folder.",
    ),
    "archive/damaged": (
        "The archive is broken.",
        "A checksum is wrong, sizes disagree, or the end is missing: the upload stopped early or the file changed on "
        "its way. Make the archive again and compare sizes after the upload.",
    ),
    "archive/two-readings": (
        "The archive tells two stories.",
        "A zip describes each member twice, in a list and in front of its bytes. Where these differ, two programs "
        "would unpack two different files, so nothing is unpacked. Make the archive again with any zip program.",
    ),
    "archive/overlap": (
        "Members share bytes.",
        "No zip program writes that; it is how small files are made that unpack without end.",
    ),
    "archive/encrypted": (
        "Members need a password.",
        "Scoring has nobody to ask. Make the archive without a password.",
    ),
    "archive/method": (
        "Members are packed in a way that is not read here.",
        "Only stored and deflate are, which every zip program writes by default. Turn off LZMA, Zstandard, Deflate64 "
        "and 'best method'.",
    ),
    "archive/escaping-name": (
        "A name leaves the archive's own folder.",
        "Absolute paths, drive letters, backslashes and '..' would be written elsewhere by programs that unpack. Zip "
        "the files from inside their folder, with forward slashes.",
    ),
    "archive/odd-name": (
        "A name is not one that every system can hold and show.",
        "Empty names, control and invisible characters, blanks or dots at the end, names that Windows keeps for "
        "devices, names of more than 255 bytes, or folders more than 16 deep. Rename the files.",
    ),
    "archive/same-name": (
        "Two members have the same name.",
        "Programs disagree on which of the two counts; on Windows and macOS names that differ only in case or in the "
        "way accents are written are the same too. Give each file its own name.",
    ),
    "archive/special-member": (
        "A member is a link or device, or has special rights.",
        "Only plain files and folders are read. Archive the files that links point to, without setuid rights.",
    ),
    "archive/too-many": (
        "The archive holds more members than allowed.",
        "Limits protect the machine that scores. Send only the files that are asked for.",
    ),
    "archive/too-large": (
        "The archive, or what it unpacks to, is larger than allowed.",
        "Limits protect the machine that scores. Send only the files that are asked for, and masks as PNG.",
    ),
    "archive/too-dense": (
        "A member unpacks to far more than it takes in the archive.",
        "Real predictions do not shrink that much; files made to fill a disk do.",
    ),
    "archive/unexpected-member": (
        "The archive holds files that are not asked for.",
        "Programs, metadata and archives inside the archive are never read or run, and a file that nobody reads hides "
        "mistakes. Send only the kinds of file that are asked for.",
    ),
    "archive/several-members": (
        "The archive holds more than one file where one is asked for.",
        "Nobody can tell which of them is meant. Leave one.",
    ),
    "archive/ignored-member": (
        "Files that the system added are passed over (a note).",
        "macOS and Windows add __MACOSX, .DS_Store, Thumbs.db and the like. They are not read.",
    ),
}
"""Rule → what it means in one line, and a paragraph: why it is refused and how to mend it."""

CAPS = ArchiveCaps()
ONLY = "send only the files that are asked for"


@dataclass(frozen=True)
class Member:
    """One file of an archive.

    Attributes:
        name: its name with accents composed, without a folder that surrounds all files.
        entry: what the archive says of it.
    """

    name: str
    entry: Entry


@dataclass(frozen=True, eq=False)
class Archive:
    """An archive that passed its audit; use it in a ``with`` block.

    Attributes:
        name: how findings call it.
        members: its files, in the order of the archive, without what an operating system added.
        warnings: what is told but does not stop the work.
        reader: its bytes.
    """

    name: str
    members: tuple[Member, ...]
    warnings: tuple[Finding, ...]
    reader: Reader

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.close()

    def read(self, member: Member) -> bytes:
        """The bytes of one member; several threads may ask at once.

        Raises:
            SubmissionError: it is broken, or not what the archive says.
        """
        content = _unpacked(self.reader, member.entry)
        if content is None:
            message = "the bytes of a member are broken, or not as many as the archive says"
            finding = Finding("archive/damaged", message, f"{self.name}/{member.name}", hint=AGAIN)
            raise SubmissionError(f"submission refused: {self.name}", [finding])
        return content

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of each member; those that are broken are told together, after the last.

        Raises:
            SubmissionError: members are broken.
        """
        broken: list[Finding] = []
        for member in self.members:
            try:
                content = self.read(member)
            except SubmissionError as error:
                broken.extend(error.findings)
            else:
                yield member.name, content
        if broken:
            raise SubmissionError(f"submission refused: {self.name}", broken)


def open_archive(
    source: Union[str, Path, bytes], suffixes: Collection[str] = (), caps: ArchiveCaps = CAPS, name: str = ""
) -> Archive:
    """Audit an archive, and open it for reading.

    Args:
        source: a path, or the bytes themselves.
        suffixes: the ends of file names that are asked for, in lower case, such as ``.png``; empty for any.
        caps: how large it may be.
        name: how findings call it; by default its path.

    Raises:
        UsageError: there is no such regular file.
        SystemFault: it cannot be read.
        SubmissionError: it is at fault; every fault that can be told is told at once.
    """
    shown = shown_name(source, name)
    reader = open_bytes(source, caps, shown)
    try:
        if reader.at(0, 2) == b"\x1f\x8b":
            packed, reader = reader, unpack_gzip(reader, caps, shown)
            packed.close()
        entries, faults = _listed(reader, caps, shown)
        members, notes = _members(entries, shown)
        faults += [*_plain_faults(entries, shown), *_size_faults(entries, caps, shown)]
        faults += name_faults([entry.path for entry in entries], [entry.folder for entry in entries], shown)
        faults += _unexpected(members, suffixes, shown)
        if not members and not faults:
            faults.append(Finding("archive/empty", "the archive holds no file", shown, hint="add the files to it"))
        if fatal(faults):
            raise SubmissionError(f"submission refused: {shown}", [*faults, *notes])
    except BaseException:
        reader.close()
        raise
    return Archive(shown, members, tuple(notes), reader)


def only_member(
    source: Union[str, Path, bytes], suffixes: Collection[str], caps: ArchiveCaps = CAPS, name: str = ""
) -> tuple[str, bytes]:
    """Name and bytes of the one file that an archive holds.

    Raises:
        CompeteError: as ``open_archive``; also where there is more than one file.
    """
    with open_archive(source, suffixes, caps, name) as archive:
        if len(archive.members) > 1:
            paths = [member.name for member in archive.members]
            what, hint = "where one file is asked for", "leave the one that is to be scored"
            refuse(archive.name, fault("archive/several-members", what, paths, archive.name, hint))
        return archive.members[0].name, archive.read(archive.members[0])


def _listed(reader: Reader, caps: ArchiveCaps, name: str) -> tuple[list[Entry], list[Finding]]:
    """The members of an archive of any kind, and the faults of its structure."""
    first = reader.at(0, 512)
    if first.startswith((b"PK\3\4", b"PK\5\6")):
        return list_zip(reader, caps, name)
    if first[257:262] == b"ustar":
        return list_tar(reader, caps, name), []
    message = "this is neither a zip nor a tar archive" if first else "the file is empty"
    return refuse(name, Finding("archive/not-archive", message, name, hint="make a zip archive of the files"))


def _members(entries: list[Entry], name: str) -> tuple[tuple[Member, ...], list[Finding]]:
    """The files that count, and a note about those that do not."""
    files = [entry for entry in entries if not entry.folder]
    junk = [entry.path for entry in files if is_junk(entry.path)]
    kept = [(plain_name(entry.path), entry) for entry in files if not is_junk(entry.path)]
    tops = {path.partition("/")[0] if "/" in path else "" for path, _ in kept}
    around = len(tops.pop()) + 1 if len(tops) == 1 and "" not in tops else 0
    what = "that an operating system added, not read"
    notes = [fault("archive/ignored-member", what, junk, name, severity="note")] if junk else []
    return tuple(Member(path[around:], entry) for path, entry in kept), notes


def _plain_faults(entries: list[Entry], name: str) -> list[Finding]:
    special = [entry.path for entry in entries if not entry.plain]
    what, hint = "with special rights, or a link or device instead of a file", "archive plain files only"
    return [fault("archive/special-member", what, special, name, hint)] if special else []


def _size_faults(entries: list[Entry], caps: ArchiveCaps, name: str) -> list[Finding]:
    """What would unpack to more than allowed, by what the archive says; what comes is held to that later."""
    large = [entry.path for entry in entries if entry.size > caps.member]
    dense = [entry.path for entry in entries if entry.size > max(caps.small, caps.ratio * entry.packed)]
    told = (
        ("archive/too-large", f"of more than {caps.member:,} bytes", large, ONLY),
        ("archive/too-dense", f"unpacking to more than {caps.ratio} times the bytes", dense, ONLY),
    )
    faults = [fault(rule, what, paths, name, hint) for rule, what, paths, hint in told if paths]
    total = sum(entry.size for entry in entries)
    if total > caps.unpacked:
        message = f"all members have {counted(total, 'byte')}, {caps.unpacked:,} are allowed"
        faults.append(Finding("archive/too-large", message, name, hint=ONLY))
    return faults


def _unexpected(members: tuple[Member, ...], suffixes: Collection[str], name: str) -> list[Finding]:
    """Files of a kind that nobody asked for."""
    wanted = tuple(suffixes)
    other = [member.name for member in members if wanted and not member.name.lower().endswith(wanted)]
    hint = f"only {' or '.join(sorted(wanted))} files are read"
    return [fault("archive/unexpected-member", "that nobody asked for", other, name, hint)] if other else []


def _unpacked(reader: Reader, entry: Entry) -> Union[bytes, None]:
    """The bytes of a member; None where they are broken. No more are unpacked than the archive says."""
    content = reader.at(entry.start, entry.packed)
    if entry.deflated:
        inflate = zlib.decompressobj(-15)
        try:
            content = inflate.decompress(content, entry.size + 1)
        except zlib.error:
            return None
        if not inflate.eof or inflate.unused_data:
            return None
    if len(content) != entry.size or (entry.crc is not None and zlib.crc32(content) != entry.crc):
        return None
    return content
