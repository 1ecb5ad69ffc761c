//! Images at uneven distances → evenly spaced slices, each an image or a mixture of its two neighbours.
//!
//! A volume needs one distance between slices. Where the images have none, empty places between them would make every measured
//! volume too small, and a stretched picture a wrong one; so slices between images are computed, linearly, and that is said.

use super::ImportError;
use super::lattice::{MOST_DEVIATION_MM, least_squares, longest_run};
use super::stack::{ON_LATTICE_MM, SliceSource, StackPlan};
use crate::geometry::{PatientPoint, PatientVector};
use glam::DVec3;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A slice made of two images: below × (1 − weight) + above × weight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blend {
    /// The slice.
    pub k: usize,
    /// The image before it. The same as `above` beyond the last image.
    pub below: SliceSource,
    /// The image behind it.
    pub above: SliceSource,
    /// Share of `above`, 0..=1.
    pub weight_above: f32,
}

/// An even row of slices over uneven positions.
pub(super) struct Resampling {
    /// Slice 0.
    pub(super) origin: PatientPoint,
    /// From one slice to the next.
    pub(super) step: PatientVector,
    /// For each slice the position that lies there, if one does.
    pub(super) exact: Vec<Option<usize>>,
    /// The slices between positions.
    pub(super) mixed: Vec<Mixed>,
    /// Smallest and largest distance between neighbouring positions along the normal, millimetres.
    pub(super) distances_mm: [f64; 2],
}

/// A slice between two positions.
pub(super) struct Mixed {
    pub(super) k: usize,
    pub(super) below: usize,
    pub(super) above: usize,
    pub(super) weight_above: f32,
}

/// At most so many slices for each distance between images.
const MOST_SLICES_PER_IMAGE: f64 = 3.0;
/// A distance so many times larger than both beside it, and than most, is a gap: nothing is computed there.
const GAP: f64 = 2.5;

/// Lays slices over at least three positions that ascend strictly along `normal`.
///
/// The smallest distance between images sets that between slices, as far as memory allows. If half of the images or more are evenly
/// spaced, slices lie on those.
///
/// # Errors
/// [`ImportError::ShiftedSlices`] where the positions do not lie on a line.
pub(super) fn resample(positions: &[PatientPoint], normal: PatientVector) -> Result<Resampling, ImportError> {
    let along: Vec<f64> = positions.iter().map(|p| p.0.dot(normal.0)).collect();
    let distances: Vec<f64> = along.windows(2).map(|w| w[1] - w[0]).collect();
    let [smallest_mm, largest_mm] =
        distances.iter().fold([f64::INFINITY, 0.0], |[low, high], d| [d.min(low), d.max(high)]);
    let points: Vec<DVec3> = positions.iter().map(|p| p.0).collect();
    let (first, last) = (along[0], along[along.len() - 1]);
    let line = least_squares(&points, &along);
    let off = |(at_zero, per_mm): &(DVec3, DVec3)| {
        points.iter().zip(&along).map(|(p, t)| p.distance(*at_zero + *per_mm * *t)).fold(0.0, f64::max)
    };
    let deviation_mm = line.as_ref().map_or(f64::INFINITY, off);
    let Some((at_zero, per_mm)) =
        line.filter(|(_, per_mm)| deviation_mm <= MOST_DEVIATION_MM && per_mm.length() <= 2.0)
    else {
        return Err(ImportError::ShiftedSlices { deviation_mm });
    };

    let finest = smallest_mm.max((last - first) / (MOST_SLICES_PER_IMAGE * distances.len() as f64));
    // Whole parts, forgiving the rounding of positions.
    let parts = |length: f64| (length / finest - 0.05).ceil().max(1.0);
    let (begin, end) = longest_run(&distances);
    let even = (along[end - 1] - along[begin]) / (end - 1 - begin).max(1) as f64;
    let (anchor, spacing) = if 2 * (end - begin) >= positions.len() && even >= 0.95 * finest {
        (along[begin], even / parts(even))
    } else {
        (first, (last - first) / parts(last - first))
    };
    let k_of = |t: f64| ((t - anchor) / spacing).round();
    let lowest = anchor + k_of(first) * spacing;
    let count = (k_of(last) - k_of(first)) as usize + 1;

    let mut sorted = distances.clone();
    sorted.sort_by(f64::total_cmp);
    let usual = sorted[sorted.len() / 2];
    let (mut exact, mut mixed) = (vec![None; count], Vec::new());
    for (k, exact) in exact.iter_mut().enumerate() {
        let t = lowest + k as f64 * spacing;
        let above = along.partition_point(|a| *a < t - ON_LATTICE_MM);
        if along.get(above).is_some_and(|a| (a - t).abs() <= ON_LATTICE_MM) {
            *exact = Some(above);
        } else if above == 0 || above == along.len() {
            let nearest = above.min(along.len() - 1);
            mixed.push(Mixed { k, below: nearest, above: nearest, weight_above: 1.0 });
        } else if !is_gap(&distances, above - 1, usual) {
            let weight_above = ((t - along[above - 1]) / distances[above - 1]) as f32;
            mixed.push(Mixed { k, below: above - 1, above, weight_above });
        }
    }
    Ok(Resampling {
        origin: PatientPoint(at_zero + per_mm * lowest),
        step: PatientVector(per_mm * spacing),
        exact,
        mixed,
        distances_mm: [smallest_mm, largest_mm],
    })
}

/// Whether distance `n` is much larger than those beside it and than `usual`.
fn is_gap(distances: &[f64], n: usize, usual: f64) -> bool {
    let beside = [n.checked_sub(1), Some(n + 1)].into_iter().flatten().filter_map(|m| distances.get(m));
    distances[n] > GAP * beside.fold(usual, |most: f64, d| most.max(*d))
}

/// Slices that wait for the second of their two images.
#[derive(Clone, Debug, Default)]
pub struct Assembly {
    waiting: BTreeMap<usize, Vec<f32>>,
}

impl Assembly {
    /// Takes in the HU of an image; gives the slices of `plan` that are complete now. Each image comes once.
    pub fn arrive(&mut self, plan: &StackPlan, source: SliceSource, hu: Vec<i16>) -> Vec<(usize, Vec<i16>)> {
        let mut complete = Vec::new();
        for blend in plan.blends.iter().filter(|b| b.below == source || b.above == source) {
            if blend.below == blend.above {
                complete.push((blend.k, hu.clone()));
                continue;
            }
            let weight = if blend.above == source { blend.weight_above } else { 1.0 - blend.weight_above };
            let own = hu.iter().map(|v| f32::from(*v) * weight);
            match self.waiting.remove(&blend.k) {
                None => {
                    self.waiting.insert(blend.k, own.collect());
                }
                Some(other) if other.len() == hu.len() => {
                    complete.push((blend.k, own.zip(other).map(|(a, b)| (a + b).round() as i16).collect()));
                }
                Some(_) => {}
            }
        }
        if let Some(k) = plan.slices.iter().position(|s| *s == Some(source)) {
            complete.push((k, hu));
        }
        complete
    }
}
