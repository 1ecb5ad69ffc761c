//! The upload preview and the list of keys.

use super::runtime::page;
use super::toolbar::{CommandButton, say};
use crate::session::words;
use crate::session::{Action, COMMANDS, Command, UploadView};
use leptos::prelude::*;

#[component]
pub(super) fn UploadDialog() -> impl IntoView {
    let page = page();
    let upload = Memo::new(move |_| page.view.with(|v| v.upload.clone()));
    let rows = move || {
        upload.with(|u| match u {
            UploadView::Preview(lines) => lines
                .iter()
                .map(|line| {
                    view! {
                        <tr data-testid="preview-line" style:--depth=line.depth.to_string()>
                            <td>{format!("({:04X},{:04X})", line.tag.0, line.tag.1)}</td>
                            <td class="keyword">{line.keyword}</td>
                            <td>{line.value.to_string()}</td>
                        </tr>
                    }
                })
                .collect_view()
                .into_any(),
            _ => ().into_any(),
        })
    };
    let said = move || upload.with(|u| if let UploadView::Said(text, _) = u { text.clone() } else { String::new() });
    let preview = move || upload.with(|u| matches!(u, UploadView::Preview(_)));
    let done = move || upload.with(|u| matches!(u, UploadView::Said(_, true)));
    let close = move |_| page.dispatch(Command::Do(Action::CancelUpload));
    view! {
        <div
            class="dialog"
            role="dialog"
            aria-modal="true"
            aria-label=say(words::UPLOAD_PREVIEW)
            hidden=move || upload.with(|u| *u == UploadView::Closed)
        >
            <h2>{say(words::UPLOAD_PREVIEW)}</h2>
            <p>{say(words::UPLOAD_PROMISE)}</p>
            <div class="scroll" hidden=move || !preview()>
                <table>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p data-testid="upload-status">{said}</p>
            <div class="group end">
                <span hidden=move || !preview()>
                    <CommandButton action=Action::ConfirmUpload />
                    <CommandButton action=Action::CancelUpload />
                </span>
                <button type="button" data-testid="upload-close" hidden=move || !done() on:click=close>
                    {say(words::CLOSE)}
                </button>
            </div>
        </div>
    }
}

#[component]
pub(super) fn HelpDialog() -> impl IntoView {
    let page = page();
    view! {
        <div class="dialog" role="dialog" aria-modal="true" aria-label=say(words::HELP) hidden=move || !page.help.get()>
            <h2>{say(words::HELP)}</h2>
            <div class="scroll">
                <table>
                    <tbody>
                        {COMMANDS
                            .iter()
                            .filter(|c| !c.keys.is_empty())
                            .map(|c| {
                                view! {
                                    <tr>
                                        <td>
                                            {c.keys.iter().map(|k| view! { <kbd>{if *k == " " { "Space" } else { *k }}</kbd> }).collect_view()}
                                        </td>
                                        <td>{say(c.title)}</td>
                                    </tr>
                                }
                            })
                            .collect_view()}
                    </tbody>
                </table>
            </div>
            <div class="group end">
                <button type="button" data-testid="help-close" on:click=move |_| page.help.set(false)>
                    {say(words::CLOSE)}
                </button>
            </div>
        </div>
    }
}
