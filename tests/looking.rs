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
    Action, Command, Effect, Layout, PaneId, PaneSize, PointerButton, PointerInput, PointerPhase, Session, Tool,
    Update, WheelUse, WindowChange, action_of_key,
};

use hilum::view::{PaneContent, VoiFunction};

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
        let mut reader = Self { session: Session::new(Lang::En, String::new()), file };
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
fn the_cut_through_the_volume_lies_as_the_turned_pane_does() {
    let mut reader = Reader::new();
    for n in 0..6 {
        reader.pointer(PaneId::Axial, PointerPhase::Move, (10.0, 10.0 + f64::from(n)));
        reader.presses("Alt+ArrowRight");
    }
    assert_eq!(reader.obliqueness()[1].as_deref(), Some("oblique 30°"));
    for _ in 0..2 {
        reader.does(Command::Do(Action::CycleCut));
    }
    let panes = reader.session.frame_input().unwrap().panes.into_iter();
    let mut volumes = panes.filter_map(|p| if let PaneContent::Volume(v) = p.content { Some(v) } else { None });
    let normal = volumes.next().unwrap().clip.cut.unwrap().normal;
    let (along, off) = (normal.0.y.abs(), normal.0.x.abs());
    assert!((along - 30f64.to_radians().cos()).abs() < 1e-6 && (off - 0.5).abs() < 1e-6, "{normal:?}");
}

#[test]
fn keys_act_on_the_pane_that_was_reached_by_key() {
    let mut reader = Reader::new();
    reader.pointer(PaneId::Axial, PointerPhase::Move, (10.0, 10.0));
    reader.does(Command::Activate(PaneId::Sagittal));
    assert_eq!(reader.session.view_model().active, 2);
    reader.presses("Alt+ArrowRight");
    assert!(reader.obliqueness()[2].is_none() && reader.obliqueness()[0].is_some());
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
    // There is no next slice of the CT to copy to.
    let before = reader.session.view_model().segments[0].voxels;
    reader.presses("Shift+PageUp");
    assert_eq!(reader.session.view_model().notice.as_deref(), Some(words::marking::COPY_STRAIGHT.en));
    assert_eq!(reader.session.view_model().segments[0].voxels, before);
    reader.presses("r");
    assert_eq!(reader.obliqueness(), [None, None, None]);
}

#[test]
fn layouts_show_the_panes_they_name_and_hidden_ones_keep_their_zoom() {
    let mut reader = Reader::new();
    let shown = |reader: &Reader| {
        let arrangement = reader.session.arrangement();
        let names = ["A", "C", "S", "V"].iter().zip(arrangement.shown).filter(|(_, shown)| *shown);
        (names.map(|(name, _)| *name).collect::<String>(), arrangement.large)
    };
    assert_eq!(shown(&reader), ("ACSV".to_owned(), None));
    reader.pointer(PaneId::Sagittal, PointerPhase::Move, (10.0, 10.0));
    for (key, panes, large) in [
        ("6", "S", None),
        ("7", "AS", None),
        ("8", "ACSV", None),
        ("9", "ACSV", Some(PaneId::Sagittal)),
        ("d", "ACSV", Some(PaneId::Volume)),
    ] {
        reader.presses(key);
        assert_eq!(shown(&reader), (panes.to_owned(), large), "{key}");
    }
    // One pane alone for a while, in any layout; then the layout again.
    reader.presses("m");
    assert_eq!(shown(&reader), ("S".to_owned(), None));
    reader.presses("m");
    assert_eq!(shown(&reader), ("ACSV".to_owned(), Some(PaneId::Volume)));
    reader.presses("7");
    assert_eq!(reader.session.view_model().layout, Layout::Two);

    // The page hides a pane, shows it smaller, and as large as before: it shows what it showed.
    let bar = |reader: &Reader| reader.session.view_model().panes[1].scale.clone().unwrap();
    let before = bar(&reader);
    let pane = |left, side: f64| PaneSize { left, top: 0.0, width: side * 4.0, height: side * 3.0 };
    for side in [0.0, 50.0, 0.0, 100.0] {
        reader.does(Command::Resize([pane(0.0, 100.0), pane(400.0, side), pane(0.0, 100.0), pane(400.0, 100.0)], 1.0));
    }
    let after = bar(&reader);
    assert!(after.1 == before.1 && (after.0 - before.0).abs() < 1e-6, "{before:?} {after:?}");
}

