"""Reads a SEG and an SR with dcmqi (segimage2itkimage, tid1500reader), which ITK and DCMTK read for.

    check_dcmqi.py SEG SR

Prints JSON: {"segments": {Segment Number: [[x, y, z] of each voxel, LPS mm]}, "labels": {Segment Number: its label}, "groups": Tracking
Identifier of each measurement group, "problems": […]}. The exit status is 1 if there are problems.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import nibabel
import numpy

TOOLS = Path(sys.executable).parent


def ask(tool, *arguments):
    done = subprocess.run([TOOLS / tool, *map(str, arguments)], capture_output=True, text=True)
    return [] if done.returncode == 0 else [f"{tool}: {done.stdout} {done.stderr}"]


def main(seg, sr):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        problems = ask("segimage2itkimage", "--inputDICOM", seg, "--outputDirectory", folder, "-t", "nii", "--prefix", "s")
        problems += ask("tid1500reader", "--inputDICOM", sr, "--outputMetadata", folder / "sr.json")
        if problems:
            return {"problems": problems}
        segments, labels = {}, {}
        for group in json.loads((folder / "s-meta.json").read_text())["segmentAttributes"]:
            for segment in group:
                labels[str(segment["labelID"])] = segment["SegmentLabel"]
        for path in sorted(folder.glob("s-*.nii.gz")):
            image = nibabel.load(path)
            array = numpy.asarray(image.dataobj)
            for number in numpy.unique(array[array > 0]).tolist():
                places = nibabel.affines.apply_affine(image.affine, numpy.argwhere(array == number)) * [-1, -1, 1]
                segments[str(number)] = places.tolist()
        report = json.loads((folder / "sr.json").read_text())
        groups = [group["TrackingIdentifier"] for group in report["Measurements"]]
    return {"segments": segments, "labels": labels, "groups": groups, "problems": []}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    result = main(sys.argv[1], sys.argv[2])
    print(json.dumps(result))
    sys.exit(1 if result["problems"] else 0)
