//! Objects that the reader confirmed, until they are stored: sent again by themselves after a failure that passes, held for the
//! reader after one that does not, kept on this computer meanwhile.
//!
//! Sending twice is harmless: an object keeps its SOP Instance UID, and archives store one instance once.

use super::case_identity::CaseDigest;
use super::change::Update;
use super::command::{Effect, UploadOutcome};
use super::keeping::{KeepError, KeepRequest, ParcelName};
use super::remote::RemoteError;
use super::sending::{Delivery, UploadState};
use super::state::Session;
use super::words::{Text, sending};
use crate::dicom::{InstanceFailure, not_stored};
use crate::export::{Audience, Outbound, OutboundObject};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Names a parcel while the page is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParcelId(pub u32);

/// Objects that are sent together.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    id: ParcelId,
    to: Audience,
    /// The destination's name when the reader confirmed.
    destination: String,
    /// When that was, `YYYYMMDDHHMMSS`.
    at: String,
    objects: Vec<OutboundObject>,
    state: ParcelState,
    /// How many of its objects were stored: the first ones.
    stored: usize,
    /// They go one by one.
    one_by_one: bool,
    /// Failures one after the other.
    tries: u32,
    /// Whether it outlasts the page.
    kept: bool,
    /// What it lies under, if it was found so.
    found_as: Option<String>,
    /// So many more objects of it could not be read.
    unreadable: usize,
}

/// How a parcel stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ParcelState {
    Sending,
    /// It is sent again by itself.
    Waiting(RemoteError),
    /// It is sent again when the reader says so.
    Held(Hold),
    Stored,
}

/// Why a parcel needs the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Hold {
    Failed(RemoteError),
    /// Of so many objects these were not stored; the others were, and are no longer in the parcel.
    Partly(usize, Vec<InstanceFailure>),
    FromBefore,
    Elsewhere,
    Unreadable,
}

/// News of the outbox, or a wish for it.
#[derive(Clone, Debug)]
pub enum OutboxEvent {
    /// An upload ended.
    Answered(ParcelId, UploadOutcome),
    /// The wait after a failure is over.
    Due(ParcelId),
    /// The browser says that the network is back.
    Online,
    /// Send it now.
    Send(ParcelId),
    /// The reader has signed in there: what waited for that goes.
    SignedIn(Audience),
    /// Take it out; nothing is kept of it.
    Discard(ParcelId),
    /// Show every attribute of it.
    Show(ParcelId),
    /// What was kept from before: each parcel's name and bytes.
    Found(Vec<(String, Vec<u8>)>),
    /// Whether a parcel could be kept.
    Kept(CaseDigest, Result<(), KeepError>),
}

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
}

/// All parcels, oldest first.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    parcels: Vec<Parcel>,
    next: u32,
}

/// What of a parcel is kept.
#[derive(Serialize, Deserialize)]
struct KeptParcel {
    version: u8,
    campaign: bool,
    destination: String,
    at: String,
    objects: Vec<Vec<u8>>,
}

const KEPT_VERSION: u8 = 1;
/// The first wait after a failure, ms; each further one is twice as long …
const FIRST_WAIT_MS: u32 = 2_000;
/// … up to this.
const LONGEST_WAIT_MS: u32 = 300_000;

impl Outbox {
    fn get_mut(&mut self, id: ParcelId) -> Option<&mut Parcel> {
        self.parcels.iter_mut().find(|p| p.id == id)
    }
    pub(super) fn get(&self, id: ParcelId) -> Option<&Parcel> {
        self.parcels.iter().find(|p| p.id == id)
    }
    fn add(&mut self, parcel: Parcel) -> ParcelId {
        let id = ParcelId(self.next);
        self.next += 1;
        self.parcels.push(Parcel { id, ..parcel });
        id
    }
}

