"""Rasterises an RT Structure Set on a lattice, by scikit-image.

    check_rtstruct.py RTSTRUCT LATTICE

LATTICE is a JSON file: {"size": [columns, rows, slices], "origin": [x, y, z], "steps": [step in i, in j, in k]}, LPS mm. Prints
JSON: {"rois": {ROI Number: {"name", "voxels": offsets in [k, j, i] order}}, "off_mm": how far a vertex is at most from the edges of
voxels (or from the channel of a keyhole, a quarter of a row off their centres) and from the plane of its slice, "problems": […]}.
The exit status is 1 if there are problems.
"""

import json
import sys

import numpy
import pydicom
from skimage.measure import grid_points_in_poly

INSIDE = 1


def main(path, lattice):
    data_set = pydicom.dcmread(path)
    lattice = json.load(open(lattice))
    columns, rows, slices = lattice["size"]
    steps = numpy.array(lattice["steps"]).T
    names = {int(roi.ROINumber): str(roi.ROIName) for roi in data_set.StructureSetROISequence}
    observed = {int(item.ReferencedROINumber) for item in data_set.RTROIObservationsSequence}
    reference = data_set.ReferencedFrameOfReferenceSequence[0]
    named = {
        image.ReferencedSOPInstanceUID
        for study in reference.RTReferencedStudySequence
        for series in study.RTReferencedSeriesSequence
        for image in series.ContourImageSequence
    }
    problems = []
    if observed != set(names):
        problems.append("not every region is observed")
    if any(roi.ReferencedFrameOfReferenceUID != reference.FrameOfReferenceUID for roi in data_set.StructureSetROISequence):
        problems.append("a region lies in another frame of reference")
    rois, worst = {}, 0.0
    for item in data_set.ROIContourSequence:
        number = int(item.ReferencedROINumber)
        mask = numpy.zeros((slices, rows, columns), dtype=bool)
        for contour in item.ContourSequence:
            points = numpy.array([float(v) for v in contour.ContourData]).reshape(-1, 3)
            if len(points) != int(contour.NumberOfContourPoints) or contour.ContourGeometricType != "CLOSED_PLANAR":
                problems.append(f"a contour of region {number} contradicts itself")
            if not {image.ReferencedSOPInstanceUID for image in contour.ContourImageSequence} <= named:
                problems.append(f"a contour of region {number} names an image that the structure set does not")
            voxels = numpy.linalg.solve(steps, (points - lattice["origin"]).T).T
            k = numpy.round(voxels[:, 2])
            if len(set(k)) != 1:
                problems.append(f"a contour of region {number} lies on several slices")
            near = voxels.copy()
            near[:, :2] = numpy.round(voxels[:, :2] * 4) / 4
            near[:, 2] = k
            worst = max(worst, float(numpy.abs((voxels - near) @ steps.T).max()))
            inside = grid_points_in_poly((rows, columns), voxels[:, [1, 0]], binarize=False) == INSIDE
            # Parts of one region share no voxel; if they did, the even-odd rule would show.
            mask[int(k[0])] ^= inside
        rois[str(number)] = {"name": names[number], "voxels": numpy.flatnonzero(mask).tolist()}
    return {"rois": rois, "off_mm": worst, "problems": problems}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    result = main(sys.argv[1], sys.argv[2])
    print(json.dumps(result))
    sys.exit(1 if result["problems"] else 0)
