//! A reader's own network: small ones whose every weight is known (`tests/models/make_model.py`), run over CTs whose answer is known.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop with its reason")]

use hilum::analysis::{ModelCard, ModelError, Network, Progress, Structure, load_model, propose_with_model};
use hilum::annotation::{Origin, SegmentMeaning};
use hilum::geometry::{Grid, PatientPoint, PatientVector};
use hilum::session::{Action, Command, PaneId, Tool, model_names};
use hilum::volume::CtVolume;
use ndarray::Array3;

mod files;
mod tab;
use tab::{Tab, ct, noise};

const OPACITIES: &[u8] = include_bytes!("models/opacities.onnx");
const BRIGHT: &[u8] = include_bytes!("models/bright.onnx");

struct Watch {
    told: f32,
    stop_after: Option<f32>,
}

impl Progress for Watch {
    fn report(&mut self, fraction: f32) {
        assert!(fraction >= self.told && fraction <= 1.0, "{fraction} after {}", self.told);
        self.told = fraction;
    }
    fn cancelled(&self) -> bool {
        self.stop_after.is_some_and(|at| self.told >= at)
    }
}

fn watch() -> Watch {
    Watch { told: 0.0, stop_after: None }
}

/// A grid about the patient's origin; a negative step stores that axis the other way round.
fn grid(size: [usize; 3], steps: [f64; 3]) -> Grid {
    let vectors = [(steps[0], 0.0, 0.0), (0.0, steps[1], 0.0), (0.0, 0.0, steps[2])];
    let first = [0, 1, 2].map(|a| -steps[a] * (size[a] as f64 - 1.0) / 2.0);
    let vectors = vectors.map(|(x, y, z)| PatientVector::new(x, y, z));
    Grid::new(size, PatientPoint::new(first[0], first[1], first[2]), vectors).unwrap()
}

fn volume(grid: Grid, hu: impl Fn([f64; 3]) -> i16) -> CtVolume {
    let [ni, nj, nk] = grid.size();
    let at = |(k, j, i): (usize, usize, usize)| {
        hu(grid.patient_from_voxel(hilum::geometry::VoxelPoint::new(i as f64, j as f64, k as f64)).0.to_array())
    };
    CtVolume::from_array(grid, Array3::from_shape_fn((nk, nj, ni), at)).unwrap()
}

/// Aerated lung with a box of ground glass, one of consolidation and an odd corner, so that no mirror image looks the same.
fn chest([x, y, z]: [f64; 3]) -> i16 {
    match () {
        () if (-30.0..-10.0).contains(&x) && (-20.0..5.0).contains(&y) && z < 4.0 => -500,
        () if (5.0..26.0).contains(&x) && (8.0..24.0).contains(&y) && z > -6.0 => -20,
        () if x > 30.0 && y < -15.0 => -600,
        () => -860,
    }
}

fn run(volume: &CtVolume, lungs: &[u8], file: &[u8]) -> (ModelCard, Vec<u8>, Vec<(Structure, u64)>) {
    let (card, scores, mut network) = load_model(file.to_vec(), &model_names()).unwrap();
    let found = propose_with_model(volume, lungs, &card, scores, &mut network, &mut watch()).unwrap();
    (card, found.labels, found.parts.iter().map(|p| (p.structure, p.voxels)).collect())
}

