//! Buttons in the 3D pane: colours and opacities, a turn to be saved, what is cropped and what is cut away.

use super::runtime::page;
use super::toolbar::CommandButton;
use crate::session::{Action, CutKind};
use leptos::prelude::*;

#[component]
pub(super) fn VolumeTools() -> impl IntoView {
    let page = page();
    let crops = Signal::derive(move || page.view.with(|v| v.crops));
    let cuts = Signal::derive(move || page.view.with(|v| v.cut != CutKind::None));
    let edits = Signal::derive(move || page.view.with(|v| v.transfer.is_some()));
    let turns = Signal::derive(move || page.view.with(|v| v.turntable.0));
    view! {
        // A press on a button is none on the picture.
        <div
            class="volume-tools"
            on:pointerdown=|e| e.stop_propagation()
            on:pointerup=|e| e.stop_propagation()
            on:dblclick=|e| e.stop_propagation()
        >
            <CommandButton action=Action::TransferEditor pressed=edits />
            <CommandButton action=Action::Turntable pressed=turns />
            <CommandButton action=Action::CropToLungs pressed=crops />
            <CommandButton action=Action::CycleCut pressed=cuts />
            <CommandButton action=Action::CutStep(-1) enabled=cuts />
            <CommandButton action=Action::CutStep(1) enabled=cuts />
        </div>
    }
}
