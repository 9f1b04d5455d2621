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
        "Column names are empty, stand twice or hold a line break.",
        "Columns are found by name. A name that stands twice is refused, and of the columns that a solution holds "
        "one with a line break. A column without a name is left out; a first one is usually the row number that "
        "pandas or R wrote along.",
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
    "dataset/uneven-item": (
        "The rows of an item differ in a column that belongs to the item.",
        "With `data.form: rows` an item has one row a label, and all else that the challenge uses of it must be "
        "the same in each: group, subgroups, features. Make the cells equal, or name the column in `data.drop`.",
    ),
    "dataset/label-cell": (
        "A cell of labels does not hold what the task takes.",
        "A list names each label once, parted as `data.separator` says; spans are pairs of places, `0 5; 9 12`; gains "
        "are numbers, as many as labels; a time is a number from 0 on, an event 0 or 1; a text has no control "
        "characters. What a submission may not hold must not be the truth either.",
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
    "dataset/huge-number": (
        "Labels are too large to be added up.",
        "The sum of the squares of numbers beyond 1e100 would soon be beyond all numbers, so no submission may hold "
        "them. Give the labels another unit; where such a number stands for nothing, leave the cell empty.",
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
    "dataset/parts": (
        "Folders such as train and test are taken for classes.",
        "They tell in which part of a dataset an image was published, and nothing of what is in it. Where a file "
        "beside them tells that, name it; where none does, put the images of each class into a folder of their own, or "
        "list files and labels in a table.",
    ),
    "dataset/coco-file": (
        "The file is no COCO file of annotations.",
        "Such a file is JSON: an object with the lists `images`, `categories` and `annotations`. Results of a model "
        "are a bare list, and text that was cut off in a copy is no JSON at all. Write it again with the program that "
        "made it.",
    ),
    "dataset/coco-image": (
        "Entries of `images` are not as they must be.",
        "Each image needs an `id`, a whole number or in all images a text, and a `file_name` of its own. An image that "
        "stands twice would have its objects on two sides of the split.",
    ),
    "dataset/category": (
        "A category is not as it must be, or is not there.",
        "Each category needs a number and a name of its own: submissions name classes, and label images hold numbers. "
        "`data.things` names categories as the file spells them.",
    ),
    "dataset/unused-category": (
        "A category has no object.",
        "It stays a class that submissions may name, but nobody can learn it and no mean counts it. Remove it from the "
        "file if it should not be there.",
    ),
    "dataset/annotation": (
        "Annotations are not as they must be.",
        "An object needs the whole numbers `image_id` and `category_id`; `iscrowd` and `ignore` are 0 or 1, `area` is "
        "not negative. A panoptic annotation has one PNG and the list of its segments for each image.",
    ),
    "dataset/unknown-image": (
        "Annotations name images that the file does not list.",
        "They would be lost. Images were removed and their annotations forgotten, or two files were joined.",
    ),
    "dataset/coverage": (
        "What the data say of the classes that were looked for in each image is not sound.",
        "LVIS lists for each image the categories that are absent (`neg_category_ids`) and those of which not all "
        "objects are annotated (`not_exhaustive_category_ids`), Open Images tells the former by image-level labels of "
        "confidence 0. The lists must name categories of the file; an object counts even where its class is said to be "
        "absent; and a category that contains others must not be contained in itself.",
    ),
    "dataset/unknown-category": (
        "Annotations name categories that the file does not list.",
        "Mostly the numbers begin at 0 in one place and at 1 in another. Look at both lists.",
    ),
    "dataset/box": (
        "A box is not left, top, width and height.",
        "Four finite numbers in pixels from the top left corner; width and height are not negative. A negative width "
        "often means that two corners were written.",
    ),
    "dataset/box-outside": (
        "A box lies outside its image, or reaches far beyond it.",
        "Nobody can find it. The annotation belongs to another image, the image was cut, or the numbers are no pixels.",
    ),
    "dataset/box-beyond": (
        "A box reaches beyond the border of its image.",
        "It is kept as annotated. If most boxes do, they may be two corners, or the images were scaled.",
    ),
    "dataset/empty-object": (
        "An object has no area.",
        "A box without width or height, or a mask without a pixel, overlaps nothing, so that even a perfect submission "
        "would miss it. It is often a slip of the mouse, and is left out: remove or mend it.",
    ),
    "dataset/mask": (
        "A segmentation is missing or malformed.",
        "A mask is a list of polygons, each of three or more corners in pixels, or COCO run lengths, plain or "
        "compressed, of the image's size, whose runs sum to its number of pixels. In instance segmentation every "
        "object has one.",
    ),
    "dataset/keypoints": (
        "Keypoints are missing or malformed.",
        "All categories name the same keypoints, and every object lists x, y and visibility (0 absent, 1 hidden, 2 "
        "seen) of each in that order.",
    ),
    "dataset/sigmas": (
        "How exactly keypoints can be placed is not known, or is told for another number of them.",
        "Object keypoint similarity forgives an error that two people would make too, and `data.sigmas` says how large "
        "it is for each keypoint, relative to the object's size. COCO measured it for 17 points of a person.",
    ),
    "dataset/repeated-object": (
        "An object is annotated twice.",
        "Two annotations with the same image, class and box are nearly always a slip. One of them can never be found.",
    ),
    "dataset/image-size": (
        "An image is not of the size that its annotations were made for.",
        "Boxes and masks are pixels of one size. Give the images that were annotated, or scale the annotations too.",
    ),
    "dataset/turned-image": (
        "An image is turned by its EXIF orientation.",
        "Some programs show and annotate the pixels as they are stored, others as the camera was held, and the file "
        "does not tell which. Turn the pixels themselves, clear the tag, and look whether boxes and masks still fit.",
    ),
    "dataset/unreadable-image": (
        "An image cannot be opened.",
        "Its header says nothing that is understood. The file is damaged, or no image at all.",
    ),
    "dataset/unlisted-image": (
        "Images stand beside those of the table or file but have no row or entry in it.",
        "They are left out. An image in which there is nothing to find belongs into the list `images`, too: that a "
        "model finds nothing there counts. Of a table this is a note: often only a part of a folder has labels.",
    ),
    "dataset/items-table": (
        "The table of images and the COCO file do not fit.",
        "`data.items` has one row for each image, found by the column that `data.file` (file names) or `data.id` "
        "(numbers of images) names. Rows of other images are left out.",
    ),
    "dataset/label-image": (
        "A label image cannot be taken.",
        "Classes of pixels are whole numbers: a PNG of 1 bit, with a palette (the index is the class), or of 8 or 16 "
        "bits of grey, of the same size as its image; of a volume, NIfTI. JPEG changes values, and colours are not "
        "classes.",
    ),
    "dataset/label-value": (
        "A pixel has a value that is no class.",
        "`data.values` says what each value means; of a COCO file the numbers of the categories do. `data.ignore` "
        "names the value of pixels that are not scored, often 255. Values in between come from scaling with smooth "
        "edges.",
    ),
    "dataset/label-file": (
        "A file of labels, or what stands beside it, is not as its format wants.",
        "The message names the file and the line. Mostly the export was cut off, changed by hand, or is of another "
        "format or version. Export it again with the program that made it.",
    ),
    "dataset/no-label-file": (
        "An image has no file of labels.",
        "In formats with one file of labels an image, an empty file says that there is nothing to find. Where the file "
        "is not there, nobody knows: was the image never annotated? It counts as one without objects.",
    ),
    "dataset/mixed-shapes": (
        "Boxes and polygons stand in one set of labels.",
        "Somebody drew some objects with another tool. For detection each polygon counts by the box around it; for "
        "instance segmentation the boxes lack their outlines.",
    ),
    "dataset/given-split": (
        "An image stands in two parts of the published split.",
        "Whoever trained on that split has seen test images. The first part that names the image is taken.",
    ),
    "dataset/left-out": (
        "Annotations that cannot be an object of the task are left out.",
        "Points and lines have no area, a whole frame is no object, and what people deleted is no truth. The message "
        "counts and names them. Another task may take them. Texts and answers about one shape of an image are not "
        "read: only what was chosen for a whole image becomes a column.",
    ),
    "dataset/not-written": (
        "Another format cannot hold all that the dataset tells.",
        "The message counts what was left out. Read again, the written files give a dataset without it.",
    ),
    "dataset/shape": (
        "A shape that somebody drew cannot be understood.",
        "A number is missing or is none, a polygon has fewer than three corners, or the runs of a mask do not fill its "
        "place. The file was cut off or changed by hand; draw the shape again, or remove it.",
    ),
    "dataset/annotated-twice": (
        "An image is annotated in two places.",
        "An image is one item, with all that is in it. Join the two annotations if each tells a part, or remove one; "
        "read as two items, one picture could land in train and test alike.",
    ),
    "dataset/several-annotations": (
        "Several people annotated the same image.",
        "Only one annotation can be the truth: the one marked as ground truth, else the one changed last. To have "
        "another one taken, mark it in the annotation tool, or remove the others, and export again.",
    ),
    "dataset/not-annotated": (
        "Images that nobody annotated are left out.",
        "The tool tells an image that was looked at and holds nothing from one that nobody has opened, or that was "
        "skipped. Only the former is an item without objects.",
    ),
    "dataset/no-object": (
        "No image has any object.",
        "There is nothing to find, so nothing can be scored. Files that are published for a test list its images and "
        "leave out their objects; name the file that holds them.",
    ),
    "dataset/other-name": (
        "A file of annotations names another image than the one it is named after.",
        "Images were renamed after they were annotated, or files were copied. The image that bears the file's name is "
        "taken; look at some of them.",
    ),
    "dataset/pixel-origin": (
        "Pixels are counted from 1.",
        "The VOC challenge's own files count pixels from 1 and name the last pixel of a box, while other programs that "
        "write this format give corners with 0 at the border. The former say so in `source`, and are converted.",
    ),
    "dataset/video-frames": (
        "Annotated frames of a video are not there as images.",
        "An item is an image, so each frame must be a file. Export with images, or write the frames with the program "
        "that the hint names.",
    ),
    "dataset/several-labels": (
        "An annotation or an image has several labels.",
        "Two people named one thing differently, or one name was not enough. Each label of a shape counts as an object "
        "of its own in the same place; remove in the annotation tool what is not meant. Where whole images are "
        "labelled, those with several have no `label`, and columns of 0 and 1 hold all of them.",
    ),
    "dataset/remote-media": (
        "Images are addresses and not files here.",
        "Nothing is fetched from the network. Fetch them with a program of yours, keep its log, save each under the "
        "name that the message gives, and look whether all are images: servers answer with pages, too.",
    ),
    "dataset/orphan-row": (
        "Rows of one table belong to no row of the other.",
        "An archive of several tables was cut, or its ids were changed. These rows tell of nothing and are left out.",
    ),
    "dataset/licence": (
        "Images have no licence, or one that forbids changes.",
        "The licence of each image is in the column `license`. Without a licence nobody may share an image; under ND "
        "it must not be changed, and a smaller copy is a changed one.",
    ),
    "dataset/no-pyarrow": (
        "Parquet files need a library that is not installed.",
        "Install it with: pip install 'compete[parquet]'. Or write the table as CSV, which needs nothing.",
    ),
    "dataset/nested-column": (
        "A column of a Parquet file holds lists, mappings or bytes.",
        "A table has one text or number in a cell. Images that stand in the table itself must be written as files, and "
        "their paths into a column.",
    ),
    "dataset/identity": (
        "A column or name that would be published tells who a patient is.",
        "It holds a patient's number or name, a date, an institution or a unique number of the DICOM files. Rename the "
        "files or folders, take another column, and leave data.ids at opaque.",
    ),
    "dataset/cut-apart": (
        "Images of one patient, or planes of one file, would be cut apart.",
        "They look alike, so a test image would be known from training. Name the column in data.group: patient for "
        "DICOM, stack for TIFF, or any column of the whole in which each patient has one value.",
    ),
    "dataset/no-patient": (
        "DICOM files name no patient.",
        "Their study stands in for the patient, then the file. Where several studies are of one patient, name them in "
        "a table (data.items) and group by its column.",
    ),
    "dataset/segment": (
        "Segments of the JSON and numbers of the PNG differ.",
        "Every number in a panoptic PNG (red + 256 × green + 65536 × blue; 0 belongs to nothing) stands once in its "
        "image's `segments_info`, and every segment has pixels.",
    ),
}
