//! What is kept on this computer: how autosave stands, the reading that is offered back, and its deletion.

use super::runtime::page;
use super::toolbar::{CommandButton, say};
use crate::session::{Action, words};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

#[component]
pub(super) fn Autosave() -> impl IntoView {
    let page = page();
    let autosave = Memo::new(move |_| page.view.with(|v| v.autosave.clone()));
    let other_tab = Signal::derive(move || autosave.with(|a| a.can_take_over));
    view! {
        <div class="autosave" role="status" aria-label=say(words::AUTOSAVE)>
            <span
                data-testid="autosave"
                data-state=move || autosave.with(|a| a.state)
                title=move || autosave.with(|a| a.text.clone())
            >
                {move || autosave.with(|a| a.text.clone())}
            </span>
            <span hidden=move || !other_tab.get()>
                <CommandButton action=Action::TakeOver enabled=other_tab />
            </span>
            <CommandButton action=Action::ClearKept />
        </div>
    }
}

#[component]
pub(super) fn KeptDialogs() -> impl IntoView {
    let page = page();
    let autosave = Memo::new(move |_| page.view.with(|v| v.autosave.clone()));
    let [offer, ask] = [NodeRef::<leptos::html::Div>::new(), NodeRef::new()];
    // A question can be answered by the keyboard at once.
    Effect::new(move |_| {
        let (offered, clearing) = autosave.with(|a| (a.offer.is_some(), a.clearing));
        let asks = if clearing { ask.get() } else { offer.get().filter(|_| offered) };
        request_animation_frame(move || {
            let button = asks.and_then(|dialog| dialog.query_selector("button").ok().flatten());
            if let Some(button) = button.and_then(|b| b.dyn_into::<web_sys::HtmlElement>().ok()) {
                button.focus().unwrap_or_else(|e| log::debug!("{e:?}"));
            }
        });
    });
    view! {
        <div
            node_ref=offer
            class="dialog small"
            role="alertdialog"
            aria-modal="true"
            aria-label=say(words::AUTOSAVE)
            data-testid="restore-offer"
            hidden=move || autosave.with(|a| a.offer.is_none() || a.clearing)
        >
            <h2>{say(words::AUTOSAVE)}</h2>
            <p>{move || autosave.with(|a| a.offer.clone())}</p>
            <p class="note">{say(words::RESTORE_REPLACED)}</p>
            <div class="group end">
                <CommandButton action=Action::AcceptKept />
                <CommandButton action=Action::DeclineKept />
            </div>
        </div>
        <div
            node_ref=ask
            class="dialog small"
            role="alertdialog"
            aria-modal="true"
            aria-label=say(words::AUTOSAVE_CLEAR)
            data-testid="autosave-clear-ask"
            hidden=move || !autosave.with(|a| a.clearing)
        >
            <h2>{say(words::AUTOSAVE_CLEAR)}</h2>
            <p>{say(words::AUTOSAVE_CLEAR_ASK)}</p>
            <div class="group end">
                <CommandButton action=Action::CancelClear />
                <CommandButton action=Action::ConfirmClear />
            </div>
        </div>
    }
}
