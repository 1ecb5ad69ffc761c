//! The site's configuration: `config.json` beside the page.

use super::{PlatformError, reading};
use crate::session::{
    Authentication, Campaign, CampaignSecret, Delivery, Destination, Destinations, Provider, SiteBlinding,
};
use serde::{Deserialize, Serialize};

/// What a site sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Configuration {
    /// The hospital's archive: images are read from it, and annotations sent to it unless there is a folder. `null` where there is none.
    pub dicomweb: Option<Dicomweb>,
    /// A folder that annotations are put into instead.
    #[serde(default)]
    pub folder: Option<Dicomweb>,
    /// Where readings are collected outside the hospital; `null` when nowhere.
    #[serde(default)]
    pub campaign: Option<CampaignSite>,
    /// For so many days after its last change a reading is kept on the reader's computer; 0: none is.
    #[serde(default)]
    pub autosave_days: Option<u32>,
    /// Whether readers are told who the patient is.
    #[serde(default)]
    pub blinded: BlindedKind,
}

impl Configuration {
    /// Where objects can be sent, and why a campaign that is set is not among them.
    pub fn destinations(&self) -> (Destinations, Option<PlatformError>) {
        let destination = |server: &Dicomweb| Destination {
            name: server.name.clone(),
            authentication: server.authentication.into(),
            delivery: server.kind.into(),
        };
        let hospital = self.folder.as_ref().or(self.dicomweb.as_ref()).map(destination);
        let campaign = self.campaign.as_ref().map(|site| site.campaign().map(|c| (destination(&site.server), c)));
        match campaign.transpose() {
            Ok(campaign) => (Destinations { hospital, campaign }, None),
            Err(error) => (Destinations { hospital, campaign: None }, Some(error)),
        }
    }
    /// See `autosave_days`; two weeks where the site says nothing.
    pub fn autosave_days(&self) -> u32 {
        self.autosave_days.unwrap_or(14)
    }
}

/// The words of the configuration for [`SiteBlinding`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlindedKind {
    /// They are, unless they choose not to be.
    #[default]
    Off,
    /// They are not, unless they choose to be.
    On,
    /// They are not.
    Always,
}

impl From<BlindedKind> for SiteBlinding {
    fn from(kind: BlindedKind) -> Self {
        match kind {
            BlindedKind::Off => Self::Off,
            BlindedKind::On => Self::On,
            BlindedKind::Always => Self::Always,
        }
    }
}

/// A DICOMweb server, or a folder that takes files.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Dicomweb {
    /// Its name, as the reader sees it.
    pub name: String,
    /// Its root address, relative to the page or absolute; must be allowed by the page's `connect-src`.
    pub root: String,
    /// How it knows who asks. Never a password or token: those are asked of the reader.
    #[serde(default)]
    pub authentication: AuthenticationKind,
    /// The identity provider of `openid`.
    #[serde(default)]
    pub openid: Option<Provider>,
    /// What it takes.
    #[serde(default)]
    pub kind: ServerKind,
    /// How a folder takes files.
    #[serde(default)]
    pub method: FolderMethod,
}

/// The words of the configuration for [`Delivery`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerKind {
    /// DICOMweb.
    #[default]
    Archive,
    /// Files, each under a name of its own.
    Folder,
}

impl From<ServerKind> for Delivery {
    fn from(kind: ServerKind) -> Self {
        match kind {
            ServerKind::Archive => Self::Archive,
            ServerKind::Folder => Self::Folder,
        }
    }
}

/// How a folder takes files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum FolderMethod {
    /// `PUT {root}/{name}`, as WebDAV and object stores do.
    #[default]
    Put,
    /// `POST {root}/{name}`.
    Post,
}

/// A campaign, and its server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CampaignSite {
    /// Its name and address.
    #[serde(flatten)]
    pub server: Dicomweb,
    /// Clinical Trial Sponsor Name.
    pub sponsor: String,
    /// Clinical Trial Protocol ID.
    pub protocol: String,
    /// Clinical Trial Site ID.
    pub site: String,
    /// What pseudonyms, UIDs and dates are replaced with: 32 characters or more, of this site alone.
    pub secret: String,
    /// What the protocol asks of the patient.
    #[serde(default)]
    pub characteristics: Vec<Characteristic>,
}

/// What may be told of a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Characteristic {
    /// Patient's Sex.
    Sex,
    /// The decade of the age.
    Age,
}

impl CampaignSite {
    fn campaign(&self) -> Result<Campaign, PlatformError> {
        let secret = CampaignSecret::new(&self.secret).ok_or_else(|| {
            PlatformError(format!("the campaign's secret is shorter than {} characters", CampaignSecret::FEWEST))
        })?;
        Ok(Campaign {
            name: self.server.name.clone(),
            sponsor: self.sponsor.clone(),
            protocol: self.protocol.clone(),
            site: self.site.clone(),
            secret,
            with_sex: self.characteristics.contains(&Characteristic::Sex),
            with_age: self.characteristics.contains(&Characteristic::Age),
        })
    }
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
    /// A token of the identity provider.
    OpenId,
}

impl From<AuthenticationKind> for Authentication {
    fn from(kind: AuthenticationKind) -> Self {
        match kind {
            AuthenticationKind::None => Self::None,
            AuthenticationKind::Cookie => Self::Cookie,
            AuthenticationKind::Basic => Self::Basic,
            AuthenticationKind::Bearer => Self::Bearer,
            AuthenticationKind::OpenId => Self::OpenId,
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
    let mut configuration: Configuration =
        serde_wasm_bindgen::from_value(value).map_err(|e| PlatformError(e.to_string()))?;
    if let Some(folder) = &mut configuration.folder {
        folder.kind = ServerKind::Folder;
    }
    Ok(configuration)
}
