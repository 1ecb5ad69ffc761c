//! Agreement of two masks against shapes whose distances are known, and against SimpleITK and surface-distance on the same voxels.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by stopping, and says what it skips")]

use hilum::analysis::agreement;
use hilum::annotation::SegmentMeaning;
use hilum::export::nifti;
use hilum::geometry::{Grid, PatientPoint, PatientVector};
use hilum::session::{Action, Command, PaneId, RefineSettings, Tool};

mod files;
mod tab;
use tab::{Tab, ct, noise};

#[path = "validators/mod.rs"]
mod validators;
use validators::{ask_highdicom, scratch};

const SIZE: [usize; 3] = [48, 44, 30];
const SPACING: [f64; 3] = [0.8, 0.9, 2.0];

fn ball(centre: [f64; 3], radius_mm: f64) -> Vec<bool> {
    let [ni, nj, _] = SIZE;
    let place = |n: usize| [n % ni, n / ni % nj, n / (ni * nj)];
    let inside = |n: usize| {
        let at = place(n);
        (0..3).map(|a| (at[a] as f64 * SPACING[a] - centre[a]).powi(2)).sum::<f64>() <= radius_mm * radius_mm
    };
    (0..SIZE.iter().product()).map(inside).collect()
}

#[test]
fn equal_apart_and_empty_masks() {
    let one = ball([19.0, 19.0, 29.0], 10.0);
    let same = agreement(SIZE, SPACING, &one, &one).unwrap();
    assert_eq!(
        (same.dice, same.hausdorff_95_mm, same.mean_surface_mm, same.surface_dice),
        (Some(1.0), Some(0.0), Some(0.0), Some([1.0, 1.0]))
    );
    let none = vec![false; one.len()];
    let empty = agreement(SIZE, SPACING, &one, &none).unwrap();
    assert_eq!((empty.dice, empty.hausdorff_95_mm), (Some(0.0), None));
    assert_eq!(agreement(SIZE, SPACING, &none, &none).unwrap().dice, None);
    assert!(agreement(SIZE, SPACING, &one, &none[1..]).is_err());
    // A ball in a ball: every surface point is the difference of the radii away, but for the voxels' own size.
    let inner = ball([19.0, 19.0, 29.0], 7.0);
    let shell = agreement(SIZE, SPACING, &one, &inner).unwrap();
    assert!((shell.mean_surface_mm.unwrap() - 3.0).abs() < 0.5, "{shell:?}");
    assert!(shell.surface_dice.unwrap()[0] < 0.2 && shell.surface_dice.unwrap()[1] == 1.0);
}

#[test]
fn simple_itk_and_surface_distance_find_the_same() {
    let pairs = [
        (ball([19.0, 19.0, 29.0], 10.0), ball([22.0, 18.0, 31.0], 9.0)),
        (ball([3.0, 19.0, 29.0], 12.0), ball([30.0, 19.0, 20.0], 6.0)),
        (ball([19.0, 19.0, 29.0], 14.0), ball([19.0, 19.0, 29.0], 5.0)),
    ];
    let steps = [(0, SPACING[0]), (1, SPACING[1]), (2, SPACING[2])].map(|(axis, s)| {
        let mut v = [0.0; 3];
        v[axis] = s;
        PatientVector::new(v[0], v[1], v[2])
    });
    let grid = Grid::new(SIZE, PatientPoint::new(0.0, 0.0, 0.0), steps).unwrap();
    for (n, (first, second)) in pairs.into_iter().enumerate() {
        let paths = [(&first, "first"), (&second, "second")].map(|(mask, name)| {
            let path = scratch("agreement", &format!("{name}-{n}.nii"));
            let labels: Vec<u8> = mask.iter().map(|m| u8::from(*m)).collect();
            std::fs::write(&path, nifti::label_map(&grid, &labels).unwrap()).unwrap();
            path
        });
        let Some(judged) = ask_highdicom("check_agreement.py", [&paths[0], &paths[1]]) else { return };
        let ours = agreement(SIZE, SPACING, &first, &second).unwrap();
        assert_eq!(judged["voxels"], serde_json::json!(ours.voxels));
        assert!((judged["dice"].as_f64().unwrap() - ours.dice.unwrap()).abs() < 1e-9);
        let Some(judged) = ask_highdicom("check_surfaces.py", [&paths[0], &paths[1]]) else { return };
        let theirs = |name: &str| judged[name].as_f64().unwrap();
        // Its table cuts some cells into other triangles than ours: areas differ by 2 % where a cell has more than one way.
        let close = |name: &str, value: f64, tolerance: f64| {
            assert!((theirs(name) - value).abs() <= tolerance, "{name}: {value}, theirs {}", theirs(name));
        };
        close("dice", ours.dice.unwrap(), 1e-9);
        close("hausdorff_95_mm", ours.hausdorff_95_mm.unwrap(), 0.05);
        close("mean_surface_mm", ours.mean_surface_mm.unwrap(), 0.01 * theirs("mean_surface_mm"));
        close("surface_dice", ours.surface_dice.unwrap()[0], 0.005);
        close("surface_dice_5", ours.surface_dice.unwrap()[1], 0.005);
    }
}

