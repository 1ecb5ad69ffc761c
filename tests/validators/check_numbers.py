"""Numbers of a chest CT by numpy, scipy and SimpleITK.

    check_numbers.py CT LABELS    MetaImage files on one grid

LABELS holds anatomy + 16 × finding: anatomy 1 right lung, 2 left lung, 3 airways, 4 fat, 5 muscle, 6 heart; finding 1 opacity,
2 vessel, 3 calcium. Prints JSON: the numbers by their names, "pieces" (voxels of the pieces of opacity and calcium, largest first)
and "calcium" (voxels of the heart that a search for calcium keeps).
"""

import json
import sys

import numpy
import scipy.ndimage
import SimpleITK


def share(part, whole):
    return 100.0 * float(part.sum()) / float(whole.sum()) if whole.any() else None


def main(ct_path, labels_path):
    image = SimpleITK.ReadImage(ct_path)
    ct = SimpleITK.GetArrayFromImage(image).astype(numpy.int64)
    labels_image = SimpleITK.ReadImage(labels_path)
    labels = SimpleITK.GetArrayFromImage(labels_image)
    anatomy, finding = labels % 16, labels // 16
    right, left = anatomy == 1, anatomy == 2
    lung = right | left
    opacity = finding == 1

    # Volumes as SimpleITK has them: physical size of a label.
    statistics = SimpleITK.LabelShapeStatisticsImageFilter()

    def ml(mask):
        statistics.Execute(SimpleITK.GetImageFromArray(mask.astype(numpy.uint8)))
        voxels = statistics.GetNumberOfPixels(1) if mask.any() else 0
        return voxels * float(numpy.prod(image.GetSpacing())) / 1000.0

    hu = ct[lung]
    grams = lambda hu: float((numpy.maximum(hu + 1000, 0) / 1000.0).sum() * numpy.prod(image.GetSpacing()) / 1000.0)
    pixel_cm2 = image.GetSpacing()[0] * image.GetSpacing()[1] / 100.0
    intensity = SimpleITK.LabelIntensityStatisticsImageFilter()
    intensity.Execute(SimpleITK.Cast(SimpleITK.Modulus(labels_image, 16), SimpleITK.sitkUInt8), image)
    mean_of = lambda label: intensity.GetMean(label) if intensity.HasLabel(label) else None
    spread = SimpleITK.StatisticsImageFilter()
    spread.Execute(SimpleITK.GetImageFromArray(numpy.clip(hu, -1536, 3071).astype(numpy.float64).reshape(1, -1)))
    numbers = {
        "lung-volume": ml(lung),
        "right-lung-volume": ml(right),
        "left-lung-volume": ml(left),
        "lesion-volume": ml(opacity & lung),
        "involvement": share(opacity & lung, lung),
        "high-opacity": share(opacity & (ct >= -200), opacity),
        "vessel-volume": ml(finding == 2),
        "well-aerated": share(lung & (ct >= -950) & (ct <= -700), lung),
        "well-aerated-volume": ml(lung & (ct >= -950) & (ct <= -700)),
        "compartment-ground-glass": share(lung & (ct > -700) & (ct <= -250), lung),
        "compartment-consolidation": share(lung & (ct > -250) & (ct <= 100), lung),
        "compartment-dense": share(lung & (ct > 100), lung),
        "laa-950": share(lung & (ct < -950), lung),
        "laa-910": share(lung & (ct < -910), lung),
        "haa-600": share(lung & (ct > -600), lung),
        "haa-250": share(lung & (ct > -250), lung),
        "lung-mean": float(hu.mean()),
        # SimpleITK divides by n - 1.
        "lung-deviation": spread.GetSigma() * ((hu.size - 1) / hu.size) ** 0.5,
        "right-lung-mean": mean_of(1),
        "left-lung-mean": mean_of(2),
        "lung-p15": float(numpy.percentile(hu, 15, method="inverted_cdf")),
        "lung-p50": float(numpy.percentile(hu, 50, method="inverted_cdf")),
        "lung-p85": float(numpy.percentile(hu, 85, method="inverted_cdf")),
        "lung-mass": grams(hu),
        "fat-area": float((anatomy == 4).sum()) * pixel_cm2 or None,
        "fat-hu": mean_of(4),
        "muscle-area": float((anatomy == 5).sum()) * pixel_cm2 or None,
        "muscle-hu": mean_of(5),
        "calcium-volume": ml(finding == 3) * 1000.0 or None,
    }

    for side, mask in (("right", right), ("left", left)):
        of_side = ct[mask]
        numbers[f"{side}-lung-deviation"] = float(numpy.clip(of_side, -1536, 3071).std()) if mask.any() else None
        for percent in (15, 50, 85):
            percentile = lambda: float(numpy.percentile(of_side, percent, method="inverted_cdf"))
            numbers[f"{side}-lung-p{percent}"] = percentile() if mask.any() else None
        numbers[f"{side}-lung-mass"] = grams(of_side) if mask.any() else None

    # Zones: thirds of the slices with lung, the first slices at the feet. No lobes are drawn.
    with_lung = numpy.flatnonzero(lung.any(axis=(1, 2)))
    first, count = int(with_lung[0]), int(with_lung[-1] - with_lung[0] + 1)
    cuts = [0, first + count // 3, first + 2 * count // 3, ct.shape[0]]
    score = 0
    for side, mask in (("right", right), ("left", left)):
        for level, name in enumerate(("lower", "middle", "upper")):
            here = slice(cuts[level], cuts[level + 1])
            extent = share((opacity & mask)[here], mask[here])
            numbers[f"zone-{side}-{name}-extent"] = extent
            if extent is None or score is None:
                score = None
            elif extent > 0:
                score += 1 + (extent >= 25) + (extent >= 50) + (extent >= 75)
    numbers["zone-score"] = score
    for lobe in ("right-upper", "middle", "right-lower", "left-upper", "left-lower"):
        numbers[f"lobe-{lobe}-extent"] = None
    numbers["lobe-score"] = None

    def pieces(mask):
        found, count = scipy.ndimage.label(mask)
        return found, scipy.ndimage.sum_labels(mask, found, range(1, count + 1)).astype(int).tolist()

    listed = sorted(pieces(opacity)[1] + pieces(finding == 3)[1], reverse=True)
    found, sizes = pieces((anatomy == 6) & (ct >= 130))
    kept = 0
    for number, (size, box) in enumerate(zip(sizes, scipy.ndimage.find_objects(found)), 1):
        widest = (found[box] == number).sum(axis=(1, 2)).max()
        ml_of = size * float(numpy.prod(image.GetSpacing())) / 1000.0
        if size >= 3 and widest * pixel_cm2 * 100.0 >= 1.0 and ml_of <= 2.0:
            kept += size
    print(json.dumps({"numbers": numbers, "pieces": listed, "calcium": kept}))


main(*sys.argv[1:])
