//! Owns the session: hands it commands, does its effects, draws once a frame.

mod casting;

use super::document::{own_name, query, starting_language};
pub(super) use super::page::{Page, page};
use super::picture::Picture;
use crate::jobs::{FileId, JobId, Priority};
use crate::platform::clock;
use crate::platform::egress::Servers;
use crate::platform::files::{self, FileStore};
use crate::platform::storage::Storage as Keeping;
use crate::platform::worker_pool::{Parts, Request, WorkerPool};
use crate::session::words;
use crate::session::{
    Beside, Case, Changes, Command, Effect, Gpu, JobRequest, OutboxEvent, PaneDrawing, PaneSize, Probe, Session,
    ViewModel, VoxelNeeds,
};
use crate::view::Pace;
use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{File, HtmlElement};

struct Inner {
    session: RefCell<Session>,
    files: FileStore,
    pool: RefCell<Option<WorkerPool>>,
    picture: RefCell<Option<Picture>>,
    /// Slices that have not been handed over yet.
    uploads: RefCell<Vec<usize>>,
    /// Those of the CT beside the open one.
    uploads_beside: RefCell<Vec<usize>>,
    pending: RefCell<Changes>,
    frame_asked: Cell<bool>,
    marks: Cell<Marks>,
    servers: Servers,
    /// Files that come from the server, until they are opened.
    retrieved: RefCell<Vec<(String, File)>>,
    /// What is kept on this computer; made once there is a runtime that hears of it.
    keeping: OnceCell<Keeping>,
    view: RwSignal<ViewModel>,
    probe: RwSignal<Option<Probe>>,
    drawings: [RwSignal<PaneDrawing>; 3],
    asks_words: RwSignal<Option<u16>>,
    /// The 3D picture waits for a quiet moment.
    cast_timer: RefCell<Option<Timeout>>,
    cast_due: Cell<bool>,
    /// How often panes are drawn while slices arrive.
    pace: Rc<Cell<Pace>>,
    /// Files wait for the first slice to be on screen.
    awaits_image: Cell<bool>,
    /// When the page's words were last changed.
    told_ms: Cell<f64>,
    /// The reader has asked for something: nothing waits for rays.
    asked: Cell<bool>,
    /// Slices that the GPU has been handed and not taken in.
    on_the_way: Rc<Cell<usize>>,
    /// When a slice or the 3D view last moved.
    moved_ms: Cell<f64>,
    /// A 3D picture is on its way; the GPU is asked each frame.
    awaiting: Cell<bool>,
    /// When the stroke's latest dab was asked for.
    dab_ms: Cell<Option<f64>>,
}

/// Which marks of this load are set.
#[derive(Clone, Copy, Default)]
struct Marks {
    first_image: bool,
    mpr: bool,
}

/// What a frame came to.
#[derive(Clone, Copy, Default)]
struct Drawn {
    /// Slices arrive, and come before pictures.
    resting: bool,
    /// What was to be drawn waits.
    held: bool,
    /// Slices are still being drawn.
    behind: bool,
    /// There are more slices to hand over.
    more: bool,
    /// The 3D picture is to follow.
    wants_cast: bool,
    /// The CT is beyond what draws.
    too_large: bool,
}

impl Drawn {
    fn goes_on(self) -> bool {
        self.more || self.held || self.behind
    }
}

/// A handle on the running page.
#[derive(Clone)]
pub(super) struct Runtime(Rc<Inner>);

/// Main-thread time a frame may spend on handing slices to the GPU, ms.
const UPLOAD_BUDGET_MS: f64 = 24.0;
/// Longest wait for the first slice to be on screen before the other files are read, ms.
const MOST_AWAITED_MS: u32 = 300;
/// Time between two changes of the page's words while slices arrive or the reader draws, ms.
const TELL_EVERY_MS: f64 = 250.0;
/// The same where putting the page together takes time from slices that arrive, ms.
const MOST_SILENCE_MS: f64 = 1000.0;
/// Slices handed to the GPU that it has not taken in yet: with more, handing over would wait for it.
const SLICES_ON_THE_WAY: usize = 16;

