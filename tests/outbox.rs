//! What was confirmed is stored, once, or says why not: nothing is lost with the line, the page or the server's temper.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop with its reason")]

use hilum::annotation::SegmentMeaning;
use hilum::export::Place;
use hilum::session::{
    Action, Audience, Authentication, Command, Delivery, KeepError, OutboxEvent, RemoteError, SignInError, UploadReply,
    UploadView, words,
};
use std::cell::RefCell;
use std::rc::Rc;

mod files;
mod tab;
use tab::outbox::*;
use tab::{Origin, Tab, ct, noise};

#[test]
fn what_the_objects_do_not_hold_is_said_before_they_leave() {
    let mut tab = reading(&Rc::default());
    tab.acts(Action::PrepareUpload);
    let shown = |tab: &Tab| match tab.session.view_model().upload {
        UploadView::Preview(shown) => shown,
        other => panic!("{other:?}"),
    };
    assert_eq!(shown(&tab).notes, "");
    // What the header says of the patient's number and of the pixels.
    for (keyword, value) in [
        ("IssuerOfPatientID", "SECRET-ISSUER"),
        ("LossyImageCompression", "01"),
        ("LossyImageCompressionRatio", "8.5"),
        ("LossyImageCompressionMethod", "ISO_10918_1"),
    ] {
        let line = shown(&tab).lines.iter().find(|l| l.keyword == keyword).unwrap().clone();
        assert_eq!((line.value.to_string().as_str(), line.reason.is_some()), (value, true), "{keyword}");
    }
    tab.acts(Action::CancelUpload);
    tab.does(Command::AddSegment(SegmentMeaning::Nodule));
    let name = tab.session.view_model().segments[1].name.clone();
    tab.acts(Action::PrepareUpload);
    assert_eq!(shown(&tab).notes, format!("Left out, without voxels: {name}."));
    tab.acts(Action::CancelUpload);
    tab.acts(Action::ExportSeg);
    assert_eq!(tab.session.view_model().notice, Some(format!("Left out, without voxels: {name}.")));
}

#[test]
fn nothing_is_sent_of_a_ct_that_is_on_its_way() {
    for delivery in [Delivery::Archive, Delivery::Folder] {
        let mut tab = Tab::open(&Rc::default(), 1);
        let mut site = destinations(Authentication::None);
        site.hospital.as_mut().unwrap().delivery = delivery;
        tab.does(Command::Destinations(Box::new(site)));
        tab.stalled = true;
        tab.opens(&ct("1.2.3.99", &noise(3)));
        assert!(!tab.session.case().unwrap().is_settled());
        tab.acts(Action::PrepareUpload);
        assert_eq!(tab.session.view_model().notice.as_deref(), Some(words::WAIT_FOR_SLICES.en));
    }
}

#[test]
fn what_fails_in_passing_is_sent_again_the_same_and_ever_later() {
    let origin = Rc::new(RefCell::new(Origin::default()));
    let mut tab = reading(&origin);
    confirmed(&mut tab);
    let failures = [RemoteError::Unreachable, RemoteError::Status(503), RemoteError::Incomplete("cut".into())];
    let mut waits = Vec::new();
    for n in 0..12 {
        answer(&mut tab, Err(failures[n % 3].clone()));
        assert_eq!(states(&tab), ["waiting"]);
        waits.push(due(&mut tab));
        assert_eq!(states(&tab), ["sending"]);
    }
    assert_eq!(tab.sent.len(), 13);
    assert!(tab.sent.iter().all(|(_, o)| o == &tab.sent[0].1), "the same bytes each time");
    assert!(waits.windows(2).take(6).all(|w| w[1] > w[0]), "{waits:?}");
    assert!(waits[0] >= 1_500 && waits.iter().all(|w| *w <= 375_000), "{waits:?}");
    assert_eq!(origin.borrow().parcels.len(), 1);
    stores(&mut tab);
    assert_eq!((states(&tab), said(&tab).as_str()), (vec!["stored"], "Sent: 2 objects stored"));
    assert_eq!(origin.borrow().parcels.len(), 0, "what is stored is kept no longer");
    // The answer to an older attempt changes nothing.
    answer(&mut tab, Err(RemoteError::Unreachable));
    assert_eq!(states(&tab), ["stored"]);
}

