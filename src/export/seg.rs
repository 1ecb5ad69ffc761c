//! DICOM Segmentation (PS3.3 A.51 and C.8.20), aligned with the CT: the segments of a document as bit frames (BINARY, which is read
//! everywhere), or those of one layer as frames of labels (LABELMAP, Label Map Segmentation Storage, which is smaller).
//!
//! One object holds all segments; a frame is written for each slice a segment has voxels on. Rows, columns, orientation and
//! positions are those of the source slices. Opacities that were looked for and not found are a segment without frames: an item of the
//! Segment Sequence needs none (PS3.3 C.8.20.2), but an object has one at least.

use super::campaign::{is_own_algorithm, told};
use super::dataset::{DataSet, code, derived_uid};
use super::modules::{fill_shared, person_name};
use super::{Audience, ExportContext, ExportError, ExportNote, OutboundObject};
use crate::annotation::{CodedConcept, Document, Layer, Origin, Segment, SegmentMeaning};
use crate::dicom::{Instance, cielab_from_srgb};
use crate::geometry::{PatientPoint, PatientVector, VoxelIndex};
use dicom_dictionary_std::{tags, uids};
use std::collections::BTreeSet;

/// A segmentation object and what it holds.
#[derive(Clone, Debug)]
pub struct SegExport {
    /// The object.
    pub object: OutboundObject,
    /// Series Instance UID of the object.
    pub series_instance_uid: String,
    /// Its segments, by their number in the object.
    pub segments: Vec<ExportedSegment>,
    /// What the reader should know.
    pub notes: Vec<ExportNote>,
}

/// A segment as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedSegment {
    /// Its number in the document.
    pub document_number: u8,
    /// Segment Number in the object: 1, 2, 3 … without gaps.
    pub segment_number: u16,
    /// Tracking ID.
    pub tracking_id: String,
    /// Tracking UID: the same for the same segment of the same reading in every export.
    pub tracking_uid: String,
    /// Voxels written.
    pub voxels: u64,
    /// Frames written: one for each slice with voxels, none of what was looked for and not found.
    pub frames: usize,
}

/// One frame to be written: which segment (index in the list of exported ones; `None`: all of them, as labels), which slice.
struct FramePlace {
    segment: Option<usize>,
    k: usize,
}

/// Writes the segments of a document, all or those numbered in `chosen`.
///
/// # Errors
/// [`ExportError::Empty`] when none of them has a voxel; [`ExportError::NoSuchSegment`]; [`ExportError::NoSource`] or
/// [`ExportError::SourceMismatch`] when the slices of `context` are not those of the document.
pub fn write(document: &Document, context: &ExportContext, chosen: Option<&[u8]>) -> Result<SegExport, ExportError> {
    context.check(document.grid())?;
    let mut notes = Vec::new();
    let segments = chosen_segments(document, chosen, true, &mut notes)?;
    let (places, pixels) = bit_frames(document, &segments);
    encoded(document, context, &segments, notes, &places, pixels)
}

/// Writes the segments of a layer as labels, from 1 without gaps. Segments of one layer never overlap; two layers make two objects.
///
/// # Errors
/// As for [`write()`]: [`ExportError::Empty`] when no segment of the layer has a voxel.
pub fn write_label_map(document: &Document, context: &ExportContext, layer: Layer) -> Result<SegExport, ExportError> {
    context.check(document.grid())?;
    let mut notes = Vec::new();
    let of_layer: Vec<u8> = document.segments().iter().filter(|s| s.layer == layer).map(|s| s.number).collect();
    let segments = chosen_segments(document, Some(&of_layer), true, &mut notes)?;
    let mut label_of = [0u8; 256];
    for (segment, label) in segments.iter().zip(1..) {
        label_of[usize::from(segment.number)] = label;
    }
    let (mut places, mut pixels) = (Vec::new(), Vec::new());
    for k in 0..document.grid().size()[2] {
        let Some(labels) = document.layer(layer).slice(k).filter(|l| l.iter().any(|l| *l != 0)) else { continue };
        places.push(FramePlace { segment: None, k });
        pixels.extend(labels.iter().map(|l| label_of[usize::from(*l)]));
    }
    encoded(document, context, &segments, notes, &places, pixels)
}