impl Runtime {
    pub(super) fn start(
        view: RwSignal<ViewModel>,
        probe: RwSignal<Option<Probe>>,
        drawings: [RwSignal<PaneDrawing>; 3],
        asks_words: RwSignal<Option<u16>>,
    ) -> Self {
        let runtime = Self(Rc::new(Inner {
            session: RefCell::new(Session::new(starting_language(), own_name())),
            files: FileStore::default(),
            pool: RefCell::default(),
            picture: RefCell::default(),
            uploads: RefCell::default(),
            uploads_beside: RefCell::default(),
            pending: RefCell::default(),
            frame_asked: Cell::default(),
            marks: Cell::default(),
            servers: Servers::default(),
            retrieved: RefCell::default(),
            keeping: OnceCell::new(),
            view,
            probe,
            drawings,
            asks_words,
            cast_timer: RefCell::default(),
            cast_due: Cell::default(),
            pace: Rc::default(),
            awaits_image: Cell::default(),
            told_ms: Cell::default(),
            asked: Cell::default(),
            on_the_way: Rc::default(),
            moved_ms: Cell::default(),
            awaiting: Cell::default(),
            dab_ms: Cell::default(),
        }));
        let hearing = runtime.clone();
        *runtime.0.pool.borrow_mut() =
            Some(WorkerPool::start(Rc::new(move |event| hearing.dispatch(Command::Job(event)))));
        runtime.read_configuration();
        let online = runtime.clone();
        if let Some(window) = web_sys::window() {
            gloo::events::EventListener::new(&window, "online", move |_| {
                online.read_configuration();
                online.dispatch(Command::Outbox(OutboxEvent::Online));
            })
            .forget();
        }
        view.set(runtime.0.session.borrow().view_model());
        runtime
    }

    /// Asks the session; its effects are done at once, the picture follows in the next frame.
    pub(super) fn dispatch(&self, command: Command) {
        let asked = matches!(command, Command::Do(_));
        let pointed_ms = matches!(command, Command::Pointer(_)).then(clock::now_ms);
        let update = self.0.session.borrow_mut().update(command, &clock::date_time());
        if pointed_ms.is_some() && update.changes.labels.is_some() {
            self.0.dab_ms.set(pointed_ms);
        }
        self.0.pending.borrow_mut().merge(update.changes);
        for effect in update.effects {
            self.effect(effect);
        }
        if asked {
            // A frame may be long: words do not wait for it.
            self.tell_page();
            self.0.asked.set(true);
        }
        self.ask_frame();
    }

    /// The page's words become those of the session.
    fn tell_page(&self) {
        let facts = self.0.session.borrow().view_model();
        self.0.pending.borrow_mut().facts = false;
        self.0.told_ms.set(clock::now_ms());
        if self.0.view.with_untracked(|v| *v != facts) {
            self.0.view.set(facts);
        }
    }

    /// The configured servers.
    pub(super) fn servers(&self) -> &Servers {
        &self.0.servers
    }
    /// The files that were opened or made.
    pub(super) fn files(&self) -> &FileStore {
        &self.0.files
    }
    /// What draws, and the open CT; `None` while either is missing.
    pub(super) fn with_picture<R>(&self, act: impl FnOnce(&mut Picture, &Session, &Case) -> R) -> Option<R> {
        let (session, mut picture) = (self.0.session.borrow(), self.0.picture.borrow_mut());
        Some(act(picture.as_mut()?, &session, session.case()?))
    }
    /// The files that come from it.
    pub(super) fn retrieved<R>(&self, change: impl FnOnce(&mut Vec<(String, File)>) -> R) -> R {
        change(&mut self.0.retrieved.borrow_mut())
    }

