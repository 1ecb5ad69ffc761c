//! The contour as a reader draws it: in one go, point by point, and both; closed by click, double click and key.
#![allow(clippy::unwrap_used, reason = "a test may stop with its reason")]

use hilum::annotation::{MeasurementKind, SegmentMeaning};
use hilum::geometry::PanePoint;
use hilum::session::words::{self, Lang};
use hilum::session::{Action, Command, ContourJoin, PaneId, PointerPhase, RegionTool, Tool};

mod files;
mod tab;
use tab::{Tab, ct, noise};

const SQUARE: [(f64, f64); 4] = [(30.0, 30.0), (70.0, 30.0), (70.0, 70.0), (30.0, 70.0)];

/// A tab with the small CT, a segment and the contour in hand.
fn reading() -> Tab {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.511", &noise(1)));
    tab.does(Command::AddSegment(SegmentMeaning::Lesion));
    tab.acts(Action::Tool(Tool::Contour));
    tab
}
fn voxels(tab: &Tab) -> u64 {
    tab.session.case().unwrap().document.voxel_count(1)
}
fn clicks(tab: &mut Tab, points: &[(f64, f64)]) {
    for point in points {
        tab.pointer(PaneId::Axial, PointerPhase::Move, point.0, point.1);
        tab.drags(PaneId::Axial, &[*point]);
    }
}
/// What the square holds, drawn in one go.
fn drawn_in_one_go() -> u64 {
    let mut tab = reading();
    tab.drags(PaneId::Axial, &[SQUARE[0], SQUARE[1], SQUARE[2], SQUARE[3], SQUARE[0]]);
    assert!(voxels(&tab) > 20);
    voxels(&tab)
}

#[test]
fn points_set_by_clicks_fill_what_a_line_in_one_go_fills() {
    let whole = drawn_in_one_go();
    for close in [0, 1, 2] {
        let mut tab = reading();
        clicks(&mut tab, &SQUARE);
        assert_eq!(voxels(&tab), 0, "it is open yet");
        assert_eq!(tab.session.drawing(0).contour.len(), 4);
        match close {
            0 => clicks(&mut tab, &[(32.0, 31.0)]),
            1 => clicks(&mut tab, &[SQUARE[3]]),
            _ => tab.acts(Action::CloseContour),
        }
        assert_eq!(voxels(&tab), whole, "closed in way {close}");
        assert!(tab.session.drawing(0).contour.is_empty());
        tab.acts(Action::Undo);
        assert_eq!(voxels(&tab), 0, "one step back takes all of it");
    }
}

#[test]
fn clicks_and_lines_go_together_and_the_last_point_can_be_taken_back() {
    let mut tab = reading();
    clicks(&mut tab, &SQUARE[..2]);
    tab.drags(PaneId::Axial, &[(69.0, 31.0), (70.0, 50.0), SQUARE[2]]);
    clicks(&mut tab, &[(99.0, 99.0)]);
    tab.acts(Action::DeleteMeasurement);
    clicks(&mut tab, &[SQUARE[3]]);
    tab.acts(Action::CloseContour);
    assert_eq!(voxels(&tab), drawn_in_one_go());
}

#[test]
fn two_points_are_no_contour_and_escape_leaves_nothing() {
    let mut tab = reading();
    clicks(&mut tab, &SQUARE[..2]);
    tab.acts(Action::CloseContour);
    let said = tab.session.view_model().notice;
    assert_eq!(said.as_deref(), Some(words::CONTOUR_NEEDS_POINTS.in_lang(Lang::En)));
    let before = tab.state();
    tab.acts(Action::Escape);
    assert!(tab.session.drawing(0).contour.is_empty() && tab.state() == before);
}

