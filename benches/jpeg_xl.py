"""Writes the files of a folder again as JPEG XL Lossless, for the comparison of decoders: `jpeg_xl.py FROM TO`."""

import pathlib
import sys

import imagecodecs
import numpy
import pydicom
from pydicom.encaps import encapsulate
from pydicom.uid import UID

FILES = 32


def main(source, target):
    # A folder of that name is whole: it gets it at the end.
    part = target.with_suffix(".part")
    part.mkdir(parents=True, exist_ok=True)
    for name in sorted(source.iterdir())[:FILES]:
        dataset = pydicom.dcmread(name)
        # JPEG XL knows no sign: two's complement words stay words.
        words = numpy.frombuffer(dataset.PixelData, "<u2").reshape(dataset.Rows, dataset.Columns)
        stream = imagecodecs.jpegxl_encode(words, lossless=True, numthreads=1)
        assert numpy.array_equal(imagecodecs.jpegxl_decode(stream), words)
        dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.110")
        dataset.PixelData = encapsulate([stream])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        dataset.save_as(part / name.name, implicit_vr=False, little_endian=True, force_encoding=True)
    part.rename(target)


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
