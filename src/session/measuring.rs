//! Measuring: shapes that are dragged, corrected by their handles, listed and removed.

use super::change::Update;
use super::command::{MeasurementChange, PaneId, PointerInput, Tool};
use super::effect::Effect;
use super::gesture::{CLICK_PX, Gesture};
use super::state::Session;
use super::words::{self, Lang, Text};
use crate::annotation::{Answer, Edit, Grip, Measured, Measurement, MeasurementKind, Transaction};
use crate::geometry::{PanePoint, PatientPoint, PatientVector, Plane, simplify};
use crate::report::ARTERIES;
use crate::view::PaneState;

/// A press this near to a handle takes hold of it, CSS px.
const HANDLE_PX: f64 = 8.0;
/// A press this near to a line takes hold of the whole, CSS px.
const LINE_PX: f64 = 4.0;
/// Points of an outline nearer to a straight line than this say nothing, CSS px.
const OUTLINE_TOLERANCE_PX: f64 = 0.25;

/// A measurement in the making.
#[derive(Clone, Debug)]
pub(super) struct Making {
    pub(super) pane: PaneId,
    kind: MeasurementKind,
    plane: Plane,
    /// Points set so far; the last one follows the pointer.
    points: Vec<PatientPoint>,
    pressed_at: PanePoint,
    /// The pointer left where it was pressed.
    dragged: bool,
}

impl Making {
    /// The points of the shape as far as it goes.
    fn shape(&self) -> Vec<PatientPoint> {
        match (self.kind, &self.points[..]) {
            (MeasurementKind::Angle | MeasurementKind::Freehand, points) => points.to_vec(),
            (kind, [from, to]) => Measurement::dragged(kind, *from, *to, &self.plane),
            (_, points) => points.to_vec(),
        }
    }
    /// Takes the point set last back, before the one that follows the pointer; whether another is left.
    pub(super) fn take_back(&mut self) -> bool {
        if self.kind == MeasurementKind::Freehand || self.points.len() < 3 {
            return false;
        }
        self.points.remove(self.points.len() - 2);
        true
    }
    fn measurement(&self, number: u16, now: &str) -> Measurement {
        Measurement {
            number,
            kind: self.kind,
            points: self.shape(),
            right: self.plane.right,
            down: self.plane.down,
            name: String::new(),
            visible: true,
            made_at: now.to_owned(),
        }
    }
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasurementRow {
    /// Its number.
    pub number: u16,
    /// Its kind's key ("length").
    pub kind: &'static str,
    /// What it is, in words.
    pub title: String,
    /// The reader's words.
    pub name: String,
    /// Its numbers, ready to read, one to a line.
    pub text: Vec<String>,
    /// Its first number and that number's unit (UCUM).
    pub value: Option<(f64, &'static str)>,
    /// Whether panes draw it.
    pub visible: bool,
    /// Whether it is the one that keys act on.
    pub selected: bool,
}

/// A measurement over a pane, CSS px.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeasurementDrawing {
    /// Lines to draw.
    pub lines: Vec<Vec<PanePoint>>,
    /// Points to take hold of.
    pub handles: Vec<PanePoint>,
    /// Where lines that leave this plane pass through it.
    pub crossings: Vec<PanePoint>,
    /// Its words, and where they begin.
    pub label: Option<(PanePoint, Vec<String>)>,
    /// Whether it is the one that keys act on.
    pub selected: bool,
}

/// A kind's words.
pub fn measurement_words(kind: MeasurementKind) -> Text {
    match kind {
        MeasurementKind::Length => words::MEASURE_LENGTH,
        MeasurementKind::Bidirectional => words::MEASURE_BIDIRECTIONAL,
        MeasurementKind::Angle => words::MEASURE_ANGLE,
        MeasurementKind::Ellipse => words::MEASURE_ELLIPSE,
        MeasurementKind::Freehand => words::MEASURE_FREEHAND,
        MeasurementKind::Arrow => words::MEASURE_ARROW,
    }
}

impl Session {
    /// A press with a measuring tool, or one that may take hold of a measurement; whether it was taken.
    pub(super) fn press_measurement(&mut self, tool: Tool, input: PointerInput, update: &mut Update) -> bool {
        let kind = match tool {
            Tool::Measure(kind) => Some(kind),
            Tool::Navigate => None,
            _ => return false,
        };
        let Some(at) = self.patient_at(input.pane, input.at) else { return false };
        if let Some((number, grip)) = self.grip_at(input.pane, input.at) {
            self.selected = Some(number);
            if let Some(before) = self.case.as_ref().and_then(|c| c.document.measurement(number)).cloned() {
                self.gesture = Gesture::Adjust { before: Box::new(before), grip, from: at, to: at };
            }
            update.changes.facts = true;
            return true;
        }
        let Some(kind) = kind else {
            self.selected = None;
            return false;
        };
        if !self.case.as_ref().is_some_and(super::state::Case::is_settled) {
            self.say(words::WAIT_FOR_SLICES, update);
            return true;
        }
        self.selected = None;
        self.notice = None;
        let plane = self.panes[input.pane.index()].through(at);
        let points = if kind == MeasurementKind::Freehand { vec![at] } else { vec![at, at] };
        self.gesture =
            Gesture::Make(Making { pane: input.pane, kind, plane, points, pressed_at: input.at, dragged: false });
        true
    }

