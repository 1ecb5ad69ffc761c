//! DICOM RT Structure Set (PS3.3 A.19): the outlines of segments, slice by slice, for planning systems.
//!
//! Outlines run along the edges of voxels, so that what is inside them by the even-odd rule is exactly what was marked. A part with
//! holes is one closed line with keyholes (PS3.3 C.8.8.6.3). Written in Implicit VR Little Endian: an outline may be longer than the
//! 64 KiB that explicit decimal strings can have (PS3.5 7.1.2).

use super::dataset::{DataSet, Encoding};
use super::modules::{fill_shared, person_name};
use super::outbound::OutboundObject;
use super::seg::{AlgorithmType, chosen_segments, frame_of_reference, label, quality_remark};
use super::{ExportContext, ExportError};
use crate::annotation::{Document, Segment};
use crate::geometry::{VoxelPoint, outlines};
use dicom_dictionary_std::{tags, uids};
use std::collections::BTreeSet;

/// Writes all segments with voxels.
///
/// # Errors
/// [`ExportError::Empty`] when no segment has a voxel; [`ExportError::NoSource`] or [`ExportError::SourceMismatch`] when the slices of
/// `context` are not those of the document.
pub fn write(document: &Document, context: &ExportContext) -> Result<OutboundObject, ExportError> {
    let grid = document.grid();
    context.check(grid)?;
    let mut notes = Vec::new();
    let segments = chosen_segments(document, None, false, &mut notes)?;
    let frame_of_reference_uid = frame_of_reference(context, &mut notes)?;
    let mut named = BTreeSet::new();
    let contours: Vec<Vec<DataSet>> =
        segments.iter().map(|segment| contour_items(document, segment, context, &mut named)).collect();

    let mut set = DataSet::new();
    fill_shared(&mut set, context, uids::RT_STRUCTURE_SET_STORAGE, "RTSTRUCT", "Structure set")?;
    set.text(tags::OPERATORS_NAME, &person_name(&context.reader));
    set.text(tags::STRUCTURE_SET_LABEL, "SEGMENTATION");
    set.text(tags::STRUCTURE_SET_DESCRIPTION, &quality_remark(context));
    set.text(tags::STRUCTURE_SET_DATE, &context.date);
    set.text(tags::STRUCTURE_SET_TIME, &context.time);
    set.text(tags::FRAME_OF_REFERENCE_UID, &frame_of_reference_uid);
    set.text(tags::POSITION_REFERENCE_INDICATOR, "");
    set.items(
        tags::REFERENCED_FRAME_OF_REFERENCE_SEQUENCE,
        vec![referenced(context, &frame_of_reference_uid, &named)?],
    );
    let numbered = || segments.iter().zip(1..);
    let roi = |(segment, n): (&&Segment, usize)| {
        DataSet::of(|item| {
            item.text(tags::ROI_NUMBER, &n.to_string());
            item.text(tags::REFERENCED_FRAME_OF_REFERENCE_UID, &frame_of_reference_uid);
            item.text(tags::ROI_NAME, &label(segment, context));
            item.text(tags::ROI_GENERATION_ALGORITHM, AlgorithmType::of(segment).code_string());
        })
    };
    set.items(tags::STRUCTURE_SET_ROI_SEQUENCE, numbered().map(roi).collect());
    let outlined = |((segment, n), contours): ((&&Segment, usize), Vec<DataSet>)| {
        DataSet::of(|item| {
            item.texts(tags::ROI_DISPLAY_COLOR, &segment.colour.map(|c| c.to_string()).each_ref().map(String::as_str));
            item.text(tags::REFERENCED_ROI_NUMBER, &n.to_string());
            item.items(tags::CONTOUR_SEQUENCE, contours);
        })
    };
    set.items(tags::ROI_CONTOUR_SEQUENCE, numbered().zip(contours).map(outlined).collect());
    let observed = |(segment, n): (&&Segment, usize)| {
        DataSet::of(|item| {
            item.text(tags::OBSERVATION_NUMBER, &n.to_string());
            item.text(tags::REFERENCED_ROI_NUMBER, &n.to_string());
            item.code(tags::SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE, segment.meaning.category());
            let mut kind = DataSet::of_code(segment.meaning.property_type());
            if let Some(side) = segment.meaning.modifier() {
                kind.code(tags::SEGMENTED_PROPERTY_TYPE_MODIFIER_CODE_SEQUENCE, side);
            }
            item.items(tags::RTROI_IDENTIFICATION_CODE_SEQUENCE, vec![kind]);
            item.text(tags::RTROI_INTERPRETED_TYPE, "");
            item.text(tags::ROI_INTERPRETER, "");
        })
    };
    set.items(tags::RTROI_OBSERVATIONS_SEQUENCE, numbered().map(observed).collect());
    set.text(tags::APPROVAL_STATUS, "UNAPPROVED");
    let sealed = set.seal_as(&context.software_version, Encoding::Implicit)?;
    OutboundObject::checked(sealed.bytes, &context.filing)
}

