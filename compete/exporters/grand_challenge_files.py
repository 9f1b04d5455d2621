"""The files about the container: how it is built, tried and saved, as grand-challenge's own templates do it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from compete.terms import Terms

NUMPY, PANDAS = "numpy==1.26.4", "pandas==2.2.3"
"""What scoring runs on; only a challenge's own metric is given pandas tables."""

DOCKERFILE = """\
FROM --platform=linux/amd64 docker.io/library/python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

RUN groupadd -r user && useradd -m --no-log-init -r -g user user
USER user
WORKDIR /opt/app

COPY --chown=user:user requirements.txt /opt/app/
RUN python -m pip install --user --no-cache-dir --no-color --requirement /opt/app/requirements.txt

COPY --chown=user:user program /opt/app/program
COPY --chown=user:user evaluate.py scored.py algorithm_jobs.py columns.json /opt/app/

ENTRYPOINT ["python", "evaluate.py"]
"""

IGNORED = "test\n*.tar.gz\n"

_HEAD = """\
#!/usr/bin/env bash
set -e
HERE=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" &> /dev/null && pwd)
"""


def requirements(*, own_metric: bool) -> str:
    """What pip installs into the container."""
    return "".join(f"{one}\n" for one in (NUMPY, PANDAS) if one == NUMPY or own_metric)


def build_script(name: str) -> str:
    """Build the image."""
    return f'{_HEAD}docker build --platform=linux/amd64 --tag "evaluation-{name}" "$HERE"\n'


def save_script(name: str) -> str:
    """Build the image and write the file that grand-challenge takes."""
    return (
        f'{_HEAD}bash "$HERE/do_build.sh"\n'
        f'docker save "evaluation-{name}" | gzip -c > "$HERE/evaluation-{name}.tar.gz"\n'
        f'echo "upload $HERE/evaluation-{name}.tar.gz"\n'
    )


def try_script(name: str, truth: str) -> str:
    """Score what is in ``test/input`` as grand-challenge would: without network, with an input that is only read."""
    return (
        f'{_HEAD}bash "$HERE/do_build.sh"\n'
        "TRUTH=$(mktemp -d)\n"
        "trap 'rm -rf \"$TRUTH\"' EXIT\n"
        f'tar -xzf "$HERE/../{truth}" -C "$TRUTH"\n'
        'mkdir -p "$HERE/test/output"\n'
        'chmod -R -f o+rX "$HERE/test/input" "$TRUTH"\n'
        'chmod -f o+rwX "$HERE/test/output"\n'
        "docker run --rm --platform=linux/amd64 --network none \\\n"
        '  --volume "$HERE/test/input":/input:ro \\\n'
        '  --volume "$HERE/test/output":/output \\\n'
        '  --volume "$TRUTH":/opt/ml/input/data/ground_truth:ro \\\n'
        f'  "evaluation-{name}"\n'
        'cat "$HERE/test/output/metrics.json"\n'
    )


def sending(terms: Terms) -> str:
    """How something is sent to grand-challenge, which takes tables and zips and no other files."""
    ending = Path(terms.sample_name).suffix
    how = {".csv": "Upload the table as it is.", ".zip": "Upload the archive as it is."}
    return f"\n## Sending it here\n\n{how.get(ending, f'Zip the {ending} file, and upload the archive.')}\n"


def hosts_guide(terms: Terms, steps: Sequence[str]) -> str:
    """What the host should know of the export."""
    numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
    return (
        f"# {terms.title} on grand-challenge\n\n"
        "- `evaluation/`: the container that scores, for all phases; `do_test_run.sh` scores the sample submission\n"
        "- `ground_truth_public.tar.gz`: for the development phase; it knows no private label\n"
        "- `ground_truth_private.tar.gz`: for the final phase. Keep it to yourself\n"
        "- `phases.json`: the settings of the phases, by the names that they have on the platform\n"
        "- `public.zip`: what participants may have\n\n"
        f"{numbered}\n\n"
        "## What happens to a submission\n\n"
        "The container runs without network and without root, reads `/input`, and writes `/output/metrics.json` with "
        "one number a column under `aggregates`, and half the width of its 95 % interval under `errors`. The numbers "
        f"are those of `compete score`: it is the same code, on Python 3.11 and {NUMPY}. The ground truth says which "
        "part its phase is scored on, so `metrics.json` never holds scores of the other one: all of that file can be "
        "read by whoever may see a result, unless `display_all_metrics` is off, as it is in `phases.json`.\n\n"
        "A refused submission leaves no `metrics.json`; the log says what is wrong, where, and the cure, and its last "
        "line, which participants are shown, says the first of it. So does one whose ranking score is not defined: it "
        "would get no rank, and nobody would be told.\n\n"
        "Predictions are uploaded as a table or a zip (`submission_kind: Predictions`). Where submissions are tables "
        "with one row an item, or COCO results, a phase may take algorithms instead: the first JSON output of each job "
        "is the value of the item after which the job's input is called, a list or a mapping of columns to values, or "
        "a list of COCO results.\n"
    )