impl Parcel {
    /// What it lies under on this computer.
    fn name(&self) -> ParcelName {
        self.found_as.clone().map_or_else(|| ParcelName::Asked(self.digest()), ParcelName::Found)
    }
    /// The name it is asked to be kept under: of the reading, not of this page, so that two pages do not keep it twice.
    fn digest(&self) -> CaseDigest {
        let mut sha = Sha256::new();
        sha.update(b"hilum parcel 1");
        sha.update([u8::from(self.to == Audience::Campaign)]);
        for object in self.rest() {
            sha.update(object.sop_instance_uid());
            sha.update([0]);
        }
        CaseDigest(sha.finalize().into())
    }
    fn put(&self) -> KeepRequest {
        let kept = KeptParcel {
            version: KEPT_VERSION,
            campaign: self.to == Audience::Campaign,
            destination: self.destination.clone(),
            at: self.at.clone(),
            objects: self.rest().iter().map(|o| o.bytes().to_vec()).collect(),
        };
        // Nothing in it can fail to be written.
        let bytes = postcard::to_allocvec(&kept).unwrap_or_default();
        KeepRequest::PutParcel { parcel: self.digest(), bytes }
    }
    /// Of the bytes that were kept: the objects that read and may leave.
    fn found(name: String, bytes: &[u8]) -> Self {
        let read = postcard::from_bytes(bytes).ok().filter(|kept: &KeptParcel| kept.version == KEPT_VERSION);
        let (campaign, destination, at, kept) =
            read.map_or_else(Default::default, |k| (k.campaign, k.destination, k.at, k.objects));
        let to = if campaign { Audience::Campaign } else { Audience::Hospital };
        let all = kept.len();
        let objects: Vec<_> = kept.into_iter().filter_map(|o| OutboundObject::kept(o, to).ok()).collect();
        let why = if objects.is_empty() { Hold::Unreadable } else { Hold::FromBefore };
        Self {
            id: ParcelId(0),
            to,
            destination,
            at,
            unreadable: all - objects.len(),
            objects,
            state: ParcelState::Held(why),
            stored: 0,
            one_by_one: false,
            tries: 0,
            kept: true,
            found_as: Some(name),
        }
    }
    /// Whether there is something of it to send.
    fn can_send(&self) -> bool {
        !self.objects.is_empty() && matches!(self.state, ParcelState::Waiting(_) | ParcelState::Held(_))
    }
    /// Whether the two are one.
    fn is(&self, other: &Self) -> bool {
        self.name() == other.name() || (!self.objects.is_empty() && self.digest() == other.digest())
    }
    /// How long to wait after this many failures, ms: doubled each time, a quarter more or less by the parcel, so that pages that
    /// failed together do not come back together.
    fn wait_ms(&self) -> u32 {
        let doubled = FIRST_WAIT_MS.saturating_mul(1 << self.tries.saturating_sub(1).min(16)).min(LONGEST_WAIT_MS);
        let part = u32::from(self.digest().0[self.tries as usize % 32]);
        doubled / 4 * 3 + doubled / 2 / 256 * part
    }
    /// Whether nobody stands behind it whom its server knows.
    fn is_from_nobody(&self) -> bool {
        let unknown = [Hold::FromBefore, Hold::Failed(RemoteError::Unauthorized)].map(ParcelState::Held);
        unknown.contains(&self.state)
    }
    /// Objects that are not stored yet.
    fn rest(&self) -> &[OutboundObject] {
        self.objects.get(self.stored..).unwrap_or_default()
    }
    /// Every attribute of every object.
    pub(super) fn objects(&self) -> &[OutboundObject] {
        &self.objects
    }
    pub(super) fn to(&self) -> Audience {
        self.to
    }
}