#[test]
fn zoom_and_pan_are_shared_once_planes_are_linked() {
    let mut reader = Reader::new();
    let mm_per_px = |reader: &Reader| {
        let frame = reader.session.frame_input().unwrap();
        [0, 1, 2].map(|n| match &frame.panes[n].content {
            PaneContent::Slice(slice) => slice.mm_per_px,
            PaneContent::Volume(_) => 0.0,
        })
    };
    let places = |reader: &Reader| reader.session.view_model().panes.map(|p| (p.crosshair.unwrap(), p.slice));
    reader.pointer(PaneId::Coronal, PointerPhase::Move, (200.0, 150.0));
    let before = mm_per_px(&reader);
    reader.presses("Ctrl+ArrowUp");
    let apart = mm_per_px(&reader);
    assert!(apart[1] < before[1] && apart[0] == before[0] && apart[2] == before[2], "{before:?} {apart:?}");

    reader.presses("=");
    let all_as = |reader: &Reader, wanted: f64| mm_per_px(reader).iter().all(|s| (s / wanted - 1.0).abs() < 1e-9);
    assert!(all_as(&reader, apart[1]), "{:?}", mm_per_px(&reader));
    let start = places(&reader);
    reader.does(Command::Do(Action::Tool(Tool::Pan)));
    reader.drags(PaneId::Axial, &[(100.0, 100.0), (130.0, 120.0)]);
    // To the right is left of the patient in axial and coronal, down in axial is to the right in sagittal.
    for (((x, y), slice), ((to_x, to_y), to_slice), (dx, dy)) in start
        .into_iter()
        .zip(places(&reader))
        .zip([(30.0, 20.0), (30.0, 0.0), (20.0, 0.0)])
        .map(|((a, b), c)| (a, b, c))
    {
        assert!((to_x - x - dx).abs() < 1e-6 && (to_y - y - dy).abs() < 1e-6, "{x} {y} {to_x} {to_y}");
        assert_eq!(slice, to_slice);
    }
    reader.pointer(PaneId::Axial, PointerPhase::Move, (10.0, 10.0));
    reader.presses("Ctrl+ArrowDown");
    assert!(all_as(&reader, apart[1] * 1.15), "{:?}", mm_per_px(&reader));
    reader.presses("=");
    reader.presses("Ctrl+ArrowDown");
    assert!(!all_as(&reader, mm_per_px(&reader)[0]), "one each again");
}

#[test]
fn windows_are_shared_until_each_pane_gets_its_own() {
    let mut reader = Reader::new();
    let windows = |reader: &Reader| PaneId::ALL.map(|id| reader.session.window_of(id).centre_hu);
    reader.presses("2");
    assert_eq!(windows(&reader), [40.0; 4]);
    reader.presses("q");
    reader.pointer(PaneId::Coronal, PointerPhase::Move, (10.0, 10.0));
    reader.presses("3");
    assert_eq!(windows(&reader), [40.0, 350.0, 40.0, 40.0]);
    for change in
        [WindowChange::Function(VoiFunction::Sigmoid), WindowChange::Centre(-500.0), WindowChange::Width(0.01)]
    {
        reader.does(Command::Window(change));
    }
    let kept = reader.session.window_of(PaneId::Coronal);
    assert_eq!((kept.centre_hu, kept.function), (-500.0, VoiFunction::Sigmoid));
    assert_eq!(kept.width_hu, VoiFunction::Sigmoid.narrowest_hu());
    reader.does(Command::Window(WindowChange::Width(f64::NAN)));
    assert_eq!(reader.session.window_of(PaneId::Coronal), kept, "no number, no window");
    // A drag changes the pane it is in; Escape gives it up.
    reader.does(Command::Do(Action::Tool(Tool::Window)));
    reader.pointer(PaneId::Axial, PointerPhase::Down, (100.0, 100.0));
    reader.pointer(PaneId::Axial, PointerPhase::Move, (100.0, 120.0));
    assert!(windows(&reader)[0] > 40.0 && windows(&reader)[1..] == [-500.0, 40.0, 40.0]);
    reader.presses("Escape");
    assert_eq!(windows(&reader), [40.0, -500.0, 40.0, 40.0]);
    reader.pointer(PaneId::Axial, PointerPhase::Up, (100.0, 120.0));
    reader.pointer(PaneId::Coronal, PointerPhase::Move, (10.0, 10.0));
    reader.presses("q");
    assert_eq!(windows(&reader), [-500.0; 4], "shared again, beginning with this pane's");
    let frame = reader.session.frame_input().unwrap();
    let slices = frame.panes.iter().filter_map(|p| match &p.content {
        PaneContent::Slice(slice) => Some(slice.window.function),
        PaneContent::Volume(_) => None,
    });
    assert_eq!(slices.collect::<Vec<_>>(), [VoiFunction::Sigmoid; 3]);
}

