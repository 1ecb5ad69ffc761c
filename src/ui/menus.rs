//! Menus of the toolbar: the window, the picture, the layout and cine.

use super::icons::icon;
use super::runtime::page;
use super::toolbar::{CommandButton, say};
use crate::session::words::{self, Text};
use crate::session::{Action, CINE_RATES_HZ, Command, Layout, TURNTABLE_FRAMES, WindowChange, command_info};
use crate::view::{Interpolation, Projection, Slab, VoiFunction, Window};
use leptos::html::Details;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// A button that opens a sheet below it; a press elsewhere or Escape closes it.
#[component]
pub(super) fn Menu(test_id: &'static str, title: Text, face: AnyView, children: Children) -> impl IntoView {
    let details = NodeRef::<Details>::new();
    let close = move || {
        if let Some(details) = details.get_untracked() {
            details.set_open(false);
        }
    };
    let outside = window_event_listener(leptos::ev::pointerdown, move |event| {
        let pressed = event.target().and_then(|t| t.dyn_into::<web_sys::Node>().ok());
        if details.get_untracked().is_some_and(|d| !d.contains(pressed.as_ref())) {
            close();
        }
    });
    on_cleanup(move || outside.remove());
    view! {
        <details class="menu" node_ref=details on:keydown=move |e| if e.key() == "Escape" { close() }>
            <summary class="button" data-testid=test_id title=say(title) aria-label=say(title)>
                {face}
                <svg class="small" viewBox="0 0 24 24" aria-hidden="true"><path d="M7 10l5 5 5-5" /></svg>
            </summary>
            <div class="sheet">{children()}</div>
        </details>
    }
}

pub(super) fn face_of(action: Action) -> AnyView {
    icon(action).map(|d| view! { <svg viewBox="0 0 24 24" aria-hidden="true"><path d=d /></svg> }).into_any()
}

/// The names of the presets on keys 0–5.
const PRESET_NAMES: [Text; 6] = [
    words::WINDOW_OWN,
    words::WINDOW_LUNG,
    words::WINDOW_MEDIASTINUM,
    words::WINDOW_BONE,
    words::WINDOW_SOFT,
    words::WINDOW_EMPHYSEMA,
];

/// Presets, the file's windows, numbers, function, and whether panes share it.
#[component]
pub(super) fn WindowMenu() -> impl IntoView {
    let page = page();
    let name = move || {
        let text = page.window_preset().and_then(|n| PRESET_NAMES.get(n)).copied().unwrap_or(words::WINDOW_OTHER);
        text.in_lang(page.lang.get())
    };
    let presets = (0..PRESET_NAMES.len()).map(move |n| {
        let pressed = Signal::derive(move || n > 0 && page.window_preset() == Some(n));
        let enabled = Signal::derive(move || n > 0 || page.view.with(|v| !v.own_windows.is_empty()));
        view! { <CommandButton action=Action::Window(n) pressed=pressed enabled=enabled labelled=true /> }
    });
    let own = Memo::new(move |_| page.view.with(|v| v.own_windows.clone()));
    let current = Memo::new(move |_| page.current_window());
    let change = move |change: WindowChange| page.dispatch(Command::Window(change));
    let number = move |read: fn(&Window) -> f64| {
        move || current.with(|w| w.as_ref().map(|w| format!("{}", read(w))).unwrap_or_default())
    };
    view! {
        <Menu test_id="window-menu" title=words::WINDOW face=view! { <span class="window-name">{name}</span> }.into_any()>
            {presets.collect_view()}
            <div class="field" hidden=move || own.with(|o| o.len() < 2)>
                <small>{say(words::WINDOW_OF_FILE)}</small>
                {move || {
                    own.get()
                        .into_iter()
                        .enumerate()
                        .map(|(n, own)| {
                            let (centre, width) = (own.window.centre_hu, own.window.width_hu);
                            let numbers =
                                words::WINDOW_VALUES.with(page.lang.get_untracked(), &[&width.to_string(), &centre.to_string()]);
                            view! {
                                <button
                                    type="button"
                                    data-testid=format!("window-file-{n}")
                                    on:click=move |_| page.dispatch(Command::OwnWindow(n))
                                >
                                    {own.name}
                                    " "
                                    <small>{numbers}</small>
                                </button>
                            }
                        })
                        .collect_view()
                }}
            </div>
            <label class="line">
                <span>{say(words::WINDOW_WIDTH)}</span>
                <input
                    type="number"
                    data-testid="window-width"
                    min="0.1"
                    step="any"
                    prop:value=number(|w| w.width_hu)
                    on:change=move |e| {
                        if let Ok(width_hu) = event_target_value(&e).parse() {
                            change(WindowChange::Width(width_hu));
                        }
                    }
                />
            </label>
            <label class="line">
                <span>{say(words::WINDOW_CENTRE)}</span>
                <input
                    type="number"
                    data-testid="window-centre"
                    step="any"
                    prop:value=number(|w| w.centre_hu)
                    on:change=move |e| {
                        if let Ok(centre_hu) = event_target_value(&e).parse() {
                            change(WindowChange::Centre(centre_hu));
                        }
                    }
                />
            </label>
            <label class="line">
                <span>{say(words::WINDOW_FUNCTION)}</span>
                <select
                    data-testid="window-function"
                    on:change=move |e| {
                        let chosen = event_target_value(&e);
                        if let Some(function) = VoiFunction::ALL.into_iter().find(|f| f.name() == chosen) {
                            change(WindowChange::Function(function));
                        }
                    }
                >
                    {VoiFunction::ALL
                        .map(|function| {
                            let chosen = move || current.with(|w| w.is_some_and(|w| w.function == function));
                            view! {
                                <option value=function.name() selected=chosen prop:selected=chosen>{function.name()}</option>
                            }
                        })
                        .collect_view()}
                </select>
            </label>
            <CommandButton
                action=Action::LinkWindow
                pressed=Signal::derive(move || page.view.with(|v| v.linked_window))
                labelled=true
            />
        </Menu>
    }
}

