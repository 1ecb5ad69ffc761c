//! What draws the panes: the GPU's renderer, the CPU where no GPU can draw, or both.
//!
//! A software GPU is the processor by a longer way: slices whose axes are the grid's are drawn at once from page memory then, and
//! the voxels go to the GPU when all have arrived and are shown. It draws the 3D picture and oblique slices.

use super::canvases::Canvases;
use crate::annotation::Layer;
use crate::geometry::{Grid, IndexBox};
use crate::render::{Backend, Portrait, Preference, Renderer};
use crate::session::{Beside, Case, Gpu, Session};
use crate::view::reslice::VoxelWalk;
use crate::view::{FrameInput, LabelLook, PaneContent, PaneInput, PxRect, SliceInput, draw_slice, draws_quickly};
use gloo::timers::callback::Timeout;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, ImageData};

/// See the module.
pub(super) struct Picture {
    host: HtmlElement,
    gpu: Option<GpuPainter>,
    cpu: Option<CpuPainter>,
}

/// The renderer and its canvases: one for each pane, or one for all where a GPU draws on one only.
struct GpuPainter {
    canvases: Canvases,
    renderer: Box<Renderer>,
    /// The open CT has a place on the GPU.
    begun: bool,
    /// The last frame was its work.
    drew: bool,
}

/// What the CPU has drawn, canvas by canvas.
struct CpuPainter {
    canvases: Canvases,
    panes: Vec<Option<PaneInput>>,
    look: LabelLook,
    stale: Stale,
}

/// What has changed since the CPU last drew.
#[derive(Clone, Copy, Default)]
enum Stale {
    /// Nothing but what panes show.
    #[default]
    Nothing,
    /// Labels of these voxels.
    Labels(IndexBox),
    /// Voxels.
    All,
}

