//! The GPU's copy of voxels and labels.
//!
//! CT: `R16Float` holding HU − 1024, so that −1024…3071 HU is exact (|value| ≤ 2048), filterable everywhere, two bytes a voxel.
//! Labels: `Rg8Uint`, anatomy in red and findings in green.

use super::gpu::{Backend, Gpu, RenderError};
use crate::geometry::{Grid, IndexBox};
use crate::view::{Brick, COMPARTMENTS, LabelLook, Leaping, TransferFunction};
use crate::volume::{CtVolume, LabelMap};
use half::f16;

pub(super) struct Textures {
    pub(super) grid: Grid,
    ct: wgpu::Texture,
    /// One voxel of background until something is marked: most of the time a CT has no labels yet.
    labels: wgpu::Texture,
    pub(super) labels_begun: bool,
    look: wgpu::Texture,
    transfer: wgpu::Texture,
    leaps: wgpu::Texture,
    leaping: Leaping,
    pub(super) ct_view: wgpu::TextureView,
    pub(super) labels_view: wgpu::TextureView,
    pub(super) look_view: wgpu::TextureView,
    pub(super) transfer_view: wgpu::TextureView,
    pub(super) leaps_view: wgpu::TextureView,
    shown_look: Option<LabelLook>,
    shown_transfer: Option<TransferFunction>,
    halves: Vec<f16>,
    pairs: Vec<u8>,
    table: Vec<f16>,
}

/// HU subtracted before a value becomes a half: its exact range then lies over that of CT.
const OFFSET_HU: i32 = 1024;

impl Textures {
    pub(super) fn new(gpu: &Gpu, grid: &Grid) -> Result<Self, RenderError> {
        let limit = gpu.device.limits().max_texture_dimension_3d;
        let found = grid.size().iter().copied().max().unwrap_or(0) as u32;
        if found > limit {
            return Err(RenderError::VolumeTooLarge { found, limit });
        }
        let make = |label, size, dimension, format| make(gpu, label, size, dimension, format);
        let size = grid.size().map(|s| s as u32);
        let (ct, ct_view) = make("ct", size, wgpu::TextureDimension::D3, wgpu::TextureFormat::R16Float);
        let (labels, labels_view) = make("labels", [1; 3], wgpu::TextureDimension::D3, wgpu::TextureFormat::Rg8Uint);
        let (look, look_view) = make("look", [256, 4, 1], wgpu::TextureDimension::D2, wgpu::TextureFormat::Rgba8Unorm);
        let entries = TransferFunction::ENTRIES as u32;
        let (transfer, transfer_view) =
            make("transfer", [entries, 1, 1], wgpu::TextureDimension::D2, wgpu::TextureFormat::Rgba8Unorm);
        let mut leaping = Leaping::new(grid.size());
        let (leaps, leaps_view) = make(
            "leaps",
            leaping.bricks().size().map(|s| s as u32),
            wgpu::TextureDimension::D3,
            wgpu::TextureFormat::Rgba16Float,
        );
        Ok(Self {
            grid: *grid,
            ct,
            labels,
            labels_begun: false,
            look,
            transfer,
            leaps,
            leaping,
            ct_view,
            labels_view,
            look_view,
            transfer_view,
            leaps_view,
            shown_look: None,
            shown_transfer: None,
            halves: Vec::new(),
            pairs: Vec::new(),
            table: half_table(),
        })
    }

