//! Windows of the panes: presets, those of the file, typed and dragged ones; one for all panes or one each.

use super::change::Update;
use super::command::{PaneId, VolumeStyle, WindowChange};
use super::state::Session;
use crate::dicom::{Series, VoiLutFunction};
use crate::view::{PRESETS, VoiFunction, Window};

/// A window that the file proposes.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnWindow {
    /// Its Window Center & Width Explanation; empty where the file gives none.
    pub name: String,
    /// The window.
    pub window: Window,
}

/// The windows of a series: those of its first instance that has any.
pub(super) fn own_windows(series: &Series) -> Vec<OwnWindow> {
    let stored = series.instances.iter().map(|i| &i.windows).find(|w| !w.is_empty());
    let own = |w: &crate::dicom::VoiWindow| OwnWindow {
        name: w.explanation.clone(),
        window: Window {
            centre_hu: w.centre_hu,
            width_hu: w.width_hu,
            function: match w.function {
                VoiLutFunction::Linear => VoiFunction::Linear,
                VoiLutFunction::LinearExact => VoiFunction::LinearExact,
                VoiLutFunction::Sigmoid => VoiFunction::Sigmoid,
            },
        },
    };
    stored.map_or_else(Vec::new, |windows| windows.iter().map(own).collect())
}

impl Session {
    /// The window of a pane.
    pub fn window_of(&self, id: PaneId) -> Window {
        self.windows[id.index()]
    }

    /// A preset by number; 0 is the file's own window, and the next of them when pressed again.
    pub(super) fn choose_window(&mut self, preset: usize, update: &mut Update) {
        let id = self.pane_for_keys();
        let window = if preset == 0 {
            let now = self.own_windows.iter().position(|own| own.window == self.window_of(id));
            let next = now.map_or(0, |n| (n + 1) % self.own_windows.len());
            self.own_windows.get(next).map(|own| own.window)
        } else {
            PRESETS.get(preset - 1).copied()
        };
        if let Some(window) = window {
            self.set_window(id, window, update);
        }
    }

    pub(super) fn choose_own_window(&mut self, n: usize, update: &mut Update) {
        if let Some(window) = self.own_windows.get(n).map(|own| own.window) {
            self.set_window(self.pane_for_keys(), window, update);
        }
    }

    /// A number or function chosen by the reader, for the pane that the toolbar acts on.
    pub(super) fn change_window(&mut self, change: WindowChange, update: &mut Update) {
        let mut window = self.window_of(self.pane_for_keys());
        match change {
            WindowChange::Centre(centre_hu) => window.centre_hu = centre_hu,
            WindowChange::Width(width_hu) => window.width_hu = width_hu,
            WindowChange::Function(function) => window.function = function,
        }
        if window.centre_hu.is_finite() && window.width_hu.is_finite() {
            self.set_window(self.pane_for_keys(), window.within_limits(), update);
        }
        update.changes.facts = true;
    }

    /// Gives a pane a window, or all panes while they share one.
    pub(super) fn set_window(&mut self, id: PaneId, window: Window, update: &mut Update) {
        let mut windows = self.windows;
        if self.linked_window {
            windows = [window; 4];
        } else {
            windows[id.index()] = window;
        }
        self.set_windows(windows, update);
    }

    pub(super) fn set_windows(&mut self, windows: [Window; 4], update: &mut Update) {
        let of_volume = windows[PaneId::Volume.index()] != self.windows[PaneId::Volume.index()];
        self.windows = windows;
        let cuts = self.clip.cut.is_some();
        if of_volume && (cuts || matches!(self.volume_style, VolumeStyle::Projection(_))) {
            self.volume_moved(update);
        }
        update.changes.view = true;
        update.changes.facts = true;
    }

    /// One window for all panes or one each; sharing begins with that of the pane that keys act on.
    pub(super) fn toggle_linked_window(&mut self, update: &mut Update) {
        self.linked_window = !self.linked_window;
        if self.linked_window {
            let window = self.window_of(self.pane_for_keys());
            self.set_windows([window; 4], update);
        }
    }
}
