//! Candidates for calcified coronary arteries: what is denser than 130 HU inside the heart.
//!
//! No Agatston number comes of it: that is defined on gated, 3 mm, soft images. Candidates are shown to a reader, who grades the
//! four arteries 0 to 3 each: J. Shemesh et al., "Ordinal scoring of coronary artery calcifications on low-dose CT scans of the
//! chest", Radiology 257 (2010) 541–548.

use super::body::axial_directions;
use super::coarse::Coarse;
use super::components::Components;
use super::progress::checkpoint;
use super::region::{BESIDE_LUNG, BESIDE_OTHER};
use super::{AnalysisError, Part, Progress, Proposal, QualityFlag, Structure, ball};
use crate::volume::CtVolume;

/// What a candidate is taken to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalciumParameters {
    /// Least HU.
    pub hu_at_least: i16,
    /// Least area on one slice, mm².
    pub at_least_mm2: f64,
    /// Least number of voxels.
    pub at_least_voxels: u64,
    /// Larger pieces are bone or metal, ml.
    pub at_most_ml: f64,
}

impl Default for CalciumParameters {
    fn default() -> Self {
        Self { hu_at_least: 130, at_least_mm2: 1.0, at_least_voxels: 3, at_most_ml: 2.0 }
    }
}

const HEART: u8 = 1;
const CALCIUM: u8 = 2;
/// Blood is denser than this after contrast, HU.
const ENHANCED_HU: i16 = 100;
/// From this standard deviation of noise on, single voxels reach the limit by chance, HU.
const NOISY_HU: f64 = 30.0;
/// Hearts of adults with the fat around them have volumes in this range, ml.
const HEART_ML: std::ops::RangeInclusive<f64> = 300.0..=1500.0;
/// The part of the lungs' height, from below, that the heart is looked for in.
const HEIGHT: std::ops::Range<f64> = 0.02..0.62;
/// Heart reaches this far behind the middle of the lungs, mm.
const BEHIND_MM: f64 = 15.0;
/// Radius of the ball that takes off what is thinner than a heart, mm.
const ROUND_MM: f64 = 14.0;
/// Soft tissue is in this range, mean HU of a cell.
const SOFT_HU: std::ops::RangeInclusive<i16> = -60..=180;
/// Cells that are not counted.
const NOTHING: i16 = i16::MIN;

