//! Segments, copied slices, undo and redo.

use super::change::Update;
use super::command::SegmentChange;
use super::explain;
use super::state::{Case, Session};
use super::words;
use crate::annotation::{DocumentError, Edit, Gate, Origin, Segment, SegmentMeaning, Transaction, copy_slice};
use crate::export::Audience;

/// The radii a key steps through, mm.
const BRUSH_RADII_MM: std::ops::RangeInclusive<f64> = 0.5..=60.0;

/// Brush settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BrushSettings {
    /// Radius, mm: the same size in every plane whatever the zoom.
    pub radius_mm: f64,
    /// Ball in 3D, or disc in the pane's plane.
    pub ball: bool,
    /// HU that brush and contour may touch; `None` all.
    pub range_hu: Option<(i16, i16)>,
    /// Brush and contour touch nothing outside the lungs.
    pub in_lungs: bool,
}

impl BrushSettings {
    pub(super) fn gate(&self) -> Gate {
        Gate { range_hu: self.range_hu, in_lungs: self.in_lungs }
    }
}

/// Who makes a segment, and when.
#[derive(Debug)]
pub(super) struct Signature {
    pub(super) author: String,
    pub(super) at: String,
}

impl Signature {
    fn sign(&self, segment: &mut Segment) {
        (segment.author, segment.made_at) = (self.author.clone(), self.at.clone());
    }
}

impl Session {
    /// The reader by name, by code where there is no name, and the time of the command being done.
    pub(super) fn signature(&self) -> Signature {
        let known = [Audience::Hospital, Audience::Campaign]
            .into_iter()
            .find_map(|to| self.readers.get(&to).filter(|r| !r.is_empty()));
        Signature { author: known.cloned().unwrap_or_default(), at: self.now.clone() }
    }

    pub(super) fn add_segment(&mut self, meaning: SegmentMeaning, update: &mut Update) {
        let name = explain::meaning(meaning).in_lang(self.lang);
        let signature = self.signature();
        let Some(case) = &mut self.case else { return };
        let same = case.document.segments().iter().filter(|s| s.meaning == meaning).count();
        let name = if same == 0 { name.to_owned() } else { format!("{name} {}", same + 1) };
        match case.add_segment(meaning, name, Origin::Manual, &signature) {
            Ok((number, edit)) => {
                case.active = Some(number);
                case.history.commit(Transaction { name: "add-segment", edits: vec![edit] });
            }
            Err(error) => self.notice = Some(error.to_string()),
        }
        update.changes.facts = true;
        update.changes.view = true;
    }

    pub(super) fn change_segment(&mut self, number: u8, change: SegmentChange, update: &mut Update) {
        let Some(case) = &mut self.case else { return };
        let Some(before) = case.document.segment(number).cloned() else { return };
        let mut after = before.clone();
        match change {
            SegmentChange::Name(name) => after.name = name.chars().filter(|c| !c.is_control()).take(64).collect(),
            SegmentChange::Colour(colour) => after.colour = colour,
            SegmentChange::ToggleVisible => after.visible = !after.visible,
            SegmentChange::ToggleLocked => after.locked = !after.locked,
        }
        if after == before {
            return;
        }
        let edit = Edit::Segment { number, before: Some(before), after: Some(after) };
        case.apply(&edit, update);
        case.history.commit(Transaction { name: "change-segment", edits: vec![edit] });
        self.volume_revision += 1;
    }

    /// The active segment up (−1) or down (+1) the list.
    pub(super) fn move_segment(&mut self, places: i32, update: &mut Update) {
        let Some(case) = &mut self.case else { return };
        let mut listed: Vec<Segment> = case.document.listed().into_iter().cloned().collect();
        let Some(at) = listed.iter().position(|s| case.active == Some(s.number)) else {
            return self.say(words::NO_SEGMENT, update);
        };
        let to = at.saturating_add_signed(places as isize).min(listed.len() - 1);
        let moved = listed.remove(at);
        listed.insert(to, moved);
        let ranked = listed.into_iter().zip(1u16..).filter(|(segment, rank)| to != at && segment.rank != *rank);
        let edits = ranked.map(|(before, rank)| {
            let after = Segment { rank, ..before.clone() };
            Edit::Segment { number: before.number, before: Some(before), after: Some(after) }
        });
        let edits: Vec<Edit> = edits.collect();
        edits.iter().for_each(|edit| case.apply(edit, update));
        case.history.commit(Transaction { name: "change-segment", edits });
    }

    /// Shows the active segment alone, or all that are visible again. No change of the document.
    pub(super) fn toggle_solo(&mut self, update: &mut Update) {
        self.solo = !self.solo;
        self.volume_moved(update);
    }

    pub(super) fn delete_segment(&mut self, update: &mut Update) {
        self.abort_gesture(update);
        let Some(case) = &mut self.case else { return };
        let Some(segment) = case.active.and_then(|n| case.document.segment(n)).cloned() else {
            return self.say(words::NO_SEGMENT, update);
        };
        if segment.locked {
            return self.say(words::SEGMENT_LOCKED, update);
        }
        let voxels = case.clear_voxels(&segment);
        if let Edit::Voxels { delta, .. } = &voxels
            && let Some(bounds) = delta.bounds()
        {
            update.changes.add_labels(bounds);
        }
        let gone = Edit::Segment { number: segment.number, before: Some(segment), after: None };
        case.apply(&gone, update);
        case.history.commit(Transaction { name: "delete-segment", edits: vec![voxels, gone] });
        case.active = case.document.segments().first().map(|s| s.number);
        self.volume_revision += 1;
    }