fn encoded(
    document: &Document,
    context: &ExportContext,
    segments: &[&Segment],
    mut notes: Vec<ExportNote>,
    places: &[FramePlace],
    pixels: Vec<u8>,
) -> Result<SegExport, ExportError> {
    let labels = places.first().is_some_and(|p| p.segment.is_none()).then(|| segments[0].layer);
    let frame_of_reference_uid = frame_of_reference(context, &mut notes)?;
    for k in places.iter().map(|p| p.k) {
        let missing = ExportNote::NoSourceSlice(k);
        if context.images(k).is_empty() && !notes.contains(&missing) {
            notes.push(missing);
        }
    }
    let exported: Vec<ExportedSegment> = segments
        .iter()
        .enumerate()
        .map(|(n, segment)| ExportedSegment {
            document_number: segment.number,
            segment_number: n as u16 + 1,
            tracking_id: tracking_id(segment, &segments[..n], context),
            tracking_uid: tracking_uid(context, segment),
            voxels: document.voxel_count(segment.number),
            frames: match labels {
                None => places.iter().filter(|p| p.segment == Some(n)).count(),
                Some(layer) => places.iter().filter(|p| holds(document, layer, p.k, segment.number)).count(),
            },
        })
        .collect();

    let mut set = DataSet::new();
    let class = if labels.is_some() { LABEL_MAP_SEGMENTATION } else { uids::SEGMENTATION_STORAGE };
    fill_shared(&mut set, context, class, "SEG", "Segmentation")?;
    set.text(tags::FRAME_OF_REFERENCE_UID, &frame_of_reference_uid);
    set.text(tags::POSITION_REFERENCE_INDICATOR, "");
    fill_image(&mut set, document, context, places.len(), labels);
    set.bytes(tags::PIXEL_DATA, pixels);
    let remark = quality_remark(context);
    let described = segments.iter().zip(&exported).map(|(s, e)| segment_item(s, e, &remark, context)).collect();
    set.items(tags::SEGMENT_SEQUENCE, described);
    fill_dimensions(&mut set, context, labels.is_some())?;
    fill_functional_groups(&mut set, document, context, places)?;
    fill_references(&mut set, context, places)?;

    let sealed = set.seal(&context.software_version)?;
    let object = OutboundObject::checked(sealed.bytes, &context.filing)?;
    Ok(SegExport { object, series_instance_uid: sealed.series_instance_uid, segments: exported, notes })
}

/// Label Map Segmentation Storage (Supplement 243).
pub(super) const LABEL_MAP_SEGMENTATION: &str = "1.2.840.10008.5.1.4.1.1.66.7";

fn holds(document: &Document, layer: Layer, k: usize, label: u8) -> bool {
    document.layer(layer).slice(k).is_some_and(|labels| labels.contains(&label))
}

/// The segments to write: those with voxels, and `with_none` opacities that were looked for and not found.
pub(super) fn chosen_segments<'a>(
    document: &'a Document,
    chosen: Option<&[u8]>,
    with_none: bool,
    notes: &mut Vec<ExportNote>,
) -> Result<Vec<&'a Segment>, ExportError> {
    if let Some(missing) = chosen.into_iter().flatten().find(|n| document.segment(**n).is_none()) {
        return Err(ExportError::NoSuchSegment(*missing));
    }
    let wanted = document.segments().iter().filter(|s| chosen.is_none_or(|c| c.contains(&s.number)));
    let is_full = |s: &Segment| document.voxel_count(s.number) > 0;
    let says = |s: &&Segment| is_full(s) || (with_none && s.meaning.is_involvement());
    let (written, empty): (Vec<_>, Vec<_>) = wanted.partition(says);
    notes.extend(empty.iter().map(|s| ExportNote::EmptySegment(s.number)));
    if written.iter().enumerate().any(|(n, s)| usize::from(s.number) != n + 1) {
        notes.push(ExportNote::Renumbered);
    }
    if written.iter().any(|s| is_full(s)) { Ok(written) } else { Err(ExportError::Empty) }
}

pub(super) fn frame_of_reference(context: &ExportContext, notes: &mut Vec<ExportNote>) -> Result<String, ExportError> {
    let first = context.first()?;
    let mut named: Vec<&str> =
        context.source.iter().flatten().filter_map(|s| s.series.frame_of_reference_uid.as_deref()).collect();
    let Some(uid) = named.first().map(|uid| (*uid).to_owned()) else {
        notes.push(ExportNote::NoFrameOfReference);
        return Ok(derived_uid("frame of reference", &[first.series.instance_uid.as_bytes()]));
    };
    named.sort_unstable();
    named.dedup();
    if named.len() > 1 {
        notes.push(ExportNote::MixedFrameOfReference(named.len()));
    }
    Ok(uid)
}

