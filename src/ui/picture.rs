//! What draws the panes: the GPU's renderer, or the processor where no GPU can draw.
//!
//! A GPU that the processor simulates is the processor by a longer way, and its copy of the voxels a second one: it is not used
//! unless it was asked for.

use super::canvases::Canvases;
use super::processor::{Processor, ProcessorPortrait};
use crate::geometry::{Grid, IndexBox};
use crate::platform::clock;
use crate::render::{Backend, Portrait as GpuPortrait, Preference, Renderer};
use crate::session::{Beside, Case, Gpu, Session};
use crate::view::{FrameInput, LabelLook, PaneInput, PxRect};
use gloo::timers::callback::Timeout;
use web_sys::HtmlElement;

/// See the module.
pub(super) struct Picture {
    host: HtmlElement,
    painter: Painter,
}

enum Painter {
    Gpu(GpuPainter),
    Processor(Box<Processor>),
}

/// The renderer and its canvases: one for each pane, or one for all where a GPU draws on one only.
struct GpuPainter {
    canvases: Canvases,
    renderer: Box<Renderer>,
    /// The open CT has a place on the GPU.
    begun: bool,
}

/// A picture that is drawn beside those on screen.
pub(super) enum Portrait {
    Gpu(GpuPortrait),
    Processor(ProcessorPortrait),
}

/// Pictures that are shown at once, at most: four panes, three of which may show two CTs.
pub(super) const PANES: usize = 7;

impl Picture {
    /// Tries WebGPU, then WebGL2, then the CPU; `wanted` begins further down, and is taken at its word. Each try gets fresh canvases.
    pub(super) async fn open(host: &HtmlElement, wanted: Option<&str>) -> (Self, Gpu) {
        let tries: &[Preference] = match wanted {
            Some("cpu") => &[],
            Some("webgl2") => &[Preference::WebGl2],
            _ => &[Preference::WebGpu, Preference::WebGl2],
        };
        for preference in tries {
            host.set_text_content(None);
            let canvases = Canvases::on(host, if *preference == Preference::WebGl2 { 1 } else { PANES });
            match Renderer::on_canvases(canvases.all(), *preference, wanted.is_some()).await {
                Ok(renderer) => {
                    let gpu = if renderer.backend() == Backend::WebGpu { Gpu::WebGpu } else { Gpu::WebGl2 };
                    let painter = GpuPainter { canvases, renderer: Box::new(renderer), begun: false };
                    return (Self { host: host.clone(), painter: Painter::Gpu(painter) }, gpu);
                }
                Err(e) => log::warn!("{preference:?}: {e}"),
            }
        }
        host.set_text_content(None);
        (Self { host: host.clone(), painter: Painter::Processor(Box::new(Processor::on(host))) }, Gpu::Cpu)
    }

    /// The place on the page, for another try.
    pub(super) fn into_host(self) -> HtmlElement {
        self.host.set_text_content(None);
        self.host
    }
    fn renderer(&self) -> Option<&Renderer> {
        match &self.painter {
            Painter::Gpu(gpu) => Some(&gpu.renderer),
            Painter::Processor(_) => None,
        }
    }
    /// Calls `tell` when what draws is gone or its memory is full.
    pub(super) fn when_lost(&self, tell: impl Fn() + Send + 'static) {
        if let Some(renderer) = self.renderer() {
            renderer.when_lost(tell);
        }
    }
    pub(super) fn is_lost(&self) -> bool {
        self.renderer().is_some_and(Renderer::is_lost)
    }
    /// Whether the memory of what draws is full.
    pub(super) fn is_out_of_memory(&self) -> bool {
        self.renderer().is_some_and(Renderer::is_out_of_memory)
    }
    /// Whether the processor draws, from page memory: only rays wait for slices to be handed over.
    pub(super) fn by_processor(&self) -> bool {
        self.renderer().is_none()
    }
    /// Most voxels along an axis of a volume; `None` where nothing limits it.
    pub(super) fn longest_axis(&self) -> Option<usize> {
        self.renderer().map(|r| r.longest_axis() as usize)
    }

