//! Pipelines: one for slices, one for rays, one that puts a finished picture in its place.

use super::SHADERS;
use super::gpu::Gpu;
use super::textures::Textures;
use crate::view::{Interpolation, SliceInput, VoiFunction};

/// Format of the 3D picture, and of everything where there is no canvas.
pub(super) const PICTURE: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

pub(super) struct Passes {
    slice: Pass,
    ray: Pass,
    place: Pass,
    sampler: wgpu::Sampler,
}

struct Pass {
    /// One for each fragment entry.
    pipelines: Vec<wgpu::RenderPipeline>,
    layout: wgpu::BindGroupLayout,
}

/// How much of `reslice.wgsl` a slice needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SliceEntry {
    /// The plane alone, nothing marked, a straight window.
    Plain,
    /// The plane alone, a straight window.
    Labelled,
    /// The plane alone, by cubics.
    Cubic,
    /// Everything else.
    Full,
}

impl SliceEntry {
    const ALL: [Self; 4] = [Self::Plain, Self::Labelled, Self::Cubic, Self::Full];
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Labelled => "labelled",
            Self::Cubic => "cubic",
            Self::Full => "fragment",
        }
    }
    /// What this slice needs, of a CT with or without labels.
    pub(super) fn of(slice: &SliceInput, has_labels: bool) -> Self {
        let simple = slice.window.function != VoiFunction::Sigmoid && !slice.compartments;
        match (slice.slab.is_plane(), slice.interpolation) {
            (true, Interpolation::Cubic) => Self::Cubic,
            (true, _) if simple && has_labels => Self::Labelled,
            (true, _) if simple => Self::Plain,
            _ => Self::Full,
        }
    }
}

/// A uniform buffer and the bind group that holds it: what one pane draws with.
pub(super) struct Binding {
    uniform: wgpu::Buffer,
    group: wgpu::BindGroup,
}

/// Large enough for every uniform of ours.
const UNIFORM_BYTES: u64 = 512;

impl Passes {
    pub(super) fn new(gpu: &Gpu, canvas: wgpu::TextureFormat) -> Self {
        use wgpu::TextureViewDimension::{D2, D3};
        let float = |n, dimension| texture(n, dimension, wgpu::TextureSampleType::Float { filterable: true });
        let table = |n| texture(n, D2, wgpu::TextureSampleType::Float { filterable: false });
        let labels = |n| texture(n, D3, wgpu::TextureSampleType::Uint);
        let bricks = |n| texture(n, D3, wgpu::TextureSampleType::Float { filterable: false });
        let voxels = [uniform(), float(1, D3), sampler(2), labels(3), table(4)];
        let rays = [uniform(), float(1, D3), sampler(2), labels(3), table(4), table(5), bricks(6)];
        let picture = [uniform(), float(1, D2), sampler(2)];
        let sampler = gpu.device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("linear"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..Default::default()
        });
        Self {
            slice: Pass::new(gpu, 0, &voxels, canvas, &SliceEntry::ALL.map(SliceEntry::name)),
            ray: Pass::new(gpu, 1, &rays, PICTURE, &["fragment"]),
            place: Pass::new(gpu, 2, &picture, canvas, &["fragment"]),
            sampler,
        }
    }

    /// What slices and the 3D picture of a volume are drawn with.
    pub(super) fn bind_volume(&self, gpu: &Gpu, t: &Textures) -> (Vec<Binding>, Binding) {
        ((0..3).map(|_| self.bind_slice(gpu, t)).collect(), self.bind_ray(gpu, t))
    }

    pub(super) fn bind_slice(&self, gpu: &Gpu, t: &Textures) -> Binding {
        use wgpu::BindingResource::{Sampler, TextureView};
        let resources =
            [TextureView(&t.ct_view), Sampler(&self.sampler), TextureView(&t.labels_view), TextureView(&t.look_view)];
        self.slice.bind(gpu, &resources)
    }

    fn bind_ray(&self, gpu: &Gpu, t: &Textures) -> Binding {
        use wgpu::BindingResource::{Sampler, TextureView};
        let resources = [
            TextureView(&t.ct_view),
            Sampler(&self.sampler),
            TextureView(&t.labels_view),
            TextureView(&t.look_view),
            TextureView(&t.transfer_view),
            TextureView(&t.leaps_view),
        ];
        self.ray.bind(gpu, &resources)
    }

    pub(super) fn bind_place(&self, gpu: &Gpu, picture: &wgpu::TextureView) -> Binding {
        use wgpu::BindingResource::{Sampler, TextureView};
        self.place.bind(gpu, &[TextureView(picture), Sampler(&self.sampler)])
    }

    pub(super) fn draw_slice(&self, pass: &mut wgpu::RenderPass<'_>, entry: SliceEntry, binding: &Binding) {
        self.slice.draw(pass, entry as usize, binding);
    }
    pub(super) fn draw_ray(&self, pass: &mut wgpu::RenderPass<'_>, binding: &Binding) {
        self.ray.draw(pass, 0, binding);
    }
    pub(super) fn draw_place(&self, pass: &mut wgpu::RenderPass<'_>, binding: &Binding) {
        self.place.draw(pass, 0, binding);
    }
}