/// The frames of each segment in order of k, and their pixels: one bit each, the first in the lowest bit, packed across frames
/// without padding between them (PS3.5 8.2, PS3.3 C.7.6.3).
fn bit_frames(document: &Document, segments: &[&Segment]) -> (Vec<FramePlace>, Vec<u8>) {
    let [columns, rows, _] = document.grid().size();
    let pixels_per_frame = columns * rows;
    let mut present = [[false; 256]; 2].map(Vec::from);
    let mut places = Vec::new();
    let mut slices_of = vec![Vec::new(); segments.len()];
    for layer in Layer::ALL {
        let map = document.layer(layer);
        for (k, slice) in (0..document.grid().size()[2]).filter_map(|k| Some((k, map.slice(k)?))) {
            let present = &mut present[layer.index()];
            present.fill(false);
            for label in slice {
                present[usize::from(*label)] = true;
            }
            for (n, segment) in segments.iter().enumerate() {
                if segment.layer == layer && present[usize::from(segment.number)] {
                    slices_of[n].push(k);
                }
            }
        }
    }
    for (segment, slices) in slices_of.into_iter().enumerate() {
        places.extend(slices.into_iter().map(|k| FramePlace { segment: Some(segment), k }));
    }
    let mut bits = vec![0u8; (places.len() * pixels_per_frame).div_ceil(8)];
    for (frame, place) in places.iter().enumerate() {
        let Some(segment) = place.segment.map(|n| segments[n]) else { continue };
        let labels = document.layer(segment.layer).slice(place.k).unwrap_or_default();
        for (n, _) in labels.iter().enumerate().filter(|(_, label)| **label == segment.number) {
            let bit = frame * pixels_per_frame + n;
            bits[bit / 8] |= 1 << (bit % 8);
        }
    }
    (places, bits)
}

/// `labels`: whose labels its pixels are; otherwise they are bits.
fn fill_image(set: &mut DataSet, document: &Document, context: &ExportContext, frames: usize, labels: Option<Layer>) {
    let [columns, rows, _] = document.grid().size();
    set.texts(tags::IMAGE_TYPE, &["DERIVED", "PRIMARY"]);
    set.text(
        tags::CONTENT_LABEL,
        match labels {
            None => "SEGMENTATION",
            Some(Layer::Anatomy) => "ANATOMY",
            Some(Layer::Findings) => "FINDINGS",
        },
    );
    set.text(tags::CONTENT_DESCRIPTION, "Segmentation of a chest CT");
    set.text(tags::CONTENT_CREATOR_NAME, &person_name(&context.reader));
    set.text(tags::BURNED_IN_ANNOTATION, "NO");
    // What was lost before the marks were made is lost to them too (PS3.3 C.7.6.1.1.5).
    let lossy =
        context.source.iter().flatten().chain(context.computed.values().flatten()).find_map(|i| i.lossy.as_ref());
    set.text(tags::LOSSY_IMAGE_COMPRESSION, if lossy.is_some() { "01" } else { "00" });
    if let Some(lossy) = lossy.filter(|l| !l.ratios.is_empty()) {
        set.decimals(tags::LOSSY_IMAGE_COMPRESSION_RATIO, &lossy.ratios);
    }
    if let Some(lossy) = lossy.filter(|l| !l.methods.is_empty()) {
        let methods: Vec<&str> = lossy.methods.iter().map(String::as_str).collect();
        set.texts(tags::LOSSY_IMAGE_COMPRESSION_METHOD, &methods);
    }
    set.text(tags::SEGMENTATION_TYPE, if labels.is_some() { "LABELMAP" } else { "BINARY" });
    set.text(tags::NUMBER_OF_FRAMES, &frames.to_string());
    set.u16(tags::SAMPLES_PER_PIXEL, 1);
    set.text(tags::PHOTOMETRIC_INTERPRETATION, "MONOCHROME2");
    set.u16(tags::ROWS, rows as u16);
    set.u16(tags::COLUMNS, columns as u16);
    let bits = if labels.is_some() { 8 } else { 1 };
    set.u16(tags::BITS_ALLOCATED, bits);
    set.u16(tags::BITS_STORED, bits);
    set.u16(tags::HIGH_BIT, bits - 1);
    set.u16(tags::PIXEL_REPRESENTATION, 0);
    if labels.is_some() {
        // Belongs to no segment.
        set.u16(tags::PIXEL_PADDING_VALUE, 0);
    }
}