impl Session {
    /// Takes what was confirmed, keeps it and sends it.
    pub(super) fn post(&mut self, to: Audience, objects: Vec<OutboundObject>, update: &mut Update) -> ParcelId {
        let destination = self.destinations.of(to).map(|d| d.name.clone()).unwrap_or_default();
        let (at, state) = (self.now.clone(), ParcelState::Sending);
        let id = ParcelId(0);
        let parcel = Parcel {
            id,
            to,
            destination,
            at,
            objects,
            state,
            stored: 0,
            one_by_one: false,
            tries: 0,
            kept: false,
            found_as: None,
            unreadable: 0,
        };
        // The same again takes the place of what waits.
        self.outbox.parcels.retain(|p| p.state != ParcelState::Stored);
        let same = |p: &mut Parcel| p.digest() == parcel.digest() && p.state != ParcelState::Sending;
        // One that was found may lie under another name: it would be found again.
        let found = self.outbox.parcels.extract_if(.., same).filter_map(|p| p.found_as);
        update.effects.extend(found.map(|name| Effect::Keep(KeepRequest::DropParcel(ParcelName::Found(name)))));
        update.effects.push(Effect::Keep(parcel.put()));
        let id = self.outbox.add(parcel);
        self.send(id, update);
        id
    }

    /// Sends what waits for its sender to be known, unless it has gone meanwhile.
    pub(super) fn send_known(&mut self, id: ParcelId, update: &mut Update) {
        if self.outbox.get(id).is_some_and(Parcel::is_from_nobody) {
            self.send(id, update);
        }
    }

    fn send(&mut self, id: ParcelId, update: &mut Update) {
        let Some(parcel) = self.outbox.get_mut(id) else { return };
        let destination = self.destinations.of(parcel.to);
        let configured = destination.is_some_and(|d| d.name == parcel.destination);
        parcel.one_by_one = destination.is_some_and(|d| d.delivery == Delivery::Folder);
        let outbound = match parcel.rest().first() {
            Some(object) if parcel.one_by_one => Ok(Outbound::file(object)),
            _ => Outbound::stow(parcel.rest()),
        };
        parcel.state = match outbound {
            _ if !configured => ParcelState::Held(Hold::Elsewhere),
            Ok(outbound) => {
                update.effects.push(Effect::Upload(id, Box::new(outbound)));
                ParcelState::Sending
            }
            Err(error) => ParcelState::Held(Hold::Failed(RemoteError::BadAnswer(error.to_string()))),
        };
        update.changes.facts = true;
    }

    pub(super) fn outbox_event(&mut self, event: OutboxEvent, update: &mut Update) {
        update.changes.facts = true;
        match event {
            OutboxEvent::Answered(id, outcome) => self.answered(id, outcome, update),
            OutboxEvent::Due(id) => {
                let waits = |p: &Parcel| matches!(p.state, ParcelState::Waiting(_));
                if self.outbox.get(id).is_some_and(waits) {
                    self.send(id, update);
                }
            }
            OutboxEvent::Online => {
                let waits = |p: &&Parcel| matches!(p.state, ParcelState::Waiting(_));
                let waiting: Vec<ParcelId> = self.outbox.parcels.iter().filter(waits).map(|p| p.id).collect();
                waiting.into_iter().for_each(|id| self.send(id, update));
            }
            OutboxEvent::Send(id) if self.must_be_known(id) => self.show_parcel(id),
            OutboxEvent::Send(id) => {
                if self.outbox.get(id).is_some_and(Parcel::can_send) {
                    self.send(id, update);
                }
            }
            OutboxEvent::SignedIn(to) => {
                let waits = |p: &&Parcel| p.to == to && p.is_from_nobody();
                let waiting: Vec<ParcelId> = self.outbox.parcels.iter().filter(waits).map(|p| p.id).collect();
                if let UploadState::Shown { unknown: Some(id), .. } = self.upload
                    && waiting.contains(&id)
                {
                    self.upload = UploadState::Sent(id);
                }
                waiting.into_iter().for_each(|id| self.send(id, update));
            }
            OutboxEvent::Discard(id) => {
                if let Some(place) = self.outbox.parcels.iter().position(|p| p.id == id) {
                    let parcel = self.outbox.parcels.remove(place);
                    update.effects.push(Effect::Keep(KeepRequest::DropParcel(parcel.name())));
                }
            }
            OutboxEvent::Show(id) => self.show_parcel(id),
            OutboxEvent::Found(kept) => self.parcels_found(kept, update),
            OutboxEvent::Kept(digest, result) => {
                if let Some(parcel) = self.outbox.parcels.iter_mut().find(|p| p.digest() == digest) {
                    parcel.kept = result.is_ok();
                }
            }
        }
    }