    /// The voxels of the active segment on the slice of the active pane, on a neighbouring slice too; the pane follows.
    pub(super) fn copy_slice(&mut self, slices: i32, update: &mut Update) {
        let Some(number) = self.markable(update) else { return };
        let n = self.pane_for_keys().index();
        let (Some(case), Some(pane)) = (&self.case, self.panes.get(n)) else { return };
        if pane.is_oblique(case.volume.grid()) {
            return self.say(words::marking::COPY_STRAIGHT, update);
        }
        let from = pane.through(pane.centre);
        self.scroll_key(slices, update);
        let (Some(case), Some(pane)) = (&mut self.case, self.panes.get(n)) else { return };
        case.marked_in.insert(number, *pane);
        match copy_slice(&mut case.document, &case.volume, number, &from, &pane.through(pane.centre)) {
            Ok(edit) => {
                if let Edit::Voxels { delta, .. } = &edit
                    && let Some(bounds) = delta.bounds()
                {
                    update.changes.add_labels(bounds);
                    let noted = case.mark_edited(number, std::slice::from_ref(&edit));
                    let edits = std::iter::once(edit).chain(noted).collect();
                    case.history.commit(Transaction { name: "copy-slice", edits });
                    self.volume_revision += 1;
                }
            }
            Err(error) => log::debug!("{error}"),
        }
    }

    pub(super) fn undo(&mut self, redo: bool, update: &mut Update) {
        if self.is_making() {
            // What is being made comes first: its last point goes, or all of it. Redo waits.
            if !redo && !self.take_point_back() {
                self.abort_gesture(update);
            }
            return;
        }
        self.abort_gesture(update);
        if !redo && self.take_stroke_back(update) {
            return;
        }
        let Some(case) = &mut self.case else { return };
        let transaction = if redo { case.history.redo() } else { case.history.undo() };
        let Some(transaction) = transaction.cloned() else { return };
        if redo {
            for edit in &transaction.edits {
                case.apply(edit, update);
            }
        } else {
            case.take_back(&transaction.edits, update);
        }
        if case.active.is_none_or(|n| case.document.segment(n).is_none()) {
            case.active = case.document.segments().last().map(|s| s.number);
        }
        self.volume_revision += 1;
    }

    pub(super) fn toggle_in_lungs(&mut self, update: &mut Update) {
        if !self.brush.in_lungs && !self.case.as_ref().is_some_and(Case::has_lungs) {
            return self.say(words::NO_LUNGS, update);
        }
        self.brush.in_lungs = !self.brush.in_lungs;
    }

    /// More (+1) or less (−1) of the region on show, where it can be stepped; else a larger or smaller brush.
    pub(super) fn step_tool(&mut self, steps: i32, update: &mut Update) {
        if !self.step_region(steps, update) {
            self.set_brush_radius(self.brush.radius_mm * 1.25f64.powi(steps), update);
        }
    }

    pub(super) fn set_brush_radius(&mut self, radius_mm: f64, update: &mut Update) {
        if radius_mm.is_finite() {
            self.brush.radius_mm = radius_mm.clamp(*BRUSH_RADII_MM.start(), *BRUSH_RADII_MM.end());
        }
        update.changes.facts = true;
    }
}

impl Case {
    /// Adds a segment to the document; its number and the edit that did it.
    pub(super) fn add_segment(
        &mut self,
        meaning: SegmentMeaning,
        name: String,
        origin: Origin,
        signature: &Signature,
    ) -> Result<(u8, Edit), DocumentError> {
        let mut segment = self.document.new_segment(meaning, name, origin)?;
        signature.sign(&mut segment);
        let number = segment.number;
        let edit = Edit::Segment { number, before: None, after: Some(segment) };
        self.document.apply(&edit, &self.volume)?;
        Ok((number, edit))
    }

    /// Notes that a segment was proposed anew; the edit that says so.
    pub(super) fn propose_anew(&mut self, before: Segment, origin: Origin, signature: &Signature) -> Option<Edit> {
        let mut after = Segment { origin, ..before.clone() };
        signature.sign(&mut after);
        let edit = Edit::Segment { number: before.number, before: Some(before), after: Some(after) };
        self.document.apply(&edit, &self.volume).ok()?;
        Some(edit)
    }

    /// Clears all voxels of a segment; the edit that did it.
    pub(super) fn clear_voxels(&mut self, segment: &Segment) -> Edit {
        let [_, nj, nk] = self.document.grid().size();
        let number = segment.number;
        self.document.edit_voxels(segment.layer, &self.volume, |editor| {
            for k in 0..nk {
                for j in 0..nj {
                    editor.set_span(k, j, 0, usize::MAX, |_, old| (old == number).then_some(0));
                }
            }
        })
    }
}
