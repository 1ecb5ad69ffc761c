//! The one native copy of the CT: HU voxels on a grid, held slice by slice as they arrive.

use crate::geometry::{Grid, VoxelIndex};
use ndarray::{Array2, Array3, ArrayView2};

/// HU voxels of the slices that have arrived, each `[j, i]`.
#[derive(Clone, Debug)]
pub struct CtVolume {
    grid: Grid,
    slices: Vec<Option<Array2<i16>>>,
}

impl CtVolume {
    /// What is shown where no slice has arrived: the lowest HU a scanner stores for air outside the field of view.
    pub const MISSING_HU: i16 = -1024;

    /// No slice yet; `None` if memory for `grid.voxel_count()` × 2 bytes cannot be had now.
    pub fn empty(grid: Grid) -> Option<Self> {
        // Asked for and given back untouched: slices bring their own memory, and must not find that there is none left.
        Vec::<i16>::new().try_reserve_exact(grid.voxel_count()).ok()?;
        Some(Self { grid, slices: vec![None; grid.size()[2]] })
    }

    /// A complete volume; `None` if the array `[k, j, i]` does not fit the grid.
    pub fn from_array(grid: Grid, hu: Array3<i16>) -> Option<Self> {
        let [ni, nj, nk] = grid.size();
        if hu.dim() != (nk, nj, ni) || !hu.is_standard_layout() {
            return None;
        }
        let values = hu.into_raw_vec_and_offset().0;
        Self::from_slices(grid, values.chunks_exact(ni * nj).map(<[i16]>::to_vec).collect())
    }

    /// A volume of all its slices, each `rows × columns` values, row by row; an empty one has not arrived. `None` if they do not
    /// fit the grid.
    pub fn from_slices(grid: Grid, slices: Vec<Vec<i16>>) -> Option<Self> {
        let mut volume = Self { grid, slices: vec![None; grid.size()[2]] };
        if slices.len() != volume.slices.len() {
            return None;
        }
        for (k, slice) in slices.into_iter().enumerate().filter(|(_, slice)| !slice.is_empty()) {
            volume.set_slice(k, slice).ok()?;
        }
        Some(volume)
    }

    /// Its grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }
    /// HU of a voxel, `None` outside the grid or where the slice has not arrived.
    pub fn at(&self, v: VoxelIndex) -> Option<i16> {
        self.slices.get(v.k)?.as_ref()?.get((v.j, v.i)).copied()
    }
    /// HU of a voxel inside the grid by its offset in memory order `[k, j, i]`; [`Self::MISSING_HU`] elsewhere.
    pub fn at_offset(&self, offset: usize) -> i16 {
        let plane = self.plane();
        self.pixels(offset / plane).and_then(|slice| slice.get(offset % plane)).copied().unwrap_or(Self::MISSING_HU)
    }
    /// All voxels in memory order; slices that have not arrived read [`Self::MISSING_HU`].
    pub fn values(&self) -> impl Iterator<Item = i16> {
        let plane = self.plane();
        (0..self.slices.len()).flat_map(move |k| {
            let slice = self.pixels(k);
            (0..plane).map(move |n| slice.map_or(Self::MISSING_HU, |s| s[n]))
        })
    }
    /// Slice `k` as `[j, i]`; `None` where it has not arrived.
    pub fn slice(&self, k: usize) -> Option<ArrayView2<'_, i16>> {
        Some(self.slices.get(k)?.as_ref()?.view())
    }
    /// Slice `k` row by row; `None` where it has not arrived.
    pub fn pixels(&self, k: usize) -> Option<&[i16]> {
        self.slices.get(k)?.as_ref()?.as_slice()
    }
    /// Takes in slice `k`: `rows × columns` values in HU, row by row. It counts as arrived from now on.
    ///
    /// # Errors
    /// The values, where they do not fit the grid.
    pub fn set_slice(&mut self, k: usize, hu: Vec<i16>) -> Result<(), Vec<i16>> {
        let [ni, nj, _] = self.grid.size();
        let Some(slice) = self.slices.get_mut(k).filter(|_| hu.len() == ni * nj) else { return Err(hu) };
        *slice = Array2::from_shape_vec((nj, ni), hu).ok();
        Ok(())
    }
    /// Whether slice `k` has arrived.
    pub fn is_loaded(&self, k: usize) -> bool {
        self.slices.get(k).is_some_and(Option::is_some)
    }
    /// How many slices have arrived.
    pub fn loaded_count(&self) -> usize {
        self.slices.iter().flatten().count()
    }
    /// Whether all slices have arrived.
    pub fn is_complete(&self) -> bool {
        self.slices.iter().all(Option::is_some)
    }

    /// Pixels of a slice.
    fn plane(&self) -> usize {
        let [ni, nj, _] = self.grid.size();
        ni * nj
    }
}
