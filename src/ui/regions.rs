//! Region tools: their menu, what is on show, and the refinements of a segment.

use super::menus::{Menu, face_of};
use super::runtime::page;
use super::toolbar::{CommandButton, say};
use crate::session::words::{self, Text};
use crate::session::{Action, Command, Refine, RefineSettings, RegionTool, Tool};
use leptos::prelude::*;

const TOOLS: [RegionTool; 4] = [RegionTool::Lesion, RegionTool::Grow, RegionTool::Compete, RegionTool::Threshold];

/// The tools, in the toolbar.
#[component]
pub(super) fn RegionMenu() -> impl IntoView {
    let page = page();
    let tools = TOOLS.map(|tool| {
        let tool = Tool::Region(tool);
        let pressed = Signal::derive(move || page.view.with(|v| v.tool == Some(tool)));
        view! { <CommandButton action=Action::Tool(tool) pressed=pressed labelled=true /> }
    });
    let in_hand = move || page.view.with(|v| matches!(v.tool, Some(Tool::Region(_))));
    let face = face_of(Action::Tool(Tool::Region(RegionTool::Lesion)));
    view! {
        <span class="holds" class:pressed=in_hand>
            <Menu test_id="region-menu" title=words::REGION_TOOLS face=face>
                {tools.collect_view()}
                <p class="note">{say(words::REGION_HELP)}</p>
            </Menu>
        </span>
    }
}

/// What is on show and waits to be accepted.
#[component]
pub(super) fn RegionOnShow() -> impl IntoView {
    let page = page();
    let region = Memo::new(move |_| page.view.with(|v| v.region.clone()));
    let adjustable = Signal::derive(move || region.with(|r| r.as_ref().is_some_and(|r| r.adjustable)));
    view! {
        <div class="on-show" role="status" data-testid="region" hidden=move || region.with(Option::is_none)>
            <span>{move || region.with(|r| r.as_ref().map(|r| r.text.clone()))}</span>
            <div class="group">
                <CommandButton action=Action::AcceptRegion />
                <button type="button" data-testid="region-leave" on:click=move |_| page.dispatch(Command::Do(Action::Escape))>
                    {say(words::REGION_LEAVE)}
                </button>
                <span hidden=move || !adjustable.get()>
                    <button type="button" data-testid="region-more" title="]" on:click=move |_| page.dispatch(Command::Do(Action::BrushStep(1)))>
                        {say(words::REGION_MORE)}
                    </button>
                    <button type="button" data-testid="region-less" title="[" on:click=move |_| page.dispatch(Command::Do(Action::BrushStep(-1)))>
                        {say(words::REGION_LESS)}
                    </button>
                </span>
            </div>
        </div>
    }
}

/// Refinements of the active segment, and the sizes they take.
#[component]
pub(super) fn RefineMenu() -> impl IntoView {
    let page = page();
    let can_mark = Signal::derive(move || page.view.with(|v| v.can_mark));
    let settings = Memo::new(move |_| page.view.with(|v| v.refine));
    let segments = Memo::new(move |_| {
        page.view.with(|v| v.segments.iter().map(|s| (s.number, s.name.clone(), s.active)).collect::<Vec<_>>())
    });
    let change = move |change: fn(&mut RefineSettings, f64), value: &str| {
        if let Ok(value) = value.parse() {
            let mut settings = settings.get_untracked();
            change(&mut settings, value);
            page.dispatch(Command::RefineSettings(settings));
        }
    };
    let number =
        move |title: Text, id: &'static str, read: fn(&RefineSettings) -> f64, write: fn(&mut RefineSettings, f64)| {
            view! {
                <label class="line">
                    <span>{say(title)}</span>
                    <input
                        type="number"
                        min="0"
                        step="any"
                        data-testid=id
                        prop:value=move || settings.with(read).to_string()
                        on:change=move |e| change(write, &event_target_value(&e))
                    />
                </label>
            }
        };
    let face = view! { <span>{say(words::REFINE)}</span> }.into_any();
    view! {
        <Menu test_id="refine-menu" title=words::REFINE face=face>
            {number(words::REFINE_ISLANDS_MM3, "refine-islands-mm3", |s| s.islands_mm3, |s, v| s.islands_mm3 = v)}
            {number(words::REFINE_SMOOTHING_MM, "refine-smoothing-mm", |s| s.smoothing_mm, |s, v| s.smoothing_mm = v)}
            {number(words::REFINE_MARGIN_MM, "refine-margin-mm", |s| s.margin_mm, |s, v| s.margin_mm = v)}
            <label class="line">
                <span>{say(words::REFINE_OTHER)}</span>
                <select
                    data-testid="refine-other"
                    on:change=move |e| {
                        let other = event_target_value(&e).parse().ok();
                        page.dispatch(Command::RefineSettings(RefineSettings { other, ..settings.get_untracked() }));
                    }
                >
                    <option value="">"—"</option>
                    {move || {
                        segments
                            .get()
                            .into_iter()
                            .filter(|(.., active)| !active)
                            .map(|(number, name, _)| {
                                let chosen = move || settings.with(|s| s.other == Some(number));
                                view! { <option value=number selected=chosen prop:selected=chosen>{name}</option> }
                            })
                            .collect_view()
                    }}
                </select>
            </label>
            <CommandButton action=Action::CompareSegments enabled=can_mark labelled=true />
            {move || {
                page.view
                    .with(|v| v.agreement.clone())
                    .into_iter()
                    .map(|row| {
                        let value = row.value.map(|v| v.to_string());
                        view! { <small data-testid=format!("agreement-{}", row.name) data-value=value>{row.text}</small> }
                    })
                    .collect_view()
            }}
            {Refine::ALL
                .map(|refine| view! { <CommandButton action=Action::Refine(refine) enabled=can_mark labelled=true /> })
                .collect_view()}
        </Menu>
    }
}
