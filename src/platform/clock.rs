//! The browser's clock, and User Timing marks.

use super::message::get;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// Local date and time as DICOM DT without fraction: `YYYYMMDDHHMMSS`.
pub fn date_time() -> String {
    let d = js_sys::Date::new_0();
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}",
        d.get_full_year(),
        d.get_month() + 1,
        d.get_date(),
        d.get_hours(),
        d.get_minutes(),
        d.get_seconds()
    )
}

/// Milliseconds since the page, or the worker, began.
pub fn now_ms() -> f64 {
    performance().map_or(0.0, |p| p.now())
}

/// Calls back when the browser begins its next frame, unless `false`. A hidden page has none until it is seen.
pub fn next_frame(begin: impl FnOnce() + 'static) -> bool {
    let callback = Closure::once_into_js(begin);
    let asked = web_sys::window().map(|w| w.request_animation_frame(callback.unchecked_ref()));
    matches!(asked, Some(Ok(_)))
}

/// Sets a User Timing mark.
pub fn mark(name: &str) {
    if let Some(p) = performance() {
        p.mark(name).unwrap_or_else(|e| log::debug!("mark {name}: {e:?}"));
    }
}

/// Removes all marks of a name, so that the next one is the only one.
pub fn clear_marks(name: &str) {
    if let Some(p) = performance() {
        p.clear_marks_with_mark_name(name);
    }
}

/// Sets a User Timing measure from `start_ms` to now.
pub fn measure(name: &str, start_ms: f64) {
    let Some(p) = performance() else { return };
    let options = js_sys::Object::new();
    let set = |key: &str, value: f64| js_sys::Reflect::set(&options, &key.into(), &value.into());
    if set("start", start_ms).and(set("end", p.now())).is_err() {
        return;
    }
    // web-sys knows only the older form with mark names.
    if let Ok(function) = get(&p, "measure").dyn_into::<js_sys::Function>() {
        function.call2(&p, &name.into(), &options).map_or_else(|e| log::debug!("measure {name}: {e:?}"), drop);
    }
}

/// The page's, or a worker's own.
fn performance() -> Option<web_sys::Performance> {
    get(&js_sys::global(), "performance").dyn_into().ok()
}
