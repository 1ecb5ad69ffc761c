//! Opacities inside the lungs.
//!
//! Lung denser than −700 HU, after averaging so that noise does not count, and thicker than a vessel: threshold quantification of
//! ground glass and consolidation as in G. Colombi et al., "Well-aerated lung on admitting chest CT to predict adverse outcome in
//! COVID-19 pneumonia", Radiology 296 (2020) E86–E96; thin bright structures are taken off by a ball's opening: J. Serra, "Image
//! Analysis and Mathematical Morphology", Academic Press 1982.

use super::coarse::Coarse;
use super::components::Components;
use super::progress::checkpoint;
use super::{AnalysisError, Part, Progress, Proposal, Structure, ball};
use crate::volume::CtVolume;

/// What an opacity is taken to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LesionParameters {
    /// Least mean HU.
    pub hu_at_least: i16,
    /// Greatest mean HU; consolidation enhanced by contrast stays below it.
    pub hu_at_most: i16,
    /// From this on a thin structure is a vessel, HU.
    pub dense_at_least_hu: i16,
    /// Dense structures thinner than this radius are vessels, mm.
    pub vessel_radius_mm: f64,
    /// Opacities thinner than this radius are left out, mm.
    pub thickness_radius_mm: f64,
    /// Smaller opacities are left out, ml.
    pub at_least_ml: f64,
}

impl Default for LesionParameters {
    fn default() -> Self {
        Self {
            hu_at_least: -700,
            hu_at_most: 150,
            dense_at_least_hu: -250,
            vessel_radius_mm: 5.0,
            thickness_radius_mm: 3.0,
            at_least_ml: 0.3,
        }
    }
}

/// How far a vessel blurs into the lung around it, mm.
const BLUR_MM: f64 = 2.0;
/// How far from what the opening left an opacity may reach, mm.
const REGROWN_MM: f64 = 3.5;

const NOT_LUNG: i16 = i16::MIN;
const LUNG: u8 = 1;
const CANDIDATE: u8 = 2;
const LESION: u8 = 3;

/// Proposes the opacities (label 1) inside the lungs. `lungs` holds one value per voxel, `[k, j, i]`, 0 outside. Slices that never
/// arrived get no labels.
///
/// # Errors
/// [`AnalysisError::GridMismatch`] if `lungs` is not of the volume's size, [`AnalysisError::NoLungs`] if it is empty,
/// [`AnalysisError::Cancelled`].
pub fn propose_lesions(
    volume: &CtVolume,
    lungs: &[u8],
    parameters: &LesionParameters,
    progress: &mut dyn Progress,
) -> Result<Proposal, AnalysisError> {
    checkpoint(progress, 0.0)?;
    if lungs.len() != volume.grid().voxel_count() {
        return Err(AnalysisError::GridMismatch);
    }
    if lungs.iter().all(|v| *v == 0) {
        return Err(AnalysisError::NoLungs);
    }
    let coarse = Coarse::new(volume, Some(lungs), NOT_LUNG).ok_or(AnalysisError::NoLungs)?;
    checkpoint(progress, 0.3)?;
    let (size, spacing) = (coarse.grid.size(), coarse.grid.spacing_mm());
    let median = median_of_neighbours(&coarse);
    let range = parameters.hu_at_least..=parameters.hu_at_most;
    let mut state: Vec<u8> = median
        .iter()
        .map(|hu| match *hu {
            NOT_LUNG => 0,
            hu if range.contains(&hu) => CANDIDATE,
            _ => LUNG,
        })
        .collect();
    checkpoint(progress, 0.55)?;
    // A vessel: dense and thin. The cells around it share its density without being ground glass.
    let dense: Vec<u8> = median.iter().map(|hu| u8::from(*hu >= parameters.dense_at_least_hu)).collect();
    let mut vessel = dense.clone();
    ball::open(&dense, size, spacing, parameters.vessel_radius_mm, |d| d == 1, |o| vessel[o] = 0);
    let mut blurred = Vec::new();
    ball::dilate(&vessel, size, spacing, BLUR_MM, |v| v == 1, |o| blurred.push(o));
    let mut free = state.clone();
    for offset in blurred {
        free[offset] = 0;
    }
    checkpoint(progress, 0.65)?;
    let mut core = vec![0u8; state.len()];
    ball::open(&free, size, spacing, parameters.thickness_radius_mm, |s| s == CANDIDATE, |o| core[o] = 1);
    checkpoint(progress, 0.75)?;
    // Back to the outline the opening rounded off, and over the vessels inside an opacity, but not along those that lead in.
    let mut lesion = vec![0u8; state.len()];
    ball::dilate(&core, size, spacing, REGROWN_MM, |c| c == 1, |o| lesion[o] = u8::from(free[o] == CANDIDATE));
    let mut spanned = Vec::new();
    ball::close(&lesion, size, spacing, parameters.vessel_radius_mm, |l| l == 1, |o| spanned.push(o));
    for offset in spanned {
        lesion[offset] = 1;
    }
    for (state, lesion) in state.iter_mut().zip(lesion) {
        if *state == CANDIDATE && lesion == 1 {
            *state = LESION;
        }
    }
    let found = Components::of(&state, size, |s| *s == LESION);
    for (n, run) in found.runs() {
        if found.list[n].voxels as f64 * coarse.cell_mm3() < parameters.at_least_ml * 1000.0 {
            state[run].fill(LUNG);
        }
    }
    checkpoint(progress, 0.85)?;
    let (labels, voxels) = refine(volume, lungs, &coarse, &state);
    checkpoint(progress, 1.0)?;
    Ok(Proposal {
        algorithm: "Hilum opacities by threshold and opening".to_owned(),
        parameters: format!(
            "hu_at_least={}; hu_at_most={}; dense_at_least_hu={}; vessel_radius_mm={}; thickness_radius_mm={}; at_least_ml={}",
            parameters.hu_at_least,
            parameters.hu_at_most,
            parameters.dense_at_least_hu,
            parameters.vessel_radius_mm,
            parameters.thickness_radius_mm,
            parameters.at_least_ml,
        ),
        parts: vec![Part { structure: Structure::Lesion, label: 1, voxels }],
        flags: Vec::new(),
        labels,
    })
}

