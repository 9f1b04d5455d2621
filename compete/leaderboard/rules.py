"""What findings of the leaderboard mean."""

from __future__ import annotations

RANK_RULES = {
    "rank/nothing": (
        "There is nothing to rank.",
        "Name the submissions, or the folder they are in: compete rank BUNDLE --from FOLDER. In a folder each file is "
        "a team, and each folder is a team with all files in it; or submissions.csv says which file is whose.",
    ),
    "rank/list": (
        "The table of submissions cannot be read.",
        "It is a CSV file with the columns file and team, and if you like time (ISO 8601, such as 2025-03-31T18:00Z) "
        "and selected (yes or no). Files are named relative to the table, and lie below its folder.",
    ),
    "rank/option": (
        "An option of the leaderboard cannot be understood.",
        "The message says which one. `compete rank --help` shows what each of them takes.",
    ),
    "rank/no-time": (
        "It is not known when submissions were sent.",
        "A deadline and a daily limit need the column time of submissions.csv. When a file was last changed on disk "
        "says nothing: copying changes it.",
    ),
    "rank/other-file": (
        "A file in the folder is no submission by its name.",
        "Submissions end as the sample submission does, or are archives that hold one. Other files are left out.",
    ),
    "rank/refused": (
        "Submissions got no score.",
        "They are listed with the first thing that is wrong, and never ranked. `compete validate BUNDLE FILE` tells "
        "all that is wrong with one.",
    ),
    "rank/left-out": (
        "Submissions came too late or were too many.",
        "They are scored and listed, and do not count for their team: see --deadline, --per-day and --in-all. Times "
        "and days are UTC.",
    ),
    "rank/absent": (
        "A team has no submission that counts.",
        "All it sent was refused, too late or too much. It is not on the leaderboard.",
    ),
    "rank/copied": (
        "Different teams sent the same predictions.",
        "The predictions are the same to the last bit, whatever the order and spelling of the file. Teams that share a "
        "notebook, or one person with two accounts, look like this; ask them.",
    ),
    "rank/repeated": (
        "A team sent the same predictions again.",
        "This harms nobody; it is told because it costs a submission.",
    ),
    "rank/many-selected": (
        "A team selected more submissions than two.",
        "Its best private score of all of them counts, so that every one more is another draw. Two is the custom.",
    ),
    "rank/undefined": (
        "A team's score is not defined.",
        "The metric gives 0/0 for what it predicts. It stands last.",
    ),
    "rank/not-drawn": (
        "Nothing is told of how firm the ranking is.",
        "Drawing the test items again needs a metric of the catalog, two items or groups, and a score in most draws. A "
        "metric of your own (metric.py:score) is called once a part and not thousands of times.",
    ),
    "rank/few-groups": (
        "There are too few groups to tell how firm the ranking is.",
        "Items of one group are not independent, so whole groups are drawn. With fewer than about ten of them rank "
        "intervals and classes of equals are rough. A test with more groups helps.",
    ),
    "rank/tied-first": (
        "The test items cannot tell the first team from others.",
        "A paired bootstrap, corrected by Holm for all pairs, finds no difference. Share the prize, or rank by what "
        "was agreed beforehand; a larger test would tell more.",
    ),
    "rank/overfitted": (
        "A team does better on the public items than chance explains.",
        "Even the lower end of the interval of its gap between public and private score is above what choosing the "
        "best of so many submissions gains by luck. Where most teams have such a gap "
        "the public items are easier; where few have, they learnt from the public score. The private one is fair.",
    ),
    "rank/probing": (
        "A team's submissions look like questions about single labels.",
        "Several differ from the one before in hardly any row, or hold one prediction nearly everywhere. This is how "
        "labels are read out of public scores. Look at the files; --round and --ladder make it useless.",
    ),
}