    fn effect(&self, effect: Effect) {
        match effect {
            Effect::RunJob(request) => self.run_job(request),
            Effect::CancelJob(id) => {
                let pool = self.0.pool.borrow().clone();
                // Not from inside an update: the end of the job is a command of its own.
                spawn_local(async move {
                    if let Some(pool) = pool {
                        pool.cancel(id);
                    }
                });
            }
            Effect::OpenEntries { archive, entries } => {
                let facts = self.0.files.add_entries(archive, entries);
                let runtime = self.clone();
                spawn_local(async move { runtime.dispatch(Command::OpenFiles(facts)) });
            }
            Effect::OpenMade(made) => {
                let files = made.iter().filter_map(|(name, bytes)| match files::make(name, bytes) {
                    Ok(file) => Some((name.clone(), file)),
                    Err(e) => {
                        log::error!("{name}: {e}");
                        None
                    }
                });
                let files = files.collect();
                let runtime = self.clone();
                spawn_local(async move { runtime.open(files) });
            }
            Effect::Download { file_name, content_type, bytes } => {
                if let Err(e) = files::download(&file_name, content_type, &bytes) {
                    log::error!("{file_name} could not be saved: {e}");
                }
            }
            Effect::Screenshot(shot) => self.save_screenshot(shot),
            Effect::TurntableFrame(turn, shot) => self.keep_frame(turn, shot),
            Effect::ForgetFiles(files) => self.0.files.forget(&files),
            Effect::Search(path) => self.search_server(path),
            Effect::Retrieve(path) => self.retrieve_series(path),
            Effect::Try(to, trial) => self.try_server(to, trial),
            Effect::CancelRemote => self.stop_server(),
            Effect::OpenRetrieved => self.open_retrieved(),
            Effect::Upload(parcel, outbound, patience_ms) => self.upload(parcel, outbound, patience_ms),
            Effect::StopUpload(parcel) => self.servers().stop(parcel),
            Effect::SendLater(parcel, ms, tries) => {
                let runtime = self.clone();
                let due = move || runtime.dispatch(Command::Outbox(OutboxEvent::Due(parcel, tries)));
                Timeout::new(ms, due).forget();
            }
            Effect::AwaitImage => {
                self.0.awaits_image.set(true);
                let runtime = self.clone();
                // A hidden page draws nothing.
                Timeout::new(MOST_AWAITED_MS, move || runtime.read_on()).forget();
            }
            Effect::AskWords(number) => self.0.asks_words.set(Some(number)),
            Effect::Keep(request) => self.keeping().ask(request),
            Effect::Mark(name) => {
                if name == "hilum:files" {
                    for mark in ["hilum:files", "hilum:first-image", "hilum:volume", "hilum:mpr"] {
                        clock::clear_marks(mark);
                    }
                    self.0.marks.set(Marks::default());
                }
                clock::mark(name);
            }
        }
    }

    pub(super) fn keeping(&self) -> &Keeping {
        let hearing = self.clone();
        self.0.keeping.get_or_init(|| Keeping::new(move |news| hearing.dispatch(Command::Keeping(news))))
    }

    /// The first slice is on screen, or should have been.
    fn read_on(&self) {
        if self.0.awaits_image.replace(false) {
            let expected = self.0.session.borrow().expected_grid();
            if let (Some(picture), Some(grid)) = (self.0.picture.borrow_mut().as_mut(), expected) {
                picture.expect(&grid);
            }
            self.dispatch(Command::ReadOn);
        }
    }

    fn run_job(&self, request: Box<JobRequest>) {
        let JobRequest { id, priority, job, files, voxels } = *request;
        let files = files.iter().filter_map(|f: &FileId| self.0.files.get(*f)).collect();
        let parts = (voxels != VoxelNeeds::Nothing).then(|| self.parts(voxels));
        let pool = self.0.pool.borrow().clone();
        ask(pool, id, priority, Request { job, files, parts });
    }

    /// What a job needs of the open CT, piece by piece.
    fn parts(&self, voxels: VoxelNeeds) -> Parts {
        let runtime = self.clone();
        let mut pieces = 0..;
        Box::new(move || {
            let piece = pieces.next()?;
            runtime.0.session.borrow().voxel_part(&voxels, piece)
        })
    }

