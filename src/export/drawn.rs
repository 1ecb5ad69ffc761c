//! Measurements of the reader as groups of a report: what was drawn in three dimensions (SCOORD3D, PS3.3 C.18.9), and its numbers.
//!
//! Lengths, axes and angles are Measurement and Qualitative Evaluation Groups (PS3.16 TID 1501), each number inferred from its line;
//! regions are Planar ROI groups (TID 1410). Arrows and the reader's words stay.

use super::ExportContext;
use super::content::{ContentItem, Relationship};
use super::dataset::{code, derived_uid};
use super::sr::{ATTENUATION, HOUNSFIELD_UNIT, MEAN, Measurement as Number, group};
use crate::annotation::{CodedConcept, Measured, Measurement, MeasurementKind};
use crate::geometry::PatientPoint;

/// The group of a measurement; `None` where it has no number.
pub(super) fn drawn_group(
    drawn: &Measurement,
    values: &[(Measured, f64)],
    frame_of_reference_uid: &str,
    context: &ExportContext,
) -> Option<ContentItem> {
    values.first()?;
    let number = drawn.number.to_string();
    let name = [context.reading_id.as_bytes(), b"measurement", number.as_bytes(), drawn.made_at.as_bytes()];
    let tracking_uid = derived_uid("tracking", &name);
    let tracking_id = format!("Measurement {number}");
    let lines = |graphic_type: &str, points: &[PatientPoint], relationship: Relationship, concept: CodedConcept| {
        ContentItem::coordinates(relationship, concept, graphic_type, points, frame_of_reference_uid)
    };
    let inferred =
        |points: &[PatientPoint]| lines("POLYLINE", points, Relationship::InferredFrom, SOURCE_OF_MEASUREMENT);
    if drawn.kind.is_region() {
        let region = match (drawn.kind, &drawn.points[..]) {
            // The ends of the major axis come first.
            (MeasurementKind::Ellipse, [a, b, c, d]) if a.distance(*b) >= c.distance(*d) => {
                ("ELLIPSE", vec![*a, *b, *c, *d])
            }
            (MeasurementKind::Ellipse, [a, b, c, d]) => ("ELLIPSE", vec![*c, *d, *a, *b]),
            _ => ("POLYGON", drawn.points.iter().chain(drawn.points.first()).copied().collect()),
        };
        let mut group = group("1410", &tracking_id, &tracking_uid);
        group.push(lines(region.0, &region.1, Relationship::Contains, IMAGE_REGION));
        values.iter().for_each(|(what, value)| group.push(numbered(*what, *value).related(Relationship::Contains)));
        return Some(group);
    }
    let mut group = group("1501", &tracking_id, &tracking_uid);
    let axis = |long: bool| match &drawn.points[..] {
        [a, b, c, d] if (a.distance(*b) >= c.distance(*d)) == long => vec![*a, *b],
        [_, _, c, d] => vec![*c, *d],
        all => all.to_vec(),
    };
    for (what, value) in values {
        let points = match what {
            Measured::LongAxis => axis(true),
            Measured::ShortAxis => axis(false),
            _ => drawn.points.clone(),
        };
        group.push(numbered(*what, *value).related(Relationship::Contains).with(inferred(&points)));
    }
    Some(group)
}

/// Code and unit of a number.
pub(super) fn code_of(what: Measured) -> (CodedConcept, CodedConcept) {
    let number = numbered(what, 0.0);
    (number.concept, number.unit)
}

/// The name of a number in tables.
pub(super) fn name_of(what: Measured) -> &'static str {
    match what {
        Measured::Length => "length",
        Measured::LongAxis => "long axis",
        Measured::ShortAxis => "short axis",
        Measured::Angle => "angle",
        Measured::Area => "area",
        Measured::MeanHu => "mean",
        Measured::DeviationHu => "standard deviation",
        Measured::LowestHu => "minimum",
        Measured::HighestHu => "maximum",
    }
}

/// A number with its codes.
fn numbered(what: Measured, value: f64) -> Number {
    let (concept, unit, derivation) = match what {
        Measured::Length => (LENGTH, MILLIMETRE, None),
        Measured::LongAxis => (LONG_AXIS, MILLIMETRE, None),
        Measured::ShortAxis => (SHORT_AXIS, MILLIMETRE, None),
        Measured::Angle => (ANGLE, DEGREE, None),
        Measured::Area => (AREA, SQUARE_MILLIMETRE, None),
        Measured::MeanHu => (ATTENUATION, HOUNSFIELD_UNIT, Some(MEAN)),
        Measured::DeviationHu => (ATTENUATION, HOUNSFIELD_UNIT, Some(STANDARD_DEVIATION)),
        Measured::LowestHu => (ATTENUATION, HOUNSFIELD_UNIT, Some(MINIMUM)),
        Measured::HighestHu => (ATTENUATION, HOUNSFIELD_UNIT, Some(MAXIMUM)),
    };
    Number { concept, value, unit, derivation }
}

const LENGTH: CodedConcept = code("410668003", "SCT", "Length");
const LONG_AXIS: CodedConcept = code("103339001", "SCT", "Long Axis");
const SHORT_AXIS: CodedConcept = code("103340004", "SCT", "Short Axis");
const ANGLE: CodedConcept = code("1483009", "SCT", "Angle");
pub(super) const AREA: CodedConcept = code("42798000", "SCT", "Area");
pub(super) const STANDARD_DEVIATION: CodedConcept = code("386136009", "SCT", "Standard Deviation");
pub(super) const MINIMUM: CodedConcept = code("255605001", "SCT", "Minimum");
pub(super) const MAXIMUM: CodedConcept = code("56851009", "SCT", "Maximum");
pub(super) const MILLIMETRE: CodedConcept = code("mm", "UCUM", "millimeter");
const SQUARE_MILLIMETRE: CodedConcept = code("mm2", "UCUM", "square millimeter");
const DEGREE: CodedConcept = code("deg", "UCUM", "degree");
const SOURCE_OF_MEASUREMENT: CodedConcept = code("121112", "DCM", "Source of Measurement");
const IMAGE_REGION: CodedConcept = code("111030", "DCM", "Image Region");
