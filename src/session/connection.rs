//! The connection test: what is asked of a server to find out whether readings can go there, and what the answers say is wrong.
//!
//! A browser tells a page no more than that a request failed. What failed is found by asking again in another way: an answer that may
//! not be read (`no-cors`) still says that network and TLS are well; one without credentials, that the server names this page.

use super::change::Update;
use super::effect::Effect;
use super::remote::Authentication;
use super::sending::{Delivery, Destination};
use super::state::Session;
use super::words::{Text, connection as words};
use crate::export::{Audience, Outbound};

/// A request that finds something out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trial {
    /// A search for one study, as the reader.
    Search,
    /// The same without saying who asks.
    Anonymous,
    /// Whether there is any answer, even one that may not be read.
    Any,
    /// A body of zeros.
    Store(Box<Outbound>),
}

/// What the page saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Status of an answer that could be read.
    pub status: Option<u16>,
    /// Its media type.
    pub content_type: String,
    /// It leads elsewhere.
    pub redirects: bool,
    /// There was an answer, but it may not be read.
    pub opaque: bool,
    /// The page's own policy forbade the request.
    pub by_policy: bool,
    /// The browser says that there is no network.
    pub offline: bool,
    /// There was no answer in the time that it was given.
    pub late: bool,
}

/// What is known of the server without asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// It is of the page's own origin: nothing stands between them.
    pub same_origin: bool,
    /// The page came over HTTPS and the server's address does not.
    pub insecure: bool,
}

/// What is tested, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// It answers.
    Answers,
    /// The page may read the answer.
    Readable,
    /// It knows the reader.
    Known,
    /// It is what it should be.
    Right,
    /// It takes objects.
    Takes,
    /// It takes large ones.
    TakesLarge,
}

/// What is wrong, by what cures it. `data-fault` is its [`Fault::name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No network.
    Offline,
    /// The page's `connect-src` does not name the server.
    Policy,
    /// An `http` server from an `https` page.
    Insecure,
    /// No answer at all: network or TLS.
    NetworkOrTls,
    /// No answer in time: a slow line, or a server or proxy that hangs.
    Late,
    /// The server does not name this page's origin.
    Origin,
    /// It does, but not with what tells who asks.
    Preflight,
    /// It does, but not with cookies.
    Credentials,
    /// It leads to another address, as for signing in.
    Redirect,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404 or 405: something else is there.
    NotRoot,
    /// It answers, but not in DICOM JSON.
    ContentType,
    /// It can be read, not written to.
    NoStore,
    /// It refuses requests that carry a body of this type from this page.
    StorePreflight,
    /// 406 or 415: it does not take this media type.
    StoreType,
    /// Writing needs other rights.
    StoreForbidden,
    /// 413, or the line is cut by a large body.
    SizeLimit,
    /// It failed.
    Server,
}

impl Fault {
    /// Its name in the automation contract.
    pub fn name(self) -> &'static str {
        self.words().0
    }
    fn words(self) -> (&'static str, Text, Text) {
        match self {
            Self::Offline => ("offline", words::FAULT_OFFLINE, words::CURE_OFFLINE),
            Self::Policy => ("policy", words::FAULT_POLICY, words::CURE_POLICY),
            Self::Insecure => ("insecure", words::FAULT_INSECURE, words::CURE_INSECURE),
            Self::NetworkOrTls => ("network", words::FAULT_NETWORK, words::CURE_NETWORK),
            Self::Late => ("late", words::FAULT_LATE, words::CURE_LATE),
            Self::Origin => ("cors", words::FAULT_ORIGIN, words::CURE_ORIGIN),
            Self::Preflight => ("cors-headers", words::FAULT_PREFLIGHT, words::CURE_PREFLIGHT),
            Self::Credentials => ("cors-credentials", words::FAULT_CREDENTIALS, words::CURE_CREDENTIALS),
            Self::Redirect => ("redirect", words::FAULT_REDIRECT, words::CURE_REDIRECT),
            Self::Unauthorized => ("401", words::FAULT_UNAUTHORIZED, words::CURE_UNAUTHORIZED),
            Self::Forbidden => ("403", words::FAULT_FORBIDDEN, words::CURE_FORBIDDEN),
            Self::NotRoot => ("not-root", words::FAULT_NOT_ROOT, words::CURE_NOT_ROOT),
            Self::ContentType => ("content-type", words::FAULT_CONTENT_TYPE, words::CURE_CONTENT_TYPE),
            Self::NoStore => ("no-store", words::FAULT_NO_STORE, words::CURE_NO_STORE),
            Self::StorePreflight => ("cors-store", words::FAULT_STORE_PREFLIGHT, words::CURE_STORE_PREFLIGHT),
            Self::StoreType => ("store-type", words::FAULT_STORE_TYPE, words::CURE_STORE_TYPE),
            Self::StoreForbidden => ("store-403", words::FAULT_STORE_FORBIDDEN, words::CURE_STORE_FORBIDDEN),
            Self::SizeLimit => ("size", words::FAULT_SIZE, words::CURE_SIZE),
            Self::Server => ("server", words::FAULT_SERVER, words::CURE_SERVER),
        }
    }
}