/// An item of the Segment Sequence (C.8.20.4.1 and the Segment Description macro).
///
/// Segment Description holds what is odd about the geometry of the CT: its numbers are no better than that.
fn segment_item(segment: &Segment, exported: &ExportedSegment, remark: &str, context: &ExportContext) -> DataSet {
    DataSet::of(|item| {
        item.u16(tags::SEGMENT_NUMBER, exported.segment_number);
        item.text(tags::SEGMENT_LABEL, &label(segment, context));
        if !remark.is_empty() {
            item.text(tags::SEGMENT_DESCRIPTION, remark);
        }
        let method = AlgorithmType::of(segment);
        item.text(tags::SEGMENT_ALGORITHM_TYPE, method.code_string());
        match &told(&segment.origin, context.filing.audience()) {
            Origin::Proposed { algorithm, version, parameters, .. } => {
                item.text(tags::SEGMENT_ALGORITHM_NAME, algorithm);
                item.item(tags::SEGMENTATION_ALGORITHM_IDENTIFICATION_SEQUENCE, |id| {
                    let family =
                        if is_own_algorithm(algorithm) { MORPHOLOGICAL_OPERATIONS } else { ARTIFICIAL_INTELLIGENCE };
                    id.code(tags::ALGORITHM_FAMILY_CODE_SEQUENCE, family);
                    id.text(tags::ALGORITHM_NAME, algorithm);
                    id.text(tags::ALGORITHM_VERSION, version);
                    id.text(tags::ALGORITHM_PARAMETERS, parameters);
                });
            }
            Origin::Imported => item.text(tags::SEGMENT_ALGORITHM_NAME, "Imported segmentation"),
            Origin::Manual => {}
        }
        item.u16s(tags::RECOMMENDED_DISPLAY_CIE_LAB_VALUE, &cielab_from_srgb(segment.colour));
        item.text(tags::TRACKING_ID, &exported.tracking_id);
        item.text(tags::TRACKING_UID, &exported.tracking_uid);
        item.code(tags::SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE, segment.meaning.category());
        let mut kind = DataSet::of_code(segment.meaning.property_type());
        if let Some(side) = segment.meaning.modifier() {
            kind.code(tags::SEGMENTED_PROPERTY_TYPE_MODIFIER_CODE_SEQUENCE, side);
        }
        item.items(tags::SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE, vec![kind]);
        if let Some(region) = segment.meaning.region() {
            item.code(tags::ANATOMIC_REGION_SEQUENCE, region);
        }
    })
}

/// The notes on the geometry of the CT as one text; empty where there are none.
pub(super) fn quality_remark(context: &ExportContext) -> String {
    let notes: Vec<&str> = context.quality_notes.iter().map(|n| n.trim()).filter(|n| !n.is_empty()).collect();
    if notes.is_empty() { String::new() } else { format!("Geometry of the source CT: {}.", notes.join("; ")) }
}

/// Segment Algorithm Type.
pub(super) enum AlgorithmType {
    Manual,
    SemiAutomatic,
    Automatic,
}

impl AlgorithmType {
    /// A proposal is automatic until the reader edits it. What was imported may have been either.
    pub(super) fn of(segment: &Segment) -> Self {
        match &segment.origin {
            Origin::Manual => Self::Manual,
            Origin::Proposed { edited: false, .. } => Self::Automatic,
            Origin::Proposed { edited: true, .. } | Origin::Imported => Self::SemiAutomatic,
        }
    }
    pub(super) fn code_string(&self) -> &'static str {
        match self {
            Self::Manual => "MANUAL",
            Self::SemiAutomatic => "SEMIAUTOMATIC",
            Self::Automatic => "AUTOMATIC",
        }
    }
}

