//! Fat and muscle of the anterior chest wall on one axial slice.
//!
//! Fat between the pectoral muscles and the skin, on the slice just above the aortic arch; the reader says which slice that is. The
//! wall's muscles, bones and the lungs are closed to one body; what lies straight in front of it, towards the skin, is the fat of
//! the chest wall, and what lies straight behind its front, as far as rib, sternum or lung, is the muscle.

use super::body::{Body, axial_directions};
use super::components::Components;
use super::progress::checkpoint;
use super::{AnalysisError, Part, Progress, Proposal, QualityFlag, Structure};
use crate::volume::CtVolume;

/// What fat and muscle are taken to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChestWallParameters {
    /// HU of fat, both ends included.
    pub fat_hu: (i16, i16),
    /// HU of muscle, both ends included.
    pub muscle_hu: (i16, i16),
    /// Skin that is counted as neither, mm.
    pub skin_mm: f64,
    /// Radius of the disc that closes the wall, mm.
    pub closing_radius_mm: f64,
    /// Muscle lies no deeper than this behind the front of the wall, mm.
    pub depth_mm: f64,
    /// Smaller pieces are left out, mm².
    pub at_least_mm2: f64,
}

impl Default for ChestWallParameters {
    fn default() -> Self {
        Self {
            fat_hu: (-190, -30),
            muscle_hu: (-29, 150),
            skin_mm: 3.0,
            closing_radius_mm: 8.0,
            depth_mm: 45.0,
            at_least_mm2: 20.0,
        }
    }
}

const FAT: u8 = 1;
const MUSCLE: u8 = 2;

/// Proposes fat (label 1) and muscle (label 2) of the anterior chest wall on a volume of one axial slice. `lungs` holds one value
/// per pixel, row by row, 0 outside.
///
/// # Errors
/// [`AnalysisError::NotAxial`], [`AnalysisError::GridMismatch`], [`AnalysisError::NoLungs`] if no lung is on the slice,
/// [`AnalysisError::ClippedBody`] if the field of view cuts the body off, [`AnalysisError::Cancelled`].
pub fn propose_chest_wall(
    volume: &CtVolume,
    lungs: &[u8],
    parameters: &ChestWallParameters,
    progress: &mut dyn Progress,
) -> Result<Proposal, AnalysisError> {
    checkpoint(progress, 0.0)?;
    let grid = volume.grid();
    let [_, to_back] = axial_directions(grid).ok_or(AnalysisError::NotAxial)?;
    let hu = volume.pixels(0).filter(|_| grid.size()[2] == 1).ok_or(AnalysisError::GridMismatch)?;
    if lungs.len() != hu.len() {
        return Err(AnalysisError::GridMismatch);
    }
    if lungs.iter().all(|l| *l == 0) {
        return Err(AnalysisError::NoLungs);
    }
    let body = Body::of(hu, grid).ok_or(AnalysisError::NoLungs)?;
    if body.is_clipped {
        return Err(AnalysisError::ClippedBody);
    }
    checkpoint(progress, 0.4)?;
    let wall = wall(&body, hu, lungs, parameters);
    checkpoint(progress, 0.7)?;
    let [ni, nj] = body.size;
    let rows = lung_rows(lungs, ni);
    let middle = rows.iter().enumerate().map(|(j, n)| j as u64 * n).sum::<u64>() / rows.iter().sum::<u64>().max(1);
    let mut labels = vec![0u8; hu.len()];
    // From the front to the back, whichever way rows run.
    let row = |step: usize| if to_back { step } else { nj - 1 - step };
    let last = if to_back { middle as usize } else { nj - 1 - middle as usize };
    let deepest = (parameters.depth_mm / body.spacing_mm[1]) as usize;
    for i in 0..ni {
        let at = |step: usize| row(step) * ni + i;
        let Some(front) = (0..last).find(|step| wall[at(*step)] == 1) else { continue };
        for n in (0..front).map(at).filter(|n| body.mask[*n] == 1) {
            if (parameters.fat_hu.0..=parameters.fat_hu.1).contains(&hu[n]) {
                labels[n] = FAT;
            }
        }
        let is_end = |n: usize| lungs[n] != 0 || mean_about(hu, body.size, n) > parameters.muscle_hu.1;
        let Some(end) = (front..(front + deepest).min(nj)).find(|step| is_end(at(*step))) else { continue };
        for n in (front..end).map(at) {
            if (parameters.muscle_hu.0..=parameters.muscle_hu.1).contains(&hu[n]) {
                labels[n] = MUSCLE;
            }
        }
    }
    let pixel_mm2 = body.spacing_mm[0] * body.spacing_mm[1];
    for label in [FAT, MUSCLE] {
        let parts = Components::of(&labels, [ni, nj, 1], |l| *l == label);
        let small: Vec<bool> =
            parts.list.iter().map(|p| (p.voxels as f64) * pixel_mm2 < parameters.at_least_mm2).collect();
        for (_, run) in parts.runs().filter(|(n, _)| small[*n]) {
            labels[run].fill(0);
        }
    }
    checkpoint(progress, 1.0)?;
    let part =
        |structure, label| Part { structure, label, voxels: labels.iter().filter(|l| **l == label).count() as u64 };
    Ok(Proposal {
        algorithm: "Hilum anterior chest wall on one slice".to_owned(),
        parameters: format!(
            "fat_hu={}..{}; muscle_hu={}..{}; skin_mm={}; closing_radius_mm={}; depth_mm={}; at_least_mm2={}",
            parameters.fat_hu.0,
            parameters.fat_hu.1,
            parameters.muscle_hu.0,
            parameters.muscle_hu.1,
            parameters.skin_mm,
            parameters.closing_radius_mm,
            parameters.depth_mm,
            parameters.at_least_mm2,
        ),
        parts: vec![part(Structure::SubcutaneousFat, FAT), part(Structure::SkeletalMuscle, MUSCLE)],
        flags: if body.has_arms { vec![QualityFlag::ArmsInPicture] } else { Vec::new() },
        labels,
    })
}

