"""CodaBench's own unpacker, serializers, compute worker and score endpoint, run on an export.

    git clone https://github.com/codalab/codabench CHECKOUT      (c7dbc75 was used)
    python3.12 -m venv VENV, and into it what CHECKOUT/pyproject.toml names, rich, billiard and psycopg2-binary
    VENV/bin/python benchmarks/platforms/codabench.py CHECKOUT EXPORT PYTHON SUBMISSION.zip[=RESULT.json]

EXPORT is a folder that `compete export BUNDLE codabench` wrote, or any competition zip; without a submission it is
EXPORT is a folder that `compete export BUNDLE codabench` wrote, or any competition zip; without a submission it is
told of the same submission. Database and storage are SQLite and a folder. Where the worker would start a container, its
folders are bound into a new root that can only be read, without network (`unshare`; on Linux, as root or with user
namespaces).
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import types
import uuid
import zipfile
from pathlib import Path
from typing import Any
from unittest import mock

NEW_ROOT = """
set -e
root=$(mktemp -d); mount -t tmpfs none $root; cd $root; mkdir -p usr lib lib64 bin proc tmp
for name in usr lib lib64 bin; do [ -e /$name ] && mount --rbind -o ro /$name $root/$name; done
for name in $PREFIXES; do mkdir -p $root$name; mount --rbind $name $root$name; done
for bind in $BINDS; do
  IFS=: read source target mode <<< "$bind"
  mkdir -p $root$target; mount --bind $source $root$target
  [ "$mode" = ro ] && mount -o remount,bind,ro $root$target
done
mount --rbind /proc $root/proc; mount -o remount,ro $root
exec chroot $root /usr/bin/env -i PYTHONUNBUFFERED=1 PATH=/usr/bin:/bin bash -c 'cd /app/program && exec "$@"' x "$@"
"""
LEFT_OUT = ("django_su", "ajax_select", "django.contrib.postgres")


def main(checkout: Path, export: Path, python: str, sent: list[str]) -> None:
    """Import the export, then print what becomes of each submission in each phase, and the leaderboards."""
    with tempfile.TemporaryDirectory() as scratch:
        settle(checkout, Path(scratch))
        competition, source = unpack(export / "competition.zip" if export.is_dir() else export, Path(scratch))
        print(f"imported: {competition.title}, {competition.phases.count()} phases")
        for one in sent:
            path, _, result = one.partition("=")
            submit(competition, source, Path(path), Path(result) if result else None, worker(checkout, scratch, python))
        for phase in competition.phases.order_by("index"):
            answer = visitor(competition).get(f"/api/phases/{phase.pk}/get_leaderboard/")
            print(f"leaderboard {phase.name}: {answer.status_code}, {len(answer.json()['submissions'])} rows")


def settle(checkout: Path, scratch: Path) -> None:
    """Set CodaBench up with SQLite, and a folder for S3."""
    os.environ.update(DOMAIN_NAME="localhost:80", STORAGE_TYPE="s3", SUBMISSIONS_API_URL="http://localhost/api")
    sys.path[:0] = [str(checkout / "src"), str(checkout / "src/apps"), str(checkout / "compute_worker")]
    import storages.backends.s3boto3 as buckets
    from django.core.files.storage import FileSystemStorage

    class Folder(FileSystemStorage):
        def __init__(self, *_: Any, **__: Any) -> None:
            super().__init__(location=str(scratch / "media"))

    buckets.S3Boto3Storage = Folder
    from django.conf import settings
    from settings import base

    known = {name: getattr(base, name) for name in dir(base) if name.isupper()}
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.configure(**{
        **known,
        "INSTALLED_APPS": tuple(app for app in base.INSTALLED_APPS if app not in LEFT_OUT),
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(scratch / "database")}},
        "STORAGES": {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}, "staticfiles": static},
        "MEDIA_ROOT": str(scratch / "media"),
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        "CELERY_TASK_ALWAYS_EAGER": True,
        "IS_TESTING": True,
    })  # fmt: skip
    import logging

    import django
    from django.core.management import call_command
    from loguru import logger

    django.setup()
    logging.disable(logging.CRITICAL)
    logger.remove()
    call_command("migrate", run_syncdb=True, verbosity=0)


def unpack(archive: Path, scratch: Path) -> tuple[Any, Path]:
    """What ``competitions.tasks.unpack_competition`` does with an upload."""
    import oyaml
    from competitions.models import CompetitionParticipant
    from competitions.unpackers.v1 import V15Unpacker
    from competitions.unpackers.v2 import V2Unpacker
    from profiles.models import User

    source = scratch / "competition"
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(source)
    content = oyaml.safe_load((source / "competition.yaml").read_text())
    unpacker = {"1": V15Unpacker, "1.5": V15Unpacker, "2": V2Unpacker}[str(content.get("version", "1"))]
    host, _ = User.objects.get_or_create(username="host", defaults={"email": "host@example.org"})
    one = unpacker(competition_yaml=content, temp_directory=str(source), creator=host)
    one.unpack()
    competition = one.save()
    competition.published = True
    competition.save()
    CompetitionParticipant.objects.get_or_create(user=host, competition=competition, defaults={"status": "approved"})
    return competition, source


def visitor(competition: Any) -> Any:
    """A browser of the host."""
    from django.test import Client

    client = Client()
    client.force_login(competition.created_by)
    return client


class Containers:
    """Docker's client, as far as the worker calls it."""

    def __init__(self, python: str) -> None:
        self.python, self.known, self.done = python, {}, {}

    def create_host_config(self, **options: Any) -> Any:
        """What a container is allowed."""
        return options

    def create_container(self, image: str, **options: Any) -> Any:
        """Remember what is to be run."""
        self.known[options["name"]] = options
        return {"Id": options["name"]}

    def start(self, container: str) -> None:
        """Run it in a new root, and wait for it."""
        asked = self.known[container]
        binds = asked["host_config"]["binds"].items()
        given = " ".join(f"{source}:{at['bind']}:{at.get('mode', 'rw')}" for source, at in binds)
        told = subprocess.run(
            [self.python, "-c", "import sys; print(sys.prefix, sys.base_prefix)"],
            capture_output=True,
            text=True,
            check=True,
        )
        words = shlex.split(asked["command"])
        assert words[0] == "python3"
        command = ["unshare", "-rmn", "--propagation", "private", "bash", "-c", NEW_ROOT, "x", self.python, *words[1:]]
        environment = {**os.environ, "BINDS": given, "PREFIXES": told.stdout.strip()}
        self.done[container] = subprocess.run(command, env=environment, capture_output=True, check=False)

    def attach(self, container: Any, stream: bool = False, **_: Any) -> Any:
        """What it said."""
        done = self.done[container if isinstance(container, str) else container["Id"]]
        return iter(()) if stream else (done.stdout or None, done.stderr or None)

    def inspect_container(self, _: Any) -> Any:
        """It is over."""
        return {"State": {"Status": "exited"}}

    def wait(self, container: Any) -> Any:
        """How it ended."""
        return {"StatusCode": self.done[container["Id"]].returncode}

    def pull(self, *_: Any, **__: Any) -> Any:
        """No image is needed."""
        return ()

    def remove_container(self, *_: Any, **__: Any) -> None:
        """Nothing is left of it."""


