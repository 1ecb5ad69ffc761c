//! Handing over: where objects can go, what is shown before they do, and who signs them.

use super::change::Update;
use super::command::LedgerEntry;
use super::effect::Effect;
use super::handing_over::Written;
use super::outbox::{OutboxEvent, ParcelId};
use super::remote::Authentication;
use super::sign_in::SignInError;
use super::state::{Case, Session};
use super::words::{self, Lang, sending};
use crate::export::campaign::{self, Campaign};
use crate::export::{Audience, ExportContext, ExportError, OutboundObject, PreviewLine, Reason, table};
use std::sync::Arc;

/// What a server takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Store requests (STOW-RS), some objects in each.
    #[default]
    Archive,
    /// Files, one by one, in a folder.
    Folder,
}

/// A server that objects can be sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// Its name, as the reader sees it.
    pub name: String,
    /// How it knows who asks.
    pub authentication: Authentication,
    /// What it takes.
    pub delivery: Delivery,
}

/// What the site set: the hospital's server, and a campaign elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destinations {
    /// Where objects are filed with their CT.
    pub hospital: Option<Destination>,
    /// Where they go under a pseudonym.
    pub campaign: Option<(Destination, Campaign)>,
}

impl Destinations {
    /// The one for an audience.
    pub(super) fn of(&self, to: Audience) -> Option<&Destination> {
        match to {
            Audience::Hospital => self.hospital.as_ref(),
            Audience::Campaign => self.campaign.as_ref().map(|(destination, _)| destination),
        }
    }
}

/// The dialog of what leaves.
#[derive(Clone, Debug, Default)]
pub(super) enum UploadState {
    /// Closed.
    #[default]
    None,
    /// Shown to the reader, who has not confirmed.
    Preview {
        to: Audience,
        /// Every attribute with its value.
        lines: Arc<[PreviewLine]>,
        /// What would be sent; nothing if the reader must first do something.
        written: Written,
    },
    /// What is in the outbox, shown again; which parcel, if it waits for the reader to make himself known.
    Shown { to: Audience, lines: Arc<[PreviewLine]>, unknown: Option<ParcelId> },
    /// Confirmed.
    Sent(ParcelId),
}

/// What is shown of objects before they leave.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviewView {
    /// Whom they are for.
    pub to: Audience,
    /// Every attribute with its value and reason.
    pub lines: Arc<[PreviewLine]>,
    /// Name or code of the reader; `None` where it is written already.
    pub reader: Option<String>,
    /// What must be done first.
    pub problem: Option<String>,
    /// What the objects do not hold as the reader might expect; empty where there is nothing.
    pub notes: String,
    /// What the reader must give: user and password, or a token.
    pub authentication: Authentication,
    /// Whether it waits for the reader's word.
    pub can_confirm: bool,
}

/// The upload dialog.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum UploadView {
    /// Closed.
    #[default]
    Closed,
    /// The preview.
    Preview(PreviewView),
    /// A sentence, and the parcel that is on its way; none once the sentence is the last one.
    Said(String, Option<ParcelId>),
}

/// Longest name of a reader: a component group of a person name (PS3.5 6.2).
const LONGEST_NAME: usize = 64;

impl Session {
    pub(super) fn prepare_upload(&mut self, to: Audience, now: &str, update: &mut Update) {
        update.changes.facts = true;
        let Some(delivery) = self.destinations.of(to).map(|d| d.delivery) else {
            let why = match to {
                Audience::Hospital => sending::UPLOAD_NOWHERE,
                Audience::Campaign => sending::CAMPAIGN_NOWHERE,
            };
            return self.say(why, update);
        };
        if self.case.is_none() || !self.may_export(update) {
            return;
        }
        if self.case.as_ref().is_some_and(|c| !c.is_settled()) {
            return self.say(words::WAIT_FOR_SLICES, update);
        }
        let written =
            if self.reader_is_missing(to) { Ok(Written::default()) } else { self.parcel_of(delivery, now, to) };
        let lines = |written: Written| {
            let lines = written.objects.iter().map(OutboundObject::preview).collect::<Result<Vec<_>, _>>()?.concat();
            Ok((written, lines))
        };
        match written.and_then(lines) {
            Ok((written, lines)) => self.upload = UploadState::Preview { to, lines: lines.into(), written },
            Err(error) => {
                self.upload = UploadState::None;
                self.refuse(&error);
            }
        }
    }

