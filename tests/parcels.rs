//! A parcel on a line that hangs, in a storage that refuses, or with an object that the reader takes out of it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop with its reason")]

use hilum::session::words::{Lang, sending};
use hilum::session::{
    Action, Audience, Authentication, Command, KeepError, OutboxEvent, RemoteError, UploadView, patience_ms,
};
use std::cell::RefCell;
use std::rc::Rc;

mod files;
mod tab;
use tab::outbox::*;
use tab::{Origin, Tab};

fn origin() -> Rc<RefCell<Origin>> {
    Rc::default()
}

fn is_full(origin: &Rc<RefCell<Origin>>, full: bool) {
    origin.borrow_mut().failing = full.then_some(KeepError::Full);
}

fn kept(tab: &Tab) -> usize {
    tab.origin.borrow().parcels.len()
}

fn uids(tab: &Tab) -> Vec<String> {
    tab.sent.last().unwrap().1.contents().iter().map(|(_, uid)| uid.clone()).collect()
}

#[test]
fn what_gets_no_answer_in_time_is_sent_again_with_more_time() {
    let mut tab = reading(&origin());
    confirmed(&mut tab);
    let bytes = tab.sent[0].1.body().len();
    for _ in 0..7 {
        answer(&mut tab, Err(RemoteError::NoAnswer));
        assert_eq!(states(&tab), ["waiting"]);
        assert!(said(&tab).contains("did not answer in time"), "{}", said(&tab));
        due(&mut tab);
    }
    assert!(tab.sent.iter().all(|(_, o)| o == &tab.sent[0].1), "the same bytes each time");
    let wanted: Vec<u32> = (0..8).map(|tries| patience_ms(bytes, 0) << tries.min(4)).collect();
    assert_eq!(tab.patience_ms, wanted);
    stores(&mut tab);
    assert_eq!((states(&tab), kept(&tab)), (vec!["stored"], 0));
    // Ten megabytes have minutes, and no size is beyond what a browser's clock counts.
    assert!(patience_ms(10 << 20, 0) > 400_000 && patience_ms(usize::MAX, 9) == i32::MAX as u32);
}

#[test]
fn what_is_stopped_waits_for_the_reader_and_its_late_answer_changes_nothing() {
    let mut tab = reading(&origin());
    confirmed(&mut tab);
    let id = tab.sent[0].0;
    let shown = |tab: &Tab| tab.session.view_model().upload;
    assert!(matches!(shown(&tab), UploadView::Said(_, Some(sent)) if sent == id));
    let row = |tab: &Tab| tab.session.view_model().outbox[0].clone();
    assert!(row(&tab).can_stop && !row(&tab).can_send);
    asks(&mut tab, OutboxEvent::Stop);
    assert_eq!((states(&tab), tab.stopped.as_slice(), kept(&tab)), (vec!["held"], &[id][..], 1));
    assert_eq!(shown(&tab), UploadView::Said(sending::UPLOAD_STOPPED.in_lang(Lang::En).to_owned(), None));
    assert!(!row(&tab).can_stop && row(&tab).can_send && tab.due.is_empty());
    stores(&mut tab);
    assert_eq!(states(&tab), ["held"]);
    // Neither the network nor a second word stops or sends anything.
    tab.does(Command::Outbox(OutboxEvent::Online));
    asks(&mut tab, OutboxEvent::Stop);
    assert_eq!((tab.sent.len(), tab.stopped.len()), (1, 1));
    asks(&mut tab, OutboxEvent::Send);
    assert_eq!((states(&tab), tab.sent[1] == tab.sent[0]), (vec!["sending"], true));
    asks(&mut tab, OutboxEvent::Discard);
    assert_eq!((states(&tab), tab.stopped.len(), kept(&tab)), (vec![], 2, 0));
}

