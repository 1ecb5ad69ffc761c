//! A reader's day, replayed without a browser: open, look, contour, paint, interpolate, propose, undo, hand over, read again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may stop with its reason"
)]

use hilum::annotation::{Layer, SegmentMeaning};
use hilum::geometry::PanePoint;
use hilum::import::demonstration;
use hilum::jobs::{EntryPlace, EntrySource, FileFacts, FileId, FileSource, JobEvent, JobInput, run};
use hilum::session::words::Lang;
use hilum::session::{
    Action, Command, Destination, Destinations, Effect, OutboxEvent, PaneId, PaneSize, PointerButton, PointerInput,
    PointerPhase, Session, StatusState, Tool, Update, UploadReply, UploadView, words,
};
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

mod files;
use files::{Bytes, Kept, nifti};

const NOW: &str = "20261123101500";

/// The hospital's server.
fn pacs() -> Command {
    let hospital = Some(Destination { name: "PACS".into(), ..Destination::default() });
    Command::Destinations(Box::new(Destinations { hospital, campaign: None }))
}

/// What the page holds of a file.
enum Held {
    Bytes(Vec<u8>),
    Entry(FileId, EntryPlace),
}

/// Plays the page: does effects at once, and checks the document after every command.
struct Reader {
    session: Session,
    files: BTreeMap<FileId, Held>,
    downloads: Vec<(String, Vec<u8>)>,
    sent: usize,
}

impl Reader {
    fn new() -> Self {
        let session = Session::new(Lang::En, String::new());
        let mut reader = Self { session, files: BTreeMap::new(), downloads: Vec::new(), sent: 0 };
        let size = |left, top| PaneSize { left, top, width: 400.0, height: 300.0 };
        reader.does(Command::Resize([size(0.0, 0.0), size(400.0, 0.0), size(0.0, 300.0), size(400.0, 300.0)], 1.0));
        reader
    }

    fn does(&mut self, command: Command) {
        let mut commands = vec![command];
        while let Some(command) = commands.pop() {
            let Update { effects, .. } = self.session.update(command, NOW);
            for effect in effects {
                match effect {
                    Effect::RunJob(request) => {
                        let mut input = JobInput::default();
                        for file in &request.files {
                            input.files.push(self.source(*file));
                        }
                        if let Some(case) = self.session.case() {
                            (0..).map_while(|n| case.voxel_part(&request.voxels, n)).for_each(|part| input.add(part));
                        }
                        let mut kept = Kept::default();
                        let result = run(&request.job, input, &mut kept);
                        commands.push(Command::Job(JobEvent::Done(request.id, result)));
                        let parts = kept.0.into_iter().map(|part| Command::Job(JobEvent::Part(request.id, part)));
                        commands.extend(parts);
                    }
                    Effect::AwaitImage => commands.push(Command::ReadOn),
                    Effect::OpenEntries { archive, entries } => {
                        let facts = entries.into_iter().map(|(name, place)| {
                            let id = FileId(self.files.len() as u32);
                            self.files.insert(id, Held::Entry(archive, place));
                            FileFacts { id, name, size: place.bytes }
                        });
                        commands.push(Command::OpenFiles(facts.collect()));
                    }
                    Effect::OpenMade(made) => {
                        let facts = self.add(made);
                        commands.push(Command::OpenFiles(facts));
                    }
                    Effect::Download { file_name, bytes, .. } => self.downloads.push((file_name, bytes)),
                    Effect::Upload(parcel, outbound, _) => {
                        self.sent += outbound.body().len();
                        let item = |uid: &String| serde_json::json!({"00081155": {"vr": "UI", "Value": [uid]}});
                        let items: Vec<_> = outbound.contents().iter().map(|(_, uid)| item(uid)).collect();
                        let answer = serde_json::from_value(serde_json::json!({"00081199": {"Value": items}})).unwrap();
                        let reply = UploadReply { status: 200, answer, ..UploadReply::default() };
                        commands.push(Command::Outbox(OutboxEvent::Answered(parcel, Ok(reply))));
                    }
                    // Of the world outside this test.
                    _ => {}
                }
            }
            if let Some(case) = self.session.case()
                && case.is_settled()
            {
                assert_eq!(case.document.problems(&case.volume), Vec::<String>::new());
            }
        }
    }

