//! The only place that sends. Accepts nothing but [`Outbound`], which cannot carry source pixels, and sends it to the server of its
//! audience; each request is entered in the ledger before it is sent.

use super::clock;
use super::configuration::{Dicomweb, FolderMethod};
use super::dicomweb::{Server, TIME_OUT, broken, unanswered};
pub use crate::export::Outbound;
use crate::export::{Place, TokenRequest};
use crate::session::{AnswerFault, Audience, LedgerEntry, ParcelId, RemoteError, UploadOutcome, UploadReply};
use gloo::timers::callback::Timeout;
use js_sys::Uint8Array;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, AbortSignal, DomException, Headers, Request, RequestCache, RequestCredentials, RequestInit,
    RequestRedirect, Response,
};

/// The servers of the site's configuration, one for each audience.
#[derive(Default)]
pub struct Servers {
    /// Inside the hospital; images are read from it too.
    pub hospital: Server,
    /// What the hospital's annotations are put into instead, where there is one.
    pub folder: Server,
    /// Of a campaign: nothing is read from it.
    pub campaign: Server,
    known: Cell<bool>,
    /// What stops each upload under way.
    under_way: RefCell<BTreeMap<ParcelId, AbortController>>,
}

impl Servers {
    /// Takes the site's configuration.
    pub fn configure(&self, archive: Option<Dicomweb>, folder: Option<Dicomweb>, campaign: Option<Dicomweb>) {
        self.hospital.configure(archive);
        self.folder.configure(folder);
        self.campaign.configure(campaign);
        self.folder.share_sign_in(&self.hospital);
        self.known.set(true);
    }
    /// Whether the site's configuration has been read.
    pub fn is_known(&self) -> bool {
        self.known.get()
    }
    /// Whether a reader signs in at an identity provider.
    pub fn have_sign_in(&self) -> bool {
        [&self.hospital, &self.folder, &self.campaign].iter().any(|s| s.sign_in().provider().is_some())
    }
    /// The one that objects for an audience go to.
    pub fn of(&self, audience: Audience) -> &Server {
        match audience {
            Audience::Hospital if self.folder.is_configured() => &self.folder,
            Audience::Hospital => &self.hospital,
            Audience::Campaign => &self.campaign,
        }
    }
    /// Sends a parcel, or what is next of it; without an answer after `patience_ms` it has not arrived.
    ///
    /// # Errors
    /// By what cures it; [`RemoteError::Cancelled`] after [`Self::stop`], whatever came of it.
    pub async fn upload(
        &self,
        parcel: ParcelId,
        outbound: &Outbound,
        patience_ms: u32,
        enter: impl Fn(LedgerEntry),
    ) -> UploadOutcome {
        let stop = AbortController::new()
            .map_err(|e| RemoteError::BadAnswer(AnswerFault::Said(super::PlatformError::from(e).0)))?;
        self.under_way.borrow_mut().insert(parcel, stop.clone());
        let outcome = store(outbound, self, &stop, patience_ms, enter).await;
        let mut under_way = self.under_way.borrow_mut();
        // Stopped, and perhaps sent again meanwhile.
        if under_way.get(&parcel) != Some(&stop) {
            return Err(RemoteError::Cancelled);
        }
        under_way.remove(&parcel);
        outcome
    }
    /// Gives up the upload of a parcel.
    pub fn stop(&self, parcel: ParcelId) {
        if let Some(stop) = self.under_way.borrow_mut().remove(&parcel) {
            stop.abort();
        }
    }
}

