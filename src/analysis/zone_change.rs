//! What changed in each zone of the lungs between two CTs of one patient.
//!
//! The lungs of the earlier CT are laid rigidly on those of the later (`registration`), so that one pair of planes parts both into
//! the same six zones; volumes are counted in each CT on its own voxels.

use super::registration::{LungMask, RigidTransform, register_lungs};
use super::{AnalysisError, Progress};
use crate::geometry::{Grid, VoxelPoint};
use serde::{Deserialize, Serialize};

/// Bit of a voxel of the right lung.
pub const RIGHT_LUNG: u8 = 1;
/// Bit of a voxel of the left lung.
pub const LEFT_LUNG: u8 = 2;
/// Bit of a voxel with an opacity on it.
pub const INVOLVED: u8 = 4;

/// Lungs and opacities of a CT: bits of each voxel of a grid, `[k, j, i]`.
#[derive(Clone, Copy, Debug)]
pub struct LungClasses<'a> {
    /// Where its voxels lie.
    pub grid: &'a Grid,
    /// [`RIGHT_LUNG`], [`LEFT_LUNG`], [`INVOLVED`].
    pub bits: &'a [u8],
}

/// Volumes of six zones: right upper, middle, lower, then left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ZoneVolumes {
    /// Of lung, ml.
    pub lung_ml: [f64; 6],
    /// Of lung with an opacity on it, ml.
    pub involved_ml: [f64; 6],
}

impl ZoneVolumes {
    /// Percent of a zone that opacities involve; `None` of a zone without lung.
    pub fn percent(&self, zone: usize) -> Option<f64> {
        (self.lung_ml[zone] > 0.0).then(|| 100.0 * self.involved_ml[zone] / self.lung_ml[zone])
    }
    /// Percent of both lungs; `None` without lungs.
    pub fn total_percent(&self) -> Option<f64> {
        let lung: f64 = self.lung_ml.iter().sum();
        (lung > 0.0).then(|| 100.0 * self.involved_ml.iter().sum::<f64>() / lung)
    }
}

/// Two CTs of a patient beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LungChange {
    /// From the earlier patient space to the later.
    pub transform: RigidTransform,
    /// Zones of the later CT.
    pub now: ZoneVolumes,
    /// Zones of the earlier CT.
    pub before: ZoneVolumes,
}

/// Volumes of the zones parted by two planes at these heights (patient z, lower and upper, mm), after the lungs were placed by a
/// transform.
///
/// # Errors
/// [`AnalysisError::GridMismatch`] if the bits are not of the grid's size.
pub fn zone_volumes(
    lungs: LungClasses<'_>,
    planes_mm: [f64; 2],
    placed: Option<&RigidTransform>,
) -> Result<ZoneVolumes, AnalysisError> {
    let grid = lungs.grid;
    if lungs.bits.len() != grid.voxel_count() {
        return Err(AnalysisError::GridMismatch);
    }
    let [ni, nj, _] = grid.size();
    let height = |i: f64, j: f64, k: f64| {
        let p = grid.patient_from_voxel(VoxelPoint::new(i, j, k));
        placed.map_or(p, |t| t.apply(p)).0.z
    };
    let mut counts = [[0u64; 2]; 6];
    for (row, bits) in lungs.bits.chunks_exact(ni).enumerate() {
        if bits.iter().all(|b| b & (RIGHT_LUNG | LEFT_LUNG) == 0) {
            continue;
        }
        let (j, k) = ((row % nj) as f64, (row / nj) as f64);
        let first = height(0.0, j, k);
        let step = height(1.0, j, k) - first;
        for (i, bits) in bits.iter().enumerate().filter(|(_, b)| **b & (RIGHT_LUNG | LEFT_LUNG) != 0) {
            let z = first + step * i as f64;
            let level = usize::from(z < planes_mm[1]) + usize::from(z < planes_mm[0]);
            let zone = &mut counts[level + if bits & RIGHT_LUNG != 0 { 0 } else { 3 }];
            zone[0] += 1;
            zone[1] += u64::from(bits & INVOLVED != 0);
        }
    }
    Ok(ZoneVolumes {
        lung_ml: counts.map(|c| grid.millilitres(c[0])),
        involved_ml: counts.map(|c| grid.millilitres(c[1])),
    })
}

/// Lays the lungs of an earlier CT on those of a later one and counts the zones of both.
///
/// # Errors
/// As for [`register_lungs`] and [`zone_volumes`].
pub fn lung_change(
    now: LungClasses<'_>,
    before: LungClasses<'_>,
    planes_mm: [f64; 2],
    progress: &mut dyn Progress,
) -> Result<LungChange, AnalysisError> {
    let inside = |lungs: LungClasses<'_>| -> Vec<u8> {
        lungs.bits.iter().map(|b| u8::from(b & (RIGHT_LUNG | LEFT_LUNG) != 0)).collect()
    };
    let (fixed, moving) = (inside(now), inside(before));
    let transform = register_lungs(
        LungMask { grid: now.grid, inside: &fixed },
        LungMask { grid: before.grid, inside: &moving },
        progress,
    )?;
    Ok(LungChange {
        transform,
        now: zone_volumes(now, planes_mm, None)?,
        before: zone_volumes(before, planes_mm, Some(&transform))?,
    })
}
