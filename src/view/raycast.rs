//! The 3D picture by ray casting: CPU twin of `render/shaders/raycast.wgsl`.
//!
//! Orthographic rays are sampled front to back at a fixed distance; opacity grows with the gradient so that surfaces stand
//! out of even tissue (after Levoy, "Display of surfaces from volume data", IEEE CG&A 1988), and ends early.

mod caster;

use super::reslice::label_at;
use super::{LabelLook, Leaps, Projection, VolumeInput};
use crate::geometry::{Grid, VoxelPoint};
use crate::volume::{CtVolume, LabelMap, sample_linear_at};
use caster::Caster;
pub(crate) use caster::Tables;
use glam::{DMat3, DVec3, DVec4};

/// Rays end when less than this is left to see.
pub const ENOUGH: f64 = 0.02;
/// Least opacity of anatomy that is a segment, per mm: a lung tints what it holds and hides nothing.
pub const ANATOMY_OPACITY: f64 = 0.005;
/// Share of the segment's colour in shown anatomy; tissue keeps the rest.
pub const ANATOMY_TINT: f64 = 0.7;
/// Least opacity of a finding, per mm: it stands out of whatever lies around it.
pub const FINDING_OPACITY: f64 = 0.3;
/// Gradient at which tissue is as opaque as the transfer function says, HU per mm.
pub const FULL_GRADIENT: f64 = 120.0;
/// Share of opacity that even tissue keeps.
pub const EVEN_SHARE: f64 = 0.15;

/// Light that a surface sends on whatever its direction, and light that it sends on where it faces the light.
pub const AMBIENT: f64 = 0.35;
/// See [`AMBIENT`].
pub const DIFFUSE: f64 = 0.65;
/// Light of a highlight (Blinn, "Models of light reflection for computer synthesized pictures", SIGGRAPH 1977), on full gradients.
pub const SPECULAR: f64 = 0.25;
/// How small it is.
pub const SHININESS: f64 = 24.0;
/// What hides so much of what is behind it is the surface that a click means.
pub const SURFACE: f64 = 0.4;
/// Less than this on a whole ray is background.
pub const FAINT: f64 = 0.03;
/// A cut shows voxels denser than this as grey in the window, opaque; one looks through the air outside the body, HU.
pub const CUT_HU: f64 = -950.0;
/// Places looked at on the way to the light.
pub const SHADOW_PLACES: u32 = 6;
/// Distance of the first, mm.
pub const SHADOW_NEAR_MM: f64 = 3.0;
/// Each is farther than the one before by this factor.
pub const SHADOW_GROWTH: f64 = 1.5;
/// Light that reaches the deepest shadow.
pub const SHADOW_LEAST: f64 = 0.4;
/// Light is looked at anew after so many samples: it changes over millimetres.
pub const LIGHT_SAMPLES: f64 = 6.0;
/// The gradient is looked at anew after so many samples of thin and even tissue, at each sample elsewhere.
pub const GRADIENT_SAMPLES: f64 = 3.0;
/// What a sample of thin tissue hides at most.
pub const THIN: f64 = 0.05;
/// By what factor, and by how much per mm, opacity grows at most where tissue is even.
pub const EVEN_GROWTH: f64 = 1.25;
/// See [`EVEN_GROWTH`].
pub const EVEN_RISE: f64 = 0.03;

/// Rays in voxel coordinates: px (x, y) begins at `origin + right · (x + ½) + down · (y + ½)` and moves by `step`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rays {
    /// Of the pane's top left corner, before the volume.
    pub origin: DVec3,
    /// For one px to the right.
    pub right: DVec3,
    /// For one px down.
    pub down: DVec3,
    /// From one sample to the next.
    pub step: DVec3,
    /// Samples that cross the whole volume.
    pub count: u32,
    /// Faces of the box that is kept, voxel coordinates.
    pub low: DVec3,
    /// The opposite ones.
    pub high: DVec3,
    /// The cut keeps what has `(voxel, 1) · cut ≥ 0`; 0 without one.
    pub cut: DVec4,
    /// Voxel gradient → patient gradient (HU per voxel to HU per mm).
    pub mm_from_voxel: DMat3,
    /// Towards the light, patient space.
    pub light: DVec3,
    /// Halfway between the light and the eye, patient space.
    pub halfway: DVec3,
    /// Towards the light, voxels for one mm.
    pub light_voxels: DVec3,
}

