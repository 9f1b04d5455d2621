"""DICOM files drawn with a seed: patients, windows, ways of packing, and a canary in all that tells who."""

from __future__ import annotations

import io
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, RLELossless

CANARY = "Canary"
PEOPLE = {
    "PatientName": "Canaryname^Anna", "OtherPatientNames": "Canaryother", "PatientBirthDate": "19300102",
    "PatientAddress": "Canarystreet 1", "StudyDate": "20190304", "StudyTime": "010203", "SeriesDate": "20190305",
    "AcquisitionDate": "20190306", "ContentDate": "20190307", "InstitutionName": "Canaryhospital",
    "InstitutionAddress": "Canarytown", "ReferringPhysicianName": "Canarydoctor", "OperatorsName": "Canaryoperator",
    "PerformingPhysicianName": "Canaryperformer", "StationName": "Canarystation", "DeviceSerialNumber": "Canary4711",
    "AccessionNumber": "Canary0815", "StudyID": "Canarystudy", "StudyDescription": "Canarydescription",
    "SeriesDescription": "Canaryseries", "ProtocolName": "Canaryprotocol", "ImageComments": "Canarycomment",
    "PatientComments": "Canaryremark", "RequestingPhysician": "Canaryrequest", "IssuerOfPatientID": "Canaryissuer",
    "InstitutionalDepartmentName": "Canarydepartment", "RequestedProcedureDescription": "Canaryrequested",
}  # fmt: skip
"""Elements that tell who a patient is, where, when, and who was there."""


def dicom(patient: str = "Canaryid-1", number: int = 0, *, pixels: np.ndarray | None = None, **more: Any) -> Dataset:
    """A CT slice of 12 × 10 pixels with everything that tells who it is of; elements may be other ones, or None."""
    values = slice_of(number) if pixels is None else pixels
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    frames = {"NumberOfFrames": values.shape[0]} if values.ndim == 3 and values.shape[2] != 3 else {}
    high, wide = values.shape[1:] if frames else values.shape[:2]
    colours = values.ndim == 3 and not frames
    bits = 8 * values.dtype.itemsize
    said = {
        "SOPClassUID": CTImageStorage, "SOPInstanceUID": f"1.2.826.99{number}.777", "StudyInstanceUID": "1.2.826.888.1",
        "SeriesInstanceUID": "1.2.826.888.2", "FrameOfReferenceUID": "1.2.826.888.3", "Modality": "CT",
        "PatientID": patient, "PatientSex": "F", "PatientAge": "094Y", "BodyPartExamined": "CHEST",
        "PixelSpacing": [0.7, 0.7], "Rows": high, "Columns": wide, "SamplesPerPixel": 3 if colours else 1,
        "PhotometricInterpretation": "RGB" if colours else "MONOCHROME2", "BitsAllocated": bits, "BitsStored": bits,
        "HighBit": bits - 1, "PixelRepresentation": int(values.dtype.kind == "i"), **PEOPLE, **frames,
        **({"PlanarConfiguration": 0} if colours else {"RescaleSlope": 1, "RescaleIntercept": -1024}),
        **({} if colours else {"WindowCenter": 40, "WindowWidth": 400}), **more,
    }  # fmt: skip
    for name, value in said.items():
        if value is not None:
            setattr(data, name, value)
    data.add_new((0x0009, 0x0010), "LO", "Canaryprivate")
    data.add_new((0x0009, 0x1001), "LO", "Canaryprivatevalue")
    data.PixelData = values.astype(values.dtype.newbyteorder("<")).tobytes()
    return data


def slice_of(number: int) -> np.ndarray:
    """Stored values of a slice, 12 bits and more; no two alike."""
    chance = np.random.default_rng(number)
    high, wide = np.indices((10, 12))
    shade = 1000 + 20 * high + 9 * wide * (number % 3) + chance.integers(0, 60, (10, 12))
    return shade.astype(np.uint16)


def file_bytes(data: Dataset, *, preamble: bool = True, rle: bool = False) -> bytes:
    """A dataset as a file; without a preamble as old programs write it."""
    data = deepcopy(data)
    if rle:
        data.compress(RLELossless, generate_instance_uid=False)
    out = io.BytesIO()
    if preamble:
        data.preamble = b"Canarypreamble".ljust(128, b"\0")
        pydicom.dcmwrite(out, data, enforce_file_format=True)
    else:
        del data.file_meta
        pydicom.dcmwrite(out, data, implicit_vr=False, little_endian=True)
    return out.getvalue()


def write_sample(folder: Path) -> Path:
    """Three files of two patients in two folders: with and without an ending, one of two frames, one without preamble.

    Beside them are a note, and a report without a picture.
    """
    for name in ("ill", "well"):
        (folder / name).mkdir(parents=True)
    (folder / "ill" / "IM0001").write_bytes(file_bytes(dicom(number=1)))
    two = np.stack([slice_of(2), slice_of(3)])
    (folder / "ill" / "cine.dcm").write_bytes(file_bytes(dicom("Canaryid-2", 2, pixels=two), rle=True))
    turned = dicom("Canaryid-3", 4, PhotometricInterpretation="MONOCHROME1", PatientSex="M")
    (folder / "well" / "old").write_bytes(file_bytes(turned, preamble=False))
    report = dicom(number=5, Rows=None, Columns=None, PhotometricInterpretation=None)
    del report.PixelData
    (folder / "report.dcm").write_bytes(file_bytes(report))
    (folder / "notes.txt").write_text("Canary notes")
    return folder


def write_many(folder: Path, patients: int = 12) -> Path:
    """A folder of two slices a patient, half of them ill."""
    for patient in range(patients):
        name = folder / ("ill" if patient % 2 else "well")
        name.mkdir(parents=True, exist_ok=True)
        for row in range(2):
            number = 2 * patient + row
            file = name / f"1.2.826.99{number}.777.dcm"
            file.write_bytes(file_bytes(dicom(f"Canaryid-{patient}", number)))
    return folder