    fn answered(&mut self, id: ParcelId, outcome: UploadOutcome, update: &mut Update) {
        let Some(parcel) = self.outbox.get_mut(id).filter(|p| p.state == ParcelState::Sending) else { return };
        let (before, digest) = (parcel.name(), parcel.digest());
        let sent: Vec<&str> = parcel.rest().iter().map(OutboundObject::sop_instance_uid).collect();
        let outcome = outcome.and_then(|reply| match reply.status {
            // Who puts a file in a folder is told 201 or 204, often with a page that says so; a page under 200 is a gateway's.
            200 if reply.is_page => Err(RemoteError::Page),
            200..=299 if parcel.one_by_one => Ok(Vec::new()),
            // 202 says that some instances were not stored or all were with warnings, 409 that none was (PS3.18 table 10.5.3-1).
            status @ (200 | 202 | 409) if !parcel.one_by_one => match not_stored(&reply.answer, &sent) {
                Some(failed) if status != 409 || !failed.is_empty() => Ok(failed),
                _ if status == 409 => Err(RemoteError::of_status(status)),
                _ => Err(RemoteError::NoReceipt),
            },
            status => Err(RemoteError::of_status(status)),
        });
        match outcome {
            Ok(failed) => {
                let all = parcel.rest().len();
                let is_left = |o: &OutboundObject| failed.iter().any(|f| f.sop_instance_uid == o.sop_instance_uid());
                if parcel.one_by_one {
                    parcel.stored += 1;
                } else {
                    // What was stored stands before what was not.
                    parcel.objects[parcel.stored..].sort_by_key(is_left);
                    parcel.stored += parcel.rest().iter().filter(|o| !is_left(o)).count();
                }
                parcel.tries = 0;
                let is_done = parcel.rest().is_empty();
                // Where nothing of it was stored it stays as it is kept: its name may be the one that it was found under.
                if parcel.digest() != digest {
                    if !is_done {
                        update.effects.push(Effect::Keep(parcel.put()));
                        parcel.found_as = None;
                    }
                    update.effects.push(Effect::Keep(KeepRequest::DropParcel(before)));
                }
                match (is_done, failed.is_empty()) {
                    (true, _) => parcel.state = ParcelState::Stored,
                    (false, true) => self.send(id, update),
                    (false, false) => parcel.state = ParcelState::Held(Hold::Partly(all, failed)),
                }
            }
            Err(why) if why.passes() => {
                parcel.tries += 1;
                update.effects.push(Effect::SendLater(id, parcel.wait_ms()));
                parcel.state = ParcelState::Waiting(why);
            }
            Err(why) => {
                let (to, is_unknown) = (parcel.to, why == RemoteError::Unauthorized);
                parcel.state = ParcelState::Held(Hold::Failed(why));
                if is_unknown {
                    // Whoever signed in is not known there any more.
                    self.signed_in.remove(&to);
                }
            }
        }
    }

    /// What waited when the page was closed goes on, where nobody has to sign in first.
    fn parcels_found(&mut self, kept: Vec<(String, Vec<u8>)>, update: &mut Update) {
        for (name, bytes) in kept {
            let parcel = Parcel::found(name, &bytes);
            if !self.outbox.parcels.iter().any(|p| p.is(&parcel)) {
                let id = self.outbox.add(parcel);
                self.send_unasked(id, update);
            }
        }
    }

