//! The stack: which frame is which slice, and the grid they span.

use super::lattice::{Lattice, Spacing, fit_lattice};
use super::preflight::MOST_VOXELS;
use super::resample::{Blend, Resampling, resample};
use super::stacks::{SAME_PLACE_MM, Slice, Stack, frames_of, stacks};
use super::{GeometryFinding, ImportError};
use crate::dicom::Series;
use crate::geometry::{Grid, PatientPoint, PatientVector};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where a slice's pixels are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SliceSource {
    /// Index into [`Series::instances`].
    pub instance: usize,
    /// Frame of that instance, from 0.
    pub frame: usize,
}

/// How a stack becomes a volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StackPlan {
    /// The voxel lattice. Its third step runs along row direction × column direction, so it is right-handed; for axial CT it
    /// points to the head.
    pub grid: Grid,
    /// The image that is slice k; `None` where the series lacks the slice, or where it lies between images ([`Self::blends`]).
    pub slices: Vec<Option<SliceSource>>,
    /// Slices made of two images, where the distances between images fit no lattice; otherwise empty.
    pub blends: Vec<Blend>,
    /// What is odd about the geometry, in a fixed order.
    pub findings: Vec<GeometryFinding>,
}

impl StackPlan {
    /// Says which slices are missing: those that the series lacks, and those that could not be read.
    pub fn set_missing(&mut self, is_missing: impl Fn(usize) -> bool) {
        let mut found = Vec::new();
        report_missing(is_missing, self.slices.len(), &mut found);
        let is_old = |f: &GeometryFinding| matches!(f, GeometryFinding::MissingSlices { .. });
        let at = self.findings.iter().position(is_old).unwrap_or(self.findings.len());
        self.findings.retain(|f| !is_old(f));
        self.findings.splice(at..at, found);
    }
    /// The images that slice k is made of: one, two, or none where it is missing.
    pub fn sources(&self, k: usize) -> Vec<SliceSource> {
        let own = self.slices.get(k).copied().flatten();
        let blended = self.blends.iter().find(|b| b.k == k).into_iter().flat_map(|b| [b.below, b.above]);
        own.into_iter().chain(blended).collect()
    }
}

/// Slices off the lattice by less than this are on it: Image Position is often written with two decimals.
pub(super) const ON_LATTICE_MM: f64 = 0.02;
/// Angles between normal and stacking direction below this are rounding.
const LEAST_TILT_DEGREES: f64 = 0.1;

/// Where a lattice fits nearly all images, all of them are used if that takes no more than so many times its slices.
const MOST_SLICES_OF_LATTICE: f64 = 1.5;

/// Gantry/Detector Tilt, a nominal angle, may differ from the measured one by this.
const MOST_TILT_APART_DEGREES: f64 = 1.0;

/// Plans the volume of the first of a series' [`stacks`]: the largest.
///
/// # Errors
/// As for [`Stack::plan`].
pub fn plan_stack(series: &Series) -> Result<StackPlan, ImportError> {
    stacks(series).first().ok_or(ImportError::NoSlices)?.plan(series)
}

