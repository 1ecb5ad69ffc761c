//! Proposals on chests made of formulas, where the truth is known.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by stopping, and says what it found")]

use hilum::analysis::{
    AnalysisError, LesionParameters, LungParameters, Progress, Proposal, QualityFlag, Structure, propose_lesions,
    propose_lungs,
};
use hilum::dicom::{decode_frame, group_into_series, read_header};
use hilum::geometry::{Grid, PatientPoint, PatientVector, VoxelIndex};
use hilum::import::{DemonstrationLesion, demonstration, plan_stack};
use hilum::volume::CtVolume;
use ndarray::Array3;

/// Watches; stops after a number of looks.
struct Watch {
    last: f32,
    looks: std::cell::Cell<usize>,
}

impl Watch {
    fn patient() -> Self {
        Self { last: 0.0, looks: std::cell::Cell::new(usize::MAX) }
    }
}

impl Progress for Watch {
    fn report(&mut self, fraction: f32) {
        assert!((self.last..=1.0).contains(&fraction));
        self.last = fraction;
    }
    fn cancelled(&self) -> bool {
        self.looks.set(self.looks.get().saturating_sub(1));
        self.looks.get() == 0
    }
}

fn lungs(volume: &CtVolume) -> Result<Proposal, AnalysisError> {
    propose_lungs(volume, &LungParameters::default(), &mut Watch::patient())
}

fn inside(lungs: &Proposal) -> Vec<u8> {
    lungs.labels.iter().map(|l| u8::from(*l == 1 || *l == 2)).collect()
}

fn lesions(volume: &CtVolume, lungs: &[u8]) -> Result<Proposal, AnalysisError> {
    propose_lesions(volume, lungs.to_vec(), &LesionParameters::default(), &mut Watch::patient())
}

fn label(proposal: &Proposal, structure: Structure) -> u8 {
    proposal.parts.iter().find(|p| p.structure == structure).unwrap().label
}

fn dice(found: impl Fn(usize) -> bool, truth: impl Fn(usize) -> bool, count: usize) -> f64 {
    let (mut both, mut sum) = (0u64, 0u64);
    for o in 0..count {
        both += u64::from(found(o) && truth(o));
        sum += u64::from(found(o)) + u64::from(truth(o));
    }
    2.0 * both as f64 / sum as f64
}

/// Mean patient x of a label.
fn mean_x(grid: &Grid, labels: &[u8], label: u8) -> f64 {
    let x: Vec<f64> = (0..labels.len())
        .filter(|o| labels[*o] == label)
        .map(|o| grid.patient_from_voxel(grid.index_at(o).centre()).0.x)
        .collect();
    x.iter().sum::<f64>() / x.len() as f64
}

/// A body, two lungs, a trachea that forks, and noise. Formulas in patient millimetres: x left, y back, z up, middle at 0.
#[derive(Clone, Copy)]
struct Chest {
    /// Whether the lungs touch in front of the heart.
    joined: bool,
    /// A ball of −550 HU in the right lung.
    ground_glass: bool,
    /// A ball of soft tissue in the left lung, half of it in ground glass through which a vessel runs.
    consolidation: bool,
    /// Soft tissue against the costal wall of the left lung, narrower than the closing.
    pleural: bool,
    noise_hu: f64,
}

const LUNG_AXES: [f64; 3] = [50.0, 75.0, 105.0];
const GROUND_GLASS: ([f64; 3], f64) = ([-62.0, 20.0, -10.0], 22.0);
const CONSOLIDATION: ([f64; 3], f64) = ([62.0, 0.0, -30.0], 16.0);
const ABOUT_IT: ([f64; 3], f64) = ([62.0, 0.0, -8.0], 26.0);

impl Chest {
    const PLAIN: Self =
        Self { joined: false, ground_glass: false, consolidation: false, pleural: false, noise_hu: 25.0 };

