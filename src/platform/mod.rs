//! The browser, one file per ability. Holds no decisions: what to do comes as data from `session`.
//!
//! Four files touch the network. [`egress`] sends, and accepts nothing but `export::Outbound` and `export::TokenRequest`; [`reading`]
//! (what lies beside the page), [`dicomweb`] (the configured server) and [`probing`] (the connection test) can only GET.

pub mod clock;
pub mod configuration;
pub mod dicomweb;
pub mod egress;
pub mod files;
mod message;
pub mod probing;
pub mod reading;
mod sealing;
pub mod sign_in;
pub mod storage;
mod tab_lock;
#[cfg(feature = "codecs")]
pub mod worker_host;
pub mod worker_pool;

pub use sealing::token;

use wasm_bindgen::JsValue;

/// A refusal of the browser, in its own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PlatformError(pub String);

impl From<JsValue> for PlatformError {
    fn from(value: JsValue) -> Self {
        let text = value
            .dyn_ref::<js_sys::Error>()
            .map(|e| String::from(e.message()))
            .or_else(|| value.as_string())
            .unwrap_or_else(|| format!("{value:?}"));
        Self(text)
    }
}

use wasm_bindgen::JsCast;
