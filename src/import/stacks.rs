//! A series → stacks: which slices belong together, and what tells the stacks apart.
//!
//! A stack is a set of slices that can be one volume. Slices of another orientation, matrix, pixel spacing or kernel never share
//! one. Slices that repeat positions are parted by what the headers say: field of view, time point, acquisition.

use super::lattice::{Spacing, fit_lattice};
use super::stack::SliceSource;
use crate::dicom::{Acquisition, ImagePlane, Instance, Series, is_localiser};
use crate::geometry::{AnatomicalPlane, PatientPoint, PatientVector};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// Images nearer than this along the normal lie in the same place.
pub(super) const SAME_PLACE_MM: f64 = 0.05;
/// Images at the same place along the normal whose corners are farther apart than this show other fields of view.
const SAME_FIELD_MM: f64 = 1.0;

/// Slices of a series that can be one volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// Its slices in the order in which they count as acquired.
    pub sources: Vec<SliceSource>,
    /// What tells it from the other stacks of the series; empty if there is no other.
    pub traits: Vec<StackTrait>,
    /// How many images lie in other stacks, and in how many.
    pub(super) elsewhere: [usize; 2],
}

/// Something that differs between the stacks of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum StackTrait {
    /// Localiser, or not.
    Localiser(bool),
    /// The plane nearest to its slices.
    Orientation(AnatomicalPlane),
    /// Image size, pixels.
    Matrix {
        /// Width.
        columns: usize,
        /// Height.
        rows: usize,
    },
    /// Distance between columns, millimetres.
    PixelSpacing(f64),
    /// Convolution kernel.
    Kernel(String),
    /// Temporal position.
    TimePoint(i32),
    /// Acquisition Number.
    Acquisition(i32),
    /// When its first slice was acquired: as much of `YYYYMMDDHHMMSS.FFFFFF` or `HHMMSS.FFFFFF` as the file says.
    Time(String),
    /// Centre of the first pixel of its first slice.
    Corner(PatientPoint),
}

/// The stacks of a series: localisers last, the largest first, of equally large ones the first acquired. They do not depend on the
/// order of `series.instances`.
pub fn stacks(series: &Series) -> Vec<Stack> {
    let mut slices = slices(series);
    slices.sort_by(|a, b| a.acquired().cmp(&b.acquired()));
    let mut parts: Vec<Vec<Slice<'_>>> =
        classes(slices, |a, b| a.can_stack(b)).into_iter().flat_map(|class| part_repeats(class, &TELLING)).collect();
    parts.sort_by_cached_key(|p| (p.first().is_some_and(Slice::is_localiser), Reverse(p.len())));
    let all: Vec<Vec<StackTrait>> = parts.iter().map(|p| traits(p)).collect();
    let total: usize = parts.iter().map(Vec::len).sum();
    let telling = |own: &Vec<StackTrait>| -> Vec<StackTrait> {
        let differs = |t: &&StackTrait| !all.iter().all(|other| other.contains(t));
        own.iter().filter(differs).cloned().collect()
    };
    let mut stacks: Vec<Stack> = parts
        .iter()
        .zip(&all)
        .map(|(part, own)| Stack {
            sources: part.iter().map(|s| s.source).collect(),
            traits: telling(own),
            elsewhere: [total - part.len(), parts.len() - 1],
        })
        .collect();
    let labels: Vec<Vec<StackTrait>> = stacks.iter().map(|s| s.traits.clone()).collect();
    for (stack, part) in stacks.iter_mut().zip(&parts) {
        if labels.iter().filter(|l| **l == stack.traits).count() > 1 {
            stack.traits.extend(part.first().map(|s| StackTrait::Corner(s.position)));
        }
    }
    stacks
}

/// A slice of a series, with the facts that matter here.
#[derive(Clone, Copy)]
pub(super) struct Slice<'a> {
    pub(super) source: SliceSource,
    pub(super) instance: &'a Instance,
    pub(super) plane: &'a ImagePlane,
    pub(super) acquisition: &'a Acquisition,
    pub(super) position: PatientPoint,
    pub(super) directions: [PatientVector; 2],
    pub(super) rescale: [Option<f64>; 2],
    /// Rows, columns.
    pub(super) size: [usize; 2],
    rescale_type: &'a str,
    image_type: &'a [String],
}

