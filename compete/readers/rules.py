"""What each fault of the data means, for ``compete explain``: rule -> (one line, one paragraph)."""

from __future__ import annotations

DATASET_RULES = {
    "dataset/missing-file": (
        "A file that the challenge or the table names does not exist.",
        "Paths in challenge.yaml are relative to challenge.yaml; paths in the `file` column are relative to "
        "`data.images`, or to the folder of the table. Mind capitals: many servers tell a.PNG from a.png.",
    ),
    "dataset/file-outside": (
        "A file lies outside the folder of images.",
        "A path with .. or a symbolic link leads out of the folder. A bundle must not publish by mistake what lies "
        "elsewhere on your machine: move the file inside, or set `data.images` to the folder above.",
    ),
    "dataset/repeated-file": (
        "Several rows name the same image.",
        "One picture under several ids is often one item entered twice, and can land in train and test alike. Remove "
        "the copies, or put the rows into one `group`.",
    ),
    "dataset/not-a-table": (
        "The file is not a table of text.",
        "The csv reader reads text with commas, semicolons or tabs. Open a workbook or database in its program and "
        "save the sheet as CSV (UTF-8).",
    ),
    "dataset/encoding": (
        "The table is not UTF-8.",
        "It was read as the encoding that the message names. Look at letters such as é, ø, µ in the result, or save "
        "the table as UTF-8.",
    ),
    "dataset/control-character": (
        "The table holds a NUL or another control character.",
        "Such bytes come from damaged or binary files and make different programs read different cells. Remove them.",
    ),
    "dataset/quoting": (
        "A quote is opened and never closed, or text follows a closing quote.",
        "Everything after a stray quote would be read as one cell. Inside a quoted cell a quote is written twice.",
    ),
    "dataset/empty-table": (
        "The table has no rows.",
        "A competition needs items. Look whether the right file is named, and whether all labels are missing.",
    ),
    "dataset/delimiter": (
        "Cells are separated by something other than commas.",
        "Semicolons and tabs are read as well; the message says what was found. Nothing needs to be done if it is "
        "right.",
    ),
    "dataset/header": (
        "Column names are empty or stand twice.",
        "Columns are found by name. A name that stands twice is refused. A column without a name is left out; a first "
        "one is usually the row number that pandas or R wrote along.",
    ),
    "dataset/header-space": (
        "Column names begin or end with spaces.",
        "The spaces belong to the name and must be written in challenge.yaml too; better remove them in the table.",
    ),
    "dataset/ragged-row": (
        "Rows have more or fewer cells than the header.",
        "Usually a cell holds the separator and needs quotes, or a line break fell into a cell.",
    ),
    "dataset/missing-column": (
        "Challenge.yaml names a column that the table does not have.",
        "Names must match exactly, capitals and spaces included. The message names the nearest column.",
    ),
    "dataset/missing-id": (
        "Rows have no id.",
        "Every item needs an id that says which row it is. Fill the cells, or leave `data.id` out to count rows.",
    ),
    "dataset/repeated-id": (
        "Several rows share an id.",
        "An id names one item. If the column names a patient or site instead, it is a `group`; if two columns together "
        "name an item, give both: id: [site, frame].",
    ),
    "dataset/missing-label": (
        "Rows have no label.",
        "Without a label an item can neither be learned nor scored, so these rows are left out of the competition. "
        "Spellings taken for missing: blank, NA, N/A, n/a, #N/A, NaN, nan, NULL, null, <NA>. If one of them is a "
        "class, list it in `data.classes`.",
    ),
    "dataset/missing-group": (
        "Rows belong to no group.",
        "Each of these rows is treated as a group of its own. If they may belong together (an unknown patient seen "
        "twice), drop them or name them.",
    ),
    "dataset/doubtful-value": (
        "Cells hold a mark that often means missing.",
        "Marks such as ?, -, . and None are taken as values. Blank them in the table if they mean that nothing is "
        "known.",
    ),
    "dataset/similar-labels": (
        "Labels differ only by capitals or spaces.",
        "They are counted as different classes, and no model can tell them apart. Make them equal in the table.",
    ),
    "dataset/single-class": (
        "All items have the same label.",
        "There is nothing to tell apart. Look whether the right column is named as label.",
    ),
    "dataset/rare-class": (
        "A class has very few items.",
        "With fewer than three items a class cannot be in train, public test and private test at once.",
    ),
    "dataset/many-classes": (
        "Nearly every item has its own label.",
        "This looks like an id or a number and not like classes. A number to predict is `task: regression`.",
    ),
    "dataset/not-a-number": (
        "Cells that must be numbers are not.",
        "Numbers have a decimal point, no thousands mark and no unit; inf and nan are no numbers.",
    ),
    "dataset/not-a-date": (
        "Cells that must be dates are not.",
        "Dates begin with the year: 2024, 2024-01, 2024-01-31, 2024-01-31 08:05, also with / or : between. 3/4/2024 is "
        "refused, because it is March in one country and April in another.",
    ),
    "dataset/unknown-part": (
        "A given split holds values that mean no part.",
        "`split.column` says of each item whether it is train or test, or train, public or private. Other words are "
        "mapped with `split.values`, for example {train: [train, val], test: holdout}.",
    ),
    "dataset/not-a-flag": (
        "Cells of a multilabel column are neither 0 nor 1.",
        "Each label column says 1 (yes) or 0 (no) for every item.",
    ),
    "dataset/file-name": (
        "File names hold characters that cannot be shown.",
        "Such names cannot be written into a table of text. Rename the files with letters, digits, - and _.",
    ),
    "dataset/stray-file": (
        "Files in the folder are not images of a class.",
        "Files beside the class folders, files that are no images and folders within class folders are left out.",
    ),
    "dataset/empty-class": (
        "A class folder holds no image.",
        "The class cannot be learned or tested. Add images or remove the folder.",
    ),
}
