//! DICOM RT Structure Sets coming in: contours filled on the slices of the open CT, names and codes turned into meanings.

use super::segmentation_in::{
    LEFT, RIGHT, SegmentIn, SegmentationError, SegmentationIn, SegmentationNote, Span, meaning_of_code,
    read_segmentation,
};
use crate::annotation::{Origin, SegmentMeaning};
use crate::dicom::{Code, Contour, Instance, Roi, StructureSet, read_header};
use crate::geometry::{Grid, raster_spans};
use std::collections::BTreeMap;

/// A contour lies in a plane, and a plane on a slice, if it is this near to it, in slice distances.
const ON_SLICE: f64 = 0.05;
/// The most rows that edges of contours may cross, of all and of one: some hundred lungs, and a picture of noise.
const MOST_CROSSINGS: [f64; 2] = [1e8, 4e6];

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
    let reference = |roi: &Roi| {
        let own = |s: &Instance| s.series.frame_of_reference_uid.as_ref() == Some(&roi.frame_of_reference_uid);
        source.iter().flatten().any(own)
    };
    let names_image = source.iter().flatten().any(|s| set.images.binary_search(&s.sop_instance_uid).is_ok());
    let any_here = set.rois.iter().any(reference);
    if !any_here {
        if !names_image {
            return Err(SegmentationError::OtherFrameOfReference);
        }
        notes.push(SegmentationNote::OtherFrameOfReference);
    }
    let each = set.rois.iter().flat_map(|r| &r.contours).map(|c| crossings(c, grid));
    let [all, most] = each.fold([0.0, 0.0], |[all, most]: [f64; 2], n| [all + n, most.max(n)]);
    if all > MOST_CROSSINGS[0] || most > MOST_CROSSINGS[1] {
        return Err(SegmentationError::TooLarge);
    }
    let (mut between, mut left_out) = (0, 0);
    let mut segments = Vec::new();
    for (roi, n) in set.rois.iter().zip(1..) {
        let segment_number = u16::try_from(roi.number).unwrap_or(n);
        if any_here && !reference(roi) && !(roi.frame_of_reference_uid.is_empty() && names_image) {
            left_out += roi.contours.len();
            continue;
        }
        let (slices, counts) = by_slice(roi, grid);
        (between, left_out) = (between + counts[0], left_out + counts[1]);
        let spans: Vec<Span> = slices.iter().flat_map(|(k, outlines)| fill(*k, outlines, grid)).collect();
        if spans.is_empty() {
            notes.push(SegmentationNote::EmptySegment(segment_number));
            continue;
        }
        let (exact, coded) = (meaning(roi), roi.name.clone());
        let meaning = exact.or_else(|| says_nothing(&roi.name).then_some(SegmentMeaning::Lesion));
        match (exact, meaning) {
            (None, Some(_)) => notes.push(SegmentationNote::TakenForLesion { segment_number, coded: coded.clone() }),
            (None, None) => notes.push(SegmentationNote::NoMeaning { segment_number, coded: coded.clone() }),
            (Some(_), _) => {}
        }
        let colour = roi.colour.unwrap_or_else(|| meaning.map_or([128; 3], SegmentMeaning::colour));
        segments.push(SegmentIn {
            segment_number,
            label: roi.name.clone(),
            meaning,
            coded,
            colour,
            origin: Origin::Imported,
            made: Default::default(),
            spans,
        });
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

/// How many rows the edges of a contour cross at most.
fn crossings(contour: &Contour, grid: &Grid) -> f64 {
    let rows: Vec<f64> = contour.points.iter().map(|p| grid.voxel_from_patient(*p).0.y).collect();
    let most = grid.size()[1] as f64;
    rows.iter().zip(rows.iter().cycle().skip(1)).map(|(a, b)| (a - b).abs().min(most) + 1.0).sum()
}

/// The outlines of each slice, as (i, j); how many lay between two slices, and how many were left out.
type BySlice = (BTreeMap<usize, Vec<Vec<[f64; 2]>>>, [usize; 2]);

/// The contours of a region on the slices. Of several planes of contours that are nearest to one slice, as in a set drawn on thinner
/// slices, the nearest alone is taken: contours of different planes are no holes of each other.
fn by_slice(roi: &Roi, grid: &Grid) -> BySlice {
    /// A contour's k, and its outline there.
    type Placed = (f64, Vec<[f64; 2]>);
    let mut planes: BTreeMap<usize, Vec<Placed>> = BTreeMap::new();
    let mut left_out = 0;
    for contour in &roi.contours {
        match place(contour, grid) {
            Some((k, outline)) => planes.entry(k.round() as usize).or_default().push((k, outline)),
            None => left_out += 1,
        }
    }
    let (mut slices, mut between) = (BTreeMap::new(), 0);
    for (k, mut outlines) in planes {
        let off = |at: &f64| (at - k as f64).abs();
        let Some((nearest, _)) = outlines.iter().min_by(|a, b| off(&a.0).total_cmp(&off(&b.0))) else { continue };
        let (nearest, all) = (*nearest, outlines.len());
        outlines.retain(|(at, _)| (at - nearest).abs() <= ON_SLICE);
        left_out += all - outlines.len();
        between += if off(&nearest) > ON_SLICE { outlines.len() } else { 0 };
        slices.insert(k, outlines.into_iter().map(|(_, outline)| outline).collect());
    }
    (slices, [between, left_out])
}

/// Where a contour lies along k, and its outline as (i, j); `None` for what is no closed line in the plane of the slices, or lies
/// beyond them.
fn place(contour: &Contour, grid: &Grid) -> Option<(f64, Vec<[f64; 2]>)> {
    if !contour.kind.starts_with("CLOSED") || contour.points.len() < 3 {
        return None;
    }
    let voxels: Vec<_> = contour.points.iter().map(|p| grid.voxel_from_patient(*p).0).collect();
    let (low, high) = voxels.iter().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v.z), h.max(v.z)));
    let middle = f64::midpoint(low, high);
    let inside = (0.0..grid.size()[2] as f64).contains(&middle.round());
    let flat = high - low <= 2.0 * ON_SLICE;
    (flat && inside).then(|| (middle, voxels.iter().map(|v| [v.x, v.y]).collect()))
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

