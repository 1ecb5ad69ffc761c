//! Light along rays, in 32 bits as the shader computes it, with what a sample needs looked up instead of computed.

use super::{
    AMBIENT, ANATOMY_OPACITY, ANATOMY_TINT, CUT_HU, DIFFUSE, ENOUGH, EVEN_GROWTH, EVEN_RISE, EVEN_SHARE, FAINT,
    FINDING_OPACITY, FULL_GRADIENT, GRADIENT_SAMPLES, LIGHT_SAMPLES, Rays, SHADOW_GROWTH, SHADOW_LEAST, SHADOW_NEAR_MM,
    SHADOW_PLACES, SHININESS, SPECULAR, SURFACE, Scene, Span, THIN, Work,
};
use crate::view::reslice::label_at;
use crate::view::{Projection, TransferFunction, VolumeInput};
use crate::volume::{Trilinear, nearest_whole};
use glam::{DVec3, Mat3A, Vec3A, Vec4};

/// What a sample looks up instead of computing it: of a transfer function and a distance of samples, for as long as a picture takes.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    /// Colour and opacity per mm of each entry of the transfer function.
    entries: Vec<Vec4>,
    /// Of each entry, what it leaves of light between one place towards the light and the next; without shadows nothing.
    passing: Vec<[f32; SHADOW_PLACES as usize]>,
    /// What a sample of an opacity per mm hides, for opacities evenly spread over 0..=1, and what one place further adds.
    hides: Vec<[f32; 2]>,
}

/// All that the rays of one picture have in common.
pub(super) struct Caster<'a> {
    scene: Scene<'a>,
    input: &'a VolumeInput,
    tables: &'a Tables,
    rays: Rays,
    hu: Trilinear<'a>,
    /// Places towards the light, from where it is looked for.
    towards_light: [Vec3A; SHADOW_PLACES as usize],
    /// Opacity per mm of which a sample hides more than [`THIN`].
    thin: f32,
    step: Vec3A,
    mm_from_voxel: Mat3A,
    light: Vec3A,
    halfway: Vec3A,
    low: Vec3A,
    high: Vec3A,
    cut: Vec4,
}

/// Entries of [`Tables::hides`], but for the last.
const HIDES: u32 = 2048;

/// What is seen at a place of a ray.
struct Seen {
    rgb: Vec3A,
    /// Of one mm of tissue at its surface.
    opacity: f32,
    /// Opacity of one mm that a segment has at least.
    least: f32,
}

impl Seen {
    /// Opacity of one mm.
    fn per_mm(&self, surface: &Surface) -> f32 {
        const EVEN: f32 = EVEN_SHARE as f32;
        (self.opacity * (EVEN + (1.0 - EVEN) * surface.gate)).max(self.least)
    }
}

/// What the gradient makes of a place.
#[derive(Clone, Copy, Default)]
struct Surface {
    /// How much of a surface it is, 0..=1.
    gate: f32,
    /// Light that it sends on, in its own colour.
    shade: f32,
    /// Light of a highlight.
    highlight: f32,
}

/// What a ray found out some samples ago, and until which it holds.
struct Kept {
    surface: Surface,
    /// Of the tissue there, per mm of its surface.
    opacity: f32,
    until: f32,
    light: f32,
    light_until: f32,
}

/// Places towards the light: how far each is, and how far from the one before, mm.
fn light_places() -> [(f64, f64); SHADOW_PLACES as usize] {
    let (mut at_mm, mut before_mm) = (SHADOW_NEAR_MM, 0.0);
    std::array::from_fn(|_| {
        let place = (at_mm, at_mm - before_mm);
        (before_mm, at_mm) = (at_mm, at_mm * SHADOW_GROWTH);
        place
    })
}

impl Tables {
    /// Of a picture.
    pub(crate) fn new(input: &VolumeInput) -> Self {
        let entry = |[r, g, b, root]: [u8; 4]| {
            let entry = Vec4::new(r.into(), g.into(), b.into(), root.into()) / 255.0;
            entry.truncate().extend(entry.w * entry.w)
        };
        let entries: Vec<Vec4> = input.transfer.table().into_iter().map(entry).collect();
        let places = light_places();
        // Even tissue is thinner than its surface, here as on the way to the eye.
        let passing = |e: &Vec4| places.map(|(_, mm)| (1.0 - EVEN_SHARE * f64::from(e.w)).powf(mm) as f32);
        let hides = |n: u32| 1.0 - (1.0 - (f64::from(n) / f64::from(HIDES)).min(1.0)).powf(input.step_mm);
        Self {
            passing: if input.shadows { entries.iter().map(passing).collect() } else { Vec::new() },
            entries,
            hides: (0..=HIDES).map(|n| [hides(n) as f32, (hides(n + 1) - hides(n)) as f32]).collect(),
        }
    }
}

