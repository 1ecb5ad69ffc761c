"""Reads a label map segmentation with highdicom.

    check_labelmap.py SEG SEG    the same file twice

Prints JSON: {"slices": [{"position": patient position of its first pixel, mm, "sha256": of each segment, in the order of their
numbers}], "problems": […]}. Slices without a label are left out. `sha256` is over the slice's pixels in a segment, one byte each (0 or
1), row by row. A problem is a pixel whose label no segment has. The exit status is 1 if there are problems.
"""

import hashlib
import json
import sys

import highdicom
import numpy


def main(path, _):
    segmentation = highdicom.seg.segread(path)
    problems = []
    if segmentation.segmentation_type.value != "LABELMAP":
        problems.append("it is no label map")
    volume = segmentation.get_volume(combine_segments=True, relabel=False, allow_missing_positions=True)
    array = numpy.asarray(volume.array)
    numbers = [int(n) for n in segmentation.segment_numbers if n != 0]
    if not set(numpy.unique(array).tolist()) <= {0, *numbers}:
        problems.append("a pixel has a label that no segment has")
    if any(not segmentation.get_segment_description(n).segment_label for n in numbers):
        problems.append("a segment has no label")
    slices = [
        {
            "position": [float(x) for x in plane[0].ImagePositionPatient],
            "sha256": [hashlib.sha256((labels == n).astype(numpy.uint8).tobytes()).hexdigest() for n in numbers],
        }
        for plane, labels in zip(volume.get_plane_positions(), array)
        if labels.any()
    ]
    return {"slices": slices, "problems": problems}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    result = main(sys.argv[1], sys.argv[2])
    print(json.dumps(result))
    sys.exit(1 if result["problems"] else 0)
