//! Files that are chosen, dropped or made: their facts are asked for, and the session is told.

use super::runtime::Runtime;
use crate::platform::{clock, files};
use crate::session::Command;
use gloo::timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DataTransfer, File, FileList};

/// Files whose facts are asked for in one go: each is a question to the browser's own process.
const FILES_AT_ONCE: usize = 10;
/// Time that such questions may take before the page goes on, ms.
const ASKING_BUDGET_MS: f64 = 25.0;

impl Runtime {
    pub(super) fn open_list(&self, list: &FileList) {
        self.open(files::from_list(list));
    }

    pub(super) fn open_drop(&self, transfer: &DataTransfer) {
        let dropped = files::from_drop(transfer);
        let runtime = self.clone();
        spawn_local(async move { runtime.open(dropped.await) });
    }

    pub(super) fn open(&self, files: Vec<(String, File)>) {
        let runtime = self.clone();
        spawn_local(async move {
            // A file's size is asked of the file system: many are asked in parts, so that the page goes on.
            let (mut facts, mut files) = (Vec::with_capacity(files.len()), files.into_iter().peekable());
            let mut begun = clock::now_ms();
            while files.peek().is_some() {
                facts.extend(runtime.files().add(files.by_ref().take(FILES_AT_ONCE)));
                if clock::now_ms() - begun > ASKING_BUDGET_MS {
                    TimeoutFuture::new(0).await;
                    begun = clock::now_ms();
                }
            }
            runtime.dispatch(Command::OpenFiles(facts));
        });
    }
}
