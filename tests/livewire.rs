//! The contour that clings to edges, against lesions whose border is known: a scripted reader clicks beside the border, and the line
//! finds it, in noise of three dose levels and in planes that no slice lies in.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test fails by stopping, says what it found, and may use a clock"
)]

use hilum::annotation::{ContourAction, Document, Edit, Livewire, Origin, SegmentMeaning, fill_contour};
use hilum::geometry::{AnatomicalPlane, Grid, PatientPoint, PatientVector, Plane, VoxelIndex};
use hilum::volume::CtVolume;
use ndarray::Array3;
use std::f64::consts::TAU;

const SIZE: [usize; 3] = [110, 110, 56];
const SPACING_MM: [f64; 3] = [0.75, 0.75, 1.25];

/// Twelve uniform numbers make a normal one.
fn noise(n: usize) -> f64 {
    let mut x = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1_e995;
    let mut sum = 0.0;
    for _ in 0..12 {
        x ^= x >> 30;
        x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x ^= x >> 27;
        sum += (x >> 11) as f64 / (1u64 << 53) as f64;
    }
    sum - 6.0
}

/// An ellipsoid of the lung with a vessel through it and the chest wall beside it, blurred by half a voxel.
struct Lesion {
    semi_axes_mm: [f64; 3],
    volume: CtVolume,
}

impl Lesion {
    fn new(semi_axes_mm: [f64; 3], lesion_hu: f64, noise_hu: f64) -> Self {
        let steps = [0, 1, 2].map(|a| {
            let mut step = [0.0; 3];
            step[a] = SPACING_MM[a];
            PatientVector::new(step[0], step[1], step[2])
        });
        let half = [0, 1, 2].map(|a| steps[a] * ((SIZE[a] as f64 - 1.0) / 2.0));
        let grid = Grid::new(SIZE, PatientPoint::new(0.0, 0.0, 0.0) + -(half[0] + half[1] + half[2]), steps).unwrap();
        let tissue = |p: [f64; 3]| match p {
            p if p[0] > semi_axes_mm[0] + 8.0 => 40.0,
            p if (p[1] - 1.0 - 0.1 * p[0]).hypot(p[2] - 2.0) <= 1.9 => 45.0,
            p if within(semi_axes_mm, p) => lesion_hu,
            _ => -860.0,
        };
        let hu = Array3::from_shape_fn((SIZE[2], SIZE[1], SIZE[0]), |(k, j, i)| {
            let p = grid.patient_from_voxel(VoxelIndex::new(i, j, k).centre()).0.to_array();
            let corner = |n: usize| {
                let sign = |bit: usize| if n >> bit & 1 == 1 { 0.4 } else { -0.4 };
                tissue([p[0] + sign(0), p[1] + sign(1), p[2] + sign(2)])
            };
            let blurred = (0..8).map(corner).sum::<f64>() / 8.0;
            (blurred + noise_hu * noise((k * SIZE[1] + j) * SIZE[0] + i)).round() as i16
        });
        Self { semi_axes_mm, volume: CtVolume::from_array(grid, hu).unwrap() }
    }
    /// The border of the ellipsoid in an axial plane, as a ratio of its own size there; `None` where there is hardly any.
    fn scale(&self, z: f64) -> Option<f64> {
        let rest = 1.0 - (z / self.semi_axes_mm[2]).powi(2);
        (rest > 0.08).then(|| rest.sqrt())
    }
}

fn within(semi_axes_mm: [f64; 3], p: [f64; 3]) -> bool {
    (0..3).map(|a| (p[a] / semi_axes_mm[a]).powi(2)).sum::<f64>() <= 1.0
}

/// The line through clicks, closed.
fn wire(volume: &CtVolume, plane: &Plane, clicks: &[[f64; 2]], snap_mm: f64) -> Vec<[f64; 2]> {
    let mut wire = Livewire::begin(volume, plane, clicks[0], snap_mm);
    let first = wire.anchor();
    let mut line = vec![first];
    for click in &clicks[1..] {
        line.extend(wire.path_to(*click, snap_mm));
        wire = Livewire::begin(volume, plane, *line.last().unwrap(), 0.0);
    }
    line.extend(wire.path_to(first, 0.0));
    line
}

