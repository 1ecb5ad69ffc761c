"""Overlap of two masks by SimpleITK.

    check_agreement.py FIRST SECOND    NIfTI files of masks on one grid

Prints JSON: {"dice", "voxels": [first, second, both]}.
"""

import json
import sys

import SimpleITK


def main(first, second):
    masks = [SimpleITK.Cast(SimpleITK.ReadImage(path) > 0, SimpleITK.sitkUInt8) for path in (first, second)]
    overlap = SimpleITK.LabelOverlapMeasuresImageFilter()
    overlap.Execute(*masks)
    arrays = [SimpleITK.GetArrayFromImage(mask) > 0 for mask in masks]
    voxels = [int(a.sum()) for a in (*arrays, arrays[0] & arrays[1])]
    print(json.dumps({"dice": overlap.GetDiceCoefficient(), "voxels": voxels}))


main(*sys.argv[1:])