/// Proposes candidates for coronary calcium (label 2) inside the heart. `beside` says of each voxel, `[k, j, i]`, whether it is lung
/// ([`BESIDE_LUNG`]) or the reader's heart ([`BESIDE_OTHER`]); without the reader's, a heart is proposed between the lungs (label 1).
///
/// # Errors
/// [`AnalysisError::GridMismatch`]; [`AnalysisError::NotAxial`] and [`AnalysisError::NoHeart`] where no heart can be proposed;
/// [`AnalysisError::EnhancedHeart`] where blood is as dense as calcium; [`AnalysisError::Cancelled`].
pub fn propose_calcium(
    volume: &CtVolume,
    beside: &[u8],
    parameters: &CalciumParameters,
    progress: &mut dyn Progress,
) -> Result<Proposal, AnalysisError> {
    checkpoint(progress, 0.0)?;
    let size = volume.grid().size();
    if beside.len() != volume.grid().voxel_count() {
        return Err(AnalysisError::GridMismatch);
    }
    let is_readers = beside.iter().any(|b| b & BESIDE_OTHER != 0);
    let mut labels: Vec<u8> = if is_readers {
        beside.iter().map(|b| if b & BESIDE_OTHER != 0 { HEART } else { 0 }).collect()
    } else {
        between_lungs(volume, beside)?
    };
    checkpoint(progress, 0.5)?;
    let (median, noise) = blood(volume, &labels).ok_or(AnalysisError::NoHeart)?;
    if median > ENHANCED_HU {
        return Err(AnalysisError::EnhancedHeart);
    }
    checkpoint(progress, 0.6)?;
    let plane = size[0] * size[1];
    for k in 0..size[2] {
        let Some(pixels) = volume.pixels(k) else { continue };
        for (label, hu) in labels[k * plane..(k + 1) * plane].iter_mut().zip(pixels) {
            if *label == HEART && *hu >= parameters.hu_at_least {
                *label = CALCIUM;
            }
        }
    }
    let pieces = Components::of(&labels, size, |l| *l == CALCIUM);
    checkpoint(progress, 0.9)?;
    let widest = widest(&pieces, plane);
    let [si, sj, _] = volume.grid().spacing_mm();
    let is_candidate: Vec<bool> = pieces
        .list
        .iter()
        .zip(widest)
        .map(|(piece, widest)| {
            piece.voxels >= parameters.at_least_voxels
                && widest as f64 * si * sj >= parameters.at_least_mm2
                && volume.grid().millilitres(piece.voxels) <= parameters.at_most_ml
        })
        .collect();
    for (_, run) in pieces.runs().filter(|(n, _)| !is_candidate[*n]) {
        labels[run].fill(HEART);
    }
    let count = |label: u8| labels.iter().filter(|l| **l == label).count() as u64;
    let mut flags = Vec::new();
    if noise > NOISY_HU {
        flags.push(QualityFlag::Noise { hu: noise });
    }
    let mut parts = vec![Part { structure: Structure::Calcification, label: CALCIUM, voxels: count(CALCIUM) }];
    if is_readers {
        for label in labels.iter_mut().filter(|l| **l == HEART) {
            *label = 0;
        }
    } else {
        let voxels = count(HEART);
        let ml = volume.grid().millilitres(voxels);
        if !HEART_ML.contains(&ml) {
            flags.push(QualityFlag::HeartSize { ml });
        }
        parts.push(Part { structure: Structure::Heart, label: HEART, voxels });
    }
    checkpoint(progress, 1.0)?;
    Ok(Proposal {
        algorithm: "Hilum dense spots in the heart".to_owned(),
        parameters: format!(
            "hu_at_least={}; at_least_mm2={}; at_least_voxels={}; at_most_ml={}; heart={}",
            parameters.hu_at_least,
            parameters.at_least_mm2,
            parameters.at_least_voxels,
            parameters.at_most_ml,
            if is_readers { "reader" } else { "proposed" },
        ),
        parts,
        flags,
        labels,
    })
}

/// Voxels of each piece on the slice where it has most.
fn widest(pieces: &Components, plane: usize) -> Vec<u64> {
    let mut here = vec![(0usize, 0u64); pieces.list.len()];
    let mut widest = vec![0u64; pieces.list.len()];
    for (n, run) in pieces.runs() {
        let k = run.start / plane;
        if here[n].0 != k {
            here[n] = (k, 0);
        }
        here[n].1 += run.len() as u64;
        widest[n] = widest[n].max(here[n].1);
    }
    widest
}

/// Median HU of the heart and the standard deviation of its noise, from differences of neighbours in a row; `None` without a heart.
fn blood(volume: &CtVolume, labels: &[u8]) -> Option<(i16, f64)> {
    let [ni, nj, nk] = volume.grid().size();
    let (mut values, mut steps) = (crate::volume::Histogram::default(), crate::volume::Histogram::default());
    for k in 0..nk {
        let Some(pixels) = volume.pixels(k) else { continue };
        for (row, labels) in pixels.chunks_exact(ni).zip(labels[k * ni * nj..(k + 1) * ni * nj].chunks_exact(ni)) {
            for (hu, label) in row.windows(2).zip(labels.windows(2)) {
                if *label == [HEART; 2] {
                    values.add(hu[0]);
                    steps.add(hu[0].abs_diff(hu[1]).min(1000) as i16);
                }
            }
        }
    }
    // The median of the difference of two normal values is 0.6745 √2 deviations.
    let noise = f64::from(steps.percentile(0.5)?) / (0.6745 * std::f64::consts::SQRT_2);
    Some((values.percentile(0.5)?, noise))
}

