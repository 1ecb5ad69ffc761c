//! The four panes: one canvas below, text, crosshair and contours above.

use super::runtime::page;
use super::toolbar::say;
use super::volume_tools::VolumeTools;
use crate::geometry::PanePoint;
use crate::session::words;
use crate::session::{Action, Command, Gpu, PaneId, PaneSize, PointerButton, PointerInput, PointerPhase};
use crate::view::Projection;
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, PointerEvent, ResizeObserver, WheelEvent};

#[component]
pub(super) fn Panes() -> impl IntoView {
    let page = page();
    let host = NodeRef::<Div>::new();
    let refs = [(); 4].map(|()| NodeRef::<Div>::new());
    let measure = move || {
        let Some(frame) = host.get_untracked().map(|h| h.get_bounding_client_rect()) else { return };
        let sizes = refs.map(|pane| {
            let rect = pane.get_untracked().map(|p| p.get_bounding_client_rect());
            rect.map_or_else(PaneSize::default, |r| PaneSize {
                left: r.left() - frame.left(),
                top: r.top() - frame.top(),
                width: r.width(),
                height: r.height(),
            })
        });
        page.runtime.with_value(|r| r.resize(sizes));
    };
    Effect::new(move |_| {
        if let Some(element) = host.get() {
            page.runtime.with_value(|r| r.attach(element.unchecked_ref::<web_sys::HtmlElement>().clone()));
            let observed = Closure::<dyn Fn()>::new(measure);
            if let Ok(observer) = ResizeObserver::new(observed.as_ref().unchecked_ref()) {
                observer.observe(&element);
            }
            // Lives as long as the page.
            observed.forget();
        }
    });
    // A pane shown alone has another size.
    let maximised = Memo::new(move |_| page.view.with(|v| v.maximised));
    Effect::new(move |before: Option<Option<usize>>| {
        let now = maximised.get();
        if before.is_some_and(|b| b != now) {
            request_animation_frame(measure);
        }
        now
    });
    let empty = move || !page.view.with(|v| v.has_case);
    view! {
        <main class="panes" class:single=move || maximised.get().is_some()>
            <div class="picture" node_ref=host></div>
            {PaneId::ALL
                .iter()
                .zip(refs)
                .map(|(id, node)| view! { <Pane id=*id node=node maximised=maximised /> })
                .collect_view()}
            <p class="invitation" hidden=move || !empty()>
                <strong>{say(words::DROP_HERE)}</strong>
                <span>{say(words::STAYS_HERE)}</span>
                <span>{say(words::NOT_A_DEVICE)}</span>
            </p>
        </main>
    }
}