    fn in_ellipsoid(p: [f64; 3], centre: [f64; 3], axes: [f64; 3]) -> bool {
        (0..3).map(|a| ((p[a] - centre[a]) / axes[a]).powi(2)).sum::<f64>() <= 1.0
    }
    fn in_lung(self, p: [f64; 3], side: f64) -> bool {
        let sheet = self.joined
            && p[0] * side >= 0.0
            && p[0].abs() < 40.0
            && (-62.0..-59.0).contains(&p[1])
            && p[2].abs() < 30.0;
        Self::in_ellipsoid(p, [side * 60.0, 0.0, 0.0], LUNG_AXES) || sheet
    }
    fn is_pleural(self, p: [f64; 3]) -> bool {
        let place = p[0] > 99.0 && p[1].hypot(p[2]) < 7.0;
        self.pleural && place && self.in_lung(p, 1.0)
    }
    fn is_consolidation(self, p: [f64; 3]) -> bool {
        self.consolidation && Self::in_ellipsoid(p, CONSOLIDATION.0, [CONSOLIDATION.1; 3])
    }
    fn is_about_it(self, p: [f64; 3]) -> bool {
        self.consolidation && Self::in_ellipsoid(p, ABOUT_IT.0, [ABOUT_IT.1; 3]) && !self.is_consolidation(p)
    }
    fn in_airway(p: [f64; 3]) -> bool {
        let trachea = p[2] > 20.0 && p[0].hypot(p[1] - 10.0) < 9.0;
        // Main bronchi run down and out from the carina.
        let along = 20.0 - p[2];
        let bronchus = (0.0..25.0).contains(&along) && (p[0].abs() - along * 0.5).hypot(p[1] - 10.0) < 6.5;
        trachea || bronchus
    }
    fn hu(self, p: [f64; 3], random: &mut u64) -> i16 {
        *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = ((*random >> 40) as f64 / (1u64 << 24) as f64 - 0.5) * 2.0 * 1.732 * self.noise_hu;
        let is_lung = self.in_lung(p, -1.0) || self.in_lung(p, 1.0);
        let tissue = if Self::in_airway(p) {
            -1000.0
        } else if is_lung && self.ground_glass && Self::in_ellipsoid(p, GROUND_GLASS.0, [GROUND_GLASS.1; 3]) {
            -550.0
        } else if is_lung && self.is_consolidation(p) {
            40.0
        } else if is_lung && self.is_about_it(p) {
            if (p[0] - 62.0).hypot(p[2]) < 2.5 { 40.0 } else { -550.0 }
        } else if self.is_pleural(p) {
            40.0
        } else if is_lung {
            -860.0
        } else if (p[0] / 150.0).powi(2) + (p[1] / 100.0).powi(2) <= 1.0 {
            45.0
        } else {
            -1000.0
        };
        (tissue + noise).round() as i16
    }
    /// On a grid with these steps (mm, with sign) along x, y, z for i, j, k.
    fn volume(self, steps: [PatientVector; 3], size: [usize; 3]) -> CtVolume {
        let half = [0, 1, 2].map(|a| steps[a] * ((size[a] as f64 - 1.0) / 2.0));
        let origin = PatientPoint::new(0.0, 0.0, 0.0) + (-(half[0] + half[1] + half[2]));
        let grid = Grid::new(size, origin, steps).unwrap();
        let mut random = 7;
        let hu = Array3::from_shape_fn((size[2], size[1], size[0]), |(k, j, i)| {
            let p = origin + steps[0] * i as f64 + steps[1] * j as f64 + steps[2] * k as f64;
            self.hu(p.0.to_array(), &mut random)
        });
        CtVolume::from_array(grid, hu).unwrap()
    }
    fn axial(self) -> CtVolume {
        self.volume([vector(1.5, 0.0, 0.0), vector(0.0, 1.5, 0.0), vector(0.0, 0.0, 2.0)], [220, 150, 120])
    }
    fn check(self, volume: &CtVolume, least_dice: f64) -> Proposal {
        let found = lungs(volume).unwrap();
        let grid = volume.grid();
        let place = |o: usize| grid.patient_from_voxel(grid.index_at(o).centre()).0.to_array();
        for (structure, side) in [(Structure::RightLung, -1.0), (Structure::LeftLung, 1.0)] {
            let label = label(&found, structure);
            let overlap = dice(
                |o| found.labels[o] == label,
                |o| self.in_lung(place(o), side) && !Chest::in_airway(place(o)),
                found.labels.len(),
            );
            assert!(overlap > least_dice, "{structure:?}: Dice {overlap}");
        }
        for part in &found.parts {
            assert_eq!(found.labels.iter().filter(|l| **l == part.label).count() as u64, part.voxels);
        }
        found
    }
}

