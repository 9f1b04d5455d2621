"""The command line: each command reads its arguments, calls one job and shows what came of it."""

from __future__ import annotations

import os
import sys
import traceback
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from compete import jobs, show
from compete.errors import BUG, OK, SYSTEM, USAGE, CompeteError
from compete.threads import ask_for_one_thread
from compete.version import __version__

EPILOG = "Exit codes: 0 fine · 1 challenge, data, bundle · 2 usage · 3 submission refused · 4 leak · 5 disk · 70 bug."

app = typer.Typer(
    name="compete",
    help="Turn a curated dataset into a machine-learning competition, and grade what people send in.",
    epilog=f"Start with: compete demo penguins.   {EPILOG}",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)

ChallengePath = Annotated[Path, typer.Argument(metavar="CHALLENGE", help="challenge.yaml, or the folder it is in.")]
BundlePath = Annotated[Path, typer.Argument(metavar="BUNDLE", help="A built bundle, or its public/ folder alone.")]
SubmissionPath = Annotated[Path, typer.Argument(metavar="SUBMISSION", help="A file of predictions.")]
SubmissionPaths = Annotated[list[Path], typer.Argument(metavar="SUBMISSION...", help="Files of predictions.")]
Out = Annotated[
    Path, typer.Option("-o", "--out", metavar="FOLDER", help="Where to write; appears whole or not at all.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace what compete wrote there earlier.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say only what is wrong.")]
On = Annotated[str, typer.Option("--on", help="test, or train for out-of-fold predictions.")]
Draws = Annotated[int | None, typer.Option("--draws", min=0, max=100_000, help="Bootstrap draws an interval; 0: none.")]
AcceptLeak = Annotated[
    list[str] | None, typer.Option("--accept-leak", metavar="RULE", help="Keep the bundle although it tells this.")
]
Because = Annotated[list[str] | None, typer.Option("--because", metavar="TEXT", help="Why; one for each leak.")]
Engine = Annotated[
    str, typer.Option("--engine", metavar="dask:ADDRESS", help="A Dask cluster looks at the images, not these cores.")
]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Processes; default: one a core.")]


def example(text: str) -> dict[str, Any]:
    """The last lines of a command's help: what one would type."""
    return {"epilog": f"Example: {text}"}


@app.callback(invoke_without_command=True)
def about(version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    """Turn a curated dataset into a machine-learning competition, and grade what people send in."""
    if version:
        print(f"compete {__version__}")  # noqa: T201
        raise typer.Exit(OK)


@app.command(**example("compete init coral --from csv:labels.csv"))
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the new challenge.yaml.")],
    source: Annotated[
        str, typer.Option("--from", metavar="FORMAT:PATH", help="auto:PATH looks what it is; or csv:TABLE, coco:JSON …")
    ] = "",
    task: Annotated[str, typer.Option("--task", help="classification, detection …; default: from the data.")] = "",
    force: Force = False,
    json: Json = False,
) -> None:
    """Write a challenge.yaml that builds, from a look at the data.

    Every line says why it is what it is, and what is yours to decide.
    """
    show.started(jobs.start_challenge(folder, source, task=task, force=force), json=json)


@app.command(**example("compete demo penguins"))
def demo(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="A challenge of the gallery.")] = "penguins",
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FOLDER", help="Default: ./demo-NAME")] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Run the whole main job on real data that comes along."""
    from compete import demos

    show.demonstrated(demos.run_demo(name, out, force=force, say=show.talker(quiet=json)), json=json)


@app.command(**example("compete check coral/"))
def check(challenge: ChallengePath, engine: Engine = "", json: Json = False) -> None:
    """Say what a build would do, and what is wrong with the data."""
    with show.progress(quiet=json) as progress:
        report = jobs.check_challenge(challenge, progress=progress, engine=engine)
    show.checked(report, json=json)


