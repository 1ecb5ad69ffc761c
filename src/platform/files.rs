//! File handles: chosen, dropped (with folders), and handed back as downloads.

use super::PlatformError;
use super::message::object;
use crate::jobs::{EntryPlace, FileFacts, FileId};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemEntry,
    FileSystemFileEntry, HtmlCanvasElement,
};

/// All file handles of this page. Bytes are never kept here; workers read the handles.
#[derive(Default)]
pub struct FileStore {
    files: RefCell<BTreeMap<FileId, Held>>,
    next: Cell<u32>,
}

/// A file, or an entry of one that is an archive.
enum Held {
    File(File),
    Entry { archive: FileId, place: EntryPlace },
}

impl FileStore {
    /// Takes handles in; their facts come back in the same order.
    pub fn add(&self, files: impl IntoIterator<Item = (String, File)>) -> Vec<FileFacts> {
        let facts = |(name, file): (String, File)| {
            let size = file.size() as u64;
            FileFacts { id: self.hold(Held::File(file)), name, size }
        };
        files.into_iter().map(facts).collect()
    }
    /// Takes entries of an archive in, as files; nothing is unpacked.
    pub fn add_entries(&self, archive: FileId, entries: Vec<(String, EntryPlace)>) -> Vec<FileFacts> {
        let facts = |(name, place): (String, EntryPlace)| FileFacts {
            id: self.hold(Held::Entry { archive, place }),
            name,
            size: place.bytes,
        };
        entries.into_iter().map(facts).collect()
    }
    fn hold(&self, held: Held) -> FileId {
        let id = FileId(self.next.replace(self.next.get() + 1));
        self.files.borrow_mut().insert(id, held);
        id
    }
    /// What a worker is given of a file: its `File`, or `{ archive: File, place }`.
    pub fn get(&self, id: FileId) -> Option<JsValue> {
        let files = self.files.borrow();
        match files.get(&id)? {
            Held::File(file) => Some(file.into()),
            Held::Entry { archive, place } => {
                let Some(Held::File(file)) = files.get(archive) else { return None };
                let place = serde_wasm_bindgen::to_value(place).ok()?;
                Some(object(&[("archive", file.into()), ("place", place)]).into())
            }
        }
    }
    /// Forgets handles that are no longer needed.
    pub fn forget(&self, ids: &[FileId]) {
        self.files.borrow_mut().retain(|id, _| !ids.contains(id));
    }
}

/// The files of an `<input type=file>`, named with their folder where one was chosen.
pub fn from_list(list: &FileList) -> Vec<(String, File)> {
    (0..list.length())
        .filter_map(|n| list.get(n))
        .map(|file| {
            let path = js_sys::Reflect::get(&file, &"webkitRelativePath".into()).ok().and_then(|v| v.as_string());
            (path.filter(|p| !p.is_empty()).unwrap_or_else(|| file.name()), file)
        })
        .collect()
}

