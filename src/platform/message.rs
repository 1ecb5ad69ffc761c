//! JavaScript objects as the messages between page and workers.

use js_sys::{Array, Int16Array, Object, Reflect, Uint8Array};
use wasm_bindgen::JsValue;
use web_sys::{MessageChannel, MessagePort};

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

thread_local! {
    /// Nobody listens at its other end: what is handed over there is gone.
    static NOWHERE: Option<MessagePort> = MessageChannel::new().ok().map(|channel| {
        channel.port2().close();
        channel.port1()
    });
}

/// Gives the memory of a buffer back at once: hundreds of megabytes may pass before the browser clears up by itself. Handed over to
/// nobody, since `ArrayBuffer.transfer` leaves the memory with the browser's own object and only says that it is gone.
pub(super) fn release(buffer: &JsValue) {
    NOWHERE.with(|nowhere| {
        let Some(port) = nowhere else { return };
        port.post_message_with_transferable(&JsValue::NULL, &Array::of1(buffer))
            .unwrap_or_else(|e| log::debug!("a buffer is kept: {e:?}"));
    });
}
