//! Slices filled between marked ones, against bodies whose shape is known, on any grid a CT can have.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by stopping, and says what it found")]

use hilum::analysis::{Across, AnalysisError, Progress, RegionOperation, RegionTask, RegionVoxels, change_region};
use hilum::annotation::voxels_inside;
use hilum::geometry::{Grid, PatientPoint, PatientVector, Plane, VoxelPoint};

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
    fill_across(grid, labels, Across::Axis(axis), locked, patience)
}

fn fill_across(
    grid: &Grid,
    labels: &[u8],
    across: Across,
    locked: &[u8],
    patience: usize,
) -> Result<Vec<u8>, AnalysisError> {
    let beside = vec![0; labels.len()];
    let voxels = RegionVoxels { size: grid.size(), spacing_mm: grid.spacing_mm(), hu: &[], labels, beside: &beside };
    let operation = RegionOperation::Interpolate { across };
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

/// Directions to the right and down of planes that are no slices of any grid here.
fn oblique() -> [[PatientVector; 2]; 3] {
    [[(1.0, 0.4, 0.2), (-0.3, 1.0, 0.5)], [(1.0, 0.0, 0.0), (0.0, 1.0, 1.0)], [(0.3, 1.0, -0.4), (0.5, 0.1, -1.0)]].map(
        |directions| {
            let [right, down] = directions.map(|(x, y, z)| PatientVector::new(x, y, z));
            let right = right.unit().unwrap();
            [right, (down + right * -right.dot(down)).unit().unwrap()]
        },
    )
}

/// The thickness of a layer of voxels that a plane marks.
fn layer_mm(grid: &Grid, normal: PatientVector) -> f64 {
    (0..3).map(|a| grid.step(a).dot(normal).abs()).fold(0.0, f64::max)
}

/// Marks a circle of this radius in a plane.
fn mark_circle(grid: &Grid, plane: &Plane, middle: [f64; 2], radius: f64, labels: &mut [u8]) {
    let turn = |n: u32| (f64::from(n) / 360.0 * std::f64::consts::TAU).sin_cos();
    let outline: Vec<[f64; 2]> =
        (0..360).map(turn).map(|(s, c)| [middle[0] + radius * c, middle[1] + radius * s]).collect();
    for at in voxels_inside(grid, plane, &outline) {
        labels[grid.offset(at)] = 1;
    }
}

#[test]
fn a_sphere_comes_back_from_every_fourth_oblique_plane() {
    const RADIUS: f64 = 32.0;
    for (name, grid) in grids() {
        for [right, down] in oblique() {
            let mut plane = Plane { origin: PatientPoint::new(0.0, 0.0, 0.0), right, down };
            let (normal, step) = (plane.normal(), 4.0 * layer_mm(&grid, plane.normal()));
            let mut marked = vec![0u8; grid.voxel_count()];
            // Where a hand scrolled to: between voxels.
            let first = -((RADIUS - 0.5) / step).floor() * step + 0.3;
            let offsets: Vec<f64> =
                (0..100).map(|n| first + f64::from(n) * step).filter(|d| d.abs() < RADIUS).collect();
            for offset in &offsets {
                plane.origin = PatientPoint::new(0.0, 0.0, 0.0) + normal * *offset;
                mark_circle(&grid, &plane, [0.0; 2], (RADIUS * RADIUS - offset * offset).sqrt(), &mut marked);
            }
            let across = Across::Planes { grid: Box::new(grid), right, down };
            let filled = fill_across(&grid, &marked, across, &[], usize::MAX).unwrap();
            let (mut both, mut sum) = (0u64, 0u64);
            for n in 0..marked.len() {
                let at = grid.patient_from_voxel(grid.index_at(n).centre());
                let height = (at - PatientPoint::new(0.0, 0.0, 0.0)).dot(normal);
                let between = height > offsets[0] && height < *offsets.last().unwrap();
                if marked[n] == 1 || !between {
                    assert_eq!(
                        filled[n], marked[n],
                        "{name}: what is marked stays, and nothing goes beyond the outermost"
                    );
                } else if offsets.iter().all(|o| (height - o).abs() > step / 8.0 + 0.01) {
                    let truth = at.0.length() <= RADIUS;
                    both += u64::from(filled[n] == 1 && truth);
                    sum += u64::from(filled[n] == 1) + u64::from(truth);
                }
            }
            let dice = 2.0 * both as f64 / sum as f64;
            println!("sphere on {name} across {normal:?}: Dice {dice:.3} of {} planes", offsets.len());
            assert!(dice >= 0.97, "{name}: {dice}");
        }
    }
}

#[test]
fn lesions_that_are_apart_are_filled_each_by_itself() {
    let (_, grid) = grids().remove(0);
    let count = |labels: &[u8], left: bool| {
        (0..labels.len()).filter(|n| labels[*n] == 1 && (grid.index_at(*n).i < 60) == left).count()
    };
    for [right, down] in [[PatientVector::new(1.0, 0.0, 0.0), PatientVector::new(0.0, 1.0, 0.0)], oblique()[1]] {
        let straight = down == PatientVector::new(0.0, 1.0, 0.0);
        let across = || match straight {
            true => Across::Axis(2),
            false => Across::Planes { grid: Box::new(grid), right, down },
        };
        let mut plane = Plane { origin: PatientPoint::new(0.0, 0.0, 0.0), right, down };
        let (normal, layer) = (plane.normal(), layer_mm(&grid, plane.normal()));
        let mut draw = |left: bool, layers: &[f64], labels: &mut [u8]| {
            for n in layers {
                plane.origin = PatientPoint::new(0.0, 0.0, 0.0) + normal * (n * layer);
                mark_circle(&grid, &plane, [if left { -25.0 } else { 25.0 }, 0.0], 9.0, labels);
            }
        };
        let [mut first, mut second] = [(); 2].map(|()| vec![0u8; grid.voxel_count()]);
        draw(true, &[-8.0, -4.0, 0.0], &mut first);
        // On slices that hold none of the first, and far above it.
        draw(false, &[-6.0, -2.0, 20.0], &mut second);
        let both: Vec<u8> = first.iter().zip(&second).map(|(a, b)| a | b).collect();
        let filled = fill_across(&grid, &both, across(), &[], usize::MAX).unwrap();
        for (left, alone) in [(true, &first), (false, &second)] {
            let alone = fill_across(&grid, alone, across(), &[], usize::MAX).unwrap();
            assert_eq!(count(&filled, left), count(&alone, left), "as if the other were not there");
        }
        assert!(count(&filled, true).abs_diff(9 * count(&first, true) / 3) < count(&first, true) / 20);
        assert!(count(&filled, false).abs_diff(27 * count(&second, false) / 3) < count(&second, false) / 3);
    }
}

#[test]
fn the_slices_that_were_left_out_tell_the_axis() {
    for (_, grid) in grids() {
        for axis in 0..3 {
            let marked: Vec<u8> = (0..grid.voxel_count())
                .map(|n| {
                    let at = grid.index_at(n);
                    let slice = [at.i, at.j, at.k][axis];
                    u8::from(slice.is_multiple_of(3) && grid.patient_from_voxel(at.centre()).0.length() < 20.0)
                })
                .collect();
            let guessed = fill_across(&grid, &marked, Across::Gaps, &[], usize::MAX).unwrap();
            assert!(guessed != marked && guessed == fill(&grid, &marked, axis, &[], usize::MAX).unwrap());
        }
    }
    let (_, grid) = grids().remove(0);
    let none = vec![0; grid.voxel_count()];
    assert_eq!(fill_across(&grid, &none, Across::Gaps, &[], usize::MAX).unwrap(), none);
    let [right, down] = oblique()[0];
    let other = Across::Planes { grid: Box::new(grids()[1].1), right, down };
    assert_eq!(fill_across(&grid, &none, other, &[], usize::MAX), Err(AnalysisError::GridMismatch));
    let planes = Across::Planes { grid: Box::new(grid), right, down };
    assert_eq!(fill_across(&grid, &none, planes, &[], usize::MAX).unwrap(), none);
}

/// Discs about these centres (i, j) on these slices of a grid of 1 mm.
fn discs(grid: &Grid, marks: &[([f64; 2], &[usize])]) -> Vec<u8> {
    let is_marked = |n: usize| {
        let at = grid.index_at(n);
        let near = |c: &[f64; 2]| (at.i as f64 - c[0]).hypot(at.j as f64 - c[1]) < 5.0;
        marks.iter().any(|(centre, slices)| near(centre) && slices.contains(&at.k))
    };
    (0..grid.voxel_count()).map(|n| u8::from(is_marked(n))).collect()
}

#[test]
fn two_lesions_one_above_the_other_are_not_joined_over_slices_that_others_are_marked_on() {
    let steps = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)].map(|(x, y, z)| PatientVector::new(x, y, z));
    let grid = Grid::new([60, 24, 80], PatientPoint::new(0.0, 0.0, 0.0), steps).unwrap();
    let (low, high): (Vec<usize>, Vec<usize>) = ((5..9).collect(), (60..64).collect());
    let long: Vec<usize> = (2..70).step_by(4).collect();
    let [_, right, down] = [steps[2], steps[0], steps[1]];
    for across in [Across::Axis(2), Across::Planes { grid: Box::new(grid), right, down }] {
        let here = [12.0, 12.0];
        let marked = discs(&grid, &[(here, &low), (here, &high), ([45.0, 12.0], &long)]);
        let filled = fill_across(&grid, &marked, across.clone(), &[], usize::MAX).unwrap();
        let count = |i: std::ops::Range<usize>, labels: &[u8]| {
            (0..labels.len()).filter(|n| labels[*n] == 1 && i.contains(&grid.index_at(*n).i)).count()
        };
        assert_eq!(count(0..30, &filled), count(0..30, &marked), "{across:?}");
        assert!(count(30..60, &filled) > 3 * count(30..60, &marked), "{across:?}");
        // With nothing beside them they are one, as far apart as they are.
        let alone = discs(&grid, &[(here, &low), (here, &high)]);
        let filled = fill_across(&grid, &alone, across, &[], usize::MAX).unwrap();
        assert!(count(0..30, &filled) > 5 * count(0..30, &alone));
    }
    // Two lesions side by side: what was left out is along k, however wide the space between them is.
    let every: Vec<usize> = (30..60).step_by(4).collect();
    let both = discs(&grid, &[([8.0, 12.0], &every), ([52.0, 12.0], &every)]);
    let guessed = fill_across(&grid, &both, Across::Gaps, &[], usize::MAX).unwrap();
    assert!(guessed == fill(&grid, &both, 2, &[], usize::MAX).unwrap() && guessed != both);
}