/// The files of a drop, folders opened. Must be called inside the drop event; the reading itself goes on after it.
pub fn from_drop(transfer: &DataTransfer) -> impl Future<Output = Vec<(String, File)>> + use<> {
    let items = transfer.items();
    let entries: Vec<FileSystemEntry> =
        (0..items.length()).filter_map(|n| items.get(n)?.webkit_get_as_entry().ok().flatten()).collect();
    async move {
        let mut found = Vec::new();
        let mut open = entries;
        open.reverse();
        while let Some(entry) = open.pop() {
            let name = entry.full_path().trim_start_matches('/').to_owned();
            if entry.is_file() {
                match file_of(entry.unchecked_into()).await {
                    Ok(file) => found.push((name, file)),
                    Err(e) => log::warn!("a dropped file could not be read: {e}"),
                }
            } else {
                let folder: FileSystemDirectoryEntry = entry.unchecked_into();
                let reader = folder.create_reader();
                // A reader hands out its entries in batches until it returns none.
                loop {
                    let batch =
                        promise(|resolve, reject| reader.read_entries_with_callback_and_callback(resolve, reject))
                            .await;
                    let batch: js_sys::Array = match batch {
                        Ok(batch) => batch.unchecked_into(),
                        Err(e) => {
                            log::warn!("a dropped folder could not be read: {e}");
                            break;
                        }
                    };
                    if batch.length() == 0 {
                        break;
                    }
                    open.extend(batch.iter().map(JsCast::unchecked_into::<FileSystemEntry>));
                }
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }
}

async fn file_of(entry: FileSystemFileEntry) -> Result<File, PlatformError> {
    promise(|resolve, reject| {
        entry.file_with_callback_and_callback(resolve, reject);
        Ok(())
    })
    .await
    .map(JsCast::unchecked_into)
}

async fn promise(
    begin: impl Fn(&js_sys::Function, &js_sys::Function) -> Result<(), JsValue>,
) -> Result<JsValue, PlatformError> {
    let promise = js_sys::Promise::new(&mut |resolve, reject| {
        if let Err(e) = begin(&resolve, &reject) {
            reject.call1(&JsValue::NULL, &e).map_or_else(|e| log::debug!("{e:?}"), drop);
        }
    });
    Ok(JsFuture::from(promise).await?)
}

/// A file made in the page, to be read like any other.
///
/// # Errors
/// When the browser refuses the bytes.
pub fn make(name: &str, bytes: &[u8]) -> Result<File, PlatformError> {
    of_pieces(name, &js_sys::Array::of1(&js_sys::Uint8Array::from(bytes)))
}

/// A file made of pieces (`Uint8Array`), one behind the other, to be read like any other.
///
/// # Errors
/// When the browser refuses the bytes.
pub fn of_pieces(name: &str, pieces: &js_sys::Array) -> Result<File, PlatformError> {
    Ok(File::new_with_u8_array_sequence(pieces, name)?)
}

/// What is on a canvas, as PNG.
///
/// # Errors
/// When the browser cannot pack it, for want of memory.
pub async fn png_of(canvas: &HtmlCanvasElement) -> Result<Blob, PlatformError> {
    let packed = promise(|resolve, _| canvas.to_blob(resolve)).await?;
    packed.dyn_into().map_err(|_null| PlatformError("PNG".into()))
}

/// A file made of what the browser packed, to be read like any other.
///
/// # Errors
/// When the browser refuses.
pub fn of_blob(name: &str, blob: &Blob) -> Result<File, PlatformError> {
    Ok(File::new_with_blob_sequence(&js_sys::Array::of1(blob), name)?)
}

/// Offers bytes as a download.
///
/// # Errors
/// When the browser refuses.
pub fn download(name: &str, content_type: &str, bytes: &[u8]) -> Result<(), PlatformError> {
    let options = BlobPropertyBag::new();
    options.set_type(content_type);
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    download_blob(name, &Blob::new_with_u8_array_sequence_and_options(&parts, &options)?)
}

/// Offers what the browser holds as a download.
///
/// # Errors
/// When the browser refuses.
pub fn download_blob(name: &str, blob: &Blob) -> Result<(), PlatformError> {
    let document = web_sys::window().and_then(|w| w.document()).ok_or_else(|| PlatformError("no document".into()))?;
    let url = web_sys::Url::create_object_url_with_blob(blob)?;
    let anchor: web_sys::HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    anchor.set_href(&url);
    anchor.set_download(name);
    anchor.click();
    // The click has started the download; the address may go once the browser has taken it.
    let revoke = Closure::once_into_js(move || {
        web_sys::Url::revoke_object_url(&url).unwrap_or_else(|e| log::debug!("{e:?}"));
    });
    if let Some(window) = web_sys::window() {
        window.set_timeout_with_callback_and_timeout_and_arguments_0(revoke.unchecked_ref(), 60_000)?;
    }
    Ok(())
}

/// Shared by the parts of the page that name files.
pub type SharedFiles = Rc<FileStore>;
