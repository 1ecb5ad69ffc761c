//! What an update leaves behind: what moved, and what the page should do.

use super::effect::Effect;
use crate::geometry::IndexBox;

/// What moved since the last picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Another CT is open (or none): textures begin anew.
    pub volume: bool,
    /// Slices that arrived.
    pub slices: Vec<usize>,
    /// Another CT is beside it (or none).
    pub beside: bool,
    /// Slices of that one that arrived.
    pub beside_slices: Vec<usize>,
    /// Voxels whose label changed.
    pub labels: Option<IndexBox>,
    /// A picture is no longer right.
    pub view: bool,
    /// The 3D picture is no longer right.
    pub volume_view: bool,
    /// Facts on the page are no longer right.
    pub facts: bool,
}

impl Changes {
    /// Adds a box of changed labels.
    pub fn add_labels(&mut self, touched: IndexBox) {
        self.labels = Some(self.labels.map_or(touched, |b| b.union(&touched)));
        self.view = true;
        self.volume_view = true;
        self.facts = true;
    }
    /// Adds what another update changed.
    pub fn merge(&mut self, other: Self) {
        self.volume |= other.volume;
        if other.volume {
            self.slices.clear();
            self.labels = None;
        }
        self.slices.extend(other.slices);
        self.beside |= other.beside;
        if other.beside {
            self.beside_slices.clear();
        }
        self.beside_slices.extend(other.beside_slices);
        if let Some(touched) = other.labels {
            self.labels = Some(self.labels.map_or(touched, |b| b.union(&touched)));
        }
        self.view |= other.view;
        self.volume_view |= other.volume_view;
        self.facts |= other.facts;
    }
}

/// The answer to a command.
#[derive(Debug, Default)]
pub struct Update {
    /// What moved.
    pub changes: Changes,
    /// What to do, in this order.
    pub effects: Vec<Effect>,
}
