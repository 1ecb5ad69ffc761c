//! DICOM structured report: Comprehensive 3D SR (PS3.3 A.35.13), Measurement Report TID 1500 (PS3.16).
//!
//! One volumetric group (TID 1411) for each segment of a segmentation object, tied to it by number and tracking UID; groups (TID 1501)
//! for what is measured on the whole CT (`whole_ct`), one for each length, angle and region of the reader (`drawn`); notes on the
//! geometry of the CT as qualitative evaluations.

use super::answers::evaluations;
use super::campaign::told;
use super::content::{ContentItem, Relationship, fill_root};
use super::dataset::{DataSet, code, derived_uid};
use super::drawn::drawn_group;
use super::modules::{SCHEME, fill_shared, person_name};
use super::seg::{ExportedSegment, LUNG, SegExport, frame_of_reference};
use super::{Audience, ExportContext, ExportError, OutboundObject, WholeCt, whole_ct};
use crate::annotation::{self, CodedConcept, Document, Measured, Origin, Segment};
use crate::report::field_of;
use dicom_dictionary_std::{tags, uids};
use std::collections::BTreeSet;

/// One number of a report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measurement {
    /// What was measured.
    pub concept: CodedConcept,
    /// The value, in `unit`.
    pub value: f64,
    /// UCUM unit.
    pub unit: CodedConcept,
    /// How the number stands for many (mean, …); `None` where it does not.
    pub derivation: Option<CodedConcept>,
}

impl Measurement {
    pub(super) fn related(&self, relationship: Relationship) -> ContentItem {
        let number = ContentItem::number(relationship, self.concept, self.value, self.unit);
        match self.derivation {
            Some(derivation) => {
                number.with(ContentItem::code(Relationship::HasConceptModifier, DERIVATION, derivation))
            }
            None => number,
        }
    }
    /// A volume, ml.
    pub fn volume_ml(value: f64) -> Self {
        Self { concept: VOLUME, value, unit: MILLILITRE, derivation: None }
    }
    /// A mean attenuation, HU.
    pub fn mean_hu(value: f64) -> Self {
        Self { concept: ATTENUATION, value, unit: HOUNSFIELD_UNIT, derivation: Some(MEAN) }
    }
}

/// What was measured on one segment.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentMeasurements {
    /// Its number in the document.
    pub document_number: u8,
    /// The numbers, in the order of the report.
    pub measurements: Vec<Measurement>,
}

/// Volume and mean attenuation of each segment of a segmentation object.
pub fn measure(document: &Document, segmentation: &SegExport) -> Vec<SegmentMeasurements> {
    let of = |number: u8| {
        let volume = Measurement::volume_ml(document.volume_ml(number));
        std::iter::once(volume).chain(document.mean_hu(number).map(Measurement::mean_hu)).collect()
    };
    segmentation
        .segments
        .iter()
        .map(|s| SegmentMeasurements { document_number: s.document_number, measurements: of(s.document_number) })
        .collect()
}

/// Writes the report on a segmentation object with [`measure`]d volume and mean attenuation of each segment, and the numbers of the
/// document alone.
///
/// # Errors
/// As for [`write_measured`].
pub fn write(
    document: &Document,
    segmentation: &SegExport,
    context: &ExportContext,
) -> Result<OutboundObject, ExportError> {
    write_report(document, Some(segmentation), context, &[], &WholeCt::of(document))
}

/// A measurement of the reader, and the numbers it gives.
pub type Drawn = (annotation::Measurement, Vec<(Measured, f64)>);

/// As [`write()`], with the reader's measurements and their numbers, and what is told of the whole CT; without a segmentation object and
/// without measurements and answers there is nothing to report.
///
/// # Errors
/// As for [`write_measured`]; [`ExportError::Empty`] where there is nothing at all to report.
pub fn write_report(
    document: &Document,
    segmentation: Option<&SegExport>,
    context: &ExportContext,
    drawn: &[Drawn],
    whole: &WholeCt,
) -> Result<OutboundObject, ExportError> {
    let unanswered = evaluations(document, context).is_empty();
    if segmentation.is_none() && drawn.iter().all(|(_, values)| values.is_empty()) && unanswered {
        return Err(ExportError::Empty);
    }
    let segments = segmentation.map_or_else(Vec::new, |s| measure(document, s));
    write_measured(document, segmentation, context, &segments, whole, drawn)
}

