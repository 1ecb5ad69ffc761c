//! How the reader is known to a server: user and password, a token, or the hospital's own sign-in.

use super::runtime::{Runtime, page};
use super::toolbar::say;
use crate::platform::dicomweb::{Secret, Server};
use crate::platform::sign_in;
use crate::session::words::{self, connection};
use crate::session::{Audience, Authentication, Command};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

impl Runtime {
    /// The servers that a reader signs in to together.
    fn signed_in_to(&self, to: Audience) -> Vec<&Server> {
        let servers = self.servers();
        let all = match to {
            Audience::Hospital => vec![&servers.hospital, &servers.folder],
            Audience::Campaign => vec![&servers.campaign],
        };
        all.into_iter().filter(|s| s.sign_in().provider().is_some()).collect()
    }

    /// Opens the window of an identity provider, in a click.
    fn begin_sign_in(&self, to: Audience) {
        let Some(sign_in) = self.signed_in_to(to).first().map(|s| s.sign_in()) else { return };
        let runtime = self.clone();
        match sign_in::open_window() {
            Err(why) => self.dispatch(Command::SignedIn(to, Err(why))),
            Ok(window) => spawn_local(async move {
                let entering = runtime.clone();
                let enter = |entry| entering.dispatch(Command::Ledger(entry));
                if let Err(why) = sign_in.begin(&window, &enter).await {
                    runtime.dispatch(Command::SignedIn(to, Err(why)));
                }
            }),
        }
    }

    /// Signs the reader out, in a click: of all servers that the same provider speaks for, whoever they are for.
    fn sign_out(&self, to: Audience) {
        let ended: Vec<_> = self.signed_in_to(to).into_iter().map(|s| s.sign_in().end()).collect();
        let providers: Vec<_> = self.signed_in_to(to).into_iter().filter_map(|s| s.sign_in().provider()).collect();
        let other = if to == Audience::Hospital { Audience::Campaign } else { Audience::Hospital };
        let same = |s: &&Server| s.sign_in().provider().is_some_and(|p| providers.iter().any(|q| q.issuer == p.issuer));
        let others: Vec<_> = self.signed_in_to(other).into_iter().filter(same).collect();
        if !others.is_empty() {
            others.into_iter().for_each(|s| s.sign_in().forget());
            self.dispatch(Command::SignedOut(other, Ok(())));
        }
        self.dispatch(Command::SignedOut(to, ended.into_iter().collect()));
    }

    /// Hears of windows that came back.
    pub(super) fn hear_sign_ins(&self) {
        let runtime = self.clone();
        let heard = sign_in::listen(move |query| {
            for to in [Audience::Hospital, Audience::Campaign] {
                for server in runtime.signed_in_to(to) {
                    let sign_in = server.sign_in();
                    if !sign_in.is_answered_by(&query) {
                        continue;
                    }
                    let runtime = runtime.clone();
                    spawn_local(async move {
                        let entering = runtime.clone();
                        let enter = |entry| entering.dispatch(Command::Ledger(entry));
                        let result = sign_in.answered(&query, &enter).await;
                        runtime.dispatch(Command::SignedIn(to, result));
                    });
                    // One attempt has one answer.
                    return;
                }
            }
        });
        if let Err(e) = heard {
            log::error!("signing in: {e}");
        }
    }
}

/// What hands over what the reader gave.
pub(super) type Tell = StoredValue<Box<dyn Fn(&Server)>, LocalStorage>;

/// What the reader gives to be known by. `prefix` begins the fields' test ids; `tell` holds what hands their contents over.
#[component]
pub(super) fn KnownBy(
    prefix: &'static str,
    #[prop(into)] to: Signal<Audience>,
    #[prop(into)] authentication: Signal<Authentication>,
    tell: Tell,
) -> impl IntoView {
    let page = page();
    let [user, secret] = [(); 2].map(|()| NodeRef::<leptos::html::Input>::new());
    let value = |field: NodeRef<leptos::html::Input>| field.get_untracked().map(|f| f.value()).unwrap_or_default();
    tell.set_value(Box::new(move |server| server.know(Secret { user: value(user), secret: value(secret) })));
    let is = move |kind: Authentication| authentication.get() == kind;
    let asks_secret = move || is(Authentication::Basic) || is(Authentication::Bearer);
    let outcome = Memo::new(move |_| {
        page.view.with(|v| v.signed_in.iter().find(|(of, _)| *of == to.get()).map(|(_, result)| result.clone()))
    });
    let test_id = |name: &str| format!("{prefix}-{name}");
    view! {
        <div class="fields" hidden=move || !asks_secret()>
            <label hidden=move || !is(Authentication::Basic)>
                <span>{say(words::REMOTE_USER)}</span>
                <input node_ref=user type="text" data-testid=test_id("user") autocomplete="off" spellcheck="false" />
            </label>
            <label>
                <span>
                    {move || {
                        say(if is(Authentication::Bearer) { words::REMOTE_TOKEN } else { words::REMOTE_PASSWORD })()
                    }}
                </span>
                <input node_ref=secret type="password" data-testid=test_id("secret") autocomplete="off" />
            </label>
            <small>{say(words::REMOTE_SECRET)}</small>
        </div>
        <div class="fields" hidden=move || !is(Authentication::OpenId)>
            <button
                type="button"
                data-testid=test_id("sign-in")
                data-state=move || outcome.with(|o| match o {
                    Some(Ok(())) => "in",
                    Some(Err(_)) => "failed",
                    None => "out",
                })
                on:click=move |_| page.runtime.with_value(|r| r.begin_sign_in(to.get_untracked()))
            >
                {say(connection::SIGN_IN)}
            </button>
            <button
                type="button"
                data-testid=test_id("sign-out")
                hidden=move || outcome.with(|o| !matches!(o, Some(Ok(()))))
                on:click=move |_| page.runtime.with_value(|r| r.sign_out(to.get_untracked()))
            >
                {say(connection::SIGN_OUT)}
            </button>
            <small role="status">
                {move || outcome.with(|o| match o {
                    Some(Ok(())) => say(connection::SIGNED_IN)().to_owned(),
                    Some(Err(why)) => why.clone(),
                    None => say(connection::SIGN_IN_ABOUT)().to_owned(),
                })}
            </small>
        </div>
    }
}
