//! Slices that could not be read, or were not waited for, are said wherever volumes are; the same files opened again bring them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop with its reason")]

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::FileMetaTableBuilder;
use hilum::annotation::SegmentMeaning;
use hilum::import::GeometryFinding;
use hilum::jobs::{FileFacts, FileId, Job, JobError, JobEvent, JobId, JobInput, run};
use hilum::session::words::Lang;
use hilum::session::{Action, Command, Effect, PaneId, Session, Tool};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

mod files;
mod tab;
use files::{Bytes, Kept};
use tab::{Origin, SIZE, Tab, ct, noise};

const UID: &str = "2.25.51";

fn missing(session: &Session) -> Vec<usize> {
    let findings = &session.case().unwrap().plan.findings;
    let slices = findings.iter().find_map(|f| match f {
        GeometryFinding::MissingSlices { slices } => Some(slices.clone()),
        _ => None,
    });
    slices.unwrap_or_default()
}

/// The small CT with two of its files cut within their pixels.
fn cut(whole: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut files = whole.to_vec();
    for k in [3, 7] {
        let length = files[k].len();
        files[k].truncate(length - 100);
    }
    files
}

fn reader(files: &[Vec<u8>]) -> Tab {
    let mut tab = Tab::open(&Rc::new(RefCell::new(Origin::default())), 1);
    tab.opens(files);
    tab
}

#[test]
fn volumes_are_marked_where_slices_were_not_read() {
    let whole = ct(UID, &noise(5));
    let mut tab = reader(&cut(&whole));
    assert_eq!(missing(&tab.session), [3, 7]);
    tab.does(Command::AddSegment(SegmentMeaning::Lesion));
    tab.acts(Action::Tool(Tool::Brush));
    tab.drags(PaneId::Axial, &[(40.0, 40.0), (60.0, 60.0)]);
    let view = tab.session.view_model();
    assert!(view.segments[0].volume.ends_with("(see Geometry)"), "{}", view.segments[0].volume);
    let notes: Vec<&str> = view.geometry.iter().map(|row| row.text.as_str()).collect();
    assert_eq!(notes, ["2 slices are missing: volumes across the gap are too small"]);
    assert_eq!(missing(&reader(&whole).session), [0usize; 0]);
}

#[test]
fn the_same_files_opened_again_bring_what_was_not_read() {
    let whole = ct(UID, &noise(5));
    let mut tab = reader(&cut(&whole));
    tab.does(Command::AddSegment(SegmentMeaning::Lesion));
    tab.acts(Action::Tool(Tool::Brush));
    tab.drags(PaneId::Axial, &[(40.0, 40.0), (60.0, 60.0)]);
    let marked = tab.said().1;
    assert!(marked.iter().any(|label| *label != 0));
    tab.opens(&whole[3..4]);
    assert_eq!((missing(&tab.session), tab.said().1 == marked), (vec![7], true));
    tab.opens(&whole);
    assert_eq!((missing(&tab.session), tab.said().1 == marked), (Vec::new(), true));
    assert!(tab.session.case().unwrap().volume.is_complete());
    // Nothing is missing: nothing is read again.
    tab.opens(&cut(&whole));
    assert!(tab.session.case().unwrap().volume.is_complete());
}

/// A file as a server gives it out: otherwise encoded, the patient renamed, compressed on the way.
fn served(file: &[u8]) -> Vec<u8> {
    let mut object = dicom_object::from_reader(file).unwrap().into_inner();
    for (tag, vr, value) in [
        (tags::PATIENT_NAME, VR::PN, "RENAMED"),
        (tags::LOSSY_IMAGE_COMPRESSION_RATIO, VR::DS, "8.5\\3"),
        (tags::LOSSY_IMAGE_COMPRESSION_METHOD, VR::CS, "ISO_10918_1\\ISO_14495_1"),
    ] {
        object.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
    }
    let meta = FileMetaTableBuilder::new().transfer_syntax(uids::IMPLICIT_VR_LITTLE_ENDIAN);
    let mut bytes = Vec::new();
    object.with_meta(meta).unwrap().write_all(&mut bytes).unwrap();
    bytes
}

#[test]
fn what_a_server_changes_of_a_header_makes_no_other_image() {
    let whole = ct(UID, &noise(5));
    let mut tab = reader(&cut(&whole));
    let before = tab.session.view_model().problems.len();
    tab.opens(&whole.iter().map(|file| served(file)).collect::<Vec<_>>());
    let view = tab.session.view_model();
    assert_eq!(view.problems.len(), before, "{:?}", view.problems);
    assert_eq!(missing(&tab.session), [0usize; 0]);
    // What is read now is said to be what it is.
    let lossy = tab.session.case().unwrap().image(3).unwrap().lossy.unwrap();
    assert_eq!(lossy.ratios, [8.5, 3.0]);
    let kept = tab.session.case().unwrap().image(0).unwrap().lossy.unwrap();
    assert_eq!(kept.ratios, [8.5], "what has lost less stays where it was read");
}

