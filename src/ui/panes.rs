//! The four panes: one canvas below, text, crosshair and contours above.

use super::beside::BesideOverlay;
use super::measurements::MeasurementOverlay;
use super::runtime::{Runtime, page};
use super::toolbar::say;
use super::volume_tools::VolumeTools;
use crate::geometry::PanePoint;
use crate::session::words;
use crate::session::{
    Arrangement, Command, PaneHeader, PaneId, PaneSize, PointerButton, PointerInput, PointerPhase, WheelUse,
    tissue_words,
};
use crate::view::{COMPARTMENTS, LungTissue, Piece, ReferenceLine};
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
            watch_ratio(measure);
        }
    });
    let seen = window_event_listener_untyped("visibilitychange", move |_| {
        if document().visibility_state() == web_sys::VisibilityState::Visible {
            page.runtime.with_value(Runtime::seen_again);
        }
    });
    on_cleanup(move || seen.remove());
    // In another layout panes have other sizes.
    let arrangement = Memo::new(move |_| page.view.with(|v| v.arrangement));
    Effect::new(move |before: Option<Arrangement>| {
        let now = arrangement.get();
        if before.is_some_and(|b| b != now) {
            request_animation_frame(measure);
        }
        now
    });
    let empty = move || !page.view.with(|v| v.has_case);
    view! {
        <main class=move || format!("panes {}", arrangement.with(|a| a.layout.name()))>
            <div class="picture" node_ref=host></div>
            {PaneId::ALL
                .iter()
                .zip(refs)
                .map(|(id, node)| view! { <Pane id=*id node=node arrangement=arrangement /> })
                .collect_view()}
            <p class="invitation" hidden=move || !empty()>
                <strong>{say(words::DROP_HERE)}</strong>
                <span>{say(words::STAYS_HERE)}</span>
                <span>{say(words::NOT_A_DEVICE)}</span>
            </p>
        </main>
    }
}

/// Measures anew whenever a CSS px is another number of device px: on another screen panes keep their size, and no observer hears.
fn watch_ratio(measure: impl Fn() + Copy + 'static) {
    let ratio = window().device_pixel_ratio();
    let Ok(Some(query)) = window().match_media(&format!("(resolution: {ratio}dppx)")) else { return };
    let heard = query.clone();
    let changed = Closure::once_into_js(move || {
        // It would hear again when the page comes back to the first screen.
        heard.set_onchange(None);
        measure();
        watch_ratio(measure);
    });
    query.set_onchange(Some(changed.unchecked_ref()));
}

