//! All structs shared with WGSL; `encase` lays them out as WGSL does, and a test holds their sizes against naga's.

use crate::geometry::Grid;
use crate::view::raycast::Rays;
use crate::view::reslice::VoxelWalk;
use crate::view::{COMPARTMENT_OPACITY, COMPARTMENTS, Interpolation, LabelLook, PxRect, SliceInput, VolumeInput};
use encase::{ShaderType, UniformBuffer};
use glam::{DVec3, Mat3, Vec2, Vec3, Vec4};

/// `SliceUniform` of `reslice.wgsl`.
#[derive(ShaderType)]
pub(super) struct SliceUniform {
    origin: Vec3,
    right: Vec3,
    down: Vec3,
    size: Vec3,
    across: Vec3,
    corner: Vec2,
    ends: Vec4,
    low: f32,
    high: f32,
    scale: f32,
    sigmoid: f32,
    fill: f32,
    outline: f32,
    samples: f32,
    projection: f32,
    inverted: f32,
    interpolation: f32,
    tint: f32,
}

/// `RayUniform` of `raycast.wgsl`.
#[derive(ShaderType)]
pub(super) struct RayUniform {
    origin: Vec3,
    right: Vec3,
    down: Vec3,
    step: Vec3,
    size: Vec3,
    kept_low: Vec3,
    kept_high: Vec3,
    cut: Vec4,
    light: Vec3,
    halfway: Vec3,
    light_voxels: Vec3,
    mm_from_voxel: Mat3,
    step_mm: f32,
    count: f32,
    low: f32,
    high: f32,
    scale: f32,
    sigmoid: f32,
    projection: f32,
    rays: f32,
    shadows: f32,
    only_anatomy: f32,
}

/// `PresentUniform` of `present.wgsl`.
#[derive(ShaderType)]
pub(super) struct PresentUniform {
    corner: Vec2,
    size: Vec2,
}

pub(super) fn sizes() -> [(&'static str, u64); 3] {
    [
        ("SliceUniform", SliceUniform::min_size().get()),
        ("RayUniform", RayUniform::min_size().get()),
        ("PresentUniform", PresentUniform::min_size().get()),
    ]
}

/// The bytes of a uniform.
pub(super) fn bytes<T: ShaderType + encase::internal::WriteInto>(value: &T) -> Vec<u8> {
    let mut buffer = UniformBuffer::new(Vec::new());
    match buffer.write(value) {
        Ok(()) => buffer.into_inner(),
        // A growing Vec takes any size.
        Err(_) => Vec::new(),
    }
}

fn vec3(v: DVec3) -> Vec3 {
    v.as_vec3()
}

fn size_of_grid(grid: &Grid) -> Vec3 {
    Vec3::from(grid.size().map(|s| s as f32))
}

fn corner(rect: PxRect) -> Vec2 {
    Vec2::new(rect.x as f32, rect.y as f32)
}

impl SliceUniform {
    pub(super) fn new(grid: &Grid, slice: &SliceInput, look: &LabelLook, rect: PxRect) -> Self {
        let walk = VoxelWalk::new(grid, slice, [rect.width, rect.height]);
        let ramp = slice.window.ramp();
        Self {
            origin: vec3(walk.origin),
            right: vec3(walk.right),
            down: vec3(walk.down),
            size: size_of_grid(grid),
            corner: corner(rect),
            ends: Vec4::from([0, 1, 2, 3].map(|n| COMPARTMENTS[n].to_hu as f32)),
            low: ramp.low as f32,
            high: ramp.high as f32,
            scale: ramp.scale as f32,
            sigmoid: f32::from(u8::from(ramp.is_sigmoid)),
            fill: look.fill,
            outline: look.outline,
            across: vec3(walk.across),
            samples: walk.samples as f32,
            projection: slice.slab.projection.number() as f32,
            inverted: f32::from(u8::from(slice.inverted)),
            interpolation: match slice.interpolation {
                Interpolation::Linear => 0.0,
                Interpolation::Nearest => 1.0,
                Interpolation::Cubic => 2.0,
            },
            tint: if slice.compartments { COMPARTMENT_OPACITY } else { 0.0 },
        }
    }
}

impl RayUniform {
    pub(super) fn new(grid: &Grid, input: &VolumeInput, look: &LabelLook, size: [u32; 2]) -> Self {
        let rays = Rays::new(grid, input, size);
        let ramp = input.projection.map_or(input.window, |(_, window)| window).ramp();
        Self {
            origin: vec3(rays.origin),
            right: vec3(rays.right),
            down: vec3(rays.down),
            step: vec3(rays.step),
            size: size_of_grid(grid),
            kept_low: vec3(rays.low),
            kept_high: vec3(rays.high),
            cut: rays.cut.as_vec4(),
            light: vec3(rays.light),
            halfway: vec3(rays.halfway),
            light_voxels: vec3(rays.light_voxels),
            mm_from_voxel: rays.mm_from_voxel.as_mat3(),
            step_mm: input.step_mm as f32,
            count: rays.count as f32,
            low: ramp.low as f32,
            high: ramp.high as f32,
            scale: ramp.scale as f32,
            sigmoid: f32::from(u8::from(ramp.is_sigmoid)),
            projection: input.projection.map_or(0.0, |(p, _)| p.number() as f32),
            rays: input.rays.max(1) as f32,
            shadows: f32::from(u8::from(input.shadows)),
            only_anatomy: f32::from(u8::from(input.only_anatomy(look))),
        }
    }
}

impl PresentUniform {
    pub(super) fn new(rect: PxRect) -> Self {
        Self { corner: corner(rect), size: Vec2::new(rect.width as f32, rect.height as f32) }
    }
}