/// What a slice may show about its plane.
const SLABS: [(Option<Projection>, Text); 4] = [
    (None, words::SLAB_OFF),
    (Some(Projection::Highest), words::SLAB_MIP),
    (Some(Projection::Lowest), words::SLAB_MINIP),
    (Some(Projection::Mean), words::SLAB_MEAN),
];

/// Slab, grey, interpolation, colours, and how the picture lies.
#[component]
pub(super) fn PictureMenu() -> impl IntoView {
    let page = page();
    let has_case = Signal::derive(move || page.view.with(|v| v.has_case));
    let interpolated = move |by: Interpolation| Signal::derive(move || page.view.with(|v| v.interpolation == by));
    view! {
        <Menu test_id="picture-menu" title=words::PICTURE face=face_of(Action::Invert)>
            <label class="line">
                <span>{say(words::SLAB)}</span>
                <select
                    data-testid="slab-mode"
                    title=say(words::SLAB_NEXT)
                    on:change=move |e| {
                        let chosen: usize = event_target_value(&e).parse().unwrap_or(0);
                        let thickness_mm = page.view.with_untracked(|v| v.slab_mm);
                        let slab = SLABS
                            .get(chosen)
                            .and_then(|(projection, _)| *projection)
                            .map_or_else(Slab::default, |projection| Slab { projection, thickness_mm });
                        page.dispatch(Command::Slab(slab));
                    }
                >
                    {SLABS
                        .iter()
                        .enumerate()
                        .map(|(n, (projection, text))| {
                            let chosen = move || {
                                page.view.with(|v| (v.slab.thickness_mm > 0.0).then_some(v.slab.projection)) == *projection
                            };
                            view! { <option value=n.to_string() selected=chosen prop:selected=chosen>{say(*text)}</option> }
                        })
                        .collect_view()}
                </select>
            </label>
            <label class="line">
                <span>{say(words::SLAB_MM)}</span>
                <input
                    type="number"
                    data-testid="slab-thickness"
                    min="1"
                    max="100"
                    step="1"
                    prop:value=move || page.view.with(|v| format!("{:.0}", v.slab_mm))
                    on:change=move |e| {
                        if let Ok(thickness_mm) = event_target_value(&e).parse() {
                            let projection = page.view.with_untracked(|v| v.slab.projection);
                            page.dispatch(Command::Slab(Slab { projection, thickness_mm }));
                        }
                    }
                />
            </label>
            <CommandButton
                action=Action::Invert
                pressed=Signal::derive(move || page.view.with(|v| v.inverted))
                labelled=true
            />
            <CommandButton action=Action::Nearest pressed=interpolated(Interpolation::Nearest) labelled=true />
            <CommandButton action=Action::Cubic pressed=interpolated(Interpolation::Cubic) labelled=true />
            <CommandButton
                action=Action::Compartments
                pressed=Signal::derive(move || page.view.with(|v| v.compartments))
                labelled=true
            />
            <CommandButton
                action=Action::LinkView
                pressed=Signal::derive(move || page.view.with(|v| v.linked_view))
                labelled=true
            />
            <CommandButton action=Action::Flip(true) labelled=true />
            <CommandButton action=Action::Flip(false) labelled=true />
            <CommandButton action=Action::TurnPicture(1) labelled=true />
            <hr />
            <CommandButton action=Action::Screenshot(true) enabled=has_case labelled=true />
            <CommandButton action=Action::Screenshot(false) enabled=has_case labelled=true />
            <CommandButton
                action=Action::PatientText
                pressed=Signal::derive(move || page.view.with(|v| v.patient_text))
                labelled=true
            />
            <label class="line">
                <span>{say(words::pictures::TURNTABLE_FRAMES)}</span>
                <select
                    data-testid="turntable-frames"
                    on:change=move |e| {
                        if let Ok(frames) = event_target_value(&e).parse() {
                            page.dispatch(Command::TurntableFrames(frames));
                        }
                    }
                >
                    {TURNTABLE_FRAMES
                        .map(|frames| {
                            let chosen = move || page.view.with(|v| v.turntable.1 == frames);
                            view! {
                                <option value=frames.to_string() selected=chosen prop:selected=chosen>{frames}</option>
                            }
                        })
                        .collect_view()}
                </select>
            </label>
        </Menu>
    }
}

