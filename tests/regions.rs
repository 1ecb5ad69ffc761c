//! Region tools as a reader uses them: shown first, corrected, accepted or left, undone.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop with its reason")]

use hilum::annotation::{Origin, SegmentMeaning};
use hilum::geometry::{PatientPoint, VoxelIndex};
use hilum::import::{DemonstrationLesion, demonstration};
use hilum::jobs::{JobError, JobEvent};
use hilum::session::words::{self, Lang, Text};
use hilum::session::{
    Action, Command, KeepNews, PaneId, PointerPhase, Refine, RefineSettings, RegionTool, SegmentChange, Tool,
};

mod files;
mod tab;
use tab::{Tab, ct, noise};

/// The demonstration with a lesion in hand.
fn reading() -> Tab {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&demonstration().into_iter().map(|f| f.bytes).collect::<Vec<_>>());
    tab.does(Command::AddSegment(SegmentMeaning::GroundGlass));
    tab
}

/// The middle of a lesion: the demonstration has 256 × 256 pixels of 1.4 mm, and a slice every 2.5 mm.
fn middle(tab: &Tab, lesion: &DemonstrationLesion) -> PatientPoint {
    let [x, y, z] = lesion.centre;
    let grid = tab.session.case().unwrap().volume.grid();
    let at = [x / 1.4 + 127.5, y / 1.4 + 127.5, z / 2.5].map(|c| c.round() as usize);
    let p = grid.patient_from_voxel(VoxelIndex::new(at[0], at[1], at[2]).centre());
    let hu = tab.session.case().unwrap().volume.at(VoxelIndex::new(at[0], at[1], at[2])).unwrap();
    assert!((hu - lesion.hu).abs() < 100, "{hu} HU");
    p
}

/// Scrolls to a point and gives its place in the axial pane.
fn look_at(tab: &mut Tab, p: PatientPoint) -> (f64, f64) {
    let probe = |tab: &mut Tab, x: f64, y: f64| {
        tab.pointer(PaneId::Axial, PointerPhase::Move, x, y);
        tab.session.probe().unwrap().at.0
    };
    let step = tab.session.case().unwrap().volume.grid().spacing_mm()[2];
    let up = ((p.0.z - probe(tab, 50.0, 50.0).z) / step).round() as i32;
    tab.acts(Action::Scroll(up));
    let (a, b) = (probe(tab, 40.0, 40.0), probe(tab, 60.0, 60.0));
    assert!((a.z - p.0.z).abs() <= step);
    (40.0 + 20.0 * (p.0.x - a.x) / (b.x - a.x), 40.0 + 20.0 * (p.0.y - a.y) / (b.y - a.y))
}

fn ml(tab: &Tab, number: u8) -> f64 {
    tab.session.case().unwrap().document.volume_ml(number)
}

fn steps(tab: &Tab) -> usize {
    tab.session.case().unwrap().history.done().len()
}

fn is_on_show(tab: &Tab) -> bool {
    tab.session.view_model().region.is_some()
}

fn said(tab: &Tab, text: Text) {
    assert_eq!(tab.session.view_model().notice.as_deref(), Some(text.in_lang(Lang::En)));
}

fn clicks_lesion(tab: &mut Tab, lesion: &DemonstrationLesion) {
    let at = middle(tab, lesion);
    let place = look_at(tab, at);
    tab.acts(Action::Tool(Tool::Region(RegionTool::Lesion)));
    tab.drags(PaneId::Axial, &[place]);
}

