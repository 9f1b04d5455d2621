"""EvalAI's own importer, worker and leaderboards, run on an export.

    git clone https://github.com/Cloud-CV/EvalAI CHECKOUT      (0f04039 was used)
    python3.9 -m venv VENV, and into it what CHECKOUT/requirements/common.txt and worker_py3_9.txt name, with
    psycopg2 below 2.9, and moto below 5
    a PostgreSQL server with an empty database: POSTGRES_HOST, POSTGRES_PORT, POSTGRES_USER, POSTGRES_NAME
    COMPETE_PYTHON=PYTHON VENV/bin/python -m benchmarks.platforms.evalai CHECKOUT BUNDLE SUBMISSION...
    COMPETE_PYTHON=PYTHON VENV/bin/python -m benchmarks.platforms.evalai CHECKOUT --check CONFIGURATION.zip...

The configuration goes through the address that hosts upload to, and is scored by the worker's own functions; rows are
printed beside what `compete score` tells, and who sees which leaderboard. With `--check`, EvalAI's answer to each
configuration stands beside that of `compete check`.
"""

from __future__ import annotations

import functools
import http.server
import json
import logging
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from benchmarks.platforms.ours import compete, exported, perfect_of, shown

HOST = "127.0.0.1"
UPLOAD = "/api/challenges/challenge/challenge_host_team/{}/create_or_update_github_challenge/"
CREATED = 201


def main(checkout: Path, words: list[str]) -> None:
    """Import an export and score submissions, or compare what is said of configurations."""
    with tempfile.TemporaryDirectory() as scratch:
        settle(checkout, Path(scratch))
        if words[0] == "--check":
            for path in map(Path, words[1:]):
                compare(path)
            return
        ours = exported(Path(words[0]), "evalai", Path(scratch, "export"))
        status, answer, name = upload(ours.folder / "challenge_config.zip")
        print(f"imported: {status} {answer}")
        submissions = [*map(Path, words[1:]), perfect_of(ours, Path(scratch))]
        score(ours, name, submissions)


def settle(checkout: Path, scratch: Path) -> None:
    """Set EvalAI up with its settings for tests, a folder for its files, and a server that hands them out."""
    (scratch / "media").mkdir()
    handler = functools.partial(Quiet, directory=str(scratch))
    server = http.server.ThreadingHTTPServer((HOST, 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = str(server.server_address[1])
    os.environ.update(DJANGO_SETTINGS_MODULE="settings.test", DJANGO_SERVER=HOST, DJANGO_SERVER_PORT=port)
    os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", NO_PROXY=HOST)
    sys.path[:0] = [str(checkout / place) for place in ("", "apps", "scripts/workers")]
    import django
    from django.conf import settings

    settings.MEDIA_ROOT, settings.ALLOWED_HOSTS = str(scratch / "media"), ["*"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    django.setup()
    logging.disable(logging.CRITICAL)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, without a word."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def person(name: str) -> Any:
    """A browser of somebody who is signed in; of nobody, where the name is empty."""
    from rest_framework.test import APIClient

    client = APIClient(HTTP_HOST=f"{HOST}:{os.environ['DJANGO_SERVER_PORT']}")
    if name:
        from allauth.account.models import EmailAddress
        from django.contrib.auth.models import User

        client.user, _ = User.objects.get_or_create(username=name, email=f"{name}@example.org")
        EmailAddress.objects.get_or_create(user=client.user, email=client.user.email, primary=True, verified=True)
        client.force_authenticate(client.user)
    return client


def upload(path: Path) -> tuple[int, str, str]:
    """What EvalAI answers to a configuration, and the repository under which it keeps it."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from hosts.models import ChallengeHost, ChallengeHostTeam

    host = person("host")
    team, _ = ChallengeHostTeam.objects.get_or_create(team_name="hosts", created_by=host.user)
    ChallengeHost.objects.get_or_create(user=host.user, team_name=team, status="Accepted", permissions="Admin")
    name = f"hosts/{os.getpid()}-{path.stem}"
    sent = SimpleUploadedFile("challenge.zip", path.read_bytes(), "application/zip")
    try:
        answer = host.post(
            UPLOAD.format(team.pk), {"GITHUB_REPOSITORY": name, "zip_configuration": sent}, format="multipart"
        )
    except Exception as error:  # a server answers with 500, this client with whatever its code raised
        return 500, repr(error), name
    return answer.status_code, str(getattr(answer, "data", "")), name


def compare(path: Path) -> None:
    """One line: whether EvalAI takes a configuration, and whether we say so."""
    status, answer, _ = upload(path)
    told = json.loads(compete("check", path, "--platform", "evalai", "--json").stdout)
    refused = [one["rule"] for one in told["findings"] if one["severity"] == "error"]
    same = (status != CREATED) == bool(refused)
    print(f"{path.name:40} {status} {','.join(refused) or '-':40} {'same' if same else 'DIFFERENT ' + answer[:200]}")


def score(ours: Any, name: str, submissions: list[Path]) -> None:
    """Let the worker score submissions, and look at the leaderboards."""
    import submission_worker as worker
    from challenges.models import Challenge, LeaderboardData
    from django.core.files.base import ContentFile
    from jobs.models import Submission
    from participants.models import ParticipantTeam

    challenge = Challenge.objects.get(github_repository=name)
    for folder in (worker.COMPUTE_DIRECTORY_PATH, worker.SUBMISSION_DATA_BASE_DIR):
        worker.create_dir_as_python_package(folder)
    sys.path.append(worker.COMPUTE_DIRECTORY_PATH)
    worker.load_challenge(challenge)
    phase, alice = challenge.challengephase_set.first(), person("alice")
    team, _ = ParticipantTeam.objects.get_or_create(team_name=f"team {os.getpid()}", created_by=alice.user)
    for path in submissions:
        sent = Submission(participant_team=team, challenge_phase=phase, created_by=alice.user, status="submitted")
        sent.is_public = phase.is_submission_public
        sent.save()
        sent.input_file.save(path.name, ContentFile(path.read_bytes()))
        worker.extract_submission_data(sent.pk)
        asked = {"challenge_pk": challenge.pk, "phase_pk": phase.pk, "submission_pk": sent.pk}
        worker.process_submission_message(asked)
        sent.refresh_from_db()
        rows = LeaderboardData.objects.filter(submission=sent)
        found = {row.challenge_phase_split.dataset_split.codename: row for row in rows}
        for part in ("public", "private"):
            row = found.get(part)
            theirs = row and row.result[row.leaderboard.schema["default_order_by"]]
            shown(f"{ours.name} {path.name}", theirs, ours.file_score(path, part), part)
        if sent.status != "finished":
            print(f"    {sent.status}: {sent.stderr_file.read().decode()}")
    for split in phase.challengephasesplit_set.all():
        for who in ("", "bob", "alice"):
            answer = person(who).get(f"/api/jobs/challenge_phase_split/{split.pk}/leaderboard/")
            print(f"leaderboard {split.dataset_split.codename}, {who or 'anonymous'}: {answer.status_code}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
