//! A line that clings to edges: intelligent scissors.
//!
//! E. N. Mortensen, W. A. Barrett, "Interactive segmentation with intelligent scissors", Graphical Models and Image Processing 60
//! (1998) 349–384: the cheapest path over a lattice, where following an edge costs little. The edge that an anchor lies on says what
//! kind of edge is looked for, how strong and between which HU (their training on the fly), so that the border of ground glass holds
//! beside a vessel. In place of the Laplacian's zero crossings edges are thinned to where the gradient is largest across them
//! (J. Canny, IEEE Trans. Pattern Anal. Mach. Intell. 8 (1986) 679–698), which does not shift on curved borders.

use crate::geometry::{Plane, VoxelPoint};
use crate::volume::{CtVolume, sample_linear_at};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Nodes from the anchor to each side of the lattice: beyond, the line is straight.
const REACH: usize = 80;
/// Nodes of a row.
const SIDE: usize = 2 * REACH + 1;
/// Distance between nodes, mm, whatever the voxels.
const STEPS_MM: (f64, f64) = (0.3, 2.0);
/// Standard deviation of the Gaussian whose derivative the gradient is taken with, nodes; and how far it reaches.
const SIGMA: f64 = 1.2;
const TAPS: usize = 3;
/// What it costs not to be on the ridge of an edge, to be on a weaker one, on one between other HU, and to run across it.
const WEIGHTS: [f32; 4] = [0.25, 0.25, 0.3, 0.2];
/// How far from an edge the HU of its two sides are taken, nodes.
const SIDES: f32 = 2.5;
/// HU of the less dense side count this much, against those of the denser one: what a lesion lies in is alike all around it.
const LESS_DENSE: f32 = 0.65;
/// Contrast that sides are compared by at least, HU.
const LEAST_CONTRAST_HU: f32 = 60.0;
/// An edge is one when it is so many times as strong as the median of the lattice.
const OVER_MEDIAN: f32 = 2.5;
/// A node off every edge costs about this much.
const SCALE: f32 = 1000.0;
/// Eight neighbours.
const AROUND: [(isize, isize); 8] = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)];

/// Cheapest paths from an anchor over a lattice in a plane, found as far as they are asked for.
#[derive(Clone, Debug)]
pub struct Livewire {
    /// In-plane mm of the lattice's first node, and from one node to the next.
    corner: [f64; 2],
    step_mm: f64,
    anchor: usize,
    /// Length of the gradient, HU per node, and its direction.
    strength: Vec<f32>,
    across: Vec<[f32; 2]>,
    /// What each node costs by itself, 0..=1.
    own: Vec<f32>,
    cost: Vec<u32>,
    from: Vec<u32>,
    settled: Vec<bool>,
    front: BinaryHeap<Reverse<(u32, u32)>>,
}

impl Livewire {
    /// Anchored at in-plane millimetres (right, down) of a plane, or at the strongest edge within `snap_mm` of them.
    pub fn begin(volume: &CtVolume, plane: &Plane, at: [f64; 2], snap_mm: f64) -> Self {
        let finest = volume.grid().spacing_mm().into_iter().fold(f64::MAX, f64::min);
        let step_mm = finest.clamp(STEPS_MM.0, STEPS_MM.1);
        let corner = at.map(|c| c - REACH as f64 * step_mm);
        let (smoothed, strength, across) = gradient(&lattice(volume, plane, corner, step_mm));
        let count = SIDE * SIDE;
        let mut wire = Self {
            corner,
            step_mm,
            anchor: REACH * SIDE + REACH,
            strength,
            across,
            own: Vec::new(),
            cost: vec![u32::MAX; count],
            from: vec![u32::MAX; count],
            settled: vec![false; count],
            front: BinaryHeap::new(),
        };
        let strongest = wire.snapped(at, snap_mm.max(1.5 * step_mm));
        if snap_mm > 0.0 {
            wire.anchor = strongest;
        }
        wire.own = wire.own_costs(strongest, &smoothed);
        wire.cost[wire.anchor] = 0;
        wire.front.push(Reverse((0, wire.anchor as u32)));
        wire
    }

    /// Where it is anchored, in-plane mm.
    pub fn anchor(&self) -> [f64; 2] {
        self.place(self.anchor)
    }

