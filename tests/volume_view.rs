//! The 3D view as a reader uses it: a click, a crop, a cut, and what happens when nothing moves. On the demonstration chest.
#![allow(clippy::unwrap_used, reason = "a test may stop with its reason")]

use hilum::geometry::{AnatomicalPlane, PanePoint};
use hilum::jobs::{FileFacts, FileId, FileSource, JobEvent, JobInput, run};
use hilum::session::words::{self, Lang};
use hilum::session::{
    Action, Command, CutKind, Effect, PaneId, PaneSize, PointerButton, PointerInput, PointerPhase, Session, VolumeStyle,
};
use hilum::view::{PaneContent, VolumeInput, VolumePreset};
use hilum::volume::sample_nearest;

mod files;
use files::{Bytes, Kept};

const NOW: &str = "20261123101500";

/// The demonstration chest, open, in four panes of 300 × 300.
struct Reader(Session, Vec<Vec<u8>>);

impl Reader {
    fn new() -> Self {
        let mut reader = Self(Session::new(Lang::En, String::new()), Vec::new());
        let size = |left, top| PaneSize { left, top, width: 300.0, height: 300.0 };
        reader.does(Command::Resize([size(0.0, 0.0), size(300.0, 0.0), size(0.0, 300.0), size(300.0, 300.0)], 1.0));
        reader.does(Command::Do(Action::OpenDemonstration));
        reader
    }

    fn does(&mut self, command: Command) {
        let mut commands = vec![command];
        while let Some(command) = commands.pop() {
            for effect in self.0.update(command, NOW).effects {
                match effect {
                    Effect::RunJob(request) => {
                        let mut input = JobInput::default();
                        for file in &request.files {
                            let source: Box<dyn FileSource> = Box::new(Bytes(self.1[file.0 as usize].clone()));
                            input.files.push(source);
                        }
                        if let Some(case) = self.0.case() {
                            (0..).map_while(|n| case.voxel_part(&request.voxels, n)).for_each(|part| input.add(part));
                        }
                        let mut kept = Kept::default();
                        let result = run(&request.job, input, &mut kept);
                        commands.push(Command::Job(JobEvent::Done(request.id, result)));
                        commands.extend(kept.0.into_iter().map(|part| Command::Job(JobEvent::Part(request.id, part))));
                    }
                    Effect::AwaitImage => commands.push(Command::ReadOn),
                    Effect::OpenMade(made) => {
                        let facts = made.into_iter().map(|(name, bytes)| {
                            let (id, size) = (FileId(self.1.len() as u32), bytes.len() as u64);
                            self.1.push(bytes);
                            FileFacts { id, name, size }
                        });
                        commands.push(Command::OpenFiles(facts.collect()));
                    }
                    _ => {}
                }
            }
        }
    }

    fn press(&mut self, from: (f64, f64), to: (f64, f64), ctrl: bool) {
        let mut pointer = |phase, (x, y)| {
            let (at, button) = (PanePoint::new(x, y), PointerButton::Primary);
            self.does(Command::Pointer(PointerInput { pane: PaneId::Volume, phase, at, button, shift: false, ctrl }));
        };
        pointer(PointerPhase::Down, from);
        pointer(PointerPhase::Move, ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0));
        pointer(PointerPhase::Move, to);
        pointer(PointerPhase::Up, to);
    }

    fn input(&self) -> VolumeInput {
        let frame = self.0.frame_input().unwrap();
        let volume = frame.panes.into_iter().find_map(|pane| match pane.content {
            PaneContent::Volume(input) => Some(input),
            PaneContent::Slice(_) => None,
        });
        volume.unwrap()
    }
}

