//! Blinded reading: the page tells nothing of the patient, of dates, or of what others reported.
//!
//! What a server or a file says in words (names, descriptions, names of files) may name the patient, so none of it is shown: series
//! go by their number, studies by their place in the list. What the reader's own work is about (HU, geometry, kernel) stays. A study
//! that was once shown otherwise is known for as long as the page lives, and a form answered on it does not say that it was blinded.

use super::change::Update;
use super::command::LedgerEntry;
use super::state::{Problem, ProblemReason, Session};
use super::words;
use crate::dicom::Series;
use crate::export::{PreviewLine, PreviewValue, Reason};
use crate::import::{StackTrait, VolumeFileError};
use crate::jobs::JobError;
use std::collections::BTreeSet;

/// What the site asks of its readers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SiteBlinding {
    /// The reader decides; the page begins open.
    #[default]
    Off,
    /// The reader decides; the page begins blinded.
    On,
    /// The page is blinded and stays so.
    Always,
}

/// How the page is blinded.
#[derive(Clone, Debug, Default)]
pub(super) struct Blinding {
    pub(super) on: bool,
    pub(super) site: SiteBlinding,
    /// Study Instance UIDs that were on the page while it was not blinded.
    known: BTreeSet<String>,
}

/// Stands for what is not shown.
pub(super) const HIDDEN: &str = "•••";

/// Modalities of what others wrote about the patient: reports, documents, key objects, presentation states.
const WRITTEN: [&str; 5] = ["SR", "DOC", "KO", "PR", "AU"];

impl Session {
    pub(super) fn toggle_blinded(&mut self, update: &mut Update) {
        if self.blinding.site == SiteBlinding::Always {
            return self.say(words::BLINDED_BY_SITE, update);
        }
        self.blinding.on = !self.blinding.on;
        self.notice = None;
    }

    pub(super) fn blind_by_site(&mut self, site: SiteBlinding) {
        self.blinding.site = site;
        self.blinding.on = site != SiteBlinding::Off;
    }

    /// Notes which studies the reader can tell by now.
    pub(super) fn note_what_is_shown(&mut self) {
        if self.blinding.on {
            return;
        }
        let shown = self.series.iter().filter_map(study_of).chain(self.case.as_ref().and_then(|c| study_of(&c.series)));
        let listed = self.study_uids();
        let new: Vec<String> =
            shown.chain(listed).filter(|u| !self.blinding.known.contains(*u)).map(str::to_owned).collect();
        self.blinding.known.extend(new);
    }

    /// Whether the open CT is read blinded, and was never shown otherwise.
    pub(super) fn is_read_blinded(&self) -> bool {
        let study = self.case.as_ref().and_then(|c| study_of(&c.series));
        self.blinding.on && study.is_none_or(|s| !self.blinding.known.contains(s))
    }

    /// Words that may name the patient; hidden where the reading is blinded.
    pub(super) fn or_hidden<'a>(&self, words: &'a str) -> &'a str {
        if self.blinding.on && !words.is_empty() { HIDDEN } else { words }
    }

    /// Whether a series is listed: what others wrote is not while the reading is blinded.
    pub(super) fn is_listed(&self, modality: &str) -> bool {
        !(self.blinding.on && WRITTEN.contains(&modality))
    }

    /// What tells a stack from others, without the time it was made.
    pub(super) fn shown_traits(&self, traits: &[StackTrait]) -> Vec<StackTrait> {
        let is_shown = |t: &&StackTrait| !(self.blinding.on && matches!(t, StackTrait::Time(_)));
        traits.iter().filter(is_shown).cloned().collect()
    }

    /// What was not opened, without names of files.
    pub(super) fn shown_problem(&self, n: usize, problem: &Problem) -> Problem {
        if !self.blinding.on {
            return problem.clone();
        }
        let reason = match &problem.reason {
            ProblemReason::Job(JobError::Volume(VolumeFileError::NoDataFile { .. })) => {
                ProblemReason::Job(VolumeFileError::NoDataFile { name: HIDDEN.to_owned() }.into())
            }
            ProblemReason::Absent { listed, absent, .. } => {
                ProblemReason::Absent { listed: *listed, absent: *absent, first: HIDDEN.to_owned() }
            }
            other => other.clone(),
        };
        Problem { name: words::BLINDED_FILE.with(self.lang, &[&(n + 1).to_string()]), reason }
    }

    /// A request, without what was asked: a query may hold a patient's name.
    pub(super) fn shown_entry(&self, entry: &LedgerEntry) -> LedgerEntry {
        let mut shown = entry.clone();
        if self.blinding.on
            && let Some(at) = shown.url.find('?')
        {
            shown.url.replace_range(at + 1.., HIDDEN);
        }
        shown
    }

    /// Whether the page is blinded, and whether the site wants it so.
    pub(super) fn blinded_view(&self) -> (bool, bool) {
        (self.blinding.on, self.blinding.site == SiteBlinding::Always)
    }

    /// What would leave, with the values hidden that say who the patient is and when the CT was made.
    pub(super) fn shown_line(&self, line: &PreviewLine) -> PreviewLine {
        let mut shown = line.clone();
        let tells = matches!(line.reason, Some(Reason::Patient | Reason::Pseudonym));
        if self.blinding.on && tells && matches!(&line.value, PreviewValue::Text(t) if !t.is_empty()) {
            shown.value = PreviewValue::Text(HIDDEN.to_owned());
        }
        shown
    }
}

/// The study a series belongs to; of a volume file, which has none, the series itself.
fn study_of(series: &Series) -> Option<&str> {
    let study = series.instances.first().map(|i| i.study.instance_uid.as_str()).filter(|uid| !uid.is_empty());
    study.or(Some(series.uid.as_str()))
}
