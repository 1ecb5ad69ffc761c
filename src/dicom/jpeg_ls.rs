//! JPEG-LS (ITU-T T.87 | ISO/IEC 14495-1), one component of 2 to 16 bits, lossless and near-lossless.
//!
//! Written here because screening CTs are stored so, and the decoders in Rust take thrice the time of those in C. Strict: a stream
//! that ends before its last sample, or whose errors are larger than samples can be, is refused.

use super::jpeg_stream::{Frame, Stream, word};
use super::{DicomError, PixelFormat};

/// Samples of a stream, row by row.
///
/// # Errors
/// [`DicomError::UnsupportedPixels`] for several components, palettes, restarts or a point transform; [`DicomError::PixelData`] for a
/// damaged stream, or one of another size than the header says.
pub(super) fn decode(data: &[u8], format: &PixelFormat) -> Result<Vec<u16>, DicomError> {
    let mut stream = Stream::new(data);
    let mut preset = [0; 5];
    let mut frame = None;
    loop {
        match stream.marker()? {
            0xD8 | 0x01 => {}
            0xF7 => frame = Some(Frame::read(stream.segment()?, format)?),
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                return Err(unsupported("another coding process of JPEG"));
            }
            0xF8 => match stream.segment()?.split_first() {
                Some((1, values)) => {
                    for (n, value) in preset.iter_mut().enumerate() {
                        *value = i32::from(word(values, 2 * n)?);
                    }
                }
                _ => return Err(unsupported("palettes, or more than 65 535 rows or columns")),
            },
            0xDD => {
                if stream.segment()?.iter().any(|b| *b != 0) {
                    return Err(unsupported("restart markers"));
                }
            }
            0xDA => {
                let frame: Frame = frame.ok_or_else(|| damaged("there is no frame header before the scan"))?;
                let (palette, [near, interleave, transform]) = frame.scan(stream.segment()?)?;
                if palette != 0 || interleave != 0 || transform != 0 {
                    return Err(unsupported("a palette, interleaving or a point transform"));
                }
                let limits = Limits::new(frame.precision, near.into(), preset)?;
                let coded = stream.rest();
                // A bit of run mode stands for a row at most.
                if coded.len() < format.rows / 8 {
                    return Err(early());
                }
                let samples = match near {
                    0 => Scan::<true>::new(limits, coded).samples(format),
                    _ => Scan::<false>::new(limits, coded).samples(format),
                };
                return samples.ok_or_else(early);
            }
            0xD9 => return Err(damaged("there is no scan")),
            _ => drop(stream.segment()?),
        }
    }
}

fn early() -> DicomError {
    damaged("the scan ends too early or breaks its code")
}
fn damaged(reason: &str) -> DicomError {
    DicomError::PixelData { reason: format!("JPEG-LS: {reason}") }
}
fn unsupported(reason: &str) -> DicomError {
    DicomError::UnsupportedPixels { reason: format!("JPEG-LS: {reason}") }
}

/// The numbers of C.2.4.1.1 and A.2.1, by their names there.
#[derive(Clone, Copy)]
struct Limits {
    maxval: i32,
    near: i32,
    /// T1, T2, T3.
    thresholds: [i32; 3],
    reset: i32,
    range: i32,
    qbpp: u32,
    limit: u32,
}

impl Limits {
    /// `preset` holds MAXVAL, T1, T2, T3 and RESET, 0 for their defaults.
    fn new(precision: u8, near: i32, preset: [i32; 5]) -> Result<Self, DicomError> {
        if !(2..=16).contains(&precision) {
            return Err(damaged("samples have fewer than 2 or more than 16 bits"));
        }
        let or = |given: i32, default: i32| if given == 0 { default } else { given };
        let most = (1 << precision) - 1;
        let maxval = or(preset[0], most);
        if maxval > most || near > maxval / 2 {
            return Err(damaged("the greatest value or error cannot be"));
        }
        let clamp = |value: i32, least: i32| if value > maxval || value < least { least } else { value };
        let by_default = |basic: i32, small: i32, nears: i32| {
            if maxval >= 128 {
                (maxval.min(4095) + 128) / 256 * (basic - small) + small + nears * near
            } else {
                small.max(basic / (256 / (maxval + 1)) + nears * near)
            }
        };
        let t1 = or(preset[1], clamp(by_default(3, 2, 3), near + 1));
        let t2 = or(preset[2], clamp(by_default(7, 3, 5), t1));
        let t3 = or(preset[3], clamp(by_default(21, 4, 7), t2));
        let reset = or(preset[4], 64);
        let rising = near < t1 && t1 <= t2 && t2 <= t3 && t3 <= maxval.max(near + 1);
        if !rising || !(3..=maxval.max(255)).contains(&reset) {
            return Err(damaged("the thresholds cannot be"));
        }
        let bits = |values: i32| 32 - (values - 1).leading_zeros();
        let range = (maxval + 2 * near) / (2 * near + 1) + 1;
        let bpp = bits(maxval + 1).max(2);
        Ok(Self {
            maxval,
            near,
            thresholds: [t1, t2, t3],
            reset,
            range,
            qbpp: bits(range),
            limit: 2 * (bpp + bpp.max(8)),
        })
    }
}

