"""Searches an object of a campaign for anything that the headers of its CT say of patient, study or place.

    check_campaign.py OBJECT FOLDER

Every text, date, time and UID in the headers below FOLDER is looked for among the values of OBJECT: the same value, or, from six
characters on, a value that holds it. Prints JSON: {"searched": how many values, "problems": [...]}. Always exits with 0.
"""

import json
import sys
from pathlib import Path

import pydicom

TEXTS = {"PN", "LO", "SH", "LT", "ST", "UT", "UC", "AE", "AS", "DA", "TM", "DT", "UI"}
# Of the standard, not of this CT.
STANDARD = "1.2.840.10008."
# Said of every CT of a chest; who wrote it and in which role, not who is in it.
SAID_ANYWAY = {"ct", "chest", "lung", "hilum", "000000", "reader"}
# Codes are the standard's too, also where a source wrote them as text: how it was de-identified, not who it is.
CODES = {"CodeValue", "CodeMeaning", "CodingSchemeDesignator", "DeidentificationMethod"}


def values(data_set):
    for element in data_set.iterall():
        if element.VR not in TEXTS | {"CS"} or element.keyword == "TransferSyntaxUID":
            continue
        each = element.value if isinstance(element.value, pydicom.multival.MultiValue) else [element.value]
        for value in each:
            text = str(value).strip()
            if text:
                yield element, text


def main(object_path, folder):
    wanted = {}
    for path in sorted(Path(folder).rglob("*")):
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True)
        except Exception:  # not DICOM: passed over
            continue
        for element, text in values(header):
            if element.keyword in CODES:
                continue
            if element.VR in TEXTS and not text.startswith(STANDARD) and text.lower() not in SAID_ANYWAY and len(text) > 2:
                wanted.setdefault(text.lower(), element.keyword or str(element.tag))
            if element.VR == "PN":
                for part in text.replace("=", "^").split("^"):
                    if len(part) > 2 and part.lower() not in SAID_ANYWAY:
                        wanted.setdefault(part.lower(), element.keyword)
    problems = []
    for element, text in values(pydicom.dcmread(object_path)):
        low = text.lower()
        for known, keyword in wanted.items():
            same = low == known or (element.VR == "PN" and known in low.split("^"))
            if same or (element.VR != "UI" and len(known) > 5 and known in low):
                problems.append(f"{element.keyword} {text!r} holds {keyword} {known!r}")
    print(json.dumps({"searched": len(wanted), "problems": sorted(set(problems))}))


if __name__ == "__main__":
    main(*sys.argv[1:])
