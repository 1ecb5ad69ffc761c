//! The columns: series and problems on the left, segments, measurements and hand-over on the right; the status line below.

use super::associations::Associations;
use super::kept::Autosave;
use super::numbers::Numbers;
use super::own_model::RunModel;
use super::regions::{RefineMenu, RegionOnShow};
use super::runtime::page;
use super::sending::HandOver;
use super::toolbar::{CommandButton, EYE, RowSwitch, Switch, say};
use crate::annotation::SegmentMeaning;
use crate::session::words;
use crate::session::{
    Action, Command, ContourJoin, Proposable, SegmentChange, SegmentRow, StackRow, StatusState, meaning_words,
};
use leptos::prelude::*;

#[component]
pub(super) fn LeftColumn() -> impl IntoView {
    let page = page();
    let series = Memo::new(move |_| page.view.with(|v| v.series.clone()));
    let patient = Memo::new(move |_| page.view.with(|v| v.patient.clone()));
    let problems = Memo::new(move |_| page.view.with(|v| v.problems.clone()));
    let geometry = Memo::new(move |_| page.view.with(|v| v.geometry.clone()));
    let ledger = Memo::new(move |_| page.view.with(|v| v.ledger.clone()));
    let instances = move |n: usize| words::INSTANCES.with(page.lang.get(), &[&n.to_string()]);
    view! {
        <aside class="column left">
            <section data-testid="patient" hidden=move || patient.with(Vec::is_empty)>
                <h2>{say(words::reading::PATIENT)}</h2>
                {move || patient.get().into_iter().map(|row| view! { <div><span>{row}</span></div> }).collect_view()}
            </section>
            <section>
                <h2>{say(words::SERIES)}</h2>
                <ul>
                    {move || {
                        series
                            .get()
                            .into_iter()
                            .map(|row| {
                                let uid = row.uid.clone();
                                let about = [words::isolated(&row.modality).into_owned(), instances(row.instances), row.study]
                                    .into_iter()
                                    .filter(|part| !part.is_empty())
                                    .collect::<Vec<_>>()
                                    .join(" · ");
                                view! {
                                    <li>
                                        <button
                                            type="button"
                                            class="row"
                                            class:pressed=row.is_open
                                            disabled=!row.can_open
                                            data-testid="series-item"
                                            data-series-uid=row.uid.clone()
                                            data-instances=row.instances
                                            data-modality=row.modality
                                            on:click=move |_| page.dispatch(Command::OpenSeries(uid.clone()))
                                        >
                                            <span>{row.title}</span>
                                            <small>{about}</small>
                                        </button>
                                        <Compare uid=row.uid.clone() can=row.can_compare is=row.is_beside />
                                        <Stacks uid=row.uid stacks=row.stacks />
                                    </li>
                                }
                            })
                            .collect_view()
                    }}
                </ul>
            </section>
            <section hidden=move || geometry.with(Vec::is_empty)>
                <h2>{say(words::GEOMETRY)}</h2>
                <ul>
                    {move || {
                        geometry
                            .get()
                            .into_iter()
                            .map(|row| {
                                view! { <li class="note" class:warning=row.is_warning data-testid="geometry-item">{row.text}</li> }
                            })
                            .collect_view()
                    }}
                </ul>
            </section>
            <section hidden=move || problems.with(Vec::is_empty)>
                <h2>{say(words::PROBLEMS)}</h2>
                <ul>
                    {move || {
                        problems
                            .get()
                            .into_iter()
                            .map(|(name, why)| {
                                view! {
                                    <li class="note error" data-testid="error-item">
                                        <strong>{name}</strong>
                                        " "
                                        {why}
                                    </li>
                                }
                            })
                            .collect_view()
                    }}
                </ul>
            </section>
            <section class="ledger">
                <h2>{say(words::LEDGER)}</h2>
                <div class="group">
                    <CommandButton action=Action::ConnectionTest />
                </div>
                <p hidden=move || !ledger.with(Vec::is_empty)>{say(words::LEDGER_EMPTY)}</p>
                <div class="group" hidden=move || ledger.with(Vec::is_empty)>
                    <CommandButton action=Action::SaveLedger />
                </div>
                <ul>
                    {move || {
                        ledger
                            .get()
                            .into_iter()
                            .map(|entry| {
                                let about =
                                    format!("{} {} · {} B · {}", entry.method, entry.url, entry.bytes, entry.kind);
                                view! {
                                    <li
                                        class="note"
                                        data-testid="ledger-entry"
                                        data-method=entry.method
                                        data-url=entry.url
                                        data-bytes=entry.bytes
                                        data-kind=entry.kind
                                    >
                                        {about}
                                    </li>
                                }
                            })
                            .collect_view()
                    }}
                </ul>
            </section>
        </aside>
    }
}