    /// Gives the page its picture: a renderer on a canvas inside `host`.
    pub(super) fn attach(&self, host: HtmlElement) {
        self.paint_on(host, query("gpu"));
    }

    fn paint_on(&self, host: HtmlElement, wanted: Option<String>) {
        let runtime = self.clone();
        spawn_local(async move {
            let (picture, gpu) = Picture::open(&host, wanted.as_deref()).await;
            // A frame finds out, and rebuilds.
            let watching = SendWrapper::new(runtime.clone());
            picture.when_lost(move || watching.ask_frame());
            let longest_axis = picture.longest_axis();
            *runtime.0.picture.borrow_mut() = Some(picture);
            let again = Changes {
                volume: true,
                beside: true,
                view: true,
                volume_view: true,
                facts: true,
                ..Changes::default()
            };
            runtime.0.pending.borrow_mut().merge(again);
            runtime.requeue();
            runtime.dispatch(Command::LongestAxis(longest_axis));
            runtime.dispatch(Command::Gpu(gpu));
        });
    }

    /// All slices that have arrived go to the GPU again.
    fn requeue(&self) {
        let session = self.0.session.borrow();
        *self.0.uploads.borrow_mut() = arrived(&session);
        self.0.pending.borrow_mut().labels =
            session.case().map(|c| crate::geometry::IndexBox::whole(c.volume.grid().size()));
    }

    pub(super) fn resize(&self, sizes: [PaneSize; 4]) {
        let ratio = web_sys::window().map_or(1.0, |w| w.device_pixel_ratio());
        self.dispatch(Command::Resize(sizes, ratio));
    }

    /// The page is seen again.
    pub(super) fn seen_again(&self) {
        if let Some(picture) = self.0.picture.borrow_mut().as_mut() {
            picture.show_again();
        }
        self.0.pending.borrow_mut().view = true;
        self.ask_frame();
    }

    fn ask_frame(&self) {
        if self.0.frame_asked.replace(true) {
            return;
        }
        let runtime = self.clone();
        self.0.frame_asked.set(clock::next_frame(move || runtime.frame()));
    }

    fn frame(&self) {
        self.0.frame_asked.set(false);
        let changes = std::mem::take(&mut *self.0.pending.borrow_mut());
        let now_ms = clock::now_ms();
        if changes.view {
            self.0.moved_ms.set(now_ms);
        }
        let session = self.0.session.borrow();
        let mut picture = self.0.picture.borrow_mut();
        self.queue(&changes, &session);
        if let (Some(picture), None, true) = (picture.as_mut(), session.case(), changes.volume) {
            picture.clear();
        }
        let mut drawn = match (picture.as_mut(), session.case()) {
            (Some(picture), Some(case)) => self.draw(&changes, picture, &session, case),
            _ => Drawn::default(),
        };
        let under_way = self.0.pace.get().is_under_way();
        let waits_for_picture = self.0.awaiting.get() || drawn.held || under_way || self.0.on_the_way.get() > 0;
        if waits_for_picture || session.is_playing() {
            picture.iter().for_each(Picture::poll);
        }
        let lost = picture.as_ref().is_some_and(Picture::is_lost);
        drawn.too_large |= picture.as_ref().is_some_and(Picture::is_out_of_memory);
        // The page's words change a few times a second while slices arrive or the reader draws: each change is work for the browser.
        let since_ms = now_ms - self.0.told_ms.get();
        let told = drawn.resting && since_ms < MOST_SILENCE_MS
            || (session.is_loading() || session.is_marking()) && since_ms < TELL_EVERY_MS;
        let (tells, untold) = (changes.facts && !told, changes.facts && told);
        let probe = session.probe();
        // Cine waits for the picture: no slice is handed over before the last one was drawn.
        let playing = session.is_playing();
        let shows = under_way && !picture.as_ref().is_some_and(Picture::by_processor);
        let turn_over = playing && !drawn.behind && !shows && session.cine_is_due(clock::now_ms());
        let drawings = [0, 1, 2].map(|n| session.drawing(n));
        drop((picture, session));
        if drawn.goes_on() {
            self.0.pending.borrow_mut().view = true;
            self.0.pending.borrow_mut().volume_view |= drawn.held;
        }
        self.0.pending.borrow_mut().facts |= untold;
        if drawn.goes_on() || untold || self.0.awaiting.get() {
            self.ask_frame();
        }
        if drawn.wants_cast {
            self.cast_soon();
        }
        // Words are those of the picture: before the next slice is asked for.
        if tells {
            self.tell_page();
        }
        if turn_over {
            self.dispatch(Command::CineStep(clock::now_ms()));
        } else if playing {
            self.ask_frame();
        }
        if drawn.too_large {
            self.rebuild(Some("cpu"));
        } else if lost {
            log::warn!("{}", words::GPU_LOST.in_lang(self.0.session.borrow().lang()));
            self.rebuild(None);
        }
        if self.0.probe.with_untracked(|p| *p != probe) {
            self.0.probe.set(probe);
        }
        for (signal, drawing) in self.0.drawings.iter().zip(drawings) {
            if signal.with_untracked(|d| *d != drawing) {
                signal.set(drawing);
            }
        }
    }