/// News of the test, or a wish for it.
#[derive(Clone, Debug)]
pub enum ConnectionEvent {
    /// Show the dialog, or hide it.
    Toggle,
    /// Test the server of an audience, of which this much is known.
    Begin(Audience, Target),
    /// What came of the last request.
    Seen(Seen),
}

/// A line of the test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRow {
    /// What is tested.
    pub check: Check,
    /// Its words.
    pub title: &'static str,
    /// `data-state`: `ok`, `failed`, `untested`.
    pub state: &'static str,
}

/// The dialog as the page shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionView {
    /// Whether it is shown.
    pub is_open: bool,
    /// Whether a request is under way.
    pub busy: bool,
    /// The servers that can be tested, and how they know who asks.
    pub servers: Vec<(Audience, String, Authentication)>,
    /// The one that is tested.
    pub tested: Option<Audience>,
    /// Line by line.
    pub rows: Vec<CheckRow>,
    /// Name, words and cure of what is wrong.
    pub fault: Option<(&'static str, String, String)>,
    /// All is well.
    pub fine: bool,
}

/// What is under way, and what was found.
#[derive(Debug, Default)]
pub(super) struct Connection {
    is_open: bool,
    run: Option<Run>,
}

#[derive(Debug)]
struct Run {
    to: Audience,
    target: Target,
    authentication: Authentication,
    delivery: Delivery,
    /// Reads too, not only stores.
    reads: bool,
    asked: Option<Trial>,
    /// The request whose failure is being looked into.
    failed: Option<Trial>,
    status: u16,
    passed: Vec<Check>,
    fault: Option<(Check, Fault)>,
}

/// Bytes of the first body that is tried …
const SMALL: usize = 16;
/// … and of the large one: as long as a segmentation of both lungs in thin slices.
const LARGE: usize = 16 << 20;

const ALL: [Check; 6] = [Check::Answers, Check::Readable, Check::Known, Check::Right, Check::Takes, Check::TakesLarge];

/// What comes of an answer.
enum Next {
    Ask(Trial),
    Wrong(Check, Fault),
    Fine,
}

impl Run {
    fn new(to: Audience, target: Target, destination: &Destination) -> Self {
        let Destination { authentication, delivery, .. } = *destination;
        let reads = to == Audience::Hospital && delivery == Delivery::Archive;
        let (asked, failed, status, passed, fault) = (None, None, 0, Vec::new(), None);
        Self { to, target, authentication, delivery, reads, asked, failed, status, passed, fault }
    }
    fn store(&self, bytes: usize) -> Trial {
        Trial::Store(Box::new(Outbound::trial(self.to, self.delivery == Delivery::Folder, bytes)))
    }
    fn first(&self) -> Next {
        match self.target.insecure {
            true => Next::Wrong(Check::Answers, Fault::Insecure),
            false if self.reads => Next::Ask(Trial::Search),
            false => Next::Ask(self.store(SMALL)),
        }
    }

