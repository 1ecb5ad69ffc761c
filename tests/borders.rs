//! Pushing the border of a segment: outward from inside, inward from outside, and no farther than the disc goes.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test may stop with its reason")]

use hilum::annotation::{
    Brush, BrushShape, ContourAction, Document, Edit, Gate, Layer, Origin, SegmentMeaning, brush_stroke, fill_contour,
    push_from,
};
use hilum::geometry::{AnatomicalPlane, Grid, PatientPoint, PatientVector, Plane};
use hilum::session::words::{Lang, marking};
use hilum::session::{Action, Command, PaneId, PointerPhase, Tool};
use hilum::volume::CtVolume;
use ndarray::Array3;

mod files;
mod tab;
use tab::{Tab, ct, noise};

/// A disc of 15 mm in a plane of this kind, on a grid that is turned, anisotropic and sheared.
fn disc(plane: AnatomicalPlane) -> (CtVolume, Document, Plane) {
    let steps = [(0.7, 0.1, 0.0), (-0.1, 0.8, 0.0), (0.0, 0.3, 1.1)].map(|(x, y, z)| PatientVector::new(x, y, z));
    let size = [120, 110, 80];
    let half = [0, 1, 2].map(|a| steps[a] * (size[a] as f64 / 2.0));
    let grid = Grid::new(size, PatientPoint::new(0.0, 0.0, 0.0) + -(half[0] + half[1] + half[2]), steps).unwrap();
    let volume = CtVolume::from_array(grid, Array3::from_elem((80, 110, 120), -800)).unwrap();
    let mut document = Document::empty(grid).unwrap();
    let segment = document.new_segment(SegmentMeaning::Lesion, String::new(), Origin::Manual).unwrap();
    document.apply(&Edit::Segment { number: 1, before: None, after: Some(segment) }, &volume).unwrap();
    let plane = Plane::anatomical(plane, PatientPoint::new(0.0, 0.0, 0.0));
    let circle: Vec<[f64; 2]> =
        (0..360).map(|n| f64::from(n).to_radians()).map(|a| [15.0 * a.cos(), 15.0 * a.sin()]).collect();
    fill_contour(&mut document, &volume, 1, &plane, &circle, ContourAction::Add).unwrap();
    (volume, document, plane)
}

/// Whether a voxel of the layer that the plane passes through is marked there: across the plane within a voxel.
fn is_marked(document: &Document, plane: &Plane, right: f64, down: f64) -> bool {
    (-4..=4).any(|n| {
        let at = plane.at(right, down) + plane.normal() * (0.15 * f64::from(n));
        document.layer(Layer::Findings).at(document.grid().voxel_at(at).unwrap()) == 1
    })
}

#[test]
fn a_disc_pushes_the_border_outward_from_inside_and_inward_from_outside() {
    for kind in AnatomicalPlane::ALL {
        let (volume, mut document, plane) = disc(kind);
        let push = |document: &mut Document, path: &[[f64; 2]]| {
            let path: Vec<PatientPoint> = path.iter().map(|p| plane.at(p[0], p[1])).collect();
            let push = push_from(document, 1, &plane, path[0], 6.0).unwrap();
            let brush = Brush { radius_mm: push.radius_mm, shape: BrushShape::Disc, gate: Gate::default() };
            let pressed = brush_stroke(document, &volume, 1, &brush, &plane, &path[..1], !push.outward).unwrap();
            assert!(
                matches!(pressed, Edit::Voxels { delta, .. } if delta.is_empty()),
                "{kind:?}: a press moves nothing"
            );
            brush_stroke(document, &volume, 1, &brush, &plane, &path, !push.outward).unwrap();
            push
        };
        let before = document.voxel_count(1);
        // From deep inside the disc is whole; 4 mm from the border it is smaller.
        let out = push(&mut document, &[[5.0, 0.0], [15.0, 0.0]]);
        assert!(out.outward && (out.radius_mm - 6.0).abs() < 1e-9);
        assert!(is_marked(&document, &plane, 19.5, 0.0) && !is_marked(&document, &plane, 23.0, 0.0), "{kind:?}");
        assert!(is_marked(&document, &plane, -14.0, 0.0) && !is_marked(&document, &plane, -16.5, 0.0));
        assert!(document.voxel_count(1) > before);
        let small = push(&mut document, &[[-11.0, 0.0], [-11.0, 0.1]]);
        assert!(small.outward && small.radius_mm > 2.5 && small.radius_mm < 5.5, "{kind:?}: {}", small.radius_mm);
        let inward = push(&mut document, &[[0.0, 25.0], [0.0, 14.0]]);
        assert!(!inward.outward && (inward.radius_mm - 6.0).abs() < 1e-9);
        assert!(!is_marked(&document, &plane, 0.0, 9.5) && is_marked(&document, &plane, 0.0, 6.5), "{kind:?}");
        assert!(is_marked(&document, &plane, 0.0, -13.5));
        assert_eq!(document.problems(&volume), Vec::<String>::new());
    }
}

