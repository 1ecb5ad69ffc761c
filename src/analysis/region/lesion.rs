//! The lesion under a click, corrected by strokes.
//!
//! Its border lies where HU is half way between the lesion and the lung around it, as the width of what a scanner blurs is
//! measured (J.-M. Kuhnigk et al., "Morphological segmentation and partial volume analysis for volumetry of solid pulmonary lesions
//! in thoracic CT scans", IEEE Trans. Med. Imaging 25 (2006) 417–434, whose opening that parts vessels from the lesion is used too).
//! Strokes outside take back what is better connected to them.

use super::super::components::Components;
use super::super::progress::checkpoint;
use super::super::{AnalysisError, Progress, ball};
use super::compete::{self, INSIDE};
use super::grow::{connected, median};
use super::{BESIDE_LUNG, Choice, RegionVoxels, SeedStroke, smooth};
use crate::volume::squared_distance_mm2;

/// Lung is taken to be aerated below this, HU.
const AERATED_BELOW_HU: i16 = -700;
/// Aerated lung where none is near, HU.
const USUAL_LUNG_HU: i16 = -850;
/// How far around a stroke voxels are taken to be like it, mm.
const STROKE_MM: f64 = 1.5;
/// How far from a stroke the widest place of the lesion is looked for, mm.
const WIDEST_WITHIN_MM: f64 = 4.0;
/// Opening is this part of the lesion's own radius, and no more than so many mm.
const OPENING: (f64, f64) = (0.6, 4.0);
/// How much farther than it was eroded the opened region is grown back, mm.
const REGROWN_MM: f64 = 1.0;
/// Gaps up to twice this are closed, mm.
const CLOSING_MM: f64 = 2.5;
/// Lesions less dense than this are ground glass, HU.
const GROUND_GLASS_BELOW_HU: i16 = -200;
/// What is denser than ground glass by more than this is something else, HU.
const FAR_DENSER_HU: i16 = 300;

pub(super) fn lesion(
    voxels: &RegionVoxels<'_>,
    strokes: &[SeedStroke],
    border: f64,
    most_mm: f64,
    progress: &mut dyn Progress,
) -> Result<Choice, AnalysisError> {
    let (size, spacing) = (voxels.size, voxels.spacing_mm);
    let hu = smooth::denoised(voxels.hu, size, spacing);
    checkpoint(progress, 0.2)?;
    let mut aerated: Vec<i16> = (0..hu.len())
        .filter(|n| voxels.beside[*n] & BESIDE_LUNG != 0 && hu[*n] < AERATED_BELOW_HU)
        .map(|n| hu[n])
        .collect();
    let lung_hu = if aerated.is_empty() { USUAL_LUNG_HU } else { median(&mut aerated) };
    let mut found = Choice::from(vec![false; hu.len()]);
    let in_lungs = |n: usize| voxels.beside[n] & BESIDE_LUNG != 0;
    for stroke in strokes.iter().filter(|s| s.inside) {
        let mut seeds = vec![0u8; hu.len()];
        compete::sow(&mut seeds, voxels, std::slice::from_ref(stroke))?;
        let from_seeds = squared_distance_mm2(size, spacing, |n| seeds[n] == INSIDE);
        let near = |mm: f64| {
            let from_seeds = &from_seeds;
            move |n: &usize| from_seeds[*n] <= (mm * mm) as f32
        };
        let mut like: Vec<i16> = (0..hu.len()).filter(near(STROKE_MM)).map(|n| hu[n]).collect();
        let middle = upper_quartile(&mut like);
        // On aerated lung there is no lesion to be found; what the stroke covers is taken as it is.
        if middle <= lung_hu.saturating_add(LEAST_CONTRAST_HU) {
            continue;
        }
        let low = f64::from(lung_hu) + border * f64::from(middle.saturating_sub(lung_hu));
        let low = low.clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16;
        let on = stroke.voxels.iter().filter_map(|v| voxels.offset(*v));
        let (inside, all) = on.fold((0, 0), |(inside, all), n| (inside + usize::from(in_lungs(n)), all + 1));
        let only_lung = 2 * inside > all;
        // A later stroke adds what is missing about it, and no more.
        let apart = (0..hu.len()).filter(|n| found.mask[*n]).map(|n| from_seeds[n]).reduce(f32::min);
        let reach_mm = apart.map_or(most_mm, |d| (f64::from(d).sqrt() * ADDED.0 + ADDED.1).min(most_mm));
        let reach = near(reach_mm);
        // Beside ground glass, what is far denser is a vessel or the chest wall; inside it, it is taken in again below.
        let high = if middle < GROUND_GLASS_BELOW_HU { middle.saturating_add(FAR_DENSER_HU) } else { i16::MAX };
        let candidate: Vec<bool> =
            (0..hu.len()).map(|n| (low..=high).contains(&hu[n]) && reach(&n) && (!only_lung || in_lungs(n))).collect();
        let part = part_of(voxels, &candidate, &from_seeds, apart.is_none() || reach_mm > OPENED_ABOVE_MM);
        let rim = (most_mm - spacing.iter().fold(0.0f64, |a, b| a.max(*b))).max(0.0);
        let within = near(rim);
        for (n, set) in part.iter().enumerate().filter(|(_, set)| **set) {
            found.mask[n] |= set;
            found.reached_limit |= !within(&n);
        }
        let range = found.range_hu.map_or(low, |(before, _)| before.min(low));
        found.range_hu = Some((range, i16::MAX));
        checkpoint(progress, 0.6)?;
    }
    let closed: Vec<u8> = found.mask.iter().map(|set| u8::from(*set)).collect();
    let any_lung = (0..hu.len()).any(in_lungs);
    ball::close(&closed, size, spacing, CLOSING_MM, |v| v == 1, |n| found.mask[n] |= !any_lung || in_lungs(n));
    let enclosed = Components::of(&found.mask, size, |set| !*set);
    for (part, run) in enclosed.runs() {
        if (0..3).all(|a| enclosed.list[part].min[a] > 0 && enclosed.list[part].max[a] + 1 < size[a]) {
            found.mask[run].fill(true);
        }
    }
    checkpoint(progress, 0.8)?;
    for stroke in strokes.iter().filter(|s| !s.inside) {
        take_back(voxels, &hu, stroke, strokes, &mut found.mask)?;
    }
    Ok(found)
}