/// Frames are found by segment, then by position (C.7.6.17); those of labels by position alone.
fn fill_dimensions(set: &mut DataSet, context: &ExportContext, labels: bool) -> Result<(), ExportError> {
    let uid = derived_uid("dimensions", &[context.first()?.series.instance_uid.as_bytes()]);
    set.item(tags::DIMENSION_ORGANIZATION_SEQUENCE, |item| item.text(tags::DIMENSION_ORGANIZATION_UID, &uid));
    let index = |pointer, group, label: &str| {
        DataSet::of(|item| {
            item.text(tags::DIMENSION_ORGANIZATION_UID, &uid);
            item.pointer(tags::DIMENSION_INDEX_POINTER, pointer);
            item.pointer(tags::FUNCTIONAL_GROUP_POINTER, group);
            item.text(tags::DIMENSION_DESCRIPTION_LABEL, label);
        })
    };
    let segment = index(tags::REFERENCED_SEGMENT_NUMBER, tags::SEGMENT_IDENTIFICATION_SEQUENCE, "Segment");
    let position = index(tags::IMAGE_POSITION_PATIENT, tags::PLANE_POSITION_SEQUENCE, "Position");
    set.items(tags::DIMENSION_INDEX_SEQUENCE, if labels { vec![position] } else { vec![segment, position] });
    Ok(())
}

fn fill_functional_groups(
    set: &mut DataSet,
    document: &Document,
    context: &ExportContext,
    places: &[FramePlace],
) -> Result<(), ExportError> {
    let grid = document.grid();
    let first = context.first()?;
    let [across, down, _] = grid.directions();
    let [across, down] = first.plane.directions.unwrap_or([across, down]);
    let [column_mm, row_mm, slice_mm] = grid.spacing_mm();
    let spacing_mm = first.plane.pixel_spacing_mm.unwrap_or([row_mm, column_mm]);
    let between_mm = across.cross(down).unit().map_or(slice_mm, |normal| normal.dot(grid.step(2)).abs());
    set.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, |shared| {
        shared.item(tags::PLANE_ORIENTATION_SEQUENCE, |item| {
            let [a, d]: [PatientVector; 2] = [across, down];
            item.decimals(tags::IMAGE_ORIENTATION_PATIENT, &[a.0.x, a.0.y, a.0.z, d.0.x, d.0.y, d.0.z]);
        });
        shared.item(tags::PIXEL_MEASURES_SEQUENCE, |item| {
            item.decimals(tags::SLICE_THICKNESS, &[first.plane.slice_thickness_mm.unwrap_or(between_mm)]);
            item.decimals(tags::SPACING_BETWEEN_SLICES, &[between_mm]);
            item.decimals(tags::PIXEL_SPACING, &spacing_mm);
        });
    });

    let mut slices: Vec<usize> = places.iter().map(|p| p.k).collect();
    slices.sort_unstable();
    slices.dedup();
    let frame = |place: &FramePlace| {
        let segment_number = place.segment.map(|n| n as u16 + 1);
        let position_index = slices.partition_point(|k| *k < place.k) as u32 + 1;
        let source = context.source.get(place.k).and_then(Option::as_ref);
        let position: PatientPoint = source
            .and_then(|s| s.plane.position)
            .unwrap_or_else(|| grid.patient_from_voxel(VoxelIndex::new(0, 0, place.k).centre()));
        DataSet::of(|item| {
            item.items(
                tags::DERIVATION_IMAGE_SEQUENCE,
                match source {
                    _ if context.images(place.k).is_empty() => Vec::new(),
                    Some(_) => vec![derivation(context.images(place.k), "YES", &[SEGMENTATION])],
                    None => vec![derivation(context.images(place.k), "NO", &[SPATIAL_RESAMPLING, SEGMENTATION])],
                },
            );
            item.item(tags::FRAME_CONTENT_SEQUENCE, |content| {
                let indices = segment_number.map(u32::from).into_iter().chain([position_index]);
                content.u32s(tags::DIMENSION_INDEX_VALUES, &indices.collect::<Vec<_>>());
            });
            item.item(tags::PLANE_POSITION_SEQUENCE, |plane| {
                plane.decimals(tags::IMAGE_POSITION_PATIENT, &position.0.to_array());
            });
            if let Some(number) = segment_number {
                item.item(tags::SEGMENT_IDENTIFICATION_SEQUENCE, |id| {
                    id.u16(tags::REFERENCED_SEGMENT_NUMBER, number);
                });
            }
        })
    };
    set.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, places.iter().map(frame).collect());
    Ok(())
}

