//! Objects that the reader confirmed, until they are stored: sent again by themselves after a failure that passes, held for the
//! reader after one that does not, kept on this computer meanwhile.
//!
//! Sending twice is harmless: an object keeps its SOP Instance UID, and archives store one instance once.

mod shown;

pub use shown::{ObjectRow, ParcelRow};

use super::case_identity::CaseDigest;
use super::change::Update;
use super::command::UploadOutcome;
use super::effect::Effect;
use super::handing_over::download;
use super::keeping::{KeepError, KeepRequest, ParcelName};
use super::remote::{AnswerFault, RemoteError};
use super::sending::{Delivery, UploadState};
use super::state::Session;
use crate::dicom::{InstanceFailure, not_stored};
use crate::export::{Audience, Outbound, OutboundObject};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

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
    /// What it may lie under on this computer, the newest last.
    names: Vec<ParcelName>,
    /// The reader took an object out of it that lies under an older name still.
    has_less: bool,
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
    /// The reader stopped it before the page was closed.
    StoppedBefore,
    Elsewhere,
    Unreadable,
}

/// News of the outbox, or a wish for it.
#[derive(Clone, Debug)]
pub enum OutboxEvent {
    /// An upload ended.
    Answered(ParcelId, UploadOutcome),
    /// The wait after this many failures is over.
    Due(ParcelId, u32),
    /// The browser says that the network is back.
    Online,
    /// Send it now.
    Send(ParcelId),
    /// The reader has signed in there: what waited for that goes.
    SignedIn(Audience),
    /// Wait no longer for the answer to what is on its way.
    Stop(ParcelId),
    /// Take it out; nothing is kept of it.
    Discard(ParcelId),
    /// Take one object out of it, by its SOP Instance UID.
    DiscardObject(ParcelId, String),
    /// Save what is not stored of it as files: all, or one object by its SOP Instance UID.
    Save(ParcelId, Option<String>),
    /// Show every attribute of it.
    Show(ParcelId),
    /// What was kept from before: each parcel's name and bytes.
    Found(Vec<(String, Vec<u8>)>),
    /// Whether a parcel could be kept.
    Kept(CaseDigest, Result<(), KeepError>),
}

/// All parcels, oldest first.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    parcels: Vec<Parcel>,
    next: u32,
}

/// What of a parcel is kept; after it, whether the reader stopped it (older pages wrote nothing there).
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
/// What a server has for filing what came, ms: archives answer once all is in their database …
const FILING_MS: u32 = 120_000;
/// … and the slowest line that something is sent over, bytes in a ms: a quarter of a megabit in a second.
const SLOWEST_LINE: usize = 32;
/// After a failure there is twice the time, so that a line slower than that is not tried in vain for ever; so many times at most.
const MOST_DOUBLINGS: u32 = 4;

