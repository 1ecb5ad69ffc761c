//! Tables of two readers compared.

use super::runtime::page;
use super::toolbar::{CommandButton, say};
use crate::platform::files;
use crate::session::words::{self, Text};
use crate::session::{Action, Command, DoubleReadingView};
use leptos::prelude::*;
use web_sys::HtmlInputElement;

#[component]
pub(super) fn DoubleReadingDialog() -> impl IntoView {
    let page = page();
    let view = Memo::new(move |_| page.view.with(|v| v.comparison.clone()));
    let part = move |read: fn(&DoubleReadingView) -> String| view.with(|v| v.as_ref().map(read).unwrap_or_default());
    let can_save = Signal::derive(move || view.with(|v| v.as_ref().is_some_and(|v| !v.rows.is_empty())));
    let reader = move |n: usize, test_id: &'static str, title: Text| {
        let choose = move |event: leptos::ev::Event| {
            let input: HtmlInputElement = event_target(&event);
            if let Some(list) = input.files() {
                let command = move |facts| Command::OpenReadings(n, facts);
                page.runtime.with_value(|r| r.open_as(files::from_list(&list), command));
            }
            input.set_value("");
        };
        let count = move || {
            let read = view.with(|v| v.as_ref().map_or(0, |v| v.read[n]));
            words::READINGS_COUNT.with(page.lang.get(), &[&read.to_string()])
        };
        view! {
            <label class="button">
                <span>{say(title)}</span>
                <small>{count}</small>
                <input type="file" multiple accept=".json" data-testid=test_id aria-label=say(title) on:change=choose />
            </label>
        }
    };
    let rows = move || {
        view.with(|v| {
            let rows = v.iter().flat_map(|v| v.rows.clone());
            rows.map(|row| {
                view! {
                    <tr data-testid=format!("agreement-{}", row.key) data-value=row.value.map(|v| v.to_string())>
                        <th>{row.title}</th>
                        <td>{row.cases}</td>
                        <td>{row.plain}</td>
                        <td>{row.text}</td>
                    </tr>
                }
            })
            .collect_view()
        })
    };
    let lines = move |read: fn(&DoubleReadingView) -> &Vec<(String, String)>, test_id: &'static str| {
        let all = view.with(|v| v.as_ref().map(|v| read(v).clone()).unwrap_or_default());
        all.into_iter().map(|(name, why)| view! { <li data-testid=test_id><b>{name}</b>" "{why}</li> }).collect_view()
    };
    view! {
        <div
            class="dialog readings"
            role="dialog"
            aria-modal="true"
            aria-label=say(words::READINGS)
            data-testid="readings-dialog"
            hidden=move || view.with(Option::is_none)
        >
            <h2>{say(words::READINGS)}</h2>
            <p class="note">{say(words::READINGS_ABOUT)}</p>
            <div class="group">
                {reader(0, "readings-first", words::READINGS_FIRST)}
                {reader(1, "readings-second", words::READINGS_SECOND)}
            </div>
            <p data-testid="readings-paired">{move || part(|v| v.about.clone())}</p>
            <div class="scroll" hidden=move || !can_save.get()>
                <table>
                    <thead>
                        <tr>
                            <th>{say(words::READINGS_ITEM)}</th>
                            <th>{say(words::READINGS_CASES)}</th>
                            <th>{say(words::READINGS_SAME)}</th>
                            <th>{say(words::READINGS_AGREEMENT)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
                <h2>{say(words::READINGS_DISCORDS)}</h2>
                <ul>{move || lines(|v| &v.discords, "discord-item")}</ul>
            </div>
            <ul>{move || lines(|v| &v.refused, "reading-refused")}</ul>
            <div class="group end">
                <CommandButton action=Action::ExportComparison enabled=can_save />
                <button
                    type="button"
                    data-testid="readings-close"
                    on:click=move |_| page.dispatch(Command::Do(Action::CompareReadings))
                >
                    {say(words::CLOSE)}
                </button>
            </div>
        </div>
    }
}
