//! Labels on a grid. `edit` is the one door for writing, and it records its own reversal. Slices hold memory once something is
//! marked on them.

use super::{LabelDelta, Run, alike};
use crate::geometry::{Grid, IndexBox, VoxelIndex};

/// One label per voxel; 0 is background. Counts per label are kept exact.
#[derive(Clone, Debug)]
pub struct LabelMap {
    grid: Grid,
    /// `[j, i]` of each slice; `None` while it is all background.
    slices: Vec<Option<Box<[u8]>>>,
    counts: Box<[u64; 256]>,
}

impl LabelMap {
    /// All background. `None` if memory for one byte per voxel cannot be had now.
    pub fn empty(grid: Grid) -> Option<Self> {
        // Asked for and given back untouched: a stroke must not find that there is none left.
        Vec::<u8>::new().try_reserve_exact(grid.voxel_count()).ok()?;
        let mut counts = Box::new([0; 256]);
        counts[0] = grid.voxel_count() as u64;
        Some(Self { grid, slices: vec![None; grid.size()[2]], counts })
    }

    /// Its grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }
    /// All labels in memory order (`[k, j, i]`), copied.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.grid.voxel_count());
        for slice in &self.slices {
            match slice {
                Some(labels) => all.extend_from_slice(labels),
                None => all.resize(all.len() + self.plane(), 0),
            }
        }
        all
    }
    /// Labels of slice `k`, row by row; `None` where it is all background and nothing was ever marked, or outside the grid.
    pub fn slice(&self, k: usize) -> Option<&[u8]> {
        self.slices.get(k)?.as_deref()
    }
    /// Label of a voxel; 0 outside the grid.
    pub fn at(&self, v: VoxelIndex) -> u8 {
        let [ni, nj, _] = self.grid.size();
        if v.i < ni && v.j < nj { self.slice(v.k).map_or(0, |labels| labels[v.j * ni + v.i]) } else { 0 }
    }
    /// The change that makes this map of an empty one.
    pub fn to_delta(&self) -> LabelDelta {
        let (size, plane) = (self.grid.size(), self.plane());
        let mut runs: Vec<Run> = Vec::new();
        for (k, labels) in self.slices.iter().enumerate().filter_map(|(k, slice)| Some((k, slice.as_deref()?))) {
            for (xor, at) in alike(labels).filter(|(label, _)| *label != 0) {
                runs.push(Run { start: (k * plane + at.start) as u32, len: at.len() as u32, xor });
            }
        }
        LabelDelta::new(runs, Some(IndexBox::whole(size)))
    }
    /// Whether all is background.
    pub fn is_empty(&self) -> bool {
        self.counts[0] as usize == self.grid.voxel_count()
    }
    /// The box of the voxels whose label is wanted; `None` without any.
    pub fn bounds(&self, is_wanted: impl Fn(u8) -> bool) -> Option<IndexBox> {
        let [ni, ..] = self.grid.size();
        let mut bounds: Option<IndexBox> = None;
        let slices = self.slices.iter().enumerate().filter_map(|(k, slice)| Some((k, slice.as_deref()?)));
        for (k, j, row) in slices.flat_map(|(k, s)| s.chunks_exact(ni).enumerate().map(move |(j, row)| (k, j, row))) {
            let Some(first) = row.iter().position(|l| is_wanted(*l)) else { continue };
            let last = row.iter().rposition(|l| is_wanted(*l)).unwrap_or(first);
            let here = IndexBox { min: [first, j, k], max: [last + 1, j + 1, k + 1] };
            bounds = Some(bounds.map_or(here, |b| b.union(&here)));
        }
        bounds
    }
    /// How many voxels carry a label.
    pub fn count(&self, label: u8) -> u64 {
        self.counts[usize::from(label)]
    }
    /// Begins a change.
    pub fn edit(&mut self) -> LabelEditor<'_> {
        LabelEditor { map: self, runs: Vec::new(), bounds: None }
    }
    /// Makes a recorded change, or takes it back: it is its own inverse.
    ///
    /// # Errors
    /// The delta when it does not fit this map; nothing is changed then.
    pub fn apply(&mut self, delta: &LabelDelta) -> Result<(), LabelDeltaMismatch> {
        let end = delta.runs().last().map_or(0, |r| r.start as usize + r.len as usize);
        let beyond = |b: IndexBox| b.clipped(self.grid.size()) != b;
        if end > self.grid.voxel_count() || delta.bounds().is_some_and(beyond) {
            return Err(LabelDeltaMismatch);
        }
        let plane = self.plane();
        for (k, span, xor) in delta.runs().iter().flat_map(|run| run.by_slice(plane)) {
            let Some(labels) = self.slices.get_mut(k) else { continue };
            let labels = &mut marked(labels, plane)[span];
            for (label, at) in alike(labels) {
                self.counts[usize::from(label)] -= at.len() as u64;
                self.counts[usize::from(label ^ xor)] += at.len() as u64;
            }
            labels.iter_mut().for_each(|label| *label ^= xor);
        }
        Ok(())
    }

    /// Voxels of a slice.
    fn plane(&self) -> usize {
        let [ni, nj, _] = self.grid.size();
        ni * nj
    }
}