#[test]
fn the_network_back_sends_what_waits_at_once() {
    let mut tab = reading(&Rc::default());
    confirmed(&mut tab);
    answer(&mut tab, Err(RemoteError::Unreachable));
    tab.does(Command::Outbox(OutboxEvent::Online));
    assert_eq!((states(&tab), tab.sent.len()), (vec!["sending"], 2));
    // The wait that was asked for before ends in nothing.
    due(&mut tab);
    assert_eq!(tab.sent.len(), 2);
}

#[test]
fn what_does_not_pass_waits_for_the_reader() {
    let mut tab = reading(&Rc::default());
    confirmed(&mut tab);
    for (status, word) in [(401, "401"), (403, "403"), (413, "413"), (400, "400")] {
        answer(&mut tab, Ok((status, "{}")));
        assert_eq!(states(&tab), ["held"]);
        assert!(said(&tab).contains(word), "{}", said(&tab));
        assert!(tab.due.is_empty());
        let row = tab.session.view_model().outbox[0].clone();
        assert!(row.can_send);
        tab.does(Command::Outbox(OutboxEvent::Send(row.id)));
    }
    asks(&mut tab, OutboxEvent::Discard);
    assert_eq!((states(&tab), tab.origin.borrow().parcels.len()), (vec![], 0));
}

#[test]
fn of_instances_that_were_refused_each_is_named_and_only_they_are_sent_again() {
    let mut tab = reading(&Rc::default());
    confirmed(&mut tab);
    let report = tab.sent[0].1.contents()[1].1.clone();
    let segmentation = tab.sent[0].1.contents()[0].1.clone();
    let failed = format!(
        r#"{{"00081198": {{"vr": "SQ", "Value": [{{"00081155": {{"vr": "UI", "Value": ["{report}"]}},
            "00081197": {{"vr": "US", "Value": [290]}}}}]}},
            "00081199": {{"vr": "SQ", "Value": [{{"00081155": {{"vr": "UI", "Value": ["{segmentation}"]}}}}]}}}}"#
    );
    answer(&mut tab, Ok((202, &failed)));
    assert_eq!(states(&tab), ["held"]);
    assert!(said(&tab).contains(&report) && said(&tab).contains("does not take this kind"), "{}", said(&tab));
    // Kept as what is left of it.
    assert_eq!(tab.origin.borrow().parcels.len(), 1);
    asks(&mut tab, OutboxEvent::Send);
    let again = tab.sent.last().unwrap().1.clone();
    assert_eq!(again.contents().iter().map(|(_, uid)| uid).collect::<Vec<_>>(), [&report]);
    stores(&mut tab);
    assert_eq!((states(&tab), tab.origin.borrow().parcels.len()), (vec!["stored"], 0));
}

