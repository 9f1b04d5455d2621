"""The rules that exports to Kaggle, Hugging Face and MLE-bench name, with what they mean."""

from __future__ import annotations

TABLE_RULES = {
    "export/ambiguous-text": (
        "Labels or ids can no longer be told apart when pandas has read them.",
        "Kaggle and MLE-bench read a submission with pandas before it is scored: `007` and `7` are then the same "
        "number, and `NA` and `None` are nothing. Write such labels with a letter in front; let `data.ids` be made "
        "anew.",
    ),
    "kaggle/folder": (
        "This is not a folder of Kaggle's host flow.",
        "It holds competition-metadata.json, settings.yaml, pages/, data/ for participants, solution.csv and "
        "metric.py.",
    ),
    "kaggle/metadata": (
        "`kaggle competitions create` would stop at competition-metadata.json.",
        "It needs title, slug (lower-case letters, digits, hyphens), briefDescription and privacy (PUBLIC, LIMITED "
        "or PRIVATE); nothing may still begin with INSERT_. What it reads of numbers and rewards must be whole "
        "numbers.",
    ),
    "kaggle/settings": (
        "`kaggle competitions settings update` would stop, and set nothing.",
        "It knows a closed list of fields, in snake_case or camelCase, and the kind of each. A date stands in "
        "quotes, with its time. Metric, submissions a day, team size and prizes are set in the browser.",
    ),
    "kaggle/solution": (
        "Kaggle could not set up this solution, or would score with what was not meant.",
        "One CSV in UTF-8: the id first, each id once, what is to be predicted, and Usage. One that `compete "
        "export` wrote holds the truth a second time in its last column; it must not be changed by hand.",
    ),
    "kaggle/usage": (
        "Rows of the solution are not dealt out to the public and the private leaderboard.",
        "Kaggle calls a metric once for the rows whose Usage is Public and once for those that are Private; Ignored "
        "ones are left out. Both must be there, spelt so.",
    ),
    "kaggle/sample": (
        "The sample submission does not fit the solution.",
        "Kaggle refuses submissions that do not look like it, and a competition cannot be launched before one "
        "submission has been scored. It has a row for each item of the solution, under the same id.",
    ),
    "kaggle/data": (
        "The files for participants hold what they should not, or what would be lost.",
        "All of data/ is public after the launch: no solution, no Usage, no label of a test item. Links are not "
        "followed, and names that begin with a dot are left out of the upload.",
    ),
    "kaggle/metric": (
        "Kaggle's validation would turn the metric down, or participants would see no reason for a refusal.",
        "score(solution, submission, row_id_column_name, …) with these three names first, an annotation on every "
        "argument and on the result, and a docstring. Only words of ParticipantVisibleError reach participants.",
    ),
    "kaggle/page": ("A page is empty.", "Write what participants should read there, or remove the file."),
    "kaggle/one-score": (
        "Kaggle shows one number a part (a note).",
        "Further metrics, subgroups and intervals are told by `compete score`, on the same submissions: download "
        "them from Host → All Submissions.",
    ),
    "export/converted": (
        "Submissions are turned into tables for this platform (a note).",
        "Kaggle and MLE-bench take CSV alone. `to_csv.py`, which comes with the data, writes one row an image: COCO "
        "results as a JSON list, label images in base64. Nothing is lost, and scores are the same.",
    ),
    "huggingface/folder": (
        "This is not the repository of a Hugging Face competition.",
        "It holds conf.json, COMPETITION_DESC.md, DATASET_DESC.md and solution.csv, with a custom metric also "
        "metric.py.",
    ),
    "huggingface/config": (
        "The competition's space would stop at conf.json, or behave as nobody meant.",
        "All keys are read without defaults: SUBMISSION_LIMIT, SELECTION_LIMIT, TIME_LIMIT and SUBMISSION_ROWS as "
        'numbers, END_DATE as "YYYY-MM-DD", EVAL_HIGHER_IS_BETTER as 0 or 1, EVAL_METRIC as the name of a function '
        "of sklearn.metrics or custom, and then SCORING_METRIC.",
    ),
    "huggingface/solution": (
        "Every submission would fail, or be scored on the wrong rows.",
        "solution.csv has the id column, what is to be predicted, and split: public or private, in lower case. A "
        "submission that cannot be scored is FAILED without a word to the participant.",
    ),
    "huggingface/metric": (
        "The metric could not be called.",
        'compute(params) returns {"public_score": {name: number}, "private_score": {…}} with the same names in '
        "both; SCORING_METRIC is one of them.",
    ),
    "huggingface/page": (
        "A page is missing or empty.",
        "COMPETITION_DESC.md and DATASET_DESC.md are required; SUBMISSION_DESC.md and RULES.md are shown where they "
        "are.",
    ),
    "huggingface/names": (
        "A metric has a name that the leaderboard needs for itself.",
        "id, rank, selected and submission_datetime are its own columns. Give the metric another name: metric: "
        "{name: …, metric: …}.",
    ),
    "huggingface/no-reason": (
        "Participants are not told why a submission failed (a note).",
        "Hugging Face shows FAILED and nothing else; the reason stands in the log of the space. Ask participants to "
        "run `compete validate` before they send.",
    ),
    "mlebench/folder": (
        "This is not a competition of MLE-bench.",
        "It is mlebench/competitions/ID with config.yaml, grade.py, prepare.py, description.md, leaderboard.csv and "
        "checksums.yaml.",
    ),
    "mlebench/config": (
        "The registry of MLE-bench would stop at config.yaml.",
        "It needs id (the name of the folder), name, competition_type, description, dataset.answers (.csv or "
        ".jsonl), dataset.sample_submission, grader.name, grader.grade_fn and preparer, and the files and functions "
        "that these name.",
    ),
    "mlebench/leaderboard": (
        "Medals would go to the wrong submissions.",
        "leaderboard.csv has a column score, best first: whether higher is better follows from its first and last "
        "row, and with one row, or all alike, higher is taken to be better.",
    ),
    "mlebench/code": (
        "A function of the competition could not be called.",
        "grade(submission, answers) returns a number and raises InvalidSubmissionError for what an agent must mend; "
        "prepare(raw, public, private) has these three arguments in this order.",
    ),
    "mlebench/checksums": (
        "`mlebench prepare` would refuse the data.",
        "checksums.yaml holds MD5 of the downloaded zip, and of every .csv, .json, .jsonl, .parquet and .bson that "
        "lies directly in public/ and private/.",
    ),
    "mlebench/rounded": (
        "MLE-bench rounds scores to five digits (a note).",
        "`compete score` tells all of them; medals are given by the rounded ones.",
    ),
}
