//! DICOM RT Structure Sets coming in: contours filled on the slices of the open CT, names and codes turned into meanings.

use super::segmentation_in::{
    SegmentIn, SegmentationError, SegmentationIn, SegmentationNote, Span, meaning_of_code, read_segmentation,
};
use crate::annotation::SegmentMeaning;
use crate::dicom::{Contour, Instance, Roi, StructureSet, read_header};
use crate::geometry::{Grid, raster_spans};
use std::collections::BTreeMap;

/// A contour lies on a slice if all its vertices are this near to it, in slice distances.
const ON_SLICE: f64 = 0.05;
/// The most edges times rows that are filled: a hundred lungs.
const MOST_WORK: usize = 4_000_000_000;

/// Reads a structure set onto the grid of a CT whose slices, in the order of k, are `source`.
///
/// What lies inside the closed planar contours of a region on a slice, by the even-odd rule of all of them together, belongs to it: a
/// contour inside another is a hole, and keyholes work. Contours between two slices go to the nearest.
///
/// # Errors
/// [`SegmentationError`]: not a structure set, of another CT, or nothing in it that can be put on this one.
pub fn read_structure_set(
    bytes: &[u8],
    grid: &Grid,
    source: &[Option<Instance>],
) -> Result<SegmentationIn, SegmentationError> {
    let set = StructureSet::read(bytes)?;
    let mut notes = Vec::new();
    let here = |roi: &Roi| {
        source.iter().flatten().any(|s| s.series.frame_of_reference_uid.as_ref() == Some(&roi.frame_of_reference_uid))
    };
    let names_image = || source.iter().flatten().any(|s| set.images.binary_search(&s.sop_instance_uid).is_ok());
    if !set.rois.iter().any(here) {
        if !names_image() {
            return Err(SegmentationError::OtherFrameOfReference);
        }
        notes.push(SegmentationNote::OtherFrameOfReference);
    }
    let work: usize = set.rois.iter().flat_map(|r| &r.contours).map(|c| cost(c, grid)).fold(0, usize::saturating_add);
    if work > MOST_WORK {
        return Err(SegmentationError::TooLarge);
    }
    let (mut between, mut left_out) = (0, 0);
    let mut segments = Vec::new();
    for (roi, n) in set.rois.iter().zip(1..) {
        let segment_number = u16::try_from(roi.number).unwrap_or(n);
        let mut fills: BTreeMap<usize, Vec<Vec<[f64; 2]>>> = BTreeMap::new();
        for contour in &roi.contours {
            match place(contour, grid) {
                Some((k, outline, moved)) => {
                    between += usize::from(moved);
                    fills.entry(k).or_default().push(outline);
                }
                None => left_out += 1,
            }
        }
        let spans: Vec<Span> = fills.iter().flat_map(|(k, outlines)| fill(*k, outlines, grid)).collect();
        if spans.is_empty() {
            notes.push(SegmentationNote::EmptySegment(segment_number));
            continue;
        }
        let meaning =
            roi.code.as_ref().and_then(|c| meaning_of_code(c, &roi.name)).or_else(|| meaning_of_name(&roi.name));
        if meaning.is_none() {
            notes.push(SegmentationNote::NoMeaning { segment_number, coded: roi.name.clone() });
        }
        let colour = roi.colour.unwrap_or_else(|| meaning.map_or([128; 3], SegmentMeaning::colour));
        let (label, coded) = (roi.name.clone(), roi.name.clone());
        segments.push(SegmentIn { segment_number, label, meaning, coded, colour, spans });
    }
    if between > 0 {
        notes.push(SegmentationNote::BetweenSlices(between));
    }
    if left_out > 0 {
        notes.push(SegmentationNote::LeftOut(left_out));
    }
    if segments.is_empty() { Err(SegmentationError::Empty) } else { Ok(SegmentationIn { segments, notes }) }
}

/// Reads what marks a CT: a segmentation or a structure set, as it says itself.
///
/// # Errors
/// As for [`read_segmentation`] and [`read_structure_set`].
pub fn read_marks(bytes: &[u8], grid: &Grid, source: &[Option<Instance>]) -> Result<SegmentationIn, SegmentationError> {
    if read_header(bytes)?.is_structure_set() {
        read_structure_set(bytes, grid, source)
    } else {
        read_segmentation(bytes, grid, source)
    }
}

