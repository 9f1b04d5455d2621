"""The files that a competition.yaml names: which are missing, empty, no pictures or no archives."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from compete.cells import ZIP_DAMAGE
from compete.errors import Finding
from compete.exporters.opened import Opened, escaping, plain_name

UUID = re.compile(r"(urn:uuid:)?\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE)
PICTURES = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpg",
    b"GIF": "gif",
}
ALLOWED = ("jpg", "png", "gif", "webp")


def is_folder(upload: Opened, name: str) -> bool:
    """Whether files lie below a name."""
    below = "" if plain_name(name) == "." else f"{plain_name(name)}/"
    return any(other.startswith(below) for other in upload.names)


def text_faults(upload: Opened, name: Any, where: str) -> Iterator[Finding]:
    """What is wrong with a page."""
    if not isinstance(name, str):
        yield Finding("codabench/missing-file", f"{name!r} is no file", where, hint="name a Markdown or HTML file")
    elif escaping(name) or name not in upload:
        what = "is a folder" if not escaping(name) and is_folder(upload, name) else "is not in the archive"
        yield Finding("codabench/missing-file", f"{name} {what}", where, hint="look at the spelling, and at the case")
    else:
        try:
            content = upload.read(name).decode("utf-8")
        except UnicodeDecodeError:
            yield Finding("codabench/page", f"{name} is not written in UTF-8", where, hint="save it as UTF-8")
            return
        if not content:
            yield Finding("codabench/page", f"{name} is empty", where, hint="write what participants should read")


def data_faults(upload: Opened, name: Any, where: str) -> Iterator[Finding]:
    """What is wrong with the place of an archive: it may be a file, a folder, or the key of a dataset on CodaBench."""
    if not isinstance(name, str):
        message = f"{name!r} is no file" if name is not None else "it names nothing"
        yield Finding("codabench/missing-file", message, where, hint="name a zip, or leave the key out")
        return
    there = not escaping(name) and (name in upload or is_folder(upload, name))
    if not there and not UUID.fullmatch(name):
        message = f"{name} is not in the archive, and is no key of a dataset"
        yield Finding("codabench/missing-file", message, where, hint="look at the spelling, and at the case")


def logo_faults(upload: Opened, name: Any) -> Iterator[Finding]:
    """What is wrong with the logo, of which CodaBench makes an icon."""
    if not isinstance(name, str) or escaping(name) or name not in upload:
        yield Finding("codabench/missing-file", f"{name!r} is not in the archive", "image", hint="name a PNG or JPEG")
        return
    raw = upload.read(name)
    if wrong := _picture_fault(raw):
        yield Finding("codabench/logo", f"{name} {wrong}", "image", hint="give a PNG or JPEG in RGB")


def _picture_fault(raw: bytes) -> str:
    import warnings

    from PIL import Image

    begin = next((kind for magic, kind in PICTURES.items() if raw.startswith(magic)), "")
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        begin = "webp"
    try:
        with warnings.catch_warnings(action="ignore"):
            picture = Image.open(io.BytesIO(raw))
            kind = begin or (picture.format or "").lower().replace("jpeg", "jpg")
            if kind not in ALLOWED:
                return f"is a {kind} file, and CodaBench takes PNG, JPEG, GIF and WebP"
            width, height = picture.size
            picture.resize((100, int(100 / width * height))).save(io.BytesIO(), format="PNG")
    except (OSError, ValueError, SyntaxError, ZeroDivisionError, Image.DecompressionBombError) as error:
        return f"cannot be made an icon ({type(error).__name__}: {error})".replace("\n", " ")
    return ""


def program_faults(upload: Opened, name: Any, where: str, *, command: bool) -> Iterator[Finding]:
    """What every submission would meet: no archive, or a program without a command.

    Args:
        upload: the competition.
        name: the file or folder of the program or of the data.
        where: the key that names it.
        command: whether it must have one, as a scoring program does.
    """
    if not isinstance(name, str) or escaping(name):
        return
    if name not in upload:
        if is_folder(upload, name):
            yield from _folder_traps(upload, name, where, command=command)
        return
    try:
        with _member(upload, name) as file, zipfile.ZipFile(file) as archive:  # it may be too large to be in memory
            names = archive.namelist()
            found = next((one for one in ("metadata.yaml", "metadata") if one in names), "")
            content = archive.read(found) if found else b""
    except ZIP_DAMAGE:
        message = f"{name} is no zip: the import succeeds, and then every submission fails after minutes"
        yield Finding("codabench/no-archive", message, where, hint="zip it, or name its folder", severity="warning")
        return
    if command:
        yield from _command_traps(found, content, name, where)


@contextmanager
def _member(upload: Opened, name: str) -> Iterator[IO[bytes]]:
    """A file of the upload, of which only parts are read."""
    if not upload.zipped:
        with (upload.path / plain_name(name)).open("rb") as file:
            yield file
        return
    with zipfile.ZipFile(upload.path) as archive, archive.open(plain_name(name)) as member:
        yield member


def _folder_traps(upload: Opened, name: str, where: str, *, command: bool) -> Iterator[Finding]:
    if not name.endswith("/"):
        message = f"{name} is a folder without a slash at its end, which CodaBench zips in a place that all share"
        hint = f"zip it yourself, or write {name}/"
        yield Finding("codabench/shared-folder", message, where, hint=hint, severity="warning")
    if command:
        below = "" if plain_name(name) == "." else f"{plain_name(name)}/"
        found = next((one for one in ("metadata.yaml", "metadata") if below + one in upload.names), "")
        yield from _command_traps(found, upload.read(below + found) if found else b"", name, where)


def _command_traps(found: str, content: bytes, name: str, where: str) -> Iterator[Finding]:
    """A program without a command does nothing, and one that counts on a shell has none."""
    import yaml

    hint = "zip the files themselves, with metadata.yaml: command: python3 /app/program/score.py /app/input /app/output"
    if not found:
        message = f"{name} has no metadata.yaml at its top, so nothing is run and every submission fails"
        yield Finding("codabench/no-command", message, where, hint=hint, severity="warning")
        return
    try:
        told = yaml.full_load(content)
    except (yaml.YAMLError, ValueError):
        told = None
    line = told.get("command") if isinstance(told, dict) else None
    if not line:
        message = f"{found} of {name} has no command, so nothing is run and every submission fails"
        yield Finding("codabench/no-command", message, where, hint=hint, severity="warning")
    elif isinstance(line, str) and re.search(r"&&|\|\||[|;<>]", line):
        message = f"the command of {name} counts on a shell, and CodaBench runs it without one: {line[:80]}"
        hint = "put the commands into a script, and run that"
        yield Finding("codabench/no-command", message, where, hint=hint, severity="warning")
