"""The proposals of lungs and lesions written with SimpleITK: the same steps on the same reduced grid, one thread.

    proposals.py FILE    a MetaImage of HU

Prints one line for each step: name, seconds (median of several passes), ml found; then the peak of memory beside the CT, MiB.
Morphology with balls is done by distance maps where that is faster than SimpleITK's own filters, which favours these.
"""

import os
import sys
import time

os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = "1"
import SimpleITK as sitk

PASSES = 3
CELL_MM = 1.5


def within(mask, mm):
    """Voxels within a distance of a mask."""
    field = sitk.SignedMaurerDistanceMap(mask, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)
    return sitk.Cast(field <= mm, sitk.sitkUInt8)


def dilate(mask, mm):
    return within(mask, mm)


def erode(mask, mm):
    return sitk.Cast(within(mask == 0, mm) == 0, sitk.sitkUInt8)


def close(mask, mm):
    pad = [int(mm / s) + 2 for s in mask.GetSpacing()]
    closed = erode(dilate(sitk.ConstantPad(mask, pad, pad, 0), mm), mm)
    return sitk.Crop(closed, pad, pad)


def opened(mask, mm):
    return dilate(erode(mask, mm), mm)


def millilitres(image):
    x, y, z = image.GetSpacing()
    return x * y * z / 1000.0


def factors(image):
    return [max(1, int(CELL_MM / s + 1e-9)) for s in image.GetSpacing()]


def parts(mask, at_least_ml):
    components = sitk.RelabelComponent(sitk.ConnectedComponent(mask), int(at_least_ml / millilitres(mask)))
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(components)
    return components, shape