/// How long an upload may be without an answer, ms; then it has not arrived. The page is not told how far it is, so that a line that
/// hangs and a slow one look alike meanwhile.
pub fn patience_ms(bytes: usize, tries: u32) -> u32 {
    let on_the_way = u32::try_from(bytes / SLOWEST_LINE).unwrap_or(u32::MAX);
    let doubled = FILING_MS.saturating_add(on_the_way).saturating_mul(1 << tries.min(MOST_DOUBLINGS));
    // A browser's clock counts no farther.
    doubled.min(i32::MAX as u32)
}

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
    /// Asks for what is left of it to be kept, in the place of what was kept of it before.
    fn put(&mut self) -> Effect {
        let parcel = self.digest();
        let name = ParcelName::Asked(parcel);
        self.names.retain(|n| *n != name);
        let instead_of = self.names.clone();
        self.names.push(name);
        let kept = KeptParcel {
            version: KEPT_VERSION,
            campaign: self.to == Audience::Campaign,
            destination: self.destination.clone(),
            at: self.at.clone(),
            objects: self.rest().iter().map(|o| o.bytes().to_vec()).collect(),
        };
        // Nothing in it can fail to be written.
        let bytes = postcard::to_allocvec(&(kept, self.is_stopped())).unwrap_or_default();
        Effect::Keep(KeepRequest::PutParcel { parcel, bytes, instead_of })
    }
    /// Asks for nothing of it to be kept.
    fn drop_kept(&self) -> impl Iterator<Item = Effect> {
        self.names.iter().cloned().map(drop_name)
    }
    /// Of the bytes that were kept: the objects that read and may leave.
    fn found(name: String, bytes: &[u8]) -> Self {
        let read = postcard::take_from_bytes(bytes).ok();
        let read = read.filter(|(kept, _): &(KeptParcel, _)| kept.version == KEPT_VERSION);
        let is_stopped = read.as_ref().is_some_and(|(_, rest)| postcard::from_bytes(rest).unwrap_or(false));
        let (campaign, destination, at, kept) =
            read.map_or_else(Default::default, |(k, _)| (k.campaign, k.destination, k.at, k.objects));
        let to = if campaign { Audience::Campaign } else { Audience::Hospital };
        let all = kept.len();
        let objects: Vec<_> = kept.into_iter().filter_map(|o| OutboundObject::kept(o, to).ok()).collect();
        let why = match is_stopped {
            _ if objects.is_empty() => Hold::Unreadable,
            true => Hold::StoppedBefore,
            false => Hold::FromBefore,
        };
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
            names: vec![ParcelName::Found(name)],
            has_less: false,
        }
    }
    /// Whether there is something of it to send.
    fn can_send(&self) -> bool {
        !self.objects.is_empty() && matches!(self.state, ParcelState::Waiting(_) | ParcelState::Held(_))
    }
    /// Whether one that was found is this one, as it is or as it was kept before.
    fn is(&self, found: &Self) -> bool {
        let asked = ParcelName::Asked(found.digest());
        let named = found.names.iter().chain([&asked]).any(|name| self.names.contains(name));
        named || (!self.objects.is_empty() && self.digest() == found.digest())
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
        let unknown = [Hold::FromBefore, Hold::StoppedBefore, Hold::Failed(RemoteError::Unauthorized)];
        unknown.map(ParcelState::Held).contains(&self.state)
    }
    /// Whether the reader stopped it: then it goes when the reader says so.
    fn is_stopped(&self) -> bool {
        [Hold::StoppedBefore, Hold::Failed(RemoteError::Cancelled)].map(ParcelState::Held).contains(&self.state)
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

fn drop_name(name: ParcelName) -> Effect {
    Effect::Keep(KeepRequest::DropParcel(name))
}

impl Session {
    /// Takes what was confirmed, keeps it and sends it; what is on its way already is not sent beside it.
    pub(super) fn post(&mut self, to: Audience, objects: Vec<OutboundObject>, update: &mut Update) -> ParcelId {
        let uids = |objects: &[OutboundObject]| -> BTreeSet<String> {
            objects.iter().map(|o| o.sop_instance_uid().to_owned()).collect()
        };
        let wanted = uids(&objects);
        let is_on_its_way = |p: &&Parcel| p.state == ParcelState::Sending && p.to == to && uids(&p.objects) == wanted;
        if let Some(same) = self.outbox.parcels.iter().find(is_on_its_way) {
            return same.id;
        }
        let destination = self.destinations.of(to).map(|d| d.name.clone()).unwrap_or_default();
        let (at, state) = (self.now.clone(), ParcelState::Sending);
        let mut parcel = Parcel {
            id: ParcelId(0),
            to,
            destination,
            at,
            objects,
            state,
            stored: 0,
            one_by_one: false,
            tries: 0,
            kept: false,
            names: Vec::new(),
            has_less: false,
            unreadable: 0,
        };
        // The same again takes the place of what waits.
        self.outbox.parcels.retain(|p| p.state != ParcelState::Stored);
        let digest = parcel.digest();
        let same = |p: &mut Parcel| p.digest() == digest && p.state != ParcelState::Sending;
        // What was kept of it stays until the new one is written.
        for older in self.outbox.parcels.extract_if(.., same) {
            parcel.kept |= older.kept;
            parcel.has_less |= older.has_less;
            parcel.names.extend(older.names);
        }
        update.effects.push(parcel.put());
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
        let was_stopped = parcel.is_stopped();
        parcel.state = match outbound {
            _ if !configured => ParcelState::Held(Hold::Elsewhere),
            Ok(outbound) => {
                let patience_ms = patience_ms(outbound.body().len(), parcel.tries);
                update.effects.push(Effect::Upload(id, Box::new(outbound), patience_ms));
                ParcelState::Sending
            }
            Err(error) => ParcelState::Held(Hold::Failed(RemoteError::BadAnswer(AnswerFault::Said(error.to_string())))),
        };
        if was_stopped {
            update.effects.push(parcel.put());
        }
        update.changes.facts = true;
    }

    pub(super) fn outbox_event(&mut self, event: OutboxEvent, update: &mut Update) {
        update.changes.facts = true;
        match event {
            OutboxEvent::Answered(id, outcome) => self.answered(id, outcome, update),
            OutboxEvent::Due(id, tries) => {
                // It may have been sent meanwhile, and wait for a later time.
                let waits = |p: &Parcel| matches!(p.state, ParcelState::Waiting(_)) && p.tries == tries;
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
                let waits = |p: &&Parcel| p.to == to && p.is_from_nobody() && !p.is_stopped();
                let waiting: Vec<ParcelId> = self.outbox.parcels.iter().filter(waits).map(|p| p.id).collect();
                if let UploadState::Shown { unknown: Some(id), .. } = self.upload
                    && waiting.contains(&id)
                {
                    self.upload = UploadState::Sent(id);
                }
                waiting.into_iter().for_each(|id| self.send(id, update));
            }
            OutboxEvent::Stop(id) => {
                if let Some(parcel) = self.outbox.get_mut(id).filter(|p| p.state == ParcelState::Sending) {
                    parcel.state = ParcelState::Held(Hold::Failed(RemoteError::Cancelled));
                    update.effects.extend([Effect::StopUpload(id), parcel.put()]);
                }
            }
            OutboxEvent::Discard(id) => {
                for parcel in self.outbox.parcels.extract_if(.., |p| p.id == id) {
                    update.effects.push(Effect::StopUpload(id));
                    update.effects.extend(parcel.drop_kept());
                }
            }
            OutboxEvent::DiscardObject(id, uid) => self.discard_object(id, &uid, update),
            OutboxEvent::Save(id, uid) => {
                let rest = self.outbox.get(id).map(Parcel::rest).unwrap_or_default();
                let wanted = rest.iter().filter(|o| uid.as_deref().is_none_or(|uid| o.sop_instance_uid() == uid));
                update.effects.extend(wanted.map(download));
            }
            OutboxEvent::Show(id) => self.show_parcel(id),
            OutboxEvent::Found(kept) => self.parcels_found(kept, update),
            OutboxEvent::Kept(digest, Ok(())) => {
                let name = ParcelName::Asked(digest);
                for parcel in &mut self.outbox.parcels {
                    if let Some(place) = parcel.names.iter().position(|n| *n == name) {
                        parcel.names.drain(..place);
                        parcel.kept = true;
                        parcel.has_less &= parcel.names.len() > 1;
                    }
                }
            }
            // What was kept of it before is there all the same, and goes where it has an object that was taken out.
            OutboxEvent::Kept(digest, Err(_)) => {
                let name = ParcelName::Asked(digest);
                for parcel in self.outbox.parcels.iter_mut().filter(|p| p.has_less) {
                    if let Some(place) = parcel.names.iter().position(|n| *n == name) {
                        update.effects.extend(parcel.names.drain(..=place).map(drop_name));
                        parcel.kept = false;
                    }
                }
            }
        }
    }

    /// One object less; what is on its way stays as it is.
    fn discard_object(&mut self, id: ParcelId, uid: &str, update: &mut Update) {
        let Some(parcel) = self.outbox.get_mut(id).filter(|p| p.can_send()) else { return };
        let Some(place) = parcel.rest().iter().position(|o| o.sop_instance_uid() == uid) else { return };
        if parcel.rest().len() == 1 {
            return self.outbox_event(OutboxEvent::Discard(id), update);
        }
        parcel.objects.remove(parcel.stored + place);
        if let ParcelState::Held(Hold::Partly(_, failed)) = &mut parcel.state {
            failed.retain(|f| f.sop_instance_uid != uid);
        }
        parcel.has_less = true;
        update.effects.push(parcel.put());
    }

    fn answered(&mut self, id: ParcelId, outcome: UploadOutcome, update: &mut Update) {
        let Some(parcel) = self.outbox.get_mut(id).filter(|p| p.state == ParcelState::Sending) else { return };
        let digest = parcel.digest();
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
                if is_done {
                    update.effects.extend(parcel.drop_kept());
                } else if parcel.digest() != digest {
                    update.effects.push(parcel.put());
                }
                match (is_done, failed.is_empty()) {
                    (true, _) => parcel.state = ParcelState::Stored,
                    (false, true) => self.send(id, update),
                    (false, false) => parcel.state = ParcelState::Held(Hold::Partly(all, failed)),
                }
            }
            Err(why) if why.passes() => {
                parcel.tries += 1;
                update.effects.push(Effect::SendLater(id, parcel.wait_ms(), parcel.tries));
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
        let Some(parcel) = self.outbox.get(id).filter(|p| p.can_send() && !p.is_stopped()) else { return };
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
}
