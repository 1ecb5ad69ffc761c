//! Nothing drawn is lost: every command undoes and redoes to the byte, survives a reload, and what cannot be kept is said.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may stop with its reason"
)]

use hilum::annotation::{Edit, SegmentMeaning, StoredError, replay};
use hilum::report::{ARTERIES, ZONE_PLANES};
use hilum::session::words::Lang;
use hilum::session::{
    Action, Command, FormInput, Gpu, KeepError, KeepNews, PaneId, PointerPhase, SegmentChange, Tool, words,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeSet, HashSet};

mod deeds;
mod files;
mod tab;
use deeds::{Deed, UID, deed, origin, play, reading, saved};
use files::nifti;
use tab::{SIZE, Tab, ct, noise};

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_hundred_commands_undo_and_redo_to_the_byte_whatever_happens(deeds in prop::collection::vec(deed(), 200)) {
        let (mut tab, files) = reading(&origin());
        let (start, saved) = (tab.said(), saved());
        for deed in &deeds {
            tab = play(tab, deed, &files, &saved);
            let case = tab.session.case().unwrap();
            prop_assert_eq!(case.document.problems(&case.volume), Vec::<String>::new());
            prop_assert!(tab.autosave().state == "saved" || tab.session.view_model().region.is_some());
        }
        // What is on show is accepted, what is half made goes; what is kept is what is there.
        tab.acts(Action::Tool(Tool::Brush));
        let case = tab.session.case().unwrap();
        let records = tab.records();
        if !records.is_empty() {
            let kept = replay(&records, *case.volume.grid(), &case.volume).unwrap();
            prop_assert_eq!(kept.document.to_edits(), case.document.to_edits());
            prop_assert_eq!((kept.history.done(), kept.history.undone()), (case.history.done(), case.history.undone()));
        }
        while tab.session.view_model().can_redo {
            tab.acts(Action::Redo);
        }
        let end = tab.said();
        prop_assert!(tab.session.case().unwrap().history.done().len() > 10, "the commands did something");
        while tab.session.view_model().can_undo {
            tab.acts(Action::Undo);
        }
        prop_assert!(tab.said() == start, "undone to the start");
        tab = play(tab, &Deed::Reload, &files, &saved);
        while tab.session.view_model().can_redo {
            tab.acts(Action::Redo);
        }
        prop_assert!(tab.said() == end, "redone to the end");
    }

    #[test]
    fn a_damaged_record_is_said_and_never_stops_the_page(at in 0usize..4000, to: u8, cut in 0usize..4000) {
        let (mut tab, _) = reading(&origin());
        strokes(&mut tab, 3);
        let case = tab.session.case().unwrap();
        let records = tab.records();
        let again = |records: &[Vec<u8>]| replay(records, *case.volume.grid(), &case.volume);
        for n in 0..records.len() {
            let mut damaged = records.clone();
            let len = damaged[n].len();
            damaged[n][at % len] = to;
            damaged[n].truncate(1 + cut % (2 * len));
            // Whatever comes back is sound in itself; what is cut off is what comes last.
            if let Ok(kept) = again(&damaged) {
                prop_assert!(kept.history.done().len() <= case.history.done().len());
            }
            let mut cut_off = records.clone();
            cut_off[n].truncate(len - 1);
            match again(&cut_off) {
                Ok(kept) => prop_assert!(n > 0 && kept.cut_short == Some(StoredError::Damaged(n))),
                Err(error) => prop_assert!(n == 0 && error == StoredError::Damaged(0)),
            }
        }
    }
}

/// The test above would show nothing of a change that no deed brings about.
#[test]
fn every_change_a_reader_can_make_is_among_the_deeds() {
    let source = include_str!("../src/annotation/history.rs");
    let (_, names) = source.split_once("const NAMES").unwrap();
    let (_, names) = names.split_once("= [").unwrap();
    let (names, _) = names.split_once("];").unwrap();
    // Marks made before a kept reading is taken up have a test of their own; "change" stands for names of other versions.
    let mut wanted: BTreeSet<String> = names.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(wanted.len() > 15 && wanted.remove("restore") && wanted.remove("change"));
    wanted.extend(["artery", "zone-plane", "zone-score", "author"].map(str::to_owned));
    let (mut tab, files) = reading(&origin());
    let (saved, mut runner) = (saved(), TestRunner::deterministic());
    for _ in 0..6000 {
        if wanted.is_empty() {
            break;
        }
        let deed = deed().new_tree(&mut runner).unwrap().current();
        tab = play(tab, &deed, &files, &saved);
        let case = tab.session.case().unwrap();
        if let Some(made) = case.history.done().last() {
            wanted.remove(made.name);
        }
        let answers = case.document.answers();
        let seen = [
            ("artery", ARTERIES.iter().any(|field| answers.contains_key(field))),
            ("zone-plane", ZONE_PLANES.iter().any(|field| answers.contains_key(field))),
            ("zone-score", answers.contains_key(&701)),
            ("author", !case.document.authors().is_empty()),
        ];
        wanted.retain(|name| !seen.contains(&(name.as_str(), true)));
    }
    assert_eq!(wanted, BTreeSet::new(), "no deed makes these");
}

