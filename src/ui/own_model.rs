//! A reader's own model: the file is chosen here and run here.

use super::runtime::page;
use super::toolbar::say;
use crate::platform::files;
use crate::session::{Command, words};
use leptos::prelude::*;
use web_sys::HtmlInputElement;

#[component]
pub(super) fn RunModel(enabled: Signal<bool>) -> impl IntoView {
    let page = page();
    let choose = move |event: leptos::ev::Event| {
        let input: HtmlInputElement = event_target(&event);
        if let Some(list) = input.files() {
            page.runtime.with_value(|r| r.open_as(files::from_list(&list), Command::RunModel));
        }
        input.set_value("");
    };
    view! {
        <label class="button" class:disabled=move || !enabled.get()>
            <span>{say(words::RUN_MODEL)}</span>
            <input
                type="file"
                accept=".onnx"
                data-testid="run-model"
                aria-label=say(words::RUN_MODEL)
                disabled=move || !enabled.get()
                on:change=choose
            />
        </label>
    }
}
