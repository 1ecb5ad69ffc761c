//! Tools as state machines: what a press, a move and a release mean.

use super::change::Update;
use super::command::{PaneId, PointerButton, PointerInput, PointerPhase, Tool};
use super::contouring::Contour;
use super::measuring::Making;
use super::state::{Case, Session};
use super::words;
use crate::annotation::{
    Brush, BrushShape, Edit, Grip, Layer, Measurement, Origin, Segment, Transaction, brush_stroke, push_from,
};
use crate::geometry::{PanePoint, PatientPoint};
use crate::view::{PaneState, Window};
use crate::volume::LabelDelta;

/// A gesture in progress.
#[derive(Debug, Default)]
pub(super) enum Gesture {
    /// None.
    #[default]
    None,
    /// The crosshair follows.
    Navigate,
    /// The planes of the other panes turn with a crosshair line.
    Turn { pane: PaneId, from: [PaneState; 3], start_rad: f64 },
    /// The window follows.
    Window { pane: PaneId, from: [Window; 4], at: PanePoint },
    /// The picture follows.
    Pan { last: PanePoint },
    /// The CT beside the open one follows, alone.
    PanBeside { last: PanePoint },
    /// The picture grows and shrinks about where it was pressed.
    Zoom { about: PanePoint, last: PanePoint },
    /// The 3D view turns; a press that does not move is a click.
    Orbit { last: PanePoint, click: Option<PanePoint> },
    /// The cut of the 3D view moves.
    Cut { last: PanePoint },
    /// A contour is drawn.
    Contour(Contour),
    /// A measurement is made.
    Make(Making),
    /// A measurement is corrected: so far it was moved from one point to another, both in its plane.
    Adjust { before: Box<Measurement>, grip: Grip, from: PatientPoint, to: PatientPoint },
    /// A stroke of a region tool is drawn; the region holds its path.
    Seed { pane: PaneId, last: PanePoint },
    /// A stroke is painted, or a border pushed by a disc of this radius; its edits are made already.
    Stroke { pane: PaneId, last: PatientPoint, erase: bool, push_mm: Option<f64>, edits: Vec<Edit> },
}

/// A press that moves no farther than this is a click, CSS px.
pub(super) const CLICK_PX: f64 = 3.0;

impl Session {
    pub(super) fn pointer_event(&mut self, input: PointerInput, update: &mut Update) {
        match input.phase {
            PointerPhase::Leave => {
                self.pointer = None;
                return;
            }
            PointerPhase::Cancel => return self.abort_gesture(update),
            _ => {}
        }
        let input = self.in_half(input);
        self.pointer = Some((input.pane, input.at));
        if self.case.is_none() {
            return;
        }
        match input.phase {
            PointerPhase::Down if matches!(self.gesture, Gesture::None) => self.press(input, update),
            PointerPhase::Down if matches!(self.gesture, Gesture::Contour(_)) => self.press_contour(input, update),
            PointerPhase::Down => self.end_measurement(input.at, true, update),
            PointerPhase::Move => self.drag(input, update),
            PointerPhase::Up => self.release(input.at, update),
            _ => {}
        }
    }

    /// An event with its place in the half of the pane where it belongs: a gesture stays in the half where it began.
    fn in_half(&mut self, input: PointerInput) -> PointerInput {
        let (at, beside) = self.place_in_half(input.pane, input.at);
        if matches!(self.gesture, Gesture::None) {
            self.pointer_beside = beside;
        }
        let width = self.size_of(input.pane)[0];
        let at = match (self.pointer_beside, beside) {
            (true, false) if self.half_beside(input.pane).is_some() => PanePoint::new(at.x - width, at.y),
            (false, true) => input.at,
            _ => at,
        };
        PointerInput { at, ..input }
    }

