//! How far two masks agree: overlap, volumes, distances between their surfaces.
//!
//! A surface is the voxels of a mask that share a face with something else; distances are between voxel centres, in millimetres,
//! from each surface voxel of one mask to the nearest of the other, both ways pooled. Surface Dice: S. Nikolov et al., "Clinically
//! applicable segmentation of head and neck anatomy for radiotherapy", J. Med. Internet Res. 23 (2021) e26151, with surface voxels
//! in place of surface elements.

use super::AnalysisError;
use crate::volume::squared_distance_mm2;
use serde::{Deserialize, Serialize};

/// Tolerance of the surface Dice, mm.
pub const SURFACE_TOLERANCE_MM: f64 = 2.0;

/// Agreement of two masks on one grid.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Voxels of each and of both.
    pub voxels: [u64; 3],
    /// 2 · both / (first + second); `None` of two empty masks.
    pub dice: Option<f64>,
    /// 95th percentile of the surface distances, mm; `None` where a mask is empty.
    pub hausdorff_95_mm: Option<f64>,
    /// Mean of the surface distances, mm.
    pub mean_surface_mm: Option<f64>,
    /// Share of both surfaces within [`SURFACE_TOLERANCE_MM`] of the other.
    pub surface_dice: Option<f64>,
}

/// Compares two masks of an array `[k, j, i]`. What lies beyond the array counts as background.
///
/// # Errors
/// [`AnalysisError::GridMismatch`] if the masks are not of the size of the array.
pub fn agreement(
    size: [usize; 3],
    spacing_mm: [f64; 3],
    first: &[bool],
    second: &[bool],
) -> Result<Agreement, AnalysisError> {
    let count = size.iter().product::<usize>();
    if first.len() != count || second.len() != count {
        return Err(AnalysisError::GridMismatch);
    }
    let number = |is: &dyn Fn(usize) -> bool| (0..count).filter(|n| is(*n)).count() as u64;
    let voxels = [number(&|n| first[n]), number(&|n| second[n]), number(&|n| first[n] && second[n])];
    let [a, b, both] = voxels;
    let dice = (a + b > 0).then(|| 2.0 * both as f64 / (a + b) as f64);
    let mut agreement = Agreement { voxels, dice, hausdorff_95_mm: None, mean_surface_mm: None, surface_dice: None };
    if a == 0 || b == 0 {
        return Ok(agreement);
    }
    let surfaces = [first, second].map(|mask| surface(mask, size));
    let mut distances: Vec<f64> = Vec::new();
    for (from, to) in [(0, 1), (1, 0)] {
        let reach = squared_distance_mm2(size, spacing_mm, |n| surfaces[to][n]);
        distances.extend((0..count).filter(|n| surfaces[from][*n]).map(|n| f64::from(reach[n]).sqrt()));
    }
    let all = distances.len() as f64;
    agreement.mean_surface_mm = Some(distances.iter().sum::<f64>() / all);
    let near = distances.iter().filter(|d| **d <= SURFACE_TOLERANCE_MM + 1e-6).count();
    agreement.surface_dice = Some(near as f64 / all);
    let place = (0.95 * (all - 1.0)).round() as usize;
    agreement.hausdorff_95_mm = Some(*distances.select_nth_unstable_by(place, f64::total_cmp).1);
    Ok(agreement)
}

/// Voxels of a mask with a face towards something else.
fn surface(mask: &[bool], size: [usize; 3]) -> Vec<bool> {
    let [ni, nj, nk] = size;
    let is_on = |n: usize| {
        let (i, j, k) = (n % ni, n / ni % nj, n / (ni * nj));
        let inner = i > 0 && i + 1 < ni && j > 0 && j + 1 < nj && k > 0 && k + 1 < nk;
        let around = |n: usize| mask[n - 1] && mask[n + 1] && mask[n - ni] && mask[n + ni];
        mask[n] && !(inner && around(n) && mask[n - ni * nj] && mask[n + ni * nj])
    };
    (0..mask.len()).map(is_on).collect()
}
