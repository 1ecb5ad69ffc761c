//! A slice drawn quickly by the CPU, where the pane's axes are axes of the grid: most slices are.
//!
//! What it draws is what `reslice` draws, but for rounding: the two lines of voxels on either side (four between layers) become one
//! line of HU for each row of px, and each px blends two of its values.

use super::reslice::{VoxelWalk, mark, reslice_part};
use super::{Interpolation, LabelLook, PxRect, SliceInput};
use crate::volume::{CtVolume, LabelMap};

/// Draws a part of a slice in a pane of `size` px as RGBA, row by row: those px of [`reslice`](super::reslice), by the quickest way there
/// is. `labels` are the two layers, anatomy then findings.
pub fn draw_slice(
    volume: &CtVolume,
    labels: [&LabelMap; 2],
    look: &LabelLook,
    slice: &SliceInput,
    size: [u32; 2],
    part: PxRect,
) -> Vec<u8> {
    let walk = VoxelWalk::new(volume.grid(), slice, size);
    match Aligned::new(&walk, slice, volume.grid().size(), part) {
        Some(aligned) => aligned.draw(volume, labels, look, slice, &walk),
        None => reslice_part(volume, labels, look, slice, size, part),
    }
}

/// Whether [`draw_slice`] has a quick way.
pub fn draws_quickly(volume: &CtVolume, slice: &SliceInput) -> bool {
    axes(&VoxelWalk::new(volume.grid(), slice, [1, 1]), slice).is_some()
}

/// Axes of the grid to the right, down and across; `None` where the plane is oblique, or more than the plane is asked for, or a
/// line to the right would cross slices.
fn axes(walk: &VoxelWalk, slice: &SliceInput) -> Option<[usize; 3]> {
    let ramp = slice.window.ramp();
    let is_straight = !ramp.is_sigmoid && ramp.scale > 0.0;
    if walk.samples != 1 || slice.interpolation != Interpolation::Linear || slice.compartments || !is_straight {
        return None;
    }
    let only_axis = |step: glam::DVec3| {
        let axis = (0..3).find(|a| step[*a] != 0.0)?;
        (0..3).all(|a| a == axis || step[a] == 0.0).then_some(axis)
    };
    let (x, y) = (only_axis(walk.right)?, only_axis(walk.down)?);
    (x != y && x != 2).then_some([x, y, 3 - x - y])
}

/// Where a coordinate lies between voxels.
#[derive(Clone, Copy, Default)]
struct Between {
    low: usize,
    high: usize,
    /// Share of `high`.
    t: f32,
    /// The voxel that holds it.
    nearest: usize,
}

impl Between {
    /// `None` outside the outer faces of an axis of `n` voxels. Beyond the outermost centres the edge holds.
    fn of(v: f64, n: usize) -> Option<Self> {
        if !(v >= -0.5 && v < n as f64 - 0.5) {
            return None;
        }
        let c = v.clamp(0.0, n as f64 - 1.0);
        let low = c as usize;
        let nearest = ((v + 0.5).floor() as usize).min(n - 1);
        Some(Self { low, high: (low + 1).min(n - 1), t: (c - low as f64) as f32, nearest })
    }
}

/// A slice whose px go along one axis of the grid to the right and along another one down.
struct Aligned {
    /// Axes of the grid to the right, down and across.
    axes: [usize; 3],
    columns: Vec<Option<Between>>,
    rows: Vec<Option<Between>>,
    /// `None`: the plane is outside.
    across: Option<Between>,
    /// The first px in the pane.
    first: [u32; 2],
}

impl Aligned {
    /// `None` where there is no quick way.
    fn new(walk: &VoxelWalk, slice: &SliceInput, grid: [usize; 3], part: PxRect) -> Option<Self> {
        let [x, y, across] = axes(walk, slice)?;
        let along = |axis: usize, step: f64, first: u32, count: u32| {
            let at = |n: u32| Between::of(walk.origin[axis] + step * (f64::from(n) + 0.5), grid[axis]);
            (first..first + count).map(at).collect()
        };
        Some(Self {
            axes: [x, y, across],
            columns: along(x, walk.right[x], part.x, part.width),
            rows: along(y, walk.down[y], part.y, part.height),
            across: Between::of(walk.origin[across], grid[across]),
            first: [part.x, part.y],
        })
    }

