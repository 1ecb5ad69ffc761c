//! Numbers in groups, each with its definition, and lesions one by one.

use super::measurements::Measurements;
use super::runtime::page;
use super::toolbar::{CommandButton, say};
use crate::session::words::{self, numbers};
use crate::session::{
    Action, ChangeRow, Command, PieceAction, PieceRow, QuantityGroup, QuantityRow, quantity_group_words,
};
use leptos::prelude::*;

#[component]
pub(super) fn Numbers() -> impl IntoView {
    let page = page();
    let has_case = Signal::derive(move || page.view.with(|v| v.has_case));
    let can_mark = Signal::derive(move || page.view.with(|v| v.can_mark));
    let quantities = Memo::new(move |_| page.view.with(|v| v.quantities.clone()));
    let of = move |group: QuantityGroup| {
        let rows = quantities.get().into_iter().filter(move |q| q.group == group);
        view! { <dl>{rows.map(quantity).collect_view()}</dl> }
    };
    view! {
        <section>
            <h2>{say(words::NUMBERS)}</h2>
            <Measurements />
            <small class="conditions" data-testid="acquisition">
                {move || page.view.with(|v| v.acquisition.clone())}
            </small>
            {move || of(QuantityGroup::Lungs)}
            <details>
                <summary>{say(quantity_group_words(QuantityGroup::Regions))}</summary>
                {move || of(QuantityGroup::Regions)}
            </details>
            <details>
                <summary>{say(quantity_group_words(QuantityGroup::Densities))}</summary>
                {move || of(QuantityGroup::Densities)}
            </details>
            <details>
                <summary>{say(quantity_group_words(QuantityGroup::ChestWall))}</summary>
                {move || of(QuantityGroup::ChestWall)}
            </details>
            <details>
                <summary>{say(quantity_group_words(QuantityGroup::Arteries))}</summary>
                {move || of(QuantityGroup::Arteries)}
                <div class="group">
                    <CommandButton action=Action::Artery(true) enabled=can_mark />
                    <CommandButton action=Action::Artery(false) enabled=can_mark />
                </div>
            </details>
            <Pieces />
            <Change />
            <div class="group">
                <CommandButton action=Action::Form enabled=has_case />
                <CommandButton action=Action::Report enabled=can_mark />
            </div>
        </section>
    }
}

fn quantity(q: QuantityRow) -> impl IntoView {
    let is_doubtful = q.doubt.is_some();
    let doubt = q.doubt.map(|why| view! { <small class="doubt">{why}</small> });
    view! {
        <dt title=q.definition>{q.title}</dt>
        <dd
            class:doubtful=is_doubtful
            title=q.definition
            data-testid=format!("quantity-{}", q.name)
            data-value=q.value.map(|v| v.to_string())
            data-unit=q.unit
        >
            {q.text}
            " "
            {doubt}
        </dd>
    }
}

/// What changed against a prior CT.
#[component]
fn Change() -> impl IntoView {
    let page = page();
    let can_mark = Signal::derive(move || page.view.with(|v| v.can_mark));
    let change = Memo::new(move |_| page.view.with(|v| v.change.clone()));
    let row = |row: ChangeRow| {
        view! {
            <dt>{row.title}</dt>
            <dd data-testid=format!("change-{}", row.name) data-value=row.value.map(|v| v.to_string())>{row.text}</dd>
        }
    };
    view! {
        <details>
            <summary>{say(numbers::PRIOR_COMPARE)}</summary>
            <CommandButton action=Action::ComparePrior enabled=can_mark />
            {move || {
                change
                    .get()
                    .map(|change| {
                        view! {
                            <p class="note">{change.about}</p>
                            {change.doubt.map(|why| view! { <p class="note doubt">{why}</p> })}
                            <dl>{change.rows.into_iter().map(row).collect_view()}</dl>
                        }
                    })
            }}
        </details>
    }
}

/// The list, where there is something to list.
#[component]
fn Pieces() -> impl IntoView {
    let page = page();
    let pieces = Memo::new(move |_| page.view.with(|v| v.pieces.clone()));
    let row = move |row: PieceRow| {
        view! {
            <li>
                <button
                    type="button"
                    class="row piece"
                    class:pressed=row.current
                    class:accepted=row.accepted
                    aria-pressed=row.current.to_string()
                    data-testid="lesion-item"
                    data-place=row.place
                    data-ml=row.ml.to_string()
                    data-accepted=row.accepted.to_string()
                    on:click=move |_| page.dispatch(Command::Piece(row.place))
                >
                    <span>{format!("{} · {}", row.place + 1, row.name)}</span>
                    <small>{row.volume} {row.accepted.then_some(" ✓")}</small>
                </button>
            </li>
        }
    };
    view! {
        <details hidden=move || pieces.with(|p| p.rows.is_empty())>
            <summary>{say(numbers::PIECES)}</summary>
            <div class="group">
                <CommandButton action=Action::Piece(PieceAction::Step(-1)) />
                <CommandButton action=Action::Piece(PieceAction::Step(1)) />
                <CommandButton action=Action::Piece(PieceAction::Accept) />
                <CommandButton action=Action::Piece(PieceAction::Reject) />
            </div>
            <ol class="pieces">{move || pieces.get().rows.into_iter().map(row).collect_view()}</ol>
            <small>{move || pieces.with(|p| p.more.clone())}</small>
        </details>
    }
}
