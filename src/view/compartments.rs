//! Colours for what lung tissue holds, by HU: shown inside a lungs segment only.
//!
//! Emphysema below −950 HU and well-aerated lung from −950 to −700 HU, as in the CT literature on COVID-19 and emphysema; ground
//! glass up to −250 HU and consolidation up to +100 HU. What is denser is vessel or calcium and is never counted as lesion. The
//! ranges also hold airways and vessels: they are a look at the histogram in place, not a segmentation.

/// A range of HU and how it is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compartment {
    /// What it is.
    pub tissue: LungTissue,
    /// It ends here, HU; the end belongs to it.
    pub to_hu: f64,
    /// sRGB.
    pub colour: [u8; 3],
}

/// What a compartment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LungTissue {
    /// Below −950 HU.
    Emphysema,
    /// −950 to −700 HU.
    WellAerated,
    /// Above −700, below −250 HU.
    GroundGlass,
    /// −250 to +100 HU.
    Consolidation,
    /// Above +100 HU.
    Vessel,
}

/// From thin to dense. HU are whole numbers: −951 is the last below −950, −251 the last below −250.
pub const COMPARTMENTS: [Compartment; 5] = [
    Compartment { tissue: LungTissue::Emphysema, to_hu: -950.5, colour: [64, 128, 255] },
    Compartment { tissue: LungTissue::WellAerated, to_hu: -699.5, colour: [70, 190, 160] },
    Compartment { tissue: LungTissue::GroundGlass, to_hu: -250.5, colour: [255, 210, 70] },
    Compartment { tissue: LungTissue::Consolidation, to_hu: 100.5, colour: [235, 80, 60] },
    Compartment { tissue: LungTissue::Vessel, to_hu: f64::MAX, colour: [200, 120, 230] },
];

/// How strongly the colour covers the grey, 0..=1.
pub const COMPARTMENT_OPACITY: f32 = 0.55;

/// The compartment of a value, by its place in [`COMPARTMENTS`].
pub fn compartment(hu: f64) -> usize {
    COMPARTMENTS.iter().position(|c| hu <= c.to_hu).unwrap_or(COMPARTMENTS.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_whole_hu_lies_where_the_literature_puts_it() {
        use LungTissue::{Consolidation, Emphysema, GroundGlass, Vessel, WellAerated};
        for (hu, tissue) in [
            (-1024.0, Emphysema),
            (-951.0, Emphysema),
            (-950.0, WellAerated),
            (-700.0, WellAerated),
            (-699.0, GroundGlass),
            (-251.0, GroundGlass),
            (-250.0, Consolidation),
            (100.0, Consolidation),
            (101.0, Vessel),
            (3071.0, Vessel),
        ] {
            assert_eq!(COMPARTMENTS[compartment(hu)].tissue, tissue, "{hu}");
        }
    }
}
