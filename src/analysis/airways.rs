//! Trachea and main bronchi.
//!
//! A round column of air near the middle of the upper chest is the trachea; from it a region grows under a rising HU limit until
//! its volume explodes, and the step before the leak is kept: K. Mori et al., "Automated extraction and visualization of bronchus
//! from 3D CT images of lung", CVRMed 1995, LNCS 905, 542–548. Thin bronchi are taken off again by an opening.

use super::ball;
use super::cells::{Cells, cell};
use super::components::Components;
use super::lungs::LungParameters;

/// Least length of the trachea, millimetres.
const TRACHEA_MM: f64 = 15.0;
/// HU limits of its cross-section: a low one where its wall is too thin to be seen between it and the lung.
const TRACHEA_BELOW_HU: [i16; 2] = [-700, -920];
/// HU limits of the growth.
const LIMITS_HU: std::ops::RangeInclusive<i16> = -950..=-775;
const LIMIT_STEP_HU: usize = 25;
/// A growth beyond this factor and this much more, ml, is a leak.
const LEAK: (f64, f64) = (1.5, 8.0);

/// Cells of the trachea and the main bronchi; empty if no trachea is found.
pub(super) fn find(cells: &Cells<'_>, midline_mm: f64, parameters: &LungParameters) -> Vec<usize> {
    let seeds = TRACHEA_BELOW_HU.map(|limit| trachea(cells, midline_mm, limit));
    let seed = seeds.into_iter().max_by_key(Vec::len).unwrap_or_default();
    if seed.is_empty() {
        return seed;
    }
    let coarse = cells.coarse;
    let size = coarse.grid.size();
    let mut mask = vec![0u8; coarse.hu.len()];
    let grown = grow(cells, &seed, parameters.airways_at_most_ml);
    for offset in &grown {
        mask[*offset] = 1;
    }
    let mut thick = Vec::new();
    ball::open(&mask, size, coarse.grid.spacing_mm(), parameters.airway_radius_mm, |v| v == 1, |o| thick.push(o));
    for offset in thick.iter().chain(&seed) {
        mask[*offset] = 2;
    }
    let parts = Components::of(&mask, size, |v| *v == 2);
    let Some(trachea) = seed.first().and_then(|o| parts.at(*o)) else { return seed };
    parts.runs().filter(|(n, _)| *n == trachea).flat_map(|(_, run)| run).collect()
}

/// A column of round cross-sections followed downwards.
struct Column {
    cells: Vec<usize>,
    planes: usize,
    last: (usize, [f64; 2]),
}

/// The longest column of air below a limit that looks like the trachea.
fn trachea(cells: &Cells<'_>, midline_mm: f64, below_hu: i16) -> Vec<usize> {
    let coarse = cells.coarse;
    let spacing = coarse.grid.spacing_mm();
    let [u, v] = cells.axes;
    let mm = [spacing[u], spacing[v]];
    let mut columns: Vec<Column> = Vec::new();
    let planes = coarse.grid.size()[cells.vertical];
    for depth in 0..planes * 3 / 5 {
        let mut plane = cells.plane(depth);
        for n in 0..plane.state.len() {
            if coarse.hu[plane.offset(n)] >= below_hu {
                plane.state[n] = cell::TISSUE;
            }
        }
        let found = Components::of(&plane.state, [plane.size[0], plane.size[1], 1], |s| *s == cell::AIR);
        let round: Vec<usize> = (0..found.list.len()).filter(|n| is_round(&found, *n, mm)).collect();
        for n in round {
            let centre = found.list[n].centroid();
            let offsets: Vec<usize> =
                found.runs().filter(|(c, _)| *c == n).flat_map(|(_, run)| run.map(|o| plane.offset(o))).collect();
            let mean = offsets.iter().map(|o| i64::from(coarse.hu[*o])).sum::<i64>() / offsets.len() as i64;
            let middle = offsets.iter().map(|o| cells.x_mm(*o)).sum::<f64>() / offsets.len() as f64;
            if mean > -800 || (middle - midline_mm).abs() > 40.0 {
                continue;
            }
            let apart = |c: &Column| ((c.last.1[0] - centre[0]) * mm[0]).hypot((c.last.1[1] - centre[1]) * mm[1]);
            let here = (depth, [centre[0], centre[1]]);
            let above = columns
                .iter_mut()
                .filter(|c| c.last.0 < depth && depth - c.last.0 <= 2 && apart(c) < 8.0)
                .min_by(|a, b| apart(a).total_cmp(&apart(b)));
            match above {
                Some(column) => {
                    column.cells.extend(offsets);
                    column.planes += 1;
                    column.last = here;
                }
                None => columns.push(Column { cells: offsets, planes: 1, last: here }),
            }
        }
    }
    let longest = columns.into_iter().max_by_key(|c| c.planes);
    longest.filter(|c| c.planes as f64 * spacing[cells.vertical] >= TRACHEA_MM).map_or_else(Vec::new, |c| c.cells)
}

/// 0.5 to 7 cm², not elongated, most of its box filled.
fn is_round(found: &Components, n: usize, mm: [f64; 2]) -> bool {
    let c = &found.list[n];
    let area = c.voxels as f64 * mm[0] * mm[1];
    let [width, height] = [0, 1].map(|a| (c.max[a] - c.min[a] + 1) as f64 * mm[a]);
    (50.0..=700.0).contains(&area) && width.max(height) < 2.5 * width.min(height) && area > 0.5 * width * height
}

/// The largest region around the seed that does not leak.
fn grow(cells: &Cells<'_>, seed: &[usize], at_most_ml: f64) -> Vec<usize> {
    let coarse = cells.coarse;
    let ml = |n: usize| n as f64 * coarse.cell_mm3() / 1000.0;
    let mut taken = vec![false; coarse.hu.len()];
    let mut region = seed.to_vec();
    for offset in seed {
        taken[*offset] = true;
    }
    for limit in LIMITS_HU.step_by(LIMIT_STEP_HU) {
        let before = region.len();
        // The first limit finds the tree the seed belongs to; from then on a sudden gain is a leak.
        let bound = if limit == *LIMITS_HU.start() { at_most_ml } else { at_most_ml.min(LEAK.0 * ml(before) + LEAK.1) };
        let mut next = 0;
        while next < region.len() && ml(region.len()) <= bound {
            let offset = region[next];
            next += 1;
            for neighbour in cells.neighbours(offset) {
                if !taken[neighbour] && cells.state[neighbour] == cell::AIR && coarse.hu[neighbour] < limit {
                    taken[neighbour] = true;
                    region.push(neighbour);
                }
            }
        }
        if ml(region.len()) > bound {
            region.truncate(before);
            break;
        }
    }
    region
}