    fn source(&self, file: FileId) -> Box<dyn FileSource> {
        match &self.files[&file] {
            Held::Bytes(bytes) => Box::new(Bytes(bytes.clone())),
            Held::Entry(archive, place) => {
                let Held::Bytes(archive) = &self.files[archive] else { panic!("an archive is a file") };
                Box::new(EntrySource::new(Box::new(Bytes(archive.clone())), *place))
            }
        }
    }

    fn add(&mut self, made: Vec<(String, Vec<u8>)>) -> Vec<FileFacts> {
        made.into_iter()
            .map(|(name, bytes)| {
                let id = FileId(self.files.len() as u32);
                let facts = FileFacts { id, name, size: bytes.len() as u64 };
                self.files.insert(id, Held::Bytes(bytes));
                facts
            })
            .collect()
    }

    fn opens(&mut self, made: Vec<(String, Vec<u8>)>) {
        let facts = self.add(made);
        self.does(Command::OpenFiles(facts));
    }

    fn presses(&mut self, key: &str) {
        let action = hilum::session::action_of_key(key).unwrap();
        self.does(Command::Do(action));
    }

    fn pointer(&mut self, pane: PaneId, phase: PointerPhase, x: f64, y: f64) {
        let at = PanePoint::new(x, y);
        let input = PointerInput { pane, phase, at, button: PointerButton::Primary, shift: false, ctrl: false };
        self.does(Command::Pointer(input));
    }

    fn drags(&mut self, pane: PaneId, path: &[(f64, f64)]) {
        self.pointer(pane, PointerPhase::Down, path[0].0, path[0].1);
        for (x, y) in path {
            self.pointer(pane, PointerPhase::Move, *x, *y);
        }
        let last = path[path.len() - 1];
        self.pointer(pane, PointerPhase::Up, last.0, last.1);
    }

    fn circles(&mut self, pane: PaneId, x: f64, y: f64, radius: f64) {
        let path: Vec<(f64, f64)> = (0..40)
            .map(|n| {
                let a = f64::from(n) / 40.0 * std::f64::consts::TAU;
                (x + radius * a.cos(), y + radius * a.sin())
            })
            .collect();
        self.drags(pane, &path);
    }

    fn labels(&self) -> Vec<u8> {
        let case = self.session.case().unwrap();
        Layer::ALL.iter().flat_map(|l| case.document.layer(*l).to_vec()).collect()
    }

    fn voxels(&self) -> Vec<u64> {
        self.session.view_model().segments.iter().map(|s| s.voxels).collect()
    }
}

fn phantom() -> Vec<(String, Vec<u8>)> {
    demonstration().into_iter().map(|f| (f.name, f.bytes)).collect()
}

#[test]
fn the_demonstration_is_read_like_any_file() {
    let mut reader = Reader::new();
    reader.does(Command::Do(Action::OpenDemonstration));
    let view = reader.session.view_model();
    assert_eq!(view.status.state, StatusState::Ready);
    assert_eq!(view.status.loaded, view.status.total);
    assert_eq!(view.series.len(), 1);
    assert_eq!(view.problems, []);
    assert!(view.panes.iter().all(|p| p.slices > 100), "{:?}", view.panes);
    assert_eq!(view.panes[0].letters.concat(), "RLAP");
    let frame = reader.session.frame_input().unwrap();
    assert_eq!((frame.size, frame.panes.len()), ([800, 600], 4));
    // Opened once more, nothing is doubled and the reader is told once.
    reader.opens(phantom());
    let again = reader.session.view_model();
    assert_eq!((again.series, again.problems), (view.series, view.problems));
    assert_eq!(again.notice, Some(format!("{} files were open already", view.status.total)));
}

