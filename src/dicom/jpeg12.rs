//! JPEG Extended with 12-bit samples (ISO/IEC 10918-1, sequential DCT, Huffman coding), one component.
//!
//! Written here because no kept decoder in Rust has it.

use super::jpeg_stream::{Bits, Frame, Huffman, HuffmanTables, Stream, damaged, table, unsupported, word};
use super::{DicomError, PixelFormat};

/// Coefficients are stored along this path (figure A.6): place in the block, row by row, of the n-th coefficient.
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];
const MIDDLE: f32 = 2048.0;
const HIGHEST: f32 = 4095.0;

/// Samples of a stream, 0 to 4095, row by row.
///
/// # Errors
/// [`DicomError::UnsupportedPixels`] for another coding process or several components; [`DicomError::PixelData`] for a damaged
/// stream, or one of another size than the header says.
pub(super) fn decode(data: &[u8], format: &PixelFormat) -> Result<Vec<u16>, DicomError> {
    let mut stream = Stream::new(data);
    let (mut quantisation, mut huffman) = (Quantisation::default(), HuffmanTables::default());
    let mut frame = None;
    let mut restart_interval = 0;
    loop {
        match stream.marker()? {
            0xD8 | 0x01 => {}
            0xC4 => huffman.read(stream.segment()?)?,
            0xDB => quantisation.read(stream.segment()?)?,
            0xDD => restart_interval = usize::from(word(stream.segment()?, 0)?),
            0xC1 => frame = Some(Frame::read(stream.segment()?, format)?),
            0xC0 | 0xC2..=0xCF => {
                return Err(unsupported("another coding process than sequential DCT with Huffman codes"));
            }
            0xDA => {
                let frame: Frame = frame.ok_or_else(|| damaged("there is no frame header before the scan"))?;
                if frame.precision != 12 {
                    return Err(unsupported(&format!("{} bits", frame.precision)));
                }
                // What else the header says has one legal value in this process (table B.3); writers get it wrong, so it is not
                // asked.
                let (tables, _) = frame.scan(stream.segment()?)?;
                let scan = Scan {
                    quantisation: table(&quantisation.0, frame.quantisation)?,
                    dc: table(&huffman.dc, tables >> 4)?,
                    ac: table(&huffman.ac, tables & 15)?,
                };
                return scan.samples(stream.rest(), format, restart_interval);
            }
            0xD9 => return Err(damaged("there is no scan")),
            _ => drop(stream.segment()?),
        }
    }
}

/// Quantisation tables (B.2.4.1) as defined so far: factors, in zigzag order.
#[derive(Default)]
struct Quantisation([Option<[u16; 64]>; 4]);

impl Quantisation {
    fn read(&mut self, mut segment: &[u8]) -> Result<(), DicomError> {
        while let Some((&head, rest)) = segment.split_first() {
            let wide = head >> 4 != 0;
            let length = if wide { 128 } else { 64 };
            let values = rest.get(..length).ok_or_else(|| damaged("a quantisation table is cut"))?;
            let place = self.0.get_mut(usize::from(head & 15));
            let place = place.ok_or_else(|| damaged("a quantisation table has no number from 0 to 3"))?;
            let mut factors = [0; 64];
            for (n, factor) in factors.iter_mut().enumerate() {
                *factor = if wide { word(values, 2 * n)? } else { values[n].into() };
            }
            *place = Some(factors);
            segment = &rest[length..];
        }
        Ok(())
    }
}

/// The one scan of the one component.
struct Scan<'t> {
    quantisation: &'t [u16; 64],
    dc: &'t Huffman,
    ac: &'t Huffman,
}