    /// Textures begin as 0, which would be +1024 HU: what has not arrived must look like air.
    ///
    /// A few slices of air are sent and copied on the GPU, which costs the page nothing; WebGL2 cannot copy this format.
    pub(super) fn fill_with_air(&mut self, gpu: &Gpu) {
        const AT_ONCE: u32 = 8;
        let [ni, nj, nk] = self.grid.size();
        let air = vec![CtVolume::MISSING_HU; ni * nj];
        if gpu.backend == Backend::WebGl2 {
            for k in 0..nk {
                self.upload_slice(gpu, k, &air);
            }
            return;
        }
        let (width, height, slices) = (ni as u32, nj as u32, nk as u32);
        let block = wgpu::Extent3d { width, height, depth_or_array_layers: AT_ONCE.min(slices) };
        let source = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("air"),
            size: block,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D3,
            format: self.ct.format(),
            usage: wgpu::TextureUsages::COPY_SRC | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        self.halves.clear();
        self.halves.resize(air.len(), self.table[usize::from((CtVolume::MISSING_HU as u16) ^ 0x8000)]);
        let one = wgpu::Extent3d { depth_or_array_layers: 1, ..block };
        for k in 0..block.depth_or_array_layers {
            write(gpu, &source, [0, 0, k], one, bytemuck::cast_slice(&self.halves), width * 2);
        }
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for k in (0..slices).step_by(AT_ONCE as usize) {
            let mut target = self.ct.as_image_copy();
            target.origin.z = k;
            let depth = AT_ONCE.min(slices - k);
            let part = wgpu::Extent3d { depth_or_array_layers: depth, ..block };
            encoder.copy_texture_to_texture(source.as_image_copy(), target, part);
        }
        gpu.queue.submit([encoder.finish()]);
    }

    /// Slice `k`, rows × columns values in HU.
    pub(super) fn upload_slice(&mut self, gpu: &Gpu, k: usize, hu: &[i16]) {
        let [ni, nj, nk] = self.grid.size();
        if k >= nk || hu.len() != ni * nj {
            return;
        }
        self.halves.clear();
        self.halves.extend(hu.iter().map(|v| self.table[usize::from((*v as u16) ^ 0x8000)]));
        let size = wgpu::Extent3d { width: ni as u32, height: nj as u32, depth_or_array_layers: 1 };
        write(gpu, &self.ct, [0, 0, k as u32], size, bytemuck::cast_slice(&self.halves), ni as u32 * 2);
    }

    /// What a slice and a box of labels change for rays.
    pub(super) fn note_slice(&mut self, k: usize, hu: &[i16]) {
        self.leaping.bricks().set_slice(k, hu);
    }
    pub(super) fn note_labels(&mut self, touched: IndexBox, anatomy: &LabelMap, findings: &LabelMap) {
        self.leaping.bricks().set_labels(touched, anatomy, findings);
    }

    /// Where rays may leap with this transfer function and look.
    pub(super) fn set_leaps(&mut self, gpu: &Gpu, transfer: &TransferFunction, look: &LabelLook) {
        let (leaps, anew) = self.leaping.leaps(transfer, look);
        if !anew {
            return;
        }
        let half = |hu: i16| self.table[usize::from((hu as u16) ^ 0x8000)];
        let texel = |b: &Brick| {
            let [low, high] = b.range_hu.map(half);
            [low, high, f16::from(b.distance), f16::from(b.marks)]
        };
        let texels: Vec<[f16; 4]> = leaps.bricks().iter().map(texel).collect();
        let [width, height, depth_or_array_layers] = leaps.size().map(|s| s as u32);
        let size = wgpu::Extent3d { width, height, depth_or_array_layers };
        write(gpu, &self.leaps, [0; 3], size, bytemuck::cast_slice(&texels), width * 8);
    }

