//! The reading form: a column of rows that digits and arrows fill in.

use super::app::digit_of;
use super::runtime::page;
use super::toolbar::{CommandButton, say};
use crate::session::words;
use crate::session::{Action, Command, FormInput, FormRow, FormView};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

#[component]
pub(super) fn Form() -> impl IntoView {
    let page = page();
    let form = Memo::new(move |_| page.view.with(|v| v.form.clone()));
    let is_open = Memo::new(move |_| form.with(Option::is_some));
    // The rows stand while their answers change, so that the focus stays.
    let sections = Memo::new(move |_| {
        form.with(|f| f.as_ref().map_or_else(Vec::new, |f| f.sections.iter().map(outline).collect::<Vec<_>>()))
    });
    Effect::new(move |_| {
        if is_open.get() {
            request_animation_frame(|| focus_on(0));
        }
    });
    let part = move |read: fn(&FormView) -> String| form.with(|f| f.as_ref().map(read).unwrap_or_default());
    let answered = move || {
        let lang = page.lang.get();
        let [n, of] = form.with(|f| f.as_ref().map_or([0, 0], |f| [f.answered.0, f.answered.1]));
        words::FORM_ANSWERED.with(lang, &[&n.to_string(), &of.to_string()])
    };
    view! {
        <aside class="column right form" hidden=move || !is_open.get() aria-label=say(words::FORM)>
            <div class="group">
                <h2>{say(words::FORM)}</h2>
                <small data-testid="form-answered">{answered}</small>
                <span class="end">
                    <CommandButton action=Action::Form />
                </span>
            </div>
            <small>{say(words::FORM_HELP)}</small>
            <small>{move || page.view.with(|v| v.acquisition.clone())}</small>
            {move || {
                sections
                    .get()
                    .into_iter()
                    .map(|(title, numbers)| {
                        let scored = numbers.contains(&701);
                        let place = numbers.first().map_or(0, |n| usize::from(n / 100));
                        let rows = numbers.into_iter().map(|number| view! { <Row number=number form=form /> });
                        view! {
                            <section>
                                <h2>{title}</h2>
                                {rows.collect_view()} <Scores place=place form=form />
                                {scored
                                    .then(|| {
                                        view! {
                                            <div class="group">
                                                <CommandButton action=Action::FillZones />
                                                <CommandButton action=Action::ZonePlane(true) />
                                                <CommandButton action=Action::ZonePlane(false) />
                                            </div>
                                        }
                                    })}
                            </section>
                        }
                    })
                    .collect_view()
            }}
            <small>{move || part(|f| f.times.clone().unwrap_or_default())}</small>
            <small data-testid="form-blinded">{move || part(|f| f.blinded.unwrap_or_default().to_owned())}</small>
            <p class="note">{say(words::NOT_A_DEVICE)}</p>
        </aside>
    }
}

fn outline(section: &crate::session::FormSection) -> (String, Vec<u16>) {
    (section.title.clone(), section.fields.iter().map(|f| f.number).collect())
}

/// Scores that follow from the answers of a section.
#[component]
fn Scores(place: usize, form: Memo<Option<FormView>>) -> impl IntoView {
    let scores = Memo::new(move |_| {
        form.with(|f| f.as_ref().and_then(|f| f.sections.get(place.checked_sub(1)?)).map(|s| s.scores.clone()))
    });
    move || {
        scores
            .get()
            .unwrap_or_default()
            .into_iter()
            .map(|(key, text, value)| {
                let value = value.map(|v| v.to_string());
                view! { <p class="score" data-testid=format!("form-score-{key}") data-value=value>{text}</p> }
            })
            .collect_view()
    }
}

