//! Reading from the network: GET only, own origin only in this version.

use super::PlatformError;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response};

/// The absolute address of a path relative to the page.
///
/// # Errors
/// When the path is no address.
pub fn absolute(path: &str) -> Result<String, PlatformError> {
    let base = web_sys::window()
        .and_then(|w| w.document())
        .and_then(|d| d.base_uri().ok().flatten())
        .ok_or_else(|| PlatformError("no document".into()))?;
    Ok(web_sys::Url::new_with_base(path, &base)?.href())
}

/// The body of a text file beside the page.
///
/// # Errors
/// When it is not there or the network fails.
pub async fn text(path: &str) -> Result<String, PlatformError> {
    let response = get(path, None).await?;
    let text = JsFuture::from(response.text()?).await?;
    text.as_string().ok_or_else(|| PlatformError("not a text".into()))
}

/// A WebAssembly module beside the page, compiled while it arrives; after that from a server that does not know the type of
/// such files, for browsers compile on the way only what is named `application/wasm`. Compared with `digest` (Subresource Integrity)
/// if there is one.
///
/// # Errors
/// When it is not there, is another file, is no module, or the network fails.
pub async fn module(path: &str, digest: Option<&str>) -> Result<JsValue, PlatformError> {
    let response = get(path, digest).await?;
    let compiled = if response.headers().get("content-type")?.as_deref() == Some("application/wasm") {
        js_sys::WebAssembly::compile_streaming(&js_sys::Promise::resolve(&JsValue::from(response)))
    } else {
        js_sys::WebAssembly::compile(&JsFuture::from(response.array_buffer()?).await?)
    };
    Ok(JsFuture::from(compiled).await?)
}

async fn get(path: &str, digest: Option<&str>) -> Result<Response, PlatformError> {
    let window = web_sys::window().ok_or_else(|| PlatformError("no window".into()))?;
    let how = RequestInit::new();
    if let Some(digest) = digest {
        how.set_integrity(digest);
    }
    let asked = window.fetch_with_str_and_init(&absolute(path)?, &how);
    let response: Response = JsFuture::from(asked).await?.unchecked_into();
    if response.ok() {
        Ok(response)
    } else {
        Err(PlatformError(format!("{} {}", response.status(), response.status_text())))
    }
}