const fn vector(x: f64, y: f64, z: f64) -> PatientVector {
    PatientVector::new(x, y, z)
}

#[test]
fn lungs_of_a_plain_chest() {
    let volume = Chest::PLAIN.axial();
    let found = Chest::PLAIN.check(&volume, 0.985);
    assert_eq!(found.flags, vec![]);
    let airways = label(&found, Structure::Airways);
    let grid = volume.grid();
    let overlap = dice(
        |o| found.labels[o] == airways,
        |o| Chest::in_airway(grid.patient_from_voxel(grid.index_at(o).centre()).0.to_array()),
        found.labels.len(),
    );
    assert!(overlap > 0.9, "airways: Dice {overlap}");
    assert_eq!(found, lungs(&volume).unwrap(), "the same voxels give the same proposal");
}

#[test]
fn the_patients_right_is_right_on_any_grid() {
    let grids = [
        // Columns to the patient's right, rows to the front, slices to the feet.
        ([vector(-1.5, 0.0, 0.0), vector(0.0, -1.5, 0.0), vector(0.0, 0.0, -2.0)], [220, 150, 120]),
        // Coronal: rows to the feet, slices to the back.
        ([vector(1.5, 0.0, 0.0), vector(0.0, 0.0, -1.6), vector(0.0, 2.0, 0.0)], [220, 150, 112]),
        // Sagittal: columns to the back, rows to the feet, slices to the left.
        ([vector(0.0, 1.5, 0.0), vector(0.0, 0.0, -1.6), vector(2.0, 0.0, 0.0)], [150, 150, 165]),
        // A tilted gantry: slices shifted against each other.
        ([vector(1.4, 0.0, 0.0), vector(0.0, 1.5, 0.0), vector(0.0, 0.6, 2.5)], [236, 160, 96]),
        // Fine in the plane, thick across, and rotated about z.
        ([vector(0.985, 0.174, 0.0), vector(-0.174, 0.985, 0.0), vector(0.0, 0.0, 5.0)], [320, 230, 48]),
    ];
    for (steps, size) in grids {
        let volume = Chest::PLAIN.volume(steps, size);
        let found = Chest::PLAIN.check(&volume, 0.97);
        let [right, left] = [Structure::RightLung, Structure::LeftLung].map(|s| label(&found, s));
        assert!(mean_x(volume.grid(), &found.labels, right) < -40.0);
        assert!(mean_x(volume.grid(), &found.labels, left) > 40.0);
        assert!(!found.flags.contains(&QualityFlag::NoAirwayFound), "{steps:?}");
        assert!(!found.flags.iter().any(|f| matches!(f, QualityFlag::AreaJump { .. })), "{steps:?}: {:?}", found.flags);
    }
}

