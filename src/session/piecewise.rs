//! Lesions one by one: the list, going to one, accepting and rejecting it by key.
//!
//! Accepting marks a piece as seen and goes on; what was accepted is forgotten when the piece changes, and is not stored. Rejecting
//! erases it, which undoes.

use super::change::Update;
use super::state::Session;
use super::words::{self, numbers};
use crate::annotation::{Edit, Transaction};
use crate::report::{Piece, Pieces};
use std::ops::Range;

/// The pieces of the findings and where the reader is among them.
#[derive(Debug, Default)]
pub(super) struct Piecewise {
    pub(super) pieces: Pieces,
    /// The piece that keys act on.
    current: Option<Piece>,
    accepted: Vec<Piece>,
}

/// The voxels of a piece: slice, row and columns.
pub(super) type PieceSpans = Vec<(usize, usize, Range<usize>)>;

impl Piecewise {
    /// The voxels of the pieces that were accepted, with their segments.
    pub(super) fn accepted_spans(&self) -> Vec<(u8, PieceSpans)> {
        let list = self.pieces.list();
        let spans = |piece: &Piece| Some(self.pieces.spans(list.iter().position(|p| p == piece)?));
        self.accepted.iter().filter_map(|piece| Some((piece.segment, spans(piece)?))).collect()
    }
}

/// What is done with the lesions of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceAction {
    /// Go so many on.
    Step(i32),
    /// This one is one.
    Accept,
    /// This one is none.
    Reject,
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct PieceRow {
    /// Its place, from 0: largest first.
    pub place: usize,
    /// Name of its segment.
    pub name: String,
    /// Volume, ml.
    pub ml: f64,
    /// Volume, ready to read.
    pub volume: String,
    /// Keys act on it.
    pub current: bool,
    /// The reader accepted it.
    pub accepted: bool,
}

/// The list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PieceView {
    /// The largest.
    pub rows: Vec<PieceRow>,
    /// How many are not shown, in words; `None` if all are.
    pub more: Option<String>,
}

/// Rows that are shown; one more where the current one is smaller.
const SHOWN: usize = 60;

impl Session {
    pub(super) fn act_on_piece(&mut self, action: PieceAction, update: &mut Update) {
        let list = self.piecewise.pieces.list();
        let place = self.piecewise.current.and_then(|c| list.iter().position(|p| *p == c));
        match (action, place) {
            (_, _) if list.is_empty() => self.say(numbers::PIECE_NONE, update),
            (PieceAction::Step(steps), _) => {
                let from = place.map_or(if steps > 0 { -1 } else { 0 }, |n| n as i64);
                let to = (from + i64::from(steps)).rem_euclid(list.len() as i64) as usize;
                self.go_to_piece(to, update);
            }
            (_, None) => self.say(numbers::PIECE_CHOOSE, update),
            (PieceAction::Accept, Some(place)) => {
                let piece = list[place];
                match self.piecewise.accepted.iter().position(|p| *p == piece) {
                    Some(n) => {
                        self.piecewise.accepted.remove(n);
                    }
                    None => {
                        self.piecewise.accepted.push(piece);
                        self.go_on(place, update);
                    }
                }
            }
            (PieceAction::Reject, Some(place)) => self.reject_piece(place, update),
        }
        update.changes.facts = true;
    }

    /// The crosshair to a piece, which keys act on from now on.
    pub(super) fn go_to_piece(&mut self, place: usize, update: &mut Update) {
        let Some(piece) = self.piecewise.pieces.list().get(place).copied() else { return };
        self.piecewise.current = Some(piece);
        let Some(case) = &mut self.case else { return };
        case.active = Some(piece.segment);
        let at = case.volume.grid().patient_from_voxel(piece.inside.centre());
        self.set_crosshair(at, None, update);
        update.changes.volume_view = true;
    }

    /// On to the next piece that was not accepted, if there is one.
    fn go_on(&mut self, from: usize, update: &mut Update) {
        let list = self.piecewise.pieces.list();
        let waits = |place: &usize| !self.piecewise.accepted.contains(&list[*place]);
        let next = (from + 1..list.len()).chain(0..from).find(waits);
        if let Some(next) = next {
            self.go_to_piece(next, update);
        }
    }

    fn reject_piece(&mut self, place: usize, update: &mut Update) {
        let Some(piece) = self.piecewise.pieces.list().get(place).copied() else { return };
        let spans = self.piecewise.pieces.spans(place);
        let touched = spans.first().map_or(0, |s| s.0)..spans.last().map_or(0, |s| s.0 + 1);
        let Some(case) = &mut self.case else { return };
        let layer = match case.document.editable_layer(piece.segment) {
            Ok(layer) => layer,
            Err(_) => return self.say(words::SEGMENT_LOCKED, update),
        };
        let edit = case.document.edit_voxels(layer, &case.volume, |editor| {
            for (k, j, span) in spans {
                editor.set_span(k, j, span.start, span.end, |_, old| (old == piece.segment).then_some(0));
            }
        });
        if let Edit::Voxels { delta, .. } = &edit
            && let Some(bounds) = delta.bounds()
        {
            update.changes.add_labels(bounds);
        }
        case.active = Some(piece.segment);
        let noted = case.mark_edited(piece.segment, std::slice::from_ref(&edit));
        let edits = std::iter::once(edit).chain(noted).collect();
        case.history.commit(Transaction { name: "reject-lesion", edits });
        let name = case.document.segment(piece.segment).map(|s| s.name.clone()).unwrap_or_default();
        let ml = self.lang.number(case.document.grid().millilitres(piece.voxels), 2);
        self.volume_revision += 1;
        // The list is one shorter: the next one has its place.
        self.recount_pieces(touched);
        let left = self.piecewise.pieces.list().len();
        if left > 0 {
            self.go_to_piece(place.min(left - 1), update);
        }
        self.notice = Some(numbers::PIECE_REJECTED.with(self.lang, &[&ml, &name]));
    }

    /// Takes the pieces anew of slices whose labels changed.
    pub(super) fn recount_pieces(&mut self, changed: std::ops::Range<usize>) {
        let Some(case) = &self.case else {
            self.piecewise = Piecewise::default();
            return;
        };
        self.piecewise.pieces.recount(&case.document, changed);
        let list = self.piecewise.pieces.list();
        self.piecewise.accepted.retain(|p| list.contains(p));
    }

    pub(super) fn piece_view(&self) -> PieceView {
        let Some(case) = &self.case else { return PieceView::default() };
        let list = self.piecewise.pieces.list();
        let row = |(place, piece): (usize, &Piece)| {
            let ml = case.document.grid().millilitres(piece.voxels);
            PieceRow {
                place,
                name: case.document.segment(piece.segment).map(|s| s.name.clone()).unwrap_or_default(),
                ml,
                volume: self.marked(format!("{} ml", self.lang.number(ml, 2))),
                current: self.piecewise.current == Some(*piece),
                accepted: self.piecewise.accepted.contains(piece),
            }
        };
        let is_shown = |(place, piece): &(usize, &Piece)| *place < SHOWN || self.piecewise.current == Some(**piece);
        let rows: Vec<PieceRow> = list.iter().enumerate().filter(is_shown).map(row).collect();
        let more = list.len() - rows.len();
        let more = (more > 0).then(|| numbers::PIECES_MORE.with(self.lang, &[&more.to_string()]));
        PieceView { rows, more }
    }
}
