//! A chest made of formulas: the Hounsfield units of the demonstration series, slice by slice.
//!
//! Only additions, multiplications, divisions and square roots of f64 and whole-number hashing are used, which every platform
//! computes to the same bit. Distances are millimetres in the phantom's own frame: x to the patient's left, y to the back, z up from
//! the lowest slice; the middle of the body is x = y = 0.

/// Columns and rows of a slice.
pub(super) const SIZE: usize = 256;
/// Number of slices.
pub(super) const SLICES: usize = 120;
/// Distance between pixels.
pub(super) const PIXEL_MM: f64 = 1.4;
/// Distance between slices.
pub(super) const SLICE_MM: f64 = 2.5;

/// An ellipsoid of changed lung with a known place and volume. No vessel is drawn inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DemonstrationLesion {
    /// Centre: x, y, z in the phantom's frame, millimetres.
    pub centre: [f64; 3],
    /// Semi-axes along x, y, z, millimetres.
    pub semi_axes_mm: [f64; 3],
    /// Mean HU.
    pub hu: i16,
}

impl DemonstrationLesion {
    /// Ground-glass opacity in the right lung.
    pub const GROUND_GLASS: Self = Self { centre: [-78.0, 28.0, 172.0], semi_axes_mm: [19.0, 17.0, 20.0], hu: -530 };
    /// Consolidation in the left lung.
    pub const CONSOLIDATION: Self = Self { centre: [82.0, 34.0, 135.0], semi_axes_mm: [14.0, 18.0, 16.0], hu: 35 };

    /// 4/3 π abc, millilitres.
    pub fn volume_ml(&self) -> f64 {
        let [a, b, c] = self.semi_axes_mm;
        4.0 / 3.0 * std::f64::consts::PI * a * b * c / 1000.0
    }
    fn contains(&self, p: [f64; 3]) -> bool {
        within(p, self.centre, self.semi_axes_mm)
    }
}

const AIR: f64 = -1000.0;
const FAT: f64 = -105.0;
const MUSCLE: f64 = 52.0;
const BLOOD: f64 = 42.0;
const LUNG: f64 = -868.0;

const LUNGS: [([f64; 3], [f64; 3]); 2] =
    [([-69.0, 2.0, 140.0], [58.0, 84.0, 128.0]), ([69.0, 2.0, 140.0], [58.0, 84.0, 128.0])];
/// Top of each half of the diaphragm: x, y, z.
const DOMES: [[f64; 3]; 2] = [[-68.0, 0.0, 84.0], [68.0, 5.0, 70.0]];
const CARINA: [f64; 3] = [0.0, 16.0, 196.0];

/// A straight tube with round ends.
#[derive(Clone, Copy)]
struct Tube {
    from: [f64; 3],
    to: [f64; 3],
    radius: f64,
    /// Thickness of the wall of an airway. Small bronchi have next to none, so that the air of the trachea leads into the lungs.
    wall: f64,
}

impl Tube {
    /// Distance of a point from the axis.
    fn distance(&self, p: [f64; 3]) -> f64 {
        let d = sub(self.to, self.from);
        let v = sub(p, self.from);
        let t = (dot(v, d) / dot(d, d)).clamp(0.0, 1.0);
        let off = [0, 1, 2].map(|n| v[n] - t * d[n]);
        dot(off, off).sqrt()
    }
}

/// What does not change from slice to slice.
pub(super) struct Phantom {
    vessels: Vec<Tube>,
    airways: Vec<Tube>,
}

impl Phantom {
    pub(super) fn new() -> Self {
        let airways = airways();
        let mut vessels = Vec::new();
        let mut random = Random(0x4869_6C75_6D00_0001);
        for (side, hilum) in [(-1.0, [-34.0, 14.0, 165.0]), (1.0, [38.0, 16.0, 162.0])] {
            for direction in ROOTS {
                let direction = [side * direction[0], direction[1], direction[2]];
                grow(&mut vessels, &mut random, hilum, direction, 4.6, 0);
            }
        }
        Self { vessels, airways }
    }

