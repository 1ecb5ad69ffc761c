//! How far two masks agree: overlap, volumes, distances between their surfaces.
//!
//! A surface is the cells that it cuts, each weighted by its area (`surfels`); distances are between the middles of cells, in
//! millimetres, from each cell of one mask to the nearest of the other. Surface Dice and the weighting: S. Nikolov et al.,
//! "Clinically applicable segmentation of head and neck anatomy for radiotherapy", J. Med. Internet Res. 23 (2021) e26151. The 95th
//! percentile is the larger of the two directions'.

use super::AnalysisError;
use super::surfels::{cell_areas, cell_codes, is_cut};
use crate::volume::squared_distance_mm2;
use serde::{Deserialize, Serialize};

/// Tolerances of the surface Dice, mm.
pub const SURFACE_TOLERANCES_MM: [f64; 2] = [2.0, 5.0];

/// Agreement of two masks on one grid.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Voxels of each and of both.
    pub voxels: [u64; 3],
    /// 2 · both / (first + second); `None` of two empty masks.
    pub dice: Option<f64>,
    /// 95th percentile of the surface distances, mm; `None` where a mask is empty.
    pub hausdorff_95_mm: Option<f64>,
    /// Mean of the surface distances, both ways together, mm.
    pub mean_surface_mm: Option<f64>,
    /// Share of both surfaces within each of [`SURFACE_TOLERANCES_MM`] of the other.
    pub surface_dice: Option<[f64; 2]>,
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
    let cells = size.map(|n| n + 1);
    let areas = cell_areas(spacing_mm);
    let surfaces = [first, second].map(|mask| cell_codes(mask, size));
    let mut of_direction = Vec::new();
    for (from, to) in [(0, 1), (1, 0)] {
        let reach = squared_distance_mm2(cells, spacing_mm, |n| is_cut(surfaces[to][n]));
        let cut = surfaces[from].iter().enumerate().filter(|(_, code)| is_cut(**code));
        let mut all: Vec<[f64; 2]> =
            cut.map(|(n, code)| [f64::from(reach[n]).sqrt(), areas[usize::from(*code)]]).collect();
        all.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]));
        of_direction.push(all);
    }
    let both: Vec<[f64; 2]> = of_direction.concat();
    let area: f64 = both.iter().map(|[_, area]| area).sum();
    agreement.mean_surface_mm = Some(both.iter().map(|[d, a]| d * a).sum::<f64>() / area);
    agreement.surface_dice = Some(SURFACE_TOLERANCES_MM.map(|tolerance| {
        let near = both.iter().filter(|[d, _]| *d <= tolerance + 1e-6);
        near.map(|[_, a]| a).sum::<f64>() / area
    }));
    agreement.hausdorff_95_mm = of_direction.iter().filter_map(|all| percentile(all, 0.95)).reduce(f64::max);
    Ok(agreement)
}

/// The distance that a share of the area does not exceed, of distances and areas in order.
fn percentile(all: &[[f64; 2]], share: f64) -> Option<f64> {
    let wanted = share * all.iter().map(|[_, area]| area).sum::<f64>();
    let mut reached = 0.0;
    let found = all.iter().find(|[_, area]| {
        reached += area;
        reached >= wanted
    });
    found.or(all.last()).map(|[distance, _]| *distance)
}