    /// What an answer to the last request says.
    fn next(&mut self, seen: &Seen) -> Next {
        let Some(asked) = self.asked.take() else { return Next::Fine };
        self.status = seen.status.unwrap_or(self.status);
        if let Some(failed) = self.failed.clone() {
            return self.looked_into(&failed, &asked, seen);
        }
        if seen.redirects {
            return Next::Wrong(Check::Known, Fault::Redirect);
        }
        let Some(status) = seen.status else {
            let fault = match seen {
                Seen { by_policy: true, .. } => Fault::Policy,
                Seen { offline: true, .. } => Fault::Offline,
                Seen { late: true, .. } => return Next::Wrong(self.check_of(&asked), Fault::Late),
                // A server that has enough of a body cuts the line.
                _ if self.check_of(&asked) == Check::TakesLarge => {
                    return Next::Wrong(Check::TakesLarge, Fault::SizeLimit);
                }
                _ if self.target.same_origin => Fault::NetworkOrTls,
                _ => {
                    self.failed = Some(asked);
                    return Next::Ask(Trial::Any);
                }
            };
            return Next::Wrong(Check::Answers, fault);
        };
        self.passed.extend([Check::Answers, Check::Readable]);
        match (asked, status) {
            (_, 401) => Next::Wrong(Check::Known, Fault::Unauthorized),
            (Trial::Search, 403) => Next::Wrong(Check::Known, Fault::Forbidden),
            (Trial::Search, 404 | 405 | 410) => Next::Wrong(Check::Right, Fault::NotRoot),
            (Trial::Search, 200..=299)
                if status != 204 && !is(&seen.content_type, &["application/dicom+json", "application/json"]) =>
            {
                Next::Wrong(Check::Right, Fault::ContentType)
            }
            (Trial::Search, 200..=299) => {
                self.passed.extend([Check::Known, Check::Right]);
                Next::Ask(self.store(SMALL))
            }
            (Trial::Search, _) => Next::Wrong(Check::Right, Fault::Server),
            (Trial::Store(_), 413) => Next::Wrong(Check::TakesLarge, Fault::SizeLimit),
            (Trial::Store(_), 403) => Next::Wrong(Check::Takes, Fault::StoreForbidden),
            (Trial::Store(_), 404 | 410) if !self.reads => Next::Wrong(Check::Right, Fault::NotRoot),
            (Trial::Store(_), 404 | 405 | 410 | 501) => Next::Wrong(Check::Takes, Fault::NoStore),
            (Trial::Store(_), 409) if self.delivery == Delivery::Folder => Next::Wrong(Check::Right, Fault::NotRoot),
            (Trial::Store(_), 406 | 415) => Next::Wrong(Check::Takes, Fault::StoreType),
            (Trial::Store(_), 200) if is(&seen.content_type, &["text/html"]) => {
                Next::Wrong(Check::Right, Fault::ContentType)
            }
            // Whatever an archive says of zeros, it took the request.
            (Trial::Store(body), status) if self.is_taken(status) => {
                self.passed.extend([Check::Known, Check::Right, Check::Takes]);
                if body.body().len() < LARGE {
                    return Next::Ask(self.store(LARGE));
                }
                self.passed.push(Check::TakesLarge);
                Next::Fine
            }
            (Trial::Store(_), _) => Next::Wrong(Check::Takes, Fault::Server),
            (Trial::Any | Trial::Anonymous, _) => Next::Fine,
        }
    }

    /// What a request without an answer fails.
    fn check_of(&self, asked: &Trial) -> Check {
        match asked {
            Trial::Store(body) if body.body().len() >= LARGE => Check::TakesLarge,
            Trial::Store(_) if self.passed.contains(&Check::Readable) => Check::Takes,
            Trial::Anonymous => Check::Readable,
            _ => Check::Answers,
        }
    }

    /// Whether a status says that a body of zeros arrived: a folder keeps it, an archive may call it no object.
    fn is_taken(&self, status: u16) -> bool {
        (200..=299).contains(&status) || (self.delivery == Delivery::Archive && matches!(status, 400 | 409 | 422 | 500))
    }

