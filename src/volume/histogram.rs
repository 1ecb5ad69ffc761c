//! HU histogram with percentiles.

/// Counts of HU values in bins of one HU, −1536 … 3071; values beyond fall into the end bins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Empty until something was counted.
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    // Far enough below air to tell where HU are too low.
    const LOW: i32 = -1536;
    const BINS: usize = 4608;

    /// Counts all values.
    pub fn of(values: impl IntoIterator<Item = i16>) -> Self {
        let mut all = Self::default();
        for value in values {
            all.add(value);
        }
        all
    }
    fn bin(hu: i16) -> usize {
        (i32::from(hu) - Self::LOW).clamp(0, Self::BINS as i32 - 1) as usize
    }
    /// A value joins.
    pub fn add(&mut self, hu: i16) {
        self.add_all(&[hu]);
    }
    /// Values join.
    pub fn add_all(&mut self, hu: &[i16]) {
        if self.counts.is_empty() {
            self.counts = vec![0; Self::BINS];
        }
        hu.iter().for_each(|hu| self.counts[Self::bin(*hu)] += 1);
        self.total += hu.len() as u64;
    }
    /// Values that were counted leave.
    pub fn remove_all(&mut self, hu: &[i16]) {
        if !self.counts.is_empty() {
            for hu in hu {
                let count = &mut self.counts[Self::bin(*hu)];
                *count = count.saturating_sub(1);
            }
            self.total = self.total.saturating_sub(hu.len() as u64);
        }
    }
    /// All values of another join.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.is_empty() {
            self.clone_from(other);
        } else {
            self.counts.iter_mut().zip(&other.counts).for_each(|(a, b)| *a += b);
            self.total += other.total;
        }
    }
    /// HU of each bin, and how many values lie there.
    pub fn bins(&self) -> impl Iterator<Item = (i16, u64)> + '_ {
        self.counts.iter().enumerate().map(|(bin, count)| ((bin as i32 + Self::LOW) as i16, *count))
    }
    /// The HU below or at which `fraction` (0..=1) of the values lie; `None` when empty.
    pub fn percentile(&self, fraction: f64) -> Option<i16> {
        let wanted = (fraction.clamp(0.0, 1.0) * self.total as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bin, &count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && self.total > 0 {
                return Some((bin as i32 + Self::LOW) as i16);
            }
        }
        None
    }
    /// How many values lie in `low..=high` HU.
    pub fn count(&self, low: i16, high: i16) -> u64 {
        let bins = self.counts.get(Self::bin(low)..=Self::bin(high.max(low))).unwrap_or_default();
        if low > high { 0 } else { bins.iter().sum() }
    }
    /// How many values were counted.
    pub fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_and_ranges() {
        let h = Histogram::of((0..100).map(|n| n as i16 - 50));
        assert_eq!(h.percentile(0.5), Some(-1));
        assert_eq!(h.percentile(1.0), Some(49));
        assert_eq!(h.count(-50, -41), 10);
        assert_eq!(Histogram::of([]).percentile(0.5), None);
        assert_eq!(Histogram::of([i16::MIN, i16::MAX]).total(), 2);
    }
}
