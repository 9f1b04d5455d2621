"""Files that hold more than one picture, or more of one than a screen shows: TIFF stacks, OME-TIFF and DICOM."""