impl Rays {
    /// Of a picture of this size, px.
    pub fn new(grid: &Grid, input: &VolumeInput, size: [u32; 2]) -> Self {
        let [right, down, forward] = input.camera.axes();
        let mm_per_px = 2.0 * input.camera.half_height_mm / f64::from(size[1].max(1));
        let reach = grid.corners().iter().map(|c| (*c - input.camera.target).dot(forward).abs()).fold(0.0, f64::max);
        let corner = input.camera.target
            + right * (-mm_per_px * f64::from(size[0]) / 2.0)
            + down * (-mm_per_px * f64::from(size[1]) / 2.0)
            + forward * -reach;
        let voxel = |v| grid.voxel_step_from_patient(v);
        let [low, high] = input.clip.faces(grid);
        let light = (-forward - down * 0.5 - right * 0.3).unit().unwrap_or(-forward);
        let steps = DMat3::from_cols(grid.step(0).0, grid.step(1).0, grid.step(2).0);
        Self {
            origin: grid.voxel_from_patient(corner).0,
            right: voxel(right * mm_per_px),
            down: voxel(down * mm_per_px),
            step: voxel(forward * input.step_mm),
            count: (2.0 * reach / input.step_mm).ceil().clamp(1.0, 8192.0) as u32,
            low,
            high,
            cut: input.clip.cut_of_voxels(grid),
            mm_from_voxel: steps.inverse().transpose(),
            light: light.0,
            halfway: (light - forward).0.normalize_or_zero(),
            light_voxels: voxel(light),
        }
    }
}

/// The samples of a ray that are kept.
struct Span {
    first: f64,
    last: f64,
    /// Where the ray comes in through the cut, if it does, in steps.
    cut: Option<f64>,
}

impl Rays {
    /// Of the ray that begins at `start`; `None` if nothing of it is kept.
    fn span(&self, start: DVec3) -> Option<Span> {
        let (mut near, mut far) = (0.0f64, f64::from(self.count));
        for a in 0..3 {
            let (low, high) = (self.low[a] - start[a], self.high[a] - start[a]);
            if self.step[a].abs() < 1e-9 {
                if low > 0.0 || high < 0.0 {
                    return None;
                }
            } else {
                let (t0, t1) = (low / self.step[a], high / self.step[a]);
                near = near.max(t0.min(t1));
                far = far.min(t0.max(t1));
            }
        }
        let (within, along) = (self.cut.dot(start.extend(1.0)), self.cut.dot(self.step.extend(0.0)));
        let mut cut = None;
        if along.abs() < 1e-9 {
            if within < 0.0 {
                return None;
            }
        } else if along > 0.0 {
            let t = -within / along;
            if t > near {
                (near, cut) = (t, Some(t));
            }
        } else {
            far = far.min(-within / along);
        }
        (near <= far).then(|| Span { first: near.ceil(), last: far.floor(), cut })
    }
}

/// What rays are cast through: voxels, labels (anatomy, then findings) and how they look.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// HU.
    pub volume: &'a CtVolume,
    /// Anatomy, findings.
    pub labels: [&'a LabelMap; 2],
    /// Their colours.
    pub look: &'a LabelLook,
    /// Where rays may leap, for this transfer function and look; without it every sample is looked at, for the same picture.
    pub leaps: Option<&'a Leaps>,
}

impl Scene<'_> {
    /// Whether a voxel coordinate lies in anatomy that is shown.
    fn shows_anatomy(&self, v: DVec3) -> bool {
        self.look.colour(0, label_at(self.labels[0], v))[3] > 0.0
    }
}