/// Soft tissue between the two lungs, from the diaphragm to the carina and in front of the spine, as label 1 per voxel.
fn between_lungs(volume: &CtVolume, beside: &[u8]) -> Result<Vec<u8>, AnalysisError> {
    let [_, to_back] = axial_directions(volume.grid()).ok_or(AnalysisError::NotAxial)?;
    let coarse = Coarse::new(volume, None, NOTHING).ok_or(AnalysisError::NoHeart)?;
    let size = coarse.grid.size();
    let [ni, nj, nk] = size;
    let lung = lung_cells(volume.grid().size(), beside, &coarse);
    let mut sums = [0u64; 3];
    let (mut first, mut last) = (nk, 0);
    for o in (0..lung.len()).filter(|o| lung[*o]) {
        let (i, j, k) = (o % ni, o / ni % nj, o / (ni * nj));
        (sums[0], sums[1], sums[2]) = (sums[0] + i as u64, sums[1] + j as u64, sums[2] + 1);
        (first, last) = (first.min(k), last.max(k));
    }
    if sums[2] == 0 || first >= last {
        return Err(AnalysisError::NoHeart);
    }
    let (middle_i, middle_j) = ((sums[0] / sums[2]) as usize, (sums[1] / sums[2]) as f64);
    let behind = BEHIND_MM / coarse.grid.spacing_mm()[1];
    let in_front = |j: usize| if to_back { (j as f64) < middle_j + behind } else { (j as f64) > middle_j - behind };
    let upwards = coarse.grid.step(2).0.z > 0.0;
    let in_height = |k: usize| {
        let part = (k - first) as f64 / (last - first) as f64;
        HEIGHT.contains(&if upwards { part } else { 1.0 - part })
    };
    let mut soft = vec![0u8; lung.len()];
    for k in (first..=last).filter(|k| in_height(*k)) {
        for j in (0..nj).filter(|j| in_front(*j)) {
            let row = (k * nj + j) * ni;
            let lungs = &lung[row..row + ni];
            // The gap about the middle, if lung bounds it on both sides.
            let Some(left) = lungs[..=middle_i].iter().rposition(|l| *l) else { continue };
            let Some(right) = lungs[middle_i..].iter().position(|l| *l).map(|n| n + middle_i) else { continue };
            for i in left + 1..right {
                soft[row + i] = u8::from(SOFT_HU.contains(&coarse.hu[row + i]));
            }
        }
    }
    let mut round = vec![0u8; soft.len()];
    ball::open(&soft, size, coarse.grid.spacing_mm(), ROUND_MM, |s| s == 1, |o| round[o] = 1);
    let parts = Components::of(&round, size, |r| *r == 1);
    let largest = (0..parts.list.len()).max_by_key(|n| parts.list[*n].voxels).ok_or(AnalysisError::NoHeart)?;
    let mut heart = vec![0u8; soft.len()];
    for (_, run) in parts.runs().filter(|(n, _)| *n == largest) {
        heart[run].fill(1);
    }
    // Arteries run in the fat around it.
    let mut about = heart.clone();
    ball::close(&heart, size, coarse.grid.spacing_mm(), ROUND_MM, |h| h == 1, |o| about[o] = 1);
    let mut near = Vec::new();
    ball::dilate(&about, size, coarse.grid.spacing_mm(), 5.0, |h| h == 1, |o| near.push(o));
    for o in near {
        about[o] = 1;
    }
    let fine = volume.grid().size();
    let mut labels = vec![0u8; beside.len()];
    for (row, out) in labels.chunks_exact_mut(fine[0]).enumerate() {
        let (j, k) = (row % fine[1] / coarse.factor[1], row / fine[1] / coarse.factor[2]);
        let cells = &about[(k * nj + j) * ni..][..ni];
        for (i, label) in out.iter_mut().enumerate() {
            let is_lung = beside[row * fine[0] + i] & BESIDE_LUNG != 0;
            *label = u8::from(!is_lung && cells[i / coarse.factor[0]] == 1);
        }
    }
    Ok(labels)
}

/// Cells whose first voxel is lung.
fn lung_cells(fine: [usize; 3], beside: &[u8], coarse: &Coarse) -> Vec<bool> {
    let [ni, nj, _] = coarse.grid.size();
    (0..coarse.hu.len())
        .map(|o| {
            let at = [o % ni * coarse.factor[0], o / ni % nj * coarse.factor[1], o / (ni * nj) * coarse.factor[2]];
            beside[(at[2] * fine[1] + at[1]) * fine[0] + at[0]] & BESIDE_LUNG != 0
        })
        .collect()
}
