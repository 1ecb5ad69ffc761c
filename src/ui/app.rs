//! The page's frame: toolbar, panes between two columns, status line.

use super::connection::ConnectionDialog;
use super::dialogs::{ArrivalDialog, HelpDialog, PreflightDialog};
use super::double_reading::DoubleReadingDialog;
use super::form::Form;
use super::kept::KeptDialogs;
use super::panels::{LeftColumn, RightColumn, StatusLine};
use super::panes::Panes;
use super::remote::RemoteDialog;
use super::report::Report;
use super::runtime::{Page, Runtime, page};
use super::sending::UploadDialog;
use super::toolbar::Toolbar;
use crate::session::{Command, action_of_key};
use leptos::prelude::*;
use web_sys::{DragEvent, KeyboardEvent};

/// Starts the page.
pub fn mount() {
    console_error_panic_hook::set_once();
    if console_log::init_with_level(log::Level::Info).is_err() {
        log::debug!("the log was there already");
    }
    super::document::show_panics();
    mount_to_body(App);
}

#[component]
fn App() -> impl IntoView {
    let view = RwSignal::new(crate::session::ViewModel::default());
    let probe = RwSignal::new(None);
    let drawings = [(); 3].map(|()| RwSignal::new(crate::session::PaneDrawing::default()));
    let help = RwSignal::new(false);
    let asks_words = RwSignal::new(None);
    let runtime = StoredValue::new_local(Runtime::start(view, probe, drawings, asks_words));
    let lang = Memo::new(move |_| view.with(|v| v.lang));
    provide_context(Page { runtime, view, lang, probe, drawings, help, asks_words });
    let page = page();

    // Only when they change: another language makes a browser lay out and paint the whole page.
    let body = Memo::new(move |_| page.view.with(|v| (v.lang, v.gpu)));
    Effect::new(move |_| {
        let (lang, gpu) = body.get();
        super::document::set_body(lang, gpu);
    });
    let keys = window_event_listener(leptos::ev::keydown, move |event| on_key(page, &event));
    on_cleanup(move || keys.remove());

    let with_form = Memo::new(move |_| page.view.with(|v| v.form.is_some()));
    let over = RwSignal::new(false);
    let on_drop = move |event: DragEvent| {
        event.prevent_default();
        over.set(false);
        if let Some(transfer) = event.data_transfer() {
            page.runtime.with_value(|r| r.open_drop(&transfer));
        }
    };
    view! {
        <div
            class="app"
            class:dropping=move || over.get()
            class:with-form=move || with_form.get()
            on:dragover=move |event: DragEvent| {
                event.prevent_default();
                over.set(true);
            }
            on:dragleave=move |_| over.set(false)
            on:drop=on_drop
        >
            <Toolbar />
            <LeftColumn />
            <Panes />
            <RightColumn />
            <Form />
            <StatusLine />
            <RemoteDialog />
            <ConnectionDialog />
            <PreflightDialog />
            <UploadDialog />
            <ArrivalDialog />
            <HelpDialog />
            <Report />
            <DoubleReadingDialog />
            <KeptDialogs />
        </div>
    }
}

/// The digit of the key that was pressed in the row above the letters, on layouts that give it with Shift alone (AZERTY).
pub(super) fn digit_of(event: &KeyboardEvent) -> Option<String> {
    let is_sign = event.key().chars().count() == 1 && !event.shift_key();
    event.code().strip_prefix("Digit").filter(|_| is_sign).map(str::to_owned)
}

/// Keys go to the table unless the reader is typing.
fn on_key(page: Page, event: &KeyboardEvent) {
    use wasm_bindgen::JsCast;
    let typing = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()).is_some_and(|e| {
        let kind = e.get_attribute("type").unwrap_or_default();
        // What scrolls in a dialog takes the keys for itself.
        let scrolls = e.matches(".dialog .scroll").unwrap_or(false);
        scrolls
            || e.tag_name() == "SELECT"
            || (e.tag_name() == "INPUT" && matches!(kind.as_str(), "text" | "number" | "range" | "date" | "password"))
    });
    let key = event.key();
    let presses = (key == " " || key == "Enter") && {
        let target = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
        target.is_some_and(|e| matches!(e.tag_name().as_str(), "BUTTON" | "SUMMARY" | "INPUT"))
    };
    let acts = key == "Escape" || key.strip_prefix('F').is_some_and(|number| number.parse::<u8>().is_ok());
    if (typing && !acts) || presses {
        return;
    }
    if key == "?" || key == "F1" {
        event.prevent_default();
        page.help.update(|open| *open = !*open);
        return;
    }
    let ctrl = event.ctrl_key() || event.meta_key();
    let name = if key.chars().count() == 1 { key.to_lowercase() } else { key };
    let alt = event.alt_key();
    // A sign says itself whether Shift was held; a letter does not, for Caps Lock writes capitals too.
    let letter = name.chars().all(char::is_alphabetic);
    let shifted = event.shift_key() && (ctrl || alt || letter || name.chars().count() > 1);
    let held = [(ctrl, "Ctrl+"), (alt, "Alt+"), (shifted, "Shift+")];
    let held: String = held.into_iter().filter_map(|(is, name)| is.then_some(name)).collect();
    let digit = digit_of(event).filter(|_| held.is_empty());
    // Also where its sign means something else: the same sign stands elsewhere too.
    let by_place = digit.and_then(|digit| action_of_key(&digit));
    if let Some(action) = by_place.or_else(|| action_of_key(&format!("{held}{name}"))) {
        event.prevent_default();
        page.help.set(false);
        page.dispatch(Command::Do(action));
    }
}
