//! Reading HU at a place, and sums over voxels.

use super::CtVolume;
use crate::geometry::{PatientPoint, VoxelIndex, VoxelPoint};

/// HU of the voxel that holds a patient point; `None` outside the grid or where the slice has not arrived.
pub fn sample_nearest(volume: &CtVolume, p: PatientPoint) -> Option<i16> {
    volume.at(volume.grid().voxel_at(p)?)
}

/// Trilinear HU at a patient point; `None` outside the grid. Half a voxel beyond the outermost centres the edge value holds.
pub fn sample_linear(volume: &CtVolume, p: PatientPoint) -> Option<f64> {
    let grid = volume.grid();
    grid.voxel_at(p)?;
    Some(sample_linear_at(volume, grid.voxel_from_patient(p)))
}

/// Trilinear HU at a voxel coordinate; outside the grid, of the nearest place inside.
pub fn sample_linear_at(volume: &CtVolume, at: VoxelPoint) -> f64 {
    let v = at.0.to_array();
    let size = volume.grid().size();
    let mut low = [0; 3];
    let mut high = [0; 3];
    let mut t = [0.0; 3];
    for a in 0..3 {
        let c = v[a].clamp(0.0, size[a] as f64 - 1.0);
        low[a] = c.floor() as usize;
        high[a] = (low[a] + 1).min(size[a] - 1);
        t[a] = c - low[a] as f64;
    }
    let at =
        |i: usize, j: usize, k: usize| f64::from(volume.at(VoxelIndex::new(i, j, k)).unwrap_or(CtVolume::MISSING_HU));
    let lerp = |a: f64, b: f64, t: f64| a + (b - a) * t;
    let row = |j: usize, k: usize| lerp(at(low[0], j, k), at(high[0], j, k), t[0]);
    let slice = |k: usize| lerp(row(low[1], k), row(high[1], k), t[1]);
    lerp(slice(low[2]), slice(high[2]), t[2])
}

/// Count and sum of HU over a set of voxels, kept exact as voxels come and go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HuSum {
    /// Number of voxels.
    pub count: u64,
    /// Sum of their HU.
    pub sum: i64,
}

impl HuSum {
    /// A voxel joins.
    pub fn add(&mut self, hu: i16) {
        self.count += 1;
        self.sum += i64::from(hu);
    }
    /// A voxel leaves.
    pub fn remove(&mut self, hu: i16) {
        self.count = self.count.saturating_sub(1);
        self.sum -= i64::from(hu);
    }
    /// Mean HU, `None` of no voxels.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }
}