/// Muscle, bone and lung closed to one body, without the skin.
fn wall(body: &Body, hu: &[i16], lungs: &[u8], parameters: &ChestWallParameters) -> Vec<u8> {
    let outside: Vec<u8> = body.mask.iter().map(|m| 1 - m).collect();
    let skin = body.dilated(&outside, parameters.skin_mm);
    let solid: Vec<u8> =
        (0..hu.len()).map(|n| u8::from(skin[n] == 0 && (hu[n] >= parameters.muscle_hu.0 || lungs[n] != 0))).collect();
    // Small vessels in the fat hang by threads.
    let solid = body.opened(&solid, 1.5);
    let closed = body.filled(&body.closed(&solid, parameters.closing_radius_mm));
    let mut wall = body.largest(&closed);
    for (wall, (hu, lung)) in wall.iter_mut().zip(hu.iter().zip(lungs)) {
        // Closing bridges hollows full of fat at the front: these stay fat.
        if *lung == 0 && *hu < parameters.muscle_hu.0 {
            *wall = 0;
        }
    }
    body.opened(&wall, 1.0)
}

/// Mean HU of a pixel and the eight about it: one noisy pixel is no bone.
fn mean_about(hu: &[i16], [ni, nj]: [usize; 2], n: usize) -> i16 {
    let (i, j) = (n % ni, n / ni);
    let (mut sum, mut count) = (0i32, 0i32);
    for j in j.saturating_sub(1)..(j + 2).min(nj) {
        for hu in &hu[j * ni + i.saturating_sub(1)..j * ni + (i + 2).min(ni)] {
            sum += i32::from(*hu);
            count += 1;
        }
    }
    (sum / count.max(1)) as i16
}

/// Pixels of lung on each row.
fn lung_rows(lungs: &[u8], ni: usize) -> Vec<u64> {
    lungs.chunks_exact(ni).map(|row| row.iter().filter(|l| **l != 0).count() as u64).collect()
}