#[component]
fn Row(number: u16, form: Memo<Option<FormView>>) -> impl IntoView {
    let page = page();
    let row = Memo::new(move |_| {
        form.with(|f| {
            let rows = f.iter().flat_map(|f| &f.sections).flat_map(|s| &s.fields);
            rows.into_iter().find(|r| r.number == number).cloned()
        })
    });
    let Some(first) = row.get_untracked() else { return ().into_any() };
    let answer = move |input: FormInput| page.dispatch(Command::Answer(number, input));
    let (key, title, several) = (first.key, first.title, first.several);
    let answered = move || row.with(|r| r.as_ref().is_some_and(|r| r.answered)).to_string();
    let stated = move || {
        let text = row.with(|r| r.as_ref().and_then(|r| r.stated.clone()));
        text.map(|text| view! { <small class="stated">{text}</small> })
    };
    let measured = move || {
        let lang = page.lang.get();
        let known = row.with(|r| r.as_ref().and_then(|r| r.measured.clone()));
        known.map(|(text, agrees)| {
            let text = words::FORM_MEASURED.with(lang, &[&text]);
            view! { <small class="measured" class:differs=!agrees data-testid=format!("form-measured-{key}")>{text}</small> }
        })
    };
    if first.written.is_some() {
        let written = move || row.with(|r| r.as_ref().and_then(|r| r.written.clone()).unwrap_or_default());
        let on_key = move |event: KeyboardEvent| {
            event.stop_propagation();
            match event.key().as_str() {
                "Enter" | "ArrowDown" => step(&event, 1),
                "ArrowUp" => step(&event, -1),
                "Escape" => page.dispatch(Command::Do(Action::Form)),
                _ => {}
            }
        };
        return view! {
            <label class="form-row" class:words=first.is_words>
                <span>{title}</span>
                <input
                    type="text"
                    data-row
                    data-testid=format!("form-{key}")
                    data-answered=answered
                    prop:value=written
                    on:change=move |e| answer(FormInput::Write(event_target_value(&e)))
                    on:keydown=on_key
                />
                {stated}
                {measured}
            </label>
        }
        .into_any();
    }
    let count = first.choices.len();
    let offset = first.choices.first().map_or(1, |c| c.0);
    let on_key = move |event: KeyboardEvent| {
        let name = event.key();
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        match name.as_str() {
            "ArrowDown" | "Enter" => step(&event, 1),
            "ArrowUp" => step(&event, -1),
            "Backspace" | "Delete" => answer(FormInput::Clear),
            "Escape" => page.dispatch(Command::Do(Action::Form)),
            _ => {
                let typed = name.parse::<usize>().ok().or_else(|| digit_of(&event)?.parse().ok());
                let digit = typed.and_then(|d| d.checked_sub(offset)).filter(|n| *n < count);
                let Some(n) = digit else { return };
                answer(FormInput::Choose(n));
                if !several {
                    step(&event, 1);
                }
            }
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let scale = first.scale.map(|scale| view! { <small>{scale}</small> });
    let choices = (0..count).map(move |n| {
        let of = move |read: fn(&(usize, &'static str, bool)) -> String| {
            row.with(|r: &Option<FormRow>| r.as_ref().and_then(|r| r.choices.get(n)).map(read).unwrap_or_default())
        };
        view! {
            <button
                type="button"
                tabindex="-1"
                role=if several { "checkbox" } else { "radio" }
                aria-checked=move || of(|c| c.2.to_string())
                class:pressed=move || of(|c| c.2.to_string()) == "true"
                data-testid=format!("form-{key}-{}", n + offset)
                on:click=move |_| answer(FormInput::Choose(n))
            >
                <kbd>{n + offset}</kbd>
                {move || of(|c| c.1.to_owned())}
            </button>
        }
    });
    view! {
        {scale}
        <div
            class="form-row"
            tabindex="0"
            role=if several { "group" } else { "radiogroup" }
            aria-label=title
            data-row
            data-testid=format!("form-{key}")
            data-answered=answered
            on:keydown=on_key
        >
            <span>{title}</span>
            <span class="choices">{choices.collect_view()}</span>
            {stated}
            {measured}
        </div>
    }
    .into_any()
}

/// Moves the focus to the next row, or the one before.
fn step(event: &KeyboardEvent, by: i32) {
    event.prevent_default();
    let Some(here) = event.current_target().and_then(|t| t.dyn_into::<web_sys::Node>().ok()) else { return };
    let Some(rows) = rows() else { return };
    let at = (0..rows.length()).find(|n| rows.item(*n).is_some_and(|row| row.is_same_node(Some(&here))));
    if let Some(at) = at {
        focus_on(at.saturating_add_signed(by));
    }
}

fn rows() -> Option<web_sys::NodeList> {
    web_sys::window()?.document()?.query_selector_all("[data-row]").ok()
}

fn focus_on(n: u32) {
    if let Some(row) = rows().and_then(|r| r.item(n)).and_then(|r| r.dyn_into::<HtmlElement>().ok()) {
        row.focus().unwrap_or_else(|e| log::debug!("{e:?}"));
    }
}
