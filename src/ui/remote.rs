//! The site's server: its configuration, what the session asks and sends, and the dialog.

use super::document::query;
use super::runtime::{Runtime, page};
use super::sending::{READER_CODE, READER_NAME};
use super::signing_in::KnownBy;
use super::toolbar::say;
use crate::platform::configuration::{self, BlindedKind, Configuration};
use crate::platform::dicomweb::Server;
use crate::platform::egress::Outbound;
use crate::platform::files;
use crate::session::words;
use crate::session::{Action, Audience, Command, OutboxEvent, ParcelId, RemoteError, RemoteEvent, StudyQuery};
use gloo::storage::{LocalStorage as Kept, Storage};
use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlInputElement, SubmitEvent};

/// Where the browser keeps whether the site's readers read blinded, as the site last said.
const BLINDED: &str = "hilum-site-blinded";
/// Where the browser keeps for how long readings are kept, as the site last said.
const AUTOSAVE_DAYS: &str = "hilum-autosave-days";

impl Runtime {
    /// Reads what the site sets, and does what hangs on it; once.
    pub(super) fn read_configuration(&self) {
        if self.servers().is_known() {
            return;
        }
        let runtime = self.clone();
        spawn_local(async move {
            match configuration::load().await {
                Ok(configuration) => runtime.configured(configuration),
                // Without a network the page is the one that was kept, and the site is asked once there is one. What it set last is
                // all that is kept of it.
                Err(e) => {
                    log::warn!("no configuration: {e}");
                    let blinded: BlindedKind = Kept::get(BLINDED).unwrap_or_default();
                    runtime.dispatch(Command::Blinding(blinded.into()));
                    runtime
                        .keeping()
                        .start(Kept::get(AUTOSAVE_DAYS).unwrap_or_else(|_| Configuration::default().autosave_days()));
                    // What waits is shown all the same; it goes once there is a site again.
                    runtime.dispatch(Command::Destinations(Box::default()));
                }
            }
        });
    }

    fn configured(&self, configuration: Configuration) {
        let days = configuration.autosave_days();
        Kept::set(AUTOSAVE_DAYS, days).unwrap_or_else(|e| log::debug!("{e:?}"));
        self.keeping().start(days);
        Kept::set(BLINDED, configuration.blinded).unwrap_or_else(|e| log::debug!("{e:?}"));
        self.dispatch(Command::Blinding(configuration.blinded.into()));
        let (destinations, left_out) = configuration.destinations();
        if let Some(why) = left_out {
            log::error!("{why}");
        }
        let reads = configuration.dicomweb.as_ref().map(|d| d.authentication.into());
        let Configuration { dicomweb, folder, campaign, .. } = configuration;
        self.servers().configure(dicomweb, folder, campaign.map(|c| c.server));
        if self.servers().have_sign_in() {
            self.hear_sign_ins();
        }
        self.dispatch(Command::Destinations(Box::new(destinations)));
        for (to, key) in [(Audience::Hospital, READER_NAME), (Audience::Campaign, READER_CODE)] {
            if let Ok(reader) = Kept::get::<String>(key) {
                self.dispatch(Command::Reader(to, reader));
            }
        }
        if let Some(authentication) = reads {
            self.tell(RemoteEvent::Configured(authentication));
        }
        if let Some(study) = query("studies") {
            self.tell(RemoteEvent::Study(study));
        }
    }

    pub(super) fn upload(&self, parcel: ParcelId, outbound: Box<Outbound>, patience_ms: u32) {
        let runtime = self.clone();
        spawn_local(async move {
            let entering = runtime.clone();
            let enter = |entry| entering.dispatch(Command::Ledger(entry));
            let outcome = runtime.servers().upload(parcel, &outbound, patience_ms, enter).await;
            // What was stopped has been answered by something else.
            if !matches!(outcome, Err(RemoteError::Cancelled)) {
                runtime.dispatch(Command::Outbox(OutboxEvent::Answered(parcel, outcome)));
            }
        });
    }

    fn tell(&self, event: RemoteEvent) {
        self.dispatch(Command::Remote(event));
    }