/// Puts a stack of a series beside the open CT.
#[component]
fn Compare(uid: String, #[prop(optional)] stack: usize, can: bool, is: bool) -> impl IntoView {
    let page = page();
    let series = uid.clone();
    view! {
        <button
            type="button"
            class="compare"
            class:pressed=is
            hidden=!can
            data-testid="compare-series"
            data-series-uid=series
            data-stack=stack
            aria-pressed=is.to_string()
            on:click=move |_| page.dispatch(Command::Compare(uid.clone(), stack))
        >
            {say(words::beside::COMPARE)}
        </button>
    }
}

/// The stacks of a series that has several.
#[component]
fn Stacks(uid: String, stacks: Vec<StackRow>) -> impl IntoView {
    let page = page();
    let row = move |row: StackRow| {
        let (uid, of) = (uid.clone(), uid.clone());
        view! {
            <li>
                <button
                    type="button"
                    class="row"
                    class:pressed=row.is_open
                    data-testid="stack-item"
                    data-stack=row.stack
                    data-instances=row.instances
                    on:click=move |_| page.dispatch(Command::OpenStack(uid.clone(), row.stack))
                >
                    <small>{row.text}</small>
                </button>
                <Compare uid=of stack=row.stack can=row.can_compare is=row.is_beside />
            </li>
        }
    };
    (!stacks.is_empty()).then(|| view! { <ul class="stacks">{stacks.into_iter().map(row).collect_view()}</ul> })
}

#[component]
pub(super) fn RightColumn() -> impl IntoView {
    let page = page();
    let has_case = Signal::derive(move || page.view.with(|v| v.has_case));
    let can_mark = Signal::derive(move || page.view.with(|v| v.can_mark));
    let segments = Memo::new(move |_| page.view.with(|v| v.segments.clone()));
    let solo = Signal::derive(move || page.view.with(|v| v.solo));
    let with_form = Memo::new(move |_| page.view.with(|v| v.form.is_some()));
    let numbers = Memo::new(move |_| segments.with(|s| s.iter().map(|r| r.number).collect::<Vec<_>>()));
    view! {
        <aside class="column right" hidden=move || with_form.get()>
            <section>
                <h2>{say(words::SEGMENTS)}</h2>
                <ul class="segments">
                    <For each=move || numbers.get() key=|n| *n let:number>
                        <Segment number=number segments=segments />
                    </For>
                </ul>
                <div class="group">
                    <CommandButton action=Action::Solo pressed=solo enabled=has_case />
                    <CommandButton action=Action::MoveSegment(-1) enabled=has_case />
                    <CommandButton action=Action::MoveSegment(1) enabled=has_case />
                </div>
                <NewSegment enabled=has_case />
                <RegionOnShow />
                <MarkingTools />
                <RefineMenu />
            </section>
            <section>
                <h2>{say(words::PROPOSE)}</h2>
                <div class="group">
                    <CommandButton action=Action::ProposeLungs enabled=can_mark />
                    <CommandButton action=Action::ProposeLesions enabled=can_mark />
                    <CommandButton action=Action::Propose(Proposable::Vessels) enabled=can_mark />
                    <CommandButton action=Action::Propose(Proposable::ChestWall) enabled=can_mark />
                    <CommandButton action=Action::Propose(Proposable::Calcium) enabled=can_mark />
                </div>
                <div class="group" hidden=move || page.view.with(|v| v.running.is_none())>
                    <p class="note">{move || page.view.with(|v| v.running.clone())}</p>
                    <CommandButton action=Action::CancelProposal />
                </div>
                <RunModel enabled=can_mark />
            </section>
            <Numbers />
            <Associations />
            <HandOver />
        </aside>
    }
}