impl Stack {
    /// Plans the volume of this stack of `series`. The plan names the same slices whatever the order of `series.instances`.
    ///
    /// Slices are ordered by Image Position along the normal of the images; the distance between slices comes from the positions,
    /// never from Slice Thickness (unless there is one slice only, which is said). Where a slice is absent from a regular stack
    /// its place stays empty. A tilted gantry gives a sheared grid with every voxel where it was acquired. Only where the
    /// distances fit no lattice are slices made that were not acquired, and that is a finding.
    ///
    /// It may be larger than can be held: see [`super::Capacity`].
    ///
    /// # Errors
    /// [`ImportError`] when the images span no grid.
    pub fn plan(&self, series: &Series) -> Result<StackPlan, ImportError> {
        let slices: Vec<Slice<'_>> = self.sources.iter().filter_map(|s| Slice::at(series, *s)).collect();
        let first = slices.first().ok_or(ImportError::NoSlices)?;
        let (row, column, normal) = orientation(first)?;
        let [between_rows, between_columns] = first.plane.pixel_spacing_mm.ok_or(ImportError::NoPixelSpacing)?;
        let [rows, columns] = first.size;

        let mut findings = Vec::new();
        let [elsewhere, others] = self.elsewhere;
        let strangers = series.instances.iter().filter(|i| !i.is_ct_image() || !i.is_placed()).count();
        if strangers > 0 {
            findings.push(GeometryFinding::NotSlices { left_out: strangers });
        }
        let unplaced = series.instances.iter().enumerate().filter(|(_, i)| i.is_ct_image() && i.is_placed());
        let unplaced = unplaced.map(|(n, i)| frames_of(n, i).filter(|s| Slice::at(series, *s).is_none()).count()).sum();
        if unplaced > 0 {
            findings.push(GeometryFinding::UnplacedFrames { left_out: unplaced });
        }
        if others > 0 {
            findings.push(GeometryFinding::OtherStacks { images: elsewhere, stacks: others });
        }
        let places = distinct_places(slices, normal, &mut findings);
        let positions: Vec<PatientPoint> = places.iter().map(|p| p.position).collect();
        let layout = match fit_lattice(&positions, normal)? {
            // Slices between images rather than images left out, unless a few images would multiply the slices.
            Spacing::Even(lattice) if lattice.indices.contains(&None) => {
                let span_mm = (positions[positions.len() - 1] - positions[0]).dot(normal);
                let most = MOST_SLICES_OF_LATTICE * (span_mm / lattice.step.dot(normal) + 1.0);
                match resample(&positions, normal).ok().filter(|r| r.exact.len() as f64 <= most) {
                    Some(resampling) => Layout::of_resampling(resampling, &places, normal, &mut findings),
                    None => Layout::of_lattice(&lattice, &places, &mut findings),
                }
            }
            Spacing::Even(lattice) => Layout::of_lattice(&lattice, &places, &mut findings),
            Spacing::Uneven => Layout::of_resampling(resample(&positions, normal)?, &places, normal, &mut findings),
            Spacing::Single => {
                Layout::of_lattice(&single_slice(&places, normal, &mut findings), &places, &mut findings)
            }
        };

        let count = layout.slices.len();
        let voxels = [columns, rows, count].iter().fold(1u64, |n, &s| n.saturating_mul(s as u64));
        // Whether so many can be held is for the pre-flight to say; more than these have no place in a grid.
        if voxels > u64::from(u32::MAX) {
            return Err(ImportError::TooLarge { voxels, limit: MOST_VOXELS });
        }
        let steps = [row * between_columns, column * between_rows, layout.step];
        let grid = Grid::new([columns, rows, count], layout.origin, steps).ok_or(ImportError::BadOrientation)?;
        report_tilt(&layout, normal, &mut findings);
        report_acquisition(&layout.used, layout.step.dot(normal), layout.blends.is_empty(), &mut findings);
        Ok(StackPlan { grid, slices: layout.slices, blends: layout.blends, findings })
    }
}

/// Where slices lie and which images they are.
struct Layout<'a> {
    origin: PatientPoint,
    step: PatientVector,
    slices: Vec<Option<SliceSource>>,
    blends: Vec<Blend>,
    /// The images that are used.
    used: Vec<Slice<'a>>,
}

impl<'a> Layout<'a> {
    fn of_lattice(lattice: &Lattice, places: &[Slice<'a>], findings: &mut Vec<GeometryFinding>) -> Self {
        let mut slices = vec![None; lattice.slices];
        let mut used = Vec::with_capacity(places.len());
        for (place, k) in places.iter().zip(&lattice.indices).filter_map(|(place, k)| Some((place, (*k)?))) {
            slices[k] = Some(place.source);
            used.push(*place);
        }
        report_missing(|k| slices[k].is_none(), lattice.slices, findings);
        if used.len() < places.len() {
            findings.push(GeometryFinding::OffLattice { left_out: places.len() - used.len() });
        }
        if lattice.deviation_mm > ON_LATTICE_MM {
            let [smallest_mm, largest_mm] = lattice.distances_mm;
            let deviation_mm = lattice.deviation_mm;
            findings.push(GeometryFinding::IrregularSpacing { smallest_mm, largest_mm, deviation_mm });
        }
        Self { origin: lattice.origin, step: lattice.step, slices, blends: Vec::new(), used }
    }

    fn of_resampling(
        resampling: Resampling,
        places: &[Slice<'a>],
        normal: PatientVector,
        findings: &mut Vec<GeometryFinding>,
    ) -> Self {
        let Resampling { origin, step, exact, mixed, distances_mm: [smallest_mm, largest_mm] } = resampling;
        let slices: Vec<_> = exact.iter().map(|n| n.map(|n| places[n].source)).collect();
        let blends: Vec<Blend> = mixed
            .iter()
            .map(|m| Blend {
                k: m.k,
                below: places[m.below].source,
                above: places[m.above].source,
                weight_above: m.weight_above,
            })
            .collect();
        report_missing(|k| slices[k].is_none() && !blends.iter().any(|b| b.k == k), slices.len(), findings);
        let (spacing_mm, blended) = (step.dot(normal), blends.len());
        findings.push(GeometryFinding::ResampledSpacing { smallest_mm, largest_mm, spacing_mm, slices: blended });
        Self { origin, step, slices, blends, used: places.to_vec() }
    }
}

/// The order in which slices are fetched and decoded: the one on screen, then every fourth, then the rest, each once. All three
/// planes fill early, ever finer.
pub fn load_order(slices: usize, first: usize) -> Vec<usize> {
    let coarse_to_fine = [0, 2, 1, 3].into_iter().flat_map(|offset| (offset..slices).step_by(4));
    let first = (first < slices).then_some(first);
    first.into_iter().chain(coarse_to_fine.filter(|k| Some(*k) != first)).collect()
}

/// Unit row and column directions, and the normal.
fn orientation(place: &Slice<'_>) -> Result<(PatientVector, PatientVector, PatientVector), ImportError> {
    let [row, column] = place.directions;
    let sound = |v: PatientVector| (v.length() - 1.0).abs() < 0.01;
    if !sound(row) || !sound(column) || row.dot(column).abs() > 0.01 {
        return Err(ImportError::BadOrientation);
    }
    match (row.unit(), column.unit(), row.cross(column).unit()) {
        (Some(row), Some(column), Some(normal)) => Ok((row, column, normal)),
        _ => Err(ImportError::BadOrientation),
    }
}

/// The images in order along the normal, one per place: the one acquired first.
fn distinct_places<'a>(
    mut slices: Vec<Slice<'a>>,
    normal: PatientVector,
    findings: &mut Vec<GeometryFinding>,
) -> Vec<Slice<'a>> {
    let along = |p: &Slice<'_>| p.position.0.dot(normal.0);
    slices.sort_by(|a, b| along(a).total_cmp(&along(b)).then_with(|| a.acquired().cmp(&b.acquired())));
    let before = slices.len();
    let mut places: Vec<Slice<'a>> = Vec::with_capacity(before);
    for slice in slices {
        match places.last_mut() {
            Some(last) if along(&slice) - along(last) < SAME_PLACE_MM => {
                if slice.acquired() < last.acquired() {
                    *last = slice;
                }
            }
            _ => places.push(slice),
        }
    }
    if places.len() < before {
        findings.push(GeometryFinding::DuplicatePositions { left_out: before - places.len() });
    }
    places
}