fn document(volume: &CtVolume) -> Document {
    let mut document = Document::empty(*volume.grid()).unwrap();
    let segment = document.new_segment(SegmentMeaning::Lesion, String::new(), Origin::Manual).unwrap();
    document.apply(&Edit::Segment { number: 1, before: None, after: Some(segment) }, volume).unwrap();
    document
}

/// Dice of outlines drawn slice by slice, over the slices that were drawn.
fn dice(lesion: &Lesion, outline: impl Fn(&Plane, f64, usize) -> Vec<[f64; 2]>) -> f64 {
    let (volume, grid) = (&lesion.volume, *lesion.volume.grid());
    let mut document = document(volume);
    let (mut both, mut sum) = (0u64, 0u64);
    for k in 0..SIZE[2] {
        let z = grid.patient_from_voxel(VoxelIndex::new(0, 0, k).centre()).0.z;
        let Some(scale) = lesion.scale(z) else { continue };
        let plane = Plane::anatomical(AnatomicalPlane::Axial, PatientPoint::new(0.0, 0.0, z));
        fill_contour(&mut document, volume, 1, &plane, &outline(&plane, scale, k), ContourAction::Add).unwrap();
        for (j, i) in (0..SIZE[1]).flat_map(|j| (0..SIZE[0]).map(move |i| (j, i))) {
            let at = VoxelIndex::new(i, j, k);
            let truth = within(lesion.semi_axes_mm, grid.patient_from_voxel(at.centre()).0.to_array());
            let found = document.layer(SegmentMeaning::Lesion.layer()).at(at) == 1;
            both += u64::from(truth && found);
            sum += u64::from(truth) + u64::from(found);
        }
    }
    2.0 * both as f64 / sum as f64
}

/// Clicks of a reader who is off the border by as much as 1.5 mm.
fn clicks(lesion: &Lesion, scale: f64, k: usize, count: usize) -> Vec<[f64; 2]> {
    let click = |n: usize| {
        let angle = TAU * (n as f64 + 0.3) / count as f64;
        let [a, b] = [lesion.semi_axes_mm[0] * scale, lesion.semi_axes_mm[1] * scale];
        let off = (noise(k * 31 + n) * 0.7).clamp(-1.5, 1.5);
        let [x, y] = [a * angle.cos(), b * angle.sin()];
        let length = x.hypot(y);
        [x + off * x / length, y + off * y / length]
    };
    (0..count).map(click).collect()
}

#[test]
fn four_clicks_beside_the_border_of_a_slice_find_it() {
    for (name, axes, hu) in [
        ("ground glass", [14.0, 10.0, 12.0], -600.0),
        ("part solid", [9.0, 9.0, 9.0], -350.0),
        ("solid", [8.0, 6.0, 7.0], 30.0),
        ("large consolidation", [20.0, 15.0, 18.0], 20.0),
    ] {
        for noise_hu in [12.0, 30.0, 60.0] {
            let lesion = Lesion::new(axes, hu, noise_hu);
            let by_edges =
                dice(&lesion, |plane, scale, k| wire(&lesion.volume, plane, &clicks(&lesion, scale, k, 4), 2.5));
            let by_lines = dice(&lesion, |_, scale, k| clicks(&lesion, scale, k, 4));
            println!("{name}, noise {noise_hu} HU: Dice {by_edges:.3} along edges, {by_lines:.3} by lines");
            assert!(by_edges >= 0.92, "{name}, noise {noise_hu}: {by_edges:.3}");
            assert!(by_edges > by_lines + 0.1, "{name}, noise {noise_hu}: {by_edges:.3} against {by_lines:.3}");
        }
    }
}

