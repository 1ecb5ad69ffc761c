//! The one native copy of the CT: HU voxels on a grid, filled slice by slice.

use crate::geometry::{Grid, VoxelIndex};
use ndarray::{Array3, ArrayView2, ArrayView3, Axis};

/// HU voxels, `[k, j, i]`, and which slices have arrived.
#[derive(Clone, Debug)]
pub struct CtVolume {
    grid: Grid,
    hu: Array3<i16>,
    loaded: Vec<bool>,
}

/// A slice to be filled in place: `rows × columns` values in HU, row by row.
pub type SliceMut<'a> = &'a mut [i16];

impl CtVolume {
    /// What is shown where no slice has arrived: the lowest HU a scanner stores for air outside the field of view.
    pub const MISSING_HU: i16 = -1024;

    /// An empty volume; `None` if memory for `grid.voxel_count()` × 2 bytes cannot be had.
    pub fn empty(grid: Grid) -> Option<Self> {
        let mut values: Vec<i16> = Vec::new();
        values.try_reserve_exact(grid.voxel_count()).ok()?;
        values.resize(grid.voxel_count(), Self::MISSING_HU);
        let [ni, nj, nk] = grid.size();
        let hu = Array3::from_shape_vec((nk, nj, ni), values).ok()?;
        Some(Self { grid, hu, loaded: vec![false; nk] })
    }

    /// A complete volume; `None` if the array `[k, j, i]` does not fit the grid.
    pub fn from_array(grid: Grid, hu: Array3<i16>) -> Option<Self> {
        let [ni, nj, nk] = grid.size();
        (hu.dim() == (nk, nj, ni) && hu.is_standard_layout()).then(|| Self { grid, hu, loaded: vec![true; nk] })
    }

    /// Its grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }
    /// All voxels, HU, `[k, j, i]`.
    pub fn hu(&self) -> ArrayView3<'_, i16> {
        self.hu.view()
    }
    /// All voxels in memory order.
    pub fn values(&self) -> &[i16] {
        self.hu.as_slice().unwrap_or(&[])
    }
    /// HU of a voxel, `None` outside the grid or where the slice has not arrived.
    pub fn at(&self, v: VoxelIndex) -> Option<i16> {
        let value = self.hu.get((v.k, v.j, v.i)).copied()?;
        self.loaded[v.k].then_some(value)
    }
    /// Slice `k` as `[j, i]`.
    pub fn slice(&self, k: usize) -> Option<ArrayView2<'_, i16>> {
        (k < self.loaded.len()).then(|| self.hu.index_axis(Axis(0), k))
    }
    /// The memory of slice `k`, to be filled; counts as loaded from now on. `None` outside the grid.
    pub fn fill_slice(&mut self, k: usize) -> Option<SliceMut<'_>> {
        let [ni, nj, _] = self.grid.size();
        let loaded = self.loaded.get_mut(k)?;
        *loaded = true;
        self.hu.as_slice_mut().and_then(|all| all.get_mut(k * ni * nj..(k + 1) * ni * nj))
    }
    /// Whether slice `k` has arrived.
    pub fn is_loaded(&self, k: usize) -> bool {
        self.loaded.get(k).copied().unwrap_or(false)
    }
    /// How many slices have arrived.
    pub fn loaded_count(&self) -> usize {
        self.loaded.iter().filter(|l| **l).count()
    }
    /// Whether all slices have arrived.
    pub fn is_complete(&self) -> bool {
        self.loaded.iter().all(|l| *l)
    }
}
