//! The canvases and what draws on them: the GPU's renderer, or the CPU twins where no GPU can draw.

use crate::annotation::Layer;
use crate::geometry::{Grid, IndexBox};
use crate::render::{Backend, Preference, Renderer};
use crate::session::{Case, Gpu, Session};
use crate::view::{FrameInput, LabelLook, PaneContent, PaneInput, PxRect, reslice};
use gloo::timers::callback::Timeout;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, ImageData};

/// Canvases in their places on the page, and their painter: one for each pane, or one for all where a GPU draws on one only.
pub(super) struct Picture {
    host: HtmlElement,
    canvases: Vec<HtmlCanvasElement>,
    /// Where each lies, device px, and how many there were to a CSS px.
    places: Vec<Option<(PxRect, f64)>>,
    painter: Painter,
}

enum Painter {
    Gpu(Box<Renderer>),
    Cpu(Drawn),
}

/// What the CPU has drawn, canvas by canvas.
#[derive(Default)]
struct Drawn {
    panes: Vec<Option<PaneInput>>,
    look: LabelLook,
    /// Voxels or labels changed since.
    stale: bool,
}

/// Panes that are shown at once, at most.
const PANES: usize = 4;

impl Picture {
    /// Tries WebGPU, then WebGL2, then the CPU; `wanted` begins further down. Each try gets a fresh canvas.
    pub(super) async fn open(host: &HtmlElement, wanted: Option<&str>) -> (Self, Gpu) {
        let tries: &[Preference] = match wanted {
            Some("cpu") => &[],
            Some("webgl2") => &[Preference::WebGl2],
            _ => &[Preference::WebGpu, Preference::WebGl2],
        };
        for preference in tries {
            let canvases = fresh_canvases(host, if *preference == Preference::WebGl2 { 1 } else { PANES });
            match Renderer::on_canvases(&canvases, *preference).await {
                Ok(renderer) => {
                    let gpu = if renderer.backend() == Backend::WebGpu { Gpu::WebGpu } else { Gpu::WebGl2 };
                    return (Self::on(host, canvases, Painter::Gpu(Box::new(renderer))), gpu);
                }
                Err(e) => log::warn!("{preference:?}: {e}"),
            }
        }
        (Self::on(host, fresh_canvases(host, PANES), Painter::Cpu(Drawn::default())), Gpu::Cpu)
    }

    fn on(host: &HtmlElement, canvases: Vec<HtmlCanvasElement>, painter: Painter) -> Self {
        Self { host: host.clone(), places: vec![None; canvases.len()], canvases, painter }
    }

    /// The place on the page, for another try.
    pub(super) fn into_host(self) -> HtmlElement {
        self.host.set_text_content(None);
        self.host
    }
    /// Calls `tell` when what draws is gone.
    pub(super) fn when_lost(&self, tell: impl Fn() + Send + 'static) {
        if let Painter::Gpu(renderer) = &self.painter {
            renderer.when_lost(tell);
        }
    }
    pub(super) fn is_lost(&self) -> bool {
        matches!(&self.painter, Painter::Gpu(r) if r.is_lost())
    }

    /// Another CT; whether this painter can hold it.
    pub(super) fn begin(&mut self, case: &Case) -> bool {
        let renderer = match &mut self.painter {
            Painter::Gpu(renderer) => renderer,
            Painter::Cpu(drawn) => {
                drawn.stale = true;
                return true;
            }
        };
        let held = renderer.set_grid(case.volume.grid(), !case.volume.is_complete());
        if let Err(e) = &held {
            log::warn!("{e}");
        }
        held.is_ok()
    }
    /// A CT of this size is being read.
    pub(super) fn expect(&mut self, grid: &Grid) {
        if let Painter::Gpu(renderer) = &mut self.painter {
            renderer.expect(grid);
        }
    }
    /// No CT is open any more: nothing of it may stay on screen.
    pub(super) fn clear(&mut self) {
        self.place(&FrameInput { size: [1, 1], look: LabelLook::default(), panes: Vec::new() });
        match &mut self.painter {
            Painter::Gpu(renderer) => renderer.clear(),
            Painter::Cpu(drawn) => *drawn = Drawn::default(),
        }
    }
    pub(super) fn upload_slice(&mut self, case: &Case, k: usize) {
        match &mut self.painter {
            Painter::Gpu(renderer) => {
                if let Some(hu) = case.volume.pixels(k) {
                    renderer.upload_slice(k, hu);
                }
            }
            Painter::Cpu(drawn) => drawn.stale = true,
        }
    }
    pub(super) fn upload_labels(&mut self, case: &Case, touched: IndexBox) {
        match &mut self.painter {
            Painter::Gpu(renderer) => {
                let document = &case.document;
                renderer.upload_labels(touched, document.layer(Layer::Anatomy), document.layer(Layer::Findings));
            }
            Painter::Cpu(drawn) => drawn.stale = true,
        }
    }

