//! The renderer: a device, the voxels on it, and a canvas or a texture to draw on.

use super::gpu::{Backend, Gpu, RenderError};
use super::gpu_types::{RayUniform, bytes};
use super::passes::{Binding, PICTURE, Passes};
use super::readback::read;
use super::sheet::{Paint, Sheet, Target};
use super::textures::Textures;
use crate::geometry::{AnatomicalPlane, Grid, IndexBox, PatientPoint, PatientVector};
use crate::view::raycast::{Scene, raycast};
use crate::view::{
    Camera, Clip, FrameInput, LabelLook, PRESETS, PaneContent, PaneInput, PaneState, PxRect, SliceInput, VolumeInput,
    VolumePreset, Window,
};
use crate::volume::{CtVolume, LabelMap};

/// Draws frames. Everything it holds can be made again from page memory.
pub struct Renderer {
    pub(super) gpu: Gpu,
    sheets: Vec<Sheet>,
    pub(super) passes: Passes,
    pub(super) volume: Option<Volume>,
    /// Of the CT beside the open one, of which slices are drawn.
    pub(super) beside: Option<Volume>,
    /// Voxels for a CT that is being read, as large as it will probably be: a GPU empties a texture before it is first used, and
    /// has time for it now.
    expected: Option<Textures>,
    /// Voxels, labels or colours changed since the panes were drawn.
    stale: bool,
    /// The last frame went on with a 3D picture.
    has_cast: bool,
}

/// Edge of the volume that a GPU must draw before it is trusted, voxels.
const PROOF: usize = 8;
/// Its voxels: bone, which the 3D picture shows bright.
const PROOF_HU: i16 = 1000;

/// A volume on the GPU and what its panes draw with.
pub(super) struct Volume {
    pub(super) textures: Textures,
    pub(super) slices: Vec<Binding>,
    pub(super) rays: Binding,
    pub(super) picture: Option<Picture>,
    /// The picture that is being put together from bands.
    next: Option<Picture>,
    /// One that was on screen before: the next is drawn over it, so that turning makes no textures.
    spare: Option<Picture>,
}

/// The 3D picture as it was last drawn.
pub(super) struct Picture {
    view: wgpu::TextureView,
    pub(super) present: Binding,
    size: [u32; 2],
    input: VolumeInput,
    /// Rows that are drawn.
    rows: u32,
}

/// The colour in the middle of the proof's pane that begins at column `x` of a picture.
fn middle(pixels: &[u8], width: u32, x: u32) -> Option<[u8; 4]> {
    let place = PROOF / 2 * width as usize + x as usize + PROOF / 2;
    pixels.as_chunks::<4>().0.get(place).copied()
}