#[test]
fn stored_with_warnings_is_stored_but_silence_is_not() {
    let mut tab = reading(&Rc::default());
    confirmed(&mut tab);
    let again = |tab: &mut Tab| {
        assert_eq!((states(tab), tab.origin.borrow().parcels.len()), (vec!["held"], 1));
        asks(tab, OutboxEvent::Send);
    };
    for status in [200, 202] {
        answer(&mut tab, Ok((status, "{}")));
        assert!(said(&tab).contains("does not say what it stored"), "{}", said(&tab));
        again(&mut tab);
    }
    // A gateway's sign-in page in the archive's place.
    let page = UploadReply { status: 200, is_page: true, ..UploadReply::default() };
    asks(&mut tab, |id| OutboxEvent::Answered(id, Ok(page)));
    assert!(said(&tab).contains("web page") && said(&tab).contains("Sign in"), "{}", said(&tab));
    again(&mut tab);
    // What fails without a name is none of those that were stored.
    answer(&mut tab, Ok((200, NAMELESS)));
    assert!(said(&tab).contains("2 of 2") && said(&tab).contains("no room"), "{}", said(&tab));
    again(&mut tab);
    // Of one of the two it says nothing: that one is sent again.
    let one = receipt(&tab, 1);
    answer(&mut tab, Ok((200, &one)));
    assert!(said(&tab).contains("1 of 2") && said(&tab).contains("does not say that it stored it"), "{}", said(&tab));
    again(&mut tab);
    assert_eq!(tab.sent.last().unwrap().1.contents().len(), 1);
    let warned = receipt(&tab, 0).replace("}}]", r#"}, "00081196": {"vr": "US", "Value": [45056]}}]"#);
    answer(&mut tab, Ok((202, &warned)));
    assert_eq!(states(&tab), ["stored"]);
}

#[test]
fn a_folder_says_with_a_page_that_a_file_was_made_but_not_under_200() {
    let mut tab = reading(&Rc::default());
    to_a_folder(&mut tab);
    confirmed(&mut tab);
    let page = |tab: &mut Tab, status: u16| {
        let reply = UploadReply { status, is_page: true, ..UploadReply::default() };
        asks(tab, |id| OutboxEvent::Answered(id, Ok(reply)));
        states(tab)
    };
    assert_eq!((page(&mut tab, 201), tab.sent.len()), (vec!["sending"], 2));
    assert_eq!((page(&mut tab, 200), tab.sent.len()), (vec!["held"], 2));
    assert!(said(&tab).contains("web page"), "{}", said(&tab));
}

#[test]
fn a_folder_gets_each_object_and_the_bundle_as_files_of_their_own_once() {
    let origin = Rc::new(RefCell::new(Origin::default()));
    let mut tab = reading(&origin);
    to_a_folder(&mut tab);
    confirmed(&mut tab);
    let name = |tab: &Tab| match tab.sent.last().unwrap().1.place() {
        Place::File(name) => name.clone(),
        Place::Studies => panic!("a file"),
    };
    let first = name(&tab);
    assert!(first.starts_with("hilum-seg-") && tab.sent[0].1.content_type() == "application/dicom");
    // Cut in the middle: the same name again.
    answer(&mut tab, Err(RemoteError::Incomplete("cut".into())));
    assert!(said(&tab).contains("Tried 1 time"), "{}", said(&tab));
    due(&mut tab);
    assert_eq!((name(&tab), tab.sent.len()), (first, 2));
    answer(&mut tab, Ok((201, "{}")));
    let second = name(&tab);
    assert!(second.starts_with("hilum-sr-") && states(&tab) == ["sending"]);
    assert!(said(&tab).contains("1 of 3"), "{}", said(&tab));
    // The page is closed: what was stored is not sent again.
    drop(tab);
    let mut next = Tab::open(&origin, 2);
    to_a_folder(&mut next);
    assert_eq!((name(&next), next.sent.len()), (second, 1));
    answer(&mut next, Ok((204, "{}")));
    let third = name(&next);
    assert!(third.starts_with("hilum-bundle-") && third.ends_with(".zip"), "{third}");
    assert_eq!((next.sent.last().unwrap().1.content_type(), states(&next)), ("application/zip", vec!["sending"]));
    answer(&mut next, Ok((201, "{}")));
    assert_eq!((states(&next), origin.borrow().parcels.len()), (vec!["stored"], 0));
}

#[test]
fn what_waits_for_a_sign_in_goes_once_the_reader_has_signed_in() {
    let origin = Rc::new(RefCell::new(Origin::default()));
    let mut tab = reading(&origin);
    configured(&mut tab, Authentication::OpenId);
    confirmed(&mut tab);
    answer(&mut tab, Ok((401, "{}")));
    assert_eq!(states(&tab), ["held"]);
    tab.does(Command::SignedIn(Audience::Hospital, Err(SignInError::Refused("no".into()))));
    assert_eq!((states(&tab), tab.sent.len()), (vec!["held"], 1));
    assert!(tab.session.view_model().signed_in[0].1.as_ref().unwrap_err().contains("no"));
    tab.does(Command::SignedIn(Audience::Campaign, Ok(())));
    assert_eq!(tab.sent.len(), 1, "the other server knows nobody yet");
    tab.does(Command::SignedIn(Audience::Hospital, Ok(())));
    assert_eq!((states(&tab), tab.sent.len()), (vec!["sending"], 2));
    drop(tab);
    let mut next = opened(&origin, 2, Authentication::OpenId);
    assert_eq!((states(&next), next.sent.len()), (vec!["held"], 0));
    asks(&mut next, OutboxEvent::Send);
    next.does(Command::SignedIn(Audience::Hospital, Ok(())));
    assert_eq!((states(&next), next.sent.len()), (vec!["sending"], 1));
    // It went with the sign-in: the dialog that asked for one asks for nothing more, and nothing goes twice.
    assert!(matches!(next.session.view_model().upload, UploadView::Said(..)));
    next.acts(Action::ConfirmUpload);
    assert_eq!(next.sent.len(), 1);
    // A sign-in that has run out is asked for again.
    answer(&mut next, Ok((401, "{}")));
    assert!(next.session.view_model().signed_in.is_empty());
    asks(&mut next, OutboxEvent::Send);
    assert!(matches!(next.session.view_model().upload, UploadView::Preview(_)));
    assert_eq!(next.sent.len(), 1);
}

#[test]
fn the_outbox_outlasts_the_page() {
    let origin = Rc::new(RefCell::new(Origin::default()));
    let mut tab = reading(&origin);
    confirmed(&mut tab);
    let sent = tab.sent[0].1.clone();
    drop(tab);
    // Nobody has to sign in: it goes on by itself.
    let next = opened(&origin, 2, Authentication::Cookie);
    assert_eq!(states(&next), ["sending"]);
    assert_eq!(next.sent[0].1, sent);
    drop(next);
    // Where a password is asked for, it waits for the reader.
    let mut third = opened(&origin, 3, Authentication::Basic);
    assert_eq!((states(&third), third.sent.len()), (vec!["held"], 0));
    let id = third.session.view_model().outbox[0].id;
    let shown = |tab: &Tab| match tab.session.view_model().upload {
        UploadView::Preview(shown) => shown,
        other => panic!("it is shown, not {other:?}"),
    };
    for (ask, is_stored) in [(OutboxEvent::Show(id), false), (OutboxEvent::Send(id), true)] {
        let sent = third.sent.len();
        third.does(Command::Outbox(ask));
        let preview = shown(&third);
        assert!(preview.can_confirm && preview.lines.iter().any(|l| l.keyword == "SegmentSequence"));
        assert_eq!((preview.authentication, preview.reader), (Authentication::Basic, None));
        third.acts(Action::CancelUpload);
        assert_eq!(third.sent.len(), sent, "nothing leaves unasked");
        third.does(Command::Outbox(OutboxEvent::Send(id)));
        third.acts(Action::ConfirmUpload);
        assert_eq!(states(&third), ["sending"]);
        // What is on its way needs nothing.
        third.does(Command::Outbox(OutboxEvent::Show(id)));
        assert!(!shown(&third).can_confirm);
        if is_stored { stores(&mut third) } else { answer(&mut third, Ok((401, "{}"))) }
    }
    assert_eq!((origin.borrow().parcels.len(), states(&third)), (0, vec!["stored"]));
}

#[test]
fn what_was_kept_for_another_server_or_is_damaged_is_not_sent() {
    let origin = Rc::new(RefCell::new(Origin::default()));
    let mut tab = reading(&origin);
    confirmed(&mut tab);
    drop(tab);
    let mut next = Tab::open(&origin, 2);
    let mut elsewhere = destinations(Authentication::None);
    elsewhere.hospital.as_mut().unwrap().name = "Other".into();
    next.does(Command::Destinations(Box::new(elsewhere)));
    assert_eq!((states(&next), next.sent.len()), (vec!["held"], 0));
    assert!(next.session.view_model().outbox[0].about.contains("PACS"));
    // Once its server is configured again it goes.
    configured(&mut next, Authentication::None);
    assert_eq!((states(&next), next.sent.len()), (vec!["sending"], 1));
    drop(next);

    // Any byte of the object changed to what may not leave, or the parcel cut: it is not taken up.
    let whole = origin.borrow().parcels.values().next().unwrap().clone();
    let name = origin.borrow().parcels.keys().next().unwrap().clone();
    let class = whole.windows(27).position(|w| w == b"1.2.840.10008.5.1.4.1.1.66.").unwrap();
    let mut changed = whole.clone();
    changed[class + 24..class + 28].copy_from_slice(b"2\0\0\0");
    origin.borrow_mut().parcels.insert(name.clone(), whole[..whole.len() / 2].to_vec());
    let mut third = opened(&origin, 3, Authentication::None);
    assert_eq!((states(&third), third.sent.len()), (vec!["held"], 0));
    let row = third.session.view_model().outbox[0].clone();
    assert!(row.about.contains("cannot be read") && !row.can_send, "{}", row.about);
    third.does(Command::Outbox(OutboxEvent::Send(row.id)));
    assert_eq!((states(&third), third.sent.len()), (vec!["held"], 0));
    third.does(Command::Outbox(OutboxEvent::Discard(row.id)));
    assert!(origin.borrow().parcels.is_empty(), "it can be discarded");
    drop(third);

    // The segmentation alone does not read: its report goes, and the reader is told.
    origin.borrow_mut().parcels.insert(name, changed);
    let mut fourth = opened(&origin, 4, Authentication::None);
    assert_eq!((states(&fourth), fourth.sent[0].1.contents().len()), (vec!["sending"], 1));
    assert_eq!(fourth.sent[0].1.contents()[0].0.word(), "sr");
    let about = fourth.session.view_model().outbox[0].about.clone();
    assert!(about.contains("1 more object of it cannot be read"), "{about}");
    stores(&mut fourth);
    assert_eq!((states(&fourth), origin.borrow().parcels.len()), (vec!["stored"], 0));
}

#[test]
fn what_was_found_and_refused_whole_is_found_again() {
    let origin = Rc::new(RefCell::new(Origin::default()));
    let mut tab = reading(&origin);
    confirmed(&mut tab);
    drop(tab);
    for (number, status) in [(2, 200), (3, 202), (4, 409)] {
        let kept = origin.borrow().parcels.clone();
        let mut next = opened(&origin, number, Authentication::None);
        assert_eq!((states(&next), next.sent[0].1.contents().len()), (vec!["sending"], 2), "before {status}");
        for _ in 0..2 {
            answer(&mut next, Ok((status, NAMELESS)));
            assert_eq!(states(&next), ["held"]);
            assert!(origin.borrow().parcels == kept, "after {status}");
            asks(&mut next, OutboxEvent::Send);
        }
    }
    let mut last = opened(&origin, 5, Authentication::None);
    let receipt = receipt(&last, 1);
    answer(&mut last, Ok((202, &receipt)));
    assert_eq!((states(&last), origin.borrow().parcels.len()), (vec!["held"], 1), "what is left of it, once");
}

#[test]
fn what_is_confirmed_again_takes_the_place_of_what_was_found_of_it() {
    let origin = Rc::new(RefCell::new(Origin::default()));
    let mut tab = reading(&origin);
    to_a_folder(&mut tab);
    confirmed(&mut tab);
    let (name, mut damaged) = origin.borrow().parcels.first_key_value().map(|(n, b)| (n.clone(), b.clone())).unwrap();
    asks(&mut tab, OutboxEvent::Discard);
    // Its bundle does not read: what is found is what an archive is sent.
    let bundle = damaged.windows(4).position(|w| w == b"PK\x03\x04").unwrap();
    damaged[bundle] = b'X';
    origin.borrow_mut().parcels.insert(name, damaged);
    configured(&mut tab, Authentication::None);
    tab.outbox_comes();
    assert!(tab.session.view_model().outbox[0].about.contains("1 more object of it cannot be read"));
    answer(&mut tab, Ok((400, "{}")));
    confirmed(&mut tab);
    assert_eq!(tab.sent[1].1.contents(), tab.sent[2].1.contents());
    assert_eq!((states(&tab), origin.borrow().parcels.len()), (vec!["sending"], 1));
    stores(&mut tab);
    drop(tab);
    let next = opened(&origin, 2, Authentication::None);
    assert_eq!((states(&next), next.sent.len()), (vec![], 0), "nothing of it is sent again");
}

#[test]
fn a_second_tab_takes_the_outbox_over_when_the_first_closes() {
    let origin = Rc::new(RefCell::new(Origin::default()));
    let mut tab = reading(&origin);
    confirmed(&mut tab);
    let mut next = opened(&origin, 2, Authentication::None);
    assert_eq!(states(&next), Vec::<&str>::new());
    drop(tab);
    next.outbox_comes();
    assert_eq!((states(&next), next.sent.len()), (vec!["sending"], 1));
    // Told once more, it is the same parcel.
    next.outbox_comes();
    assert_eq!((states(&next), next.sent.len()), (vec!["sending"], 1));
}

#[test]
fn without_a_configuration_the_outbox_is_shown_and_waits() {
    let origin = Rc::new(RefCell::new(Origin::default()));
    let mut tab = reading(&origin);
    confirmed(&mut tab);
    drop(tab);
    let mut next = Tab::open(&origin, 2);
    next.does(Command::Destinations(Box::default()));
    assert_eq!((states(&next), next.sent.len()), (vec!["held"], 0));
    configured(&mut next, Authentication::Basic);
    let about = next.session.view_model().outbox[0].about.clone();
    assert!(about.contains("when you are signed in") && next.sent.is_empty(), "{about}");
}

#[test]
fn deleting_kept_readings_leaves_what_waits() {
    let origin = Rc::new(RefCell::new(Origin::default()));
    let mut tab = reading(&origin);
    confirmed(&mut tab);
    answer(&mut tab, Err(RemoteError::Unreachable));
    assert!(!origin.borrow().records.is_empty());
    tab.acts(Action::ClearKept);
    tab.acts(Action::ConfirmClear);
    assert_eq!((origin.borrow().records.len(), origin.borrow().parcels.len()), (0, 1));
    assert!(said(&tab).contains("outlasts this page"), "{}", said(&tab));
    drop(tab);
    let mut next = opened(&origin, 2, Authentication::None);
    assert_eq!(states(&next), ["sending"]);
    asks(&mut next, OutboxEvent::Discard);
    assert!(origin.borrow().parcels.is_empty());
}

#[test]
fn what_cannot_be_kept_is_sent_all_the_same_and_says_so() {
    let origin = Rc::new(RefCell::new(Origin::default()));
    let mut tab = reading(&origin);
    origin.borrow_mut().failing = Some(KeepError::Full);
    confirmed(&mut tab);
    answer(&mut tab, Err(RemoteError::Unreachable));
    assert!(said(&tab).contains("this page alone"), "{}", said(&tab));
}

#[test]
fn a_campaign_asks_for_a_code_and_gets_no_name() {
    let mut tab = reading(&Rc::default());
    tab.does(Command::Reader(Audience::Hospital, "Dupont^Zoé".into()));
    tab.acts(Action::PrepareCampaign);
    let shown = |tab: &Tab| match tab.session.view_model().upload {
        UploadView::Preview(shown) => shown,
        other => panic!("{other:?}"),
    };
    assert!(shown(&tab).problem.is_some() && shown(&tab).lines.is_empty() && !shown(&tab).can_confirm);
    tab.acts(Action::ConfirmUpload);
    assert!(tab.sent.is_empty());
    tab.does(Command::Reader(Audience::Campaign, "Zoé Dupont".into()));
    assert!(shown(&tab).problem.is_some(), "a name is no code");
    tab.does(Command::Reader(Audience::Campaign, "R07".into()));
    let lines = shown(&tab).lines;
    let value = |keyword: &str| lines.iter().find(|l| l.keyword == keyword).map(|l| l.value.to_string());
    assert_eq!(value("PatientIdentityRemoved").as_deref(), Some("YES"));
    assert_eq!(value("PatientAge").as_deref(), Some("070Y"));
    assert!(lines.iter().all(|l| l.reason.is_some()), "each attribute has its reason");
    tab.acts(Action::ConfirmUpload);
    let campaign = tab.sent[0].1.clone();
    assert_eq!(campaign.audience(), Audience::Campaign);

    // The hospital's writer signs with the name, and knows the patient.
    confirmed(&mut tab);
    let hospital = tab.sent[1].1.clone();
    assert_eq!(hospital.audience(), Audience::Hospital);
    let holds = |body: &[u8], word: &str| body.windows(word.len()).any(|w| w == word.as_bytes());
    for (word, in_hospital, in_campaign) in [
        ("SECRET^NAME", true, false),
        ("SECRET-ID", true, false),
        ("ACC-77", true, false),
        ("19501231", true, false),
        ("20260105", true, false),
        ("1.2.3.99.", true, false),
        ("Dupont^Zo", true, false),
        ("R07", false, true),
        ("STOIC", false, true),
        ("0123456789abcdef", false, false),
    ] {
        assert_eq!((holds(hospital.body(), word), holds(campaign.body(), word)), (in_hospital, in_campaign), "{word}");
    }
}

#[test]
fn the_ledger_can_be_saved() {
    let mut tab = Tab::open(&Rc::default(), 1);
    tab.does(Command::Ledger(hilum::session::LedgerEntry {
        method: "POST",
        url: "https://pacs.example/studies?a=1,2".into(),
        bytes: 17,
        kind: "seg+sr".into(),
        at: "20261123101500".into(),
    }));
    tab.acts(Action::SaveLedger);
    let text = String::from_utf8(tab.downloads[0].1.clone()).unwrap();
    assert_eq!(
        text,
        "at,method,url,bytes,kind\r\n20261123101500,POST,\"https://pacs.example/studies?a=1,2\",17,seg+sr\r\n"
    );
}