    /// Which slices what draws does not know yet.
    fn queue(&self, changes: &Changes, session: &Session) {
        let (mut uploads, mut beside) = (self.0.uploads.borrow_mut(), self.0.uploads_beside.borrow_mut());
        if changes.volume {
            *uploads = arrived(session);
        } else {
            // Taken from the end: what arrived first goes first.
            uploads.splice(0..0, changes.slices.iter().rev().copied());
        }
        if changes.beside || changes.volume {
            *beside = session.beside().map_or_else(Vec::new, Beside::arrived);
        } else {
            beside.extend(&changes.beside_slices);
        }
    }

    /// Hands over slices for a part of a frame; whether the CT can be held.
    fn hand_over(&self, picture: &mut Picture, session: &Session, case: &Case) -> bool {
        let (mut uploads, mut uploads_beside) = (self.0.uploads.borrow_mut(), self.0.uploads_beside.borrow_mut());
        let (begun, mut handed, mut fits) = (clock::now_ms(), 0, true);
        let goes_on = |handed: usize| {
            self.0.on_the_way.get() + handed < SLICES_ON_THE_WAY && clock::now_ms() - begun < UPLOAD_BUDGET_MS
        };
        while goes_on(handed)
            && let Some(k) = uploads.pop()
        {
            fits &= picture.upload_slice(case, k);
            handed += 1;
        }
        // The open CT comes first.
        while uploads.is_empty()
            && goes_on(handed)
            && let (Some(beside), Some(k)) = (session.beside(), uploads_beside.pop())
        {
            picture.upload_beside(beside, k);
            handed += 1;
        }
        if handed > 0 {
            self.0.on_the_way.update(|n| n + handed);
            let on_the_way = SendWrapper::new(self.0.on_the_way.clone());
            picture.when_taken_in(move || on_the_way.update(|n| n.saturating_sub(handed)));
        }
        fits
    }

