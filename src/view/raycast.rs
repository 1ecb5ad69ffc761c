//! The 3D picture by ray casting: CPU twin of `render/shaders/raycast.wgsl`.
//!
//! Orthographic rays are sampled front to back at a fixed distance; opacity grows with the gradient so that surfaces stand
//! out of even tissue (after Levoy, "Display of surfaces from volume data", IEEE CG&A 1988), and ends early.

use super::reslice::{grey, label_at, linear};
use super::{LabelLook, Leaps, Projection, TransferFunction, VolumeInput, Window};
use crate::geometry::Grid;
use crate::volume::{CtVolume, LabelMap};
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

    /// Whether a place is neither cropped nor cut away.
    fn keeps(&self, v: DVec3) -> bool {
        v.cmpge(self.low).all() && v.cmple(self.high).all() && self.cut.dot(v.extend(1.0)) >= 0.0
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

/// What is seen at a place of a ray.
struct Seen {
    rgb: [f64; 3],
    /// Of one mm of tissue at its surface.
    opacity: f64,
    /// Opacity of one mm that a segment has at least.
    least: f64,
}

impl Seen {
    /// Opacity of one mm.
    fn per_mm(&self, surface: &Surface) -> f64 {
        (self.opacity * (EVEN_SHARE + (1.0 - EVEN_SHARE) * surface.gate)).max(self.least)
    }
}

/// What the gradient makes of a place.
#[derive(Clone, Copy, Default)]
struct Surface {
    /// How much of a surface it is, 0..=1.
    gate: f64,
    /// Light that it sends on, in its own colour.
    shade: f64,
    /// Light of a highlight.
    highlight: f64,
}

impl Surface {
    /// `gradient` in HU per mm, patient space.
    fn new(gradient: DVec3, rays: &Rays) -> Self {
        let steepness = gradient.length();
        let gate = (steepness / FULL_GRADIENT).min(1.0);
        if steepness <= 1.0 {
            return Self { gate, shade: AMBIENT + DIFFUSE * 0.6, highlight: 0.0 };
        }
        let normal = gradient / steepness;
        let shade = AMBIENT + DIFFUSE * normal.dot(rays.light).abs();
        Self { gate, shade, highlight: SPECULAR * gate * normal.dot(rays.halfway).abs().powf(SHININESS) }
    }
}

/// What a ray found out some samples ago, and until which it holds.
struct Kept {
    surface: Surface,
    /// Of the tissue there, per mm of its surface.
    opacity: f64,
    until: f64,
    light: f64,
    light_until: f64,
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
    /// Bytes of the texels asked for, before any cache: eight of two bytes for a blended value.
    pub fn bytes(&self) -> u64 {
        8 * self.bricks + 20 * self.samples + 16 * self.blends + 10 * self.labelled
    }
}

/// What drawing a picture of this size takes.
pub fn work(scene: &Scene<'_>, input: &VolumeInput, size: [u32; 2]) -> Work {
    let mut work = Work::default();
    draw(scene, input, size, &mut work);
    work
}

/// The place that a px of a picture of this size shows, voxel coordinates: where what lies before it has become [`SURFACE`] opaque,
/// else what adds most; of a projection, the voxel whose value is shown (a mean has no place of its own). `None` on empty background.
pub fn pick(scene: &Scene<'_>, input: &VolumeInput, size: [u32; 2], at: [f64; 2]) -> Option<DVec3> {
    let rays = Rays::new(scene.volume.grid(), input, size);
    let start = rays.origin + rays.right * at[0] + rays.down * at[1];
    let Span { first, last, cut } = rays.span(start)?;
    let count = (last - first).max(-1.0) as u32;
    let places = (0..=count).map(|n| start + rays.step * (first + f64::from(n)));
    match input.projection {
        Some((Projection::Mean, _)) => None,
        Some((projection, _)) => {
            let only_anatomy = input.only_anatomy(scene.look);
            let counts = |v: &DVec3| !only_anatomy || scene.look.colour(0, label_at(scene.labels[0], *v))[3] > 0.0;
            let sign = if projection == Projection::Highest { 1.0 } else { -1.0 };
            let value = |v: &DVec3| sign * linear(scene.volume, *v);
            places.filter(counts).map(|v| (value(&v), v)).reduce(|a, b| if b.0 > a.0 { b } else { a }).map(|(_, v)| v)
        }
        None => {
            let on_cut = cut.map(|n| start + rays.step * n).filter(|v| linear(scene.volume, *v) > CUT_HU);
            on_cut.or_else(|| scene.surface(places, input, &rays))
        }
    }
}

/// Draws the 3D picture as RGBA, row by row.
pub fn raycast(scene: &Scene<'_>, input: &VolumeInput, size: [u32; 2]) -> Vec<u8> {
    draw(scene, input, size, &mut Work::default())
}

fn draw(scene: &Scene<'_>, input: &VolumeInput, size: [u32; 2], work: &mut Work) -> Vec<u8> {
    let rays = Rays::new(scene.volume.grid(), input, size);
    let table = input.transfer.table();
    let mut out = Vec::with_capacity(size[0] as usize * size[1] as usize * 4);
    for y in 0..size[1] {
        for x in 0..size[0] {
            let colour = (0..input.rays.max(1)).fold([0.0; 3], |sum, n| {
                let [dx, dy, along] = place_of_ray(x, y, n);
                let start = rays.origin + rays.right * (f64::from(x) + dx) + rays.down * (f64::from(y) + dy);
                let start = start + rays.step * along;
                let colour = match input.projection {
                    Some(projection) => scene.project(projection, input.only_anatomy(scene.look), &rays, start, work),
                    None => scene.cast(input, &table, &rays, start, work),
                };
                [0, 1, 2].map(|c| sum[c] + colour[c].clamp(0.0, 1.0) / f64::from(input.rays.max(1)))
            });
            out.extend(colour.map(|c| (c * 255.0).round() as u8));
            out.push(255);
        }
    }
    out
}

impl Scene<'_> {
    fn cast(&self, input: &VolumeInput, table: &[[u8; 4]], rays: &Rays, start: DVec3, work: &mut Work) -> [f64; 3] {
        let Some(Span { first, last, cut }) = rays.span(start) else { return [0.0; 3] };
        if let Some(n) = cut {
            let hu = linear(self.volume, start + rays.step * n);
            if hu > CUT_HU {
                let (low, scale) = input.window.low_and_scale();
                return [f64::from(grey(hu, low, scale, false)); 3];
            }
        }
        let mut colour = [0.0; 3];
        let mut left = 1.0;
        let (mut n, mut until, mut marked) = (first, first, true);
        let mut kept = Kept { surface: Surface::default(), opacity: 0.0, until: first, light: 1.0, light_until: first };
        while n <= last && left > ENOUGH {
            if let Some(leaps) = self.leaps.filter(|_| n >= until) {
                work.bricks += 1;
                let (brick, exit) = leaps.at(start, rays.step, n);
                if brick.distance > 0 {
                    n = exit;
                    continue;
                }
                (until, marked) = (exit, brick.marks > 0);
            }
            let v = start + rays.step * n;
            work.samples += 1;
            work.labelled += u64::from(marked);
            let Some(seen) = self.seen(v, marked, table) else {
                n += 1.0;
                continue;
            };
            let is_even = seen.opacity <= kept.opacity * EVEN_GROWTH + EVEN_RISE;
            if n >= kept.until || !is_even || seen.per_mm(&kept.surface) * input.step_mm >= THIN {
                kept.surface = Surface::new(rays.mm_from_voxel * gradient(self.volume, v), rays);
                (kept.opacity, kept.until) = (seen.opacity, n + GRADIENT_SAMPLES);
                work.blends += 6;
            }
            if input.shadows && n >= kept.light_until {
                kept.light = self.light_at(v, table, rays);
                kept.light_until = n + LIGHT_SAMPLES;
                work.blends += u64::from(SHADOW_PLACES);
            }
            n += 1.0;
            let alpha = 1.0 - (1.0 - seen.per_mm(&kept.surface)).powf(input.step_mm);
            let Surface { shade, highlight, .. } = kept.surface;
            for (c, s) in colour.iter_mut().zip(seen.rgb) {
                *c += left * alpha * (shade * s + highlight) * kept.light;
            }
            left *= 1.0 - alpha;
        }
        colour
    }

    /// The first of these places, front to back, before and at which [`SURFACE`] is hidden; else the one that adds most, if all
    /// together is more than [`FAINT`].
    fn surface(&self, places: impl Iterator<Item = DVec3>, input: &VolumeInput, rays: &Rays) -> Option<DVec3> {
        let table = input.transfer.table();
        let (mut left, mut most) = (1.0, (0.0, None));
        for v in places {
            let Some(seen) = self.seen(v, true, &table) else { continue };
            let per_mm = seen.per_mm(&Surface::new(rays.mm_from_voxel * gradient(self.volume, v), rays));
            let alpha = 1.0 - (1.0 - per_mm).powf(input.step_mm);
            if left * alpha > most.0 {
                most = (left * alpha, Some(v));
            }
            left *= 1.0 - alpha;
            if left <= 1.0 - SURFACE {
                return Some(v);
            }
        }
        most.1.filter(|_| left < 1.0 - FAINT)
    }

    /// What is seen at a place; labels are looked at if there may be any.
    fn seen(&self, v: DVec3, marked: bool, table: &[[u8; 4]]) -> Option<Seen> {
        let [r, g, b, opacity] = lookup(table, linear(self.volume, v));
        let (mut rgb, mut least) = ([r, g, b], 0.0);
        if marked {
            let label = |n: usize| self.look.colour(n, label_at(self.labels[n], v)).map(f64::from);
            let [anatomy, finding] = [0, 1].map(label);
            if finding[3] > 0.0 {
                rgb = [finding[0], finding[1], finding[2]];
                least = FINDING_OPACITY;
            } else if anatomy[3] > 0.0 {
                rgb = std::array::from_fn(|c| rgb[c] + (anatomy[c] - rgb[c]) * ANATOMY_TINT);
                least = ANATOMY_OPACITY;
            }
        }
        (opacity > 0.0 || least > 0.0).then_some(Seen { rgb, opacity, least })
    }

    /// Share of the light that reaches a place through the tissue before it: a few places ever farther apart, as far as a surface
    /// shades its neighbourhood.
    fn light_at(&self, v: DVec3, table: &[[u8; 4]], rays: &Rays) -> f64 {
        let (mut through, mut at_mm, mut before_mm) = (1.0, SHADOW_NEAR_MM, 0.0);
        for _ in 0..SHADOW_PLACES {
            // Even tissue is thinner than its surface, here as on the way to the eye.
            let v = v + rays.light_voxels * at_mm;
            if rays.keeps(v) {
                let per_mm = EVEN_SHARE * lookup(table, linear(self.volume, v))[3];
                through *= (1.0 - per_mm).powf(at_mm - before_mm);
            }
            before_mm = at_mm;
            at_mm *= SHADOW_GROWTH;
        }
        SHADOW_LEAST + (1.0 - SHADOW_LEAST) * through
    }

    /// One value of a ray as grey; of samples inside shown anatomy alone, if so asked.
    fn project(
        &self,
        (projection, window): (Projection, Window),
        only_anatomy: bool,
        rays: &Rays,
        start: DVec3,
        work: &mut Work,
    ) -> [f64; 3] {
        let Some(Span { first, last, .. }) = rays.span(start) else { return [0.0; 3] };
        let (mut count, mut sum, mut lowest, mut highest) = (0.0, 0.0, f64::MAX, f64::MIN);
        let (mut n, mut until) = (first, first);
        while n <= last {
            if let Some(leaps) = self.leaps.filter(|_| n >= until) {
                work.bricks += 1;
                let (brick, exit) = leaps.at_brick(start, rays.step, n);
                let [low, high] = brick.range_hu.map(f64::from);
                let nothing_new = match projection {
                    Projection::Mean => false,
                    Projection::Highest => high <= highest,
                    Projection::Lowest => low >= lowest,
                };
                if nothing_new || only_anatomy && brick.marks & 1 == 0 {
                    n = exit;
                    continue;
                }
                until = exit;
            }
            let v = start + rays.step * n;
            n += 1.0;
            if only_anatomy && self.look.colour(0, label_at(self.labels[0], v))[3] <= 0.0 {
                continue;
            }
            work.samples += 1;
            let hu = linear(self.volume, v);
            count += 1.0;
            sum += hu;
            lowest = hu.min(lowest);
            highest = hu.max(highest);
        }
        if count == 0.0 {
            return [0.0; 3];
        }
        let hu = match projection {
            Projection::Mean => sum / count,
            Projection::Highest => highest,
            Projection::Lowest => lowest,
        };
        let (low, scale) = window.low_and_scale();
        [f64::from(grey(hu, low, scale, false)); 3]
    }
}

