//! Measurements against known shapes on every kind of grid and plane, and as a reader makes, corrects and removes them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop with its reason")]

use hilum::annotation::{Grip, Measured, Measurement, MeasurementKind};
use hilum::geometry::{Grid, PanePoint, PatientPoint, PatientVector, Plane};
use hilum::session::{Action, Command, MeasurementChange, PaneId, PointerPhase, Tool};
use hilum::volume::CtVolume;
use ndarray::Array3;
use proptest::prelude::*;

mod files;
mod tab;
use tab::{Tab, ct, noise};

const fn vector(x: f64, y: f64, z: f64) -> PatientVector {
    PatientVector::new(x, y, z)
}

/// Spacing as clinical CTs have it, a tilted gantry, and an oblique grid.
fn grids() -> Vec<(&'static str, Grid)> {
    let (s, c) = 20f64.to_radians().sin_cos();
    [
        ("anisotropic", [vector(0.7, 0.0, 0.0), vector(0.0, 0.7, 0.0), vector(0.0, 0.0, 2.5)]),
        ("sheared", [vector(0.8, 0.0, 0.0), vector(0.0, 0.8 * c, 0.8 * s), vector(0.0, 0.0, 1.5)]),
        ("oblique", [vector(0.9 * c, 0.9 * s, 0.0), vector(-0.9 * s, 0.9 * c, 0.0), vector(0.0, 0.0, 1.2)]),
    ]
    .into_iter()
    .map(|(name, steps)| {
        let size = [120, 110, 60];
        let half = (0..3).fold(vector(0.0, 0.0, 0.0), |sum, a| sum + steps[a] * (size[a] as f64 / 2.0));
        (name, Grid::new(size, PatientPoint::new(0.0, 0.0, 0.0) + -half, steps).unwrap())
    })
    .collect()
}

/// HU that rise by 2 a mm to the left, by 3 to the back and by 5 to the head.
fn slope(p: PatientPoint) -> f64 {
    2.0 * p.0.x + 3.0 * p.0.y + 5.0 * p.0.z
}
fn volume(grid: Grid) -> CtVolume {
    let [ni, nj, nk] = grid.size();
    let hu = Array3::from_shape_fn((nk, nj, ni), |(k, j, i)| {
        slope(grid.patient_from_voxel(hilum::geometry::VoxelIndex::new(i, j, k).centre())).round() as i16
    });
    CtVolume::from_array(grid, hu).unwrap()
}

/// Straight planes and two that lie across everything.
fn planes() -> Vec<Plane> {
    let plane = |right: PatientVector, down: PatientVector| {
        let right = right.unit().unwrap();
        let down = (down - right * right.dot(down)).unit().unwrap();
        Plane { origin: PatientPoint::new(1.3, -2.1, 0.4), right, down }
    };
    vec![
        plane(vector(1.0, 0.0, 0.0), vector(0.0, 1.0, 0.0)),
        plane(vector(1.0, 0.0, 0.0), vector(0.0, 0.0, -1.0)),
        plane(vector(0.0, 1.0, 0.0), vector(0.0, 0.0, -1.0)),
        plane(vector(1.0, 0.4, 0.2), vector(-0.3, 1.0, 0.5)),
        plane(vector(0.3, 1.0, -0.4), vector(0.5, 0.1, -1.0)),
    ]
}

fn shape(kind: MeasurementKind, plane: &Plane, points: Vec<PatientPoint>) -> Measurement {
    let (right, down) = (plane.right, plane.down);
    let made_at = "20261123101500".to_owned();
    Measurement { number: 1, kind, points, right, down, name: String::new(), visible: true, made_at }
}
fn value(measurement: &Measurement, volume: &CtVolume, wanted: Measured) -> f64 {
    let values = measurement.values(volume);
    values.iter().find(|(what, _)| *what == wanted).unwrap_or_else(|| panic!("no {wanted:?} in {values:?}")).1
}

