//! DICOM segmentations coming in: frames placed on the slices of the open CT, codes turned into meanings.
//!
//! Frames that are aligned with the slices are put on them pixel by pixel. What lies on another grid of the same frame of reference is
//! resampled, and that is said.

use super::resample_marks::{own_grid, resampled};
use crate::annotation::{Document, DocumentError, Edit, Layer, Origin, SegmentMeaning};
use crate::dicom::{
    Code, DicomError, Instance, SegmentDescription, SegmentationFrame, SegmentationKind, SegmentationObject,
    srgb_from_cielab,
};
use crate::geometry::{Grid, PatientPoint, VoxelIndex};
use crate::volume::CtVolume;
use std::collections::{BTreeMap, BTreeSet};

/// A frame lies on a slice if its first pixel is this near to the slice's, in pixels (in plane) or slice distances.
const ON_SLICE: f64 = 0.05;

/// Why a segmentation was not put on the CT.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SegmentationError {
    /// The file is no segmentation that is read.
    #[error(transparent)]
    Dicom(#[from] DicomError),
    /// It names another frame of reference, and no slice of the CT.
    #[error(
        "it belongs to another CT: neither its frame of reference nor its source images are those of the open series"
    )]
    OtherFrameOfReference,
    /// Its frames have another size.
    #[error(
        "its frames have {columns} × {rows} pixels, the CT slices {ct_columns} × {ct_rows}, and do not say where they lie"
    )]
    OtherSize {
        /// Width of its frames.
        columns: usize,
        /// Height of its frames.
        rows: usize,
        /// Width of a CT slice.
        ct_columns: usize,
        /// Height of a CT slice.
        ct_rows: usize,
    },
    /// A frame has another orientation or pixel spacing than the CT.
    #[error(
        "frame {frame} has another orientation or pixel spacing than the CT slices, and its frames lie on no grid of their own"
    )]
    OtherPlane {
        /// Number of the frame, from 1.
        frame: usize,
    },
    /// A frame lies on no slice.
    #[error("frame {frame} lies on no slice of the CT, and its frames lie on no grid of their own")]
    BetweenSlices {
        /// Number of the frame, from 1.
        frame: usize,
    },
    /// A frame names one slice as its source and lies on another.
    #[error("frame {frame} names slice {named} as its source and lies on slice {found}")]
    Contradiction {
        /// Number of the frame, from 1.
        frame: usize,
        /// The slice k it names.
        named: usize,
        /// The slice k it lies on.
        found: usize,
    },
    /// A frame says neither where it lies nor what its source is.
    #[error("frame {frame} says neither where it lies nor which slice it belongs to")]
    NoPlace {
        /// Number of the frame, from 1.
        frame: usize,
    },
    /// A frame belongs to a segment that is not described.
    #[error("segment {0} is not described")]
    UnknownSegment(u16),
    /// None of its segments is anything this product has a meaning for.
    #[error("none of its segments is a lung, airways or a finding of the lung; the first is coded {coded:?}")]
    NoMeaning {
        /// Meaning of the first segment's code.
        coded: String,
    },
    /// It has no set pixel.
    #[error("it holds no segment with voxels on this CT")]
    Empty,
    /// Its contours have more vertices, or its grid more voxels, than memory is for.
    #[error("its contours have too many vertices, or its grid too many voxels")]
    TooLarge,
    /// The document cannot take its segments.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl SegmentationError {
    /// Whether the frames lie elsewhere than the slices, in the same space.
    fn is_of_grid(&self) -> bool {
        matches!(self, Self::OtherSize { .. } | Self::OtherPlane { .. } | Self::BetweenSlices { .. })
    }
}

/// What the reader should know about a segmentation that was read.
#[derive(Clone, Debug, PartialEq)]
pub enum SegmentationNote {
    /// It is fractional: voxels of at least half the maximum were taken.
    ThresholdedAtHalf,
    /// Its frame of reference is not that of the CT; its frames name slices of the CT.
    OtherFrameOfReference,
    /// The code of a segment says no more than tissue or something abnormal; it counts as a lesion not further described.
    TakenForLesion {
        /// Segment Number in the file.
        segment_number: u16,
        /// Meaning of the code in the file.
        coded: String,
    },
    /// The code of a segment is something there is no meaning for (an organ outside the lungs, …); it is not put on the CT.
    NoMeaning {
        /// Segment Number in the file.
        segment_number: u16,
        /// Meaning of the code in the file.
        coded: String,
    },
    /// It lies on another grid: each voxel of the CT took what the nearest of its voxels says.
    Resampled {
        /// Of its grid, along i, j and k.
        spacing_mm: [f64; 3],
        /// By how much a segment's volume changed at most, if that is known.
        off_percent: Option<f64>,
    },
    /// A segment has no voxels and was left out.
    EmptySegment(u16),
    /// So many contours lay between two slices, and were put on the nearest.
    BetweenSlices(usize),
    /// So many contours are no closed lines on a slice of the CT, and were left out.
    LeftOut(usize),
    /// Segments of a layer meet in some voxels, of which each belongs to one of them only ([`Collision`]).
    Overlap {
        /// How many voxels lie in several segments of a layer.
        voxels: u64,
    },
}