/// What was learnt of the errors in one context (A.6); of those that interrupt a run, `b` counts the negative ones.
#[derive(Clone, Copy)]
struct Context {
    a: u32,
    b: i32,
    c: i32,
    n: i32,
}

impl Context {
    /// The Golomb parameter: least k such that n · 2ᵏ ≥ `a`.
    #[inline(always)]
    fn parameter(&self, a: u32) -> u32 {
        let n = self.n as u32;
        let k = n.leading_zeros().saturating_sub(a.leading_zeros());
        k + u32::from(u64::from(n) << k < u64::from(a))
    }
    #[inline(always)]
    fn learn(&mut self, error: i32, step: i32, reset: i32) {
        self.a = self.a.saturating_add(error.unsigned_abs());
        self.b += error * step;
        if self.n == reset {
            self.a >>= 1;
            self.b >>= 1;
            self.n >>= 1;
        }
        self.n += 1;
        if self.b <= -self.n {
            self.b = (self.b + self.n).max(1 - self.n);
            self.c = (self.c - 1).max(-128);
        } else if self.b > 0 {
            self.b = (self.b - self.n).min(0);
            self.c = (self.c + 1).min(127);
        }
    }
}

/// Lengths of runs, as powers of two (A.7.1).
const J: [u8; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// Differences of samples, which have 17 bits; negative ones come after the positive.
const DIFFERENCES: usize = 1 << 17;
/// Contexts that are used, up to a power of two.
const CONTEXTS: usize = 512;

struct Scan<'a, const LOSSLESS: bool> {
    limits: Limits,
    bits: Bits<'a>,
    /// −4..=4 for each difference (A.3.3).
    regions: Box<[i8; DIFFERENCES]>,
    contexts: Box<[Context; CONTEXTS]>,
    /// Of samples that interrupt a run: unlike the one above, and like it.
    interruptions: [Context; 2],
    /// Index into [`J`].
    run: usize,
}

impl<'a, const LOSSLESS: bool> Scan<'a, LOSSLESS> {
    fn new(limits: Limits, coded: &'a [u8]) -> Self {
        let fresh = Context { a: ((limits.range + 32) / 64).max(2) as u32, b: 0, c: 0, n: 1 };
        let mut regions = Box::new([0i8; DIFFERENCES]);
        let [t1, t2, t3] = limits.thresholds;
        for (region, from, to) in [(1, limits.near + 1, t1), (2, t1, t2), (3, t2, t3), (4, t3, limits.maxval + 1)] {
            for difference in from..to.max(from) {
                regions[difference as usize % DIFFERENCES] = region;
                regions[-difference as usize % DIFFERENCES] = -region;
            }
        }
        Self {
            limits,
            bits: Bits { data: coded, at: 0, window: 0, count: 0 },
            regions,
            contexts: Box::new([fresh; CONTEXTS]),
            interruptions: [fresh; 2],
            run: 0,
        }
    }

    fn samples(mut self, format: &PixelFormat) -> Option<Vec<u16>> {
        let columns = format.columns;
        let mut samples = Vec::new();
        // Each with a sample before its first and after its last.
        let (mut above, mut row) = (vec![0u16; columns + 2], vec![0u16; columns + 2]);
        for _ in 0..format.rows {
            above[columns + 1] = above[columns];
            row[0] = above[1];
            self.row(&above, &mut row)?;
            samples.extend_from_slice(&row[1..=columns]);
            std::mem::swap(&mut above, &mut row);
        }
        Some(samples)
    }

