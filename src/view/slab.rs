//! Slabs: what a slice shows of the tissue in front of and behind its plane.

use crate::geometry::{Grid, Plane};

/// How samples along a line of sight become one value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Projection {
    /// The mean, as on a thicker slice.
    #[default]
    Mean,
    /// The highest HU (MIP): vessels and nodules.
    Highest,
    /// The lowest HU (MinIP): airways and emphysema.
    Lowest,
}

impl Projection {
    /// All.
    pub const ALL: [Self; 3] = [Self::Mean, Self::Highest, Self::Lowest];
    /// Its number in the shaders, from 1.
    pub fn number(self) -> u32 {
        match self {
            Self::Mean => 1,
            Self::Highest => 2,
            Self::Lowest => 3,
        }
    }
    /// Of these values; `None` of none.
    pub(super) fn of(self, values: impl Iterator<Item = f64>) -> Option<f64> {
        let (mut count, mut sum, mut low, mut high) = (0.0, 0.0, f64::MAX, f64::MIN);
        for value in values {
            (count, sum, low, high) = (count + 1.0, sum + value, low.min(value), high.max(value));
        }
        (count > 0.0).then_some(match self {
            Self::Mean => sum / count,
            Self::Highest => high,
            Self::Lowest => low,
        })
    }
}

/// A slab about a plane, half of it on either side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Slab {
    /// How it becomes a picture.
    pub projection: Projection,
    /// Thickness, mm; 0 shows the plane alone.
    pub thickness_mm: f64,
}

impl Slab {
    /// Thickest slab, mm.
    pub const THICKEST_MM: f64 = 100.0;
    /// Most samples through a slab.
    const MOST_SAMPLES: f64 = 512.0;

    /// Whether nothing but the plane is seen.
    pub fn is_plane(&self) -> bool {
        self.thickness_mm <= 0.0
    }
    /// How many samples cross the slab and how far apart they are, mm: half a voxel, so that no voxel is stepped over.
    pub fn samples(&self, grid: &Grid, plane: &Plane) -> (u32, f64) {
        let Some(normal) = plane.normal().unit().filter(|_| !self.is_plane()) else { return (1, 0.0) };
        let voxels_per_mm = grid.voxel_step_from_patient(normal).abs().max_element();
        let pieces = (self.thickness_mm.min(Self::THICKEST_MM) * voxels_per_mm * 2.0)
            .ceil()
            .clamp(1.0, Self::MOST_SAMPLES - 1.0);
        (pieces as u32 + 1, self.thickness_mm.min(Self::THICKEST_MM) / pieces)
    }
}
