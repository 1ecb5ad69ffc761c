//! Cine: slices one after another at a set rate. No slice is left out: a machine that is too slow shows them slower, and says so.

use super::change::Update;
use super::command::PaneId;
use super::state::Session;

/// How cine plays, and where it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cine {
    /// Slices per second that are wanted.
    pub(super) rate_hz: f64,
    /// At the end it turns round; else it begins anew.
    pub(super) ping_pong: bool,
    pub(super) playing: Option<Playing>,
}

/// A pane whose slices are played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Playing {
    pub(super) pane: PaneId,
    /// +1 towards head, back or left.
    step: i32,
    /// When the last slice was shown, and when the next is due, ms.
    last_ms: Option<f64>,
    due_ms: f64,
    /// Time between two slices as it has been lately, ms.
    interval_ms: Option<f64>,
}

impl Default for Cine {
    fn default() -> Self {
        Self { rate_hz: 12.0, ping_pong: true, playing: None }
    }
}

/// Rates that can be asked for, slices per second.
pub const CINE_RATES_HZ: std::ops::RangeInclusive<f64> = 1.0..=60.0;

impl Session {
    pub(super) fn toggle_cine(&mut self, update: &mut Update) {
        let pane = match self.pane_for_keys() {
            PaneId::Volume => PaneId::Axial,
            slices => slices,
        };
        self.cine.playing = match self.cine.playing {
            None if self.case.is_some() => {
                Some(Playing { pane, step: 1, last_ms: None, due_ms: f64::MIN, interval_ms: None })
            }
            _ => None,
        };
        update.changes.facts = true;
    }

    /// A hand on a pane stops what plays there.
    pub(super) fn stop_cine_in(&mut self, pane: PaneId) {
        self.cine.playing = self.cine.playing.filter(|playing| playing.pane != pane);
    }

    pub(super) fn set_cine_rate(&mut self, rate_hz: f64, update: &mut Update) {
        if rate_hz.is_finite() {
            self.cine.rate_hz = rate_hz.clamp(*CINE_RATES_HZ.start(), *CINE_RATES_HZ.end());
        }
        if let Some(playing) = &mut self.cine.playing {
            (playing.last_ms, playing.interval_ms, playing.due_ms) = (None, None, f64::MIN);
        }
        update.changes.facts = true;
    }

    /// Whether slices are played.
    pub fn is_playing(&self) -> bool {
        self.cine.playing.is_some()
    }
    /// Whether the next slice should be shown at this time.
    pub fn cine_is_due(&self, now_ms: f64) -> bool {
        self.cine.playing.is_some_and(|p| now_ms >= p.due_ms)
    }
    /// The rate at which slices really follow each other, where it falls behind what is wanted; per second.
    pub fn cine_lags_hz(&self) -> Option<f64> {
        let real = 1000.0 / self.cine.playing?.interval_ms?;
        (real < self.cine.rate_hz * 0.9).then_some(real)
    }

    /// Shows the next slice: the very next, however late it is.
    pub(super) fn cine_step(&mut self, now_ms: f64, update: &mut Update) {
        let wanted_ms = 1000.0 / self.cine.rate_hz;
        let (ping_pong, Some(mut playing), Some(case)) = (self.cine.ping_pong, self.cine.playing, &self.case) else {
            return;
        };
        if let Some(last) = playing.last_ms {
            let took = now_ms - last;
            playing.interval_ms = Some(playing.interval_ms.map_or(took, |before| before * 0.8 + took * 0.2));
        }
        playing.last_ms = Some(now_ms);
        // On the beat while the machine keeps up; what is lost is not caught up by haste.
        playing.due_ms = (playing.due_ms + wanted_ms).max(now_ms + wanted_ms * 0.5);
        let pane = &self.panes[playing.pane.index()];
        let (slice, slices) = (pane.slice_index(case.volume.grid()), pane.slice_count(case.volume.grid()));
        let at_end = if playing.step > 0 { slice + 1 >= slices } else { slice == 0 };
        let step = match (at_end, ping_pong) {
            (false, _) => playing.step,
            (true, true) => {
                playing.step = -playing.step;
                playing.step
            }
            (true, false) => -playing.step * (slices as i32 - 1),
        };
        self.cine.playing = Some(playing);
        self.scroll(playing.pane, step, update);
    }
}