    /// HU of slice `k`, row by row.
    pub(super) fn slice(&self, k: usize) -> Vec<i16> {
        let z = k as f64 * SLICE_MM;
        let mut hu = vec![AIR; SIZE * SIZE];
        let mut lung = vec![false; SIZE * SIZE];
        for (n, (hu, lung)) in hu.iter_mut().zip(&mut lung).enumerate() {
            let p = place(n % SIZE, n / SIZE, z);
            (*hu, *lung) = tissue(p);
        }
        for vessel in &self.vessels {
            paint(vessel, vessel.radius, z, |n, inside| {
                if lung[n] {
                    hu[n] += (BLOOD - hu[n]).max(0.0) * inside;
                }
            });
        }
        let lesions = [DemonstrationLesion::GROUND_GLASS, DemonstrationLesion::CONSOLIDATION];
        for (n, hu) in hu.iter_mut().enumerate().filter(|(n, _)| lung[*n]) {
            if let Some(lesion) = lesions.iter().find(|l| l.contains(place(n % SIZE, n / SIZE, z))) {
                *hu = f64::from(lesion.hu);
            }
        }
        for airway in &self.airways {
            paint(airway, airway.radius + airway.wall, z, |n, inside| hu[n] += (20.0 - hu[n]).max(0.0) * inside);
        }
        for airway in &self.airways {
            paint(airway, airway.radius, z, |n, inside| hu[n] += (AIR + 5.0 - hu[n]) * inside);
        }
        finish(&hu, k)
    }
}

/// First directions of the vessels of a lung, on the left side.
const ROOTS: [[f64; 3]; 6] = [
    [0.5, 0.2, 0.85],
    [0.75, -0.55, 0.35],
    [0.8, 0.55, 0.25],
    [0.75, -0.4, -0.55],
    [0.65, 0.5, -0.6],
    [0.35, 0.1, -0.95],
];

/// A branching tree of tubes, each generation thinner and shorter.
fn grow(tubes: &mut Vec<Tube>, random: &mut Random, from: [f64; 3], direction: [f64; 3], radius: f64, depth: usize) {
    if depth > 8 || radius < 0.5 {
        return;
    }
    let direction = unit(direction);
    let length = 7.0 + 3.2 * radius + 6.0 * random.fraction();
    let to = [0, 1, 2].map(|n| from[n] + direction[n] * length);
    tubes.push(Tube { from, to, radius, wall: 0.0 });
    for bend in [0.28, 0.62] {
        let turned = [0, 1, 2].map(|n| direction[n] + bend * 1.7 * (random.fraction() - 0.5) * 2.0);
        grow(tubes, random, to, turned, radius * (0.9 - 0.3 * bend), depth + 1);
    }
}

/// Trachea, main bronchi and the bronchi that lead into each lung.
fn airways() -> Vec<Tube> {
    let mut tubes = vec![Tube { from: [0.0, 14.0, 330.0], to: CARINA, radius: 8.6, wall: 1.6 }];
    for (side, hilum, radius) in [(-1.0, [-33.0, 20.0, 176.0], 6.6), (1.0, [38.0, 22.0, 170.0], 6.0)] {
        tubes.push(Tube { from: CARINA, to: hilum, radius, wall: 1.6 });
        for (d, r) in [([0.55, 0.0, 0.9], 3.4), ([0.7, -0.6, -0.3], 3.0), ([0.5, 0.35, -0.85], 3.8)] {
            let d = unit([side * d[0], d[1], d[2]]);
            let middle = [0, 1, 2].map(|n| hilum[n] + 24.0 * d[n]);
            let end = [0, 1, 2].map(|n| middle[n] + 22.0 * unit([d[0] + 0.4 * side, d[1], d[2]])[n]);
            tubes.push(Tube { from: hilum, to: middle, radius: r, wall: 1.2 });
            tubes.push(Tube { from: middle, to: end, radius: 0.68 * r, wall: 0.3 });
        }
    }
    tubes
}

