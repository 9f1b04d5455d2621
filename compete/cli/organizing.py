"""The organizer's commands: from a folder of data to a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from compete import jobs, show
from compete.cli.program import (
    AcceptLeak,
    Because,
    BundlePath,
    ChallengePath,
    Engine,
    Force,
    Json,
    Out,
    Quiet,
    Report,
    Workers,
    app,
    example,
)
from compete.threads import ask_for_one_thread


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
def check(
    challenge: Annotated[Path, typer.Argument(metavar="CHALLENGE|EXPORT", help="A challenge, or an export.")],
    platform: Annotated[str, typer.Option("--platform", metavar="P", help="Of an export: see list platforms.")] = "",
    accept_leak: AcceptLeak = None,
    because: Because = None,
    engine: Engine = "",
    json: Json = False,
) -> None:
    """Say what a build would do and what is wrong with the data; or what a platform would refuse of an export."""
    if platform:
        found = jobs.check_export(challenge, platform)
        raise typer.Exit(show.checked_export(challenge, platform, found, json=json))
    accepted = jobs.decisions_of(accept_leak or [], because or [])
    with show.progress(quiet=json) as progress:
        report = jobs.check_challenge(challenge, accepted=accepted, progress=progress, engine=engine)
    show.checked(report, json=json)


@app.command(**example("compete audit coral/ --report audit.html"))
def audit(
    subject: Annotated[Path, typer.Argument(metavar="CHALLENGE|BUNDLE", help="A challenge, or a built bundle.")],
    accept_leak: AcceptLeak = None,
    because: Because = None,
    engine: Engine = "",
    report: Report = None,
    force: Force = False,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Look for copies, leaks, shortcuts and slips in the data."""
    ask_for_one_thread()
    accepted = jobs.decisions_of(accept_leak or [], because or [])
    with show.progress(quiet=json) as progress:
        found = jobs.report_audit(
            subject, report, accepted=accepted, force=force, engine=engine, workers=workers, progress=progress
        )
    raise typer.Exit(show.audited(found, json=json, page=report))


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
