//! Vessels, chest wall, calcium and registration on bodies made of formulas, where the truth is known.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by stopping, and says what it found")]

use hilum::analysis::{
    AnalysisError, BESIDE_LUNG, BESIDE_OTHER, CalciumParameters, ChestWallParameters, INVOLVED, LEFT_LUNG,
    LesionParameters, LungClasses, LungMask, Progress, Proposal, QualityFlag, RIGHT_LUNG, Structure, VesselParameters,
    field_of_view_clips, lung_change, propose_calcium, propose_chest_wall, propose_lesions, propose_vessels,
    register_lungs,
};
use hilum::geometry::{Grid, PatientPoint, PatientVector};
use hilum::volume::CtVolume;

/// Watches; stops after a number of looks.
struct Watch(f32, std::cell::Cell<usize>);

impl Watch {
    fn patient() -> Self {
        Self(0.0, std::cell::Cell::new(usize::MAX))
    }
}

impl Progress for Watch {
    fn report(&mut self, fraction: f32) {
        assert!((self.0..=1.0).contains(&fraction));
        self.0 = fraction;
    }
    fn cancelled(&self) -> bool {
        self.1.set(self.1.get().saturating_sub(1));
        self.1.get() == 0
    }
}

/// Normal noise of a standard deviation, by the sum of bytes of a counter's hash.
fn noise(n: usize, deviation: f64) -> f64 {
    let mut z = (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x1234_5678);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    let sum: u32 = z.to_le_bytes().iter().map(|b| u32::from(*b)).sum();
    (f64::from(sum) - 1020.0) / 209.0 * deviation
}

fn in_ellipsoid(p: [f64; 3], centre: [f64; 3], axes: [f64; 3]) -> bool {
    (0..3).map(|a| ((p[a] - centre[a]) / axes[a]).powi(2)).sum::<f64>() <= 1.0
}

/// A grid about the origin with these steps, mm, and HU by a formula of the place, with noise.
fn made(size: [usize; 3], steps: [f64; 3], deviation: f64, hu: impl Fn([f64; 3]) -> f64) -> CtVolume {
    let axes = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)];
    let steps = [0, 1, 2].map(|a| PatientVector::new(axes[a].0, axes[a].1, axes[a].2) * steps[a]);
    let half = [0, 1, 2].map(|a| steps[a] * ((size[a] as f64 - 1.0) / 2.0));
    let origin = PatientPoint::new(0.0, 0.0, 0.0) + (-(half[0] + half[1] + half[2]));
    let grid = Grid::new(size, origin, steps).unwrap();
    let slices = (0..size[2]).map(|k| {
        (0..size[0] * size[1])
            .map(|n| {
                let o = k * size[0] * size[1] + n;
                let p = grid.patient_from_voxel(grid.index_at(o).centre()).0.to_array();
                (hu(p) + noise(o, deviation)).round() as i16
            })
            .collect()
    });
    CtVolume::from_slices(grid, slices.collect()).unwrap()
}

fn place(volume: &CtVolume, o: usize) -> [f64; 3] {
    volume.grid().patient_from_voxel(volume.grid().index_at(o).centre()).0.to_array()
}

/// A mask by a formula of the place.
fn mask(volume: &CtVolume, inside: impl Fn([f64; 3]) -> bool) -> Vec<u8> {
    (0..volume.grid().voxel_count()).map(|o| u8::from(inside(place(volume, o)))).collect()
}

/// Sensitivity and precision of a label.
fn rates(labels: &[u8], label: u8, truth: &[bool]) -> (f64, f64) {
    let both = labels.iter().zip(truth).filter(|(l, t)| **l == label && **t).count() as f64;
    let found = labels.iter().filter(|l| **l == label).count() as f64;
    (both / truth.iter().filter(|t| **t).count() as f64, both / found.max(1.0))
}

// ---------------------------------------------------------------- vessels

