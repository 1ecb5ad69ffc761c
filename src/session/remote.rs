//! Reading from the site's DICOMweb server: the search, what it found, and a series on its way.

use super::change::Update;
use super::connection::Seen;
use super::effect::Effect;
use super::sending::Delivery;
use super::state::Session;
use super::words::{self, Lang, Text, text as t};
use crate::dicom::{
    JsonDataSet, MOST_PART, MOST_STUDIES, MultipartError, RemoteSeries, RemoteStudy, StudyQuery, instances_path,
    series, series_path, studies,
};
use crate::import::MOST_UNPACKED_BYTES;
use std::collections::BTreeMap;

/// How the server knows who asks. The secret is asked of the reader and kept in memory only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authentication {
    /// It does not ask.
    #[default]
    None,
    /// The site's cookies (and certificates) are sent, to another origin too.
    Cookie,
    /// User and password (RFC 7617).
    Basic,
    /// A token (RFC 6750).
    Bearer,
    /// A token that the hospital's identity provider gives (OpenID Connect).
    OpenId,
}

impl Authentication {
    /// Whether the reader has to do something before anything can be asked.
    pub fn asks(self) -> bool {
        matches!(self, Self::Basic | Self::Bearer | Self::OpenId)
    }
}

/// Why the server gave no answer that could be used, by what cures it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteError {
    /// No answer that the page may read: the network, TLS, or one of the two below where it was not asked which.
    Unreachable,
    /// There is an answer, but the server does not name this page's origin (CORS).
    Origin,
    /// The page's `connect-src` does not name the server.
    Policy,
    /// None in the time that it was given.
    NoAnswer,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 406: the server cannot give instances as they are stored.
    NotAcceptable,
    /// Another status.
    Status(u16),
    /// Something that is not what was asked for.
    BadAnswer(AnswerFault),
    /// A web page, as a gateway shows it that asks for a sign-in.
    Page,
    /// The answer to a store request does not say that anything was stored.
    NoReceipt,
    /// The answer broke off.
    Incomplete(AnswerFault),
    /// The reader stopped it.
    Cancelled,
}

/// What is wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerFault {
    /// Its parts.
    Parts(MultipartError),
    /// It has no body.
    NoBody,
    /// It has more than so many bytes.
    TooLarge(u64),
    /// What the browser, or a reader of data sets, says of it; may be empty.
    Said(String),
}

impl From<&str> for AnswerFault {
    fn from(said: &str) -> Self {
        Self::Said(said.to_owned())
    }
}

impl AnswerFault {
    fn words(&self, lang: Lang) -> String {
        match self {
            Self::Said(said) => said.clone(),
            Self::NoBody => t("it has no body", "elle est sans contenu").in_lang(lang).to_owned(),
            Self::TooLarge(most) => {
                t("it has more than {} bytes", "elle dépasse {} octets").with(lang, &[&most.to_string()])
            }
            Self::Parts(MultipartError::NotMultipart(kind)) => {
                t("it is {}, not multipart", "elle est de type {}, non multipart").with(lang, &[kind])
            }
            Self::Parts(MultipartError::NoBoundary) => {
                t("its type names no boundary", "son type ne nomme aucune frontière (boundary)")
                    .in_lang(lang)
                    .to_owned()
            }
            Self::Parts(MultipartError::Header(part)) => {
                t("part {} has a header that is too long", "la partie {} a un en-tête trop long")
                    .with(lang, &[&part.to_string()])
            }
            Self::Parts(MultipartError::TooLarge(part)) => {
                t("part {} has more than {} bytes", "la partie {} dépasse {} octets")
                    .with(lang, &[&part.to_string(), &MOST_PART.to_string()])
            }
            Self::Parts(MultipartError::Delimiter(part)) => t(
                "something else follows the boundary before part {}",
                "autre chose suit la frontière (boundary) avant la partie {}",
            )
            .with(lang, &[&part.to_string()]),
            Self::Parts(MultipartError::Truncated(part)) => {
                t("it ends within part {}", "elle s’arrête dans la partie {}").with(lang, &[&part.to_string()])
            }
        }
    }
}

