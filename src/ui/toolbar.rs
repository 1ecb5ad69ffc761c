//! Buttons of the command table.

use super::icons::icon;
use super::runtime::page;
use crate::session::words::{self, Lang, Text};
use crate::session::{Action, Command, Tool, VolumeStyle, command_info};
use crate::view::{Projection, Slab};
use leptos::prelude::*;
use web_sys::HtmlInputElement;

/// What a slice may show about its plane.
const SLABS: [(Option<Projection>, Text); 4] = [
    (None, words::SLAB_OFF),
    (Some(Projection::Highest), words::SLAB_MIP),
    (Some(Projection::Lowest), words::SLAB_MINIP),
    (Some(Projection::Mean), words::SLAB_MEAN),
];

/// A sentence that follows the language.
pub(super) fn say(text: Text) -> impl Fn() -> &'static str + Copy + Send + 'static {
    let page = page();
    move || text.in_lang(page.view.with(|v| v.lang))
}

/// A button of the table: its name, key and test id come from there.
#[component]
pub(super) fn CommandButton(
    action: Action,
    /// Whether it looks pressed.
    #[prop(optional, into)]
    pressed: Signal<bool>,
    /// Whether it can be pressed.
    #[prop(default = Signal::derive(|| true), into)]
    enabled: Signal<bool>,
    /// Words on the button; an icon alone where there is one.
    #[prop(optional)]
    labelled: bool,
) -> impl IntoView {
    let page = page();
    let Some(info) = command_info(action) else { return ().into_any() };
    let title = say(info.title);
    let key = info.keys.first().copied().unwrap_or_default();
    let hint = move || if key.is_empty() { title().to_owned() } else { format!("{} [{key}]", title()) };
    let path = icon(action);
    let drawn = path.map(|d| {
        view! { <svg viewBox="0 0 24 24" aria-hidden="true"><path d=d /></svg> }
    });
    let words = (labelled || path.is_none()).then(|| view! { <span>{title}</span> });
    view! {
        <button
            type="button"
            data-testid=info.test_id
            class:pressed=move || pressed.get()
            aria-pressed=move || pressed.get().to_string()
            aria-label=title
            aria-keyshortcuts=key
            title=hint
            disabled=move || !enabled.get()
            on:click=move |_| page.dispatch(Command::Do(action))
        >
            {drawn}
            {words}
        </button>
    }
    .into_any()
}

#[component]
pub(super) fn Toolbar() -> impl IntoView {
    let page = page();
    let tool = move |tool: Tool| {
        let pressed = Signal::derive(move || page.view.with(|v| v.tool == Some(tool)));
        view! { <CommandButton action=Action::Tool(tool) pressed=pressed /> }
    };
    let preset = move |n: usize, text: Text| {
        let pressed = Signal::derive(move || page.window_preset() == Some(n));
        let enabled = Signal::derive(move || n > 0 || page.view.with(|v| v.has_case));
        view! {
            <span class="preset" title=say(text)>
                <CommandButton action=Action::Window(n) pressed=pressed enabled=enabled />
            </span>
        }
    };
    let can_undo = Signal::derive(move || page.view.with(|v| v.can_undo));
    let can_redo = Signal::derive(move || page.view.with(|v| v.can_redo));
    let open = move |event: leptos::ev::Event| {
        let input: HtmlInputElement = event_target(&event);
        if let Some(list) = input.files() {
            page.runtime.with_value(|r| r.open_list(&list));
        }
        input.set_value("");
    };
    // Not in the framework's list of attributes.
    let folder = NodeRef::<leptos::html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = folder.get() {
            input.set_attribute("webkitdirectory", "").unwrap_or_else(|e| log::debug!("{e:?}"));
        }
    });
    view! {
        <header class="toolbar" role="toolbar" aria-label=say(words::TOOLS)>
            <h1>"Hilum"</h1>
            <div class="group">
                <label class="button">
                    <span>{say(words::OPEN_FILES)}</span>
                    <input type="file" multiple data-testid="open-files" on:change=open />
                </label>
                <label class="button">
                    <span>{say(words::OPEN_FOLDER)}</span>
                    <input node_ref=folder type="file" multiple data-testid="open-folder" on:change=open />
                </label>
                <span hidden=move || page.view.with(|v| v.destination.is_none())>
                    <CommandButton action=Action::OpenDicomweb />
                </span>
                <CommandButton action=Action::OpenDemonstration />
            </div>
            <div class="group">
                {[Tool::Navigate, Tool::Window, Tool::Pan, Tool::Zoom, Tool::Contour, Tool::Brush, Tool::Eraser]
                    .map(tool)
                    .collect_view()}
            </div>
            <div class="group">
                <CommandButton action=Action::Undo enabled=can_undo />
                <CommandButton action=Action::Redo enabled=can_redo />
                <CommandButton action=Action::ResetView />
            </div>
            <div class="group" aria-label=say(words::WINDOW)>
                {[
                    (0, words::WINDOW_OWN),
                    (1, words::WINDOW_LUNG),
                    (2, words::WINDOW_MEDIASTINUM),
                    (3, words::WINDOW_BONE),
                    (4, words::WINDOW_SOFT),
                    (5, words::WINDOW_EMPHYSEMA),
                ]
                    .map(|(n, text)| preset(n, text))
                    .collect_view()}
            </div>
            <div class="group" aria-label=say(words::SLAB)>
                <select
                    data-testid="slab-mode"
                    aria-label=say(words::SLAB)
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
                <input
                    type="number"
                    class="millimetres"
                    data-testid="slab-thickness"
                    aria-label=say(words::SLAB_MM)
                    title=say(words::SLAB_MM)
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
                <CommandButton action=Action::Invert pressed=Signal::derive(move || page.view.with(|v| v.inverted)) />
                <CommandButton action=Action::Nearest pressed=Signal::derive(move || page.view.with(|v| v.nearest)) />
                <select
                    data-testid="volume-style"
                    aria-label=say(words::VOLUME_STYLE)
                    title=say(words::VOLUME_STYLE)
                    on:change=move |e| {
                        let chosen = event_target_value(&e).parse().ok().and_then(|n| VolumeStyle::all().nth(n));
                        if let Some(style) = chosen {
                            page.dispatch(Command::VolumeStyle(style));
                        }
                    }
                >
                    {VolumeStyle::all()
                        .enumerate()
                        .map(|(n, style)| {
                            let chosen = move || page.view.with(|v| v.volume_style == Some(style));
                            view! {
                                <option value=n.to_string() selected=chosen prop:selected=chosen>{say(style.title())}</option>
                            }
                        })
                        .collect_view()}
                </select>
            </div>
            <div class="group end">
                <button type="button" data-testid="help" title="?" on:click=move |_| page.help.set(true)>
                    {say(words::HELP)}
                </button>
                {[(Lang::Fr, "lang-fr", "FR"), (Lang::En, "lang-en", "EN")]
                    .map(|(lang, id, label)| {
                        let pressed = move || page.view.with(|v| v.lang == lang);
                        view! {
                            <button
                                type="button"
                                data-testid=id
                                lang=lang.tag()
                                class:pressed=pressed
                                aria-pressed=move || pressed().to_string()
                                on:click=move |_| page.choose_language(lang)
                            >
                                {label}
                            </button>
                        }
                    })
                    .collect_view()}
            </div>
        </header>
    }
}