#[test]
fn what_was_stopped_waits_for_the_reader_in_the_next_page_too() {
    let origin = origin();
    let mut tab = reading(&origin);
    confirmed(&mut tab);
    asks(&mut tab, OutboxEvent::Stop);
    drop(tab);
    let mut asking = opened(&origin, 2, Authentication::Basic);
    asking.does(Command::Outbox(OutboxEvent::SignedIn(Audience::Hospital)));
    asking.does(Command::Outbox(OutboxEvent::Online));
    assert_eq!((states(&asking), asking.sent.len()), (vec!["held"], 0));
    asks(&mut asking, OutboxEvent::Send);
    assert!(matches!(asking.session.view_model().upload, UploadView::Preview(_)), "who sends it is asked first");
    drop(asking);
    let mut next = opened(&origin, 3, Authentication::None);
    assert_eq!((states(&next), next.sent.len()), (vec!["held"], 0));
    assert!(next.session.view_model().outbox[0].about.contains(sending::UPLOAD_STOPPED.in_lang(Lang::En)));
    // Once the reader has sent it, it is like any other.
    asks(&mut next, OutboxEvent::Send);
    assert_eq!(states(&next), ["sending"]);
    drop(next);
    let next = opened(&origin, 4, Authentication::None);
    assert_eq!((states(&next), kept(&next)), (vec!["sending"], 1));
    drop(next);
    // Older pages wrote nothing of it.
    for bytes in origin.borrow_mut().parcels.values_mut() {
        bytes.pop();
    }
    let next = opened(&origin, 5, Authentication::None);
    assert_eq!((states(&next), uids(&next).len()), (vec!["sending"], 2));
}

#[test]
fn what_is_on_its_way_is_not_sent_beside_itself() {
    for folder in [false, true] {
        let mut tab = reading(&origin());
        if folder {
            to_a_folder(&mut tab);
        }
        confirmed(&mut tab);
        if folder {
            answer(&mut tab, Ok((201, "{}")));
        }
        let sent = tab.sent.len();
        confirmed(&mut tab);
        assert_eq!((states(&tab), tab.sent.len(), kept(&tab)), (vec!["sending"], sent, 1));
        let id = tab.sent[0].0;
        assert!(matches!(tab.session.view_model().upload, UploadView::Said(_, Some(sent)) if sent == id));
    }
}

#[test]
fn what_was_found_is_kept_under_its_own_name_when_it_is_confirmed_again() {
    let origin = origin();
    let mut tab = reading(&origin);
    confirmed(&mut tab);
    let before = origin.borrow().parcels.clone();
    asks(&mut tab, OutboxEvent::Discard);
    origin.borrow_mut().parcels.clone_from(&before);
    tab.outbox_comes();
    answer(&mut tab, Ok((400, "{}")));
    confirmed(&mut tab);
    assert_eq!(states(&tab), ["sending"]);
    assert!(origin.borrow().parcels.keys().eq(before.keys()));
}

#[test]
fn a_wait_that_was_cut_short_sends_nothing_when_it_ends() {
    let mut tab = reading(&origin());
    confirmed(&mut tab);
    answer(&mut tab, Err(RemoteError::Unreachable));
    tab.does(Command::Outbox(OutboxEvent::Online));
    answer(&mut tab, Err(RemoteError::Unreachable));
    assert_eq!((tab.sent.len(), tab.due.len()), (2, 2));
    let (parcel, _, tries) = tab.due.remove(0);
    tab.does(Command::Outbox(OutboxEvent::Due(parcel, tries)));
    assert_eq!((states(&tab), tab.sent.len()), (vec!["waiting"], 2));
    due(&mut tab);
    assert_eq!((states(&tab), tab.sent.len()), (vec!["sending"], 3));
}

#[test]
fn a_receipt_that_breaks_off_is_not_said_to_lack_images() {
    let mut tab = reading(&origin());
    confirmed(&mut tab);
    answer(&mut tab, Err(RemoteError::Incomplete("net::ERR".into())));
    let said = said(&tab);
    assert!(said.contains(sending::UPLOAD_BROKE_OFF.in_lang(Lang::En)) && !said.contains("images"), "{said}");
}

#[test]
fn what_is_confirmed_so_far_is_said_in_objects_and_bytes() {
    let mut tab = reading(&origin());
    to_a_folder(&mut tab);
    confirmed(&mut tab);
    let first = tab.sent[0].1.body().len();
    answer(&mut tab, Ok((201, "{}")));
    let second = tab.sent[1].1.body().len();
    answer(&mut tab, Ok((201, "{}")));
    let third = tab.sent[2].1.body().len();
    let mb = |bytes: usize| Lang::En.number(bytes as f64 / 1e6, 2);
    let wanted = ["2", "3", &mb(first + second), &mb(first + second + third)];
    assert_eq!(said(&tab), sending::UPLOADING.with(Lang::En, &wanted));
}