@app.command(**example("compete audit coral/"))
def audit(
    subject: Annotated[Path, typer.Argument(metavar="CHALLENGE|BUNDLE", help="A challenge, or a built bundle.")],
    accept_leak: AcceptLeak = None,
    because: Because = None,
    engine: Engine = "",
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Look for copies, leaks, shortcuts and slips in the data."""
    ask_for_one_thread()
    accepted = jobs.decisions_of(accept_leak or [], because or [])
    with show.progress(quiet=json) as progress:
        report = jobs.audit(subject, accepted=accepted, engine=engine, workers=workers, progress=progress)
    raise typer.Exit(show.audited(report, json=json))


@app.command(**example("compete build coral/ -o coral-bundle"))
def build(
    challenge: ChallengePath,
    out: Out,
    force: Force = False,
    accept_leak: AcceptLeak = None,
    because: Because = None,
    engine: Engine = "",
    workers: Workers = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the bundle: splits, hidden labels, sample submission; one that leaks is not kept.

    Once it is written it is attacked: what would tell hidden labels stops the build with exit code 4.
    """
    ask_for_one_thread()
    accepted = jobs.decisions_of(accept_leak or [], because or [])
    with show.progress(quiet=quiet or json) as progress:
        built = jobs.build(
            challenge, out, force=force, accepted=accepted, engine=engine, workers=workers, progress=progress
        )
    show.built(built, json=json, quiet=quiet)


@app.command(**example("compete convert coral/ yolo -o coral-yolo"))
def convert(
    challenge: ChallengePath,
    writer: Annotated[str, typer.Argument(metavar="FORMAT", help="coco, cvat, voc or yolo.")],
    out: Out,
    json: Json = False,
) -> None:
    """Write the images and objects of a challenge's data in another format."""
    show.converted(out, *jobs.convert(challenge, writer, out), json=json)


@app.command(**example("compete verify coral-bundle"))
def verify(bundle: BundlePath, json: Json = False) -> None:
    """Find every byte of a bundle that is not as it was built."""
    show.verified(bundle, jobs.verify(bundle), json=json)


@app.command(**example("compete validate coral-bundle/public submission.csv"))
def validate(bundle: BundlePath, submission: SubmissionPath, on: On = "test", json: Json = False) -> None:
    """Say everything that is wrong with a submission."""
    show.validated(jobs.validate(bundle, submission, on=on), json=json)


@app.command(**example("compete score coral-bundle submission.csv"))
def score(
    bundle: BundlePath,
    submissions: SubmissionPaths,
    on: On = "test",
    public: Annotated[bool, typer.Option("--public", help="Show only what participants may see.")] = False,
    draws: Draws = None,
    workers: Workers = None,
    limit_memory: Annotated[
        int, typer.Option("--limit-memory", min=0, metavar="MB", help="Memory a submission may use; 0: any.")
    ] = 0,
    limit_time: Annotated[
        float, typer.Option("--limit-time", min=0, metavar="SECONDS", help="Time it may take; 0: any.")
    ] = 0.0,
    recorded: Annotated[
        Path | None,
        typer.Option("--check", metavar="RESULT", help="Score again as this --json output was, and compare."),
    ] = None,
    json: Json = False,
) -> None:
    """Score submissions, with an interval for every subgroup."""
    if recorded:
        raise typer.Exit(show.rescored(jobs.rescore(bundle, submissions, recorded), json=json))
    limits = jobs.limits_of(limit_memory, limit_time)
    verdicts = jobs.score_many(bundle, submissions, on=on, public=public, draws=draws, workers=workers, limits=limits)
    raise typer.Exit(show.scored(verdicts, json=json))


@app.command("list", **example("compete list metrics"))
def list_(
    what: Annotated[
        str, typer.Argument(metavar="WHAT", help="metrics, readers, audits, challenges, rules, schema, result-schema")
    ],
    json: Json = False,
) -> None:
    """List metrics, readers, audits, challenges, rules; print the schema."""
    from compete.catalogs import list_things

    show.listed(what, list_things(what), json=json)


@app.command(**example("compete explain f1_macro"))
def explain(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A metric, or a rule such as submission/unknown-id.")],
    json: Json = False,
) -> None:
    """Explain a metric, or the rule that a message named."""
    from compete.catalogs import explanation

    show.explained(explanation(name), json=json)


def main() -> NoReturn:
    """Run the command line; the only place that catches."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the work is spread over processes, not inside numpy
    _open_mouth()
    try:
        code = app(prog_name="compete", standalone_mode=False) or OK
    except CompeteError as error:
        code = _told(error)
    except BrokenPipeError:  # the reader of our output has gone
        _silence()
        code = SYSTEM
    except OSError as error:
        from compete.files import system_fault

        code = _told(system_fault(error))
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        code = _misused(error) if hasattr(error, "format_message") else _bug()
    sys.exit(code)


def _open_mouth() -> None:
    """Make the streams take any text, whatever the locale; a stream that the caller closed swallows it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _silence() -> None:
    """Let what stdout still holds go nowhere, so that leaving does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(error: CompeteError) -> int:
    """Say what a person must mend: on stderr, where stdout is what takes nothing."""
    try:
        show.failed(error, json="--json" in sys.argv)
    except OSError:
        _silence()
        show.failed(error, json=False)
    return error.exit_code


def _misused(error: Any) -> int:
    """Say what the command line does not know; ``error`` is one of the parser's own."""
    error.show()
    if "--json" in sys.argv:
        show.document({"error": error.format_message(), "exit_code": USAGE, "findings": []})
    return USAGE


def _bug() -> int:
    """Say that it is our fault."""
    traceback.print_exc()
    told = "This is a bug in compete, not in your data."
    print(f"\n{told} Please report the lines above.", file=sys.stderr)  # noqa: T201
    if "--json" in sys.argv:
        show.document({"error": told, "exit_code": BUG, "findings": []})
    return BUG
