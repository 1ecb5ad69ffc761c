//! Autosave: what is written after each change, what is offered back, and what is said when that cannot be.
//!
//! Nothing here waits: writes leave as effects, one at a time for each CT; what changes meanwhile is gathered for the next. After
//! a failure the whole reading is written anew, for a journal with a gap cannot be played back.

use super::case_identity::{CaseDigest, case_digest};
use super::change::Update;
use super::command::{Action, Command, PaneId, PointerButton, PointerPhase, Tool};
use super::effect::Effect;
use super::outbox::OutboxEvent;
use super::region::Region;
use super::state::Session;
use super::view_model::counted;
use super::words;
use crate::annotation::{
    Document, History, Restored, StoredError, Transaction, record, replay, snapshot_entry, step_entries,
};
use crate::geometry::IndexBox;
use std::collections::BTreeMap;

/// Something to do with what is kept on this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeepRequest {
    /// Look for a reading of a CT, and let no other tab keep one; where one does, `take_over` decides.
    LookUp {
        /// The CT.
        case: CaseDigest,
        /// Whether this tab becomes the one that keeps it.
        take_over: bool,
    },
    /// Write a record: the only one from now on, or after the others.
    Write {
        /// The CT.
        case: CaseDigest,
        /// Whether it takes the place of all others.
        replace: bool,
        /// The record, to be encrypted.
        bytes: Vec<u8>,
    },
    /// Ask again after a while: [`KeepNews::Again`].
    Later(CaseDigest),
    /// Keep a parcel of the outbox until it is dropped.
    PutParcel {
        /// Its name.
        parcel: CaseDigest,
        /// To be encrypted.
        bytes: Vec<u8>,
        /// What goes once it is written, and stays if it is not.
        instead_of: Vec<ParcelName>,
    },
    /// Delete a parcel.
    DropParcel(ParcelName),
    /// Tell what parcels there are, at once or when no other tab has them any more: [`KeepNews::Parcels`].
    FindParcels,
    /// Delete all readings, of all CTs, and the key they are encrypted with unless a parcel needs it; parcels stay.
    ClearAll,
}

/// Which parcel of those that are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParcelName {
    /// As it was asked to be kept.
    Asked(CaseDigest),
    /// As it was found.
    Found(String),
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum KeepNews {
    /// For so many days readings are kept; 0: not at all.
    Days(u32),
    /// A look-up ended.
    Found(CaseDigest, Result<FoundRecords, KeepError>),
    /// A write ended.
    Written(CaseDigest, Result<(), KeepError>),
    /// Another tab took over.
    Lost(CaseDigest),
    /// It is time to try again.
    Again(CaseDigest),
    /// A parcel was written.
    ParcelWritten(CaseDigest, Result<(), KeepError>),
    /// The parcels that were kept, each with the name it lies under; no bytes where they do not decrypt.
    Parcels(Vec<(String, Vec<u8>)>),
    /// All was deleted.
    Cleared(Result<(), KeepError>),
}

/// Records of a CT, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundRecords {
    /// Up to the first that could not be decrypted.
    pub records: Vec<Vec<u8>>,
    /// Whether one could not be.
    pub cut_short: bool,
}

/// Why something is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeepError {
    /// No room is left.
    Full,
    /// The browser refuses; its words.
    Denied(String),
    /// Another tab keeps the reading of this CT.
    OtherTab,
    /// What was kept is gone: it was deleted from another tab.
    Gone,
}

/// Whether a reading can be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    LookingUp,
    /// A kept reading waits for an answer.
    Offered,
    On,
    Failed(KeepError),
    Unreadable(StoredError),
}

/// The keeping of one CT's reading.
#[derive(Debug)]
struct Keeper {
    state: State,
    /// Writes on their way.
    on_the_way: u32,
    /// Entries that wait for a write to end.
    waiting: Vec<u8>,
    /// The next write must be the whole reading.
    whole: bool,
    /// Something is not written yet.
    unsaved: bool,
    /// Bytes of the last record that was whole, and of those after it.
    bytes: (usize, usize),
}

/// What the session knows of autosave.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    keepers: BTreeMap<CaseDigest, Keeper>,
    /// The CT on screen.
    open: Option<CaseDigest>,
    offer: Option<Box<Restored>>,
    /// The reader is asked whether all is to be deleted.
    clearing: bool,
    off: bool,
}