#[test]
fn a_storage_without_room_for_what_is_left_keeps_the_whole() {
    let origin = origin();
    let mut tab = reading(&origin);
    confirmed(&mut tab);
    let whole = origin.borrow().parcels.clone();
    is_full(&origin, true);
    let one = receipt(&tab, 1);
    answer(&mut tab, Ok((202, &one)));
    assert_eq!(states(&tab), ["held"]);
    assert!(origin.borrow().parcels == whole, "what was written is still there");
    // Told of once more it is the same parcel, and it outlasts the page.
    tab.outbox_comes();
    assert_eq!(states(&tab), ["held"]);
    asks(&mut tab, OutboxEvent::Send);
    assert_eq!(uids(&tab).len(), 1);
    answer(&mut tab, Err(RemoteError::Unreachable));
    assert!(tab.session.view_model().outbox[0].about.contains("outlasts this page"));
    drop(tab);
    is_full(&origin, false);
    let mut next = opened(&origin, 2, Authentication::None);
    assert_eq!((states(&next), uids(&next).len()), (vec!["sending"], 2));
    // With room what is left takes its place.
    let one = receipt(&next, 1);
    answer(&mut next, Ok((202, &one)));
    assert!(kept(&next) == 1 && origin.borrow().parcels != whole);
    asks(&mut next, OutboxEvent::Send);
    stores(&mut next);
    assert_eq!((states(&next), kept(&next)), (vec!["stored"], 0));
}

#[test]
fn what_was_found_stays_until_what_takes_its_place_is_written() {
    let origin = origin();
    let mut tab = reading(&origin);
    to_a_folder(&mut tab);
    confirmed(&mut tab);
    let (name, mut damaged) = origin.borrow().parcels.first_key_value().map(|(n, b)| (n.clone(), b.clone())).unwrap();
    asks(&mut tab, OutboxEvent::Discard);
    // Its bundle does not read: what is found is what an archive is sent, under another name.
    let bundle = damaged.windows(4).position(|w| w == b"PK\x03\x04").unwrap();
    damaged[bundle] = b'X';
    origin.borrow_mut().parcels.insert(name.clone(), damaged);
    configured(&mut tab, Authentication::None);
    tab.outbox_comes();
    answer(&mut tab, Ok((400, "{}")));
    is_full(&origin, true);
    confirmed(&mut tab);
    assert_eq!((states(&tab), origin.borrow().parcels.contains_key(&name)), (vec!["sending"], true));
    answer(&mut tab, Err(RemoteError::Unreachable));
    assert!(said(&tab).contains("outlasts this page"), "{}", said(&tab));
    due(&mut tab);
    stores(&mut tab);
    assert_eq!((states(&tab), kept(&tab)), (vec!["stored"], 0));
}

#[test]
fn a_slow_storage_leaves_nothing_behind() {
    let mut tab = reading(&origin());
    tab.slow = true;
    confirmed(&mut tab);
    // Answered before the storage is.
    let one = receipt(&tab, 1);
    answer(&mut tab, Ok((202, &one)));
    tab.storage_answers();
    assert_eq!((states(&tab), kept(&tab)), (vec!["held"], 1));
    asks(&mut tab, OutboxEvent::Send);
    answer(&mut tab, Err(RemoteError::Unreachable));
    assert!(tab.session.view_model().outbox[0].about.contains("outlasts this page"));
    due(&mut tab);
    stores(&mut tab);
    assert_eq!(kept(&tab), 0);
}

