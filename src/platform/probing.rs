//! What the connection test asks: GET only, and the body of zeros that goes the way of all bodies. Says what the browser saw and judges nothing.

use super::clock;
use super::dicomweb::{Server, broken};
use super::egress::{self, Servers};
use crate::session::{Audience, LedgerEntry, RemoteError, Seen, Target, Trial, patience_ms};
use gloo::events::EventListener;
use gloo::timers::future::TimeoutFuture;
use js_sys::Reflect;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Headers, Request, RequestCache, RequestCredentials, RequestInit, RequestMode, RequestRedirect,
    Response,
};

/// The browser says what its policy forbade a moment after the request has failed, ms.
const POLICY_SPEAKS_MS: u32 = 100;
/// What a server has for an answer to a search for one study, ms.
const SEARCH_MS: u32 = 30_000;

/// What is known of a server before it is asked anything.
pub fn target(server: &Server) -> Target {
    let of = |address: &str| web_sys::Url::new(address).map(|url| (url.origin(), url.protocol())).unwrap_or_default();
    let here = web_sys::window().and_then(|w| w.location().href().ok()).unwrap_or_default();
    let (page, there) = (of(&here), of(&server.address("").unwrap_or_default()));
    let local = ["http://127.0.0.1", "http://localhost"].iter().any(|l| there.0.starts_with(l));
    Target { same_origin: page.0 == there.0, insecure: page.1 == "https:" && there.1 == "http:" && !local }
}

/// Asks, and says what came of it.
pub async fn probe(servers: &Servers, to: Audience, probe: &Trial, enter: impl Fn(LedgerEntry)) -> Seen {
    let stop = match AbortController::new() {
        Ok(stop) => stop,
        Err(e) => {
            log::debug!("{e:?}");
            return Seen::default();
        }
    };
    watched(async {
        match probe {
            Trial::Store(outbound) => {
                let patience_ms = patience_ms(outbound.body().len(), 0);
                match egress::store(outbound, servers, &stop, patience_ms, enter).await {
                    Ok(reply) => Seen { status: Some(reply.status), ..Seen::default() },
                    Err(why) => Seen { late: why == RemoteError::NoAnswer, ..Seen::default() },
                }
            }
            _ => get(servers.of(to), to, probe, &stop, enter).await,
        }
    })
    .await
}

/// Why a server that images are read from gave no answer that this page may read, as far as a browser tells, unless `stop` ends the
/// search for it.
pub(super) async fn why_unreachable(
    server: &Server,
    stop: &AbortController,
    enter: impl Fn(LedgerEntry),
) -> RemoteError {
    if target(server).same_origin {
        return RemoteError::Unreachable;
    }
    let ask = async |trial| watched(get(server, Audience::Hospital, &trial, stop, &enter)).await;
    let seen = ask(Trial::Any).await;
    let again = if seen.opaque { ask(Trial::Anonymous).await } else { Seen::default() };
    if stop.signal().aborted() && broken(stop.signal().reason()) == RemoteError::Cancelled {
        return RemoteError::Cancelled;
    }
    RemoteError::of_silence(&seen, &again)
}

/// What came of a request, with what the browser says of it beside.
async fn watched(request: impl Future<Output = Seen>) -> Seen {
    let forbidden = Rc::new(Cell::new(false));
    let hearing = forbidden.clone();
    let document = web_sys::window().and_then(|w| w.document());
    let listener = document.map(|document| {
        EventListener::new(&document, "securitypolicyviolation", move |event| {
            let directive = Reflect::get(event, &"effectiveDirective".into()).ok().and_then(|d| d.as_string());
            hearing.set(hearing.get() || directive.as_deref() == Some("connect-src"));
        })
    });
    let seen = request.await;
    if seen.status.is_none() && !seen.opaque {
        TimeoutFuture::new(POLICY_SPEAKS_MS).await;
    }
    drop(listener);
    let offline = web_sys::window().is_some_and(|w| !w.navigator().on_line());
    Seen { by_policy: forbidden.get(), offline, ..seen }
}

/// Asks; nothing is seen if there was no answer, and `late` if there was none in time.
async fn get(
    server: &Server,
    to: Audience,
    probe: &Trial,
    stop: &AbortController,
    enter: impl Fn(LedgerEntry),
) -> Seen {
    let _limit = egress::limit(stop, SEARCH_MS);
    let seen = answer(server, to, probe, stop, enter).await;
    let is_late = || stop.signal().aborted() && broken(stop.signal().reason()) == RemoteError::NoAnswer;
    seen.unwrap_or_else(|| Seen { late: is_late(), ..Seen::default() })
}

/// `None` if there was no answer.
async fn answer(
    server: &Server,
    to: Audience,
    probe: &Trial,
    stop: &AbortController,
    enter: impl Fn(LedgerEntry),
) -> Option<Seen> {
    // A campaign's server may take what it does not show: its root is asked.
    let url = server.address(if to == Audience::Hospital && !server.is_folder() { "studies?limit=1" } else { "" })?;
    let init = RequestInit::new();
    let headers = Headers::new().ok()?;
    init.set_cache(RequestCache::NoStore);
    init.set_credentials(RequestCredentials::Omit);
    match probe {
        Trial::Any => init.set_mode(RequestMode::NoCors),
        _ => {
            init.set_redirect(RequestRedirect::Manual);
            headers.set("Accept", "application/dicom+json").ok()?;
        }
    }
    if *probe == Trial::Search {
        server.refresh(&enter).await;
        let (credentials, authorization) = server.credentials();
        init.set_credentials(credentials);
        if let Some(authorization) = authorization {
            headers.set("Authorization", &authorization).ok()?;
        }
    }
    init.set_headers(&headers);
    init.set_signal(Some(&stop.signal()));
    enter(LedgerEntry { method: "GET", url: url.clone(), bytes: 0, kind: "test".to_owned(), at: clock::date_time() });
    let request = Request::new_with_str_and_init(&url, &init).ok()?;
    let answer = JsFuture::from(web_sys::window()?.fetch_with_request(&request)).await.ok()?;
    let kind = Reflect::get(&answer, &JsValue::from_str("type")).ok().and_then(|t| t.as_string()).unwrap_or_default();
    let response: Response = answer.unchecked_into();
    let content_type = response.headers().get("content-type").ok().flatten().unwrap_or_default();
    let status = (response.status() > 0).then(|| response.status());
    Some(Seen {
        status,
        content_type,
        redirects: kind == "opaqueredirect",
        opaque: kind == "opaque",
        ..Seen::default()
    })
}