impl<'a> Slice<'a> {
    /// The slice at a source; `None` where there is no CT image with a place.
    pub(super) fn at(series: &'a Series, source: SliceSource) -> Option<Self> {
        let instance = series.instances.get(source.instance).filter(|i| i.is_ct_image())?;
        let pixels = instance.pixels.as_ref()?;
        let frame = instance.frames.get(source.frame);
        // Without functional groups the place is that of the first frame alone.
        if source.frame >= pixels.frames || (frame.is_none() && pixels.frames > 1) {
            return None;
        }
        let plane = frame.map_or(&instance.plane, |f| &f.plane);
        Some(Self {
            source,
            instance,
            plane,
            acquisition: frame.map_or(&instance.acquisition, |f| &f.acquisition),
            position: plane.position?,
            directions: plane.directions?,
            rescale: frame
                .map_or([pixels.rescale_slope, pixels.rescale_intercept], |f| [f.rescale_slope, f.rescale_intercept]),
            rescale_type: frame.map_or(&pixels.rescale_type, |f| &f.rescale_type),
            size: [pixels.rows, pixels.columns],
            image_type: frame.map_or(&instance.image_type, |f| &f.image_type),
        })
    }
    /// The order in which slices count as acquired.
    pub(super) fn acquired(&self) -> (i32, i32, &'a str, usize) {
        let last = |number: Option<i32>| number.unwrap_or(i32::MAX);
        let Instance { instance_number, sop_instance_uid, .. } = self.instance;
        (last(self.acquisition.number), last(*instance_number), sop_instance_uid, self.source.frame)
    }
    /// Whether its values are HU, or nothing says that they are not.
    pub(super) fn is_hu(&self) -> bool {
        self.rescale_type.is_empty() || self.rescale_type.eq_ignore_ascii_case("HU")
    }
    /// Whether Image Type (PS3.3 C.7.6.1.1.2, C.8.2.1.1.1) says that it lies as it was acquired.
    pub(super) fn is_original_axial(&self) -> bool {
        ["ORIGINAL", "AXIAL"].iter().all(|v| self.image_type.iter().any(|own| own.eq_ignore_ascii_case(v)))
    }
    fn is_localiser(&self) -> bool {
        is_localiser(self.image_type)
    }
    fn normal(&self) -> PatientVector {
        self.directions[0].cross(self.directions[1])
    }
    /// Whether two slices may lie in one volume.
    fn can_stack(&self, other: &Self) -> bool {
        let spacing = match (self.plane.pixel_spacing_mm, other.plane.pixel_spacing_mm) {
            (Some(a), Some(b)) => (0..2).all(|n| (a[n] - b[n]).abs() < 1e-4 * a[n].abs()),
            (a, b) => a == b,
        };
        spacing
            && self.is_localiser() == other.is_localiser()
            && (0..2).all(|n| (self.directions[n] - other.directions[n]).length() < 1e-3)
            && self.size == other.size
            && self.acquisition.kernel == other.acquisition.kernel
    }
    /// When it was acquired; empty where nothing says so.
    fn time(&self) -> [&'a str; 2] {
        [&self.acquisition.date_time, &self.acquisition.content_time]
    }
}

/// The frames of the instance in place `instance` of its series.
pub(super) fn frames_of(instance: usize, i: &Instance) -> impl Iterator<Item = SliceSource> {
    let frames = i.pixels.as_ref().map_or(0, |p| p.frames);
    (0..frames).map(move |frame| SliceSource { instance, frame })
}

/// All slices of a series.
fn slices(series: &Series) -> Vec<Slice<'_>> {
    let sources = series.instances.iter().enumerate().flat_map(|(n, i)| frames_of(n, i));
    sources.filter_map(|source| Slice::at(series, source)).collect()
}

/// Classes of mutually like slices, in order of their first.
fn classes<'a>(slices: Vec<Slice<'a>>, like: impl Fn(&Slice<'a>, &Slice<'a>) -> bool) -> Vec<Vec<Slice<'a>>> {
    let mut classes: Vec<Vec<Slice<'a>>> = Vec::new();
    for slice in slices {
        match classes.iter_mut().find(|class| class.first().is_some_and(|first| like(first, &slice))) {
            Some(class) => class.push(slice),
            None => classes.push(vec![slice]),
        }
    }
    classes
}

/// Whether two slices agree in something that may tell repeated positions apart.
type Agrees = fn(&Slice<'_>, &Slice<'_>) -> bool;

/// What may tell repeated positions apart, the surest first.
const TELLING: [Agrees; 5] = [
    |a, b| {
        let normal = a.normal();
        let between = b.position - a.position;
        (between - normal * between.dot(normal)).length() <= SAME_FIELD_MM
    },
    |a, b| a.acquisition.temporal_position == b.acquisition.temporal_position,
    |a, b| a.acquisition.number == b.acquisition.number,
    |a, b| a.acquisition.date_time == b.acquisition.date_time,
    |a, b| a.acquisition.content_time == b.acquisition.content_time,
];

/// Parts slices that repeat positions by the first attribute that lessens the repetition without tearing the stack to pieces:
/// where each slice has its own time or number, these tell nothing of stacks.
fn part_repeats<'a>(slices: Vec<Slice<'a>>, telling: &[Agrees]) -> Vec<Vec<Slice<'a>>> {
    let most = most_at_a_place(&slices);
    if most < 2 {
        return part_interleaved(slices);
    }
    for (n, agrees) in telling.iter().enumerate() {
        let parts = classes(slices.clone(), agrees);
        if (2..=2 * most).contains(&parts.len()) && parts.iter().all(|p| most_at_a_place(p) < most) {
            return parts.into_iter().flat_map(|p| part_repeats(p, &telling[n + 1..])).collect();
        }
    }
    part_by_rank(slices)
}

