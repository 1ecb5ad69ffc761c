//! Inside a worker: messages in, `jobs::run`, messages out.
//!
//! Message in: `{ id, job, files: [File | { archive: File, place }], part: { kind, buffer } }`. A message with `part` brings a piece of a large input and
//! no job; the job's own message comes last. Message out: `{ id, progress }` or `{ id, part: { facts, payloads } }` or
//! `{ id, facts, payloads: [{ kind, buffer }] }` or `{ id, error }`.

use super::PlatformError;
use super::clock;
use super::message::{get, object, release, take_bytes, take_hu};
use crate::analysis::Progress;
use crate::jobs::{
    Along, EntrySource, FileSource, Job, JobError, JobInput, JobOutput, Listener, PackedLabels, Payload, VoxelPart, run,
};
use js_sys::{Array, ArrayBuffer, Int16Array, Object, Uint8Array};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Blob, DedicatedWorkerGlobalScope, FileReaderSync, MessageEvent};

/// A handle read synchronously, which only workers may do.
struct Handle(web_sys::File);

impl FileSource for Handle {
    fn size(&self) -> u64 {
        self.0.size() as u64
    }
    fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>, JobError> {
        let unreadable = |e: JsValue| JobError::Unreadable(PlatformError::from(e).0);
        let reader = FileReaderSync::new().map_err(unreadable)?;
        let blob: Blob = self.0.slice_with_f64_and_f64(offset as f64, (offset + length) as f64).map_err(unreadable)?;
        let buffer = reader.read_as_array_buffer(&blob).map_err(unreadable)?;
        Ok(take_bytes(&buffer))
    }
}

/// A file whose bytes were read together with others'.
struct ReadAhead(Uint8Array, #[expect(dead_code, reason = "kept until the last of them is done")] Rc<Together>);

/// What several files were read into.
struct Together(ArrayBuffer);

impl Drop for Together {
    fn drop(&mut self) {
        release(&self.0);
    }
}

impl FileSource for ReadAhead {
    fn size(&self) -> u64 {
        u64::from(self.0.length())
    }
    fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>, JobError> {
        let end = offset.saturating_add(length).min(self.size());
        Ok(self.0.subarray(offset.min(end) as u32, end as u32).to_vec())
    }
}

/// Most bytes that are read ahead.
const MOST_AHEAD: f64 = 32.0 * (1 << 20) as f64;

/// The files of a job. Those it will read whole are read at once: to ask for a file costs more than its bytes.
fn sources(files: &Array, job: &Job) -> Vec<Box<dyn FileSource>> {
    let in_parts = matches!(job, Job::Scan { along: Along::Nothing } | Job::DecodeVolume { .. });
    if !in_parts && let Some(ahead) = read_ahead(files) {
        return ahead;
    }
    files.iter().map(source).collect()
}

fn source(file: JsValue) -> Box<dyn FileSource> {
    let handle = |file: JsValue| Box::new(Handle(file.unchecked_into()));
    match serde_wasm_bindgen::from_value(get(&file, "place")) {
        Ok(place) => Box::new(EntrySource::new(handle(get(&file, "archive")), place)),
        Err(_none) => handle(file),
    }
}

/// `None` where there is too much, or one of them cannot be read: each then answers for itself.
fn read_ahead(files: &Array) -> Option<Vec<Box<dyn FileSource>>> {
    if !files.iter().all(|f| f.is_instance_of::<Blob>()) {
        return None;
    }
    let together = Blob::new_with_blob_sequence(files).ok().filter(|b| b.size() <= MOST_AHEAD)?;
    let read = FileReaderSync::new().ok()?.read_as_array_buffer(&together).ok()?;
    let (buffer, together) = (Uint8Array::new(&read), Rc::new(Together(read)));
    let (mut begin, mut sources) = (0, Vec::<Box<dyn FileSource>>::new());
    for file in files.iter() {
        let end = begin + file.unchecked_into::<Blob>().size() as u32;
        sources.push(Box::new(ReadAhead(buffer.subarray(begin, end), together.clone())));
        begin = end;
    }
    (begin == buffer.length()).then_some(sources)
}

/// Tells the page how far the job is; a cancelled job's worker is ended from outside.
struct Teller<'a> {
    scope: &'a DedicatedWorkerGlobalScope,
    id: u32,
    told: f32,
}