/// The outlines of a segment; `named` takes the k of the slices they lie on.
fn contour_items(
    document: &Document,
    segment: &Segment,
    context: &ExportContext,
    named: &mut BTreeSet<usize>,
) -> Vec<DataSet> {
    let grid = document.grid();
    let mut items = Vec::new();
    for k in 0..grid.size()[2] {
        let Some(labels) = document.layer(segment.layer).slice(k) else { continue };
        let columns = grid.size()[0];
        let Some([i, j, width, height]) = bounds(labels, segment.number, columns) else { continue };
        named.insert(k);
        let is_set = |x: usize, y: usize| labels[(j + y) * columns + i + x] == segment.number;
        for line in outlines(width, height, is_set) {
            let mut place = Vec::with_capacity(line.len() * 3);
            for [x, y] in &line {
                let voxel = VoxelPoint::new(i as f64 + x, j as f64 + y, k as f64);
                // Tenths of micrometres.
                place.extend(grid.patient_from_voxel(voxel).0.to_array().map(|mm| (mm * 1e4).round() / 1e4));
            }
            items.push(DataSet::of(|item| {
                let images = context.images(k);
                if !images.is_empty() {
                    item.items(tags::CONTOUR_IMAGE_SEQUENCE, images.iter().map(image_item).collect());
                }
                item.text(tags::CONTOUR_GEOMETRIC_TYPE, "CLOSED_PLANAR");
                item.text(tags::NUMBER_OF_CONTOUR_POINTS, &line.len().to_string());
                item.decimals(tags::CONTOUR_DATA, &place);
            }));
        }
    }
    items
}

/// The box of a label in a slice: first column, first row, columns, rows.
fn bounds(labels: &[u8], number: u8, columns: usize) -> Option<[usize; 4]> {
    let (mut first, mut last) = ([usize::MAX; 2], [0; 2]);
    for (j, row) in labels.chunks_exact(columns).enumerate() {
        let Some(begin) = row.iter().position(|l| *l == number) else { continue };
        let end = row.iter().rposition(|l| *l == number).unwrap_or(begin);
        (first, last) = ([first[0].min(begin), first[1].min(j)], [last[0].max(end), j]);
    }
    (first[0] <= last[0]).then(|| [first[0], first[1], last[0] + 1 - first[0], last[1] + 1 - first[1]])
}

fn image_item(image: &crate::dicom::Instance) -> DataSet {
    DataSet::of(|item| {
        item.text(tags::REFERENCED_SOP_CLASS_UID, &image.sop_class_uid);
        item.text(tags::REFERENCED_SOP_INSTANCE_UID, &image.sop_instance_uid);
        if let Some(frame) = image.frame_number {
            item.text(tags::REFERENCED_FRAME_NUMBER, &frame.to_string());
        }
    })
}

/// The study, series and images that the outlines lie on.
fn referenced(
    context: &ExportContext,
    frame_of_reference_uid: &str,
    named: &BTreeSet<usize>,
) -> Result<DataSet, ExportError> {
    let first = context.first()?;
    let images = named.iter().flat_map(|k| context.images(*k)).map(image_item).collect::<Vec<_>>();
    Ok(DataSet::of(|item| {
        item.text(tags::FRAME_OF_REFERENCE_UID, frame_of_reference_uid);
        item.item(tags::RT_REFERENCED_STUDY_SEQUENCE, |study| {
            // Detached Study Management, retired, as the attribute still asks for (PS3.3 C.8.8.5).
            study.text(tags::REFERENCED_SOP_CLASS_UID, "1.2.840.10008.3.1.2.3.1");
            study.text(tags::REFERENCED_SOP_INSTANCE_UID, &first.study.instance_uid);
            study.item(tags::RT_REFERENCED_SERIES_SEQUENCE, |series| {
                series.text(tags::SERIES_INSTANCE_UID, &first.series.instance_uid);
                series.items(tags::CONTOUR_IMAGE_SEQUENCE, images);
            });
        });
    }))
}
