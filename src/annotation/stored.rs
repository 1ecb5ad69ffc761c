//! The stored form of a reading: a journal of records. The first begins with a snapshot of document and history; what follows are
//! the steps since, each some kilobytes. Played back, it gives the same document and the same undo and redo, byte for byte.
//!
//! A record is `"HLMJ"`, a version, the local time it was made, and entries, in the postcard format (numbers as variable-length
//! integers, sequences with their length before them). Labels are run lengths; HU values have no place in it.

use super::history::Step;
use super::stored_v3;
use super::{Document, Edit, History, Transaction};
use crate::geometry::Grid;
use crate::volume::CtVolume;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The first bytes of a record.
const MAGIC: &[u8; 4] = b"HLMJ";
/// Goes up with every change of the stored form; older ones are then read by code of their own, newer ones are left alone.
///
/// 2 brought measurements, 3 the answers of the form, 4 author, time and place of each segment.
const VERSION: u8 = 4;
/// The last form without those: it and the ones before are read by [`stored_v3`].
const WITHOUT_AUTHORS: u8 = 3;

/// Why a stored reading could not be taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoredError {
    /// A record is not what was written; its number.
    #[error("record {0} is damaged")]
    Damaged(usize),
    /// It was written by a newer version.
    #[error("it was written by a newer version")]
    Newer,
    /// The grid is not that of the CT.
    #[error("it lies on another grid")]
    OtherGrid,
    /// Not enough memory.
    #[error("there is not enough memory")]
    Memory,
    /// It could not be written.
    #[error("it cannot be written")]
    Unwritable,
}

/// One entry. Variants are added at the end.
#[derive(Serialize, Deserialize)]
pub(super) enum Entry<'a> {
    Snapshot(Snapshot<'a>),
    Commit(Cow<'a, Transaction>),
    Undo,
    Redo,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Snapshot<'a> {
    /// Voxels along i, j, k.
    pub(super) size: [u32; 3],
    pub(super) reading_id: Cow<'a, str>,
    /// What makes the document of an empty one.
    pub(super) edits: Vec<Edit>,
    pub(super) done: Cow<'a, [Transaction]>,
    pub(super) undone: Cow<'a, [Transaction]>,
    pub(super) forgotten: u64,
}

/// Document and history whole, as an entry. No gesture may be in progress: its edits are in no history yet.
///
/// # Errors
/// [`StoredError::Unwritable`].
pub fn snapshot_entry(document: &Document, history: &History, reading_id: &str) -> Result<Vec<u8>, StoredError> {
    entry(&Entry::Snapshot(Snapshot {
        size: document.grid().size().map(|n| n as u32),
        reading_id: Cow::Borrowed(reading_id),
        edits: document.to_edits(),
        done: Cow::Borrowed(history.done()),
        undone: Cow::Borrowed(history.undone()),
        forgotten: history.forgotten(),
    }))
}

/// The steps that a history has just made, as entries; `None` where they cannot be told any more, and a snapshot must be taken.
pub fn step_entries(history: &History, steps: &[Step]) -> Option<Vec<u8>> {
    let commits = steps.iter().filter(|s| **s == Step::Commit).count();
    let made = match steps {
        [Step::Undo] => vec![Entry::Undo],
        [Step::Redo] => vec![Entry::Redo],
        _ if commits == steps.len() => {
            let first = history.done().len().checked_sub(commits)?;
            history.done()[first..].iter().map(|t| Entry::Commit(Cow::Borrowed(t))).collect()
        }
        _ => return None,
    };
    made.iter().map(|e| entry(e).ok()).collect::<Option<Vec<_>>>().map(|parts| parts.concat())
}

fn entry(entry: &Entry<'_>) -> Result<Vec<u8>, StoredError> {
    postcard::to_allocvec(entry).map_err(|_refused| StoredError::Unwritable)
}

/// A record of entries; `at` is the local time as `YYYYMMDDHHMMSS`.
pub fn record(at: &str, entries: &[u8]) -> Vec<u8> {
    let at = &at.as_bytes()[..at.len().min(14)];
    let mut bytes = Vec::with_capacity(6 + at.len() + entries.len());
    bytes.extend_from_slice(MAGIC);
    bytes.push(VERSION);
    bytes.push(at.len() as u8);
    bytes.extend_from_slice(at);
    bytes.extend_from_slice(entries);
    bytes
}

/// A reading as it was when its last record was written.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The document.
    pub document: Document,
    /// Undo and redo.
    pub history: History,
    /// Identifies the reading in what is exported.
    pub reading_id: String,
    /// When the last record was written, `YYYYMMDDHHMMSS`.
    pub at: String,
    /// Why the last records were left out, if they were.
    pub cut_short: Option<StoredError>,
}