#[test]
fn one_click_shows_the_whole_lesion_and_enter_makes_it_the_readers() {
    for lesion in [DemonstrationLesion::GROUND_GLASS, DemonstrationLesion::CONSOLIDATION] {
        let mut tab = reading();
        let before = steps(&tab);
        clicks_lesion(&mut tab, &lesion);
        assert!(is_on_show(&tab) && steps(&tab) == before, "it is no edit yet");
        let shown = ml(&tab, 1);
        assert!((shown / lesion.volume_ml() - 1.0).abs() < 0.15, "{shown} ml of {}", lesion.volume_ml());
        tab.acts(Action::CloseContour);
        assert!(!is_on_show(&tab) && steps(&tab) == before + 1);
        let case = tab.session.case().unwrap();
        let Origin::Proposed { algorithm, parameters, edited, .. } = &case.document.segment(1).unwrap().origin else {
            panic!("who chose the voxels is told");
        };
        assert!(algorithm.contains("lesion by strokes") && parameters.contains("hu_at_least=") && *edited);
        tab.acts(Action::Undo);
        assert_eq!(ml(&tab, 1), 0.0);
        assert_eq!(tab.session.case().unwrap().document.segment(1).unwrap().origin, Origin::Manual);
        tab.acts(Action::Redo);
        assert_eq!(ml(&tab, 1), shown);
    }
}

#[test]
fn it_can_be_left_and_its_last_stroke_taken_back() {
    let mut tab = reading();
    let before = tab.state();
    clicks_lesion(&mut tab, &DemonstrationLesion::GROUND_GLASS);
    let first = tab.said();
    let at = middle(&tab, &DemonstrationLesion::GROUND_GLASS);
    let (x, y) = look_at(&mut tab, at);
    tab.acts(Action::ToggleSubtract);
    tab.drags(PaneId::Axial, &[(x + 3.5, y - 2.0), (x + 3.5, y + 2.0)]);
    let less = ml(&tab, 1);
    tab.acts(Action::Undo);
    assert!(tab.said() == first && is_on_show(&tab), "the second stroke is taken back alone");
    assert!(less < ml(&tab, 1), "the stroke took something away");
    tab.acts(Action::Undo);
    assert!(tab.state() == before && !is_on_show(&tab));
    clicks_lesion(&mut tab, &DemonstrationLesion::GROUND_GLASS);
    said(&tab, words::REGION_BEGINS_INSIDE);
    tab.acts(Action::ToggleSubtract);
    clicks_lesion(&mut tab, &DemonstrationLesion::GROUND_GLASS);
    tab.acts(Action::Escape);
    assert!(tab.state() == before && !is_on_show(&tab));
}

#[test]
fn more_and_less_start_from_what_was_there_before() {
    let mut tab = reading();
    clicks_lesion(&mut tab, &DemonstrationLesion::GROUND_GLASS);
    let (first, shown) = (tab.said(), ml(&tab, 1));
    tab.acts(Action::BrushStep(1));
    assert!(ml(&tab, 1) > shown, "a border nearer to the lung takes in more");
    tab.acts(Action::BrushStep(-1));
    assert!(tab.said() == first, "and none of it stays when the border goes back");
}

#[test]
fn what_else_changes_the_document_accepts_it_first() {
    for command in [
        Command::Do(Action::Tool(Tool::Brush)),
        Command::AddSegment(SegmentMeaning::Consolidation),
        Command::Do(Action::ExportSeg),
        Command::ChangeSegment(1, SegmentChange::ToggleLocked),
    ] {
        let mut tab = reading();
        clicks_lesion(&mut tab, &DemonstrationLesion::GROUND_GLASS);
        let (shown, before) = (ml(&tab, 1), steps(&tab));
        tab.does(command.clone());
        assert!(!is_on_show(&tab) && steps(&tab) > before && ml(&tab, 1) == shown, "{command:?}");
    }
    // A click far away begins the next lesion.
    let mut tab = reading();
    clicks_lesion(&mut tab, &DemonstrationLesion::GROUND_GLASS);
    let (one, before) = (ml(&tab, 1), steps(&tab));
    clicks_lesion(&mut tab, &DemonstrationLesion::CONSOLIDATION);
    assert!(is_on_show(&tab) && steps(&tab) == before + 1 && ml(&tab, 1) > one + 10.0);
}