/// Stores objects on the server of their audience: `POST {root}/studies` (STOW-RS, PS3.18 10.5), or a file in a folder.
///
/// Redirects are not followed: the answer comes from that server or not at all, and one that leads elsewhere leads to a sign-in.
/// `stop` ends it, and so do `patience_ms` without an answer.
///
/// # Errors
/// By what cures it.
pub async fn store(
    outbound: &Outbound,
    servers: &Servers,
    stop: &AbortController,
    patience_ms: u32,
    enter: impl Fn(LedgerEntry),
) -> UploadOutcome {
    let failed = |e: JsValue| RemoteError::BadAnswer(AnswerFault::Said(super::PlatformError::from(e).0));
    let server = servers.of(outbound.audience());
    let (method, path) = match (outbound.place(), server.method()) {
        (Place::Studies, _) => ("POST", "studies"),
        (Place::File(name), FolderMethod::Put) => ("PUT", name.as_str()),
        (Place::File(name), FolderMethod::Post) => ("POST", name.as_str()),
    };
    let url = server.address(path).ok_or(RemoteError::NotFound)?;
    let _limit = limit(stop, patience_ms).map_err(failed)?;
    server.refresh(&enter).await;
    if stop.signal().aborted() {
        return Err(broken(stop.signal().reason()));
    }
    let kinds: Vec<&str> = outbound.contents().iter().map(|(kind, _)| kind.word()).collect();
    let kind = if kinds.is_empty() { "test".to_owned() } else { kinds.join("+") };
    enter(LedgerEntry { method, url: url.clone(), bytes: outbound.body().len(), kind, at: clock::date_time() });
    let headers = Headers::new().map_err(failed)?;
    headers.set("Content-Type", outbound.content_type()).map_err(failed)?;
    headers.set("Accept", "application/dicom+json").map_err(failed)?;
    let (credentials, authorization) = server.credentials();
    if let Some(authorization) = authorization {
        // A secret that cannot stand in a header is none.
        headers.set("Authorization", &authorization).map_err(|e| {
            log::debug!("{e:?}");
            RemoteError::Unauthorized
        })?;
    }
    let init = RequestInit::new();
    init.set_method(method);
    init.set_headers(&headers);
    init.set_credentials(credentials);
    init.set_redirect(RequestRedirect::Manual);
    init.set_cache(RequestCache::NoStore);
    init.set_body(&Uint8Array::from(outbound.body()));
    init.set_signal(Some(&stop.signal()));
    let request = Request::new_with_str_and_init(&url, &init).map_err(failed)?;
    let window = web_sys::window().ok_or(RemoteError::Unreachable)?;
    let response = JsFuture::from(window.fetch_with_request(&request)).await.map_err(unanswered)?;
    let response: Response = response.unchecked_into();
    // Only a redirect that is not followed has no status (Fetch standard, opaque-redirect filtered response).
    if response.status() == 0 {
        return Err(RemoteError::Unauthorized);
    }
    let media_type = response.headers().get("Content-Type").ok().flatten().unwrap_or_default();
    let is_page = media_type.trim_start().to_ascii_lowercase().starts_with("text/html");
    // A body that is cut off says that it was, not why.
    let cut = |e: JsValue| broken(if stop.signal().aborted() { stop.signal().reason() } else { e });
    let text = JsFuture::from(response.text().map_err(failed)?).await.map_err(cut)?;
    // What is no JSON says no more than the status does.
    let answer = js_sys::JSON::parse(&text.as_string().unwrap_or_default()).unwrap_or(JsValue::NULL);
    let answer = serde_wasm_bindgen::from_value(answer).unwrap_or_default();
    Ok(UploadReply { status: response.status(), is_page, answer })
}

/// Stops a request that has no answer after so many ms, unless this is dropped before.
///
/// # Errors
/// Those of the browser.
pub(super) fn limit(stop: &AbortController, patience_ms: u32) -> Result<Timeout, JsValue> {
    let late = DomException::new_with_message_and_name("no answer in time", TIME_OUT)?;
    let stop = stop.clone();
    Ok(Timeout::new(patience_ms, move || stop.abort_with_reason(&late)))
}

/// How long an identity provider has for its answer, which is short, ms: whatever needs the token waits for it.
const TOKEN_MS: u32 = 30_000;

/// Asks an identity provider for a token; the text of its answer, which says itself whether it is one.
///
/// # Errors
/// [`RemoteError::Unreachable`] if there is no answer that may be read.
pub async fn ask_token(request: &TokenRequest, enter: &impl Fn(LedgerEntry)) -> Result<String, RemoteError> {
    let failed = |e: JsValue| {
        log::debug!("{e:?}");
        RemoteError::Unreachable
    };
    enter(LedgerEntry {
        method: "POST",
        url: request.address().to_owned(),
        bytes: request.form().len(),
        kind: "token".to_owned(),
        at: clock::date_time(),
    });
    let headers = Headers::new().map_err(failed)?;
    headers.set("Content-Type", TokenRequest::CONTENT_TYPE).map_err(failed)?;
    headers.set("Accept", "application/json").map_err(failed)?;
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_credentials(RequestCredentials::Omit);
    init.set_redirect(RequestRedirect::Error);
    init.set_cache(RequestCache::NoStore);
    init.set_body(&JsValue::from_str(request.form()));
    init.set_signal(Some(&AbortSignal::timeout_with_u32(TOKEN_MS)));
    let request = Request::new_with_str_and_init(request.address(), &init).map_err(failed)?;
    let window = web_sys::window().ok_or(RemoteError::Unreachable)?;
    let response: Response =
        JsFuture::from(window.fetch_with_request(&request)).await.map_err(failed)?.unchecked_into();
    let text = JsFuture::from(response.text().map_err(failed)?).await.map_err(failed)?;
    Ok(text.as_string().unwrap_or_default())
}
