//! The lungs, right and left, without trachea and main bronchi.
//!
//! Air inside the body, the airways taken out, the two lungs parted if they hang together, each closed by a ball so that vessels and
//! dense disease at the pleura stay inside: S. Hu, E. A. Hoffman, J. M. Reinhardt, "Automatic lung segmentation for accurate
//! quantitation of volumetric X-ray CT images", IEEE Trans. Med. Imaging 20 (2001) 490–498. Shape is found on cells of about
//! 1.5 mm; the edge of air is then drawn voxel by voxel.

use super::cells::{Cells, cell};
use super::coarse::Coarse;
use super::components::Components;
use super::progress::checkpoint;
use super::{AnalysisError, Part, Progress, Proposal, QualityFlag, Structure, airways, ball, sides};
use crate::geometry::PatientVector;
use crate::volume::CtVolume;
use std::ops::Range;

/// What lungs are taken to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LungParameters {
    /// Air is below this, HU.
    pub air_below_hu: i16,
    /// The mean of a cell that closing adds is below this, HU: no bone, but enhanced nodules.
    pub added_below_hu: i16,
    /// Radius of the closing ball, mm.
    pub closing_radius_mm: f64,
    /// Airways thinner than this radius stay with the lung, mm.
    pub airway_radius_mm: f64,
    /// Trachea and bronchi hold at most this, ml; more is a leak.
    pub airways_at_most_ml: f64,
    /// Both lungs together hold at least this, ml.
    pub lungs_at_least_ml: f64,
}

impl Default for LungParameters {
    fn default() -> Self {
        Self {
            air_below_hu: -400,
            added_below_hu: 150,
            closing_radius_mm: 10.0,
            airway_radius_mm: 3.0,
            airways_at_most_ml: 150.0,
            lungs_at_least_ml: 200.0,
        }
    }
}

/// Distance from an airway that belongs to its wall, mm.
const WALL_MM: f64 = 2.2;
/// Lungs that come apart only deeper than this are said to be joined, mm.
const WIDE_CONTACT_MM: f64 = 5.0;
/// Smaller pieces of air beside the largest are left to the closing, ml.
const PIECE_ML: f64 = 30.0;
/// Smaller pieces than this must look like lung rather than bowel gas, ml.
const DOUBTFUL_ML: f64 = 400.0;
/// Cells below this are plain air, HU.
const PLAIN_AIR_HU: i16 = -960;

/// Between neighbouring planes the area of a lung changes by less than this share of its largest, and this share for each mm
/// between them. On the CTs of the tests it is at most 0.04 a mm.
const LEAST_JUMP: (f64, f64) = (0.2, 0.05);

const RIGHT: u8 = 1;
const LEFT: u8 = 2;
const AIRWAY: u8 = 3;