#[test]
fn two_segments_are_compared_until_one_changes() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.511", &noise(1)));
    // Another layer, so that the two may lie on the same voxels.
    for meaning in [SegmentMeaning::Lesion, SegmentMeaning::RightLung] {
        tab.does(Command::AddSegment(meaning));
        tab.acts(Action::Tool(Tool::Brush));
        tab.drags(PaneId::Axial, &[(30.0, 30.0), (60.0, 50.0)]);
    }
    let rows = |tab: &Tab| tab.session.view_model().agreement;
    tab.acts(Action::CompareSegments);
    assert!(rows(&tab).is_empty() && tab.session.view_model().notice.is_some(), "the other one is to be chosen first");
    tab.does(Command::RefineSettings(RefineSettings { other: Some(1), ..RefineSettings::default() }));
    tab.acts(Action::CompareSegments);
    let value = |tab: &Tab, name: &str| rows(tab).into_iter().find(|r| r.name == name).unwrap().value;
    assert_eq!((value(&tab, "dice"), value(&tab, "volume-difference")), (Some(1.0), Some(0.0)));
    tab.drags(PaneId::Axial, &[(70.0, 70.0), (80.0, 70.0)]);
    assert!(rows(&tab).is_empty(), "numbers of what is no more are not shown");
    tab.acts(Action::CompareSegments);
    assert!(value(&tab, "dice").unwrap() < 1.0 && value(&tab, "volume-difference").unwrap() > 0.0);
}

/// A lesion and a lung over it, to be compared.
fn two_layers(uid: &str, seed: u32) -> Tab {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct(uid, &noise(seed)));
    marks_two_layers(&mut tab);
    tab.does(Command::RefineSettings(RefineSettings { other: Some(1), ..RefineSettings::default() }));
    tab
}

fn marks_two_layers(tab: &mut Tab) {
    for meaning in [SegmentMeaning::Lesion, SegmentMeaning::RightLung] {
        tab.does(Command::AddSegment(meaning));
        tab.acts(Action::Tool(Tool::Brush));
        tab.drags(PaneId::Axial, &[(30.0, 30.0), (60.0, 50.0)]);
    }
}

#[test]
fn what_was_drawn_while_the_worker_counted_makes_its_answer_stale() {
    let mut tab = two_layers("1.2.826.0.1.3680043.10.512", 2);
    tab.slow_worker = true;
    tab.acts(Action::CompareSegments);
    tab.drags(PaneId::Axial, &[(70.0, 70.0), (80.0, 70.0)]);
    tab.worker_answers();
    assert!(tab.session.view_model().agreement.is_empty());
}

#[test]
fn a_comparison_is_of_the_ct_it_was_made_on() {
    for slow in [false, true] {
        let mut tab = two_layers("1.2.826.0.1.3680043.10.513", 3);
        let revision = tab.session.case().unwrap().history.revision();
        tab.slow_worker = slow;
        tab.acts(Action::CompareSegments);
        assert_eq!(tab.session.view_model().agreement.is_empty(), slow);
        let late = std::mem::take(&mut tab.undone);
        tab.slow_worker = false;
        tab.opens(&ct("1.2.826.0.1.3680043.10.514", &noise(4)));
        marks_two_layers(&mut tab);
        late.into_iter().for_each(|done| tab.does(done));
        assert_eq!(tab.session.case().unwrap().history.revision(), revision, "else the numbers were stale anyway");
        assert!(tab.session.view_model().agreement.is_empty());
    }
}

#[test]
fn segments_of_one_layer_are_not_compared() {
    let mut tab = two_layers("1.2.826.0.1.3680043.10.515", 5);
    tab.does(Command::AddSegment(SegmentMeaning::LeftLung));
    tab.does(Command::RefineSettings(RefineSettings { other: Some(2), ..RefineSettings::default() }));
    tab.acts(Action::CompareSegments);
    let view = tab.session.view_model();
    assert!(view.agreement.is_empty() && view.notice.unwrap().contains("layer"));
}
