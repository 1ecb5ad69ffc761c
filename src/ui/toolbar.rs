//! Buttons of the command table.

use super::icons::icon;
use super::measurements::MeasureMenu;
use super::menus::{Cine, LayoutMenu, PictureMenu, WindowMenu};
use super::regions::RegionMenu;
use super::runtime::page;
use crate::session::words::{self, Lang, Text};
use crate::session::{Action, Command, Tool, VolumeStyle, command_info};
use leptos::prelude::*;
use web_sys::HtmlInputElement;

/// A sentence that follows the language.
pub(super) fn say(text: Text) -> impl Fn() -> &'static str + Copy + Send + 'static {
    let lang = page().lang;
    move || text.in_lang(lang.get())
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
    // Whatever else changes on the page leaves the button alone.
    let (pressed, enabled) = (Memo::new(move |_| pressed.get()), Memo::new(move |_| enabled.get()));
    let title = say(info.title);
    let key = match info.keys.first().copied().unwrap_or_default() {
        " " => "Space",
        key => key,
    };
    let hint = move || if key.is_empty() { title().to_owned() } else { format!("{} [{key}]", title()) };
    let path = icon(action);
    let drawn = path.map(|d| {
        view! { <svg viewBox="0 0 24 24" aria-hidden="true"><path d=d /></svg> }
    });
    let words = (labelled || path.is_none()).then(|| view! { <span>{title}</span> });
    let shown_key = (labelled && !key.is_empty()).then(|| view! { <kbd>{key}</kbd> });
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
            {shown_key}
        </button>
    }
    .into_any()
}

/// What a switch of a row shows, an icon as path data.
#[derive(Clone, Copy)]
pub(super) struct Switch {
    pub(super) test_id: &'static str,
    pub(super) class: &'static str,
    pub(super) title: Text,
    pub(super) path: &'static str,
}

/// An open eye.
pub(super) const EYE: &str = "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12M12 9a3 3 0 1 0 0 6a3 3 0 1 0 0-6";

/// A switch of a row, which a press does not choose.
#[component]
pub(super) fn RowSwitch(
    switch: Switch,
    /// Whether it is on.
    #[prop(into)]
    pressed: Signal<bool>,
    on_press: impl Fn() + 'static,
) -> impl IntoView {
    let Switch { test_id, class, title, path } = switch;
    view! {
        <button
            type="button"
            class=class
            data-testid=test_id
            class:pressed=move || pressed.get()
            aria-pressed=move || pressed.get().to_string()
            aria-label=say(title)
            title=say(title)
            on:click=move |e| {
                e.stop_propagation();
                on_press();
            }
        >
            <svg viewBox="0 0 24 24" aria-hidden="true"><path d=path /></svg>
        </button>
    }
}

#[component]
pub(super) fn Toolbar() -> impl IntoView {
    let page = page();
    let tool = move |tool: Tool| {
        let pressed = Signal::derive(move || page.view.with(|v| v.tool == Some(tool)));
        view! { <CommandButton action=Action::Tool(tool) pressed=pressed /> }
    };
    let can_undo = Signal::derive(move || page.view.with(|v| v.can_undo));
    let can_redo = Signal::derive(move || page.view.with(|v| v.can_redo));
    let is_oblique = Signal::derive(move || page.view.with(|v| v.panes.iter().any(|p| p.oblique.is_some())));
    let blinded = Signal::derive(move || page.view.with(|v| v.blinded.0));
    let can_unblind = Signal::derive(move || page.view.with(|v| !v.blinded.1));
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
                <label class="button" title=say(words::OPEN_FILES)>
                    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 3h8l4 4v14H6zM14 3v4h4" /></svg>
                    <span class="wide">{say(words::OPEN_FILES)}</span>
                    <input
                        type="file"
                        multiple
                        data-testid="open-files"
                        title=say(words::OPEN_FILES)
                        aria-label=say(words::OPEN_FILES)
                        on:change=open
                    />
                </label>
                <label class="button" title=say(words::OPEN_FOLDER)>
                    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3 6h6l2 2h10v11H3z" /></svg>
                    <span class="wide">{say(words::OPEN_FOLDER)}</span>
                    <input
                        node_ref=folder
                        type="file"
                        multiple
                        data-testid="open-folder"
                        title=say(words::OPEN_FOLDER)
                        aria-label=say(words::OPEN_FOLDER)
                        on:change=open
                    />
                </label>
                <span hidden=move || page.view.with(|v| v.destinations[0].is_none())>
                    <CommandButton action=Action::OpenDicomweb />
                </span>
                <CommandButton action=Action::OpenDemonstration />
            </div>
            <div class="group">
                {[Tool::Navigate, Tool::Window, Tool::Pan, Tool::Zoom, Tool::Contour, Tool::Brush, Tool::Eraser, Tool::Push]
                    .map(tool)
                    .collect_view()} <RegionMenu /> <MeasureMenu />
            </div>
            <div class="group">
                <CommandButton action=Action::Undo enabled=can_undo />
                <CommandButton action=Action::Redo enabled=can_redo />
                <CommandButton action=Action::ResetView />
                <CommandButton action=Action::ResetPlanes enabled=is_oblique />
            </div>
            <div class="group">
                <WindowMenu />
                <PictureMenu />
                <LayoutMenu />
                <Cine />
            </div>
            <div class="group">
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
                <CommandButton action=Action::Blinded pressed=blinded enabled=can_unblind />
                <button
                    type="button"
                    data-testid="help"
                    title=say(words::HELP)
                    aria-label=say(words::HELP)
                    on:click=move |_| page.help.set(true)
                >
                    "?"
                </button>
                {[(Lang::Fr, "lang-fr", "FR"), (Lang::En, "lang-en", "EN")]
                    .map(|(lang, id, label)| {
                        let pressed = move || page.lang.get() == lang;
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