/// Proposes the right lung (label 1), the left lung (2) and the airways (3).
///
/// Dense disease thicker than twice the closing radius that reaches the pleura or the mediastinum is left out: the reader adds it.
/// Slices that never arrived (all [`CtVolume::MISSING_HU`]) get no labels and do not disturb the others.
///
/// # Errors
/// [`AnalysisError::NoLungs`] if the body holds too little air, [`AnalysisError::Cancelled`].
pub fn propose_lungs(
    volume: &CtVolume,
    parameters: &LungParameters,
    progress: &mut dyn Progress,
) -> Result<Proposal, AnalysisError> {
    checkpoint(progress, 0.0)?;
    let coarse = Coarse::new(volume, None, CtVolume::MISSING_HU).ok_or(AnalysisError::NoLungs)?;
    checkpoint(progress, 0.15)?;
    let mut cells = Cells::new(&coarse, parameters.air_below_hu);
    let midline_mm = cells.midline_mm();
    checkpoint(progress, 0.25)?;
    let mut flags = Vec::new();
    take_out_airways(&mut cells, midline_mm, parameters, &mut flags);
    checkpoint(progress, 0.35)?;
    let joined = choose_lungs(&mut cells, midline_mm, parameters)?;
    checkpoint(progress, 0.4)?;
    if joined {
        match sides::part(&mut cells, cell::JOINED, midline_mm) {
            Some(depth_mm) if depth_mm < WIDE_CONTACT_MM => {}
            Some(_) => flags.push(QualityFlag::LungsWereJoined),
            None => one_side(&mut cells, midline_mm),
        }
    }
    checkpoint(progress, 0.5)?;
    let air = count_lungs(&cells);
    close(&mut cells, cell::RIGHT, parameters);
    checkpoint(progress, 0.65)?;
    close(&mut cells, cell::LEFT, parameters);
    checkpoint(progress, 0.8)?;
    fill_holes(&mut cells);
    judge(&cells, air, &mut flags);
    checkpoint(progress, 0.85)?;
    let (labels, counts) = refine(volume, &cells, parameters);
    checkpoint(progress, 1.0)?;
    let part = |structure, label: u8| Part { structure, label, voxels: counts[usize::from(label)] };
    Ok(Proposal {
        algorithm: "Hilum lungs by threshold and closing".to_owned(),
        parameters: format!(
            "air_below_hu={}; added_below_hu={}; closing_radius_mm={}; airway_radius_mm={}; airways_at_most_ml={}; lungs_at_least_ml={}",
            parameters.air_below_hu,
            parameters.added_below_hu,
            parameters.closing_radius_mm,
            parameters.airway_radius_mm,
            parameters.airways_at_most_ml,
            parameters.lungs_at_least_ml,
        ),
        parts: vec![
            part(Structure::RightLung, RIGHT),
            part(Structure::LeftLung, LEFT),
            part(Structure::Airways, AIRWAY),
        ],
        flags,
        labels,
    })
}

fn take_out_airways(cells: &mut Cells<'_>, midline_mm: f64, parameters: &LungParameters, flags: &mut Vec<QualityFlag>) {
    let found = airways::find(cells, midline_mm, parameters);
    if found.is_empty() {
        flags.push(QualityFlag::NoAirwayFound);
        return;
    }
    for offset in found {
        cells.state[offset] = cell::AIRWAY;
    }
    let grid = &cells.coarse.grid;
    let mut wall = Vec::new();
    ball::dilate(&cells.state, grid.size(), grid.spacing_mm(), WALL_MM, |s| s == cell::AIRWAY, |o| wall.push(o));
    for offset in wall {
        if cells.state[offset] != cell::AIRWAY {
            cells.state[offset] = cell::WALL;
        }
    }
}

/// A piece of air inside the body.
#[derive(Clone, Copy, Default)]
struct Piece {
    voxels: u64,
    right: u64,
    sum_hu: i64,
    plain_air: u64,
}

impl Piece {
    fn mean_hu(&self) -> f64 {
        self.sum_hu as f64 / self.voxels as f64
    }
    /// Whether it is air alone, as in the bowel, rather than air with tissue.
    fn is_plain(&self, ml: f64) -> bool {
        self.mean_hu() < -980.0 || ml < DOUBTFUL_ML && (self.plain_air * 4 > self.voxels || self.mean_hu() < -940.0)
    }
}

