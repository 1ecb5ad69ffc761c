//! Window centre and width: HU → grey.

/// A VOI window in HU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Window Center, HU.
    pub centre_hu: f64,
    /// Window Width, HU; at least 1.
    pub width_hu: f64,
}

const fn window(width_hu: f64, centre_hu: f64) -> Window {
    Window { centre_hu, width_hu }
}

/// Presets on keys 1–5: lung, mediastinum, bone, soft tissue, emphysema.
pub const PRESETS: [Window; 5] =
    [window(1500.0, -600.0), window(350.0, 40.0), window(2000.0, 350.0), window(400.0, 40.0), window(600.0, -900.0)];

impl Window {
    /// Grey 0..=1 of a value in HU: the LINEAR function of DICOM PS3.3 C.11.2.1.2.
    ///
    /// ```
    /// # use hilum::view::Window;
    /// let w = Window { centre_hu: 40.0, width_hu: 401.0 };
    /// assert_eq!((w.grey(-161.0), w.grey(39.5), w.grey(240.0)), (0.0, 0.5, 1.0));
    /// ```
    pub fn grey(&self, hu: f64) -> f64 {
        let (low, scale) = self.low_and_scale();
        ((hu - low) * scale).clamp(0.0, 1.0)
    }
    /// HU that is black, and grey per HU above it: what the shader is told.
    pub fn low_and_scale(&self) -> (f64, f64) {
        let span = (self.width_hu - 1.0).max(1e-3);
        (self.centre_hu - 0.5 - span / 2.0, 1.0 / span)
    }
    /// After a drag of so many CSS px: to the right widens, down raises the centre.
    pub fn dragged(&self, dx: f64, dy: f64) -> Self {
        let per_px = (self.width_hu / 300.0).max(1.0);
        Self {
            centre_hu: (self.centre_hu + dy * per_px).round().clamp(-2000.0, 4000.0),
            width_hu: (self.width_hu + dx * per_px).round().clamp(1.0, 8000.0),
        }
    }
}
