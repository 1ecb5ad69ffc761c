//! The contour: drawn in one go, or set point by point with clicks, or both; closed, it fills the active segment. Points are joined by
//! lines, by a curve that goes through them and follows as they are dragged, or along the edges between them.

use super::change::Update;
use super::command::{PaneId, PointerInput, Tool};
use super::gesture::{CLICK_PX, Gesture};
use super::state::Session;
use super::words;
use crate::annotation::{ContourAction, Edit, Livewire, Transaction, fill_contour_within};
use crate::geometry::{PanePoint, PatientPoint, Plane, closed_spline, simplify};

/// Points of a contour nearer to a straight line than this, in CSS px, say nothing.
const CONTOUR_TOLERANCE_PX: f64 = 0.25;
/// A click this near to the first point closes the contour, and takes hold of a point of the curve, CSS px.
const CLOSING_PX: f64 = 8.0;
/// A click this near to the curve puts a point on it, CSS px.
const CURVE_PX: f64 = 5.0;
/// How far from the pointer an edge is looked for, CSS px, and no farther than so many mm.
const SNAP: (f64, f64) = (6.0, 4.0);

/// What leads from one point of a contour to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContourJoin {
    /// Straight lines.
    #[default]
    Lines,
    /// A smooth closed curve through all points.
    Spline,
    /// The edge between them (livewire).
    Edges,
}

impl ContourJoin {
    /// All, in the order of the buttons.
    pub const ALL: [Self; 3] = [Self::Lines, Self::Spline, Self::Edges];
}

/// A point that was set, or the end of a line drawn in one go, and what leads there from the point before.
#[derive(Debug)]
struct Piece {
    path: Vec<[f64; 2]>,
    to: [f64; 2],
    /// How many were set before: a curve takes points between others.
    turn: usize,
}

/// A contour in the making. Coordinates are in-plane millimetres.
#[derive(Debug)]
pub(super) struct Contour {
    pane: PaneId,
    plane: Plane,
    pieces: Vec<Piece>,
    subtract: bool,
    /// Points are set by clicks: a release does not close it.
    by_points: bool,
    /// The button is down, where it was pressed, and whether the pointer has left there.
    pressed: bool,
    pressed_at: PanePoint,
    dragged: bool,
    /// What leads to the pointer between two clicks.
    ahead: Vec<[f64; 2]>,
    /// Paths along edges from the last point.
    wire: Option<Box<Livewire>>,
    /// The point of a curve that follows the pointer, and whether it was there before the press.
    held: Option<(usize, bool)>,
}

impl Contour {
    fn points(&self) -> Vec<[f64; 2]> {
        self.pieces.iter().map(|piece| piece.to).collect()
    }
    fn push(&mut self, path: Vec<[f64; 2]>, to: [f64; 2]) {
        self.pieces.push(Piece { path, to, turn: self.turn() });
        self.ahead.clear();
        self.wire = None;
    }
    fn turn(&self) -> usize {
        self.pieces.iter().map(|piece| piece.turn + 1).max().unwrap_or(0)
    }
    /// Takes the point back that was set last; whether one is left.
    fn take_back(&mut self) -> bool {
        let last = self.turn();
        self.pieces.retain(|piece| piece.turn + 1 != last);
        self.ahead.clear();
        (self.wire, self.held) = (None, None);
        !self.pieces.is_empty()
    }
    /// The line drawn so far, not closed.
    fn line(&self, join: ContourJoin, step_mm: f64) -> Vec<[f64; 2]> {
        match join {
            ContourJoin::Spline => closed_spline(&self.points(), step_mm).concat(),
            ContourJoin::Lines | ContourJoin::Edges => {
                self.pieces.iter().flat_map(|piece| piece.path.iter().copied().chain([piece.to])).collect()
            }
        }
    }
    fn count(&self) -> usize {
        self.pieces.iter().map(|piece| piece.path.len() + 1).sum()
    }
}

impl Session {
    /// The first press.
    pub(super) fn begin_contour(&mut self, input: &PointerInput, at: PatientPoint) {
        let Some(pane) = self.panes.get(input.pane.index()) else { return };
        let mut contour = Contour {
            pane: input.pane,
            plane: pane.through(at),
            pieces: Vec::new(),
            subtract: self.subtract != input.ctrl,
            by_points: self.join == ContourJoin::Spline,
            pressed: true,
            pressed_at: input.at,
            dragged: false,
            ahead: Vec::new(),
            wire: None,
            held: None,
        };
        let mut first = [0.0; 2];
        if let (ContourJoin::Edges, Some(case)) = (self.join, &self.case) {
            let wire = Livewire::begin(&case.volume, &contour.plane, first, self.snap_mm(input.pane));
            first = wire.anchor();
            contour.push(Vec::new(), first);
            contour.wire = Some(Box::new(wire));
        } else {
            contour.push(Vec::new(), first);
        }
        contour.held = (self.join == ContourJoin::Spline).then_some((0, false));
        self.gesture = Gesture::Contour(contour);
    }

