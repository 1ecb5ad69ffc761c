//! Two CTs beside each other, replayed without a browser: the same places of the patient, one hand for both, and nothing drawn on
//! the one that is only looked at.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop with its reason")]

use hilum::geometry::PatientPoint;
use hilum::session::{Action, Command, PaneId, PaneSize, PointerButton, PointerInput, PointerPhase, Tool, WheelUse};
use hilum::view::{PaneContent, PaneInput, SliceInput};

mod files;
mod tab;
use tab::{SIZE, Tab, ct, noise};

const OTHER: &str = "1.2.4.2";

/// Two series open, the first on screen, in panes of 100 × 100.
fn reader() -> Tab {
    let mut tab = Tab::open(&std::rc::Rc::default(), 1);
    tab.opens(&ct("1.2.4", &noise(8)));
    tab.opens(&ct("1.2.3", &noise(7)));
    tab.does(Command::OpenSeries("1.2.3.2".to_owned()));
    assert_eq!(tab.session.case().unwrap().series.uid, "1.2.3.2");
    tab
}

fn comparing() -> Tab {
    let mut tab = reader();
    tab.does(Command::Compare(OTHER.to_owned(), 0));
    assert!(tab.session.beside().is_some());
    tab
}

/// The slices on screen of the open CT, and of the one beside it.
fn slices(tab: &Tab) -> [Vec<(PaneInput, SliceInput)>; 2] {
    let frame = tab.session.frame_input().unwrap();
    let slice = |pane: &PaneInput| match &pane.content {
        PaneContent::Slice(slice) => Some((pane.clone(), *slice)),
        PaneContent::Volume(_) => None,
    };
    let all: Vec<_> = frame.panes.iter().filter_map(slice).collect();
    let (beside, own) = all.into_iter().partition(|(_, slice)| slice.beside);
    [own, beside]
}

fn point(tab: &mut Tab, pane: PaneId, phase: PointerPhase, (x, y): (f64, f64), ctrl: bool) {
    let at = hilum::geometry::PanePoint::new(x, y);
    let input = PointerInput { pane, phase, at, button: PointerButton::Primary, shift: false, ctrl };
    tab.does(Command::Pointer(input));
}

fn drag(tab: &mut Tab, pane: PaneId, from: (f64, f64), to: (f64, f64), ctrl: bool) {
    point(tab, pane, PointerPhase::Down, from, ctrl);
    point(tab, pane, PointerPhase::Move, to, ctrl);
    point(tab, pane, PointerPhase::Up, to, ctrl);
}

#[test]
fn both_halves_show_the_same_place_in_the_same_size_and_window() {
    let mut tab = comparing();
    let beside = tab.session.beside().unwrap();
    assert_eq!(beside.arrived().len(), SIZE[2], "all its slices came");
    assert_eq!(beside.volume.pixels(3).unwrap(), noise(8)[3]);
    tab.does(Command::Wheel(PaneId::Axial, hilum::geometry::PanePoint::new(20.0, 50.0), 2, WheelUse::Scroll));
    tab.does(Command::Wheel(PaneId::Coronal, hilum::geometry::PanePoint::new(20.0, 50.0), -1, WheelUse::Zoom));
    tab.acts(Action::Window(3));
    let [own, beside] = slices(&tab);
    assert_eq!((own.len(), beside.len()), (3, 3));
    for ((own, slice), (other, beside)) in own.iter().zip(&beside) {
        assert_eq!((own.rect.width, other.rect.width, own.rect.height), (50, 50, other.rect.height));
        assert_eq!((other.rect.x, other.rect.y), (own.rect.x + 50, own.rect.y));
        // Grids of the two lie in one place, so that places are the same.
        assert!((slice.plane.origin - beside.plane.origin).length() < 1e-9);
        assert_eq!((slice.mm_per_px, slice.window, slice.slab), (beside.mm_per_px, beside.window, beside.slab));
    }
    let view = tab.session.view_model();
    assert_eq!(view.beside[0].as_ref().unwrap().slice, Some(view.panes[0].slice));
    assert!(view.series.iter().find(|s| s.uid == OTHER).unwrap().is_beside);
}