impl Scan<'_> {
    fn samples(&self, coded: &[u8], format: &PixelFormat, restart_interval: usize) -> Result<Vec<u16>, DicomError> {
        let (rows, columns) = (format.rows, format.columns);
        let mut bits = Bits::new(coded);
        let across = columns.div_ceil(8);
        let blocks = across * rows.div_ceil(8);
        // A block takes two bits at least: what cannot be whole is refused before memory is taken for it.
        if coded.len() < blocks / 4 {
            return Err(damaged("the scan ends too early"));
        }
        let cosines = cosines();
        let mut samples = vec![0; rows * columns];
        let mut before = 0;
        for n in 0..blocks {
            if restart_interval > 0 && n > 0 && n % restart_interval == 0 {
                bits.restart((n / restart_interval - 1) % 8).ok_or_else(|| damaged("a restart marker is missing"))?;
                before = 0;
            }
            let block = self.block(&mut bits, &mut before);
            let block = block.ok_or_else(|| damaged("the scan ends too early or breaks its code"))?;
            let (top, left) = (n / across * 8, n % across * 8);
            let width = (columns - left).min(8);
            let values = inverse(&block, &cosines);
            for (row, line) in (top..rows).zip(values.as_chunks::<8>().0) {
                let at = row * columns + left;
                for (sample, value) in samples[at..at + width].iter_mut().zip(line) {
                    *sample = (value + MIDDLE).round().clamp(0.0, HIGHEST) as u16;
                }
            }
        }
        Ok(samples)
    }

    /// The coefficients of the next block, row by row, times their factors (F.2.2).
    fn block(&self, bits: &mut Bits<'_>, before: &mut i32) -> Option<[f32; 64]> {
        let mut block = [0.0; 64];
        let size = self.dc.next(bits).filter(|size| *size <= 15)?;
        *before = before.wrapping_add(bits.signed(size.into())?);
        block[0] = *before as f32 * f32::from(self.quantisation[0]);
        let mut at = 1;
        while at < 64 {
            let code = self.ac.next(bits)?;
            let (run, size) = (usize::from(code >> 4), code & 15);
            match (run, size) {
                (0, 0) => break,
                (15, 0) => at += 16,
                (_, 0) => return None,
                _ => {
                    at += run;
                    let value = bits.signed(size.into())?;
                    let place = usize::from(*ZIGZAG.get(at)?);
                    block[place] = value as f32 * f32::from(self.quantisation[at]);
                    at += 1;
                }
            }
        }
        (at <= 64).then_some(block)
    }
}

/// `[frequency][place]` of the inverse cosine transform in one direction (A.3.3): C(u)/2 · cos((2x + 1)uπ/16).
fn cosines() -> [[f32; 8]; 8] {
    std::array::from_fn(|u| {
        std::array::from_fn(|x| {
            let scale = if u == 0 { std::f64::consts::FRAC_1_SQRT_2 } else { 1.0 } / 2.0;
            (scale * (((2 * x + 1) * u) as f64 * std::f64::consts::PI / 16.0).cos()) as f32
        })
    })
}

