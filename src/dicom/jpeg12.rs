//! JPEG Extended with 12-bit samples (ISO/IEC 10918-1, sequential DCT, Huffman coding), one component.
//!
//! Written here because no kept decoder in Rust has it. Strict: a stream that ends before its last block, or breaks the rules of
//! its tables, is refused, never filled up.

use super::{DicomError, PixelFormat};

/// Coefficients are stored along this path (figure A.6): place in the block, row by row, of the n-th coefficient.
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];
/// Codes up to this length are looked up at once.
const SHORT: u32 = 9;
const MIDDLE: f32 = 2048.0;
const HIGHEST: f32 = 4095.0;

/// Samples of a stream, 0 to 4095, row by row.
///
/// # Errors
/// [`DicomError::UnsupportedPixels`] for another coding process or several components; [`DicomError::PixelData`] for a damaged
/// stream, or one of another size than the header says.
pub(super) fn decode(data: &[u8], format: &PixelFormat) -> Result<Vec<u16>, DicomError> {
    let mut stream = Stream { data, at: 0 };
    let mut tables = Tables::default();
    let mut frame = None;
    let mut restart_interval = 0;
    loop {
        match stream.marker()? {
            0xD8 | 0x01 => {}
            0xC4 => tables.read_huffman(stream.segment()?)?,
            0xDB => tables.read_quantisation(stream.segment()?)?,
            0xDD => restart_interval = usize::from(word(stream.segment()?, 0)?),
            0xC1 => frame = Some(Frame::read(stream.segment()?, format)?),
            0xC0 | 0xC2..=0xCF => {
                return Err(unsupported("another coding process than sequential DCT with Huffman codes"));
            }
            0xDA => {
                let frame = frame.ok_or_else(|| damaged("there is no frame header before the scan"))?;
                let scan = Scan::of(&tables, &frame, stream.segment()?)?;
                return scan.samples(stream.rest(), format, restart_interval);
            }
            0xD9 => return Err(damaged("there is no scan")),
            _ => drop(stream.segment()?),
        }
    }
}

/// Markers and their segments (annex B).
struct Stream<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Stream<'a> {
    /// The next marker; filling before it is passed over.
    fn marker(&mut self) -> Result<u8, DicomError> {
        loop {
            match (self.data.get(self.at), self.data.get(self.at + 1)) {
                (Some(0xFF), Some(&code)) if code != 0 && code != 0xFF => {
                    self.at += 2;
                    return Ok(code);
                }
                (Some(_), Some(_)) => self.at += 1,
                _ => return Err(damaged("the stream ends before its scan")),
            }
        }
    }
    fn segment(&mut self) -> Result<&'a [u8], DicomError> {
        let length = usize::from(word(self.data, self.at)?);
        let segment = self.data.get(self.at + 2..self.at + length).ok_or_else(|| damaged("a segment is cut"))?;
        self.at += length;
        Ok(segment)
    }
    fn rest(&self) -> &'a [u8] {
        self.data.get(self.at..).unwrap_or(&[])
    }
}

/// The frame header (B.2.2) of one component.
struct Frame {
    component: u8,
    quantisation: usize,
}

impl Frame {
    fn read(segment: &[u8], format: &PixelFormat) -> Result<Self, DicomError> {
        let &[precision, _, _, _, _, components, component, _, quantisation, ..] = segment else {
            return Err(damaged("the frame header is cut"));
        };
        if precision != 12 || components != 1 {
            return Err(unsupported(&format!("{precision} bits, {components} components")));
        }
        super::codec::same_size(word(segment, 1)?.into(), word(segment, 3)?.into(), format)?;
        Ok(Self { component, quantisation: usize::from(quantisation) })
    }
}

/// Tables as defined so far.
#[derive(Default)]
struct Tables {
    /// Factors, in zigzag order.
    quantisation: [Option<[u16; 64]>; 4],
    dc: [Option<Huffman>; 4],
    ac: [Option<Huffman>; 4],
}

