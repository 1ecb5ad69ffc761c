//! JavaScript objects as the messages between page and workers.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

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
