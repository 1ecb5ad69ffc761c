//! Opacities inside the lungs: ground glass and consolidation.
//!
//! Lung denser than −700 HU, after averaging so that noise does not count, and thicker than a vessel: threshold quantification of
//! ground glass and consolidation as in G. Colombi et al., "Well-aerated lung on admitting chest CT to predict adverse outcome in
//! COVID-19 pneumonia", Radiology 296 (2020) E86–E96; thin bright structures are taken off by a ball's opening: J. Serra, "Image
//! Analysis and Mathematical Morphology", Academic Press 1982. What is at least −250 HU within an opacity is consolidation (Negroni et
//! al., "COVID-19 CT scan lung segmentation: how we do it", J. Digit. Imaging 2022), unless it is as thin as a vessel.

use super::coarse::Coarse;
use super::components::Components;
use super::progress::checkpoint;
use super::{AnalysisError, Part, Progress, Proposal, QualityFlag, Structure, ball};
use crate::geometry::Grid;
use crate::volume::{CtVolume, PackedLabels};
use std::borrow::Borrow;

/// What an opacity is taken to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LesionParameters {
    /// Least mean HU.
    pub hu_at_least: i16,
    /// Greatest mean HU: what is denser is a vessel or calcium (M. Negroni's range ends there).
    pub hu_at_most: i16,
    /// From this on an opacity is consolidation, and a thin structure a vessel, HU.
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
            hu_at_most: 100,
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

/// Half way between lung and soft tissue: where a consolidation that is blurred ends, HU.
const BORDER_HU: i16 = -400;

/// On slices farther apart than this vessels and the edge of the lung blur into what looks like ground glass, mm.
const THICK_MM: f64 = 3.0;
/// Less than this share of the lungs is found in healthy ones too: in 98 of 100 (S. Chaganti et al., Radiol. Artif. Intell. 2 (2020)
/// e200048).
const HEALTHY: f64 = 0.01;

const NOT_LUNG: i16 = i16::MIN;
const LUNG: u8 = 1;
const CANDIDATE: u8 = 2;
const GROUND_GLASS: u8 = 3;
const CONSOLIDATION: u8 = 4;

/// Proposes ground glass (label 1) and consolidation (label 2) inside the lungs. `lungs` holds one value per voxel, `[k, j, i]`, 0
/// outside. Slices that never arrived get no labels. A volume that is given away is let go of as soon as its cells are known: that halves
/// the memory needed at once.
///
/// # Errors
/// [`AnalysisError::GridMismatch`] if `lungs` is not of the volume's size, [`AnalysisError::NoLungs`] if it is empty,
/// [`AnalysisError::Cancelled`].
pub fn propose_lesions(
    volume: impl Borrow<CtVolume>,
    lungs: Vec<u8>,
    parameters: &LesionParameters,
    progress: &mut dyn Progress,
) -> Result<Proposal, AnalysisError> {
    checkpoint(progress, 0.0)?;
    let grid = *volume.borrow().grid();
    if lungs.len() != grid.voxel_count() {
        return Err(AnalysisError::GridMismatch);
    }
    if lungs.iter().all(|v| *v == 0) {
        return Err(AnalysisError::NoLungs);
    }
    let coarse = Coarse::new(volume.borrow(), Some(&lungs), NOT_LUNG).ok_or(AnalysisError::NoLungs)?;
    drop(volume);
    let packed = PackedLabels::of(&lungs);
    drop(lungs);
    propose_in_cells(&grid, &packed, &coarse, parameters, progress)
}

/// What makes opacities doubtful that an algorithm found and nobody touched: `fraction` is their share of the lungs, `slices_mm` how far
/// slices are apart. Without any there is nothing to doubt.
pub fn opacity_flags(fraction: f64, slices_mm: f64) -> Vec<QualityFlag> {
    let like_healthy = (fraction < HEALTHY).then_some(QualityFlag::LikeHealthy { fraction });
    let thick = (slices_mm > THICK_MM + 0.01).then_some(QualityFlag::ThickSlices { mm: slices_mm });
    like_healthy.into_iter().chain(thick).filter(|_| fraction > 0.0).collect()
}