fn cost(contour: &Contour, grid: &Grid) -> usize {
    contour.points.len().saturating_mul(grid.size()[1])
}

/// The slice of a contour, its outline there as (i, j), and whether it had to be moved; `None` for what is no closed line in the plane
/// of a slice.
fn place(contour: &Contour, grid: &Grid) -> Option<(usize, Vec<[f64; 2]>, bool)> {
    if !contour.kind.starts_with("CLOSED") || contour.points.len() < 3 {
        return None;
    }
    let voxels: Vec<_> = contour.points.iter().map(|p| grid.voxel_from_patient(*p).0).collect();
    let (low, high) = voxels.iter().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v.z), h.max(v.z)));
    let middle = f64::midpoint(low, high);
    let k = middle.round();
    if high - low > 2.0 * ON_SLICE || k < 0.0 || k >= grid.size()[2] as f64 {
        return None;
    }
    let outline = voxels.iter().map(|v| [v.x, v.y]).collect();
    Some((k as usize, outline, (middle - k).abs() > ON_SLICE))
}

/// The cells inside an odd number of outlines.
fn fill(k: usize, outlines: &[Vec<[f64; 2]>], grid: &Grid) -> Vec<Span> {
    let [columns, rows, _] = grid.size();
    let mut turns: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for outline in outlines {
        for (j, begin, end) in raster_spans(outline, columns, rows) {
            turns.entry(j).or_default().extend([begin, end]);
        }
    }
    let mut spans = Vec::new();
    for (j, mut ends) in turns {
        ends.sort_unstable();
        for pair in ends.chunks_exact(2).filter(|p| p[0] < p[1]) {
            spans.push(Span { k, j, i_begin: pair[0], i_end: pair[1] });
        }
    }
    spans.dedup_by(|next, last| {
        let joins = (next.k, next.j) == (last.k, last.j) && next.i_begin == last.i_end;
        if joins {
            last.i_end = next.i_end;
        }
        joins
    });
    spans
}

/// What a name says: that of a segment of ours, or as planning systems name it (TG-263: `Lung_L`, `GTVp`, …).
fn meaning_of_name(name: &str) -> Option<SegmentMeaning> {
    let plain: String = name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let has = |any: &[&str]| words.iter().any(|w| any.contains(w));
    let begins = |any: &[&str]| words.iter().any(|w| any.iter().any(|a| w.starts_with(a)));
    let (left, right) = (has(&["l", "left", "lt", "gauche"]), has(&["r", "right", "rt", "droit"]));
    if has(&["lung", "poumon"]) && left != right && words.len() <= 3 {
        return Some(if left { SegmentMeaning::LeftLung } else { SegmentMeaning::RightLung });
    }
    let known: [(SegmentMeaning, &[&str]); 6] = [
        (SegmentMeaning::Nodule, &["nodul"]),
        (SegmentMeaning::Consolidation, &["consolidation", "condensation"]),
        (SegmentMeaning::GroundGlass, &["ggo", "ground", "verre"]),
        (SegmentMeaning::Airways, &["trachea", "trachée", "bronch", "airway"]),
        (SegmentMeaning::Aorta, &["aorta", "aorte"]),
        (SegmentMeaning::Lesion, &["gtv", "tumor", "tumour", "tumeur", "lesion", "lésion", "neoplasm"]),
    ];
    known.into_iter().find(|(_, any)| begins(any)).map(|(meaning, _)| meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_planning_systems_are_understood() {
        for (name, meaning) in [
            ("Lung_L", Some(SegmentMeaning::LeftLung)),
            ("Poumon droit", Some(SegmentMeaning::RightLung)),
            ("Lungs", None),
            ("GTVp", Some(SegmentMeaning::Lesion)),
            ("GTV-1", Some(SegmentMeaning::Lesion)),
            ("Nodule 4", Some(SegmentMeaning::Nodule)),
            ("A_Aorta", Some(SegmentMeaning::Aorta)),
            ("SpinalCord", None),
            ("", None),
        ] {
            assert_eq!(meaning_of_name(name), meaning, "{name}");
        }
    }
}
