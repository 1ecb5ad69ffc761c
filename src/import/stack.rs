//! The stack: which frame is which slice, and the grid they span.

use super::lattice::{Lattice, fit_lattice};
use super::{GeometryFinding, ImportError};
use crate::dicom::{Instance, Series};
use crate::geometry::{Grid, PatientPoint, PatientVector};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where a slice's pixels are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceSource {
    /// Index into [`Series::instances`].
    pub instance: usize,
    /// Frame of that instance, from 0.
    pub frame: usize,
}

/// How a series becomes a volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StackPlan {
    /// The voxel lattice. Its third step runs along row direction × column direction, so it is right-handed; for axial CT it
    /// points to the head.
    pub grid: Grid,
    /// The source of each slice k; `None` where the series lacks the slice.
    pub slices: Vec<Option<SliceSource>>,
    /// What is odd about the geometry, in a fixed order.
    pub findings: Vec<GeometryFinding>,
}

/// Most voxels a volume may have: 1 GiB of HU.
pub(super) const MOST_VOXELS: u64 = 1 << 29;
/// Images nearer than this along the normal lie in the same place.
const SAME_PLACE_MM: f64 = 0.05;
/// Slices off the lattice by less than this are on it: Image Position is often written with two decimals.
const ON_LATTICE_MM: f64 = 0.02;
/// Angles between normal and stacking direction below this are rounding.
const LEAST_TILT_DEGREES: f64 = 0.1;

/// Plans the volume of a series. The plan names the same slices whatever the order of `series.instances`.
///
/// Slices are ordered by Image Position along the normal of the images; the distance between slices comes from the positions,
/// never from Slice Thickness (unless there is one slice only, which is said). Where a slice is absent from a regular stack its
/// place stays empty. A tilted gantry gives a sheared grid with every voxel where it was acquired. Nothing is averaged or resampled.
///
/// # Errors
/// [`ImportError`] when the images span no regular lattice.
pub fn plan_stack(series: &Series) -> Result<StackPlan, ImportError> {
    let mut findings = Vec::new();
    let chosen = choose_images(series, &mut findings)?;
    let first = chosen.first().ok_or(ImportError::NoSlices)?;
    let (row, column, normal) = orientation(first)?;
    let [between_rows, between_columns] = first.instance.plane.pixel_spacing_mm.ok_or(ImportError::NoPixelSpacing)?;
    let (rows, columns) = first.instance.pixels.as_ref().map(|p| (p.rows, p.columns)).ok_or(ImportError::NoSlices)?;

    let places = distinct_places(chosen, normal, &mut findings);
    let lattice = fit_lattice(&places.iter().map(|p| p.position).collect::<Vec<_>>(), normal)?;
    let lattice = lattice.unwrap_or_else(|| single_slice(&places, normal, &mut findings));
    let kept: Vec<(&Place<'_>, usize)> =
        places.iter().zip(&lattice.indices).filter_map(|(place, k)| k.map(|k| (place, k))).collect();

    let count = lattice.slices;
    let voxels = [columns, rows, count].iter().fold(1u64, |n, &s| n.saturating_mul(s as u64));
    if voxels > MOST_VOXELS {
        return Err(ImportError::TooLarge { voxels, limit: MOST_VOXELS });
    }
    let steps = [row * between_columns, column * between_rows, lattice.step];
    let grid = Grid::new([columns, rows, count], lattice.origin, steps).ok_or(ImportError::BadOrientation)?;
    let mut slices = vec![None; count];
    for (place, k) in &kept {
        slices[*k] = Some(SliceSource { instance: place.index, frame: 0 });
    }
    report_lattice(&lattice, &slices, places.len() - kept.len(), normal, &mut findings);
    report_acquisition(
        &kept.iter().map(|(place, _)| place.instance).collect::<Vec<_>>(),
        lattice.step.dot(normal),
        &mut findings,
    );
    Ok(StackPlan { grid, slices, findings })
}

/// The order in which slices are fetched and decoded: the one on screen, then every fourth, then the rest, each once. All three
/// planes fill early, ever finer.
pub fn load_order(slices: usize, first: usize) -> Vec<usize> {
    let coarse_to_fine = [0, 2, 1, 3].into_iter().flat_map(|offset| (offset..slices).step_by(4));
    let first = (first < slices).then_some(first);
    first.into_iter().chain(coarse_to_fine.filter(|k| Some(*k) != first)).collect()
}

/// An image with a place, and its index in the series.
#[derive(Clone, Copy)]
struct Place<'a> {
    index: usize,
    instance: &'a Instance,
    position: PatientPoint,
    directions: [PatientVector; 2],
}

