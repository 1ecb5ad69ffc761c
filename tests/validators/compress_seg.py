"""Compresses the frames of a segmentation with other programs' encoders.

    compress_seg.py SEG FOLDER

Writes one file for each encoder into FOLDER: RLE and Deflated Image Frame (pydicom, zlib), JPEG-LS (CharLS), JPEG 2000 without and with
loss (OpenJPEG), JPEG Baseline (libjpeg-turbo). Prints JSON: {"files": {name: transfer syntax UID}}. Pixels must have 8 or 16 bits; those
of 16 are compressed without loss only.
"""

import io
import json
import sys
import zlib
from pathlib import Path

import jpeg_ls
import numpy
import pydicom
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders import RLELosslessEncoder


def rle(frame):
    return RLELosslessEncoder.encode(
        frame.tobytes(), rows=frame.shape[0], columns=frame.shape[1], samples_per_pixel=1,
        bits_allocated=8 * frame.itemsize, bits_stored=8 * frame.itemsize, pixel_representation=0, photometric_interpretation="MONOCHROME2", number_of_frames=1,
    )


def deflated(frame):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(frame.tobytes()) + packer.flush()


def pillow(**options):
    def encode(frame):
        stream = io.BytesIO()
        Image.fromarray(frame).save(stream, **options)
        return stream.getvalue()

    return encode


ENCODERS = {
    "rle": ("1.2.840.10008.1.2.5", rle),
    "deflated": ("1.2.840.10008.1.2.8.1", deflated),
    "jpeg_ls": ("1.2.840.10008.1.2.4.80", lambda frame: bytes(jpeg_ls.encode_array(frame))),
    "jpeg_2000": ("1.2.840.10008.1.2.4.90", pillow(format="JPEG2000", no_jp2=True, num_resolutions=3)),
    "jpeg_2000_lossy": (
        "1.2.840.10008.1.2.4.91",
        pillow(format="JPEG2000", no_jp2=True, num_resolutions=3, irreversible=True, quality_layers=[2]),
    ),
    "jpeg": ("1.2.840.10008.1.2.4.50", pillow(format="JPEG", quality=95)),
}


def main(source, folder):
    files = {}
    for name, (uid, encode) in ENCODERS.items():
        dataset = pydicom.dcmread(source)
        wide = dataset.BitsAllocated == 16
        if wide and name in ("jpeg", "jpeg_2000_lossy"):
            continue
        count = dataset.Rows * dataset.Columns * dataset.NumberOfFrames
        frames = numpy.frombuffer(dataset.PixelData, numpy.uint16 if wide else numpy.uint8)[:count]
        frames = frames.reshape(dataset.NumberOfFrames, dataset.Rows, dataset.Columns)
        streams = [encode(numpy.ascontiguousarray(frame)) for frame in frames]
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(uid)
        if name == "jpeg_2000_lossy":
            dataset.LossyImageCompression = "01"
        dataset.PixelData = encapsulate(streams)
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        dataset.save_as(Path(folder) / f"{name}.dcm", implicit_vr=False, little_endian=True, force_encoding=True)
        files[name] = uid
    return {"files": files}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print(json.dumps(main(sys.argv[1], sys.argv[2])))
