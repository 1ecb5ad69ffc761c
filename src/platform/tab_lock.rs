//! Which tab keeps a reading: the Web Locks API, held until the tab closes or another takes over.

use super::PlatformError;
use super::message::object;
use js_sys::{Function, Promise};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

#[wasm_bindgen]
extern "C" {
    /// `navigator.locks`.
    type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(this: &LockManager, name: &str, options: &JsValue, held: &JsValue) -> Result<Promise, JsValue>;
}

/// What is wanted where another tab has a lock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Nothing: it stays there.
    IfFree,
    /// To take it from there.
    Steal,
    /// To have it once that tab is closed, however long that takes.
    Wait,
}

/// Takes the lock of this name; whether this tab has it now. `lost` hears of it when another tab takes it. A browser without locks
/// gives it to all: who writes is then checked at each write.
pub(super) async fn hold(name: &str, wish: Wish, lost: impl FnOnce() + 'static) -> Result<bool, PlatformError> {
    let navigator = web_sys::window().ok_or_else(|| PlatformError("no window".into()))?.navigator();
    let locks = super::message::get(&navigator, "locks");
    if !locks.is_object() {
        return Ok(true);
    }
    let locks: LockManager = locks.unchecked_into();
    let options = match wish {
        Wish::IfFree => object(&[("ifAvailable", true.into())]),
        Wish::Steal => object(&[("steal", true.into())]),
        Wish::Wait => object(&[]),
    };
    let granted = Rc::new(Cell::new(false));
    let answer = granted.clone();
    let (mut asked, mut failure) = (None, None);
    let answered = Promise::new(&mut |tell: Function, _| {
        let answer = answer.clone();
        let held = Closure::once_into_js(move |lock: JsValue| -> Promise {
            answer.set(!lock.is_null());
            tell.call0(&JsValue::UNDEFINED).map_or_else(|e| log::error!("{e:?}"), drop);
            // Kept for as long as its promise is open.
            if lock.is_null() { Promise::resolve(&JsValue::UNDEFINED) } else { Promise::new(&mut |_, _| {}) }
        });
        match locks.request(name, &options, &held) {
            Ok(promise) => asked = Some(promise),
            Err(error) => failure = Some(error),
        }
    });
    if let Some(error) = failure {
        return Err(error.into());
    }
    let Some(asked) = asked else { return Ok(true) };
    let was_granted = granted.clone();
    spawn_local(async move {
        if JsFuture::from(asked).await.is_err() && was_granted.get() {
            lost();
        }
    });
    JsFuture::from(answered).await?;
    Ok(granted.get())
}