impl Tables {
    /// Quantisation tables (B.2.4.1).
    fn read_quantisation(&mut self, mut segment: &[u8]) -> Result<(), DicomError> {
        while let Some((&head, rest)) = segment.split_first() {
            let wide = head >> 4 != 0;
            let length = if wide { 128 } else { 64 };
            let values = rest.get(..length).ok_or_else(|| damaged("a quantisation table is cut"))?;
            let place = self.quantisation.get_mut(usize::from(head & 15));
            let place = place.ok_or_else(|| damaged("a quantisation table has no number from 0 to 3"))?;
            let mut table = [0; 64];
            for (n, factor) in table.iter_mut().enumerate() {
                *factor = if wide { word(values, 2 * n)? } else { values[n].into() };
            }
            *place = Some(table);
            segment = &rest[length..];
        }
        Ok(())
    }
    /// Huffman tables (B.2.4.2).
    fn read_huffman(&mut self, mut segment: &[u8]) -> Result<(), DicomError> {
        while let Some((&head, rest)) = segment.split_first() {
            let counts = rest.first_chunk::<16>().ok_or_else(|| damaged("a Huffman table is cut"))?;
            let total: usize = counts.iter().map(|c| usize::from(*c)).sum();
            let values = rest.get(16..16 + total).ok_or_else(|| damaged("a Huffman table is cut"))?;
            let class = match head >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(damaged("a Huffman table is of no class")),
            };
            let place = class.get_mut(usize::from(head & 15));
            let place = place.ok_or_else(|| damaged("a Huffman table has no number from 0 to 3"))?;
            *place = Some(Huffman::new(counts, values)?);
            segment = &rest[16 + total..];
        }
        Ok(())
    }
}

/// A Huffman code (annex C).
struct Huffman {
    /// Value and length of the code that begins with these bits; length 0 where it is longer.
    short: Vec<(u8, u8)>,
    /// For each length: the first code beyond, and what to add to a code to find its value.
    longer: [(u32, i32); 17],
    values: Vec<u8>,
}

impl Huffman {
    fn new(counts: &[u8; 16], values: &[u8]) -> Result<Self, DicomError> {
        let mut short = vec![(0, 0); 1 << SHORT];
        let mut longer = [(0, 0); 17];
        let (mut code, mut first) = (0u32, 0usize);
        for (length, count) in (1u32..).zip(counts.iter().map(|c| usize::from(*c))) {
            let end = code + count as u32;
            if end > 1 << length {
                return Err(damaged("a Huffman table has more codes than there are"));
            }
            if length <= SHORT {
                let width = 1 << (SHORT - length);
                for (n, value) in values[first..first + count].iter().enumerate() {
                    let begin = (code as usize + n) * width;
                    short[begin..begin + width].fill((*value, length as u8));
                }
            }
            longer[length as usize] = (end, first as i32 - code as i32);
            first += count;
            code = end << 1;
        }
        Ok(Self { short, longer, values: values.to_vec() })
    }
    /// The next value.
    fn next(&self, bits: &mut Bits<'_>) -> Option<u8> {
        let ahead = bits.peek();
        let (value, length) = self.short[(ahead >> (16 - SHORT)) as usize];
        if length > 0 {
            return bits.skip(length.into()).map(|()| value);
        }
        for length in SHORT + 1..=16 {
            let code = ahead >> (16 - length);
            let (end, to_value) = self.longer[length as usize];
            if code < end {
                bits.skip(length)?;
                return self.values.get(usize::try_from(code as i32 + to_value).ok()?).copied();
            }
        }
        None
    }
}

/// The bits of an entropy-coded segment, without the zeros stuffed after 0xFF (F.2.2.5).
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The lowest `count` bits are next.
    window: u64,
    count: u32,
}

