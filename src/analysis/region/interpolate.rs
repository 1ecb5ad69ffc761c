//! Filling the slices between marked ones by shape.
//!
//! S. P. Raya, J. K. Udupa, "Shape-based interpolation of multidimensional objects", IEEE Trans. Med. Imaging 9 (1990) 32–42:
//! the signed distance to the outline is interpolated linearly between two marked slices, and the inside is where it is positive.

use super::super::progress::checkpoint;
use super::super::{AnalysisError, Progress};
use super::RegionVoxels;
use crate::volume::squared_distance_mm2;

/// The segment with the slices across `axis` (0 = i, 1 = j, 2 = k) filled that lie between two marked ones and hold none of it.
///
/// Slices that hold any voxel of the segment stay as they are. Distances are in-plane millimetres with the two in-plane axes taken
/// as perpendicular. Where two marked shapes do not overlap in projection, the slices between them may stay empty. An `axis`
/// beyond 2 fills nothing.
pub(super) fn interpolate(
    voxels: &RegionVoxels<'_>,
    segment: u8,
    axis: usize,
    progress: &mut dyn Progress,
) -> Result<Vec<bool>, AnalysisError> {
    let mut mask: Vec<bool> = voxels.labels.iter().map(|label| *label == segment).collect();
    let axes = match axis {
        0 => [1, 2],
        1 => [0, 2],
        2 => [0, 1],
        _ => return Ok(mask),
    };
    let [ni, nj, _] = voxels.size;
    let strides = [1, ni, ni * nj];
    let (columns, slices) = (voxels.size[axes[0]], voxels.size[axis]);
    let count = columns * voxels.size[axes[1]];
    let offset =
        |w: usize, n: usize| w * strides[axis] + n % columns * strides[axes[0]] + n / columns * strides[axes[1]];
    let mut before: Option<(usize, Vec<f32>)> = None;
    for w in 0..slices {
        let inside: Vec<bool> = (0..count).map(|n| mask[offset(w, n)]).collect();
        if !inside.contains(&true) {
            continue;
        }
        checkpoint(progress, w as f32 / slices as f32)?;
        let here = signed_distance_mm(&inside, columns, axes.map(|a| voxels.spacing_mm[a]));
        if let Some((from, start)) = &before {
            for between in from + 1..w {
                let t = (between - from) as f32 / (w - from) as f32;
                for (n, (a, b)) in start.iter().zip(&here).enumerate() {
                    if a + (b - a) * t > 0.0 {
                        mask[offset(between, n)] = true;
                    }
                }
            }
        }
        before = Some((w, here));
    }
    Ok(mask)
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
