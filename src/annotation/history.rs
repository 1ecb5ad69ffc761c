//! Undo and redo: transactions of reversible edits, bounded by bytes.

use super::author::MOST_ACTS;
use super::{Act, Edit};
use serde::{Deserialize, Deserializer, Serialize};

/// Key of the words that name a transaction.
pub(super) type TransactionName = &'static str;

/// What one gesture or command changed; the unit of undo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transaction {
    /// Key of the words that name it to the reader ("brush-stroke").
    #[serde(deserialize_with = "known_name")]
    pub name: TransactionName,
    /// In the order they were made.
    pub edits: Vec<Edit>,
}

/// Names that come back from storage as they were; any other comes back as the last.
const NAMES: [&str; 19] = [
    "add-segment",
    "change-segment",
    "delete-segment",
    "interpolate",
    "region",
    "copy-slice",
    "brush",
    "erase",
    "push",
    "contour",
    "propose",
    "import",
    "restore",
    "answer",
    "measure",
    "change-measurement",
    "delete-measurement",
    "reject-lesion",
    "change",
];

pub(super) fn known_name<'de, D: Deserializer<'de>>(stored: D) -> Result<TransactionName, D::Error> {
    let name = <std::borrow::Cow<'de, str>>::deserialize(stored)?;
    Ok(NAMES.into_iter().find(|known| *known == name).unwrap_or("change"))
}

/// What happened to a history since it was last asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A transaction was made: now the newest.
    Commit,
    /// The newest was taken back.
    Undo,
    /// The newest of those taken back was made again.
    Redo,
}

impl Transaction {
    /// Memory it holds, bytes.
    pub fn byte_size(&self) -> usize {
        self.edits.iter().map(Edit::byte_size).sum()
    }
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.edits.iter().all(|e| matches!(e, Edit::Voxels { delta, .. } if delta.is_empty()))
    }
}

/// Done and undone transactions. The oldest are forgotten beyond `byte_budget`, but never the newest `minimum_count`.
#[derive(Clone, Debug)]
pub struct History {
    done: Vec<Transaction>,
    undone: Vec<Transaction>,
    byte_budget: usize,
    minimum_count: usize,
    forgotten: u64,
    revision: u64,
    steps: Vec<Step>,
}

/// Bytes that undo may hold: some thousand strokes, and still stored in one go.
const BYTE_BUDGET: usize = 96 << 20;
/// Steps that can be undone however large they are.
const MINIMUM_COUNT: usize = 20;

impl Default for History {
    fn default() -> Self {
        let (byte_budget, minimum_count) = (BYTE_BUDGET, MINIMUM_COUNT);
        let (done, undone, steps) = (Vec::new(), Vec::new(), Vec::new());
        Self { done, undone, byte_budget, minimum_count, forgotten: 0, revision: 0, steps }
    }
}

impl History {
    /// Bounds of its own, for tests and small devices.
    pub fn bounded(byte_budget: usize, minimum_count: usize) -> Self {
        Self { byte_budget, minimum_count, ..Self::default() }
    }
    /// As it was stored.
    pub(super) fn restored(done: Vec<Transaction>, undone: Vec<Transaction>, forgotten: u64) -> Self {
        let revision = (done.len() + undone.len()) as u64 + forgotten;
        Self { done, undone, forgotten, revision, ..Self::default() }
    }
    /// Transactions that can be taken back, the newest last.
    pub fn done(&self) -> &[Transaction] {
        &self.done
    }
    /// Transactions that can be made again, the next last.
    pub fn undone(&self) -> &[Transaction] {
        &self.undone
    }
    /// How many of the oldest were forgotten for want of room.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }
    /// What was done and not undone, as it is told to others: the last acts, and how many there were before them.
    pub fn acts(&self) -> (Vec<Act>, u64) {
        let untold = self.done.len().saturating_sub(MOST_ACTS);
        let act = |transaction: &Transaction| {
            let mut act = Act { what: transaction.name.to_owned(), ..Act::default() };
            for edit in &transaction.edits {
                match edit {
                    Edit::Voxels { delta, .. } => act.voxels += delta.voxel_count(),
                    Edit::Segment { number, .. } => act.segments.push(*number),
                    Edit::Measurement { .. } | Edit::Answer { .. } | Edit::Author { .. } => {}
                }
            }
            act
        };
        (self.done[untold..].iter().map(act).collect(), self.forgotten + untold as u64)
    }
    /// Whether nothing was ever done.
    pub fn is_untouched(&self) -> bool {
        self.done.is_empty() && self.undone.is_empty() && self.forgotten == 0
    }
    /// Memory it holds, bytes.
    pub fn byte_size(&self) -> usize {
        self.done.iter().chain(&self.undone).map(Transaction::byte_size).sum()
    }
    /// What happened since this was last asked.
    pub fn take_steps(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }
    /// Remembers a transaction that was just made; what was undone before is gone. An empty one vanishes.
    pub fn commit(&mut self, transaction: Transaction) {
        if transaction.is_empty() {
            return;
        }
        self.revision += 1;
        self.undone.clear();
        self.steps.push(Step::Commit);
        self.done.push(transaction);
        let mut bytes: usize = self.done.iter().map(Transaction::byte_size).sum();
        let mut forget = 0;
        while bytes > self.byte_budget && self.done.len() - forget > self.minimum_count {
            bytes -= self.done[forget].byte_size();
            forget += 1;
        }
        self.done.drain(..forget);
        self.forgotten += forget as u64;
    }
    /// The transaction to take back: apply the inverse of its edits in reverse order.
    pub fn undo(&mut self) -> Option<&Transaction> {
        let transaction = self.done.pop()?;
        self.revision += 1;
        self.steps.push(Step::Undo);
        self.undone.push(transaction);
        self.undone.last()
    }
    /// The transaction to make again: apply its edits in order.
    pub fn redo(&mut self) -> Option<&Transaction> {
        let transaction = self.undone.pop()?;
        self.revision += 1;
        self.steps.push(Step::Redo);
        self.done.push(transaction);
        self.done.last()
    }
    /// Another number after each change of the document.
    pub fn revision(&self) -> u64 {
        self.revision
    }
    /// Name of what undo would take back.
    pub fn undo_name(&self) -> Option<&'static str> {
        self.done.last().map(|t| t.name)
    }
    /// Name of what redo would make again.
    pub fn redo_name(&self) -> Option<&'static str> {
        self.undone.last().map(|t| t.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(number: u8) -> Edit {
        Edit::Segment { number, before: None, after: None }
    }

    #[test]
    fn the_budget_is_bytes_but_some_steps_always_stay() {
        let mut history = History::bounded(1, 3);
        for n in 0..10 {
            history.commit(Transaction { name: "test", edits: vec![look(n)] });
        }
        let mut undone = 0;
        while history.undo().is_some() {
            undone += 1;
        }
        assert_eq!((undone, history.forgotten()), (3, 7));
        assert_eq!(history.redo_name(), Some("test"));
        history.commit(Transaction { name: "new", edits: vec![look(1)] });
        assert_eq!(history.redo_name(), None);
    }

    #[test]
    fn an_empty_transaction_vanishes() {
        let mut history = History::default();
        history.commit(Transaction { name: "nothing", edits: vec![] });
        assert_eq!(history.undo_name(), None);
    }
}
