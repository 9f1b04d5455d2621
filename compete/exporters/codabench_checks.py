"""What CodaBench would refuse of a competition zip, or take and mistreat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compete.errors import Finding
from compete.exporters.opened import Opened, open_upload

COMPETITION, DESCRIPTION = "competition.zip", "competition.yaml"


def check(path: Path) -> list[Finding]:
    """What CodaBench would do with a competition.

    Args:
        path: a zip, the folder of its files, or an export of ours.

    Returns:
        An error for all that CodaBench's unpacker and serializers refuse, a warning for what they take and what then
        goes wrong. What only its database knows, such as keys of datasets and queues, is not looked at.
    """
    place = path / COMPETITION if (path / COMPETITION).is_file() else path
    upload = open_upload(place)
    if upload is None:
        hint = "make a zip of the files, and look whether the transfer was complete"
        return [Finding("codabench/not-a-zip", "it is no zip, or a damaged one", place.name, hint=hint)]
    if DESCRIPTION not in upload:
        return [_no_description(upload)]
    content, findings = _description(upload)
    if findings:
        return findings
    version = str(content.get("version", "1"))
    if version in ("1", "1.5"):
        from compete.exporters.codabench_first import faults_of_version_1

        return list(faults_of_version_1(content, upload))
    if version != "2":
        message = f"version is {content['version']!r}; CodaBench knows 1, 1.5 and 2"
        hint = "write version: 2, without a point"
        return [Finding("codabench/version", message, f"{DESCRIPTION}: version", hint=hint)]
    from compete.exporters.codabench_traps import traps_of
    from compete.exporters.codabench_unpacking import faults_of_version_2

    return [*faults_of_version_2(content, upload), *traps_of(content, upload)]


def _no_description(upload: Opened) -> Finding:
    deeper = sorted(name for name in upload.names if name.endswith(f"/{DESCRIPTION}"))
    message = f"there is no {DESCRIPTION} at the top"
    hint = "zip the files themselves, not the folder they are in" if deeper else "see: compete export BUNDLE codabench"
    return Finding("codabench/no-yaml", message, upload.path.name, tuple(deeper), hint, count=len(deeper))


def _description(upload: Opened) -> tuple[dict[str, Any], list[Finding]]:
    """The content of competition.yaml, as PyYAML reads it."""
    import yaml

    raw = upload.read(DESCRIPTION)
    try:
        content = yaml.safe_load(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return {}, [Finding("codabench/yaml", "it is not written in UTF-8", DESCRIPTION, hint="save it as UTF-8")]
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{DESCRIPTION}:{mark.line + 1}:{mark.column + 1}" if mark else DESCRIPTION
        problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
        return {}, [Finding("codabench/yaml", f"it cannot be read: {problem}", where, hint="mend the line")]
    if not isinstance(content, dict):
        return {}, [Finding("codabench/yaml", "it is no mapping of keys", DESCRIPTION, hint="begin with version: 2")]
    return content, []
