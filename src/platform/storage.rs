//! What is kept on this computer: encrypted records in IndexedDB, filed by CT, until they expire or are deleted. Parcels do neither: they
//! stay until they are sent or discarded.
//!
//! Requests are done one after the other, in the order they were asked. Four stores: `keys`; `readings`, by name: which tab keeps
//! it and the day it was last written; `records`, by name and number; `parcels`, by name: what waits to be sent.

use super::PlatformError;
use super::message::{get, object};
use super::sealing::{Keys, token};
use super::tab_lock::{self, Wish};
use crate::session::{CaseDigest, FoundRecords, KeepError, KeepNews, KeepRequest, ParcelName};
use idb::{Database, DatabaseEvent, Factory, KeyRange, ObjectStoreParams, Transaction, TransactionMode};
use js_sys::Array;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

const DATABASE: &str = "hilum";
const STORES: [&str; 4] = ["keys", "readings", "records", "parcels"];
/// Raised with each store that is added.
const VERSION: u32 = 2;
/// What the keys lie under.
const KEYS: &str = "keys";
/// The lock of the tab that has the parcels.
const OUTBOX: &str = "outbox";
/// The wait before something that failed is tried again, ms.
const AGAIN_MS: u32 = 10_000;

/// The way to what is kept.
#[derive(Clone)]
pub struct Storage(Rc<Inner>);

struct Inner {
    tell: Box<dyn Fn(KeepNews)>,
    queue: RefCell<VecDeque<KeepRequest>>,
    /// For so many days readings are kept; not known before the configuration is read, and nothing is done before.
    days: Cell<Option<u32>>,
    busy: Cell<bool>,
    opened: RefCell<Option<Opened>>,
    /// Names whose lock is this tab's.
    locks: RefCell<BTreeSet<String>>,
    held: RefCell<BTreeMap<CaseDigest, Held>>,
    /// Whether the lock of the outbox has been asked for and another tab has it.
    awaits_outbox: Cell<bool>,
}

/// The open database.
#[derive(Clone)]
struct Opened {
    database: Rc<Database>,
    keys: Keys,
    /// Tells this tab from others.
    owner: String,
}

/// Records of a CT that this tab keeps.
#[derive(Clone)]
struct Held {
    name: String,
    /// Number of the next record.
    next: u32,
    /// A record is missing: only one that replaces all may follow.
    gap: bool,
}

impl From<idb::Error> for KeepError {
    fn from(error: idb::Error) -> Self {
        refusal(error.to_string())
    }
}

impl From<PlatformError> for KeepError {
    fn from(error: PlatformError) -> Self {
        refusal(error.0)
    }
}

fn refusal(words: String) -> KeepError {
    if words.contains("Quota") { KeepError::Full } else { KeepError::Denied(words) }
}

impl Storage {
    /// `tell` hears what became of each request, outside of any update.
    pub fn new(tell: impl Fn(KeepNews) + 'static) -> Self {
        Self(Rc::new(Inner {
            tell: Box::new(tell),
            queue: RefCell::default(),
            days: Cell::default(),
            busy: Cell::default(),
            opened: RefCell::default(),
            locks: RefCell::default(),
            held: RefCell::default(),
            awaits_outbox: Cell::default(),
        }))
    }

    /// Deletes readings older than this many days (0: all), and begins to do what is asked.
    pub fn start(&self, days: u32) {
        let storage = self.clone();
        spawn_local(async move {
            if let Err(error) = storage.expire(days).await {
                log::warn!("what is kept was not looked through: {error:?}");
            }
            storage.0.days.set(Some(days));
            (storage.0.tell)(KeepNews::Days(days));
            storage.go_on();
        });
    }

    /// Does this after what was asked before.
    pub fn ask(&self, request: KeepRequest) {
        self.0.queue.borrow_mut().push_back(request);
        self.go_on();
    }

