"""Reads a DICOM SEG with highdicom and compares it with the CT it was made on.

    check_seg.py SEG FOLDER

FOLDER holds the source CT (other files in it are passed over). Prints JSON:

    {"segments": {"1": {"label", "tracking_uid", "voxels", "volume_ml",
                        "slices": {SOP Instance UID: {"voxels", "sha256"}}}},
     "frames": …, "frames_without_source": …, "problems": […]}

`sha256` is over the slice's pixels in this segment, one byte each (0 or 1), row by row. The exit status is 1 if there are problems.
"""

import hashlib
import json
import sys
from pathlib import Path

import highdicom
import numpy
import pydicom


def read_ct(folder, wanted):
    """Headers of the CT slices by SOP Instance UID, those of the series that holds `wanted`."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        if not path.is_file():
            continue
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True)
        except Exception:  # not DICOM: passed over
            continue
        if "ImagePositionPatient" in header and header.get("Modality") == "CT":
            found[header.SOPInstanceUID] = header
    series = {found[uid].SeriesInstanceUID for uid in wanted if uid in found}
    return {uid: header for uid, header in found.items() if header.SeriesInstanceUID in series}


def between_slices_mm(slices):
    """Distance between neighbouring slices along their normal: the median of the differences."""
    first = slices[0]
    row, column = numpy.reshape([float(v) for v in first.ImageOrientationPatient], (2, 3))
    normal = numpy.cross(row, column)
    places = sorted(float(normal @ numpy.array(s.ImagePositionPatient, dtype=float)) for s in slices)
    if len(places) == 1:
        return float(first.SliceThickness)
    return float(numpy.median(numpy.diff(places)))


def near(a, b, tolerance=1e-5):
    return len(a) == len(b) and all(abs(float(x) - float(y)) <= tolerance for x, y in zip(a, b))


def main(seg_path, folder):
    segmentation = highdicom.seg.segread(seg_path)
    problems = []

    frames = segmentation.PerFrameFunctionalGroupsSequence
    sources = []
    for frame in frames:
        derivation = frame.DerivationImageSequence
        images = [i for d in derivation for i in d.SourceImageSequence]
        sources.append(images[0].ReferencedSOPInstanceUID if len(images) == 1 else None)
    slices = read_ct(folder, set(filter(None, sources)))
    if not slices:
        return {"problems": ["no source slice of the segmentation is in the folder"]}

    shared = segmentation.SharedFunctionalGroupsSequence[0]
    orientation = shared.PlaneOrientationSequence[0].ImageOrientationPatient
    spacing = shared.PixelMeasuresSequence[0].PixelSpacing
    step = shared.PixelMeasuresSequence[0].SpacingBetweenSlices
    any_slice = next(iter(slices.values()))
    true_step = between_slices_mm(list(slices.values()))
    if not near(orientation, any_slice.ImageOrientationPatient):
        problems.append("the orientation is not that of the CT")
    if not near(spacing, any_slice.PixelSpacing):
        problems.append("the pixel spacing is not that of the CT")
    if abs(float(step) - true_step) > 1e-3:
        problems.append(f"Spacing Between Slices is {step}, the slices are {true_step} mm apart")
    if (segmentation.Rows, segmentation.Columns) != (any_slice.Rows, any_slice.Columns):
        problems.append("the frames have another size than the slices")
    for name in ("PatientID", "PatientName", "StudyInstanceUID"):
        if segmentation.get(name) != any_slice.get(name):
            problems.append(f"{name} is not that of the CT")
    references = {s.FrameOfReferenceUID for s in slices.values() if s.get("FrameOfReferenceUID")}
    if references and segmentation.FrameOfReferenceUID not in references:
        problems.append("the frame of reference is not that of the CT")
    for number, (frame, uid) in enumerate(zip(frames, sources), start=1):
        if uid is None:
            continue
        if uid not in slices:
            problems.append(f"frame {number}: its source is not in the folder")
            continue
        position = frame.PlanePositionSequence[0].ImagePositionPatient
        if not near(position, slices[uid].ImagePositionPatient):
            problems.append(f"frame {number}: it lies at {position}, its source at {slices[uid].ImagePositionPatient}")

    used = sorted(set(filter(None, sources)))
    pixels = segmentation.get_pixels_by_source_instance(
        used, segmentation.segment_numbers, combine_segments=False, assert_missing_frames_are_empty=True
    )
    voxel_ml = float(spacing[0]) * float(spacing[1]) * true_step / 1000
    segments = {}
    for index, number in enumerate(segmentation.segment_numbers):
        description = segmentation.get_segment_description(number)
        mine = pixels[..., index].astype(numpy.uint8)
        counts = mine.sum(axis=(1, 2), dtype=int)
        segments[str(number)] = {
            "label": description.segment_label,
            "tracking_uid": description.tracking_uid,
            "voxels": int(counts.sum()),
            "volume_ml": float(counts.sum()) * voxel_ml,
            "slices": {
                uid: {"voxels": int(count), "sha256": hashlib.sha256(slice_.tobytes()).hexdigest()}
                for uid, count, slice_ in zip(used, counts, mine)
                if count
            },
        }
    return {"segments": segments, "frames": len(frames), "frames_without_source": sources.count(None), "problems": problems}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    result = main(sys.argv[1], sys.argv[2])
    print(json.dumps(result, indent=1))
    sys.exit(1 if result["problems"] else 0)