    /// Another press: the next point, one to be moved, or the end.
    pub(super) fn press_contour(&mut self, input: PointerInput, update: &mut Update) {
        let Gesture::Contour(contour) = &self.gesture else { return };
        let (pane, size) = (contour.pane, self.size_of(contour.pane));
        let (Some(state), Some(at)) = (self.panes.get(pane.index()), self.patient_at(pane, input.at)) else { return };
        if input.pane != pane {
            return;
        }
        let off_px = |p: &[f64; 2]| {
            let p = state.pane_from_patient(contour.plane.at(p[0], p[1]), size);
            (p.x - input.at.x).hypot(p.y - input.at.y)
        };
        let points = contour.points();
        let at = contour.plane.coordinates(at);
        let mut held = None;
        if self.join == ContourJoin::Spline {
            let nearest = (0..points.len()).min_by(|a, b| off_px(&points[*a]).total_cmp(&off_px(&points[*b])));
            held = nearest.filter(|n| off_px(&points[*n]) <= CLOSING_PX).map(|n| (n, true)).or_else(|| {
                let spans = closed_spline(&points, self.curve_step_mm(pane));
                // The last span leads back to the first point: a point on it is the next one anyway.
                let on = spans.iter().position(|span| span.len() > 1 && span.iter().any(|p| off_px(p) <= CURVE_PX));
                Some((on.map_or(points.len(), |n| n + 1), false))
            });
        } else if contour.count() >= 3 {
            // The second click of a double click ends it too.
            let ends = points.first().is_some_and(|p| off_px(p) <= CLOSING_PX)
                || points.last().is_some_and(|p| off_px(p) <= CLICK_PX);
            if ends {
                return self.close_contour(update);
            }
        }
        let mut path = if self.join == ContourJoin::Edges { self.path_along_edge(at, pane) } else { Vec::new() };
        let Gesture::Contour(contour) = &mut self.gesture else { return };
        (contour.pressed, contour.pressed_at, contour.dragged) = (true, input.at, false);
        contour.held = held;
        match held {
            Some((_, true)) => {}
            Some((n, false)) => {
                let between = Piece { path: Vec::new(), to: at, turn: contour.turn() };
                contour.pieces.insert(n.min(points.len()), between);
            }
            None => {
                let to = path.pop().unwrap_or(at);
                contour.push(path, to);
            }
        }
    }

    pub(super) fn drag_contour(&mut self, input: PointerInput) {
        let Gesture::Contour(contour) = &self.gesture else { return };
        let pane = contour.pane;
        let Some(at) = (pane == input.pane).then(|| self.patient_at(pane, input.at)).flatten() else { return };
        let at = contour.plane.coordinates(at);
        if !contour.pressed {
            let ahead = match self.join {
                ContourJoin::Lines => vec![at],
                ContourJoin::Spline => Vec::new(),
                ContourJoin::Edges => self.path_along_edge(at, pane),
            };
            if let Gesture::Contour(contour) = &mut self.gesture {
                contour.ahead = ahead;
            }
            return;
        }
        let Gesture::Contour(contour) = &mut self.gesture else { return };
        let begins = !contour.dragged;
        contour.dragged |= (input.at.x - contour.pressed_at.x).hypot(input.at.y - contour.pressed_at.y) > CLICK_PX;
        if !contour.dragged {
            return;
        }
        match (contour.held, contour.pieces.last_mut()) {
            (Some((n, _)), _) => {
                if let Some(piece) = contour.pieces.get_mut(n) {
                    *piece = Piece { path: Vec::new(), to: at, turn: piece.turn };
                }
            }
            (None, Some(line)) if !begins => line.path.push(std::mem::replace(&mut line.to, at)),
            _ => contour.push(Vec::new(), at),
        }
    }

    /// A contour drawn in one go is closed by the release; a click sets a point, and others follow.
    pub(super) fn release_contour(&mut self, mut contour: Contour, update: &mut Update) {
        if contour.dragged && !contour.by_points {
            return self.fill(&contour, update);
        }
        let last = contour.pieces.len().saturating_sub(1);
        let clicked = contour.held.take().filter(|_| !contour.dragged);
        let ends = matches!(clicked, Some((n, true)) if n == 0 || n == last) && contour.pieces.len() >= 3;
        (contour.by_points, contour.pressed) = (true, false);
        self.gesture = Gesture::Contour(contour);
        update.changes.facts = true;
        if ends {
            self.close_contour(update);
        }
    }

