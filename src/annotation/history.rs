//! Undo and redo: transactions of reversible edits, bounded by bytes.

use super::Edit;

/// What one gesture or command changed; the unit of undo.
#[derive(Clone, Debug, PartialEq)]
pub struct Transaction {
    /// Key of the words that name it to the reader ("brush-stroke").
    pub name: &'static str,
    /// In the order they were made.
    pub edits: Vec<Edit>,
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
    revision: u64,
}

impl Default for History {
    fn default() -> Self {
        Self { done: Vec::new(), undone: Vec::new(), byte_budget: 256 << 20, minimum_count: 20, revision: 0 }
    }
}

impl History {
    /// Bounds of its own, for tests and small devices.
    pub fn bounded(byte_budget: usize, minimum_count: usize) -> Self {
        Self { byte_budget, minimum_count, ..Self::default() }
    }
    /// Remembers a transaction that was just made; what was undone before is gone. An empty one vanishes.
    pub fn commit(&mut self, transaction: Transaction) {
        if transaction.is_empty() {
            return;
        }
        self.revision += 1;
        self.undone.clear();
        self.done.push(transaction);
        let mut bytes: usize = self.done.iter().map(Transaction::byte_size).sum();
        let mut forget = 0;
        while bytes > self.byte_budget && self.done.len() - forget > self.minimum_count {
            bytes -= self.done[forget].byte_size();
            forget += 1;
        }
        self.done.drain(..forget);
    }
    /// The transaction to take back: apply the inverse of its edits in reverse order.
    pub fn undo(&mut self) -> Option<&Transaction> {
        let transaction = self.done.pop()?;
        self.revision += 1;
        self.undone.push(transaction);
        self.undone.last()
    }
    /// The transaction to make again: apply its edits in order.
    pub fn redo(&mut self) -> Option<&Transaction> {
        let transaction = self.undone.pop()?;
        self.revision += 1;
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
        assert_eq!(undone, 3);
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
