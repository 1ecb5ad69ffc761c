"""Reads a label map segmentation with highdicom.

    check_labelmap.py SEG SEG    the same file twice

Prints JSON: {"voxels": voxels of each segment, in the order of their numbers, "problems": […]}. A problem is a pixel whose label no
segment has. The exit status is 1 if there are problems.
"""

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
    return {"voxels": [int((array == n).sum()) for n in numbers], "problems": problems}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    result = main(sys.argv[1], sys.argv[2])
    print(json.dumps(result))
    sys.exit(1 if result["problems"] else 0)
