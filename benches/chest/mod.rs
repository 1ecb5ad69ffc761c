//! A full-size chest of shapes and noise: 512 × 512 × 300 voxels of 0.7 × 0.7 × 1 mm.
#![allow(dead_code, clippy::unwrap_used, reason = "each bench uses what it needs, and fails by stopping")]

use hilum::analysis::Progress;
use hilum::geometry::{Grid, PatientPoint, PatientVector};
use hilum::volume::CtVolume;
use ndarray::Array3;

/// Hears nothing, stops nothing.
pub(crate) struct Ignored;

impl Progress for Ignored {
    fn report(&mut self, _fraction: f32) {}
    fn cancelled(&self) -> bool {
        false
    }
}

/// The middle of the CT.
pub(crate) const CENTRE: PatientPoint = PatientPoint::new(0.0, 0.0, 0.0);

/// A body with two lungs that touch, a trachea, vessels as noise, and one opacity.
pub(crate) fn chest() -> CtVolume {
    let size = [512usize, 512, 300];
    let steps = [(0.7, 0.0, 0.0), (0.0, 0.7, 0.0), (0.0, 0.0, 1.0)].map(|(x, y, z)| PatientVector::new(x, y, z));
    let grid = Grid::new(size, PatientPoint::new(-178.85, -178.85, -149.5), steps).unwrap();
    let mut random = 7u32;
    let hu = Array3::from_shape_fn((size[2], size[1], size[0]), |(k, j, i)| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (random >> 24) as i16 / 2 - 64;
        let (x, y, z) = (i as f32 * 0.7 - 178.85, j as f32 * 0.7 - 178.85, k as f32 - 149.5);
        let lung = ((x.abs() - 70.0) / 58.0).powi(2) + (y / 85.0).powi(2) + (z / 130.0).powi(2) < 1.0;
        let sheet = x.abs() < 40.0 && (y + 60.0).abs() < 1.5 && z.abs() < 40.0;
        let vessel = (i / 9 * 31 + j / 9 * 17 + k / 40 * 7) % 29 == 0 && i % 9 < 4 && j % 9 < 4;
        let tissue = match () {
            () if x.hypot(y - 10.0) < 9.0 && z > 0.0 => -1000,
            () if lung && (x + 70.0).powi(2) + y * y + z * z < 900.0 => -500,
            () if lung && vessel => 40,
            () if lung || sheet => -860,
            () if (x / 165.0).powi(2) + (y / 115.0).powi(2) < 1.0 => 40,
            () => -1000,
        };
        tissue + noise
    });
    CtVolume::from_array(grid, hu).unwrap()
}