/// The slices of the series that share orientation, matrix and pixel spacing with most others; the rest is reported.
fn choose_images<'a>(series: &'a Series, findings: &mut Vec<GeometryFinding>) -> Result<Vec<Place<'a>>, ImportError> {
    let mut slices: Vec<Place<'a>> = Vec::new();
    let mut multi_frame = false;
    for (index, instance) in series.instances.iter().enumerate() {
        let several = instance.pixels.as_ref().is_some_and(|p| p.frames > 1);
        multi_frame |= several && instance.is_ct_image();
        if let (true, Some(position), Some(directions)) =
            (instance.is_ct_slice() && !several, instance.plane.position, instance.plane.directions)
        {
            slices.push(Place { index, instance, position, directions });
        }
    }
    if slices.is_empty() {
        return Err(if multi_frame { ImportError::MultiFrame } else { ImportError::NoSlices });
    }
    slices.sort_by(|a, b| acquired(a.instance).cmp(&acquired(b.instance)));
    let others = series.instances.len() - slices.len();
    if others > 0 {
        findings.push(GeometryFinding::NotSlices { left_out: others });
    }
    let left_out = keep_most(&mut slices, |a, b| (0..2).all(|n| (a.directions[n] - b.directions[n]).length() < 1e-3));
    if left_out > 0 {
        findings.push(GeometryFinding::MixedOrientation { left_out });
    }
    let matrix = |p: &Place<'_>| p.instance.pixels.as_ref().map(|p| (p.rows, p.columns));
    let left_out = keep_most(&mut slices, |a, b| matrix(a) == matrix(b));
    if left_out > 0 {
        findings.push(GeometryFinding::MixedMatrix { left_out });
    }
    let left_out =
        keep_most(&mut slices, |a, b| match (a.instance.plane.pixel_spacing_mm, b.instance.plane.pixel_spacing_mm) {
            (Some(a), Some(b)) => (0..2).all(|n| (a[n] - b[n]).abs() < 1e-4 * a[n].abs()),
            (a, b) => a == b,
        });
    if left_out > 0 {
        findings.push(GeometryFinding::MixedPixelSpacing { left_out });
    }
    Ok(slices)
}

/// The order in which images count as acquired.
fn acquired(instance: &Instance) -> (i32, i32, &str) {
    let last = |number: Option<i32>| number.unwrap_or(i32::MAX);
    (last(instance.acquisition.number), last(instance.instance_number), &instance.sop_instance_uid)
}

/// Keeps the largest class of mutually like slices (the first of equally large ones); returns how many were dropped.
fn keep_most<'a>(slices: &mut Vec<Place<'a>>, like: impl Fn(&Place<'a>, &Place<'a>) -> bool) -> usize {
    let mut classes: Vec<Vec<Place<'a>>> = Vec::new();
    for slice in slices.iter() {
        match classes.iter_mut().find(|class| class.first().is_some_and(|f| like(f, slice))) {
            Some(class) => class.push(*slice),
            None => classes.push(vec![*slice]),
        }
    }
    let before = slices.len();
    // `max_by_key` takes the last of equals; reversed, the first.
    if let Some(most) = classes.into_iter().rev().max_by_key(Vec::len) {
        *slices = most;
    }
    before - slices.len()
}