    fn draw(
        &self,
        volume: &CtVolume,
        labels: [&LabelMap; 2],
        look: &LabelLook,
        slice: &SliceInput,
        walk: &VoxelWalk,
    ) -> Vec<u8> {
        let width = self.columns.len();
        let mut out = [0, 0, 0, 255].repeat(width * self.rows.len());
        let (Some(across), Some(begin)) = (self.across, self.columns.iter().position(Option::is_some)) else {
            return out;
        };
        let columns: Vec<Between> = self.columns.iter().flatten().copied().collect();
        let ramp = slice.window.ramp();
        let (low, scale) = (ramp.low as f32, ramp.scale as f32);
        let grey = |hu: f32| {
            let grey = ((hu - low) * scale).clamp(0.0, 1.0);
            if slice.inverted { 1.0 - grey } else { grey }
        };
        let byte = |grey: f32| (grey * 255.0 + 0.5) as u8;
        let [first_x, first_y] = self.first.map(f64::from);
        let size = volume.grid().size();
        let mut line = vec![0.0f32; size[self.axes[0]]];
        for (y, (row, px)) in self.rows.iter().zip(out.chunks_exact_mut(width * 4)).enumerate() {
            let Some(row) = row else { continue };
            let px = &mut px.as_chunks_mut::<4>().0[begin..begin + columns.len()];
            self.blend(volume, row, &across, &mut line);
            for (px, at) in px.iter_mut().zip(&columns) {
                let (a, b) = (line[at.low], line[at.high]);
                let value = byte(grey(a + (b - a) * at.t));
                *px = [value, value, value, 255];
            }
            let marks = labels.map(|map| self.stretch(row.nearest, across.nearest, size, |k| map.slice(k)));
            if marks.iter().all(Option::is_none) {
                continue;
            }
            for (x, (px, at)) in px.iter_mut().zip(&columns).enumerate() {
                let marked = |m: &Option<Stretch<'_, u8>>| m.as_ref().is_some_and(|m| m.at(at.nearest) != 0);
                if marks.iter().any(marked) {
                    let (a, b) = (line[at.low], line[at.high]);
                    let mut colour = [grey(a + (b - a) * at.t); 3];
                    let (x, y) = (first_x + (begin + x) as f64 + 0.5, first_y + y as f64 + 0.5);
                    mark(&mut colour, labels, look, walk, walk.origin + walk.right * x + walk.down * y, false);
                    let [r, g, b] = colour.map(byte);
                    *px = [r, g, b, 255];
                }
            }
        }
        out
    }

    /// The voxels of a line to the right, by their places down and across.
    fn stretch<'v, T>(
        &self,
        row: usize,
        across: usize,
        [ni, nj, _]: [usize; 3],
        slice: impl Fn(usize) -> Option<&'v [T]>,
    ) -> Option<Stretch<'v, T>> {
        let mut at = [0; 3];
        (at[self.axes[1]], at[self.axes[2]]) = (row, across);
        let begin = at[1] * ni + at[0];
        let (count, step) = [(ni, 1), (nj, ni)][self.axes[0]];
        Some(Stretch { values: slice(at[2])?.get(begin..=begin + (count - 1) * step)?, step })
    }

    /// HU along a line between voxels, which needs as many lines of voxels as it lies between.
    fn blend(&self, volume: &CtVolume, row: &Between, across: &Between, line: &mut [f32]) {
        let share = |at: &Between| [(at.low, 1.0 - at.t), (at.high, at.t)];
        let mut begun = false;
        for (a, of_a) in share(across).into_iter().filter(|s| s.1 > 0.0) {
            for (r, of_r) in share(row).into_iter().filter(|s| s.1 > 0.0) {
                let weight = of_a * of_r;
                let voxels = self.stretch(r, a, volume.grid().size(), |k| volume.pixels(k));
                let add = |sum: &mut f32, hu: i16| *sum = if begun { *sum } else { 0.0 } + weight * f32::from(hu);
                match voxels {
                    Some(Stretch { values, step: 1 }) => line.iter_mut().zip(values).for_each(|(s, v)| add(s, *v)),
                    Some(Stretch { values, step }) => {
                        line.iter_mut().zip(values.iter().step_by(step)).for_each(|(s, v)| add(s, *v));
                    }
                    None => line.iter_mut().for_each(|s| add(s, CtVolume::MISSING_HU)),
                }
                begun = true;
            }
        }
    }
}

/// Voxels along a line of the grid.
struct Stretch<'v, T> {
    values: &'v [T],
    /// From one to the next.
    step: usize,
}