    /// Lays the canvases where their panes are, and hides those that have none.
    fn place(&mut self, frame: &FrameInput) {
        let alone = self.canvases.len() == 1;
        let whole = PxRect { x: 0, y: 0, width: frame.size[0], height: frame.size[1] };
        let ratio = web_sys::window().map_or(1.0, |w| w.device_pixel_ratio());
        for (n, (canvas, at)) in self.canvases.iter().zip(&mut self.places).enumerate() {
            let pane = frame.panes.get(n).map(|p| (if alone { whole } else { p.rect }, ratio));
            if pane == *at {
                continue;
            }
            *at = pane;
            let style = canvas.style();
            let set = |name: &str, value: &str| {
                style.set_property(name, value).unwrap_or_else(|e| log::debug!("{e:?}"));
            };
            set("display", if pane.is_some() { "block" } else { "none" });
            let Some((rect, _)) = pane else { continue };
            canvas.set_width(rect.width);
            canvas.set_height(rect.height);
            for (name, px) in [("left", rect.x), ("top", rect.y), ("width", rect.width), ("height", rect.height)] {
                set(name, &format!("{}px", f64::from(px) / ratio));
            }
        }
    }

    /// Draws what the session shows, the 3D picture anew only if `cast`; whether it was drawn.
    pub(super) fn draw(&mut self, session: &Session, cast: bool) -> bool {
        let (Some(frame), Some(case)) = (session.frame_input(), session.case()) else { return false };
        self.place(&frame);
        match &mut self.painter {
            Painter::Gpu(renderer) => renderer.draw(&frame, cast),
            Painter::Cpu(drawn) => drawn.draw(&self.canvases, &frame, case),
        }
    }

    /// Whether a 3D picture is being put together.
    pub(super) fn is_casting(&self) -> bool {
        matches!(&self.painter, Painter::Gpu(r) if r.is_casting())
    }

    /// Lets the GPU report what it has finished.
    pub(super) fn poll(&self) {
        if let Painter::Gpu(renderer) = &self.painter {
            renderer.poll();
        }
    }

    /// Calls back when all slices handed over so far have been taken in.
    pub(super) fn when_taken_in(&self, done: impl FnOnce() + Send + 'static) {
        match &self.painter {
            Painter::Gpu(renderer) => renderer.when_taken_in(done),
            Painter::Cpu(_) => done(),
        }
    }

    /// Calls back when everything drawn so far is on its way to the screen.
    pub(super) fn when_done(&self, done: impl FnOnce() + Send + 'static) {
        match &self.painter {
            Painter::Gpu(renderer) => renderer.when_done(done),
            Painter::Cpu(_) => {
                Timeout::new(0, done).forget();
            }
        }
    }
}

impl Drawn {
    /// Draws the slices that are not right any more; whether all could be.
    fn draw(&mut self, canvases: &[HtmlCanvasElement], frame: &FrameInput, case: &Case) -> bool {
        let all = std::mem::take(&mut self.stale) || self.look != frame.look;
        self.look.clone_from(&frame.look);
        self.panes.resize(canvases.len(), None);
        let labels = Layer::ALL.map(|l| case.document.layer(l));
        for (n, (canvas, before)) in canvases.iter().zip(&mut self.panes).enumerate() {
            let pane = frame.panes.get(n);
            let changed = all || before.as_ref() != pane;
            *before = pane.cloned();
            let Some(PaneInput { rect, content: PaneContent::Slice(slice) }) = pane.filter(|_| changed) else {
                continue;
            };
            let size = [rect.width, rect.height];
            let pixels = reslice::reslice(&case.volume, labels, &frame.look, slice, size);
            let context =
                canvas.get_context("2d").ok().flatten().map(JsCast::unchecked_into::<CanvasRenderingContext2d>);
            let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&pixels), size[0], size[1]);
            let put = image.and_then(|i| context.map_or(Ok(()), |c| c.put_image_data(&i, 0.0, 0.0)));
            if let Err(e) = put {
                log::error!("{e:?}");
                *before = None;
                return false;
            }
        }
        true
    }
}

/// An empty host with canvases that have given no context yet.
fn fresh_canvases(host: &HtmlElement, count: usize) -> Vec<HtmlCanvasElement> {
    let Some(document) = web_sys::window().and_then(|w| w.document()) else { return Vec::new() };
    host.set_text_content(None);
    let fresh = || {
        let canvas: HtmlCanvasElement = document.create_element("canvas").ok()?.dyn_into().ok()?;
        host.append_child(&canvas).ok()?;
        Some(canvas)
    };
    (0..count).filter_map(|_| fresh()).collect()
}