#[test]
fn it_follows_the_border_in_planes_that_no_slice_lies_in() {
    let lesion = Lesion::new([11.0; 3], -300.0, 30.0);
    for (n, angle) in [0.3, 0.8, 1.3].into_iter().enumerate() {
        let axis =
            [PatientVector::new(1.0, 0.0, 0.0), PatientVector::new(0.3, 0.9, 0.2), PatientVector::new(0.2, -0.5, 1.0)]
                [n]
                .unit()
                .unwrap();
        let straight = Plane::anatomical(AnatomicalPlane::Coronal, PatientPoint::new(0.5, -3.0, 0.4));
        let plane =
            Plane { right: straight.right.turned(axis, angle), down: straight.down.turned(axis, angle), ..straight };
        // The ball's disc in this plane.
        let middle = plane.coordinates(PatientPoint::new(0.0, 0.0, 0.0));
        let radius = (121.0 - plane.distance_mm(PatientPoint::new(0.0, 0.0, 0.0)).powi(2)).sqrt();
        let clicks: Vec<[f64; 2]> = (0..4)
            .map(|n| TAU * (f64::from(n) + 0.4) / 4.0)
            .map(|a| [middle[0] + (radius + 0.8) * a.cos(), middle[1] + (radius + 0.8) * a.sin()])
            .collect();
        let line = wire(&lesion.volume, &plane, &clicks, 2.5);
        let off: Vec<f64> = line.iter().map(|p| ((p[0] - middle[0]).hypot(p[1] - middle[1]) - radius).abs()).collect();
        let mean = off.iter().sum::<f64>() / off.len() as f64;
        println!("plane {n}: {mean:.2} mm off on average, {:.2} at most", off.iter().fold(0.0f64, |a, b| a.max(*b)));
        // Half a voxel across; the vessel that leaves the ball is an edge of its own.
        assert!(line.len() > 60 && mean < 0.5, "plane {n}: {mean} mm");
    }
}

#[test]
fn where_there_is_no_edge_and_beyond_its_reach_it_is_straight() {
    let grid = *Lesion::new([5.0; 3], 0.0, 0.0).volume.grid();
    let volume = CtVolume::from_array(grid, Array3::from_elem((SIZE[2], SIZE[1], SIZE[0]), -800)).unwrap();
    let plane = Plane::anatomical(AnatomicalPlane::Axial, PatientPoint::new(0.0, 0.0, 0.0));
    let mut wire = Livewire::begin(&volume, &plane, [1.3, -2.0], 3.0);
    let from = wire.anchor();
    for to in [[20.0, 9.0], [-30.0, 2.0], from, [500.0, 80.0], [-500.0, -500.0]] {
        let path = wire.path_to(to, 0.0);
        assert_eq!(path.last(), Some(&to));
        let length: f64 =
            std::iter::once(&from).chain(&path).zip(&path).map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1])).sum();
        let straight = (to[0] - from[0]).hypot(to[1] - from[1]);
        // Eight directions: a way of lattice steps is longer than the straight one by a twelfth at most.
        assert!(length <= straight * 1.09 + 1e-9, "{length} mm to {to:?}, {straight} mm away");
    }
}

#[test]
fn a_move_costs_less_than_a_frame() {
    // Printed, not asserted: other work on the machine would decide it.
    let lesion = Lesion::new([20.0, 15.0, 18.0], 20.0, 30.0);
    let plane = Plane::anatomical(AnatomicalPlane::Axial, PatientPoint::new(0.0, 0.0, 0.0));
    let begun = std::time::Instant::now();
    let mut wire = Livewire::begin(&lesion.volume, &plane, [20.0, 0.0], 2.5);
    let anchored = begun.elapsed();
    let mut slowest = std::time::Duration::ZERO;
    for n in 0..200 {
        let angle = TAU * f64::from(n) / 200.0;
        let begun = std::time::Instant::now();
        assert!(!wire.path_to([20.0 * angle.cos(), 15.0 * angle.sin()], 2.5).is_empty());
        slowest = slowest.max(begun.elapsed());
    }
    println!("anchor {anchored:?}, slowest of 200 moves {slowest:?}");
}
