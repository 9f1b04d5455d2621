"""The rules that the exports to EvalAI, to grand-challenge and to nowhere name, with what they mean."""

from __future__ import annotations

EVALAI_RULES = {
    "evalai/not-a-zip": (
        "EvalAI could not unpack it.",
        "It takes a zip whose top holds challenge_config.yaml. Zip the files themselves, not the folder they lie in.",
    ),
    "evalai/unsafe-path": (
        "A member of the zip would be written outside the folder it is unpacked to.",
        "EvalAI refuses the whole archive. Zip the files from inside their folder.",
    ),
    "evalai/no-config": (
        "There is no challenge_config.yaml at the top of the zip.",
        "EvalAI looks for that name, or challenge_config.yml, at the top and nowhere else.",
    ),
    "evalai/two-configs": (
        "There are two configurations.",
        "Leave one: challenge_config.yaml or challenge_config.yml.",
    ),
    "evalai/yaml": (
        "The configuration cannot be read as YAML.",
        "The message names the line. EvalAI reads YAML 1.1: put texts with a colon in quotes.",
    ),
    "evalai/shape": (
        "A part of the configuration is not the list that EvalAI asks for.",
        "EvalAI would answer with HTTP 500 and no word of the cause. Leaderboards, phases, splits, prizes and sponsors "
        "are lists whose entries are mappings of keys to values.",
    ),
    "evalai/missing-key": (
        "A key is missing that EvalAI asks for.",
        "Of phases, splits and phase splits a missing id breaks the importer, which then answers with HTTP 500.",
    ),
    "evalai/missing-file": (
        "The configuration names a file that is not in the archive, or is empty, or of another kind.",
        "Paths are relative to challenge_config.yaml. Pages are .html, the script is a .zip, the logo a .jpg or .png; "
        "a logo that cannot be read refuses the whole configuration.",
    ),
    "evalai/field": (
        "A value is not what EvalAI's importer takes.",
        "Texts that look like numbers or dates need quotes. The message says what is asked for.",
    ),
    "evalai/dates": (
        "Start and end do not fit together.",
        "The start comes first. Write both in quotes or both without: compared with each other, a text and a time "
        "break EvalAI's importer (HTTP 500).",
    ),
    "evalai/leaderboard": (
        "The leaderboard is ordered by a column that it does not have.",
        "default_order_by is one of the labels, letter by letter.",
    ),
    "evalai/phase": (
        "Two settings of a phase exclude each other.",
        "Submissions cannot be public and restricted to one that the team chooses.",
    ),
    "evalai/twice": (
        "A codename, a rank or a combination stands twice.",
        "Each phase and each split has a codename of its own, and a phase, leaderboard and split meet once.",
    ),
    "evalai/stranger": (
        "A phase split names an id that there is not.",
        "The ids of phases, leaderboards and dataset splits stand in their own lists; 1 and '1' are not the same.",
    ),
    "evalai/too-long": (
        "A name is longer than EvalAI takes.",
        "Titles of challenges have at most 100 characters. Shorten it in challenge.yaml and build again.",
    ),
    "evalai/unrankable": (
        "The ranking score is not defined on one part, even for a perfect submission.",
        "EvalAI takes a missing score for 0, which ranks first where lower is better, so a submission without one "
        "fails: here all would. Choose another metric, or make the part larger.",
    ),
    "evalai/no-annotation": (
        "A phase has no annotations (a warning).",
        "EvalAI takes such a configuration, and then its worker breaks when it loads the challenge, so that no "
        "submission to any phase is scored.",
    ),
    "evalai/script": (
        "The evaluation script cannot be loaded (a warning).",
        "EvalAI takes the configuration all the same; the error shows up as failed submissions. The zip holds at its "
        "top an __init__.py that offers evaluate, and asks for nothing that its worker cannot install.",
    ),
    "evalai/old-worker": (
        "The worker runs a Python that is no longer maintained (a warning).",
        "Without the key worker_python_version it is 3.9, which our scoring program needs.",
    ),
    "evalai/order": (
        "The leaderboard is sorted the other way round than the phase split says (a warning).",
        "What schema.metadata says of the label overrules is_leaderboard_order_descending, and a label with metadata "
        "but without sort_ascending: false is sorted upwards: the worst would stand first.",
    ),
    "evalai/unused": (
        "A phase or a split stands in no phase split (a warning).",
        "A score for it fails the submission. Add an entry to challenge_phase_splits, or take it out.",
    ),
    "evalai/ignored": (
        "EvalAI passes something over without a word (a warning).",
        "Unknown keys, prizes with a description of more than 25 characters, and tags that are one text.",
    ),
    "evalai/no-intervals": (
        "Intervals have no column (a note).",
        "EvalAI shows one number a column. The intervals of the public part stand in the result file of each "
        "submission, those of the private part in the file that the host alone may read.",
    ),
}