#[test]
fn growing_follows_the_drag() {
    let mut tab = reading();
    let at = middle(&tab, &DemonstrationLesion::CONSOLIDATION);
    let (x, y) = look_at(&mut tab, at);
    tab.acts(Action::Tool(Tool::Region(RegionTool::Grow)));
    tab.pointer(PaneId::Axial, PointerPhase::Down, x, y);
    let first = ml(&tab, 1);
    tab.pointer(PaneId::Axial, PointerPhase::Move, x, y - 40.0);
    let more = ml(&tab, 1);
    tab.pointer(PaneId::Axial, PointerPhase::Up, x, y - 40.0);
    assert!(first > 10.0 && more > first, "{first} ml, then {more}");
    assert!(is_on_show(&tab));
}

#[test]
fn refinements_say_what_they_miss_and_undo_in_one_step() {
    let mut tab = reading();
    let refine = |tab: &mut Tab, refine| tab.acts(Action::Refine(refine));
    refine(&mut tab, Refine::FillHoles);
    said(&tab, words::SEGMENT_EMPTY);
    clicks_lesion(&mut tab, &DemonstrationLesion::GROUND_GLASS);
    tab.acts(Action::AcceptRegion);
    refine(&mut tab, Refine::Union);
    said(&tab, words::REFINE_NEEDS_OTHER);
    refine(&mut tab, Refine::ThresholdSegment);
    said(&tab, words::REFINE_NEEDS_RANGE);
    refine(&mut tab, Refine::KeepLargest);
    said(&tab, words::REGION_UNCHANGED);
    tab.does(Command::RefineSettings(RefineSettings { margin_mm: f64::NAN, ..RefineSettings::default() }));
    assert_eq!(tab.session.view_model().refine, RefineSettings::default(), "no margin is not a number");

    let (before, lesion) = (tab.said(), ml(&tab, 1));
    refine(&mut tab, Refine::Grow);
    let radius = |ml: f64| (ml * 750.0 / std::f64::consts::PI).cbrt();
    assert!((radius(ml(&tab, 1)) - radius(lesion) - 2.0).abs() < 1.0, "a margin of 2 mm");
    tab.acts(Action::Undo);
    assert_eq!(ml(&tab, 1), lesion);

    // A threshold is shown first, and follows its range.
    tab.does(Command::BrushRange(Some((-480, 200))));
    refine(&mut tab, Refine::ThresholdSegment);
    let little = ml(&tab, 1);
    tab.does(Command::BrushRange(Some((-600, 200))));
    assert!(is_on_show(&tab) && little < ml(&tab, 1) && ml(&tab, 1) < lesion);
    tab.acts(Action::Escape);
    assert_eq!(ml(&tab, 1), lesion);

    let at = middle(&tab, &DemonstrationLesion::GROUND_GLASS);
    look_at(&mut tab, at);
    refine(&mut tab, Refine::Split);
    let (below, above) = (ml(&tab, 1), ml(&tab, 2));
    assert!((below + above - lesion).abs() < 1e-9 && (below / lesion - 0.5).abs() < 0.15, "{below} and {above}");
    tab.does(Command::RefineSettings(RefineSettings { other: Some(2), ..RefineSettings::default() }));
    refine(&mut tab, Refine::Union);
    assert_eq!((ml(&tab, 1), ml(&tab, 2)), (lesion, 0.0));
    tab.acts(Action::Undo);
    tab.does(Command::ChangeSegment(2, SegmentChange::ToggleLocked));
    refine(&mut tab, Refine::Union);
    said(&tab, words::SEGMENT_LOCKED);
    for _ in 0..2 {
        tab.acts(Action::Undo);
    }
    assert!(tab.said() == before, "the part goes with the cut");
}

