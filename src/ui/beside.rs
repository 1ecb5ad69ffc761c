//! The right half of a slice pane while another CT is shown beside the open one: what stands over it.

use super::runtime::page;
use crate::session::{BesideHeader, PaneHeader};
use leptos::prelude::*;

#[component]
pub(super) fn BesideOverlay(n: usize, header: Memo<PaneHeader>) -> impl IntoView {
    let page = page();
    let beside = Memo::new(move |_| page.view.with(|v| v.beside.get(n).cloned().flatten()));
    let shown = Memo::new(move |_| beside.with(Option::is_some));
    move || shown.get().then(|| view! { <Half beside=beside header=header /> })
}

#[component]
fn Half(beside: Memo<Option<BesideHeader>>, header: Memo<PaneHeader>) -> impl IntoView {
    let get =
        move |read: fn(&BesideHeader) -> String| move || beside.with(|b| b.as_ref().map(read).unwrap_or_default());
    let notes = move || beside.with(|b| b.as_ref().map(|b| b.notes.clone()).unwrap_or_default());
    view! {
        <div
            class="beside"
            data-testid="beside"
            data-slice=get(|b| b.slice.map(|k| k.to_string()).unwrap_or_default())
        >
            <svg class="drawing" aria-hidden="true">
                <path class="cross" d=move || header.with(|h| h.crosshair.map(cross).unwrap_or_default()) />
            </svg>
            <div class="text top-left">
                {get(|b| b.slice_words.clone())}
                {move || notes().into_iter().map(|note| view! { <div class="lags">{note}</div> }).collect_view()}
            </div>
            <div class="text top-right">{get(|b| b.title.clone())}</div>
            {["left", "right", "top", "bottom"]
                .iter()
                .enumerate()
                .map(|(edge, class)| {
                    view! { <div class=format!("letter {class}")>{move || header.with(|h| h.letters[edge].clone())}</div> }
                })
                .collect_view()}
        </div>
    }
}

/// Four strokes about a place, which stays free.
fn cross((x, y): (f64, f64)) -> String {
    let (left, right, above, below) = (x - 6.0, x + 6.0, y - 6.0, y + 6.0);
    format!("M{left:.1} {y:.1}h-12M{right:.1} {y:.1}h12M{x:.1} {above:.1}v-12M{x:.1} {below:.1}v12")
}