    /// A box of both label layers. Whether the texture is another one now, so that what is bound to it must be bound anew.
    pub(super) fn upload_labels(
        &mut self,
        gpu: &Gpu,
        touched: IndexBox,
        anatomy: &LabelMap,
        findings: &LabelMap,
    ) -> bool {
        let touched = touched.clipped(self.grid.size());
        let begins = !(self.labels_begun || anatomy.is_empty() && findings.is_empty());
        if touched.is_empty() || anatomy.grid().size() != self.grid.size() || !(self.labels_begun || begins) {
            return false;
        }
        if begins {
            let size = self.grid.size().map(|s| s as u32);
            let (dimension, format) = (self.labels.dimension(), self.labels.format());
            (self.labels, self.labels_view) = make(gpu, "labels", size, dimension, format);
            self.labels_begun = true;
        }
        let [ni, _, _] = self.grid.size();
        let [width, height, _] = touched.size();
        for k in touched.min[2]..touched.max[2] {
            let (anatomy, findings) = (anatomy.slice(k), findings.slice(k));
            // A texture begins as background.
            if begins && anatomy.is_none() && findings.is_none() {
                continue;
            }
            self.pairs.clear();
            for j in touched.min[1]..touched.max[1] {
                for n in j * ni + touched.min[0]..j * ni + touched.max[0] {
                    self.pairs.extend([anatomy, findings].map(|labels| labels.map_or(0, |l| l[n])));
                }
            }
            let at = [touched.min[0] as u32, touched.min[1] as u32, k as u32];
            let size = wgpu::Extent3d { width: width as u32, height: height as u32, depth_or_array_layers: 1 };
            write(gpu, &self.labels, at, size, &self.pairs, width as u32 * 2);
        }
        begins
    }

    /// Colours of segments.
    pub(super) fn set_look(&mut self, gpu: &Gpu, look: &LabelLook) {
        if self.shown_look.as_ref() == Some(look) {
            return;
        }
        // Both layers' colours, whose labels show compartments, and the compartments' colours.
        let mut bytes: Vec<u8> = look.colours.iter().flatten().flatten().copied().collect();
        bytes.extend(look.compartments.iter().flat_map(|shown| [u8::from(*shown) * 255; 4]));
        bytes.extend(COMPARTMENTS.iter().flat_map(|c| [c.colour[0], c.colour[1], c.colour[2], 255]));
        bytes.resize(4 * 4 * 256, 0);
        let size = wgpu::Extent3d { width: 256, height: 4, depth_or_array_layers: 1 };
        write(gpu, &self.look, [0; 3], size, &bytes, 256 * 4);
        self.shown_look = Some(look.clone());
    }

    /// The transfer function.
    pub(super) fn set_transfer(&mut self, gpu: &Gpu, transfer: &TransferFunction) {
        if self.shown_transfer.as_ref() == Some(transfer) {
            return;
        }
        let bytes: Vec<u8> = transfer.table().into_iter().flatten().collect();
        let entries = TransferFunction::ENTRIES as u32;
        let size = wgpu::Extent3d { width: entries, height: 1, depth_or_array_layers: 1 };
        write(gpu, &self.transfer, [0; 3], size, &bytes, entries * 4);
        self.shown_transfer = Some(transfer.clone());
    }
}

fn make(
    gpu: &Gpu,
    label: &str,
    size: [u32; 3],
    dimension: wgpu::TextureDimension,
    format: wgpu::TextureFormat,
) -> (wgpu::Texture, wgpu::TextureView) {
    let mut usage = wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST;
    if gpu.backend == Backend::WebGpu {
        // Never drawn on; but a browser empties a texture that could be without a second copy of it.
        usage |= wgpu::TextureUsages::RENDER_ATTACHMENT;
    }
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: size[2] },
        mip_level_count: 1,
        sample_count: 1,
        dimension,
        format,
        usage,
        view_formats: &[],
    });
    let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
    (texture, view)
}

/// Half of (HU − 1024) for each i16, the sign bit flipped so that the table begins at the lowest value.
fn half_table() -> Vec<f16> {
    (i32::from(i16::MIN)..=i32::from(i16::MAX)).map(|hu| f16::from_f32((hu - OFFSET_HU) as f32)).collect()
}

fn write(gpu: &Gpu, texture: &wgpu::Texture, at: [u32; 3], size: wgpu::Extent3d, bytes: &[u8], row: u32) {
    gpu.queue.write_texture(
        wgpu::TexelCopyTextureInfo {
            texture,
            mip_level: 0,
            origin: wgpu::Origin3d { x: at[0], y: at[1], z: at[2] },
            aspect: wgpu::TextureAspect::All,
        },
        bytes,
        wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: Some(size.height) },
        size,
    );
}
