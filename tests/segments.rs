//! Segments in the list: who made them and when, their order, and one shown alone.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop with its reason")]

use hilum::annotation::SegmentMeaning;
use hilum::session::{
    Action, Audience, Campaign, CampaignSecret, Command, Destination, Destinations, PaneId, SegmentChange, Tool,
    UploadView,
};

mod files;
mod tab;
use tab::{Tab, ct, noise};

const MEANINGS: [SegmentMeaning; 3] =
    [SegmentMeaning::Lesion, SegmentMeaning::GroundGlass, SegmentMeaning::Consolidation];

/// Three segments of one reader, each with a stroke.
fn reading() -> Tab {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.511", &noise(1)));
    tab.does(Command::Reader(Audience::Hospital, "Doe^Jane".to_owned()));
    tab.acts(Action::Tool(Tool::Brush));
    for (meaning, y) in MEANINGS.into_iter().zip([20.0, 50.0, 80.0]) {
        tab.does(Command::AddSegment(meaning));
        tab.drags(PaneId::Axial, &[(30.0, y), (60.0, y)]);
    }
    tab
}

fn listed(tab: &Tab) -> Vec<u8> {
    tab.session.view_model().segments.iter().map(|row| row.number).collect()
}

#[test]
fn who_made_a_segment_and_when_is_shown_and_kept() {
    let files = ct("1.2.826.0.1.3680043.10.511", &noise(1));
    let mut tab = reading();
    let row = tab.session.view_model().segments.remove(0);
    assert_eq!(row.made, "Doe Jane · 2026-11-23 10:15");
    // Another reader, later: what was there stays theirs who made it.
    tab.now = "20261124090000".to_owned();
    tab.does(Command::Reader(Audience::Hospital, String::new()));
    tab.does(Command::AddSegment(SegmentMeaning::Nodule));
    let rows = tab.session.view_model().segments;
    assert_eq!((rows[0].made.as_str(), rows[3].made.as_str()), (row.made.as_str(), "2026-11-24 09:00"));
    let before = tab.state();
    let mut tab = tab.killed(&files);
    tab.acts(Action::AcceptKept);
    assert!(tab.state() == before);
    assert_eq!(tab.session.view_model().segments, rows);
}

#[test]
fn segments_move_in_the_list_and_nowhere_else() {
    let mut tab = reading();
    assert_eq!(listed(&tab), [1, 2, 3]);
    let (said, state) = (tab.said(), tab.state());
    tab.acts(Action::MoveSegment(1));
    assert!(tab.state() == state, "the last one is the last already, and that is no change");
    tab.acts(Action::MoveSegment(-1));
    assert_eq!(listed(&tab), [1, 3, 2]);
    tab.acts(Action::MoveSegment(-5));
    assert_eq!(listed(&tab), [3, 1, 2]);
    assert_eq!((tab.said().0, tab.said().1, tab.said().3), (said.0.clone(), said.1.clone(), said.3.clone()));
    // What is deleted comes back to its place; what is new stands at the end.
    tab.does(Command::SelectSegment(1));
    tab.acts(Action::DeleteSegment);
    assert_eq!(listed(&tab), [3, 2]);
    tab.acts(Action::Undo);
    assert_eq!(listed(&tab), [3, 1, 2]);
    tab.does(Command::AddSegment(SegmentMeaning::Emphysema));
    assert_eq!(listed(&tab), [3, 1, 2, 4]);
    for _ in 0..3 {
        tab.acts(Action::Undo);
    }
    assert!(tab.said() == said && listed(&tab) == [1, 2, 3]);
}

#[test]
fn one_segment_alone_is_a_view_and_no_change() {
    let mut tab = reading();
    let look = |tab: &Tab| tab.session.frame_input().unwrap().look;
    let (all, state) = (look(&tab), tab.state());
    tab.acts(Action::Solo);
    assert!(tab.session.view_model().solo);
    let third = look(&tab);
    tab.does(Command::SelectSegment(1));
    let first = look(&tab);
    assert!(third != all && first != all && first != third, "it follows the active one");
    assert!(tab.state() == state, "no change of the document");
    tab.acts(Action::Solo);
    assert!(look(&tab) == all);
    // The same picture as if the reader had hidden the others.
    for hidden in [2, 3] {
        tab.does(Command::ChangeSegment(hidden, SegmentChange::ToggleVisible));
    }
    assert!(look(&tab) == first);
}

/// Whether bytes hold an attribute (group, element, value representation) with this value.
fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn the_report_of_the_hospital_says_it_and_that_of_a_campaign_does_not() {
    let observed_at = [&[0x40, 0x00, 0x32, 0xa0, b'D', b'T'][..], &14u16.to_le_bytes(), b"20261123101500"].concat();
    let mut tab = reading();
    tab.acts(Action::ExportSr);
    let own = tab.downloads.pop().unwrap().1;
    assert!(holds(&own, &observed_at));
    let names = |bytes: &[u8], name: &[u8]| bytes.windows(name.len()).filter(|w| *w == name).count();
    let once = names(&own, b"Doe^Jane");
    // A colleague reports on what Jane Doe marked: she is named at each segment.
    tab.does(Command::Reader(Audience::Hospital, "Roe^Richard".to_owned()));
    tab.acts(Action::ExportSr);
    let other = tab.downloads.pop().unwrap().1;
    assert!(names(&other, b"Roe^Richard") > 0);
    assert_eq!(names(&other, b"Doe^Jane"), 3, "once for each segment; {once} where she reports herself");
    let server = |name: &str| Destination { name: name.to_owned(), ..Destination::default() };
    let campaign = Campaign {
        name: "STOIC".to_owned(),
        sponsor: "Sponsor".to_owned(),
        protocol: "P-1".to_owned(),
        site: "07".to_owned(),
        secret: CampaignSecret::new(&"0123456789abcdef".repeat(2)).unwrap(),
        with_sex: false,
        with_age: false,
    };
    let destinations = Destinations { hospital: None, campaign: Some((server("STOIC"), campaign)) };
    tab.does(Command::Destinations(Box::new(destinations)));
    tab.does(Command::Reader(Audience::Campaign, "R07".to_owned()));
    tab.acts(Action::PrepareCampaign);
    let UploadView::Preview(preview) = tab.session.view_model().upload else { panic!("no preview") };
    assert!(preview.lines.len() > 50);
    tab.acts(Action::ConfirmUpload);
    let body = tab.sent.pop().unwrap().1.body().to_vec();
    assert!(!holds(&body, &observed_at[..6]) && !holds(&body, b"Jane") && !holds(&body, b"20261123"));
}
