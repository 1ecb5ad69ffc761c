//! The voxels a plane passes through: one per column of the grid axis it crosses.

use crate::geometry::{Grid, PatientPoint, Plane, VoxelIndex, VoxelPoint};

/// The layer of voxels whose centres lie within half a step of a plane, along the grid axis nearest its normal. Where an oblique
/// plane would pass more than one voxel from one column to the next, along the axis whose step takes it farthest from the plane
/// instead, so that the layer has no holes.
///
/// A column is named by its indices (u, v) along the two other axes. It holds exactly one voxel of the layer, so that layers of
/// parallel planes one step apart share no voxel and leave none out, on rotated and sheared grids too.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlaneLayer {
    /// The axis across the layer, 0 = i, 1 = j, 2 = k.
    across: usize,
    /// The axes of u and v; u is i wherever i lies in the layer.
    pub(super) axes: [usize; 2],
    size: [usize; 3],
    /// Index across the layer where the plane cuts column (u, v): `[0] + [1]·u + [2]·v`.
    cut: [f64; 3],
}

/// Voxels that a plane may pass from one column to the next before the layer is taken along another axis; a little more than one,
/// so that the straight planes of a tilted stack keep their axis.
const GENTLE: f64 = 1.1;

impl PlaneLayer {
    /// `None` if the plane's directions do not span a plane.
    pub(super) fn new(grid: &Grid, plane: &Plane) -> Option<Self> {
        let normal = plane.normal().unit()?;
        let rises = [0, 1, 2].map(|a| grid.step(a).dot(normal).abs());
        let steepest = (0..3).max_by(|a, b| rises[*a].total_cmp(&rises[*b])).unwrap_or(2);
        let nearest = grid.axis_along(normal);
        let across = if rises[steepest] > rises[nearest] * GENTLE { steepest } else { nearest };
        let axes = match across {
            0 => [1, 2],
            1 => [0, 2],
            _ => [0, 1],
        };
        let size = grid.size();
        let rise = grid.step(across).dot(normal);
        let start = (plane.origin - grid.origin()).dot(normal) / rise;
        // A slope that nowhere in the grid amounts to a voxel's thousandth is rounding.
        let slope = |axis: usize| {
            let slope = -grid.step(axis).dot(normal) / rise;
            if (slope * size[axis] as f64).abs() < 1e-3 { 0.0 } else { slope }
        };
        let [su, sv] = axes.map(slope);
        (start.is_finite() && su.is_finite() && sv.is_finite()).then_some(Self {
            across,
            axes,
            size,
            cut: [start, su, sv],
        })
    }
    /// Number of columns along u and along v.
    pub(super) fn columns(&self) -> [usize; 2] {
        self.axes.map(|a| self.size[a])
    }
    /// (u, v) of a patient point, continuous.
    pub(super) fn column_of(&self, grid: &Grid, p: PatientPoint) -> [f64; 2] {
        let v = grid.voxel_from_patient(p).0.to_array();
        self.axes.map(|a| v[a])
    }
    /// Where the plane cuts column (u, v).
    pub(super) fn cut_at(&self, grid: &Grid, u: f64, v: f64) -> PatientPoint {
        let mut at = [0.0; 3];
        at[self.axes[0]] = u;
        at[self.axes[1]] = v;
        at[self.across] = self.height(u, v);
        grid.patient_from_voxel(VoxelPoint(at.into()))
    }
    /// The voxel of the layer in column (u, v); `None` outside the grid.
    pub(super) fn voxel(&self, u: usize, v: usize) -> Option<VoxelIndex> {
        // A plane midway between two layers takes the upper one, whatever the rounding.
        let w = (self.height(u as f64, v as f64) + 0.5 + 1e-6).floor();
        if w < 0.0 || w >= self.size[self.across] as f64 {
            return None;
        }
        let mut at = [0; 3];
        at[self.axes[0]] = u;
        at[self.axes[1]] = v;
        at[self.across] = w as usize;
        Some(VoxelIndex::new(at[0], at[1], at[2]))
    }
    fn height(&self, u: f64, v: f64) -> f64 {
        self.cut[0] + self.cut[1] * u + self.cut[2] * v
    }
}
