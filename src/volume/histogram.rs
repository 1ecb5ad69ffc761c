//! HU histogram with percentiles.

/// Counts of HU values in bins of one HU, −1024 … 3071; values beyond fall into the end bins.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    const LOW: i32 = -1024;
    const BINS: usize = 4096;

    /// Counts all values.
    pub fn of(values: impl IntoIterator<Item = i16>) -> Self {
        let mut counts = vec![0; Self::BINS];
        let mut total = 0;
        for value in values {
            counts[(i32::from(value) - Self::LOW).clamp(0, Self::BINS as i32 - 1) as usize] += 1;
            total += 1;
        }
        Self { counts, total }
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
        let bin = |hu: i16| (i32::from(hu) - Self::LOW).clamp(0, Self::BINS as i32 - 1) as usize;
        if low > high { 0 } else { self.counts[bin(low)..=bin(high)].iter().sum() }
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