/// Distance from a vessel's axis and its radius: a tree of straight tubes.
fn vessel(p: [f64; 3]) -> Option<(f64, f64)> {
    let tubes: [([f64; 3], [f64; 3], f64); 7] = [
        ([0.0, 0.0, -60.0], [0.0, 0.0, 60.0], 3.5),
        ([0.0, 0.0, -20.0], [35.0, 10.0, -5.0], 2.5),
        ([0.0, 0.0, 10.0], [-35.0, -15.0, 25.0], 2.5),
        ([20.0, 5.7, -11.4], [30.0, 30.0, 20.0], 1.6),
        ([-20.0, -8.6, 18.6], [-25.0, 25.0, 45.0], 1.6),
        ([0.0, 0.0, 40.0], [20.0, -30.0, 55.0], 1.6),
        ([0.0, 0.0, -45.0], [-30.0, 20.0, -55.0], 1.6),
    ];
    let distance = |(from, to, _): &([f64; 3], [f64; 3], f64)| {
        let d = [0, 1, 2].map(|a| to[a] - from[a]);
        let v = [0, 1, 2].map(|a| p[a] - from[a]);
        let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let t = (dot(v, d) / dot(d, d)).clamp(0.0, 1.0);
        let off = [0, 1, 2].map(|a| v[a] - t * d[a]);
        dot(off, off).sqrt()
    };
    tubes.iter().map(|t| (distance(t), t.2)).find(|(d, r)| d < r)
}

const LUNG: ([f64; 3], [f64; 3]) = ([0.0; 3], [50.0, 50.0, 75.0]);
const GROUND_GLASS: ([f64; 3], [f64; 3]) = ([-18.0, 22.0, -20.0], [16.0, 14.0, 15.0]);
const CONSOLIDATION: ([f64; 3], [f64; 3]) = ([22.0, -18.0, 30.0], [14.0, 14.0, 14.0]);

fn lung_hu(p: [f64; 3], with_vessels: bool) -> f64 {
    if !in_ellipsoid(p, LUNG.0, LUNG.1) {
        40.0
    } else if in_ellipsoid(p, CONSOLIDATION.0, CONSOLIDATION.1) {
        30.0
    } else if with_vessels && vessel(p).is_some() {
        40.0
    } else if in_ellipsoid(p, GROUND_GLASS.0, GROUND_GLASS.1) {
        -550.0
    } else {
        -860.0
    }
}

fn vessels(volume: &CtVolume, lungs: &[u8]) -> Result<Proposal, AnalysisError> {
    propose_vessels(volume, lungs, &VesselParameters::default(), &mut Watch::patient())
}

#[test]
fn vessels_are_found_in_noise_and_thick_slices() {
    // Spacing, noise, least sensitivity and precision for tubes from 2.5 mm radius on.
    let cases = [
        ([0.8, 0.8, 1.0], 15.0, 0.9, 0.9),
        ([0.8, 0.8, 1.0], 40.0, 0.9, 0.9),
        ([0.8, 0.8, 1.0], 90.0, 0.85, 0.8),
        ([0.8, 0.8, 2.5], 25.0, 0.9, 0.85),
        ([0.7, 0.7, 5.0], 15.0, 0.85, 0.8),
    ];
    for (steps, deviation, sensitivity, precision) in cases {
        let size = [0, 1, 2].map(|a| ([110.0, 110.0, 160.0][a] / steps[a]) as usize);
        let volume = made(size, steps, deviation, |p| lung_hu(p, true));
        let lungs = mask(&volume, |p| in_ellipsoid(p, LUNG.0, LUNG.1));
        let found = vessels(&volume, &lungs).unwrap();
        let deep = |p: [f64; 3]| in_ellipsoid(p, LUNG.0, LUNG.1.map(|a| a - 4.0));
        let free = |p: [f64; 3]| !in_ellipsoid(p, CONSOLIDATION.0, CONSOLIDATION.1.map(|a| a + 5.0));
        let all: Vec<bool> = (0..lungs.len())
            .map(|o| {
                let p = place(&volume, o);
                deep(p) && free(p) && vessel(p).is_some()
            })
            .collect();
        let large: Vec<bool> = (0..lungs.len())
            .map(|o| {
                let p = place(&volume, o);
                deep(p) && free(p) && vessel(p).is_some_and(|(_, r)| r > 2.0)
            })
            .collect();
        let (seen, _) = rates(&found.labels, 1, &large);
        let (of_all, right) = rates(&found.labels, 1, &all);
        println!("{steps:?} mm, noise {deviation}: large {seen:.3}, all {of_all:.3}, precision {right:.3}");
        assert!(seen > sensitivity && right > precision);
        assert_eq!(found.parts[0].voxels, found.labels.iter().filter(|l| **l == 1).count() as u64);
        assert!(found.labels.iter().zip(&lungs).all(|(v, l)| v <= l), "vessels lie inside the lungs");
    }
}

