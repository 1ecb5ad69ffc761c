//! The volume in bricks: which HU and which labels each can show, so that rays leap over those that show nothing.
//!
//! Kept up to date slice by slice and edit by edit; nothing here depends on how the volume is looked at.

use super::{CtVolume, LabelMap};
use crate::geometry::IndexBox;

/// HU range and labels of each brick of [`Bricks::EDGE`]³ voxels.
///
/// A brick answers for every place nearer to its voxels than to any other's. Blending reaches one voxel beyond it: the range
/// includes that border.
#[derive(Clone, Debug)]
pub struct Bricks {
    voxels: [usize; 3],
    size: [usize; 3],
    /// Lowest and highest HU of the slices that have arrived, brick by brick in memory order.
    ranges: Vec<[i16; 2]>,
    arrived: Vec<bool>,
    /// For each layer, a bit for each label modulo 64.
    labels: Vec<[u64; 2]>,
    revision: u64,
    low_row: Vec<i16>,
    high_row: Vec<i16>,
}

/// No HU at all.
const NONE: [i16; 2] = [i16::MAX, i16::MIN];

impl Bricks {
    /// Voxels along an edge.
    pub const EDGE: usize = 8;

    /// Of a volume of this size (columns, rows, slices), of which nothing has arrived and nothing is marked.
    pub fn new(voxels: [usize; 3]) -> Self {
        let size = voxels.map(|n| n.div_ceil(Self::EDGE));
        let count = size.iter().product();
        Self {
            voxels,
            size,
            ranges: vec![NONE; count],
            arrived: vec![false; voxels[2]],
            labels: vec![[0; 2]; count],
            revision: 0,
            low_row: Vec::new(),
            high_row: Vec::new(),
        }
    }

    /// Bricks along columns, rows and slices.
    pub fn size(&self) -> [usize; 3] {
        self.size
    }
    /// Another number after each change.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// How many slices have been taken in.
    pub fn arrived_count(&self) -> usize {
        self.arrived.iter().filter(|a| **a).count()
    }

    /// Takes in slice `k`: rows × columns values in HU. A slice that comes again widens what is known.
    pub fn set_slice(&mut self, k: usize, hu: &[i16]) {
        let ([ni, nj, nk], [bi, bj, _]) = (self.voxels, self.size);
        if k >= nk || hu.len() != ni * nj || hu.is_empty() {
            return;
        }
        self.revision += 1;
        self.arrived[k] = true;
        let layers = touching(k, self.size[2]);
        for row in 0..bj {
            // The brick's rows and one on each side become one, then its columns.
            let lines = with_border(row, nj);
            self.low_row.clear();
            self.low_row.resize(ni, i16::MAX);
            self.high_row.clear();
            self.high_row.resize(ni, i16::MIN);
            for line in hu[lines.start * ni..lines.end * ni].chunks_exact(ni) {
                for ((low, high), hu) in self.low_row.iter_mut().zip(&mut self.high_row).zip(line) {
                    *low = (*low).min(*hu);
                    *high = (*high).max(*hu);
                }
            }
            for column in 0..bi {
                let columns = with_border(column, ni);
                let low = self.low_row[columns.clone()].iter().min().copied().unwrap_or(i16::MAX);
                let high = self.high_row[columns].iter().max().copied().unwrap_or(i16::MIN);
                for layer in layers.clone() {
                    let range = &mut self.ranges[(layer * bj + row) * bi + column];
                    *range = [range[0].min(low), range[1].max(high)];
                }
            }
        }
    }