    /// The site's configuration came: what waited for it goes on.
    pub(super) fn outbox_configured(&mut self, update: &mut Update) {
        let waits = |p: &&mut Parcel| p.state == ParcelState::Held(Hold::Elsewhere);
        let waiting = self.outbox.parcels.iter_mut().filter(waits).map(|parcel| {
            parcel.state = ParcelState::Held(Hold::FromBefore);
            parcel.id
        });
        waiting.collect::<Vec<_>>().into_iter().for_each(|id| self.send_unasked(id, update));
    }

    /// Sends what was found where nobody has to sign in first.
    fn send_unasked(&mut self, id: ParcelId, update: &mut Update) {
        let Some(parcel) = self.outbox.get(id).filter(|p| p.can_send()) else { return };
        if !self.destinations.of(parcel.to).is_some_and(|d| d.authentication.asks()) {
            self.send(id, update);
        }
    }

    fn show_parcel(&mut self, id: ParcelId) {
        let Some(parcel) = self.outbox.get(id) else { return };
        let lines = parcel.objects().iter().flat_map(|o| o.preview().unwrap_or_default()).collect::<Vec<_>>();
        let unknown = Some(id).filter(|id| self.must_be_known(*id));
        self.upload = UploadState::Shown { to: parcel.to(), lines: lines.into(), unknown };
    }

    /// Whether the reader has to give a password or a token, or sign in, before a parcel can go.
    fn must_be_known(&self, id: ParcelId) -> bool {
        self.outbox.get(id).filter(|p| p.is_from_nobody()).is_some_and(|parcel| {
            let asks = self.destinations.of(parcel.to).is_some_and(|d| d.authentication.asks());
            asks && !matches!(self.signed_in.get(&parcel.to), Some(Ok(())))
        })
    }

    /// What the dialog says of a parcel, and whether that is all for now.
    pub(super) fn parcel_words(&self, id: ParcelId) -> (String, bool) {
        let said = |text: Text| text.in_lang(self.lang).to_owned();
        self.outbox.get(id).map_or_else(
            || (String::new(), true),
            |parcel| match &parcel.state {
                ParcelState::Sending => {
                    let bytes: usize = parcel.rest().iter().map(|o| o.bytes().len()).sum();
                    let mb = self.lang.number(bytes as f64 / 1e6, 1);
                    let (count, all) = (parcel.stored.to_string(), parcel.objects.len().to_string());
                    (sending::UPLOADING.with(self.lang, &[&count, &all, &mb]), false)
                }
                ParcelState::Stored => {
                    let count = parcel.objects.len().to_string();
                    (sending::UPLOADED.with(self.lang, &[&count]), true)
                }
                ParcelState::Waiting(why) => {
                    let seconds = parcel.wait_ms().div_ceil(1000).to_string();
                    let tries = parcel.tries.to_string();
                    let text = sending::UPLOAD_WAITS.with(self.lang, &[&why.words(self.lang), &tries, &seconds]);
                    let kept = if parcel.kept { sending::UPLOAD_KEPT } else { sending::UPLOAD_NOT_KEPT };
                    (format!("{text} {}", said(kept)), true)
                }
                ParcelState::Held(why) => {
                    let text = match why {
                        Hold::Failed(why) => sending::UPLOAD_HELD.with(self.lang, &[&why.words(self.lang)]),
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
                    (text, true)
                }
            },
        )
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

    pub(super) fn outbox_view(&self) -> Vec<ParcelRow> {
        let row = |parcel: &Parcel| {
            let (state, words) = match parcel.state {
                ParcelState::Sending => ("sending", sending::OUTBOX_STATE_SENDING),
                ParcelState::Waiting(_) => ("waiting", sending::OUTBOX_STATE_WAITING),
                ParcelState::Held(_) => ("held", sending::OUTBOX_STATE_HELD),
                ParcelState::Stored => ("stored", sending::OUTBOX_STATE_STORED),
            };
            let kinds: Vec<String> = parcel.objects.iter().map(|o| o.kind().word().to_uppercase()).collect();
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
            }
        };
        self.outbox.parcels.iter().map(row).collect()
    }
}