    /// Another CT; whether it can be held.
    pub(super) fn begin(&mut self, case: &Case) -> bool {
        match &mut self.painter {
            Painter::Gpu(gpu) => gpu.begin(case),
            Painter::Processor(processor) => {
                processor.begin(case);
                true
            }
        }
    }
    /// A CT of this size is being read.
    pub(super) fn expect(&mut self, grid: &Grid) {
        if let Painter::Gpu(gpu) = &mut self.painter {
            gpu.renderer.expect(grid);
        }
    }
    /// No CT is open any more: nothing of it may stay on screen.
    pub(super) fn clear(&mut self) {
        match &mut self.painter {
            Painter::Gpu(gpu) => {
                gpu.canvases.place(&[]);
                gpu.renderer.clear();
                gpu.begun = false;
            }
            Painter::Processor(processor) => processor.clear(),
        }
    }
    /// What is on screen may have been lost while the page was hidden.
    pub(super) fn show_again(&mut self) {
        match &mut self.painter {
            Painter::Gpu(gpu) => gpu.renderer.show_again(),
            Painter::Processor(processor) => processor.show_again(),
        }
    }
    /// Another CT is beside the open one, or none.
    pub(super) fn begin_beside(&mut self, beside: Option<&Beside>) {
        match &mut self.painter {
            Painter::Gpu(gpu) => {
                let made = gpu.renderer.set_beside(beside.map(|b| b.volume.grid()));
                made.unwrap_or_else(|e| log::warn!("{e}"));
            }
            Painter::Processor(processor) => processor.begin_beside(),
        }
    }
    /// Hands slice `k` of it to the GPU.
    pub(super) fn upload_beside(&mut self, beside: &Beside, k: usize) {
        if let Painter::Gpu(gpu) = &mut self.painter
            && let Some(hu) = beside.volume.pixels(k)
        {
            gpu.renderer.upload_beside(k, hu);
        }
    }
    /// Voxels are other ones than were drawn.
    pub(super) fn voxels_changed(&mut self) {
        if let Painter::Processor(processor) = &mut self.painter {
            processor.voxels_changed();
        }
    }
    /// Hands over slice `k`; whether the CT can be held.
    pub(super) fn upload_slice(&mut self, case: &Case, k: usize) -> bool {
        let Some(hu) = case.volume.pixels(k) else { return true };
        match &mut self.painter {
            Painter::Gpu(gpu) => {
                if !gpu.begun && !gpu.begin(case) {
                    return false;
                }
                gpu.renderer.upload_slice(k, hu);
            }
            Painter::Processor(processor) => processor.note_slice(k, hu),
        }
        true
    }
    pub(super) fn upload_labels(&mut self, case: &Case, touched: IndexBox) {
        match &mut self.painter {
            Painter::Gpu(gpu) => gpu.upload_labels(case, touched),
            Painter::Processor(processor) => processor.note_labels(case, touched),
        }
    }

    /// Draws what the session shows, the 3D picture anew only if `cast`; whether it was drawn.
    pub(super) fn draw(&mut self, session: &Session, cast: bool) -> bool {
        let (Some(frame), Some(case)) = (session.frame_input(), session.case()) else { return false };
        match &mut self.painter {
            Painter::Gpu(gpu) => gpu.draw(&frame, cast),
            Painter::Processor(processor) => {
                processor.draw(&frame, case, session.beside(), cast, session.is_orbiting())
            }
        }
    }
    /// Whether slices are still being drawn: another frame goes on with them.
    pub(super) fn is_behind(&self) -> bool {
        matches!(&self.painter, Painter::Processor(processor) if processor.is_behind())
    }
    /// Whether a 3D picture is being put together.
    pub(super) fn is_casting(&self) -> bool {
        match &self.painter {
            Painter::Gpu(gpu) => gpu.renderer.is_casting(),
            Painter::Processor(processor) => processor.is_casting(),
        }
    }
    /// Whether the last frame went on with a 3D picture.
    pub(super) fn has_cast(&self) -> bool {
        match &self.painter {
            Painter::Gpu(gpu) => gpu.renderer.has_cast(),
            Painter::Processor(processor) => processor.has_cast(),
        }
    }
    /// Reduction of the 3D picture that the last frame finished, and ms it took; `None` where a GPU has to be asked when it is done.
    pub(super) fn cast_took(&mut self) -> Option<(u32, f64)> {
        match &mut self.painter {
            Painter::Gpu(_) => None,
            Painter::Processor(processor) => processor.cast_took(),
        }
    }