    /// The line from the anchor, which is left out, to a place of the plane, or to the strongest edge within `snap_mm` of it.
    pub fn path_to(&mut self, at: [f64; 2], snap_mm: f64) -> Vec<[f64; 2]> {
        let reach_mm = REACH as f64 * self.step_mm;
        let is_within = (0..2).all(|a| (at[a] - self.corner[a] - reach_mm).abs() <= reach_mm);
        let snaps = is_within && snap_mm > 0.0;
        let target = if snaps { self.snapped(at, snap_mm) } else { self.nearest(at) };
        self.expand(target);
        let mut node = target;
        let mut path = vec![if snaps { self.place(target) } else { at }];
        if !is_within {
            path.push(self.place(target));
        }
        while node != self.anchor && self.from[node] != u32::MAX {
            node = self.from[node] as usize;
            path.push(self.place(node));
        }
        path.reverse();
        smooth(&mut path);
        if path.len() > 1 {
            path.remove(0);
        }
        path
    }

    /// Dijkstra's algorithm, until the cheapest path to a node is known.
    fn expand(&mut self, target: usize) {
        while !self.settled[target] {
            let Some(Reverse((cost, node))) = self.front.pop() else { return };
            let node = node as usize;
            if std::mem::replace(&mut self.settled[node], true) {
                continue;
            }
            let (u, v) = ((node % SIDE) as isize, (node / SIDE) as isize);
            for (du, dv) in AROUND {
                let (nu, nv) = (u + du, v + dv);
                if nu < 0 || nv < 0 || nu >= SIDE as isize || nv >= SIDE as isize {
                    continue;
                }
                let next = nv as usize * SIDE + nu as usize;
                if self.settled[next] {
                    continue;
                }
                let length = if du != 0 && dv != 0 { std::f32::consts::SQRT_2 } else { 1.0 };
                let way = [du as f32 / length, dv as f32 / length];
                let leaves = |n: usize| (self.across[n][0] * way[0] + self.across[n][1] * way[1]).abs();
                let turn = (leaves(node) + leaves(next)) / 2.0;
                let through = (self.own[next] + WEIGHTS[3] * turn) * length * SCALE;
                // Where all else is equal the shorter way is taken.
                let sum = cost + through as u32 + 1;
                if sum < self.cost[next] {
                    self.cost[next] = sum;
                    self.from[next] = node as u32;
                    self.front.push(Reverse((sum, next as u32)));
                }
            }
        }
    }

    /// What nodes cost by themselves, where edges like that of one node are followed.
    fn own_costs(&self, like: usize, smoothed: &[f32]) -> Vec<f32> {
        let mut all = self.strength.clone();
        let middle = all.len() / 2;
        let median = *all.select_nth_unstable_by(middle, f32::total_cmp).1;
        let wanted = self.strength[like].max(OVER_MEDIAN * median).max(1e-3);
        let sides = |n: usize| [-SIDES, SIDES].map(|off| smoothed[self.beside(n, off)]);
        let [low, high] = sides(like);
        let contrast = ((high - low) / 2.0).max(LEAST_CONTRAST_HU);
        let own = |n: usize| {
            let weak = (1.0 - self.strength[n] / wanted).max(0.0);
            let [here_low, here_high] = sides(n);
            let unlike = |here: f32, there: f32| ((here - there).abs() / contrast).min(1.0);
            let sides = LESS_DENSE * unlike(here_low, low) + (1.0 - LESS_DENSE) * unlike(here_high, high);
            let off_ridge = f32::from(u8::from(!self.is_ridge(n)));
            WEIGHTS[0] * off_ridge + WEIGHTS[1] * weak + WEIGHTS[2] * sides
        };
        (0..self.strength.len()).map(own).collect()
    }

    /// The node so far up the gradient from another, within the lattice.
    fn beside(&self, n: usize, off: f32) -> usize {
        let [x, y] = self.across[n];
        let shift = |place: usize, by: f32| (place as f32 + off * by).round().clamp(0.0, (SIDE - 1) as f32) as usize;
        shift(n / SIDE, y) * SIDE + shift(n % SIDE, x)
    }

    /// Whether the gradient is largest here across the edge.
    fn is_ridge(&self, n: usize) -> bool {
        let strength = self.strength[n];
        strength > 0.0
            && strength >= self.strength[self.beside(n, 1.0)]
            && strength > self.strength[self.beside(n, -1.0)]
    }

    /// The node at the strongest edge about a place; of two alike the nearer.
    fn snapped(&self, at: [f64; 2], snap_mm: f64) -> usize {
        let nearest = self.nearest(at);
        let reach = (snap_mm / self.step_mm).floor() as isize;
        let (u, v) = ((nearest % SIDE) as isize, (nearest / SIDE) as isize);
        let score = |n: usize| {
            let [x, y] = self.place(n);
            let off = (x - at[0]).hypot(y - at[1]);
            let is_near = off <= snap_mm;
            is_near.then(|| f64::from(self.strength[n]) * (1.0 - 0.5 * off / snap_mm))
        };
        let last = SIDE as isize - 1;
        let around = ((v - reach).max(0)..=(v + reach).min(last))
            .flat_map(|v| ((u - reach).max(0)..=(u + reach).min(last)).map(move |u| v as usize * SIDE + u as usize));
        let scored = around.filter_map(|n| Some((score(n)?, n)));
        scored.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(nearest, |(_, n)| n)
    }