/// How the panes share the screen.
#[component]
pub(super) fn LayoutMenu() -> impl IntoView {
    let page = page();
    let layout = Memo::new(move |_| page.view.with(|v| v.layout));
    let face = view! {
        <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d=move || icon(Action::Layout(layout.get())).unwrap_or_default() />
        </svg>
    };
    let choices = Layout::ALL.map(|choice| {
        let pressed = Signal::derive(move || layout.get() == choice);
        view! { <CommandButton action=Action::Layout(choice) pressed=pressed labelled=true /> }
    });
    view! {
        <Menu test_id="layout-menu" title=words::LAYOUT face=face.into_any()>
            {choices.collect_view()} <CommandButton action=Action::Maximise labelled=true />
        </Menu>
    }
}

/// Play and how.
#[component]
pub(super) fn Cine() -> impl IntoView {
    let page = page();
    let has_case = Signal::derive(move || page.view.with(|v| v.has_case));
    let playing = Signal::derive(move || page.view.with(|v| v.playing.is_some()));
    let title = command_info(Action::Cine).map_or(words::CINE, |c| c.title);
    view! {
        <CommandButton action=Action::Cine pressed=playing enabled=has_case />
        <Menu test_id="cine-menu" title=title face=().into_any()>
            <label class="line">
                <span>{say(words::CINE_RATE)}</span>
                <input
                    type="number"
                    data-testid="cine-rate"
                    min=CINE_RATES_HZ.start().to_string()
                    max=CINE_RATES_HZ.end().to_string()
                    step="1"
                    prop:value=move || page.view.with(|v| v.cine_rate_hz.0.to_string())
                    on:change=move |e| {
                        if let Ok(rate_hz) = event_target_value(&e).parse() {
                            page.dispatch(Command::CineRate(rate_hz));
                        }
                    }
                />
            </label>
            <CommandButton
                action=Action::CinePingPong
                pressed=Signal::derive(move || page.view.with(|v| v.cine_ping_pong))
                labelled=true
            />
        </Menu>
    }
}
