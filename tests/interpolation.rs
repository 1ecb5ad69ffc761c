//! Slices filled between marked ones, against bodies whose shape is known, on any grid a CT can have.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by stopping, and says what it found")]

use hilum::analysis::{AnalysisError, Progress, RegionOperation, RegionTask, RegionVoxels, change_region};
use hilum::geometry::{Grid, PatientPoint, VoxelPoint};

mod grids;
use grids::grids;

/// Goes on after so many reports.
struct Patience(usize);

impl Progress for Patience {
    fn report(&mut self, _fraction: f32) {
        self.0 = self.0.saturating_sub(1);
    }
    fn cancelled(&self) -> bool {
        self.0 == 0
    }
}

fn fill(grid: &Grid, labels: &[u8], axis: usize, locked: &[u8], patience: usize) -> Result<Vec<u8>, AnalysisError> {
    let beside = vec![0; labels.len()];
    let voxels = RegionVoxels { size: grid.size(), spacing_mm: grid.spacing_mm(), hu: &[], labels, beside: &beside };
    let operation = RegionOperation::Interpolate { axis };
    let task = RegionTask { segment: 1, locked: locked.to_vec(), operation };
    change_region(&voxels, &task, &mut Patience(patience)).map(|outcome| outcome.labels)
}

/// Marks a body on every `every`-th slice across an axis, fills the rest, and compares with the body.
fn interpolated(grid: &Grid, axis: usize, every: usize, body: impl Fn(PatientPoint) -> bool) -> f64 {
    let place = |n: usize| {
        let at = grid.index_at(n);
        [at.i, at.j, at.k]
    };
    let inside = |n: usize| {
        let [i, j, k] = place(n).map(|c| c as f64);
        body(grid.patient_from_voxel(VoxelPoint::new(i, j, k)))
    };
    let marked: Vec<u8> =
        (0..grid.voxel_count()).map(|n| u8::from(place(n)[axis].is_multiple_of(every) && inside(n))).collect();
    let filled = fill(grid, &marked, axis, &[], usize::MAX).unwrap();
    let slices = || (0..marked.len()).filter(|n| marked[*n] == 1).map(|n| place(n)[axis]);
    let (first, last) = (slices().min().unwrap(), slices().max().unwrap());
    let (mut both, mut sum) = (0u64, 0u64);
    for n in 0..marked.len() {
        let slice = place(n)[axis];
        if slice < first || slice > last || slice.is_multiple_of(every) {
            assert_eq!(filled[n], marked[n], "marked slices stay, and nothing goes beyond the outermost");
        } else {
            let truth = inside(n);
            both += u64::from(filled[n] == 1 && truth);
            sum += u64::from(filled[n] == 1) + u64::from(truth);
        }
    }
    2.0 * both as f64 / sum as f64
}

#[test]
fn spheres_and_cones_come_back_from_every_fourth_slice() {
    let mut worst = (1.0f64, String::new());
    for (name, grid) in grids() {
        for axis in 0..3 {
            let sphere = |p: PatientPoint| p.0.length() <= 32.0;
            let towards = grid.step(axis).unit().unwrap();
            let cone = |p: PatientPoint| {
                let along = (p - PatientPoint::new(0.0, 0.0, 0.0)).dot(towards);
                let off = (p.0.length_squared() - along * along).max(0.0).sqrt();
                along.abs() < 40.0 && off <= (42.0 - along) * 0.4
            };
            for (body, dice) in
                [("sphere", interpolated(&grid, axis, 4, sphere)), ("cone", interpolated(&grid, axis, 4, cone))]
            {
                // Of the filled slices alone: the marked ones are right anyway.
                println!("{body} on {name} across {axis}: Dice {dice:.3}");
                if dice < worst.0 {
                    worst = (dice, format!("{body} on {name} across {axis}"));
                }
            }
        }
    }
    assert!(worst.0 >= 0.97, "{worst:?}");
}

#[test]
fn marked_slices_and_locked_segments_stay() {
    let grid = grids()[0].1;
    let [ni, nj, _] = grid.size();
    let disc = |n: usize, radius: f64| {
        let at = grid.index_at(n);
        (at.i as f64 - 60.0).hypot(at.j as f64 - 60.0) <= radius
    };
    let label = |n: usize| match grid.index_at(n).k {
        50 | 70 if disc(n, 20.0) => 1,
        60 if disc(n, 5.0) => 1,
        64 if disc(n, 40.0) && grid.index_at(n).j.abs_diff(60) < 6 => 2,
        _ => 0,
    };
    let labels: Vec<u8> = (0..grid.voxel_count()).map(label).collect();
    let count = |labels: &[u8], of: u8| labels.iter().filter(|l| **l == of).count();
    let slice = |labels: &[u8], k: usize| count(&labels[k * ni * nj..(k + 1) * ni * nj], 1);
    let filled = fill(&grid, &labels, 2, &[2], usize::MAX).unwrap();
    assert!(count(&filled, 1) > count(&labels, 1));
    assert_eq!(count(&filled, 2), count(&labels, 2), "a locked segment loses nothing");
    assert_eq!(slice(&filled, 60), slice(&labels, 60), "a marked slice stays as it was marked");
    assert!(slice(&filled, 55) > slice(&filled, 60) && slice(&filled, 55) < slice(&filled, 50));
    assert!(
        count(&fill(&grid, &labels, 2, &[], usize::MAX).unwrap(), 2) < count(&labels, 2),
        "an open one is taken over"
    );
    assert_eq!(fill(&grid, &labels, 3, &[], usize::MAX).unwrap(), labels, "there is no fourth axis");
    assert_eq!(fill(&grid, &labels, 2, &[], 2), Err(AnalysisError::Cancelled), "it can be stopped");
}
