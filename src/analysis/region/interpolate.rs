//! Filling the slices between marked ones by shape.
//!
//! S. P. Raya, J. K. Udupa, "Shape-based interpolation of multidimensional objects", IEEE Trans. Med. Imaging 9 (1990) 32–42:
//! the signed distance to the outline is interpolated linearly between two marked slices, and the inside is where it is positive.
//!
//! Each lesion of a segment by itself: what is apart in projection along the slices is not filled between. Where slices between hold
//! other lesions of the segment, two marks farther apart than [`MOST_BESIDE_MM`] are taken for two lesions.

use super::super::components::Components;
use super::super::progress::checkpoint;
use super::super::{AnalysisError, Progress};
use super::{Across, RegionVoxels};
use crate::geometry::{Grid, Plane};
use crate::volume::squared_distance_mm2;
use std::collections::BTreeSet;

/// Between marks of one lesion on slices that others are marked on, mm.
const MOST_BESIDE_MM: f64 = 30.0;

/// The segment with what lies between its marked slices filled; marked slices stay as they are.
///
/// Across an axis a slice is marked where it holds any voxel of the lesion. Distances are in-plane millimetres with the two in-plane
/// axes taken as perpendicular. An axis beyond 2 fills nothing.
pub(super) fn interpolate(
    voxels: &RegionVoxels<'_>,
    segment: u8,
    across: &Across,
    progress: &mut dyn Progress,
) -> Result<Vec<bool>, AnalysisError> {
    let mask: Vec<bool> = voxels.labels.iter().map(|label| *label == segment).collect();
    match across {
        Across::Axis(axis) if *axis < 3 => between_slices(voxels, mask, *axis, progress),
        Across::Axis(_) => Ok(mask),
        Across::Gaps => {
            let axis = widest_gaps(voxels, &mask);
            between_slices(voxels, mask, axis, progress)
        }
        Across::Planes { grid, right, down } if grid.size() == voxels.size => {
            between_planes(&Plane { origin: grid.origin(), right: *right, down: *down }, grid, mask, progress)
        }
        Across::Planes { .. } => Err(AnalysisError::GridMismatch),
    }
}

/// The axis along which slices were left out most often between marked ones; k where none was.
fn widest_gaps(voxels: &RegionVoxels<'_>, mask: &[bool]) -> usize {
    let mut marked = voxels.size.map(|n| vec![false; n]);
    for n in (0..mask.len()).filter(|n| mask[*n]) {
        (0..3).zip(voxels.index(n)).for_each(|(axis, at)| marked[axis][at] = true);
    }
    // Each run of marked slices but the first ends a gap: the space between two lesions is one, contours of every fourth slice are many.
    let gaps = |axis: &usize| {
        let begins = marked[*axis].windows(2).filter(|pair| !pair[0] && pair[1]).count();
        (begins + usize::from(marked[*axis].first() == Some(&true))).saturating_sub(1)
    };
    (0..3).max_by_key(gaps).unwrap_or(2)
}

fn between_slices(
    voxels: &RegionVoxels<'_>,
    mut mask: Vec<bool>,
    axis: usize,
    progress: &mut dyn Progress,
) -> Result<Vec<bool>, AnalysisError> {
    let axes = [[1, 2], [0, 2], [0, 1]][axis];
    let [ni, nj, _] = voxels.size;
    let strides = [1, ni, ni * nj];
    let (columns, slices) = (voxels.size[axes[0]], voxels.size[axis]);
    let count = columns * voxels.size[axes[1]];
    let offset =
        |w: usize, n: usize| w * strides[axis] + n % columns * strides[axes[0]] + n / columns * strides[axes[1]];
    let shadow: Vec<bool> = (0..count).map(|n| (0..slices).any(|w| mask[offset(w, n)])).collect();
    let lesions = Components::of(&shadow, [columns, voxels.size[axes[1]], 1], |shaded| *shaded);
    let held: Vec<bool> = (0..slices).map(|w| (0..count).any(|n| mask[offset(w, n)])).collect();
    let is_filled = |from: usize, to: usize| {
        let apart_mm = (to - from) as f64 * voxels.spacing_mm[axis];
        apart_mm <= MOST_BESIDE_MM || !held[from + 1..to].contains(&true)
    };
    for (lesion, part) in lesions.list.iter().enumerate() {
        let [width, height] = [0, 1].map(|a| part.max[a] + 1 - part.min[a]);
        let pixels: Vec<usize> =
            (0..width * height).map(|n| (part.min[1] + n / width) * columns + part.min[0] + n % width).collect();
        let own: Vec<bool> = pixels.iter().map(|n| lesions.at(*n) == Some(lesion)).collect();
        let mut before: Option<(usize, Vec<f32>)> = None;
        for w in 0..slices {
            let inside: Vec<bool> = pixels.iter().zip(&own).map(|(n, own)| *own && mask[offset(w, *n)]).collect();
            if !inside.contains(&true) {
                continue;
            }
            checkpoint(progress, (lesion as f32 + w as f32 / slices as f32) / lesions.list.len() as f32)?;
            let here = signed_distance_mm(&inside, width, axes.map(|a| voxels.spacing_mm[a]));
            if let Some((from, start)) = before.as_ref().filter(|(from, _)| is_filled(*from, w)) {
                for between in from + 1..w {
                    let t = (between - from) as f32 / (w - from) as f32;
                    for (n, (a, b)) in pixels.iter().zip(start.iter().zip(&here)) {
                        if a + (b - a) * t > 0.0 {
                            mask[offset(between, *n)] = true;
                        }
                    }
                }
            }
            before = Some((w, here));
        }
    }
    Ok(mask)
}

