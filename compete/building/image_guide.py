"""What the participants' README says of images: the files that are there, and the form of a submission."""

from __future__ import annotations

from pathlib import Path

from compete.building.label_files import TRAIN_MASKS
from compete.building.scenes import TRAIN_PANOPTIC
from compete.bundle import TEST, TEST_JSON, TRAIN_JSON, TRAIN_TRUTH
from compete.terms import FEDERATED_METRICS, Terms

SHOWN = 30
"""Classes that the guide names; `challenge.json` has all."""
LONGEST = 160
"""Characters of a line of the sample that are shown."""

LISTS = {
    "boxes": "`bbox`: left, top, width and height in pixels from the top left corner of the image",
    "masks": "`segmentation`: COCO run lengths ({{size, counts}}) or polygons, as pycocotools writes them",
    "points": "`keypoints`: x, y and any third number for each of {points}",
}

TABLES = {
    "rows": "One CSV file with one row a box, any number of them for each `id` of `{test}`, in any order.\n{columns}: "
    "the class by its name, the box in pixels from the top left corner, and how sure you are, a number.",
    "strings": "One CSV file with exactly {images} rows, one for each `id` of `{test}`, in any order.\n"
    "`PredictionString`: for each box its class, a score, {corners} in pixels, all with blanks between them; empty for "
    "an image without boxes.",
    "runs": "One CSV file, in any order.\n{columns}: `rle` is pairs of start and length of runs of pixels, counted "
    "from 1 down the columns, all with blanks between them; {rows}.",
    "coco_runs": "One CSV file, in any order.\n{columns}: `rle` is COCO's compressed run lengths of the "
    "whole image, the text that `pycocotools.mask.encode` gives as `counts`; {rows}.",
}
BEGINNING = 1 << 16
"""Bytes of the training file that are looked at."""
KNOWN = {
    "neg_category_ids": "of an image the classes that were looked for and are not there; what is found of a class "
    "that is neither there nor listed is not scored",
    "pos_category_ids": "of an image the classes that are known to be there",
    "not_exhaustive_category_ids": "of an image the classes that have more objects than are annotated; what is found "
    "of them and matches none is not scored",
    "frequency": "how frequent a class is: rare, common or frequent",
    "parents": "the classes that contain a class; its objects are theirs too",
}
"""Keys of the images and classes where not every class was looked for in every image."""
CORNERS = {"xywh": "left, top, width, height", "xyxy": "left, top, right, bottom"}


def file_rows(terms: Terms, public: Path) -> list[tuple[str, str]]:
    """Names and meaning of the files that only images have."""
    told = {
        TRAIN_JSON: "COCO: the training images with their objects",
        TRAIN_PANOPTIC: "COCO: the segments of each image of `train_masks/`",
        TEST_JSON: "COCO: the numbers of the test images and of the classes, without annotations",
        f"{TRAIN_MASKS}/": f"a {_label_image(terms)} for each training image, by its `id`; "
        + (
            "red + 256 green + 65536 blue is the number of a segment"
            if terms.kind == "segments"
            else "the values are classes"
        ),
        TRAIN_TRUTH: "the same as arrays, with which `compete score --on train` works",
    }
    return [(name, text) for name, text in told.items() if (public / name).exists()]


def image_submission(terms: Terms, public: Path) -> str:
    """The section on what to send, with an example from the sample submission."""
    tabular = terms.form in TABLES
    pairs = list(zip(terms.classes, terms.class_ids, strict=True))[:SHOWN]
    classes = ", ".join(f"`{name}`" if tabular else f"`{name}` {number}" for name, number in pairs)
    classes += ", …" if len(terms.classes) > SHOWN else ""
    what = {"coco": _results, "png": _pictures, "nifti": _volumes}.get(terms.form, _table)(terms)
    numbered = "Classes" if tabular else "Classes and their numbers"
    example = "" if terms.form in ("png", "nifti") else f"\n\n```\n{_first_lines(public / terms.sample_name)}```"
    unseen = f"\n\n{_looked_for(terms, public)}" if terms.federated else ""
    return f"## What to send\n\n{what}\n\n{numbered}: {classes}.{unseen}{example}"