/// Where ray `n` of a px passes through it, px, and how far along a step it begins, 0..1. Neighbouring rays sample at other depths
/// (by a hash of whole numbers), so that surfaces show no rings; rays of one px spread evenly over it and over the step (additive
/// recurrence: Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018).
fn place_of_ray(x: u32, y: u32, n: u32) -> [f64; 3] {
    let mut h = x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77);
    h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
    h = (h ^ (h >> 12)).wrapping_mul(0x297A_2D39);
    let jitter = f64::from((h ^ (h >> 15)) >> 8) / f64::from(1 << 24);
    let n = f64::from(n);
    [0.5 + 0.754_877_67 * n, 0.5 + 0.569_840_3 * n, jitter + 0.618_034 * n].map(f64::fract)
}

fn lookup(table: &[[u8; 4]], hu: f64) -> [f64; 4] {
    let entry = table[TransferFunction::entry_of(hu).min(table.len() - 1)].map(|v| f64::from(v) / 255.0);
    [entry[0], entry[1], entry[2], entry[3] * entry[3]]
}

/// Central differences, HU per voxel.
fn gradient(volume: &CtVolume, v: DVec3) -> DVec3 {
    let along = |d: DVec3| (linear(volume, v + d) - linear(volume, v - d)) / 2.0;
    DVec3::new(along(DVec3::X), along(DVec3::Y), along(DVec3::Z))
}