/// Volumes of the lungs as they are proposed against those of the formulas, sampled on the same grid.
#[test]
fn volumes_are_right_at_three_noise_levels_tilted_and_on_thick_slices() {
    let grids = [
        ("1 mm", [vector(1.0, 0.0, 0.0), vector(0.0, 1.0, 0.0), vector(0.0, 0.0, 1.0)], [310, 210, 220]),
        ("2 mm", [vector(1.5, 0.0, 0.0), vector(0.0, 1.5, 0.0), vector(0.0, 0.0, 2.0)], [220, 150, 120]),
        ("tilted", [vector(1.4, 0.0, 0.0), vector(0.0, 1.5, 0.0), vector(0.0, 0.6, 2.5)], [236, 160, 96]),
        ("5 mm", [vector(0.9, 0.0, 0.0), vector(0.0, 0.9, 0.0), vector(0.0, 0.0, 5.0)], [350, 240, 48]),
    ];
    let exact = |axes: [f64; 3]| 4.0 / 3.0 * std::f64::consts::PI * axes[0] * axes[1] * axes[2] / 1000.0;
    for (name, steps, size) in grids {
        for noise_hu in [10.0, 25.0, 50.0] {
            let chest = Chest { noise_hu, ..Chest::PLAIN };
            let volume = chest.volume(steps, size);
            let grid = volume.grid();
            let found = chest.check(&volume, 0.97);
            for (structure, side) in [(Structure::RightLung, -1.0), (Structure::LeftLung, 1.0)] {
                let ml = grid.millilitres(found.parts.iter().find(|p| p.structure == structure).unwrap().voxels);
                // The airway takes its part of the ellipsoid; how much of it lies inside is counted.
                let airway = (0..found.labels.len())
                    .map(|o| grid.patient_from_voxel(grid.index_at(o).centre()).0.to_array())
                    .filter(|p| chest.in_lung(*p, side) && Chest::in_airway(*p))
                    .count();
                let truth = exact(LUNG_AXES) - grid.millilitres(airway as u64);
                let off = 100.0 * (ml / truth - 1.0);
                println!("{name}, noise {noise_hu} HU, {structure:?}: {ml:.1} of {truth:.1} ml, {off:+.2} %");
                assert!(off.abs() < 0.5, "{name}, noise {noise_hu}, {structure:?}: {off} %");
            }
        }
    }
}

#[test]
fn lungs_that_touch_are_parted() {
    let chest = Chest { joined: true, ..Chest::PLAIN };
    let volume = chest.axial();
    let found = chest.check(&volume, 0.98);
    let at =
        |x: f64| found.labels[volume.grid().offset(volume.grid().voxel_at(PatientPoint::new(x, -60.5, 0.0)).unwrap())];
    assert_eq!(at(-20.0), label(&found, Structure::RightLung), "the sheet that joins them is lung");
    assert_eq!(at(20.0), label(&found, Structure::LeftLung), "the sheet that joins them is lung");
}

#[test]
fn disease_at_the_pleura_stays_in_the_lung() {
    let chest = Chest { pleural: true, ..Chest::PLAIN };
    let volume = chest.axial();
    let found = chest.check(&volume, 0.98);
    let grid = volume.grid();
    let diseased: Vec<usize> = (0..found.labels.len())
        .filter(|o| chest.is_pleural(grid.patient_from_voxel(grid.index_at(*o).centre()).0.to_array()))
        .collect();
    let kept = diseased.iter().filter(|o| found.labels[**o] == label(&found, Structure::LeftLung)).count();
    assert!(grid.millilitres(diseased.len() as u64) > 0.8);
    assert!(kept as f64 > 0.8 * diseased.len() as f64, "{kept} of {}", diseased.len());
}

/// The same CT with some slices that never arrived.
fn without(volume: &CtVolume, missing: &[usize]) -> CtVolume {
    let mut gapped = CtVolume::empty(*volume.grid()).unwrap();
    for k in (0..volume.grid().size()[2]).filter(|k| !missing.contains(k)) {
        let slice: Vec<i16> = volume.slice(k).unwrap().iter().copied().collect();
        gapped.set_slice(k, slice).unwrap();
    }
    gapped
}

