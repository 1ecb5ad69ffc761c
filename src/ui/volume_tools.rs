//! What lies over the 3D pane: colours and opacities, a turn to be saved, what is cropped and what is cut away.

use super::runtime::page;
use super::toolbar::{CommandButton, say};
use super::transfer::TransferEditor;
use crate::session::words;
use crate::session::{Action, ClipFace, Command, CutKind};
use leptos::prelude::*;

#[component]
pub(super) fn VolumeTools() -> impl IntoView {
    let page = page();
    let crops = Signal::derive(move || page.view.with(|v| v.crops));
    let cuts = Signal::derive(move || page.view.with(|v| v.cut != CutKind::None));
    let edits = Signal::derive(move || page.view.with(|v| v.transfer.is_some()));
    let turns = Signal::derive(move || page.view.with(|v| v.turntable.0));
    let boxes = Signal::derive(move || page.view.with(|v| v.clip_box.is_some()));
    view! {
        // A press here is none on the picture.
        <div
            on:pointerdown=|e| e.stop_propagation()
            on:pointermove=|e| e.stop_propagation()
            on:pointerup=|e| e.stop_propagation()
            on:dblclick=|e| e.stop_propagation()
            on:wheel=|e| e.stop_propagation()
        >
            <TransferEditor />
            <ClipBox />
            <div class="volume-tools">
                <CommandButton action=Action::TransferEditor pressed=edits />
                <CommandButton action=Action::Turntable pressed=turns />
                <CommandButton action=Action::CropToLungs pressed=crops />
                <CommandButton action=Action::ClipBox pressed=boxes />
                <CommandButton action=Action::CycleCut pressed=cuts />
                <CommandButton action=Action::CutStep(-1) enabled=cuts />
                <CommandButton action=Action::CutStep(1) enabled=cuts />
            </div>
        </div>
    }
}

/// How much of the volume is cut off at each of its six faces.
#[component]
fn ClipBox() -> impl IntoView {
    let page = page();
    let faces = Memo::new(move |_| page.view.with(|v| v.clip_box.clone()));
    let is_open = Memo::new(move |_| faces.with(Option::is_some));
    let face = move |n: usize, read: fn(&ClipFace) -> String| {
        move || faces.with(|f| f.as_ref().map(|f| read(&f[n])).unwrap_or_default())
    };
    let slider = move |n: usize| {
        view! {
            <label>
                <b>{face(n, |f| f.letters.clone())}</b>
                <input
                    type="range"
                    class="slider"
                    data-testid="clip-face"
                    min="0"
                    step=face(n, |f| f.step_mm.to_string())
                    max=face(n, |f| f.most_mm.to_string())
                    prop:value=face(n, |f| f.cut_mm.to_string())
                    on:input=move |e| {
                        if let Ok(cut_mm) = event_target_value(&e).parse() {
                            page.dispatch(Command::ClipFace(n, cut_mm));
                        }
                    }
                />
                <output>{face(n, |f| format!("{:.0} mm", f.cut_mm))}</output>
            </label>
        }
    };
    move || {
        is_open.get().then(|| {
            view! {
                <div class="transfer" data-testid="clip-faces" role="group" aria-label=say(words::CLIP_BOX)>
                    {(0..6).map(slider).collect_view()}
                </div>
            }
        })
    }
}