#[test]
fn a_click_sets_the_crosshair_on_the_surface() {
    let mut reader = Reader::new();
    reader.does(Command::VolumeStyle(VolumeStyle::Preset(VolumePreset::Skin)));
    reader.press((150.0, 150.0), (151.0, 149.0), false);
    let front = reader.0.crosshair();
    let volume = &reader.0.case().unwrap().volume;
    let hu = |mm: f64| sample_nearest(volume, front + hilum::geometry::PatientVector::new(0.0, mm, 0.0)).unwrap();
    assert!(hu(-6.0) < -700 && hu(6.0) > -300, "air before the skin, tissue behind it: {} {}", hu(-6.0), hu(6.0));
    // A drag turns, and leaves the crosshair where it is.
    let azimuth = reader.input().camera.azimuth_rad;
    reader.press((150.0, 150.0), (230.0, 150.0), false);
    assert_eq!(reader.0.crosshair(), front);
    assert!((reader.input().camera.azimuth_rad - azimuth).abs() > 0.5);
    // Beside the body there is nothing.
    reader.press((3.0, 3.0), (3.0, 3.0), false);
    assert_eq!(reader.0.crosshair(), front);
    assert_eq!(reader.0.view_model().notice.as_deref(), Some(words::NOTHING_HIT.in_lang(Lang::En)));
    // By key: where the pointer is.
    reader.does(Command::Do(Action::ResetView));
    reader.press((150.0, 150.0), (150.0, 150.0), false);
    let clicked = reader.0.crosshair();
    reader.press((3.0, 3.0), (3.0, 3.0), false);
    let at = PanePoint::new(150.0, 150.0);
    let (phase, button) = (PointerPhase::Move, PointerButton::Primary);
    reader.does(Command::Pointer(PointerInput { pane: PaneId::Volume, phase, at, button, shift: false, ctrl: false }));
    reader.does(Command::Do(Action::PickSurface));
    assert_eq!(reader.0.crosshair(), clicked);
}

#[test]
fn the_picture_is_cropped_to_the_lungs() {
    let mut reader = Reader::new();
    reader.does(Command::Do(Action::CropToLungs));
    assert_eq!(reader.0.view_model().notice.as_deref(), Some(words::NO_LUNGS.in_lang(Lang::En)));
    assert_eq!(reader.input().clip.voxels, None);
    reader.does(Command::Do(Action::ProposeLungs));
    reader.does(Command::Do(Action::CropToLungs));
    let kept = reader.input().clip.voxels.unwrap();
    let case = reader.0.case().unwrap();
    let size = case.volume.grid().size();
    assert!(kept.size().iter().zip(size).any(|(kept, all)| *kept < all), "{kept:?} of {size:?}");
    for k in 0..size[2] {
        for (n, label) in case.lung_labels(k).into_iter().enumerate().filter(|(_, label)| *label > 0) {
            let index = hilum::geometry::VoxelIndex::new(n % size[0], n / size[0], k);
            assert!(kept.contains(index), "{label} at {index:?}");
        }
    }
    assert!(reader.0.view_model().crops);
    reader.does(Command::Do(Action::CropToLungs));
    assert_eq!(reader.input().clip.voxels, None);
}

#[test]
fn a_box_is_cut_face_by_face_and_a_layer_always_stays() {
    let mut reader = Reader::new();
    assert_eq!(reader.0.view_model().clip_box, None);
    reader.does(Command::Do(Action::ClipBox));
    let faces = |reader: &Reader| reader.0.view_model().clip_box.unwrap();
    assert_eq!(faces(&reader).map(|f| f.letters), ["R", "L", "A", "P", "F", "H"]);
    assert_eq!(faces(&reader).map(|f| f.cut_mm), [0.0; 6]);
    let grid = *reader.0.case().unwrap().volume.grid();
    let (size, [_, dy, dz]) = (grid.size(), grid.spacing_mm());

    reader.does(Command::ClipFace(2, 4.0 * dy));
    reader.does(Command::ClipFace(5, 2.0 * dz));
    let kept = reader.input().clip.voxels.unwrap();
    assert_eq!((kept.min, kept.max), ([0, 4, 0], [size[0], size[1], size[2] - 2]));
    let now = faces(&reader);
    assert!((now[2].cut_mm - 4.0 * dy).abs() < 1e-9 && (now[5].cut_mm - 2.0 * dz).abs() < 1e-9, "{now:?}");
    assert!((now[3].most_mm - dy * (size[1] - 5) as f64).abs() < 1e-9, "what the front took cannot go at the back");

    // More than there is, less than nothing, no number, no face.
    reader.does(Command::ClipFace(0, 1e9));
    reader.does(Command::ClipFace(4, -5.0));
    reader.does(Command::ClipFace(4, f64::NAN));
    reader.does(Command::ClipFace(6, 10.0));
    let kept = reader.input().clip.voxels.unwrap();
    assert_eq!((kept.min, kept.max), ([size[0] - 1, 4, 0], [size[0], size[1], size[2] - 2]));
    for face in [0, 2, 5] {
        reader.does(Command::ClipFace(face, 0.0));
    }
    assert_eq!(reader.input().clip.voxels, None, "nothing is cut off: no box");
}