    /// The pointer moved while a measurement is made or corrected.
    pub(super) fn drag_measurement(&mut self, input: PointerInput) {
        let pane = match &self.gesture {
            Gesture::Make(making) => making.pane,
            _ => input.pane,
        };
        if let Gesture::Make(making) = &mut self.gesture {
            let (dx, dy) = (input.at.x - making.pressed_at.x, input.at.y - making.pressed_at.y);
            making.dragged |= dx.hypot(dy) > CLICK_PX;
        }
        let Some(at) = (pane == input.pane).then(|| self.patient_at(pane, input.at)).flatten() else { return };
        match &mut self.gesture {
            Gesture::Make(making) if making.kind == MeasurementKind::Freehand => making.points.push(at),
            Gesture::Make(making) => {
                if let Some(last) = making.points.last_mut() {
                    *last = at;
                }
            }
            Gesture::Adjust { before, to, .. } => {
                // Whatever pane the hand strays into, the point stays in its plane.
                let off = before.plane().map_or(0.0, |p| p.distance_mm(at));
                *to = at + before.normal() * -off;
            }
            _ => {}
        }
    }

    /// The button was released, or pressed again while a shape still wants points.
    pub(super) fn end_measurement(&mut self, at: PanePoint, pressed: bool, update: &mut Update) {
        match std::mem::take(&mut self.gesture) {
            Gesture::Make(mut making) => {
                let wanted = if making.kind == MeasurementKind::Angle { 3 } else { 2 };
                let is_outline = making.kind == MeasurementKind::Freehand;
                if is_outline || (making.points.len() == wanted && (pressed || making.dragged)) {
                    self.keep_made(making, update);
                } else {
                    // A click sets a point by itself, and the pointer carries the next one.
                    if making.points.len() < wanted && (pressed || making.dragged) {
                        making.points.extend(making.points.last().copied());
                        (making.pressed_at, making.dragged) = (at, false);
                    }
                    self.gesture = Gesture::Make(making);
                }
            }
            Gesture::Adjust { before, grip, from, to } => {
                let after = before.moved(grip, from, to);
                if after != *before && after.is_sound() {
                    self.commit_measurement("change-measurement", Some(*before), Some(after), update);
                }
            }
            other => self.gesture = other,
        }
        update.changes.facts = true;
    }

    fn keep_made(&mut self, mut making: Making, update: &mut Update) {
        if making.kind == MeasurementKind::Freehand {
            let px = self.panes.get(making.pane.index()).map_or(0.0, |p| p.mm_per_px);
            let flat: Vec<[f64; 2]> = making.points.iter().map(|p| making.plane.coordinates(*p)).collect();
            making.points =
                simplify(&flat, OUTLINE_TOLERANCE_PX * px).iter().map(|p| making.plane.at(p[0], p[1])).collect();
        }
        let Some(case) = &self.case else { return };
        let Some(number) = case.document.measurements().last().map_or(Some(1), |m| m.number.checked_add(1)) else {
            return;
        };
        let made = making.measurement(number, &self.now);
        if made.is_sound() {
            self.selected = Some(number);
            // An arrow without words says nothing.
            let wants_words = made.kind == MeasurementKind::Arrow;
            update.effects.extend(wants_words.then_some(Effect::AskWords(number)));
            self.commit_measurement("measure", None, Some(made), update);
        }
    }

