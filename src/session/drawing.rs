//! What stands over a slice pane while a hand is at work in it.

use super::command::{PaneId, Tool};
use super::gesture::Gesture;
use super::measuring::MeasurementDrawing;
use super::state::Session;
use crate::geometry::{PanePoint, PatientPoint};

/// The brush's ring, the contour in progress and the measurements, CSS px of a pane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PaneDrawing {
    /// The contour so far.
    pub contour: Vec<PanePoint>,
    /// The points of it that were set by clicks.
    pub contour_points: Vec<PanePoint>,
    /// The stroke of a region tool so far, and whether it is inside.
    pub seed: Vec<PanePoint>,
    /// See `seed`.
    pub seed_inside: bool,
    /// Centre and radius of the brush.
    pub brush: Option<(PanePoint, f64)>,
    /// A press takes hold of a line, to turn the planes.
    pub turns: bool,
    /// Measurements that lie in the plane or cross it.
    pub measurements: Vec<MeasurementDrawing>,
}

impl Session {
    /// What is drawn over a slice pane while a gesture goes on.
    pub fn drawing(&self, n: usize) -> PaneDrawing {
        let (Some(pane), Some(id)) = (self.panes.get(n), PaneId::ALL.get(n)) else { return PaneDrawing::default() };
        let size = [self.sizes[n].width, self.sizes[n].height];
        let in_pane = |points: &[PatientPoint]| points.iter().map(|p| pane.pane_from_patient(*p, size)).collect();
        let (contour, contour_points) = self.contour_in(*id);
        let painting = matches!(self.tool, Tool::Brush | Tool::Eraser | Tool::Push);
        // No ring where nothing can be painted.
        let painting = painting && !self.pointer_beside;
        let brush = self.pointer.filter(|(pane, _)| painting && pane == id);
        let radius_mm = match self.gesture {
            Gesture::Stroke { push_mm: Some(mm), .. } => mm,
            _ => self.brush.radius_mm,
        };
        let hovering = self.tool == Tool::Navigate && matches!(self.gesture, Gesture::None);
        let turns = matches!(self.gesture, Gesture::Turn { pane, .. } if pane == *id)
            || self.pointer.is_some_and(|(pane, at)| hovering && pane == *id && self.turns_at(pane, at));
        let seed = self.seed_stroke(*id);
        PaneDrawing {
            contour: in_pane(&contour),
            contour_points: in_pane(&contour_points),
            seed: seed.as_ref().map_or_else(Vec::new, |(path, _)| in_pane(path)),
            seed_inside: seed.is_some_and(|(_, inside)| inside),
            brush: brush.map(|(_, at)| (at, radius_mm / pane.mm_per_px)),
            turns,
            measurements: self.measurement_drawings(n),
        }
    }
}