impl<T: Copy> Stretch<'_, T> {
    fn at(&self, n: usize) -> T {
        self.values[n * self.step]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{AnatomicalPlane, Grid, PatientPoint, PatientVector};
    use crate::view::reslice::reslice;
    use crate::view::{PaneState, Window};
    use proptest::prelude::*;

    /// A grid of `size` voxels whose axis `n` goes along the patient's axis `axes[n]`, there or back, with noise, a hole and marks.
    fn case(axes: [usize; 3], back: [bool; 3], seed: u32) -> Option<(CtVolume, [LabelMap; 2], LabelLook)> {
        let (size, spacing_mm) = ([9, 7, 6], [0.7, 0.9, 2.5]);
        let steps = [0, 1, 2].map(|n| {
            let mut step = [0.0; 3];
            step[axes[n]] = if back[n] { -spacing_mm[n] } else { spacing_mm[n] };
            PatientVector::new(step[0], step[1], step[2])
        });
        let grid = Grid::new(size, PatientPoint::new(-3.0, 2.0, 7.0), steps)?;
        let noise = |n: u32| ((n.wrapping_mul(747_796_405).wrapping_add(seed) >> 13) % 3000) as i16 - 1000;
        // One slice has not arrived.
        let slices = (0..6).map(|k| if k == 4 { Vec::new() } else { (0..63).map(|n| noise(k * 63 + n)).collect() });
        let volume = CtVolume::from_slices(grid, slices.collect())?;
        let mut look = LabelLook::default();
        look.show(0, 1, [80, 160, 220]);
        look.show(1, 2, [220, 60, 30]);
        let mut maps = [LabelMap::empty(grid)?, LabelMap::empty(grid)?];
        for (n, map) in maps.iter_mut().enumerate() {
            let mut edit = map.edit();
            for (k, j) in (1..5).flat_map(|k| (2 - n..6).map(move |j| (k, j))) {
                edit.set_span(k, j, 2 + n, 7, |_, _| Some(1 + n as u8));
            }
            edit.finish();
        }
        Some((volume, maps, look))
    }

    proptest! {
        #[test]
        fn it_is_the_reference_but_for_rounding(
            order in 0usize..6, back in any::<[bool; 3]>(), seed in any::<u32>(), plane in 0usize..3,
            shift in -8.0..8.0f64, mm_per_px in 0.2..2.0f64, inverted in any::<bool>(),
        ) {
            let axes = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]][order];
            let (volume, [anatomy, findings], look) = case(axes, back, seed).ok_or(TestCaseError::fail("no case"))?;
            let grid = volume.grid();
            let pane = PaneState::new(AnatomicalPlane::ALL[plane], grid.centre());
            let centre = pane.centre + pane.normal() * shift;
            let window = Window::linear(200.0, 1800.0);
            let slice = SliceInput { inverted, ..SliceInput::new(pane.through(centre), mm_per_px, window) };
            let walk = VoxelWalk::new(grid, &slice, [31, 23]);
            prop_assert!(order != 0 || Aligned::new(&walk, &slice, grid.size(), PxRect::whole([31, 23])).is_some());
            let labels = [&anatomy, &findings];
            let (fast, slow) = (
                draw_slice(&volume, labels, &look, &slice, [31, 23], PxRect::whole([31, 23])),
                reslice(&volume, labels, &look, &slice, [31, 23]),
            );
            let far = fast.iter().zip(&slow).map(|(a, b)| a.abs_diff(*b)).max();
            prop_assert!(far <= Some(1), "{far:?}");
        }

        #[test]
        fn a_part_is_what_it_is_in_the_whole_and_no_px_outside_it_changed(
            order in 0usize..6, seed in any::<u32>(), plane in 0usize..3, shift in -8.0..8.0f64, mm_per_px in 0.2..2.0f64,
            turn in prop_oneof![Just(0.0), 0.1..1.4f64], at in [0usize..9, 0usize..7, 0usize..6], long in 1usize..4,
        ) {
            let axes = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]][order];
            let (volume, [anatomy, mut findings], look) = case(axes, [false; 3], seed).ok_or(TestCaseError::fail("no case"))?;
            let grid = *volume.grid();
            let mut pane = PaneState::new(AnatomicalPlane::ALL[plane], grid.centre());
            pane.turn(pane.down(), turn, grid.centre());
            let centre = pane.centre + pane.normal() * shift;
            let slice = SliceInput::new(pane.through(centre), mm_per_px, Window::linear(200.0, 1800.0));
            let size = [31, 23];
            let whole = PxRect::whole(size);
            let before = draw_slice(&volume, [&anatomy, &findings], &look, &slice, size, whole);
            let mut edit = findings.edit();
            edit.set_span(at[2], at[1], at[0], (at[0] + long).min(9), |_, now| Some(1 - now.min(1)));
            let touched = edit.finish().bounds().ok_or(TestCaseError::fail("nothing changed"))?;
            let after = draw_slice(&volume, [&anatomy, &findings], &look, &slice, size, whole);
            let mut patched = before;
            if let Some(part) = VoxelWalk::new(&grid, &slice, size).px_of(&touched, size) {
                let drawn = draw_slice(&volume, [&anatomy, &findings], &look, &slice, size, part);
                let width = part.width as usize * 4;
                for (row, px) in drawn.chunks_exact(width).enumerate() {
                    let begin = ((part.y as usize + row) * 31 + part.x as usize) * 4;
                    patched[begin..begin + width].copy_from_slice(px);
                }
            }
            prop_assert!(patched == after);
        }
    }
}