#[test]
fn disease_and_noise_are_no_vessels() {
    for deviation in [15.0, 40.0, 90.0] {
        let volume = made([138, 138, 160], [0.8, 0.8, 1.0], deviation, |p| lung_hu(p, false));
        let lungs = mask(&volume, |p| in_ellipsoid(p, LUNG.0, LUNG.1));
        let found = vessels(&volume, &lungs).unwrap();
        let share = found.parts[0].voxels as f64 / lungs.iter().filter(|l| **l == 1).count() as f64;
        println!("noise {deviation}: {:.4} % of the lung", 100.0 * share);
        assert!(share < 0.002, "{share}");
    }
}

#[test]
fn vessels_can_be_stopped_and_need_lungs() {
    let volume = made([40, 40, 40], [2.5, 2.5, 4.0], 0.0, |p| lung_hu(p, true));
    let lungs = mask(&volume, |p| in_ellipsoid(p, LUNG.0, LUNG.1));
    for looks in 1..6 {
        let mut watch = Watch(0.0, std::cell::Cell::new(looks));
        let stopped = propose_vessels(&volume, &lungs, &VesselParameters::default(), &mut watch);
        assert_eq!(stopped, Err(AnalysisError::Cancelled));
    }
    assert_eq!(vessels(&volume, &lungs[1..]), Err(AnalysisError::GridMismatch));
    assert_eq!(vessels(&volume, &vec![0; lungs.len()]), Err(AnalysisError::NoLungs));
}

// ---------------------------------------------------------------- chest wall

/// Half axes of skin, fat, muscle, ribs, and what they enclose, mm.
const SKIN: [f64; 2] = [170.0, 115.0];
const FAT: [f64; 2] = [168.0, 113.0];
const MUSCLE: [f64; 2] = [140.0, 88.0];
const RIBS: [f64; 2] = [128.0, 78.0];
const INSIDE: [f64; 2] = [122.0, 73.0];

fn in_ellipse(p: [f64; 3], axes: [f64; 2]) -> bool {
    (p[0] / axes[0]).powi(2) + (p[1] / axes[1]).powi(2) <= 1.0
}

fn wall_lung(p: [f64; 3]) -> bool {
    in_ellipsoid([p[0].abs(), p[1], p[2]], [66.0, 0.0, 0.0], [45.0, 60.0, 100.0])
}

fn wall_hu(p: [f64; 3]) -> f64 {
    match () {
        () if !in_ellipse(p, SKIN) => -1000.0,
        () if !in_ellipse(p, FAT) => 10.0,
        () if !in_ellipse(p, MUSCLE) => -100.0,
        () if !in_ellipse(p, RIBS) => 52.0,
        () if !in_ellipse(p, INSIDE) => 350.0,
        () if wall_lung(p) => -860.0,
        () => 45.0,
    }
}

/// Area of a formula on the plane z = 0, cm².
fn area_cm2(inside: impl Fn([f64; 3]) -> bool) -> f64 {
    let step = 0.1;
    let mut count = 0u64;
    for y in -1300..1300 {
        for x in -1800..1800 {
            count += u64::from(inside([(f64::from(x) + 0.5) * step, (f64::from(y) + 0.5) * step, 0.0]));
        }
    }
    count as f64 * step * step / 100.0
}

fn chest_wall(volume: &CtVolume) -> Result<Proposal, AnalysisError> {
    let lungs = mask(volume, wall_lung);
    propose_chest_wall(volume, &lungs, &ChestWallParameters::default(), &mut Watch::patient())
}

fn cm2(volume: &CtVolume, found: &Proposal, structure: Structure) -> f64 {
    let part = found.parts.iter().find(|p| p.structure == structure).unwrap();
    let [si, sj, _] = volume.grid().spacing_mm();
    part.voxels as f64 * si * sj / 100.0
}