/// A segment and so many strokes.
fn strokes(tab: &mut Tab, count: usize) {
    tab.does(Command::AddSegment(SegmentMeaning::Lesion));
    tab.acts(Action::Tool(Tool::Brush));
    tab.does(Command::BrushRadius(1.5));
    for n in 0..count {
        let y = 20.0 + 12.0 * n as f64;
        tab.drags(PaneId::Axial, &[(25.0, y), (70.0, y)]);
    }
}

#[test]
fn a_tab_killed_in_the_middle_of_a_stroke_loses_that_stroke_alone() {
    let (mut tab, files) = reading(&origin());
    strokes(&mut tab, 3);
    tab.acts(Action::Undo);
    let (kept, id) = (tab.state(), tab.session.case().unwrap().history.done().len());
    tab.pointer(PaneId::Axial, PointerPhase::Down, 30.0, 80.0);
    tab.pointer(PaneId::Axial, PointerPhase::Move, 60.0, 80.0);
    let mut next = tab.killed(&files);
    let view = next.session.view_model();
    assert_eq!((view.segments.len(), view.can_undo, view.autosave.state), (0, false, "off"));
    let offer = view.autosave.offer.unwrap();
    assert!(offer.contains("2026-11-23 10:15") && offer.contains("1 segment"), "{offer}");
    assert!(offer.contains(&format!("{id} changes")), "{offer}");
    // Nothing is drawn over an unanswered offer.
    next.does(Command::AddSegment(SegmentMeaning::Lesion));
    assert_eq!(next.session.view_model().notice.as_deref(), Some(words::ANSWER_OFFER.en));
    next.acts(Action::AcceptKept);
    assert!(next.state() == kept);
    assert_eq!(next.autosave().state, "saved");
    assert!(next.session.view_model().can_redo);
}

#[test]
fn begun_anew_the_first_change_takes_the_place_of_what_was_kept() {
    let (mut tab, files) = reading(&origin());
    strokes(&mut tab, 2);
    let kept = tab.state();
    let mut tab = tab.killed(&files);
    tab.acts(Action::DeclineKept);
    // Nothing was changed yet: it is still there.
    let mut tab = tab.killed(&files);
    assert!(tab.autosave().offer.is_some());
    tab.acts(Action::DeclineKept);
    tab.does(Command::AddSegment(SegmentMeaning::RightLung));
    let mine = tab.state();
    let mut tab = tab.killed(&files);
    tab.acts(Action::AcceptKept);
    assert!(tab.state() == mine && mine != kept);
}

#[test]
fn what_was_marked_before_the_answer_stays_one_undo_away() {
    let (mut tab, files) = reading(&origin());
    strokes(&mut tab, 2);
    let kept = tab.said();
    let [seg, ..] = saved();
    tab.origin.borrow_mut().keepers.clear();
    // The segmentation is opened together with the CT.
    let mut tab = Tab::open(&tab.origin.clone(), 2);
    tab.opens(&files.iter().chain([&seg]).cloned().collect::<Vec<_>>());
    let imported = tab.said();
    assert_eq!(imported.2.len(), 1);
    tab.acts(Action::AcceptKept);
    assert!(tab.said() == kept);
    tab.acts(Action::Undo);
    assert!(tab.said() == imported);
    tab.acts(Action::Redo);
    let mut tab = tab.killed(&files);
    tab.acts(Action::AcceptKept);
    assert!(tab.said() == kept);
}

