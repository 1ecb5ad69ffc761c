//! A picture of one pane to be saved, drawn beside what is on screen: at its best, in bands, so that nothing else waits for it.

use super::gpu::{Fits, Loss, attempt};
use super::gpu_types::{RayUniform, SliceUniform, bytes};
use super::passes::{PICTURE, SliceEntry};
use super::readback::read;
use super::renderer::{Renderer, begin, picture_texture};
use crate::view::{LabelLook, PaneContent, PaneInput, PxRect};
use std::sync::Arc;

/// A picture that is being drawn. Its pane's rectangle says its size; where it begins is of no matter.
pub struct Portrait {
    pane: PaneInput,
    look: LabelLook,
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    /// Whether there was memory for it.
    fits: Fits,
    /// Rows that are drawn.
    rows: u32,
    /// The device it is on.
    loss: Arc<Loss>,
}

impl Renderer {
    /// Begins a picture; `None` where there is no volume, or the picture is larger than the GPU draws.
    pub fn begin_portrait(&self, pane: PaneInput, look: LabelLook) -> Option<Portrait> {
        self.volume.as_ref()?;
        let size = [pane.rect.width, pane.rect.height];
        let limit = self.gpu.device.limits().max_texture_dimension_2d;
        if size.iter().any(|s| *s == 0 || *s > limit) {
            return None;
        }
        let format = match pane.content {
            PaneContent::Slice(_) => self.slice_format(),
            PaneContent::Volume(_) => PICTURE,
        };
        let (texture, fits) = attempt(&self.gpu.device, || picture_texture(&self.gpu, "portrait", size, format));
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let pane = PaneInput { rect: PxRect { x: 0, y: 0, ..pane.rect }, ..pane };
        Some(Portrait { pane, look, texture, view, fits, rows: 0, loss: self.gpu.loss.clone() })
    }

    /// Draws the next rows; whether all are drawn then. `None` if it cannot go on: the device or the volume is gone.
    pub fn go_on(&mut self, portrait: &mut Portrait) -> Option<bool> {
        let Portrait { pane, look, view, rows, loss, .. } = portrait;
        if !Arc::ptr_eq(loss, &self.gpu.loss) || self.is_lost() {
            return None;
        }
        let (gpu, passes) = (&self.gpu, &self.passes);
        let beside = matches!(&pane.content, PaneContent::Slice(slice) if slice.beside);
        let volume = if beside { self.beside.as_mut()? } else { self.volume.as_mut()? };
        let [width, height] = [pane.rect.width, pane.rect.height];
        let grid = volume.textures.grid;
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        volume.textures.set_look(gpu, look);
        let mut pass = match &pane.content {
            PaneContent::Slice(_) => begin(&mut encoder, view, true),
            PaneContent::Volume(input) => {
                volume.textures.set_transfer(gpu, &input.transfer);
                volume.textures.set_leaps(gpu, &input.transfer, look);
                volume.rays.set(gpu, &bytes(&RayUniform::new(&grid, input, look, [width, height])));
                begin(&mut encoder, view, *rows == 0)
            }
        };
        match &pane.content {
            PaneContent::Slice(slice) => {
                let binding = passes.bind_slice(gpu, &volume.textures);
                binding.set(gpu, &bytes(&SliceUniform::new(&grid, slice, look, pane.rect)));
                passes.draw_slice(&mut pass, SliceEntry::of(slice, volume.textures.labels_begun), &binding);
                *rows = height;
            }
            PaneContent::Volume(input) => {
                let band = input.rows_at_once.clamp(1, height - *rows);
                pass.set_scissor_rect(0, *rows, width, band);
                passes.draw_ray(&mut pass, &volume.rays);
                *rows += band;
            }
        }
        drop(pass);
        gpu.queue.submit([encoder.finish()]);
        Some(*rows >= height)
    }

    /// RGBA of a picture that is drawn, row by row; `None` where memory was not enough for it.
    pub fn read_portrait(&self, portrait: Portrait) -> impl Future<Output = Option<Vec<u8>>> + use<> {
        let Portrait { texture, fits, .. } = portrait;
        let pixels = read(&self.gpu, &texture);
        async move { if fits.await { pixels.await } else { None } }
    }
}
