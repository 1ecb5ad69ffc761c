//! The site's configuration taken up when the page starts: the server, what the address asks of it, and autosave.

use super::document::query;
use super::runtime::Runtime;
use crate::platform::configuration::{self, Configuration};
use crate::session::{Command, RemoteEvent};

impl Runtime {
    /// Reads the configuration and does as it says; without one there is no server, and autosave as usual.
    pub(super) async fn configure(&self) {
        let read = configuration::load().await;
        let days =
            read.as_ref().map_or_else(|_| Configuration::default().autosave_days(), Configuration::autosave_days);
        self.keeping().start(days);
        match read {
            Ok(configuration) => {
                let site = configuration.dicomweb;
                let authentication = site.as_ref().map(|d| d.authentication.into()).unwrap_or_default();
                let name = site.as_ref().map(|d| d.name.clone());
                self.server().configure(site);
                self.dispatch(Command::Destination(name));
                self.dispatch(Command::Remote(RemoteEvent::Configured(authentication)));
                if let Some(study) = query("studies") {
                    self.dispatch(Command::Remote(RemoteEvent::Study(study)));
                }
            }
            Err(e) => log::warn!("no configuration: {e}"),
        }
    }
}
