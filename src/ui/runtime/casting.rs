//! When rays are cast: slices come first, and a GPU slower than the display is not handed a queue of pictures.

use super::Runtime;
use crate::platform::clock;
use crate::session::{Command, Session};
use crate::ui::picture::Picture;
use gloo::timers::callback::Timeout;
use send_wrapper::SendWrapper;
use wasm_bindgen_futures::spawn_local;

/// Quiet time after which the 3D picture is drawn in full, ms.
const CAST_DELAY_MS: u32 = 150;

impl Runtime {
    /// Casts rays when nothing has changed the 3D picture for a while: slices come first.
    pub(super) fn cast_soon(&self) {
        let runtime = self.clone();
        let timer = Timeout::new(CAST_DELAY_MS, move || {
            let moves = clock::now_ms() - runtime.0.moved_ms.get() < f64::from(CAST_DELAY_MS) * 0.9;
            let busy = !runtime.0.uploads.borrow().is_empty() || runtime.0.session.borrow().is_loading();
            if moves || busy || runtime.0.session.borrow().is_marking() || runtime.needs_processor() {
                runtime.cast_soon();
                return;
            }
            runtime.0.cast_due.set(true);
            runtime.ask_frame();
        });
        // The earlier timer, if any, is cancelled by being dropped.
        *self.0.cast_timer.borrow_mut() = Some(timer);
    }

    /// Whether the reader waits for a job, and what draws would take the processor from it.
    fn needs_processor(&self) -> bool {
        self.0.session.borrow().is_awaited() && self.0.picture.borrow().as_ref().is_some_and(Picture::by_processor)
    }

    /// Goes on with the 3D picture, unless something else moves: then when it has stopped.
    fn cast_on(&self) {
        let moves = clock::now_ms() - self.0.moved_ms.get() < f64::from(CAST_DELAY_MS);
        if !self.0.session.borrow().is_orbiting() && (moves || self.needs_processor()) {
            self.cast_soon();
        } else {
            self.0.cast_due.set(true);
            self.ask_frame();
        }
    }

    /// A piece of a 3D picture has been drawn, since then: what follows when it is done.
    pub(super) fn after_cast(&self, session: &Session, picture: &mut Picture, begun: f64) {
        let (reduction, refining, orbits) = (session.reduction(), session.is_refining(), session.is_orbiting());
        let (goes_on, took) = (picture.is_casting(), picture.cast_took());
        self.0.awaiting.set(true);
        let then = move |runtime: Self, (reduction, ms): (u32, f64)| {
            let finished = !goes_on || orbits && took.is_some();
            if finished && refining {
                runtime.dispatch(Command::Refined);
            } else if finished {
                clock::measure("hilum:frame", clock::now_ms() - ms);
                runtime.dispatch(Command::CastTook(reduction, ms));
            }
            if goes_on {
                runtime.cast_on();
            }
        };
        if picture.by_processor() {
            let runtime = self.clone();
            // The frame ends first.
            spawn_local(async move {
                runtime.0.awaiting.set(false);
                then(runtime, took.unwrap_or((reduction, 0.0)));
            });
            return;
        }
        let runtime = SendWrapper::new(self.clone());
        picture.when_done(move || {
            runtime.0.awaiting.set(false);
            let runtime = runtime.take();
            let ms = clock::now_ms() - begun;
            // The GPU may report from inside a frame: what follows waits for its end.
            Timeout::new(0, move || then(runtime, (reduction, ms))).forget();
        });
    }
}