/// What rays looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Bricks asked for.
    pub bricks: u64,
    /// Samples of HU along rays.
    pub samples: u64,
    /// Samples whose labels were asked for.
    pub labelled: u64,
    /// Blended values beside a sample's own: for its gradient, and for the light that reaches it.
    pub blends: u64,
}

impl Work {
    fn add(&mut self, other: Self) {
        self.bricks += other.bricks;
        self.samples += other.samples;
        self.labelled += other.labelled;
        self.blends += other.blends;
    }
    /// Bytes of the texels asked for, before any cache: eight of two bytes for a blended value.
    pub fn bytes(&self) -> u64 {
        8 * self.bricks + 20 * self.samples + 16 * self.blends + 10 * self.labelled
    }
}

/// What drawing a picture of this size takes.
pub fn work(scene: &Scene<'_>, input: &VolumeInput, size: [u32; 2]) -> Work {
    let mut work = Work::default();
    draw(scene, input, &Tables::new(input), size, 0, &mut work, || true);
    work
}

/// The place that a px of a picture of this size shows, voxel coordinates: where what lies before it has become [`SURFACE`] opaque,
/// else what adds most; of a projection, the voxel whose value is shown (a mean has no place of its own). `None` on empty background.
pub fn pick(scene: &Scene<'_>, input: &VolumeInput, size: [u32; 2], at: [f64; 2]) -> Option<DVec3> {
    let linear = |v: DVec3| sample_linear_at(scene.volume, VoxelPoint(v));
    let rays = Rays::new(scene.volume.grid(), input, size);
    let start = rays.origin + rays.right * at[0] + rays.down * at[1];
    let Span { first, last, cut } = rays.span(start)?;
    let count = (last - first).max(-1.0) as u32;
    let places = (0..=count).map(|n| start + rays.step * (first + f64::from(n)));
    match input.projection {
        Some((Projection::Mean, _)) => None,
        Some((projection, _)) => {
            let only_anatomy = input.only_anatomy(scene.look);
            let counts = |v: &DVec3| !only_anatomy || scene.shows_anatomy(*v);
            let sign = if projection == Projection::Highest { 1.0 } else { -1.0 };
            let value = |v: &DVec3| sign * linear(*v);
            places.filter(counts).map(|v| (value(&v), v)).reduce(|a, b| if b.0 > a.0 { b } else { a }).map(|(_, v)| v)
        }
        None => {
            let on_cut = cut.map(|n| start + rays.step * n).filter(|v| linear(*v) > CUT_HU);
            on_cut.or_else(|| Caster::new(scene, input, &Tables::new(input), size).surface(places))
        }
    }
}

/// Draws the 3D picture as RGBA, row by row.
pub fn raycast(scene: &Scene<'_>, input: &VolumeInput, size: [u32; 2]) -> Vec<u8> {
    draw(scene, input, &Tables::new(input), size, 0, &mut Work::default(), || true)
}

/// Draws rows of the 3D picture from `first` on, while `go_on` says so after each; RGBA, row by row.
pub(crate) fn raycast_rows(
    scene: &Scene<'_>,
    input: &VolumeInput,
    tables: &Tables,
    size: [u32; 2],
    first: u32,
    go_on: impl FnMut() -> bool,
) -> Vec<u8> {
    draw(scene, input, tables, size, first, &mut Work::default(), go_on)
}

fn draw(
    scene: &Scene<'_>,
    input: &VolumeInput,
    tables: &Tables,
    size: [u32; 2],
    first: u32,
    work: &mut Work,
    mut go_on: impl FnMut() -> bool,
) -> Vec<u8> {
    let caster = Caster::new(scene, input, tables, size);
    let mut out = Vec::new();
    for y in first..size[1] {
        out.extend((0..size[0]).flat_map(|x| caster.px(x, y, work)));
        if !go_on() {
            break;
        }
    }
    out
}
