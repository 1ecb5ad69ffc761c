//! A sheet: a canvas, or a texture that can be read back, with the panes on it as they were last drawn.
//!
//! Where a device can draw on several canvases each pane has its own: a browser puts the whole of a canvas on the page again when
//! anything on it changes.

use super::gpu::Gpu;
use super::gpu_types::{PresentUniform, SliceUniform, bytes};
use super::passes::{Binding, PICTURE, Passes, SliceEntry};
use super::renderer::{Volume, begin, picture_texture};
use crate::view::{LabelLook, PaneContent, PaneInput, PxRect};

/// Where a sheet's picture goes.
pub(super) enum Target {
    /// A canvas.
    #[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "canvases exist in browsers only"))]
    Canvas { surface: wgpu::Surface<'static>, configuration: wgpu::SurfaceConfiguration },
    /// A texture that can be read back.
    #[cfg_attr(target_arch = "wasm32", allow(dead_code, reason = "native tests read it back"))]
    Texture(wgpu::Texture),
}

impl Target {
    /// A texture that can be read back.
    #[cfg_attr(target_arch = "wasm32", allow(dead_code, reason = "native tests read it back"))]
    pub(super) fn texture(gpu: &Gpu, size: [u32; 2]) -> Self {
        Self::Texture(gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("frame"),
            size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: PICTURE,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT
                | wgpu::TextureUsages::COPY_SRC
                | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        }))
    }

    pub(super) fn format(&self) -> wgpu::TextureFormat {
        match self {
            Self::Canvas { configuration, .. } => configuration.format,
            Self::Texture(texture) => texture.format(),
        }
    }

    fn resize(&mut self, gpu: &Gpu, size: [u32; 2]) {
        let limit = gpu.device.limits().max_texture_dimension_2d;
        let size = size.map(|s| s.clamp(1, limit));
        match self {
            Self::Canvas { surface, configuration } => {
                if [configuration.width, configuration.height] != size {
                    [configuration.width, configuration.height] = size;
                    surface.configure(&gpu.device, configuration);
                }
            }
            Self::Texture(texture) => {
                if [texture.width(), texture.height()] != size {
                    *self = Self::texture(gpu, size);
                }
            }
        }
    }
}

/// What panes are drawn with.
pub(super) struct Paint<'r> {
    pub(super) gpu: &'r Gpu,
    pub(super) passes: &'r Passes,
    /// The open CT, and the one beside it.
    pub(super) volumes: [Option<&'r Volume>; 2],
    pub(super) look: &'r LabelLook,
    /// Voxels, labels or colours changed.
    pub(super) stale: bool,
    /// The 3D picture is another one.
    pub(super) casts: bool,
}

/// See the module.
pub(super) struct Sheet {
    target: Target,
    kept: Option<Kept>,
}

/// All panes of a sheet; a frame draws those that changed and puts the whole on the target.
struct Kept {
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    present: Binding,
    size: [u32; 2],
    panes: Vec<PaneInput>,
    look: LabelLook,
    /// The target shows it.
    shown: bool,
}

