//! Reading from the configured DICOMweb server: GET only. QIDO-RS answers as data sets, WADO-RS answers part by part.

use super::configuration::{Dicomweb, FolderMethod, ServerKind};
use super::sign_in::SignIn;
use super::{clock, probing, reading};
use crate::dicom::{JsonDataSet, MOST_PART, Multipart, MultipartError};
use crate::session::{AnswerFault, AnswerForm, Authentication, LedgerEntry, MOST_ARCHIVE, RemoteError};
use js_sys::{Array, Reflect, Uint8Array};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Headers, ReadableStreamDefaultReader, Request, RequestCache, RequestCredentials, RequestInit,
    RequestRedirect, Response,
};

/// What the reader gave to be known by: memory of this page only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secret {
    /// User name, where there is one.
    pub user: String,
    /// Password or token.
    pub secret: String,
}

/// The server, and who asks it.
#[derive(Default)]
pub struct Server {
    configuration: RefCell<Option<Dicomweb>>,
    secret: RefCell<Secret>,
    sign_in: RefCell<Rc<SignIn>>,
    /// Of what is under way.
    stop: RefCell<Option<AbortController>>,
}

impl Server {
    /// Takes the site's configuration.
    pub fn configure(&self, configuration: Option<Dicomweb>) {
        let provider = configuration.as_ref().and_then(|c| c.openid.clone());
        *self.sign_in.borrow_mut() = Rc::new(SignIn::new(provider));
        *self.configuration.borrow_mut() = configuration;
    }
    /// Whether there is one.
    pub fn is_configured(&self) -> bool {
        self.configuration.borrow().is_some()
    }
    /// Whether it takes files and shows none.
    pub fn is_folder(&self) -> bool {
        self.configuration.borrow().as_ref().is_some_and(|c| c.kind == ServerKind::Folder)
    }
    /// How a folder takes files.
    pub fn method(&self) -> FolderMethod {
        self.configuration.borrow().as_ref().map(|c| c.method).unwrap_or_default()
    }
    /// Signing in at its identity provider.
    pub fn sign_in(&self) -> Rc<SignIn> {
        self.sign_in.borrow().clone()
    }
    /// Who signs in at another server is known here, if both have one identity provider.
    pub fn share_sign_in(&self, other: &Self) {
        if self.sign_in().provider() == other.sign_in().provider() {
            *self.sign_in.borrow_mut() = other.sign_in();
        }
    }
    /// Renews a token that ends soon; what cannot be renewed is refused by the server.
    pub async fn refresh(&self, enter: &impl Fn(LedgerEntry)) {
        self.sign_in().refresh(enter).await;
    }
    /// Takes what the reader gave; nothing given changes nothing.
    pub fn know(&self, secret: Secret) {
        if secret != Secret::default() {
            *self.secret.borrow_mut() = secret;
        }
    }
    /// An address below the root; `None` where no server is configured.
    pub fn address(&self, path: &str) -> Option<String> {
        let root = self.configuration.borrow().as_ref()?.root.trim_end_matches('/').to_owned();
        reading::absolute(&format!("{root}/{path}")).ok()
    }
    /// How the server knows who asks: whether cookies go to it, and the `Authorization` header (RFC 7617, RFC 6750).
    pub fn credentials(&self) -> (RequestCredentials, Option<String>) {
        let authentication = self.configuration.borrow().as_ref().map(|c| Authentication::from(c.authentication));
        let Secret { user, secret } = &*self.secret.borrow();
        match authentication.unwrap_or_default() {
            Authentication::None => (RequestCredentials::SameOrigin, None),
            Authentication::Cookie => (RequestCredentials::Include, None),
            Authentication::Basic => {
                // `btoa` takes bytes as characters.
                let bytes: String = format!("{user}:{secret}").bytes().map(char::from).collect();
                let encoded = web_sys::window().and_then(|w| w.btoa(&bytes).ok());
                (RequestCredentials::Omit, encoded.map(|e| format!("Basic {e}")))
            }
            Authentication::Bearer => (RequestCredentials::Omit, Some(format!("Bearer {secret}"))),
            Authentication::OpenId => {
                (RequestCredentials::Omit, self.sign_in().token().map(|token| format!("Bearer {token}")))
            }
        }
    }
    /// Stops what is under way.
    pub fn stop(&self) {
        if let Some(stop) = self.stop.borrow_mut().take() {
            stop.abort();
        }
    }

    /// A search (QIDO-RS, PS3.18 10.6): the data sets of its answer.
    ///
    /// # Errors
    /// By what cures it.
    pub async fn search(&self, path: &str, enter: impl Fn(LedgerEntry)) -> Result<Vec<JsonDataSet>, RemoteError> {
        let response = self.get(path, "application/dicom+json", "search", enter).await?;
        // No content: nothing matches (PS3.18 8.3.4.5).
        if response.status() == 204 {
            return Ok(Vec::new());
        }
        let bad = |e: JsValue| RemoteError::BadAnswer(AnswerFault::Said(super::PlatformError::from(e).0));
        let text = JsFuture::from(response.text().map_err(bad)?).await.map_err(broken)?;
        let value = js_sys::JSON::parse(&text.as_string().unwrap_or_default()).map_err(bad)?;
        serde_wasm_bindgen::from_value(value).map_err(|e| RemoteError::BadAnswer(AnswerFault::Said(e.to_string())))
    }