#[test]
fn a_double_click_shows_a_pane_alone_unless_the_tool_draws() {
    let mut tab = reading();
    tab.does(Command::DoubleClick(PaneId::Coronal));
    assert_eq!(tab.session.maximised(), None);
    tab.acts(Action::Tool(Tool::Navigate));
    tab.pointer(PaneId::Coronal, PointerPhase::Move, 50.0, 50.0);
    tab.does(Command::DoubleClick(PaneId::Coronal));
    assert_eq!(tab.session.maximised(), Some(PaneId::Coronal));
}

#[test]
fn a_curve_goes_through_its_points_and_follows_them_until_it_is_closed() {
    let circle = |n: u32, of: u32| {
        let angle = std::f64::consts::TAU * f64::from(n) / f64::from(of);
        (50.0 + 30.0 * angle.cos(), 50.0 + 30.0 * angle.sin())
    };
    let points: Vec<(f64, f64)> = (0..6).map(|n| circle(n, 6)).collect();
    let drawn = |close: fn(&mut Tab), more: &dyn Fn(&mut Tab)| {
        let mut tab = reading();
        tab.acts(Action::Join(ContourJoin::Spline));
        clicks(&mut tab, &points);
        more(&mut tab);
        assert_eq!(voxels(&tab), 0, "it is open yet");
        close(&mut tab);
        assert!(tab.session.drawing(0).contour.is_empty());
        assert_eq!(tab.session.case().unwrap().history.done().len(), 2, "a segment and a contour");
        tab
    };
    let enter = |tab: &mut Tab| tab.acts(Action::CloseContour);
    let plain = drawn(enter, &|tab| {
        let drawing = tab.session.drawing(0);
        assert_eq!(drawing.contour_points.len(), 6);
        let off = |p: &hilum::geometry::PanePoint| (p.x - 50.0).hypot(p.y - 50.0) - 30.0;
        assert!(drawing.contour.len() > 40 && drawing.contour.iter().all(|p| off(p).abs() < 1.5));
    });
    // The disc, not the hexagon: pi against 2.6 squares of the radius, of 24 mm on 100 px.
    let disc = std::f64::consts::PI * (30.0f64 * 0.24).powi(2);
    assert!((voxels(&plain) as f64 - disc).abs() < 0.06 * disc, "{} of {disc} voxels", voxels(&plain));
    // Its first point, clicked again, closes it; so does a double click on its last.
    assert_eq!(voxels(&drawn(|tab| clicks(tab, &[(80.0, 50.0)]), &|_| {})), voxels(&plain));
    let last = points[5];
    let twice = drawn(|tab| clicks(tab, &[(50.0 + 15.0, 50.0 - 26.0)]), &|_| {});
    assert!((last.0 - 65.0).abs() < 0.1 && voxels(&twice) == voxels(&plain));
    // A point that is dragged takes the curve along; back again it is as before.
    let moved = drawn(enter, &|tab| tab.drags(PaneId::Axial, &[(80.0, 50.0), (86.0, 50.0), (95.0, 50.0)]));
    assert!(voxels(&moved) > voxels(&plain) + 10);
    let back = drawn(enter, &|tab| {
        tab.drags(PaneId::Axial, &[(80.0, 50.0), (86.0, 50.0), (95.0, 50.0)]);
        tab.drags(PaneId::Axial, &[(95.0, 50.0), (86.0, 50.0), (80.0, 50.0)]);
    });
    assert_eq!(voxels(&back), voxels(&plain));
    // A press on the curve puts a point there, which a drag takes along.
    let between = circle(1, 12);
    let dented = drawn(enter, &|tab| {
        tab.drags(PaneId::Axial, &[between, (60.0, 56.0), (55.0, 53.0)]);
        assert_eq!(tab.session.drawing(0).contour_points.len(), 7);
    });
    assert!(voxels(&dented) < voxels(&plain) - 10);
    // What the last press set is taken back, and Escape leaves nothing.
    let mut tab = reading();
    let before = tab.state();
    tab.acts(Action::Join(ContourJoin::Spline));
    clicks(&mut tab, &points);
    tab.acts(Action::DeleteMeasurement);
    assert_eq!(tab.session.drawing(0).contour_points.len(), 5);
    tab.acts(Action::Escape);
    assert!(tab.session.drawing(0).contour_points.is_empty() && tab.state() == before);
}

