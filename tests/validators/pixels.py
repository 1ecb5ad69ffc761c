"""Reads the stored pixels of two DICOM files with pydicom.

    pixels.py FILE FILE

Prints JSON, `{"files": [[…], […]]}`: all pixels of each, frame after frame, row after row.
"""

import json
import sys

import pydicom

print(json.dumps({"files": [pydicom.dcmread(path).pixel_array.ravel().tolist() for path in sys.argv[1:]]}))