#[test]
fn cine_shows_every_slice_in_turn_and_says_when_it_lags() {
    let mut reader = Reader::new();
    reader.pointer(PaneId::Axial, PointerPhase::Move, (10.0, 10.0));
    let slice = |reader: &Reader| reader.session.view_model().panes[0].slice;
    for _ in 0..40 {
        reader.presses("ArrowDown");
    }
    reader.does(Command::CineRate(20.0));
    reader.presses(" ");
    assert!(reader.session.is_playing());
    // Every 16 ms the page asks: 50 ms to a slice.
    let (mut now, mut seen) = (0.0, vec![slice(&reader)]);
    while now < 3000.0 {
        if reader.session.cine_is_due(now) {
            reader.does(Command::CineStep(now));
            seen.push(slice(&reader));
        }
        now += 16.0;
    }
    assert!((58..=61).contains(&(seen.len() - 1)), "{} slices in 3 s at 20 per second", seen.len() - 1);
    assert!(seen.windows(2).all(|w| w[0].abs_diff(w[1]) == 1), "none left out: {seen:?}");
    assert_eq!((seen[23], seen[24], *seen.iter().max().unwrap()), (23, 22, 23), "to and fro");
    assert_eq!(reader.session.cine_lags_hz(), None);
    // A machine that takes 200 ms to a slice: five a second, each in turn, and that is said.
    reader.does(Command::Do(Action::CinePingPong));
    let mut seen = vec![slice(&reader)];
    for _ in 0..40 {
        now += 200.0;
        assert!(reader.session.cine_is_due(now));
        reader.does(Command::CineStep(now));
        seen.push(slice(&reader));
    }
    assert!(seen.windows(2).all(|w| matches!(w[0].abs_diff(w[1]), 1 | 23)), "{seen:?}");
    assert!((reader.session.cine_lags_hz().unwrap() - 5.0).abs() < 0.3);
    // A hand on the pane stops it.
    reader.presses("ArrowUp");
    assert!(!reader.session.is_playing());
}

#[test]
fn a_mirrored_picture_is_marked_and_its_letters_follow() {
    let mut reader = Reader::new();
    reader.pointer(PaneId::Axial, PointerPhase::Move, (100.0, 150.0));
    let left = reader.session.probe().unwrap().at;
    let header = |reader: &Reader| {
        let header = reader.session.view_model().panes[0].clone();
        (header.letters.concat(), header.mirrored)
    };
    reader.presses("h");
    assert_eq!(header(&reader), ("LRAP".to_owned(), true));
    reader.pointer(PaneId::Axial, PointerPhase::Move, (300.0, 150.0));
    assert!(reader.session.probe().unwrap().at.distance(left) < 1e-6, "what was left is right");
    reader.presses("j");
    assert_eq!(header(&reader), ("LRPA".to_owned(), false));
    reader.presses("g");
    assert_eq!(header(&reader), ("APLR".to_owned(), false), "clockwise: the left edge goes to the top");
    reader.presses("r");
    assert_eq!(header(&reader), ("RLAP".to_owned(), false));
    assert_eq!(reader.session.view_model().panes[1].letters.concat(), "RLHF", "the others were left alone");
}

#[test]
fn the_wheel_with_shift_is_the_size_of_the_brush() {
    let mut reader = Reader::new();
    let at = PanePoint::new(200.0, 150.0);
    let seen = |reader: &Reader| {
        let view = reader.session.view_model();
        (view.brush_radius_mm, view.panes[0].slice_words.clone())
    };
    let before = seen(&reader);
    reader.does(Command::Wheel(PaneId::Axial, at, -2, WheelUse::Brush));
    assert!((seen(&reader).0 / before.0 - 1.25 * 1.25).abs() < 1e-9, "away from the reader it grows, as by key");
    reader.does(Command::Wheel(PaneId::Axial, at, 2, WheelUse::Brush));
    assert!((seen(&reader).0 - before.0).abs() < 1e-9 && seen(&reader).1 == before.1, "no slice was scrolled");
    reader.does(Command::Wheel(PaneId::Axial, at, 1, WheelUse::Scroll));
    assert!(seen(&reader).0 == before.0 && seen(&reader).1 != before.1);
    // There is nothing to paint in the 3D picture.
    reader.does(Command::Wheel(PaneId::Volume, at, 3, WheelUse::Brush));
    assert_eq!(seen(&reader).0, before.0);
    for _ in 0..99 {
        reader.does(Command::Wheel(PaneId::Axial, at, -9, WheelUse::Brush));
    }
    assert_eq!(seen(&reader).0, 60.0);
}