#[test]
fn a_slice_is_copied_to_its_neighbour_in_any_pane() {
    let mut tab = reading();
    tab.acts(Action::Tool(Tool::Brush));
    for (pane, slices) in [(PaneId::Axial, 1), (PaneId::Coronal, -1), (PaneId::Sagittal, 1)] {
        tab.drags(pane, &[(50.0, 45.0), (60.0, 55.0)]);
        let one = tab.session.case().unwrap().document.voxel_count(1);
        let slice = tab.session.view_model().panes[pane.index()].slice;
        tab.acts(Action::CopySlice(slices));
        assert_eq!(tab.session.case().unwrap().document.voxel_count(1), 2 * one);
        let moved = tab.session.view_model().panes[pane.index()].slice as i32 - slice as i32;
        assert_eq!(moved, slices, "the pane follows");
        tab.acts(Action::Undo);
        tab.acts(Action::Undo);
        assert_eq!(tab.session.case().unwrap().document.voxel_count(1), 0);
    }
}

#[test]
fn a_threshold_inside_an_outline_is_shown_and_follows_its_range() {
    let mut tab = reading();
    let at = middle(&tab, &DemonstrationLesion::CONSOLIDATION);
    let (x, y) = look_at(&mut tab, at);
    let outline: Vec<(f64, f64)> =
        (0..=24).map(|n| f64::from(n) * 15f64.to_radians()).map(|a| (x + 16.0 * a.cos(), y + 16.0 * a.sin())).collect();
    let before = (tab.state(), steps(&tab));
    tab.acts(Action::Tool(Tool::Region(RegionTool::Threshold)));
    tab.pointer(PaneId::Axial, PointerPhase::Down, outline[0].0, outline[0].1);
    tab.pointer(PaneId::Axial, PointerPhase::Move, outline[6].0, outline[6].1);
    assert_eq!(tab.session.drawing(0).seed.len(), 2, "the outline is drawn");
    tab.acts(Action::Escape);
    assert!(tab.state() == before.0 && !is_on_show(&tab));
    tab.drags(PaneId::Axial, &outline);
    // What parts tissue from lung is found from what was drawn.
    let (found, view) = (ml(&tab, 1), tab.session.view_model().region.unwrap());
    assert!(found > 0.0 && steps(&tab) == before.1 && view.adjustable && view.text.contains("HU"), "{found} ml");
    let case = tab.session.case().unwrap();
    assert!(case.document.mean_hu(1).unwrap() > -200.0, "only the dense part of the outline");
    let layers: Vec<usize> = (0..case.volume.grid().size()[2])
        .filter(|k| case.document.layer(hilum::annotation::Layer::Findings).slice(*k).is_some_and(|s| s.contains(&1)))
        .collect();
    assert_eq!(layers.len(), 1, "on the slice that was drawn on");
    for _ in 0..40 {
        tab.acts(Action::BrushStep(1));
    }
    assert!(ml(&tab, 1) > 1.2 * found, "more takes the lung in");
    tab.does(Command::BrushRange(Some((2000, 3000))));
    assert_eq!(ml(&tab, 1), 0.0);
    tab.does(Command::BrushRange(Some((-300, 3000))));
    let shown = ml(&tab, 1);
    assert!(shown > 0.0 && !tab.session.view_model().region.unwrap().adjustable);
    tab.acts(Action::CloseContour);
    assert!(!is_on_show(&tab) && steps(&tab) == before.1 + 1 && ml(&tab, 1) == shown);
    // With subtract in hand the same takes it away again.
    tab.acts(Action::ToggleSubtract);
    tab.drags(PaneId::Axial, &outline);
    assert_eq!(ml(&tab, 1), 0.0);
    tab.acts(Action::Escape);
    assert_eq!(ml(&tab, 1), shown);
    // A click is no outline, and one beside the patient holds no voxel.
    tab.drags(PaneId::Axial, &[(x, y)]);
    said(&tab, words::CONTOUR_NEEDS_POINTS);
    tab.drags(PaneId::Axial, &[(-90.0, -90.0), (-80.0, -90.0), (-80.0, -80.0)]);
    said(&tab, words::CONTOUR_EMPTY);
    tab.acts(Action::Undo);
    assert!(tab.state() != before.0 && ml(&tab, 1) == 0.0);
}

