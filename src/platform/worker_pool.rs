//! The page's side of the workers: a pool that shares one compiled module.

use super::message::{get, object, take_bytes, take_hu};
use super::{PlatformError, clock, reading};
use crate::jobs::{Job, JobError, JobEvent, JobId, JobOutput, PackedLabels, Payload, Priority, Queue, VoxelPart};
use gloo::timers::future::TimeoutFuture;
use js_sys::{Array, Int16Array, Uint8Array};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

/// How long the page copies voxels before it lets others have their turn.
const COPYING_MS: f64 = 8.0;

/// Yields a job's large input piece by piece, so that no single copy holds up the page.
pub type Parts = Box<dyn FnMut() -> Option<VoxelPart>>;

/// What a job is given.
pub struct Request {
    /// The work.
    pub job: Job,
    /// Files it reads, as [`super::files::FileStore::get`] gives them.
    pub files: Vec<JsValue>,
    /// Its large input.
    pub parts: Option<Parts>,
}

struct Pool {
    queue: Queue<Request>,
    workers: Vec<Option<Worker>>,
    /// What can be asked again of another worker if the first one dies: jobs whose input is files.
    repeatable: BTreeMap<JobId, (Job, Vec<JsValue>)>,
    module: Option<JsValue>,
    /// Whether it is known if there is a module; jobs wait until then.
    started: bool,
    listener: Rc<dyn Fn(JobEvent)>,
}

/// What workers run.
const PROGRAM: &str = "hilum-worker_bg.wasm";

/// Its digest, as the build wrote it into the page.
fn digest() -> Option<String> {
    let document = web_sys::window()?.document()?;
    let boot: web_sys::HtmlElement = document.query_selector("script[data-wasm]").ok()??.dyn_into().ok()?;
    boot.dataset().get("workerIntegrity")
}

/// A pool of workers.
#[derive(Clone)]
pub struct WorkerPool(Rc<RefCell<Pool>>);

impl WorkerPool {
    /// Starts workers: one per hardware thread but the page's, at least 2 and at most 8. `listener` hears of every job.
    pub fn start(listener: Rc<dyn Fn(JobEvent)>) -> Self {
        let threads = web_sys::window().map_or(2.0, |w| w.navigator().hardware_concurrency());
        let places = (threads as usize).saturating_sub(1).clamp(2, 8);
        let pool = Self(Rc::new(RefCell::new(Pool {
            queue: Queue::new(places, 4),
            workers: (0..places).map(|_| None).collect(),
            repeatable: BTreeMap::new(),
            module: None,
            started: false,
            listener,
        })));
        let starting = pool.clone();
        spawn_local(async move {
            match reading::module(PROGRAM, digest().as_deref()).await {
                Ok(module) => starting.0.borrow_mut().module = Some(module),
                Err(e) => log::error!("the worker program could not be loaded: {e}"),
            }
            starting.0.borrow_mut().started = true;
            for place in 0..places {
                starting.hire(place);
            }
            starting.dispatch();
        });
        pool
    }

    /// Asks for a job; the listener hears how it goes.
    pub fn ask(&self, id: JobId, priority: Priority, request: Request) {
        self.0.borrow_mut().queue.push(id, priority, request);
        self.dispatch();
    }

    /// Stops a job; its end is reported as [`JobError::Cancelled`].
    pub fn cancel(&self, id: JobId) {
        let place = self.0.borrow_mut().queue.cancel(id);
        if let Some(place) = place {
            self.replace(place, id, &JobError::Cancelled);
        } else {
            self.tell(JobEvent::Done(id, Err(JobError::Cancelled)));
        }
    }

    fn tell(&self, event: JobEvent) {
        let listener = self.0.borrow().listener.clone();
        listener(event);
    }

    fn dispatch(&self) {
        loop {
            let next = {
                let mut pool = self.0.borrow_mut();
                if pool.started { pool.queue.assign() } else { None }
            };
            let Some((place, id, request)) = next else { return };
            self.send(place, id, request);
        }
    }

    fn send(&self, place: usize, id: JobId, request: Request) {
        let worker_at = |place| self.0.borrow().workers.get(place).and_then(Clone::clone);
        if worker_at(place).is_none() {
            self.hire(place);
        }
        let Some(worker) = worker_at(place) else {
            // Not from inside the asking: the end of a job starts the next one.
            let pool = self.clone();
            spawn_local(async move { pool.end(id, Err(JobError::WorkerLost)) });
            return;
        };
        let Request { job, files, parts } = request;
        let message = object(&[
            ("id", id.0.into()),
            ("job", serde_wasm_bindgen::to_value(&job).unwrap_or(JsValue::NULL)),
            ("files", files.iter().collect::<Array>().into()),
        ]);
        let Some(mut parts) = parts else {
            self.0.borrow_mut().repeatable.insert(id, (job, files));
            if let Err(e) = worker.post_message(&message) {
                self.end(id, Err(JobError::Unreadable(PlatformError::from(e).0)));
            }
            return;
        };
        let pool = self.clone();
        spawn_local(async move {
            let mut since = clock::now_ms();
            while let Some(part) = parts() {
                let (kind, buffer): (_, JsValue) = match part {
                    VoxelPart::Hu(values) => ("hu", Int16Array::from(values.as_slice()).buffer().into()),
                    VoxelPart::Labels(labels) => ("labels", Uint8Array::from(labels.bytes()).buffer().into()),
                };
                let piece = object(&[("kind", kind.into()), ("buffer", buffer.clone())]);
                let piece = object(&[("id", id.0.into()), ("part", piece.into())]);
                if worker.post_message_with_transfer(&piece, &Array::of1(&buffer)).is_err() {
                    break;
                }
                // A timer waits some ms by itself: one for each piece would take longer than the copying.
                if clock::now_ms() - since > COPYING_MS {
                    TimeoutFuture::new(0).await;
                    since = clock::now_ms();
                }
            }
            if worker.post_message(&message).is_err() {
                pool.end(id, Err(JobError::WorkerLost));
            }
        });
    }

