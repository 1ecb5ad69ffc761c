"""Reads a DICOM SEG made on a multi-frame CT with highdicom, frame by frame of the CT.

    check_seg_frames.py SEG CT

Prints JSON: {"segments": {"1": {CT frame number: voxels}}, "problems": […]}. A problem is a frame that lies elsewhere than the CT
frame it refers to. The exit status is 1 if there are problems.
"""

import json
import sys

import highdicom
import pydicom


def main(seg_path, ct_path):
    segmentation = highdicom.seg.segread(seg_path)
    ct = pydicom.dcmread(ct_path, stop_before_pixels=True)
    places = [f.PlanePositionSequence[0].ImagePositionPatient for f in ct.PerFrameFunctionalGroupsSequence]
    problems = []
    for number, frame in enumerate(segmentation.PerFrameFunctionalGroupsSequence, start=1):
        (image,) = [i for d in frame.DerivationImageSequence for i in d.SourceImageSequence]
        mine = frame.PlanePositionSequence[0].ImagePositionPatient
        if image.ReferencedSOPInstanceUID != ct.SOPInstanceUID:
            problems.append(f"frame {number} refers to another object")
        elif any(abs(float(a) - float(b)) > 1e-5 for a, b in zip(mine, places[int(image.ReferencedFrameNumber) - 1])):
            problems.append(f"frame {number} does not lie where frame {image.ReferencedFrameNumber} of the CT does")
    numbers = list(range(1, len(places) + 1))
    pixels = segmentation.get_pixels_by_source_frame(
        ct.SOPInstanceUID, numbers, segmentation.segment_numbers, assert_missing_frames_are_empty=True
    )
    counts = pixels.sum(axis=(1, 2), dtype=int)
    segments = {
        str(segment): {str(n): int(counts[n - 1, index]) for n in numbers if counts[n - 1, index]}
        for index, segment in enumerate(segmentation.segment_numbers)
    }
    return {"segments": segments, "problems": problems}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    result = main(sys.argv[1], sys.argv[2])
    print(json.dumps(result, indent=1))
    sys.exit(1 if result["problems"] else 0)