/// Marks the lungs; whether they are in one piece ([`cell::JOINED`]).
fn choose_lungs(cells: &mut Cells<'_>, midline_mm: f64, parameters: &LungParameters) -> Result<bool, AnalysisError> {
    let air = Components::of(&cells.state, cells.coarse.grid.size(), |s| *s == cell::AIR);
    let mut pieces = vec![Piece::default(); air.list.len()];
    let large: Vec<bool> = air.list.iter().map(|c| cells.millilitres(c.voxels) >= PIECE_ML).collect();
    for (n, run) in air.runs().filter(|(n, _)| large[*n]) {
        let piece = &mut pieces[n];
        piece.voxels += run.len() as u64;
        for offset in run {
            let hu = cells.coarse.hu[offset];
            piece.sum_hu += i64::from(hu);
            piece.plain_air += u64::from(hu < PLAIN_AIR_HU);
            piece.right += u64::from(cells.x_mm(offset) < midline_mm);
        }
    }
    let mut order: Vec<usize> =
        (0..pieces.len()).filter(|n| large[*n] && !pieces[*n].is_plain(cells.millilitres(pieces[*n].voxels))).collect();
    order.sort_by_key(|n| std::cmp::Reverse(pieces[*n].voxels));
    let first = *order.first().ok_or(AnalysisError::NoLungs)?;
    let total: u64 = order.iter().map(|n| pieces[*n].voxels).sum();
    if cells.millilitres(total) < parameters.lungs_at_least_ml {
        return Err(AnalysisError::NoLungs);
    }
    let share = |n: usize| pieces[n].right as f64 / pieces[n].voxels as f64;
    let joined = (0.25..=0.75).contains(&share(first));
    // What lies beside, behind or below the largest piece (and its mirror image) is bowel or table.
    let (low, high) = (air.list[first].min, air.list[first].max);
    let mut becomes = vec![cell::AIR; pieces.len()];
    for n in order {
        let centre = air.list[n].centroid();
        let sideways = cells.coarse.grid.axis_along(PatientVector::new(1.0, 0.0, 0.0));
        let within = (0..3).filter(|a| *a != sideways).all(|a| (low[a] as f64..=high[a] as f64).contains(&centre[a]));
        becomes[n] = match () {
            () if n == first && joined => cell::JOINED,
            () if !within => cell::AIR,
            () if share(n) > 0.5 => cell::RIGHT,
            () => cell::LEFT,
        };
    }
    for (n, run) in air.runs() {
        cells.state[run].fill(becomes[n]);
    }
    Ok(joined)
}

/// Takes a joined region that cannot be parted for the lung of the side it mostly lies on.
fn one_side(cells: &mut Cells<'_>, midline_mm: f64) {
    let joined: Vec<usize> = (0..cells.state.len()).filter(|o| cells.state[*o] == cell::JOINED).collect();
    let right = joined.iter().filter(|o| cells.x_mm(**o) < midline_mm).count();
    let side = if right * 2 > joined.len() { cell::RIGHT } else { cell::LEFT };
    for offset in joined {
        cells.state[offset] = side;
    }
}

/// Closes one lung over what is neither bone nor airway, nor air around the body, nor the other lung.
fn close(cells: &mut Cells<'_>, side: u8, parameters: &LungParameters) {
    let grid = &cells.coarse.grid;
    let mut added = Vec::new();
    ball::close(
        &cells.state,
        grid.size(),
        grid.spacing_mm(),
        parameters.closing_radius_mm,
        |s| s == side,
        |o| added.push(o),
    );
    for offset in added {
        let free = matches!(cells.state[offset], cell::TISSUE | cell::AIR | cell::WALL);
        if free && cells.coarse.hu[offset] < parameters.added_below_hu {
            cells.state[offset] = side;
        }
    }
}

/// Fills what a lung encloses on all sides.
fn fill_holes(cells: &mut Cells<'_>) {
    let size = cells.coarse.grid.size();
    let rest = Components::of(&cells.state, size, |s| !cell::is_lung(*s));
    let hole: Vec<bool> = rest
        .list
        .iter()
        .map(|c| (0..3).all(|a| c.min[a] > 0 && c.max[a] + 1 < size[a]) && cells.millilitres(c.voxels) < 50.0)
        .collect();
    for (_, run) in rest.runs().filter(|(n, _)| hole[*n]) {
        // A hole's first cell in a row has lung before it.
        let side = cells.state[run.start - 1];
        for offset in run {
            if cells.state[offset] != cell::AIRWAY {
                cells.state[offset] = side;
            }
        }
    }
}

/// Cells of the right and the left lung.
fn count_lungs(cells: &Cells<'_>) -> [u64; 2] {
    let mut counts = [0; 2];
    for state in &cells.state {
        counts[0] += u64::from(*state == cell::RIGHT);
        counts[1] += u64::from(*state == cell::LEFT);
    }
    counts
}

