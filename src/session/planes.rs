//! Turning the planes of the slice panes: double-oblique views whose planes stay at right angles.

use super::change::Update;
use super::command::PaneId;
use super::gesture::Gesture;
use super::state::Session;
use crate::geometry::PanePoint;
use crate::view::{turn_others, turns_planes};

impl Session {
    /// Whether any plane was turned out of the grid's own.
    pub(super) fn is_oblique(&self) -> bool {
        self.case.as_ref().is_some_and(|c| self.panes.iter().any(|p| p.is_oblique(c.volume.grid())))
    }

    /// Whether a press here takes hold of a line, to turn the planes.
    pub(super) fn turns_at(&self, id: PaneId, at: PanePoint) -> bool {
        let (size, n) = (self.size_of(id), id.index());
        let cross = self.panes.get(n).map(|p| p.pane_from_patient(self.crosshair, size));
        self.case.is_some() && cross.is_some_and(|cross| turns_planes(&self.panes, n, cross, at, size))
    }

    pub(super) fn begin_turn(&mut self, id: PaneId, at: PanePoint) {
        self.meet_at_crosshair();
        let start_rad = self.angle_about_crosshair(id, at);
        self.gesture = Gesture::Turn { pane: id, from: self.panes, start_rad };
    }

    /// Turns the planes to where the pointer has taken the line.
    pub(super) fn turn_on(&mut self, at: PanePoint, update: &mut Update) {
        let Gesture::Turn { pane, from, start_rad } = self.gesture else { return };
        let angle = self.angle_about_crosshair(pane, at) - start_rad;
        self.panes = from;
        turn_others(&mut self.panes, pane.index(), angle, self.crosshair);
        update.changes.view = true;
        update.changes.facts = true;
    }

    /// Turns the planes about the normal of the pane that keys act on, clockwise on its screen.
    pub(super) fn turn_by_key(&mut self, degrees: i32, update: &mut Update) {
        let id = self.pane_for_keys();
        if self.case.is_none() || id == PaneId::Volume {
            return;
        }
        self.meet_at_crosshair();
        turn_others(&mut self.panes, id.index(), f64::from(degrees).to_radians(), self.crosshair);
        update.changes.view = true;
        update.changes.facts = true;
    }

    /// All planes as the grid lies, through the crosshair, which is on a voxel again.
    pub(super) fn reset_planes(&mut self, update: &mut Update) {
        let Some(case) = &self.case else { return };
        let (grid, fixed) = (*case.volume.grid(), self.crosshair);
        self.panes.iter_mut().for_each(|pane| pane.align(&grid, fixed));
        self.set_crosshair(fixed, None, update);
    }

    /// All planes pass through the crosshair: what they turn about.
    fn meet_at_crosshair(&mut self) {
        let at = self.crosshair;
        self.panes.iter_mut().for_each(|pane| pane.move_to_slice_of(at));
    }

    /// Direction from the crosshair to a point of a pane, clockwise from the right.
    fn angle_about_crosshair(&self, id: PaneId, at: PanePoint) -> f64 {
        let Some(pane) = self.panes.get(id.index()) else { return 0.0 };
        let cross = pane.pane_from_patient(self.crosshair, self.size_of(id));
        (at.y - cross.y).atan2(at.x - cross.x)
    }
}