    fn press(&mut self, input: PointerInput, update: &mut Update) {
        self.active = input.pane;
        self.stop_cine_in(input.pane);
        update.changes.facts = true;
        let tool = match (input.button, input.shift) {
            (PointerButton::Middle, _) => Tool::Pan,
            (PointerButton::Primary, true) => Tool::Pan,
            (PointerButton::Secondary, _) => Tool::Zoom,
            (PointerButton::Primary, false) => self.tool,
        };
        // The other CT is looked at, no more.
        let tool = match tool {
            Tool::Window | Tool::Pan | Tool::Zoom | Tool::Navigate => tool,
            _ if !self.pointer_beside => tool,
            _ => return self.say(super::words::beside::READ_ONLY, update),
        };
        if input.pane == PaneId::Volume {
            self.gesture = match tool {
                Tool::Zoom => Gesture::Zoom { about: input.at, last: input.at },
                _ if input.ctrl && self.clip.cut.is_some() => Gesture::Cut { last: input.at },
                _ => {
                    let click = input.button == PointerButton::Primary && !input.shift;
                    Gesture::Orbit { last: input.at, click: click.then_some(input.at) }
                }
            };
            update.changes.facts = true;
            return;
        }
        // What stands over the left half is not there to be taken hold of on the right.
        if !self.pointer_beside && self.press_measurement(tool, input, update) {
            return;
        }
        match tool {
            Tool::Navigate | Tool::Pan if self.pointer_beside && input.ctrl => {
                self.gesture = Gesture::PanBeside { last: input.at };
            }
            Tool::Navigate if self.turns_at(input.pane, input.at) => self.begin_turn(input.pane, input.at),
            Tool::Navigate => {
                self.gesture = Gesture::Navigate;
                self.move_crosshair(input, update);
            }
            Tool::Window => self.gesture = Gesture::Window { pane: input.pane, from: self.windows, at: input.at },
            Tool::Pan => self.gesture = Gesture::Pan { last: input.at },
            Tool::Zoom => self.gesture = Gesture::Zoom { about: input.at, last: input.at },
            Tool::Contour | Tool::Brush | Tool::Eraser | Tool::Push => self.begin_marking(tool, input, update),
            Tool::Region(tool) => self.press_region(tool, &input, update),
            Tool::Measure(_) => {}
        }
    }

    fn begin_marking(&mut self, tool: Tool, input: PointerInput, update: &mut Update) {
        self.accept_region(update);
        let Some(segment) = self.paintable(update) else { return };
        let (Some(case), Some(at)) = (&self.case, self.patient_at(input.pane, input.at)) else { return };
        let pane = &self.panes[input.pane.index()];
        let (mut erase, mut push_mm) = (tool == Tool::Eraser, None);
        if tool == Tool::Push {
            let push = push_from(&case.document, segment, &pane.through(at), at, self.brush.radius_mm);
            let Some(push) = push else { return self.say(words::marking::PUSH_NOTHING, update) };
            (erase, push_mm) = (!push.outward, Some(push.radius_mm));
        }
        self.note_plane(segment, input.pane);
        if tool == Tool::Contour {
            self.begin_contour(&input, at);
        } else {
            self.gesture = Gesture::Stroke { pane: input.pane, last: at, erase, push_mm, edits: Vec::new() };
            self.extend_stroke(at, update);
        }
    }

    /// Remembers the plane that a segment is marked in: slices are filled across it.
    pub(super) fn note_plane(&mut self, segment: u8, pane: PaneId) {
        if let (Some(case), Some(pane)) = (&mut self.case, self.panes.get(pane.index())) {
            case.marked_in.insert(segment, *pane);
        }
    }

