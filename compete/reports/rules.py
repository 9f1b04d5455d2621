"""What findings about reports mean."""

from __future__ import annotations

REPORT_RULES = {
    "report/reference": (
        "The reference population cannot be compared with the data.",
        "Give a CSV with columns attribute, value and share (or count), one row a value; or one column for each "
        "attribute, named as columns or subgroups of the data are, a row for each combination, and share or count. "
        "Values must be spelt as in the data.",
    ),
    "report/for-participants": (
        "A copy for participants is made of a bundle alone.",
        "It tells what public/ holds, and nothing else. Build the challenge first: compete build CHALLENGE -o BUNDLE, "
        "then compete report BUNDLE --for participants -o REPORT.html.",
    ),
}
"""Every rule of reports: one line, and a paragraph."""
