//! What stands over a slice: letters at its edges and a scale bar.

use crate::geometry::{Plane, orientation_letters};

/// A scale bar of a round length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleBar {
    /// Its length in the patient, mm: 1, 2 or 5 times a power of ten.
    pub length_mm: f64,
    /// Its length on screen, CSS px.
    pub length_px: f64,
}

/// The longest round scale bar within `limit_px`; `None` where nothing is shown.
pub fn scale_bar(mm_per_px: f64, limit_px: f64) -> Option<ScaleBar> {
    let most = mm_per_px * limit_px;
    if !(most.is_finite() && most > 1e-3) {
        return None;
    }
    let power = 10f64.powf(most.log10().floor());
    let length_mm = [5.0, 2.0, 1.0].map(|m| m * power).into_iter().find(|l| *l <= most * (1.0 + 1e-9))?;
    Some(ScaleBar { length_mm, length_px: length_mm / mm_per_px })
}

/// Orientation letters at the left, right, top and bottom edge.
pub fn edge_letters(plane: &Plane) -> [String; 4] {
    [-plane.right, plane.right, -plane.down, plane.down].map(orientation_letters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{AnatomicalPlane, PatientPoint};

    #[test]
    fn letters_follow_the_radiological_convention() {
        let at = PatientPoint::new(0.0, 0.0, 0.0);
        let letters = |p| edge_letters(&Plane::anatomical(p, at)).join(" ");
        assert_eq!(letters(AnatomicalPlane::Axial), "R L A P");
        assert_eq!(letters(AnatomicalPlane::Coronal), "R L H F");
        assert_eq!(letters(AnatomicalPlane::Sagittal), "A P H F");
    }

    #[test]
    fn bars_are_round_and_fit() {
        for (mm_per_px, expected) in [(1.0, 100.0), (0.7, 50.0), (0.13, 10.0), (0.004, 0.5)] {
            let bar = scale_bar(mm_per_px, 130.0).unwrap();
            assert!((bar.length_mm - expected).abs() < 1e-9, "{mm_per_px}: {}", bar.length_mm);
            assert!(bar.length_px <= 130.0);
        }
        assert_eq!(scale_bar(0.0, 100.0), None);
    }
}