#[test]
fn filled_slices_are_shown_before_they_are_the_readers() {
    let mut tab = reading();
    tab.acts(Action::Interpolate);
    said(&tab, words::NOTHING_BETWEEN);
    tab.acts(Action::Tool(Tool::Contour));
    let square = [(40.0, 40.0), (60.0, 40.0), (60.0, 60.0), (40.0, 60.0)];
    tab.drags(PaneId::Axial, &square);
    tab.acts(Action::Interpolate);
    said(&tab, words::NOTHING_BETWEEN);
    assert!(!is_on_show(&tab));
    tab.acts(Action::Scroll(4));
    tab.drags(PaneId::Axial, &square);
    let (two, before) = (tab.state(), steps(&tab));
    let marked = ml(&tab, 1);
    tab.acts(Action::Interpolate);
    assert!(is_on_show(&tab) && steps(&tab) == before);
    assert!((ml(&tab, 1) / marked - 2.5).abs() < 0.05, "two slices, and three between them");
    tab.acts(Action::Escape);
    assert!(tab.state() == two && ml(&tab, 1) == marked);
    tab.acts(Action::Interpolate);
    tab.acts(Action::AcceptRegion);
    assert_eq!((is_on_show(&tab), steps(&tab)), (false, before + 1));
    assert_eq!(tab.session.case().unwrap().history.undo_name(), Some("interpolate"));
    tab.acts(Action::Undo);
    assert!(ml(&tab, 1) == marked);
}

#[test]
fn a_tab_that_takes_over_knows_its_own_reading_while_a_change_is_on_show() {
    let files = ct("1.2.826.0.1.3680043.10.511", &noise(1));
    let mut first = Tab::open(&Default::default(), 1);
    first.opens(&files);
    first.does(Command::AddSegment(SegmentMeaning::GroundGlass));
    first.acts(Action::Tool(Tool::Brush));
    first.drags(PaneId::Axial, &[(25.0, 20.0), (70.0, 20.0)]);
    first.acts(Action::Scroll(2));
    first.drags(PaneId::Axial, &[(25.0, 20.0), (70.0, 20.0)]);
    first.acts(Action::Interpolate);
    assert!(is_on_show(&first));
    let mut second = Tab::open(&first.origin.clone(), 2);
    second.opens(&files);
    second.acts(Action::TakeOver);
    assert!(second.autosave().offer.is_some());
    let case = *first.origin.borrow().records.keys().next().unwrap();
    first.does(Command::Keeping(KeepNews::Lost(case)));
    assert_eq!(first.autosave().state, "other-tab");
    let shown = first.said();
    first.acts(Action::TakeOver);
    let view = first.autosave();
    assert_eq!((view.state, view.offer), ("saved", None), "nothing else is kept than what this tab wrote");
    assert!(is_on_show(&first) && first.said() == shown);
    first.acts(Action::AcceptRegion);
    assert_eq!(first.autosave().state, "saved");
    let state = first.state();
    let mut next = first.killed(&files);
    next.acts(Action::AcceptKept);
    assert!(next.state() == state);
}

