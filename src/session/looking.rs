//! Panes, window, crosshair: what the reader looks at. Nothing here changes the document.

use super::change::Update;
use super::command::{PaneId, PaneSize, VolumeStyle, WheelUse};
use super::state::Session;
use super::words;
use crate::geometry::{PanePoint, PatientPoint};
use crate::view::{Interpolation, PaneState, Projection, Slab};

/// How much larger a step of the wheel or of a key shows things.
const ZOOM_STEP: f64 = 1.15;

impl Session {
    pub(super) fn resize(&mut self, sizes: [PaneSize; 4], px_ratio: f64, update: &mut Update) {
        let fresh = self.sizes.iter().all(|s| s.width <= 0.0);
        self.page_sizes = sizes;
        let sizes = self.own_sizes(sizes);
        self.sizes = sizes;
        self.px_ratio = px_ratio;
        if fresh {
            self.fit_views();
        } else if let Some(case) = &self.case {
            // A pane that grew shows as much of the patient as before, larger, also if it was hidden meanwhile.
            for (n, pane) in self.panes.iter_mut().enumerate() {
                let (side, new) = (smaller_side(sizes[n]), sizes[n]);
                if side > 0.0 && pane.mm_per_px <= 0.0 {
                    pane.show_all(case.volume.grid(), [new.width, new.height]);
                    pane.move_to_slice_of(self.crosshair);
                } else if side > 0.0 {
                    pane.mm_per_px *= self.shown_px[n] / side;
                }
            }
        }
        for (kept, size) in self.shown_px.iter_mut().zip(sizes) {
            if smaller_side(size) > 0.0 {
                *kept = smaller_side(size);
            }
        }
        self.volume_moved(update);
        update.changes.facts = true;
    }

    pub(super) fn set_slab(&mut self, slab: Slab, update: &mut Update) {
        let thickness_mm = slab.thickness_mm.clamp(0.0, Slab::THICKEST_MM);
        if thickness_mm > 0.0 {
            self.slab_mm = thickness_mm;
        }
        self.slab = Slab { thickness_mm, ..slab };
        update.changes.view = true;
        update.changes.facts = true;
    }

    /// The plane alone → MIP → MinIP → mean → the plane alone.
    pub(super) fn cycle_slab(&mut self, update: &mut Update) {
        let thickness_mm = self.slab_mm;
        let next = match (self.slab.thickness_mm > 0.0, self.slab.projection) {
            (false, _) => Slab { projection: Projection::Highest, thickness_mm },
            (true, Projection::Highest) => Slab { projection: Projection::Lowest, thickness_mm },
            (true, Projection::Lowest) => Slab { projection: Projection::Mean, thickness_mm },
            (true, Projection::Mean) => Slab::default(),
        };
        self.set_slab(next, update);
    }

    pub(super) fn step_slab(&mut self, steps: i32, update: &mut Update) {
        const STEPS_MM: [f64; 11] = [1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0];
        let now = STEPS_MM.iter().position(|s| *s >= self.slab_mm).unwrap_or(STEPS_MM.len() - 1) as i32;
        let to = (now + steps).clamp(0, STEPS_MM.len() as i32 - 1);
        if let Some(thickness_mm) = STEPS_MM.get(to as usize).copied().filter(|_| self.slab.thickness_mm > 0.0) {
            self.set_slab(Slab { thickness_mm, ..self.slab }, update);
        }
    }

    /// Another way to blend voxels, or the usual one again.
    pub(super) fn toggle_interpolation(&mut self, interpolation: Interpolation, update: &mut Update) {
        self.interpolation = if self.interpolation == interpolation { Interpolation::Linear } else { interpolation };
        update.changes.view = true;
    }

    /// Colours of the compartments inside the lungs, where there are lungs.
    pub(super) fn toggle_compartments(&mut self, update: &mut Update) {
        if !self.compartments && !self.case.as_ref().is_some_and(super::state::Case::has_lungs) {
            return self.say(words::NO_LUNGS, update);
        }
        self.compartments = !self.compartments;
        update.changes.view = true;
    }

    /// Mirrors or turns the picture of the pane that keys act on.
    pub(super) fn change_picture(&mut self, change: impl FnOnce(&mut PaneState), update: &mut Update) {
        let n = self.pane_for_keys().index();
        if let Some(pane) = self.panes.get_mut(n) {
            change(pane);
        }
        update.changes.view = true;
    }

    pub(super) fn set_volume_style(&mut self, style: VolumeStyle, update: &mut Update) {
        self.volume_style = style;
        // What the picture costs is another matter now.
        self.full_cast_ms = None;
        self.volume_moved(update);
        update.changes.facts = true;
    }

