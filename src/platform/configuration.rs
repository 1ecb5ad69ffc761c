//! The site's configuration: `config.json` beside the page.

use super::{PlatformError, reading};
use serde::Deserialize;

/// What a site sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Configuration {
    /// Where annotations are sent; `null` when nowhere.
    pub dicomweb: Option<Dicomweb>,
}

/// A DICOMweb server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Dicomweb {
    /// Its name, as the reader sees it.
    pub name: String,
    /// Its root address, relative to the page or absolute; must be allowed by the page's `connect-src`.
    pub root: String,
}

/// Reads the configuration.
///
/// # Errors
/// When it is not there or does not read.
pub async fn load() -> Result<Configuration, PlatformError> {
    let text = reading::text("config.json").await?;
    let value = js_sys::JSON::parse(&text)?;
    serde_wasm_bindgen::from_value(value).map_err(|e| PlatformError(e.to_string()))
}
