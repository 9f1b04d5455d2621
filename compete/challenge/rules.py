"""What each fault of a challenge means, for ``compete explain``: rule -> (one line, one paragraph)."""

from __future__ import annotations

from compete.challenge.yaml12 import MOST_BYTES, MOST_DEPTH, MOST_VALUES

CHALLENGE_RULES = {
    "challenge/yaml-encoding": (
        "The file is not UTF-8 text.",
        "A challenge is written in UTF-8 (a byte-order mark is fine), without control characters. Save the file again "
        "as UTF-8 in your editor.",
    ),
    "challenge/yaml-syntax": (
        "The file is not well-formed YAML.",
        "The place named is where reading stopped; the cause is there or on the line before. The usual ones: a tab "
        "instead of spaces, a missing space after a colon, a quote or bracket that is never closed, a line that "
        "stands too far left or right, text with a colon that needs quotes.",
    ),
    "challenge/yaml-repeated-key": (
        "A key stands twice in one block.",
        "Most YAML readers silently keep the last of two equal keys. We refuse, because one of the two is not what you "
        "meant. Remove one.",
    ),
    "challenge/yaml-key": (
        "A key is not plain text.",
        "Keys are words. A list, a mapping or an alias cannot be a key.",
    ),
    "challenge/yaml-tag": (
        "A value carries a tag such as !!str or !python/object.",
        "Tags can make a reader build arbitrary objects, and nothing here needs them. To keep a number as text, write "
        "it in quotes.",
    ),
    "challenge/yaml-alias": (
        "An alias names no anchor, or itself.",
        "`*name` repeats what `&name` marked earlier in the same file. The name must have been marked before, and not "
        "around the alias itself.",
    ),
    "challenge/yaml-too-large": (
        "The file is larger or deeper than a challenge can be.",
        f"At most {MOST_BYTES:,} bytes, {MOST_DEPTH} levels and {MOST_VALUES:,} values, counted after aliases are "
        "written out: so a few lines cannot grow into gigabytes.",
    ),
    "challenge/yaml-several-documents": (
        "The file holds several documents.",
        "A line of `---` starts a new document. A challenge is one document; remove the line or split the file.",
    ),
    "challenge/yaml-number": (
        "A number is not finite, or too long.",
        "`.inf`, `.nan`, numbers beyond 1.8e308 and numbers of hundreds of digits mean nothing here. Text that looks "
        "like a number goes in quotes.",
    ),
    "challenge/yaml-empty": (
        "The file says nothing.",
        "A challenge needs at least a name, a title, a task, data, a split and a score; `compete init` writes a start.",
    ),
    "challenge/missing-file": (
        "There is no challenge.yaml at this place.",
        "Name the folder that holds challenge.yaml, or the file itself. `compete init DIR --from csv:table.csv` writes "
        "a first one from your data.",
    ),
    "challenge/not-a-mapping": (
        "The file is not a list of `key: value` lines.",
        "The outermost level of a challenge is keys such as name, title, task, data, split and score.",
    ),
    "challenge/unknown-key": (
        "A key that no challenge has.",
        "A misspelt key would silently leave the default in force, so unknown keys are refused. The message names the "
        "nearest known key, or the block where the key belongs. `compete list schema` prints all keys.",
    ),
    "challenge/missing-key": (
        "A key that every challenge needs is absent.",
        "Some things cannot be guessed: what to predict, where the data is, what ranks, and the seed. Add the key in "
        "the block that the message names.",
    ),
    "challenge/wrong-type": (
        "A value is of the wrong kind.",
        "For example text where a number belongs (`\"0.3\"` in quotes is text), one name where a list belongs, or "
        "nothing at all after the colon.",
    ),
    "challenge/unknown-value": (
        "A value is none of the words that are known here.",
        "Some keys take one of a few words. The message lists them and names the nearest.",
    ),
    "challenge/out-of-range": (
        "A number is too small or too large.",
        "Fractions lie between 0 and 1, counts are not negative. The message tells the limits.",
    ),
    "challenge/malformed": (
        "A text does not have the form it must have.",
        "For example a name with capitals or spaces, an ORCID with too few digits, an empty title. The message tells "
        "the form.",
    ),
    "challenge/wrong-length": (
        "A list holds too few or too many entries.",
        "For example classes with a single entry, or a range that is not two numbers.",
    ),
    "challenge/repeated-name": (
        "A name stands twice where each must be told apart.",
        "Columns of a list, subgroups, combinations and further metrics are told apart by name, and the files of the "
        "bundle have one column a name. Rename or remove one.",
    ),
    "challenge/contradiction": (
        "Two keys cannot both hold.",
        "For example `features` together with `drop`, a split by time together with a given split, or an option of a "
        "metric of your own where the metric is not yours. Keep one.",
    ),
    "challenge/undeclared-subgroup": (
        "A combination is over a subgroup that is not declared.",
        "`score.combine[].over` names one of `data.subgroups`, by its name (not by its column).",
    ),
    "challenge/label-shown": (
        "A label or split column is among the features.",
        "Participants would see what they must predict, or which items are private. Take the column out of `features`.",
    ),
    "challenge/task-mismatch": (
        "A key does not fit the task.",
        "Multilabel needs a list of label columns, classification exactly one; classes and a positive class belong to "
        "classification; a regression is answered with values.",
    ),
    "challenge/bins": (
        "The edges of bins do not ascend.",
        "Edges go from small to large, each once: [40, 60] makes `< 40`, `40 – 60` and `>= 60`.",
    ),
    "challenge/own-metric": (
        "The file of a metric of your own cannot be used.",
        "`metric.py:score` means the function `score` in the file metric.py beside challenge.yaml. The file must be "
        "inside the challenge's folder, because it travels with the bundle.",
    ),
    "challenge/unquoted-comma": (
        "A metric's name was cut at a comma.",
        "In a list in brackets a comma separates entries, also inside parentheses. Put the whole name in quotes: "
        '["fbeta(beta=2, positive=ill)"].',
    ),
    "challenge/missing-page": (
        "A page's file does not exist, or lies outside the challenge's folder.",
        "Pages are published with the bundle; each is a file inside the challenge's folder.",
    ),
}  # fmt: skip