/// Writes the report on a segmentation object: `segments` are measured on its segments, `whole` on the whole CT.
///
/// # Errors
/// [`ExportError::NotInSegmentation`] when a measured segment is not in the object, [`ExportError::NotANumber`] for a value
/// that is not finite, [`ExportError::NoSource`] or [`ExportError::SourceMismatch`] as for the segmentation.
pub fn write_measured(
    document: &Document,
    segmentation: Option<&SegExport>,
    context: &ExportContext,
    segments: &[SegmentMeasurements],
    whole: &WholeCt,
    drawn: &[Drawn],
) -> Result<OutboundObject, ExportError> {
    context.check(document.grid())?;
    let first = context.first()?;
    if drawn.iter().any(|(_, values)| values.iter().any(|(_, value)| !value.is_finite())) {
        return Err(ExportError::NotANumber { concept: "measurement" });
    }
    if let Some(bad) = segments.iter().flat_map(|s| &s.measurements).find(|m| !m.value.is_finite()) {
        return Err(ExportError::NotANumber { concept: bad.concept.meaning });
    }

    let mut measured = ContentItem::container(IMAGING_MEASUREMENTS, None);
    for group in segments {
        let missing = ExportError::NotInSegmentation(group.document_number);
        let Some(segmentation) = segmentation else { return Err(missing) };
        let exported = segmentation.segments.iter().find(|s| s.document_number == group.document_number);
        let segment = document.segment(group.document_number);
        let (Some(exported), Some(segment)) = (exported, segment) else { return Err(missing) };
        let series_uid = &first.series.instance_uid;
        let audience = context.filing.audience();
        let item = segment_group(segment, exported, segmentation, series_uid, &group.measurements, audience);
        measured.push(signed(item, segment, context));
    }
    whole_ct::groups(whole, document, context)?.into_iter().for_each(|group| measured.push(group));

    let frame_of_reference_uid = frame_of_reference(context, &mut Vec::new())?;
    for (shape, values) in drawn {
        if let Some(group) = drawn_group(shape, values, &frame_of_reference_uid, context) {
            measured.push(group);
        }
    }

    let mut root = vec![ContentItem::code(Relationship::HasConceptModifier, LANGUAGE, ENGLISH)];
    root.extend(observers(document, context));
    root.push(ContentItem::code(Relationship::HasConceptModifier, PROCEDURE_REPORTED, CT_OF_CHEST));
    root.push(measured);
    let notes = context.quality_notes.iter().filter(|n| !n.trim().is_empty());
    let notes = notes.map(|note| ContentItem::text(Relationship::Contains, GEOMETRY, note));
    let evaluations: Vec<ContentItem> = notes.chain(evaluations(document, context)).collect();
    if !evaluations.is_empty() {
        let container = ContentItem::container(QUALITATIVE_EVALUATIONS, None);
        root.push(evaluations.into_iter().fold(container, ContentItem::with));
    }

    let mut set = DataSet::new();
    fill_shared(&mut set, context, uids::COMPREHENSIVE3_DSR_STORAGE, "SR", "Measurements")?;
    set.items(tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE, vec![]);
    set.items(tags::PERFORMED_PROCEDURE_CODE_SEQUENCE, vec![]);
    set.text(tags::COMPLETION_FLAG, "COMPLETE");
    set.text(tags::VERIFICATION_FLAG, "UNVERIFIED");
    set.item(tags::CODING_SCHEME_IDENTIFICATION_SEQUENCE, |item| {
        item.text(tags::CODING_SCHEME_DESIGNATOR, SCHEME);
        item.text(tags::CODING_SCHEME_NAME, "Codes of Hilum for concepts that no standard scheme has");
        item.text(tags::CODING_SCHEME_RESPONSIBLE_ORGANIZATION, "Hilum");
    });
    set.item(tags::CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE, |study| {
        study.text(tags::STUDY_INSTANCE_UID, &first.study.instance_uid);
        let segmentation = segmentation.map(|s| {
            let object = referenced(uids::SEGMENTATION_STORAGE, s.object.sop_instance_uid());
            series_evidence(&s.series_instance_uid, vec![object])
        });
        let read = series_evidence(&first.series.instance_uid, images_read(context));
        study.items(tags::REFERENCED_SERIES_SEQUENCE, segmentation.into_iter().chain([read]).collect());
    });
    fill_root(&mut set, IMAGING_MEASUREMENT_REPORT, "1500", root);
    OutboundObject::checked(set.seal(&context.software_version)?.bytes, &context.filing)
}

/// A series of the evidence (PS3.3 table C.17-3).
fn series_evidence(series_instance_uid: &str, objects: Vec<DataSet>) -> DataSet {
    DataSet::of(|series| {
        series.text(tags::SERIES_INSTANCE_UID, series_instance_uid);
        series.items(tags::REFERENCED_SOP_SEQUENCE, objects);
    })
}

