"""The usual C and C++ decoders on the files of a folder: MB/s of voxels, median of several passes, one thread.

Prints one line for each decoder: name, MB/s, sum of all HU. Only the decoding of a frame is timed, not the reading of the header
nor the rescale, which favours these.
"""

import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
import imagecodecs
import numpy
import pydicom
from pydicom.encaps import generate_frames

FILES = 32
PASSES = 5


def decoders(dataset):
    """Decoders of the transfer syntax, by name."""
    uid = dataset.file_meta.TransferSyntaxUID
    dtype = numpy.dtype("<i2" if dataset.PixelRepresentation else "<u2")
    if uid in ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1"):
        return {"numpy copy": lambda frame: numpy.frombuffer(frame, dtype).astype(numpy.int16)}
    if uid in ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"):
        return {"OpenJPEG": lambda frame: imagecodecs.jpeg2k_decode(frame, numthreads=1)}
    if uid.startswith("1.2.840.10008.1.2.4.20"):
        return {
            "OpenJPH": imagecodecs.htj2k_decode,
            "OpenJPEG": lambda frame: imagecodecs.jpeg2k_decode(frame, numthreads=1),
        }
    if uid == "1.2.840.10008.1.2.4.110":
        return {"libjxl": lambda frame: imagecodecs.jpegxl_decode(frame, numthreads=1)}
    if uid in ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"):
        return {"CharLS": imagecodecs.jpegls_decode}
    if uid in ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"):
        return {"libjpeg-turbo": imagecodecs.jpeg8_decode, "liblj92": imagecodecs.ljpeg_decode}
    if uid in ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"):
        return {"libjpeg-turbo": imagecodecs.jpeg8_decode}
    if uid == "1.2.840.10008.1.2.5":
        return {"imagecodecs": lambda frame: numpy.frombuffer(imagecodecs.dicomrle_decode(frame, dtype), dtype)}
    return {}


def main(place):
    names = sorted(os.path.join(place, n) for n in os.listdir(place)) if os.path.isdir(place) else [place]
    datasets = [pydicom.dcmread(name) for name in names[:FILES]]
    frames = []
    for dataset in datasets:
        compressed = dataset.file_meta.TransferSyntaxUID.is_compressed
        frames.append(next(generate_frames(dataset.PixelData, number_of_frames=1)) if compressed else dataset.PixelData)
    first = datasets[0]
    signed = first.PixelRepresentation == 1
    slope, intercept = float(first.get("RescaleSlope", 1)), float(first.get("RescaleIntercept", 0))
    for name, decode in decoders(first).items():
        try:
            speeds = []
            for _ in range(PASSES):
                begin = time.perf_counter()
                decoded = [decode(frame) for frame in frames]
                seconds = time.perf_counter() - begin
                speeds.append(sum(d.size for d in decoded) * 2 / 1e6 / seconds)
            total = 0
            for pixels in decoded:
                stored = pixels.astype(numpy.int64)
                if signed:
                    stored = pixels.astype(numpy.uint16).view(numpy.int16).astype(numpy.int64)
                total += int(numpy.clip(numpy.round(stored * slope + intercept), -32768, 32767).sum())
            print(f"{name}\t{sorted(speeds)[PASSES // 2]:.1f}\t{total}")
        except Exception as why:  # a decoder that cannot read the stream says so, the next is tried
            print(f"{name}\tfailed\t{why}", file=sys.stderr)


main(sys.argv[1])