/// Pictures that are shown at once, at most: four panes, three of which may show two CTs.
const PANES: usize = 7;

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
            match Renderer::on_canvases(canvases.all(), *preference).await {
                Ok(renderer) => {
                    let gpu = if renderer.backend() == Backend::WebGpu { Gpu::WebGpu } else { Gpu::WebGl2 };
                    let cpu = (renderer.is_software() && wanted.is_none()).then(|| CpuPainter::on(host));
                    let painter = GpuPainter { canvases, renderer: Box::new(renderer), begun: false, drew: false };
                    return (Self { host: host.clone(), gpu: Some(painter), cpu }, gpu);
                }
                Err(e) => log::warn!("{preference:?}: {e}"),
            }
        }
        host.set_text_content(None);
        (Self { host: host.clone(), gpu: None, cpu: Some(CpuPainter::on(host)) }, Gpu::Cpu)
    }

    /// The place on the page, for another try.
    pub(super) fn into_host(self) -> HtmlElement {
        self.host.set_text_content(None);
        self.host
    }
    /// Calls `tell` when what draws is gone.
    pub(super) fn when_lost(&self, tell: impl Fn() + Send + 'static) {
        if let Some(gpu) = &self.gpu {
            gpu.renderer.when_lost(tell);
        }
    }
    pub(super) fn is_lost(&self) -> bool {
        self.gpu.as_ref().is_some_and(|g| g.renderer.is_lost())
    }
    /// Whether slices are drawn from page memory: the GPU's voxels are not waited for then, and may wait.
    pub(super) fn slices_by_cpu(&self) -> bool {
        self.cpu.is_some()
    }

    /// Most voxels along an axis of a volume; `None` where nothing limits it.
    pub(super) fn longest_axis(&self) -> Option<usize> {
        self.gpu.as_ref().map(|gpu| gpu.renderer.longest_axis() as usize)
    }

    /// Another CT; whether the GPU can hold it.
    pub(super) fn begin(&mut self, case: &Case) -> bool {
        match (&mut self.gpu, &mut self.cpu) {
            (Some(gpu), None) => gpu.begin(case),
            (gpu, Some(cpu)) => {
                cpu.stale = Stale::All;
                if let Some(gpu) = gpu {
                    gpu.renderer.clear();
                    gpu.begun = false;
                }
                true
            }
            (None, None) => true,
        }
    }
    /// A CT of this size is being read.
    pub(super) fn expect(&mut self, grid: &Grid) {
        if let (Some(gpu), None) = (&mut self.gpu, &self.cpu) {
            gpu.renderer.expect(grid);
        }
    }
    /// No CT is open any more: nothing of it may stay on screen.
    pub(super) fn clear(&mut self) {
        if let Some(gpu) = &mut self.gpu {
            gpu.canvases.place(&[]);
            gpu.renderer.clear();
            gpu.begun = false;
        }
        if let Some(cpu) = &mut self.cpu {
            cpu.canvases.place(&[]);
            cpu.panes.clear();
        }
    }
    /// What is on screen may have been lost while the page was hidden.
    pub(super) fn show_again(&mut self) {
        self.voxels_changed();
        if let Some(gpu) = &mut self.gpu {
            gpu.renderer.show_again();
        }
    }
    /// Another CT is beside the open one, or none. Slices that the processor draws need no GPU for it.
    pub(super) fn begin_beside(&mut self, beside: Option<&Beside>) {
        if let (Some(gpu), None) = (&mut self.gpu, &self.cpu)
            && let Err(e) = gpu.renderer.set_beside(beside.map(|b| b.volume.grid()))
        {
            log::warn!("{e}");
        }
        self.voxels_changed();
    }
    /// Hands slice `k` of it to the GPU.
    pub(super) fn upload_beside(&mut self, beside: &Beside, k: usize) {
        if let (Some(gpu), None) = (&mut self.gpu, &self.cpu)
            && let Some(hu) = beside.volume.pixels(k)
        {
            gpu.renderer.upload_beside(k, hu);
        }
    }
    /// Voxels are other ones than were drawn.
    pub(super) fn voxels_changed(&mut self) {
        if let Some(cpu) = &mut self.cpu {
            cpu.stale = Stale::All;
        }
    }
    /// Hands slice `k` to the GPU; whether that can hold the CT.
    pub(super) fn upload_slice(&mut self, case: &Case, k: usize) -> bool {
        let Some(gpu) = &mut self.gpu else { return true };
        if !gpu.begun && !gpu.begin(case) {
            return false;
        }
        if let Some(hu) = case.volume.pixels(k) {
            gpu.renderer.upload_slice(k, hu);
        }
        true
    }
    pub(super) fn upload_labels(&mut self, case: &Case, touched: IndexBox) {
        if let Some(cpu) = &mut self.cpu {
            cpu.stale = match cpu.stale {
                Stale::Nothing => Stale::Labels(touched),
                Stale::Labels(before) => Stale::Labels(before.union(&touched)),
                Stale::All => Stale::All,
            };
        }
        if let Some(gpu) = &mut self.gpu {
            gpu.upload_labels(case, touched);
        }
    }

    /// Draws what the session shows, the 3D picture anew only if `cast`; whether it was drawn. `held`: the GPU has all voxels.
    pub(super) fn draw(&mut self, session: &Session, cast: bool, held: bool) -> bool {
        let (Some(frame), Some(case)) = (session.frame_input(), session.case()) else { return false };
        let (gpu, cpu) = (&mut self.gpu, &mut self.cpu);
        let by_cpu = |pane: &PaneInput| match &pane.content {
            PaneContent::Slice(slice) => slice.beside || gpu.is_none() || !held || draws_quickly(&case.volume, slice),
            PaneContent::Volume(_) => gpu.is_none(),
        };
        let (ours, panes) = match cpu {
            Some(_) => frame.panes.into_iter().partition(by_cpu),
            None => (Vec::new(), frame.panes),
        };
        let drawn = cpu.as_mut().is_none_or(|cpu| cpu.draw(&ours, &frame.look, case, session.beside()));
        let rest = FrameInput { panes, ..frame };
        drawn && gpu.as_mut().is_none_or(|gpu| gpu.draw(&rest, cast, cpu.is_some()))
    }

    /// A slice as the processor draws it, RGBA; `None` where that is left to the GPU.
    pub(super) fn slice_pixels(
        &self,
        case: &Case,
        beside: Option<&Beside>,
        pane: &PaneInput,
        look: &LabelLook,
    ) -> Option<Vec<u8>> {
        let PaneContent::Slice(slice) = &pane.content else { return None };
        let by_cpu = match &self.gpu {
            None => true,
            Some(gpu) => !gpu.begun || (self.cpu.is_some() && (slice.beside || draws_quickly(&case.volume, slice))),
        };
        let size = [pane.rect.width, pane.rect.height];
        by_cpu.then(|| drawn(case, beside, look, slice, size, PxRect::whole(size))).flatten()
    }
    /// Begins a picture beside those on screen; `None` where the GPU cannot.
    pub(super) fn begin_portrait(&self, pane: &PaneInput, look: &LabelLook) -> Option<Portrait> {
        self.gpu.as_ref()?.renderer.begin_portrait(pane.clone(), look.clone())
    }
    /// Goes on with it; see [`Renderer::go_on`]. `drawn` hears when the GPU has done its part.
    pub(super) fn go_on(&mut self, portrait: &mut Portrait, drawn: impl FnOnce() + Send + 'static) -> Option<bool> {
        let renderer = &mut self.gpu.as_mut()?.renderer;
        let all = renderer.go_on(portrait)?;
        renderer.when_done(drawn);
        Some(all)
    }
    /// Its pixels, RGBA.
    pub(super) fn read_portrait(&self, portrait: &Portrait) -> Option<impl Future<Output = Option<Vec<u8>>> + use<>> {
        Some(self.gpu.as_ref()?.renderer.read_portrait(portrait))
    }

    /// Whether a 3D picture is being put together.
    pub(super) fn is_casting(&self) -> bool {
        self.gpu.as_ref().is_some_and(|g| g.renderer.is_casting())
    }

    /// Lets the GPU report what it has finished.
    pub(super) fn poll(&self) {
        if let Some(gpu) = &self.gpu {
            gpu.renderer.poll();
        }
    }

    /// Calls back when all slices handed over so far have been taken in.
    pub(super) fn when_taken_in(&self, done: impl FnOnce() + Send + 'static) {
        match &self.gpu {
            Some(gpu) => gpu.renderer.when_taken_in(done),
            None => done(),
        }
    }

    /// Calls back when everything drawn so far is on its way to the screen.
    pub(super) fn when_done(&self, done: impl FnOnce() + Send + 'static) {
        match &self.gpu {
            Some(gpu) if gpu.drew => gpu.renderer.when_done(done),
            _ => {
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
            let document = &case.document;
            self.renderer.upload_labels(touched, document.layer(Layer::Anatomy), document.layer(Layer::Findings));
        }
    }

    /// `shared`: slices are drawn by the CPU.
    fn draw(&mut self, frame: &FrameInput, cast: bool, shared: bool) -> bool {
        let rects: Vec<PxRect> = match self.canvases.all() {
            [_] if frame.panes.is_empty() => Vec::new(),
            [_] => vec![PxRect { x: 0, y: 0, width: frame.size[0], height: frame.size[1] }],
            _ => frame.panes.iter().map(|p| p.rect).collect(),
        };
        self.canvases.place(&rects);
        self.drew = !shared || cast || frame.panes.iter().any(|p| matches!(p.content, PaneContent::Slice(_)));
        self.renderer.draw(frame, cast)
    }
}