/// The images that were read, each once: frames of one object share its UID.
fn images_read(context: &ExportContext) -> Vec<DataSet> {
    let images = context.source.iter().flatten().chain(context.computed.values().flatten());
    let mut named = BTreeSet::new();
    images
        .filter(|image| named.insert(&image.sop_instance_uid))
        .map(|image| referenced(&image.sop_class_uid, &image.sop_instance_uid))
        .collect()
}

fn referenced(sop_class_uid: &str, sop_instance_uid: &str) -> DataSet {
    DataSet::of(|object| {
        object.text(tags::REFERENCED_SOP_CLASS_UID, sop_class_uid);
        object.text(tags::REFERENCED_SOP_INSTANCE_UID, sop_instance_uid);
    })
}

/// Observation context (TID 1001): the reader, in the role that the form says, and the software.
fn observers(document: &Document, context: &ExportContext) -> Vec<ContentItem> {
    let said = field_of("role").and_then(|f| f.chosen(document.answers().get(&f.number)?).into_iter().next());
    let role = said.filter(|choice| choice.key == "arbitration").map_or(READER, |choice| choice.code);
    let observed = Relationship::HasObservationContext;
    let device_uid = derived_uid("device", &[context.software_version.as_bytes()]);
    vec![
        ContentItem::code(observed, OBSERVER_TYPE, PERSON),
        ContentItem::person(observed, PERSON_OBSERVER_NAME, &person_name(&context.reader)),
        ContentItem::code(observed, ROLE_IN_PROCEDURE, role),
        ContentItem::code(observed, OBSERVER_TYPE, DEVICE),
        ContentItem::uid(observed, DEVICE_OBSERVER_UID, &device_uid),
        ContentItem::text(observed, DEVICE_OBSERVER_NAME, "Hilum"),
        ContentItem::text(observed, DEVICE_OBSERVER_MODEL, &format!("Hilum {}", context.software_version)),
    ]
}

/// A measurement group with its tracking identifiers (TID 1411 rows 1-3, TID 1501 rows 1-3).
pub(super) fn group(template: &str, tracking_id: &str, tracking_uid: &str) -> ContentItem {
    ContentItem::container(MEASUREMENT_GROUP, Some(template))
        .with(ContentItem::text(Relationship::HasObservationContext, TRACKING_IDENTIFIER, tracking_id))
        .with(ContentItem::uid(Relationship::HasObservationContext, TRACKING_UID, tracking_uid))
}

fn segment_group(
    segment: &Segment,
    exported: &ExportedSegment,
    segmentation: &SegExport,
    series_uid: &str,
    measurements: &[Measurement],
    audience: Audience,
) -> ContentItem {
    let kind = segment.meaning.property_type();
    let place = segment.meaning.region().unwrap_or(kind);
    let mut group = group("1411", &exported.tracking_id, &exported.tracking_uid)
        .with(ContentItem::code(Relationship::Contains, FINDING_CATEGORY, segment.meaning.category()))
        .with(ContentItem::code(Relationship::Contains, FINDING, kind))
        .with(ContentItem::segment(
            REFERENCED_SEGMENT,
            uids::SEGMENTATION_STORAGE,
            segmentation.object.sop_instance_uid(),
            exported.segment_number,
        ))
        .with(ContentItem::uid(Relationship::Contains, SOURCE_SERIES, series_uid))
        .with(site(place, segment.meaning.modifier()));
    if let Origin::Proposed { algorithm, version, parameters, .. } = &told(&segment.origin, audience) {
        let about = [(ALGORITHM_NAME, algorithm), (ALGORITHM_VERSION, version), (ALGORITHM_PARAMETERS, parameters)];
        for (concept, value) in about.into_iter().filter(|(_, value)| !value.trim().is_empty()) {
            group.push(ContentItem::text(Relationship::HasConceptModifier, concept, value));
        }
    }
    push_measurements(&mut group, measurements);
    group
}

/// With the time a segment was made, and who made it where that is not who made the report: in the hospital alone.
fn signed(group: ContentItem, segment: &Segment, context: &ExportContext) -> ContentItem {
    if context.filing.audience() != Audience::Hospital {
        return group;
    }
    let is_time = segment.made_at.len() == 14 && segment.made_at.bytes().all(|b| b.is_ascii_digit());
    let mut group = if is_time { group.observed_at(&segment.made_at) } else { group };
    if !segment.author.is_empty() && segment.author != context.reader {
        let observed = Relationship::HasObservationContext;
        group.push(ContentItem::code(observed, OBSERVER_TYPE, PERSON));
        group.push(ContentItem::person(observed, PERSON_OBSERVER_NAME, &person_name(&segment.author)));
    }
    group
}

