//! The only place that sends. Accepts nothing but [`Outbound`], which cannot carry source pixels, and sends it to the server of its
//! audience; each request is entered in the ledger before it is sent.

use super::clock;
use super::dicomweb::{Server, broken};
pub use crate::export::Outbound;
use crate::session::{Audience, LedgerEntry, RemoteError, UploadOutcome, UploadReply};
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, Request, RequestCache, RequestInit, RequestRedirect, Response};

/// The servers of the site's configuration, one for each audience.
#[derive(Default)]
pub struct Servers {
    /// Inside the hospital; images are read from it too.
    pub hospital: Server,
    /// Of a campaign: nothing is read from it.
    pub campaign: Server,
}

impl Servers {
    /// The one that objects for an audience go to.
    pub fn of(&self, audience: Audience) -> &Server {
        match audience {
            Audience::Hospital => &self.hospital,
            Audience::Campaign => &self.campaign,
        }
    }
}

/// Stores objects on the server of their audience (STOW-RS, PS3.18 10.5): `POST {root}/studies`.
///
/// Redirects are refused: the answer comes from that server or not at all.
///
/// # Errors
/// By what cures it.
pub async fn store(outbound: &Outbound, servers: &Servers, enter: impl Fn(LedgerEntry)) -> UploadOutcome {
    let failed = |e: JsValue| RemoteError::BadAnswer(super::PlatformError::from(e).0);
    let server = servers.of(outbound.audience());
    let url = server.address("studies").ok_or(RemoteError::NotFound)?;
    let kinds: Vec<&str> = outbound.contents().iter().map(|(kind, _)| kind.word()).collect();
    enter(LedgerEntry {
        method: "POST",
        url: url.clone(),
        bytes: outbound.body().len(),
        kind: kinds.join("+"),
        at: clock::date_time(),
    });
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
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_credentials(credentials);
    init.set_redirect(RequestRedirect::Error);
    init.set_cache(RequestCache::NoStore);
    init.set_body(&Uint8Array::from(outbound.body()));
    let request = Request::new_with_str_and_init(&url, &init).map_err(failed)?;
    let window = web_sys::window().ok_or(RemoteError::Unreachable)?;
    let response = JsFuture::from(window.fetch_with_request(&request)).await.map_err(|e| {
        log::debug!("{e:?}");
        RemoteError::Unreachable
    })?;
    let response: Response = response.unchecked_into();
    let text = JsFuture::from(response.text().map_err(failed)?).await.map_err(broken)?;
    // What is no JSON says no more than the status does.
    let answer = js_sys::JSON::parse(&text.as_string().unwrap_or_default()).unwrap_or(JsValue::NULL);
    let answer = serde_wasm_bindgen::from_value(answer).unwrap_or_default();
    Ok(UploadReply { status: response.status(), answer })
}