    fn go_on(&self) {
        if self.0.days.get().is_none() || self.0.busy.replace(true) {
            return;
        }
        let storage = self.clone();
        spawn_local(async move {
            loop {
                let request = storage.0.queue.borrow_mut().pop_front();
                let Some(request) = request else { break };
                let news = match request {
                    KeepRequest::LookUp { case, take_over } => {
                        KeepNews::Found(case, storage.look_up(case, take_over).await)
                    }
                    KeepRequest::Write { case, replace, bytes } => {
                        KeepNews::Written(case, storage.write(case, replace, &bytes).await)
                    }
                    KeepRequest::Later(case) => {
                        let storage = storage.clone();
                        gloo::timers::callback::Timeout::new(AGAIN_MS, move || (storage.0.tell)(KeepNews::Again(case)))
                            .forget();
                        continue;
                    }
                    KeepRequest::PutParcel { parcel, bytes, instead_of } => {
                        KeepNews::ParcelWritten(parcel, storage.put_parcel(parcel, &bytes, instead_of).await)
                    }
                    KeepRequest::DropParcel(parcel) => {
                        if let Err(error) = storage.drop_parcel(parcel).await {
                            log::warn!("a parcel was not deleted: {error:?}");
                        }
                        continue;
                    }
                    KeepRequest::FindParcels => match storage.find_parcels().await {
                        Ok(found) => KeepNews::Parcels(found),
                        Err(error) => {
                            log::warn!("kept parcels were not read: {error:?}");
                            continue;
                        }
                    },
                    KeepRequest::ClearAll => KeepNews::Cleared(storage.clear().await),
                };
                (storage.0.tell)(news);
            }
            storage.0.busy.set(false);
        });
    }

    async fn look_up(&self, case: CaseDigest, take_over: bool) -> Result<FoundRecords, KeepError> {
        self.0.held.borrow_mut().remove(&case);
        let opened = self.opened().await?;
        let name = opened.keys.name_of(&case).await?;
        if !self.lock(&name, case, take_over).await? {
            return Err(KeepError::OtherTab);
        }
        let transaction = opened.transaction(&["readings", "records"])?;
        let range = records_of(&name)?;
        let records = transaction.object_store("records")?.get_all(Some(range.into()), None)?.await?;
        let readings = transaction.object_store("readings")?;
        readings.put(&opened.reading(), Some(&name.as_str().into()))?.await?;
        finish(transaction).await?;
        let mut found = FoundRecords::default();
        for (number, record) in (0..).zip(&records) {
            match opened.keys.open(&name, number, record).await {
                Ok(bytes) => found.records.push(bytes),
                Err(error) => {
                    log::warn!("kept record {number} does not open: {error}");
                    found.cut_short = true;
                    break;
                }
            }
        }
        let held = Held { name, next: records.len() as u32, gap: found.cut_short };
        self.0.held.borrow_mut().insert(case, held);
        Ok(found)
    }

    /// Whether this tab has the lock now.
    async fn lock(&self, name: &str, case: CaseDigest, take_over: bool) -> Result<bool, KeepError> {
        if self.0.locks.borrow().contains(name) {
            return Ok(true);
        }
        let (storage, lost) = (self.clone(), name.to_owned());
        let wish = if take_over { Wish::Steal } else { Wish::IfFree };
        let mine = tab_lock::hold(name, wish, move || {
            storage.0.locks.borrow_mut().remove(&lost);
            storage.0.held.borrow_mut().remove(&case);
            (storage.0.tell)(KeepNews::Lost(case));
        });
        let mine = mine.await?;
        if mine {
            self.0.locks.borrow_mut().insert(name.to_owned());
        }
        Ok(mine)
    }

    async fn write(&self, case: CaseDigest, replace: bool, bytes: &[u8]) -> Result<(), KeepError> {
        let held = self.0.held.borrow().get(&case).cloned().ok_or(KeepError::Gone)?;
        if held.gap && !replace {
            return Err(KeepError::Denied("a record is missing".into()));
        }
        let number = if replace { 0 } else { held.next };
        let written = self.write_record(&held.name, number, replace, bytes).await;
        if let Some(held) = self.0.held.borrow_mut().get_mut(&case) {
            held.gap = written.is_err();
            held.next = number + u32::from(written.is_ok());
        }
        if written == Err(KeepError::Gone) {
            self.0.held.borrow_mut().remove(&case);
            *self.0.opened.borrow_mut() = None;
        }
        written
    }

    async fn write_record(&self, name: &str, number: u32, replace: bool, bytes: &[u8]) -> Result<(), KeepError> {
        let opened = self.opened().await?;
        // Before the transaction: it would end while another promise is waited for.
        let record = opened.keys.seal(name, number, bytes).await?;
        let transaction = opened.transaction(&["readings", "records"])?;
        let (readings, records) = (transaction.object_store("readings")?, transaction.object_store("records")?);
        let key = JsValue::from(name);
        match readings.get(key.clone())?.await? {
            None => return Err(KeepError::Gone),
            Some(reading) if get(&reading, "owner").as_string().as_deref() != Some(&opened.owner) => {
                return Err(KeepError::OtherTab);
            }
            Some(_) => {}
        }
        if replace {
            records.delete(records_of(name)?)?.await?;
        }
        records.put(&record, Some(&Array::of2(&key, &number.into())))?.await?;
        readings.put(&opened.reading(), Some(&key))?.await?;
        finish(transaction).await
    }