fn propose_in_cells(
    grid: &Grid,
    lungs: &PackedLabels,
    coarse: &Coarse,
    parameters: &LesionParameters,
    progress: &mut dyn Progress,
) -> Result<Proposal, AnalysisError> {
    checkpoint(progress, 0.3)?;
    let (size, spacing) = (coarse.grid.size(), coarse.grid.spacing_mm());
    let median = median_of_neighbours(coarse);
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
    let mut free = state.clone();
    ball::dilate(&vessel, size, spacing, BLUR_MM, |v| v == 1, |o| free[o] = 0);
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
            *state = GROUND_GLASS;
        }
    }
    let at_least_cells = parameters.at_least_ml * 1000.0 / coarse.cell_mm3();
    turn_small(&mut state, size, GROUND_GLASS, LUNG, at_least_cells);
    checkpoint(progress, 0.8)?;
    let is_solid = |o: usize| dense[o] == 1 && vessel[o] == 0;
    consolidate(&mut state, &median, is_solid, coarse, parameters);
    turn_small(&mut state, size, CONSOLIDATION, GROUND_GLASS, at_least_cells);
    // What is left of the ground glass of a consolidation is its blurred border.
    turn_small(&mut state, size, GROUND_GLASS, CONSOLIDATION, at_least_cells);
    checkpoint(progress, 0.9)?;
    let (labels, [_, glass, solid], inside) = refine(grid, lungs, coarse, &state);
    let flags = opacity_flags((glass + solid) as f64 / inside.max(1) as f64, grid.spacing_mm()[2]);
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
        parts: vec![
            Part { structure: Structure::GroundGlass, label: 1, voxels: glass },
            Part { structure: Structure::Consolidation, label: 2, voxels: solid },
        ],
        flags,
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

/// Gives pieces of one state that are smaller than so many cells another.
fn turn_small(state: &mut [u8], size: [usize; 3], from: u8, to: u8, at_least_cells: f64) {
    let found = Components::of(state, size, |s| *s == from);
    for (n, run) in found.runs() {
        if (found.list[n].voxels as f64) < at_least_cells {
            state[run].fill(to);
        }
    }
}

/// Tells consolidation from ground glass: what is solid, out to the outline that opening rounded off. Where its density blurs into
/// air there is a border of medium density, which is no ground glass unless it is thick: half of it is consolidation, half lung.
fn consolidate(
    state: &mut [u8],
    median: &[i16],
    is_solid: impl Fn(usize) -> bool,
    coarse: &Coarse,
    parameters: &LesionParameters,
) {
    let (size, spacing) = (coarse.grid.size(), coarse.grid.spacing_mm());
    let core: Vec<u8> = (0..state.len()).map(|o| u8::from(state[o] == GROUND_GLASS && is_solid(o))).collect();
    if !core.contains(&1) {
        return;
    }
    let mut solid = core.clone();
    ball::dilate(
        &core,
        size,
        spacing,
        REGROWN_MM,
        |c| c == 1,
        |o| {
            if state[o] == GROUND_GLASS && median[o] >= parameters.dense_at_least_hu {
                solid[o] = 1;
            }
        },
    );
    for (state, _) in state.iter_mut().zip(&solid).filter(|(_, s)| **s == 1) {
        *state = CONSOLIDATION;
    }
    let mut wide = vec![0; state.len()];
    ball::open(state, size, spacing, parameters.thickness_radius_mm, |s| s == GROUND_GLASS, |o| wide[o] = 1);
    let mut kept = wide.clone();
    ball::dilate(&wide, size, spacing, REGROWN_MM, |w| w == 1, |o| kept[o] = 1);
    let mut border = Vec::new();
    ball::dilate(
        &solid,
        size,
        spacing,
        REGROWN_MM,
        |s| s == 1,
        |o| {
            if state[o] == GROUND_GLASS && kept[o] == 0 {
                border.push(o);
            }
        },
    );
    for offset in border {
        state[offset] = if median[offset] >= BORDER_HU { CONSOLIDATION } else { LUNG };
    }
}

/// The lung voxels of cells that are opacities, labelled; the number of each label, and of lung voxels.
fn refine(grid: &Grid, lungs: &PackedLabels, coarse: &Coarse, state: &[u8]) -> (Vec<u8>, [u64; 3], u64) {
    let [ni, nj, _] = grid.size();
    let size = coarse.grid.size();
    let (mut voxels, mut inside, mut row) = ([0; 3], 0, 0);
    let mut labels = vec![0; grid.voxel_count()];
    lungs.rows(ni, |lungs| {
        let (j, k) = (row % nj / coarse.factor[1], row / nj / coarse.factor[2]);
        let cells = &state[(k * size[1] + j) * size[0]..][..size[0]];
        let labels = &mut labels[row * ni..(row + 1) * ni];
        let is_absent = coarse.is_absent(row / nj);
        row += 1;
        if is_absent {
            return;
        }
        inside += lungs.iter().filter(|lung| **lung != 0).count() as u64;
        if !cells.iter().any(|c| *c >= GROUND_GLASS) {
            return;
        }
        for ((labels, lungs), cell) in
            labels.chunks_mut(coarse.factor[0]).zip(lungs.chunks(coarse.factor[0])).zip(cells)
        {
            let label = cell.saturating_sub(GROUND_GLASS - 1);
            for (out, _) in labels.iter_mut().zip(lungs).filter(|(_, lung)| **lung != 0) {
                *out = label;
                voxels[usize::from(label)] += 1;
            }
        }
    });
    (labels, voxels, inside)
}