    /// Labels inside a box have changed.
    pub fn set_labels(&mut self, touched: IndexBox, anatomy: &LabelMap, findings: &LabelMap) {
        let touched = touched.clipped(self.voxels);
        if touched.is_empty() || anatomy.grid().size() != self.voxels || findings.grid().size() != self.voxels {
            return;
        }
        self.revision += 1;
        let [ni, nj, nk] = self.voxels;
        let [begin, end] = [touched.min.map(|n| n / Self::EDGE), touched.max.map(|n| n.div_ceil(Self::EDGE))];
        let within = |n: usize, limit: usize| n * Self::EDGE..((n + 1) * Self::EDGE).min(limit);
        for bk in begin[2]..end[2] {
            for bj in begin[1]..end[1] {
                let row = (bk * self.size[1] + bj) * self.size[0];
                self.labels[row + begin[0]..row + end[0]].fill([0; 2]);
                for (layer, map) in [anatomy, findings].into_iter().enumerate() {
                    for slice in within(bk, nk).filter_map(|k| map.slice(k)) {
                        for j in within(bj, nj) {
                            let line = &slice[j * ni..(j + 1) * ni];
                            let bricks = line.chunks(Self::EDGE).zip(&mut self.labels[row..]);
                            for (labels, bits) in bricks.take(end[0]).skip(begin[0]) {
                                // Most bricks hold one label, or none.
                                let [first, rest @ ..] = labels else { continue };
                                if rest.iter().all(|l| l == first) {
                                    bits[layer] |= if *first == 0 { 0 } else { label_bit(*first) };
                                    continue;
                                }
                                for label in labels.iter().filter(|l| **l != 0) {
                                    bits[layer] |= label_bit(*label);
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Lowest and highest HU within reach of each brick, in memory order; slices that have not arrived look like air.
    pub fn ranges_hu(&self) -> impl Iterator<Item = [i16; 2]> {
        let [bi, bj, bk] = self.size;
        let complete = |layer: usize| self.arrived[with_border(layer, self.voxels[2])].iter().all(|a| *a);
        (0..bk).flat_map(move |layer| {
            let air = (!complete(layer)).then_some(CtVolume::MISSING_HU);
            let ranges = &self.ranges[layer * bi * bj..(layer + 1) * bi * bj];
            ranges.iter().map(move |[low, high]| match air {
                Some(air) => [air.min(*low), air.max(*high)],
                None => [*low, *high],
            })
        })
    }
    /// Of each brick in memory order, for each layer, the [`label_bit`]s of its labels.
    pub fn label_bits(&self) -> &[[u64; 2]] {
        &self.labels
    }
}

/// The bit of a label. Labels share bits: a bit says that a brick may hold the label, its absence that it does not.
pub fn label_bit(label: u8) -> u64 {
    1 << (label % 64)
}

/// Voxels of brick `n` along an axis of so many voxels, and one on each side.
fn with_border(n: usize, voxels: usize) -> std::ops::Range<usize> {
    (n * Bricks::EDGE).saturating_sub(1)..((n + 1) * Bricks::EDGE + 1).min(voxels)
}

/// Bricks along an axis that a voxel is within reach of.
fn touching(voxel: usize, bricks: usize) -> std::ops::Range<usize> {
    let own = voxel / Bricks::EDGE;
    let begin = if voxel.is_multiple_of(Bricks::EDGE) { own.saturating_sub(1) } else { own };
    let end = if voxel % Bricks::EDGE == Bricks::EDGE - 1 { own + 2 } else { own + 1 };
    begin..end.min(bricks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Grid, PatientPoint, PatientVector, VoxelIndex};
    use proptest::prelude::*;

    fn grid(size: [usize; 3]) -> Grid {
        let v = PatientVector::new;
        let steps = [v(1.0, 0.0, 0.0), v(0.0, 1.0, 0.0), v(0.0, 0.0, 1.0)];
        Grid::new(size, PatientPoint::new(0.0, 0.0, 0.0), steps).unwrap()
    }

    proptest! {
        #[test]
        fn a_brick_knows_its_voxels_and_one_more_on_each_side(
            seed in any::<u64>(), size in (1usize..20, 1usize..20, 1usize..20), missing in 0usize..20,
        ) {
            let size = [size.0, size.1, size.2];
            let hu = |i: usize, j: usize, k: usize| {
                if k == missing { return CtVolume::MISSING_HU; }
                let mixed = (seed ^ ((i + 31 * j + 977 * k) as u64)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                (mixed >> 52) as i16 - 1000
            };
            let mut bricks = Bricks::new(size);
            // In any order.
            for k in (0..size[2]).rev().filter(|k| *k != missing) {
                let slice: Vec<i16> = (0..size[1]).flat_map(|j| (0..size[0]).map(move |i| hu(i, j, k))).collect();
                bricks.set_slice(k, &slice);
            }
            let [bi, bj, _] = bricks.size();
            for (n, range) in bricks.ranges_hu().enumerate() {
                let at = [n % bi, n / bi % bj, n / bi / bj];
                let [is, js, ks] = [0, 1, 2].map(|a| with_border(at[a], size[a]));
                let all = ks.flat_map(|k| js.clone().map(move |j| (j, k)));
                let all: Vec<i16> = all.flat_map(|(j, k)| is.clone().map(move |i| hu(i, j, k))).collect();
                prop_assert_eq!(range, [*all.iter().min().unwrap(), *all.iter().max().unwrap()]);
            }
        }
    }

    #[test]
    fn labels_come_and_go_with_their_voxels() {
        let grid = grid([20, 17, 9]);
        let mut maps = [LabelMap::empty(grid).unwrap(), LabelMap::empty(grid).unwrap()];
        let mut bricks = Bricks::new(grid.size());
        let mut set = |layer: usize, at: VoxelIndex, label: u8| {
            let mut edit = maps[layer].edit();
            edit.set(at, label);
            let touched = edit.finish().bounds().unwrap();
            bricks.set_labels(touched, &maps[0], &maps[1]);
            bricks.label_bits().to_vec()
        };
        set(0, VoxelIndex::new(3, 3, 3), 1);
        set(1, VoxelIndex::new(19, 16, 8), 250);
        let both = set(0, VoxelIndex::new(8, 3, 3), 2);
        let marked: Vec<_> = both.iter().enumerate().filter(|(_, b)| **b != [0; 2]).collect();
        assert_eq!(marked, [(0, &[2, 0]), (1, &[4, 0]), (17, &[0, 1 << 58])]);
        assert_eq!(set(0, VoxelIndex::new(3, 3, 3), 0)[0], [0; 2]);
    }
}