/// What a region is: by its code, whose side the modifiers say or else the name; by its name where it has no code that is known.
fn meaning(roi: &Roi) -> Option<SegmentMeaning> {
    let of_code = |code: &Code| {
        let said = [(sides(&roi.name)[0], LEFT), (sides(&roi.name)[1], RIGHT)].into_iter().filter(|(said, _)| *said);
        let side =
            |(_, value): (bool, &str)| Code { value: value.into(), scheme: "SCT".into(), meaning: String::new() };
        let named = || said.map(side).collect();
        meaning_of_code(code, if roi.modifiers.is_empty() { named() } else { roi.modifiers.clone() })
    };
    roi.code.as_ref().and_then(of_code).or_else(|| meaning_of_name(&roi.name))
}

fn words(name: &str) -> Vec<String> {
    let plain: String = name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    plain.split_whitespace().map(str::to_owned).collect()
}

/// Whether a name says left, and whether it says right.
fn sides(name: &str) -> [bool; 2] {
    let words = words(name);
    let has = |any: &[&str]| words.iter().any(|w| any.contains(&w.as_str()));
    [has(&["l", "left", "lt", "gauche"]), has(&["r", "right", "rt", "droit", "droite"])]
}

/// Whether a name is one that programs give, not people: it says nothing of what was outlined.
fn says_nothing(name: &str) -> bool {
    let plain = words(name).concat();
    let word = plain.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(word, "" | "roi" | "contour" | "structure" | "region" | "segment" | "object" | "annotation")
}

/// What a name says, as planning systems write it (TG-263: `Lung_L`, `GTVp`, …).
fn meaning_of_name(name: &str) -> Option<SegmentMeaning> {
    let words = words(name);
    let has = |any: &[&str]| words.iter().any(|w| any.contains(&w.as_str()));
    let begins = |any: &[&str]| words.iter().any(|w| any.iter().any(|a| w.starts_with(a)));
    let [left, right] = sides(name);
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