#[test]
fn patches_blended_give_what_the_whole_slice_would() {
    // 116 × 100 voxels: the patch of 64 fits in neither; every axis stored both ways.
    for signs in [[1.0; 3], [-1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0; 3]] {
        let grid = grid([116, 100, 9], [0.8 * signs[0], 0.8 * signs[1], 2.0 * signs[2]]);
        let ct = volume(grid, chest);
        let [ni, nj, nk] = grid.size();
        let inside = |i: usize, j: usize| (4..ni - 4).contains(&i) && (4..nj - 4).contains(&j);
        let lungs: Vec<u8> = (0..ni * nj * nk).map(|n| u8::from(inside(n % ni, n / ni % nj))).collect();
        let (card, labels, parts) = run(&ct, &lungs, OPACITIES);
        assert_eq!((card.patch, card.in_lungs, card.overlap), ([3, 64, 64], true, 0.5));
        let mut compared = 0;
        for (n, label) in labels.iter().enumerate() {
            let (i, j, k) = (n % ni, n / ni % nj, n / (ni * nj));
            if !inside(i, j) {
                assert_eq!(*label, 0, "outside the lungs");
                continue;
            }
            let pixels = ct.pixels(k).unwrap();
            let around = (j - 1..=j + 1).flat_map(|j| (i - 1..=i + 1).map(move |i| j * ni + i));
            let mean = around.map(|o| f64::from(pixels[o].clamp(-1000, 400))).sum::<f64>() / 9.0;
            // Where the mean is at a border of two classes rounding decides.
            if (mean + 750.0).abs() > 1.0 && (mean + 250.0).abs() > 1.0 {
                let wanted = u8::from(mean > -750.0) + u8::from(mean > -250.0);
                assert_eq!(*label, wanted, "{i} {j} {k}: mean {mean}");
                compared += 1;
            }
        }
        assert!(compared > 60_000, "{compared}");
        let names = parts.iter().map(|(s, _)| *s).collect::<Vec<_>>();
        let place =
            |m: SegmentMeaning| Structure::Named(SegmentMeaning::ALL.iter().position(|a| *a == m).unwrap() as u8);
        assert_eq!(names, [place(SegmentMeaning::GroundGlass), place(SegmentMeaning::Consolidation)]);
        assert!(parts.iter().all(|(_, voxels)| *voxels > 1000));
    }
}

#[test]
fn a_model_of_another_spacing_finds_the_same_millilitres() {
    // Trained at 1.5 mm, patches of 48 × 64, sides left open, a single score.
    // The threshold lies half way between the ball and the lung.
    let ball = |[x, y, z]: [f64; 3]| if x * x + y * y + z * z < 18.0f64.powi(2) { 260 } else { -860 };
    for steps in [[0.7, 0.75, 2.0], [1.5, 1.5, 1.5], [2.2, 1.9, 3.0]] {
        let size = [0, 1, 2].map(|a| (110.0 / steps[a]) as usize);
        let grid = grid(size, steps);
        let ct = volume(grid, ball);
        let (card, labels, parts) = run(&ct, &[], BRIGHT);
        assert_eq!((card.patch, card.spacing_mm), ([1, 48, 64], [Some(1.5), Some(1.5)]));
        let truth: Vec<bool> = ct.values().map(|hu| hu > -300).collect();
        let both = labels.iter().zip(&truth).filter(|(l, t)| **l == 1 && **t).count() as f64;
        let dice = 2.0 * both / (parts[0].1 as f64 + truth.iter().filter(|t| **t).count() as f64);
        // Squares of 3 mm are the finest that this network sees.
        assert!(dice > 0.9, "{steps:?}: {dice}");
        let (ml, exact) = (grid.millilitres(parts[0].1), 4.0 / 3.0 * std::f64::consts::PI * 1.8f64.powi(3));
        assert!((ml / exact - 1.0).abs() < 0.06, "{steps:?}: {ml} ml of {exact}");
    }
}