    /// What a server is sent; a folder takes the bundle too, which no archive stores.
    fn parcel_of(&mut self, delivery: Delivery, now: &str, to: Audience) -> Result<Written, ExportError> {
        let mut written = self.objects(now, to)?;
        if delivery == Delivery::Folder {
            written.objects.push(self.bundle(now, to)?);
        }
        Ok(written)
    }

    fn reader_is_missing(&self, to: Audience) -> bool {
        to == Audience::Campaign && !campaign::is_reader_code(self.reader(to))
    }

    /// Name or code of the reader; empty where none was given.
    pub(super) fn reader(&self, to: Audience) -> &str {
        self.readers.get(&to).map_or("", String::as_str)
    }

    /// Takes a reader's name or code. What is on show is made anew.
    pub(super) fn set_reader(&mut self, to: Audience, text: &str, now: &str, update: &mut Update) {
        let text: String = text.trim().chars().filter(|c| !c.is_control() && !"\\=".contains(*c)).collect();
        self.readers.insert(to, text.chars().take(LONGEST_NAME).collect());
        if matches!(self.upload, UploadState::Preview { to: shown, .. } if shown == to) {
            self.prepare_upload(to, now, update);
        }
    }

    pub(super) fn confirm_upload(&mut self, update: &mut Update) {
        update.changes.facts = true;
        match std::mem::take(&mut self.upload) {
            UploadState::Preview { to, written, .. } if !written.objects.is_empty() => {
                self.upload = UploadState::Sent(self.post(to, written.objects, update));
            }
            UploadState::Shown { unknown: Some(id), .. } => {
                self.upload = UploadState::Sent(id);
                self.send_known(id, update);
            }
            other => self.upload = other,
        }
    }

    pub(super) fn cancel_upload(&mut self, update: &mut Update) {
        self.upload = UploadState::None;
        update.changes.facts = true;
    }

    /// The segmentation and the report that refers to it.
    pub(super) fn objects(&mut self, now: &str, to: Audience) -> Result<Written, ExportError> {
        let case = self.case.as_ref().ok_or(ExportError::Empty)?;
        let (revision, reader) = (case.history.revision(), self.reader(to).to_owned());
        if let Some((of, by, written)) = self.exported.get(&to)
            && (*of, by) == (revision, &reader)
        {
            return Ok(written.clone());
        }
        let context = self.context(case, now, to)?;
        let written = self.written(&context)?;
        self.exported.insert(to, (revision, reader, written.clone()));
        Ok(written)
    }

    /// What exports for an audience are told.
    pub(super) fn context(&self, case: &Case, now: &str, to: Audience) -> Result<ExportContext, ExportError> {
        let known = case.export_context(now, self.reader(Audience::Hospital));
        match (to, &self.destinations.campaign) {
            (Audience::Hospital, _) => Ok(known),
            (Audience::Campaign, Some((_, campaign))) => campaign::context(&known, campaign, self.reader(to)),
            (Audience::Campaign, None) => Err(ExportError::Empty),
        }
    }

    /// The dialog as the page shows it.
    pub(super) fn upload_view(&self) -> UploadView {
        let preview = |to: Audience, lines: &Arc<[PreviewLine]>, notes: String, is_written: bool, can_confirm: bool| {
            UploadView::Preview(PreviewView {
                to,
                lines: if self.blinding.on {
                    lines.iter().map(|l| self.shown_line(l)).collect()
                } else {
                    lines.clone()
                },
                reader: (!is_written).then(|| self.reader(to).to_owned()),
                problem: (!is_written && self.reader_is_missing(to))
                    .then(|| sending::READER_CODE_NEEDED.in_lang(self.lang).to_owned()),
                notes,
                authentication: self
                    .destinations
                    .of(to)
                    .map(|d| d.authentication)
                    .filter(|_| !is_written || can_confirm)
                    .unwrap_or_default(),
                can_confirm,
            })
        };
        match &self.upload {
            UploadState::None => UploadView::Closed,
            UploadState::Preview { to, lines, written } => {
                preview(*to, lines, self.export_notes(&written.notes), false, !written.objects.is_empty())
            }
            UploadState::Shown { to, lines, unknown } => preview(*to, lines, String::new(), true, unknown.is_some()),
            UploadState::Sent(id) => {
                let (text, last) = self.parcel_words(*id);
                UploadView::Said(text, Some(*id).filter(|_| !last))
            }
        }
    }