impl Renderer {
    /// A renderer without a canvas, on the best native adapter.
    ///
    /// # Errors
    /// [`RenderError::NoAdapter`], [`RenderError::NoDevice`] or [`RenderError::WrongPicture`].
    #[cfg(not(target_arch = "wasm32"))]
    pub async fn headless(size: [u32; 2]) -> Result<Self, RenderError> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let adapter = instance
            .request_adapter(&wgpu::RequestAdapterOptions::default())
            .await
            .map_err(|e| RenderError::NoAdapter(e.to_string()))?;
        let gpu = Gpu::open(&adapter).await?;
        let target = Target::texture(&gpu, size);
        let mut renderer = Self::on(gpu, vec![target]);
        renderer.prove().await?;
        Ok(renderer)
    }

    /// On one target for all panes, or on several of one format: then each takes one pane.
    pub(super) fn on(gpu: Gpu, targets: Vec<Target>) -> Self {
        let passes = Passes::new(&gpu, targets.first().map_or(PICTURE, Target::format));
        let sheets = targets.into_iter().map(Sheet::new).collect();
        Self { gpu, sheets, passes, volume: None, beside: None, expected: None, stale: true, has_cast: false }
    }

    /// Of what slices are drawn on.
    pub(super) fn slice_format(&self) -> wgpu::TextureFormat {
        self.sheets.first().map_or(PICTURE, Sheet::format)
    }
    /// What draws.
    pub fn backend(&self) -> Backend {
        self.gpu.backend
    }
    /// Most voxels along an axis of a volume.
    pub fn longest_axis(&self) -> u32 {
        self.gpu.device.limits().max_texture_dimension_3d
    }
    /// Whether the device is gone; a new renderer must be made.
    pub fn is_lost(&self) -> bool {
        self.gpu.loss.has_happened()
    }
    /// Whether its memory was not enough for what was asked of it: what it draws may be wrong.
    pub fn is_out_of_memory(&self) -> bool {
        self.gpu.loss.is_out_of_memory()
    }
    /// Calls `tell` when the device goes or its memory is full; one listener at a time.
    pub fn when_lost(&self, tell: impl Fn() + Send + 'static) {
        self.gpu.loss.tell(tell);
    }

    /// Forgets the volume: another patient's picture must not outlive its case.
    pub fn clear(&mut self) {
        self.volume = None;
        self.beside = None;
        self.expected = None;
        for sheet in &mut self.sheets {
            sheet.forget();
        }
    }
    /// Makes room for a volume; it looks like air until slices arrive. If all are at hand already, `air` may be left out.
    ///
    /// # Errors
    /// [`RenderError::VolumeTooLarge`]; nothing is drawn then, least of all the volume before it.
    pub fn set_grid(&mut self, grid: &Grid, air: bool) -> Result<(), RenderError> {
        // The old volume goes first: two may not fit.
        let expected = self.expected.take().filter(|t| t.grid.size() == grid.size());
        self.clear();
        let mut textures = expected.map_or_else(|| Textures::new(&self.gpu, grid), Ok)?;
        textures.grid = *grid;
        if air {
            textures.fill_with_air(&self.gpu);
        }
        let (slices, rays) = self.passes.bind_volume(&self.gpu, &textures);
        self.volume = Some(Volume { textures, slices, rays, picture: None, next: None, spare: None });
        Ok(())
    }
    /// Makes room for a CT beside the open one, or lets it go.
    ///
    /// # Errors
    /// [`RenderError::VolumeTooLarge`]; none is beside it then.
    pub fn set_beside(&mut self, grid: Option<&Grid>) -> Result<(), RenderError> {
        self.beside = None;
        self.stale = true;
        let Some(grid) = grid else { return Ok(()) };
        let mut textures = Textures::new(&self.gpu, grid)?;
        textures.fill_with_air(&self.gpu);
        let (slices, rays) = self.passes.bind_volume(&self.gpu, &textures);
        self.beside = Some(Volume { textures, slices, rays, picture: None, next: None, spare: None });
        Ok(())
    }
    /// Slice `k` of the CT beside the open one.
    pub fn upload_beside(&mut self, k: usize, hu: &[i16]) {
        if let Some(beside) = &mut self.beside {
            beside.textures.upload_slice(&self.gpu, k, hu);
            self.stale = true;
        }
    }
    /// Makes room for a CT of this size ahead of its slices. A size that proves wrong costs nothing but the time.
    pub fn expect(&mut self, grid: &Grid) {
        if self.expected.as_ref().is_some_and(|t| t.grid.size() == grid.size()) {
            return;
        }
        self.expected = Textures::new(&self.gpu, grid).ok().map(|mut textures| {
            let [ni, nj, _] = grid.size();
            textures.upload_slice(&self.gpu, 0, &vec![CtVolume::MISSING_HU; ni * nj]);
            textures
        });
        self.gpu.queue.submit([]);
    }
    /// Slice `k`: rows × columns values in HU.
    pub fn upload_slice(&mut self, k: usize, hu: &[i16]) {
        if let Some(volume) = &mut self.volume {
            volume.textures.upload_slice(&self.gpu, k, hu);
            volume.textures.note_slice(k, hu);
            self.stale = true;
        }
    }
    /// Calls back when the GPU has taken in all slices handed over so far.
    pub fn when_taken_in(&self, done: impl FnOnce() + Send + 'static) {
        // Off it goes: outside WebGPU, what was handed over waits for the next submission.
        self.gpu.queue.submit([]);
        self.when_done(done);
    }
    /// A box of voxels whose label changed.
    pub fn upload_labels(&mut self, touched: IndexBox, anatomy: &LabelMap, findings: &LabelMap) {
        if let Some(volume) = &mut self.volume {
            volume.textures.note_labels(touched, anatomy, findings);
            if volume.textures.upload_labels(&self.gpu, touched, anatomy, findings) {
                (volume.slices, volume.rays) = self.passes.bind_volume(&self.gpu, &volume.textures);
            }
            self.stale = true;
        }
    }

    /// Draws a frame. Rays are cast only if `cast` is set: the last 3D picture stays otherwise, so that slices never wait for it.
    /// `false` when a canvas could not take the frame now (hidden, or the device is going).
    pub fn draw(&mut self, frame: &FrameInput, cast: bool) -> bool {
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.compose(&mut encoder, frame, cast);
        let mut shown = Vec::new();
        let taken = self.sheets.iter_mut().all(|sheet| sheet.show(&self.gpu, &self.passes, &mut encoder, &mut shown));
        self.gpu.queue.submit([encoder.finish()]);
        for texture in shown {
            self.gpu.queue.present(texture);
        }
        taken
    }

    /// What is on the canvases may have been lost while nobody looked: the next frame puts it there again.
    pub fn show_again(&mut self) {
        self.sheets.iter_mut().for_each(Sheet::show_again);
    }

    /// Brings the 3D picture and the panes up to date.
    fn compose(&mut self, encoder: &mut wgpu::CommandEncoder, frame: &FrameInput, cast: bool) {
        let mut casts = false;
        let shows_rays = frame.panes.iter().any(|p| matches!(p.content, PaneContent::Volume(_)));
        if let Some(volume) = &mut self.volume {
            volume.next = volume.next.take().filter(|_| shows_rays);
            volume.textures.set_look(&self.gpu, &frame.look);
            for pane in &frame.panes {
                if let (PaneContent::Volume(input), true) = (&pane.content, cast) {
                    casts |= volume.cast(&self.gpu, &self.passes, encoder, input, &frame.look, pane.rect);
                }
            }
        }
        self.has_cast = casts || self.is_casting();
        let stale = std::mem::take(&mut self.stale);
        let (gpu, passes) = (&self.gpu, &self.passes);
        let volumes = [self.volume.as_ref(), self.beside.as_ref()];
        let paint = Paint { gpu, passes, volumes, look: &frame.look, stale, casts };
        // Slices are bound in their order, those of each CT.
        let mut slices = [0..3, 0..3];
        let panes = frame.panes.iter().map(|pane| match &pane.content {
            PaneContent::Slice(slice) => (pane, slices[usize::from(slice.beside)].next()),
            PaneContent::Volume(_) => (pane, None),
        });
        let panes: Vec<_> = panes.collect();
        if let [sheet] = self.sheets.as_mut_slice() {
            sheet.draw(&paint, encoder, frame.size, [0, 0], &panes);
            return;
        }
        for (n, sheet) in self.sheets.iter_mut().enumerate() {
            match panes.get(n) {
                Some((pane, _)) => {
                    let PxRect { x, y, width, height } = pane.rect;
                    sheet.draw(&paint, encoder, [width, height], [x, y], &panes[n..=n]);
                }
                None => sheet.forget(),
            }
        }
    }

    /// Draws known voxels with everything that draws a CT, and reads slice and 3D picture back: the presence of an API says nothing,
    /// and some drivers draw 3D textures black. What is compiled on first use is compiled now.
    ///
    /// # Errors
    /// [`RenderError::WrongPicture`].
    pub(super) async fn prove(&mut self) -> Result<(), RenderError> {
        let wrong = |what: &str| RenderError::WrongPicture(what.to_owned());
        let axes = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)];
        let steps = axes.map(|(x, y, z)| PatientVector::new(x, y, z));
        let grid = Grid::new([PROOF; 3], PatientPoint::new(0.0, 0.0, 0.0), steps).ok_or_else(|| wrong("no grid"))?;
        self.set_grid(&grid, false)?;
        let hu = vec![PROOF_HU; PROOF * PROOF];
        for k in 0..PROOF {
            self.upload_slice(k, &hu);
        }
        let size = PROOF as u32;
        let rect = |n: u32| PxRect { x: n * size, y: 0, width: size, height: size };
        let plane = PaneState::new(AnatomicalPlane::Axial, grid.centre()).through(grid.centre());
        let slice = SliceInput::new(plane, 1.0, Window::linear(f64::from(PROOF_HU), 400.0));
        let volume = VolumeInput {
            camera: Camera::fit(&grid),
            transfer: VolumePreset::Bone.transfer(),
            projection: None,
            step_mm: 1.0,
            clip: Clip::default(),
            window: PRESETS[0],
            rays: 1,
            shadows: false,
            reduction: 1,
            rows_at_once: u32::MAX,
            revision: 0,
        };
        let look = LabelLook::default();
        let (known, none) = (CtVolume::from_slices(grid, vec![hu; PROOF]), LabelMap::empty(grid));
        let (known, none) = known.zip(none).ok_or_else(|| wrong("no memory"))?;
        let scene = Scene { volume: &known, labels: [&none, &none], look: &look, leaps: None };
        let twin = middle(&raycast(&scene, &volume, [size; 2]), size, 0);
        let frame = FrameInput {
            size: [2 * size, size],
            look,
            panes: vec![
                PaneInput { rect: rect(0), content: PaneContent::Slice(slice) },
                PaneInput { rect: rect(1), content: PaneContent::Volume(volume) },
            ],
        };
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.compose(&mut encoder, &frame, true);
        self.gpu.queue.submit([encoder.finish()]);
        // Where each pane has its own sheet, it begins there.
        let places = if self.sheets.len() == 1 { [(0, 0), (0, size)] } else { [(0, 0), (1, 0)] };
        let mut seen = [None; 2];
        for ((sheet, x), seen) in places.into_iter().zip(&mut seen) {
            let drawn = self.sheets.get(sheet).and_then(Sheet::drawn).cloned();
            let picture = drawn.ok_or_else(|| wrong("nothing was drawn"))?;
            let pixels = read(&self.gpu, &picture).await.ok_or_else(|| wrong("nothing could be read back"))?;
            *seen = middle(&pixels, picture.width(), x);
        }
        self.clear();
        // The middle of the window is the middle grey.
        for (seen, expected, within) in [(seen[0], Some([128, 128, 128, 255]), 2), (seen[1], twin, 8)] {
            let apart = seen.zip(expected).and_then(|(a, b)| a.iter().zip(b).map(|(a, b)| a.abs_diff(b)).max());
            if apart.is_none_or(|apart| apart > within) {
                return Err(wrong(&format!("{seen:?} where {expected:?} should be")));
            }
        }
        Ok(())
    }

    /// Whether a 3D picture is being put together: the next frames go on with it.
    pub fn is_casting(&self) -> bool {
        self.volume.as_ref().is_some_and(|v| v.next.is_some())
    }

    /// Whether the last frame went on with a 3D picture.
    pub fn has_cast(&self) -> bool {
        self.has_cast
    }

    /// Calls back when everything submitted so far is drawn.
    pub fn when_done(&self, done: impl FnOnce() + Send + 'static) {
        self.gpu.queue.on_submitted_work_done(done);
    }

    /// Lets the device report finished work; WebGL2 reports only when asked.
    pub fn poll(&self) {
        if let Err(e) = self.gpu.device.poll(wgpu::PollType::Poll) {
            log::debug!("{e}");
        }
    }

    /// RGBA of the last frame of a renderer without a canvas, row by row.
    pub async fn pixels(&self) -> Option<Vec<u8>> {
        match self.sheets.first()?.texture() {
            Some(texture) => read(&self.gpu, texture).await,
            None => None,
        }
    }
}

