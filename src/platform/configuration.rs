//! The site's configuration: `config.json` beside the page.

use super::{PlatformError, reading};
use crate::session::Authentication;
use serde::Deserialize;

/// What a site sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Configuration {
    /// Where annotations are sent; `null` when nowhere.
    pub dicomweb: Option<Dicomweb>,
    /// For so many days after its last change a reading is kept on the reader's computer; 0: none is.
    #[serde(default)]
    pub autosave_days: Option<u32>,
}

impl Configuration {
    /// See `autosave_days`; two weeks where the site says nothing.
    pub fn autosave_days(&self) -> u32 {
        self.autosave_days.unwrap_or(14)
    }
}

/// A DICOMweb server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Dicomweb {
    /// Its name, as the reader sees it.
    pub name: String,
    /// Its root address, relative to the page or absolute; must be allowed by the page's `connect-src`.
    pub root: String,
    /// How it knows who asks. Never a password or token: those are asked of the reader.
    #[serde(default)]
    pub authentication: AuthenticationKind,
}

/// The words of the configuration for [`Authentication`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthenticationKind {
    /// It does not ask, or the page's own origin answers for the reader.
    #[default]
    None,
    /// Cookies, to another origin too.
    Cookie,
    /// User and password.
    Basic,
    /// A token.
    Bearer,
}

impl From<AuthenticationKind> for Authentication {
    fn from(kind: AuthenticationKind) -> Self {
        match kind {
            AuthenticationKind::None => Self::None,
            AuthenticationKind::Cookie => Self::Cookie,
            AuthenticationKind::Basic => Self::Basic,
            AuthenticationKind::Bearer => Self::Bearer,
        }
    }
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