#[test]
fn contours_fill_interpolate_and_undo_to_the_byte() {
    let mut reader = Reader::new();
    reader.opens(phantom());
    let untouched = reader.labels();
    reader.does(Command::AddSegment(SegmentMeaning::Lesion));
    reader.does(Command::Do(Action::Tool(Tool::Contour)));
    let mut counts = vec![0];
    for _ in 0..3 {
        reader.circles(PaneId::Axial, 150.0, 150.0, 30.0);
        counts.push(reader.voxels()[0]);
        assert!(counts[counts.len() - 1] > counts[counts.len() - 2]);
        reader.does(Command::Do(Action::Scroll(4)));
    }
    reader.presses("i");
    let filled = reader.voxels()[0];
    assert_eq!(filled, counts[1] * 9, "three equal discs four slices apart make a cylinder of nine");

    let view = reader.session.view_model();
    let case = reader.session.case().unwrap();
    let ml = filled as f64 * case.volume.grid().voxel_volume_mm3() / 1000.0;
    assert!((view.segments[0].volume_ml - ml).abs() < 1e-9);

    // In every plane it is the same object: a coronal contour takes a bite out of it.
    reader.presses("x");
    reader.circles(PaneId::Coronal, 150.0, 150.0, 400.0);
    assert!(reader.voxels()[0] < filled);
    let marked = reader.labels();
    let mut steps = 0;
    while reader.session.view_model().can_undo {
        reader.presses("Ctrl+z");
        steps += 1;
    }
    assert_eq!(steps, 6, "a segment, three contours, an interpolation and a subtraction");
    assert_eq!(reader.labels(), untouched);
    while reader.session.view_model().can_redo {
        reader.presses("Ctrl+y");
    }
    assert_eq!(reader.labels(), marked);
}

#[test]
fn strokes_respect_the_hu_range_and_escape_takes_them_back() {
    let mut reader = Reader::new();
    reader.opens(phantom());
    reader.does(Command::AddSegment(SegmentMeaning::GroundGlass));
    reader.does(Command::Do(Action::Tool(Tool::Brush)));
    reader.pointer(PaneId::Axial, PointerPhase::Down, 100.0, 150.0);
    reader.pointer(PaneId::Axial, PointerPhase::Move, 200.0, 150.0);
    assert!(reader.voxels()[0] > 0);
    reader.presses("Escape");
    assert_eq!(reader.voxels()[0], 0);
    reader.does(Command::BrushRange(Some((-1000, -600))));
    reader.drags(PaneId::Axial, &[(60.0, 150.0), (340.0, 150.0)]);
    let case = reader.session.case().unwrap();
    let painted = reader.voxels()[0];
    assert!(painted > 100);
    for (label, hu) in case.document.layer(Layer::Findings).to_vec().iter().zip(case.volume.values()) {
        assert!(*label == 0 || (-1000..=-600).contains(&hu));
    }
    reader.does(Command::Do(Action::Tool(Tool::Eraser)));
    reader.does(Command::BrushRange(None));
    reader.drags(PaneId::Axial, &[(60.0, 150.0), (340.0, 150.0)]);
    assert_eq!(reader.voxels()[0], 0);
    reader.presses("Ctrl+z");
    assert_eq!(reader.voxels()[0], painted);
}

#[test]
fn a_notice_is_no_error_and_nothing_to_show_is() {
    let mut reader = Reader::new();
    reader.does(Command::Gpu(hilum::session::Gpu::Cpu));
    assert_eq!(reader.session.view_model().notice.as_deref(), Some(words::GPU_NOTICE_CPU.en));
    assert_eq!(reader.session.view_model().status.state, StatusState::Idle);
    reader.opens(vec![("notes.txt".to_owned(), b"no DICOM".to_vec())]);
    let view = reader.session.view_model();
    assert_eq!((view.status.state, view.problems.len()), (StatusState::Error, 1));
    reader.opens(phantom());
    assert_eq!(reader.session.view_model().status.state, StatusState::Ready);
}