/// Marks nearer to each other along the normal than this belong to one plane or to neighbouring ones, in layers of voxels.
const LEAST_GAP: f64 = 0.75;

/// Two marked planes of a lesion with nothing between them.
struct Gap {
    /// Where the two planes lie, mm along the normal.
    planes_mm: [f64; 2],
    /// Where the layers of voxels end that they mark, and what is filled begins.
    open_mm: [f64; 2],
    /// Signed distance to the outline in each plane, on the lesion's pixels.
    shapes: [Vec<f32>; 2],
}

/// As [`between_slices`], between parallel planes that are no slices of the grid, in their own frame. A plane is what was marked
/// within one layer of voxels along its normal.
fn between_planes(
    plane: &Plane,
    grid: &Grid,
    mut mask: Vec<bool>,
    progress: &mut dyn Progress,
) -> Result<Vec<bool>, AnalysisError> {
    let normal = plane.normal();
    let rises = [0, 1, 2].map(|a| grid.step(a).dot(normal).abs());
    let across = (0..3).max_by(|a, b| rises[*a].total_cmp(&rises[*b])).unwrap_or(2);
    let layer_mm = rises[across];
    let place = |n: usize| {
        let at = grid.patient_from_voxel(grid.index_at(n).centre());
        let [x, y] = plane.coordinates(at);
        [x, y, plane.distance_mm(at)]
    };
    // Square pixels of the plane, and how far a voxel reaches on them.
    let spacing = grid.spacing_mm();
    let pixel_mm = spacing.into_iter().fold(f64::INFINITY, f64::min);
    let reach = (0.75 * spacing.into_iter().fold(0.0, f64::max) / pixel_mm).ceil() as usize;
    let marks: Vec<(usize, [f64; 3])> = (0..mask.len()).filter(|n| mask[*n]).map(|n| (n, place(n))).collect();
    let ends = |axis: usize| {
        let along = marks.iter().map(|(_, at)| at[axis]);
        along.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], c| [low.min(c), high.max(c)])
    };
    let [left, right] = ends(0);
    let [top, bottom] = ends(1);
    if marks.is_empty() {
        return Ok(mask);
    }
    let pixel = |at: &[f64; 3]| [at[0] - left, at[1] - top].map(|mm| mm / pixel_mm + reach as f64);
    let size = [right - left, bottom - top].map(|mm| (mm / pixel_mm).ceil() as usize + 2 * reach + 1);
    let mut shadow = vec![false; size[0] * size[1]];
    for (_, at) in &marks {
        let [u, v] = pixel(at).map(|c| c.round() as usize);
        for row in v - reach..=(v + reach).min(size[1] - 1) {
            shadow[row * size[0] + u - reach..=row * size[0] + (u + reach).min(size[0] - 1)].fill(true);
        }
    }
    let lesions = Components::of(&shadow, [size[0], size[1], 1], |shaded| *shaded);
    let lesion_of = |at: &[f64; 3]| {
        let [u, v] = pixel(at).map(|c| c.round().max(0.0) as usize);
        (u < size[0] && v < size[1]).then(|| lesions.at(v * size[0] + u)).flatten()
    };
    let mut of_lesion: Vec<Vec<(usize, f64)>> = vec![Vec::new(); lesions.list.len()];
    for (n, at) in &marks {
        if let Some(lesion) = lesion_of(at) {
            of_lesion[lesion].push((*n, at[2]));
        }
    }
    let mut all: Vec<f64> = marks.iter().map(|(_, at)| at[2]).collect();
    all.sort_by(f64::total_cmp);
    let is_filled = |from: f64, to: f64| {
        let holds = || all.partition_point(|at| *at < to) > all.partition_point(|at| *at <= from);
        to - from <= MOST_BESIDE_MM || !holds()
    };
    let mut gaps_of: Vec<Vec<Gap>> = Vec::new();
    for (lesion, (part, mut own)) in lesions.list.iter().zip(of_lesion).enumerate() {
        own.sort_by(|a, b| a.1.total_cmp(&b.1));
        let [width, height] = [0, 1].map(|a| part.max[a] + 1 - part.min[a]);
        let shape = |marked: &[(usize, f64)], at_mm: f64| {
            let columns: BTreeSet<[usize; 3]> = marked.iter().map(|(n, _)| column(grid, *n, across)).collect();
            let inside = (0..width * height).map(|n| {
                let [u, v] = [part.min[0] + n % width, part.min[1] + n / width].map(|c| c as f64 - reach as f64);
                let at = plane.at(left + u * pixel_mm, top + v * pixel_mm) + normal * at_mm;
                let mut at = grid.voxel_from_patient(at).0.to_array().map(f64::round);
                at[across] = 0.0;
                at.iter().all(|c| *c >= 0.0) && columns.contains(&at.map(|c| c as usize))
            });
            signed_distance_mm(&inside.collect::<Vec<_>>(), width, [pixel_mm; 2])
        };
        let parted: Vec<&[(usize, f64)]> = own.chunk_by(|a, b| b.1 - a.1 < LEAST_GAP * layer_mm).collect();
        let mut gaps: Vec<Gap> = Vec::new();
        for (n, pair) in parted.windows(2).enumerate() {
            checkpoint(progress, (lesion as f32 + n as f32 / parted.len() as f32) / lesions.list.len() as f32 / 2.0)?;
            let (below, above) = (pair[0], pair[1]);
            let thick = |marked: &[(usize, f64)]| {
                let (first, last) = (marked.first().map_or(0.0, |m| m.1), marked.last().map_or(0.0, |m| m.1));
                (first, last, (last - first).min(layer_mm))
            };
            let (_, end, depth) = thick(below);
            let (start, _, rise) = thick(above);
            if !is_filled(end, start) {
                continue;
            }
            let planes_mm = [end - depth / 2.0, start + rise / 2.0];
            let last = &below[below.partition_point(|m| m.1 < end - depth)..];
            let first = &above[..above.partition_point(|m| m.1 <= start + rise)];
            let open_mm = [planes_mm[0] + layer_mm / 2.0, planes_mm[1] - layer_mm / 2.0];
            let shapes = [shape(last, planes_mm[0]), shape(first, planes_mm[1])];
            gaps.push(Gap { planes_mm, open_mm, shapes });
        }
        gaps_of.push(gaps);
    }
    if gaps_of.iter().all(Vec::is_empty) {
        return Ok(mask);
    }
    let (slice, total) = (grid.size()[0] * grid.size()[1], mask.len() as f32);
    for (n, chosen) in mask.iter_mut().enumerate() {
        if n % slice == 0 {
            checkpoint(progress, 0.5 + n as f32 / total / 2.0)?;
        }
        let at = place(n);
        let Some(lesion) = lesion_of(&at) else { continue };
        let (part, gaps) = (&lesions.list[lesion], &gaps_of[lesion]);
        let Some(gap) = gaps.get(gaps.partition_point(|gap| gap.open_mm[1] <= at[2])) else { continue };
        let [width, height] = [0, 1].map(|a| part.max[a] + 1 - part.min[a]);
        let [u, v] = pixel(&at);
        let [u, v] = [u - part.min[0] as f64, v - part.min[1] as f64];
        let within = u >= 0.0 && v >= 0.0 && u <= (width - 1) as f64 && v <= (height - 1) as f64;
        if within && at[2] > gap.open_mm[0] {
            let [from, to] = gap.planes_mm;
            let t = ((at[2] - from) / (to - from)) as f32;
            let [a, b] = [0, 1].map(|side| blended(&gap.shapes[side], width, u, v));
            *chosen |= a + (b - a) * t > 0.0;
        }
    }
    Ok(mask)
}