/// Two acquisitions of the same region rarely meet the same places: where slices together have no even distance, but those of each
/// acquisition have, and lie over each other, they are parted.
fn part_interleaved(slices: Vec<Slice<'_>>) -> Vec<Vec<Slice<'_>>> {
    if is_even(&slices) {
        return vec![slices];
    }
    let parts = classes(slices.clone(), |a, b| a.acquisition.number == b.acquisition.number);
    let ends = |part: &Vec<Slice<'_>>| {
        let at: Vec<f64> = part.iter().map(|s| s.position.0.dot(slices[0].normal().0)).collect();
        (at.iter().copied().fold(f64::INFINITY, f64::min), at.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    };
    let (last_begin, first_end) = parts
        .iter()
        .map(ends)
        .fold((f64::NEG_INFINITY, f64::INFINITY), |(b, e), (begin, end)| (b.max(begin), e.min(end)));
    let is_plausible = (2..=4).contains(&parts.len()) && parts.iter().all(|p| p.len() > 2 && is_even(p));
    if is_plausible && last_begin < first_end { parts } else { vec![slices] }
}

/// Whether the distances between slices fit a lattice.
fn is_even(slices: &[Slice<'_>]) -> bool {
    let positions: Vec<PatientPoint> = by_place(slices).iter().flatten().map(|s| s.position).collect();
    let normal = slices.first().and_then(|s| s.normal().unit());
    normal.is_none_or(|normal| !matches!(fit_lattice(&positions, normal), Ok(Spacing::Uneven) | Err(_)))
}

/// Slices sorted along the normal of the first, in groups of the same place.
fn by_place<'a>(slices: &[Slice<'a>]) -> Vec<Vec<Slice<'a>>> {
    let Some(normal) = slices.first().map(Slice::normal) else { return Vec::new() };
    let along = |s: &Slice<'_>| s.position.0.dot(normal.0);
    let mut sorted = slices.to_vec();
    sorted.sort_by(|a, b| along(a).total_cmp(&along(b)).then_with(|| a.acquired().cmp(&b.acquired())));
    let mut places: Vec<Vec<Slice<'a>>> = Vec::new();
    for slice in sorted {
        match places.last_mut() {
            Some(place) if place.first().is_some_and(|f| along(&slice) - along(f) < SAME_PLACE_MM) => place.push(slice),
            _ => places.push(vec![slice]),
        }
    }
    places
}

fn most_at_a_place(slices: &[Slice<'_>]) -> usize {
    by_place(slices).iter().map(Vec::len).max().unwrap_or(0)
}

/// Where each position was taken equally often, each time at another moment: the first of each, the second of each, …
fn part_by_rank(slices: Vec<Slice<'_>>) -> Vec<Vec<Slice<'_>>> {
    let mut places = by_place(&slices);
    let times = places.first().map_or(0, Vec::len);
    for place in &mut places {
        place.sort_by_key(Slice::time);
        let told_apart = place.windows(2).all(|w| w[0].time() < w[1].time());
        if place.len() != times || !told_apart {
            return vec![slices];
        }
    }
    let rank = |n: usize| places.iter().filter_map(|place| place.get(n).copied()).collect::<Vec<_>>();
    let mut parts: Vec<Vec<Slice<'_>>> = (0..times).map(rank).collect();
    parts.iter_mut().for_each(|p| p.sort_by(|a, b| a.acquired().cmp(&b.acquired())));
    parts
}

/// All that may tell a stack from others.
fn traits(slices: &[Slice<'_>]) -> Vec<StackTrait> {
    let Some(first) = slices.first() else { return Vec::new() };
    let normal = first.normal().0.abs();
    let plane = match normal.max_position() {
        0 => AnatomicalPlane::Sagittal,
        1 => AnatomicalPlane::Coronal,
        _ => AnatomicalPlane::Axial,
    };
    let [rows, columns] = first.size;
    let mut traits = vec![
        StackTrait::Localiser(first.is_localiser()),
        StackTrait::Orientation(plane),
        StackTrait::Matrix { columns, rows },
    ];
    traits.extend(first.plane.pixel_spacing_mm.map(|[_, between_columns]| StackTrait::PixelSpacing(between_columns)));
    traits.push(StackTrait::Kernel(first.acquisition.kernel.clone()));
    let same = |of: fn(&Acquisition) -> Option<i32>| {
        of(first.acquisition).filter(|v| slices.iter().all(|s| of(s.acquisition) == Some(*v)))
    };
    traits.extend(same(|a| a.temporal_position).map(StackTrait::TimePoint));
    traits.extend(same(|a| a.number).map(StackTrait::Acquisition));
    let time = slices.iter().map(Slice::time).min().into_iter().flatten().find(|t| !t.is_empty());
    traits.extend(time.map(|t| StackTrait::Time(t.to_owned())));
    traits
}