/// Autosave as the page shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AutosaveView {
    /// `data-state`: `saved`, `saving`, `off`, `full`, `denied`, `other-tab`.
    pub state: &'static str,
    /// Words.
    pub text: String,
    /// Whether this tab can become the one that keeps.
    pub can_take_over: bool,
    /// A kept reading that can be taken up: when it was, and what it holds.
    pub offer: Option<String>,
    /// Whether the reader is asked if all is to be deleted.
    pub clearing: bool,
}

/// A journal is written anew when what follows its snapshot outgrows this many times the snapshot …
const REWRITE_AT: usize = 2;
/// … and this many bytes.
const REWRITE_BYTES: usize = 4 << 20;

impl Session {
    /// The CT is complete: looks for a reading of it.
    pub(super) fn identify(&mut self, update: &mut Update) {
        let Some(case) = self.case.as_ref().filter(|c| c.is_settled() && self.keeping.open.is_none()) else { return };
        let digest = case_digest(case);
        let touched = !case.is_untouched();
        self.keeping.open = Some(digest);
        update.changes.facts = true;
        if self.keeping.off {
            return;
        }
        if let Some(keeper) = self.keeping.keepers.get_mut(&digest) {
            // It was put aside and comes back.
            let known = matches!(keeper.state, State::On | State::Failed(_));
            if known {
                keeper.unsaved |= keeper.whole && touched;
                if keeper.state != State::On {
                    update.effects.push(Effect::Keep(KeepRequest::Later(digest)));
                }
                return;
            }
        }
        self.look_up(digest, false, update);
    }

    fn look_up(&mut self, case: CaseDigest, take_over: bool, update: &mut Update) {
        let touched = self.case.as_ref().is_some_and(|c| !c.is_untouched());
        let keeper = Keeper {
            state: State::LookingUp,
            on_the_way: 0,
            waiting: Vec::new(),
            whole: true,
            unsaved: touched,
            bytes: (0, 0),
        };
        self.keeping.keepers.insert(case, keeper);
        update.effects.push(Effect::Keep(KeepRequest::LookUp { case, take_over }));
    }

    /// After every command: what changed is written.
    pub(super) fn keep(&mut self, update: &mut Update) {
        let Some(digest) = self.keeping.open else { return };
        let (Some(case), Some(keeper)) = (&mut self.case, self.keeping.keepers.get_mut(&digest)) else { return };
        let steps = case.history.take_steps();
        if !steps.is_empty() {
            keeper.unsaved = true;
            update.changes.facts = true;
            match step_entries(&case.history, &steps).filter(|_| !keeper.whole) {
                Some(entries) => keeper.waiting.extend(entries),
                None => keeper.whole = true,
            }
        }
        // After a failure the next attempt comes with time, not with each stroke.
        if keeper.state == State::On && keeper.on_the_way == 0 {
            self.write(update);
        }
    }

    /// Writes what is not written, unless a stroke is in progress. A change on show is no part of it.
    fn write(&mut self, update: &mut Update) {
        if self.is_marking() {
            return;
        }
        let Some(digest) = self.keeping.open else { return };
        let (Some(case), Some(keeper)) = (&mut self.case, self.keeping.keepers.get_mut(&digest)) else { return };
        if !std::mem::take(&mut keeper.unsaved) {
            return;
        }
        keeper.whole |= keeper.bytes.1 + keeper.waiting.len() > REWRITE_BYTES.max(REWRITE_AT * keeper.bytes.0);
        let waiting = std::mem::take(&mut keeper.waiting);
        let replace = keeper.whole;
        let entries = if replace {
            let on_show = self.region.as_deref().map_or_else(Vec::new, Region::edits);
            match case.without(&on_show, |c| snapshot_entry(&c.document, &c.history, &c.reading_id)) {
                Ok(entries) => entries,
                Err(error) => {
                    (keeper.state, keeper.unsaved) = (State::Unreadable(error), true);
                    return;
                }
            }
        } else {
            waiting
        };
        keeper.bytes = if replace { (entries.len(), 0) } else { (keeper.bytes.0, keeper.bytes.1 + entries.len()) };
        keeper.whole = false;
        keeper.on_the_way += 1;
        update.changes.facts = true;
        let bytes = record(&self.now, &entries);
        update.effects.push(Effect::Keep(KeepRequest::Write { case: digest, replace, bytes }));
    }

