//! Stored bits → stored value → HU.

use super::error::Attribute;
use super::{DicomError, PixelFormat};

/// What padding becomes: the same value that volumes hold where a slice is missing.
pub(super) const PADDING_HU: i16 = -1024;
/// HU a CT scanner gives to matter: padding within is taken for what it looks like.
const MATTER_HU: std::ops::RangeInclusive<f64> = -999.0..=3071.0;

/// Where in a 16-bit word the stored value lies, and whether it has a sign (PS3.5 8.1.1).
#[derive(Clone, Copy, Debug)]
pub(super) struct StoredBits {
    above: u32,
    beside: u32,
    signed: bool,
}

impl StoredBits {
    pub(super) fn of(format: &PixelFormat) -> Self {
        let stored = u32::from(format.bits_stored).clamp(1, 16);
        Self { above: 15u32.saturating_sub(u32::from(format.high_bit)), beside: 16 - stored, signed: format.signed }
    }
    /// The HU of words. What lies above the high bit (overlays, in old files) and below the lowest bit is ignored.
    pub(super) fn hu(
        self,
        words: impl ExactSizeIterator<Item = u16>,
        format: &PixelFormat,
    ) -> Result<Vec<i16>, DicomError> {
        // One loop for each sign, so that each is one without branches.
        if self.signed {
            hu_from_stored(words.map(|w| i32::from((w << self.above) as i16 >> self.beside)), format)
        } else {
            hu_from_stored(words.map(|w| i32::from((w << self.above) >> self.beside)), format)
        }
    }
}

/// Stored values, of at most 17 bits, → HU: × slope + intercept, rounded half away from zero, limited to 16 bits.
pub(super) fn hu_from_stored(
    values: impl ExactSizeIterator<Item = i32>,
    format: &PixelFormat,
) -> Result<Vec<i16>, DicomError> {
    let slope = format.rescale_slope.unwrap_or(1.0);
    let intercept = format.rescale_intercept.unwrap_or(0.0);
    if slope == 0.0 || slope.abs() > 1e6 || intercept.abs() > 1e9 {
        let attribute = Attribute::new((0x0028, 0x1053), "RescaleSlope");
        return Err(DicomError::BadValue { attribute, found: format!("{slope}, intercept {intercept}") });
    }
    let limit = |hu: i32| hu.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16;
    let scaled = |value: i32| (f64::from(value) * slope + intercept).round() as i32;
    let whole = slope == 1.0 && intercept.fract() == 0.0;
    let shift = intercept as i32;
    let padding = format.padding.filter(|[low, high]| {
        let ends = [f64::from(*low) * slope + intercept, f64::from(*high) * slope + intercept];
        ends.iter().all(|hu| hu < MATTER_HU.start()) || ends.iter().all(|hu| hu > MATTER_HU.end())
    });
    Ok(match (padding, whole) {
        (None, true) => values.map(|v| limit(v + shift)).collect(),
        (None, false) => values.map(|v| limit(scaled(v))).collect(),
        (Some([low, high]), true) => {
            values.map(|v| if low <= v && v <= high { PADDING_HU } else { limit(v + shift) }).collect()
        }
        (Some([low, high]), false) => {
            values.map(|v| if low <= v && v <= high { PADDING_HU } else { limit(scaled(v)) }).collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(bits_stored: u16, high_bit: u16, signed: bool) -> PixelFormat {
        PixelFormat {
            rows: 1,
            columns: 1,
            frames: 1,
            samples_per_pixel: 1,
            photometric: "MONOCHROME2".into(),
            bits_allocated: 16,
            bits_stored,
            high_bit,
            signed,
            rescale_slope: Some(1.0),
            rescale_intercept: Some(-1024.0),
            rescale_type: String::new(),
            padding: None,
        }
    }
    fn hu(format: &PixelFormat, words: &[u16]) -> Vec<i16> {
        StoredBits::of(format).hu(words.iter().copied(), format).unwrap()
    }

    #[test]
    fn stored_bits_are_cut_out_and_signed() {
        assert_eq!(hu(&format(12, 11, false), &[0, 1024, 0x0FFF, 0xF400]), [-1024, 0, 3071, 0]);
        assert_eq!(hu(&format(12, 11, true), &[0x0800, 0x0FFF, 0x07FF]), [-3072, -1025, 1023]);
        assert_eq!(hu(&format(12, 15, false), &[0x4000, 0x400F]), [0, 0]);
        assert_eq!(hu(&format(16, 15, true), &[0xFFFF, 0x8000]), [-1025, i16::MIN]);
        assert_eq!(hu(&format(16, 15, false), &[0xFFFF]), [i16::MAX]);
    }

    #[test]
    fn slope_and_intercept_are_rounded_and_limited() {
        let mut f = format(16, 15, true);
        f.rescale_slope = Some(0.5);
        f.rescale_intercept = Some(0.0);
        assert_eq!(hu(&f, &[3, 0xFFFD, 4]), [2, -2, 2]);
        f.rescale_slope = Some(10.0);
        assert_eq!(hu(&f, &[30_000, (-30_000i16) as u16]), [i16::MAX, i16::MIN]);
        f.rescale_slope = Some(0.0);
        assert!(hu_from_stored([0].into_iter(), &f).is_err());
        (f.rescale_slope, f.rescale_intercept) = (None, None);
        assert_eq!(hu(&f, &[7]), [7]);
    }

    #[test]
    fn padding_becomes_air_only_where_it_cannot_be_tissue() {
        let mut f = format(16, 15, true);
        f.rescale_intercept = Some(0.0);
        f.padding = Some([-2000, -2000]);
        assert_eq!(hu(&f, &[(-2000i16) as u16, (-1999i16) as u16, 40]), [PADDING_HU, -1999, 40]);
        f.padding = Some([0, 0]);
        assert_eq!(hu(&f, &[0, 40]), [0, 40], "water is not padding");
        f.padding = Some([-3000, -1500]);
        assert_eq!(hu(&f, &[(-1500i16) as u16, (-1499i16) as u16]), [PADDING_HU, -1499]);
    }
}
