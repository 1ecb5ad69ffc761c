//! Directions in words: the letters at the edges of a pane.

use super::PatientVector;

/// One end of an anatomical axis (DICOM PS3.3 C.7.6.1.1.1 uses the same letters).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Right of the patient (−x).
    Right,
    /// Left of the patient (+x).
    Left,
    /// Anterior (−y).
    Anterior,
    /// Posterior (+y).
    Posterior,
    /// Towards the feet (−z).
    Foot,
    /// Towards the head (+z).
    Head,
}

impl Axis {
    /// The DICOM letter.
    pub fn letter(self) -> char {
        match self {
            Self::Right => 'R',
            Self::Left => 'L',
            Self::Anterior => 'A',
            Self::Posterior => 'P',
            Self::Foot => 'F',
            Self::Head => 'H',
        }
    }
    /// The axis end nearest to a direction.
    pub fn nearest(direction: PatientVector) -> Self {
        let d = direction.0;
        let a = d.abs();
        if a.x >= a.y && a.x >= a.z {
            if d.x < 0.0 { Self::Right } else { Self::Left }
        } else if a.y >= a.z {
            if d.y < 0.0 { Self::Anterior } else { Self::Posterior }
        } else if d.z < 0.0 {
            Self::Foot
        } else {
            Self::Head
        }
    }
}

/// Letters of a direction, strongest first; components under a tenth of the length are left out ("L", "LA", "HLP").
pub fn orientation_letters(direction: PatientVector) -> String {
    let Some(unit) = direction.unit() else { return String::new() };
    let mut parts: Vec<(f64, char)> = Vec::new();
    for (value, negative, positive) in [
        (unit.0.x, Axis::Right, Axis::Left),
        (unit.0.y, Axis::Anterior, Axis::Posterior),
        (unit.0.z, Axis::Foot, Axis::Head),
    ] {
        if value.abs() > 0.1 {
            parts.push((value.abs(), if value < 0.0 { negative } else { positive }.letter()));
        }
    }
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    parts.into_iter().map(|(_, letter)| letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_follow_the_direction_and_flip_with_it() {
        for (v, letters, opposite) in [
            (PatientVector::new(1.0, 0.0, 0.0), "L", "R"),
            (PatientVector::new(0.0, 2.0, 0.0), "P", "A"),
            (PatientVector::new(0.0, 0.0, 3.0), "H", "F"),
            (PatientVector::new(0.9, -0.4, 0.0), "LA", "RP"),
        ] {
            assert_eq!(orientation_letters(v), letters);
            assert_eq!(orientation_letters(-v), opposite);
        }
        assert_eq!(orientation_letters(PatientVector::new(0.0, 0.0, 0.0)), "");
    }
}
