//! The 3D picture turned once round, as a ZIP of pictures made on this computer: frame by frame, with progress, until it is stopped.

use super::change::Update;
use super::command::PaneId;
use super::effect::Effect;
use super::screenshot::Screenshot;
use super::state::{Purpose, Session};
use super::words::WAIT_FOR_SLICES;
use super::words::pictures as words;
use crate::jobs::{FileId, Job, Priority};
use crate::view::PaneContent;

/// Frames of a turn that can be chosen: steps of 10°, 5°, 3° and 2°.
pub const TURNTABLE_FRAMES: [u32; 4] = [36, 72, 120, 180];

/// A turn that is being drawn.
#[derive(Debug)]
pub(super) struct Turntable {
    /// Tells its frames from those of one that was stopped.
    number: u32,
    /// The first frame.
    base: Screenshot,
    frames: u32,
    /// Those that are drawn.
    done: Vec<FileId>,
}

impl Turntable {
    /// Frame `n`: the camera goes round the patient's axis once, towards the patient's left at first.
    fn frame(&self, n: u32) -> Screenshot {
        let mut shot = self.base.clone();
        shot.file_name = format!("frame-{:03}.png", n + 1);
        if let Some(PaneContent::Volume(input)) = shot.panes.first_mut().map(|pane| &mut pane.content) {
            input.camera.orbit(-std::f64::consts::TAU * f64::from(n) / f64::from(self.frames), 0.0);
            input.revision = u64::from(n);
        }
        shot
    }
    /// 0..=1.
    pub(super) fn fraction(&self) -> f64 {
        self.done.len() as f64 / f64::from(self.frames)
    }
}

impl Session {
    /// Begins a turn, or stops the one in progress.
    pub(super) fn toggle_turntable(&mut self, now: &str, update: &mut Update) {
        if self.turntable.is_some() {
            return self.stop_turntable(update);
        }
        let settled = self.case.as_ref().is_some_and(super::state::Case::is_settled);
        let Some(base) = self.screenshot(PaneId::Volume, false, now).filter(|_| settled) else {
            let why = if settled { words::SHOW_3D } else { WAIT_FOR_SLICES };
            return self.say(why, update);
        };
        self.turntables += 1;
        let turntable = Turntable { number: self.turntables, base, frames: self.turntable_frames, done: Vec::new() };
        update.effects.push(Effect::TurntableFrame(turntable.number, Box::new(turntable.frame(0))));
        self.turntable = Some(turntable);
    }

    pub(super) fn stop_turntable(&mut self, update: &mut Update) {
        if let Some(turntable) = self.turntable.take() {
            update.effects.push(Effect::ForgetFiles(turntable.done));
            update.changes.facts = true;
        }
    }

    /// A frame is drawn, or cannot be: the next is asked for; after the last they become one archive.
    pub(super) fn frame_drawn(&mut self, number: u32, drawn: Result<FileId, String>, update: &mut Update) {
        update.changes.facts = true;
        let turntable = self.turntable.as_mut().filter(|t| t.number == number);
        let (Some(turntable), Ok(file)) = (turntable, &drawn) else {
            match drawn {
                // Of a turn that was stopped.
                Ok(file) => update.effects.push(Effect::ForgetFiles(vec![file])),
                Err(why) if self.turntable.as_ref().is_some_and(|t| t.number == number) => {
                    self.stop_turntable(update);
                    self.not_drawn(&why, update);
                }
                Err(_) => {}
            }
            return;
        };
        turntable.done.push(*file);
        let next = turntable.done.len() as u32;
        if next < turntable.frames {
            update.effects.push(Effect::TurntableFrame(number, Box::new(turntable.frame(next))));
            return;
        }
        let Some(turntable) = self.turntable.take() else { return };
        let entries = (0..turntable.frames).map(|n| turntable.frame(n).file_name).collect();
        let name = turntable.base.file_name.replace(".png", ".zip");
        let job = Job::WriteArchive { name, entries };
        let request = self.start_job(Purpose::Save(words::TURNTABLE), Priority::SOON, job, turntable.done.clone());
        // The job holds the files from here on.
        update.effects.extend([Effect::RunJob(request), Effect::ForgetFiles(turntable.done)]);
    }

    pub(super) fn choose_turntable_frames(&mut self, frames: u32, update: &mut Update) {
        if TURNTABLE_FRAMES.contains(&frames) {
            self.turntable_frames = frames;
        }
        update.changes.facts = true;
    }

    /// A picture could not be made.
    pub(super) fn not_drawn(&mut self, why: &str, update: &mut Update) {
        self.notice = Some(words::NOT_DRAWN.with(self.lang, &[why]));
        update.changes.facts = true;
    }
}
