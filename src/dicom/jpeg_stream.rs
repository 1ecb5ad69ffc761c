//! What the sequential and the lossless JPEG streams that are decoded here have in common (ISO/IEC 10918-1): markers, frame
//! header, Huffman codes, bits. One component.
//!
//! Strict: a stream that ends before its last sample, or breaks the rules of its tables, is refused, never filled up.

use super::{DicomError, PixelFormat};

/// Codes up to this length are looked up at once.
const SHORT: u32 = 9;

/// Markers and their segments (annex B).
pub(super) struct Stream<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Stream<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }
    /// The next marker; filling before it is passed over.
    pub(super) fn marker(&mut self) -> Result<u8, DicomError> {
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
    pub(super) fn segment(&mut self) -> Result<&'a [u8], DicomError> {
        let length = usize::from(word(self.data, self.at)?);
        let segment = self.data.get(self.at + 2..self.at + length).ok_or_else(|| damaged("a segment is cut"))?;
        self.at += length;
        Ok(segment)
    }
    pub(super) fn rest(&self) -> &'a [u8] {
        self.data.get(self.at..).unwrap_or(&[])
    }
}

/// The frame header (B.2.2) of one component.
pub(super) struct Frame {
    /// Bits of a sample.
    pub(super) precision: u8,
    component: u8,
    /// Number of the quantisation table.
    pub(super) quantisation: u8,
}

impl Frame {
    /// Reads it; the size must be the header's.
    pub(super) fn read(segment: &[u8], format: &PixelFormat) -> Result<Self, DicomError> {
        let &[precision, _, _, _, _, components, component, _, quantisation, ..] = segment else {
            return Err(damaged("the frame header is cut"));
        };
        if components != 1 {
            return Err(unsupported(&format!("{components} components")));
        }
        super::codec::same_size(word(segment, 1)?.into(), word(segment, 3)?.into(), format)?;
        Ok(Self { precision, component, quantisation })
    }
    /// The numbers that a scan header (B.2.3) of this component gives: tables, and the three bytes whose sense is the process's.
    pub(super) fn scan(&self, segment: &[u8]) -> Result<(u8, [u8; 3]), DicomError> {
        let &[1, component, tables, first, last, approximation, ..] = segment else {
            return Err(damaged("the scan is not of one component"));
        };
        if component != self.component {
            return Err(damaged("the scan is of a component that the frame has not"));
        }
        Ok((tables, [first, last, approximation]))
    }
}

/// Reads the code (0xC0 to 0xCF) of the first frame header of a stream, and its bits for each sample.
pub(super) fn process(data: &[u8]) -> Option<(u8, u8)> {
    let mut stream = Stream::new(data);
    loop {
        match stream.marker().ok()? {
            0xD8 | 0x01 => {}
            code @ (0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF) => {
                return Some((code, *stream.segment().ok()?.first()?));
            }
            0xD9 | 0xDA => return None,
            _ => drop(stream.segment().ok()?),
        }
    }
}

/// Huffman tables (B.2.4.2) as defined so far.
#[derive(Default)]
pub(super) struct HuffmanTables {
    /// Of DC coefficients, or of differences.
    pub(super) dc: [Option<Huffman>; 4],
    /// Of AC coefficients.
    pub(super) ac: [Option<Huffman>; 4],
}

impl HuffmanTables {
    pub(super) fn read(&mut self, mut segment: &[u8]) -> Result<(), DicomError> {
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

/// The table of a number.
pub(super) fn table<T>(tables: &[Option<T>], number: u8) -> Result<&T, DicomError> {
    let found = tables.get(usize::from(number)).and_then(Option::as_ref);
    found.ok_or_else(|| damaged("the scan names a table that is not defined"))
}

/// A Huffman code (annex C).
pub(super) struct Huffman {
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
    pub(super) fn next(&self, bits: &mut Bits<'_>) -> Option<u8> {
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
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The lowest `count` bits are next.
    window: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, window: 0, count: 0 }
    }
    fn fill(&mut self) {
        // Six bytes at once, unless one of them is 0xFF.
        if let Some(&[a, b, c, d, e, f]) = self.data.get(self.at..).and_then(|rest| rest.first_chunk::<6>()) {
            let six = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
            let zeros = !six & 0xFFFF_FFFF_FFFF;
            if zeros.wrapping_sub(0x0101_0101_0101) & six & 0x8080_8080_8080 == 0 {
                self.window = self.window << 48 | six;
                self.count += 48;
                self.at += 6;
                return;
            }
        }
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
    pub(super) fn signed(&mut self, size: u32) -> Option<i32> {
        if size == 0 {
            return Some(0);
        }
        let value = (self.peek() >> (16 - size)) as i32;
        self.skip(size)?;
        Some(if value < 1 << (size - 1) { value - (1 << size) + 1 } else { value })
    }
    /// Passes over restart marker `number` (0 to 7); what is left of the byte before it is filling.
    pub(super) fn restart(&mut self, number: usize) -> Option<()> {
        (self.window, self.count) = (0, 0);
        while self.data.get(self.at..self.at + 2)? == [0xFF, 0xFF] {
            self.at += 1;
        }
        let found = self.data.get(self.at..self.at + 2)? == [0xFF, 0xD0 + number as u8];
        self.at += 2;
        found.then_some(())
    }
}

pub(super) fn word(bytes: &[u8], at: usize) -> Result<u16, DicomError> {
    let two = bytes.get(at..).and_then(|b| b.first_chunk());
    two.map(|b| u16::from_be_bytes(*b)).ok_or_else(|| damaged("a segment is cut"))
}

pub(super) fn damaged(reason: &str) -> DicomError {
    DicomError::PixelData { reason: format!("JPEG: {reason}") }
}
pub(super) fn unsupported(reason: &str) -> DicomError {
    DicomError::UnsupportedPixels { reason: format!("JPEG: {reason}") }
}

/// Of one grey sample of 16 bits, for the tests of decoders.
#[cfg(test)]
pub(super) fn format(rows: usize, columns: usize) -> PixelFormat {
    PixelFormat {
        rows,
        columns,
        frames: 1,
        samples_per_pixel: 1,
        photometric: "MONOCHROME2".into(),
        bits_allocated: 16,
        bits_stored: 16,
        high_bit: 15,
        signed: false,
        rescale_slope: None,
        rescale_intercept: None,
        rescale_type: String::new(),
        padding: None,
    }
}