/// Voxels `i_begin..i_end` of row `j`, slice `k`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Slice.
    pub k: usize,
    /// Row.
    pub j: usize,
    /// First column.
    pub i_begin: usize,
    /// Column behind the last.
    pub i_end: usize,
}

/// A segment that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentIn {
    /// Segment Number in the file.
    pub segment_number: u16,
    /// Segment Label.
    pub label: String,
    /// What it is; `None` where its code stands for nothing the product has a meaning for.
    pub meaning: Option<SegmentMeaning>,
    /// Meaning of its code in the file.
    pub coded: String,
    /// sRGB: the one recommended in the file, or that of the meaning.
    pub colour: [u8; 3],
    /// How it came to be.
    pub origin: Origin,
    /// Who made it, and when (`YYYYMMDDHHMMSS`); empty where that is not said.
    pub made: [String; 2],
    /// Its voxels, sorted and disjoint.
    pub spans: Vec<Span>,
}

impl SegmentIn {
    /// How many voxels it has.
    pub fn voxel_count(&self) -> u64 {
        self.spans.iter().map(|s| (s.i_end - s.i_begin) as u64).sum()
    }
    /// The layer it will lie on.
    pub fn layer(&self) -> Option<Layer> {
        self.meaning.map(SegmentMeaning::layer)
    }
}

/// A segmentation on the grid of a CT.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SegmentationIn {
    /// Its segments with voxels, and opacities without any, in the order of the file.
    pub segments: Vec<SegmentIn>,
    /// What the reader should know.
    pub notes: Vec<SegmentationNote>,
}

/// Reads a segmentation onto the grid of a CT whose slices, in the order of k, are `source` (`None` where one is missing).
///
/// Binary, fractional (thresholded at half) and label map segmentations are read.
///
/// # Errors
/// [`SegmentationError`]: not a segmentation, of another CT, or on another grid.
pub fn read_segmentation(
    bytes: &[u8],
    grid: &Grid,
    source: &[Option<Instance>],
) -> Result<SegmentationIn, SegmentationError> {
    let object = SegmentationObject::read(bytes)?;
    let mut notes = Vec::new();
    if matches!(object.kind, SegmentationKind::Fractional { .. }) {
        notes.push(SegmentationNote::ThresholdedAtHalf);
    }
    let (places, own) = match place_frames(&object, grid, source, &mut notes) {
        Ok(places) => (places, None),
        Err(error) if error.is_of_grid() => match own_grid(&object) {
            Some((own, planes)) => (planes, Some(own)),
            None => return Err(error),
        },
        Err(error) => return Err(error),
    };

    let mut spans: BTreeMap<u16, Vec<Span>> = BTreeMap::new();
    for (n, (frame, &k)) in object.frames.iter().zip(&places).enumerate() {
        object.visit_runs(n, |j, i_begin, i_end, value| {
            spans.entry(frame.segment_number.unwrap_or(value)).or_default().push(Span { k, j, i_begin, i_end });
        });
    }
    let held: BTreeSet<u16> = spans.keys().copied().collect();
    if let Some(own) = &own {
        notes.push(resample(&mut spans, own, grid)?);
    }
    let mut segments = Vec::new();
    for description in object.segments.iter().filter(|s| !is_background(s)) {
        let mut voxels = spans.remove(&description.number).unwrap_or_default();
        // Opacities without a voxel in the file were looked for and not found.
        let says_none = || exact_meaning(description).is_some_and(SegmentMeaning::is_involvement);
        if voxels.is_empty() && (held.contains(&description.number) || !says_none()) {
            notes.push(SegmentationNote::EmptySegment(description.number));
            continue;
        }
        voxels.sort_unstable();
        merge(&mut voxels);
        segments.push(segment(description, voxels, &mut notes));
    }
    spans.retain(|number, _| !object.segments.iter().any(|s| s.number == *number));
    if let Some((number, _)) = spans.first_key_value() {
        return Err(SegmentationError::UnknownSegment(*number));
    }
    if segments.iter().all(|s| s.spans.is_empty()) {
        return Err(SegmentationError::Empty);
    }
    Ok(SegmentationIn { segments, notes })
}

