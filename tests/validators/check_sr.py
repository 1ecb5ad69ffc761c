"""Reads a DICOM SR (TID 1500) with highdicom and compares it with the SEG it refers to.

    check_sr.py SR SEG

Prints JSON:

    {"groups": [{"tracking_id", "tracking_uid", "finding", "segment", "measurements": {name: {"value", "unit"}}}],
     "whole": {name: {"value", "unit", "limits", "doubts", "equation"}}, of both lungs; "places": the same of each other group, by tracking_id,
     "drawn": {tracking_id: {"measurements": {name: {"value", "unit"}}, "shapes": [[graphic type, [[x, y, z], …]]]}}, "notes": […], "answers": {code: [codes] or number}, "problems": […]}

The exit status is 1 if there are problems.
"""

import json
import sys

import highdicom


def told_beside(measurement):
    """The HU that limit a number, what makes it doubtful, how it was got."""
    told = {}
    for item in measurement[0].get("ContentSequence", []):
        name = item.ConceptNameCodeSequence[0].CodeValue
        if name == "112032":
            end = item.ContentSequence[0].ConceptCodeSequence[0].CodeMeaning
            told.setdefault("limits", {})[end] = float(item.MeasuredValueSequence[0].NumericValue)
        elif name == "DOUBT":
            told.setdefault("doubts", []).append(item.ConceptCodeSequence[0].CodeValue)
        elif name == "121420":
            told["equation"] = item.TextValue
    return told


def measurements(group):
    found = {}
    for measurement in group.get_measurements():
        name = measurement.name.meaning
        if measurement.derivation is not None:
            name = f"{measurement.derivation.meaning} {name}"
        found[name] = {"value": float(measurement.value), "unit": measurement.unit.value, **told_beside(measurement)}
    return found


def shapes(items):
    """What was drawn in three dimensions, here or below."""
    found = []
    for item in items:
        if item.ValueType == "SCOORD3D":
            numbers = [float(v) for v in item.GraphicData]
            found.append([item.GraphicType, [numbers[n : n + 3] for n in range(0, len(numbers), 3)]])
        found += shapes(item.get("ContentSequence", []))
    return found


def notes(report):
    """Texts of the qualitative evaluations."""
    found = []
    for item in report.ContentSequence:
        if item.ConceptNameCodeSequence[0].CodeMeaning == "Qualitative Evaluations":
            found += [text.TextValue for text in item.ContentSequence if text.ValueType == "TEXT"]
    return found


def answers(report):
    """Codes and numbers of the qualitative evaluations, by the code of what was asked."""
    found = {}
    for item in report.ContentSequence:
        if item.ConceptNameCodeSequence[0].CodeMeaning == "Qualitative Evaluations":
            for answer in item.ContentSequence:
                asked = answer.ConceptNameCodeSequence[0].CodeValue
                if answer.ValueType == "CODE":
                    found.setdefault(asked, []).append(answer.ConceptCodeSequence[0].CodeValue)
                elif answer.ValueType == "NUM":
                    found[asked] = float(answer.MeasuredValueSequence[0].NumericValue)
    return found


def main(sr_path, seg_path):
    report = highdicom.sr.srread(sr_path)
    segmentation = highdicom.seg.segread(seg_path)
    problems = []
    if not isinstance(report, highdicom.sr.Comprehensive3DSR):
        problems.append("it is no Comprehensive 3D SR")
    for name in ("PatientID", "PatientName", "StudyInstanceUID"):
        if report.get(name) != segmentation.get(name):
            problems.append(f"{name} is not that of the segmentation")
    evidence = {
        instance.ReferencedSOPInstanceUID
        for study in report.CurrentRequestedProcedureEvidenceSequence
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    }
    if segmentation.SOPInstanceUID not in evidence:
        problems.append("the segmentation is not among the evidence")

    groups = []
    for group in report.content.get_volumetric_roi_measurement_groups():
        reference = group.referenced_segment
        numbers = [int(n) for n in reference.referenced_segment_numbers]
        if reference.referenced_sop_instance_uid != segmentation.SOPInstanceUID:
            problems.append(f"{group.tracking_identifier}: it refers to another segmentation")
        elif len(numbers) != 1 or numbers[0] not in segmentation.segment_numbers:
            problems.append(f"{group.tracking_identifier}: it refers to the segments {numbers}")
        else:
            description = segmentation.get_segment_description(numbers[0])
            mine = (group.tracking_identifier, group.tracking_uid)
            if (description.tracking_id, description.tracking_uid) != mine:
                problems.append(f"{group.tracking_identifier}: the tracking identifiers are not those of the segment")
            if group.finding_type != description.segmented_property_type:
                problems.append(f"{group.tracking_identifier}: the finding is not the segment's property type")
        groups.append(
            {
                "tracking_id": group.tracking_identifier,
                "tracking_uid": group.tracking_uid,
                "finding": group.finding_type.meaning,
                "segment": numbers[0] if numbers else None,
                "measurements": measurements(group),
            }
        )
    whole, places, drawn = {}, {}, {}
    for group in report.content.get_image_measurement_groups():
        shape = shapes(group[0].ContentSequence)
        if shape:
            drawn[group.tracking_identifier] = {"measurements": measurements(group), "shapes": shape}
        elif group.tracking_identifier == "Lungs":
            whole.update(measurements(group))
        else:
            places[group.tracking_identifier] = measurements(group)
    for group in report.content.get_planar_roi_measurement_groups():
        shape = [[group.roi.graphic_type.value, group.roi.value.tolist()]]
        drawn[group.tracking_identifier] = {"measurements": measurements(group), "shapes": shape}
    found = {"groups": groups, "whole": whole, "places": places, "drawn": drawn, "notes": notes(report)}
    return {**found, "answers": answers(report), "problems": problems}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    result = main(sys.argv[1], sys.argv[2])
    print(json.dumps(result, indent=1, ensure_ascii=False))
    sys.exit(1 if result["problems"] else 0)
