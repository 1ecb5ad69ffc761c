//! Which panes are on screen, and which of them is large.

use super::change::Update;
use super::command::PaneId;
use super::state::Session;

/// How the panes share the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// One pane.
    One,
    /// Two side by side.
    Two,
    /// All four, equal.
    #[default]
    Four,
    /// One slice pane large, the other three small beside it.
    OneAndThree,
    /// The 3D picture large, the slices small beside it.
    LargeVolume,
}

impl Layout {
    /// All, in the order of the chooser.
    pub const ALL: [Self; 5] = [Self::One, Self::Two, Self::Four, Self::OneAndThree, Self::LargeVolume];

    /// Its name in the automation contract and the style sheet.
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "layout-1x1",
            Self::Two => "layout-1x2",
            Self::Four => "layout-2x2",
            Self::OneAndThree => "layout-1-3",
            Self::LargeVolume => "layout-3d",
        }
    }
    /// The panes on screen where `main` is the one that matters most.
    fn shows(self, main: PaneId) -> [bool; 4] {
        PaneId::ALL.map(|id| match self {
            Self::One => id == main,
            // Next to the axial slices the coronal ones, next to all others the axial ones.
            Self::Two => id == main || id == if main == PaneId::Axial { PaneId::Coronal } else { PaneId::Axial },
            Self::Four | Self::OneAndThree | Self::LargeVolume => true,
        })
    }
}

/// The panes on screen, as the page lays them out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// How they share the screen.
    pub layout: Layout,
    /// Which are shown, in the order of [`PaneId::ALL`].
    pub shown: [bool; 4],
    /// The one that is larger than the others.
    pub large: Option<PaneId>,
}

impl Session {
    /// The panes on screen: one alone if it is shown so, else those of the layout.
    pub fn arrangement(&self) -> Arrangement {
        if let Some(alone) = self.maximised {
            return Arrangement { layout: Layout::One, shown: Layout::One.shows(alone), large: None };
        }
        let large = matches!(self.layout, Layout::OneAndThree | Layout::LargeVolume).then_some(self.main);
        Arrangement { layout: self.layout, shown: self.layout.shows(self.main), large }
    }

    /// Lays the panes out about the one that keys act on.
    pub(super) fn choose_layout(&mut self, layout: Layout, update: &mut Update) {
        let chosen = self.pane_for_keys();
        self.main = match layout {
            Layout::LargeVolume => PaneId::Volume,
            Layout::OneAndThree if chosen == PaneId::Volume => PaneId::Axial,
            _ => chosen,
        };
        self.layout = layout;
        self.maximised = None;
        if !self.arrangement().shown[self.active.index()] {
            self.active = self.main;
        }
        update.changes.facts = true;
        update.changes.view = true;
    }

    /// Shows the pane that keys act on alone, or all of the layout again.
    pub(super) fn maximise(&mut self, update: &mut Update) {
        self.maximised = match self.maximised {
            Some(_) => None,
            None => Some(self.pane_for_keys()),
        };
        update.changes.facts = true;
        update.changes.view = true;
    }

    /// The pane that keys and the toolbar act on: under the pointer, else the one shown alone, else the last pressed.
    pub(super) fn pane_for_keys(&self) -> PaneId {
        self.pointer.map(|p| p.0).or(self.maximised).unwrap_or(self.active)
    }
}