    /// Begins a picture beside those on screen; `None` where it cannot be drawn.
    pub(super) fn begin_portrait(&self, pane: &PaneInput, look: &LabelLook) -> Option<Portrait> {
        match &self.painter {
            Painter::Gpu(gpu) => gpu.renderer.begin_portrait(pane.clone(), look.clone()).map(Portrait::Gpu),
            Painter::Processor(_) => Some(Portrait::Processor(ProcessorPortrait::new(pane.clone(), look.clone()))),
        }
    }
    /// Goes on with it; whether it is whole, `None` if it cannot go on. `drawn` hears when this part is done.
    pub(super) fn go_on(
        &mut self,
        portrait: &mut Portrait,
        case: &Case,
        beside: Option<&Beside>,
        drawn: impl FnOnce() + Send + 'static,
    ) -> Option<bool> {
        match (&mut self.painter, portrait) {
            (Painter::Gpu(gpu), Portrait::Gpu(portrait)) => {
                let all = gpu.renderer.go_on(portrait)?;
                gpu.renderer.when_done(drawn);
                Some(all)
            }
            (Painter::Processor(processor), Portrait::Processor(portrait)) => {
                let all = processor.go_on(portrait, case, beside);
                drawn();
                Some(all)
            }
            _ => None,
        }
    }
    /// Its pixels, RGBA.
    pub(super) fn read_portrait(&self, portrait: Portrait) -> Option<impl Future<Output = Option<Vec<u8>>> + use<>> {
        let (read, pixels) = match (self.renderer(), portrait) {
            (Some(renderer), Portrait::Gpu(portrait)) => (Some(renderer.read_portrait(portrait)), None),
            (None, Portrait::Processor(portrait)) => (None, Some(portrait.into_pixels())),
            _ => return None,
        };
        Some(async move {
            match read {
                Some(read) => read.await,
                None => pixels,
            }
        })
    }

    /// Lets the GPU report what it has finished.
    pub(super) fn poll(&self) {
        if let Some(renderer) = self.renderer() {
            renderer.poll();
        }
    }
    /// Calls back when all slices handed over so far have been taken in.
    pub(super) fn when_taken_in(&self, done: impl FnOnce() + Send + 'static) {
        match self.renderer() {
            Some(renderer) => renderer.when_taken_in(done),
            None => done(),
        }
    }
    /// Calls back when the browser, too, is done with what was drawn last.
    pub(super) fn when_shown(&self, done: impl FnOnce() + Send + 'static) {
        match self.renderer() {
            Some(renderer) => renderer.when_done(done),
            // The frame after the next begins once this one's page has been put together.
            None => {
                clock::next_frame(move || {
                    clock::next_frame(done);
                });
            }
        }
    }
    /// Calls back when everything drawn so far is on its way to the screen.
    pub(super) fn when_done(&self, done: impl FnOnce() + Send + 'static) {
        match self.renderer() {
            Some(renderer) => renderer.when_done(done),
            None => {
                Timeout::new(0, done).forget();
            }
        }
    }
}

impl GpuPainter {
    fn begin(&mut self, case: &Case) -> bool {
        let held = self.renderer.set_grid(case.volume.grid(), !case.volume.is_complete());
        self.begun = held.is_ok();
        match held {
            Ok(()) => self.upload_labels(case, IndexBox::whole(case.volume.grid().size())),
            Err(e) => log::warn!("{e}"),
        }
        self.begun
    }

    fn upload_labels(&mut self, case: &Case, touched: IndexBox) {
        if self.begun {
            let [anatomy, findings] = case.document.layers();
            self.renderer.upload_labels(touched, anatomy, findings);
        }
    }

    fn draw(&mut self, frame: &FrameInput, cast: bool) -> bool {
        let rects: Vec<PxRect> = match self.canvases.all() {
            [_] if frame.panes.is_empty() => Vec::new(),
            [_] => vec![PxRect { x: 0, y: 0, width: frame.size[0], height: frame.size[1] }],
            _ => frame.panes.iter().map(|p| p.rect).collect(),
        };
        self.canvases.place(&rects);
        self.renderer.draw(frame, cast)
    }
}