#[test]
fn missing_slices_cost_no_more_than_themselves() {
    let steps = |k: f64| [vector(1.5, 0.0, 0.0), vector(0.0, 1.5, 0.0), vector(0.0, 0.0, k)];
    let chest = Chest { ground_glass: true, ..Chest::PLAIN };
    // Slices of 2 mm are cells of their own, slices of 0.8 mm share one with another.
    for (step, slices) in [(2.0, 120), (0.8, 300), (5.0, 48)] {
        let whole = chest.volume(steps(step), [220, 150, slices]);
        let full = lungs(&whole).unwrap();
        for missing in [vec![slices / 2], vec![slices / 3, slices / 3 + 1, slices / 3 + 2, slices * 2 / 3]] {
            let volume = without(&whole, &missing);
            let found = lungs(&volume).unwrap();
            let slice = |o: usize| volume.grid().index_at(o).k;
            for structure in [Structure::RightLung, Structure::LeftLung] {
                let label = label(&full, structure);
                let overlap = dice(
                    |o| found.labels[o] == label && !missing.contains(&slice(o)),
                    |o| full.labels[o] == label && !missing.contains(&slice(o)),
                    full.labels.len(),
                );
                assert!(overlap > 0.99, "{step} mm, {missing:?} missing: {structure:?} Dice {overlap}");
            }
            assert_eq!(found.flags, full.flags, "{step} mm, {missing:?} missing");
            for part in &found.parts {
                assert_eq!(found.labels.iter().filter(|l| **l == part.label).count() as u64, part.voxels);
            }
            let labelled = |labels: &[u8]| (0..labels.len()).any(|o| labels[o] != 0 && missing.contains(&slice(o)));
            assert!(!labelled(&found.labels), "what was not scanned is not measured");
            // Opacities likewise, also where the reader's lungs run on through the gap.
            let all = lesions(&whole, &inside(&full)).unwrap();
            let found = lesions(&volume, &inside(&full)).unwrap();
            let overlap = dice(
                |o| found.labels[o] == 1 && !missing.contains(&slice(o)),
                |o| all.labels[o] == 1 && !missing.contains(&slice(o)),
                full.labels.len(),
            );
            assert!(overlap > 0.95, "{step} mm, {missing:?} missing: opacity Dice {overlap}");
            assert!(!labelled(&found.labels), "what was not scanned is not measured");
        }
    }
}

#[test]
fn a_cut_chest_is_flagged() {
    let volume =
        Chest::PLAIN.volume([vector(1.5, 0.0, 0.0), vector(0.0, 1.5, 0.0), vector(0.0, 0.0, 2.0)], [220, 150, 60]);
    let found = lungs(&volume).unwrap();
    assert!(found.flags.contains(&QualityFlag::LungsTouchEnd { bottom: true, top: true }), "{:?}", found.flags);
}

#[test]
fn a_part_left_out_is_flagged() {
    // A slab of tissue through both lungs, wider than the closing: one side of it is not taken for lung.
    let whole = Chest::PLAIN.axial();
    let size = whole.grid().size();
    let [ni, nj, nk] = size;
    let mut hu = Array3::from_shape_vec((nk, nj, ni), whole.values().collect()).unwrap();
    hu.slice_mut(ndarray::s![48..62, .., ..]).mapv_inplace(|v| v.max(30));
    let volume = CtVolume::from_array(*whole.grid(), hu).unwrap();
    let found = lungs(&volume).unwrap();
    let jump = found.flags.iter().find_map(|f| if let QualityFlag::AreaJump { z_mm } = f { Some(*z_mm) } else { None });
    let z = |k: usize| whole.grid().patient_from_voxel(VoxelIndex::new(size[0] / 2, size[1] / 2, k).centre()).0.z;
    let z_mm = jump.unwrap();
    let edges = [z(48) - 1.0, z(62) - 1.0];
    assert!(edges.iter().any(|edge| (edge - z_mm).abs() < 2.1), "{z_mm} mm, and the slab ends at {edges:?}");
}

#[test]
fn a_body_without_air_has_no_lungs() {
    let steps = [vector(2.0, 0.0, 0.0), vector(0.0, 2.0, 0.0), vector(0.0, 0.0, 2.0)];
    let grid = Grid::new([100, 80, 40], PatientPoint::new(0.0, 0.0, 0.0), steps).unwrap();
    for hu in [-1000, 40] {
        let volume = CtVolume::from_array(grid, Array3::from_elem((40, 80, 100), hu)).unwrap();
        assert_eq!(lungs(&volume), Err(AnalysisError::NoLungs));
    }
}

