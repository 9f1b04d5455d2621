"""A submission among the files that a platform has unpacked."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Union

from compete.errors import Finding, SubmissionError
from compete.files import files_below
from compete.scoring.archive_names import is_junk
from compete.scoring.grading import ARCHIVES, MANY
from compete.terms import Terms

PREDICTIONS = "predictions"
"""The stem of the file that counts, whatever else lies there; programs that predict write it."""

LARGEST = 1 << 33
"""Bytes of images that are read into memory at most."""

IMAGES = {("nifti", "label_maps"): (".nii", ".nii.gz"), ("png", "segments"): (".png", ".json")}
"""How the files of an archive of images end, where not as PNG and TIFF do."""

UNPACKED_RULES = {
    "submission/no-predictions": (
        "There is no file of predictions.",
        "The platform unpacked what was sent, and nothing in it has the ending of the sample submission. Zip the one "
        "file of predictions. If you sent a program, it wrote no predictions: see its own log.",
    ),
    "submission/several-files": (
        "There are several files that could be the predictions.",
        "Send one of them, or call the one that counts as the message says.",
    ),
    "submission/undefined-score": (
        "The score that ranks is not defined for these predictions.",
        "It is 0/0: a precision where nothing is predicted, a correlation of predictions that are all the same. A row "
        "without its ranking score would stand at the top of some leaderboards, so the submission is refused.",
    ),
    "submission/too-large-score": (
        "The score is larger than the platform can store.",
        "CodaBench keeps ten digits before the point. Predictions so far from the truth are most often in another "
        "unit than is asked for.",
    ),
}


def submission_among(folder: Path, terms: Terms, apart: Sequence[str] = ()) -> Union[Path, bytes]:
    """The submission below a folder, as ``grade`` takes it.

    Args:
        folder: where the platform has unpacked what a participant sent, or what their program wrote.
        terms: the challenge's terms.
        apart: names of files that the platform itself put there.

    Returns:
        The file; where a submission is an archive of many images, and was unpacked, an archive again.

    Raises:
        SubmissionError: there is none, or more than one.
    """
    found = [path for path in files_below(folder) if not path.is_symlink() and path.is_file()]
    names = {path.relative_to(folder).as_posix(): path for path in found}
    names = {name: path for name, path in names.items() if name not in apart and not is_junk(name)}
    suffix = Path(terms.sample_name).suffix
    chosen = [path for name, path in names.items() if name == PREDICTIONS + suffix]
    chosen = chosen or [path for path in names.values() if path.suffix.lower() == suffix]
    if not chosen and terms.form in MANY:
        return _rezipped(names, terms)
    chosen = chosen or [path for path in names.values() if path.suffix.lower() in ARCHIVES]
    if len(chosen) == 1:
        return chosen[0]
    items = tuple(sorted(path.relative_to(folder).as_posix() for path in chosen) or sorted(names))
    if chosen:
        message, hint = (
            f"{len(chosen)} files could be the predictions",
            f"call the one that counts {PREDICTIONS}{suffix}",
        )
        raise _refused(Finding("submission/several-files", message, items=items, hint=hint, count=len(items)))
    message = f"no {suffix} file among {len(names)} files" if names else "no file was sent"
    hint = f"zip one file such as {terms.sample_name}; of a program, see its own log"
    raise _refused(Finding("submission/no-predictions", message, items=items, hint=hint, count=len(items)))


def _rezipped(names: dict[str, Path], terms: Terms) -> bytes:
    """Images as the archive that they were unpacked from."""
    endings = IMAGES.get((terms.form, terms.kind), (".png", ".tif", ".tiff"))
    images = {name: path for name, path in names.items() if name.lower().endswith(endings)}
    if not images:
        message = f"no {endings[0]} file among {len(names)} files" if names else "no file was sent"
        raise _refused(Finding("submission/no-predictions", message, items=tuple(names), hint="zip the images"))
    if sum(path.stat().st_size for path in images.values()) > LARGEST:
        raise _refused(Finding("submission/too-large", "the images are too large to be read", hint="pack them better"))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, path in images.items():
            archive.writestr(zipfile.ZipInfo(name), path.read_bytes())
    return out.getvalue()


def _refused(finding: Finding) -> SubmissionError:
    return SubmissionError("submission refused", [finding])
