//! The outbox in words: how each parcel stands, what of it was refused, and what the reader can do.

use super::{Hold, Parcel, ParcelId, ParcelState};
use crate::export::OutboundObject;
use crate::session::remote::RemoteError;
use crate::session::state::Session;
use crate::session::words::{Text, sending};

/// A parcel as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParcelRow {
    /// Which.
    pub id: ParcelId,
    /// What is in it and where it goes.
    pub title: String,
    /// `data-state`: `sending`, `waiting`, `held`, `stored`.
    pub state: &'static str,
    /// The state in a word.
    pub state_words: &'static str,
    /// What happened.
    pub about: String,
    /// Whether the reader can send it.
    pub can_send: bool,
    /// Whether it is on its way, and can be stopped.
    pub can_stop: bool,
    /// Whether something of it can be saved.
    pub can_save: bool,
    /// Its objects that are not stored, where there are several and the reader can take one out.
    pub objects: Vec<ObjectRow>,
}

/// An object of a parcel as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectRow {
    /// Its SOP Instance UID.
    pub uid: String,
    /// What it is.
    pub title: String,
}

impl Session {
    /// What the dialog says of a parcel, and whether that is all for now.
    pub(in crate::session) fn parcel_words(&self, id: ParcelId) -> (String, bool) {
        let said = |text: Text| text.in_lang(self.lang).to_owned();
        self.outbox.get(id).map_or_else(
            || (String::new(), true),
            |parcel| match &parcel.state {
                ParcelState::Sending => {
                    let mb = |objects: &[OutboundObject]| {
                        let bytes: usize = objects.iter().map(|o| o.bytes().len()).sum();
                        self.lang.number(bytes as f64 / 1e6, 2)
                    };
                    let (all, stored) = (&parcel.objects, &parcel.objects[..parcel.stored]);
                    let counts = [stored.len().to_string(), all.len().to_string(), mb(stored), mb(all)];
                    (sending::UPLOADING.with(self.lang, &counts.each_ref().map(String::as_str)), false)
                }
                ParcelState::Stored => {
                    let count = parcel.objects.len().to_string();
                    (sending::UPLOADED.with(self.lang, &[&count]), true)
                }
                ParcelState::Waiting(why) => {
                    let seconds = parcel.wait_ms().div_ceil(1000).to_string();
                    let tries = parcel.tries.to_string();
                    let text = sending::UPLOAD_WAITS.with(self.lang, &[&self.why_words(why), &tries, &seconds]);
                    let kept = if parcel.kept { sending::UPLOAD_KEPT } else { sending::UPLOAD_NOT_KEPT };
                    (format!("{text} {}", said(kept)), true)
                }
                ParcelState::Held(why) => {
                    let text = match why {
                        Hold::Failed(RemoteError::Cancelled) | Hold::StoppedBefore => said(sending::UPLOAD_STOPPED),
                        Hold::Failed(why) => sending::UPLOAD_HELD.with(self.lang, &[&self.why_words(why)]),
                        Hold::Partly(all, failed) => {
                            let count = [failed.len().to_string(), all.to_string()];
                            let each: Vec<String> = failed
                                .iter()
                                .map(|f| format!("{} ({})", f.sop_instance_uid, self.failure_words(f.reason)))
                                .collect();
                            sending::UPLOAD_PARTLY.with(self.lang, &[&count[0], &count[1], &each.join(", ")])
                        }
                        Hold::FromBefore => said(sending::UPLOAD_FROM_BEFORE),
                        Hold::Unreadable => said(sending::UPLOAD_UNREADABLE),
                        Hold::Elsewhere => sending::UPLOAD_ELSEWHERE.with(self.lang, &[&parcel.destination]),
                    };
                    let lost = (!parcel.kept).then(|| said(sending::UPLOAD_NOT_KEPT));
                    ([Some(text), lost].into_iter().flatten().collect::<Vec<_>>().join(" "), true)
                }
            },
        )
    }

    /// Why nothing was stored, of an upload.
    fn why_words(&self, why: &RemoteError) -> String {
        match why {
            RemoteError::Incomplete(_) => sending::UPLOAD_BROKE_OFF.in_lang(self.lang).to_owned(),
            why => why.words(self.lang),
        }
    }

    /// Failure Reason, PS3.3 C.14.1.1 and PS3.4 table B.2-1.
    fn failure_words(&self, reason: Option<u16>) -> String {
        let said = |text: Text| text.in_lang(self.lang).to_owned();
        match reason {
            Some(0xA700..=0xA7FF) => said(sending::FAILURE_RESOURCES),
            Some(0x0122) => said(sending::FAILURE_CLASS),
            Some(0x0124) => said(sending::FAILURE_RIGHTS),
            Some(0xA900..=0xA9FF | 0xC000..=0xCFFF) => said(sending::FAILURE_CONTENT),
            Some(code) => sending::FAILURE_OTHER.with(self.lang, &[&format!("{code:04X}H")]),
            None => said(sending::FAILURE_SILENT),
        }
    }

    pub(in crate::session) fn outbox_view(&self) -> Vec<ParcelRow> {
        let row = |parcel: &Parcel| {
            let (state, words) = match parcel.state {
                ParcelState::Sending => ("sending", sending::OUTBOX_STATE_SENDING),
                ParcelState::Waiting(_) => ("waiting", sending::OUTBOX_STATE_WAITING),
                ParcelState::Held(_) => ("held", sending::OUTBOX_STATE_HELD),
                ParcelState::Stored => ("stored", sending::OUTBOX_STATE_STORED),
            };
            let kind = |o: &OutboundObject| o.kind().word().to_uppercase();
            let kinds: Vec<String> = parcel.objects.iter().map(kind).collect();
            let one_of_several = parcel.rest().iter().filter(|_| parcel.rest().len() > 1 && parcel.can_send());
            let object = |o: &OutboundObject| ObjectRow {
                uid: o.sop_instance_uid().to_owned(),
                title: format!("{} {}", kind(o), o.sop_instance_uid()),
            };
            let at = self.lang.date_and_time(&parcel.at);
            let part = (parcel.unreadable > 0 && !parcel.objects.is_empty())
                .then(|| sending::UPLOAD_UNREADABLE_PART.with(self.lang, &[&parcel.unreadable.to_string()]));
            ParcelRow {
                id: parcel.id,
                title: match kinds[..] {
                    [] => sending::OUTBOX_UNREADABLE.in_lang(self.lang).to_owned(),
                    _ => format!("{} → {} · {at}", kinds.join(" + "), parcel.destination),
                },
                state,
                state_words: words.in_lang(self.lang),
                about: [Some(self.parcel_words(parcel.id).0), part].into_iter().flatten().collect::<Vec<_>>().join(" "),
                can_send: parcel.can_send(),
                can_stop: parcel.state == ParcelState::Sending,
                can_save: !parcel.rest().is_empty(),
                objects: one_of_several.map(object).collect(),
            }
        };
        self.outbox.parcels.iter().map(row).collect()
    }
}