    pub(super) fn search_server(&self, path: String) {
        let runtime = self.clone();
        spawn_local(async move {
            let entering = runtime.clone();
            let enter = |entry| entering.dispatch(Command::Ledger(entry));
            let answer = runtime.servers().hospital.search(&path, enter).await;
            // What was stopped has been answered by something else.
            if !matches!(answer, Err(RemoteError::Cancelled)) {
                runtime.tell(RemoteEvent::Found(answer));
            }
        });
    }

    pub(super) fn retrieve_series(&self, path: String) {
        let runtime = self.clone();
        spawn_local(async move {
            let entering = runtime.clone();
            let enter = |entry| entering.dispatch(Command::Ledger(entry));
            let take = |pieces: &Array, so_far: u64| {
                let came = runtime.retrieved(|files| {
                    let name = format!("{:05}.dcm", files.len() + 1);
                    match files::of_pieces(&name, pieces) {
                        Ok(file) => files.push((name, file)),
                        Err(e) => log::error!("{name}: {e}"),
                    }
                    files.len()
                });
                runtime.tell(RemoteEvent::Came(came, so_far));
            };
            let outcome = runtime.servers().hospital.retrieve(&path, enter, take).await;
            if !matches!(outcome, Err(RemoteError::Cancelled)) {
                runtime.tell(RemoteEvent::Retrieved(outcome));
            }
        });
    }

    pub(super) fn stop_server(&self) {
        self.servers().hospital.stop();
        self.retrieved(Vec::clear);
    }

    pub(super) fn open_retrieved(&self) {
        let files = self.retrieved(std::mem::take);
        let runtime = self.clone();
        spawn_local(async move { runtime.open(files) });
    }
}

/// The field that begins with CT.
const MODALITY: &str = "qido-modality";

