"""What the faults mean that only the tables and archives of image tasks have, and how to mend them."""

from __future__ import annotations

FORM_RULES: dict[str, tuple[str, str]] = {
    "submission/image-without-rows": (
        "A test image has no row or result (a warning).",
        "In COCO results and in tables with one row a box or mask, an image without any is one in which nothing was "
        "found; in tables with one row a class, one that is all of the first class. If a model stopped half-way, that "
        "is a mistake.",
    ),
    "submission/box-sizes": (
        "Boxes look like left, top, width, height.",
        "This challenge wants corners: left, top, right, bottom. Many of these boxes end before they begin, and nearly "
        "all fit their image when read as sizes. Write right = x + width and bottom = y + height.",
    ),
    "submission/prediction-string": (
        "The words of a cell do not divide into boxes.",
        "Every box has the same number of words with blanks between: its class, a score and four numbers; in a "
        "challenge of one class the class may be left out everywhere. An image without boxes has an empty cell.",
    ),
    "submission/word-order": (
        "The words of boxes stand in another order.",
        "A box is its class, its score, then its four numbers. Here every box ends in a number from 0 to 1, and most "
        "begin with one beyond 1: the score was written last, so that every number would be read as another.",
    ),
    "submission/row-order": (
        "Masks look as if their pixels were counted along the rows (a warning).",
        "Run lengths count down the columns: the second pixel lies below the first. Read so, these masks fall apart; "
        "read along the rows they hold together, as masks do that were not transposed before encoding. They are scored "
        "as they stand.",
    ),
    "submission/repeated-class": (
        "An image has two rows of one class.",
        "All pixels of a class in an image stand in one row. A second row is most often the sign of a loop or join "
        "that went wrong, so it is refused rather than added.",
    ),
    "submission/overlapping-classes": (
        "Two classes claim the same pixel.",
        "A pixel is of one class. Which of two is meant cannot be told, so nothing is guessed. Take the more probable "
        "class of each pixel (argmax) and encode that.",
    ),
    "submission/no-class": (
        "Pixels are of no class, though the first class has a row (a warning).",
        "Pixels that no row names count as the first class. Where that class has a row of its own, the others may have "
        "been lost before encoding.",
    ),
    "submission/missing-member": (
        "The archive lacks a file.",
        "A panoptic submission is a zip of panoptic.json and of every PNG that it names as file_name, under the very "
        "same name and beside it.",
    ),
    "submission/unlisted-segment": (
        "A picture has segments that panoptic.json does not list.",
        "The number of a segment is red + 256 green + 65,536 blue of its pixels. One that is not listed has no class. "
        "List it in segments_info of its image, or give its pixels 0, black, which is no segment.",
    ),
    "submission/empty-segment": (
        "A segment listed in panoptic.json has no pixel.",
        "It can match nothing, and often tells that a picture was painted with other numbers, resized smoothly, or "
        "that later segments cover it. Take it out of segments_info, or paint it.",
    ),
}
"""Rule → what it means in one line, and a paragraph: why it is refused or told, and how to mend it."""