/// HU at a point without tubes and lesions, and whether it is lung.
fn tissue(p: [f64; 3]) -> (f64, bool) {
    let [x, y, z] = p;
    let narrowing = ((z - 215.0) / 82.0).max(0.0);
    let [a, b] = [166.0 - 48.0 * narrowing * narrowing, 112.0 - 22.0 * narrowing * narrowing];
    let relative = ((x / a) * (x / a) + (y / b) * (y / b)).sqrt();
    if relative > 1.0 {
        return (table(y, x), false);
    }
    // Distance to the skin along the ray from the middle.
    let depth = (x * x + y * y).sqrt() * (1.0 / relative.max(1e-6) - 1.0);
    if depth < 1.8 {
        return (15.0, false);
    }
    if depth < 17.0 {
        return (FAT, false);
    }
    if let Some(bone) = bone(p, depth) {
        return (bone, false);
    }
    let lung = (depth > 37.0)
        && LUNGS.iter().zip(DOMES).any(|(&(centre, axes), dome)| {
            let (dx, dy) = ((x - dome[0]) / 60.0, (y - dome[1]) / 82.0);
            within(p, centre, axes) && z > dome[2] - 58.0 * (dx * dx + dy * dy)
        });
    if let Some(blood) = mediastinum(p) {
        return (blood, false);
    }
    if lung {
        // Lung is denser where it lies lowest: here at the back.
        return (LUNG + 0.45 * y, true);
    }
    if z < 90.0 && depth > 40.0 {
        let fat = within(p, [30.0, -30.0, 0.0], [60.0, 28.0, 60.0]);
        return (
            if fat {
                -95.0
            } else if x < 15.0 {
                58.0
            } else {
                46.0
            },
            false,
        );
    }
    (if x.abs() < 34.0 && depth > 30.0 && y < 48.0 { -88.0 } else { MUSCLE }, false)
}

/// Heart and great vessels.
fn mediastinum(p: [f64; 3]) -> Option<f64> {
    let [x, y, z] = p;
    let round = |cx: f64, cy: f64, r: f64| (x - cx) * (x - cx) + (y - cy) * (y - cy) < r * r;
    let heart = within(p, [20.0, -24.0, 112.0], [54.0, 44.0, 52.0]);
    let descending = z < 222.0 && round(24.0, 42.0, 12.0);
    let ascending = (130.0..222.0).contains(&z) && round(-12.0, -14.0, 15.0);
    let arch = within(p, [8.0, 14.0, 222.0], [26.0, 38.0, 13.0]) && !within(p, [2.0, 16.0, 222.0], [11.0, 11.0, 30.0]);
    let cava = z > 140.0 && round(-30.0, -8.0, 8.5);
    let pulmonary = (150.0..186.0).contains(&z) && round(16.0, -18.0, 14.0);
    let neck = z > 226.0 && (round(-18.0, 2.0, 6.0) || round(18.0, 4.0, 6.0) || round(26.0, -8.0, 7.0));
    let oesophagus = round(8.0, 32.0, 6.0);
    (heart || descending || ascending || arch || cava || pulmonary || neck)
        .then_some(BLOOD)
        .or(oesophagus.then_some(35.0))
}

/// Spine, sternum and ribs.
fn bone(p: [f64; 3], depth: f64) -> Option<f64> {
    let [x, y, z] = p;
    let ellipse = |cy: f64, a: f64, b: f64| (x / a) * (x / a) + ((y - cy) / b) * ((y - cy) / b);
    let level = z % 24.0;
    let body = ellipse(60.0, 19.0, 15.0);
    if body < 1.0 {
        return Some(if level < 5.0 {
            75.0
        } else if body > 0.8 || !(7.0..=22.0).contains(&level) {
            380.0
        } else {
            165.0
        });
    }
    let canal = ellipse(83.0, 9.0, 8.0);
    if canal < 1.0 {
        return Some(18.0);
    }
    if canal < 2.2 && level > 8.0 || x.abs() < 3.5 && (90.0..101.0).contains(&y) && level > 8.0 {
        return Some(320.0);
    }
    if x.abs() < 17.0 && y < 0.0 && (22.0..32.0).contains(&depth) && (95.0..240.0).contains(&z) {
        return Some(if (24.0..30.0).contains(&depth) { 140.0 } else { 360.0 });
    }
    // Ribs fall towards the front.
    let shell = (depth - 31.0).abs();
    if shell < 5.0 && z < 272.0 {
        let level = (z - 0.42 * y + 480.0) % 25.0;
        let height = (level - 12.5).abs();
        let section = (shell / 5.0) * (shell / 5.0) + (height / 5.5) * (height / 5.5);
        let front = y < -20.0 && x.abs() < 62.0;
        if section < 1.0 && x.abs() > 17.0 {
            return Some(if front {
                95.0
            } else if section > 0.45 {
                620.0
            } else {
                210.0
            });
        }
    }
    None
}

