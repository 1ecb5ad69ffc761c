//! The 3D view: an orthographic camera that orbits the chest, head up.

use crate::geometry::{Grid, PatientPoint, PatientVector};

/// Orthographic orbit camera.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// What it turns about.
    pub target: PatientPoint,
    /// Turn about the body's axis: 0 looks from the front, positive brings the patient's left side to view.
    pub azimuth_rad: f64,
    /// Above (+) or below (−) the horizon.
    pub elevation_rad: f64,
    /// Half the height of what is seen, mm.
    pub half_height_mm: f64,
}

impl Default for Camera {
    fn default() -> Self {
        Self { target: PatientPoint::new(0.0, 0.0, 0.0), azimuth_rad: 0.0, elevation_rad: 0.0, half_height_mm: 200.0 }
    }
}

impl Camera {
    /// From the front, all of the grid in view.
    pub fn fit(grid: &Grid) -> Self {
        let target = grid.centre();
        let radius = grid.corners().iter().map(|c| c.distance(target)).fold(1.0, f64::max);
        Self { target, azimuth_rad: 0.0, elevation_rad: 0.1, half_height_mm: radius * 0.75 }
    }
    /// Turns by angles; the head stays up.
    pub fn orbit(&mut self, right_rad: f64, down_rad: f64) {
        self.azimuth_rad = (self.azimuth_rad - right_rad).rem_euclid(std::f64::consts::TAU);
        self.elevation_rad = (self.elevation_rad + down_rad).clamp(-1.5, 1.5);
    }
    /// Nearer (factor > 1) or farther.
    pub fn zoom(&mut self, factor: f64) {
        self.half_height_mm = (self.half_height_mm / factor).clamp(2.0, 2000.0);
    }
    /// Unit directions right, down and forward (away from the viewer).
    pub fn axes(&self) -> [PatientVector; 3] {
        let (sa, ca) = self.azimuth_rad.sin_cos();
        let (se, ce) = self.elevation_rad.sin_cos();
        let right = PatientVector::new(ca, -sa, 0.0);
        let forward = PatientVector::new(sa * ce, ca * ce, -se);
        [right, forward.cross(right), forward]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_the_front_the_left_of_the_patient_is_on_the_right() {
        let [right, down, forward] = Camera::default().axes();
        assert!((right - PatientVector::new(1.0, 0.0, 0.0)).length() < 1e-12);
        assert!((down - PatientVector::new(0.0, 0.0, -1.0)).length() < 1e-12);
        assert!((forward - PatientVector::new(0.0, 1.0, 0.0)).length() < 1e-12);
    }
}