    /// Why there was nothing to be read.
    fn looked_into(&mut self, failed: &Trial, asked: &Trial, seen: &Seen) -> Next {
        let stores = matches!(failed, Trial::Store(_));
        match asked {
            _ if seen.late => Next::Wrong(self.check_of(asked), Fault::Late),
            Trial::Any if !seen.opaque => Next::Wrong(Check::Answers, Fault::NetworkOrTls),
            // Reading went well before: it is the other headers of a store request.
            Trial::Any if stores && self.passed.contains(&Check::Readable) => {
                Next::Wrong(Check::Takes, Fault::StorePreflight)
            }
            Trial::Any => {
                self.passed.push(Check::Answers);
                Next::Ask(Trial::Anonymous)
            }
            _ if seen.redirects => Next::Wrong(Check::Known, Fault::Redirect),
            _ if seen.status.is_none() => Next::Wrong(Check::Readable, Fault::Origin),
            _ if stores => Next::Wrong(Check::Takes, Fault::StorePreflight),
            _ if self.authentication == Authentication::Cookie => Next::Wrong(Check::Readable, Fault::Credentials),
            // The first request was no other than this one: it was the line.
            _ if self.authentication == Authentication::None => Next::Wrong(Check::Answers, Fault::NetworkOrTls),
            _ => Next::Wrong(Check::Readable, Fault::Preflight),
        }
    }
}

/// Whether a media type, its parameters left aside, is one of these.
fn is(content_type: &str, kinds: &[&str]) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kinds.contains(&kind.as_str())
}

impl Session {
    pub(super) fn connection_event(&mut self, event: ConnectionEvent, update: &mut Update) {
        update.changes.facts = true;
        let next = match event {
            ConnectionEvent::Toggle => {
                self.connection = Connection { is_open: !self.connection.is_open, run: None };
                return;
            }
            ConnectionEvent::Begin(to, target) => {
                let Some(destination) = self.destinations.of(to) else { return };
                let run = Run::new(to, target, destination);
                let next = run.first();
                self.connection.run = Some(run);
                next
            }
            ConnectionEvent::Seen(seen) => match &mut self.connection.run {
                Some(run) => run.next(&seen),
                None => return,
            },
        };
        let Some(run) = &mut self.connection.run else { return };
        match next {
            Next::Ask(probe) => {
                run.asked = Some(probe.clone());
                update.effects.push(Effect::Try(run.to, probe));
            }
            Next::Wrong(check, fault) => run.fault = Some((check, fault)),
            Next::Fine => {}
        }
    }

    /// Escape closes the dialog.
    pub(super) fn close_connection(&mut self) {
        self.connection = Connection::default();
    }

    pub(super) fn connection_view(&self) -> ConnectionView {
        let (connection, lang) = (&self.connection, self.lang);
        let server = |to: Audience| self.destinations.of(to).map(|d| (to, d.name.clone(), d.authentication));
        let servers = [Audience::Hospital, Audience::Campaign].into_iter().filter_map(server).collect();
        let Some(run) = &connection.run else {
            return ConnectionView { is_open: connection.is_open, servers, ..ConnectionView::default() };
        };
        let wrong = run.fault.map(|(check, _)| check);
        let row = |check: Check| CheckRow {
            check,
            title: check_words(check, run.delivery).in_lang(lang),
            state: match () {
                () if wrong == Some(check) => "failed",
                () if run.passed.contains(&check) => "ok",
                () => "untested",
            },
        };
        let fault = run.fault.map(|(_, fault)| {
            let (name, what, cure) = fault.words();
            (name, what.with(lang, &[&run.status.to_string()]), cure.in_lang(lang).to_owned())
        });
        ConnectionView {
            is_open: connection.is_open,
            busy: run.asked.is_some(),
            servers,
            tested: Some(run.to),
            rows: ALL.into_iter().map(row).collect(),
            fine: run.asked.is_none() && run.fault.is_none(),
            fault,
        }
    }
}

fn check_words(check: Check, delivery: Delivery) -> Text {
    match (check, delivery) {
        (Check::Answers, _) => words::CHECK_ANSWERS,
        (Check::Readable, _) => words::CHECK_READABLE,
        (Check::Known, _) => words::CHECK_KNOWN,
        (Check::Right, Delivery::Archive) => words::CHECK_ROOT,
        (Check::Right, Delivery::Folder) => words::CHECK_FOLDER,
        (Check::Takes, _) => words::CHECK_TAKES,
        (Check::TakesLarge, _) => words::CHECK_TAKES_LARGE,
    }
}
