"""What ``compete explain`` tells about the rules of volumes."""

from __future__ import annotations

VOLUME_RULES: dict[str, tuple[str, str]] = {
    "volume/not-nifti": (
        "The file is not a NIfTI volume in one file.",
        "NIfTI-1 and NIfTI-2 are read, as .nii or .nii.gz. Convert DICOM, NRRD, MetaImage and pairs of .hdr and .img.",
    ),
    "volume/damaged": (
        "The volume is broken.",
        "The gzip stream is broken, the header says what no standard knows, or there are fewer voxels than it says: "
        "the upload stopped early, or a program wrote it wrongly. Save it again.",
    ),
    "volume/size": (
        "The volume has another size than the image, or is larger than is taken.",
        "Every voxel of the image gets one label, so the three sizes must be those of the image itself, in the order "
        "of its axes. Resample predictions with nearest-neighbour interpolation, which makes no new labels.",
    ),
    "volume/kind": (
        "The volume is of a kind that is not taken.",
        "Labels are one whole number a voxel, in three dimensions: no time, channels, colours or complex numbers. "
        "Images may have channels or time along a fourth axis, and fractions; colours of a voxel are channels.",
    ),
    "volume/scaled": (
        "The volume asks for its numbers to be scaled.",
        "Some programs obey scl_slope and scl_inter and some do not. Save labels with a slope of 1 and an intercept of "
        "0 (in nibabel: header.set_slope_inter(1, 0)).",
    ),
    "volume/orientation": (
        "The voxels lie elsewhere than those of the image.",
        "The header tells where each voxel is (sform, qform). It must be as in the image, to a thousandth of a "
        "millimetre, or labels would be scored in other places than they were meant for. Copy the image's affine.",
    ),
    "volume/not-whole": (
        "Voxels are not whole numbers.",
        "Labels are numbers of classes. Fractions come from smooth resampling or from probabilities that were saved.",
    ),
    "volume/unknown-class": (
        "Voxels have a value that is no class.",
        "Write the classes by their numbers, as the challenge names them, from 0.",
    ),
    "volume/trailing-bytes": (
        "Bytes follow the voxels (a warning).",
        "They are not read. A volume with a forgotten fourth axis, or a file that is two things at once, has such.",
    ),
    "volume/two-places": (
        "Two parts of the header say different things about where the voxels lie (a warning).",
        "The sform and the qform are both set and do not agree. Some programs heed the sform (nibabel), some often the "
        "qform (ITK, SimpleITK), so participants may send labels that lie elsewhere, and are refused. Labels are "
        "compared with the sform. Copy it to the qform, or set one code to 0, where nothing speaks against it.",
    ),
    "volume/big-endian": (
        "Numbers are written with the highest byte first (a note).",
        "The volume is published as it is, for all programs read it; it may tell which machine wrote it.",
    ),
    "volume/mixed": (
        "Some images are pictures and some are volumes.",
        "A challenge has one kind of image: make two challenges, or save the pictures as volumes of one slice.",
    ),
    "volume/task": (
        "Images are volumes where pictures are needed.",
        "Label volumes are scored by task semantic_segmentation. Boxes, keypoints, masks of objects and panoptic "
        "segments are of flat pictures.",
    ),
    "volume/form": (
        "The form of a submission does not fit the images.",
        "Labels of volumes are sent as volumes (form: nifti), those of pictures as pictures or run lengths. Leave "
        "`submission.form` out, and the images decide.",
    ),
    "volume/metric": (
        "A metric is of flat pictures, and the images are volumes.",
        "boundary_f counts pixels along outlines in two dimensions. nsd does the same for surfaces, with a tolerance "
        "in the volume's own units; the other metrics of label images take volumes as they are.",
    ),
}
"""Rule → what it means in one line, and a paragraph: why it is refused or told, and how to mend it."""