impl RemoteError {
    /// Of a status that is not 200 to 299.
    pub fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            406 => Self::NotAcceptable,
            other => Self::Status(other),
        }
    }
    /// Of a server that gave no answer, by what was seen of a request that may not read its answer, and then of one that may.
    pub fn of_silence(any: &Seen, again: &Seen) -> Self {
        // A line that broke once may hold now: then it was no rule of the server's.
        let is_refused = any.opaque && again.status.is_none() && !again.redirects && !again.late;
        match any {
            Seen { by_policy: true, .. } => Self::Policy,
            _ if is_refused => Self::Origin,
            _ => Self::Unreachable,
        }
    }
    /// Whether it may pass by itself: the same request may succeed later.
    pub fn passes(&self) -> bool {
        match self {
            Self::Unreachable | Self::NoAnswer | Self::Incomplete(_) => true,
            Self::Status(status) => matches!(status, 408 | 425 | 429 | 500 | 502..=504),
            _ => false,
        }
    }
    /// `data-cause` in the automation contract.
    pub fn cause(&self) -> &'static str {
        match self {
            Self::Unreachable | Self::NoAnswer => "network",
            Self::Origin => "cors",
            Self::Policy => "policy",
            Self::Unauthorized => "401",
            Self::Forbidden => "403",
            Self::NotFound => "404",
            Self::NotAcceptable => "406",
            Self::Status(_) => "status",
            Self::BadAnswer(_) | Self::NoReceipt => "answer",
            Self::Page => "page",
            Self::Incomplete(_) => "incomplete",
            Self::Cancelled => "cancelled",
        }
    }
    /// What happened and what to do.
    pub fn words(&self, lang: Lang) -> String {
        let fixed = |text: Text| text.in_lang(lang).to_owned();
        match self {
            Self::Unreachable => fixed(words::REMOTE_UNREACHABLE),
            Self::Origin => [words::connection::FAULT_ORIGIN, words::connection::CURE_ORIGIN].map(fixed).join(" "),
            Self::Policy => [words::connection::FAULT_POLICY, words::connection::CURE_POLICY].map(fixed).join(" "),
            Self::NoAnswer => fixed(words::REMOTE_NO_ANSWER),
            Self::Unauthorized => fixed(words::REMOTE_UNAUTHORIZED),
            Self::Forbidden => fixed(words::REMOTE_FORBIDDEN),
            Self::NotFound => fixed(words::REMOTE_NOT_FOUND),
            Self::NotAcceptable => fixed(words::REMOTE_NOT_ACCEPTABLE),
            Self::Status(status) => words::REMOTE_STATUS.with(lang, &[&status.to_string()]),
            Self::BadAnswer(why) => words::REMOTE_BAD_ANSWER.with(lang, &[&why.words(lang)]),
            Self::Page => fixed(words::REMOTE_PAGE),
            Self::NoReceipt => fixed(words::REMOTE_NO_RECEIPT),
            Self::Incomplete(why) => words::REMOTE_INCOMPLETE.with(lang, &[&why.words(lang)]),
            Self::Cancelled => fixed(words::REMOTE_CANCELLED),
        }
    }
}

/// What happens in the dialog and on the line.
#[derive(Clone, Debug)]
pub enum RemoteEvent {
    /// The configuration names a server to read from, and how to ask it.
    Configured(Authentication),
    /// Look for studies.
    Search(StudyQuery),
    /// Show the series of a study.
    Study(String),
    /// Get a series, by its place in the list.
    Retrieve(usize),
    /// Stop what is under way.
    Cancel,
    /// Open what came before the line broke.
    OpenWhatCame,
    /// An answer to a search.
    Found(Result<Vec<JsonDataSet>, RemoteError>),
    /// Instances and bytes that have come so far.
    Came(usize, u64),
    /// A series came, whole or not.
    Retrieved(Result<AnswerForm, RemoteError>),
}

/// How a server gives instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerForm {
    /// One by one.
    Instances,
    /// All in one archive.
    Archive,
}

/// Most bytes of such an archive: no more is opened of it.
pub const MOST_ARCHIVE: u64 = MOST_UNPACKED_BYTES;

/// What is under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Asking {
    #[default]
    Nothing,
    Studies,
    Series(String),
    Instances(RemoteSeries),
}

/// The dialog.
#[derive(Debug, Default)]
pub(super) struct Remote {
    is_open: bool,
    /// There is a server to read from.
    configured: bool,
    authentication: Authentication,
    asking: Asking,
    studies: Vec<RemoteStudy>,
    /// More than were asked for match.
    more: bool,
    /// The study whose series are listed.
    study: String,
    series: Vec<RemoteSeries>,
    /// The modality last searched for; `None`: CT.
    modality: Option<String>,
    /// How many instances the series that were asked for have, as the server said, by their UID.
    announced: BTreeMap<String, usize>,
    came: (usize, u64),
    /// The series that was last asked for, by its place.
    last: Option<usize>,
    error: Option<RemoteError>,
    /// A search has been answered.
    answered: bool,
}