fn judge(cells: &Cells<'_>, air: [u64; 2], flags: &mut Vec<QualityFlag>) {
    let [right, left] = count_lungs(cells);
    if right == 0 || left == 0 {
        flags.push(QualityFlag::OneLungOnly);
    } else {
        let right_to_left = right as f64 / left as f64;
        if !(0.7..=1.7).contains(&right_to_left) {
            flags.push(QualityFlag::LungRatio { right_to_left });
        }
    }
    let fraction = (right + left - air[0] - air[1]) as f64 / (right + left).max(1) as f64;
    if fraction > 0.2 {
        flags.push(QualityFlag::LargeClosing { fraction });
    }
    let jumps = [cell::RIGHT, cell::LEFT].into_iter().filter_map(|side| jump(cells, side));
    if let Some((_, z_mm)) = jumps.max_by(|a, b| a.0.total_cmp(&b.0)) {
        flags.push(QualityFlag::AreaJump { z_mm });
    }
    let spacing = cells.coarse.grid.spacing_mm();
    let last = cells.coarse.grid.size()[cells.vertical] - 1;
    let [top, bottom] = [0, last].map(|depth| {
        let lung = cells.plane(depth).state.iter().filter(|s| cell::is_lung(**s)).count();
        lung as f64 * spacing[cells.axes[0]] * spacing[cells.axes[1]] > 200.0
    });
    if top || bottom {
        flags.push(QualityFlag::LungsTouchEnd { bottom, top });
    }
}

/// The greatest change of a lung's area between neighbouring planes, as a share of its largest area, and the patient z where it
/// is; `None` if no change is abrupt.
fn jump(cells: &Cells<'_>, side: u8) -> Option<(f64, f64)> {
    let planes = 0..cells.coarse.grid.size()[cells.vertical];
    let areas: Vec<f64> =
        planes.map(|depth| cells.plane(depth).state.iter().filter(|s| **s == side).count() as f64).collect();
    let largest = areas.iter().copied().fold(1.0, f64::max);
    let least = LEAST_JUMP.0 + LEAST_JUMP.1 * cells.coarse.grid.spacing_mm()[cells.vertical];
    let changes = areas.windows(2).map(|w| (w[0] - w[1]).abs() / largest).enumerate();
    let (depth, change) = changes.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|c| c.1 > least)?;
    let heights = [depth, depth + 1].map(|depth| {
        let plane = cells.plane(depth);
        cells.z_mm(plane.offset(plane.state.len() / 2))
    });
    let z_mm = (heights[0] + heights[1]) / 2.0;
    Some((change, z_mm))
}

/// What the voxels of a cell become: a label, for voxels below `limit_hu`.
#[derive(Clone, Copy)]
struct Claim {
    label: u8,
    limit_hu: i16,
}

const NO_CLAIM: Claim = Claim { label: 0, limit_hu: i16::MIN };

/// From the first to the last cell of a row that becomes a label; empty without.
fn labelled(row: &[u8]) -> Range<usize> {
    let is_labelled = |state: &u8| label_of(*state) != 0;
    let Some(first) = row.iter().position(is_labelled) else { return 0..0 };
    first..row.iter().rposition(is_labelled).map_or(first, |last| last + 1)
}

/// The cells of row `j`, `k` that may lie next to a labelled one.
fn near_labels(labelled: &[Range<usize>], j: usize, k: usize, size: [usize; 3]) -> Range<usize> {
    let row = k * size[1] + j;
    let beside = [
        Some(row),
        row.checked_sub(1).filter(|_| j > 0),
        Some(row + 1).filter(|_| j + 1 < size[1]),
        row.checked_sub(size[1]),
        Some(row + size[1]).filter(|_| k + 1 < size[2]),
    ];
    let (mut first, mut end) = (usize::MAX, 0);
    for range in beside.into_iter().flatten().map(|row| &labelled[row]).filter(|range| !range.is_empty()) {
        (first, end) = (first.min(range.start), end.max(range.end));
    }
    if first > end { 0..0 } else { first.saturating_sub(1)..(end + 1).min(size[0]) }
}