/// The column of a voxel along an axis.
fn column(grid: &Grid, n: usize, across: usize) -> [usize; 3] {
    let at = grid.index_at(n);
    let mut column = [at.i, at.j, at.k];
    column[across] = 0;
    column
}

/// A value between four pixels.
fn blended(values: &[f32], width: usize, u: f64, v: f64) -> f32 {
    let (left, top) = (u.floor() as usize, v.floor() as usize);
    let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(values.len() / width - 1));
    let (du, dv) = (u.fract() as f32, v.fract() as f32);
    let row = |v: usize| values[v * width + left] * (1.0 - du) + values[v * width + right] * du;
    row(top) * (1.0 - dv) + row(bottom) * dv
}

/// Distance to the outline of a slice, positive inside.
fn signed_distance_mm(inside: &[bool], columns: usize, spacing_mm: [f64; 2]) -> Vec<f32> {
    // A rim of background around it, so that the outline is closed at the edge of the box too.
    let (width, height) = (columns + 2, inside.len() / columns.max(1) + 2);
    let rim = |n: usize| (n / columns + 1) * width + n % columns + 1;
    let mut padded = vec![false; width * height];
    for (n, inside) in inside.iter().enumerate() {
        padded[rim(n)] = *inside;
    }
    let (size, spacing) = ([width, height, 1], [spacing_mm[0], spacing_mm[1], 1.0]);
    let to_outside = squared_distance_mm2(size, spacing, |o| !padded[o]);
    let to_inside = squared_distance_mm2(size, spacing, |o| padded[o]);
    (0..inside.len()).map(rim).map(|o| to_outside[o].sqrt() - to_inside[o].sqrt()).collect()
}