#[test]
fn one_object_of_a_parcel_can_be_saved_or_taken_out() {
    let origin = origin();
    let mut tab = reading(&origin);
    confirmed(&mut tab);
    let row = |tab: &Tab| tab.session.view_model().outbox[0].clone();
    assert_eq!(row(&tab).objects, [], "what is on its way stays as it is");
    let sent = uids(&tab);
    let ask = |tab: &mut Tab, event: OutboxEvent| tab.does(Command::Outbox(event));
    let id = row(&tab).id;
    ask(&mut tab, OutboxEvent::DiscardObject(id, sent[0].clone()));
    answer(&mut tab, Ok((409, NAMELESS)));
    let objects = row(&tab).objects;
    assert_eq!(objects.iter().map(|o| &o.uid).collect::<Vec<_>>(), sent.iter().collect::<Vec<_>>());
    assert!(objects[0].title.starts_with("SEG ") && objects[1].title.starts_with("SR "));
    ask(&mut tab, OutboxEvent::Save(id, None));
    ask(&mut tab, OutboxEvent::Save(id, Some(sent[1].clone())));
    let names: Vec<&str> = tab.downloads.iter().map(|(name, _)| &name[..9]).collect();
    assert_eq!((names, tab.downloads[1].1 == tab.downloads[2].1), (vec!["hilum-seg", "hilum-sr-", "hilum-sr-"], true));
    let body = tab.sent[0].1.body();
    assert!(tab.downloads.iter().all(|(_, saved)| body.windows(saved.len()).any(|w| w == saved)), "as it was sent");

    assert!(row(&tab).about.contains(&sent[0]));
    ask(&mut tab, OutboxEvent::DiscardObject(id, sent[0].clone()));
    assert!(row(&tab).objects.is_empty() && row(&tab).can_save, "the parcel is the one object now");
    assert!(row(&tab).about.contains(&sent[1]) && !row(&tab).about.contains(&sent[0]), "{}", row(&tab).about);
    // What is left is what is kept and what goes.
    drop(tab);
    let mut next = opened(&origin, 2, Authentication::None);
    assert_eq!((states(&next), uids(&next)), (vec!["sending"], vec![sent[1].clone()]));
    answer(&mut next, Ok((413, "{}")));
    let id = row(&next).id;
    ask(&mut next, OutboxEvent::DiscardObject(id, sent[1].clone()));
    assert_eq!((states(&next), kept(&next)), (vec![], 0));
}

#[test]
fn an_object_that_was_taken_out_does_not_come_back_where_the_rest_cannot_be_kept() {
    let origin = origin();
    let mut tab = reading(&origin);
    confirmed(&mut tab);
    answer(&mut tab, Ok((409, NAMELESS)));
    let all = uids(&tab);
    is_full(&origin, true);
    asks(&mut tab, |id| OutboxEvent::DiscardObject(id, all[0].clone()));
    assert_eq!((states(&tab), kept(&tab)), (vec!["held"], 0));
    let alone = sending::UPLOAD_NOT_KEPT.in_lang(Lang::En);
    assert!(tab.session.view_model().outbox[0].about.contains(alone));
    asks(&mut tab, OutboxEvent::Send);
    assert_eq!(uids(&tab), all[1..]);
    answer(&mut tab, Err(RemoteError::Unreachable));
    assert!(tab.session.view_model().outbox[0].about.contains(alone));
}

#[test]
fn all_that_would_leave_can_be_saved_as_a_list() {
    let mut tab = reading(&origin());
    tab.acts(Action::SavePreview);
    assert!(tab.downloads.is_empty());
    tab.acts(Action::PrepareUpload);
    let UploadView::Preview(shown) = tab.session.view_model().upload else { panic!("nothing is shown") };
    tab.acts(Action::SavePreview);
    let (name, bytes) = tab.downloads[0].clone();
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(bytes.as_slice()).records().map(Result::unwrap).collect();
    assert_eq!((name.as_str(), rows.len()), ("hilum-leaves.csv", shown.lines.len()));
    for (row, line) in rows.iter().zip(shown.lines.iter()) {
        assert_eq!((&row[0], &row[2], &row[3]), (&*line.depth.to_string(), &*line.tag_text(), &*line.keyword));
        assert_eq!(row[5].trim_start_matches('\''), line.value.to_string());
        assert!(!row[6].is_empty(), "each has its reason");
    }
    // Blinded, the list says no more than the page.
    tab.acts(Action::Blinded);
    tab.acts(Action::SavePreview);
    let holds = |n: usize| String::from_utf8_lossy(&tab.downloads[n].1).contains("SECRET^NAME");
    assert_eq!([holds(0), holds(1)], [true, false]);
}
