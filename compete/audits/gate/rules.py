"""What ``compete explain`` tells about the rules of the leak gate."""

from __future__ import annotations

GATE_RULES = {
    "leak/label-column": (
        "A column of a public table is the hidden label.",
        "It bears the label's name, equals it, stands for it one to one, or stands in its order. Or test items stand "
        "in a training table. Name the `data.features` that participants may see, and nothing else becomes public.",
    ),
    "leak/foreign-column": (
        "A public table has a column that is none of the challenge's.",
        "The test's table has the features of the training table and nothing else; the training table has the labels "
        "beside them; groups and subgroups have a table of their own. Whatever else stands there can tell anything. "
        "Build the bundle again.",
    ),
    "leak/leftover": (
        "A file is left from a program: a repository, a backup, a cache.",
        "Such files keep what was there before, and an earlier state of a repository has told the labels of a whole "
        "competition. Remove it.",
    ),
    "leak/unknown-file": (
        "A public file is of no kind that a bundle holds, or is in no list.",
        "Whatever nobody looks at can tell anything. Remove it; what participants need goes into `pages`.",
    ),
    "leak/file-of-test-item": (
        "A public file belongs to a test item and is not its image.",
        "A mask, a placeholder or a region to be ignored tells something of the item even if it is empty. Remove it.",
    ),
    "leak/files-of-items": (
        "An item has no file, or a file belongs to several items.",
        "Which items are without a file can depend on their labels. Build the bundle again.",
    ),
    "leak/link": (
        "A public entry is a link, a pipe, or a file that has a second name.",
        "A link names the private original, and a second name keeps its times. Copy the files.",
    ),
    "leak/private-path": (
        "A public text names a path or an account of the machine that made it.",
        "Paths often hold the names of people, of classes and of splits. Remove them.",
    ),
    "leak/sample": (
        "The sample submission knows more than a constant.",
        "Items that look the same must get the same prediction in it; of an ordering, every list must stand sorted as "
        "text. Build the bundle again; the sample is then made of the training labels alone.",
    ),
    "leak/row-order": (
        "The order of rows tells the labels.",
        "Tables that keep the source's order often keep its sorting by class: competitions were won with the row "
        "number. Looked at are trends, neighbours and every period up to 64, against permuted labels.",
    ),
    "leak/usage": (
        "Something public tells which test items count for the private score.",
        "Participants could then tune on the others alone. Divide the test by chance, or by group.",
    ),
    "leak/usage-column": (
        "A public column tells which test items count for the private score.",
        "Participants could tune on the others alone. Leave the column out of `data.features`.",
    ),
    "leak/ids": (
        "The ids tell the labels.",
        "Their length, letters, digits or numbers go with the label. Leave out `data.ids`, and opaque ids are made.",
    ),
    "leak/computable-ids": (
        "The ids can be computed.",
        "An id that is a digest of a row number, a name or a label can be made again by anybody who guesses how, "
        "however it looks. Leave out `data.ids`; opaque ids are made with a secret key.",
    ),
    "leak/gaps": (
        "Numbers leave gaps where the test was.",
        "Where the objects of all images were numbered in one go, the gaps tell how many objects a hidden image has. "
        "Number them anew.",
    ),
    "leak/file-names": (
        "The names of the files tell the labels.",
        "Build the bundle again; files are then named by opaque ids.",
    ),
    "leak/time-of-file": (
        "Files tell when they were written.",
        "Files that were written class by class tell the class. Every file of a bundle bears the same time; copy it "
        "with times kept (cp -p, rsync -a), or build it again.",
    ),
    "leak/mode-of-file": (
        "Files have modes or owners of their own.",
        "All files of a bundle can be read by all and written by their owner. Build it again.",
    ),
    "leak/attributes": (
        "Files have extended attributes.",
        "Few programs show them; some systems keep there where a file was downloaded. Remove them.",
    ),
    "leak/listing-order": (
        "The order in which the file system lists files tells the labels.",
        "It keeps the order in which files were made. Copy the files in the order of their names.",
    ),
    "leak/archive": (
        "An archive tells more than its content.",
        "Times, comments, extra fields, order and packing of members can each go with the label. Write it with one "
        "time and one mode, in the order of names, not packed.",
    ),
    "leak/file-size": (
        "The lengths of files tell the labels.",
        "Without opening a file, from its length alone, a competition on whale calls was solved with an AUC of 0.997."
        " Convert all images alike, or accept it: pictures of one class may simply be simpler.",
    ),
    "leak/image-size": (
        "Width, height or kind of the images tell the labels.",
        "Classes that come from different sources have different sizes. Convert all images alike, or accept it.",
    ),
    "leak/image-metadata": (
        "An image file holds more than pixels.",
        "EXIF, comments, colour profiles, thumbnails, text chunks: build the bundle again, which keeps pixels alone.",
    ),
    "leak/trailing-bytes": (
        "An image file has bytes after its end.",
        "No viewer shows them. Build the bundle again.",
    ),
    "leak/coder": (
        "How images were packed tells the labels.",
        "Tables, sampling and settings name the program and its quality. Where classes come from different sources "
        "they tell the class. Convert all images alike.",
    ),
    "leak/compression-traces": (
        "Traces of an earlier compression tell the labels.",
        "Packing anew does not erase history: the steps of an earlier JPEG stay in the pixels, block by block. They "
        "are compared with the same pixels four further on, where no block begins, and with what the images show. "
        "Scaling all images to a common size removes most of it.",
    ),
    "leak/border": (
        "Borders or corners tell the labels.",
        "A model will find letterboxes, scale bars and burned-in text before it finds what you mean. Crop or cover "
        "them, or accept it where it belongs to what is shown.",
    ),
    "leak/brightness": (
        "The mean brightness of images, or how much it varies, tells the labels.",
        "That may be what is shown, or the lamp of one laboratory. A score that is no better than what these two "
        "numbers reach has learned nothing else.",
    ),
    "leak/same-image": (
        "The same image stands on two sides of the split.",
        "Its label can be copied. Remove the copies, or give them one `data.group`.",
    ),
    "leak/same-row": (
        "The same row stands on two sides of the split.",
        "It has so many features that chance would not make it twice. Remove the copies, or give them one "
        "`data.group`.",
    ),
    "leak/label-conflict": (
        "The same image has two labels in the test.",
        "One of them is wrong, and who predicts well is punished. Look which.",
    ),
    "leak/near-image": (
        "Nearly the same image stands on two sides of the split.",
        "Turned, mirrored, scaled or packed anew, it is the same picture with the same label. Give both one "
        "`data.group`.",
    ),
    "leak/overlap": (
        "Two sides of the split show parts of one scene.",
        "Tiles that overlap, or shifted views: what was learned of the one answers the other. Give them one "
        "`data.group`.",
    ),
    "leak/group": (
        "A group stands on two sides of the split.",
        "A patient, site or camera in train and in the test inflates every score.",
    ),
    "leak/unsaid-group": (
        "A column looks like a group that nobody declared.",
        "Its values are repeated in train and in the test, and who copies the label of the same value is right more "
        "often than chance. If it names patients, sites or days, declare it as `data.group`.",
    ),
    "leak/linked": (
        "Test items are strangely near to single training items of the same label.",
        "Much nearer than to any other, and of the same label more often than the next nearest are: a sign that the "
        "two are of one patient, camera or scene. Find what joins them and name it as `data.group`.",
    ),
    "leak/time": (
        "The split is by time, but not all of it.",
        "Some training items are later than test items, so the future is known. Split with `split.time`.",
    ),
    "leak/target-in-feature": (
        "Single features alone nearly tell the label.",
        "An error from an AUC of 0.95, a warning from 0.8. Often such a feature is known only after the label is, or "
        "was made from it: leave it out with `data.drop`. Some measurements are honestly so good; if yours is known "
        "when a prediction is made, accept it and say why.",
    ),
    "leak/fitted-on-test": (
        "A feature was computed with the test items counted in.",
        "A mean label of a category over all items tells hidden labels. Compute it from train alone.",
    ),
    "leak/shift": (
        "Train and test differ.",
        "What can be seen of an item tells whether it is in the test. Where that is meant (another time, another "
        "place) it is as it must be.",
    ),
    "leak/annotation-keys": (
        "A COCO file holds more than it may.",
        "Of test images: id, file name and size, and the categories. Build the bundle again.",
    ),
    "leak/categories": (
        "The categories of COCO files differ.",
        "Which classes a file lists, and in which order, tells what is frequent in it. All list all classes by number.",
    ),
    "leak/class-counts": (
        "A page tells how many test items a class has.",
        "With the counts predictions can be shifted until they fit. Remove the numbers.",
    ),
    "leak/digest": (
        "A public file holds a digest of hidden labels.",
        "With few kinds of labels all possibilities can be tried. Publish a digest of labels and a long random text.",
    ),
    "leak/computable-split": (
        "The split can be computed.",
        "A usual seed and a usual function give it again, to anybody who has the source. Use a random seed of 16 or "
        "more characters, and keep it private.",
    ),
    "leak/private-content": (
        "A public file holds what is private.",
        "The key, a line of the solution or a run of hidden labels, in plain text, in hex or base64, or packed.",
    ),
    "leak/source-ids": (
        "Test items bear the ids of their source.",
        "Whoever can get the source can look the labels up. Leave out `data.ids: keep`.",
    ),
    "leak/spelling": (
        "How numbers and missing values are spelt tells the labels.",
        "Decimals, signs and spellings of absent values name the table that a row came from. Write all in one way. "
        "What follows from the numbers themselves, as 0.0 and 1e-05 where one program wrote a column, is no sign; "
        "decimals are compared among numbers of about the same size.",
    ),
    "leak/row-bytes": (
        "Quotes, blanks or line ends of rows tell the labels.",
        "Build the bundle again; tables are then written in one way.",
    ),
    "leak/test-ids": (
        "A page or program names test items.",
        "What is said of them there can tell their labels. The first few, quoted as an example, do no harm.",
    ),
    "leak/holes": (
        "Files have holes.",
        "They take less room than their bytes; which ones do can tell how they were made. Copy them without holes.",
    ),
    "leak/subgroup": (
        "A subgroup tells the label.",
        "Scores by this subgroup are scores by class. Do not tell it, or accept it.",
    ),
    "leak/small-subgroup": (
        "Scores of very small subgroups are shown.",
        "From a score of a few items single labels can be told. Set `score.smallest_subgroup` to 20.",
    ),
    "leak/few-items": (
        "There are too few items to find every leak.",
        "Statistical probes are compared with permuted labels. What chance makes in less than one of a hundred bundles "
        "is a warning; only what it makes in less than one of a thousand stops a build. With few items a weak leak "
        "cannot be told from chance: the message says what would have been found.",
    ),
    "leak/some-items": (
        "Statistics were made of some of the items.",
        "What is sure is looked for in all files. What has to be compared with chance is measured on items that are "
        "drawn by chance: a build takes 2,000 items, and of images as many as have 20 million pixels together to be "
        "searched for traces of compression; `compete audit BUNDLE` takes 5,000 items and 200 million pixels. The "
        "message says what is found so.",
    ),
    "leak/accepted": (
        "A leak was accepted.",
        "Somebody looked at a finding and decided to keep the bundle (`--accept-leak RULE --because TEXT`). Rule and "
        "reason stand in private/private-manifest.json.",
    ),
    "leak/not-found": (
        "A leak was accepted that is not there.",
        "The rule is unknown, or nothing was found under it. `compete list rules` names all.",
    ),
}
"""Every rule of the gate: one line, and a paragraph."""

TOLD_ONLY = frozenset({"leak/few-items", "leak/some-items", "leak/accepted", "leak/not-found"})
"""Rules under which nothing can be accepted."""
