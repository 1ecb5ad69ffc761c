//! The contour: drawn in one go, or set point by point with clicks, or both; closed, it fills the active segment.

use super::change::Update;
use super::command::{PaneId, PointerInput};
use super::gesture::{CLICK_PX, Gesture};
use super::state::Session;
use super::words;
use crate::annotation::{ContourAction, Edit, Transaction, fill_contour_within};
use crate::geometry::{PanePoint, PatientPoint, simplify};

/// Points of a contour nearer to a straight line than this, in CSS px, say nothing.
const CONTOUR_TOLERANCE_PX: f64 = 0.25;
/// A click this near to the first point closes the contour, CSS px.
const CLOSING_PX: f64 = 8.0;

/// A contour in the making.
#[derive(Debug)]
pub(super) struct Contour {
    pane: PaneId,
    points: Vec<PatientPoint>,
    subtract: bool,
    /// Points are set by clicks: a release does not close it.
    by_points: bool,
    /// The button is down, where it was pressed, and whether the pointer has left there.
    pressed: bool,
    pressed_at: PanePoint,
    dragged: bool,
    /// Where the pointer is between two clicks.
    pointer: Option<PatientPoint>,
}

impl Contour {
    pub(super) fn begin(input: &PointerInput, at: PatientPoint, subtract: bool) -> Self {
        Self {
            pane: input.pane,
            points: vec![at],
            subtract,
            by_points: false,
            pressed: true,
            pressed_at: input.at,
            dragged: false,
            pointer: None,
        }
    }
}

impl Gesture {
    /// The contour drawn in a pane, up to the pointer.
    pub(super) fn contour(&self, id: PaneId) -> Vec<PatientPoint> {
        match self {
            Self::Contour(c) if c.pane == id => c.points.iter().chain(&c.pointer).copied().collect(),
            _ => Vec::new(),
        }
    }
}

impl Session {
    /// Another press: the next point, or the end.
    pub(super) fn press_contour(&mut self, input: PointerInput, update: &mut Update) {
        let Gesture::Contour(contour) = &self.gesture else { return };
        let (pane, size) = (contour.pane, self.size_of(contour.pane));
        let (Some(state), Some(at)) = (self.panes.get(pane.index()), self.patient_at(pane, input.at)) else { return };
        if input.pane != pane {
            return;
        }
        let near = |p: &PatientPoint, px: f64| {
            let p = state.pane_from_patient(*p, size);
            (p.x - input.at.x).hypot(p.y - input.at.y) <= px
        };
        let enough = contour.points.len() >= 3;
        // The second click of a double click ends it too.
        let ends = contour.points.first().is_some_and(|p| near(p, CLOSING_PX))
            || contour.points.last().is_some_and(|p| near(p, CLICK_PX));
        if enough && ends {
            return self.close_contour(update);
        }
        if let Gesture::Contour(contour) = &mut self.gesture {
            contour.points.push(at);
            contour.pointer = None;
            (contour.pressed, contour.pressed_at, contour.dragged) = (true, input.at, false);
        }
    }

    pub(super) fn drag_contour(&mut self, input: PointerInput) {
        let Gesture::Contour(contour) = &self.gesture else { return };
        let at = (contour.pane == input.pane).then(|| self.patient_at(input.pane, input.at)).flatten();
        let (Gesture::Contour(contour), Some(at)) = (&mut self.gesture, at) else { return };
        if !contour.pressed {
            contour.pointer = Some(at);
            return;
        }
        contour.dragged |= (input.at.x - contour.pressed_at.x).hypot(input.at.y - contour.pressed_at.y) > CLICK_PX;
        if contour.dragged {
            contour.points.push(at);
        }
    }

    /// A contour drawn in one go is closed by the release; a click sets a point, and others follow.
    pub(super) fn release_contour(&mut self, mut contour: Contour, update: &mut Update) {
        if contour.dragged && !contour.by_points {
            return self.fill(&contour, update);
        }
        (contour.by_points, contour.pressed) = (true, false);
        self.gesture = Gesture::Contour(contour);
        update.changes.facts = true;
    }

    /// Closes a contour whose points are set by clicks.
    pub(super) fn close_contour(&mut self, update: &mut Update) {
        match std::mem::take(&mut self.gesture) {
            Gesture::Contour(contour) if contour.points.len() >= 3 => self.fill(&contour, update),
            Gesture::Contour(contour) => {
                self.gesture = Gesture::Contour(contour);
                self.say(words::CONTOUR_NEEDS_POINTS, update);
            }
            other => self.gesture = other,
        }
    }

    /// Takes the last point of a contour back; whether there is one.
    pub(super) fn take_point_back(&mut self) -> bool {
        let Gesture::Contour(contour) = &mut self.gesture else { return false };
        if contour.points.len() > 1 {
            contour.points.pop();
        }
        true
    }

    fn fill(&mut self, contour: &Contour, update: &mut Update) {
        let Some(state) = self.panes.get(contour.pane.index()) else { return };
        let (Some(first), Some(case)) = (contour.points.first(), &mut self.case) else { return };
        let Some(segment) = case.active else { return };
        let plane = state.through(*first);
        let outline: Vec<[f64; 2]> = contour.points.iter().map(|p| plane.coordinates(*p)).collect();
        let outline = simplify(&outline, CONTOUR_TOLERANCE_PX * state.mm_per_px);
        let action = if contour.subtract { ContourAction::Subtract } else { ContourAction::Add };
        let gate = self.brush.gate();
        let edit = match fill_contour_within(&mut case.document, &case.volume, segment, &plane, &outline, action, &gate)
        {
            Ok(edit) => edit,
            Err(error) => {
                log::debug!("{error}");
                return;
            }
        };
        match &edit {
            Edit::Voxels { delta, .. } if !delta.is_empty() => {
                if let Some(bounds) = delta.bounds() {
                    update.changes.add_labels(bounds);
                }
                let edits = std::iter::once(edit).chain(case.mark_edited()).collect();
                case.history.commit(Transaction { name: "contour", edits });
                self.volume_revision += 1;
            }
            _ => self.say(words::CONTOUR_EMPTY, update),
        }
    }
}
