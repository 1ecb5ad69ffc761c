//! Looking at a CT in planes that were turned, in layouts, windows and cine, replayed without a browser.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    reason = "a test may stop with its reason; not every test uses every file maker"
)]

use glam::DVec3;
use hilum::annotation::SegmentMeaning;
use hilum::geometry::PanePoint;
use hilum::jobs::{FileFacts, FileId, JobEvent, JobInput, run};
use hilum::session::words::{self, Lang};
use hilum::session::{
    Action, Command, Effect, PaneId, PaneSize, PointerButton, PointerInput, PointerPhase, Session, Tool, Update,
    action_of_key,
};

mod files;
use files::{Bytes, Kept, nifti};

/// A session with a small CT open, 400 × 300 px to each pane.
struct Reader {
    session: Session,
    file: Vec<u8>,
}

impl Reader {
    /// 60 × 56 × 24 voxels of 1 × 1 × 2.5 mm; the value of a voxel is its distance from the middle.
    fn new() -> Self {
        let size = [60, 56, 24];
        let steps = [DVec3::X, DVec3::Y, DVec3::Z * 2.5];
        let middle = DVec3::new(29.5, 27.5, 11.5);
        let values: Vec<i16> = (0..size.iter().product::<usize>())
            .map(|n| {
                let v = DVec3::new((n % 60) as f64, (n / 60 % 56) as f64, (n / 60 / 56) as f64);
                (((v - middle) * DVec3::new(1.0, 1.0, 2.5)).length() * 10.0) as i16
            })
            .collect();
        let file = nifti(size, DVec3::new(-30.0, -28.0, 10.0), steps, &values);
        let mut reader = Self { session: Session::new(Lang::En), file };
        let pane = |left, top| PaneSize { left, top, width: 400.0, height: 300.0 };
        reader.does(Command::Resize([pane(0.0, 0.0), pane(400.0, 0.0), pane(0.0, 300.0), pane(400.0, 300.0)], 1.0));
        let facts = FileFacts { id: FileId(0), name: "ball.nii".to_owned(), size: reader.file.len() as u64 };
        reader.does(Command::OpenFiles(vec![facts]));
        assert!(reader.session.case().unwrap().is_settled());
        reader
    }

    fn does(&mut self, command: Command) {
        let mut commands = vec![command];
        while let Some(command) = commands.pop() {
            let Update { effects, .. } = self.session.update(command, "20261123101500");
            for effect in effects {
                match effect {
                    Effect::RunJob(request) => {
                        let files = request.files.iter().map(|_| Box::new(Bytes(self.file.clone())) as Box<_>);
                        let input = JobInput { files: files.collect(), ..JobInput::default() };
                        let mut kept = Kept::default();
                        let result = run(&request.job, input, &mut kept);
                        commands.push(Command::Job(JobEvent::Done(request.id, result)));
                        commands.extend(kept.0.into_iter().map(|p| Command::Job(JobEvent::Part(request.id, p))));
                    }
                    Effect::AwaitImage => commands.push(Command::ReadOn),
                    _ => {}
                }
            }
        }
    }

    fn presses(&mut self, key: &str) {
        self.does(Command::Do(action_of_key(key).unwrap()));
    }

    fn pointer(&mut self, pane: PaneId, phase: PointerPhase, at: (f64, f64)) {
        let at = PanePoint::new(at.0, at.1);
        let input = PointerInput { pane, phase, at, button: PointerButton::Primary, shift: false, ctrl: false };
        self.does(Command::Pointer(input));
    }

    fn drags(&mut self, pane: PaneId, path: &[(f64, f64)]) {
        self.pointer(pane, PointerPhase::Down, path[0]);
        for at in path {
            self.pointer(pane, PointerPhase::Move, *at);
        }
        self.pointer(pane, PointerPhase::Up, path[path.len() - 1]);
    }

    /// From the crosshair of a pane, so many px away at an angle clockwise from the right.
    fn about_crosshair(&self, pane: PaneId, px: f64, degrees: f64) -> (f64, f64) {
        let (x, y) = self.session.view_model().panes[pane.index()].crosshair.unwrap();
        let (s, c) = degrees.to_radians().sin_cos();
        (x + px * c, y + px * s)
    }

    fn obliqueness(&self) -> [Option<String>; 3] {
        self.session.view_model().panes.map(|p| p.oblique)
    }
}