    fn commit_measurement(
        &mut self,
        name: &'static str,
        before: Option<Measurement>,
        after: Option<Measurement>,
        update: &mut Update,
    ) {
        let (Some(case), Some(number)) = (&mut self.case, before.as_ref().or(after.as_ref()).map(|m| m.number)) else {
            return;
        };
        let is_gone = after.is_none();
        let mut edits = vec![Edit::Measurement { number, before, after }];
        // Another measurement may get its number, and must not become the artery it was chosen for.
        for field in ARTERIES.into_iter().filter(|_| is_gone) {
            let chosen = case.document.answers().get(&field).filter(|a| **a == Answer::Number(number.into())).cloned();
            edits.extend(chosen.map(|before| Edit::Answer { field, before: Some(before), after: None }));
        }
        edits.iter().for_each(|edit| case.apply(edit, update));
        case.history.commit(Transaction { name, edits });
    }

    pub(super) fn change_measurement(&mut self, number: u16, change: MeasurementChange, update: &mut Update) {
        update.changes.facts = true;
        let found = self.case.as_ref().and_then(|c| c.document.measurement(number)).cloned();
        let Some(before) = found else { return };
        let mut after = before.clone();
        match change {
            MeasurementChange::Select => {
                self.selected = Some(number);
                return self.show_measurement(&before, update);
            }
            MeasurementChange::Remove => {
                self.selected = self.selected.filter(|n| *n != number);
                return self.commit_measurement("delete-measurement", Some(before), None, update);
            }
            MeasurementChange::Name(name) => {
                after.name = name.chars().filter(|c| !c.is_control()).take(64).collect();
            }
            MeasurementChange::ToggleVisible => after.visible = !after.visible,
        }
        if after != before {
            self.commit_measurement("change-measurement", Some(before), Some(after), update);
        }
    }

    /// Removes the one that was made, taken hold of or chosen last.
    pub(super) fn delete_measurement(&mut self, update: &mut Update) {
        match self.selected {
            Some(number) => self.change_measurement(number, MeasurementChange::Remove, update),
            None => self.say(words::NO_MEASUREMENT, update),
        }
    }

    /// The planes go through its middle.
    fn show_measurement(&mut self, measurement: &Measurement, update: &mut Update) {
        let Some(first) = measurement.points.first() else { return };
        let sum = measurement.points.iter().fold(PatientVector::new(0.0, 0.0, 0.0), |sum, p| sum + (*p - *first));
        let middle = *first + sum * (1.0 / measurement.points.len() as f64);
        self.set_crosshair(middle, None, update);
        // Its own plane exactly, where a pane looks along it.
        for pane in &mut self.panes {
            if lies_in(measurement, pane) {
                pane.move_to_slice_of(*first);
            }
        }
        update.changes.view = true;
    }

    /// The measurement under a point of a pane, and what of it is taken hold of: the selected one first, then the latest.
    fn grip_at(&self, id: PaneId, at: PanePoint) -> Option<(u16, Grip)> {
        let document = &self.case.as_ref()?.document;
        let pane = self.panes.get(id.index())?;
        let size = self.size_of(id);
        let shown = |m: &&Measurement| m.visible && self.is_in_plane(m, pane);
        let to_pane = |p: &PatientPoint| pane.pane_from_patient(*p, size);
        let mut shown: Vec<&Measurement> = document.measurements().iter().filter(shown).collect();
        shown.sort_by_key(|m| (self.selected == Some(m.number), m.number));
        shown.iter().rev().find_map(|m| {
            let near = |p: &PatientPoint| {
                let p = to_pane(p);
                (p.x - at.x).hypot(p.y - at.y)
            };
            let handle = m.handles().iter().enumerate().min_by(|a, b| near(a.1).total_cmp(&near(b.1)));
            if let Some((n, _)) = handle.filter(|(_, p)| near(p) <= HANDLE_PX) {
                return Some((m.number, Grip::Point(n)));
            }
            let touched = m.lines().iter().any(|line| {
                line.windows(2).any(|ends| distance_px(to_pane(&ends[0]), to_pane(&ends[1]), at) <= LINE_PX)
            });
            touched.then_some((m.number, Grip::Whole))
        })
    }

