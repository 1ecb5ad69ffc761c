//! The offer of a part of a CT that is too large, and the list of keys.

use super::runtime::page;
use super::toolbar::{CommandButton, say};
use crate::annotation::SegmentMeaning;
use crate::session::words::{self, Text};
use crate::session::{Action, COMMANDS, Command, PreflightView, meaning_words};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// What can be opened of a CT that is too large.
#[component]
pub(super) fn PreflightDialog() -> impl IntoView {
    let page = page();
    let offer = Memo::new(move |_| page.view.with(|v| v.preflight.clone()));
    let open = Memo::new(move |_| offer.with(Option::is_some));
    let first = NodeRef::<leptos::html::Button>::new();
    // What is asked is where the keyboard is, once it is on the page.
    Effect::new(move |_| {
        if open.get() {
            request_animation_frame(move || {
                if let Some(Err(e)) = first.get_untracked().map(|button| button.focus()) {
                    log::debug!("{e:?}");
                }
            });
        }
    });
    let text = move |f: fn(&PreflightView) -> String| offer.with(|o| o.as_ref().map(f).unwrap_or_default());
    let act = move |action: Action| move |_| page.dispatch(Command::Do(action));
    view! {
        <div
            class="dialog"
            role="dialog"
            aria-modal="true"
            aria-label=say(words::PREFLIGHT)
            data-testid="preflight"
            hidden=move || !open.get()
        >
            <h2>{say(words::PREFLIGHT)}</h2>
            <p data-testid="preflight-about">{move || text(|o| o.about.clone())}</p>
            <p>{say(words::PREFLIGHT_KEPT)}</p>
            <button
                type="button"
                node_ref=first
                data-testid="preflight-every-second"
                data-every=move || text(|o| o.every.to_string())
                on:click=act(Action::OpenEverySecond)
            >
                {move || text(|o| o.thinned.clone())}
            </button>
            <label class="field">
                <span>{say(words::PREFLIGHT_CENTRE)}</span>
                <b>{move || text(|o| o.ends[0].clone())}</b>
                <input
                    type="range"
                    class="slider"
                    data-testid="preflight-centre"
                    min=move || text(|o| o.centres[0].to_string())
                    max=move || text(|o| o.centres[1].to_string())
                    prop:value=move || text(|o| o.centre.to_string())
                    on:input=move |e| {
                        if let Ok(centre) = event_target_value(&e).parse() {
                            page.dispatch(Command::SlabCentre(centre));
                        }
                    }
                />
                <b>{move || text(|o| o.ends[1].clone())}</b>
            </label>
            <button type="button" data-testid="preflight-slab" on:click=act(Action::OpenSlab)>
                {move || text(|o| o.slab.clone())}
            </button>
            <div class="group end">
                <CommandButton action=Action::DeclinePart />
            </div>
        </div>
    }
}

/// What was opened meets what is there.
#[component]
pub(super) fn ArrivalDialog() -> impl IntoView {
    let page = page();
    let arrival = Memo::new(move |_| page.view.with(|v| v.arrival.clone()));
    let open = Memo::new(move |_| arrival.with(Option::is_some));
    let dialog = NodeRef::<leptos::html::Div>::new();
    Effect::new(move |_| {
        let asks = dialog.get().filter(|_| open.get());
        request_animation_frame(move || {
            let button = asks.and_then(|dialog| dialog.query_selector("button").ok().flatten());
            if let Some(button) = button.and_then(|b| b.dyn_into::<web_sys::HtmlElement>().ok()) {
                button.focus().unwrap_or_else(|e| log::debug!("{e:?}"));
            }
        });
    });
    let about = move || {
        let lang = page.lang.get();
        arrival.with(|a| {
            a.as_ref().map(|a| {
                let asks = !a.labels.is_empty();
                let text = if asks { words::arriving::LABELS_ABOUT } else { words::arriving::ARRIVING_ABOUT };
                text.with(lang, &[&a.name])
            })
        })
    };
    let labels = move || {
        let labels = arrival.with(|a| a.as_ref().map(|a| a.labels.clone()).unwrap_or_default());
        let label = |(n, (text, meaning)): (usize, (String, Option<SegmentMeaning>))| {
            let choose = move |e| {
                let place = event_target_value(&e).parse::<usize>().ok();
                let meaning = place.and_then(|place| SegmentMeaning::ALL.get(place).copied());
                page.dispatch(Command::ArrivalMeaning(n, meaning));
            };
            let option = move |(place, m): (usize, &SegmentMeaning)| {
                let is_chosen = meaning == Some(*m);
                view! { <option value=place selected=is_chosen>{say(meaning_words(*m))}</option> }
            };
            let is_left_out = meaning.is_none();
            view! {
                <label class="field">
                    <span>{text}</span>
                    <select data-testid="arrival-label" on:change=choose>
                        <option value="" selected=is_left_out>{say(words::arriving::LABEL_LEFT_OUT)}</option>
                        {SegmentMeaning::ALL.iter().enumerate().map(option).collect_view()}
                    </select>
                </label>
            }
        };
        labels.into_iter().enumerate().map(label).collect_view()
    };
    let lines = move || {
        let lines = arrival.with(|a| a.as_ref().map(|a| a.lines.clone()).unwrap_or_default());
        lines.into_iter().map(|line| view! { <li data-testid="arrival-line">{line}</li> }).collect_view()
    };
    view! {
        <div
            node_ref=dialog
            class="dialog small arrival"
            role="alertdialog"
            aria-modal="true"
            aria-label=say(words::arriving::ARRIVING)
            data-testid="arrival"
            hidden=move || !open.get()
        >
            <h2>{say(words::arriving::ARRIVING)}</h2>
            <p>{about}</p>
            <div class="scroll">{labels}</div>
            <ul class="scroll">{lines}</ul>
            <div class="group end">
                <CommandButton action=Action::TakeArrival />
                <CommandButton action=Action::KeepMine />
                <CommandButton action=Action::LeaveArrival />
            </div>
        </div>
    }
}

/// What the wheel does, by the key that is held.
const BY_WHEEL: [(&str, Text); 3] =
    [("", words::WHEEL_SCROLLS), ("Ctrl+", words::TOOL_ZOOM), ("Shift+", words::WHEEL_BRUSH)];

#[component]
pub(super) fn HelpDialog() -> impl IntoView {
    let page = page();
    view! {
        <div class="dialog" role="dialog" aria-modal="true" aria-label=say(words::HELP) hidden=move || !page.help.get()>
            <h2>{say(words::HELP)}</h2>
            <div class="scroll">
                <table>
                    <tbody>
                        {BY_WHEEL
                            .map(|(key, does)| {
                                view! {
                                    <tr>
                                        <td><kbd>{key}{say(words::WHEEL)}</kbd></td>
                                        <td>{say(does)}</td>
                                    </tr>
                                }
                            })
                            .collect_view()}
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