#[component]
fn Pane(id: PaneId, node: NodeRef<Div>, arrangement: Memo<Arrangement>) -> impl IntoView {
    let page = page();
    let n = id.index();
    let is_slice = n < 3;
    let header = Memo::new(move |_| page.view.with(|v| v.panes.get(n).cloned().unwrap_or_default()));
    let window = Memo::new(move |_| page.view.with(|v| v.windows[n]));
    let centre = move || window.get().map_or(0.0, |w| w.centre_hu);
    let width = move || window.get().map_or(0.0, |w| w.width_hu);
    let is_active =
        Memo::new(move |_| page.view.with(|v| v.active == n && v.arrangement.shown.iter().filter(|s| **s).count() > 1));
    let send = move |event: &PointerEvent, phase: PointerPhase| {
        let Some(target) = event.current_target().and_then(|t| t.dyn_into::<Element>().ok()) else { return };
        let rect = target.get_bounding_client_rect();
        let at = PanePoint::new(f64::from(event.client_x()) - rect.left(), f64::from(event.client_y()) - rect.top());
        if phase == PointerPhase::Down {
            event.prevent_default();
            // Keys go to the pane now, not to the button that was pressed before.
            if let Some(pane) = target.dyn_ref::<web_sys::HtmlElement>() {
                pane.focus().unwrap_or_else(|e| log::debug!("{e:?}"));
            }
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
        let (ctrl, shift) = (event.ctrl_key() || event.meta_key(), event.shift_key());
        // With Shift some browsers say that the wheel rolls sideways.
        let rolls = if shift && event.delta_y() == 0.0 { event.delta_x() } else { event.delta_y() };
        // Pixels of a touch pad add up to steps; a wheel's notch is at least one.
        let is_px = event.delta_mode() == WheelEvent::DOM_DELTA_PIXEL;
        let amount = if is_px || rolls == 0.0 { rolls / 100.0 } else { rolls.signum() };
        let sum = rolled.get_value() + amount;
        let steps = if amount.abs() >= 0.5 { amount.signum() * amount.abs().round() } else { sum.trunc() };
        rolled.set_value(if amount.abs() >= 0.5 { 0.0 } else { sum - steps });
        if steps != 0.0 {
            let does = match (ctrl, shift) {
                (true, _) => WheelUse::Zoom,
                (false, true) => WheelUse::Brush,
                (false, false) => WheelUse::Scroll,
            };
            page.dispatch(Command::Wheel(id, at, steps as i32, does));
        }
    };
    let say_header = move |part: fn(&PaneHeader) -> String| move || header.with(part);
    let has_case = Memo::new(move |_| page.view.with(|v| v.has_case));
    let lags = move || {
        page.view.with(|v| {
            let real = v.cine_rate_hz.1.filter(|_| v.playing == Some(n))?;
            Some(words::CINE_LAGS.with(v.lang, &[&v.lang.number(real, 0), &v.lang.number(v.cine_rate_hz.0, 0)]))
        })
    };
    let letters = ["left", "right", "top", "bottom"];
    let overlay = is_slice.then(|| {
        view! {
            <div class="text top-left">
                {say_header(|h| h.slice_words.clone())}
                <div class="image" data-testid="image-number">{say_header(|h| h.image_words.clone())}</div>
                <span class="lags" data-testid="cine-lags" hidden=move || lags().is_none()>{lags}</span>
            </div>
            <Legend n=n arrangement=arrangement />
            <div class="text bottom-left">
                {say_header(|h| h.window_words.clone())}" "{move || header.with(|h| h.slab_words.clone())}
            </div>
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
    let oblique = move || header.with(|h| h.oblique.clone());
    view! {
        <div
            class="pane"
            class:comparing=move || is_slice && page.view.with(|v| v.beside[n.min(2)].is_some())
            class:turns=move || is_slice && page.drawings[n.min(2)].with(|d| d.turns)
            class:hidden=move || !arrangement.with(|a| a.shown[n])
            class:large=move || arrangement.with(|a| a.large == Some(id))
            class:active=move || is_active.get()
            node_ref=node
            tabindex="0"
            role="img"
            aria-label=say(id.title())
            data-testid=id.test_id()
            data-slice=move || header.with(|h| h.slice)
            data-oblique=move || oblique().is_some().to_string()
            data-slices=move || header.with(|h| h.slices)
            data-center=centre
            data-width=width
            data-function=move || window.get().map_or("", |w| w.function.name())
            on:focus=move |_| page.dispatch(Command::Activate(id))
            on:pointerdown=move |e| send(&e, PointerPhase::Down)
            on:pointermove=move |e| send(&e, PointerPhase::Move)
            on:pointerup=move |e| send(&e, PointerPhase::Up)
            on:pointercancel=move |e| send(&e, PointerPhase::Cancel)
            on:pointerleave=move |e| send(&e, PointerPhase::Leave)
            on:contextmenu=move |e| e.prevent_default()
            on:dblclick=move |_| page.dispatch(Command::DoubleClick(id))
            on:wheel=on_wheel
        >
            <div class=format!("text top-right plane-{n}")>
                {say(id.title())}
                <span class="oblique" hidden=move || !header.with(|h| h.mirrored)>{say(words::MIRRORED)}</span>
                <span class="oblique" title=say(words::OBLIQUE_ABOUT) hidden=move || oblique().is_none()>
                    {oblique}
                </span>
            </div>
            {is_slice.then(|| view! { <BesideOverlay n=n header=header /> })}
            <div class="over" hidden=move || !has_case.get()>
                {overlay}
                {(!is_slice).then(|| view! { <VolumeTools /> })}
            </div>
            <div class="text top-left" hidden=move || is_slice || !page.view.with(|v| v.reduced)>
                {say(words::REDUCED)}
            </div>
        </div>
    }
}

/// What the colours inside the lungs mean, in the first slice pane on screen.
#[component]
fn Legend(n: usize, arrangement: Memo<Arrangement>) -> impl IntoView {
    let page = page();
    let hidden = move || {
        let first = arrangement.with(|a| a.shown.iter().position(|shown| *shown));
        first != Some(n) || !page.view.with(|v| v.compartments)
    };
    let row = |tissue: LungTissue| {
        let class = match tissue {
            LungTissue::Emphysema => "emphysema",
            LungTissue::WellAerated => "aerated",
            LungTissue::GroundGlass => "ground-glass",
            LungTissue::Consolidation => "consolidation",
            LungTissue::Vessel => "vessel",
        };
        view! {
            <li>
                <i class=class></i>
                {say(tissue_words(tissue))}
            </li>
        }
    };
    view! {
        <ul class="text legend" data-testid="compartments-legend" hidden=hidden>
            {COMPARTMENTS.map(|c| row(c.tissue)).collect_view()}
            <li>{say(words::COMPARTMENTS_NOTE)}</li>
        </ul>
    }
}

/// Crosshair, scale bar, contour in progress and the brush's ring.
#[component]
fn Drawing(n: usize) -> impl IntoView {
    let page = page();
    let header = Memo::new(move |_| page.view.with(|v| v.panes.get(n).cloned().unwrap_or_default()));
    let drawing = page.drawings[n];
    // The two other planes, by their place among the lines.
    let others: [usize; 2] = match n {
        0 => [1, 2],
        1 => [0, 2],
        _ => [0, 1],
    };
    let line = move |which: usize, part: fn(&ReferenceLine) -> String| {
        move || header.with(|h| h.lines.get(which).map(part).unwrap_or_default())
    };
    let px = |v: f64| format!("{v:.1}");
    let point = |p: &PanePoint| format!("{:.1},{:.1}", p.x, p.y);
    let contour = move || drawing.with(|d| d.contour.iter().map(point).collect::<Vec<_>>().join(" "));
    let contour_points = move || drawing.with(|d| circles(&d.contour_points, 3.0));
    let seed = move || {
        // A click is a stroke of one point: the line's round ends make a dot of it.
        let points = drawing.with(|d| d.seed.iter().chain(d.seed.first()).copied().collect::<Vec<_>>());
        points
            .iter()
            .take(points.len().saturating_sub(usize::from(points.len() > 2)))
            .map(point)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let ring = move || drawing.with(|d| d.brush).map_or((-9.0, -9.0, 0.0), |(p, r)| (p.x, p.y, r));
    let scale = move || header.with(|h| h.scale.clone());
    view! {
        <svg class="drawing" class:turns=move || drawing.with(|d| d.turns) aria-hidden="true">
            {others
                .iter()
                .enumerate()
                .map(|(which, of)| {
                    view! {
                        <g class=format!("line plane-{of}")>
                            <path d=line(which, |l| path(&l.pieces)) />
                            <path class="face" d=line(which, |l| path(&l.slab)) />
                            <path class="handle" d=line(which, |l| circles(&l.handles, 5.0)) />
                        </g>
                    }
                })
                .collect_view()}
            <g class="zones" data-testid="zone-planes">
                <path d=move || header.with(|h| path(&h.zone_lines)) />
                {move || {
                    let name = |(at, name): &(PanePoint, &'static str)| {
                        view! { <text x=px(at.x) y=px(at.y)>{*name}</text> }
                    };
                    header.with(|h| h.zone_names.iter().map(name).collect_view())
                }}
            </g>
            <MeasurementOverlay n=n />
            <polygon class="contour" points=contour />
            <path class="contour-points" d=contour_points />
            <polyline class="seed" class:inside=move || drawing.with(|d| d.seed_inside) points=seed />
            <circle class="ring" cx=move || px(ring().0) cy=move || px(ring().1) r=move || px(ring().2) />
        </svg>
        <div class="scale">
            <span class="bar" style:width=move || scale().map_or_else(String::new, |s| format!("{:.1}px", s.0))></span>
            <span>{move || scale().map(|s| s.1)}</span>
        </div>
    }
}

/// Pieces as path data.
fn path(pieces: &[Piece]) -> String {
    pieces.iter().map(|[a, b]| format!("M{:.1} {:.1}L{:.1} {:.1}", a.x, a.y, b.x, b.y)).collect()
}

/// Small circles as path data.
fn circles(centres: &[PanePoint], r: f64) -> String {
    let circle = |c: &PanePoint| {
        let (x, y, d) = (c.x - r, c.y, 2.0 * r);
        format!("M{x:.1} {y:.1}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0-{d} 0")
    };
    centres.iter().map(circle).collect()
}