/// The dialog as the page shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoteView {
    /// Whether it is shown.
    pub is_open: bool,
    /// Whether something is under way.
    pub busy: bool,
    /// What the reader must give: user and password, or a token.
    pub authentication: Authentication,
    /// Studies found: UID and words (name, ID, date, description).
    pub studies: Vec<(String, [String; 4])>,
    /// The study whose series are listed.
    pub study: String,
    /// Its series: place in the server's list, UID, modality, instances, words.
    pub series: Vec<(usize, String, String, Option<usize>, String)>,
    /// What has happened, in words.
    pub said: String,
    /// Instances of the series under way that came, and how many there are.
    pub progress: Option<(usize, Option<usize>)>,
    /// Cause and words of what went wrong.
    pub error: Option<(&'static str, String)>,
    /// Instances that came before the line broke.
    pub came: usize,
    /// The series that can be asked for again.
    pub retry: Option<usize>,
}

impl Session {
    /// Shows or hides the dialog.
    pub(super) fn toggle_remote(&mut self, update: &mut Update) {
        let is_archive = self.destinations.hospital.as_ref().is_some_and(|d| d.delivery == Delivery::Archive);
        if !is_archive && !self.remote.configured {
            return self.say(words::sending::UPLOAD_NOWHERE, update);
        }
        self.remote.is_open = !self.remote.is_open;
        if !self.remote.is_open {
            self.stop_asking(update);
        }
        update.changes.facts = true;
    }

    /// Escape closes the dialog.
    pub(super) fn close_remote(&mut self, update: &mut Update) {
        if self.remote.is_open {
            self.toggle_remote(update);
        }
    }

    fn stop_asking(&mut self, update: &mut Update) {
        self.remote.asking = Asking::Nothing;
        self.remote.came = (0, 0);
        self.remote.error = None;
        update.effects.push(Effect::CancelRemote);
    }

    fn ask(&mut self, asking: Asking, path: String, update: &mut Update) {
        self.stop_asking(update);
        self.remote.is_open = true;
        update.effects.push(match asking {
            Asking::Instances(_) => Effect::Retrieve(path),
            _ => Effect::Search(path),
        });
        self.remote.asking = asking;
    }

    pub(super) fn remote_event(&mut self, event: RemoteEvent, update: &mut Update) {
        update.changes.facts = true;
        match event {
            RemoteEvent::Configured(authentication) => {
                (self.remote.configured, self.remote.authentication) = (true, authentication);
            }
            RemoteEvent::Search(query) => {
                self.remote.last = None;
                self.remote.series.clear();
                self.remote.study.clear();
                self.ask(Asking::Studies, query.path(), update);
                self.remote.modality = Some(query.modality);
            }
            RemoteEvent::Study(uid) => {
                let modality = self.remote.modality.as_deref().unwrap_or("CT");
                if let Some(path) = series_path(&uid, modality) {
                    self.remote.series.clear();
                    self.remote.study.clone_from(&uid);
                    self.remote.last = None;
                    self.ask(Asking::Series(uid), path, update);
                }
            }
            RemoteEvent::Retrieve(place) => {
                let wanted = self.remote.series.get(place).cloned();
                if let Some((series, path)) = wanted.and_then(|s| instances_path(&s).map(|path| (s, path))) {
                    self.remote.announced.extend(series.instances.map(|n| (series.uid.clone(), n)));
                    self.ask(Asking::Instances(series), path, update);
                    self.remote.last = Some(place);
                }
            }
            RemoteEvent::Cancel => {
                self.stop_asking(update);
                self.remote.error = Some(RemoteError::Cancelled);
            }
            RemoteEvent::OpenWhatCame => {
                if self.remote.came.0 > 0 && self.remote.asking == Asking::Nothing {
                    self.open_retrieved(update);
                }
            }
            RemoteEvent::Found(answer) => self.searched(answer),
            RemoteEvent::Came(instances, bytes) => {
                // What was stopped may still be heard of.
                if matches!(self.remote.asking, Asking::Instances(_)) {
                    self.remote.came = (instances, bytes);
                }
            }
            RemoteEvent::Retrieved(outcome) => {
                let Asking::Instances(series) = std::mem::take(&mut self.remote.asking) else { return };
                match outcome {
                    // A server that leaves instances out ends as if all had come. Those of an archive are counted once it is open.
                    Ok(form)
                        if form == AnswerForm::Archive || series.instances.is_none_or(|n| self.remote.came.0 >= n) =>
                    {
                        self.open_retrieved(update);
                    }
                    Ok(_) => self.remote.error = Some(RemoteError::Incomplete("".into())),
                    Err(error) => self.remote.error = Some(error),
                }
            }
        }
    }