    /// Whether a pane shows the plane that a measurement lies in: within half a slice, or within the slab.
    fn is_in_plane(&self, measurement: &Measurement, pane: &PaneState) -> bool {
        let Some(case) = &self.case else { return false };
        let half = case.volume.grid().step_along_mm(pane.normal()).max(self.slab.thickness_mm) / 2.0 + 1e-6;
        let plane = pane.through(pane.centre);
        lies_in(measurement, pane) && measurement.points.iter().all(|p| plane.distance_mm(*p).abs() <= half)
    }

    /// The measurements over a slice pane.
    pub(super) fn measurement_drawings(&self, n: usize) -> Vec<MeasurementDrawing> {
        let (Some(case), Some(pane)) = (&self.case, self.panes.get(n)) else { return Vec::new() };
        let size = [self.sizes[n].width, self.sizes[n].height];
        let moving = match &self.gesture {
            Gesture::Adjust { before, grip, from, to } => Some(before.moved(*grip, *from, *to)),
            Gesture::Make(making) => Some(making.measurement(0, &self.now)),
            _ => None,
        };
        let others =
            case.document.measurements().iter().filter(|m| moving.as_ref().is_none_or(|g| g.number != m.number));
        let drawn = others.chain(moving.as_ref()).filter(|m| m.visible);
        drawn.filter_map(|m| self.measurement_drawing(m, pane, size)).collect()
    }

    fn measurement_drawing(&self, m: &Measurement, pane: &PaneState, size: [f64; 2]) -> Option<MeasurementDrawing> {
        let to_pane = |p: PatientPoint| pane.pane_from_patient(p, size);
        let selected = m.number == 0 || self.selected == Some(m.number);
        if !self.is_in_plane(m, pane) {
            let plane = pane.through(pane.centre);
            let crossing = |ends: &[PatientPoint]| {
                let [from, to] = [plane.distance_mm(ends[0]), plane.distance_mm(ends[1])];
                ((from < 0.0) != (to < 0.0)).then(|| to_pane(ends[0] + (ends[1] - ends[0]) * (from / (from - to))))
            };
            let crossings: Vec<PanePoint> =
                m.lines().iter().flat_map(|line| line.windows(2).filter_map(crossing).collect::<Vec<_>>()).collect();
            let first = *crossings.first()?;
            let name = (!m.name.is_empty()).then(|| vec![m.name.clone()]);
            let label = name.map(|name| (PanePoint::new(first.x + 8.0, first.y), name));
            return Some(MeasurementDrawing { crossings, label, selected, ..MeasurementDrawing::default() });
        }
        let mut lines: Vec<Vec<PanePoint>> =
            m.lines().iter().map(|l| l.iter().map(|p| to_pane(*p)).collect()).collect();
        let all = lines.iter().flatten();
        let rightmost = all.max_by(|a, b| a.x.total_cmp(&b.x)).map(|p| PanePoint::new(p.x + 8.0, p.y));
        if let (MeasurementKind::Arrow, [tip, tail]) = (m.kind, &m.points[..]) {
            lines.push(arrow_head(to_pane(*tip), to_pane(*tail)));
        }
        let words = self.measurement_text(m);
        Some(MeasurementDrawing {
            lines,
            handles: if selected { m.handles().iter().map(|p| to_pane(*p)).collect() } else { Vec::new() },
            crossings: Vec::new(),
            label: rightmost.filter(|_| !words.is_empty()).map(|at| (at, words)),
            selected,
        })
    }

    /// Name and numbers, as they stand beside it.
    fn measurement_text(&self, m: &Measurement) -> Vec<String> {
        let kept = self.measured.iter().find(|(of, _)| of == m).map(|(_, values)| values.clone());
        let Some(case) = &self.case else { return Vec::new() };
        let values = kept.unwrap_or_else(|| m.values(&case.volume));
        let name = (!m.name.is_empty()).then(|| m.name.clone());
        let lines = numbers(&values, self.lang).into_iter().enumerate();
        name.into_iter().chain(lines.map(|(n, line)| if n == 0 { self.marked(line) } else { line })).collect()
    }