impl Progress for Teller<'_> {
    fn report(&mut self, fraction: f32) {
        if fraction >= self.told + 0.01 {
            self.told = fraction;
            send(self.scope, &object(&[("id", self.id.into()), ("progress", fraction.into())]), &Array::new());
        }
    }
    fn cancelled(&self) -> bool {
        false
    }
}

impl Listener for Teller<'_> {
    fn part(&mut self, part: JobOutput) {
        let transfer = Array::new();
        let part = output(self.id, part, &transfer);
        send(self.scope, &object(&[("id", self.id.into()), ("part", part.into())]), &transfer);
    }
}

/// Starts listening. The boot script hands over what arrived before.
pub fn listen() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let inboxes: RefCell<BTreeMap<u32, JobInput>> = RefCell::default();
    let handler_scope = scope.clone();
    let handler = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let message = event.data();
        let Some(id) = get(&message, "id").as_f64().map(|id| id as u32) else { return };
        let part = get(&message, "part");
        if part.is_object() {
            let mut inboxes = inboxes.borrow_mut();
            let inbox = inboxes.entry(id).or_default();
            let buffer = get(&part, "buffer");
            inbox.add(if get(&part, "kind") == "hu" {
                VoxelPart::Hu(take_hu(&buffer))
            } else {
                VoxelPart::Labels(PackedLabels::from_bytes(take_bytes(&buffer)))
            });
            return;
        }
        let inbox = inboxes.borrow_mut().remove(&id).unwrap_or_default();
        answer(&handler_scope, id, &message, inbox);
    });
    scope.set_onmessage(Some(handler.as_ref().unchecked_ref()));
    handler.forget();
}

fn answer(scope: &DedicatedWorkerGlobalScope, id: u32, message: &JsValue, mut input: JobInput) {
    let files = get(message, "files").dyn_into::<Array>().unwrap_or_default();
    let result = serde_wasm_bindgen::from_value::<Job>(get(message, "job"))
        .map_err(|_misread| JobError::WrongInput)
        .and_then(|job| {
            let begun = clock::now_ms();
            input.files = sources(&files, &job);
            let done = run(&job, input, &mut Teller { scope, id, told: 0.0 });
            if matches!(job, Job::Decode { .. }) {
                clock::measure("hilum:decode", begun);
            }
            done
        });
    let transfer = Array::new();
    let reply = match result {
        Ok(done) => output(id, done, &transfer),
        Err(error) => {
            let error = serde_wasm_bindgen::to_value(&error).unwrap_or(JsValue::NULL);
            object(&[("id", id.into()), ("error", error)])
        }
    };
    send(scope, &reply, &transfer);
}

/// A result as a message; its payloads are handed over.
fn output(id: u32, output: JobOutput, transfer: &Array) -> Object {
    let JobOutput { facts, payloads } = output;
    let buffers = Array::new();
    for payload in payloads {
        let (kind, buffer) = match payload {
            Payload::Hu(values) => ("hu", Int16Array::from(values.as_slice()).buffer()),
            Payload::Bytes(values) => ("bytes", Uint8Array::from(values.as_slice()).buffer()),
            Payload::Labels(labels) => ("labels", Uint8Array::from(labels.bytes()).buffer()),
        };
        transfer.push(&buffer);
        buffers.push(&object(&[("kind", kind.into()), ("buffer", buffer.into())]));
    }
    let facts = serde_wasm_bindgen::to_value(&facts).unwrap_or(JsValue::NULL);
    object(&[("id", id.into()), ("facts", facts), ("payloads", buffers.into())])
}

fn send(scope: &DedicatedWorkerGlobalScope, message: &Object, transfer: &Array) {
    if let Err(e) = scope.post_message_with_transfer(message, transfer) {
        log::error!("a worker could not answer: {e:?}");
    }
}