#[component]
fn Pane(id: PaneId, node: NodeRef<Div>, maximised: Memo<Option<usize>>) -> impl IntoView {
    let page = page();
    let n = id.index();
    let is_slice = n < 3;
    let header = Memo::new(move |_| page.view.with(|v| v.panes.get(n).cloned().unwrap_or_default()));
    let window = Memo::new(move |_| page.view.with(|v| v.window));
    let send = move |event: &PointerEvent, phase: PointerPhase| {
        let Some(target) = event.current_target().and_then(|t| t.dyn_into::<Element>().ok()) else { return };
        let rect = target.get_bounding_client_rect();
        let at = PanePoint::new(f64::from(event.client_x()) - rect.left(), f64::from(event.client_y()) - rect.top());
        if phase == PointerPhase::Down {
            event.prevent_default();
            target.set_pointer_capture(event.pointer_id()).unwrap_or_else(|e| log::debug!("{e:?}"));
        }
        let button = match event.button() {
            1 => PointerButton::Middle,
            2 => PointerButton::Secondary,
            _ => PointerButton::Primary,
        };
        let ctrl = event.ctrl_key() || event.meta_key();
        page.dispatch(Command::Pointer(PointerInput { pane: id, phase, at, button, shift: event.shift_key(), ctrl }));
    };
    let rolled = StoredValue::new_local(0.0f64);
    let on_wheel = move |event: WheelEvent| {
        event.prevent_default();
        let Some(target) = event.current_target().and_then(|t| t.dyn_into::<Element>().ok()) else { return };
        let rect = target.get_bounding_client_rect();
        let at = PanePoint::new(f64::from(event.client_x()) - rect.left(), f64::from(event.client_y()) - rect.top());
        // Pixels of a touch pad add up to steps; a wheel's notch is at least one.
        let amount = if event.delta_mode() == WheelEvent::DOM_DELTA_PIXEL {
            event.delta_y() / 100.0
        } else {
            event.delta_y().signum()
        };
        let sum = rolled.get_value() + amount;
        let steps = if amount.abs() >= 0.5 { amount.signum() * amount.abs().round() } else { sum.trunc() };
        rolled.set_value(if amount.abs() >= 0.5 { 0.0 } else { sum - steps });
        if steps != 0.0 {
            page.runtime.with_value(|r| r.wheel(id, at, steps as i32, event.ctrl_key() || event.meta_key()));
        }
    };
    let slice_words = move || {
        let lang = page.view.with(|v| v.lang);
        header.with(|h| words::SLICE_OF.with(lang, &[&(h.slice + 1).to_string(), &h.slices.to_string()]))
    };
    let window_words = move || {
        let lang = page.view.with(|v| v.lang);
        let (centre, width) = window.get();
        words::WINDOW_VALUES.with(lang, &[&lang.number(width, 0), &lang.number(centre, 0)])
    };
    let slab_words = move || {
        let (lang, slab) = page.view.with(|v| (v.lang, v.slab));
        let title = match slab.projection {
            Projection::Highest => words::SLAB_MIP,
            Projection::Lowest => words::SLAB_MINIP,
            Projection::Mean => words::SLAB_MEAN,
        };
        let words = || words::SLAB_VALUES.with(lang, &[title.in_lang(lang), &lang.number(slab.thickness_mm, 0)]);
        (slab.thickness_mm > 0.0).then(words)
    };
    let has_case = Memo::new(move |_| page.view.with(|v| v.has_case));
    let letters = ["left", "right", "top", "bottom"];
    let overlay = is_slice.then(|| {
        view! {
            <div class="text top-left">{slice_words}</div>
            <div class="text bottom-left">{window_words}" "{slab_words}</div>
            {letters
                .iter()
                .enumerate()
                .map(|(edge, class)| {
                    view! { <div class=format!("letter {class}")>{move || header.with(|h| h.letters[edge].clone())}</div> }
                })
                .collect_view()}
            <Drawing n=n />
        }
    });
    let no_3d = move || !is_slice && page.view.with(|v| v.gpu == Gpu::Cpu && v.has_case);
    view! {
        <div
            class="pane"
            class:hidden=move || maximised.get().is_some_and(|m| m != n)
            node_ref=node
            tabindex="0"
            role="img"
            aria-label=say(id.title())
            data-testid=id.test_id()
            data-slice=move || header.with(|h| h.slice)
            data-slices=move || header.with(|h| h.slices)
            data-center=move || window.get().0
            data-width=move || window.get().1
            on:pointerdown=move |e| send(&e, PointerPhase::Down)
            on:pointermove=move |e| send(&e, PointerPhase::Move)
            on:pointerup=move |e| send(&e, PointerPhase::Up)
            on:pointercancel=move |e| send(&e, PointerPhase::Cancel)
            on:pointerleave=move |e| send(&e, PointerPhase::Leave)
            on:contextmenu=move |e| e.prevent_default()
            on:dblclick=move |_| page.dispatch(Command::Do(Action::Maximise))
            on:wheel=on_wheel
        >
            <div class="text top-right">{say(id.title())}</div>
            <div class="over" hidden=move || !has_case.get()>
                {overlay}
                {(!is_slice).then(|| view! { <VolumeTools /> })}
            </div>
            <div class="text bottom-left" hidden=move || is_slice || !page.view.with(|v| v.reduced)>
                {say(words::REDUCED)}
            </div>
            <p class="no-3d" hidden=move || !no_3d()>{say(words::NO_3D)}</p>
        </div>
    }
}

/// Crosshair, scale bar, contour in progress and the brush's ring.
#[component]
fn Drawing(n: usize) -> impl IntoView {
    let page = page();
    let header = Memo::new(move |_| page.view.with(|v| v.panes.get(n).cloned().unwrap_or_default()));
    let drawing = page.drawings[n];
    let cross = move || header.with(|h| h.crosshair).unwrap_or((-9.0, -9.0));
    let px = |v: f64| format!("{v:.1}");
    let contour = move || {
        let point = |p: &PanePoint| format!("{:.1},{:.1}", p.x, p.y);
        drawing.with(|d| d.contour.iter().map(point).collect::<Vec<_>>().join(" "))
    };
    let ring = move || drawing.with(|d| d.brush).map_or((-9.0, -9.0, 0.0), |(p, r)| (p.x, p.y, r));
    let scale = move || header.with(|h| h.scale.clone());
    view! {
        <svg class="drawing" aria-hidden="true">
            <line class="cross" x1=move || px(cross().0) x2=move || px(cross().0) y1="0" y2="100%" />
            <line class="cross" y1=move || px(cross().1) y2=move || px(cross().1) x1="0" x2="100%" />
            <polygon class="contour" points=contour />
            <circle class="ring" cx=move || px(ring().0) cy=move || px(ring().1) r=move || px(ring().2) />
        </svg>
        <div class="scale">
            <span class="bar" style:width=move || scale().map_or_else(String::new, |s| format!("{:.1}px", s.0))></span>
            <span>{move || scale().map(|s| s.1)}</span>
        </div>
    }
}