/// Brings the spans of each segment from their grid to that of the CT.
fn resample(
    spans: &mut BTreeMap<u16, Vec<Span>>,
    own: &Grid,
    grid: &Grid,
) -> Result<SegmentationNote, SegmentationError> {
    let mut off = 0.0f64;
    for voxels in spans.values_mut() {
        let ml =
            |spans: &[Span], grid: &Grid| grid.millilitres(spans.iter().map(|s| (s.i_end - s.i_begin) as u64).sum());
        voxels.sort_unstable();
        merge(voxels);
        let there = ml(voxels, own);
        *voxels = resampled(voxels, own, grid).ok_or(SegmentationError::TooLarge)?;
        off = off.max((ml(voxels, grid) - there).abs() / there);
    }
    spans.retain(|_, voxels| !voxels.is_empty());
    Ok(SegmentationNote::Resampled { spacing_mm: own.spacing_mm(), off_percent: Some(100.0 * off) })
}

/// The slice k of each frame.
fn place_frames(
    object: &SegmentationObject,
    grid: &Grid,
    source: &[Option<Instance>],
    notes: &mut Vec<SegmentationNote>,
) -> Result<Vec<usize>, SegmentationError> {
    let by_name: BTreeMap<(&str, u32), usize> = source
        .iter()
        .enumerate()
        .filter_map(|(k, s)| s.as_ref().map(|s| ((s.sop_instance_uid.as_str(), s.frame_number.unwrap_or(1)), k)))
        .collect();
    let multi_frame = source.iter().flatten().any(|s| s.frame_number.is_some());
    let named = |frame: &SegmentationFrame| {
        let own = frame.sources.iter().filter(|s| s.may_lie_there && (s.frame_number.is_some() || !multi_frame));
        own.into_iter().find_map(|s| by_name.get(&(s.sop_instance_uid.as_str(), s.frame_number.unwrap_or(1))).copied())
    };
    let instances: BTreeSet<&str> = by_name.keys().map(|(uid, _)| *uid).collect();
    let names_any = |frame: &SegmentationFrame| {
        frame.sources.iter().any(|source| instances.contains(source.sop_instance_uid.as_str()))
    };
    let references = || source.iter().flatten().filter_map(|slice| slice.series.frame_of_reference_uid.as_ref());
    let own = object.frame_of_reference_uid.as_ref();
    if !references().any(|uid| Some(uid) == own) {
        // One frame that names an image of the CT ties all to this space; those on missing slices have none to name.
        if !object.frames.iter().any(names_any) {
            return Err(SegmentationError::OtherFrameOfReference);
        }
        if references().next().is_some() {
            notes.push(SegmentationNote::OtherFrameOfReference);
        }
    }
    let [ct_columns, ct_rows, _] = grid.size();
    let (columns, rows) = (object.columns, object.rows);
    if (columns, rows) != (ct_columns, ct_rows) {
        return Err(SegmentationError::OtherSize { columns, rows, ct_columns, ct_rows });
    }
    let place = |(n, frame): (usize, &SegmentationFrame)| {
        if !same_plane(frame, grid) {
            return Err(SegmentationError::OtherPlane { frame: n + 1 });
        }
        let named = named(frame);
        let Some(position) = frame.plane.position else {
            return named.ok_or(SegmentationError::NoPlace { frame: n + 1 });
        };
        let lies_on = |k: &usize| lies_on(position, *k, grid, source);
        match named {
            Some(k) if lies_on(&k) => Ok(k),
            _ => match ((0..grid.size()[2]).find(lies_on), named) {
                (Some(found), None) => Ok(found),
                (Some(found), Some(named)) => Err(SegmentationError::Contradiction { frame: n + 1, named, found }),
                (None, _) => Err(SegmentationError::BetweenSlices { frame: n + 1 }),
            },
        }
    };
    object.frames.iter().enumerate().map(place).collect()
}