impl Volume {
    /// Draws the 3D picture if it is not right any more; whether it did.
    fn cast(
        &mut self,
        gpu: &Gpu,
        passes: &Passes,
        encoder: &mut wgpu::CommandEncoder,
        input: &VolumeInput,
        look: &LabelLook,
        rect: PxRect,
    ) -> bool {
        let size = [rect.width, rect.height].map(|s| s.div_ceil(input.reduction.max(1)).max(1));
        let is_this = |p: &Picture| p.size == size && p.input == *input;
        if self.picture.as_ref().is_some_and(is_this) {
            self.next = None;
            return false;
        }
        let mut picture = match self.next.take().filter(is_this) {
            Some(begun) => begun,
            None => match self.spare.take().filter(|p| p.size == size) {
                Some(spare) => Picture { input: input.clone(), rows: 0, ..spare },
                None => {
                    let texture = picture_texture(gpu, "3D picture", size, PICTURE);
                    let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
                    let present = passes.bind_place(gpu, &view);
                    Picture { view, present, size, input: input.clone(), rows: 0 }
                }
            },
        };
        // With each band: a picture to be saved may have been drawn since with others.
        self.textures.set_transfer(gpu, &input.transfer);
        self.textures.set_leaps(gpu, &input.transfer, look);
        self.rays.set(gpu, &bytes(&RayUniform::new(&self.textures.grid, input, look, size)));
        let rows = input.rows_at_once.clamp(1, size[1] - picture.rows);
        let mut pass = begin(encoder, &picture.view, picture.rows == 0);
        pass.set_scissor_rect(0, picture.rows, size[0], rows);
        passes.draw_ray(&mut pass, &self.rays);
        drop(pass);
        picture.rows += rows;
        if picture.rows < size[1] {
            self.next = Some(picture);
            return false;
        }
        self.spare = self.picture.replace(picture);
        true
    }
}

/// A pass onto a picture, emptied first or kept.
pub(super) fn begin<'e>(
    encoder: &'e mut wgpu::CommandEncoder,
    view: &wgpu::TextureView,
    empty: bool,
) -> wgpu::RenderPass<'e> {
    let load = if empty { wgpu::LoadOp::Clear(wgpu::Color::BLACK) } else { wgpu::LoadOp::Load };
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations { load, store: wgpu::StoreOp::Store },
        })],
        ..Default::default()
    })
}

/// A picture that is drawn once and shown often.
pub(super) fn picture_texture(gpu: &Gpu, label: &str, size: [u32; 2], format: wgpu::TextureFormat) -> wgpu::Texture {
    gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING
            | wgpu::TextureUsages::RENDER_ATTACHMENT
            | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    })
}
