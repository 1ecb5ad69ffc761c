//! Regions that compete for voxels: each goes to the seed from which the shortest way leads, where a step costs its length and the
//! change of HU on it.
//!
//! That is what the cellular automaton of V. Vezhnevets, V. Konouchine, "GrowCut: interactive multi-label N-D image segmentation by
//! cellular automata", GraphiCon 2005, comes to rest at, found in one pass by shortest paths: L. Zhu et al., "An effective
//! interactive medical image segmentation method using fast GrowCut", MICCAI IMIC workshop 2014.

use super::super::AnalysisError;
use super::{RegionVoxels, SeedStroke, smooth};

/// A change of HU that costs as much as a step of 1 mm costs by its length.
const HU_PER_MM: f64 = 12.0;
/// Costs are counted in these, per mm.
const COSTS_PER_MM: f64 = 8.0;
/// Greater changes of HU cost no more.
const MOST_HU: u32 = 800;

/// Voxels that go to an inside stroke.
pub(super) fn strokes(voxels: &RegionVoxels<'_>, strokes: &[SeedStroke]) -> Result<Vec<bool>, AnalysisError> {
    let hu = smooth::denoised(voxels.hu, voxels.size, voxels.spacing_mm);
    let mut seeds = vec![0u8; hu.len()];
    for (n, seed) in seeds.iter_mut().enumerate() {
        let at = voxels.index(n);
        if (0..3).any(|a| at[a] == 0 || at[a] + 1 == voxels.size[a]) {
            *seed = OUTSIDE;
        }
    }
    sow(&mut seeds, voxels, strokes)?;
    Ok(nearest_seed(voxels, &hu, seeds, |_| true).into_iter().map(|s| s == INSIDE).collect())
}

/// A seed inside.
pub(super) const INSIDE: u8 = 1;
/// A seed outside.
pub(super) const OUTSIDE: u8 = 2;

/// Writes strokes into an array of seeds.
pub(super) fn sow(seeds: &mut [u8], voxels: &RegionVoxels<'_>, strokes: &[SeedStroke]) -> Result<(), AnalysisError> {
    for stroke in strokes {
        for at in &stroke.voxels {
            let offset = voxels.offset(*at).ok_or(AnalysisError::GridMismatch)?;
            seeds[offset] = if stroke.inside { INSIDE } else { OUTSIDE };
        }
    }
    Ok(())
}

/// The seed each voxel of the domain is best connected to through the domain; 0 where none is.
pub(super) fn nearest_seed(
    voxels: &RegionVoxels<'_>,
    hu: &[i16],
    seeds: Vec<u8>,
    in_domain: impl Fn(usize) -> bool,
) -> Vec<u8> {
    let [ni, nj, nk] = voxels.size;
    let length = voxels.spacing_mm.map(|s| s * COSTS_PER_MM);
    let cost = |axis: usize, a: i16, b: i16| {
        let apart = u32::from(a.abs_diff(b)).min(MOST_HU);
        (length[axis] + f64::from(apart) * COSTS_PER_MM / HU_PER_MM).round().max(1.0) as u32
    };
    let most = (0..3).map(|axis| cost(axis, 0, MOST_HU as i16)).max().unwrap_or(1) as usize;
    // Costs are small whole numbers, so a ring of buckets is the queue.
    let mut ring: Vec<Vec<u32>> = vec![Vec::new(); most + 1];
    let mut best = vec![u32::MAX; seeds.len()];
    let mut owner = seeds;
    for (n, seed) in owner.iter().enumerate().filter(|(_, s)| **s != 0) {
        best[n] = 0;
        ring[0].push(n as u32);
        debug_assert_ne!(*seed, 0);
    }
    let (mut at_cost, mut empty) = (0u32, 0);
    while empty <= most {
        let place = at_cost as usize % ring.len();
        if ring[place].is_empty() {
            (empty, at_cost) = (empty + 1, at_cost + 1);
            continue;
        }
        empty = 0;
        for n in std::mem::take(&mut ring[place]) {
            let n = n as usize;
            if best[n] != at_cost {
                continue;
            }
            let at = voxels.index(n);
            let steps = [
                (at[0] > 0, 0, n.wrapping_sub(1)),
                (at[0] + 1 < ni, 0, n + 1),
                (at[1] > 0, 1, n.wrapping_sub(ni)),
                (at[1] + 1 < nj, 1, n + ni),
                (at[2] > 0, 2, n.wrapping_sub(ni * nj)),
                (at[2] + 1 < nk, 2, n + ni * nj),
            ];
            for (_, axis, next) in steps.into_iter().filter(|(inside, ..)| *inside) {
                let reached = at_cost.saturating_add(cost(axis, hu[n], hu[next]));
                if reached < best[next] && in_domain(next) {
                    best[next] = reached;
                    owner[next] = owner[n];
                    let place = reached as usize % ring.len();
                    ring[place].push(next as u32);
                }
            }
        }
    }
    owner
}