/// Median over a cell and the six that share a face with it, those outside the lungs left out.
fn median_of_neighbours(coarse: &Coarse) -> Vec<i16> {
    let [ni, nj, nk] = coarse.grid.size();
    let hu = &coarse.hu;
    let mut out = vec![NOT_LUNG; hu.len()];
    let mut values = [0i16; 7];
    for (offset, middle) in hu.iter().enumerate().filter(|(_, v)| **v != NOT_LUNG) {
        let (i, j, k) = (offset % ni, offset / ni % nj, offset / (ni * nj));
        values[0] = *middle;
        let mut count = 1;
        let mut take = |inside: bool, at: usize| {
            if inside && hu[at] != NOT_LUNG {
                values[count] = hu[at];
                count += 1;
            }
        };
        take(i > 0, offset.wrapping_sub(1));
        take(i + 1 < ni, offset + 1);
        take(j > 0, offset.wrapping_sub(ni));
        take(j + 1 < nj, offset + ni);
        take(k > 0, offset.wrapping_sub(ni * nj));
        take(k + 1 < nk, offset + ni * nj);
        let values = &mut values[..count];
        values.sort_unstable();
        out[offset] = values[(count - 1) / 2];
    }
    out
}

/// The lung voxels of lesion cells, and their number.
fn refine(volume: &CtVolume, lungs: &[u8], coarse: &Coarse, state: &[u8]) -> (Vec<u8>, u64) {
    let fine = volume.grid().size();
    let size = coarse.grid.size();
    let mut labels = vec![0u8; lungs.len()];
    let mut voxels = 0;
    for row in 0..fine[1] * fine[2] {
        let (j, k) = (row % fine[1] / coarse.factor[1], row / fine[1] / coarse.factor[2]);
        let cells = &state[(k * size[1] + j) * size[0]..][..size[0]];
        if coarse.is_absent(row / fine[1]) || !cells.contains(&LESION) {
            continue;
        }
        let span = row * fine[0]..(row + 1) * fine[0];
        let parts = labels[span.clone()].chunks_mut(coarse.factor[0]).zip(lungs[span].chunks(coarse.factor[0]));
        for ((out, inside), _) in parts.zip(cells).filter(|(_, s)| **s == LESION) {
            for (label, inside) in out.iter_mut().zip(inside) {
                *label = u8::from(*inside != 0);
                voxels += u64::from(*label);
            }
        }
    }
    (labels, voxels)
}
