//! Refinements of a mask: holes, islands, smoothing, margins.

use super::super::components::Components;
use super::{RegionVoxels, smooth};
use crate::volume::squared_distance_mm2;

/// The segment with the background it encloses; what opens at the rim of the box is no hole.
pub(super) fn fill_holes(voxels: &RegionVoxels<'_>, segment: u8) -> Vec<bool> {
    let size = voxels.size;
    let outside = Components::of(voxels.labels, size, |l| *l != segment);
    let mut mask = vec![true; voxels.labels.len()];
    for (n, run) in outside.runs() {
        let part = &outside.list[n];
        if (0..3).any(|a| part.min[a] == 0 || part.max[a] + 1 == size[a]) {
            mask[run].fill(false);
        }
    }
    mask
}

/// The connected parts for which `keep` holds, given (place, voxels) of the part and of the largest.
pub(super) fn keep_parts(
    voxels: &RegionVoxels<'_>,
    segment: u8,
    keep: impl Fn((usize, u64), (usize, u64)) -> bool,
) -> Vec<bool> {
    let parts = Components::of(voxels.labels, voxels.size, |l| *l == segment);
    let sizes = parts.list.iter().map(|c| c.voxels).enumerate();
    // The first of equals.
    let largest = sizes.rev().max_by_key(|(_, voxels)| *voxels).unwrap_or_default();
    let mut mask = vec![false; voxels.labels.len()];
    for (n, run) in parts.runs() {
        if keep((n, parts.list[n].voxels), largest) {
            mask[run].fill(true);
        }
    }
    mask
}

/// Where more than half of the cuboid of this half-width around a voxel is set; the cuboid ends at the rim of the box.
pub(super) fn majority(voxels: &RegionVoxels<'_>, segment: u8, radius_mm: f64) -> Vec<bool> {
    let size = voxels.size;
    let reach = voxels.spacing_mm.map(|s| (radius_mm / s).round() as usize);
    let mut sums: Vec<u32> = voxels.labels.iter().map(|l| u32::from(*l == segment)).collect();
    let mut running = Vec::new();
    for axis in (0..3).filter(|a| reach[*a] > 0) {
        smooth::lines(&mut sums, size, axis, |line| {
            running.clear();
            running.push(0);
            running.extend(line.iter().scan(0, |sum, v| {
                *sum += v;
                Some(*sum)
            }));
            let count = line.len();
            for (n, value) in line.iter_mut().enumerate() {
                *value = running[(n + reach[axis] + 1).min(count)] - running[n.saturating_sub(reach[axis])];
            }
        });
    }
    let width =
        |at: usize, axis: usize| ((at + reach[axis] + 1).min(size[axis]) - at.saturating_sub(reach[axis])) as u32;
    let is_most = |(n, sum): (usize, u32)| {
        let at = voxels.index(n);
        2 * sum > (0..3).map(|a| width(at[a], a)).product()
    };
    sums.into_iter().enumerate().map(is_most).collect()
}

/// The segment grown or shrunk by a distance. It is not shrunk from the rim of the box, where the scan ends.
pub(super) fn margin(voxels: &RegionVoxels<'_>, segment: u8, mm: f64) -> Vec<bool> {
    let own = |n: usize| voxels.labels[n] == segment;
    let reach = (mm * mm) as f32;
    if mm >= 0.0 {
        squared_distance_mm2(voxels.size, voxels.spacing_mm, own).into_iter().map(|d| d <= reach).collect()
    } else {
        squared_distance_mm2(voxels.size, voxels.spacing_mm, |n| !own(n)).into_iter().map(|d| d > reach).collect()
    }
}

/// Labels of a layer, each smoothed with regard to the others.
pub(super) fn joint(voxels: &RegionVoxels<'_>, sigma_mm: f64, locked: &[bool; 256]) -> Vec<u8> {
    let mut present = [false; 256];
    for label in voxels.labels {
        present[usize::from(*label)] = true;
    }
    // What is locked keeps its place as the background does.
    let free = |l: u8| l != 0 && !locked[usize::from(l)];
    let mut best = smooth::gaussian(voxels.size, voxels.spacing_mm, sigma_mm, |n| !free(voxels.labels[n]));
    let mut winner = vec![0u8; voxels.labels.len()];
    for label in (1..=255u8).filter(|l| present[usize::from(*l)] && free(*l)) {
        let blurred = smooth::gaussian(voxels.size, voxels.spacing_mm, sigma_mm, |n| voxels.labels[n] == label);
        for ((best, winner), value) in best.iter_mut().zip(&mut winner).zip(blurred) {
            if value > *best {
                (*best, *winner) = (value, label);
            }
        }
    }
    let kept = voxels.labels.iter().zip(winner);
    kept.map(|(old, new)| if locked[usize::from(*old)] { *old } else { new }).collect()
}
