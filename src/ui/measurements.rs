//! Measurements: the menu of tools, what is drawn over a pane, and the list.

use super::menus::{Menu, face_of};
use super::runtime::page;
use super::toolbar::{CommandButton, EYE, RowSwitch, Switch, say};
use crate::annotation::MeasurementKind;
use crate::geometry::PanePoint;
use crate::session::words;
use crate::session::{Action, Command, MeasurementChange, MeasurementDrawing, MeasurementRow, Tool};
use leptos::prelude::*;

/// The tools that measure.
#[component]
pub(super) fn MeasureMenu() -> impl IntoView {
    let page = page();
    let tools = MeasurementKind::ALL.map(|kind| {
        let tool = Tool::Measure(kind);
        let pressed = Signal::derive(move || page.view.with(|v| v.tool == Some(tool)));
        view! { <CommandButton action=Action::Tool(tool) pressed=pressed labelled=true /> }
    });
    let in_hand = move || page.view.with(|v| matches!(v.tool, Some(Tool::Measure(_))));
    let face = face_of(Action::Tool(Tool::Measure(MeasurementKind::Length)));
    view! {
        <span class="holds" class:pressed=in_hand>
            <Menu test_id="measure-menu" title=words::MEASURE face=face>
                {tools.collect_view()} <CommandButton action=Action::DeleteMeasurement labelled=true />
            </Menu>
        </span>
    }
}

/// The measurements over slice pane `n`, inside its drawing.
#[component]
pub(super) fn MeasurementOverlay(n: usize) -> impl IntoView {
    let page = page();
    let drawings = Memo::new(move |_| page.drawings[n].with(|d| d.measurements.clone()));
    move || drawings.get().into_iter().map(drawn).collect_view()
}

fn drawn(drawing: MeasurementDrawing) -> impl IntoView {
    let lines: String = drawing.lines.iter().map(|line| polyline(line)).collect();
    let handles: String =
        drawing.handles.iter().map(|c| format!("M{:.1} {:.1}a4 4 0 1 0 8 0a4 4 0 1 0-8 0", c.x - 4.0, c.y)).collect();
    let crossings: String =
        drawing.crossings.iter().map(|c| format!("M{:.1} {:.1}l8 8m0-8l-8 8", c.x - 4.0, c.y - 4.0)).collect();
    let label = drawing.label.map(|(at, words)| {
        let rows = words.into_iter().enumerate().map(|(row, line)| {
            view! { <tspan x=format!("{:.1}", at.x) dy=if row == 0 { "0" } else { "1.25em" }>{line}</tspan> }
        });
        let (x, y) = (format!("{:.1}px", at.x), format!("{:.1}px", at.y));
        view! {
            <text x=format!("{:.1}", at.x) y=format!("{:.1}", at.y) style:--x=x style:--y=y>
                {rows.collect_view()}
            </text>
        }
    });
    view! {
        <g class="measurement" class:selected=drawing.selected data-testid="measurement">
            <path d=lines />
            <path class="crossing" d=crossings />
            <path class="grip" d=handles />
            {label}
        </g>
    }
}

fn polyline(points: &[PanePoint]) -> String {
    let step = |(n, p): (usize, &PanePoint)| format!("{}{:.1} {:.1}", if n == 0 { "M" } else { "L" }, p.x, p.y);
    points.iter().enumerate().map(step).collect()
}

/// The list, where there is something to list.
#[component]
pub(super) fn Measurements() -> impl IntoView {
    let page = page();
    let rows = Memo::new(move |_| page.view.with(|v| v.measurements.clone()));
    let numbers = Memo::new(move |_| rows.with(|r| r.iter().map(|row| row.number).collect::<Vec<_>>()));
    view! {
        <ul class="segments" hidden=move || numbers.with(Vec::is_empty)>
            <For each=move || numbers.get() key=|n| *n let:number>
                <Row number=number rows=rows />
            </For>
        </ul>
    }
}

const SHOWN: Switch =
    Switch { test_id: "measurement-visible", class: "eye", title: words::SHOW_MEASUREMENT, path: EYE };

#[component]
fn Row(number: u16, rows: Memo<Vec<MeasurementRow>>) -> impl IntoView {
    let page = page();
    let row = Memo::new(move |_| rows.with(|r| r.iter().find(|row| row.number == number).cloned()));
    let get = move |f: fn(&MeasurementRow) -> String| row.with(|r| r.as_ref().map(f).unwrap_or_default());
    let is = move |f: fn(&MeasurementRow) -> bool| row.with(|r| r.as_ref().is_some_and(f));
    let change = move |change: MeasurementChange| page.dispatch(Command::Measurement(number, change));
    let words = NodeRef::<leptos::html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = words.get().filter(|_| page.asks_words.get() == Some(number)) {
            page.asks_words.set(None);
            input.focus().unwrap_or_else(|e| log::debug!("{e:?}"));
        }
    });
    // Keys are tools again once the words are there.
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        if let Some(input) = words.get_untracked().filter(|_| matches!(event.key().as_str(), "Enter" | "Escape")) {
            input.blur().unwrap_or_else(|e| log::debug!("{e:?}"));
        }
    };
    view! {
        <li
            class="segment measured"
            class:active=move || is(|r| r.selected)
            data-testid="measurement-item"
            data-number=number
            data-kind=move || get(|r| r.kind.to_owned())
            data-value=move || get(|r| r.value.map(|(v, _)| v.to_string()).unwrap_or_default())
            data-unit=move || get(|r| r.value.map(|(_, unit)| unit.to_owned()).unwrap_or_default())
        >
            <button
                type="button"
                class="find"
                data-testid="measurement-select"
                aria-pressed=move || is(|r| r.selected).to_string()
                on:click=move |_| change(MeasurementChange::Select)
            >
                {move || get(|r| r.title.clone())}
                <small>{move || get(|r| r.text.join(" · "))}</small>
            </button>
            <RowSwitch
                switch=SHOWN
                pressed=Signal::derive(move || is(|r| r.visible))
                on_press=move || change(MeasurementChange::ToggleVisible)
            />
            <button
                type="button"
                class="pressed"
                data-testid="measurement-delete"
                aria-label=say(words::DELETE_MEASUREMENT)
                title=say(words::DELETE_MEASUREMENT)
                on:click=move |_| change(MeasurementChange::Remove)
            >
                <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6L6 18" /></svg>
            </button>
            <input
                node_ref=words
                type="text"
                class="name"
                maxlength="64"
                data-testid="measurement-name"
                aria-label=say(words::MEASUREMENT_NAME)
                placeholder=say(words::MEASUREMENT_NAME)
                prop:value=move || get(|r| r.name.clone())
                on:change=move |e| change(MeasurementChange::Name(event_target_value(&e)))
                on:keydown=on_key
            />
        </li>
    }
}
