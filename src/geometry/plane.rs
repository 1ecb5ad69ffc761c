//! Planes in the patient, as a pane shows them.

use super::{PatientPoint, PatientVector};
use serde::{Deserialize, Serialize};

/// The three standard planes, seen in the radiological convention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AnatomicalPlane {
    /// Seen from the feet: patient's right on the left of the screen, anterior up.
    Axial,
    /// Seen from the front: patient's right on the left of the screen, head up.
    Coronal,
    /// Seen from the patient's left: anterior on the left of the screen, head up.
    Sagittal,
}

impl AnatomicalPlane {
    /// All three, in the order of the panes.
    pub const ALL: [Self; 3] = [Self::Axial, Self::Coronal, Self::Sagittal];

    /// Unit direction to the right of the screen.
    pub fn right(self) -> PatientVector {
        match self {
            Self::Axial | Self::Coronal => PatientVector::new(1.0, 0.0, 0.0),
            Self::Sagittal => PatientVector::new(0.0, 1.0, 0.0),
        }
    }
    /// Unit direction down the screen.
    pub fn down(self) -> PatientVector {
        match self {
            Self::Axial => PatientVector::new(0.0, 1.0, 0.0),
            Self::Coronal | Self::Sagittal => PatientVector::new(0.0, 0.0, -1.0),
        }
    }
    /// Unit direction in which slices are counted: head, posterior, left.
    pub fn normal(self) -> PatientVector {
        match self {
            Self::Axial => PatientVector::new(0.0, 0.0, 1.0),
            Self::Coronal => PatientVector::new(0.0, 1.0, 0.0),
            Self::Sagittal => PatientVector::new(1.0, 0.0, 0.0),
        }
    }
}

/// A plane with an origin and two in-plane unit directions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plane {
    /// A point of the plane.
    pub origin: PatientPoint,
    /// Unit direction to the right of the screen.
    pub right: PatientVector,
    /// Unit direction down the screen.
    pub down: PatientVector,
}

impl Plane {
    /// The standard plane through a point.
    pub fn anatomical(plane: AnatomicalPlane, through: PatientPoint) -> Self {
        Self { origin: through, right: plane.right(), down: plane.down() }
    }
    /// Unit normal, `right × down`: away from the viewer.
    pub fn normal(&self) -> PatientVector {
        self.right.cross(self.down)
    }
    /// In-plane coordinates (right, down) in millimetres of the foot of the perpendicular from a point.
    pub fn coordinates(&self, p: PatientPoint) -> [f64; 2] {
        let d = p - self.origin;
        [d.dot(self.right), d.dot(self.down)]
    }
    /// The point at in-plane coordinates (right, down) in millimetres.
    pub fn at(&self, right_mm: f64, down_mm: f64) -> PatientPoint {
        self.origin + self.right * right_mm + self.down * down_mm
    }
    /// Signed distance of a point from the plane along the normal, millimetres.
    pub fn distance_mm(&self, p: PatientPoint) -> f64 {
        (p - self.origin).dot(self.normal())
    }
}