    fn drag(&mut self, input: PointerInput, update: &mut Update) {
        match &mut self.gesture {
            Gesture::None => {}
            Gesture::Navigate => self.move_crosshair(input, update),
            Gesture::Turn { .. } => self.turn_on(input.at, update),
            Gesture::Window { pane, from, at } => {
                let window = from[pane.index()].dragged(input.at.x - at.x, input.at.y - at.y);
                let pane = *pane;
                self.set_window(pane, window, update);
            }
            Gesture::Pan { last } => {
                let (dx, dy) = (input.at.x - last.x, input.at.y - last.y);
                *last = input.at;
                self.move_view(input.pane, |pane| pane.pan(dx, dy), update);
            }
            Gesture::Zoom { about, last } => {
                let factor = 1.01f64.powf(last.y - input.at.y);
                let about = *about;
                *last = input.at;
                self.zoom(input.pane, about, factor, update);
            }
            Gesture::PanBeside { last } => {
                let (dx, dy) = (input.at.x - last.x, input.at.y - last.y);
                *last = input.at;
                self.pan_beside(input.pane, dx, dy, update);
            }
            Gesture::Cut { last } => {
                let down = input.at.y - last.y;
                *last = input.at;
                self.move_cut(down * self.cut_mm_per_px(), update);
            }
            Gesture::Orbit { last, click } => {
                let (dx, dy) = (input.at.x - last.x, input.at.y - last.y);
                // A hand that trembles still clicks.
                if click.is_some_and(|c| (input.at.x - c.x).hypot(input.at.y - c.y) <= CLICK_PX) {
                    return;
                }
                *click = None;
                *last = input.at;
                self.camera.orbit(dx * 0.01, dy * 0.01);
                self.volume_moved(update);
            }
            Gesture::Make(_) | Gesture::Adjust { .. } => self.drag_measurement(input),
            Gesture::Contour(_) => self.drag_contour(input),
            Gesture::Seed { .. } => self.drag_region(&input, update),
            Gesture::Stroke { pane, .. } => {
                let pane = *pane;
                if pane == input.pane
                    && let Some(at) = self.patient_at(pane, input.at)
                {
                    self.extend_stroke(at, update);
                }
            }
        }
    }

    pub(super) fn volume_moved(&mut self, update: &mut Update) {
        self.volume_revision += 1;
        update.changes.volume_view = true;
        update.changes.view = true;
    }

    /// Paints from the stroke's last point to this one.
    fn extend_stroke(&mut self, to: PatientPoint, update: &mut Update) {
        let Gesture::Stroke { pane, last, erase, push_mm, edits } = &mut self.gesture else { return };
        let brush = Brush {
            radius_mm: push_mm.unwrap_or(self.brush.radius_mm),
            shape: if self.brush.ball && push_mm.is_none() { BrushShape::Ball } else { BrushShape::Disc },
            gate: self.brush.gate(),
        };
        let Some(case) = &mut self.case else { return };
        let Some(segment) = case.active else { return };
        let plane = self.panes[pane.index()].through(to);
        match brush_stroke(&mut case.document, &case.volume, segment, &brush, &plane, &[*last, to], *erase) {
            Ok(edit) => {
                if let Edit::Voxels { delta, .. } = &edit
                    && let Some(bounds) = delta.bounds()
                {
                    update.changes.add_labels(bounds);
                    self.volume_revision += 1;
                    edits.push(edit);
                }
            }
            Err(error) => log::debug!("{error}"),
        }
        *last = to;
    }

    fn release(&mut self, at: PanePoint, update: &mut Update) {
        if matches!(self.gesture, Gesture::Make(_) | Gesture::Adjust { .. }) {
            return self.end_measurement(at, false, update);
        }
        match std::mem::take(&mut self.gesture) {
            Gesture::Contour(contour) => self.release_contour(contour, update),
            Gesture::Seed { .. } => self.release_region(update),
            Gesture::Stroke { edits, erase, push_mm, .. } => {
                let mut edits = joined(&edits);
                let name = match push_mm {
                    Some(_) => "push",
                    None if erase => "erase",
                    None => "brush",
                };
                if let Some(case) = &mut self.case
                    && let Some(number) = case.active.filter(|_| !edits.is_empty())
                {
                    edits.extend(case.mark_edited(number, &edits));
                    case.history.commit(Transaction { name, edits });
                }
                update.changes.facts = true;
            }
            Gesture::Orbit { click: Some(at), .. } => self.pick_surface(at, update),
            Gesture::Orbit { .. } | Gesture::Zoom { .. } | Gesture::Cut { .. } => {
                self.volume_moved(update);
                update.changes.facts = true;
            }
            _ => {}
        }
    }

    /// What was painted of a stroke so far becomes a change of its own: something else changes the document, and the stroke goes on
    /// after that. The segment it paints.
    pub(super) fn keep_stroke(&mut self, update: &mut Update) -> Option<u8> {
        let Gesture::Stroke { pane, last, erase, push_mm, .. } = &self.gesture else { return None };
        let rest = Gesture::Stroke { pane: *pane, last: *last, erase: *erase, push_mm: *push_mm, edits: Vec::new() };
        self.release(PanePoint::new(0.0, 0.0), update);
        self.gesture = rest;
        self.case.as_ref()?.active
    }