#[test]
fn areas_of_the_chest_wall_are_those_of_the_formulas() {
    let front = |p: [f64; 3], axes: [f64; 2]| {
        let x = p[0] / axes[0];
        (x.abs() < 1.0).then(|| -axes[1] * (1.0 - x * x).sqrt())
    };
    let fat = area_cm2(|p| in_ellipse(p, FAT) && front(p, MUSCLE).is_some_and(|y| p[1] < y));
    let muscle = area_cm2(|p| in_ellipse(p, MUSCLE) && front(p, RIBS).is_some_and(|y| p[1] < y));
    for (pixel, deviation) in [(0.7, 5.0), (0.7, 15.0), (0.9, 25.0)] {
        let size = [(380.0 / pixel) as usize, (270.0 / pixel) as usize, 1];
        let volume = made(size, [pixel, pixel, 5.0], deviation, wall_hu);
        let found = chest_wall(&volume).unwrap();
        let [f, m] = [Structure::SubcutaneousFat, Structure::SkeletalMuscle].map(|s| cm2(&volume, &found, s));
        println!("pixel {pixel}, noise {deviation}: fat {f:.1} of {fat:.1} cm², muscle {m:.1} of {muscle:.1} cm²");
        assert!((f / fat - 1.0).abs() < 0.03 && (m / muscle - 1.0).abs() < 0.06);
        assert_eq!(found.flags, vec![]);
    }
}

#[test]
fn rows_may_run_either_way_and_arms_are_flagged() {
    let with_arms = |p: [f64; 3]| {
        let arm = (p[0].abs() - 215.0).hypot(p[1] - 30.0) < 32.0;
        if arm { 40.0 } else { wall_hu(p) }
    };
    let volume = made([520, 280, 1], [0.95, 0.95, 5.0], 8.0, with_arms);
    let found = chest_wall(&volume).unwrap();
    assert_eq!(found.flags, vec![QualityFlag::ArmsInPicture]);
    // The same slice from the back to the front, and from the left to the right.
    let grid = *volume.grid();
    let [ni, nj, _] = grid.size();
    let turned = Grid::new(
        grid.size(),
        grid.patient_from_voxel(hilum::geometry::VoxelPoint::new(ni as f64 - 1.0, nj as f64 - 1.0, 0.0)),
        [-grid.step(0), -grid.step(1), grid.step(2)],
    )
    .unwrap();
    let mut hu = volume.pixels(0).unwrap().to_vec();
    hu.reverse();
    let turned = CtVolume::from_slices(turned, vec![hu]).unwrap();
    let again = chest_wall(&turned).unwrap();
    let mut labels = again.labels;
    labels.reverse();
    let differ = labels.iter().zip(&found.labels).filter(|(a, b)| a != b).count();
    assert!(differ < 40, "{differ} pixels differ");
}

#[test]
fn a_body_that_is_cut_off_is_refused() {
    // The square ends within the body.
    let narrow = made([300, 270, 1], [1.0, 1.0, 5.0], 5.0, wall_hu);
    assert!(field_of_view_clips(narrow.pixels(0).unwrap(), narrow.grid()));
    assert_eq!(chest_wall(&narrow), Err(AnalysisError::ClippedBody));
    // The circle that was reconstructed does; beyond it is padding, in either of the usual values.
    for padding in [-1024.0, -2000.0] {
        let round = |p: [f64; 3]| if p[0].hypot(p[1]) > 160.0 { padding } else { wall_hu(p) };
        let volume = made([320, 320, 1], [1.0, 1.0, 5.0], 0.0, round);
        assert_eq!(chest_wall(&volume), Err(AnalysisError::ClippedBody), "padding {padding}");
        // A larger circle holds all of the body.
        let wide = |p: [f64; 3]| if p[0].hypot(p[1]) > 190.0 { padding } else { wall_hu(p) };
        let volume = made([380, 380, 1], [1.0, 1.0, 5.0], 0.0, wide);
        assert!(!field_of_view_clips(volume.pixels(0).unwrap(), volume.grid()));
        assert!(chest_wall(&volume).is_ok());
    }
    // Coronal pictures have no such area.
    let axial = made([380, 270, 1], [1.0, 1.0, 5.0], 5.0, wall_hu);
    let g = *axial.grid();
    let coronal = Grid::new(g.size(), g.origin(), [g.step(0), g.step(2), g.step(1)]).unwrap();
    let coronal = CtVolume::from_slices(coronal, vec![axial.pixels(0).unwrap().to_vec()]).unwrap();
    assert_eq!(chest_wall(&coronal), Err(AnalysisError::NotAxial));
}