    /// Writes a parcel and deletes those it takes the place of: both or neither. Where another tab has deleted the keys, with new ones.
    async fn put_parcel(&self, parcel: CaseDigest, bytes: &[u8], instead_of: Vec<ParcelName>) -> Result<(), KeepError> {
        if self.0.days.get() == Some(0) {
            return Err(KeepError::Denied("this site keeps nothing".into()));
        }
        match self.seal_parcel(parcel, bytes, &instead_of).await {
            Err(KeepError::Gone) => {
                *self.0.opened.borrow_mut() = None;
                self.seal_parcel(parcel, bytes, &instead_of).await
            }
            written => written,
        }
    }

    /// See [`Self::put_parcel`]; [`KeepError::Gone`] where nobody could open it again.
    async fn seal_parcel(&self, parcel: CaseDigest, bytes: &[u8], instead_of: &[ParcelName]) -> Result<(), KeepError> {
        let opened = self.opened().await?;
        let name = opened.keys.name_of(&parcel).await?;
        let sealed = opened.keys.seal(&name, 0, bytes).await?;
        let mut older = Vec::new();
        for parcel in instead_of {
            older.push(opened.parcel_name(parcel.clone()).await?);
        }
        // One that was found may lie under the same name.
        older.retain(|older| *older != name);
        let transaction = opened.transaction(&["parcels", "keys"])?;
        let keys = transaction.object_store("keys")?.get(JsValue::from(KEYS))?.await?;
        if !keys.is_some_and(|stored| opened.keys.are(&stored)) {
            return Err(KeepError::Gone);
        }
        let store = transaction.object_store("parcels")?;
        let entry = object(&[("record", sealed)]);
        store.put(&entry, Some(&name.as_str().into()))?.await?;
        for name in older {
            store.delete(JsValue::from(name))?.await?;
        }
        finish(transaction).await
    }

    async fn drop_parcel(&self, parcel: ParcelName) -> Result<(), KeepError> {
        let opened = self.opened().await?;
        let name = opened.parcel_name(parcel).await?;
        let transaction = opened.transaction(&["parcels"])?;
        transaction.object_store("parcels")?.delete(JsValue::from(name))?.await?;
        finish(transaction).await
    }

    /// None while another tab has them; when it closes they are told.
    async fn find_parcels(&self) -> Result<Vec<(String, Vec<u8>)>, KeepError> {
        if !self.has_outbox().await? {
            return Ok(Vec::new());
        }
        let opened = self.opened().await?;
        let transaction = opened.transaction(&["parcels"])?;
        let store = transaction.object_store("parcels")?;
        let mut sealed = Vec::new();
        for name in store.get_all_keys(None, None)?.await? {
            let entry = store.get(name.clone())?.await?.unwrap_or_default();
            sealed.push((name.as_string().unwrap_or_default(), get(&entry, "record")));
        }
        finish(transaction).await?;
        let mut found = Vec::new();
        for (name, record) in sealed {
            // What does not open is shown as unreadable.
            let bytes = opened.keys.open(&name, 0, &record).await.unwrap_or_default();
            found.push((name, bytes));
        }
        Ok(found)
    }

    /// Whether this tab has the lock of the outbox; otherwise it is waited for, once, while other requests are done.
    async fn has_outbox(&self) -> Result<bool, KeepError> {
        let is_mine = self.0.locks.borrow().contains(OUTBOX);
        if is_mine || self.0.awaits_outbox.get() {
            return Ok(is_mine);
        }
        if tab_lock::hold(OUTBOX, Wish::IfFree, || {}).await? {
            self.0.locks.borrow_mut().insert(OUTBOX.to_owned());
            return Ok(true);
        }
        self.0.awaits_outbox.set(true);
        let storage = self.clone();
        spawn_local(async move {
            match tab_lock::hold(OUTBOX, Wish::Wait, || {}).await {
                Ok(_) => {
                    storage.0.locks.borrow_mut().insert(OUTBOX.to_owned());
                    storage.ask(KeepRequest::FindParcels);
                }
                Err(error) => log::warn!("the outbox stays with another tab: {error:?}"),
            }
        });
        Ok(false)
    }

