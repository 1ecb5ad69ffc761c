//! JPEG Lossless with Huffman codes (ISO/IEC 10918-1 annex H), one component of 2 to 16 bits, any predictor.
//!
//! Written here because hospitals store much CT so, and the decoder that reads every kind of JPEG takes twice as long.

use super::jpeg_stream::{Bits, Frame, Huffman, HuffmanTables, Stream, damaged, table, unsupported, word};
use super::{DicomError, PixelFormat};

/// Samples of a stream, row by row.
///
/// # Errors
/// [`DicomError::UnsupportedPixels`] for another coding process or several components; [`DicomError::PixelData`] for a damaged
/// stream, or one of another size than the header says.
pub(super) fn decode(data: &[u8], format: &PixelFormat) -> Result<Vec<u16>, DicomError> {
    let mut stream = Stream::new(data);
    let mut huffman = HuffmanTables::default();
    let mut frame = None;
    let mut restart_interval = 0;
    loop {
        match stream.marker()? {
            0xD8 | 0x01 => {}
            0xC4 => huffman.read(stream.segment()?)?,
            0xDD => restart_interval = usize::from(word(stream.segment()?, 0)?),
            0xC3 => frame = Some(Frame::read(stream.segment()?, format)?),
            0xC0..=0xCF => return Err(unsupported("another coding process than lossless with Huffman codes")),
            0xDA => {
                let frame: Frame = frame.ok_or_else(|| damaged("there is no frame header before the scan"))?;
                let (tables, [predictor, _, approximation]) = frame.scan(stream.segment()?)?;
                let (precision, shift) = (u32::from(frame.precision), u32::from(approximation & 15));
                if !(2..=16).contains(&precision) || shift >= precision || restart_interval % format.columns != 0 {
                    return Err(damaged("precision, point transform or restart interval cannot be"));
                }
                let scan = Scan {
                    differences: table(&huffman.dc, tables >> 4)?,
                    middle: 1 << (precision - shift - 1),
                    rows_between_restarts: restart_interval / format.columns,
                };
                let mut samples = scan.samples(stream.rest(), predictor, format)?;
                if shift > 0 {
                    samples.iter_mut().for_each(|sample| *sample <<= shift);
                }
                return Ok(samples);
            }
            0xD9 => return Err(damaged("there is no scan")),
            _ => drop(stream.segment()?),
        }
    }
}

/// The one scan of the one component.
struct Scan<'t> {
    differences: &'t Huffman,
    /// What the first sample is predicted to be.
    middle: i32,
    /// 0 for none.
    rows_between_restarts: usize,
}