    /// All instances of a path (WADO-RS, PS3.18 10.4), as the server stores them: nothing is recompressed on the way, and old
    /// servers give their own choice otherwise. Each is handed to `take` as it comes, in pieces (`Uint8Array`), with the bytes read
    /// so far. One part, or an instance that comes alone, has at most [`MOST_PART`] bytes, an archive at most [`MOST_ARCHIVE`].
    ///
    /// # Errors
    /// By what cures it; what came before was taken.
    pub async fn retrieve(
        &self,
        path: &str,
        enter: impl Fn(LedgerEntry),
        mut take: impl FnMut(&Array, u64),
    ) -> Result<AnswerForm, RemoteError> {
        let accept = "multipart/related; type=\"application/dicom\"; transfer-syntax=*";
        let response = self.get(path, accept, "retrieve", enter).await?;
        let content_type = response.headers().get("content-type").ok().flatten().unwrap_or_default();
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let bad = |e: MultipartError| RemoteError::BadAnswer(AnswerFault::Parts(e));
        // One instance, or an archive of them, may come without an envelope.
        let mut parts = match kind.as_str() {
            "application/dicom" | "application/zip" => None,
            _ => Some(Multipart::new(&content_type).map_err(bad)?),
        };
        let body = response.body().ok_or(RemoteError::BadAnswer(AnswerFault::NoBody))?;
        let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
        let most = if kind == "application/zip" { MOST_ARCHIVE } else { MOST_PART as u64 };
        // It stays outside the page's own memory, which holds no archive of many slices.
        let (mut bytes, alone) = (0, Array::new());
        loop {
            let piece = JsFuture::from(reader.read()).await.map_err(broken)?;
            if Reflect::get(&piece, &"done".into()).is_ok_and(|d| d.is_truthy()) {
                break;
            }
            let Ok(piece) = Reflect::get(&piece, &"value".into()).and_then(JsCast::dyn_into::<Uint8Array>) else {
                continue;
            };
            bytes += u64::from(piece.length());
            match &mut parts {
                Some(parts) => {
                    for part in parts.push(&piece.to_vec()).map_err(bad)? {
                        take(&Array::of1(&Uint8Array::from(part.bytes.as_slice())), bytes);
                    }
                }
                None if bytes > most => {
                    return Err(RemoteError::BadAnswer(AnswerFault::TooLarge(most)));
                }
                None => {
                    alone.push(&piece);
                }
            }
        }
        match parts {
            Some(parts) => parts.finish().map_err(|e| RemoteError::Incomplete(AnswerFault::Parts(e)))?,
            None => take(&alone, bytes),
        }
        Ok(if kind == "application/zip" { AnswerForm::Archive } else { AnswerForm::Instances })
    }

    async fn get(
        &self,
        path: &str,
        accept: &str,
        kind: &str,
        enter: impl Fn(LedgerEntry),
    ) -> Result<Response, RemoteError> {
        let failed = |e: JsValue| RemoteError::BadAnswer(AnswerFault::Said(super::PlatformError::from(e).0));
        let url = self.address(path).ok_or(RemoteError::NotFound)?;
        self.refresh(&enter).await;
        enter(LedgerEntry { method: "GET", url: url.clone(), bytes: 0, kind: kind.to_owned(), at: clock::date_time() });
        let stop = AbortController::new().map_err(failed)?;
        let headers = Headers::new().map_err(failed)?;
        headers.set("Accept", accept).map_err(failed)?;
        let (credentials, authorization) = self.credentials();
        if let Some(authorization) = authorization {
            // A secret that cannot stand in a header is none.
            headers.set("Authorization", &authorization).map_err(|e| {
                log::debug!("{e:?}");
                RemoteError::Unauthorized
            })?;
        }
        let init = RequestInit::new();
        init.set_headers(&headers);
        init.set_credentials(credentials);
        init.set_redirect(RequestRedirect::Manual);
        // Images of patients are not left in the browser's cache.
        init.set_cache(RequestCache::NoStore);
        init.set_signal(Some(&stop.signal()));
        *self.stop.borrow_mut() = Some(stop.clone());
        let request = Request::new_with_str_and_init(&url, &init).map_err(failed)?;
        let window = web_sys::window().ok_or(RemoteError::Unreachable)?;
        let response: Response = match JsFuture::from(window.fetch_with_request(&request)).await.map_err(unanswered) {
            Ok(answer) => answer.unchecked_into(),
            Err(RemoteError::Unreachable) => return Err(probing::why_unreachable(self, &stop, enter).await),
            Err(other) => return Err(other),
        };
        // Only a redirect that is not followed has no status (Fetch standard, opaque-redirect filtered response).
        if response.status() == 0 {
            return Err(RemoteError::Unauthorized);
        }
        if response.ok() { Ok(response) } else { Err(RemoteError::of_status(response.status())) }
    }
}

/// What a line is that broke before any answer.
pub(super) fn unanswered(error: JsValue) -> RemoteError {
    match broken(error) {
        RemoteError::Incomplete(why) => {
            log::debug!("{why:?}");
            RemoteError::Unreachable
        }
        other => other,
    }
}

/// What an answer that did not come in time is called (Web IDL, names of `DOMException`).
pub(super) const TIME_OUT: &str = "TimeoutError";

/// What a broken line is: stopped by the reader, by the clock, or by the world.
pub(super) fn broken(error: JsValue) -> RemoteError {
    let name = Reflect::get(&error, &"name".into()).ok().and_then(|n| n.as_string());
    match name.as_deref() {
        Some("AbortError") => RemoteError::Cancelled,
        Some(TIME_OUT) => RemoteError::NoAnswer,
        _ => RemoteError::Incomplete(AnswerFault::Said(super::PlatformError::from(error).0)),
    }
}