#[test]
fn a_reading_of_another_ct_is_never_offered() {
    let (mut tab, files) = reading(&origin());
    strokes(&mut tab, 1);
    let origin = tab.origin.clone();
    let offered = |files: &[Vec<u8>]| {
        origin.borrow_mut().keepers.clear();
        let mut tab = Tab::open(&origin, 9);
        tab.opens(files);
        assert!(tab.session.case().unwrap().is_settled());
        tab.autosave().offer.is_some()
    };
    assert!(offered(&files), "the same");
    let mut reversed = files.clone();
    reversed.reverse();
    assert!(offered(&reversed), "in another order");
    assert!(!offered(&ct("1.2.826.0.1.3680043.10.512", &noise(1))), "the same pixels of another series");
    assert!(!offered(&ct(UID, &noise(2))), "other pixels under the same UIDs");
    assert!(!offered(&files[1..]), "one image fewer");
}

#[test]
fn a_volume_file_is_known_by_what_it_holds() {
    let origin = origin();
    let file = |seed: u32, step: f64| {
        let steps = [glam::DVec3::X * step, glam::DVec3::Y, glam::DVec3::Z * 2.0];
        nifti(SIZE, glam::DVec3::ZERO, steps, &noise(seed).concat())
    };
    let mut tab = Tab::open(&origin, 1);
    tab.opens(&[file(1, 1.0)]);
    strokes(&mut tab, 1);
    let kept = tab.state();
    let offered = |file: Vec<u8>, others: usize| {
        origin.borrow_mut().keepers.clear();
        let mut tab = Tab::open(&origin, 2);
        // Under another name.
        tab.opens(&vec![b"nothing".to_vec(); others]);
        tab.opens(&[file]);
        let offered = tab.autosave().offer.is_some();
        tab.acts(Action::AcceptKept);
        (offered, tab)
    };
    let (found, tab) = offered(file(1, 1.0), 3);
    assert!(found && tab.state() == kept);
    assert!(!offered(file(2, 1.0), 0).0);
    assert!(!offered(file(1, 1.5), 0).0);
}

#[test]
fn a_full_storage_is_said_tried_again_and_nothing_is_missing() {
    let (mut tab, files) = reading(&origin());
    strokes(&mut tab, 1);
    tab.origin.borrow_mut().failing = Some(KeepError::Full);
    strokes(&mut tab, 2);
    assert_eq!(tab.autosave().state, "full");
    assert_eq!(tab.autosave().text, words::AUTOSAVE_FULL.en);
    tab.waits();
    assert_eq!(tab.autosave().state, "full");
    assert_eq!(tab.later.len(), 1, "it is tried again, once at a time");
    tab.origin.borrow_mut().failing = None;
    tab.waits();
    assert_eq!(tab.autosave().state, "saved");
    let state = tab.state();
    let mut tab = tab.killed(&files);
    tab.acts(Action::AcceptKept);
    assert!(tab.state() == state);
}

#[test]
fn a_storage_that_is_refused_is_said_and_work_goes_on() {
    let origin = origin();
    origin.borrow_mut().failing = Some(KeepError::Denied("SecurityError".to_owned()));
    let (mut tab, _) = reading(&origin);
    assert_eq!(tab.autosave().state, "denied");
    strokes(&mut tab, 2);
    assert!(tab.autosave().text.contains("SecurityError"), "{:?}", tab.autosave());
    assert!(tab.session.view_model().segments[0].voxels > 0);
    tab.does(Command::Language(Lang::Fr));
    assert!(tab.autosave().text.starts_with("Non conservée"));
    assert!(origin.borrow().records.is_empty());
}

#[test]
fn of_two_tabs_one_keeps_and_the_other_says_so() {
    let (mut first, files) = reading(&origin());
    strokes(&mut first, 1);
    let mut second = Tab::open(&first.origin.clone(), 2);
    second.opens(&files);
    let view = second.autosave();
    assert_eq!((view.state, view.can_take_over, view.offer), ("other-tab", true, None));
    strokes(&mut second, 3);
    assert_eq!(second.autosave().state, "other-tab");
    strokes(&mut first, 1);
    assert_eq!(first.autosave().state, "saved");
    // Taken over, the other's reading is offered; one's own stays one undo away.
    let own = second.said();
    first.slow = true;
    first.does(Command::AddSegment(SegmentMeaning::LeftLung));
    let of_first = first.said();
    second.acts(Action::TakeOver);
    // What was on its way had arrived; its answer comes after the news.
    let case = *first.origin.borrow().records.keys().next().unwrap();
    first.does(Command::Keeping(KeepNews::Lost(case)));
    first.storage_answers();
    assert_eq!(first.autosave().state, "other-tab");
    first.slow = false;
    second.acts(Action::AcceptKept);
    assert!(second.said() == of_first && second.autosave().state == "saved");
    second.acts(Action::Undo);
    assert!(second.said() == own);
    strokes(&mut first, 1);
    let view = first.autosave();
    assert_eq!((view.state, view.can_take_over), ("other-tab", true));
    let mut third = second.killed(&files);
    third.acts(Action::AcceptKept);
    assert!(third.said() == own, "the tab that lost its right to write has written nothing");
}