    #[inline(never)]
    fn row(&mut self, above: &[u16], row: &mut [u16]) -> Option<()> {
        let columns = row.len() - 2;
        if above.len() != row.len() {
            return None;
        }
        let mut at = 1;
        while at <= columns {
            // In the names of A.3.1.
            let mut c = i32::from(above[at - 1]);
            let mut b = i32::from(above[at]);
            let mut a = i32::from(row[at - 1]);
            loop {
                let d = i32::from(above[at + 1]);
                let context = 81 * self.region(d - b) + 9 * self.region(b - c) + self.region(c - a);
                if context == 0 {
                    break;
                }
                let x = self.regular(context, a, b, c)?;
                row[at] = x as u16;
                at += 1;
                if at > columns {
                    return Some(());
                }
                (a, c, b) = (x, b, d);
            }
            at = self.run(a, above, row, at)?;
        }
        Some(())
    }

    #[inline(always)]
    fn region(&self, difference: i32) -> i32 {
        self.regions[difference as usize % DIFFERENCES].into()
    }

    /// A sample of regular mode (A.4 and A.5).
    #[inline(always)]
    fn regular(&mut self, context: i32, a: i32, b: i32, c: i32) -> Option<i32> {
        let Limits { maxval, near, reset, .. } = self.limits;
        let sign = context >> 31;
        let found = &mut self.contexts[context.unsigned_abs() as usize % CONTEXTS];
        let predicted = (a + b - c).clamp(a.min(b), a.max(b));
        let predicted = (predicted + ((found.c ^ sign) - sign)).clamp(0, maxval);
        let k = found.parameter(found.a);
        let mapped = self.bits.golomb(k, self.limits.limit, &self.limits)?;
        let mut error = (mapped >> 1) as i32 ^ -((mapped & 1) as i32);
        if LOSSLESS && k == 0 && 2 * found.b <= -found.n {
            error = !error;
        }
        let step = if LOSSLESS { 1 } else { 2 * near + 1 };
        found.learn(error, step, reset);
        Some(self.restored(predicted, (error ^ sign) - sign))
    }

    /// A prediction and its error as a sample (A.4.5): modulo the range, and limited.
    #[inline(always)]
    fn restored(&self, predicted: i32, error: i32) -> i32 {
        let Limits { maxval, near, range, .. } = self.limits;
        let (step, near) = if LOSSLESS { (1, 0) } else { (2 * near + 1, near) };
        let mut x = predicted + error * step;
        if x < -near {
            x += range * step;
        } else if x > maxval + near {
            x -= range * step;
        }
        x.clamp(0, maxval)
    }

    /// A run of samples like `a`, and the one that interrupts it (A.7): where the row goes on.
    fn run(&mut self, a: i32, above: &[u16], row: &mut [u16], begin: usize) -> Option<usize> {
        let end = row.len() - 1;
        let mut at = begin;
        while self.bits.next(1)? == 1 {
            let whole = 1 << J[self.run];
            let length = whole.min(end - at);
            row[at..at + length].fill(a as u16);
            at += length;
            if length == whole {
                self.run = (self.run + 1).min(J.len() - 1);
            }
            if at == end {
                return Some(end);
            }
        }
        let j = u32::from(J[self.run]);
        let length = self.bits.next(j)? as usize;
        if length >= end - at {
            return None;
        }
        row[at..at + length].fill(a as u16);
        at += length;
        row[at] = self.interruption(a, above[at].into(), j)? as u16;
        self.run = self.run.saturating_sub(1);
        Some(at + 1)
    }

    fn interruption(&mut self, a: i32, b: i32, j: u32) -> Option<i32> {
        let like = u32::from((a - b).abs() <= self.limits.near);
        let found = &mut self.interruptions[like as usize];
        let k = found.parameter(found.a + like * (found.n as u32 >> 1));
        let mapped = self.bits.golomb(k, self.limits.limit - j - 1, &self.limits)?;
        let odd = (mapped + like) & 1;
        let size = ((mapped + like + odd) >> 1) as i32;
        let is_negative = (k != 0 || 2 * found.b >= found.n) == (odd == 1);
        let error = if is_negative { -size } else { size };
        found.b += i32::from(error < 0);
        found.a = found.a.saturating_add((mapped + 1 - like) >> 1);
        if found.n == self.limits.reset {
            found.a >>= 1;
            found.b >>= 1;
            found.n >>= 1;
        }
        found.n += 1;
        Some(match like {
            1 => self.restored(a, error),
            _ => self.restored(b, if a > b { -error } else { error }),
        })
    }
}