const SHOWN: Switch = Switch { test_id: "segment-visible", class: "eye", title: words::SHOW_SEGMENT, path: EYE };
const LOCKED: Switch = Switch {
    test_id: "segment-lock",
    class: "lock",
    title: words::LOCK_SEGMENT,
    path: "M6 11h12v9H6zM8 11V8a4 4 0 0 1 8 0v3",
};

#[component]
fn Segment(number: u8, segments: Memo<Vec<SegmentRow>>) -> impl IntoView {
    let page = page();
    let row = Memo::new(move |_| segments.with(|s| s.iter().find(|r| r.number == number).cloned()));
    let get = move |f: fn(&SegmentRow) -> String| row.with(|r| r.as_ref().map(f).unwrap_or_default());
    let is = move |f: fn(&SegmentRow) -> bool| row.with(|r| r.as_ref().is_some_and(f));
    let change = move |change: SegmentChange| page.dispatch(Command::ChangeSegment(number, change));
    let numbers = move || {
        let lang = page.lang.get();
        row.with(|r| {
            r.as_ref().map(|r| {
                let mean = r.mean_hu.map_or_else(|| "—".to_owned(), |hu| lang.number(hu, 0));
                format!("{} · {mean} {}", r.volume, words::COLUMN_MEAN.in_lang(lang))
            })
        })
    };
    view! {
        <li
            class="segment"
            class:active=move || is(|r| r.active)
            data-testid="segment-item"
            data-number=number
            data-voxels=move || get(|r| r.voxels.to_string())
            data-ml=move || get(|r| r.volume_ml.to_string())
            data-mean=move || get(|r| r.mean_hu.map(|m| m.to_string()).unwrap_or_default())
            data-active=move || is(|r| r.active).to_string()
            on:click=move |_| page.dispatch(Command::SelectSegment(number))
        >
            <input
                type="color"
                aria-label=say(words::COLOUR)
                title=say(words::COLOUR)
                prop:value=move || get(|r| r.colour.clone())
                on:change=move |e| {
                    if let Some(colour) = parse_colour(&event_target_value(&e)) {
                        change(SegmentChange::Colour(colour));
                    }
                }
            />
            <input
                type="text"
                class="name"
                maxlength="64"
                aria-label=say(words::NAME)
                title=move || get(|r| r.meaning.clone())
                prop:value=move || get(|r| r.name.clone())
                on:change=move |e| change(SegmentChange::Name(event_target_value(&e)))
            />
            <RowSwitch
                switch=SHOWN
                pressed=Signal::derive(move || is(|r| r.visible))
                on_press=move || change(SegmentChange::ToggleVisible)
            />
            <RowSwitch
                switch=LOCKED
                pressed=Signal::derive(move || is(|r| r.locked))
                on_press=move || change(SegmentChange::ToggleLocked)
            />
            <small>{numbers}</small>
            <small class="made" data-testid="segment-made">{move || get(|r| r.made.clone())}</small>
        </li>
    }
}

#[component]
fn NewSegment(enabled: Signal<bool>) -> impl IntoView {
    let page = page();
    let chosen = RwSignal::new(0usize);
    let add = move |_| {
        let meaning = SegmentMeaning::ALL.get(chosen.get_untracked()).copied().unwrap_or(SegmentMeaning::Lesion);
        page.dispatch(Command::AddSegment(meaning));
    };
    view! {
        <div class="group">
            <select
                data-testid="segment-meaning"
                aria-label=say(words::ADD_SEGMENT)
                on:change=move |e| chosen.set(event_target_value(&e).parse().unwrap_or(0))
            >
                {SegmentMeaning::ALL
                    .iter()
                    .enumerate()
                    .map(|(n, m)| view! { <option value=n>{say(meaning_words(*m))}</option> })
                    .collect_view()}
            </select>
            <button type="button" data-testid="add-segment" disabled=move || !enabled.get() on:click=add>
                {say(words::ADD_SEGMENT)}
            </button>
            <CommandButton action=Action::DeleteSegment enabled=enabled />
        </div>
    }
}

