//! A half-open box of voxels: the unit of "what changed".

use super::VoxelIndex;

/// Voxels with `min <= index < max`, per axis (i, j, k).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexBox {
    /// First voxel inside, (i, j, k).
    pub min: [usize; 3],
    /// First voxel beyond, (i, j, k).
    pub max: [usize; 3],
}

impl IndexBox {
    /// The whole of a grid of this size.
    pub fn whole(size: [usize; 3]) -> Self {
        Self { min: [0; 3], max: size }
    }
    /// The box of one voxel.
    pub fn of(v: VoxelIndex) -> Self {
        Self { min: [v.i, v.j, v.k], max: [v.i + 1, v.j + 1, v.k + 1] }
    }
    /// Whether no voxel lies inside.
    pub fn is_empty(&self) -> bool {
        (0..3).any(|a| self.min[a] >= self.max[a])
    }
    /// Extent per axis.
    pub fn size(&self) -> [usize; 3] {
        [0, 1, 2].map(|a| self.max[a].saturating_sub(self.min[a]))
    }
    /// The smallest box that holds both.
    pub fn union(&self, other: &Self) -> Self {
        Self {
            min: [0, 1, 2].map(|a| self.min[a].min(other.min[a])),
            max: [0, 1, 2].map(|a| self.max[a].max(other.max[a])),
        }
    }
    /// The part inside a grid of this size.
    pub fn clipped(&self, size: [usize; 3]) -> Self {
        Self { min: [0, 1, 2].map(|a| self.min[a].min(size[a])), max: [0, 1, 2].map(|a| self.max[a].min(size[a])) }
    }
    /// Grown by `margin` voxels on each side, kept inside a grid of this size.
    pub fn grown(&self, margin: usize, size: [usize; 3]) -> Self {
        Self {
            min: [0, 1, 2].map(|a| self.min[a].saturating_sub(margin)),
            max: [0, 1, 2].map(|a| (self.max[a] + margin).min(size[a])),
        }
    }
    /// Whether a voxel lies inside.
    pub fn contains(&self, v: VoxelIndex) -> bool {
        let v = [v.i, v.j, v.k];
        (0..3).all(|a| self.min[a] <= v[a] && v[a] < self.max[a])
    }
}