    /// Closes a contour whose points are set by clicks.
    pub(super) fn close_contour(&mut self, update: &mut Update) {
        if let Gesture::Contour(contour) = &self.gesture
            && self.join == ContourJoin::Edges
            && let (pane, Some(first)) = (contour.pane, contour.pieces.first().map(|piece| piece.to))
        {
            let mut path = self.along_edge(first, 0.0, pane);
            path.pop();
            if let Gesture::Contour(contour) = &mut self.gesture {
                contour.ahead = path;
            }
        } else if let Gesture::Contour(contour) = &mut self.gesture {
            contour.ahead.clear();
        }
        match std::mem::take(&mut self.gesture) {
            Gesture::Contour(contour) if contour.count() + contour.ahead.len() >= 3 => self.fill(&contour, update),
            Gesture::Contour(contour) => {
                self.gesture = Gesture::Contour(contour);
                self.say(words::CONTOUR_NEEDS_POINTS, update);
            }
            other => self.gesture = other,
        }
    }

    /// Takes the last point of a contour or measurement in the making back, or the line drawn last, and with the first point all of
    /// it; whether there is one.
    pub(super) fn take_point_back(&mut self) -> bool {
        let goes_on = match &mut self.gesture {
            Gesture::Contour(contour) => contour.take_back(),
            Gesture::Make(making) => making.take_back(),
            _ => return false,
        };
        if !goes_on {
            self.gesture = Gesture::None;
        }
        true
    }

    /// Joins the points of contours so from now on, also those of the one that is being drawn.
    pub(super) fn choose_join(&mut self, join: ContourJoin, update: &mut Update) {
        if self.tool != Tool::Contour {
            self.abort_gesture(update);
            self.tool = Tool::Contour;
        }
        self.join = join;
        if let Gesture::Contour(contour) = &mut self.gesture {
            contour.ahead.clear();
            contour.wire = None;
            contour.by_points |= join == ContourJoin::Spline;
        }
    }

    /// The contour drawn in a pane, up to the pointer, and the points that were set by clicks.
    pub(super) fn contour_in(&self, id: PaneId) -> (Vec<PatientPoint>, Vec<PatientPoint>) {
        let Gesture::Contour(contour) = &self.gesture else { return Default::default() };
        if contour.pane != id {
            return Default::default();
        }
        let in_patient = |p: &[f64; 2]| contour.plane.at(p[0], p[1]);
        let line = contour.line(self.join, self.curve_step_mm(id));
        let points = if contour.by_points { contour.points() } else { Vec::new() };
        (line.iter().chain(&contour.ahead).map(in_patient).collect(), points.iter().map(in_patient).collect())
    }

    /// What leads along edges from the last point to a place near the pointer.
    fn path_along_edge(&mut self, to: [f64; 2], pane: PaneId) -> Vec<[f64; 2]> {
        self.along_edge(to, self.snap_mm(pane), pane)
    }

    fn along_edge(&mut self, to: [f64; 2], snap_mm: f64, pane: PaneId) -> Vec<[f64; 2]> {
        let (Gesture::Contour(contour), Some(case)) = (&mut self.gesture, &self.case) else { return vec![to] };
        let Some(last) = contour.pieces.last().filter(|_| contour.pane == pane).map(|piece| piece.to) else {
            return vec![to];
        };
        let begin = || Box::new(Livewire::begin(&case.volume, &contour.plane, last, 0.0));
        contour.wire.get_or_insert_with(begin).path_to(to, snap_mm)
    }

    fn snap_mm(&self, pane: PaneId) -> f64 {
        self.panes.get(pane.index()).map_or(0.0, |p| (SNAP.0 * p.mm_per_px).min(SNAP.1))
    }

    /// Distance between the points that a curve is drawn with, mm.
    fn curve_step_mm(&self, pane: PaneId) -> f64 {
        self.panes.get(pane.index()).map_or(1.0, |p| 2.0 * p.mm_per_px)
    }

    fn fill(&mut self, contour: &Contour, update: &mut Update) {
        let Some(mm_per_px) = self.panes.get(contour.pane.index()).map(|p| p.mm_per_px) else { return };
        let mut outline = contour.line(self.join, self.curve_step_mm(contour.pane));
        if self.join == ContourJoin::Edges {
            outline.extend(&contour.ahead);
        }
        let outline = simplify(&outline, CONTOUR_TOLERANCE_PX * mm_per_px);
        let Some(case) = &mut self.case else { return };
        let Some(segment) = case.active else { return };
        let action = if contour.subtract { ContourAction::Subtract } else { ContourAction::Add };
        let (plane, gate) = (&contour.plane, self.brush.gate());
        let edit = match fill_contour_within(&mut case.document, &case.volume, segment, plane, &outline, action, &gate)
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
                let noted = case.mark_edited(segment, std::slice::from_ref(&edit));
                let edits = std::iter::once(edit).chain(noted).collect();
                case.history.commit(Transaction { name: "contour", edits });
                self.volume_revision += 1;
            }
            _ => self.say(words::CONTOUR_EMPTY, update),
        }
    }
}