    /// Deletes all readings, and the keys unless a parcel waits that they open.
    async fn clear(&self) -> Result<(), KeepError> {
        let opened = self.opened().await?;
        let transaction = opened.transaction(&STORES)?;
        for store in ["readings", "records"] {
            transaction.object_store(store)?.clear()?.await?;
        }
        if transaction.object_store("parcels")?.get_all_keys(None, None)?.await?.is_empty() {
            transaction.object_store("keys")?.clear()?.await?;
        }
        finish(transaction).await?;
        self.0.held.borrow_mut().clear();
        *self.0.opened.borrow_mut() = None;
        Ok(())
    }

    async fn expire(&self, days: u32) -> Result<(), KeepError> {
        if days == 0 {
            return self.clear().await;
        }
        let opened = self.opened().await?;
        let transaction = opened.transaction(&["readings", "records"])?;
        let entries = transaction.object_store("readings")?;
        for name in entries.get_all_keys(None, None)?.await? {
            let entry = entries.get(name.clone())?.await?.unwrap_or_default();
            let kept_days = today() - get(&entry, "day").as_f64().unwrap_or(0.0);
            // A clock that was set back is no reason to delete.
            if kept_days > f64::from(days) {
                let text = name.as_string().unwrap_or_default();
                transaction.object_store("records")?.delete(records_of(&text)?)?.await?;
                entries.delete(name)?.await?;
            }
        }
        finish(transaction).await
    }

    /// The database, opened and with its keys, made if there are none.
    async fn opened(&self) -> Result<Opened, KeepError> {
        if let Some(opened) = &*self.0.opened.borrow() {
            return Ok(opened.clone());
        }
        let mut request = Factory::new()?.open(DATABASE, Some(VERSION))?;
        request.on_upgrade_needed(|event| {
            let made = event.database().and_then(|database| {
                let known = database.store_names();
                let store = |name| database.create_object_store(name, ObjectStoreParams::new()).map(drop);
                let missing = STORES.into_iter().filter(|name| !known.iter().any(|k| k == name));
                missing.into_iter().try_for_each(store)
            });
            if let Err(error) = made {
                log::error!("{error}");
            }
        });
        let database = Rc::new(request.await?);
        // Two tabs may do this at once: what is there counts, what is not is put.
        let (fresh, place) = (Keys::generate().await?, JsValue::from(KEYS));
        let transaction = database.transaction(&["keys"], TransactionMode::ReadWrite)?;
        let store = transaction.object_store("keys")?;
        let keys = match store.get(place.clone())?.await?.as_ref().and_then(Keys::from_value) {
            Some(keys) => keys,
            None => {
                store.put(&fresh.to_value(), Some(&place))?.await?;
                fresh
            }
        };
        finish(transaction).await?;
        let opened = Opened { database, keys, owner: token()? };
        *self.0.opened.borrow_mut() = Some(opened.clone());
        Ok(opened)
    }
}

impl Opened {
    /// What a parcel lies under.
    async fn parcel_name(&self, parcel: ParcelName) -> Result<String, KeepError> {
        Ok(match parcel {
            ParcelName::Asked(digest) => self.keys.name_of(&digest).await?,
            ParcelName::Found(name) => name,
        })
    }
    fn transaction(&self, stores: &[&str]) -> Result<Transaction, KeepError> {
        Ok(self.database.transaction(stores, TransactionMode::ReadWrite)?)
    }
    /// The entry of a reading that this tab keeps.
    fn reading(&self) -> JsValue {
        object(&[("owner", self.owner.as_str().into()), ("day", today().into())]).into()
    }
}

/// Waits until a transaction is on disk.
async fn finish(transaction: Transaction) -> Result<(), KeepError> {
    let names = transaction.store_names();
    // Another handle on it, which is asked why it was given up.
    let witness =
        names.first().map(|name| transaction.object_store(name)).transpose()?.map(|store| store.transaction());
    if transaction.await?.is_committed() {
        return Ok(());
    }
    let why = witness.and_then(|t| t.error()).map(|e| format!("{}: {}", e.name(), e.message()));
    Err(refusal(why.unwrap_or_else(|| "the transaction was given up".to_owned())))
}

/// All records of a reading: an array counts as more than any number.
fn records_of(name: &str) -> Result<KeyRange, KeepError> {
    let name = JsValue::from(name);
    let (first, beyond) = (Array::of1(&name), Array::of2(&name, &Array::new()));
    Ok(KeyRange::bound(&first, &beyond, None, None)?)
}

/// Days since 1970.
fn today() -> f64 {
    (js_sys::Date::now() / 86_400_000.0).floor()
}
