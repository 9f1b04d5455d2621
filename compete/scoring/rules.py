"""What every fault of a submission means, why it is refused, and how to mend it."""

from __future__ import annotations

from typing import Optional

RULES: dict[str, tuple[str, str]] = {
    "submission/unreadable": (
        "The file could not be read.",
        "There is no file of that name, it is a folder or a device, its permissions forbid reading, or it changed "
        "while it was read. Look at the spelling and the folder, and name one regular CSV file.",
    ),
    "submission/empty-file": (
        "The file holds no rows.",
        "A submission is a header line and one row for every test item. An empty file, or a header alone, is most "
        "often a program that stopped before it wrote. Write the file anew.",
    ),
    "submission/encoding": (
        "The text is not in UTF-8.",
        "Other encodings change letters outside plain English, and an id that changed matches nothing. Excel: save "
        "as 'CSV UTF-8'. Python: open(..., encoding='utf-8'). R: write.csv(..., fileEncoding='UTF-8').",
    ),
    "submission/not-csv": (
        "The file is not comma-separated text.",
        "Only CSV is read: plain text, a comma between columns, one row a line. Save a spreadsheet as CSV, unpack "
        "archives, and use commas rather than semicolons or tabs.",
    ),
    "submission/line-ending": (
        "Lines end in a way that CSV does not know.",
        "Lines must end with LF or with CR LF. A lone carriage return comes from old Mac programs, a doubled one "
        "from Python's csv module without newline=''. Other Unicode line separators are not line ends.",
    ),
    "submission/quoting": (
        "Quotation marks do not match.",
        "A cell is either quoted whole or holds no quotation mark; inside a quoted cell a mark is doubled. After an"
        " open quote nobody can tell where cells end, so nothing is guessed. Let a CSV writer do the quoting.",
    ),
    "submission/control-character": (
        "Invisible control bytes stand in the text.",
        "NUL and other control bytes never belong in an id or a value; some programs stop reading there, so that "
        "two different ids look alike. They come from broken downloads or binary writes. Write the file anew.",
    ),
    "submission/missing-column": (
        "A column that was asked for is not there.",
        "The header must name exactly the columns of sample_submission.csv, in any order. Case and spaces count.",
    ),
    "submission/extra-column": (
        "A column that was not asked for is there.",
        "What is not asked for is not read, and a column nobody reads hides mistakes: often row numbers that pandas"
        " or R added. Leave it out (index=False, row.names=FALSE).",
    ),
    "submission/repeated-column": (
        "Two columns have the same name.",
        "Nobody can tell which of the two is meant. Name each column once.",
    ),
    "submission/ragged-row": (
        "A row has more or fewer cells than the header.",
        "A comma too many (a decimal comma, an unquoted comma in a text) or a row cut off half-way shifts values "
        "into other columns. Such rows are not read. Write decimal points, quote texts that hold commas, upload "
        "whole files.",
    ),
    "submission/blank-line": (
        "Blank lines stand between rows (a warning).",
        "They are passed over and change no value, but often tell that a program wrote line ends twice.",
    ),
    "submission/repeated-id": (
        "An item has more than one row.",
        "Each test item is predicted once. Even rows that agree are refused, for a repeated row is the sign of a "
        "join or loop that went wrong. Keep one row an item.",
    ),
    "submission/unknown-id": (
        "A row names no test item.",
        "Ids are text and are compared exactly: case, spaces, leading zeros, file endings and hidden characters "
        "count. Read them as text (dtype=str) from the sample submission and write them unchanged.",
    ),
    "submission/missing-id": (
        "A test item has no row.",
        "Every test item needs a prediction; leaving out hard ones must not pay. Predict the remaining items.",
    ),
    "submission/empty-cell": (
        "A cell is empty.",
        "Every item needs an id and a value in every column; NA, null and nan are no values. Fill in the most "
        "common class, the mean, or what your model says without the missing feature.",
    ),
    "submission/not-a-number": (
        "A cell holds no plain number.",
        "Numbers are digits with an optional point and exponent: 12, -0.5, 1.5e-7. Decimal commas, percent signs, "
        "thousands separators, underscores, spaces and words are refused rather than guessed.",
    ),
    "submission/not-finite": (
        "A cell holds nan or infinity.",
        "No metric has a meaning for them; they come from a division by zero or a logarithm of zero. A number "
        "beyond 1.8e308 counts as infinite too. Replace them before you write the file.",
    ),
    "submission/out-of-range": (
        "A value lies outside the range allowed.",
        "Probabilities go from 0 to 1; other values have the range that the challenge states. Percentages must be "
        "divided by 100, and raw scores need a sigmoid or softmax.",
    ),
    "submission/unknown-label": (
        "A cell holds no label of the challenge.",
        "Labels come from a closed list and are compared exactly. A class number, another spelling, or '1.0' for "
        "'1' is not in the list. Write the names as they stand in train.csv.",
    ),
    "submission/probabilities-sum": (
        "The probabilities of a row do not sum to 1.",
        "The columns are one distribution: the class probabilities of a row sum to 1 within 0.001. Otherwise one "
        "could claim certainty for every class at once. Divide each row by its sum, or write more decimals.",
    ),
    "submission/too-large": (
        "The file, a row or a cell is larger than allowed.",
        "Limits protect the machine that scores. A submission needs one row an item and short cells; a larger one "
        "most often holds the wrong table, or a quote that was never closed.",
    ),
}
"""Rule → what it means in one line, and a paragraph: why it is refused and how to mend it."""


def explanation(rule: str) -> Optional[tuple[str, str]]:
    """What a rule means, also where a bundle's table breaks it (``bundle/ragged-row``); None for other rules."""
    return RULES.get("submission/" + rule.rpartition("/")[2])
