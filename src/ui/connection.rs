//! The connection test: what is asked, what is wrong, and the setting that cures it.

use super::runtime::{Runtime, page};
use super::signing_in::KnownBy;
use super::toolbar::say;
use crate::platform::dicomweb::Server;
use crate::platform::probing;
use crate::session::words::{self, connection};
use crate::session::{Action, Audience, Authentication, Command, ConnectionEvent, Trial};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

impl Runtime {
    pub(super) fn try_server(&self, to: Audience, probe: Trial) {
        let runtime = self.clone();
        spawn_local(async move {
            let entering = runtime.clone();
            let enter = |entry| entering.dispatch(Command::Ledger(entry));
            let seen = probing::probe(runtime.servers(), to, &probe, enter).await;
            runtime.dispatch(Command::Connection(ConnectionEvent::Seen(seen)));
        });
    }
}

#[component]
pub(super) fn ConnectionDialog() -> impl IntoView {
    let page = page();
    let shown = Memo::new(move |_| page.view.with(|v| v.connection.clone()));
    let known = |kind: Audience| {
        let authentication = Signal::derive(move || {
            let servers = shown.with(|c| c.servers.clone());
            servers.into_iter().find(|(to, ..)| *to == kind).map_or(Authentication::None, |(_, _, known)| known)
        });
        (authentication, StoredValue::new_local(Box::new(|_: &Server| {}) as Box<dyn Fn(&Server)>))
    };
    let [hospital, campaign] = [known(Audience::Hospital), known(Audience::Campaign)];
    let begin = move |to: Audience| {
        let tell = if to == Audience::Hospital { hospital.1 } else { campaign.1 };
        let target = page.runtime.with_value(|r| {
            let server = r.servers().of(to);
            tell.with_value(|tell| tell(server));
            probing::target(server)
        });
        page.dispatch(Command::Connection(ConnectionEvent::Begin(to, target)));
    };
    let server = move |to: Audience, prefix: &'static str, (authentication, tell)| {
        let name = move || shown.with(|c| c.servers.iter().find(|s| s.0 == to).map(|s| s.1.clone()));
        view! {
            <div hidden=move || name().is_none()>
                <KnownBy prefix=prefix to=Signal::derive(move || to) authentication=authentication tell=tell />
                <button
                    type="button"
                    data-testid=format!("{prefix}-test")
                    disabled=move || shown.with(|c| c.busy)
                    on:click=move |_| begin(to)
                >
                    {move || {
                        connection::CONNECTION_TEST.with(page.lang.get(), &[&name().unwrap_or_default()])
                    }}
                </button>
            </div>
        }
    };
    let rows = move || {
        let row = |row: &crate::session::CheckRow| {
            view! {
                <li class="check" data-testid="connection-check" data-check=format!("{:?}", row.check) data-state=row.state>
                    {row.title}
                </li>
            }
        };
        shown.with(|c| c.rows.iter().map(row).collect_view())
    };
    let fault =
        move |place: fn(&(&'static str, String, String)) -> String| move || shown.with(|c| c.fault.as_ref().map(place));
    view! {
        <div
            class="dialog connection"
            role="dialog"
            aria-modal="true"
            aria-label=say(connection::CONNECTION)
            data-testid="connection"
            data-state=move || shown.with(|c| match (c.busy, c.fine, &c.fault) {
                (true, ..) => "busy",
                (_, true, _) => "fine",
                (.., Some(_)) => "fault",
                _ => "idle",
            })
            data-fault=move || shown.with(|c| c.fault.as_ref().map(|f| f.0))
            hidden=move || !shown.with(|c| c.is_open)
        >
            <h2>{say(connection::CONNECTION)}</h2>
            <p>{say(connection::CONNECTION_ABOUT)}</p>
            <p hidden=move || shown.with(|c| !c.servers.is_empty())>{say(connection::CONNECTION_NOTHING)}</p>
            {server(Audience::Hospital, "connection-hospital", hospital)}
            {server(Audience::Campaign, "connection-campaign", campaign)}
            <ul class="checks">{rows}</ul>
            <p hidden=move || shown.with(|c| !c.busy)>{say(connection::CONNECTION_BUSY)}</p>
            <p data-testid="connection-fine" role="status" hidden=move || shown.with(|c| !c.fine)>
                {say(connection::CONNECTION_FINE)}
            </p>
            <div role="alert" hidden=move || shown.with(|c| c.fault.is_none())>
                <p class="notice" data-testid="connection-fault">{fault(|f| f.1.clone())}</p>
                <p data-testid="connection-cure">{fault(|f| f.2.clone())}</p>
            </div>
            <div class="group end">
                <button
                    type="button"
                    data-testid="connection-close"
                    on:click=move |_| page.dispatch(Command::Do(Action::ConnectionTest))
                >
                    {say(words::CLOSE)}
                </button>
            </div>
        </div>
    }
}
