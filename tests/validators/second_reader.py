"""Reads volume files with SimpleITK and nibabel, or writes some with them.

    second_reader.py read FILE     what the file holds
    second_reader.py write FOLDER  writes one phantom in many forms; what they hold

Prints JSON, `{"files": {name: {"size": [i, j, k], "samples": [[x, y, z, value], …]}}}`: the value of some voxels and where they
lie, LPS millimetres. The exit status is 1 where both readers know a file and disagree.
"""

import gzip
import json
import pathlib
import sys

import nibabel
import numpy
import SimpleITK

PICKED = 60


def picked(size):
    random = numpy.random.default_rng(7)
    corners = numpy.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]) * (numpy.array(size) - 1)
    return numpy.concatenate([corners, random.integers(0, size, (PICKED, 3))])


def by_itk(path):
    image = SimpleITK.ReadImage(str(path))
    voxels = picked(image.GetSize())
    samples = [
        [*image.TransformIndexToPhysicalPoint([int(n) for n in v]), float(image.GetPixel([int(n) for n in v]))]
        for v in voxels
    ]
    return {"size": list(image.GetSize()), "samples": samples}


def by_nibabel(path):
    image = nibabel.load(path)
    data = numpy.asarray(image.dataobj)
    voxels = picked(image.shape[:3])
    places = nibabel.affines.apply_affine(image.affine, voxels) * [-1, -1, 1]
    samples = [[*map(float, p), float(data[tuple(v)])] for p, v in zip(places, voxels)]
    return {"size": list(image.shape), "samples": samples}


def read(path):
    found = by_itk(path)
    if ".nii" in path.name:
        other = by_nibabel(path)
        worst = numpy.abs(numpy.array(found["samples"]) - numpy.array(other["samples"])).max()
        if found["size"] != other["size"] or worst > 1e-2:
            sys.exit(f"{path.name}: the readers disagree by {worst}")
    return found


def phantom(shape):
    """Values in HU, [k, j, i], all different along each axis, air and bone among them."""
    k, j, i = numpy.meshgrid(*[numpy.arange(n) for n in shape], indexing="ij")
    return (i * 7 + j * 31 + k * 101 - 1000).astype(numpy.int16)


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    values = phantom((9, 11, 13))
    angle = 0.2
    turned = [numpy.cos(angle), -numpy.sin(angle), 0, numpy.sin(angle), numpy.cos(angle), 0, 0, 0, 1]
    directions = {
        "axial": [1, 0, 0, 0, 1, 0, 0, 0, 1],
        "flipped": [-1, 0, 0, 0, -1, 0, 0, 0, 1],
        "left": [-1, 0, 0, 0, 1, 0, 0, 0, 1],
        "sagittal": [0, 0, 1, 1, 0, 0, 0, -1, 0],
        "coronal": [1, 0, 0, 0, 0, 1, 0, -1, 0],
        "turned": turned,
    }
    for name, direction in directions.items():
        image = SimpleITK.GetImageFromArray(values)
        image.SetSpacing((0.7, 0.8, 2.5))
        image.SetOrigin((-110.5, -95.25, 310.125))
        image.SetDirection([float(d) for d in direction])
        for ending in ("nii", "nii.gz", "mha", "nrrd"):
            if not (name == "left" and "nii" in ending):
                SimpleITK.WriteImage(image, str(folder / f"{name}.{ending}"))
        SimpleITK.WriteImage(image, str(folder / f"{name}-z.mha"), useCompression=True)
        SimpleITK.WriteImage(image, str(folder / f"{name}-z.nrrd"), useCompression=True)
        SimpleITK.WriteImage(image, str(folder / f"{name}.mhd"))
        SimpleITK.WriteImage(image, str(folder / f"{name}-z.mhd"), useCompression=True)
        SimpleITK.WriteImage(image, str(folder / f"{name}.nhdr"))
        SimpleITK.WriteImage(image, str(folder / f"{name}-z.nhdr"), useCompression=True)
    types = {
        "u8": SimpleITK.sitkUInt8,
        "i8": SimpleITK.sitkInt8,
        "u16": SimpleITK.sitkUInt16,
        "u32": SimpleITK.sitkUInt32,
        "i32": SimpleITK.sitkInt32,
        "i64": SimpleITK.sitkInt64,
        "f32": SimpleITK.sitkFloat32,
        "f64": SimpleITK.sitkFloat64,
    }
    for name, pixel in types.items():
        small = SimpleITK.GetImageFromArray(numpy.abs(values % 100).astype(numpy.float64) * 1.0)
        for ending in ("nii", "mha", "nrrd"):
            SimpleITK.WriteImage(SimpleITK.Cast(small, pixel), str(folder / f"{name}.{ending}"))

    # By nibabel: scaled, big-endian, NIfTI-2, qform alone, other codes.
    data = values.transpose(2, 1, 0)
    affine = numpy.array([[-0.7, 0.1, 0, 90], [0.05, -0.8, 0, 95], [0, 0, 2.5, -300], [0, 0, 0, 1.0]])
    scaled = nibabel.Nifti1Image(data.astype(numpy.float32) / 3 + 0.1, affine)
    scaled.set_data_dtype(numpy.int16)
    nibabel.save(scaled, folder / "scaled.nii.gz")
    nibabel.save(nibabel.Nifti2Image(data, affine), folder / "second.nii")
    big = nibabel.Nifti1Image(data, affine, nibabel.Nifti1Header(endianness=">"))
    nibabel.save(big, folder / "big.nii")
    rigid = affine.copy()
    rigid[:3, :3] = numpy.array(turned).reshape(3, 3) @ numpy.diag([0.7, -0.8, 2.5])
    by_qform = nibabel.Nifti1Image(data, None)
    by_qform.set_qform(rigid, code=1)
    by_qform.set_sform(None, code=0)
    nibabel.save(by_qform, folder / "qform.nii.gz")
    metres = nibabel.Nifti1Image(data, affine)
    metres.header.set_xyzt_units("micron")
    metres.set_sform(affine * [[1000], [1000], [1000], [1]], code=1)
    # The readers know no units: what is written is told.
    nibabel.save(metres, folder / "microns.nii.gz")
    # Two members in one gzip file, as parallel writers leave them.
    plain = (folder / "axial.nii").read_bytes()
    (folder / "members.nii.gz").write_bytes(gzip.compress(plain[:5000]) + gzip.compress(plain[5000:]))

    found = {}
    for path in sorted(folder.iterdir()):
        if path.name.endswith((".raw", ".zraw", ".raw.gz")):
            continue
        # SimpleITK refuses what is sheared; nibabel made these.
        by_nibabel_alone = path.name in ("scaled.nii.gz", "second.nii", "big.nii", "microns.nii.gz")
        found[path.name] = by_nibabel(path) if by_nibabel_alone else read(path)
    for sample in found["microns.nii.gz"]["samples"]:
        sample[:3] = [c / 1000 for c in sample[:3]]
    return found


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("read", "write"):
        sys.exit(__doc__)
    path = pathlib.Path(sys.argv[2])
    files = write(path) if sys.argv[1] == "write" else {path.name: read(path)}
    print(json.dumps({"files": files}))