#[test]
fn a_second_file_of_an_image_is_read_where_the_first_cannot_be_and_not_before() {
    let (whole, other) = (ct(UID, &noise(5)), ct("2.25.52", &noise(6)));
    let [first, second] = [&whole, &other].map(|files| {
        let header = hilum::dicom::read_header(&files[0]).unwrap();
        header.series.instance_uid
    });
    let mut tab = reader(&[&other[..], &whole[..]].concat());
    let comes_back = |tab: &mut Tab| {
        tab.does(Command::OpenSeries(second.clone()));
        tab.does(Command::OpenSeries(first.clone()));
        (missing(&tab.session), tab.session.case().unwrap().volume.is_complete())
    };
    assert_eq!(comes_back(&mut tab), (Vec::new(), true));
    // Damaged copies take no good slice's place.
    tab.opens(&cut(&whole));
    assert_eq!(comes_back(&mut tab), (Vec::new(), true));
    // Good ones do, once the first are gone.
    tab.opens(&whole);
    let last = tab.files.keys().rev().nth(whole.len() - 1).copied().unwrap();
    tab.files.iter_mut().filter(|(file, _)| **file < last).for_each(|(_, bytes)| bytes.truncate(300));
    tab.does(Command::OpenSeries(second.clone()));
    assert_eq!(missing(&tab.session).len(), SIZE[2], "it has no other file");
    tab.does(Command::OpenSeries(first.clone()));
    assert_eq!((missing(&tab.session), tab.session.case().unwrap().volume.is_complete()), (Vec::new(), true));
    assert_eq!(tab.session.view_model().notice, None, "what was said of another CT is gone");
}

#[test]
fn only_what_was_not_read_opens_the_ct_anew_and_nothing_is_forgotten() {
    let whole = ct(UID, &noise(5));
    let other = &ct("2.25.52", &noise(6))[..3];
    let mut tab = reader(&[cut(&whole), other.to_vec()].concat());
    tab.does(Command::AddSegment(SegmentMeaning::Lesion));
    tab.acts(Action::Tool(Tool::Brush));
    tab.drags(PaneId::Axial, &[(40.0, 40.0), (60.0, 60.0)]);
    let marked = tab.said();
    // All that is left of it can be redone alone.
    tab.acts(Action::Undo);
    tab.acts(Action::Undo);
    assert_eq!((tab.said().2.len(), tab.session.case().unwrap().history.undo_name()), (0, None));
    tab.acts(Action::Scroll(2));
    let (at, state) = (tab.session.crosshair(), tab.state());
    tab.opens(&[other, &whole[..3]].concat());
    assert_eq!((tab.session.crosshair(), missing(&tab.session)), (at, vec![3, 7]));
    tab.opens(&whole[3..4]);
    assert_ne!(tab.session.crosshair(), at);
    assert_eq!((missing(&tab.session), tab.state() == state), (vec![7], true));
    tab.acts(Action::Redo);
    tab.acts(Action::Redo);
    assert_eq!(tab.said().1, marked.1);
}

#[test]
fn other_content_under_one_uid_is_told_and_left_out() {
    let whole = ct(UID, &noise(5));
    let mut tab = reader(&whole);
    let mut other = whole[2].clone();
    let at = other.windows(9).position(|w| w == b"-12\\-10\\4").unwrap();
    other[at + 8] = b'5';
    tab.opens(&[other]);
    let problems: Vec<String> = tab.session.view_model().problems.into_iter().map(|p| p.1).collect();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("another header"), "{problems:?}");
    assert_eq!(tab.session.case().unwrap().plan.slices.len(), SIZE[2]);
}

#[test]
fn loading_that_is_given_up_leaves_slices_missing() {
    let whole = ct(UID, &noise(5));
    let mut session = Session::new(Lang::En, String::new());
    // So large that slices are read after the headers.
    let facts = |n: usize| FileFacts { id: FileId(n as u32), name: format!("file-{n}"), size: 1 << 30 };
    let mut commands = VecDeque::from([Command::OpenFiles((0..whole.len()).map(facts).collect())]);
    let (mut decoded, mut waiting) = (0, Vec::<JobId>::new());
    while let Some(command) = commands.pop_front() {
        for effect in session.update(command, "20261123101500").effects {
            match effect {
                Effect::RunJob(request) if matches!(request.job, Job::Decode { .. }) && decoded >= 4 => {
                    waiting.push(request.id);
                }
                Effect::RunJob(request) => {
                    decoded += usize::from(matches!(request.job, Job::Decode { .. }));
                    let files = request.files.iter().map(|f| Box::new(Bytes(whole[f.0 as usize].clone())) as Box<_>);
                    let input = JobInput { files: files.collect(), ..JobInput::default() };
                    let result = run(&request.job, input, &mut Kept::default());
                    commands.push_back(Command::Job(JobEvent::Done(request.id, result)));
                }
                Effect::AwaitImage => commands.push_back(Command::ReadOn),
                Effect::CancelJob(id) if waiting.contains(&id) => {
                    commands.push_back(Command::Job(JobEvent::Done(id, Err(JobError::Cancelled))));
                }
                _ => {}
            }
        }
        if commands.is_empty() && session.is_loading() {
            assert_eq!(missing(&session), [0usize; 0]);
            commands.push_back(Command::Do(Action::CancelLoading));
        }
    }
    let loaded = session.case().unwrap().volume.loaded_count();
    assert!(loaded < SIZE[2] && missing(&session).len() == SIZE[2] - loaded, "{loaded}");
    assert!(!session.is_loading());
}
