//! A slice through the volume as grey with segments over it: CPU twin of `render/shaders/reslice.wgsl`.
//!
//! Cubic interpolation is that of R. G. Keys, "Cubic convolution interpolation for digital image processing", IEEE Trans. ASSP 29
//! (1981) 1153–1160, with a = −1/2 (Catmull-Rom): it passes through the voxels, so a HU at a voxel centre stays what was measured,
//! and needs no second copy of the volume. Cubic B-splines do better at equal support only after a prefilter of the whole volume
//! (P. Thévenaz, T. Blu, M. Unser, "Interpolation revisited", IEEE Trans. Med. Imaging 19 (2000) 739–758); without it they blur.
//! At sharp edges it overshoots by up to an eighth of the step and more where edges cross; values under the pointer are unaffected.

use super::{COMPARTMENT_OPACITY, COMPARTMENTS, Interpolation, LabelLook, PxRect, SliceInput, compartment};
use crate::geometry::{Grid, IndexBox, VoxelIndex};
use crate::volume::{CtVolume, LabelMap, Trilinear};
use glam::{DMat3, DVec3};

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
    /// The px of a pane of this size that labels of these voxels may show in, borders of their neighbours among them; `None` where the
    /// plane passes by.
    pub fn px_of(&self, voxels: &IndexBox, size: [u32; 2]) -> Option<PxRect> {
        let inverse = DMat3::from_cols(self.right, self.down, self.right.cross(self.down)).inverse();
        if voxels.is_empty() || size.contains(&0) {
            return None;
        }
        if !inverse.is_finite() {
            return Some(PxRect::whole(size));
        }
        let (mut low, mut high) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
        for corner in 0..8 {
            let end = |a: usize| if corner >> a & 1 == 0 { voxels.min[a] } else { voxels.max[a] } as f64 - 0.5;
            let at = inverse * (DVec3::new(end(0), end(1), end(2)) - self.origin);
            (low, high) = (low.min(at), high.max(at));
        }
        // A px looks one px to each side for the border of its segment.
        let [x, y] = [0, 1].map(|a| {
            let most = f64::from(size[a]);
            [(low[a] - 2.0).floor().clamp(0.0, most) as u32, (high[a] + 2.0).ceil().clamp(0.0, most) as u32]
        });
        let away = 1e-6 * (high.z - low.z);
        let meets = low.z - away <= 0.0 && high.z + away >= 0.0 && x[0] < x[1] && y[0] < y[1];
        meets.then(|| PxRect { x: x[0], y: y[0], width: x[1] - x[0], height: y[1] - y[0] })
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
    reslice_part(volume, labels, look, slice, size, PxRect::whole(size))
}

/// A part of a slice in a pane of `size` px: those px of [`reslice`], row by row.
pub(super) fn reslice_part(
    volume: &CtVolume,
    labels: [&LabelMap; 2],
    look: &LabelLook,
    slice: &SliceInput,
    size: [u32; 2],
    part: PxRect,
) -> Vec<u8> {
    let grid = volume.grid();
    let walk = VoxelWalk::new(grid, slice, size);
    let ramp = slice.window.ramp();
    let hu = Trilinear::new(volume);
    let [left, top, width, height] = [part.x, part.y, part.width, part.height].map(|s| s as usize);
    let mut out = [0, 0, 0, 255].repeat(width * height);
    for (y, line) in out.chunks_exact_mut(width.max(1) * 4).enumerate() {
        let row = walk.origin + walk.down * ((top + y) as f64 + 0.5);
        let at = |x: usize| row + walk.right * ((left + x) as f64 + 0.5);
        // A slab may hold tissue where its middle plane is outside.
        let (begin, end) = if walk.samples == 1 {
            let (begin, end) = crossing(grid, row, walk.right, size[0] as usize);
            (begin.saturating_sub(left), end.saturating_sub(left).min(width))
        } else {
            (0, width)
        };
        for (x, px) in line.as_chunks_mut::<4>().0.iter_mut().enumerate().take(end).skip(begin) {
            let v = at(x);
            let places = walk.line(v).filter(|p| inside(grid, *p));
            let values = places.map(|p| match slice.interpolation {
                Interpolation::Nearest => f64::from(hu.at((p + 0.5).floor().as_vec3a())),
                Interpolation::Cubic if walk.samples == 1 => cubic(volume, p),
                _ => f64::from(hu.at(p.as_vec3a())),
            });
            let Some(hu) = slice.slab.projection.of(values) else { continue };
            let grey = ramp.grey(hu) as f32;
            let mut colour = [if slice.inverted { 1.0 - grey } else { grey }; 3];
            let tinted = slice.compartments && look.compartments[usize::from(label_at(labels[0], v))];
            if tinted {
                let tint = COMPARTMENTS[compartment(hu)].colour;
                for (c, s) in colour.iter_mut().zip(tint) {
                    *c += (f32::from(s) / 255.0 - *c) * COMPARTMENT_OPACITY;
                }
            }
            mark(&mut colour, labels, look, &walk, v, tinted);
            for (p, c) in px.iter_mut().zip(colour) {
                *p = (c * 255.0 + 0.5) as u8;
            }
        }
    }
    out
}

