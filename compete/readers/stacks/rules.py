"""What ``compete explain`` tells about files that hold several pictures, and about DICOM."""

from __future__ import annotations

STACK_RULES = {
    "image/plane": (
        "A picture is asked for that the file does not hold.",
        "`data.view` says which planes of a stack, or which frames of a DICOM file, are pictures: "
        "{z: middle, t: first, c: DAPI, frame: each}. All are numbered from 0.",
    ),
    "image/several-planes": (
        "Files hold several pictures, and nobody said which are meant.",
        "Say it in challenge.yaml, for example data.view: {z: max, c: 0}. first, middle, last and max take one; each "
        "makes every plane an item, and all items of a file stay on one side of the split; z: all makes volumes.",
    ),
    "image/window": (
        "Images are not all shown alike.",
        "A screen shows a range of values from black to white. A DICOM file may name it (window centre and width), and "
        "those that do not are written with 16 bits as they are stored. Where only some do, the depth of an image "
        "tells where it was taken. Say one for all: data.view: {window: [40, 400]}, or window: none.",
    ),
    "image/no-picture": (
        "The file holds no picture.",
        "DICOM files may hold reports, plans, outlines or an index of a disk. They are left out of a folder of images.",
    ),
    "image/no-decoder": (
        "The pixels are packed in a way that nothing here reads.",
        "Of packed DICOM files those are read that Pillow and numpy unpack: RLE, JPEG of 8 bits, JPEG 2000, Deflate. "
        "Others need a library more, which the message names; or unpack the files once, with dcmdjpeg or gdcmconv.",
    ),
    "image/no-pydicom": (
        "DICOM files need a library that is not installed.",
        "Install it with: pip install 'compete[dicom]'. Or convert the images to PNG beforehand.",
    ),
    "image/no-tifffile": (
        "TIFF stacks need a library that is not installed.",
        "Install it with: pip install 'compete[tiff]'. Flat TIFF files need nothing.",
    ),
    "image/burned-in": (
        "DICOM files say that names stand in the pixels themselves.",
        "Nothing but painting over them takes them away. Blank the region in all images alike, look at each, and set "
        "BurnedInAnnotation to NO; or leave these images out.",
    ),
    "image/rescaled": (
        "How values of DICOM files became grey levels (a note).",
        "The message says which window was taken, and by what values were multiplied before. Participants get PNG "
        "files, in which no element of DICOM survives.",
    ),
}
"""Every rule: one line, and a paragraph."""