impl Sheet {
    pub(super) fn new(target: Target) -> Self {
        Self { target, kept: None }
    }
    pub(super) fn format(&self) -> wgpu::TextureFormat {
        self.target.format()
    }
    /// What was drawn is put on the target once more.
    pub(super) fn show_again(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.shown = false;
        }
    }
    /// What was last drawn is not right any more, or not to be seen.
    pub(super) fn forget(&mut self) {
        self.kept = None;
    }
    /// The panes as they were last drawn.
    pub(super) fn drawn(&self) -> Option<&wgpu::Texture> {
        self.kept.as_ref().map(|k| &k.texture)
    }
    /// What can be read back.
    pub(super) fn texture(&self) -> Option<&wgpu::Texture> {
        match &self.target {
            Target::Texture(texture) => Some(texture),
            Target::Canvas { .. } => None,
        }
    }

    /// Draws the panes that are not right any more. `panes` come with the place of their binding, if they are slices; `corner` is
    /// this sheet's top left px.
    pub(super) fn draw(
        &mut self,
        paint: &Paint<'_>,
        encoder: &mut wgpu::CommandEncoder,
        size: [u32; 2],
        corner: [u32; 2],
        panes: &[(&PaneInput, Option<usize>)],
    ) {
        let Paint { gpu, passes, volumes, look, stale, casts } = *paint;
        self.target.resize(gpu, size);
        let same_places = |k: &Kept| k.panes.iter().map(|p| p.rect).eq(panes.iter().map(|(p, _)| p.rect));
        let kept = self.kept.take().filter(|k| k.size == size && same_places(k));
        let anew = kept.is_none();
        let mut kept = kept.unwrap_or_else(|| {
            let texture = picture_texture(gpu, "panes", size, self.target.format());
            let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
            let present = passes.bind_place(gpu, &view);
            Kept { texture, view, present, size, panes: Vec::new(), look: look.clone(), shown: false }
        });
        let all = anew || stale || kept.look != *look;
        let changed = |n: usize, pane: &PaneInput| {
            let is_volume = matches!(pane.content, PaneContent::Volume(_));
            all || kept.panes.get(n) != Some(pane) || (casts && is_volume)
        };
        let changed: Vec<_> = panes.iter().enumerate().map(|(n, (pane, _))| changed(n, pane)).collect();
        if anew || changed.contains(&true) {
            kept.shown = false;
            let mut pass = begin(encoder, &kept.view, anew);
            for ((pane, slice), _) in panes.iter().zip(changed).filter(|(_, changed)| *changed) {
                let beside = matches!(&pane.content, PaneContent::Slice(slice) if slice.beside);
                let Some(volume) = volumes[usize::from(beside)] else { continue };
                let PxRect { x, y, width, height } = pane.rect;
                let rect = PxRect { x: x - corner[0], y: y - corner[1], width, height };
                // A pane reaches no further than its sheet.
                if rect.x + width > size[0] || rect.y + height > size[1] {
                    continue;
                }
                pass.set_viewport(rect.x as f32, rect.y as f32, width as f32, height as f32, 0.0, 1.0);
                pass.set_scissor_rect(rect.x, rect.y, width, height);
                match (&pane.content, &volume.picture) {
                    (PaneContent::Slice(input), _) => {
                        if let Some(binding) = slice.and_then(|n| volume.slices.get(n)) {
                            let uniform = SliceUniform::new(&volume.textures.grid, input, look, rect);
                            binding.set(gpu, &bytes(&uniform));
                            let entry = SliceEntry::of(input, volume.textures.labels_begun);
                            passes.draw_slice(&mut pass, entry, binding);
                        }
                    }
                    (PaneContent::Volume(_), Some(picture)) => {
                        picture.present.set(gpu, &bytes(&PresentUniform::new(rect)));
                        passes.draw_place(&mut pass, &picture.present);
                    }
                    (PaneContent::Volume(_), None) => {}
                }
            }
            kept.panes = panes.iter().map(|(pane, _)| (*pane).clone()).collect();
            kept.look.clone_from(look);
        }
        self.kept = Some(kept);
    }

    /// Puts what was drawn on the target, if it is not there yet; a canvas' texture is to be presented after submission.
    pub(super) fn show(
        &mut self,
        gpu: &Gpu,
        passes: &Passes,
        encoder: &mut wgpu::CommandEncoder,
        shown: &mut Vec<wgpu::SurfaceTexture>,
    ) -> bool {
        let Some(kept) = self.kept.as_mut().filter(|k| !k.shown) else { return true };
        let target = match &self.target {
            Target::Texture(texture) => texture.clone(),
            Target::Canvas { surface, configuration } => match surface.get_current_texture() {
                wgpu::CurrentSurfaceTexture::Success(t) | wgpu::CurrentSurfaceTexture::Suboptimal(t) => {
                    let texture = t.texture.clone();
                    shown.push(t);
                    texture
                }
                wgpu::CurrentSurfaceTexture::Outdated | wgpu::CurrentSurfaceTexture::Lost => {
                    surface.configure(&gpu.device, configuration);
                    return false;
                }
                _ => return false,
            },
        };
        if target.usage().contains(wgpu::TextureUsages::COPY_DST) && target.size() == kept.texture.size() {
            encoder.copy_texture_to_texture(kept.texture.as_image_copy(), target.as_image_copy(), target.size());
        } else {
            let whole = PxRect { x: 0, y: 0, width: kept.size[0], height: kept.size[1] };
            kept.present.set(gpu, &bytes(&PresentUniform::new(whole)));
            let view = target.create_view(&wgpu::TextureViewDescriptor::default());
            passes.draw_place(&mut begin(encoder, &view, true), &kept.present);
        }
        kept.shown = true;
        true
    }
}
