//! Connected components of a mask by runs and union-find.
//!
//! Rows are cut into runs of set voxels; touching runs are united with path halving and the smaller root winning: L. He, Y. Chao,
//! K. Suzuki, "A run-based two-scan labeling algorithm", IEEE Trans. Image Process. 17 (2008) 749–756. Voxels touch by faces.

use std::ops::Range;

/// A run of set voxels in one row.
#[derive(Clone, Copy, Debug)]
struct Run {
    begin: u32,
    end: u32,
    parent: u32,
}

/// One component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Component {
    /// Its voxels.
    pub(super) voxels: u64,
    /// Smallest indices (i, j, k).
    pub(super) min: [usize; 3],
    /// Largest indices (i, j, k).
    pub(super) max: [usize; 3],
    /// Sum of the indices i of its voxels.
    pub(super) sum_i: u64,
    /// Sum of the indices j of its voxels.
    pub(super) sum_j: u64,
    /// Sum of the indices k of its voxels.
    pub(super) sum_k: u64,
}

impl Component {
    /// Mean index (i, j, k).
    pub(super) fn centroid(&self) -> [f64; 3] {
        [self.sum_i, self.sum_j, self.sum_k].map(|s| s as f64 / self.voxels as f64)
    }
}

/// The components of a mask.
#[derive(Debug)]
pub(super) struct Components {
    size: [usize; 3],
    runs: Vec<Run>,
    /// Component of each run.
    owner: Vec<u32>,
    /// In the order of their first voxel.
    pub(super) list: Vec<Component>,
}

impl Components {
    /// Components of the voxels of a row-major array `[k, j, i]` for which `is_set` holds.
    pub(super) fn of<T>(values: &[T], size: [usize; 3], is_set: impl Fn(&T) -> bool) -> Self {
        let [ni, nj, nk] = size;
        let mut runs: Vec<Run> = Vec::new();
        let mut first_of_row: Vec<u32> = Vec::with_capacity(nj * nk + 1);
        for (row, values) in values.chunks_exact(ni).enumerate() {
            first_of_row.push(runs.len() as u32);
            cut(values, &is_set, (row * ni) as u32, &mut runs);
            let here = first_of_row[row] as usize..runs.len();
            if row % nj > 0 {
                let above = first_of_row[row - 1] as usize..here.start;
                unite(&mut runs, here.clone(), above, ni as u32);
            }
            if row >= nj {
                let below = first_of_row[row - nj] as usize..first_of_row[row - nj + 1] as usize;
                unite(&mut runs, here, below, (ni * nj) as u32);
            }
        }
        let mut owner = vec![0u32; runs.len()];
        let mut list: Vec<Component> = Vec::new();
        for n in 0..runs.len() {
            let root = root(&mut runs, n as u32) as usize;
            if root == n {
                owner[n] = list.len() as u32;
                list.push(Component { voxels: 0, min: [usize::MAX; 3], max: [0; 3], sum_i: 0, sum_j: 0, sum_k: 0 });
            } else {
                owner[n] = owner[root];
            }
            let Run { begin, end, .. } = runs[n];
            let (row, length) = (begin as usize / ni, u64::from(end - begin));
            let low = [begin as usize % ni, row % nj, row / nj];
            let high = [low[0] + length as usize - 1, low[1], low[2]];
            let component = &mut list[owner[n] as usize];
            component.voxels += length;
            component.sum_i += length * (low[0] + high[0]) as u64 / 2;
            component.sum_j += length * low[1] as u64;
            component.sum_k += length * low[2] as u64;
            for a in 0..3 {
                component.min[a] = component.min[a].min(low[a]);
                component.max[a] = component.max[a].max(high[a]);
            }
        }
        Self { size, runs, owner, list }
    }
    /// Runs of voxels (array offsets) with the index of their component, in memory order.
    pub(super) fn runs(&self) -> impl Iterator<Item = (usize, Range<usize>)> + '_ {
        self.runs.iter().zip(&self.owner).map(|(r, o)| (*o as usize, r.begin as usize..r.end as usize))
    }
    /// The component of a voxel.
    pub(super) fn at(&self, offset: usize) -> Option<usize> {
        let n = self.runs.partition_point(|r| r.end as usize <= offset);
        self.runs.get(n).filter(|r| r.begin as usize <= offset).map(|_| self.owner[n] as usize)
    }
    /// Whether a component reaches the edge of the slices (first or last i or j).
    pub(super) fn touches_sides(&self, n: usize) -> bool {
        let c = &self.list[n];
        (0..2).any(|a| c.min[a] == 0 || c.max[a] + 1 == self.size[a])
    }
}

