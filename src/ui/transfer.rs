//! The editor of colours and opacities in the 3D pane: points on a curve over the histogram of the CT, by mouse and by key.

use super::panels::parse_colour;
use super::runtime::page;
use super::toolbar::say;
use crate::session::words::pictures as words;
use crate::session::{Command, TransferChange, TransferPoint, TransferView};
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, PointerEvent};

/// HU of a step by key, and with Shift.
const STEPS_HU: [f32; 2] = [1.0, 20.0];
/// A step of height by key, and with Shift, in parts of the plot.
const STEPS_UP: [f64; 2] = [0.01, 0.05];

#[component]
pub(super) fn TransferEditor() -> impl IntoView {
    let page = page();
    let editor = Memo::new(move |_| page.view.with(|v| v.transfer.clone()));
    let is_open = Memo::new(move |_| editor.with(Option::is_some));
    move || is_open.get().then(|| view! { <Editor editor=editor /> })
}

#[component]
fn Editor(editor: Memo<Option<TransferView>>) -> impl IntoView {
    let page = page();
    let plot = NodeRef::<Div>::new();
    let change = move |change: TransferChange| page.dispatch(Command::Transfer(change));
    // HU and opacity under the pointer.
    let under = move |event: &PointerEvent| {
        let rect = plot.get_untracked()?.get_bounding_client_rect();
        let x = (f64::from(event.client_x()) - rect.left()) / rect.width().max(1.0);
        let y = (rect.bottom() - f64::from(event.client_y())) / rect.height().max(1.0);
        Some(TransferView::at([x.clamp(0.0, 1.0), y.clamp(0.0, 1.0)]))
    };
    let held = RwSignal::new(false);
    let hold = move |event: &PointerEvent| {
        event.prevent_default();
        if let Some(plot) = plot.get_untracked() {
            plot.set_pointer_capture(event.pointer_id()).unwrap_or_else(|e| log::debug!("{e:?}"));
        }
        held.set(true);
        change(TransferChange::Hold(true));
    };
    let let_go = move || {
        if held.get_untracked() {
            held.set(false);
            change(TransferChange::Hold(false));
        }
    };
    let press = move |event: PointerEvent| {
        let target = event.target().and_then(|t| t.dyn_into::<HtmlElement>().ok());
        let point = target.as_ref().and_then(|t| t.get_attribute("data-point")).and_then(|n| n.parse().ok());
        match (point, under(&event)) {
            (Some(n), _) => {
                change(TransferChange::Select(n));
                if let Some(target) = target {
                    target.focus().unwrap_or_else(|e| log::debug!("{e:?}"));
                }
                if event.button() == 2 {
                    return change(TransferChange::Remove);
                }
            }
            (None, Some([hu, opacity])) if event.button() == 0 => change(TransferChange::Add(hu, opacity)),
            _ => return,
        }
        hold(&event);
    };
    let drag = move |event: PointerEvent| {
        if let (true, Some([hu, opacity])) = (held.get_untracked(), under(&event)) {
            change(TransferChange::Move(hu, opacity));
        }
    };
    let selected = Memo::new(move |_| editor.with(|e| e.as_ref().and_then(|e| e.points.get(e.selected).cloned())));
    let key = move |event: KeyboardEvent| {
        let far = usize::from(event.shift_key());
        let (hu, up) = (STEPS_HU[far], STEPS_UP[far]);
        let asked = match event.key().as_str() {
            "ArrowLeft" => TransferChange::Step(-hu, 0.0),
            "ArrowRight" => TransferChange::Step(hu, 0.0),
            "ArrowUp" => TransferChange::Step(0.0, up),
            "ArrowDown" => TransferChange::Step(0.0, -up),
            "Delete" | "Backspace" => TransferChange::Remove,
            "Insert" | "+" => TransferChange::Insert,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        change(asked);
    };
    let curve = move || editor.with(|e| e.as_ref().map(|e| line(&e.curve)).unwrap_or_default());
    let bars = move || editor.with(|e| e.as_ref().map(|e| area(&e.histogram)).unwrap_or_default());
    let count = Memo::new(move |_| editor.with(|e| e.as_ref().map_or(0, |e| e.points.len())));
    let number = move |read: fn(&TransferPoint) -> f32| {
        move || selected.with(|p| p.as_ref().map(|p| read(p).to_string()).unwrap_or_default())
    };
    let typed = move |event: &leptos::ev::Event, put: fn(&TransferPoint, f32) -> TransferChange| {
        if let (Some(point), Ok(value)) = (selected.get_untracked(), event_target_value(event).parse()) {
            change(put(&point, value));
        }
    };
    view! {
        <div
            class="transfer"
            data-testid="transfer"
            data-edited=move || editor.with(|e| e.as_ref().is_some_and(|e| e.edited)).to_string()
            data-points=move || count.get()
        >
            <div
                class="plot"
                data-testid="transfer-plot"
                role="group"
                aria-label=say(words::TRANSFER)
                title=say(words::TRANSFER_ABOUT)
                node_ref=plot
                on:pointerdown=press
                on:pointermove=drag
                on:pointerup=move |_| let_go()
                on:pointercancel=move |_| let_go()
                on:contextmenu=|e| e.prevent_default()
                on:keydown=key
            >
                <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">
                    <path class="bars" d=bars />
                    <path class="curve" d=curve />
                </svg>
                <For each=move || 0..count.get() key=|n| *n let:n>
                    <Point n=n editor=editor />
                </For>
            </div>
            <div class="group">
                <input
                    type="color"
                    data-testid="transfer-colour"
                    aria-label=say(words::TRANSFER_COLOUR)
                    title=say(words::TRANSFER_COLOUR)
                    prop:value=move || selected.with(|p| p.as_ref().map(|p| p.colour.clone()).unwrap_or_default())
                    on:input=move |e| {
                        if let Some(rgb) = parse_colour(&event_target_value(&e)) {
                            change(TransferChange::Colour(rgb));
                        }
                    }
                />
                <label>
                    {say(words::TRANSFER_HU)}
                    <input
                        type="number"
                        data-testid="transfer-hu"
                        step="1"
                        prop:value=number(|p| p.hu)
                        on:change=move |e| typed(&e, |p, hu| TransferChange::Move(hu, p.opacity))
                    />
                </label>
                <label>
                    {say(words::TRANSFER_OPACITY)}
                    <input
                        type="number"
                        data-testid="transfer-opacity"
                        min="0"
                        max="1"
                        step="any"
                        prop:value=number(|p| (p.opacity * 1e4).round() / 1e4)
                        on:change=move |e| typed(&e, |p, opacity| TransferChange::Move(p.hu, opacity))
                    />
                </label>
                <button
                    type="button"
                    data-testid="transfer-reset"
                    disabled=move || !editor.with(|e| e.as_ref().is_some_and(|e| e.edited))
                    on:click=move |_| change(TransferChange::Reset)
                >
                    {say(words::TRANSFER_RESET)}
                </button>
            </div>
        </div>
    }
}

/// A point of the curve, reached by mouse and by key.
#[component]
fn Point(n: usize, editor: Memo<Option<TransferView>>) -> impl IntoView {
    let page = page();
    let point = Memo::new(move |_| editor.with(|e| e.as_ref().and_then(|e| e.points.get(n).cloned())));
    let is_selected = move || editor.with(|e| e.as_ref().is_some_and(|e| e.selected == n));
    let get =
        move |read: fn(&TransferPoint) -> String| move || point.with(|p| p.as_ref().map(read).unwrap_or_default());
    let node = NodeRef::<leptos::html::Button>::new();
    // What was added or is next to one that went has the keys.
    Effect::new(move |_| {
        let plot = node.get().and_then(|b| b.parent_element());
        let focused = web_sys::window().and_then(|w| w.document()).and_then(|d| d.active_element());
        let within = plot.is_some_and(|p: Element| p.contains(focused.as_deref()));
        if let (true, true, Some(button)) = (is_selected(), within, node.get_untracked()) {
            button.focus().unwrap_or_else(|e| log::debug!("{e:?}"));
        }
    });
    view! {
        <button
            type="button"
            class="point"
            class:selected=is_selected
            node_ref=node
            data-testid="transfer-point"
            data-point=n
            data-hu=get(|p| p.hu.to_string())
            data-opacity=get(|p| p.opacity.to_string())
            aria-label=get(|p| p.words.clone())
            aria-pressed=move || is_selected().to_string()
            title=get(|p| p.words.clone())
            style:left=get(|p| format!("{:.3}%", p.x * 100.0))
            style:bottom=get(|p| format!("{:.3}%", p.y * 100.0))
            style:background-color=get(|p| p.colour.clone())
            on:focus=move |_| {
                if !is_selected() {
                    page.dispatch(Command::Transfer(TransferChange::Select(n)));
                }
            }
        ></button>
    }
}

/// A curve in a field of 1000 × 1000.
fn line(points: &[[f64; 2]]) -> String {
    let step = |(n, [x, y]): (usize, &[f64; 2])| {
        format!("{}{:.1} {:.1}", if n == 0 { "M" } else { "L" }, x * 1000.0, 1000.0 - y * 1000.0)
    };
    points.iter().enumerate().map(step).collect()
}

/// Bars in a field of 1000 × 1000.
fn area(heights: &[f64]) -> String {
    let wide = 1000.0 / heights.len().max(1) as f64;
    let bars = heights.iter().enumerate().map(|(n, height)| {
        format!("L{:.1} {y:.1}L{:.1} {y:.1}", n as f64 * wide, (n + 1) as f64 * wide, y = 1000.0 - height * 1000.0)
    });
    format!("M0 1000{}L1000 1000z", bars.collect::<String>())
}
