//! A slice through the volume as grey with segments over it: CPU twin of `render/shaders/reslice.wgsl`.

use super::{LabelLook, SliceInput};
use crate::geometry::{Grid, VoxelIndex};
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
    /// From one sample through the slab to the next.
    pub across: DVec3,
    /// Samples through the slab; they lie about the plane.
    pub samples: u32,
}

impl VoxelWalk {
    /// Of a slice in a pane of this size, device px.
    pub fn new(grid: &Grid, slice: &SliceInput, size: [u32; 2]) -> Self {
        let mut right = grid.voxel_step_from_patient(slice.plane.right * slice.mm_per_px);
        let mut down = grid.voxel_step_from_patient(slice.plane.down * slice.mm_per_px);
        let mut middle = grid.voxel_from_patient(slice.plane.origin).0;
        // A pane along a layer of voxels lies in it exactly, whatever the rounding of millimetres: no blend with the next one.
        for a in 0..3 {
            if right[a].abs() + down[a].abs() < 1e-9 {
                (right[a], down[a]) = (0.0, 0.0);
                if (middle[a] - middle[a].round()).abs() < 1e-6 {
                    middle[a] = middle[a].round();
                }
            }
        }
        let origin = middle - right * (f64::from(size[0]) / 2.0) - down * (f64::from(size[1]) / 2.0);
        let (samples, apart_mm) = slice.slab.samples(grid, &slice.plane);
        let across = slice.plane.normal().unit().map_or(DVec3::ZERO, |n| grid.voxel_step_from_patient(n * apart_mm));
        Self { origin, right, down, across, samples }
    }
    /// Where the samples of a px lie.
    fn line(&self, v: DVec3) -> impl Iterator<Item = DVec3> + use<> {
        let (across, samples) = (self.across, self.samples);
        (0..samples).map(move |n| v + across * (f64::from(n) - (f64::from(samples) - 1.0) / 2.0))
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
    let [width, height] = size.map(|s| s as usize);
    let mut out = [0, 0, 0, 255].repeat(width * height);
    for (y, line) in out.chunks_exact_mut(width.max(1) * 4).enumerate() {
        let row = walk.origin + walk.down * (y as f64 + 0.5);
        let at = |x: usize| row + walk.right * (x as f64 + 0.5);
        // A slab may hold tissue where its middle plane is outside.
        let (begin, end) = if walk.samples == 1 { crossing(grid, row, walk.right, width) } else { (0, width) };
        for (x, px) in line.as_chunks_mut::<4>().0.iter_mut().enumerate().take(end).skip(begin) {
            let v = at(x);
            let places = walk.line(v).filter(|p| inside(grid, *p));
            let values = places.map(|p| linear(volume, if slice.nearest { (p + 0.5).floor() } else { p }));
            let Some(hu) = slice.slab.projection.of(values) else { continue };
            let mut colour = [grey(hu, low, scale, slice.inverted); 3];
            mark(&mut colour, labels, look, &walk, v);
            for (p, c) in px.iter_mut().zip(colour) {
                *p = (c * 255.0 + 0.5) as u8;
            }
        }
    }
    out
}

/// Lays the segments of a voxel coordinate over a px: filled, and stronger where the next px is another segment's.
pub(super) fn mark(colour: &mut [f32; 3], labels: [&LabelMap; 2], look: &LabelLook, walk: &VoxelWalk, v: DVec3) {
    for (layer, map) in labels.iter().enumerate() {
        let label = label_at(map, v);
        if label == 0 {
            continue;
        }
        let [r, g, b, shown] = look.colour(layer, label);
        if shown == 0.0 {
            continue;
        }
        let edge =
            [walk.right, -walk.right, walk.down, -walk.down].iter().any(|step| label_at(map, v + *step) != label);
        let alpha = if edge { look.outline } else { look.fill };
        for (c, s) in colour.iter_mut().zip([r, g, b]) {
            *c += (s - *c) * alpha;
        }
    }
}

/// HU as grey, 0..=1.
pub(super) fn grey(hu: f64, low: f64, scale: f64, inverted: bool) -> f32 {
    let grey = ((hu - low) * scale).clamp(0.0, 1.0) as f32;
    if inverted { 1.0 - grey } else { grey }
}

/// The px of a row that lie in the grid, as (first, first beyond); a straight line crosses a box once.
fn crossing(grid: &Grid, row: DVec3, right: DVec3, width: usize) -> (usize, usize) {
    let (mut near, mut far) = (0.0, width as f64);
    for (a, size) in grid.size().into_iter().enumerate() {
        let (low, high) = (-0.5 - row[a], size as f64 - 0.5 - row[a]);
        if right[a] == 0.0 {
            if low > 0.0 || high <= 0.0 {
                return (0, 0);
            }
        } else {
            let (t0, t1) = (low / right[a], high / right[a]);
            near = f64::max(near, t0.min(t1));
            far = f64::min(far, t0.max(t1));
        }
    }
    // One px wide of it on both sides, then exactly: `inside` has the last word.
    let within = |x: usize| inside(grid, row + right * (x as f64 + 0.5));
    let (mut begin, mut end) = ((near - 1.5).max(0.0) as usize, ((far + 1.5).max(0.0) as usize).min(width));
    while begin < end && !within(begin) {
        begin += 1;
    }
    while begin < end && !within(end - 1) {
        end -= 1;
    }
    (begin, end)
}

/// Whether a voxel coordinate lies within the outer faces of the grid.
pub(super) fn inside(grid: &Grid, v: DVec3) -> bool {
    let size = grid.size().map(|s| s as f64);
    v.min_element() >= -0.5 && v.x < size[0] - 0.5 && v.y < size[1] - 0.5 && v.z < size[2] - 0.5
}

/// Trilinear HU at a voxel coordinate; beyond the outermost centres the edge holds.
pub(super) fn linear(volume: &CtVolume, v: DVec3) -> f64 {
    let [ni, nj, nk] = volume.grid().size();
    let axis = |c: f64, n: usize| {
        let c = c.clamp(0.0, n as f64 - 1.0);
        let low = c as usize;
        (low, (low + 1).min(n - 1), c - low as f64)
    };
    let ((i0, i1, ti), (j0, j1, tj), (k0, k1, tk)) = (axis(v.x, ni), axis(v.y, nj), axis(v.z, nk));
    let at =
        |i: usize, j: usize, k: usize| f64::from(volume.at(VoxelIndex::new(i, j, k)).unwrap_or(CtVolume::MISSING_HU));
    // On a layer of voxels only that layer is read.
    let lerp = |a: f64, b: &dyn Fn() -> f64, t: f64| if t == 0.0 { a } else { a + (b() - a) * t };
    let row = |j: usize, k: usize| lerp(at(i0, j, k), &|| at(i1, j, k), ti);
    let slice = |k: usize| lerp(row(j0, k), &|| row(j1, k), tj);
    lerp(slice(k0), &|| slice(k1), tk)
}

/// Label of the voxel that holds a coordinate; 0 outside.
pub(super) fn label_at(map: &LabelMap, v: DVec3) -> u8 {
    let v = (v + 0.5).floor();
    if v.min_element() < 0.0 {
        return 0;
    }
    map.at(VoxelIndex::new(v.x as usize, v.y as usize, v.z as usize))
}