#[component]
pub(super) fn RemoteDialog() -> impl IntoView {
    let page = page();
    let remote = Memo::new(move |_| page.view.with(|v| v.remote.clone()));
    let tell = move |event: RemoteEvent| page.dispatch(Command::Remote(event));
    let fields = [(); 6].map(|()| NodeRef::<leptos::html::Input>::new());
    let [name, id, from, to, description, modality] = fields;
    let given = StoredValue::new_local(Box::new(|_: &Server| {}) as Box<dyn Fn(&Server)>);
    let value = |field: NodeRef<leptos::html::Input>| {
        field.get_untracked().map(|f: HtmlInputElement| f.value()).unwrap_or_default()
    };
    let known = move || {
        page.runtime.with_value(|r| given.with_value(|tell| tell(&r.servers().hospital)));
    };
    let search = move |event: SubmitEvent| {
        event.prevent_default();
        known();
        tell(RemoteEvent::Search(StudyQuery {
            patient_name: value(name),
            patient_id: value(id),
            date_from: value(from),
            date_to: value(to),
            description: value(description),
            modality: value(modality),
        }));
    };
    Effect::new(move |was: Option<bool>| {
        let is_open = remote.with(|r| r.is_open);
        if is_open
            && was != Some(true)
            && let Some(field) = name.get_untracked()
        {
            field.focus().unwrap_or_else(|e| log::debug!("{e:?}"));
        }
        is_open
    });
    let authentication = Signal::derive(move || remote.with(|r| r.authentication));
    let studies = move || {
        let row = |(uid, words): &(String, [String; 4])| {
            let (wanted, chosen) = (uid.clone(), uid.clone());
            let [name, id, date, description] = words.clone();
            let is_chosen = move || remote.with(|r| r.study == chosen);
            let choose = move |_| {
                known();
                tell(RemoteEvent::Study(wanted.clone()));
            };
            view! {
                <button
                    type="button"
                    class="found"
                    class:pressed=is_chosen
                    data-testid="study-item"
                    data-study-uid=uid.clone()
                    on:click=choose
                >
                    <span>{name}</span>
                    <span>{id}</span>
                    <span>{date}</span>
                    <span>{description}</span>
                </button>
            }
        };
        remote.with(|r| r.studies.iter().map(row).collect_view())
    };
    let series = move || {
        let row = |(place, uid, modality, instances, words): &(usize, String, String, Option<usize>, String)| {
            let place = *place;
            let count = instances.map(|n| n.to_string()).unwrap_or_default();
            let images =
                if count.is_empty() { String::new() } else { format!("{} {count}", say(words::REMOTE_IMAGES)()) };
            let retrieve = move |_| {
                known();
                tell(RemoteEvent::Retrieve(place));
            };
            view! {
                <button
                    type="button"
                    class="found"
                    data-testid="remote-series-item"
                    data-series-uid=uid.clone()
                    data-instances=count
                    data-modality=modality.clone()
                    on:click=retrieve
                >
                    <span>{words.clone()}</span>
                    <span>{modality.clone()}</span>
                    <span>{images}</span>
                </button>
            }
        };
        remote.with(|r| r.series.iter().map(row).collect_view())
    };
    let again = move |_| {
        known();
        let wanted = remote.with_untracked(|r| r.retry);
        tell(wanted.map_or(RemoteEvent::Cancel, RemoteEvent::Retrieve));
    };
    let field =
        move |node: NodeRef<leptos::html::Input>, kind: &'static str, test_id: &'static str, text: words::Text| {
            let first = if test_id == MODALITY { "CT" } else { "" };
            view! {
                <label>
                    <span>{say(text)}</span>
                    <input
                        node_ref=node
                        type=kind
                        value=first
                        data-testid=test_id
                        autocomplete="off"
                        spellcheck="false"
                    />
                </label>
            }
        };
    view! {
        <form
            class="dialog remote"
            role="dialog"
            aria-modal="true"
            aria-label=say(words::REMOTE_TITLE)
            hidden=move || !remote.with(|r| r.is_open)
            on:submit=search
        >
            <h2>{say(words::REMOTE_TITLE)}</h2>
            <div class="fields">
                <span class="fields" hidden=move || page.view.with(|v| v.blinded.0)>
                    {field(name, "text", "qido-patient", words::REMOTE_PATIENT)}
                    {field(id, "text", "qido-patient-id", words::REMOTE_PATIENT_ID)}
                </span>
                {field(from, "date", "qido-date-from", words::REMOTE_FROM)}
                {field(to, "date", "qido-date-to", words::REMOTE_TO)}
                {field(description, "text", "qido-description", words::REMOTE_DESCRIPTION)}
                {field(modality, "text", MODALITY, words::REMOTE_MODALITY)}
                <button type="submit" data-testid="qido-search">{say(words::REMOTE_SEARCH)}</button>
            </div>
            <KnownBy
                prefix="remote"
                to=Signal::derive(|| Audience::Hospital)
                authentication=authentication
                tell=given
            />
            <div class="scroll">{studies}</div>
            <div class="scroll" hidden=move || remote.with(|r| r.series.is_empty())>{series}</div>
            <p data-testid="remote-status" aria-live="polite">{move || remote.with(|r| r.said.clone())}</p>
            <p
                class="notice"
                role="alert"
                data-testid="remote-error"
                data-cause=move || remote.with(|r| r.error.as_ref().map(|e| e.0))
                hidden=move || remote.with(|r| r.error.is_none())
            >
                {move || remote.with(|r| r.error.as_ref().map(|e| e.1.clone()))}
            </p>
            <div class="group end">
                <progress
                    hidden=move || remote.with(|r| r.progress.is_none())
                    max=move || remote.with(|r| r.progress.and_then(|p| p.1).map(|n| n.to_string()))
                    value=move || remote.with(|r| r.progress.map(|p| p.0.to_string()))
                ></progress>
                <button
                    type="button"
                    data-testid="remote-open-came"
                    hidden=move || remote.with(|r| r.came == 0)
                    on:click=move |_| tell(RemoteEvent::OpenWhatCame)
                >
                    {move || {
                        let (lang, came) = page.view.with(|v| (v.lang, v.remote.came));
                        words::REMOTE_OPEN_CAME.with(lang, &[&came.to_string()])
                    }}
                </button>
                <button
                    type="button"
                    data-testid="remote-retry"
                    hidden=move || remote.with(|r| r.busy || r.error.is_none() || r.retry.is_none())
                    on:click=again
                >
                    {say(words::REMOTE_RETRY)}
                </button>
                <button
                    type="button"
                    data-testid="remote-cancel"
                    hidden=move || !remote.with(|r| r.busy)
                    on:click=move |_| tell(RemoteEvent::Cancel)
                >
                    {say(words::CANCEL)}
                </button>
                <button
                    type="button"
                    data-testid="remote-close"
                    on:click=move |_| page.dispatch(Command::Do(Action::OpenDicomweb))
                >
                    {say(words::CLOSE)}
                </button>
            </div>
        </form>
    }
}