#[test]
fn there_must_be_a_border_and_a_place_on_the_grid() {
    let (volume, mut document, plane) = disc(AnatomicalPlane::Axial);
    assert_eq!(push_from(&document, 1, &plane, plane.at(500.0, 0.0), 6.0), None);
    assert_eq!(push_from(&document, 2, &plane, plane.at(0.0, 0.0), 6.0), None);
    let everything = [[-90.0, -90.0], [90.0, -90.0], [90.0, 90.0], [-90.0, 90.0]];
    fill_contour(&mut document, &volume, 1, &plane, &everything, ContourAction::Subtract).unwrap();
    assert_eq!(push_from(&document, 1, &plane, plane.at(0.0, 0.0), 6.0), None);
}

#[test]
fn one_stroke_is_one_step_of_undo() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.511", &noise(1)));
    tab.does(Command::AddSegment(SegmentMeaning::Lesion));
    tab.acts(Action::Tool(Tool::Push));
    let empty = tab.state();
    tab.drags(PaneId::Axial, &[(50.0, 50.0), (60.0, 50.0)]);
    assert_eq!(tab.session.view_model().notice.as_deref(), Some(marking::PUSH_NOTHING.in_lang(Lang::En)));
    assert!(tab.state() == empty);
    tab.acts(Action::Tool(Tool::Contour));
    tab.drags(PaneId::Axial, &[(30.0, 30.0), (70.0, 30.0), (70.0, 70.0), (30.0, 70.0)]);
    let (before, steps) = (tab.state(), tab.session.case().unwrap().history.done().len());
    let voxels = |tab: &Tab| tab.session.case().unwrap().document.voxel_count(1);
    let whole = voxels(&tab);
    tab.acts(Action::Tool(Tool::Push));
    tab.does(Command::BrushRadius(4.0));
    tab.drags(PaneId::Axial, &[(45.0, 50.0), (55.0, 50.0), (65.0, 50.0), (75.0, 50.0)]);
    assert!(voxels(&tab) > whole);
    assert_eq!(tab.session.case().unwrap().history.done().len(), steps + 1);
    let pushed = tab.state();
    tab.acts(Action::Undo);
    assert_eq!(voxels(&tab), whole);
    tab.acts(Action::Redo);
    assert!(tab.state() == pushed);
    tab.acts(Action::Undo);
    // Given up half way, nothing is left of it.
    let half = tab.state();
    tab.pointer(PaneId::Axial, PointerPhase::Down, 90.0, 50.0);
    tab.pointer(PaneId::Axial, PointerPhase::Move, 60.0, 50.0);
    assert!(voxels(&tab) < whole, "from outside it pushes inward");
    let ring = tab.session.drawing(0).brush.unwrap().1;
    assert!(ring > 1.0 && ring <= 4.0 / (24.0 / 100.0) + 1.0, "{ring}");
    tab.acts(Action::Escape);
    assert!(tab.state() == half && voxels(&tab) == whole);
    assert_ne!(before, pushed);
}
