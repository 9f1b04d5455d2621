"""The rules that exports to CodaBench, and the check of its competition zips, name."""

from __future__ import annotations

CODABENCH_RULES = {
    "codabench/title": (
        "The title is longer than CodaBench takes.",
        "256 characters. Shorten `title` in challenge.yaml and build the bundle again.",
    ),
    "codabench/unrankable": (
        "The score that ranks has no number that CodaBench can keep, even for a perfect submission.",
        "CodaBench drops what is not a number, and numbers of more than ten digits before the point, without a word. "
        "Choose another `score.metric`, or make the part larger, and build again.",
    ),
    "codabench/too-large": (
        "The data may not fit into an account.",
        "CodaBench gives an account 15 GB unless its administrators give it more.",
    ),
    "codabench/columns": (
        "The leaderboard leaves some scores out.",
        "A hundred columns are the most that an export makes. All scores stand in each submission's detailed results.",
    ),
    "codabench/no-code": (
        "Participants cannot send programs (a note).",
        "A worker would fetch all of the data for each program. Up to 2 GB an export takes programs too.",
    ),
    "codabench/not-a-zip": (
        "It is no zip, or a damaged one.",
        "CodaBench says: Bad zip file uploaded. Make the zip again, and look whether the transfer was complete.",
    ),
    "codabench/no-yaml": (
        "There is no competition.yaml at the top of the zip.",
        "CodaBench looks for it there alone. Zip the files themselves, not the folder that they are in.",
    ),
    "codabench/yaml": (
        "The file competition.yaml cannot be read.",
        "It is YAML 1.1 in UTF-8 with keys at its top. CodaBench shows the parser's own words.",
    ),
    "codabench/version": (
        "CodaBench has no unpacker for this version.",
        "It knows 2, and 1 and 1.5 of its predecessor. `version: 2.0` is refused, and without a version the file is "
        "read as version 1, whose keys are others: hence the complaint that HTML pages could not be found.",
    ),
    "codabench/missing-key": (
        "A key is missing, or does not hold what belongs there.",
        "CodaBench's unpacker stops at the first one, in words that often name neither the key nor the place. Every "
        "one is told here.",
    ),
    "codabench/missing-file": (
        "A file that competition.yaml names is not in the zip.",
        "Paths are relative to competition.yaml, and case matters. Archives may also be the key of a dataset that is "
        "on CodaBench already.",
    ),
    "codabench/page": (
        "A page is empty, or not written in UTF-8.",
        "CodaBench refuses the whole competition for it.",
    ),
    "codabench/logo": (
        "The logo is no picture of which CodaBench can make an icon.",
        "PNG, JPEG, GIF or WebP; not SVG, not CMYK, and not a hundred times as wide as it is high.",
    ),
    "codabench/field": (
        "CodaBench's serializers refuse a value.",
        "A text is too long, a number is none, or a choice is unknown. The message tells which, and what is allowed.",
    ),
    "codabench/dates": (
        "The dates of the phases cannot be read, or do not follow each other.",
        "Each phase but the last has an end, and the next one starts later than that, not at the same moment. Write "
        "dates in quotes and in UTC: '2027-01-31 12:00:00'.",
    ),
    "codabench/unquoted-time": (
        "A time without quotes becomes midnight.",
        "YAML makes a date of it, and CodaBench drops the time of dates. Write it in quotes, in UTC.",
    ),
    "codabench/time-zone": (
        "A time zone is dropped.",
        "CodaBench takes 12:00+05:00 for 12:00 UTC. Write the moment in UTC, without a zone.",
    ),
    "codabench/no-archive": (
        "A program or its data are no zip.",
        "The import succeeds, and then every submission fails after about 200 seconds with: Bad or empty zip file. Zip "
        "the file, or name its folder.",
    ),
    "codabench/no-command": (
        "A program has no command that could be run.",
        "metadata.yaml stands at the top of its zip and says `command: python3 /app/program/score.py /app/input "
        "/app/output`. There is no shell, so pipes, && and redirections are mere arguments.",
    ),
    "codabench/shared-folder": (
        "A folder is named without a slash at its end.",
        "CodaBench then writes its zip into a folder that all competitions share, under a name that another may have. "
        "Ship a zip that is ready, or end the name with a slash.",
    ),
    "codabench/unlimited": (
        "A limit of 0 submissions means no limit.",
        "Write 1 or more. To take no submissions in a phase, give it dates that are over.",
    ),
    "codabench/time-limit": (
        "The time limit is longer than CodaBench's own queue allows.",
        "It stops every submission after 600 seconds, whatever the phase says. A queue of your own may take longer.",
    ),
    "codabench/no-task": (
        "A phase has no task.",
        "It is imported, and every submission to it fails. Name the index of a task.",
    ),
    "codabench/no-primary-column": (
        "No column has the index that ranks.",
        "The import succeeds; then the leaderboard answers with HTTP 500, and Force_Best places nobody. primary_index "
        "is 0 unless it is set.",
    ),
    "codabench/not-hidden": (
        "A hidden leaderboard is not secret.",
        "Pages do not show it, but CodaBench's API gives its rows to anybody. What must stay secret belongs into a "
        "second phase with a task and reference data of its own, that starts when the first has ended.",
    ),
    "codabench/leaderboard": (
        "Only the first leaderboard is used.",
        "Every phase writes into the first one. Put all columns there.",
    ),
    "codabench/by-hand": (
        "Participants put submissions on the leaderboard by hand (a note).",
        "With Add, the default, a scored submission stands nowhere until its sender adds it, and only those that stand "
        "there migrate to a next phase. Force_Best and Force_Last do it by themselves.",
    ),
    "codabench/ignored-key": (
        "A key is not read, but looks like one that is (a note).",
        "CodaBench passes over keys that it does not know, without a word.",
    ),
}