/// A delta reaches beyond the label map it is applied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the change does not fit this label map")]
pub struct LabelDeltaMismatch;

/// A change in progress; [`finish`](Self::finish) returns what undoes it.
#[derive(Debug)]
pub struct LabelEditor<'a> {
    map: &'a mut LabelMap,
    runs: Vec<Run>,
    bounds: Option<IndexBox>,
}

impl LabelEditor<'_> {
    /// The labels as they are now.
    pub fn map(&self) -> &LabelMap {
        self.map
    }
    /// Sets one voxel; outside the grid nothing happens.
    pub fn set(&mut self, v: VoxelIndex, label: u8) {
        self.set_span(v.k, v.j, v.i, v.i + 1, |_, _| Some(label));
    }
    /// Visits voxels `i_begin..i_end` of row `j`, slice `k` (clipped to the grid); `choose(offset, old label)` returns the new
    /// label, or `None` to keep the old one.
    pub fn set_span(
        &mut self,
        k: usize,
        j: usize,
        i_begin: usize,
        i_end: usize,
        mut choose: impl FnMut(usize, u8) -> Option<u8>,
    ) {
        let [ni, nj, nk] = self.map.grid.size();
        let i_end = i_end.min(ni);
        if k >= nk || j >= nj || i_begin >= i_end {
            return;
        }
        let (row, plane) = ((k * nj + j) * ni, nj * ni);
        let mut changed: Option<(usize, usize)> = None;
        let LabelMap { slices, counts, .. } = &mut *self.map;
        let Some(slice) = slices.get_mut(k) else { return };
        for i in i_begin..i_end {
            let offset = row + i;
            let old = slice.as_deref().map_or(0, |labels| labels[j * ni + i]);
            let Some(new) = choose(offset, old) else { continue };
            if new == old {
                continue;
            }
            marked(slice, plane)[j * ni + i] = new;
            counts[usize::from(old)] -= 1;
            counts[usize::from(new)] += 1;
            changed = Some((changed.map_or(i, |c| c.0), i + 1));
            let (start, xor) = (offset as u32, old ^ new);
            match self.runs.last_mut() {
                Some(run) if run.start + run.len == start && run.xor == xor => run.len += 1,
                _ => self.runs.push(Run { start, len: 1, xor }),
            }
        }
        if let Some((begin, end)) = changed {
            let touched = IndexBox { min: [begin, j, k], max: [end, j + 1, k + 1] };
            self.bounds = Some(self.bounds.map_or(touched, |b| b.union(&touched)));
        }
    }
    /// Lays what an algorithm proposes for row `j`, slice `k` from voxel `i_begin` on (clipped to the grid) over background:
    /// `label_of` the proposed labels, 0 for none. What is marked already stays.
    pub fn lay_row(&mut self, k: usize, j: usize, i_begin: usize, proposed: &[u8], label_of: &[u8; 256]) {
        let [ni, nj, nk] = self.map.grid.size();
        if k >= nk || j >= nj || i_begin >= ni {
            return;
        }
        let plane = ni * nj;
        let proposed = &proposed[..proposed.len().min(ni - i_begin)];
        for (from, at) in alike(proposed) {
            let (label, begin, end) = (label_of[usize::from(from)], i_begin + at.start, i_begin + at.end);
            if label == 0 {
                continue;
            }
            let here = &mut self.map.slices[k];
            if here.as_ref().is_some_and(|l| l[j * ni + begin..j * ni + end].iter().any(|l| *l != 0)) {
                self.set_span(k, j, begin, end, |_, old| (old == 0).then_some(label));
                continue;
            }
            marked(here, plane)[j * ni + begin..j * ni + end].fill(label);
            self.map.counts[0] -= at.len() as u64;
            self.map.counts[usize::from(label)] += at.len() as u64;
            self.runs.push(Run { start: (k * plane + j * ni + begin) as u32, len: at.len() as u32, xor: label });
            let touched = IndexBox { min: [begin, j, k], max: [end, j + 1, k + 1] };
            self.bounds = Some(self.bounds.map_or(touched, |b| b.union(&touched)));
        }
    }
    /// Ends the change; the result undoes and redoes it.
    pub fn finish(self) -> LabelDelta {
        LabelDelta::new(self.runs, self.bounds)
    }
}