#[test]
fn lengths_axes_and_angles_are_those_of_the_patient() {
    for (_, grid) in grids() {
        let air = CtVolume::from_array(grid, Array3::zeros((60, 110, 120))).unwrap();
        for plane in planes() {
            let length = shape(MeasurementKind::Length, &plane, vec![plane.at(-3.0, 5.0), plane.at(9.0, -11.0)]);
            assert!((value(&length, &air, Measured::Length) - 20.0).abs() < 1e-9);
            let angle = vec![plane.at(7.0, 0.0), plane.at(0.0, 0.0), plane.at(-4.0, 4.0)];
            let angle = shape(MeasurementKind::Angle, &plane, angle);
            assert!((value(&angle, &air, Measured::Angle) - 135.0).abs() < 1e-9);
            let axes =
                Measurement::dragged(MeasurementKind::Bidirectional, plane.at(0.0, 0.0), plane.at(30.0, 0.0), &plane);
            let axes = shape(MeasurementKind::Bidirectional, &plane, axes);
            assert!((value(&axes, &air, Measured::LongAxis) - 30.0).abs() < 1e-9);
            assert!((value(&axes, &air, Measured::ShortAxis) - 15.0).abs() < 1e-9);
            // An end pulled aside stays on its line, and takes the line along.
            let pulled = axes.moved(Grip::Point(2), axes.points[2], plane.at(20.0, 9.0));
            let [a, b, c, d] = pulled.points[..] else { panic!("four points") };
            assert!((b - a).dot(d - c).abs() < 1e-9, "the axes are at right angles");
            assert!((plane.coordinates(c)[0] - 20.0).abs() < 1e-9 && (plane.coordinates(d)[0] - 20.0).abs() < 1e-9);
            // The long axis turned takes the short one along, as long as it was and where it was.
            let turned = pulled.moved(Grip::Point(1), b, plane.at(0.0, 30.0));
            let [a, b, c, d] = turned.points[..] else { panic!("four points") };
            assert!(
                (b - a).dot(d - c).abs() < 1e-9
                    && (c.distance(d) - pulled.points[2].distance(pulled.points[3])).abs() < 1e-9
            );
        }
    }
}

#[test]
fn a_region_has_the_area_and_the_hu_of_what_it_encloses() {
    for (name, grid) in grids() {
        let volume = volume(grid);
        for (n, plane) in planes().iter().enumerate() {
            let (a, b) = (15.0, 9.0);
            let corners = (plane.at(-a, -b), plane.at(a, b));
            let points = Measurement::dragged(MeasurementKind::Ellipse, corners.0, corners.1, plane);
            let ellipse = shape(MeasurementKind::Ellipse, plane, points);
            let area = std::f64::consts::PI * a * b;
            assert!((value(&ellipse, &volume, Measured::Area) - area).abs() < 1e-9);
            let outline = shape(MeasurementKind::Freehand, plane, ellipse.outline());
            assert!((value(&outline, &volume, Measured::Area) / area - 1.0).abs() < 1e-3);
            for region in [&ellipse, &outline] {
                // On a slope the mean is that of the middle, and the spread that of an ellipse: a quarter of each half axis squared.
                let step = grid.spacing_mm().into_iter().fold(0.0, f64::max);
                let mean = value(region, &volume, Measured::MeanHu);
                assert!(
                    (mean - slope(plane.origin)).abs() < 0.5 + 0.3 * step * 6.2,
                    "{name} {n}: {mean} {}",
                    slope(plane.origin)
                );
                let rise = |v: PatientVector| slope(plane.origin + v) - slope(plane.origin);
                let spread = (rise(plane.right).powi(2) * a * a / 4.0 + rise(plane.down).powi(2) * b * b / 4.0).sqrt();
                let deviation = value(region, &volume, Measured::DeviationHu);
                assert!((deviation / spread - 1.0).abs() < 0.06, "{name} {n}: {deviation} {spread}");
                let (low, high) =
                    (value(region, &volume, Measured::LowestHu), value(region, &volume, Measured::HighestHu));
                let reach = (rise(plane.right).powi(2) * a * a + rise(plane.down).powi(2) * b * b).sqrt();
                assert!((high - low - 2.0 * reach).abs() < 6.2 * step + 2.0, "{name} {n}: {low} {high} {reach}");
            }
        }
    }
}

#[test]
fn no_hu_are_given_of_what_is_not_there() {
    let (_, grid) = grids().remove(0);
    let whole = volume(grid);
    let plane = planes().remove(0);
    let ellipse = |volume: &CtVolume, reach: f64| {
        let points = Measurement::dragged(MeasurementKind::Ellipse, plane.at(-5.0, -5.0), plane.at(reach, 5.0), &plane);
        shape(MeasurementKind::Ellipse, &plane, points).values(volume).len()
    };
    assert_eq!(ellipse(&whole, 5.0), 5);
    assert_eq!(ellipse(&whole, 90.0), 1, "it reaches out of the CT: only its area is known");
    let empty = CtVolume::empty(grid).unwrap();
    assert_eq!(ellipse(&empty, 5.0), 1, "its slice has not arrived");
}

