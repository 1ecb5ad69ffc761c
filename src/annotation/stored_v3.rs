//! Entries of the forms 1 to 3, whose segments had neither author nor time nor a place in the list.

use super::history::{TransactionName, known_name};
use super::stored::{Entry, Snapshot};
use super::{Answer, Edit, Layer, Measurement, Origin, Segment, SegmentMeaning, Transaction};
use crate::volume::LabelDelta;
use serde::Deserialize;
use std::borrow::Cow;

/// The next entry as it is written today, and what follows it.
pub(super) fn take(bytes: &[u8]) -> postcard::Result<(Entry<'static>, &[u8])> {
    let (entry, rest) = postcard::take_from_bytes::<OldEntry>(bytes)?;
    let entry = match entry {
        OldEntry::Snapshot(old) => Entry::Snapshot(Snapshot {
            size: old.size,
            reading_id: Cow::Owned(old.reading_id),
            edits: all(old.edits),
            done: Cow::Owned(all(old.done)),
            undone: Cow::Owned(all(old.undone)),
            forgotten: old.forgotten,
        }),
        OldEntry::Commit(old) => Entry::Commit(Cow::Owned(old.into())),
        OldEntry::Undo => Entry::Undo,
        OldEntry::Redo => Entry::Redo,
    };
    Ok((entry, rest))
}

fn all<Old, New: From<Old>>(old: Vec<Old>) -> Vec<New> {
    old.into_iter().map(New::from).collect()
}

#[derive(Deserialize)]
enum OldEntry {
    Snapshot(OldSnapshot),
    Commit(OldTransaction),
    Undo,
    Redo,
}

#[derive(Deserialize)]
struct OldSnapshot {
    size: [u32; 3],
    reading_id: String,
    edits: Vec<OldEdit>,
    done: Vec<OldTransaction>,
    undone: Vec<OldTransaction>,
    forgotten: u64,
}

#[derive(Deserialize)]
struct OldTransaction {
    #[serde(deserialize_with = "known_name")]
    name: TransactionName,
    edits: Vec<OldEdit>,
}

impl From<OldTransaction> for Transaction {
    fn from(old: OldTransaction) -> Self {
        Self { name: old.name, edits: all(old.edits) }
    }
}

#[derive(Deserialize)]
enum OldEdit {
    Voxels { layer: Layer, delta: LabelDelta },
    Segment { number: u8, before: Option<OldSegment>, after: Option<OldSegment> },
    Measurement { number: u16, before: Option<Measurement>, after: Option<Measurement> },
    Answer { field: u16, before: Option<Answer>, after: Option<Answer> },
}

impl From<OldEdit> for Edit {
    fn from(old: OldEdit) -> Self {
        match old {
            OldEdit::Voxels { layer, delta } => Self::Voxels { layer, delta },
            OldEdit::Segment { number, before, after } => {
                Self::Segment { number, before: before.map(Segment::from), after: after.map(Segment::from) }
            }
            OldEdit::Measurement { number, before, after } => Self::Measurement { number, before, after },
            OldEdit::Answer { field, before, after } => Self::Answer { field, before, after },
        }
    }
}

#[derive(Deserialize)]
struct OldSegment {
    number: u8,
    meaning: SegmentMeaning,
    layer: Layer,
    name: String,
    colour: [u8; 3],
    visible: bool,
    locked: bool,
    origin: Origin,
}

impl From<OldSegment> for Segment {
    fn from(old: OldSegment) -> Self {
        let OldSegment { number, meaning, layer, name, colour, visible, locked, origin } = old;
        let (author, made_at) = Default::default();
        Self { number, meaning, layer, name, colour, visible, locked, origin, author, made_at, rank: 0 }
    }
}