// ---------------------------------------------------------------- calcium

const CALCIUM: [([f64; 3], f64); 4] =
    [([-18.0, -34.0, -20.0], 2.2), ([12.0, -36.0, -30.0], 1.8), ([22.0, -10.0, -45.0], 2.6), ([0.0, -30.0, -5.0], 1.5)];

fn calcium_lung(p: [f64; 3]) -> bool {
    in_ellipsoid([p[0].abs(), p[1], p[2]], [78.0, 0.0, 0.0], [48.0, 62.0, 100.0])
}

fn calcium_hu(p: [f64; 3], blood: f64) -> f64 {
    let is_calcium = |c: &([f64; 3], f64)| in_ellipsoid(p, c.0, [c.1; 3]);
    match () {
        () if !in_ellipse(p, SKIN) => -1000.0,
        () if in_ellipse([p[0], p[1] - 62.0, 0.0], [18.0, 15.0]) => 300.0,
        () if in_ellipse([p[0], p[1] + 82.0, 0.0], [16.0, 5.0]) => 300.0,
        () if CALCIUM.iter().any(is_calcium) => 420.0,
        () if calcium_lung(p) => -860.0,
        () if in_ellipsoid(p, [0.0, -10.0, -30.0], [50.0, 40.0, 45.0]) => blood,
        () if in_ellipse(p, INSIDE) => 20.0,
        () if in_ellipse(p, MUSCLE) => 50.0,
        () => -100.0,
    }
}

#[test]
fn calcium_in_the_heart_is_found_and_bone_is_not() {
    for (steps, deviation) in [([0.8, 0.8, 2.5], 12.0), ([0.7, 0.7, 1.25], 15.0)] {
        let size = [0, 1, 2].map(|a| ([352.0, 240.0, 210.0][a] / steps[a]) as usize);
        let volume = made(size, steps, deviation, |p| calcium_hu(p, 42.0));
        let beside: Vec<u8> = mask(&volume, calcium_lung).iter().map(|l| l * BESIDE_LUNG).collect();
        let found = propose_calcium(&volume, &beside, &CalciumParameters::default(), &mut Watch::patient()).unwrap();
        let label = found.parts.iter().find(|p| p.structure == Structure::Calcification).unwrap().label;
        let truth: Vec<bool> = (0..beside.len())
            .map(|o| {
                let p = place(&volume, o);
                CALCIUM.iter().any(|c| in_ellipsoid(p, c.0, [c.1; 3]))
            })
            .collect();
        let (sensitivity, precision) = rates(&found.labels, label, &truth);
        println!("{steps:?}: sensitivity {sensitivity:.3}, precision {precision:.3}, {:?}", found.flags);
        assert!(sensitivity > 0.95 && precision > 0.95);
        assert_eq!(found.flags, vec![]);
        let heart = found.parts.iter().find(|p| p.structure == Structure::Heart).unwrap();
        let ml = volume.grid().millilitres(heart.voxels);
        assert!((150.0..900.0).contains(&ml), "{ml} ml of heart");
    }
}