impl Scan<'_> {
    fn samples(&self, coded: &[u8], predictor: u8, format: &PixelFormat) -> Result<Vec<u16>, DicomError> {
        // A sample takes one bit at least: what cannot be whole is refused before memory is taken for it.
        if coded.len() < format.rows * format.columns / 8 {
            return Err(damaged("the scan ends too early"));
        }
        // Table H.1, of the sample on the left, above, and above on the left.
        match predictor {
            1 => self.predicted(coded, format, |left, _, _| left),
            2 => self.predicted(coded, format, |_, above, _| above),
            3 => self.predicted(coded, format, |_, _, corner| corner),
            4 => self.predicted(coded, format, |left, above, corner| left + above - corner),
            5 => self.predicted(coded, format, |left, above, corner| left + ((above - corner) >> 1)),
            6 => self.predicted(coded, format, |left, above, corner| above + ((left - corner) >> 1)),
            7 => self.predicted(coded, format, |left, above, _| (left + above) >> 1),
            _ => Err(damaged("the predictor is not one from 1 to 7")),
        }
    }

    fn predicted(
        &self,
        coded: &[u8],
        format: &PixelFormat,
        predict: impl Fn(i32, i32, i32) -> i32,
    ) -> Result<Vec<u16>, DicomError> {
        let columns = format.columns;
        let mut bits = Bits::new(coded);
        let mut samples = vec![0u16; format.rows * columns];
        let early = || damaged("the scan ends too early or breaks its code");
        for n in 0..format.rows {
            let (before, rest) = samples.split_at_mut(n * columns);
            let (row, _) = rest.split_at_mut(columns);
            let mut begins = n == 0;
            if self.rows_between_restarts > 0 && n > 0 && n % self.rows_between_restarts == 0 {
                let number = (n / self.rows_between_restarts - 1) % 8;
                bits.restart(number).ok_or_else(|| damaged("a restart marker is missing"))?;
                begins = true;
            }
            if begins {
                // The first row knows no other: each sample is predicted from its left neighbour.
                let mut left = self.middle;
                for sample in row {
                    *sample = (left + self.difference(&mut bits).ok_or_else(early)?) as u16;
                    left = i32::from(*sample);
                }
                continue;
            }
            let above = &before[(n - 1) * columns..];
            let mut corner = i32::from(above[0]);
            row[0] = (corner + self.difference(&mut bits).ok_or_else(early)?) as u16;
            let mut left = i32::from(row[0]);
            for (sample, above) in row[1..].iter_mut().zip(&above[1..]) {
                let above = i32::from(*above);
                *sample = (predict(left, above, corner) + self.difference(&mut bits).ok_or_else(early)?) as u16;
                (left, corner) = (i32::from(*sample), above);
            }
        }
        Ok(samples)
    }

    /// The next difference, modulo 2¹⁶ (H.1.2.2).
    fn difference(&self, bits: &mut Bits<'_>) -> Option<i32> {
        match self.differences.next(bits)? {
            size @ 0..=15 => bits.signed(size.into()),
            16 => Some(32_768),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::jpeg_stream::format;
    use super::*;

    /// Streams of libjpeg-turbo, one for each predictor.
    #[test]
    fn every_predictor_gives_every_value() {
        let expected: Vec<u16> = (0..256).map(|n| (n / 16 * 37 + n % 16 * 91) % 1500).collect();
        let streams: [&[u8]; 7] = [
            include_bytes!("../../fuzz/seeds/jpeg/lossless_p1"),
            include_bytes!("../../fuzz/seeds/jpeg/lossless_p2"),
            include_bytes!("../../fuzz/seeds/jpeg/lossless_p3"),
            include_bytes!("../../fuzz/seeds/jpeg/lossless_p4"),
            include_bytes!("../../fuzz/seeds/jpeg/lossless_p5"),
            include_bytes!("../../fuzz/seeds/jpeg/lossless_p6"),
            include_bytes!("../../fuzz/seeds/jpeg/lossless_p7"),
        ];
        for (n, stream) in streams.into_iter().enumerate() {
            assert_eq!(decode(stream, &format(16, 16)).unwrap(), expected, "predictor {}", n + 1);
            for length in 0..stream.len() - 2 {
                assert!(decode(&stream[..length], &format(16, 16)).is_err(), "{length} bytes of predictor {}", n + 1);
            }
        }
    }

    /// 2 × 3 samples of 12 bits without their lowest two, each difference of 0 (code 0) or of size 2 (code 10), a restart between
    /// the rows. Written by hand.
    #[test]
    fn restarts_and_point_transform() {
        let mut stream = vec![0xFF, 0xD8, 0xFF, 0xC3, 0, 11, 12, 0, 2, 0, 3, 1, 9, 0x11, 0];
        stream.extend([0xFF, 0xC4, 0, 21, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
        stream.extend([0xFF, 0xDD, 0, 4, 0, 3, 0xFF, 0xDA, 0, 8, 1, 9, 0, 1, 0, 2]);
        // 0; +3: 10 11; −2: 10 01; filled with ones.
        stream.extend([0b0101_1100, 0b1111_1111, 0, 0xFF, 0xD0]);
        // −3: 10 00; 0; +2: 10 10.
        stream.extend([0b1000_0101, 0b0111_1111, 0xFF, 0xD9]);
        let expected = [512, 515, 513, 509, 509, 511].map(|v: u16| v << 2);
        assert_eq!(decode(&stream, &format(2, 3)).unwrap(), expected);
        let restart = stream.windows(2).position(|w| w == [0xFF, 0xD0]).unwrap();
        stream[restart + 1] = 0xD1;
        assert!(matches!(decode(&stream, &format(2, 3)), Err(DicomError::PixelData { .. })), "another restart marker");
        let interval = stream.windows(2).position(|w| w == [0xFF, 0xDD]).unwrap();
        stream[interval + 5] = 2;
        assert!(decode(&stream, &format(2, 3)).is_err(), "a restart within a row");
    }
}