    /// The CT on screen is put aside: what waits is written now.
    pub(super) fn keep_aside(&mut self, update: &mut Update) {
        self.keep(update);
        let on = |k: &Keeper| k.state == State::On;
        if self.keeping.open.and_then(|digest| self.keeping.keepers.get(&digest)).is_some_and(on) {
            self.write(update);
        }
        self.keeping.open = None;
        self.keeping.offer = None;
        self.keeping.keepers.retain(|_, k| matches!(k.state, State::On | State::Failed(_)));
    }

    pub(super) fn keeping_news(&mut self, news: KeepNews, update: &mut Update) {
        update.changes.facts = true;
        match news {
            KeepNews::Days(days) => {
                self.keeping.off = days == 0;
                if self.keeping.off {
                    self.keeping.keepers.clear();
                    self.keeping.offer = None;
                }
            }
            KeepNews::Found(case, found) => self.kept_found(case, found, update),
            KeepNews::Written(case, result) => self.record_written(case, result, update),
            KeepNews::ParcelWritten(parcel, result) => self.outbox_event(OutboxEvent::Kept(parcel, result), update),
            KeepNews::Parcels(kept) => self.outbox_event(OutboxEvent::Found(kept), update),
            KeepNews::Lost(case) => {
                if let Some(keeper) = self.keeping.keepers.get_mut(&case) {
                    (keeper.state, keeper.whole, keeper.unsaved) = (State::Failed(KeepError::OtherTab), true, true);
                    keeper.waiting.clear();
                }
                if self.keeping.open == Some(case) {
                    self.keeping.offer = None;
                }
            }
            KeepNews::Again(case) => {
                let failed = |k: &Keeper| {
                    matches!(k.state, State::Failed(KeepError::Full | KeepError::Denied(_))) && k.on_the_way == 0
                };
                let keeper = self.keeping.keepers.get(&case).filter(|k| self.keeping.open == Some(case) && failed(k));
                match keeper {
                    Some(_) if self.is_marking() => update.effects.push(Effect::Keep(KeepRequest::Later(case))),
                    Some(keeper) if keeper.unsaved => self.write(update),
                    Some(_) => self.look_up(case, false, update),
                    None => {}
                }
            }
            KeepNews::Cleared(result) => {
                self.keeping.keepers.clear();
                self.keeping.offer = None;
                let said = match result {
                    Ok(()) => words::AUTOSAVE_CLEARED.in_lang(self.lang).to_owned(),
                    Err(KeepError::Denied(why)) => words::AUTOSAVE_NOT_CLEARED.with(self.lang, &[&why]),
                    Err(_) => words::AUTOSAVE_NOT_CLEARED.with(self.lang, &["—"]),
                };
                self.notice = Some(said);
                if let Some(case) = self.keeping.open.filter(|_| !self.keeping.off) {
                    self.look_up(case, false, update);
                    // What is on screen is kept again with the next change, not before.
                    if let Some(keeper) = self.keeping.keepers.get_mut(&case) {
                        keeper.unsaved = false;
                    }
                }
            }
        }
    }

    fn kept_found(&mut self, digest: CaseDigest, found: Result<FoundRecords, KeepError>, update: &mut Update) {
        let looking = |k: &&mut Keeper| k.state == State::LookingUp;
        let Some(keeper) = self.keeping.keepers.get_mut(&digest).filter(looking) else { return };
        let Some(case) = self.case.as_mut().filter(|_| self.keeping.open == Some(digest)) else {
            self.keeping.keepers.remove(&digest);
            return;
        };
        // No part of what is kept.
        let on_show = self.region.as_deref().map_or_else(Vec::new, Region::edits);
        keeper.state = match found {
            Err(error) => {
                if error == KeepError::Full {
                    update.effects.push(Effect::Keep(KeepRequest::Later(digest)));
                }
                State::Failed(error)
            }
            Ok(FoundRecords { records, cut_short: false }) if records.is_empty() => State::On,
            Ok(FoundRecords { records, cut_short }) => {
                match replay(&records, *case.volume.grid(), &case.volume) {
                    Err(error) => State::Unreadable(error),
                    Ok(kept) if kept.document.segments().is_empty() && kept.history.is_untouched() => State::On,
                    // This very page wrote it: it was looked up again after a failure or a take-over.
                    Ok(kept) if case.without(&on_show, |c| is_same(&kept, &c.document, &c.history)) => {
                        (keeper.whole, keeper.unsaved) = (cut_short || kept.cut_short.is_some(), false);
                        State::On
                    }
                    Ok(mut kept) => {
                        if cut_short {
                            kept.cut_short = kept.cut_short.or(Some(StoredError::Damaged(records.len())));
                        }
                        self.keeping.offer = Some(Box::new(kept));
                        State::Offered
                    }
                }
            }
        };
    }

