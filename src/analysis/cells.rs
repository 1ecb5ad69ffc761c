//! What each cell of a coarse CT is taken for, and where it lies.

use super::coarse::Coarse;
use super::components::Components;
use crate::geometry::{PatientVector, VoxelPoint};

/// States of a cell.
pub(super) mod cell {
    /// Anything that is not air.
    pub(in super::super) const TISSUE: u8 = 0;
    /// Air inside the body.
    pub(in super::super) const AIR: u8 = 1;
    /// Right lung.
    pub(in super::super) const RIGHT: u8 = 2;
    /// Left lung.
    pub(in super::super) const LEFT: u8 = 3;
    /// Trachea or main bronchus.
    pub(in super::super) const AIRWAY: u8 = 4;
    /// Next to an airway.
    pub(in super::super) const WALL: u8 = 5;
    /// Air around the body.
    pub(in super::super) const OUTSIDE: u8 = 6;
    /// Both lungs in one piece.
    pub(in super::super) const JOINED: u8 = 7;
    /// Whether a state is a lung.
    pub(in super::super) fn is_lung(state: u8) -> bool {
        state == RIGHT || state == LEFT
    }
}

/// Cells with their states.
pub(super) struct Cells<'a> {
    pub(super) coarse: &'a Coarse,
    /// State per cell, `[k, j, i]`.
    pub(super) state: Vec<u8>,
    /// The axis nearest the patient's vertical.
    pub(super) vertical: usize,
    /// The two others, ascending.
    pub(super) axes: [usize; 2],
    /// Whether indices along the vertical axis rise towards the head.
    upwards: bool,
}

/// Cells across the vertical axis.
pub(super) struct Across {
    /// Number of cells along the two axes.
    pub(super) size: [usize; 2],
    /// Their states, first axis fastest.
    pub(super) state: Vec<u8>,
    start: usize,
    strides: [usize; 2],
}

impl Across {
    /// Offset in the volume of the cell with this offset in the plane.
    pub(super) fn offset(&self, n: usize) -> usize {
        self.start + n % self.size[0] * self.strides[0] + n / self.size[0] * self.strides[1]
    }
}

impl<'a> Cells<'a> {
    /// Sorts cells into air inside the body (below `air_below_hu`), air around it, and tissue.
    ///
    /// Air is around the body if it reaches the edge within its plane across the vertical axis; that way the open upper end of
    /// the trachea does not let the outside in.
    pub(super) fn new(coarse: &'a Coarse, air_below_hu: i16) -> Self {
        let head = PatientVector::new(0.0, 0.0, 1.0);
        let vertical = coarse.grid.axis_along(head);
        let axes = match vertical {
            0 => [1, 2],
            1 => [0, 2],
            _ => [0, 1],
        };
        let state = coarse.hu.iter().map(|v| if *v < air_below_hu { cell::AIR } else { cell::TISSUE }).collect();
        let upwards = coarse.grid.directions()[vertical].dot(head) > 0.0;
        let mut cells = Self { coarse, state, vertical, axes, upwards };
        for depth in 0..coarse.grid.size()[vertical] {
            let plane = cells.plane(depth);
            let air = Components::of(&plane.state, [plane.size[0], plane.size[1], 1], |s| *s == cell::AIR);
            let around: Vec<bool> = (0..air.list.len()).map(|n| air.touches_sides(n)).collect();
            for (_, run) in air.runs().filter(|(n, _)| around[*n]) {
                for at in run {
                    cells.state[plane.offset(at)] = cell::OUTSIDE;
                }
            }
        }
        cells
    }
    /// The plane `depth` cells below the uppermost.
    pub(super) fn plane(&self, depth: usize) -> Across {
        let size = self.coarse.grid.size();
        let strides = [1, size[0], size[0] * size[1]];
        let level = if self.upwards { size[self.vertical] - 1 - depth } else { depth };
        let (columns, rows) = (size[self.axes[0]], size[self.axes[1]]);
        let mut across = Across {
            size: [columns, rows],
            state: Vec::new(),
            start: level * strides[self.vertical],
            strides: self.axes.map(|a| strides[a]),
        };
        across.state = (0..columns * rows).map(|n| self.state[across.offset(n)]).collect();
        across
    }
    /// Patient x of a cell's centre, mm: smaller is further to the patient's right.
    pub(super) fn x_mm(&self, offset: usize) -> f64 {
        let at = self.coarse.grid.index_at(offset);
        self.x_of([at.i as f64, at.j as f64, at.k as f64])
    }
    /// Patient z of a cell's centre, mm: greater is nearer the head.
    pub(super) fn z_mm(&self, offset: usize) -> f64 {
        self.coarse.grid.patient_from_voxel(self.coarse.grid.index_at(offset).centre()).0.z
    }
    /// Patient x of a place among the cells.
    pub(super) fn x_of(&self, [i, j, k]: [f64; 3]) -> f64 {
        self.coarse.grid.patient_from_voxel(VoxelPoint::new(i, j, k)).0.x
    }
    /// The cells that share a face with one.
    pub(super) fn neighbours(&self, offset: usize) -> impl Iterator<Item = usize> + use<> {
        let size = self.coarse.grid.size();
        let at = self.coarse.grid.index_at(offset);
        let strides = [1, size[0], size[0] * size[1]];
        let index = [at.i, at.j, at.k];
        (0..3).flat_map(move |a| {
            let before = (index[a] > 0).then(|| offset - strides[a]);
            let after = (index[a] + 1 < size[a]).then(|| offset + strides[a]);
            before.into_iter().chain(after)
        })
    }
    /// A number of cells in millilitres.
    pub(super) fn millilitres(&self, count: u64) -> f64 {
        count as f64 * self.coarse.cell_mm3() / 1000.0
    }
    /// Mean x of what is not air, mm.
    pub(super) fn midline_mm(&self) -> f64 {
        let size = self.coarse.grid.size();
        let mut sum = [0u64; 3];
        let mut count = 0u64;
        for (row, states) in self.state.chunks_exact(size[0]).enumerate() {
            let (mut here, mut sum_i) = (0u64, 0u64);
            for (i, _) in states.iter().enumerate().filter(|(_, s)| **s == cell::TISSUE) {
                here += 1;
                sum_i += i as u64;
            }
            count += here;
            sum[0] += sum_i;
            sum[1] += here * (row % size[1]) as u64;
            sum[2] += here * (row / size[1]) as u64;
        }
        self.x_of(sum.map(|s| s as f64 / count.max(1) as f64))
    }
}