#[test]
fn it_can_be_stopped_at_every_step() {
    let volume =
        Chest::PLAIN.volume([vector(3.0, 0.0, 0.0), vector(0.0, 3.0, 0.0), vector(0.0, 0.0, 4.0)], [110, 75, 60]);
    let found = lungs(&volume).unwrap();
    for looks in 1..6 {
        let mut watch = Watch { last: 0.0, looks: std::cell::Cell::new(looks) };
        let stopped = propose_lungs(&volume, &LungParameters::default(), &mut watch);
        assert_eq!(stopped, Err(AnalysisError::Cancelled));
        let mut watch = Watch { last: 0.0, looks: std::cell::Cell::new(looks) };
        let stopped = propose_lesions(&volume, inside(&found), &LesionParameters::default(), &mut watch);
        assert_eq!(stopped, Err(AnalysisError::Cancelled));
    }
}

/// Whether vessels run here: from the hilum of a lung outward in sixteen directions, each 5 mm thick in radius at first and 1 mm at its end.
fn in_vessel(p: [f64; 3]) -> bool {
    let from_hilum = [p[0].abs() - 25.0, p[1] - 10.0, p[2]];
    (0..16).any(|n| {
        // Evenly over the half sphere that faces outward.
        let (out, turn) = ((f64::from(n) + 0.5) / 16.0, f64::from(n) * 2.4);
        let across = (1.0 - out * out).sqrt();
        let way = [out, across * turn.cos(), across * turn.sin()];
        let along = (0..3).map(|a| from_hilum[a] * way[a]).sum::<f64>();
        let off = ((0..3).map(|a| from_hilum[a].powi(2)).sum::<f64>() - along * along).max(0.0).sqrt();
        (0.0..80.0).contains(&along) && off < 5.0 - along * 0.05
    })
}

#[test]
fn healthy_lungs_with_vessels_show_less_than_a_hundredth_and_say_so() {
    for noise_hu in [10.0, 25.0, 50.0, 90.0] {
        let plain = Chest { noise_hu, ..Chest::PLAIN }.axial();
        let grid = *plain.grid();
        let place = |o: usize| grid.patient_from_voxel(grid.index_at(o).centre()).0.to_array();
        let lungs = inside(&lungs(&plain).unwrap());
        let count = lungs.iter().filter(|l| **l == 1).count() as f64;
        let vessels: Vec<usize> = (0..lungs.len()).filter(|o| lungs[*o] == 1 && in_vessel(place(*o))).collect();
        assert!(vessels.len() as f64 > 0.015 * count, "{} of {count}", vessels.len());
        let mut hu: Vec<i16> = plain.values().collect();
        vessels.iter().for_each(|o| hu[*o] += 900);
        let [ni, nj, nk] = grid.size();
        let full = CtVolume::from_array(grid, Array3::from_shape_vec((nk, nj, ni), hu).unwrap()).unwrap();
        for (volume, at_most) in [(&plain, 0.005), (&full, 0.01)] {
            let found = lesions(volume, &lungs).unwrap();
            let share = found.parts.iter().map(|p| p.voxels).sum::<u64>() as f64 / count;
            println!("noise {noise_hu} HU: {:.2} %", 100.0 * share);
            assert!(share < at_most, "noise {noise_hu} HU: {share}");
            let says = |f: &QualityFlag| matches!(f, QualityFlag::LikeHealthy { fraction } if *fraction == share);
            assert_eq!(found.flags.iter().any(says), share > 0.0, "{:?}", found.flags);
        }
    }
}

