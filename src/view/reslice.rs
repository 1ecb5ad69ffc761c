//! A slice through the volume as grey with segments over it: CPU twin of `render/shaders/reslice.wgsl`.

use super::{LabelLook, SliceInput};
use crate::geometry::Grid;
use crate::volume::{CtVolume, LabelMap};
use glam::DVec3;

/// Voxel coordinates across a pane: the middle of px (x, y) lies at `origin + right · (x + ½) + down · (y + ½)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoxelWalk {
    /// Voxel coordinate of the pane's top left corner.
    pub origin: DVec3,
    /// Step in voxels for one px to the right.
    pub right: DVec3,
    /// Step in voxels for one px down.
    pub down: DVec3,
}

impl VoxelWalk {
    /// Of a slice in a pane of this size, device px.
    pub fn new(grid: &Grid, slice: &SliceInput, size: [u32; 2]) -> Self {
        let right = grid.voxel_step_from_patient(slice.plane.right * slice.mm_per_px);
        let down = grid.voxel_step_from_patient(slice.plane.down * slice.mm_per_px);
        let middle = grid.voxel_from_patient(slice.plane.origin).0;
        let origin = middle - right * (f64::from(size[0]) / 2.0) - down * (f64::from(size[1]) / 2.0);
        Self { origin, right, down }
    }
}

/// Draws a slice as RGBA, row by row. `labels` are the two layers, anatomy then findings.
pub fn reslice(
    volume: &CtVolume,
    labels: [&LabelMap; 2],
    look: &LabelLook,
    slice: &SliceInput,
    size: [u32; 2],
) -> Vec<u8> {
    let grid = volume.grid();
    let walk = VoxelWalk::new(grid, slice, size);
    let (low, scale) = slice.window.low_and_scale();
    let mut out = Vec::with_capacity(size[0] as usize * size[1] as usize * 4);
    for y in 0..size[1] {
        let row = walk.origin + walk.down * (f64::from(y) + 0.5);
        for x in 0..size[0] {
            let v = row + walk.right * (f64::from(x) + 0.5);
            if !inside(grid, v) {
                out.extend_from_slice(&[0, 0, 0, 255]);
                continue;
            }
            let grey = ((linear(volume, v) - low) * scale).clamp(0.0, 1.0) as f32;
            let mut colour = [grey; 3];
            for (layer, map) in labels.iter().enumerate() {
                let label = label_at(map, v);
                let [r, g, b, shown] = look.colour(layer, label);
                if shown == 0.0 {
                    continue;
                }
                let edge = [walk.right, -walk.right, walk.down, -walk.down]
                    .iter()
                    .any(|step| label_at(map, v + *step) != label);
                let alpha = if edge { look.outline } else { look.fill };
                for (c, s) in colour.iter_mut().zip([r, g, b]) {
                    *c += (s - *c) * alpha;
                }
            }
            out.extend(colour.map(|c| (c * 255.0).round() as u8));
            out.push(255);
        }
    }
    out
}

/// Whether a voxel coordinate lies within the outer faces of the grid.
pub(super) fn inside(grid: &Grid, v: DVec3) -> bool {
    let size = grid.size().map(|s| s as f64);
    v.min_element() >= -0.5 && v.x < size[0] - 0.5 && v.y < size[1] - 0.5 && v.z < size[2] - 0.5
}

/// Trilinear HU at a voxel coordinate; beyond the outermost centres the edge holds.
pub(super) fn linear(volume: &CtVolume, v: DVec3) -> f64 {
    let [ni, nj, nk] = volume.grid().size();
    let values = volume.values();
    let axis = |c: f64, n: usize| {
        let c = c.clamp(0.0, n as f64 - 1.0);
        let low = c as usize;
        (low, (low + 1).min(n - 1), c - low as f64)
    };
    let ((i0, i1, ti), (j0, j1, tj), (k0, k1, tk)) = (axis(v.x, ni), axis(v.y, nj), axis(v.z, nk));
    let at = |i: usize, j: usize, k: usize| f64::from(values[(k * nj + j) * ni + i]);
    let lerp = |a: f64, b: f64, t: f64| a + (b - a) * t;
    let row = |j: usize, k: usize| lerp(at(i0, j, k), at(i1, j, k), ti);
    let slice = |k: usize| lerp(row(j0, k), row(j1, k), tj);
    lerp(slice(k0), slice(k1), tk)
}

/// Label of the voxel that holds a coordinate; 0 outside.
pub(super) fn label_at(map: &LabelMap, v: DVec3) -> u8 {
    let v = (v + 0.5).floor();
    if v.min_element() < 0.0 {
        return 0;
    }
    map.at(crate::geometry::VoxelIndex::new(v.x as usize, v.y as usize, v.z as usize))
}
