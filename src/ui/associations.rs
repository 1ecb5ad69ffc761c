//! The panel of published associations.

use super::runtime::page;
use super::toolbar::{CommandButton, say};
use crate::session::words;
use crate::session::{Action, AssociationRow};
use leptos::prelude::*;

#[component]
pub(super) fn Associations() -> impl IntoView {
    let page = page();
    let rows = Memo::new(move |_| page.view.with(|v| v.associations.clone()));
    let is_open = Signal::derive(move || rows.with(Option::is_some));
    let has_case = Signal::derive(move || page.view.with(|v| v.has_case));
    view! {
        <section>
            <div class="group">
                <CommandButton action=Action::Associations pressed=is_open enabled=has_case />
                <CommandButton action=Action::CompareReadings />
            </div>
            <div data-testid="associations-panel" hidden=move || !is_open.get()>
                <p class="note">{say(words::ASSOCIATIONS_ABOUT)}</p>
                <ul class="associations">
                    {move || rows.get().unwrap_or_default().into_iter().map(line).collect_view()}
                </ul>
                <p class="note">{say(words::ASSOCIATIONS_CAUTION)}</p>
                <p class="note">{say(words::NOT_A_DEVICE)}</p>
            </div>
        </section>
    }
}

fn line(row: AssociationRow) -> impl IntoView {
    view! {
        <li data-testid=format!("association-{}", row.key) data-value=row.value.map(|v| v.to_string())>
            <b>{row.title}</b>
            <span>{row.measured}</span>
            <small>{row.found}</small>
            <small>{row.cohort}</small>
            <small class="source">{row.source}</small>
        </li>
    }
}
