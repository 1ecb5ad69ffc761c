//! What a reader can do to a reading, and what may happen to it meanwhile.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "each test file uses what it needs, and may stop")]

use super::tab::{Origin, Tab, ct, noise};
use hilum::annotation::{MeasurementKind, SegmentMeaning};
use hilum::export::Audience;
use hilum::jobs::JobError;
use hilum::report::FORM;
use hilum::session::{
    Action, Command, ContourJoin, FormInput, MeasurementChange, PaneId, PieceAction, PointerPhase, Proposable, Refine,
    RefineSettings, RegionTool, SegmentChange, Tool,
};
use proptest::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;

pub(crate) const UID: &str = "1.2.826.0.1.3680043.10.511";

/// What a reader can do.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Tool(Tool),
    Drag(PaneId, Vec<(f64, f64)>),
    /// A stroke or contour that Escape, or another tool, takes away.
    GiveUp(PaneId, f64, f64),
    Add(SegmentMeaning),
    Select(u8),
    Change(u8, SegmentChange),
    /// A measurement of the list.
    Measurement(u16, MeasurementChange),
    Act(Action),
    /// A field of the form.
    Answer(u16, FormInput),
    /// The other segment of an operation on two.
    Other(u8),
    /// What was saved before comes in: by its place in [`saved`], and how it is answered where it meets what is there.
    Import(usize, Action),
    /// A lesion of the list.
    Piece(usize),
    /// Who reads.
    Reader(String),
    /// The worker that computes a proposal stops.
    Crash,
    /// The tab is killed, and the reading taken up again.
    Reload,
}

pub(crate) fn deed() -> impl Strategy<Value = Deed> {
    let pane = || prop::sample::select(PaneId::ALL[..3].to_vec());
    let place = || (0.0..100.0f64, 0.0..100.0f64);
    let change = prop_oneof![
        "[a-zé\u{7}]{0,9}".prop_map(SegmentChange::Name),
        any::<[u8; 3]>().prop_map(SegmentChange::Colour),
        Just(SegmentChange::ToggleVisible),
        Just(SegmentChange::ToggleLocked),
    ];
    let measured = prop_oneof![
        "[a-zé\u{7}]{0,9}".prop_map(MeasurementChange::Name),
        Just(MeasurementChange::Select),
        Just(MeasurementChange::ToggleVisible),
        Just(MeasurementChange::Remove),
    ];
    let act = |action| Just(Deed::Act(action));
    prop_oneof![
        4 => prop::sample::select(vec![Tool::Brush, Tool::Contour, Tool::Eraser, Tool::Push]).prop_map(Deed::Tool),
        4 => prop::sample::select(MeasurementKind::ALL.to_vec()).prop_map(|kind| Deed::Tool(Tool::Measure(kind))),
        4 => prop::sample::select(vec![RegionTool::Grow, RegionTool::Lesion, RegionTool::Compete, RegionTool::Threshold])
            .prop_map(|tool| Deed::Tool(Tool::Region(tool))),
        4 => prop::sample::select(Refine::ALL.to_vec()).prop_map(|refine| Deed::Act(Action::Refine(refine))),
        3 => prop::sample::select(ContourJoin::ALL.to_vec()).prop_map(|join| Deed::Act(Action::Join(join))),
        3 => act(Action::CloseContour),
        1 => (1u8..5).prop_map(Deed::Other),
        3 => (prop::sample::select(FORM.to_vec()), 0usize..5)
            .prop_map(|(field, n)| Deed::Answer(field.number, FormInput::Choose(n))),
        1 => "[0-9,é]{0,3}".prop_map(|text| Deed::Answer(1902, FormInput::Write(text))),
        2 => act(Action::AcceptRegion),
        2 => prop::sample::select(vec![-1, 1]).prop_map(|slices| Deed::Act(Action::CopySlice(slices))),
        2 => (1u16..9, measured).prop_map(|(n, change)| Deed::Measurement(n, change)),
        1 => act(Action::DeleteMeasurement),
        20 => (pane(), prop::collection::vec(place(), 1..5)).prop_map(|(pane, path)| Deed::Drag(pane, path)),
        2 => (pane(), place()).prop_map(|(pane, (x, y))| Deed::GiveUp(pane, x, y)),
        4 => prop::sample::select(SegmentMeaning::ALL.to_vec()).prop_map(Deed::Add),
        3 => (1u8..5).prop_map(Deed::Select),
        3 => (1u8..5, change).prop_map(|(n, change)| Deed::Change(n, change)),
        2 => act(Action::Interpolate),
        1 => act(Action::DeleteSegment),
        2 => prop::sample::select(vec![-1, 1]).prop_map(|places| Deed::Act(Action::MoveSegment(places))),
        1 => act(Action::Solo),
        1 => act(Action::ProposeLungs),
        1 => act(Action::ProposeLesions),
        1 => prop::sample::select(vec![Proposable::Vessels, Proposable::ChestWall, Proposable::Calcium])
            .prop_map(|what| Deed::Act(Action::Propose(what))),
        2 => (0usize..3).prop_map(Deed::Piece),
        2 => prop::sample::select(vec![PieceAction::Step(1), PieceAction::Accept, PieceAction::Reject])
            .prop_map(|piece| Deed::Act(Action::Piece(piece))),
        2 => prop::sample::select(vec![
            Action::FillZones, Action::ZonePlane(true), Action::ZonePlane(false), Action::Artery(true), Action::Artery(false),
        ]).prop_map(Deed::Act),
        1 => (prop::sample::select(FORM.to_vec())).prop_map(|field| Deed::Answer(field.number, FormInput::Clear)),
        1 => "[A-Zé^]{0,6}".prop_map(Deed::Reader),
        4 => act(Action::Undo),
        3 => act(Action::Redo),
        2 => (-3i32..4).prop_map(|n| Deed::Act(Action::Scroll(n))),
        1 => prop::sample::select(vec![
            Action::ToggleBall, Action::ToggleSubtract, Action::ToggleInLungs, Action::TurnPlanes(20), Action::BrushStep(1), Action::BrushStep(-1), Action::ResetView,
        ]).prop_map(Deed::Act),
        2 => (0usize..3, prop::sample::select(vec![Action::TakeArrival, Action::KeepMine, Action::LeaveArrival]))
            .prop_map(|(n, answer)| Deed::Import(n, answer)),
        1 => Just(Deed::Crash),
        1 => Just(Deed::Reload),
    ]
}