    /// Hands over what is new and draws what has changed.
    fn draw(&self, changes: &Changes, picture: &mut Picture, session: &Session, case: &Case) -> Drawn {
        let mut drawn = Drawn { too_large: changes.volume && !picture.begin(case), ..Drawn::default() };
        let by_cpu = picture.by_processor();
        if changes.beside || changes.volume {
            picture.begin_beside(session.beside());
        }
        if changes.volume || !changes.slices.is_empty() || !changes.beside_slices.is_empty() {
            picture.voxels_changed();
        }
        // Where slices are drawn from page memory, what only rays need comes after them.
        let waits = || by_cpu && !(case.is_settled() && self.0.marks.get().mpr);
        drawn.too_large |= !waits() && !self.hand_over(picture, session, case);
        if by_cpu {
            self.0.uploads_beside.borrow_mut().clear();
        }
        let all_handed_over = self.0.uploads.borrow().is_empty();
        if let Some(touched) = changes.labels {
            picture.upload_labels(case, touched);
        }
        if changes.volume_view && session.is_orbiting() {
            self.0.cast_due.set(true);
        }
        // While slices arrive, they come first: drawing, and the browser's putting the page together, has a tenth of the time.
        let arriving = session.is_loading() || !(by_cpu || all_handed_over);
        drawn.resting = arriving && self.0.pace.get().rests(clock::now_ms());
        // A CT that is complete in memory is drawn once it is complete on the GPU.
        let hold = drawn.resting && !picture.is_behind() || !(by_cpu || all_handed_over) && case.volume.is_complete();
        // What the reader asked for is on screen before rays go on.
        drawn.wants_cast = self.0.asked.take() && !session.is_orbiting() && self.0.cast_due.take();
        // One 3D picture at a time: a GPU slower than the display must not be handed a queue of them.
        let cast = !(hold || by_cpu && !all_handed_over || self.0.awaiting.get()) && self.0.cast_due.take();
        let shows = changes.view || changes.volume_view || changes.volume || (by_cpu && !changes.slices.is_empty());
        drawn.held = hold && shows;
        if (shows || cast) && !hold {
            let begun = clock::now_ms();
            let drew = picture.draw(session, cast);
            drawn.behind = picture.is_behind();
            if drew {
                self.0.pace.update(Pace::begun);
                let pace = SendWrapper::new(self.0.pace.clone());
                picture.when_shown(move || pace.update(|p| p.ended(begun, clock::now_ms())));
            }
            if cast && drew && picture.has_cast() {
                self.after_cast(session, picture, begun);
            } else if cast && !drew {
                self.0.cast_due.set(true);
            } else if changes.volume_view || changes.volume {
                drawn.wants_cast = true;
            }
            if drew && !drawn.behind {
                self.mark(picture, case, all_handed_over);
            }
        }
        if changes.labels.is_some()
            && let Some(at) = self.0.dab_ms.take()
        {
            clock::measure("hilum:stroke", at);
        }
        drawn.more = !(all_handed_over || waits()) || !self.0.uploads_beside.borrow().is_empty();
        drawn
    }

    /// Marks what this load has come to.
    fn mark(&self, picture: &Picture, case: &Case, all_handed_over: bool) {
        let mut marks = self.0.marks.get();
        if !marks.first_image && case.volume.loaded_count() > 0 {
            marks.first_image = true;
            let runtime = SendWrapper::new(self.clone());
            picture.when_done(move || {
                clock::mark("hilum:first-image");
                let runtime = runtime.take();
                // The GPU may report from inside a frame.
                Timeout::new(0, move || runtime.read_on()).forget();
            });
        }
        if !marks.mpr && case.is_settled() && (all_handed_over || picture.by_processor()) {
            marks.mpr = true;
            picture.when_done(|| clock::mark("hilum:mpr"));
        }
        self.0.marks.set(marks);
    }

    /// A new painter on a new canvas, from page memory: the GPU went away, or cannot hold the volume.
    fn rebuild(&self, wanted: Option<&str>) {
        let Some(picture) = self.0.picture.borrow_mut().take() else { return };
        // It will report no more.
        self.0.awaiting.set(false);
        self.0.on_the_way.set(0);
        self.0.pace.set(Pace::default());
        self.dispatch(Command::Gpu(Gpu::Probing));
        self.paint_on(picture.into_host(), wanted.map(str::to_owned).or_else(|| query("gpu")));
    }
}

/// Slices to hand to the GPU, the one wanted first at the end.
fn arrived(session: &Session) -> Vec<usize> {
    let mut slices = session.case().map_or_else(Vec::new, Case::arrived);
    slices.reverse();
    slices
}

fn ask(pool: Option<WorkerPool>, id: JobId, priority: Priority, request: Request) {
    if let Some(pool) = pool {
        pool.ask(id, priority, request);
    }
}