impl Bits<'_> {
    fn fill(&mut self) {
        while self.count <= 48 {
            let Some(&byte) = self.data.get(self.at) else { return };
            if byte == 0xFF {
                // A marker ends the segment.
                if self.data.get(self.at + 1) != Some(&0) {
                    return;
                }
                self.at += 1;
            }
            self.at += 1;
            self.window = self.window << 8 | u64::from(byte);
            self.count += 8;
        }
    }
    /// The next 16 bits, zeros where there are fewer.
    fn peek(&mut self) -> u32 {
        if self.count < 16 {
            self.fill();
        }
        let bits = if self.count >= 16 { self.window >> (self.count - 16) } else { self.window << (16 - self.count) };
        bits as u32 & 0xFFFF
    }
    fn skip(&mut self, length: u32) -> Option<()> {
        self.count = self.count.checked_sub(length)?;
        Some(())
    }
    /// A difference or coefficient of `size` bits, at most 15 (F.2.2.1, EXTEND).
    fn signed(&mut self, size: u32) -> Option<i32> {
        if size == 0 {
            return Some(0);
        }
        let value = (self.peek() >> (16 - size)) as i32;
        self.skip(size)?;
        Some(if value < 1 << (size - 1) { value - (1 << size) + 1 } else { value })
    }
    /// Passes over restart marker `number` (0 to 7); what is left of the byte before it is filling.
    fn restart(&mut self, number: usize) -> Option<()> {
        (self.window, self.count) = (0, 0);
        while self.data.get(self.at..self.at + 2)? == [0xFF, 0xFF] {
            self.at += 1;
        }
        let found = self.data.get(self.at..self.at + 2)? == [0xFF, 0xD0 + number as u8];
        self.at += 2;
        found.then_some(())
    }
}

/// The one scan of the one component.
struct Scan<'t> {
    quantisation: &'t [u16; 64],
    dc: &'t Huffman,
    ac: &'t Huffman,
}

impl<'t> Scan<'t> {
    fn of(tables: &'t Tables, frame: &Frame, segment: &[u8]) -> Result<Self, DicomError> {
        // What follows has one legal value in this process (table B.3); writers get it wrong, so it is not asked.
        let &[1, component, which, ..] = segment else {
            return Err(damaged("the scan is not of one component"));
        };
        if component != frame.component {
            return Err(damaged("the scan is of a component that the frame has not"));
        }
        let missing = || damaged("the scan names a table that is not defined");
        let huffman = |class: &'t [Option<Huffman>; 4], number: u8| class.get(usize::from(number))?.as_ref();
        Ok(Self {
            quantisation: tables.quantisation.get(frame.quantisation).and_then(Option::as_ref).ok_or_else(missing)?,
            dc: huffman(&tables.dc, which >> 4).ok_or_else(missing)?,
            ac: huffman(&tables.ac, which & 15).ok_or_else(missing)?,
        })
    }

    fn samples(&self, coded: &[u8], format: &PixelFormat, restart_interval: usize) -> Result<Vec<u16>, DicomError> {
        let (rows, columns) = (format.rows, format.columns);
        let mut bits = Bits { data: coded, at: 0, window: 0, count: 0 };
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

fn word(bytes: &[u8], at: usize) -> Result<u16, DicomError> {
    let two = bytes.get(at..).and_then(|b| b.first_chunk());
    two.map(|b| u16::from_be_bytes(*b)).ok_or_else(|| damaged("a segment is cut"))
}

fn damaged(reason: &str) -> DicomError {
    DicomError::PixelData { reason: format!("12-bit JPEG: {reason}") }
}
fn unsupported(reason: &str) -> DicomError {
    DicomError::UnsupportedPixels { reason: format!("12-bit JPEG: {reason}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(rows: usize, columns: usize) -> PixelFormat {
        PixelFormat {
            rows,
            columns,
            frames: 1,
            samples_per_pixel: 1,
            photometric: "MONOCHROME2".into(),
            bits_allocated: 16,
            bits_stored: 12,
            high_bit: 11,
            signed: false,
            rescale_slope: None,
            rescale_intercept: None,
            padding: None,
        }
    }

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