#[test]
fn cleared_means_gone_until_the_next_change() {
    let (mut tab, files) = reading(&origin());
    strokes(&mut tab, 2);
    tab.acts(Action::ConfirmClear);
    assert!(!tab.records().is_empty(), "not without being asked");
    tab.acts(Action::ClearKept);
    assert!(tab.autosave().clearing);
    tab.acts(Action::Escape);
    assert!(!tab.autosave().clearing);
    tab.acts(Action::ClearKept);
    tab.acts(Action::ConfirmClear);
    assert!(tab.records().is_empty());
    assert_eq!(tab.session.view_model().notice.as_deref(), Some(words::AUTOSAVE_CLEARED.en));
    assert!(tab.session.view_model().segments[0].voxels > 0, "what is on screen stays");
    strokes(&mut tab, 1);
    let state = tab.state();
    let mut tab = tab.killed(&files);
    tab.acts(Action::AcceptKept);
    assert!(tab.state() == state);
    tab.acts(Action::ClearKept);
    tab.acts(Action::ConfirmClear);
    assert_eq!(tab.killed(&files).autosave().offer, None);
}

#[test]
fn a_site_can_turn_it_off() {
    let origin = origin();
    let mut tab = Tab::open(&origin, 1);
    tab.does(Command::Keeping(KeepNews::Days(0)));
    tab.opens(&ct(UID, &noise(1)));
    strokes(&mut tab, 1);
    assert_eq!((tab.autosave().state, tab.autosave().text.as_str()), ("off", words::AUTOSAVE_OFF.en));
    assert!(origin.borrow().records.is_empty());
}

#[test]
fn a_slow_storage_holds_up_nobody_and_what_waits_goes_together() {
    let (mut tab, files) = reading(&origin());
    strokes(&mut tab, 1);
    let before = tab.records().len();
    tab.slow = true;
    strokes(&mut tab, 4);
    assert_eq!(tab.autosave().state, "saving");
    // The first is on its way; the other four wait.
    assert_eq!(tab.records().len(), before + 1);
    tab.storage_answers();
    tab.storage_answers();
    assert_eq!((tab.records().len(), tab.autosave().state), (before + 2, "saved"));
    let state = tab.state();
    let mut tab = tab.killed(&files);
    tab.acts(Action::AcceptKept);
    assert!(tab.state() == state);
}

#[test]
fn another_ct_in_the_same_tab_keeps_its_own() {
    let (mut tab, files) = reading(&origin());
    let others = ct("1.2.826.0.1.3680043.10.513", &noise(5));
    tab.slow = true;
    strokes(&mut tab, 3);
    let state = tab.state();
    tab.storage_answers();
    tab.opens(&others);
    tab.storage_answers();
    tab.slow = false;
    strokes(&mut tab, 1);
    let other_state = tab.state();
    assert_eq!(tab.origin.borrow().records.len(), 2);
    tab.does(Command::OpenSeries(format!("{UID}.2")));
    assert!(tab.state() == state && tab.autosave().offer.is_none());
    strokes(&mut tab, 1);
    let state = tab.state();
    let mut tab = tab.killed(&files);
    tab.acts(Action::AcceptKept);
    assert!(tab.state() == state);
    tab.opens(&others);
    tab.acts(Action::AcceptKept);
    assert!(tab.state() == other_state);
}

