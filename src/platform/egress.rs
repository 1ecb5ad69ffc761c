//! The only place that sends. Accepts nothing but [`Outbound`], which cannot carry source pixels; each request is entered in
//! the ledger before it is sent.

use super::dicomweb::Server;
use super::{PlatformError, clock};
use crate::export::Outbound;
use crate::session::{LedgerEntry, UploadOutcome, UploadReply};
use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, Request, RequestInit, RequestRedirect, Response};

/// Stores objects on a DICOMweb server (STOW-RS, PS3.18 10.5): `POST {root}/studies`.
///
/// The server is that of the site's configuration. Redirects are refused: the answer comes from it or not at all.
pub async fn store(outbound: &Outbound, server: &Server, enter: impl Fn(LedgerEntry)) -> UploadOutcome {
    send(outbound, server, enter).await.map_err(|e| e.to_string())
}

async fn send(outbound: &Outbound, server: &Server, enter: impl Fn(LedgerEntry)) -> Result<UploadReply, PlatformError> {
    let url = server.address("studies").ok_or_else(|| PlatformError("no server is configured".to_owned()))?;
    let kinds: Vec<&str> = outbound.contents().iter().map(|(kind, _)| kind.word()).collect();
    enter(LedgerEntry {
        method: "POST",
        url: url.clone(),
        bytes: outbound.body().len(),
        kind: kinds.join("+"),
        at: clock::date_time(),
    });
    let headers = Headers::new()?;
    headers.set("Content-Type", outbound.content_type())?;
    headers.set("Accept", "application/dicom+json")?;
    let (credentials, authorization) = server.credentials();
    if let Some(authorization) = authorization {
        headers.set("Authorization", &authorization)?;
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_credentials(credentials);
    init.set_redirect(RequestRedirect::Error);
    init.set_body(&Uint8Array::from(outbound.body()));
    let request = Request::new_with_str_and_init(&url, &init)?;
    let window = web_sys::window().ok_or_else(|| PlatformError("no window".into()))?;
    let response: Response = JsFuture::from(window.fetch_with_request(&request)).await?.unchecked_into();
    Ok(UploadReply { status: response.status(), text: response.status_text() })
}