    fn nearest(&self, at: [f64; 2]) -> usize {
        let [u, v] =
            [0, 1].map(|a| ((at[a] - self.corner[a]) / self.step_mm).round().clamp(0.0, SIDE as f64 - 1.0) as usize);
        v * SIDE + u
    }

    fn place(&self, n: usize) -> [f64; 2] {
        [self.corner[0] + (n % SIDE) as f64 * self.step_mm, self.corner[1] + (n / SIDE) as f64 * self.step_mm]
    }
}

/// HU on the lattice, row by row; beyond the grid the nearest HU.
fn lattice(volume: &CtVolume, plane: &Plane, corner: [f64; 2], step_mm: f64) -> Vec<f32> {
    let grid = volume.grid();
    let first = grid.voxel_from_patient(plane.at(corner[0], corner[1])).0;
    let [right, down] = [plane.right, plane.down].map(|d| grid.voxel_step_from_patient(d * step_mm));
    let node = |n: usize| first + right * (n % SIDE) as f64 + down * (n / SIDE) as f64;
    (0..SIDE * SIDE).map(|n| sample_linear_at(volume, VoxelPoint(node(n))) as f32).collect()
}

/// Smoothed HU, length of the gradient in HU per node, and its unit direction, by a Gaussian and its derivatives.
fn gradient(hu: &[f32]) -> (Vec<f32>, Vec<f32>, Vec<[f32; 2]>) {
    const COUNT: usize = 2 * TAPS + 1;
    let bell: [f64; COUNT] = std::array::from_fn(|n| (-(n as f64 - TAPS as f64).powi(2) / (2.0 * SIGMA * SIGMA)).exp());
    let sum: f64 = bell.iter().sum();
    // A ramp of one HU per node has the slope 1.
    let ramp: f64 = bell.iter().enumerate().map(|(n, b)| b * (n as f64 - TAPS as f64).powi(2)).sum();
    let level = bell.map(|b| (b / sum) as f32);
    let slope: [f32; COUNT] = std::array::from_fn(|n| ((n as f64 - TAPS as f64) * bell[n] / ramp) as f32);
    // The edge's value holds beyond it.
    let clamped = |place: usize, tap: usize| (place + tap).saturating_sub(TAPS).min(SIDE - 1);
    let along_rows = |values: &[f32], taps: &[f32; COUNT]| -> Vec<f32> {
        let mut out = Vec::with_capacity(values.len());
        for row in values.chunks_exact(SIDE) {
            out.extend((0..SIDE).map(|u| (0..COUNT).map(|tap| taps[tap] * row[clamped(u, tap)]).sum::<f32>()));
        }
        out
    };
    let along_columns = |values: &[f32], taps: &[f32; COUNT]| -> Vec<f32> {
        let mut out = vec![0.0f32; values.len()];
        for (v, sums) in out.chunks_exact_mut(SIDE).enumerate() {
            for (tap, weight) in taps.iter().enumerate() {
                let from = clamped(v, tap) * SIDE;
                for (sum, value) in sums.iter_mut().zip(&values[from..from + SIDE]) {
                    *sum += weight * value;
                }
            }
        }
        out
    };
    let by_rows = along_rows(hu, &level);
    let x = along_columns(&along_rows(hu, &slope), &level);
    let (y, smoothed) = (along_columns(&by_rows, &slope), along_columns(&by_rows, &level));
    let strength: Vec<f32> = x.iter().zip(&y).map(|(x, y)| x.hypot(*y)).collect();
    let unit = |n: usize| if strength[n] > 0.0 { [x[n] / strength[n], y[n] / strength[n]] } else { [0.0; 2] };
    let across = (0..strength.len()).map(unit).collect();
    (smoothed, strength, across)
}

/// Takes the stairs of the lattice off; the ends stay.
fn smooth(path: &mut [[f64; 2]]) {
    for _ in 0..2 {
        let before = path.to_vec();
        for (n, w) in before.windows(3).enumerate() {
            path[n + 1] = [0, 1].map(|a| (w[0][a] + 2.0 * w[1][a] + w[2][a]) / 4.0);
        }
    }
}