GRAND_CHALLENGE_RULES = {
    "grand-challenge/nothing": (
        "Nothing of grand-challenge is here.",
        "Give the folder that compete export wrote, a container's folder, a saved image or a ground truth.",
    ),
    "grand-challenge/root": (
        "The container runs as root.",
        "grand-challenge refuses such an image. Make a user in the Dockerfile and switch to it: USER user.",
    ),
    "grand-challenge/processor": (
        "The image is, or may be, built for another processor.",
        "grand-challenge runs linux/amd64. Say so in FROM or to docker build: --platform=linux/amd64.",
    ),
    "grand-challenge/image": (
        "The saved image cannot be taken.",
        "It is one image, as docker save writes it, packed with gzip.",
    ),
    "grand-challenge/archive": (
        "An archive cannot be unpacked, or holds what grand-challenge would not.",
        "A ground truth is a .tar.gz of plain files with relative names.",
    ),
    "grand-challenge/settings": (
        "The settings of a phase are not what the platform takes.",
        "The message says which and how they are written.",
    ),
    "grand-challenge/unranked": (
        "Nobody would be ranked (a warning).",
        "score_jsonpath names the number of metrics.json that ranks, such as aggregates.dice.",
    ),
    "grand-challenge/unrankable": (
        "The ranking score is not defined on one part, even for a perfect submission.",
        "Every submission to that phase would be refused. Choose another metric, or make the part larger.",
    ),
    "grand-challenge/closed": (
        "The phase takes no submissions (a warning).",
        "A limit of 0 closes it, and 0 is what the platform begins with.",
    ),
    "grand-challenge/all-metrics": (
        "All of metrics.json is open to everybody (a warning).",
        "display_all_metrics is on unless it is turned off. Private scores never belong into the metrics.json of a "
        "phase whose results are shown.",
    ),
    "grand-challenge/ranked-column": (
        "A further column takes part in the ranking (a warning).",
        "A submission without a number there gets no rank at all. Set exclude_from_ranking to true.",
    ),
    "grand-challenge/path": (
        "A path leads to no number.",
        "Paths are cut at their dots: a.b is the entry b of the entry a. A key that holds a dot itself cannot be "
        "reached, and an evaluation without a number there is not ranked and nobody is told.",
    ),
    "grand-challenge/private-data": (
        "The ground truth of the development phase knows the private labels.",
        "compete export blots them out there: the same image then scores that phase on public items alone.",
    ),
    "grand-challenge/too-long": (
        "A metric's name is longer than the leaderboard takes.",
        "Give it a short name in challenge.yaml and build again.",
    ),
    "grand-challenge/uploads-only": (
        "Algorithms cannot make submissions of this form (a note).",
        "What an algorithm gives for each item is put together where it is JSON: values of a table's row, or COCO "
        "results of an image. Label images are sent as an archive.",
    ),
}

PLAIN_RULES = {
    "plain/missing-file": (
        "A file of the export is not there.",
        "The folder holds public.zip and private.zip; give that folder, or export again.",
    ),
    "plain/not-a-zip": (
        "An archive cannot be unpacked.",
        "It was damaged on its way, or is no zip at all. Export again.",
    ),
    "plain/unsafe-path": (
        "An archive holds links, or files that would be written elsewhere.",
        "compete export writes neither. Do not unpack it.",
    ),
    "plain/private-data": (
        "The archive for participants holds more than the public folder.",
        "Give it to nobody: what else it holds may be private. Export again.",
    ),
}