#[test]
fn it_can_be_stopped_and_says_how_far_it_is() {
    let ct = volume(grid([80, 80, 12], [1.0, 1.0, 2.0]), chest);
    let (card, scores, mut network) = load_model(BRIGHT.to_vec(), &model_names()).unwrap();
    let mut progress = Watch { told: 0.0, stop_after: Some(0.3) };
    let stopped = propose_with_model(&ct, &[], &card, scores, &mut network, &mut progress);
    assert_eq!(stopped.unwrap_err(), ModelError::Cancelled);
    assert!((0.3..0.6).contains(&progress.told));
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    let known = model_names();
    let load = |bytes: Vec<u8>| load_model(bytes, &known).map(|_| ()).unwrap_err();
    // Cut anywhere it must not stop the program; what is cut off may be the last key.
    for length in 0..OPACITIES.len() {
        drop(load_model(OPACITIES[..length].to_vec(), &known));
    }
    for bytes in [Vec::new(), b"no model".to_vec(), vec![0xff; 4096]] {
        assert!(matches!(load(bytes), ModelError::Unreadable(_)));
    }
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let mut bytes = OPACITIES.to_vec();
        let places: Vec<usize> =
            (0..bytes.len() - from.len()).filter(|n| bytes[*n..].starts_with(from.as_bytes())).collect();
        assert!(!places.is_empty(), "{from}");
        places.iter().for_each(|n| bytes[*n..n + from.len()].copy_from_slice(to.as_bytes()));
        bytes
    };
    let error = load(replaced("Conv", "Conx"));
    assert!(matches!(&error, ModelError::Unreadable(why) if why.contains("Conx")), "{error}");
    assert!(load(replaced("hilum.scale", "hilum.scalf")).to_string().contains("hilum.scale"));
    assert!(load(replaced("ground-glass", "ground-gloss")).to_string().contains("ground-gloss"));
    // In the lungs, where there are none; and sagittal slices.
    let (card, scores, mut network) = load_model(OPACITIES.to_vec(), &known).unwrap();
    let ct = volume(grid([70, 70, 3], [1.0; 3]), chest);
    let mut propose = |ct: &CtVolume, lungs: &[u8]| {
        propose_with_model(ct, lungs, &card, scores, &mut network, &mut watch()).map(|_| ()).unwrap_err()
    };
    assert!(matches!(propose(&ct, &vec![0; 70 * 70 * 3]), ModelError::Unsuited(_)));
    assert!(matches!(propose(&ct, &[]), ModelError::Unsuited(_)));
    let steps = [(0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)].map(|(x, y, z)| PatientVector::new(x, y, z));
    let sagittal = Grid::new([8, 8, 8], PatientPoint::new(0.0, 0.0, 0.0), steps).unwrap();
    let sagittal = volume(sagittal, chest);
    assert!(matches!(propose(&sagittal, &vec![1; 512]), ModelError::Unsuited(_)));
}

#[test]
fn scores_that_are_not_what_was_said_stop_it() {
    struct Short;
    impl Network for Short {
        fn run(&mut self, _patch: Vec<f32>) -> Result<Vec<f32>, ModelError> {
            Ok(vec![0.0; 7])
        }
    }
    let (card, scores, _) = load_model(BRIGHT.to_vec(), &model_names()).unwrap();
    let ct = volume(grid([20, 20, 2], [1.0; 3]), chest);
    let result = propose_with_model(&ct, &[], &card, scores, &mut Short, &mut watch());
    assert!(matches!(result.unwrap_err(), ModelError::Failed(_)));
}

#[test]
fn its_result_is_a_proposal_like_any_other() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.901", &noise(1)));
    // Without lungs a model of the lungs says so and changes nothing.
    let before = tab.state();
    tab.runs_model(OPACITIES);
    assert!(tab.state() == before);
    assert!(tab.session.view_model().notice.unwrap().contains("lungs"));
    tab.does(Command::AddSegment(SegmentMeaning::RightLung));
    tab.acts(Action::Tool(Tool::Contour));
    tab.drags(PaneId::Axial, &[(20.0, 20.0), (80.0, 20.0), (80.0, 80.0), (20.0, 80.0)]);
    let before = tab.state();
    tab.runs_model(OPACITIES);
    let document = &tab.session.case().unwrap().document;
    let found: Vec<_> = document.segments().iter().filter(|s| s.meaning != SegmentMeaning::RightLung).collect();
    assert!(found.iter().any(|s| document.voxel_count(s.number) > 0));
    for segment in found {
        assert!(
            matches!(&segment.origin, Origin::Proposed { algorithm, parameters, edited: false, .. }
                if algorithm.starts_with("model sha256:") && parameters.contains("region=lungs")),
            "{segment:?}"
        );
    }
    tab.acts(Action::Undo);
    assert!(tab.session.case().unwrap().document.segments().len() == 1, "one step back takes all of it back");
    tab.acts(Action::Redo);
    tab.acts(Action::Undo);
    tab.acts(Action::Undo);
    tab.acts(Action::Redo);
    assert!(tab.state() != before, "what was undone can be redone");
}

#[test]
fn the_document_names_every_meaning() {
    let page = include_str!("../docs/models.md");
    for name in model_names() {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}