/// The labels of a slice, with memory from now on.
fn marked(slice: &mut Option<Box<[u8]>>, plane: usize) -> &mut [u8] {
    slice.get_or_insert_with(|| vec![0; plane].into_boxed_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{PatientPoint, PatientVector};
    use proptest::prelude::*;

    fn grid() -> Grid {
        Grid::new(
            [7, 5, 4],
            PatientPoint::new(0.0, 0.0, 0.0),
            [PatientVector::new(1.0, 0.0, 0.0), PatientVector::new(0.0, 1.0, 0.0), PatientVector::new(0.0, 0.0, 2.0)],
        )
        .unwrap()
    }

    proptest! {
        #[test]
        fn a_row_is_laid_over_background_voxel_by_voxel(
            marked in prop::collection::vec((0usize..7, 1u8..4), 0..4), proposed in prop::collection::vec(0u8..3, 0..12),
            k in 0usize..5, j in 0usize..6, begin in 0usize..9,
        ) {
            let mut map = LabelMap::empty(grid()).unwrap();
            let mut edit = map.edit();
            for (i, label) in marked {
                edit.set(VoxelIndex::new(i, 2, 1), label);
            }
            edit.finish();
            let mut label_of = [0; 256];
            label_of[1] = 9;
            let mut expected = map.clone();
            let mut edit = expected.edit();
            for (n, from) in proposed.iter().enumerate() {
                edit.set_span(k, j, begin + n, begin + n + 1, |_, old| (old == 0 && *from == 1).then_some(9));
            }
            let voxelwise = edit.finish();
            let mut edit = map.edit();
            edit.lay_row(k, j, begin, &proposed, &label_of);
            prop_assert_eq!(edit.finish(), voxelwise);
            prop_assert_eq!((map.to_vec(), map.counts), (expected.to_vec(), expected.counts));
        }

        #[test]
        fn a_change_undoes_and_redoes_exactly(writes in prop::collection::vec((0usize..9, 0usize..6, 0usize..5, 0u8..4), 1..200)) {
            let mut map = LabelMap::empty(grid()).unwrap();
            let mut first = map.edit();
            first.set_span(1, 2, 0, 7, |_, _| Some(3));
            first.finish();
            let before = map.clone();
            let mut edit = map.edit();
            for (i, j, k, label) in writes {
                edit.set(VoxelIndex::new(i, j, k), label);
            }
            let delta = edit.finish();
            let after = map.clone();
            map.apply(&delta).unwrap();
            prop_assert_eq!(map.to_vec(), before.to_vec());
            prop_assert_eq!(&map.counts, &before.counts);
            map.apply(&delta).unwrap();
            prop_assert_eq!(map.to_vec(), after.to_vec());
            for (offset, (a, b)) in before.to_vec().iter().zip(&after.to_vec()).enumerate() {
                if a != b {
                    prop_assert!(delta.bounds().unwrap().contains(grid().index_at(offset)));
                }
            }
            prop_assert_eq!(delta.voxel_count() as usize, before.to_vec().iter().zip(&after.to_vec()).filter(|(a, b)| a != b).count());
            let mut copy = LabelMap::empty(grid()).unwrap();
            copy.apply(&map.to_delta()).unwrap();
            prop_assert_eq!(copy.to_vec(), map.to_vec());
            for label in 0..=255u8 {
                prop_assert_eq!(map.count(label) as usize, map.to_vec().iter().filter(|l| **l == label).count());
            }
        }
    }

    #[test]
    fn a_foreign_delta_is_refused() {
        let mut map = LabelMap::empty(grid()).unwrap();
        let delta = LabelDelta::new(vec![Run { start: 139, len: 2, xor: 1 }], None);
        assert_eq!(map.apply(&delta), Err(LabelDeltaMismatch));
        assert_eq!(map.count(0), 140);
    }
}