/// A stack of one: its depth is Slice Thickness, or 1 mm.
fn single_slice(places: &[Slice<'_>], normal: PatientVector, findings: &mut Vec<GeometryFinding>) -> Lattice {
    let thickness = places.first().and_then(|p| p.plane.slice_thickness_mm).filter(|t| *t > 0.0 && *t < 100.0);
    let spacing_mm = thickness.unwrap_or(1.0);
    findings.push(GeometryFinding::SingleSlice);
    findings.push(GeometryFinding::AssumedSpacing { spacing_mm });
    Lattice {
        origin: places.first().map_or(PatientPoint::new(0.0, 0.0, 0.0), |p| p.position),
        step: normal * spacing_mm,
        slices: 1,
        indices: vec![Some(0); places.len()],
        distances_mm: [spacing_mm; 2],
        deviation_mm: 0.0,
    }
}

fn report_missing(is_missing: impl Fn(usize) -> bool, count: usize, findings: &mut Vec<GeometryFinding>) {
    let slices: Vec<usize> = (0..count).filter(|k| is_missing(*k)).collect();
    if !slices.is_empty() {
        findings.push(GeometryFinding::MissingSlices { slices });
    }
}

fn report_tilt(layout: &Layout<'_>, normal: PatientVector, findings: &mut Vec<GeometryFinding>) {
    let cosine = layout.step.dot(normal) / layout.step.length();
    let degrees = cosine.clamp(-1.0, 1.0).acos().to_degrees();
    if degrees > LEAST_TILT_DEGREES {
        findings.push(GeometryFinding::GantryTilt { degrees });
    }
    // One slice alone has no stacking direction; reformatted images keep the tilt of those that they were made of.
    let first = layout.used.first().filter(|s| layout.used.len() > 1 && s.is_original_axial());
    let tag = first.and_then(|s| s.acquisition.gantry_tilt_degrees);
    if let Some(header_degrees) = tag.filter(|tag| (tag.abs() - degrees).abs() > MOST_TILT_APART_DEGREES) {
        findings.push(GeometryFinding::TiltDisagrees { header_degrees, measured_degrees: degrees });
    }
}

fn report_acquisition(used: &[Slice<'_>], spacing_mm: f64, is_even: bool, findings: &mut Vec<GeometryFinding>) {
    if used.windows(2).any(|w| w[0].rescale != w[1].rescale) {
        findings.push(GeometryFinding::MixedRescale);
    }
    let unscaled = used.iter().filter(|s| s.rescale[1].is_none()).count();
    if unscaled > 0 {
        findings.push(GeometryFinding::NoRescale { slices: unscaled });
    }
    let other = used.iter().filter(|s| !s.is_hu()).count();
    if other > 0 {
        findings.push(GeometryFinding::NotHu { slices: other });
    }
    let frames: BTreeSet<_> = used.iter().map(|s| s.instance.series.frame_of_reference_uid.as_deref()).collect();
    if frames.len() > 1 {
        findings.push(GeometryFinding::MixedFrameOfReference { count: frames.len() });
    }
    let thickness = used.first().and_then(|s| s.plane.slice_thickness_mm).filter(|t| *t > 0.0);
    if let Some(thickness_mm) = thickness.filter(|_| is_even)
        && (thickness_mm - spacing_mm).abs() > 0.01 * spacing_mm
    {
        findings.push(GeometryFinding::ThicknessNotSpacing { thickness_mm, spacing_mm });
    }
}

#[cfg(test)]
mod tests;