impl<'a> Caster<'a> {
    /// For a picture of this size, px, with its tables.
    pub(super) fn new(scene: &Scene<'a>, input: &'a VolumeInput, tables: &'a Tables, size: [u32; 2]) -> Self {
        let rays = Rays::new(scene.volume.grid(), input, size);
        Self {
            towards_light: light_places().map(|(mm, _)| (rays.light_voxels * mm).as_vec3a()),
            thin: (THIN / input.step_mm) as f32,
            hu: Trilinear::new(scene.volume),
            step: rays.step.as_vec3a(),
            mm_from_voxel: Mat3A::from_cols_array(&rays.mm_from_voxel.to_cols_array().map(|v| v as f32)),
            light: rays.light.as_vec3a(),
            halfway: rays.halfway.as_vec3a(),
            low: rays.low.as_vec3a(),
            high: rays.high.as_vec3a(),
            cut: rays.cut.as_vec4(),
            scene: *scene,
            input,
            tables,
            rays,
        }
    }

    /// What a px shows, as RGBA.
    pub(super) fn px(&self, x: u32, y: u32, work: &mut Work) -> [u8; 4] {
        let count = self.input.rays.max(1);
        let sum = (0..count).fold(Vec3A::ZERO, |sum, n| {
            let [dx, dy, along] = place_of_ray(x, y, n);
            let start = self.rays.origin
                + self.rays.right * (f64::from(x) + dx)
                + self.rays.down * (f64::from(y) + dy)
                + self.rays.step * along;
            let colour = match self.input.projection {
                Some((projection, _)) => Vec3A::splat(self.project(projection, start, work)),
                None => self.cast(start, work),
            };
            sum + colour.clamp(Vec3A::ZERO, Vec3A::ONE)
        });
        let [r, g, b] = (sum * (255.0 / count as f32) + 0.5).to_array().map(|c| c as u8);
        [r, g, b, 255]
    }

    /// Light of a ray through tissue.
    fn cast(&self, start: DVec3, work: &mut Work) -> Vec3A {
        let Some(Span { first, last, cut }) = self.rays.span(start) else { return Vec3A::ZERO };
        if let Some(n) = cut {
            let hu = self.hu.at((start + self.rays.step * n).as_vec3a());
            if hu > CUT_HU as f32 {
                return Vec3A::splat(self.input.window.grey(f64::from(hu)) as f32);
            }
        }
        let from = start.as_vec3a();
        let (mut n, last) = (first as f32, last as f32);
        let (mut colour, mut left) = (Vec3A::ZERO, 1.0f32);
        let (mut until, mut marked) = (n, true);
        let mut kept = Kept { surface: Surface::default(), opacity: 0.0, until: n, light: 1.0, light_until: n };
        // Of this ray, and of its own: what is behind a reference is written at each sample.
        let mut done = Work::default();
        while n <= last && left > ENOUGH as f32 {
            if let Some(leaps) = self.scene.leaps.filter(|_| n >= until) {
                done.bricks += 1;
                let (brick, exit) = leaps.at(start, self.rays.step, f64::from(n));
                if brick.distance > 0 {
                    n = exit as f32;
                    continue;
                }
                (until, marked) = (exit as f32, brick.marks > 0);
            }
            let (v, sample) = (from + self.step * n, n);
            n += 1.0;
            done.samples += 1;
            done.labelled += u64::from(marked);
            let Some(seen) = self.seen(v, marked) else { continue };
            let is_even = seen.opacity <= kept.opacity * EVEN_GROWTH as f32 + EVEN_RISE as f32;
            if sample >= kept.until || !is_even || seen.per_mm(&kept.surface) >= self.thin {
                kept.surface = self.surface_at(v);
                (kept.opacity, kept.until) = (seen.opacity, sample + GRADIENT_SAMPLES as f32);
                done.blends += 6;
            }
            if self.input.shadows && sample >= kept.light_until {
                kept.light = self.light_at(v);
                kept.light_until = sample + LIGHT_SAMPLES as f32;
                done.blends += u64::from(SHADOW_PLACES);
            }
            let alpha = self.hidden(seen.per_mm(&kept.surface));
            let Surface { shade, highlight, .. } = kept.surface;
            colour += (seen.rgb * shade + highlight) * (left * alpha * kept.light);
            left *= 1.0 - alpha;
        }
        work.add(done);
        colour
    }

    /// The first of these places, front to back, before and at which [`SURFACE`] is hidden; else the one that adds most, if all
    /// together is more than [`FAINT`].
    pub(super) fn surface(&self, places: impl Iterator<Item = DVec3>) -> Option<DVec3> {
        let (mut left, mut most) = (1.0, (0.0, None));
        for place in places {
            let v = place.as_vec3a();
            let Some(seen) = self.seen(v, true) else { continue };
            let alpha = self.hidden(seen.per_mm(&self.surface_at(v)));
            if left * alpha > most.0 {
                most = (left * alpha, Some(place));
            }
            left *= 1.0 - alpha;
            if left <= 1.0 - SURFACE as f32 {
                return Some(place);
            }
        }
        most.1.filter(|_| left < 1.0 - FAINT as f32)
    }