#[test]
fn calcium_is_looked_for_in_the_readers_heart_and_not_after_contrast() {
    let volume = made([220, 150, 84], [1.6, 1.6, 2.5], 10.0, |p| calcium_hu(p, 42.0));
    // A heart of the reader that holds one of the four.
    let heart = |p: [f64; 3]| in_ellipsoid(p, CALCIUM[2].0, [12.0; 3]);
    let bits = |p: [f64; 3]| (u8::from(calcium_lung(p)) * BESIDE_LUNG) | (u8::from(heart(p)) * BESIDE_OTHER);
    let beside: Vec<u8> = (0..volume.grid().voxel_count()).map(|o| bits(place(&volume, o))).collect();
    let propose = |volume: &CtVolume, beside: &[u8]| {
        propose_calcium(volume, beside, &CalciumParameters::default(), &mut Watch::patient())
    };
    let found = propose(&volume, &beside).unwrap();
    assert_eq!(found.parts.len(), 1, "no heart is proposed beside the reader's");
    assert!(found.parts[0].voxels > 3);
    assert!((0..beside.len()).all(|o| found.labels[o] == 0 || heart(place(&volume, o))));
    let enhanced = made([220, 150, 84], [1.6, 1.6, 2.5], 10.0, |p| calcium_hu(p, 220.0));
    assert_eq!(propose(&enhanced, &beside), Err(AnalysisError::EnhancedHeart));
    assert_eq!(propose(&volume, &vec![0; beside.len()]), Err(AnalysisError::NoHeart));
    let noisy = made([220, 150, 84], [1.6, 1.6, 2.5], 45.0, |p| calcium_hu(p, 42.0));
    let flags = propose(&noisy, &beside).unwrap().flags;
    assert!(matches!(flags[..], [QualityFlag::Noise { hu }] if (hu - 45.0).abs() < 5.0), "{flags:?}");
}

// ---------------------------------------------------------------- registration

/// Two lungs that no rotation lays on themselves.
fn two_lungs(p: [f64; 3]) -> bool {
    let right = in_ellipsoid(p, [-65.0, 0.0, 5.0], [52.0, 80.0, 115.0]) && p[2] > -75.0 - 0.002 * p[1] * p[1];
    let left = in_ellipsoid(p, [65.0, 5.0, 0.0], [46.0, 76.0, 112.0]) && p[2] > -85.0 + 0.2 * p[1];
    let heart = in_ellipsoid(p, [25.0, -30.0, -50.0], [50.0, 45.0, 45.0]);
    (right || left) && !heart
}

#[test]
fn lungs_are_laid_on_each_other_within_a_millimetre() {
    let fixed = made([190, 110, 150], [1.6, 1.8, 2.0], 0.0, |_| 0.0);
    let inside = mask(&fixed, two_lungs);
    // Axis (unit), degrees, shift in mm.
    let moves = [
        ([0.0, 0.0, 1.0], 0.0, [0.0, 0.0, 0.0]),
        ([0.0, 0.0, 1.0], 4.0, [12.0, -8.0, 20.0]),
        ([1.0, 0.0, 0.0], 7.0, [-5.0, 10.0, -25.0]),
        ([0.48, 0.6, 0.64], -8.0, [15.0, 15.0, 5.0]),
    ];
    for (axis, degrees, shift) in moves {
        let turn = |p: [f64; 3], by: f64| {
            let (s, c) = by.to_radians().sin_cos();
            let dot: f64 = (0..3).map(|a| axis[a] * p[a]).sum();
            let cross =
                [axis[1] * p[2] - axis[2] * p[1], axis[2] * p[0] - axis[0] * p[2], axis[0] * p[1] - axis[1] * p[0]];
            [0, 1, 2].map(|a| p[a] * c + cross[a] * s + axis[a] * dot * (1.0 - c))
        };
        // The other CT: another grid, the patient lying elsewhere.
        let there = |p: [f64; 3]| [0, 1, 2].map(|a| turn(p, degrees)[a] + shift[a]);
        let back = |p: [f64; 3]| turn([0, 1, 2].map(|a| p[a] - shift[a]), -degrees);
        let other = made([200, 140, 100], [1.9, 1.9, 3.2], 0.0, |_| 0.0);
        let elsewhere = mask(&other, |p| two_lungs(back(p)));
        let found = register_lungs(
            LungMask { grid: fixed.grid(), inside: &inside },
            LungMask { grid: other.grid(), inside: &elsewhere },
            &mut Watch::patient(),
        )
        .unwrap();
        let corners = [[-100.0, -60.0, -60.0], [90.0, 50.0, 80.0], [-60.0, 70.0, 30.0], [60.0, -50.0, 60.0]];
        let off = |p: [f64; 3]| {
            let q = there(p);
            found.apply(PatientPoint::new(q[0], q[1], q[2])).distance(PatientPoint::new(p[0], p[1], p[2]))
        };
        let worst = corners.iter().map(|p| off(*p)).fold(0.0, f64::max);
        println!(
            "{degrees}° about {axis:?}, {shift:?} mm: off by {worst:.2} mm, {:.2}°, residual {:.2} mm",
            found.degrees(),
            found.residual_mm
        );
        assert!(worst < 1.0 && (found.degrees() - f64::abs(degrees)).abs() < 0.5 && found.residual_mm < 1.5);
    }
    let none = vec![0; inside.len()];
    let empty = LungMask { grid: fixed.grid(), inside: &none };
    assert_eq!(register_lungs(empty, empty, &mut Watch::patient()), Err(AnalysisError::NoLungs));
}