/// Labels per voxel and their counts. Inside a lung all voxels count; at its edge those of air, also in the cells next
/// to it.
fn refine(volume: &CtVolume, cells: &Cells<'_>, parameters: &LungParameters) -> (Vec<u8>, [u64; 4]) {
    let fine = volume.grid().size();
    let coarse = cells.coarse.grid.size();
    let factor = cells.coarse.factor;
    let mut labels = vec![0u8; fine.iter().product()];
    let mut counts = [0u64; 4];
    let mut claims = vec![NO_CLAIM; coarse[0]];
    let labelled: Vec<Range<usize>> = cells.state.chunks_exact(coarse[0]).map(labelled).collect();
    for k in 0..coarse[2] {
        for j in 0..coarse[1] {
            let near = near_labels(&labelled, j, k, coarse);
            if near.is_empty() {
                continue;
            }
            claims.fill(NO_CLAIM);
            claim_row(&mut claims[near.clone()], cells, (k * coarse[1] + j) * coarse[0] + near.start, parameters);
            if claims.iter().all(|c| c.label == 0) {
                continue;
            }
            let slices = k * factor[2]..((k + 1) * factor[2]).min(fine[2]);
            for fine_k in slices.filter(|k| !cells.coarse.is_absent(*k)) {
                let Some(pixels) = volume.pixels(fine_k) else { continue };
                for fine_j in j * factor[1]..((j + 1) * factor[1]).min(fine[1]) {
                    let row = (fine_k * fine[1] + fine_j) * fine[0];
                    let hu = &pixels[fine_j * fine[0]..(fine_j + 1) * fine[0]];
                    refine_row(&mut labels[row..row + fine[0]], hu, &claims, factor[0], &mut counts);
                }
            }
        }
    }
    (labels, counts)
}

/// Labels of a row of voxels by the claims of its cells. A function of its own, like the next: browsers compile a loop well only
/// between two calls of what holds it.
#[inline(never)]
fn refine_row(labels: &mut [u8], hu: &[i16], claims: &[Claim], factor: usize, counts: &mut [u64; 4]) {
    let cells = claims.iter().zip(hu.chunks(factor)).zip(labels.chunks_mut(factor));
    for ((claim, hu), out) in cells.filter(|((c, _), _)| c.label != 0) {
        for (label, hu) in out.iter_mut().zip(hu) {
            if *hu < claim.limit_hu {
                *label = claim.label;
                counts[usize::from(claim.label)] += 1;
            }
        }
    }
}

/// Claims of the cells from `start` on.
#[inline(never)]
fn claim_row(claims: &mut [Claim], cells: &Cells<'_>, start: usize, parameters: &LungParameters) {
    for (i, claim) in claims.iter_mut().enumerate() {
        *claim = claim_of(cells, start + i, parameters);
    }
}

fn label_of(state: u8) -> u8 {
    match state {
        cell::RIGHT => RIGHT,
        cell::LEFT => LEFT,
        cell::AIRWAY => AIRWAY,
        _ => 0,
    }
}

fn claim_of(cells: &Cells<'_>, offset: usize, parameters: &LungParameters) -> Claim {
    let state = cells.state[offset];
    let is_air = |o: usize| cells.coarse.hu[o] < parameters.air_below_hu;
    let air = parameters.air_below_hu;
    match state {
        cell::AIRWAY => Claim { label: AIRWAY, limit_hu: air },
        cell::RIGHT | cell::LEFT => {
            // Where the lung ends at a cell of air, the cell holds its edge; where it was closed, it ends with the cell.
            let edge = is_air(offset) && cells.neighbours(offset).any(|n| !cell::is_lung(cells.state[n]));
            Claim { label: label_of(state), limit_hu: if edge { air } else { i16::MAX } }
        }
        cell::TISSUE | cell::WALL | cell::AIR => {
            let near = |wanted: fn(u8) -> bool| {
                cells.neighbours(offset).find(|n| wanted(cells.state[*n]) && is_air(*n)).map(|n| cells.state[n])
            };
            let beside = if state == cell::TISSUE {
                near(cell::is_lung).or_else(|| near(|s| s == cell::AIRWAY))
            } else {
                near(|s| s == cell::AIRWAY)
            };
            beside.map_or(NO_CLAIM, |s| Claim { label: label_of(s), limit_hu: air })
        }
        _ => NO_CLAIM,
    }
}
