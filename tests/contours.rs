//! The contour as a reader draws it: in one go, point by point, and both; closed by click, double click and key.
#![allow(clippy::unwrap_used, reason = "a test may stop with its reason")]

use hilum::annotation::SegmentMeaning;
use hilum::session::words::{self, Lang};
use hilum::session::{Action, Command, PaneId, PointerPhase, Tool};

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
