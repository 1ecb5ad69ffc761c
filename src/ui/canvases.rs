//! Canvases in their places on the page.

use crate::view::PxRect;
use wasm_bindgen::JsCast;
use web_sys::{HtmlCanvasElement, HtmlElement};

/// Canvases that lie where panes are; those without a pane are hidden.
pub(super) struct Canvases {
    all: Vec<HtmlCanvasElement>,
    /// Where each lies, device px, and how many there were to a CSS px.
    places: Vec<Option<(PxRect, f64)>>,
}

impl Canvases {
    /// Fresh ones, such as have given no context yet, on top of what the host holds.
    pub(super) fn on(host: &HtmlElement, count: usize) -> Self {
        let document = web_sys::window().and_then(|w| w.document());
        let fresh = || {
            let canvas: HtmlCanvasElement = document.as_ref()?.create_element("canvas").ok()?.dyn_into().ok()?;
            host.append_child(&canvas).ok()?;
            Some(canvas)
        };
        Self { all: (0..count).filter_map(|_| fresh()).collect(), places: vec![None; count] }
    }

    /// In their order.
    pub(super) fn all(&self) -> &[HtmlCanvasElement] {
        &self.all
    }

    /// Lays them over these rectangles. A canvas that is moved is empty.
    pub(super) fn place(&mut self, rects: &[PxRect]) {
        let ratio = web_sys::window().map_or(1.0, |w| w.device_pixel_ratio());
        for (n, (canvas, at)) in self.all.iter().zip(&mut self.places).enumerate() {
            let place = rects.get(n).map(|rect| (*rect, ratio));
            if place == *at {
                continue;
            }
            *at = place;
            let style = canvas.style();
            let set = |name: &str, value: &str| {
                style.set_property(name, value).unwrap_or_else(|e| log::debug!("{e:?}"));
            };
            set("display", if place.is_some() { "block" } else { "none" });
            let Some((rect, _)) = place else { continue };
            canvas.set_width(rect.width);
            canvas.set_height(rect.height);
            for (name, px) in [("left", rect.x), ("top", rect.y), ("width", rect.width), ("height", rect.height)] {
                set(name, &format!("{}px", f64::from(px) / ratio));
            }
        }
    }
}