impl Binding {
    pub(super) fn set(&self, gpu: &Gpu, bytes: &[u8]) {
        gpu.queue.write_buffer(&self.uniform, 0, bytes);
    }
}

impl Pass {
    fn new(
        gpu: &Gpu,
        shader: usize,
        entries: &[wgpu::BindGroupLayoutEntry],
        target: wgpu::TextureFormat,
        fragments: &[&str],
    ) -> Self {
        let (name, source) = SHADERS[shader];
        let device = &gpu.device;
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(name),
            source: wgpu::ShaderSource::Wgsl(source.into()),
        });
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(name), entries });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(name),
            bind_group_layouts: &[Some(&layout)],
            ..Default::default()
        });
        let pipeline = |fragment: &&str| {
            device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
                label: Some(name),
                layout: Some(&pipeline_layout),
                vertex: wgpu::VertexState {
                    module: &module,
                    entry_point: Some("vertex"),
                    compilation_options: wgpu::PipelineCompilationOptions::default(),
                    buffers: &[],
                },
                primitive: wgpu::PrimitiveState::default(),
                depth_stencil: None,
                multisample: wgpu::MultisampleState::default(),
                fragment: Some(wgpu::FragmentState {
                    module: &module,
                    entry_point: Some(fragment),
                    compilation_options: wgpu::PipelineCompilationOptions::default(),
                    targets: &[Some(target.into())],
                }),
                multiview_mask: None,
                cache: None,
            })
        };
        let pipelines = fragments.iter().map(pipeline).collect();
        Self { pipelines, layout }
    }

    fn bind(&self, gpu: &Gpu, resources: &[wgpu::BindingResource<'_>]) -> Binding {
        let uniform = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("uniform"),
            size: UNIFORM_BYTES,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let first = wgpu::BindGroupEntry { binding: 0, resource: uniform.as_entire_binding() };
        let rest = resources
            .iter()
            .zip(1..)
            .map(|(resource, n)| wgpu::BindGroupEntry { binding: n, resource: resource.clone() });
        let entries: Vec<_> = std::iter::once(first).chain(rest).collect();
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &self.layout,
            entries: &entries,
        });
        Binding { uniform, group }
    }

    fn draw(&self, pass: &mut wgpu::RenderPass<'_>, fragment: usize, binding: &Binding) {
        pass.set_pipeline(&self.pipelines[fragment]);
        pass.set_bind_group(0, &binding.group, &[]);
        pass.draw(0..3, 0..1);
    }
}

fn entry(binding: u32, ty: wgpu::BindingType, visibility: wgpu::ShaderStages) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry { binding, visibility, ty, count: None }
}

fn uniform() -> wgpu::BindGroupLayoutEntry {
    let ty = wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: false,
        min_binding_size: None,
    };
    entry(0, ty, wgpu::ShaderStages::FRAGMENT)
}

fn texture(
    binding: u32,
    view_dimension: wgpu::TextureViewDimension,
    sample_type: wgpu::TextureSampleType,
) -> wgpu::BindGroupLayoutEntry {
    let ty = wgpu::BindingType::Texture { sample_type, view_dimension, multisampled: false };
    entry(binding, ty, wgpu::ShaderStages::FRAGMENT)
}

fn sampler(binding: u32) -> wgpu::BindGroupLayoutEntry {
    entry(binding, wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering), wgpu::ShaderStages::FRAGMENT)
}
