//! How often panes are drawn while something that comes first wants the same processor.

/// Rest after a picture, in times of what it took.
const REST: f64 = 9.0;
/// Longest rest, ms.
const MOST_REST_MS: f64 = 1500.0;

/// Pictures have a tenth of the time: each is followed by a rest nine times as long as it took until it was on screen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    under_way: bool,
    rest_until_ms: f64,
}

impl Pace {
    /// A picture is on its way to the screen.
    #[must_use]
    pub fn begun(self) -> Self {
        Self { under_way: true, ..self }
    }
    /// The picture that was begun then is on screen now, ms of one clock.
    #[must_use]
    pub fn ended(self, begun_ms: f64, now_ms: f64) -> Self {
        let rest_ms = ((now_ms - begun_ms) * REST).clamp(0.0, MOST_REST_MS);
        Self { under_way: false, rest_until_ms: now_ms + rest_ms }
    }
    /// Whether a picture is not on screen yet.
    pub fn is_under_way(self) -> bool {
        self.under_way
    }
    /// Whether another picture would be too early.
    pub fn rests(self, now_ms: f64) -> bool {
        self.under_way || now_ms < self.rest_until_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_followed_by_a_rest_nine_times_as_long_but_not_for_ever() {
        let pace = Pace::default();
        assert!(!pace.rests(0.0));
        let under_way = pace.begun();
        assert!(under_way.is_under_way() && under_way.rests(1e9));
        let quick = under_way.ended(100.0, 120.0);
        assert!(!quick.is_under_way());
        assert!(quick.rests(299.0) && !quick.rests(300.0));
        let slow = under_way.ended(0.0, 10_000.0);
        assert!(slow.rests(11_499.0) && !slow.rests(11_500.0));
    }

    #[test]
    fn a_clock_that_goes_backwards_asks_for_no_rest() {
        assert!(!Pace::default().begun().ended(50.0, 40.0).rests(40.0));
    }
}