pub(super) fn site(place: CodedConcept, side: Option<CodedConcept>) -> ContentItem {
    let site = ContentItem::code(Relationship::HasConceptModifier, FINDING_SITE, place);
    match side {
        Some(side) => site.with(ContentItem::code(Relationship::HasConceptModifier, LATERALITY, side)),
        None => site,
    }
}

fn push_measurements(group: &mut ContentItem, measurements: &[Measurement]) {
    for m in measurements {
        group.push(m.related(Relationship::Contains));
    }
}

/// Volume, any method.
pub const VOLUME: CodedConcept = code("118565006", "SCT", "Volume");
/// Attenuation, HU; the derivation says which statistic.
pub const ATTENUATION: CodedConcept = code("112031", "DCM", "Attenuation Coefficient");
/// Derivation: mean.
pub const MEAN: CodedConcept = code("373098007", "SCT", "Mean");
/// UCUM millilitre.
pub const MILLILITRE: CodedConcept = code("ml", "UCUM", "milliliter");
/// UCUM Hounsfield unit.
pub const HOUNSFIELD_UNIT: CodedConcept = code("[hnsf'U]", "UCUM", "Hounsfield unit");
/// UCUM percent.
pub const PERCENT: CodedConcept = code("%", "UCUM", "Percent");

/// Both lungs.
pub(super) const LUNG_SITE: (CodedConcept, Option<CodedConcept>) = (LUNG, Some(BILATERAL));
pub(super) const GEOMETRY: CodedConcept =
    code("SOURCE_GEOMETRY", SCHEME, "Remark on the geometry of the source volume");
const IMAGING_MEASUREMENT_REPORT: CodedConcept = code("126000", "DCM", "Imaging Measurement Report");
const IMAGING_MEASUREMENTS: CodedConcept = code("126010", "DCM", "Imaging Measurements");
const QUALITATIVE_EVALUATIONS: CodedConcept = code("C0034375", "UMLS", "Qualitative Evaluations");
const MEASUREMENT_GROUP: CodedConcept = code("125007", "DCM", "Measurement Group");
const TRACKING_IDENTIFIER: CodedConcept = code("112039", "DCM", "Tracking Identifier");
const TRACKING_UID: CodedConcept = code("112040", "DCM", "Tracking Unique Identifier");
const FINDING_CATEGORY: CodedConcept = code("276214006", "SCT", "Finding category");
const FINDING: CodedConcept = code("121071", "DCM", "Finding");
const FINDING_SITE: CodedConcept = code("363698007", "SCT", "Finding Site");
const LATERALITY: CodedConcept = code("272741003", "SCT", "Laterality");
const BILATERAL: CodedConcept = code("51440002", "SCT", "Bilateral");
const REFERENCED_SEGMENT: CodedConcept = code("121191", "DCM", "Referenced Segment");
const SOURCE_SERIES: CodedConcept = code("121232", "DCM", "Source series for segmentation");
const DERIVATION: CodedConcept = code("121401", "DCM", "Derivation");
const ALGORITHM_NAME: CodedConcept = code("111001", "DCM", "Algorithm Name");
const ALGORITHM_PARAMETERS: CodedConcept = code("111002", "DCM", "Algorithm Parameters");
const ALGORITHM_VERSION: CodedConcept = code("111003", "DCM", "Algorithm Version");
const LANGUAGE: CodedConcept = code("121049", "DCM", "Language of Content Item and Descendants");
const ENGLISH: CodedConcept = code("en", "RFC5646", "English");
const PROCEDURE_REPORTED: CodedConcept = code("121058", "DCM", "Procedure reported");
const CT_OF_CHEST: CodedConcept = code("169069000", "SCT", "CT of chest");
const OBSERVER_TYPE: CodedConcept = code("121005", "DCM", "Observer Type");
const PERSON: CodedConcept = code("121006", "DCM", "Person");
const DEVICE: CodedConcept = code("121007", "DCM", "Device");
const PERSON_OBSERVER_NAME: CodedConcept = code("121008", "DCM", "Person Observer Name");
const ROLE_IN_PROCEDURE: CodedConcept = code("121011", "DCM", "Person Observer's Role in this Procedure");
const READER: CodedConcept = code("C28747", "NCIt", "Reader");
const DEVICE_OBSERVER_UID: CodedConcept = code("121012", "DCM", "Device Observer UID");
const DEVICE_OBSERVER_NAME: CodedConcept = code("121013", "DCM", "Device Observer Name");
const DEVICE_OBSERVER_MODEL: CodedConcept = code("121015", "DCM", "Device Observer Model Name");
