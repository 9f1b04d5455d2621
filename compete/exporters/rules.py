"""The rules that exports and their checks name, with what they mean."""

from __future__ import annotations

EXPORT_RULES = {
    "export/unknown-platform": (
        "No platform is called so.",
        "Exports are made for platforms by name: `compete list platforms` tells them all.",
    ),
    "export/dates": (
        "The dates of the competition are missing, cannot be read, or do not follow each other.",
        "`--start` and `--end` take 2027-01-31 or 2027-01-31T12:00, in UTC unless they say otherwise. Without them the "
        "competition is open at once and ends in 2099, so that the same bundle gives the same bytes on every day; "
        "change the dates on the platform then.",
    ),
    "export/nothing-there": (
        "There is no such file or folder.",
        "Give the folder that `compete export` wrote, or the file that is to be uploaded.",
    ),
}