def worker(checkout: Path, scratch: str, python: str) -> Any:
    """The module of the compute worker, with our containers and no sockets."""
    docker = types.ModuleType("docker")
    docker.errors = types.SimpleNamespace(APIError=OSError, NotFound=OSError)
    docker.APIClient = lambda **_: Containers(python)
    logs = types.ModuleType("logs_loguru")
    logs.configure_logging, logs.colorize_run_args = lambda *_: None, str
    sockets = types.ModuleType("websockets")
    sockets.connect = mock.AsyncMock(return_value=mock.AsyncMock())
    sys.modules.update({"docker": docker, "logs_loguru": logs, "websockets": sockets})
    import compute_worker

    compute_worker.BASE_DIR = compute_worker.HOST_DIRECTORY = f"{scratch}/worker/"
    compute_worker.CACHE_DIR = f"{scratch}/worker/cache"
    compute_worker.pprint = lambda *_, **__: None
    for name in ("cache", "data"):
        Path(scratch, "worker", name).mkdir(parents=True, exist_ok=True)
    return compute_worker


def submit(competition: Any, source: Path, sent: Path, result: Path | None, module: Any) -> None:
    """Send a submission to each phase, and print what becomes of it."""
    import yaml
    from competitions.models import Phase, Submission

    content = yaml.safe_load((source / "competition.yaml").read_text())
    for told, phase in zip(content["phases"], competition.phases.order_by("index"), strict=True):
        task = content["tasks"][told["tasks"][0]]
        with mock.patch.object(Phase, "can_user_make_submissions", return_value=(True, "")):
            participant = competition.participants.first()
            submission = Submission(
                owner=competition.created_by,
                phase=phase,
                participant=participant,
                secret=uuid.uuid4(),
                status="Finished",
            )
            submission.save(ignore_submission_limit=True)
        status, out = run(module, submission, task, source, sent)
        if status != "Finished":
            submission.status = "Failed"
            submission.save()
        print(f"{sent.name}, {phase.name}: {status}")
        if status != "Finished":
            print("".join(f"    {line}\n" for line in (out / "stderr").read_text().splitlines()[:6]), end="")
        else:
            with zipfile.ZipFile(out / "scoring.zip") as archive:
                scores = json.loads(archive.read("scores.json"))
            stored = {score.column.key: float(score.score) for score in submission.scores.all()}
            compare(scores, stored, source / task["reference_data"], result)