#[test]
fn a_drag_at_the_end_of_a_line_turns_the_other_two_planes() {
    let mut reader = Reader::new();
    let before = reader.session.view_model();
    assert_eq!(reader.obliqueness(), [None, None, None]);
    let path: Vec<_> = (0..=5).map(|n| reader.about_crosshair(PaneId::Axial, 180.0, f64::from(n) * 6.0)).collect();
    reader.pointer(PaneId::Axial, PointerPhase::Move, path[0]);
    assert!(reader.session.drawing(0).turns, "the pointer says so");
    reader.drags(PaneId::Axial, &path);
    let view = reader.session.view_model();
    let turned = Some("oblique 30°".to_owned());
    assert_eq!(reader.obliqueness(), [None, turned.clone(), turned]);
    assert_eq!(view.panes[0].letters.concat(), "RLAP", "the pane it was done in stays");
    assert_eq!(view.panes[1].letters, ["RA", "LP", "H", "F"].map(str::to_owned));
    assert_eq!(view.panes[2].letters, ["AL", "PR", "H", "F"].map(str::to_owned));
    // The crosshair is where it was, in the patient and in every pane.
    for (now, then) in view.panes.iter().zip(&before.panes) {
        let (a, b) = (now.crosshair.unwrap(), then.crosshair.unwrap());
        assert!((a.0 - b.0).hypot(a.1 - b.1) < 1e-6);
    }
    // By key, one way and back; then everything back to how it was.
    reader.presses("Alt+ArrowRight");
    assert_eq!(reader.obliqueness()[1].as_deref(), Some("oblique 35°"));
    reader.presses("Alt+Shift+ArrowLeft");
    assert_eq!(reader.obliqueness()[1].as_deref(), Some("oblique 34°"));
    reader.presses("a");
    assert_eq!(reader.session.view_model().panes, before.panes);
}

#[test]
fn escape_gives_a_turn_up_and_elsewhere_a_drag_moves_the_crosshair() {
    let mut reader = Reader::new();
    let before = reader.session.view_model().panes;
    let path = [10.0, 40.0].map(|a| reader.about_crosshair(PaneId::Coronal, 180.0, a - 10.0));
    reader.pointer(PaneId::Coronal, PointerPhase::Down, path[0]);
    reader.pointer(PaneId::Coronal, PointerPhase::Move, path[1]);
    assert!(reader.obliqueness()[0].is_some());
    reader.presses("Escape");
    assert_eq!(reader.session.view_model().panes, before);
    reader.pointer(PaneId::Coronal, PointerPhase::Up, path[1]);
    let near = [20.0, 45.0].map(|px| reader.about_crosshair(PaneId::Coronal, px, 0.0));
    let at = reader.session.crosshair();
    reader.drags(PaneId::Coronal, &near);
    assert_eq!(reader.obliqueness(), [None, None, None]);
    assert!(reader.session.crosshair().0.x > at.0.x + 1.0);
}

#[test]
fn planes_turned_twice_scroll_probe_and_take_contours_and_brush() {
    let mut reader = Reader::new();
    // About two axes: double oblique.
    for (pane, times) in [(PaneId::Axial, 5), (PaneId::Coronal, 4)] {
        reader.pointer(pane, PointerPhase::Move, (10.0, 10.0));
        for _ in 0..times {
            reader.presses("Alt+ArrowRight");
        }
    }
    assert!(reader.obliqueness().iter().all(Option::is_some), "{:?}", reader.obliqueness());
    reader.pointer(PaneId::Sagittal, PointerPhase::Move, (200.0, 150.0));
    let at = reader.session.probe().unwrap().at;
    let slice = reader.session.view_model().panes[2].slice;
    reader.presses("ArrowUp");
    reader.pointer(PaneId::Sagittal, PointerPhase::Move, (200.0, 150.0));
    let step_mm = reader.session.probe().unwrap().at.distance(at);
    assert!((1.0..2.5).contains(&step_mm), "{step_mm} mm");
    assert_eq!(reader.session.view_model().panes[2].slice, slice + 1);

    reader.does(Command::AddSegment(SegmentMeaning::Lesion));
    for (tool, pane) in [(Tool::Contour, PaneId::Coronal), (Tool::Brush, PaneId::Sagittal)] {
        reader.does(Command::Do(Action::Tool(tool)));
        let before = reader.session.view_model().segments[0].voxels;
        let ring: Vec<_> = (0..=36)
            .map(|n| {
                let (s, c) = (f64::from(n) * 10f64.to_radians()).sin_cos();
                (200.0 + 60.0 * c, 150.0 + 60.0 * s)
            })
            .collect();
        reader.drags(pane, &ring);
        let case = reader.session.case().unwrap();
        assert_eq!(case.document.problems(&case.volume), Vec::<String>::new());
        let added = reader.session.view_model().segments[0].voxels - before;
        assert!(added > 50, "{tool:?}: {added} voxels");
    }
    // What lies between oblique contours is not between slices of the CT.
    reader.presses("i");
    assert_eq!(reader.session.view_model().notice.as_deref(), Some(words::INTERPOLATE_STRAIGHT.en));
    reader.presses("r");
    assert_eq!(reader.obliqueness(), [None, None, None]);
}