    /// Gives up the gesture; whatever it changed is taken back.
    pub(super) fn abort_gesture(&mut self, update: &mut Update) {
        match std::mem::take(&mut self.gesture) {
            Gesture::Stroke { edits, .. } => {
                if let Some(case) = &mut self.case {
                    case.take_back(&edits, update);
                }
                self.volume_revision += 1;
            }
            Gesture::Window { from, .. } => self.set_windows(from, update),
            Gesture::Turn { from, .. } => {
                self.panes = from;
                update.changes.view = true;
            }
            Gesture::Seed { .. } => {
                self.take_stroke_back(update);
            }
            _ => {}
        }
        update.changes.facts = true;
    }

    fn move_crosshair(&mut self, input: PointerInput, update: &mut Update) {
        if let Some(at) = self.patient_at(input.pane, input.at) {
            self.set_crosshair(at, Some(input.pane), update);
        }
    }

    /// The patient point under a point of a slice pane, inside the grid's reach or not.
    pub(super) fn patient_at(&self, pane: PaneId, at: PanePoint) -> Option<PatientPoint> {
        Some(self.panes.get(pane.index())?.patient_from_pane(at, self.size_of(pane)))
    }

    pub(super) fn size_of(&self, pane: PaneId) -> [f64; 2] {
        let size = self.sizes[pane.index()];
        [size.width, size.height]
    }

    pub(super) fn say(&mut self, text: super::words::Text, update: &mut Update) {
        self.notice = Some(text.in_lang(self.lang).to_owned());
        update.changes.facts = true;
    }
}

/// The dabs of a stroke as one change: most lie over the ones before, and leave a sickle in each row.
fn joined(dabs: &[Edit]) -> Vec<Edit> {
    let of = |wanted: Layer| {
        let deltas = dabs.iter().filter_map(move |dab| match dab {
            Edit::Voxels { layer, delta } if *layer == wanted => Some(delta),
            _ => None,
        });
        Edit::Voxels { layer: wanted, delta: LabelDelta::joined(deltas) }
    };
    let all = Layer::ALL.map(of).into_iter();
    all.filter(|edit| matches!(edit, Edit::Voxels { delta, .. } if !delta.is_empty())).collect()
}

impl Case {
    /// Applies the inverse of edits in reverse order.
    pub(super) fn take_back(&mut self, edits: &[Edit], update: &mut Update) {
        for edit in edits.iter().rev() {
            self.apply(&edit.inverse(), update);
        }
    }
    /// Notes that the reader changed what algorithms proposed, of a segment by edits of its voxels, and of those it took voxels from; the
    /// edits that say so, where it was not noted yet.
    pub(super) fn mark_edited(&mut self, number: u8, by: &[Edit]) -> Vec<Edit> {
        let mut lost = [[false; 256]; 2];
        for edit in by {
            if let Edit::Voxels { layer, delta } = edit {
                // What a voxel was and the segment it went to, as one difference.
                delta.runs().iter().for_each(|run| lost[layer.index()][usize::from(run.xor ^ number)] = true);
            }
        }
        let is_changed = |s: &&Segment| {
            let is_whole = matches!(s.origin, Origin::Proposed { edited: false, .. });
            is_whole && (s.number == number || lost[s.layer.index()][usize::from(s.number)])
        };
        let changed: Vec<Segment> = self.document.segments().iter().filter(is_changed).cloned().collect();
        let mut edits = Vec::new();
        for before in changed {
            let mut after = before.clone();
            if let Origin::Proposed { edited, .. } = &mut after.origin {
                *edited = true;
            }
            let edit = Edit::Segment { number: before.number, before: Some(before), after: Some(after) };
            if self.document.apply(&edit, &self.volume).is_ok() {
                edits.push(edit);
            }
        }
        edits
    }
    /// Applies an edit of the history.
    pub(super) fn apply(&mut self, edit: &Edit, update: &mut Update) {
        match self.document.apply(edit, &self.volume) {
            Ok(Some((_, touched))) => update.changes.add_labels(touched),
            Ok(None) => {
                update.changes.view = true;
                update.changes.volume_view = true;
            }
            Err(error) => log::error!("{error}"),
        }
        update.changes.facts = true;
    }
}
