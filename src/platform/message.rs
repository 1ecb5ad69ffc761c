//! JavaScript objects as the messages between page and workers.

use js_sys::{Function, Int16Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

/// A property of an object, `undefined` where there is none.
pub(super) fn get(value: &JsValue, key: &str) -> JsValue {
    Reflect::get(value, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

/// An object with these properties.
pub(super) fn object(entries: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (key, value) in entries {
        Reflect::set(&object, &(*key).into(), value).map_or_else(|e| log::error!("{key}: {e:?}"), drop);
    }
    object
}

/// The values in a buffer, whose memory goes back to the browser.
pub(super) fn take_hu(buffer: &JsValue) -> Vec<i16> {
    let values = Int16Array::new(buffer).to_vec();
    release(buffer);
    values
}

/// The bytes in a buffer, whose memory goes back to the browser.
pub(super) fn take_bytes(buffer: &JsValue) -> Vec<u8> {
    let bytes = Uint8Array::new(buffer).to_vec();
    release(buffer);
    bytes
}

/// Gives the memory of a buffer back at once: hundreds of megabytes may pass before the browser clears up by itself. A browser that
/// does not know how does it later.
pub(super) fn release(buffer: &JsValue) {
    let Ok(transfer) = Reflect::get(buffer, &"transfer".into()).and_then(JsCast::dyn_into::<Function>) else { return };
    transfer.call1(buffer, &0.into()).map_or_else(|e| log::debug!("a buffer is kept: {e:?}"), drop);
}
