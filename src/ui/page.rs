//! What components reach the session by.

use super::runtime::Runtime;
use crate::session::words::Lang;
use crate::session::{Command, PaneDrawing, Probe, ViewModel};
use crate::view::{PRESETS, Window};
use gloo::storage::{LocalStorage as Kept, Storage};
use leptos::prelude::*;

/// What components reach the session by.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub(super) runtime: StoredValue<Runtime, LocalStorage>,
    pub(super) view: RwSignal<ViewModel>,
    /// For the many words that change with the language alone.
    pub(super) lang: Memo<Lang>,
    pub(super) probe: RwSignal<Option<Probe>>,
    pub(super) drawings: [RwSignal<PaneDrawing>; 3],
    pub(super) help: RwSignal<bool>,
    /// The measurement whose words the reader is about to type.
    pub(super) asks_words: RwSignal<Option<u16>>,
}

/// The page's way to the session.
pub(super) fn page() -> Page {
    expect_context()
}

impl Page {
    pub(super) fn dispatch(&self, command: Command) {
        self.runtime.with_value(|r| r.dispatch(command));
    }
    /// Changes the language and remembers it.
    pub(super) fn choose_language(&self, lang: Lang) {
        if let Err(e) = Kept::set("hilum-lang", lang.tag()) {
            log::debug!("the language is not remembered: {e}");
        }
        self.dispatch(Command::Language(lang));
    }
    /// The window of the pane that the toolbar acts on.
    pub(super) fn current_window(&self) -> Option<Window> {
        self.view.with(|v| v.windows.get(v.active).copied().flatten())
    }
    /// The preset it equals; 0 is a window of the file.
    pub(super) fn window_preset(&self) -> Option<usize> {
        let window = self.current_window()?;
        let preset = PRESETS.iter().position(|p| *p == window).map(|n| n + 1);
        preset.or_else(|| self.view.with(|v| v.own_windows.iter().any(|o| o.window == window)).then_some(0))
    }
}
