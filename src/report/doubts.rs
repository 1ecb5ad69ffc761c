//! What makes numbers of a CT doubtful.

use super::form::own;
use crate::analysis::QualityFlag;
use crate::annotation::CodedConcept;

/// One thing that makes a number doubtful.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Doubt {
    /// The CT is no DICOM: how it was made is not known.
    NotDicom,
    /// The reconstruction kernel is not known.
    NoKernel,
    /// The reconstruction kernel enhances edges: the ends of the density range are noise.
    SharpKernel,
    /// Slices lie so far apart that they blur the ends of the density range.
    ThickSlices,
    /// Slices without rescale.
    NoRescale,
    /// Rescale Type says that values are not HU.
    NotHu,
    /// A contrast agent was given.
    Contrast,
    /// The heart was not gated.
    NotGated,
    /// Slices so thin that noise passes the limit of calcium.
    ThinSlices,
    /// Findings outside the lung segments are not counted.
    OutsideLungs {
        /// Their volume.
        ml: f64,
    },
    /// What an algorithm, or the outline of the lungs, says of itself.
    Flag(QualityFlag),
}

impl Doubt {
    /// Each once, whatever its number is.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 23] = [
        Doubt::NotDicom,
        Doubt::NoKernel,
        Doubt::SharpKernel,
        Doubt::ThickSlices,
        Doubt::NoRescale,
        Doubt::NotHu,
        Doubt::Contrast,
        Doubt::NotGated,
        Doubt::ThinSlices,
        Doubt::OutsideLungs { ml: 0.0 },
        Doubt::Flag(QualityFlag::LungsTouchEnd { bottom: true, top: true }),
        Doubt::Flag(QualityFlag::LungRatio { right_to_left: 1.0 }),
        Doubt::Flag(QualityFlag::LargeClosing { fraction: 0.0 }),
        Doubt::Flag(QualityFlag::AreaJump { z_mm: 0.0 }),
        Doubt::Flag(QualityFlag::NoAirwayFound),
        Doubt::Flag(QualityFlag::OneLungOnly),
        Doubt::Flag(QualityFlag::LungsWereJoined),
        Doubt::Flag(QualityFlag::ArmsInPicture),
        Doubt::Flag(QualityFlag::AirIsOff { hu: 0.0 }),
        Doubt::Flag(QualityFlag::Noise { hu: 0.0 }),
        Doubt::Flag(QualityFlag::LikeHealthy { fraction: 0.0 }),
        Doubt::Flag(QualityFlag::ThickSlices { mm: 0.0 }),
        Doubt::Flag(QualityFlag::HeartSize { ml: 0.0 }),
    ];

    /// Its code.
    pub fn code(&self) -> CodedConcept {
        match self {
            Doubt::NotDicom => own("D_NOT_DICOM", "Not from DICOM"),
            Doubt::NoKernel => own("D_NO_KERNEL", "Kernel not known"),
            Doubt::SharpKernel => own("D_SHARP_KERNEL", "Kernel enhances edges"),
            Doubt::ThickSlices => own("D_THICK_SLICES", "Slices more than 1.5 mm apart"),
            Doubt::NoRescale => own("D_NO_RESCALE", "Slices without rescale"),
            Doubt::NotHu => own("D_NOT_HU", "Values are not HU"),
            Doubt::Contrast => own("D_CONTRAST", "Contrast agent"),
            Doubt::NotGated => own("D_NOT_GATED", "Heart not gated"),
            Doubt::ThinSlices => own("D_THIN_SLICES", "Slices less than 2.5 mm apart: noise passes 130 HU"),
            Doubt::OutsideLungs { .. } => own("D_OUTSIDE_LUNGS", "Findings outside the lungs are not counted"),
            Doubt::Flag(flag) => match flag {
                QualityFlag::LungsTouchEnd { .. } => own("D_LUNGS_CUT", "Lungs reach the end of the scan"),
                QualityFlag::LungRatio { .. } => own("D_LUNG_RATIO", "Right and left lung differ much in volume"),
                QualityFlag::LargeClosing { .. } => own("D_LUNGS_NOT_AIR", "Much of the lungs is not air"),
                QualityFlag::AreaJump { .. } => own("D_AREA_JUMP", "Outline of the lungs changes abruptly"),
                QualityFlag::NoAirwayFound => own("D_NO_AIRWAY", "Airways not found"),
                QualityFlag::OneLungOnly => own("D_ONE_LUNG", "One lung only"),
                QualityFlag::LungsWereJoined => own("D_LUNGS_JOINED", "Lungs were joined and have been parted"),
                QualityFlag::ArmsInPicture => own("D_ARMS", "Arms beside the chest"),
                QualityFlag::AirIsOff { .. } => own("D_AIR_IS_OFF", "Air of the airways is not -1000 HU"),
                QualityFlag::Noise { .. } => own("D_NOISE", "Noise passes the limit"),
                QualityFlag::LikeHealthy { .. } => own("D_LIKE_HEALTHY", "No more opacities than in healthy lungs"),
                QualityFlag::ThickSlices { .. } => {
                    own("D_THICK_FINDINGS", "Opacities found on slices more than 3 mm apart")
                }
                QualityFlag::HeartSize { .. } => own("D_HEART_SIZE", "Proposed heart of unusual volume"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_has_a_code_of_its_own_that_is_no_longer_than_codes_are() {
        let codes: BTreeSet<&str> = Doubt::ALL.iter().map(|doubt| doubt.code().value).collect();
        assert!(codes.len() == Doubt::ALL.len() && codes.iter().all(|value| value.len() <= 16));
    }
}
