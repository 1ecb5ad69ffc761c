"""Overlap and surface distances of two masks by SimpleITK.

    check_agreement.py FIRST SECOND    NIfTI files of masks on one grid

Prints JSON: {"dice", "voxels": [first, second, both], "distances": sorted distances in mm of all surface voxels to the other surface}.
"""

import json
import sys

import numpy
import SimpleITK


def surface(mask):
    # Face neighbours alone; the border of the image counts as outside.
    padded = SimpleITK.ConstantPad(mask, [1] * 3, [1] * 3, 0)
    eroded = SimpleITK.BinaryErode(padded, [1] * 3, SimpleITK.sitkCross, 0.0, 1.0, False)
    return SimpleITK.Subtract(padded, eroded)


def distances(of, to):
    field = SimpleITK.Abs(SimpleITK.SignedMaurerDistanceMap(to, insideIsPositive=False, squaredDistance=False, useImageSpacing=True))
    on_target = SimpleITK.GetArrayFromImage(to) > 0
    field = numpy.where(on_target, 0.0, SimpleITK.GetArrayFromImage(field))
    return field[SimpleITK.GetArrayFromImage(of) > 0].tolist()


def main(first, second):
    masks = [SimpleITK.Cast(SimpleITK.ReadImage(path) > 0, SimpleITK.sitkUInt8) for path in (first, second)]
    overlap = SimpleITK.LabelOverlapMeasuresImageFilter()
    overlap.Execute(*masks)
    arrays = [SimpleITK.GetArrayFromImage(mask) > 0 for mask in masks]
    surfaces = [surface(mask) for mask in masks]
    found = sorted(distances(surfaces[0], surfaces[1]) + distances(surfaces[1], surfaces[0]))
    voxels = [int(a.sum()) for a in (*arrays, arrays[0] & arrays[1])]
    print(json.dumps({"dice": overlap.GetDiceCoefficient(), "voxels": voxels, "distances": found}))


main(*sys.argv[1:])