fn zipped(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (path, bytes) in entries {
        writer.start_file(path, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn an_archive_opens_like_its_files_and_what_it_refuses_stops_nothing() {
    let (inside, outside): (Vec<_>, Vec<_>) = phantom()
        .into_iter()
        .map(|(name, bytes)| (format!("study/ct/{name}"), bytes))
        .partition(|f| f.0.as_str() < "study/ct/demonstration-100");
    let deepest = zipped(&[("four.zip".into(), zipped(&[("never.dcm".into(), phantom().swap_remove(0).1)]))]);
    let mut entries = inside;
    entries.push((
        "rest/inner.zip".into(),
        zipped(&[("three.zip".into(), deepest)].into_iter().chain(outside).collect::<Vec<_>>()),
    ));
    entries.push(("readme.txt".into(), b"not an image".to_vec()));
    let mut archive = zipped(&entries);
    // The entry that is no image is locked, too.
    let at = archive.windows(4).enumerate().rfind(|(_, w)| w == b"PK\x01\x02").unwrap().0;
    archive[at + 8] |= 1;
    let mut reader = Reader::new();
    let broken = archive[..archive.len() / 2].to_vec();
    reader.opens(vec![("cases/one.zip".into(), archive), ("two.zip".into(), broken)]);
    let view = reader.session.view_model();
    assert_eq!(
        (view.status.state, view.status.loaded, view.status.total),
        (StatusState::Ready, 120, 120),
        "{:?}",
        view.problems
    );
    assert_eq!((view.series.len(), view.geometry), (1, vec![]));
    let mut problems: Vec<_> = view.problems.iter().map(|(name, why)| format!("{name}: {why}")).collect();
    problems.sort();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert_eq!(problems[0], "cases/one.zip/readme.txt: it is protected by a password");
    assert!(
        problems[1].starts_with("cases/one.zip/rest/inner.zip/three.zip: an archive inside two others"),
        "{problems:?}"
    );
    assert!(problems[2].starts_with("two.zip: the archive is damaged"), "{problems:?}");

    let mut plain = Reader::new();
    plain.opens(phantom());
    let values = |r: &Reader| r.session.case().unwrap().volume.values().collect::<Vec<_>>();
    assert!(values(&reader) == values(&plain));
}

#[test]
fn unpacking_can_be_given_up() {
    let mut reader = Reader::new();
    let archive = zipped(&phantom());
    let facts = reader.add(vec![("one.zip".into(), archive)]);
    let [Effect::Mark(_), Effect::RunJob(scan)] = &reader.session.update(Command::OpenFiles(facts), NOW).effects[..]
    else {
        panic!("a scan")
    };
    let input = JobInput { files: vec![reader.source(scan.files[0])], ..JobInput::default() };
    let done = run(&scan.job, input, &mut Kept::default());
    let found = reader.session.update(Command::Job(JobEvent::Done(scan.id, done)), NOW);
    let [Effect::OpenEntries { entries, .. }] = &found.effects[..] else { panic!("{:?}", found.effects) };
    assert_eq!(entries.len(), 120);
    assert_eq!(reader.session.view_model().status.text.as_str(), words::UNPACKING.en);
    reader.session.update(Command::Do(Action::CancelLoading), NOW);
    let facts = entries.iter().map(|(name, place)| FileFacts { id: FileId(7), name: name.clone(), size: place.bytes });
    let update = reader.session.update(Command::OpenFiles(facts.collect()), NOW);
    assert_eq!(update.effects.len(), 0);
    let view = reader.session.view_model();
    assert_eq!((view.status.state, view.notice.as_deref()), (StatusState::Idle, Some(words::STOPPED.en)));
}

#[test]
fn a_nifti_opens_as_a_ct_that_no_study_can_take_annotations_of() {
    let mut reader = Reader::new();
    reader.opens(phantom());
    let (grid, hu) = {
        let case = reader.session.case().unwrap();
        (*case.volume.grid(), case.volume.values().collect::<Vec<_>>())
    };
    let steps = [0, 1, 2].map(|n| grid.step(n).0);
    let file = nifti(grid.size(), grid.origin().0, steps, &hu);
    reader.opens(vec![("cases/chest.nii".into(), file.clone())]);
    let view = reader.session.view_model();
    assert_eq!((view.status.state, view.status.loaded, view.problems), (StatusState::Ready, 120, vec![]));
    let row = view.series.iter().find(|s| s.is_open).unwrap();
    assert_eq!((row.title.as_str(), row.modality.as_str(), row.can_open), ("chest.nii", "CT", true));
    assert!(view.geometry.iter().any(|g| g.is_warning && g.text.starts_with("not DICOM")), "{:?}", view.geometry);
    let case = reader.session.case().unwrap();
    assert!(case.volume.grid().same_space(&grid, 0.01));
    assert!(case.volume.values().eq(hu.iter().copied()));
    assert_eq!(view.panes[0].letters.concat(), "RLAP");

    // Marked and measured like any CT, but not handed over.
    reader.does(Command::Do(Action::ProposeLungs));
    assert!(reader.session.view_model().quantities.iter().any(|q| q.value.is_some_and(|v| v > 1.0)));
    reader.does(pacs());
    for action in [Action::ExportSeg, Action::ExportSr, Action::PrepareUpload] {
        for (lang, said) in [(Lang::Fr, words::EXPORT_NEEDS_DICOM.fr), (Lang::En, words::EXPORT_NEEDS_DICOM.en)] {
            reader.does(Command::Language(lang));
            reader.does(Command::Do(action));
            assert_eq!(reader.session.view_model().notice.as_deref(), Some(said));
        }
    }
    assert_eq!((reader.downloads.len(), reader.session.view_model().upload), (0, UploadView::Closed));

    // Opened again it is the same; and the CT that was open before comes back.
    let marked = reader.voxels();
    reader.opens(vec![("elsewhere/chest.nii".into(), file)]);
    assert_eq!((reader.session.view_model().series.len(), reader.voxels()), (2, marked));
    let [first, second] = [0, 1].map(|n| reader.session.view_model().series[n].uid.clone());
    for uid in [&first, &second, &first, &second] {
        reader.does(Command::OpenSeries(uid.clone()));
        let view = reader.session.view_model();
        assert_eq!((view.status.state, view.status.loaded), (StatusState::Ready, 120));
        assert_eq!(view.segments.is_empty(), !uid.starts_with("file:"));
    }
}

#[test]
fn a_label_map_is_no_ct() {
    let mut reader = Reader::new();
    let labels: Vec<i16> = (0..8 * 8 * 4).map(|n| i16::from(n % 8 > 3 && n > 64)).collect();
    let file = nifti([8, 8, 4], glam::DVec3::ZERO, [glam::DVec3::X, glam::DVec3::Y, glam::DVec3::Z], &labels);
    reader.opens(vec![("lungs.nii".into(), file)]);
    let view = reader.session.view_model();
    assert_eq!(
        (view.status.state, view.series.len(), view.problems[0].0.as_str()),
        (StatusState::Error, 0, "lungs.nii")
    );
    assert!(view.problems[0].1.starts_with("a label map (0, 1), not a CT"), "{:?}", view.problems);
}

#[test]
fn a_header_finds_its_voxels_beside_it() {
    let header = b"NDims = 3\nDimSize = 3 2 2\nElementSpacing = 1 1 2\nElementType = MET_SHORT\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nElementDataFile = chest.raw\n";
    let raw: Vec<u8> = (0..12i16).flat_map(|n| (n * 100 - 1000).to_le_bytes()).collect();
    let mut reader = Reader::new();
    reader.opens(vec![("a/chest.mhd".into(), header.to_vec())]);
    let view = reader.session.view_model();
    assert_eq!(view.status.state, StatusState::Error);
    assert_eq!(view.problems[0].1, "its voxels are in “chest.raw”: open both files together");
    let mut reader = Reader::new();
    let files = vec![("chest.mhd".into(), header.to_vec()), ("chest.raw".into(), raw.clone())];
    let short = vec![("b/chest.mhd".into(), header.to_vec()), ("b/chest.raw".into(), raw[..20].to_vec())];
    reader.opens(files);
    let view = reader.session.view_model();
    assert_eq!((view.status.state, view.problems, view.status.loaded), (StatusState::Ready, vec![], 2));
    assert_eq!(reader.session.case().unwrap().volume.values().collect::<Vec<_>>()[11], 100);
    // Another folder's pair of the same names is another CT; its voxels are too few.
    reader.opens(short);
    let view = reader.session.view_model();
    assert_eq!((view.series.len(), view.status.loaded), (2, 0));
    assert_eq!(view.problems, [("b/chest.raw".to_owned(), "truncated: 20 of 24 bytes".to_owned())]);
}

#[test]
fn a_locked_segment_and_a_missing_one_are_said() {
    let mut reader = Reader::new();
    reader.opens(phantom());
    reader.does(Command::Do(Action::Tool(Tool::Brush)));
    reader.drags(PaneId::Axial, &[(150.0, 150.0), (160.0, 150.0)]);
    assert_eq!(reader.session.view_model().notice.as_deref(), Some(words::NO_SEGMENT.en));
    reader.does(Command::AddSegment(SegmentMeaning::Lesion));
    reader.does(Command::ChangeSegment(1, hilum::session::SegmentChange::ToggleLocked));
    reader.drags(PaneId::Axial, &[(150.0, 150.0), (160.0, 150.0)]);
    assert_eq!(reader.session.view_model().notice.as_deref(), Some(words::SEGMENT_LOCKED.en));
    assert_eq!(reader.voxels(), [0]);
}

#[test]
fn proposals_become_segments_and_the_numbers_follow() {
    let mut reader = Reader::new();
    reader.opens(phantom());
    reader.does(Command::Do(Action::ProposeLesions));
    assert_eq!(reader.session.view_model().notice.as_deref(), Some(words::NO_LUNGS.en));
    reader.does(Command::Do(Action::ProposeLungs));
    let view = reader.session.view_model();
    let volume =
        |meaning: words::Text| view.segments.iter().find(|s| s.name == meaning.en).map(|s| s.volume_ml).unwrap();
    let (right, left) = (volume(words::MEANING_RIGHT_LUNG), volume(words::MEANING_LEFT_LUNG));
    assert!(right > 500.0 && left > 500.0, "{right} {left}");
    reader.does(Command::Do(Action::ProposeLesions));
    let view = reader.session.view_model();
    let involvement = view.quantities.iter().find(|q| q.name == "involvement").unwrap().value.unwrap();
    assert!(involvement > 0.1 && involvement < 20.0, "{involvement}");
    let before = reader.labels();
    // Asked again, an untouched proposal is replaced, not doubled.
    let count = view.segments.len();
    reader.does(Command::Do(Action::ProposeLungs));
    assert_eq!(reader.session.view_model().segments.len(), count);
    assert_eq!(reader.labels(), before);
    for _ in 0..3 {
        reader.presses("Ctrl+z");
    }
    assert!(reader.labels().iter().all(|l| *l == 0));
}

#[test]
fn what_is_handed_over_is_shown_first_and_comes_back_the_same() {
    let mut reader = Reader::new();
    reader.opens(phantom());
    reader.does(Command::Do(Action::ExportSeg));
    assert_eq!(reader.session.view_model().notice.as_deref(), Some(words::NOTHING_TO_EXPORT.en));
    reader.does(Command::AddSegment(SegmentMeaning::Consolidation));
    reader.does(Command::Do(Action::Tool(Tool::Contour)));
    reader.circles(PaneId::Sagittal, 180.0, 140.0, 35.0);
    reader.presses("Ctrl+s");
    reader.presses("Ctrl+Shift+s");
    assert_eq!(reader.downloads.len(), 2);
    // Saved again, whenever that is, it is the same object, and the report goes on referring to it.
    let update = reader.session.update(Command::Do(Action::ExportSeg), "20261123235959");
    assert!(matches!(&update.effects[..], [Effect::Download { bytes, .. }] if *bytes == reader.downloads[0].1));

    reader.does(pacs());
    reader.does(Command::Do(Action::PrepareUpload));
    let UploadView::Preview(shown) = reader.session.view_model().upload else { panic!("a preview comes first") };
    assert!(shown.lines.iter().any(|l| l.keyword == "SegmentSequence"));
    assert_eq!(reader.sent, 0);
    reader.does(Command::Do(Action::ConfirmUpload));
    assert!(reader.sent > 1000);
    assert!(matches!(reader.session.view_model().upload, UploadView::Said(_, None)));

    let marked = reader.labels();
    let (name, seg) = reader.downloads[0].clone();
    let mut other = Reader::new();
    other.opens(vec![(name.clone(), seg.clone())]);
    assert_eq!(other.session.view_model().problems[0].1, words::SEG_NEEDS_CT.en);
    other.opens(phantom());
    other.opens(vec![(name, seg)]);
    assert_eq!(other.labels(), marked);
    other.presses("Ctrl+z");
    assert!(other.labels().iter().all(|l| *l == 0));
}

#[test]
fn another_ct_puts_marks_aside_and_the_first_brings_them_back() {
    let mut reader = Reader::new();
    let files = phantom();
    reader.opens(files.clone());
    reader.does(Command::AddSegment(SegmentMeaning::Lesion));
    reader.does(Command::Do(Action::Tool(Tool::Contour)));
    reader.circles(PaneId::Axial, 150.0, 150.0, 30.0);
    let marked = reader.labels();
    let uid = reader.session.view_model().series[0].uid.clone();
    // The same images under another Series Instance UID of the same length.
    let mut other_uid = uid.clone();
    other_uid.replace_range(other_uid.len() - 3.., if uid.ends_with("111") { "112" } else { "111" });
    let others = files
        .into_iter()
        .enumerate()
        .map(|(n, (name, bytes))| {
            (name, replace(&replace(&bytes, uid.as_bytes(), other_uid.as_bytes()), b"\0", b"\0"), n)
        })
        .map(|(name, bytes, n)| (name, with_other_instance(&bytes, n)))
        .collect();
    reader.opens(others);
    let view = reader.session.view_model();
    assert_eq!(view.series.len(), 2, "{:?}", view.problems.first());
    assert!(view.series.iter().any(|s| s.uid == other_uid && s.is_open));
    assert!(reader.labels().iter().all(|l| *l == 0));
    reader.does(Command::OpenSeries(uid));
    assert_eq!(reader.labels(), marked);
    reader.presses("Ctrl+z");
    assert!(reader.labels().iter().all(|l| *l == 0));
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut out = bytes.to_vec();
    for at in 0..out.len().saturating_sub(from.len()) {
        if &bytes[at..at + from.len()] == from {
            out[at..at + from.len()].copy_from_slice(to);
        }
    }
    out
}

/// The file with another SOP Instance UID of the same length, in its header and its meta information.
fn with_other_instance(bytes: &[u8], n: usize) -> Vec<u8> {
    let uid = hilum::dicom::read_header(bytes).unwrap().sop_instance_uid;
    let tail = format!("{:05}", 70_000 + n);
    let mut other = uid.clone();
    other.replace_range(other.len() - 5.., &tail);
    replace(bytes, uid.as_bytes(), other.as_bytes())
}

#[test]
fn stacks_of_a_series_are_chosen_and_keep_their_marks() {
    let mut reader = Reader::new();
    let files: Vec<_> = phantom().into_iter().skip(50).take(12).collect();
    let sharp = files.iter().take(7).enumerate().map(|(n, (name, bytes))| {
        (format!("sharp-{name}"), with_other_instance(&replace(bytes, b"COMPUTED", b"SHARPEND"), n))
    });
    reader.opens(files.iter().cloned().chain(sharp).collect());
    let row = reader.session.view_model().series.remove(0);
    let shown: Vec<_> = row.stacks.iter().map(|s| (s.instances, s.text.as_str(), s.is_open)).collect();
    assert_eq!(shown, [(12, "kernel COMPUTED · 12 images", true), (7, "kernel SHARPEND · 7 images", false)]);
    reader.does(Command::AddSegment(SegmentMeaning::Lesion));
    reader.does(Command::Do(Action::Tool(Tool::Contour)));
    reader.circles(PaneId::Axial, 150.0, 150.0, 30.0);
    let marked = reader.labels();
    reader.does(Command::OpenStack(row.uid.clone(), 1));
    reader.does(Command::OpenSeries(row.uid.clone()));
    let view = reader.session.view_model();
    assert_eq!((view.status.loaded, view.status.total, view.segments.len()), (7, 7, 0));
    reader.does(Command::OpenStack(row.uid.clone(), 0));
    assert!(reader.labels() == marked && reader.session.view_model().segments.len() == 1);
    let (name, bytes) = &files[8];
    reader.opens(vec![(name.clone(), with_other_instance(&replace(bytes, b"COMPUTED", b"SHARPEND"), 8))]);
    let view = reader.session.view_model();
    assert_eq!((view.status.total, view.series[0].stacks[1].instances, reader.labels() == marked), (12, 8, true));
}
