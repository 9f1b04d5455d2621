"""What ``compete explain`` tells about the rules of audits of a dataset."""

from __future__ import annotations

AUDIT_RULES = {
    "audit/label-spelling": (
        "Labels differ only by case, spaces, hyphens or the form of their letters.",
        "`No Finding`, `no_finding` and `no finding ` are three classes to a program and one to everybody else, so no "
        "model can tell them apart. Make them equal in the data.",
    ),
    "audit/label-form": (
        "A label has spaces around it, or letters in an unusual Unicode form.",
        "It looks like another text on the screen: é can be one character or two, and a space at the end is not seen. "
        "Submissions must spell labels exactly, so write them without spaces around and in Unicode's form NFC.",
    ),
    "audit/near-labels": (
        "A rare label differs by one letter from a common one.",
        "Platelts beside Platelets is a slip of the pen. Words that differ in a digit, and words of up to three "
        "letters, are not told.",
    ),
    "audit/value-spelling": (
        "Values of a subgroup or group are spelt in several ways.",
        "Each spelling counts by itself: a subgroup falls apart into small ones, and items of one patient can land in "
        "train and test. Make them equal in the table.",
    ),
    "audit/class-imbalance": (
        "Some class has ten times as many examples as another.",
        "That may be so in the world and right for the test. But a metric such as accuracy then hardly sees the rare "
        "classes: balanced_accuracy, f1_macro and matthews_corrcoef do.",
    ),
    "audit/small-class": (
        "A class has too few independent items for every part of the test.",
        "The message tells how many items, or groups where `data.group` is declared, are to be expected in the public "
        "and in the private part. With fewer than five a class's score is luck. Find more, join or drop such classes, "
        "or give the test a larger share with `split.test`.",
    ),
    "audit/missing-values": (
        "Cells have no value.",
        "Blank, NA, N/A, NaN, NULL and their like. Items without a value in a subgroup's column are scored as the "
        "subgroup `missing`. In features the text stays as it is.",
    ),
    "audit/missing-by-class": (
        "A blank cell goes with a class.",
        "In a class the column is blank at least 30 points more often, or more rarely, than elsewhere, and by Fisher's "
        "exact test with Holm's correction that is not chance. A model then learns from what was filled in, not from "
        "what was measured.",
    ),
    "audit/constant-column": (
        "A feature has the same value in every row.",
        "Nothing can be learned from it. Leave it out with `data.drop`.",
    ),
    "audit/equal-columns": (
        "Features say the same, value for value.",
        "One follows from the other in every row. Leave one of them in.",
    ),
    "audit/label-in-column": (
        "The label follows from a column.",
        "At least 99 % of the labels follow from the column's value, or a number separates two classes with an AUC of "
        ".99, or orders the target with a correlation of .99. Either the column is the label in other words, or it was "
        "written down after the label was known. Participants must not see it: `data.drop`.",
    ),
    "audit/repeated-rows": (
        "Rows have the same features.",
        "Most rows of the table differ, so equal ones are probably one case entered twice. Case, spaces and zeros at "
        "the end of a number make no difference. One in train gives away the other in the test. Remove the copies, or "
        "give them one `data.group`.",
    ),
    "audit/conflicting-rows": (
        "Rows with the same features have different labels.",
        "No model can be right on both. Mend the labels, or drop these rows.",
    ),
    "audit/empty-box": (
        "A box has no area.",
        "It overlaps nothing, so that even a perfect submission misses it. Remove or mend it.",
    ),
    "audit/box-twice": (
        "Two boxes of one class cover the same object.",
        "Their intersection is more than 90 % of their union. Nearly always one object was annotated twice; a detector "
        "finds it once, and the other box counts as missed. Keep one.",
    ),
    "audit/box-conflict": (
        "Two boxes of different classes cover the same object.",
        "Their intersection is more than 90 % of their union. If both are right the classes are not exclusive, and the "
        "guide should say so; else decide for one.",
    ),
    "audit/box-size": (
        "A box is far larger or smaller than others of its class.",
        "The logarithm of its size is more than eight median deviations away from the class's median. Often a slip of "
        "the mouse, a wrong class, or a box around the whole image.",
    ),
    "audit/equal-boxes": (
        "Nearly all boxes have the same width and height.",
        "They were set around points, not drawn around objects. An overlap with a made-up box says little: consider "
        "scoring the points.",
    ),
    "audit/label-in-name": (
        "File names contain the name of the class.",
        "Found are the name itself, one of its words, or an abbreviation of five letters and more, in files of that "
        "class more often than in others. The build gives opaque names, so this is a fault only where participants see "
        "the names: with `data.ids: keep`, or in a column of features.",
    ),
    "audit/undeclared-group": (
        "Items seem to belong together, and nothing keeps them on one side of the split.",
        "A column's values, coordinates, folders, or the beginnings of file names or ids repeat in small clusters as "
        "patients, sites and series do, and the items of a cluster agree in other columns or in the label. If they "
        "depend on each other, name the column in `data.group`: the build never cuts a group, and intervals count "
        "groups. Numbers with three decimals are taken for measures, not for names.",
    ),
    "audit/copies": (
        "File names say that images are copies of one picture.",
        "Tools that augment a data set write names such as `a_jpg.rf.<hash>.jpg`, `a (1).jpg`, `a_flip.jpg`. Copies of "
        "one picture in train and test make scores meaningless. Keep the original alone, or group by it.",
    ),
    "audit/same-stem": (
        "Files differ only in their ending.",
        "a.jpg beside a.png is often one picture in two formats. Leave one out, or give both one `data.group`.",
    ),
    "audit/burst": (
        "Pictures were taken within seconds of each other.",
        "There are at least five times as many gaps of up to ten seconds as pictures spread evenly have; times that "
        "are known to the minute, as they all end with :00, say nothing of that. Pictures of "
        "one burst are nearly one picture: number the bursts in a column and name it in `data.group`.",
    ),
    "audit/small-subgroup": (
        "A subgroup is too small for a sure score.",
        "Fewer than twenty independent items of it are to be expected in the private test. The figure after ± is half "
        "the 95 % interval of a share of one half for so many. Join values, widen `bins`, or collect more.",
    ),
    "audit/empty-cell": (
        "A subgroup has no item of a class.",
        "Its scores leave the class out, so that they mean something else than those of other subgroups.",
    ),
    "audit/shortcut-value": (
        "A value goes nearly always with one class.",
        "At least 90 % of the items with the value are of the class, or 90 % of the class have the value, and by the "
        "hypergeometric test with Holm's correction that is not chance; items of one group count once. A model can "
        "learn the hospital, the camera or the encoder in place of the disease.",
    ),
    "audit/shortcut": (
        "A small model predicts the class from what should not tell it.",
        "Ridge regression in five folds (groups stay whole) on the files' sizes, modes and encoders, on borders and "
        "corners, on a thumbnail of 8 × 8 pixels with and without its middle, and on the names. The p value is the "
        "share of at most 1,000 shuffles of the labels that are predicted as well; Holm's correction over the probes, "
        "at .01. Thumbnails may show the content itself: their figure is a baseline, not a fault.",
    ),
    "audit/low-power": (
        "So few items that a weak shortcut would not be found.",
        "The message tells the AUC from which on a probe finds a shortcut in four of five cases. That none was found "
        "does not say that there is nothing.",
    ),
}
"""Every rule of audits of a dataset: one line, and a paragraph."""