/// Plays a journal back on the CT it was made on.
///
/// Where a later record is damaged, what was before it comes back and `cut_short` says so. Memory is taken for what has been read,
/// never for what is declared.
///
/// # Errors
/// When nothing can be taken up: see [`StoredError`].
pub fn replay(records: &[Vec<u8>], grid: Grid, volume: &CtVolume) -> Result<Restored, StoredError> {
    let mut restored: Option<Restored> = None;
    for (number, bytes) in records.iter().enumerate() {
        match play(bytes, number, restored.take(), grid, volume) {
            (Some(done), Ok(())) => restored = Some(done),
            // What an unreadable record had begun to change stays: each entry is whole.
            (Some(mut done), Err(error)) => {
                done.cut_short = Some(error);
                return Ok(done);
            }
            (None, Err(error)) => return Err(error),
            (None, Ok(())) => return Err(StoredError::Damaged(number)),
        }
    }
    restored.ok_or(StoredError::Damaged(0))
}

/// Plays one record; what there is before and after it.
fn play(
    bytes: &[u8],
    number: usize,
    mut restored: Option<Restored>,
    grid: Grid,
    volume: &CtVolume,
) -> (Option<Restored>, Result<(), StoredError>) {
    let (version, at, mut rest) = match header(bytes, number) {
        Ok(header) => header,
        Err(error) => return (restored, Err(error)),
    };
    while !rest.is_empty() {
        let taken = match version {
            ..=WITHOUT_AUTHORS => stored_v3::take(rest),
            _ => postcard::take_from_bytes::<Entry<'_>>(rest),
        };
        let Ok((entry, after)) = taken else {
            return (restored, Err(StoredError::Damaged(number)));
        };
        rest = after;
        let done = match (entry, &mut restored) {
            (Entry::Snapshot(snapshot), None) => begin(snapshot, number, grid, volume).map(|r| restored = Some(r)),
            (Entry::Snapshot(_), Some(_)) | (_, None) => Err(StoredError::Damaged(number)),
            (step, Some(reading)) => follow(step, reading, volume).map_err(|()| StoredError::Damaged(number)),
        };
        if let Err(error) = done {
            return (restored, Err(error));
        }
        if let Some(reading) = &mut restored {
            reading.at.clone_from(&at);
        }
    }
    (restored, Ok(()))
}

/// The version of a record, its time, and its entries.
fn header(bytes: &[u8], number: usize) -> Result<(u8, String, &[u8]), StoredError> {
    let damaged = StoredError::Damaged(number);
    let rest = bytes.strip_prefix(MAGIC).ok_or(damaged)?;
    let (&version, rest) = rest.split_first().ok_or(damaged)?;
    if version > VERSION {
        return Err(StoredError::Newer);
    }
    let (&len, rest) = rest.split_first().ok_or(damaged)?;
    let (at, entries) = rest.split_at_checked(usize::from(len)).ok_or(damaged)?;
    if version == 0 || !at.iter().all(u8::is_ascii_digit) {
        return Err(damaged);
    }
    Ok((version, String::from_utf8_lossy(at).into_owned(), entries))
}

fn begin(snapshot: Snapshot<'_>, number: usize, grid: Grid, volume: &CtVolume) -> Result<Restored, StoredError> {
    if snapshot.size != grid.size().map(|n| n as u32) {
        return Err(StoredError::OtherGrid);
    }
    let mut document = Document::empty(grid).ok_or(StoredError::Memory)?;
    for edit in &snapshot.edits {
        document.apply(edit, volume).map_err(|_mismatch| StoredError::Damaged(number))?;
    }
    let history = History::restored(snapshot.done.into_owned(), snapshot.undone.into_owned(), snapshot.forgotten);
    let reading_id = snapshot.reading_id.into_owned();
    Ok(Restored { document, history, reading_id, at: String::new(), cut_short: None })
}

/// Makes a step again. One that does not fit leaves the reading as it was before it.
fn follow(step: Entry<'_>, reading: &mut Restored, volume: &CtVolume) -> Result<(), ()> {
    let Restored { document, history, .. } = reading;
    let edits: Vec<Edit> = match &step {
        Entry::Commit(transaction) => transaction.edits.clone(),
        Entry::Undo => history.done().last().ok_or(())?.edits.iter().rev().map(Edit::inverse).collect(),
        Entry::Redo => history.undone().last().ok_or(())?.edits.clone(),
        Entry::Snapshot(_) => return Err(()),
    };
    for (n, edit) in edits.iter().enumerate() {
        if document.apply(edit, volume).is_err() {
            for edit in edits[..n].iter().rev() {
                document.apply(&edit.inverse(), volume).map_err(drop)?;
            }
            return Err(());
        }
    }
    match step {
        Entry::Commit(transaction) => history.commit(transaction.into_owned()),
        Entry::Undo => drop(history.undo().map(drop)),
        _ => drop(history.redo().map(drop)),
    }
    history.take_steps();
    Ok(())
}