    /// What is seen at a place; labels are looked at if there may be any.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "once for each sample; and each call would cost as much as the work")]
    fn seen(&self, v: Vec3A, marked: bool) -> Option<Seen> {
        let entry = self.tables.entries[self.entry_at(v)];
        let (mut rgb, opacity, mut least) = (Vec3A::from_vec4(entry), entry.w, 0.0);
        if marked {
            (rgb, least) = self.marked(v, rgb);
        }
        (opacity > 0.0 || least > 0.0).then_some(Seen { rgb, opacity, least })
    }
    /// Colour and least opacity of a place where segments are shown.
    fn marked(&self, v: Vec3A, rgb: Vec3A) -> (Vec3A, f32) {
        let v = v.as_dvec3();
        let look = |layer: usize| Vec4::from(self.scene.look.colour(layer, label_at(self.scene.labels[layer], v)));
        let (anatomy, finding) = (look(0), look(1));
        if finding.w > 0.0 {
            (Vec3A::from_vec4(finding), FINDING_OPACITY as f32)
        } else if anatomy.w > 0.0 {
            (rgb + (Vec3A::from_vec4(anatomy) - rgb) * ANATOMY_TINT as f32, ANATOMY_OPACITY as f32)
        } else {
            (rgb, 0.0)
        }
    }
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as above")]
    fn entry_at(&self, v: Vec3A) -> usize {
        let place = (self.hu.at(v) - TransferFunction::LOW_HU) * (1.0 / TransferFunction::STEP_HU);
        nearest_whole(place.max(0.0).min(TransferFunction::ENTRIES as f32 - 1.0))
    }
    /// What a sample hides of what is behind it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as above")]
    fn hidden(&self, per_mm: f32) -> f32 {
        let place = per_mm * HIDES as f32;
        let below = nearest_whole((place - 0.5).max(0.0));
        let [share, more] = self.tables.hides[below.min(self.tables.hides.len() - 1)];
        share + more * (place - below as f32)
    }

    /// By central differences.
    fn surface_at(&self, v: Vec3A) -> Surface {
        let gradient = self.mm_from_voxel * self.hu.differences(v) * 0.5;
        let steepness = gradient.length();
        let gate = (steepness / FULL_GRADIENT as f32).min(1.0);
        if steepness <= 1.0 {
            return Surface { gate, shade: (AMBIENT + DIFFUSE * 0.6) as f32, highlight: 0.0 };
        }
        let normal = gradient / steepness;
        let shade = AMBIENT as f32 + DIFFUSE as f32 * normal.dot(self.light).abs();
        let highlight = SPECULAR as f32 * gate * normal.dot(self.halfway).abs().powi(SHININESS as i32);
        Surface { gate, shade, highlight }
    }

    /// Share of the light that reaches a place through the tissue before it: a few places ever farther apart, as far as a surface
    /// shades its neighbourhood.
    fn light_at(&self, v: Vec3A) -> f32 {
        let mut through = 1.0;
        for (n, towards) in self.towards_light.iter().enumerate() {
            let v = v + *towards;
            let kept = v.cmpge(self.low).all() && v.cmple(self.high).all() && self.cut.dot(v.extend(1.0)) >= 0.0;
            if kept {
                through *= self.tables.passing[self.entry_at(v)][n];
            }
        }
        SHADOW_LEAST as f32 + (1.0 - SHADOW_LEAST as f32) * through
    }

    /// One value of a ray as grey; of samples inside shown anatomy alone, if so asked.
    fn project(&self, projection: Projection, start: DVec3, work: &mut Work) -> f32 {
        let Some(Span { first, last, .. }) = self.rays.span(start) else { return 0.0 };
        let only_anatomy = self.input.only_anatomy(self.scene.look);
        let from = start.as_vec3a();
        let (mut count, mut sum, mut lowest, mut highest) = (0.0f32, 0.0f32, f32::MAX, f32::MIN);
        let (mut n, last) = (first as f32, last as f32);
        let mut until = n;
        while n <= last {
            if let Some(leaps) = self.scene.leaps.filter(|_| n >= until) {
                work.bricks += 1;
                let (brick, exit) = leaps.at_brick(start, self.rays.step, f64::from(n));
                let [low, high] = brick.range_hu.map(f32::from);
                let nothing_new = match projection {
                    Projection::Mean => false,
                    Projection::Highest => high <= highest,
                    Projection::Lowest => low >= lowest,
                };
                if nothing_new || only_anatomy && brick.marks & 1 == 0 {
                    n = exit as f32;
                    continue;
                }
                until = exit as f32;
            }
            let v = from + self.step * n;
            n += 1.0;
            if only_anatomy && !self.scene.shows_anatomy(v.as_dvec3()) {
                continue;
            }
            work.samples += 1;
            let hu = self.hu.at(v);
            count += 1.0;
            sum += hu;
            lowest = hu.min(lowest);
            highest = hu.max(highest);
        }
        let Some((_, window)) = self.input.projection.filter(|_| count > 0.0) else { return 0.0 };
        let hu = match projection {
            Projection::Mean => sum / count,
            Projection::Highest => highest,
            Projection::Lowest => lowest,
        };
        window.grey(f64::from(hu)) as f32
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