/// Whether the pixels of a frame lie as those of the grid, as far as the frame says how they lie.
fn same_plane(frame: &SegmentationFrame, grid: &Grid) -> bool {
    let [columns, rows, _] = grid.size().map(|s| s as f64);
    let [column_mm, row_mm, _] = grid.spacing_mm();
    let [across, down, _] = grid.directions();
    // At the far corner of the frame an error shows most: it must stay within a tenth of a pixel.
    let directions = frame
        .plane
        .directions
        .is_none_or(|[a, d]| (a - across).length() * columns <= 0.1 && (d - down).length() * rows <= 0.1);
    let spacing = frame.plane.pixel_spacing_mm.is_none_or(|[between_rows, between_columns]| {
        (between_rows - row_mm).abs() * rows <= 0.1 * row_mm
            && (between_columns - column_mm).abs() * columns <= 0.1 * column_mm
    });
    directions && spacing
}

/// Whether a frame whose first pixel lies at `position` covers slice `k`: where its image lies, or else where the grid has it.
fn lies_on(position: PatientPoint, k: usize, grid: &Grid, source: &[Option<Instance>]) -> bool {
    let image = source.get(k).and_then(Option::as_ref).and_then(|s| s.plane.position);
    let expected = image.unwrap_or_else(|| grid.patient_from_voxel(VoxelIndex::new(0, 0, k).centre()));
    let off = grid.voxel_step_from_patient(position - expected);
    off.abs().max_element() <= ON_SLICE
}

fn is_background(segment: &SegmentDescription) -> bool {
    segment.property_type.scheme == "DCM" && segment.property_type.value == "125040"
}

/// Joins spans that touch or overlap: a segment may have several frames on a slice.
fn merge(spans: &mut Vec<Span>) {
    spans.dedup_by(|next, last| {
        let joins = (next.k, next.j) == (last.k, last.j) && next.i_begin <= last.i_end;
        if joins {
            last.i_end = last.i_end.max(next.i_end);
        }
        joins
    });
}

fn segment(description: &SegmentDescription, spans: Vec<Span>, notes: &mut Vec<SegmentationNote>) -> SegmentIn {
    let (segment_number, kind) = (description.number, &description.property_type);
    let coded = if kind.meaning.is_empty() { kind.value.clone() } else { kind.meaning.clone() };
    let exact = exact_meaning(description);
    let meaning = exact.or_else(|| is_unspecific(description).then_some(SegmentMeaning::Lesion));
    match (exact, meaning) {
        (None, Some(_)) => notes.push(SegmentationNote::TakenForLesion { segment_number, coded: coded.clone() }),
        (None, None) => notes.push(SegmentationNote::NoMeaning { segment_number, coded: coded.clone() }),
        (Some(_), _) => {}
    }
    let own = meaning.map_or([128; 3], SegmentMeaning::colour);
    let colour = description.cielab.map_or(own, srgb_from_cielab);
    SegmentIn {
        segment_number,
        label: description.label.clone(),
        meaning,
        coded,
        colour,
        origin: Origin::Imported,
        made: Default::default(),
        spans,
    }
}

/// Whether the code says no more than tissue, as programs write that ask for no code, or that something is abnormal.
fn is_unspecific(description: &SegmentDescription) -> bool {
    let [category, kind] = [&description.category, &description.property_type].map(|c| (&*c.scheme, &*c.value));
    let abnormal = [("SCT", "49755003"), ("SRT", "M-01000"), ("SRT", "M-01100")];
    let tissue = [("SCT", "85756007"), ("SRT", "T-D0050")];
    abnormal.contains(&category) || abnormal.contains(&kind) || tissue.contains(&kind)
}

/// SNOMED CT: right.
pub(super) const RIGHT: &str = "24028007";
/// SNOMED CT: left.
pub(super) const LEFT: &str = "7771000";

/// The meaning of a code with its modifiers alone.
pub(super) fn meaning_of_code(code: &Code, modifiers: Vec<Code>) -> Option<SegmentMeaning> {
    exact_meaning(&SegmentDescription {
        number: 0,
        label: String::new(),
        category: Code::default(),
        property_type: code.clone(),
        modifiers,
        region: Code::default(),
        cielab: None,
    })
}

