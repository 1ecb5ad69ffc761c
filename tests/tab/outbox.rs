//! A tab that sends: the site's servers, a reading that is confirmed, and what its server answers.

use super::{Origin, Tab, ct, noise};
use hilum::annotation::SegmentMeaning;
use hilum::session::{
    Action, Authentication, Campaign, CampaignSecret, Command, Delivery, Destination, Destinations, OutboxEvent,
    PaneId, ParcelId, RemoteError, Tool, UploadReply, UploadView,
};
use std::cell::RefCell;
use std::rc::Rc;

pub(crate) fn destinations(authentication: Authentication) -> Destinations {
    let campaign = Campaign {
        name: "STOIC".into(),
        sponsor: "AP-HP".into(),
        protocol: "P-1".into(),
        site: "S-2".into(),
        secret: CampaignSecret::new(&"0123456789abcdef".repeat(2)).unwrap(),
        with_sex: false,
        with_age: true,
    };
    let server = |name: &str| Destination { name: name.into(), authentication, delivery: Delivery::Archive };
    Destinations { hospital: Some(server("PACS")), campaign: Some((server("STOIC"), campaign)) }
}

pub(crate) fn configured(tab: &mut Tab, authentication: Authentication) {
    tab.does(Command::Destinations(Box::new(destinations(authentication))));
}

pub(crate) fn to_a_folder(tab: &mut Tab) {
    let mut folder = destinations(Authentication::None);
    folder.hospital.as_mut().unwrap().delivery = Delivery::Folder;
    tab.does(Command::Destinations(Box::new(folder)));
}

/// A tab of a site.
pub(crate) fn opened(origin: &Rc<RefCell<Origin>>, number: u32, authentication: Authentication) -> Tab {
    let mut tab = Tab::open(origin, number);
    configured(&mut tab, authentication);
    tab
}

/// A tab with a reading.
pub(crate) fn reading(origin: &Rc<RefCell<Origin>>) -> Tab {
    let mut tab = opened(origin, 1, Authentication::None);
    tab.opens(&ct("1.2.3.99", &noise(3)));
    tab.does(Command::AddSegment(SegmentMeaning::Consolidation));
    tab.acts(Action::Tool(Tool::Brush));
    tab.drags(PaneId::Axial, &[(40.0, 50.0), (50.0, 50.0)]);
    tab
}

pub(crate) fn confirmed(tab: &mut Tab) {
    tab.acts(Action::PrepareUpload);
    tab.acts(Action::ConfirmUpload);
}

pub(crate) fn answer(tab: &mut Tab, result: Result<(u16, &str), RemoteError>) {
    let (parcel, _) = tab.sent.last().unwrap();
    let reply = result.map(|(status, json)| UploadReply {
        status,
        answer: serde_json::from_str(json).unwrap(),
        ..UploadReply::default()
    });
    tab.does(Command::Outbox(OutboxEvent::Answered(*parcel, reply)));
}

/// The answer of an archive that stored something not, and does not say what.
pub(crate) const NAMELESS: &str =
    r#"{"00081198": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [42752]}}]}}"#;

/// The answer of an archive that stored all but so many of the last request.
pub(crate) fn receipt(tab: &Tab, but: usize) -> String {
    let contents = tab.sent.last().unwrap().1.contents();
    let item = |uid: &String| format!(r#"{{"00081155": {{"vr": "UI", "Value": ["{uid}"]}}}}"#);
    let items: Vec<String> = contents.iter().skip(but).map(|(_, uid)| item(uid)).collect();
    format!(r#"{{"00081199": {{"vr": "SQ", "Value": [{}]}}}}"#, items.join(","))
}

pub(crate) fn stores(tab: &mut Tab) {
    let receipt = receipt(tab, 0);
    answer(tab, Ok((200, &receipt)));
}

pub(crate) fn states(tab: &Tab) -> Vec<&'static str> {
    tab.session.view_model().outbox.iter().map(|p| p.state).collect()
}

pub(crate) fn said(tab: &Tab) -> String {
    match tab.session.view_model().upload {
        UploadView::Said(text, _) => text,
        other => panic!("{other:?}"),
    }
}

/// Something is asked of the first parcel.
pub(crate) fn asks(tab: &mut Tab, ask: impl FnOnce(ParcelId) -> OutboxEvent) {
    let id = tab.session.view_model().outbox[0].id;
    tab.does(Command::Outbox(ask(id)));
}

/// The wait is over.
pub(crate) fn due(tab: &mut Tab) -> u32 {
    let (parcel, ms, tries) = tab.due.pop().unwrap();
    tab.does(Command::Outbox(OutboxEvent::Due(parcel, tries)));
    ms
}