    fn open_retrieved(&mut self, update: &mut Update) {
        self.remote.is_open = false;
        self.remote.came = (0, 0);
        self.remote.error = None;
        update.effects.push(Effect::OpenRetrieved);
    }

    fn searched(&mut self, answer: Result<Vec<JsonDataSet>, RemoteError>) {
        let remote = &mut self.remote;
        match (std::mem::take(&mut remote.asking), answer) {
            (Asking::Nothing | Asking::Instances(_), _) => {}
            (_, Err(error)) => remote.error = Some(error),
            (Asking::Studies, Ok(answer)) => {
                remote.studies = studies(&answer);
                remote.more = remote.studies.len() > MOST_STUDIES;
                remote.studies.truncate(MOST_STUDIES);
                remote.answered = true;
            }
            (Asking::Series(study), Ok(answer)) => {
                remote.series = series(&answer, &study);
                if remote.series.is_empty() {
                    remote.error = Some(RemoteError::NotFound);
                }
            }
        }
    }

    /// Objects of a series, as its server said when it was asked for.
    pub(super) fn announced(&self, series_uid: &str) -> Option<usize> {
        self.remote.announced.get(series_uid).copied()
    }

    /// The studies that are listed.
    pub(super) fn study_uids(&self) -> impl Iterator<Item = &str> {
        self.remote.studies.iter().map(|s| s.uid.as_str())
    }

    pub(super) fn remote_view(&self) -> RemoteView {
        let (remote, lang) = (&self.remote, self.lang);
        let study = |(n, s): (usize, &RemoteStudy)| {
            let date = match (s.date.get(..4), s.date.get(4..6), s.date.get(6..8)) {
                (Some(y), Some(m), Some(d)) => format!("{y}-{m}-{d}"),
                _ => String::new(),
            };
            let words = if self.blinding.on {
                let place = words::BLINDED_STUDY.with(lang, &[&(n + 1).to_string()]);
                [place, String::new(), String::new(), String::new()]
            } else {
                [s.patient_name.clone(), s.patient_id.clone(), date, s.description.clone()]
            };
            (s.uid.clone(), words)
        };
        let series = |(place, s): (usize, &RemoteSeries)| {
            let title = if s.description.is_empty() { &s.uid } else { &s.description };
            let title = self.or_hidden(title).to_owned();
            (place, s.uid.clone(), s.modality.clone(), s.instances, title)
        };
        let (came, bytes) = remote.came;
        let mb = lang.number(bytes as f64 / 1e6, 0);
        let (progress, said) = match &remote.asking {
            Asking::Instances(s) => {
                let of = s.instances.map_or_else(|| "?".to_owned(), |n| n.to_string());
                let said = words::REMOTE_RETRIEVING.with(lang, &[&came.to_string(), &of, &mb]);
                (Some((came, s.instances)), said)
            }
            Asking::Studies | Asking::Series(_) => (None, words::REMOTE_SEARCHING.in_lang(lang).to_owned()),
            Asking::Nothing if remote.answered && remote.studies.is_empty() && remote.study.is_empty() => {
                (None, words::REMOTE_NO_STUDY.in_lang(lang).to_owned())
            }
            Asking::Nothing if remote.more => (None, words::REMOTE_MORE.with(lang, &[&MOST_STUDIES.to_string()])),
            Asking::Nothing => (None, String::new()),
        };
        RemoteView {
            is_open: remote.is_open,
            busy: remote.asking != Asking::Nothing,
            authentication: remote.authentication,
            studies: remote.studies.iter().enumerate().map(study).collect(),
            study: remote.study.clone(),
            series: remote.series.iter().enumerate().filter(|(_, s)| self.is_listed(&s.modality)).map(series).collect(),
            said,
            progress,
            error: remote.error.as_ref().map(|e| (e.cause(), e.words(lang))),
            came: if remote.asking == Asking::Nothing { came } else { 0 },
            retry: remote.last.filter(|n| *n < remote.series.len()),
        }
    }
}