/// The meaning that a code stands for: our own codes, and those that other writers use for the same.
fn exact_meaning(description: &SegmentDescription) -> Option<SegmentMeaning> {
    let kind = &description.property_type;
    let has = |codes: &[(&str, &str)], code: &Code| codes.contains(&(code.scheme.as_str(), code.value.as_str()));
    let side = |codes: &[(&str, &str)]| description.modifiers.iter().any(|modifier| has(codes, modifier));
    let right = side(&[("SCT", RIGHT), ("SRT", "G-A100")]);
    let left = side(&[("SCT", LEFT), ("SRT", "G-A101")]);
    if has(&[("SCT", "39607008"), ("SRT", "T-28000")], kind) {
        return match (right, left) {
            (true, false) => Some(SegmentMeaning::RightLung),
            (false, true) => Some(SegmentMeaning::LeftLung),
            _ => None,
        };
    }
    // Fluid, and where it is.
    if has(&[("SCT", "41699000")], kind) {
        let lies_in = |codes: &[(&str, &str)]| has(codes, &description.region);
        let pericardial =
            lies_in(&[("SCT", "76848001"), ("SCT", "25489000")]).then_some(SegmentMeaning::PericardialEffusion);
        return lies_in(&[("SCT", "91381003"), ("SCT", "3120008")])
            .then_some(SegmentMeaning::PleuralEffusion)
            .or(pericardial);
    }
    // Our own codes; where two meanings share one, the side tells them apart.
    let own = SegmentMeaning::ALL.into_iter().find(|m| {
        let sided = match m.modifier() {
            Some(code) if code.value == RIGHT => right && !left,
            Some(_) => left && !right,
            None => true,
        };
        let code = m.property_type();
        sided && has(&[(code.scheme, code.value)], kind)
    });
    if own.is_some() {
        return own;
    }
    let others: [(SegmentMeaning, &[(&str, &str)]); 10] = [
        (SegmentMeaning::RightLung, &[("SCT", "3341006"), ("SRT", "T-28100")]),
        (SegmentMeaning::LeftLung, &[("SCT", "44029006"), ("SRT", "T-28500")]),
        (SegmentMeaning::Airways, &[("SCT", "44567001"), ("SCT", "955009"), ("SRT", "T-25000")]),
        (SegmentMeaning::GroundGlass, &[("RADLEX", "RID28531")]),
        (SegmentMeaning::Consolidation, &[("RADLEX", "RID43255")]),
        (SegmentMeaning::Honeycombing, &[("RADLEX", "RID35280")]),
        (SegmentMeaning::Emphysema, &[("RADLEX", "RID4799")]),
        (SegmentMeaning::Nodule, &[("SRT", "M-03010")]),
        (SegmentMeaning::PleuralEffusion, &[("RADLEX", "RID34539")]),
        (SegmentMeaning::Lesion, &[("SRT", "M-01000"), ("SCT", "4147007")]),
    ];
    others.into_iter().find(|(_, codes)| has(codes, kind)).map(|(meaning, _)| meaning)
}

/// What happens where an incoming segment meets one that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collision {
    /// The voxel stays with the segment it belongs to.
    KeepExisting,
    /// The incoming segment takes it, unless the other is locked.
    Overwrite,
}

/// Puts the segments of `incoming` that have a meaning on a document and returns the edits that were made, already applied,
/// and what was odd.
///
/// # Errors
/// [`SegmentationError::NoMeaning`] when none has one; [`DocumentError::Full`] when the document cannot take so many segments; nothing is changed then.
pub fn segmentation_edits(
    incoming: &SegmentationIn,
    collision: Collision,
    document: &mut Document,
    volume: &CtVolume,
) -> Result<(Vec<Edit>, Vec<SegmentationNote>), SegmentationError> {
    let known: Vec<_> = incoming.segments.iter().filter_map(|s| Some((s, s.meaning?))).collect();
    if known.is_empty() {
        let coded = incoming.segments.first().map(|s| s.coded.clone()).unwrap_or_default();
        return Err(SegmentationError::NoMeaning { coded });
    }
    if document.segments().len() + known.len() > 255 {
        return Err(DocumentError::Full.into());
    }
    let mut edits = Vec::new();
    let mut overlap = 0;
    for (segment_in, meaning) in known {
        let mut segment = document.new_segment(meaning, segment_in.label.clone(), segment_in.origin.clone())?;
        segment.colour = segment_in.colour;
        [segment.author, segment.made_at] = segment_in.made.clone();
        let (number, layer) = (segment.number, segment.layer);
        let birth = Edit::Segment { number, before: None, after: Some(segment) };
        document.apply(&birth, volume)?;
        edits.push(birth);
        let locked = document.locked_labels(layer);
        let takes = |old: u8| old == 0 || (collision == Collision::Overwrite && !locked[usize::from(old)]);
        edits.push(document.edit_voxels(layer, volume, |editor| {
            for span in &segment_in.spans {
                editor.set_span(span.k, span.j, span.i_begin, span.i_end, |_, old| {
                    overlap += u64::from(old != 0);
                    takes(old).then_some(number)
                });
            }
        }));
    }
    let notes = if overlap > 0 { vec![SegmentationNote::Overlap { voxels: overlap }] } else { Vec::new() };
    Ok((edits, notes))
}
