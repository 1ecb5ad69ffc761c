//! Vessels inside the lungs.
//!
//! What stands out of the lung around it and is thin: denser than the mean of its neighbourhood by a fixed contrast, once what an
//! opening by a ball leaves of the dense tissue (consolidation, masses) is taken away. Opening: J. Serra, "Image Analysis and
//! Mathematical Morphology", Academic Press 1982. Walls of airways and the rim of the lung are left out.

use super::coarse::Coarse;
use super::components::Components;
use super::progress::checkpoint;
use super::{AnalysisError, Part, Progress, Proposal, Structure, ball};
use crate::volume::{CtVolume, squared_distance_mm2};

/// What a vessel is taken to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VesselParameters {
    /// Nothing below this is a vessel, HU.
    pub hu_at_least: i16,
    /// A vessel is denser than the lung around it by this, HU.
    pub contrast_hu: i16,
    /// Half-width of the cube that is "around", mm.
    pub around_mm: f64,
    /// Dense tissue thicker than this radius is no vessel, mm.
    pub radius_mm: f64,
    /// Vessels nearer than this to the lung's surface or an airway are left out, mm.
    pub rim_mm: f64,
    /// Smaller pieces are left out, ml.
    pub at_least_ml: f64,
}

impl Default for VesselParameters {
    fn default() -> Self {
        Self { hu_at_least: -500, contrast_hu: 200, around_mm: 9.0, radius_mm: 6.0, rim_mm: 2.0, at_least_ml: 0.05 }
    }
}

/// The mean of a cell from which on it is dense, HU.
const DENSE_HU: i16 = -250;
/// How far what is thick blurs into the lung around it, mm.
const BLUR_MM: f64 = 3.0;
/// Slices nearer than this to each other share a structure, mm.
const NEAR_MM: f64 = 1.6;
const NOT_LUNG: i16 = i16::MIN;

/// Proposes the vessels inside the lungs (label 1). `lungs` holds one value per voxel, `[k, j, i]`, 0 outside. Slices that never
/// arrived get no labels.
///
/// # Errors
/// [`AnalysisError::GridMismatch`] if `lungs` is not of the volume's size, [`AnalysisError::NoLungs`] if it is empty,
/// [`AnalysisError::Cancelled`].
pub fn propose_vessels(
    volume: &CtVolume,
    lungs: &[u8],
    parameters: &VesselParameters,
    progress: &mut dyn Progress,
) -> Result<Proposal, AnalysisError> {
    checkpoint(progress, 0.0)?;
    let fine = volume.grid().size();
    if lungs.len() != volume.grid().voxel_count() {
        return Err(AnalysisError::GridMismatch);
    }
    if lungs.iter().all(|v| *v == 0) {
        return Err(AnalysisError::NoLungs);
    }
    let coarse = Coarse::new(volume, Some(lungs), NOT_LUNG).ok_or(AnalysisError::NoLungs)?;
    checkpoint(progress, 0.2)?;
    let limit = limits(&coarse, parameters);
    checkpoint(progress, 0.45)?;
    let mut labels = vec![0u8; lungs.len()];
    let sees_across = volume.grid().spacing_mm()[2] < NEAR_MM;
    for k in 0..fine[2] {
        mark_slice(volume, lungs, &coarse, &limit, k, sees_across, &mut labels);
        if k % 16 == 0 {
            checkpoint(progress, 0.45 + 0.4 * k as f32 / fine[2] as f32)?;
        }
    }
    let pieces = Components::of(&labels, fine, |l| *l == 1);
    checkpoint(progress, 0.95)?;
    let mut voxels = 0;
    for (n, run) in pieces.runs() {
        if volume.grid().millilitres(pieces.list[n].voxels) < parameters.at_least_ml {
            labels[run].fill(0);
        } else {
            voxels += run.len() as u64;
        }
    }
    checkpoint(progress, 1.0)?;
    Ok(Proposal {
        algorithm: "Hilum lung vessels by local contrast".to_owned(),
        parameters: format!(
            "hu_at_least={}; contrast_hu={}; around_mm={}; radius_mm={}; rim_mm={}; at_least_ml={}",
            parameters.hu_at_least,
            parameters.contrast_hu,
            parameters.around_mm,
            parameters.radius_mm,
            parameters.rim_mm,
            parameters.at_least_ml,
        ),
        parts: vec![Part { structure: Structure::PulmonaryVessels, label: 1, voxels }],
        flags: Vec::new(),
        labels,
    })
}