pub(crate) fn origin() -> Rc<RefCell<Origin>> {
    Rc::default()
}

/// A tab with the small CT.
pub(crate) fn reading(origin: &Rc<RefCell<Origin>>) -> (Tab, Vec<Vec<u8>>) {
    let files = ct(UID, &noise(1));
    let mut tab = Tab::open(origin, 1);
    tab.opens(&files);
    assert_eq!(tab.session.view_model().problems, []);
    (tab, files)
}

/// What another reader of this CT saved: a segmentation, a bundle, a label map.
pub(crate) fn saved() -> [Vec<u8>; 3] {
    let (mut tab, _) = reading(&origin());
    tab.does(Command::AddSegment(SegmentMeaning::Consolidation));
    tab.acts(Action::Tool(Tool::Brush));
    tab.drags(PaneId::Axial, &[(30.0, 30.0), (60.0, 50.0)]);
    tab.acts(Action::ExportSeg);
    tab.acts(Action::ExportNifti);
    tab.acts(Action::Tool(Tool::Measure(MeasurementKind::Bidirectional)));
    tab.drags(PaneId::Coronal, &[(20.0, 40.0), (70.0, 40.0)]);
    tab.does(Command::Answer(401, FormInput::Choose(1)));
    tab.does(Command::Reader(Audience::Hospital, "Martin^Anne".to_owned()));
    tab.acts(Action::ExportBundle);
    ["seg", "bundle", "findings.nii"].map(|kind| {
        let at = tab.downloads.iter().position(|(name, _)| name.contains(kind)).unwrap();
        tab.downloads.remove(at).1
    })
}

/// Does a deed; `saved` is what [`saved`] gives.
pub(crate) fn play(tab: Tab, deed: &Deed, files: &[Vec<u8>], saved: &[Vec<u8>]) -> Tab {
    let mut tab = tab;
    match deed {
        Deed::Tool(tool) => tab.acts(Action::Tool(*tool)),
        Deed::Drag(pane, path) => tab.drags(*pane, path),
        Deed::GiveUp(pane, x, y) => {
            // A measurement may still wait for the click that ends it.
            tab.acts(Action::Escape);
            let before = tab.state();
            tab.pointer(*pane, PointerPhase::Down, *x, *y);
            tab.pointer(*pane, PointerPhase::Move, y / 2.0, *x);
            tab.acts(Action::Escape);
            assert!(tab.state() == before, "what is given up leaves nothing behind");
        }
        Deed::Add(meaning) => tab.does(Command::AddSegment(*meaning)),
        Deed::Select(n) => tab.does(Command::SelectSegment(*n)),
        Deed::Change(n, change) => tab.does(Command::ChangeSegment(*n, change.clone())),
        Deed::Measurement(n, change) => tab.does(Command::Measurement(*n, change.clone())),
        Deed::Act(action) => tab.acts(*action),
        Deed::Answer(n, input) => tab.does(Command::Answer(*n, input.clone())),
        Deed::Other(n) => {
            tab.does(Command::RefineSettings(RefineSettings { other: Some(*n), ..RefineSettings::default() }));
            tab.does(Command::BrushRange(Some((-900, -300))));
        }
        Deed::Import(n, answer) => {
            tab.opens(&saved[*n..=*n]);
            // A label map says nothing of what its labels mean; where something meets what is there it waits to be told.
            tab.does(Command::ArrivalMeaning(0, Some(SegmentMeaning::Emphysema)));
            tab.acts(*answer);
            tab.acts(Action::LeaveArrival);
        }
        Deed::Piece(place) => tab.does(Command::Piece(*place)),
        Deed::Reader(name) => tab.does(Command::Reader(Audience::Hospital, name.clone())),
        Deed::Crash => {
            tab.acts(Action::AcceptRegion);
            let (before, worker) = (tab.state(), tab.worker.clone());
            tab.worker = Err(JobError::WorkerLost);
            tab.acts(Action::ProposeLungs);
            assert!(tab.state() == before, "a worker that stops changes nothing");
            assert!(tab.session.view_model().notice.is_some(), "and it is said");
            tab.worker = worker;
        }
        Deed::Reload => {
            // What is on show and not accepted is not the reader's yet.
            tab.acts(Action::AcceptRegion);
            let before = tab.state();
            tab = tab.killed(files);
            if tab.autosave().offer.is_some() {
                tab.acts(Action::AcceptKept);
            }
            assert!(tab.state() == before, "a reload brings back document and history to the byte");
            tab.acts(Action::Tool(Tool::Brush));
        }
    }
    tab
}