#[test]
fn what_does_not_lie_in_one_frame_of_reference_is_aligned_by_centres_and_moved_by_hand() {
    let mut tab = comparing();
    let notes = tab.session.view_model().beside[0].clone().unwrap().notes;
    assert!(notes.iter().any(|note| note.starts_with("Aligned by centres")), "{notes:?}");
    assert!(!notes.iter().any(|note| note == "Another patient"));
    let origin = |tab: &Tab, n: usize| slices(tab)[1][n].1.plane.origin;
    let (before, own) = (origin(&tab, 0), slices(&tab)[0].clone());
    tab.does(Command::Activate(PaneId::Axial));
    tab.acts(Action::StepBeside(3));
    assert!((origin(&tab, 0) - before - hilum::geometry::PatientVector::new(0.0, 0.0, 6.0)).length() < 1e-9);
    assert_eq!(slices(&tab)[0], own, "the open CT stays");
    // By hand, in its half only; the picture goes with the hand.
    drag(&mut tab, PaneId::Axial, (60.0, 50.0), (70.0, 45.0), true);
    let moved = origin(&tab, 0);
    let mm_per_px = own[0].1.mm_per_px;
    assert!((moved.0.x - before.0.x + 10.0 * mm_per_px).abs() < 1e-9);
    assert!((moved.0.y - before.0.y - 5.0 * mm_per_px).abs() < 1e-9);
    assert_eq!(slices(&tab)[0], own);
    tab.acts(Action::ResetView);
    assert!((origin(&tab, 0) - slices(&tab)[0][0].1.plane.origin).length() < 1e-9);
}

#[test]
fn a_hand_in_the_right_half_leads_both_and_the_number_under_it_is_of_that_ct() {
    let mut tab = comparing();
    let at = (30.0, 40.0);
    point(&mut tab, PaneId::Axial, PointerPhase::Move, at, false);
    let left = tab.session.probe().unwrap();
    point(&mut tab, PaneId::Axial, PointerPhase::Move, (at.0 + 50.0, at.1), false);
    let right = tab.session.probe().unwrap();
    assert!((left.at - right.at).length() < 1e-9, "one place");
    let sample = |volume: &hilum::volume::CtVolume, p: PatientPoint| hilum::volume::sample_nearest(volume, p);
    assert_eq!(left.hu, sample(&tab.session.case().unwrap().volume, left.at));
    assert_eq!(right.hu, sample(&tab.session.beside().unwrap().volume, left.at));
    assert_ne!(left.hu, right.hu);
    // A click there sets the crosshair where a click on the left would.
    drag(&mut tab, PaneId::Axial, (at.0 + 50.0, at.1), (at.0 + 50.0, at.1), false);
    let crosshair = tab.session.crosshair();
    drag(&mut tab, PaneId::Axial, at, at, false);
    assert_eq!(tab.session.crosshair(), crosshair);
    // A window drag that began on the left goes on over the border.
    tab.acts(Action::Tool(Tool::Window));
    let before = tab.session.view_model().windows[0].unwrap();
    drag(&mut tab, PaneId::Axial, (40.0, 50.0), (90.0, 50.0), false);
    let after = tab.session.view_model().windows[0].unwrap();
    assert!(after.width_hu > before.width_hu + 40.0, "{before:?} {after:?}");
}

#[test]
fn nothing_is_marked_or_measured_on_the_ct_beside() {
    let mut tab = comparing();
    tab.does(Command::AddSegment(hilum::annotation::SegmentMeaning::Lesion));
    let before = tab.said();
    for tool in [Tool::Brush, Tool::Contour, Tool::Eraser, Tool::Measure(hilum::annotation::MeasurementKind::Length)] {
        tab.acts(Action::Tool(tool));
        drag(&mut tab, PaneId::Axial, (60.0, 50.0), (80.0, 60.0), false);
        assert_eq!(tab.said(), before, "{tool:?}");
        assert!(tab.session.view_model().notice.unwrap().starts_with("The other CT is only looked at"));
    }
    // On the left it is marked as ever, and a stroke that goes over the border stays a stroke of the left.
    tab.acts(Action::Tool(Tool::Brush));
    drag(&mut tab, PaneId::Axial, (20.0, 50.0), (60.0, 50.0), false);
    assert_ne!(tab.said(), before);
    point(&mut tab, PaneId::Axial, PointerPhase::Move, (70.0, 50.0), false);
    assert_eq!(tab.session.drawing(0).brush, None, "no ring where nothing can be painted");
}

#[test]
fn a_saved_picture_shows_both_and_says_nothing_of_either_patient() {
    let mut tab = comparing();
    tab.does(Command::Activate(PaneId::Axial));
    let update = tab.session.update(Command::Do(Action::Screenshot(true)), "20261128101500");
    let Some(hilum::session::Effect::Screenshot(shot)) = update.effects.last() else { panic!("no picture") };
    assert_eq!(shot.size(), [100, 100]);
    let [left, right] = &shot.panes[..] else { panic!("two pictures") };
    assert_eq!((left.rect.x, left.rect.width, right.rect.x, right.rect.width), (0, 50, 50, 50));
    assert!(matches!(right.content, PaneContent::Slice(slice) if slice.beside));
    let said = format!("{shot:?}");
    assert!(said.contains("Aligned by") && ["SECRET", "2026-01-05", "1.2.4"].iter().all(|text| !said.contains(text)));
}

