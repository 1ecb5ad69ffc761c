//! The document around the page: its address, its language, and the notice of a panic.

use crate::session::Gpu;
use crate::session::words::{self, Lang};
use gloo::storage::{LocalStorage as Kept, Storage};
use wasm_bindgen::JsValue;

/// The address' choice, else the remembered one, else the browser's.
pub(super) fn starting_language() -> Lang {
    let chosen = query("lang").or_else(|| Kept::get::<String>("hilum-lang").ok());
    if let Some(lang) = chosen.as_deref().and_then(Lang::from_tag) {
        return lang;
    }
    let tags: Vec<String> = web_sys::window()
        .map(|w| w.navigator().languages().iter().filter_map(|t| t.as_string()).collect())
        .unwrap_or_default();
    Lang::preferred(tags.iter().map(String::as_str))
}

/// A value of the address' query.
pub(super) fn query(name: &str) -> Option<String> {
    let search = web_sys::window()?.location().search().ok()?;
    web_sys::UrlSearchParams::new_with_str(&search).ok()?.get(name)
}

/// Tells tests and style sheets what draws and in which language.
pub(super) fn set_body(lang: Lang, gpu: Gpu) {
    let Some(document) = web_sys::window().and_then(|w| w.document()) else { return };
    let gpu = match gpu {
        Gpu::Probing => "",
        Gpu::WebGpu => "webgpu",
        Gpu::WebGl2 => "webgl2",
        Gpu::Cpu => "cpu",
    };
    let set = |element: &web_sys::Element, name: &str, value: &str| {
        element.set_attribute(name, value).unwrap_or_else(|e| log::debug!("{name}: {e:?}"));
    };
    if let Some(body) = document.body() {
        set(&body, "data-gpu", gpu);
        set(&body, "data-lang", lang.tag());
    }
    if let Some(root) = document.document_element() {
        set(&root, "lang", lang.tag());
    }
    document.set_title(words::APP_TITLE.in_lang(lang));
}

/// A panic cannot be recovered from; the reader is told.
pub(super) fn show_panics() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        told(info);
        let Some(document) = web_sys::window().and_then(|w| w.document()) else { return };
        if document.query_selector(".panic").is_ok_and(|said| said.is_some()) {
            return;
        }
        let lang = document.document_element().and_then(|e| e.get_attribute("lang")).unwrap_or_default();
        // As it was last said: nothing can be asked of the session any more.
        let kept = document.query_selector("[data-testid=autosave][data-state^=sav]").ok().flatten().is_some();
        let text = if kept { words::PANIC_KEPT } else { words::PANIC };
        let text = text.in_lang(Lang::from_tag(&lang).unwrap_or_default());
        let shown = document.create_element("p").and_then(|p| {
            p.set_text_content(Some(text));
            p.set_attribute("class", "panic")?;
            p.set_attribute("role", "alert")?;
            document.body().map_or(Ok(JsValue::NULL), |b| b.append_child(&p).map(JsValue::from))
        });
        if let Err(e) = shown {
            log::error!("{e:?}");
        }
    }));
}

/// What no other page has.
pub(super) fn own_name() -> String {
    crate::platform::token().unwrap_or_else(|e| {
        log::warn!("readings are named by the second alone: {e}");
        String::new()
    })
}
