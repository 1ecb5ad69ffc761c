//! Which job runs next: by priority, then in the order asked.

use super::JobId;
use std::collections::BTreeMap;

/// Lower runs first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Priority(pub u32);

impl Priority {
    /// Work a person is waiting for at this moment.
    pub const NOW: Self = Self(0);
    /// Everything else that was asked for.
    pub const SOON: Self = Self(1_000_000);
}

/// Jobs waiting and running over a fixed number of places.
///
/// A place may hold several jobs at once (`depth`), so that a worker never waits for its next message.
#[derive(Clone, Debug)]
pub struct Queue<T> {
    waiting: BTreeMap<(Priority, JobId), T>,
    running: Vec<Vec<JobId>>,
    depth: usize,
}

impl<T> Queue<T> {
    /// An empty queue over `places` workers, each given at most `depth` jobs ahead.
    pub fn new(places: usize, depth: usize) -> Self {
        Self { waiting: BTreeMap::new(), running: vec![Vec::new(); places.max(1)], depth: depth.max(1) }
    }
    /// Adds a job.
    pub fn push(&mut self, id: JobId, priority: Priority, job: T) {
        self.waiting.insert((priority, id), job);
    }
    /// The next job and the place it goes to, or `None` when nothing waits or all places are full.
    pub fn assign(&mut self) -> Option<(usize, JobId, T)> {
        let place = (0..self.running.len()).min_by_key(|p| self.running[*p].len())?;
        if self.running[place].len() >= self.depth {
            return None;
        }
        let ((_, id), job) = self.waiting.pop_first()?;
        self.running[place].push(id);
        Some((place, id, job))
    }
    /// A job ended.
    pub fn finished(&mut self, id: JobId) {
        for place in &mut self.running {
            place.retain(|running| *running != id);
        }
    }
    /// Forgets a waiting job, or tells at which place it runs (that worker must be replaced).
    pub fn cancel(&mut self, id: JobId) -> Option<usize> {
        self.waiting.retain(|(_, waiting), _| *waiting != id);
        self.running.iter().position(|p| p.contains(&id))
    }
    /// Empties a place whose worker died; the jobs it held, the one it was doing first.
    pub fn lost(&mut self, place: usize) -> Vec<JobId> {
        self.running.get_mut(place).map(std::mem::take).unwrap_or_default()
    }
    /// The job a place is doing now.
    pub fn first_at(&self, place: usize) -> Option<JobId> {
        self.running.get(place).and_then(|p| p.first().copied())
    }
    /// Whether nothing waits and nothing runs.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.iter().all(Vec::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urgent_jobs_overtake_and_places_fill_evenly() {
        let mut queue = Queue::new(2, 2);
        for n in 0..5 {
            queue.push(JobId(n), Priority::SOON, n);
        }
        queue.push(JobId(9), Priority::NOW, 9);
        let order: Vec<_> = std::iter::from_fn(|| queue.assign()).map(|(place, _, job)| (place, job)).collect();
        assert_eq!(order, vec![(0, 9), (1, 0), (0, 1), (1, 2)]);
        queue.finished(JobId(0));
        assert_eq!(queue.assign().map(|n| (n.0, n.2)), Some((1, 3)));
        assert_eq!(queue.cancel(JobId(4)), None);
        assert_eq!(queue.cancel(JobId(9)), Some(0));
        assert_eq!(queue.lost(0), vec![JobId(9), JobId(1)]);
        assert_eq!(queue.lost(1), vec![JobId(2), JobId(3)]);
        assert!(queue.is_idle());
    }
}