    /// Signing in ended; what waited for it goes.
    pub(super) fn signed_in(&mut self, to: Audience, result: Result<(), SignInError>, update: &mut Update) {
        let is_in = result.is_ok();
        self.signed_in.insert(to, result);
        if is_in {
            self.outbox_event(OutboxEvent::SignedIn(to), update);
        }
        update.changes.facts = true;
    }

    /// Nobody is signed in any more.
    pub(super) fn signed_out(&mut self, to: Audience, result: Result<(), SignInError>, update: &mut Update) {
        self.signed_in.remove(&to);
        self.notice = result.err().map(|why| why.words(self.lang));
        update.changes.facts = true;
    }

    pub(super) fn enter(&mut self, entry: LedgerEntry, update: &mut Update) {
        self.ledger.push(entry);
        update.changes.facts = true;
    }

    /// The list of requests, as a table.
    pub(super) fn save_ledger(&mut self, update: &mut Update) {
        let rows: Vec<_> = self
            .ledger
            .iter()
            .map(|e| [e.at.clone(), e.method.to_owned(), e.url.clone(), e.bytes.to_string(), e.kind.clone()])
            .collect();
        self.save_list("hilum-requests.csv", ["at", "method", "url", "bytes", "kind"], &rows, update);
    }

    /// What the preview shows, all of it, as a table.
    pub(super) fn save_preview(&mut self, update: &mut Update) {
        let UploadView::Preview(shown) = self.upload_view() else { return };
        let row = |l: &PreviewLine| {
            let why = reason_words(l.reason, shown.to, self.lang).to_owned();
            let [depth, item] = [l.depth, l.item].map(|n| n.to_string());
            [depth, item, l.tag_text(), l.keyword.to_string(), l.vr.to_owned(), l.value.to_string(), why]
        };
        let rows: Vec<_> = shown.lines.iter().map(row).collect();
        let head = ["depth", "item", "tag", "keyword", "vr", "value", "why"];
        self.save_list("hilum-leaves.csv", head, &rows, update);
    }

    fn save_list<const N: usize>(&mut self, name: &str, head: [&str; N], rows: &[[String; N]], update: &mut Update) {
        match table::plain(head, rows) {
            Ok(bytes) => {
                update.effects.push(Effect::Download { file_name: name.to_owned(), content_type: "text/csv", bytes });
            }
            Err(error) => self.refuse(&error),
        }
    }
}

/// Why an attribute leaves, in words.
pub fn reason_words(reason: Option<Reason>, to: Audience, lang: Lang) -> &'static str {
    let text = match reason {
        Some(Reason::Object) => sending::REASON_OBJECT,
        Some(Reason::Patient) => sending::REASON_PATIENT,
        Some(Reason::Pseudonym) => sending::REASON_PSEUDONYM,
        Some(Reason::Campaign) => sending::REASON_CAMPAIGN,
        Some(Reason::Time) if to == Audience::Campaign => sending::REASON_TIME_MOVED,
        Some(Reason::Source) if to == Audience::Campaign => sending::REASON_SOURCE_REPLACED,
        Some(Reason::Time) => sending::REASON_TIME,
        Some(Reason::Program) => sending::REASON_PROGRAM,
        Some(Reason::Reader) => sending::REASON_READER,
        Some(Reason::Source) => sending::REASON_SOURCE,
        Some(Reason::Place) => sending::REASON_PLACE,
        Some(Reason::Finding) => sending::REASON_FINDING,
        Some(Reason::Method) => sending::REASON_METHOD,
        None => return "",
    };
    text.in_lang(lang)
}