/// The bits of the scan: after 0xFF a byte has seven (A.1).
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The highest `count` bits are next, zeros follow.
    window: u64,
    count: u32,
}

impl Bits<'_> {
    /// Takes in so many bytes that there are 32 bits at least, unless the segment ends; fewer than 64, so that all can be shifted.
    #[inline(always)]
    fn fill(&mut self) {
        if self.count > 31 {
            return;
        }
        // Four bytes at once, unless one of them or the one before is 0xFF.
        let before =
            self.at.checked_sub(1).and_then(|begin| self.data.get(begin..)).and_then(|rest| rest.first_chunk());
        if let Some(&[before, a, b, c, d]) = before {
            let four = u32::from_be_bytes([a, b, c, d]);
            if before != 0xFF && (!four).wrapping_sub(0x0101_0101) & four & 0x8080_8080 == 0 {
                self.window |= u64::from(four) << (32 - self.count);
                self.count += 32;
                self.at += 4;
                return;
            }
        }
        self.fill_by_bytes();
    }
    #[cold]
    fn fill_by_bytes(&mut self) {
        while self.count < 56 {
            let Some(&byte) = self.data.get(self.at) else { return };
            let after_ff = self.at > 0 && self.data[self.at - 1] == 0xFF;
            if after_ff && byte >= 0x80 || byte == 0xFF && self.data.get(self.at + 1).is_none_or(|next| *next >= 0x80) {
                // A marker ends the segment.
                return;
            }
            let length = if after_ff { 7 } else { 8 };
            self.window |= u64::from(byte) << (64 - length) >> self.count;
            self.count += length;
            self.at += 1;
        }
    }
    #[inline(always)]
    fn take(&mut self, length: u32) {
        self.window <<= length;
        self.count -= length;
    }
    /// The next `length` bits, at most 32.
    fn next(&mut self, length: u32) -> Option<u32> {
        self.fill();
        if self.count < length {
            return None;
        }
        let value = (self.window >> 32) as u32;
        self.take(length);
        Some((u64::from(value) >> (32 - length)) as u32)
    }
    /// A code of limited length (A.5.3).
    #[inline(always)]
    fn golomb(&mut self, k: u32, limit: u32, limits: &Limits) -> Option<u32> {
        self.fill();
        let zeros = self.window.leading_zeros();
        let length = zeros + 1 + k;
        let value = if length <= self.count && zeros < limit - limits.qbpp - 1 {
            let value = self.window << zeros << 1 >> 1 >> (63 - k);
            self.take(length);
            zeros << k | value as u32
        } else {
            self.long(k, limit, limits.qbpp)?
        };
        // No error is larger than half of the range.
        (value <= limits.range as u32 + 1).then_some(value)
    }
    #[cold]
    fn long(&mut self, k: u32, limit: u32, qbpp: u32) -> Option<u32> {
        let most = limit - qbpp - 1;
        let mut zeros = 0;
        loop {
            self.fill_by_bytes();
            let here = self.window.leading_zeros().min(self.count);
            zeros += here;
            if self.count == 0 || zeros > most {
                return None;
            }
            if here < self.count {
                self.take(here + 1);
                break;
            }
            self.take(here);
        }
        self.fill_by_bytes();
        match zeros {
            _ if zeros == most => Some(self.next(qbpp)? + 1),
            _ => Some(zeros << k | self.next(k)?),
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::super::jpeg_stream::format;
    use super::*;
    use jpegls::{EncodeOptions, encode_with_options};
    use proptest::prelude::*;

    /// Flat parts, slopes, noise and edges in turn, so that runs of all lengths begin and are interrupted.
    fn picture(rows: usize, columns: usize, most: u32, noise: u32, mut seed: u32) -> Vec<u16> {
        let mut random = move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed >> 8
        };
        let value = |n: usize, random: &mut dyn FnMut() -> u32| {
            let (row, column) = (n / columns, n % columns);
            let base = match (row / 5 + column / 9) % 4 {
                0 => most / 3,
                1 => (row * 3 + column * 7) as u32,
                2 => most,
                _ => most / 2 + u32::from(column % 7 == 3) * most / 4,
            };
            (base + if noise > 0 && (row + column / 16) % 2 == 0 { random() % noise } else { 0 }).min(most) as u16
        };
        (0..rows * columns).map(|n| value(n, &mut random)).collect()
    }

    fn encoded(samples: &[u16], rows: usize, columns: usize, near: u8, precision: u8) -> Vec<u8> {
        let mut options = EncodeOptions::default();
        (options.near, options.precision) = (near, Some(precision));
        let mut stream = Vec::new();
        let written = encode_with_options(samples, columns as u32, rows as u32, &options, &mut stream);
        assert!(written.is_ok());
        stream
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn another_writers_streams_give_every_value(
            rows in 1usize..40, columns in 1usize..70, precision in 2u8..=16, near in 0u8..4, noise in 0u32..300, seed: u32,
        ) {
            let most = (1u32 << precision) - 1;
            let near = near.min((most / 2) as u8);
            let samples = picture(rows, columns, most, noise.min(most), seed);
            let stream = encoded(&samples, rows, columns, near, precision);
            let decoded = decode(&stream, &format(rows, columns)).unwrap();
            let theirs = jpegls::decode(&stream, columns as u32, rows as u32).unwrap().0;
            prop_assert_eq!(&decoded, &theirs);
            prop_assert!(decoded.iter().zip(&samples).all(|(d, s)| d.abs_diff(*s) <= u16::from(near)));
            prop_assert!(decode(&stream, &format(rows + 1, columns)).is_err(), "another size");
            // What stands before the end marker is needed, but for bits that fill up the last byte.
            for cut in (0..stream.len() - 3).rev().take(40) {
                prop_assert!(decode(&stream[..cut], &format(rows, columns)).is_err(), "{} of {} bytes", cut, stream.len());
            }
        }

        #[test]
        fn damaged_streams_are_refused_or_give_a_picture(
            seed: u32, flips in prop::collection::vec((0usize..4000, 0u8..8), 1..6), near in 0u8..3,
        ) {
            let samples = picture(30, 50, 4095, 200, seed);
            let mut stream = encoded(&samples, 30, 50, near, 12);
            for (at, bit) in flips {
                let length = stream.len();
                stream[at % length] ^= 1 << bit;
            }
            if let Ok(decoded) = decode(&stream, &format(30, 50)) {
                prop_assert_eq!(decoded.len(), 1500);
            }
        }
    }

    /// Streams of CharLS, lossless and with errors of up to 2.
    #[test]
    fn streams_of_the_reference_give_every_value() {
        let streams: [&[u8]; 6] = [
            include_bytes!("../../fuzz/seeds/jpeg_ls/flat_0"),
            include_bytes!("../../fuzz/seeds/jpeg_ls/flat_2"),
            include_bytes!("../../fuzz/seeds/jpeg_ls/u16_0"),
            include_bytes!("../../fuzz/seeds/jpeg_ls/u16_2"),
            include_bytes!("../../fuzz/seeds/jpeg_ls/u8_0"),
            include_bytes!("../../fuzz/seeds/jpeg_ls/u8_2"),
        ];
        for (n, stream) in streams.into_iter().enumerate() {
            let header = stream.windows(2).position(|w| w == [0xFF, 0xF7]).unwrap() + 5;
            let [rows, columns] = [0, 2].map(|at| usize::from(word(stream, header + at).unwrap()));
            let theirs = jpegls::decode(stream, columns as u32, rows as u32).unwrap().0;
            assert_eq!(decode(stream, &format(rows, columns)).unwrap(), theirs, "stream {n}");
        }
    }

    #[test]
    fn what_no_ct_has_is_refused_by_name() {
        let stream = encoded(&[7; 12], 3, 4, 0, 8);
        let scan = stream.windows(2).position(|w| w == [0xFF, 0xDA]).unwrap();
        let with = |at: usize, value: u8| {
            let mut changed = stream.clone();
            changed[at] = value;
            decode(&changed, &format(3, 4))
        };
        assert!(matches!(with(scan + 6, 1), Err(DicomError::UnsupportedPixels { .. })), "a palette");
        assert!(matches!(with(scan + 8, 1), Err(DicomError::UnsupportedPixels { .. })), "interleaving");
        assert!(matches!(with(scan + 7, 200), Err(DicomError::PixelData { .. })), "an error larger than the values");
        let mut restarts = stream.clone();
        restarts.splice(scan..scan, [0xFF, 0xDD, 0, 4, 0, 1]);
        assert!(matches!(decode(&restarts, &format(3, 4)), Err(DicomError::UnsupportedPixels { .. })));
    }
}