/// Unit row and column directions, and the normal.
fn orientation(place: &Place<'_>) -> Result<(PatientVector, PatientVector, PatientVector), ImportError> {
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

/// The images in order along the normal, one per place.
fn distinct_places<'a>(
    mut slices: Vec<Place<'a>>,
    normal: PatientVector,
    findings: &mut Vec<GeometryFinding>,
) -> Vec<Place<'a>> {
    let along = |p: &Place<'_>| p.position.0.dot(normal.0);
    slices.sort_by(|a, b| along(a).total_cmp(&along(b)).then_with(|| acquired(a.instance).cmp(&acquired(b.instance))));
    let before = slices.len();
    let mut places: Vec<Place<'a>> = Vec::with_capacity(before);
    for slice in slices {
        match places.last_mut() {
            Some(last) if along(&slice) - along(last) < SAME_PLACE_MM => {
                if acquired(slice.instance) < acquired(last.instance) {
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
fn single_slice(places: &[Place<'_>], normal: PatientVector, findings: &mut Vec<GeometryFinding>) -> Lattice {
    let thickness = places.first().and_then(|p| p.instance.plane.slice_thickness_mm).filter(|t| *t > 0.0 && *t < 100.0);
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

fn report_lattice(
    lattice: &Lattice,
    slices: &[Option<SliceSource>],
    left_out: usize,
    normal: PatientVector,
    findings: &mut Vec<GeometryFinding>,
) {
    let missing: Vec<usize> = slices.iter().enumerate().filter(|(_, s)| s.is_none()).map(|(k, _)| k).collect();
    if !missing.is_empty() {
        findings.push(GeometryFinding::MissingSlices { slices: missing });
    }
    if left_out > 0 {
        findings.push(GeometryFinding::OffLattice { left_out });
    }
    if lattice.deviation_mm > ON_LATTICE_MM {
        let [smallest_mm, largest_mm] = lattice.distances_mm;
        findings.push(GeometryFinding::IrregularSpacing {
            smallest_mm,
            largest_mm,
            deviation_mm: lattice.deviation_mm,
        });
    }
    let cosine = lattice.step.dot(normal) / lattice.step.length();
    let degrees = cosine.clamp(-1.0, 1.0).acos().to_degrees();
    if degrees > LEAST_TILT_DEGREES {
        findings.push(GeometryFinding::GantryTilt { degrees });
    }
}

fn report_acquisition(instances: &[&Instance], spacing_mm: f64, findings: &mut Vec<GeometryFinding>) {
    let kernels: BTreeSet<&str> = instances.iter().map(|i| i.acquisition.kernel.as_str()).collect();
    if kernels.len() > 1 {
        findings.push(GeometryFinding::MixedKernel { kernels: kernels.into_iter().map(String::from).collect() });
    }
    let rescale = |i: &Instance| i.pixels.as_ref().map(|p| (p.rescale_slope, p.rescale_intercept));
    if instances.windows(2).any(|w| rescale(w[0]) != rescale(w[1])) {
        findings.push(GeometryFinding::MixedRescale);
    }
    let unscaled =
        instances.iter().filter(|i| i.pixels.as_ref().is_some_and(|p| p.rescale_intercept.is_none())).count();
    if unscaled > 0 {
        findings.push(GeometryFinding::NoRescale { slices: unscaled });
    }
    let frames: BTreeSet<_> = instances.iter().map(|i| i.series.frame_of_reference_uid.as_deref()).collect();
    if frames.len() > 1 {
        findings.push(GeometryFinding::MixedFrameOfReference { count: frames.len() });
    }
    let thickness = instances.first().and_then(|i| i.plane.slice_thickness_mm).filter(|t| *t > 0.0);
    if let Some(thickness_mm) = thickness
        && (thickness_mm - spacing_mm).abs() > 0.01 * spacing_mm
    {
        findings.push(GeometryFinding::ThicknessNotSpacing { thickness_mm, spacing_mm });
    }
}

#[cfg(test)]
mod tests;