impl CpuPainter {
    /// Above the GPU's canvases.
    fn on(host: &HtmlElement) -> Self {
        let canvases = Canvases::on(host, PANES);
        Self { canvases, panes: Vec::new(), look: LabelLook::default(), stale: Stale::All }
    }

    /// Draws the slices that are not right any more; whether all could be.
    fn draw(&mut self, panes: &[PaneInput], look: &LabelLook, case: &Case, beside: Option<&Beside>) -> bool {
        let rects: Vec<PxRect> = panes.iter().map(|p| p.rect).collect();
        self.canvases.place(&rects);
        let stale = if self.look == *look { std::mem::take(&mut self.stale) } else { Stale::All };
        self.stale = Stale::Nothing;
        self.look.clone_from(look);
        self.panes.resize(PANES, None);
        for (n, (canvas, before)) in self.canvases.all().iter().zip(&mut self.panes).enumerate() {
            let pane = panes.get(n);
            let same = before.as_ref() == pane;
            *before = pane.cloned();
            let Some(PaneInput { rect, content: PaneContent::Slice(slice) }) = pane else { continue };
            let size = [rect.width, rect.height];
            let part = match stale {
                Stale::Nothing if same => None,
                Stale::Labels(_) if same && slice.beside => None,
                Stale::Labels(touched) if same => VoxelWalk::new(case.volume.grid(), slice, size).px_of(&touched, size),
                _ => Some(PxRect::whole(size)),
            };
            let Some(part) = part else { continue };
            let Some(pixels) = drawn(case, beside, look, slice, size, part) else { continue };
            if let Err(e) = put(canvas, &pixels, part) {
                log::error!("{e:?}");
                *before = None;
                self.stale = Stale::All;
                return false;
            }
        }
        true
    }
}

/// A part of a slice as the processor draws it: of the open CT with its labels, or of the one beside it.
fn drawn(
    case: &Case,
    beside: Option<&Beside>,
    look: &LabelLook,
    slice: &SliceInput,
    size: [u32; 2],
    part: PxRect,
) -> Option<Vec<u8>> {
    if slice.beside {
        let beside = beside?;
        return Some(draw_slice(&beside.volume, [&beside.unmarked; 2], &LabelLook::default(), slice, size, part));
    }
    let labels = Layer::ALL.map(|l| case.document.layer(l));
    Some(draw_slice(&case.volume, labels, look, slice, size, part))
}

/// Puts RGBA on a canvas, in its place.
pub(super) fn put(
    canvas: &HtmlCanvasElement,
    pixels: &[u8],
    rect: PxRect,
) -> Result<CanvasRenderingContext2d, wasm_bindgen::JsValue> {
    let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(pixels), rect.width, rect.height)?;
    // Kept in page memory, where it is drawn: a simulated GPU would cost more than the drawing.
    let kept_here = js_sys::Object::new();
    js_sys::Reflect::set(&kept_here, &"willReadFrequently".into(), &true.into())?;
    let context = canvas.get_context_with_context_options("2d", &kept_here)?.ok_or("no 2D canvas")?;
    let context: CanvasRenderingContext2d = context.unchecked_into();
    context.put_image_data(&image, f64::from(rect.x), f64::from(rect.y))?;
    Ok(context)
}