#[test]
fn a_cut_goes_through_the_crosshair_and_moves() {
    let mut reader = Reader::new();
    let crosshair = reader.0.crosshair();
    let forward = reader.input().camera.axes()[2];
    for plane in [AnatomicalPlane::Axial, AnatomicalPlane::Coronal] {
        reader.does(Command::Do(Action::CycleCut));
        assert_eq!(reader.0.view_model().cut, CutKind::Along(plane));
        let cut = reader.input().clip.cut.unwrap();
        assert_eq!(cut.at, crosshair);
        assert!(cut.normal.dot(forward) >= 0.0, "what is nearer goes");
    }
    // The voxels of the cut are what a click finds.
    reader.press((150.0, 150.0), (150.0, 150.0), false);
    let on_cut = (reader.0.crosshair() - crosshair).dot(reader.input().clip.cut.unwrap().normal).abs();
    let spacing = reader.0.case().unwrap().volume.grid().spacing_mm();
    assert!(on_cut <= spacing[1], "{on_cut} mm off the cut");
    let depth = |reader: &Reader| {
        let cut = reader.input().clip.cut.unwrap();
        (cut.at - crosshair).dot(cut.normal)
    };
    reader.does(Command::Do(Action::CutStep(1)));
    reader.does(Command::Do(Action::CutStep(1)));
    reader.does(Command::Do(Action::CutStep(-1)));
    assert!((depth(&reader) - 5.0).abs() < 1e-9);
    reader.press((150.0, 100.0), (150.0, 140.0), true);
    assert!(depth(&reader) > 6.0, "Ctrl and drag moves it on");
    for _ in 0..200 {
        reader.does(Command::Do(Action::CutStep(1)));
    }
    let grid = *reader.0.case().unwrap().volume.grid();
    let cut = reader.input().clip.cut.unwrap();
    let farthest = grid.corners().iter().map(|c| (*c - cut.at).dot(cut.normal)).fold(f64::MIN, f64::max);
    assert!(farthest.abs() < 1e-6, "it stops where the volume ends");
    for expected in [CutKind::Along(AnatomicalPlane::Sagittal), CutKind::Facing, CutKind::None] {
        reader.does(Command::Do(Action::CycleCut));
        assert_eq!(reader.0.view_model().cut, expected);
    }
    assert_eq!(reader.input().clip.cut, None);
}

#[test]
fn a_still_picture_converges_and_a_moving_one_does_not() {
    let mut reader = Reader::new();
    reader.does(Command::CastTook(6, 1.0));
    assert!(reader.input().shadows && reader.input().rays == 1, "fast enough for everything at once");
    reader.does(Command::CastTook(1, 120.0));
    assert!(reader.0.is_refining() && !reader.0.is_reduced());
    assert_eq!(reader.input().rays, 4);
    reader.does(Command::Refined);
    assert!(!reader.0.is_refining());
    let converged = reader.input();
    assert_eq!(converged.rays, 4);
    // What moves is drawn plainly, and from the beginning.
    let at = |x| PanePoint::new(x, 150.0);
    let pointer = |phase, x| {
        let (pane, button) = (PaneId::Volume, PointerButton::Primary);
        Command::Pointer(PointerInput { pane, phase, at: at(x), button, shift: false, ctrl: false })
    };
    reader.does(pointer(PointerPhase::Down, 100.0));
    reader.does(pointer(PointerPhase::Move, 160.0));
    assert!(!reader.input().shadows && reader.input().rays == 1);
    reader.does(pointer(PointerPhase::Up, 160.0));
    assert!(reader.input().shadows && reader.input().rays == 1);
    // A machine that takes seconds for the full picture stops there.
    let mut slow = Reader::new();
    slow.does(Command::CastTook(6, 40.0));
    while slow.0.is_refining() || slow.0.is_reduced() {
        let (refining, reduction) = (slow.0.is_refining(), slow.0.reduction());
        slow.does(if refining { Command::Refined } else { Command::CastTook(reduction, 40.0) });
        assert_eq!(slow.input().rays, 1);
    }
}