/// The inverse cosine transform, first over rows of coefficients, then over columns. Frequencies that are absent cost nothing.
fn inverse(block: &[f32; 64], cosines: &[[f32; 8]; 8]) -> [f32; 64] {
    let mut values = [0.0; 64];
    for (v, line) in block.as_chunks::<8>().0.iter().enumerate() {
        let mut along = [0.0f32; 8];
        let mut empty = true;
        for (coefficient, wave) in line.iter().zip(cosines).filter(|(c, _)| **c != 0.0) {
            empty = false;
            for (sum, w) in along.iter_mut().zip(wave) {
                *sum += coefficient * w;
            }
        }
        if empty {
            continue;
        }
        for (row, w) in values.as_chunks_mut::<8>().0.iter_mut().zip(cosines[v]) {
            for (value, a) in row.iter_mut().zip(along) {
                *value += a * w;
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::super::jpeg_stream::format;
    use super::*;

    /// Writes bits as an entropy-coded segment.
    #[derive(Default)]
    struct Writer {
        bytes: Vec<u8>,
        held: u32,
        count: u32,
    }
    impl Writer {
        fn put(&mut self, value: u32, length: u32) {
            for n in (0..length).rev() {
                self.held = self.held << 1 | (value >> n & 1);
                self.count += 1;
                if self.count == 8 {
                    self.bytes.push(self.held as u8);
                    if self.held as u8 == 0xFF {
                        self.bytes.push(0);
                    }
                    (self.held, self.count) = (0, 0);
                }
            }
        }
        fn align(&mut self) {
            while self.count > 0 {
                self.put(1, 1);
            }
        }
        /// All sizes and runs have codes of eight bits: the value itself.
        fn signed(&mut self, run: u32, value: i32) {
            let size = 32 - value.unsigned_abs().leading_zeros();
            self.put(run << 4 | size, 8);
            self.put(if value < 0 { (value - 1) as u32 } else { value as u32 }, size);
        }
    }

    /// A stream whose blocks are coded plainly, from coefficients in zigzag order; `factor` is every quantisation factor.
    fn stream(rows: u16, columns: u16, blocks: &[[i32; 64]], factor: u16, restart_interval: u16) -> Vec<u8> {
        let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xDB, 0, 131, 0x11];
        bytes.extend([factor.to_be_bytes(); 64].concat());
        bytes.extend([0xFF, 0xC1, 0, 11, 12]);
        bytes.extend([rows.to_be_bytes(), columns.to_be_bytes()].concat());
        bytes.extend([1, 7, 0x11, 1, 0xFF, 0xDD, 0, 4]);
        bytes.extend(restart_interval.to_be_bytes());
        // 255 codes of eight bits; the one of ones only may not be.
        for class in [0x00, 0x10] {
            let mut counts = [0; 16];
            counts[7] = 255;
            bytes.extend([0xFF, 0xC4, 1, 18, class]);
            bytes.extend(counts);
            bytes.extend(0..=254);
        }
        bytes.extend([0xFF, 0xDA, 0, 8, 1, 7, 0, 0, 63, 0]);
        let mut writer = Writer::default();
        let mut before = 0;
        for (n, block) in blocks.iter().enumerate() {
            if restart_interval > 0 && n > 0 && n % usize::from(restart_interval) == 0 {
                writer.align();
                writer.bytes.extend([0xFF, 0xD0 + ((n / usize::from(restart_interval) - 1) % 8) as u8]);
                before = 0;
            }
            writer.signed(0, block[0] - before);
            before = block[0];
            let mut run = 0;
            for value in &block[1..] {
                if *value == 0 {
                    run += 1;
                    continue;
                }
                while run > 15 {
                    writer.put(0xF0, 8);
                    run -= 16;
                }
                writer.signed(run, *value);
                run = 0;
            }
            if run > 0 {
                writer.put(0, 8);
            }
        }
        writer.align();
        bytes.extend(writer.bytes);
        bytes.extend([0xFF, 0xD9]);
        bytes
    }

    /// The forward transform as A.3.3 writes it, rounded, in zigzag order, with factors of 1.
    fn forward(values: &[f64; 64]) -> [i32; 64] {
        let c = |u: usize| if u == 0 { std::f64::consts::FRAC_1_SQRT_2 } else { 1.0 };
        let wave = |x: usize, u: usize| (((2 * x + 1) * u) as f64 * std::f64::consts::PI / 16.0).cos();
        std::array::from_fn(|n| {
            let (v, u) = (usize::from(ZIGZAG[n]) / 8, usize::from(ZIGZAG[n]) % 8);
            let sum: f64 = (0..64).map(|p| (values[p] - 2048.0) * wave(p % 8, u) * wave(p / 8, v)).sum();
            (sum * c(u) * c(v) / 4.0).round() as i32
        })
    }

    #[test]
    fn blocks_give_back_their_samples() {
        // 13 × 19: the last blocks are cut on both sides.
        let (rows, columns) = (13usize, 19usize);
        let value = |row: usize, column: usize| ((row * 331 + column * 97 + row * column * 7) % 4096) as f64;
        let blocks: Vec<_> = (0..6)
            .map(|n| {
                forward(&std::array::from_fn(|p| {
                    value((n / 3 * 8 + p / 8).min(rows - 1), (n % 3 * 8 + p % 8).min(columns - 1))
                }))
            })
            .collect();
        for restart_interval in [0, 1, 2, 4] {
            let bytes = stream(13, 19, &blocks, 1, restart_interval);
            let found = decode(&bytes, &format(rows, columns)).unwrap();
            for (n, found) in found.iter().enumerate() {
                let error = (f64::from(*found) - value(n / columns, n % columns)).abs();
                assert!(error <= 2.0, "pixel {n}: off by {error}");
            }
            for length in 0..bytes.len() - 2 {
                // What is cut is refused, unless the end alone is missing.
                let cut = decode(&bytes[..length], &format(rows, columns));
                assert!(cut.is_err(), "{length} of {}", bytes.len());
            }
        }
    }

    #[test]
    fn a_flat_block_is_exact_and_stays_within_twelve_bits() {
        for (dc, expected) in [(0, 2048), (-1024, 0), (1023, 4094), (1024, 4095), (2047, 4095), (-2047, 0)] {
            let mut block = [0; 64];
            block[0] = dc;
            // 16 × dc ÷ 8 above the middle.
            let found = decode(&stream(8, 8, &[block], 16, 0), &format(8, 8)).unwrap();
            assert_eq!(found, [expected; 64], "{dc}");
        }
    }

    #[test]
    fn what_it_is_not_is_told() {
        let bytes = stream(8, 8, &[[0; 64]], 16, 0);
        let at = bytes.windows(2).position(|w| w == [0xFF, 0xC1]).unwrap();
        let with = |offset: usize, byte: u8| {
            let mut changed = bytes.clone();
            changed[at + offset] = byte;
            decode(&changed, &format(8, 8)).unwrap_err()
        };
        assert!(matches!(with(1, 0xC2), DicomError::UnsupportedPixels { .. }), "progressive");
        assert!(matches!(with(1, 0xC9), DicomError::UnsupportedPixels { .. }), "arithmetic coding");
        assert!(matches!(with(9, 3), DicomError::UnsupportedPixels { .. }), "colour");
        assert!(matches!(with(6, 9), DicomError::PixelData { .. }), "another size");
        assert!(matches!(with(12, 2), DicomError::PixelData { .. }), "a table that is not there");
        assert!(matches!(decode(b"", &format(8, 8)), Err(DicomError::PixelData { .. })));
    }
}
