//! Which air belongs to the right lung and which to the left.
//!
//! Lungs joined in front of the heart or behind the gullet hang together by a thin sheet. It is found by wearing the joined
//! region down until it falls into a right and a left part, which then grow back against each other, thick places first: F. Meyer,
//! "Topographic distance and watershed lines", Signal Processing 38 (1994) 113–125.

use super::cells::{Cells, cell};
use super::components::Components;

use crate::volume::squared_distance_mm2;
use std::collections::VecDeque;

/// Depths tried, millimetres.
const DEPTHS_MM: [f64; 9] = [1.6, 2.4, 3.2, 4.5, 6.0, 8.0, 10.0, 13.0, 16.0];
/// A part counts as a lung if it holds this share of what is left.
const LEAST_SHARE: f64 = 0.15;

/// Parts the cells of state `joined` into [`cell::RIGHT`] and [`cell::LEFT`]. Returns the depth in mm at which they came apart,
/// `None` if they did not.
pub(super) fn part(cells: &mut Cells<'_>, joined: u8, midline_mm: f64) -> Option<f64> {
    let coarse = cells.coarse;
    let size = coarse.grid.size();
    let depth2 = squared_distance_mm2(size, coarse.grid.spacing_mm(), |o| cells.state[o] != joined);
    let (depth_mm, cores) =
        DEPTHS_MM.iter().find_map(|d| Some((*d, cores(cells, &depth2, (d * d) as f32, midline_mm)?)))?;
    // Cells wait in the bucket of their depth; the deepest go first, equals in turn.
    let bucket = |offset: usize| (depth2[offset].sqrt() * 2.0).min(127.0) as usize;
    let mut waiting: Vec<VecDeque<(usize, u8)>> = vec![VecDeque::new(); 128];
    for (side, offsets) in [(cell::RIGHT, &cores[0]), (cell::LEFT, &cores[1])] {
        for offset in offsets {
            cells.state[*offset] = side;
        }
    }
    for (side, offsets) in [(cell::RIGHT, &cores[0]), (cell::LEFT, &cores[1])] {
        for offset in offsets {
            for neighbour in cells.neighbours(*offset).filter(|n| cells.state[*n] == joined) {
                waiting[bucket(neighbour)].push_back((neighbour, side));
            }
        }
    }
    let mut level = waiting.len();
    while level > 0 {
        let Some((offset, side)) = waiting[level - 1].pop_front() else {
            level -= 1;
            continue;
        };
        if cells.state[offset] != joined {
            continue;
        }
        cells.state[offset] = side;
        for neighbour in cells.neighbours(offset).filter(|n| cells.state[*n] == joined) {
            let at = bucket(neighbour);
            waiting[at].push_back((neighbour, side));
            level = level.max(at + 1);
        }
    }
    // What no core reached belongs to the side it lies on.
    for offset in 0..cells.state.len() {
        if cells.state[offset] == joined {
            cells.state[offset] = if cells.x_mm(offset) < midline_mm { cell::RIGHT } else { cell::LEFT };
        }
    }
    Some(depth_mm)
}

/// The cells deeper than a limit, as the right and the left core, if they are in two large parts on two sides.
fn cores(cells: &Cells<'_>, depth2: &[f32], limit2: f32, midline_mm: f64) -> Option<[Vec<usize>; 2]> {
    let coarse = cells.coarse;
    let parts = Components::of(depth2, coarse.grid.size(), |d| d.is_finite() && *d > limit2);
    let total: u64 = parts.list.iter().map(|c| c.voxels).sum();
    let mut order: Vec<usize> = (0..parts.list.len()).collect();
    order.sort_by_key(|n| std::cmp::Reverse(parts.list[*n].voxels));
    let &[first, second, ..] = order.as_slice() else { return None };
    if (parts.list[second].voxels as f64) < LEAST_SHARE * total as f64 {
        return None;
    }
    let x = [first, second].map(|n| cells.x_of(parts.list[n].centroid()));
    let (right, left) = if x[0] < x[1] { (first, second) } else { (second, first) };
    if (x[0] - midline_mm).signum() == (x[1] - midline_mm).signum() {
        return None;
    }
    let of = |n: usize| parts.runs().filter(|(c, _)| *c == n).flat_map(|(_, run)| run).collect();
    Some([of(right), of(left)])
}
