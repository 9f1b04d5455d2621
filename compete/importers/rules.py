"""The rules that imports name, with what they mean."""

from __future__ import annotations

IMPORT_RULES = {
    "import/unknown-platform": (
        "Nothing is imported from there.",
        "`compete import --help` names the platforms. From a folder of data alone, `compete init` makes a challenge.",
    ),
    "import/nothing-there": (
        "There is no such file or folder.",
        "Check the path; it is relative to the folder you are in.",
    ),
    "import/not-a-competition": (
        "This is not what the platform has of a competition.",
        "Of Kaggle: the folder to which `kaggle competitions download` was unpacked, with train.csv, test.csv and a "
        "sample submission; or the host's own folder, which also has solution.csv.",
    ),
    "import/unreadable": (
        "The archive, or a file in it, cannot be read.",
        "Give the zip that was uploaded to the platform, or that it lets its organizer download (Dump in CodaBench).",
    ),
    "import/description": (
        "The competition's own description cannot be read.",
        "CodaBench describes a competition in competition.yaml, at the top of the zip; version 2 and CodaLab's 1.5 and "
        "1.8 are read.",
    ),
    "import/form": (
        "Predictions of this form cannot be carried over.",
        "Run lengths, boxes and files in cells belong to images with annotations. Bring the annotations into one of "
        "the formats that `compete list readers` names and begin with `compete init`.",
    ),
    "import/hidden-labels": (
        "The labels of the test items are not there, so the test cannot be scored (a warning).",
        "Platforms keep them. A new test is split off the training items instead; whoever hosts the competition can "
        "put solution.csv into the folder and import again.",
    ),
    "import/metric": (
        "The metric is not known, and another one stands in its place (a warning).",
        "Platforms do not tell it in what can be downloaded. Look at the evaluation page, then at `compete list "
        "metrics`, and write it into challenge.yaml; a metric of your own is a function in metric.py.",
    ),
    "import/left-out": (
        "Something has no place in challenge.yaml (a note).",
        "It is named so that nobody believes it was carried over.",
    ),
}