#[test]
fn a_stroke_is_written_in_hundreds_of_bytes_and_a_long_journal_is_shortened() {
    let (mut tab, _) = reading(&origin());
    strokes(&mut tab, 3);
    let last = tab.records().last().unwrap().len();
    assert!(last < 600, "{last} bytes for a stroke");
    let stroke = tab.session.case().unwrap().history.done().last().unwrap();
    let voxels = stroke.edits.iter().filter(|edit| matches!(edit, Edit::Voxels { .. })).count();
    assert_eq!((stroke.name, voxels), ("brush", 1), "its dabs are one change");
    let name = |n: usize| Command::ChangeSegment(1, SegmentChange::Name(format!("{n} {}", "é".repeat(60))));
    for n in 0..20_000 {
        tab.does(name(n));
    }
    let (records, bytes) = (tab.records(), tab.records().iter().map(Vec::len).sum::<usize>());
    assert!(records.len() < 20_000 && bytes < 16 << 20, "{} records, {bytes} bytes", records.len());
}

#[test]
fn no_pixel_and_no_name_stands_in_what_is_kept() {
    let (mut tab, files) = reading(&origin());
    let saved = saved();
    let mut deeds = vec![Deed::Add(SegmentMeaning::Lesion), Deed::Tool(Tool::Brush), Deed::Act(Action::ProposeLungs)];
    deeds.extend((0..40).map(|n| Deed::Drag(PaneId::ALL[n % 3], vec![(n as f64, 50.0), (60.0, n as f64 * 2.0)])));
    deeds.extend([Deed::Import(0, Action::TakeArrival), Deed::Act(Action::Undo), Deed::Act(Action::Interpolate)]);
    for deed in &deeds {
        tab = play(tab, deed, &files, &saved);
    }
    let journal = tab.records().concat();
    assert!(journal.len() > 5000);
    let runs = |bytes: &[u8]| bytes.windows(64).map(<[u8]>::to_vec).collect::<HashSet<_>>();
    let (kept, pixels) = (runs(&journal), noise(1).concat());
    let pixels: Vec<u8> = pixels.iter().flat_map(|hu| hu.to_le_bytes()).collect();
    assert!(runs(&pixels).is_disjoint(&kept));
    // The check finds what it must.
    assert!(!runs(&pixels).is_disjoint(&runs(&[&journal[..100], &pixels[77..141], &journal[..9]].concat())));
    for secret in ["SECRET", "19501231", "20260105", "ACC-77"] {
        assert!(!journal.windows(secret.len()).any(|w| w == secret.as_bytes()), "{secret}");
    }
}

#[test]
fn a_lost_gpu_is_said_and_the_stroke_goes_on() {
    let (mut tab, files) = reading(&origin());
    tab.does(Command::Gpu(Gpu::WebGpu));
    strokes(&mut tab, 1);
    tab.pointer(PaneId::Axial, PointerPhase::Down, 30.0, 80.0);
    let half = tab.said();
    tab.does(Command::Gpu(Gpu::Probing));
    assert_eq!(tab.session.view_model().notice.as_deref(), Some(words::GPU_LOST.en));
    tab.does(Command::Gpu(Gpu::WebGl2));
    assert!(tab.said() == half);
    tab.pointer(PaneId::Axial, PointerPhase::Move, 60.0, 80.0);
    tab.pointer(PaneId::Axial, PointerPhase::Up, 60.0, 80.0);
    let state = tab.state();
    let mut tab = tab.killed(&files);
    tab.acts(Action::AcceptKept);
    assert!(tab.state() == state);
}

#[test]
fn what_is_answered_while_a_change_is_on_show_is_kept_and_the_change_is_not() {
    for whole in [false, true] {
        let (mut tab, files) = reading(&origin());
        strokes(&mut tab, 1);
        tab.acts(Action::Scroll(2));
        tab.drags(PaneId::Axial, &[(25.0, 20.0), (70.0, 20.0)]);
        let voxels = |tab: &Tab| tab.session.case().unwrap().document.voxel_count(1);
        let drawn = voxels(&tab);
        tab.acts(Action::Interpolate);
        // After a failure all of it is written anew.
        tab.origin.borrow_mut().failing = whole.then_some(KeepError::Full);
        tab.does(Command::Answer(301, FormInput::Choose(1)));
        tab.origin.borrow_mut().failing = None;
        tab.waits();
        assert!(tab.autosave().state == "saved" && voxels(&tab) > drawn, "it is still on show");
        let mut next = tab.killed(&files);
        next.acts(Action::AcceptKept);
        assert_eq!(voxels(&next), drawn);
        assert!(next.session.case().unwrap().document.answers().contains_key(&301));
    }
}