fn cut<T>(values: &[T], is_set: &impl Fn(&T) -> bool, start: u32, runs: &mut Vec<Run>) {
    let mut i = 0;
    while let Some(ahead) = values[i..].iter().position(is_set) {
        let begin = i + ahead;
        i = values[begin..].iter().position(|v| !is_set(v)).map_or(values.len(), |n| begin + n);
        let parent = runs.len() as u32;
        runs.push(Run { begin: start + begin as u32, end: start + i as u32, parent });
    }
}

/// Unites runs of two rows whose offsets differ by `apart`.
fn unite(runs: &mut [Run], here: Range<usize>, there: Range<usize>, apart: u32) {
    let (mut a, mut b) = (here.start, there.start);
    while a < here.end && b < there.end {
        let (x, y) = (runs[a], runs[b]);
        if x.begin < y.end + apart && y.begin + apart < x.end {
            let (p, q) = (root(runs, a as u32), root(runs, b as u32));
            let (low, high) = (p.min(q), p.max(q));
            runs[high as usize].parent = low;
        }
        if x.end < y.end + apart {
            a += 1;
        } else {
            b += 1;
        }
    }
}

fn root(runs: &mut [Run], mut n: u32) -> u32 {
    while runs[n as usize].parent != n {
        let up = runs[runs[n as usize].parent as usize].parent;
        runs[n as usize].parent = up;
        n = up;
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Flood fill, one component after another.
    fn flooded(mask: &[u8], size: [usize; 3]) -> Vec<Option<usize>> {
        let [ni, nj, nk] = size;
        let mut owner = vec![None; mask.len()];
        let mut next = 0;
        for start in 0..mask.len() {
            if mask[start] == 0 || owner[start].is_some() {
                continue;
            }
            let mut stack = vec![start];
            owner[start] = Some(next);
            while let Some(o) = stack.pop() {
                let (i, j, k) = (o % ni, o / ni % nj, o / (ni * nj));
                let mut visit = |ok: bool, n: usize| {
                    if ok && mask[n] != 0 && owner[n].is_none() {
                        owner[n] = Some(next);
                        stack.push(n);
                    }
                };
                visit(i > 0, o.wrapping_sub(1));
                visit(i + 1 < ni, o + 1);
                visit(j > 0, o.wrapping_sub(ni));
                visit(j + 1 < nj, o + ni);
                visit(k > 0, o.wrapping_sub(ni * nj));
                visit(k + 1 < nk, o + ni * nj);
            }
            next += 1;
        }
        owner
    }

    proptest! {
        #[test]
        fn as_a_flood_fill_finds_them(
            size in [1usize..8, 1usize..7, 1usize..6],
            seed in prop::collection::vec(prop::bool::weighted(0.55), 8 * 7 * 6),
        ) {
            let mask: Vec<u8> = seed.iter().take(size.iter().product()).map(|b| u8::from(*b)).collect();
            let found = Components::of(&mask, size, |v| *v != 0);
            let truth = flooded(&mask, size);
            for (offset, owner) in truth.iter().enumerate() {
                prop_assert_eq!(found.at(offset), *owner);
            }
            for (n, component) in found.list.iter().enumerate() {
                let members: Vec<usize> = (0..mask.len()).filter(|o| truth[*o] == Some(n)).collect();
                prop_assert_eq!(component.voxels as usize, members.len());
                let sum_i: usize = members.iter().map(|o| o % size[0]).sum();
                prop_assert_eq!(component.sum_i as usize, sum_i);
            }
        }
    }
}