#[test]
fn what_changed_is_told_zone_by_zone() {
    let opacity = |p: [f64; 3], radius: f64| in_ellipsoid(p, [-65.0, 10.0, 70.0], [radius; 3]);
    let bits = |p: [f64; 3], radius: f64| match () {
        () if !two_lungs(p) => 0,
        () if p[0] < 0.0 => RIGHT_LUNG | if opacity(p, radius) { INVOLVED } else { 0 },
        () => LEFT_LUNG,
    };
    let now = made([190, 110, 150], [1.6, 1.8, 2.0], 0.0, |_| 0.0);
    let later: Vec<u8> = (0..now.grid().voxel_count()).map(|o| bits(place(&now, o), 24.0)).collect();
    // Before, the patient lay elsewhere and the opacity was smaller.
    let before = made([200, 140, 110], [1.9, 1.9, 3.0], 0.0, |_| 0.0);
    let shift = [14.0, -9.0, 22.0];
    let back = |p: [f64; 3]| [0, 1, 2].map(|a| p[a] - shift[a]);
    let earlier: Vec<u8> = (0..before.grid().voxel_count()).map(|o| bits(back(place(&before, o)), 15.0)).collect();
    let found = lung_change(
        LungClasses { grid: now.grid(), bits: &later },
        LungClasses { grid: before.grid(), bits: &earlier },
        [-30.0, 35.0],
        &mut Watch::patient(),
    )
    .unwrap();
    let ml = |radius: f64| 4.0 / 3.0 * std::f64::consts::PI * radius.powi(3) / 1000.0;
    let near = |ours: f64, exact: f64| (ours / exact - 1.0).abs() < 0.03;
    assert!(near(found.now.involved_ml[0], ml(24.0)) && near(found.before.involved_ml[0], ml(15.0)), "{found:?}");
    for zone in 0..6 {
        let (a, b) = (found.now.lung_ml[zone], found.before.lung_ml[zone]);
        println!(
            "zone {zone}: lung {b:.0} ml before, {a:.0} ml now; involved {:?} → {:?} %",
            found.before.percent(zone),
            found.now.percent(zone)
        );
        assert!(near(a, b), "zone {zone}: {b} ml before, {a} ml now");
        assert!(zone == 0 || found.now.involved_ml[zone] == 0.0);
    }
}

// ---------------------------------------------------------------- opacities

#[test]
fn what_is_denser_than_soft_tissue_is_no_opacity() {
    let lesion = |p| in_ellipsoid(p, [0.0; 3], [12.0; 3]);
    for (hu, is_one) in [(60.0, true), (130.0, false)] {
        let volume = made([80, 80, 50], [1.0, 1.0, 1.5], 10.0, |p| if lesion(p) { hu } else { -850.0 });
        let lungs = mask(&volume, |p| in_ellipsoid(p, [0.0; 3], [36.0, 36.0, 34.0]));
        let found = propose_lesions(&volume, lungs, &LesionParameters::default(), &mut Watch::patient()).unwrap();
        let voxels: u64 = found.parts.iter().map(|p| p.voxels).sum();
        let truth = mask(&volume, lesion).iter().map(|v| u64::from(*v)).sum::<u64>();
        assert!(if is_one { voxels > truth * 8 / 10 } else { voxels < truth / 10 }, "{hu} HU: {voxels} of {truth}");
    }
}
