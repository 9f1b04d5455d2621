"""What every fault of a JSON submission means, why it is refused, and how to mend it."""

from __future__ import annotations

COCO_RULES: dict[str, tuple[str, str]] = {
    "submission/not-json": (
        "The file is no JSON text.",
        "Results are one JSON file in UTF-8, as json.dump writes it. Archives are unpacked first; tables, pictures and "
        "pickles are not read.",
    ),
    "submission/json-syntax": (
        "The JSON text breaks the grammar.",
        "Names and texts stand in double quotes, no comma follows the last element, there are no comments, no NaN, no "
        "single quotes, and nothing follows after the end. Let a JSON library write the file.",
    ),
    "submission/cut-off": (
        "The file ends before its JSON text does.",
        "A program that stopped, a full disk or a broken upload leave half a file. Half the results would give another "
        "score, so none are read. Write and upload the file again.",
    ),
    "submission/too-deep": (
        "Lists or objects nest too deep.",
        "Results are a list of objects with a few numbers each. Deep nesting is a slip, or an attempt to exhaust the "
        "machine that scores.",
    ),
    "submission/repeated-key": (
        "An object names a key twice.",
        "JSON readers differ in which of the two they take, so one file could have two scores. Name each key once.",
    ),
    "submission/not-a-list": (
        "The file is not a list of results.",
        "COCO results are a plain list: [{image_id, category_id, score, bbox}, …], not an object with images and "
        "annotations, and not one list an image.",
    ),
    "submission/not-a-result": (
        "Something in the list is no result.",
        "Each element of the list is an object with its own image_id. Lists inside the list, null and plain numbers "
        "are not read.",
    ),
    "submission/missing-key": (
        "A result lacks a key.",
        "Every result says which image it is in, of which category it is, where it lies, and how sure the model is.",
    ),
    "submission/wrong-type": (
        "A value is not of the type that its key asks for.",
        "Ids are whole numbers without quotes or decimal point; boxes are lists of four numbers; scores are numbers. "
        "true, null and numbers in quotes are refused rather than guessed.",
    ),
    "submission/foreign-key": (
        "A result has a key of another task.",
        "Some graders choose what they compute by the keys of the first result; a caption there has switched off parts "
        "of their checks. Here such a file is refused. Remove the key.",
    ),
    "submission/unread-key": (
        "Results have keys that are not read (a warning).",
        "area, iscrowd, id and all keys but the four are never read, whatever they say: sizes are measured from the "
        "box or mask itself. They make the file larger and change nothing.",
    ),
    "submission/unknown-image": (
        "A result is in no test image.",
        "image_id is the number that test.json gives the image, not its place in a list, its file name, or the number "
        "of a training image.",
    ),
    "submission/unknown-category": (
        "A result is of no category of the challenge.",
        "category_id is the number that test.json gives the category. Models count classes from 0, and COCO's numbers "
        "have gaps: translate the model's class to the category_id before writing.",
    ),
    "submission/score-range": (
        "Scores lie outside 0 to 1 (a warning).",
        "Only the order of scores counts, so any finite number is fine; but a single 17 among probabilities is most "
        "often a slip, and stands first in the ranking.",
    ),
    "submission/too-many": (
        "There are more results than allowed.",
        "Metrics look at the best 100 or so of each image; more cost time and change nothing. Keep those with the "
        "highest scores.",
    ),
    "submission/relative-box": (
        "All coordinates lie between 0 and 1.",
        "They look like parts of the image's width and height (as YOLO writes them). COCO wants pixels: multiply x and "
        "width by the image's width, y and height by its height; YOLO's x and y are the centre, COCO's the corner.",
    ),
    "submission/box-size": (
        "A box has no area.",
        "A box is x, y, width, height in pixels, with positive width and height. Zero or negative ones come from "
        "corners in the wrong order or from rounding small boxes to nothing.",
    ),
    "submission/box-corners": (
        "Boxes look like corners (a warning).",
        "Most boxes reach out of their image when read as x, y, width, height, and all fit when read as left, top, "
        "right, bottom. The score will be low if that is what they are: write width = right - left, "
        "height = bottom - top.",
    ),
    "submission/outside-image": (
        "A prediction lies outside its image.",
        "It can match nothing. Either it belongs to another image, or its coordinates are those of a resized image. "
        "Boxes that reach a little over the edge are fine.",
    ),
    "submission/run-length": (
        "Run lengths are no mask.",
        "They must be whole numbers that fill the image exactly (COCO, in its characters 0 to o), or rising pairs of "
        "start and length from 1 on inside the image (CSV). Cut texts, foreign characters, negative or overlapping "
        "runs and sums other than height times width are refused before anything decodes them.",
    ),
    "submission/mask-size": (
        "A mask is not of its image's size.",
        "size is [height, width] of the image in test.json. Masks of a resized input must be scaled back first.",
    ),
    "submission/polygon": (
        "A polygon cannot be filled.",
        "A segmentation of polygons is a list of lists [x, y, x, y, …] of at least three points each, in pixels, no "
        "more than a pixel outside the image.",
    ),
    "submission/empty-mask": (
        "A mask has no pixel (a warning).",
        "It can match nothing and counts as a false alarm. Leave such results out.",
    ),
    "submission/repeated-result": (
        "A result stands there twice (a warning).",
        "The same box or mask with the same score: the second can match nothing and counts as a false alarm.",
    ),
    "submission/not-panoptic": (
        "The file does not describe panoptic segments.",
        'panoptic.json is an object: {"annotations": [{"image_id", "file_name", "segments_info": [{"id", '
        '"category_id"}]}]}, one annotation an image.',
    ),
    "submission/repeated-image": (
        "An image is described twice.",
        "Each test image has one annotation with all its segments.",
    ),
    "submission/missing-image": (
        "A test image is not described.",
        "Every test image has an annotation; an image where nothing was found has an empty segments_info.",
    ),
    "submission/repeated-file": (
        "Two images name the same file.",
        "Each image has its own PNG with the ids of its segments.",
    ),
    "submission/segment-id": (
        "A segment has an id that no colour has.",
        "An id is written into the PNG as red + 256 green + 65,536 blue, so it lies between 1 and 16,777,215; 0 marks "
        "pixels of no segment.",
    ),
    "submission/repeated-segment": (
        "Two segments of an image have the same id.",
        "Their pixels could not be told apart. Give each segment its own id.",
    ),
}
"""Rule → what it means in one line, and a paragraph: why it is refused and how to mend it."""