def recording(module: Any, seen: list[str]) -> Any:
    """The worker's ``Run``, whose uploads go to a folder, and whose scores go to the endpoint without a network."""
    from django.test import Client

    class Recorded(module.Run):
        def _update_submission(self, data: Any) -> None:
            seen.append(data.get("status", ""))

        def _put_file(self, url: str, file: Any = None, raw_data: Any = None, **_: Any) -> None:
            Path(url.removeprefix("file://")).write_bytes(Path(file).read_bytes() if file else raw_data)

        def push_scores(self) -> None:
            """Post the scores as the worker does."""

            def post(_: str, json: Any) -> Any:
                place = f"/api/upload_submission_scores/{self.submission_id}/"
                answer = Client().post(place, json, content_type="application/json")
                assert answer.status_code == 200, answer.content
                return answer

            self.requests_session = types.SimpleNamespace(post=post)
            super().push_scores()

    return Recorded


NAMES = ("stdout", "stderr", "ingestion_stdout", "ingestion_stderr")


def steps(submission: Any, task: Any, source: Path, sent: Path, out: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What ``_send_to_compute_worker`` tells the worker, first to predict and then to score."""

    def address(name: str) -> str:
        return f"file://{out / name}"

    about: dict[str, Any] = {"user_pk": 1, "id": submission.pk, "secret": str(submission.secret)}
    about |= {"docker_image": "", "execution_time_limit": 600}
    about |= {"submissions_api_url": "http://localhost/api", "ingestion_only_during_scoring": False}
    about |= {"prediction_result": address("prediction.zip"), "scoring_result": address("scoring.zip")}
    first = {**about, "is_scoring": False, "program_data": f"file://{sent.resolve()}"}
    first |= {f"prediction_{name}": address(f"prediction_{name}") for name in NAMES}
    if "ingestion_program" in task:
        first |= {name: f"file://{source / task[name]}" for name in ("ingestion_program", "input_data")}
    second = {**about, "is_scoring": True, "program_data": f"file://{source / task['scoring_program']}"}
    second |= {"reference_data": f"file://{source / task['reference_data']}"}
    second |= {f"scoring_{name}": address(name) for name in NAMES} | {"detailed_results_url": address("detailed.html")}
    return first, second


def run(module: Any, submission: Any, task: Any, source: Path, sent: Path) -> tuple[str, Path]:
    """Predict and score with the worker's own code."""
    out = Path(tempfile.mkdtemp(dir=source.parent))
    for name in NAMES:
        (out / name).touch()
    seen: list[str] = []
    for step in steps(submission, task, source, sent, out):
        started = recording(module, seen)(step)
        try:
            started.prepare()
            started.start()
            if started.is_scoring:
                started.push_scores()
            started.push_output()
        except module.SubmissionException:
            seen.append("Failed")
        finally:
            started.clean_up()
    return seen[-1], out


def compare(scores: dict[str, float], stored: dict[str, float], reference: Path, result: Path | None) -> None:
    """Print whether the scores are those of `compete score`, bit for bit, and those stored, to ten decimals."""
    near = all(abs(stored[key] - value) <= 5.1e-11 * max(1, abs(value)) for key, value in scores.items())
    print(f"    {len(scores)} scores; stored with ten decimals: {near and set(stored) == set(scores)}")
    if result is None:
        return
    with zipfile.ZipFile(reference) as archive:
        asked = json.loads(archive.read("codabench.json"))
    told = json.loads(result.read_text())
    known = {(one["metric"], one["group"]): one["value"] for one in told["scores"] if one["part"] == asked["part"]}
    expected = {column["key"]: known.get((column["metric"], column["group"])) for column in asked["columns"]}
    other = {key: (value, scores.get(key)) for key, value in expected.items() if value != scores.get(key)}
    print(f"    equal to compete score, bit for bit: {not other}", *other.items())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else sys.executable, sys.argv[4:])