#[test]
fn between_oblique_contours_what_lies_between_is_filled() {
    let mut tab = reading();
    tab.pointer(PaneId::Coronal, PointerPhase::Move, 50.0, 50.0);
    tab.acts(Action::TurnPlanes(30));
    assert!(tab.session.view_model().panes[0].oblique.is_some());
    tab.acts(Action::Tool(Tool::Contour));
    let square = [(40.0, 40.0), (60.0, 40.0), (60.0, 60.0), (40.0, 60.0)];
    tab.drags(PaneId::Axial, &square);
    let one = ml(&tab, 1);
    tab.acts(Action::Scroll(6));
    tab.drags(PaneId::Axial, &square);
    let (two, marked) = (tab.state(), ml(&tab, 1));
    assert!((marked / one - 2.0).abs() < 0.1);
    tab.acts(Action::Interpolate);
    assert!(is_on_show(&tab));
    // Scrolled by a step that passes no voxel by, which is no less than a layer.
    assert!(ml(&tab, 1) > 3.4 * marked, "{} {marked}", ml(&tab, 1));
    tab.acts(Action::Escape);
    assert!(tab.state() == two);
    tab.acts(Action::Interpolate);
    tab.acts(Action::AcceptRegion);
    let filled = ml(&tab, 1);
    tab.acts(Action::Interpolate);
    said(&tab, words::NOTHING_BETWEEN);
    tab.acts(Action::Undo);
    // Each segment is filled across the planes it was marked in.
    tab.acts(Action::ResetPlanes);
    tab.does(Command::AddSegment(SegmentMeaning::Nodule));
    for _ in 0..2 {
        tab.drags(PaneId::Coronal, &[(20.0, 20.0), (30.0, 20.0), (30.0, 30.0), (20.0, 30.0)]);
        tab.acts(Action::Scroll(4));
    }
    let apart = ml(&tab, 2);
    tab.does(Command::SelectSegment(1));
    tab.acts(Action::Interpolate);
    tab.acts(Action::AcceptRegion);
    assert_eq!(ml(&tab, 1), filled);
    tab.does(Command::SelectSegment(2));
    tab.acts(Action::Interpolate);
    assert!((ml(&tab, 2) / apart - 2.5).abs() < 0.05, "{} {apart}", ml(&tab, 2));
}

#[test]
fn a_reading_that_is_taken_up_is_filled_across_the_slices_that_were_left_out() {
    let files: Vec<_> = demonstration().into_iter().map(|f| f.bytes).collect();
    let mut tab = reading();
    tab.acts(Action::Tool(Tool::Contour));
    for _ in 0..2 {
        tab.drags(PaneId::Sagittal, &[(40.0, 40.0), (60.0, 40.0), (60.0, 60.0), (40.0, 60.0)]);
        tab.acts(Action::Scroll(4));
    }
    let marked = ml(&tab, 1);
    let mut tab = tab.killed(&files);
    tab.acts(Action::AcceptKept);
    assert_eq!(ml(&tab, 1), marked);
    tab.acts(Action::Interpolate);
    assert!((ml(&tab, 1) / marked - 2.5).abs() < 0.05, "{} {marked}", ml(&tab, 1));
}

#[test]
fn a_worker_that_stops_leaves_the_document_whole_and_is_said() {
    for accepted in [false, true] {
        let mut tab = reading();
        let lesion = DemonstrationLesion::CONSOLIDATION;
        clicks_lesion(&mut tab, &lesion);
        tab.acts(Action::AcceptRegion);
        let before = (tab.state(), tab.said());
        tab.slow_worker = true;
        if accepted {
            // Accepted before the job is done; a part that it is to be split into was made already.
            tab.acts(Action::Refine(Refine::Split));
        } else {
            clicks_lesion(&mut tab, &lesion);
        }
        tab.slow_worker = false;
        let jobs = std::mem::take(&mut tab.undone);
        assert_eq!(jobs.len(), 1);
        for job in jobs {
            let Command::Job(JobEvent::Done(id, _)) = job else { panic!("a job's end") };
            tab.does(Command::Job(JobEvent::Done(id, Err(JobError::WorkerLost))));
        }
        let notice = tab.session.view_model().notice.unwrap();
        assert!(notice.contains("the worker stopped"), "{notice}");
        assert!(!is_on_show(&tab) && (tab.state(), tab.said()) == before);
        let case = tab.session.case().unwrap();
        assert_eq!(case.document.problems(&case.volume), Vec::<String>::new());
        // And the next one works.
        tab.acts(Action::Refine(Refine::Grow));
        assert!(tab.said() != before.1);
    }
}