/// Lays the segments of a voxel coordinate over a px: filled, and stronger where the next px is another segment's. Where the px is
/// `tinted` by its compartment, that is anatomy's fill.
pub(super) fn mark(
    colour: &mut [f32; 3],
    labels: [&LabelMap; 2],
    look: &LabelLook,
    walk: &VoxelWalk,
    v: DVec3,
    tinted: bool,
) {
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
        let fill = if tinted && layer == 0 { 0.0 } else { look.fill };
        let alpha = if edge { look.outline } else { fill };
        for (c, s) in colour.iter_mut().zip([r, g, b]) {
            *c += (s - *c) * alpha;
        }
    }
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

/// HU at a voxel coordinate by cubics through the voxels; beyond the outermost centres the edge holds.
fn cubic(volume: &CtVolume, v: DVec3) -> f64 {
    let size = volume.grid().size();
    let axes = [0, 1, 2].map(|a| {
        let last = size[a] as f64 - 1.0;
        let c = v[a].clamp(0.0, last);
        let low = c.floor();
        let taps = [-1.0, 0.0, 1.0, 2.0].map(|n| (low + n).clamp(0.0, last) as usize);
        (taps, cubic_weights(c - low))
    });
    let along = |a: usize| axes[a].0.into_iter().zip(axes[a].1).filter(|(_, weight)| *weight != 0.0);
    let mut sum = 0.0;
    for (k, wk) in along(2) {
        for (j, wj) in along(1) {
            for (i, wi) in along(0) {
                let hu = volume.at(VoxelIndex::new(i, j, k)).unwrap_or(CtVolume::MISSING_HU);
                sum += wi * wj * wk * f64::from(hu);
            }
        }
    }
    sum
}

/// Weights of the voxels at −1, 0, 1 and 2 for a place between 0 and 1; at 0 only that voxel counts.
fn cubic_weights(t: f64) -> [f64; 4] {
    [
        t * (-0.5 + t * (1.0 - 0.5 * t)),
        1.0 + t * t * (-2.5 + 1.5 * t),
        t * (0.5 + t * (2.0 - 1.5 * t)),
        t * t * (-0.5 + 0.5 * t),
    ]
}

/// Label of the voxel that holds a coordinate; 0 outside.
pub(super) fn label_at(map: &LabelMap, v: DVec3) -> u8 {
    let v = (v + 0.5).floor();
    if v.min_element() < 0.0 {
        return 0;
    }
    map.at(VoxelIndex::new(v.x as usize, v.y as usize, v.z as usize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{PatientPoint, PatientVector};
    use ndarray::Array3;

    /// Keys' kernel is exact for quadratics along each axis, passes through the voxels, and its weights are one in all.
    #[test]
    fn cubics_pass_through_voxels_and_follow_quadratics() {
        let v = PatientVector::new;
        let steps = [v(1.0, 0.0, 0.0), v(0.0, 1.0, 0.0), v(0.0, 0.0, 1.0)];
        let grid = Grid::new([12, 11, 10], PatientPoint::new(0.0, 0.0, 0.0), steps).unwrap();
        let value = |x: f64, y: f64, z: f64| 4.0 * x * x - 3.0 * x * y + 2.0 * z * z + 7.0 * y - 100.0;
        let hu = Array3::from_shape_fn((10, 11, 12), |(k, j, i)| value(i as f64, j as f64, k as f64) as i16);
        let volume = CtVolume::from_array(grid, hu).unwrap();
        for (x, y, z) in [(3.0, 4.0, 5.0), (3.25, 4.0, 5.0), (4.75, 3.5, 5.125), (6.9, 7.1, 3.3)] {
            assert!((cubic(&volume, DVec3::new(x, y, z)) - value(x, y, z)).abs() < 1e-9, "{x} {y} {z}");
        }
        for t in [0.0, 0.2, 0.5, 0.99] {
            assert!((cubic_weights(t).into_iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        assert_eq!(cubic_weights(0.0), [0.0, 1.0, 0.0, 0.0]);
    }
}