def trachea(air):
    """Air grown from a round spot in the upper slices, unless it leaks."""
    size, spacing = air.GetSize(), air.GetSpacing()
    for k in range(size[2] - 1, size[2] * 2 // 3, -1):
        spots = sitk.ConnectedComponent(air[:, :, k])
        shape = sitk.LabelShapeStatisticsImageFilter()
        shape.Execute(spots)
        for label in shape.GetLabels():
            area, roundness = shape.GetPhysicalSize(label), shape.GetRoundness(label)
            box = shape.GetBoundingBox(label)
            inner = box[0] > 0 and box[1] > 0 and box[0] + box[2] < size[0] and box[1] + box[3] < size[1]
            if 50 < area < 600 and roundness > 0.7 and inner:
                seed = [*spots.TransformPhysicalPointToIndex(shape.GetCentroid(label)), k]
                return seed
    return None


def lungs(ct):
    coarse = sitk.BinShrink(sitk.Cast(ct, sitk.sitkFloat32), factors(ct))
    air = sitk.Cast(coarse < -400, sitk.sitkUInt8)
    # Air that reaches the sides is around the body.
    components, shape = parts(air, 0.5)
    size = air.GetSize()
    around = []
    for label in shape.GetLabels():
        box = shape.GetBoundingBox(label)
        if box[0] == 0 or box[1] == 0 or box[0] + box[3] == size[0] or box[1] + box[4] == size[1]:
            around.append(label)
    inner = sitk.ChangeLabel(components, {label: 0 for label in around})
    inside = sitk.Cast(inner > 0, sitk.sitkUInt8)
    seed = trachea(inside)
    airway = sitk.Image(size, sitk.sitkUInt8)
    airway.CopyInformation(inside)
    if seed is not None:
        for below in (-950, -900, -850, -800, -700):
            grown = sitk.ConnectedThreshold(coarse, [seed], -3000, below)
            count = sitk.StatisticsImageFilter()
            count.Execute(grown)
            if count.GetSum() * millilitres(grown) > 150:
                break
            airway = grown
        inside = sitk.And(inside, sitk.Cast(dilate(airway, 2.2) == 0, sitk.sitkUInt8))
    pieces, shape = parts(inside, 30)
    middle = inside.TransformContinuousIndexToPhysicalPoint([s / 2 for s in size])[0]
    first = shape.GetLabels()[0]
    share = abs(shape.GetCentroid(first)[0] - middle)
    if share < 25:
        # One piece: parted where the distance from its outline is least.
        joined = sitk.Cast(pieces == first, sitk.sitkUInt8)
        depth = sitk.SignedMaurerDistanceMap(joined, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)
        for mm in (2, 4, 6, 8, 10, 12, 15, 20):
            cores, shape = parts(sitk.Cast(depth < -mm, sitk.sitkUInt8), 30)
            if shape.GetNumberOfLabels() >= 2:
                break
        markers = sitk.Cast(cores * sitk.Cast(cores <= 2, sitk.sitkUInt32), sitk.sitkUInt32)
        sides = sitk.MorphologicalWatershedFromMarkers(depth, markers, markWatershedLine=False)
        sides = sitk.Mask(sides, joined)
    else:
        sides = sitk.Mask(pieces, sitk.Cast(pieces <= 2, sitk.sitkUInt8))
    free = sitk.And(sitk.Cast(coarse < 150, sitk.sitkUInt8), sitk.Cast(airway == 0, sitk.sitkUInt8))
    found = sitk.Image(size, sitk.sitkUInt8)
    found.CopyInformation(inside)
    for label in (1, 2):
        side = sitk.Cast(sides == label, sitk.sitkUInt8)
        closed = sitk.And(close(side, 10.0), free)
        closed = sitk.BinaryFillhole(sitk.Or(closed, side))
        found = found + sitk.Mask(closed * label, found == 0)
    # Back to the voxels: the edge of air is drawn voxel by voxel.
    fine = sitk.Resample(found, ct, sitk.Transform(), sitk.sitkNearestNeighbor, 0, sitk.sitkUInt8)
    edge = sitk.Resample(sitk.Cast(found - sitk.Mask(found, erode(found > 0, CELL_MM)) > 0, sitk.sitkUInt8), ct, sitk.Transform(), sitk.sitkNearestNeighbor, 0, sitk.sitkUInt8)
    keep = sitk.Or(sitk.Cast(ct < -400, sitk.sitkUInt8), sitk.Cast(edge == 0, sitk.sitkUInt8))
    return sitk.Mask(fine, keep)


def lesions(ct, inside):
    inside = sitk.Cast(inside > 0, sitk.sitkUInt8)
    shrink = factors(ct)
    weight = sitk.BinShrink(sitk.Cast(inside, sitk.sitkFloat32), shrink)
    total = sitk.BinShrink(sitk.Cast(ct, sitk.sitkFloat32) * sitk.Cast(inside, sitk.sitkFloat32), shrink)
    lung = sitk.Cast(weight > 0, sitk.sitkUInt8)
    mean = sitk.Mask(total / sitk.Maximum(weight, 1e-6), lung, -3000)
    median = sitk.Mask(sitk.Median(mean, [1, 1, 1]), lung, -3000)
    candidate = sitk.Cast(sitk.And(median >= -700, median <= 150), sitk.sitkUInt8)
    dense = sitk.Cast(median >= -250, sitk.sitkUInt8)
    vessel = sitk.Cast(sitk.And(dense, sitk.Cast(opened(dense, 5.0) == 0, sitk.sitkUInt8)), sitk.sitkUInt8)
    free = sitk.And(candidate, sitk.Cast(dilate(vessel, 2.0) == 0, sitk.sitkUInt8))
    core = opened(free, 3.0)
    grown = sitk.And(dilate(core, 3.5), free)
    grown = sitk.And(sitk.Or(close(grown, 5.0), grown), candidate)
    components, _ = parts(grown, 0.3)
    fine = sitk.Resample(sitk.Cast(components > 0, sitk.sitkUInt8), ct, sitk.Transform(), sitk.sitkNearestNeighbor, 0, sitk.sitkUInt8)
    return sitk.And(fine, inside)


def status(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key)) / 1024


def volume(mask):
    count = sitk.StatisticsImageFilter()
    count.Execute(sitk.Cast(mask > 0, sitk.sitkUInt8))
    return count.GetSum() * millilitres(mask)


def main(path):
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    ct = sitk.ReadImage(path)
    before = status("VmRSS")
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    times = {"lungs": [], "lesions": []}
    for _ in range(PASSES):
        begun = time.perf_counter()
        found = lungs(ct)
        times["lungs"].append(time.perf_counter() - begun)
        begun = time.perf_counter()
        opacities = lesions(ct, found)
        times["lesions"].append(time.perf_counter() - begun)
    peak = status("VmHWM")
    for name, mask in (("lungs", found), ("lesions", opacities)):
        print(f"{name}\t{sorted(times[name])[PASSES // 2]:.3f}\t{volume(mask):.0f}")
    print(f"memory\t{peak - before:.0f}\t0")


main(*sys.argv[1:])