#[component]
fn MarkingTools() -> impl IntoView {
    let page = page();
    let can_mark = Signal::derive(move || page.view.with(|v| v.can_mark));
    let subtract = Signal::derive(move || page.view.with(|v| v.subtract));
    let in_lungs = Signal::derive(move || page.view.with(|v| v.in_lungs));
    let ball = Signal::derive(move || page.view.with(|v| v.ball));
    let range = Memo::new(move |_| page.view.with(|v| v.brush_range));
    let low = RwSignal::new(-700i16);
    let high = RwSignal::new(100i16);
    let on = RwSignal::new(false);
    let send = move || {
        page.dispatch(Command::BrushRange(on.get_untracked().then(|| (low.get_untracked(), high.get_untracked()))));
    };
    let join = Memo::new(move |_| page.view.with(|v| v.join));
    let joins = ContourJoin::ALL.map(|choice| {
        let pressed = Signal::derive(move || join.get() == choice);
        view! { <CommandButton action=Action::Join(choice) pressed=pressed /> }
    });
    view! {
        <div class="group" role="group" aria-label=say(words::marking::JOIN)>
            {joins.collect_view()}
            <CommandButton action=Action::ToggleSubtract pressed=subtract />
            <CommandButton action=Action::ToggleBall pressed=ball />
            <CommandButton action=Action::ToggleInLungs pressed=in_lungs />
            <CommandButton action=Action::Interpolate enabled=can_mark />
            <CommandButton action=Action::CopySlice(1) enabled=can_mark />
        </div>
        <label class="field">
            <span>{say(words::BRUSH_RADIUS)}</span>
            <input
                type="number"
                data-testid="brush-radius"
                min="0.5"
                max="60"
                step="0.5"
                prop:value=move || page.view.with(|v| format!("{:.1}", v.brush_radius_mm))
                on:change=move |e| {
                    if let Ok(radius) = event_target_value(&e).parse() {
                        page.dispatch(Command::BrushRadius(radius));
                    }
                }
            />
        </label>
        <div class="field">
            <label>
                <input
                    type="checkbox"
                    data-testid="brush-range"
                    prop:checked=move || range.get().is_some()
                    on:change=move |e| {
                        on.set(event_target_checked(&e));
                        send();
                    }
                />
                <span>{say(words::HU_RANGE)}</span>
            </label>
            <input
                type="number"
                data-testid="brush-range-low"
                aria-label=say(words::HU_RANGE)
                prop:value=move || low.get().to_string()
                on:change=move |e| {
                    low.set(event_target_value(&e).parse().unwrap_or(-700));
                    send();
                }
            />
            <input
                type="number"
                data-testid="brush-range-high"
                aria-label=say(words::HU_RANGE)
                prop:value=move || high.get().to_string()
                on:change=move |e| {
                    high.set(event_target_value(&e).parse().unwrap_or(100));
                    send();
                }
            />
        </div>
    }
}

#[component]
pub(super) fn StatusLine() -> impl IntoView {
    let page = page();
    let status = Memo::new(move |_| page.view.with(|v| v.status.clone()));
    let loading = move || status.with(|s| s.state == StatusState::Loading);
    let at = move |axis: usize| page.probe.with(|p| p.as_ref().map(|p| format!("{:.2}", p.at.0[axis])));
    view! {
        <footer class="status-line">
            <div
                role="status"
                data-testid="status"
                data-state=move || status.with(|s| s.state.name())
                data-loaded=move || status.with(|s| s.loaded)
                data-total=move || status.with(|s| s.total)
            >
                <progress
                    hidden=move || !loading()
                    max=move || status.with(|s| s.total.max(1))
                    prop:value=move || status.with(|s| s.loaded as f64)
                ></progress>
                <span>{move || status.with(|s| s.text.clone())}</span>
            </div>
            <span hidden=move || !loading()>
                <CommandButton action=Action::CancelLoading />
            </span>
            <p class="notice" role="alert" data-testid="notice">{move || page.view.with(|v| v.notice.clone())}</p>
            <Autosave />
            <output
                data-testid="probe"
                data-hu=move || page.probe.with(|p| p.as_ref().and_then(|p| p.hu))
                data-x=move || at(0)
                data-y=move || at(1)
                data-z=move || at(2)
            >
                {move || page.probe.with(|p| p.as_ref().map(|p| p.text.clone()))}
            </output>
        </footer>
    }
}

/// Of `#rrggbb`.
pub(super) fn parse_colour(text: &str) -> Option<[u8; 3]> {
    let value = u32::from_str_radix(text.strip_prefix('#')?, 16).ok()?;
    let [_, r, g, b] = value.to_be_bytes();
    Some([r, g, b])
}