    fn end(&self, id: JobId, result: Result<JobOutput, JobError>) {
        {
            let mut pool = self.0.borrow_mut();
            pool.queue.finished(id);
            pool.repeatable.remove(&id);
        }
        self.tell(JobEvent::Done(id, result));
        self.dispatch();
    }

    fn hear(&self, message: &JsValue) {
        let Some(id) = get(message, "id").as_f64().map(|id| JobId(id as u32)) else { return };
        if let Some(fraction) = get(message, "progress").as_f64() {
            self.tell(JobEvent::Progress(id, fraction as f32));
            return;
        }
        let part = get(message, "part");
        if part.is_object() {
            match output(&part) {
                Ok(part) => self.tell(JobEvent::Part(id, part)),
                Err(error) => log::error!("a part of a job: {error}"),
            }
            return;
        }
        let error = get(message, "error");
        let result = if error.is_undefined() {
            output(message)
        } else {
            Err(serde_wasm_bindgen::from_value(error).unwrap_or(JobError::WorkerLost))
        };
        self.end(id, result);
    }

    /// Puts a new worker at a place and starts its other jobs again there.
    fn replace(&self, place: usize, culprit: JobId, error: &JobError) {
        let (old, held) = {
            let mut pool = self.0.borrow_mut();
            (pool.workers.get_mut(place).and_then(Option::take), pool.queue.lost(place))
        };
        if let Some(old) = old {
            old.terminate();
        }
        self.hire(place);
        for id in held {
            let again = self.0.borrow_mut().repeatable.remove(&id);
            match again {
                Some((job, files)) if id != culprit => {
                    self.0.borrow_mut().queue.push(id, Priority::NOW, Request { job, files, parts: None });
                }
                _ if id == culprit => self.tell(JobEvent::Done(id, Err(error.clone()))),
                _ => self.tell(JobEvent::Done(id, Err(JobError::WorkerLost))),
            }
        }
        self.dispatch();
    }

    /// Puts a worker at a place, if there is a program for it and the browser allows one more.
    fn hire(&self, place: usize) {
        let Some(module) = self.0.borrow().module.clone() else { return };
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = match Worker::new_with_options("worker_boot.js", &options) {
            Ok(worker) => worker,
            Err(e) => {
                log::error!("a worker could not be started: {e:?}");
                return;
            }
        };
        let hearing = self.clone();
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| hearing.hear(&event.data()));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();
        let failing = self.clone();
        let on_error = Closure::<dyn Fn(JsValue)>::new(move |_event: JsValue| {
            let culprit = failing.0.borrow().queue.first_at(place);
            if let Some(culprit) = culprit {
                failing.replace(place, culprit, &JobError::WorkerLost);
            } else if let Some(broken) = failing.0.borrow_mut().workers.get_mut(place).and_then(Option::take) {
                // The next job there gets a new one, and its own answer if that fails too.
                broken.terminate();
            }
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        on_error.forget();
        if let Err(e) = worker.post_message(&object(&[("module", module)])) {
            log::error!("a worker could not be given its program: {e:?}");
        }
        if let Some(seat) = self.0.borrow_mut().workers.get_mut(place) {
            *seat = Some(worker);
        }
    }
}

fn output(message: &JsValue) -> Result<JobOutput, JobError> {
    serde_wasm_bindgen::from_value(get(message, "facts"))
        .map(|facts| JobOutput { facts, payloads: payloads(message) })
        .map_err(|_misread| JobError::WrongInput)
}

fn payloads(message: &JsValue) -> Vec<Payload> {
    let list = get(message, "payloads").dyn_into::<Array>().unwrap_or_default();
    list.iter()
        .map(|payload| {
            let buffer = get(&payload, "buffer");
            match get(&payload, "kind").as_string().as_deref() {
                Some("hu") => Payload::Hu(take_hu(&buffer)),
                Some("labels") => Payload::Labels(PackedLabels::from_bytes(take_bytes(&buffer))),
                _ => Payload::Bytes(take_bytes(&buffer)),
            }
        })
        .collect()
}
