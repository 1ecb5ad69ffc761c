//! Growing from a point through voxels like those around it.
//!
//! The tolerance comes from the neighbourhood of the seed, as in confidence-connected growing (T. S. Yoo (ed.), "Insight into
//! Images", A K Peters 2004, chapter 5), with median and median absolute deviation in place of mean and standard deviation, so
//! that a seed beside an edge does not widen it.

use super::super::components::Components;
use super::super::progress::checkpoint;
use super::super::{AnalysisError, Progress};
use super::{Choice, RegionVoxels, smooth};
use crate::volume::squared_distance_mm2;

/// How far around the seed voxels are compared, mm.
const NEIGHBOURHOOD_MM: f64 = 2.5;
/// Voxels are never taken to be less spread than this, HU.
const LEAST_SPREAD_HU: f64 = 15.0;
/// Necks up to twice this are cut where growing leaks, mm.
const NECKS_MM: [f64; 4] = [1.0, 1.5, 2.0, 3.0];

pub(super) fn grow(
    voxels: &RegionVoxels<'_>,
    seed: [usize; 3],
    factor: f64,
    most_mm: f64,
    progress: &mut dyn Progress,
) -> Result<Choice, AnalysisError> {
    let start = voxels.offset(seed).ok_or(AnalysisError::GridMismatch)?;
    let hu = smooth::denoised(voxels.hu, voxels.size, voxels.spacing_mm);
    checkpoint(progress, 0.4)?;
    let from_seed = squared_distance(voxels, seed);
    let mut around: Vec<i16> =
        (0..hu.len()).filter(|n| from_seed(*n) <= NEIGHBOURHOOD_MM.powi(2)).map(|n| hu[n]).collect();
    around.push(hu[start]);
    let middle = median(&mut around);
    let mut apart: Vec<i16> = around.iter().map(|v| v.saturating_sub(middle).saturating_abs()).collect();
    // 1.4826: of a normal distribution, the standard deviation over the median absolute deviation.
    let spread = (1.4826 * f64::from(median(&mut apart))).max(LEAST_SPREAD_HU);
    let tolerance = factor * spread;
    let (low, high) = (f64::from(middle) - tolerance, f64::from(middle) + tolerance);
    let low = low.min(f64::from(hu[start])).max(f64::from(i16::MIN)) as i16;
    let high = high.max(f64::from(hu[start])).min(f64::from(i16::MAX)) as i16;
    let most = most_mm * most_mm;
    let candidate: Vec<bool> = (0..hu.len()).map(|n| (low..=high).contains(&hu[n]) && from_seed(n) <= most).collect();
    let region = connected(&candidate, voxels.size, start);
    checkpoint(progress, 0.7)?;
    // One step short of the limit is as far as it goes.
    let rim = (most_mm - voxels.spacing_mm.iter().fold(0.0f64, |a, b| a.max(*b))).max(0.0).powi(2);
    let leaks = |mask: &[bool]| mask.iter().enumerate().any(|(n, set)| *set && from_seed(n) > rim);
    let mut mask = region.clone();
    let mut reached_limit = leaks(&region);
    if reached_limit {
        let to_outside = squared_distance_mm2(voxels.size, voxels.spacing_mm, |n| !region[n]);
        for radius_mm in NECKS_MM {
            let r2 = (radius_mm * radius_mm) as f32;
            let core: Vec<bool> = to_outside.iter().map(|d| *d > r2).collect();
            let core = connected(&core, voxels.size, start);
            if !core.contains(&true) {
                break;
            }
            let near = squared_distance_mm2(voxels.size, voxels.spacing_mm, |n| core[n]);
            let reach = (radius_mm + 0.7).powi(2) as f32;
            let cut: Vec<bool> = (0..near.len()).map(|n| region[n] && near[n] <= reach).collect();
            if !leaks(&cut) {
                (mask, reached_limit) = (cut, false);
                break;
            }
        }
    }
    Ok(Choice { mask, range_hu: Some((low, high)), reached_limit })
}

/// The part of a mask that holds a voxel.
pub(super) fn connected(mask: &[bool], size: [usize; 3], start: usize) -> Vec<bool> {
    let parts = Components::of(mask, size, |set| *set);
    let mut out = vec![false; mask.len()];
    if let Some(own) = parts.at(start) {
        for (_, run) in parts.runs().filter(|(n, _)| *n == own) {
            out[run].fill(true);
        }
    }
    out
}

/// Squared distance in mm² from a voxel to another, given by its offset.
pub(super) fn squared_distance<'a>(voxels: &'a RegionVoxels<'_>, from: [usize; 3]) -> impl Fn(usize) -> f64 + use<'a> {
    move |n| {
        let at = voxels.index(n);
        (0..3).map(|a| ((at[a] as f64 - from[a] as f64) * voxels.spacing_mm[a]).powi(2)).sum()
    }
}

/// The lower median; 0 of nothing.
pub(super) fn median(values: &mut [i16]) -> i16 {
    if values.is_empty() {
        return 0;
    }
    let middle = (values.len() - 1) / 2;
    *values.select_nth_unstable(middle).1
}