    pub(super) fn scroll_key(&mut self, slices: i32, update: &mut Update) {
        let pane = self.pane_for_keys();
        self.stop_cine_in(pane);
        self.scroll(pane, slices, update);
    }

    pub(super) fn zoom_key(&mut self, steps: i32, update: &mut Update) {
        let pane = self.pane_for_keys();
        let size = self.size_of(pane);
        self.zoom(pane, PanePoint::new(size[0] / 2.0, size[1] / 2.0), ZOOM_STEP.powi(steps), update);
    }

    pub(super) fn wheel(&mut self, pane: PaneId, at: PanePoint, steps: i32, does: WheelUse, update: &mut Update) {
        let (at, beside) = self.place_in_half(pane, at);
        (self.pointer, self.pointer_beside) = (Some((pane, at)), beside);
        if does == WheelUse::Brush && pane != PaneId::Volume {
            return self.step_tool(-steps, update);
        }
        self.stop_cine_in(pane);
        if does == WheelUse::Scroll && pane != PaneId::Volume {
            self.scroll(pane, -steps, update);
        } else {
            self.zoom(pane, at, ZOOM_STEP.powi(-steps), update);
        }
    }

    /// Zooms in (factor > 1) or out; what lies under `at` stays there.
    pub(super) fn zoom(&mut self, id: PaneId, at: PanePoint, factor: f64, update: &mut Update) {
        let size = self.size_of(id);
        if id == PaneId::Volume {
            self.camera.zoom(factor);
            self.volume_moved(update);
            update.changes.facts = true;
        } else {
            self.move_view(id, |pane| pane.zoom_about(factor, at, size), update);
        }
    }

    /// Changes what part of its plane a pane shows, and how large; the others follow where they are linked.
    pub(super) fn move_view(&mut self, id: PaneId, change: impl FnOnce(&mut PaneState), update: &mut Update) {
        let Some(pane) = self.panes.get_mut(id.index()) else { return };
        let before = pane.centre;
        change(pane);
        let (shift, mm_per_px) = (pane.centre - before, pane.mm_per_px);
        if self.linked_view {
            self.panes.iter_mut().enumerate().filter(|(n, _)| *n != id.index()).for_each(|(_, other)| {
                other.follow(shift, mm_per_px);
            });
        }
        update.changes.view = true;
        update.changes.facts = true;
    }

    /// One zoom and pan for all planes, or one each; sharing begins with the size of the pane that keys act on.
    pub(super) fn toggle_linked_view(&mut self, update: &mut Update) {
        self.linked_view = !self.linked_view;
        self.move_view(self.pane_for_keys(), |_| {}, update);
        update.changes.facts = true;
    }

    /// Scrolls a pane; the crosshair goes along, so that the other panes show where it is.
    pub(super) fn scroll(&mut self, id: PaneId, slices: i32, update: &mut Update) {
        let (Some(case), Some(pane)) = (&self.case, self.panes.get_mut(id.index())) else { return };
        let normal = pane.normal();
        pane.scroll(case.volume.grid(), slices);
        let along = (pane.centre - self.crosshair).dot(normal);
        let at = self.crosshair + normal * along;
        self.set_crosshair(at, Some(id), update);
    }

    /// Moves the crosshair to a voxel centre inside the grid, or, while planes are oblique, exactly where it is wanted, for no
    /// voxel centre need lie in them; the other panes follow to its slice.
    pub(super) fn set_crosshair(&mut self, at: PatientPoint, from: Option<PaneId>, update: &mut Update) {
        let Some(case) = &self.case else { return };
        let grid = case.volume.grid();
        let voxel = grid.voxel_from_patient(at).0;
        let size = grid.size();
        let clamp = |v: f64, n: usize| v.round().clamp(0.0, n as f64 - 1.0) as usize;
        let index =
            crate::geometry::VoxelIndex::new(clamp(voxel.x, size[0]), clamp(voxel.y, size[1]), clamp(voxel.z, size[2]));
        self.crosshair = if self.is_oblique() { at } else { grid.patient_from_voxel(index.centre()) };
        for (n, pane) in self.panes.iter_mut().enumerate() {
            if from.is_none_or(|id| id.index() != n) {
                pane.move_to_slice_of(self.crosshair);
            }
        }
        update.changes.view = true;
        update.changes.facts = true;
    }
}

/// The smaller side of a pane, CSS px; 0 when hidden.
fn smaller_side(size: PaneSize) -> f64 {
    size.width.min(size.height).max(0.0)
}