    fn record_written(&mut self, digest: CaseDigest, result: Result<(), KeepError>, update: &mut Update) {
        let Some(keeper) = self.keeping.keepers.get_mut(&digest) else { return };
        keeper.on_the_way = keeper.on_the_way.saturating_sub(1);
        match result {
            // What was on its way when another tab took over has arrived before it.
            Ok(()) if keeper.state == State::Failed(KeepError::OtherTab) => {}
            Ok(()) => keeper.state = State::On,
            Err(KeepError::Gone) if self.keeping.open == Some(digest) => self.look_up(digest, false, update),
            Err(error) => {
                keeper.whole = true;
                keeper.unsaved = true;
                keeper.waiting.clear();
                if error != KeepError::OtherTab {
                    update.effects.push(Effect::Keep(KeepRequest::Later(digest)));
                }
                keeper.state = State::Failed(error);
            }
        }
    }

    /// The reader takes up the kept reading. What was marked before the answer stays one undo away.
    pub(super) fn accept_kept(&mut self, update: &mut Update) {
        self.abort_gesture(update);
        let (Some(kept), Some(case), Some(digest)) = (self.keeping.offer.take(), &mut self.case, self.keeping.open)
        else {
            return;
        };
        let Some(keeper) = self.keeping.keepers.get_mut(&digest) else { return };
        (keeper.state, keeper.whole) = (State::On, kept.cut_short.is_some());
        if case.is_untouched() {
            let Restored { document, history, reading_id, .. } = *kept;
            (case.document, case.history, case.reading_id) = (document, history, reading_id);
            keeper.unsaved = keeper.whole;
        } else {
            let mine = case.document.to_edits();
            let mut edits: Vec<_> = mine.iter().rev().map(crate::annotation::Edit::inverse).collect();
            edits.extend(kept.document.to_edits());
            for edit in &edits {
                case.apply(edit, update);
            }
            case.history.commit(Transaction { name: "restore", edits });
            (keeper.whole, keeper.unsaved) = (true, true);
        }
        case.active = case.document.segments().last().map(|s| s.number);
        self.exported.clear();
        self.volume_revision += 1;
        update.changes.add_labels(IndexBox::whole(case.volume.grid().size()));
        self.notice = Some(words::RESTORED.in_lang(self.lang).to_owned());
    }

    /// The reader begins anew: the kept reading goes with the first change.
    pub(super) fn decline_kept(&mut self, update: &mut Update) {
        self.keeping.offer = None;
        if let Some(keeper) = self.keeping.open.and_then(|digest| self.keeping.keepers.get_mut(&digest)) {
            (keeper.state, keeper.whole) = (State::On, true);
        }
        update.changes.facts = true;
    }

    pub(super) fn take_over(&mut self, update: &mut Update) {
        if let Some(case) = self.keeping.open.filter(|_| self.autosave_view().can_take_over) {
            self.look_up(case, true, update);
        }
    }

    /// Asks whether all is to be deleted, or stops asking.
    pub(super) fn ask_to_clear(&mut self, ask: bool) {
        self.keeping.clearing = ask;
    }

    pub(super) fn clear_kept(&mut self, update: &mut Update) {
        if std::mem::take(&mut self.keeping.clearing) {
            update.effects.push(Effect::Keep(KeepRequest::ClearAll));
        }
    }

