"""Surface distances of two masks by the surface-distance package: surface elements weighted by their area.

    check_surfaces.py FIRST SECOND    NIfTI files of masks on one grid

Prints JSON: {"dice", "hausdorff_95_mm", "mean_surface_mm", "surface_dice": at 2 mm, "surface_dice_5": at 5 mm}.
"""

import json
import sys

import numpy
import SimpleITK
import surface_distance


def main(first, second):
    images = [SimpleITK.ReadImage(path) for path in (first, second)]
    masks = [SimpleITK.GetArrayFromImage(image) > 0 for image in images]
    spacing = images[0].GetSpacing()[::-1]
    found = surface_distance.compute_surface_distances(*masks, spacing)
    distances = numpy.concatenate([found["distances_gt_to_pred"], found["distances_pred_to_gt"]])
    areas = numpy.concatenate([found["surfel_areas_gt"], found["surfel_areas_pred"]])
    print(
        json.dumps(
            {
                "dice": float(surface_distance.compute_dice_coefficient(*masks)),
                "hausdorff_95_mm": float(surface_distance.compute_robust_hausdorff(found, 95)),
                "mean_surface_mm": float((distances * areas).sum() / areas.sum()),
                "surface_dice": float(surface_distance.compute_surface_dice_at_tolerance(found, 2.0)),
                "surface_dice_5": float(surface_distance.compute_surface_dice_at_tolerance(found, 5.0)),
            }
        )
    )


main(*sys.argv[1:])