#[test]
fn what_is_found_on_thick_slices_is_doubted() {
    let chest = Chest { ground_glass: true, ..Chest::PLAIN };
    for (step, thick) in [(2.0, false), (3.0, false), (5.0, true)] {
        let steps = [vector(1.5, 0.0, 0.0), vector(0.0, 1.5, 0.0), vector(0.0, 0.0, step)];
        let volume = chest.volume(steps, [220, 150, (240.0 / step) as usize]);
        let found = lesions(&volume, &inside(&lungs(&volume).unwrap())).unwrap();
        let expected = if thick { vec![QualityFlag::ThickSlices { mm: step }] } else { vec![] };
        assert_eq!(found.flags, expected, "{step} mm");
    }
}

#[test]
fn ground_glass_is_found_whole() {
    let chest = Chest { ground_glass: true, ..Chest::PLAIN };
    let volume = chest.axial();
    let lungs = inside(&chest.check(&volume, 0.98));
    let found = lesions(&volume, &lungs).unwrap();
    let grid = volume.grid();
    let (centre, radius) = GROUND_GLASS;
    let truth = |o: usize| {
        Chest::in_ellipsoid(grid.patient_from_voxel(grid.index_at(o).centre()).0.to_array(), centre, [radius; 3])
    };
    let overlap = dice(|o| found.labels[o] == 1, truth, found.labels.len());
    assert!(overlap > 0.93, "Dice {overlap}");
}

#[test]
fn consolidation_is_told_from_the_ground_glass_about_it() {
    for noise_hu in [10.0, 25.0, 50.0] {
        let chest = Chest { ground_glass: true, consolidation: true, noise_hu, ..Chest::PLAIN };
        let volume = chest.axial();
        let found = lesions(&volume, &inside(&chest.check(&volume, 0.98))).unwrap();
        let grid = volume.grid();
        let place = |o: usize| grid.patient_from_voxel(grid.index_at(o).centre()).0.to_array();
        let [glass, solid] = [Structure::GroundGlass, Structure::Consolidation].map(|s| label(&found, s));
        let is_glass = |p| chest.is_about_it(p) || Chest::in_ellipsoid(p, GROUND_GLASS.0, [GROUND_GLASS.1; 3]);
        let count = found.labels.len();
        let of_glass = dice(|o| found.labels[o] == glass, |o| is_glass(place(o)), count);
        let of_solid = dice(|o| found.labels[o] == solid, |o| chest.is_consolidation(place(o)), count);
        println!("noise {noise_hu} HU: ground glass {of_glass:.3}, consolidation {of_solid:.3}");
        assert!(of_glass > 0.92 && of_solid > 0.9, "noise {noise_hu} HU: {of_glass} and {of_solid}");
        for part in &found.parts {
            assert_eq!(found.labels.iter().filter(|l| **l == part.label).count() as u64, part.voxels);
        }
    }
}

#[test]
fn a_consolidation_has_no_rim_of_ground_glass() {
    let chest = Chest { pleural: true, ..Chest::PLAIN };
    let volume = chest.axial();
    let grid = volume.grid();
    let mut hu: Vec<i16> = volume.values().collect();
    let place = |o: usize| grid.patient_from_voxel(grid.index_at(o).centre()).0.to_array();
    let from_middle = |o: usize| {
        let p = place(o);
        ((p[0] - 62.0).powi(2) + p[1].powi(2) + (p[2] + 30.0).powi(2)).sqrt()
    };
    // Blurred as a scanner blurs: from tissue to air over 4 mm.
    for (o, hu) in hu.iter_mut().enumerate() {
        let inside = ((18.0 - from_middle(o)) / 4.0 + 0.5).clamp(0.0, 1.0);
        *hu = (f64::from(*hu) * (1.0 - inside) + 40.0 * inside) as i16;
    }
    let [ni, nj, nk] = grid.size();
    let volume = CtVolume::from_array(*grid, Array3::from_shape_vec((nk, nj, ni), hu).unwrap()).unwrap();
    let found = lesions(&volume, &inside(&lungs(&volume).unwrap())).unwrap();
    let of_solid = dice(|o| found.labels[o] == 2, |o| from_middle(o) < 18.0, found.labels.len());
    assert!(of_solid > 0.9, "{of_solid}");
    assert_eq!(found.parts[0].voxels, 0, "{:?}", found.parts);
}

