//! Grids of all the kinds a CT can have.
#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses what it needs, and may stop")]

use hilum::geometry::{Grid, PatientPoint, PatientVector};
use hilum::volume::CtVolume;
use ndarray::Array3;

pub(crate) const fn vector(x: f64, y: f64, z: f64) -> PatientVector {
    PatientVector::new(x, y, z)
}

/// A grid with these steps whose middle is the patient's origin.
pub(crate) fn grid(steps: [PatientVector; 3], size: [usize; 3]) -> Grid {
    let half = [0, 1, 2].map(|a| steps[a] * ((size[a] as f64 - 1.0) / 2.0));
    Grid::new(size, PatientPoint::new(0.0, 0.0, 0.0) + (-(half[0] + half[1] + half[2])), steps).unwrap()
}

/// Grids of about 120 mm to each side: cubic, anisotropic, flipped, coronal, rotated, sheared.
pub(crate) fn grids() -> Vec<(&'static str, Grid)> {
    let (c, s) = (0.2f64.cos(), 0.2f64.sin());
    vec![
        ("cubic", grid([vector(1.0, 0.0, 0.0), vector(0.0, 1.0, 0.0), vector(0.0, 0.0, 1.0)], [121, 121, 121])),
        ("anisotropic", grid([vector(0.6, 0.0, 0.0), vector(0.0, 0.8, 0.0), vector(0.0, 0.0, 2.5)], [200, 150, 49])),
        ("flipped", grid([vector(-0.7, 0.0, 0.0), vector(0.0, -0.7, 0.0), vector(0.0, 0.0, -1.25)], [170, 170, 96])),
        ("coronal", grid([vector(0.7, 0.0, 0.0), vector(0.0, 0.0, -0.9), vector(0.0, 1.5, 0.0)], [170, 133, 80])),
        (
            "rotated",
            grid(
                [vector(0.7 * c, 0.7 * s, 0.0), vector(-0.8 * s, 0.8 * c, 0.0), vector(0.0, 0.0, 1.5)],
                [180, 160, 80],
            ),
        ),
        (
            "tipped",
            grid(
                [vector(0.7, 0.0, 0.0), vector(0.0, 0.7 * c, 0.7 * s), vector(0.0, -1.2 * s, 1.2 * c)],
                [170, 170, 100],
            ),
        ),
        ("sheared", grid([vector(0.7, 0.0, 0.0), vector(0.0, 0.8, 0.0), vector(0.0, 0.35, 1.4)], [170, 170, 86])),
    ]
}

pub(crate) fn air(grid: Grid) -> CtVolume {
    let [ni, nj, nk] = grid.size();
    CtVolume::from_array(grid, Array3::from_elem((nk, nj, ni), -800)).unwrap()
}