    /// Whether a command would mark something while the reader has not yet said what becomes of the kept reading.
    pub(super) fn must_answer_first(&self, command: &Command) -> bool {
        self.keeping.offer.is_some()
            && match command {
                Command::AddSegment(_) | Command::ChangeSegment(..) | Command::Answer(..) | Command::RunModel(_) => {
                    true
                }
                Command::Do(action) => matches!(
                    action,
                    Action::Interpolate
                        | Action::Refine(_)
                        | Action::CopySlice(_)
                        | Action::FillZones
                        | Action::ZonePlane(_)
                        | Action::MoveSegment(_)
                        | Action::DeleteSegment
                        | Action::ProposeLungs
                        | Action::ProposeLesions
                        | Action::Propose(_)
                        | Action::Piece(super::piecewise::PieceAction::Reject)
                        | Action::Artery(_)
                        | Action::Undo
                        | Action::Redo
                ),
                Command::Pointer(input) => {
                    let with_tool = input.button == PointerButton::Primary && !input.shift;
                    input.phase == PointerPhase::Down
                        && with_tool
                        && input.pane != PaneId::Volume
                        && matches!(
                            self.tool,
                            Tool::Contour
                                | Tool::Brush
                                | Tool::Eraser
                                | Tool::Push
                                | Tool::Region(_)
                                | Tool::Measure(_)
                        )
                }
                _ => false,
            }
    }

    /// Autosave as the page shows it.
    pub(super) fn autosave_view(&self) -> AutosaveView {
        let lang = self.lang;
        let say = |state: &'static str, text: words::Text| (state, text.in_lang(lang).to_owned());
        let keeper = self.keeping.open.and_then(|digest| self.keeping.keepers.get(&digest));
        let (state, text) = match keeper.map(|k| (&k.state, k)) {
            _ if self.keeping.off => say("off", words::AUTOSAVE_OFF),
            None => ("off", String::new()),
            Some((State::LookingUp, _)) => say("off", words::AUTOSAVE_LOOKING),
            Some((State::Offered, _)) => say("off", words::AUTOSAVE_OFFERED),
            Some((State::On, k)) if k.unsaved || k.on_the_way > 0 => say("saving", words::AUTOSAVE_SAVING),
            Some((State::On, _)) => say("saved", words::AUTOSAVE_SAVED),
            Some((State::Failed(KeepError::Full), _)) => say("full", words::AUTOSAVE_FULL),
            Some((State::Failed(KeepError::Denied(why)), _)) => ("denied", words::AUTOSAVE_DENIED.with(lang, &[why])),
            Some((State::Failed(KeepError::OtherTab | KeepError::Gone), _)) => {
                say("other-tab", words::AUTOSAVE_OTHER_TAB)
            }
            Some((State::Unreadable(error), _)) => {
                let why = super::explain::stored_error(*error).in_lang(lang);
                ("denied", words::AUTOSAVE_UNREADABLE.with(lang, &[why]))
            }
        };
        let offer = self.keeping.offer.as_deref().map(|kept| self.offer_text(kept));
        AutosaveView { state, text, can_take_over: state == "other-tab", offer, clearing: self.keeping.clearing }
    }

    fn offer_text(&self, kept: &Restored) -> String {
        let (lang, document) = (self.lang, &kept.document);
        let segments = document.segments();
        let ml: f64 = segments.iter().map(|s| document.volume_ml(s.number)).sum();
        let changes = kept.history.done().len() + kept.history.forgotten() as usize;
        let mut text = words::RESTORE_OFFER.with(
            lang,
            &[
                &lang.date_and_time(&kept.at),
                &counted(segments.len(), words::ONE_SEGMENT, words::SEVERAL_SEGMENTS, lang),
                &lang.number(ml, 1),
                &counted(changes, words::ONE_CHANGE, words::SEVERAL_CHANGES, lang),
            ],
        );
        if kept.cut_short.is_some() {
            text.push(' ');
            text.push_str(words::RESTORE_CUT_SHORT.in_lang(lang));
        }
        text
    }
}

/// Whether a kept reading is what is on screen.
fn is_same(kept: &Restored, document: &Document, history: &History) -> bool {
    kept.history.done() == history.done()
        && kept.history.undone() == history.undone()
        && kept.document.to_edits() == document.to_edits()
}

impl super::state::Case {
    /// Whether nothing was marked and nothing can be undone.
    pub(super) fn is_untouched(&self) -> bool {
        self.document.segments().is_empty() && self.history.is_untouched()
    }
}