proptest! {
    #[test]
    fn a_hand_may_pull_anywhere_and_the_shape_stays_one_of_its_kind(
        kind in prop::sample::select(vec![MeasurementKind::Bidirectional, MeasurementKind::Ellipse]),
        pulls in prop::collection::vec((0usize..4, -40.0..40.0f64, -40.0..40.0f64), 1..12),
        which in 0usize..5,
    ) {
        let plane = planes()[which];
        let points = Measurement::dragged(kind, plane.at(-10.0, -6.0), plane.at(10.0, 6.0), &plane);
        let mut pulled = shape(kind, &plane, points);
        for (n, x, y) in pulls {
            pulled = pulled.moved(Grip::Point(n), pulled.points[n], plane.at(x, y));
            let [a, b, c, d] = pulled.points[..] else { panic!("four points") };
            let (one, other) = (b - a, d - c);
            prop_assert!(one.dot(other).abs() <= 1e-6 * (one.length() * other.length()).max(1.0), "right angles");
            prop_assert!(pulled.points.iter().all(|p| plane.distance_mm(*p).abs() < 1e-6), "in its plane");
        }
    }
}

/// A tab with the small CT.
fn reading() -> Tab {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.511", &noise(1)));
    tab
}
fn rows(tab: &Tab) -> Vec<(&'static str, Option<f64>)> {
    tab.session.view_model().measurements.iter().map(|r| (r.kind, r.value.map(|(v, _)| v))).collect()
}
/// CSS px of the axial pane to mm.
fn mm_per_px(tab: &Tab) -> f64 {
    let frame = tab.session.frame_input().unwrap();
    match &frame.panes[0].content {
        hilum::view::PaneContent::Slice(slice) => slice.mm_per_px,
        hilum::view::PaneContent::Volume(_) => panic!("a slice"),
    }
}

#[test]
fn a_length_is_dragged_or_clicked_corrected_undone_and_removed() {
    let mut tab = reading();
    let start = tab.said();
    tab.acts(Action::Tool(Tool::Measure(MeasurementKind::Length)));
    tab.drags(PaneId::Axial, &[(30.0, 40.0), (60.0, 80.0)]);
    let mm = 50.0 * mm_per_px(&tab);
    assert!((rows(&tab)[0].1.unwrap() - mm).abs() < 1e-9, "{:?} {mm}", rows(&tab));
    // Two clicks do the same.
    for (x, y) in [(20.0, 20.0), (20.0, 70.0)] {
        tab.pointer(PaneId::Axial, PointerPhase::Move, x, y);
        tab.drags(PaneId::Axial, &[(x, y)]);
    }
    assert!((rows(&tab)[1].1.unwrap() - mm).abs() < 1e-9);
    // An end is taken hold of, with this tool and with the crosshair's.
    tab.acts(Action::Tool(Tool::Navigate));
    tab.drags(PaneId::Axial, &[(60.0, 80.0), (30.0, 80.0)]);
    assert!((rows(&tab)[0].1.unwrap() - 40.0 * mm_per_px(&tab)).abs() < 1e-9);
    // It is drawn where it lies, and only a mark where it passes through another pane's plane.
    let drawn = |tab: &Tab, n: usize| tab.session.drawing(n).measurements;
    assert_eq!(drawn(&tab, 0).iter().filter(|d| !d.lines.is_empty()).count(), 2);
    assert!(drawn(&tab, 1).iter().all(|d| d.lines.is_empty()));
    tab.acts(Action::Scroll(1));
    assert!(drawn(&tab, 0).is_empty(), "the next slice shows nothing of it");
    tab.does(Command::Measurement(1, MeasurementChange::Select));
    assert_eq!(drawn(&tab, 0).len(), 2, "chosen in the list, its slice is shown");
    tab.does(Command::Measurement(2, MeasurementChange::ToggleVisible));
    assert_eq!(drawn(&tab, 0).len(), 1);
    tab.acts(Action::DeleteMeasurement);
    assert_eq!(rows(&tab).len(), 1);
    while tab.session.view_model().can_undo {
        tab.acts(Action::Undo);
    }
    assert!(tab.said() == start);
}