/// An item of the Derivation Image Sequence (PS3.3 C.7.6.16.2.6): the images that a frame comes from, and by what. A slice that was
/// computed comes from both of its neighbours, and lies where neither does: its locations are not preserved.
fn derivation(images: &[Instance], locations_preserved: &str, by: &[CodedConcept]) -> DataSet {
    let source = |source: &Instance| {
        DataSet::of(|image| {
            image.text(tags::REFERENCED_SOP_CLASS_UID, &source.sop_class_uid);
            image.text(tags::REFERENCED_SOP_INSTANCE_UID, &source.sop_instance_uid);
            if let Some(number) = source.frame_number {
                image.text(tags::REFERENCED_FRAME_NUMBER, &number.to_string());
            }
            image.code(tags::PURPOSE_OF_REFERENCE_CODE_SEQUENCE, SOURCE_FOR_PROCESSING);
            image.text(tags::SPATIAL_LOCATIONS_PRESERVED, locations_preserved);
        })
    };
    DataSet::of(|item| {
        item.items(tags::SOURCE_IMAGE_SEQUENCE, images.iter().map(source).collect());
        item.items(tags::DERIVATION_CODE_SEQUENCE, by.iter().map(|code| DataSet::of_code(*code)).collect());
    })
}

/// Common Instance Reference (C.12.2): the objects that frames refer to.
fn fill_references(set: &mut DataSet, context: &ExportContext, places: &[FramePlace]) -> Result<(), ExportError> {
    let series_uid = &context.first()?.series.instance_uid;
    let used: BTreeSet<usize> = places.iter().map(|p| p.k).collect();
    // Slices of a multi-frame object share its UID.
    let mut named = BTreeSet::new();
    let referenced: Vec<DataSet> = used
        .into_iter()
        .flat_map(|k| context.images(k))
        .filter(|slice| named.insert(&slice.sop_instance_uid))
        .map(|slice| {
            DataSet::of(|item| {
                item.text(tags::REFERENCED_SOP_CLASS_UID, &slice.sop_class_uid);
                item.text(tags::REFERENCED_SOP_INSTANCE_UID, &slice.sop_instance_uid);
            })
        })
        .collect();
    if !referenced.is_empty() {
        set.item(tags::REFERENCED_SERIES_SEQUENCE, |item| {
            item.text(tags::SERIES_INSTANCE_UID, series_uid);
            item.items(tags::REFERENCED_INSTANCE_SEQUENCE, referenced);
        });
    }
    Ok(())
}

/// Segment Label: the reader's name for it, or what it means. In a campaign a name says nothing: it could be the patient's.
pub(super) fn label(segment: &Segment, context: &ExportContext) -> String {
    let name = match context.filing.audience() {
        Audience::Hospital => segment.name.trim(),
        Audience::Campaign => "",
    };
    let name = if name.is_empty() { vocabulary_label(segment.meaning) } else { name.to_owned() };
    name.chars().filter(|c| !c.is_control() && *c != '\\').take(64).collect()
}

/// The label of a segment that the reader gave no name.
pub(super) fn vocabulary_label(meaning: SegmentMeaning) -> String {
    let kind = meaning.property_type().meaning;
    meaning.modifier().map_or_else(|| kind.to_owned(), |side| format!("{} {kind}", side.meaning))
}

/// Tracking ID: the label, with its number where a segment before it has the same.
fn tracking_id(segment: &Segment, before: &[&Segment], context: &ExportContext) -> String {
    let label = label(segment, context);
    let taken = before.iter().any(|other| self::label(other, context) == label);
    if taken { format!("{label} {}", segment.number) } else { label }
}

/// The same as long as the segment lives, whatever it is said to be; a number that is given again is of another time.
fn tracking_uid(context: &ExportContext, segment: &Segment) -> String {
    derived_uid("tracking", &[context.reading_id.as_bytes(), &[segment.number], segment.made_at.as_bytes()])
}

const SPATIAL_RESAMPLING: CodedConcept = code("113085", "DCM", "Spatial resampling");
const SEGMENTATION: CodedConcept = code("113076", "DCM", "Segmentation");
const SOURCE_FOR_PROCESSING: CodedConcept = code("121322", "DCM", "Source image for image processing operation");
const MORPHOLOGICAL_OPERATIONS: CodedConcept = code("123104", "DCM", "Morphological Operations");
const ARTIFICIAL_INTELLIGENCE: CodedConcept = code("123110", "DCM", "Artificial Intelligence");
pub(super) const LUNG: CodedConcept = code("39607008", "SCT", "Lung");