def _looked_for(terms: Terms, public: Path) -> str:
    """What is known of the classes that were looked for in an image, and what that means for the score."""
    heeding = [name for name in (terms.metric, *terms.also) if name.partition("(")[0] in FEDERATED_METRICS]
    heeded = f"What nobody knows is not scored by `{'`, `'.join(heeding)}`" if heeding else "No metric here heeds that"
    with (public / TRAIN_JSON).open("rb") as file:  # every image has the lists, so the first tells which there are
        told = file.read(BEGINNING) + (public / TEST_JSON).read_bytes()
    known = {key: meaning for key, meaning in KNOWN.items() if f'"{key}":'.encode() in told}
    listed = "".join(f"\n- `{key}`: {meaning}" for key, meaning in known.items())
    return (
        f"Not every class was looked for in every image, or classes contain each other. {heeded}. `{TRAIN_JSON}` tells "
        f"what is known; `{TEST_JSON}` tells it of the classes alone, not of the test images:{listed}"
    )


def _results(terms: Terms) -> str:
    meaning = LISTS[terms.kind].format(points=", ".join(f"`{name}`" for name in terms.points))
    return (
        "One JSON file: a list of results in COCO's form, in any order. `image_id` and `category_id` are the numbers "
        f"of `{TEST_JSON}`; {meaning}; `score`: how sure you are, a number. At most {terms.most_objects:,} results an "
        "image; an image may have none. Nothing else is read."
    )


def _pictures(terms: Terms) -> str:
    if terms.kind == "segments":
        things = ", ".join(f"`{name}`" for name in terms.things[:SHOWN])
        return (
            f"One zip file with a PNG for each `id` of `{TEST}`, called `ID.png` and of the size of its image, and "
            "`panoptic.json`. A pixel's red + 256 green + 65536 blue is the number of its segment, 0 of none; "
            '`panoptic.json` is {"annotations": [{"image_id", "file_name", "segments_info": [{"id", "category_id"}]}]} '
            f"with the numbers of `{TEST_JSON}`. Counted one by one: {things}; all others are stuff."
        )
    return (
        f"One zip file with a PNG for each `id` of `{TEST}`, called `ID.png` and of the size of its image. The values "
        f"of its pixels are classes: 8 or 16 bits of grey, or places in a palette.{_not_scored(terms)}"
    )


def _volumes(terms: Terms) -> str:
    return (
        f"One zip file with a NIfTI volume (NIfTI-1 or NIfTI-2) for each `id` of `{TEST}`, called `ID.nii.gz` or "
        "`ID.nii`, of the size of its image and in the same place: copy the affine of the image (in nibabel: "
        "`Nifti1Image(labels, image.affine)`). Voxels are whole numbers, the classes, without scaling. "
        "`affine` has the millimetres of the voxel (i, j, k), three rows of four numbers; distances are scored in "
        f"millimetres.{_not_scored(terms)}"
    )


def _not_scored(terms: Terms) -> str:
    what = "Voxels" if terms.form == "nifti" else "Pixels"
    return "" if terms.ignore_value is None else f" {what} that are {terms.ignore_value} in the truth are not scored."


def _label_image(terms: Terms) -> str:
    """What the labels of an image are."""
    return "NIfTI volume of labels" if terms.form == "nifti" else "PNG"


def _table(terms: Terms) -> str:
    columns = ", ".join(f"`{column}`" for column in terms.columns)
    rows = "one row an object, any number of them for an image; `score` is how sure you are, a number"
    if terms.task == "semantic_segmentation":
        rows = _rows_of_classes(terms)
    corners = CORNERS[terms.coordinates]
    return TABLES[terms.form].format(test=TEST, images=f"{terms.test:,}", columns=columns, corners=corners, rows=rows)


def _rows_of_classes(terms: Terms) -> str:
    """What a row of run lengths paints, and what the pixels are that none does."""
    first, *others = terms.classes
    rows = "one row a class and image; a pixel belongs to one class"
    if len(terms.columns) == 1:
        rows = f"one row for each `id` with the pixels of `{others[0]}`, empty where there are none"
    return f"{rows}; all other pixels are `{first}`"


def _first_lines(path: Path) -> str:
    """The beginning of a text file, its lines cut where they are long."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = [line.rstrip("\n") for line, _ in zip(file, range(3), strict=False)]
    return "".join(f"{line if len(line) <= LONGEST else line[:LONGEST] + ' …'}\n" for line in lines)