#[test]
fn opacities_need_lungs_on_the_grid() {
    let volume =
        Chest::PLAIN.volume([vector(6.0, 0.0, 0.0), vector(0.0, 6.0, 0.0), vector(0.0, 0.0, 6.0)], [20, 20, 20]);
    assert_eq!(lesions(&volume, &[1; 10]), Err(AnalysisError::GridMismatch));
    assert_eq!(lesions(&volume, &[0; 8000]), Err(AnalysisError::NoLungs));
}

/// The demonstration, read as its files would be.
fn demonstrated() -> CtVolume {
    let files = demonstration();
    let instances = files.iter().map(|f| read_header(&f.bytes).unwrap()).collect();
    let series = group_into_series(instances);
    let plan = plan_stack(&series[0]).unwrap();
    let mut volume = CtVolume::empty(plan.grid).unwrap();
    for (k, source) in plan.slices.iter().enumerate() {
        let uid = &series[0].instances[source.unwrap().instance].sop_instance_uid;
        let file = files.iter().find(|f| read_header(&f.bytes).unwrap().sop_instance_uid == *uid).unwrap();
        volume.set_slice(k, decode_frame(&file.bytes, 0).unwrap().hu).unwrap();
    }
    volume
}

#[test]
fn the_demonstration_is_read_as_it_was_made() {
    let volume = demonstrated();
    let grid = volume.grid();
    let lungs = lungs(&volume).unwrap();
    let ml = |s| grid.millilitres(lungs.parts.iter().find(|p| p.structure == s).unwrap().voxels);
    let [right, left, airways] = [Structure::RightLung, Structure::LeftLung, Structure::Airways].map(ml);
    assert!((1000.0..3000.0).contains(&right) && (1000.0..3000.0).contains(&left), "{right} and {left} ml");
    assert!((10.0..100.0).contains(&airways), "{airways} ml");
    assert!(mean_x(grid, &lungs.labels, 1) < -40.0 && mean_x(grid, &lungs.labels, 2) > 40.0);
    let found = lesions(&volume, &inside(&lungs)).unwrap();
    let all = [DemonstrationLesion::GROUND_GLASS, DemonstrationLesion::CONSOLIDATION];
    let within = |lesion: &DemonstrationLesion, o: usize| {
        let d = grid.patient_from_voxel(grid.index_at(o).centre()) - lesion.centre();
        Chest::in_ellipsoid(d.0.to_array(), [0.0; 3], lesion.semi_axes_mm)
    };
    for lesion in &all {
        let in_lung =
            (0..lungs.labels.len()).filter(|o| within(lesion, *o) && matches!(lungs.labels[*o], 1 | 2)).count();
        let share = grid.millilitres(in_lung as u64) / lesion.volume_ml();
        assert!((0.97..1.03).contains(&share), "{share} of {lesion:?} lies in the proposed lungs");
    }
    let overlap = dice(|o| found.labels[o] > 0, |o| all.iter().any(|l| within(l, o)), found.labels.len());
    assert!(overlap > 0.85, "Dice {overlap}");
    // Each kind on the side of its lesion; on the other, closing took a strip of the mediastinum into the lung.
    let side = |o: usize| grid.patient_from_voxel(grid.index_at(o).centre()).0.x.signum();
    for (label, lesion) in [(1, &all[0]), (2, &all[1])] {
        let here = lesion.centre().0.x.signum();
        let is_found = |o: usize| found.labels[o] == label && side(o) == here;
        let overlap = dice(is_found, |o| within(lesion, o), found.labels.len());
        let elsewhere = (0..found.labels.len()).filter(|o| found.labels[*o] == label && side(*o) != here).count();
        let elsewhere = grid.millilitres(elsewhere as u64);
        println!("{lesion:?}: Dice {overlap:.3}, on the other side {elsewhere:.1} ml");
        assert!(overlap > 0.9 && elsewhere < 15.0, "{lesion:?}: Dice {overlap}, {elsewhere} ml");
    }
}
