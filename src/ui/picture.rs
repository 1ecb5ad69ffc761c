//! The canvas and what draws on it: the GPU's renderer, or the CPU twins where no GPU can draw.

use crate::annotation::Layer;
use crate::geometry::{Grid, IndexBox};
use crate::render::{Backend, Preference, Renderer};
use crate::session::{Case, Gpu, Session};
use crate::view::{FrameInput, LabelLook, PaneContent, reslice};
use gloo::timers::callback::Timeout;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, ImageData};

/// A canvas in its place on the page, and its painter.
pub(super) struct Picture {
    host: HtmlElement,
    canvas: HtmlCanvasElement,
    painter: Painter,
}

enum Painter {
    Gpu(Box<Renderer>),
    Cpu(Option<CanvasRenderingContext2d>),
}

impl Picture {
    /// Tries WebGPU, then WebGL2, then the CPU; `wanted` begins further down. Each try gets a fresh canvas.
    pub(super) async fn open(host: &HtmlElement, wanted: Option<&str>) -> (Self, Gpu) {
        let tries: &[Preference] = match wanted {
            Some("cpu") => &[],
            Some("webgl2") => &[Preference::WebGl2],
            _ => &[Preference::WebGpu, Preference::WebGl2],
        };
        for preference in tries {
            let Some(canvas) = fresh_canvas(host) else { break };
            match Renderer::on_canvas(canvas.clone(), *preference).await {
                Ok(renderer) => {
                    let gpu = if renderer.backend() == Backend::WebGpu { Gpu::WebGpu } else { Gpu::WebGl2 };
                    let painter = Painter::Gpu(Box::new(renderer));
                    return (Self { host: host.clone(), canvas, painter }, gpu);
                }
                Err(e) => log::warn!("{preference:?}: {e}"),
            }
        }
        let canvas = fresh_canvas(host);
        let context = canvas.as_ref().and_then(|c| c.get_context("2d").ok().flatten()).map(JsCast::unchecked_into);
        let canvas = canvas.unwrap_or_else(|| host.clone().unchecked_into());
        (Self { host: host.clone(), canvas, painter: Painter::Cpu(context) }, Gpu::Cpu)
    }

    /// The place on the page, for another try.
    pub(super) fn into_host(self) -> HtmlElement {
        self.canvas.remove();
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

    /// Most voxels along an axis of a volume; `None` where nothing limits it.
    pub(super) fn longest_axis(&self) -> Option<usize> {
        match &self.painter {
            Painter::Gpu(renderer) => Some(renderer.longest_axis() as usize),
            Painter::Cpu(_) => None,
        }
    }

    /// Another CT; whether this painter can hold it.
    pub(super) fn begin(&mut self, case: &Case) -> bool {
        let Painter::Gpu(renderer) = &mut self.painter else { return true };
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
        let size = [self.canvas.width(), self.canvas.height()];
        match &mut self.painter {
            Painter::Gpu(renderer) => {
                renderer.clear();
                renderer.draw(&FrameInput { size, look: LabelLook::default(), panes: Vec::new() }, false);
            }
            Painter::Cpu(context) => {
                if let Some(context) = context {
                    context.clear_rect(0.0, 0.0, f64::from(size[0]), f64::from(size[1]));
                }
            }
        }
    }
    pub(super) fn upload_slice(&mut self, case: &Case, k: usize) {
        if let (Painter::Gpu(renderer), Some(hu)) = (&mut self.painter, case.volume.pixels(k)) {
            renderer.upload_slice(k, hu);
        }
    }
    pub(super) fn upload_labels(&mut self, case: &Case, touched: IndexBox) {
        if let Painter::Gpu(renderer) = &mut self.painter {
            let document = &case.document;
            renderer.upload_labels(touched, document.layer(Layer::Anatomy), document.layer(Layer::Findings));
        }
    }

    /// Draws what the session shows, the 3D picture anew only if `cast`; whether it was drawn.
    pub(super) fn draw(&mut self, session: &Session, cast: bool) -> bool {
        let (Some(frame), Some(case)) = (session.frame_input(), session.case()) else { return false };
        if [self.canvas.width(), self.canvas.height()] != frame.size {
            self.canvas.set_width(frame.size[0]);
            self.canvas.set_height(frame.size[1]);
        }
        match &mut self.painter {
            Painter::Gpu(renderer) => renderer.draw(&frame, cast),
            Painter::Cpu(None) => false,
            Painter::Cpu(Some(context)) => {
                let labels = Layer::ALL.map(|l| case.document.layer(l));
                for pane in &frame.panes {
                    let PaneContent::Slice(slice) = &pane.content else { continue };
                    let size = [pane.rect.width, pane.rect.height];
                    let pixels = reslice::reslice(&case.volume, labels, &frame.look, slice, size);
                    let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&pixels), size[0], size[1]);
                    let put =
                        image.and_then(|i| context.put_image_data(&i, f64::from(pane.rect.x), f64::from(pane.rect.y)));
                    if let Err(e) = put {
                        log::error!("{e:?}");
                        return false;
                    }
                }
                true
            }
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

/// An empty host with one canvas that has given no context yet.
fn fresh_canvas(host: &HtmlElement) -> Option<HtmlCanvasElement> {
    let document = web_sys::window()?.document()?;
    host.set_text_content(None);
    let canvas: HtmlCanvasElement = document.create_element("canvas").ok()?.dyn_into().ok()?;
    host.append_child(&canvas).ok()?;
    Some(canvas)
}