/// Takes what is better connected to an outside stroke than to the depth of the region out of it.
fn take_back(
    voxels: &RegionVoxels<'_>,
    hu: &[i16],
    stroke: &SeedStroke,
    strokes: &[SeedStroke],
    mask: &mut [bool],
) -> Result<(), AnalysisError> {
    let (size, spacing) = (voxels.size, voxels.spacing_mm);
    let depth = squared_distance_mm2(size, spacing, |n| !mask[n]);
    let deepest = f64::from(depth.iter().fold(0.0f32, |a, b| a.max(*b))).sqrt();
    let deep = (deepest * DEEP.0).max(DEEP.1).min(deepest * 0.9).powi(2) as f32;
    let mut own = vec![0u8; hu.len()];
    compete::sow(&mut own, voxels, std::slice::from_ref(stroke))?;
    let from_stroke = squared_distance_mm2(size, spacing, |n| own[n] != 0);
    let there = (0..hu.len()).filter(|n| own[*n] != 0).map(|n| depth[n]).fold(0.0f32, f32::max);
    // The depth of what is wrong is no part of what is right.
    let around = (f64::from(there).sqrt() * 1.5 + 1.0).powi(2) as f32;
    let mut seeds: Vec<u8> = (0..hu.len())
        .map(|n| if mask[n] && depth[n] >= deep && from_stroke[n] > around { INSIDE } else { 0 })
        .collect();
    compete::sow(&mut seeds, voxels, strokes)?;
    let domain: Vec<bool> = mask.iter().zip(&seeds).map(|(mask, seed)| *mask || *seed != 0).collect();
    let owner = compete::nearest_seed(voxels, hu, seeds, |n| domain[n]);
    for (mask, owner) in mask.iter_mut().zip(owner) {
        *mask &= owner == INSIDE;
    }
    Ok(())
}

/// The value that three quarters do not exceed: a click near the edge of a lesion still tells what it is like.
fn upper_quartile(values: &mut [i16]) -> i16 {
    if values.is_empty() {
        return 0;
    }
    let place = (values.len() - 1) * 3 / 4;
    *values.select_nth_unstable(place).1
}

/// A later stroke reaches this many times as far as it lies from what was found, and so many mm more.
const ADDED: (f64, f64) = (1.25, 1.5);
/// A later stroke that reaches farther than this may meet vessels, mm.
const OPENED_ABOVE_MM: f64 = 6.0;
/// A region's depth begins at this part of its greatest depth, and at no less than so many mm.
const DEEP: (f64, f64) = (0.35, 1.5);
/// A stroke on tissue that is no denser than aerated lung by this marks what it covers alone, HU.
const LEAST_CONTRAST_HU: i16 = 60;

/// The part of the candidates that belongs to the stroke, without the vessels that lead there.
fn part_of(voxels: &RegionVoxels<'_>, candidate: &[bool], from_seeds: &[f32], open: bool) -> Vec<bool> {
    let (size, spacing) = (voxels.size, voxels.spacing_mm);
    let to_outside = squared_distance_mm2(size, spacing, |n| !candidate[n]);
    let near = (WIDEST_WITHIN_MM * WIDEST_WITHIN_MM) as f32;
    let wide = |n: &usize| candidate[*n] && from_seeds[*n] <= near;
    let Some(widest) = (0..candidate.len()).filter(wide).max_by(|a, b| to_outside[*a].total_cmp(&to_outside[*b]))
    else {
        return vec![false; candidate.len()];
    };
    if !open {
        return connected(candidate, size, widest);
    }
    let own_mm = f64::from(to_outside[widest]).sqrt();
    let radius_mm = (own_mm * OPENING.0).min(OPENING.1);
    let r2 = (radius_mm * radius_mm) as f32;
    let core: Vec<bool> = to_outside.iter().map(|d| *d > r2).collect();
    let core = connected(&core, size, widest);
    let from_core = squared_distance_mm2(size, spacing, |n| core[n]);
    let reach = (radius_mm + REGROWN_MM).powi(2) as f32;
    let grown: Vec<bool> = (0..candidate.len()).map(|n| candidate[n] && from_core[n] <= reach).collect();
    connected(&grown, size, widest)
}