#[test]
fn an_angle_takes_three_points_and_escape_leaves_nothing() {
    let mut tab = reading();
    tab.acts(Action::Tool(Tool::Measure(MeasurementKind::Angle)));
    tab.drags(PaneId::Coronal, &[(20.0, 50.0), (50.0, 50.0)]);
    assert!(rows(&tab).is_empty(), "the second line follows the pointer");
    tab.pointer(PaneId::Coronal, PointerPhase::Move, 50.0, 20.0);
    tab.drags(PaneId::Coronal, &[(50.0, 20.0)]);
    assert!((rows(&tab)[0].1.unwrap() - 90.0).abs() < 1e-9, "{:?}", rows(&tab));
    tab.drags(PaneId::Coronal, &[(10.0, 10.0), (90.0, 15.0)]);
    tab.acts(Action::Escape);
    assert_eq!(rows(&tab).len(), 1);
    assert!(
        tab.session.drawing(1).measurements.iter().all(|d| d.lines.iter().flatten().all(|p: &PanePoint| p.y > 15.0))
    );
}

#[test]
fn a_slip_of_the_hand_is_no_measurement() {
    let mut tab = reading();
    for kind in [MeasurementKind::Freehand, MeasurementKind::Ellipse] {
        tab.acts(Action::Tool(Tool::Measure(kind)));
        tab.drags(PaneId::Axial, &[(50.0, 50.0), (90.0, 50.0)]);
        tab.acts(Action::Escape);
    }
    assert_eq!(rows(&tab), []);
    tab.acts(Action::DeleteMeasurement);
    assert!(tab.session.view_model().notice.is_some());
}

#[test]
fn hu_of_a_region_are_there_again_when_its_ct_comes_back() {
    let mut tab = reading();
    tab.acts(Action::Tool(Tool::Measure(MeasurementKind::Ellipse)));
    tab.drags(PaneId::Axial, &[(40.0, 40.0), (60.0, 60.0)]);
    let text = |tab: &Tab| tab.session.view_model().measurements[0].text.clone();
    let (before, uid) = (text(&tab), tab.session.case().unwrap().series.uid.clone());
    assert!(before.iter().any(|line| line.contains("HU")), "{before:?}");
    tab.opens(&ct("1.2.826.0.1.3680043.10.599", &noise(2)));
    tab.does(Command::OpenSeries(uid));
    assert_eq!(text(&tab), before);
}

#[test]
fn an_arrow_asks_for_its_words_and_bears_them_on_every_plane_it_cuts() {
    let mut tab = reading();
    let start = tab.said();
    tab.acts(Action::Tool(Tool::Measure(MeasurementKind::Length)));
    tab.drags(PaneId::Axial, &[(20.0, 20.0), (30.0, 20.0)]);
    tab.acts(Action::Undo);
    assert_eq!(tab.asked_words, [0u16; 0], "a length says its number");
    tab.acts(Action::Tool(Tool::Measure(MeasurementKind::Arrow)));
    tab.drags(PaneId::Axial, &[(10.0, 50.0), (90.0, 50.0)]);
    assert_eq!(tab.asked_words, [1]);
    tab.does(Command::Measurement(1, MeasurementChange::Name("fissure\u{7} here".to_owned())));
    let label = |tab: &Tab, n: usize| {
        let drawn = tab.session.drawing(n).measurements;
        drawn.first().and_then(|d| d.label.clone()).map(|(_, words)| words)
    };
    let words = Some(vec!["fissure here".to_owned()]);
    assert_eq!(label(&tab, 0), words, "in its plane");
    assert_eq!((label(&tab, 1), label(&tab, 2)), (None, words), "and where the sagittal plane cuts it");
    tab.acts(Action::Undo);
    assert_eq!(label(&tab, 2), None);
    assert_eq!(tab.session.drawing(2).measurements.len(), 1, "a mark without words");
    tab.acts(Action::Redo);
    let mut tab = tab.killed(&[ct("1.2.826.0.1.3680043.10.511", &noise(1))].concat());
    tab.acts(Action::AcceptKept);
    assert_eq!(tab.session.view_model().measurements[0].name, "fissure here");
    while tab.session.view_model().can_undo {
        tab.acts(Action::Undo);
    }
    assert!(tab.said() == start);
}