    /// Takes the numbers anew of what changed, and of all where voxels arrived.
    pub(super) fn measure_shapes(&mut self, update: &mut Update) {
        let shapes = self.case.as_ref().map_or(&[][..], |c| c.document.measurements());
        let has_new_voxels = update.changes.volume || !update.changes.slices.is_empty();
        if shapes.iter().eq(self.measured.iter().map(|(m, _)| m)) && !has_new_voxels {
            return;
        }
        let mut before = std::mem::take(&mut self.measured);
        if has_new_voxels {
            before.clear();
        }
        self.measured = self.case.as_ref().map_or_else(Vec::new, |case| {
            let values = |m: &Measurement| {
                let kept = before.iter().find(|(of, _)| of == m).map(|(_, values)| values.clone());
                (m.clone(), kept.unwrap_or_else(|| m.values(&case.volume)))
            };
            case.document.measurements().iter().map(values).collect()
        });
        update.changes.facts = true;
    }

    pub(super) fn measurement_rows(&self) -> Vec<MeasurementRow> {
        let row = |(m, values): &(Measurement, Vec<(Measured, f64)>)| MeasurementRow {
            number: m.number,
            kind: m.kind.name(),
            title: measurement_words(m.kind).in_lang(self.lang).to_owned(),
            name: m.name.clone(),
            text: numbers(values, self.lang)
                .into_iter()
                .enumerate()
                .map(|(n, line)| if n == 0 { self.marked(line) } else { line })
                .collect(),
            value: values.first().map(|(what, value)| (*value, unit(*what))),
            visible: m.visible,
            selected: self.selected == Some(m.number),
        };
        self.measured.iter().map(row).collect()
    }
}

/// The UCUM unit of a number.
fn unit(what: Measured) -> &'static str {
    match what {
        Measured::Length | Measured::LongAxis | Measured::ShortAxis => "mm",
        Measured::Angle => "deg",
        Measured::Area => "mm2",
        Measured::MeanHu | Measured::DeviationHu | Measured::LowestHu | Measured::HighestHu => "[hnsf'U]",
    }
}

/// The numbers in lines, ready to read.
fn numbers(values: &[(Measured, f64)], lang: Lang) -> Vec<String> {
    let get = |wanted: Measured, digits: usize| {
        values.iter().find(|(what, _)| *what == wanted).map(|(_, value)| lang.number(*value, digits))
    };
    let mut lines = Vec::new();
    lines.extend(get(Measured::Length, 1).map(|v| format!("{v} mm")));
    if let (Some(long), Some(short)) = (get(Measured::LongAxis, 1), get(Measured::ShortAxis, 1)) {
        lines.push(format!("{long} × {short} mm"));
    }
    lines.extend(get(Measured::Angle, 1).map(|v| format!("{v}°")));
    lines.extend(get(Measured::Area, 1).map(|v| format!("{v} mm²")));
    if let (Some(mean), Some(deviation)) = (get(Measured::MeanHu, 0), get(Measured::DeviationHu, 0)) {
        lines.push(words::REGION_MEAN.with(lang, &[&mean, &deviation]));
    }
    if let (Some(lowest), Some(highest)) = (get(Measured::LowestHu, 0), get(Measured::HighestHu, 0)) {
        lines.push(words::REGION_RANGE.with(lang, &[&lowest, &highest]));
    }
    lines
}

/// Whether a pane looks straight at the plane of a measurement.
fn lies_in(measurement: &Measurement, pane: &PaneState) -> bool {
    measurement.normal().cross(pane.normal()).length() < 1e-4
}

/// Distance of a point from a line between two points, CSS px.
fn distance_px(from: PanePoint, to: PanePoint, at: PanePoint) -> f64 {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let along = ((at.x - from.x) * dx + (at.y - from.y) * dy) / (dx * dx + dy * dy).max(1e-9);
    let along = along.clamp(0.0, 1.0);
    (from.x + dx * along - at.x).hypot(from.y + dy * along - at.y)
}

/// The two strokes of an arrow's head, 10 px long.
fn arrow_head(tip: PanePoint, tail: PanePoint) -> Vec<PanePoint> {
    let (dx, dy) = (tail.x - tip.x, tail.y - tip.y);
    let length = dx.hypot(dy).max(1e-9);
    let (ux, uy) = (dx / length * 10.0, dy / length * 10.0);
    let side = |s: f64| PanePoint::new(tip.x + ux * 0.87 - s * uy * 0.5, tip.y + uy * 0.87 + s * ux * 0.5);
    vec![side(1.0), tip, side(-1.0)]
}