#[test]
fn a_measurement_of_the_left_is_not_taken_hold_of_on_the_right() {
    let mut tab = comparing();
    tab.acts(Action::Tool(Tool::Measure(hilum::annotation::MeasurementKind::Length)));
    drag(&mut tab, PaneId::Axial, (10.0, 50.0), (40.0, 50.0), false);
    let before = tab.said();
    assert_eq!(before.4.len(), 1);
    tab.acts(Action::Tool(Tool::Navigate));
    drag(&mut tab, PaneId::Axial, (90.0, 50.0), (80.0, 30.0), false);
    assert_eq!(tab.said(), before);
    drag(&mut tab, PaneId::Axial, (40.0, 50.0), (30.0, 30.0), false);
    assert_ne!(tab.said(), before, "on the left it is");
}

#[test]
fn it_goes_by_command_by_choosing_it_again_and_with_the_open_ct() {
    let mut tab = comparing();
    let halved = slices(&tab)[0][0].1.mm_per_px;
    tab.acts(Action::EndCompare);
    assert!(tab.session.beside().is_none() && slices(&tab)[1].is_empty());
    assert_eq!(slices(&tab)[0][0].0.rect.width, 100);
    assert!(slices(&tab)[0][0].1.mm_per_px < halved, "it has the whole pane again");
    tab.does(Command::Compare(OTHER.to_owned(), 0));
    tab.does(Command::Compare(OTHER.to_owned(), 0));
    assert!(tab.session.beside().is_none());
    // Not with itself.
    tab.does(Command::Compare("1.2.3.2".to_owned(), 0));
    assert!(tab.session.beside().is_none());
    tab.does(Command::Compare(OTHER.to_owned(), 0));
    tab.does(Command::OpenSeries(OTHER.to_owned()));
    assert!(tab.session.beside().is_none());
    assert_eq!(slices(&tab)[0][0].0.rect.width, 100);
}

#[test]
fn two_stacks_of_a_series_lie_beside_each_other() {
    let replaced = |file: &[u8], from: &[u8], to: &[u8]| {
        let mut file = file.to_vec();
        while let Some(at) = file.windows(from.len()).position(|w| w == from) {
            file[at..at + from.len()].copy_from_slice(to);
        }
        file
    };
    let coarse = |file: &Vec<u8>| replaced(&replaced(file, b"1.2.3.3.", b"1.2.3.5."), b"1\\1", b"2\\2");
    let mut tab = reader();
    tab.opens(&ct("1.2.3", &noise(7)).iter().take(8).map(coarse).collect::<Vec<_>>());
    let rows = |tab: &Tab| {
        let row = tab.session.view_model().series.into_iter().find(|s| s.uid == "1.2.3.2").unwrap();
        let stacks: Vec<_> = row.stacks.iter().map(|s| (s.is_open, s.can_compare, s.is_beside)).collect();
        (row.can_compare, stacks)
    };
    assert_eq!(rows(&tab), (false, vec![(true, false, false), (false, true, false)]));
    tab.does(Command::Compare("1.2.3.2".to_owned(), 1));
    assert_eq!(tab.session.beside().unwrap().volume.grid().spacing_mm(), [2.0; 3]);
    assert_eq!(rows(&tab).1[1], (false, true, true));
    assert_eq!(tab.session.beside().unwrap().arrived().len(), 8);
    let header = tab.session.view_model().beside[0].clone().unwrap();
    assert!(header.title.ends_with("8 images"), "{}", header.title);
    tab.does(Command::Compare("1.2.3.2".to_owned(), 1));
    assert!(tab.session.beside().is_none());
}

#[test]
fn both_together_must_be_held() {
    let mut tab = reader();
    // The GPU's longest axis is that of each alone.
    tab.does(Command::LongestAxis(Some(30)));
    tab.does(Command::Compare(OTHER.to_owned(), 0));
    assert!(tab.session.beside().is_some());
    tab.does(Command::Resize([PaneSize { left: 0.0, top: 0.0, width: 200.0, height: 100.0 }; 4], 2.0));
    let [own, beside] = slices(&tab);
    assert_eq!((own[0].0.rect.width, beside[0].0.rect.x), (200, 200));
}