/// The couch below the patient: a shell filled with foam.
fn table(y: f64, x: f64) -> f64 {
    let top = 116.0 + x * x / 900.0;
    if x.abs() > 170.0 || !(top..top + 16.0).contains(&y) {
        AIR
    } else if y < top + 2.0 || y > top + 14.0 {
        -180.0
    } else {
        -940.0
    }
}

/// Calls `visit` with the offset of each pixel a tube touches and how far inside it lies, 0 to 1.
fn paint(tube: &Tube, radius: f64, z: f64, mut visit: impl FnMut(usize, f64)) {
    let reach = radius + PIXEL_MM;
    if z < tube.from[2].min(tube.to[2]) - reach || z > tube.from[2].max(tube.to[2]) + reach {
        return;
    }
    let pixel = |mm: f64| (mm / PIXEL_MM + (SIZE as f64 - 1.0) / 2.0).clamp(0.0, SIZE as f64 - 1.0) as usize;
    let span = |axis: usize| {
        let (low, high) = (tube.from[axis].min(tube.to[axis]), tube.from[axis].max(tube.to[axis]));
        pixel(low - reach)..=pixel(high + reach)
    };
    for j in span(1) {
        for i in span(0) {
            let inside = (0.5 + (radius - tube.distance(place(i, j, z))) / PIXEL_MM).clamp(0.0, 1.0);
            if inside > 0.0 {
                visit(j * SIZE + i, inside);
            }
        }
    }
}

/// The blur and the noise of a scanner, and whole numbers.
fn finish(hu: &[f64], k: usize) -> Vec<i16> {
    let at = |i: usize, j: usize| hu[j.min(SIZE - 1) * SIZE + i.min(SIZE - 1)];
    let mut out = Vec::with_capacity(SIZE * SIZE);
    for j in 0..SIZE {
        for i in 0..SIZE {
            let (left, up) = (i.saturating_sub(1), j.saturating_sub(1));
            let blurred = (at(i, j) * 4.0 + at(left, j) + at(i + 1, j) + at(i, up) + at(i, j + 1)) / 8.0;
            // The sum of eight bytes is nearly normal: mean 1020, deviation 209.
            let hash = mix((k * SIZE * SIZE + j * SIZE + i) as u64);
            let sum: u32 = hash.to_le_bytes().iter().map(|b| u32::from(*b)).sum();
            let noise = (f64::from(sum) - 1020.0) / 209.0 * if blurred < -950.0 { 9.0 } else { 17.0 };
            out.push((blurred + noise).round().clamp(-1024.0, 3071.0) as i16);
        }
    }
    out
}

/// Centre of a pixel.
fn place(i: usize, j: usize, z: f64) -> [f64; 3] {
    let mm = |n: usize| (n as f64 - (SIZE as f64 - 1.0) / 2.0) * PIXEL_MM;
    [mm(i), mm(j), z]
}

fn within(p: [f64; 3], centre: [f64; 3], axes: [f64; 3]) -> bool {
    let d = [0, 1, 2].map(|n| (p[n] - centre[n]) / axes[n]);
    dot(d, d) < 1.0
}
fn sub(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}
fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
fn unit(v: [f64; 3]) -> [f64; 3] {
    let length = dot(v, v).sqrt().max(1e-9);
    v.map(|c| c / length)
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    /// The next number of 0..1.
    fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(1);
        (mix(self.0) >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