/// The HU from which on a voxel of each cell is a vessel; [`i16::MAX`] where none can be.
fn limits(coarse: &Coarse, parameters: &VesselParameters) -> Vec<i16> {
    let (size, spacing) = (coarse.grid.size(), coarse.grid.spacing_mm());
    let around = mean_around(coarse, parameters.around_mm);
    let mut limit: Vec<i16> =
        around.iter().map(|hu| hu.saturating_add(parameters.contrast_hu).max(parameters.hu_at_least)).collect();
    let dense: Vec<u8> = coarse.hu.iter().map(|hu| u8::from(*hu >= DENSE_HU)).collect();
    let mut thick = vec![0u8; dense.len()];
    ball::open(&dense, size, spacing, parameters.radius_mm, |d| d == 1, |o| thick[o] = 1);
    ball::dilate(&thick, size, spacing, BLUR_MM, |t| t == 1, |o| limit[o] = i16::MAX);
    let rim = (parameters.rim_mm * parameters.rim_mm) as f32;
    let outside = squared_distance_mm2(size, spacing, |o| coarse.hu[o] == NOT_LUNG);
    for (limit, distance) in limit.iter_mut().zip(outside) {
        if distance <= rim {
            *limit = i16::MAX;
        }
    }
    limit
}

/// Mean HU of the lung cells within a cube about each cell; [`i16::MAX`] outside the lungs.
fn mean_around(coarse: &Coarse, half_mm: f64) -> Vec<i16> {
    let size = coarse.grid.size();
    let mut sum: Vec<i32> = coarse.hu.iter().map(|hu| if *hu == NOT_LUNG { 0 } else { i32::from(*hu) }).collect();
    let mut count: Vec<i32> = coarse.hu.iter().map(|hu| i32::from(*hu != NOT_LUNG)).collect();
    let strides = [1, size[0], size[0] * size[1]];
    for axis in 0..3 {
        let reach = (half_mm / coarse.grid.spacing_mm()[axis]).round().max(1.0) as usize;
        for field in [&mut sum, &mut count] {
            slide(field, size[axis], strides[axis], reach);
        }
    }
    coarse
        .hu
        .iter()
        .zip(sum.iter().zip(&count))
        .map(|(hu, (sum, count))| if *hu == NOT_LUNG { i16::MAX } else { (sum / (*count).max(1)) as i16 })
        .collect()
}

/// Replaces each value by the sum over `reach` neighbours on both sides along an axis.
fn slide(field: &mut [i32], count: usize, stride: usize, reach: usize) {
    let mut line = vec![0i32; count];
    for start in (0..field.len() / count).map(|n| n / stride * stride * count + n % stride) {
        for (n, value) in line.iter_mut().enumerate() {
            *value = field[start + n * stride];
        }
        let mut sum: i32 = line[..reach.min(count)].iter().sum();
        for n in 0..count {
            sum += line.get(n + reach).copied().unwrap_or(0);
            if n > reach {
                sum -= line[n - reach - 1];
            }
            field[start + n * stride] = sum;
        }
    }
}

/// Marks the voxels of a slice whose mean with their neighbours reaches the limit of their cell.
fn mark_slice(
    volume: &CtVolume,
    lungs: &[u8],
    coarse: &Coarse,
    limit: &[i16],
    k: usize,
    sees_across: bool,
    labels: &mut [u8],
) {
    let [ni, nj, _] = volume.grid().size();
    let cells = coarse.grid.size();
    let Some(here) = volume.pixels(k).filter(|_| !coarse.is_absent(k)) else { return };
    let beside = |k: Option<usize>| k.filter(|_| sees_across).and_then(|k| volume.pixels(k)).unwrap_or(here);
    let (below, above) = (beside(k.checked_sub(1)), beside(Some(k + 1)));
    for j in 1..nj.saturating_sub(1) {
        let row = &limit[(k / coarse.factor[2] * cells[1] + j / coarse.factor[1]) * cells[0]..][..cells[0]];
        if row.iter().all(|l| *l == i16::MAX) {
            continue;
        }
        for i in 1..ni - 1 {
            let n = j * ni + i;
            let limit = row[i / coarse.factor[0]];
            if limit == i16::MAX || lungs[k * ni * nj + n] == 0 || here[n] < limit {
                continue;
            }
            let sum: i32 = [here[n], here[n - 1], here[n + 1], here[n - ni], here[n + ni], below[n], above[n]]
                .into_iter()
                .map(i32::from)
                .sum();
            // A vessel one voxel wide keeps three sevenths of its contrast, so half the way to the limit does.
            let lowered = i32::from(limit) - 100;
            labels[k * ni * nj + n] = u8::from(sum >= 7 * lowered);
        }
    }
}