#[test]
fn a_contour_clings_to_edges_and_goes_together_with_lines() {
    // A disc of 7 mm on every slice.
    let hu = |n: usize| if ((n % 24) as f64 - 11.5).hypot((n / 24) as f64 - 9.5) <= 7.0 { 30 } else { -850 };
    let slices: Vec<Vec<i16>> = (0..10).map(|_| (0..24 * 20).map(hu).collect()).collect();
    let truth = slices[0].iter().filter(|hu| **hu > 0).count() as f64;
    let begun = |join: ContourJoin| {
        let mut tab = Tab::open(&Default::default(), 1);
        tab.opens(&ct("1.2.826.0.1.3680043.10.511", &slices));
        tab.does(Command::AddSegment(SegmentMeaning::Lesion));
        tab.acts(Action::Join(join));
        assert_eq!(tab.session.tool(), Tool::Contour);
        tab
    };
    // Three clicks beside the border: pane px are 0.24 mm, the disc has 29 of them.
    let three = [(50.0, 50.0 - 31.0), (50.0 + 26.0, 50.0 + 14.0), (50.0 - 26.0, 50.0 + 14.0)];
    let mut by_lines = begun(ContourJoin::Lines);
    clicks(&mut by_lines, &three);
    by_lines.acts(Action::CloseContour);
    let mut by_edges = begun(ContourJoin::Edges);
    clicks(&mut by_edges, &three);
    by_edges.pointer(PaneId::Axial, PointerPhase::Move, 30.0, 30.0);
    assert!(by_edges.session.drawing(0).contour.len() > 20, "the line leads to the pointer along the edge");
    assert_eq!(by_edges.session.drawing(0).contour_points.len(), 3);
    by_edges.acts(Action::CloseContour);
    assert!((voxels(&by_edges) as f64 - truth).abs() < 0.08 * truth, "{} of {truth}", voxels(&by_edges));
    assert!((voxels(&by_lines) as f64) < 0.6 * truth);
    by_edges.acts(Action::Undo);
    assert_eq!(voxels(&by_edges), 0);
    // From the second point on by hand: right across the disc.
    let mut mixed = begun(ContourJoin::Edges);
    clicks(&mut mixed, &three[..2]);
    mixed.acts(Action::Join(ContourJoin::Lines));
    clicks(&mut mixed, &[(50.0, 50.0)]);
    mixed.acts(Action::CloseContour);
    let part = voxels(&mixed) as f64 / truth;
    assert!(part > 0.2 && part < 0.5, "{part}");
    // The last point is taken back with the line that leads there.
    let mut shorter = begun(ContourJoin::Edges);
    clicks(&mut shorter, &three);
    shorter.acts(Action::DeleteMeasurement);
    assert_eq!(shorter.session.drawing(0).contour_points.len(), 2);
    clicks(&mut shorter, &three[2..]);
    shorter.acts(Action::CloseContour);
    shorter.acts(Action::Redo);
    assert!((voxels(&shorter) as f64 - truth).abs() < 0.08 * truth);
}

#[test]
fn undo_takes_back_what_is_being_made_before_anything_that_was() {
    let mut tab = reading();
    clicks(&mut tab, &SQUARE[..3]);
    let before = tab.state();
    for left in [2, 1, 0] {
        assert!(tab.session.view_model().can_undo);
        tab.acts(Action::Undo);
        tab.acts(Action::Redo);
        assert_eq!(tab.session.drawing(0).contour_points.len(), left);
        assert!(tab.state() == before);
    }
    // A stroke whose button is down goes, and nothing else; so does a measurement, point by point.
    tab.acts(Action::Tool(Tool::Brush));
    tab.pointer(PaneId::Axial, PointerPhase::Down, 30.0, 30.0);
    assert!(voxels(&tab) > 0);
    tab.acts(Action::Undo);
    assert!(tab.state() == before);
    tab.acts(Action::Tool(Tool::Measure(MeasurementKind::Angle)));
    tab.drags(PaneId::Coronal, &[(20.0, 50.0), (50.0, 50.0)]);
    for left in [1, 0] {
        tab.acts(Action::Undo);
        assert_eq!(tab.session.drawing(1).measurements.len(), left);
        assert!(tab.state() == before);
    }
    tab.acts(Action::Undo);
    assert!(tab.state() != before, "then the segment");
}

#[test]
fn delete_is_of_what_is_being_made_first() {
    let mut tab = reading();
    clicks(&mut tab, &SQUARE[..3]);
    let before = tab.state();
    tab.acts(Action::DeleteSegment);
    assert_eq!(tab.session.drawing(0).contour_points.len(), 2);
    assert!(tab.state() == before, "the segment stays");
    // A stroke whose button is down goes, and the segment comes back without it.
    tab.acts(Action::Tool(Tool::Brush));
    tab.pointer(PaneId::Axial, PointerPhase::Down, 30.0, 30.0);
    tab.acts(Action::DeleteSegment);
    tab.pointer(PaneId::Axial, PointerPhase::Up, 30.0, 30.0);
    assert!(tab.session.view_model().segments.is_empty());
    tab.acts(Action::Undo);
    assert_eq!((tab.session.view_model().segments.len(), voxels(&tab)), (1, 0));
}

#[test]
fn redo_waits_for_an_outline_that_is_drawn() {
    let mut tab = reading();
    tab.does(Command::BrushRange(Some((-1024, 3071))));
    tab.acts(Action::Tool(Tool::Region(RegionTool::Threshold)));
    tab.pointer(PaneId::Axial, PointerPhase::Down, SQUARE[0].0, SQUARE[0].1);
    for (x, y) in SQUARE {
        tab.pointer(PaneId::Axial, PointerPhase::Move, x, y);
    }
    tab.acts(Action::Redo);
    tab.pointer(PaneId::Axial, PointerPhase::Up, SQUARE[0].0, SQUARE[0].1);
    assert!(tab.session.view_model().region.is_some());
}

#[test]
fn the_point_that_was_set_last_goes_first_on_a_curve_too() {
    let mut tab = reading();
    tab.acts(Action::Join(ContourJoin::Spline));
    clicks(&mut tab, &SQUARE);
    let corners = tab.session.drawing(0).contour_points;
    // On the curve between the first two.
    let off =
        |p: &PanePoint| (p.x - (corners[0].x + corners[1].x) / 2.0).hypot(p.y - (corners[0].y + corners[1].y) / 2.0);
    let on_curve = tab.session.drawing(0).contour.iter().copied().min_by(|a, b| off(a).total_cmp(&off(b))).unwrap();
    clicks(&mut tab, &[(on_curve.x, on_curve.y)]);
    assert_eq!(tab.session.drawing(0).contour_points.len(), corners.len() + 1);
    tab.acts(Action::Undo);
    assert_eq!(tab.session.drawing(0).contour_points, corners);
}

#[test]
fn slices_are_filled_across_the_plane_of_the_last_outline() {
    let mut tab = reading();
    tab.drags(PaneId::Axial, &SQUARE);
    tab.acts(Action::Undo);
    tab.does(Command::BrushRange(Some((-1024, 3071))));
    tab.acts(Action::Tool(Tool::Region(RegionTool::Threshold)));
    for _ in 0..2 {
        tab.drags(PaneId::Coronal, &SQUARE);
        tab.acts(Action::AcceptRegion);
        tab.acts(Action::Scroll(3));
    }
    let sheets = voxels(&tab);
    tab.acts(Action::Interpolate);
    assert!(sheets > 0 && voxels(&tab) == 2 * sheets, "two of four");
}
