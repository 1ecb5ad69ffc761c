//! Window centre and width: HU → grey.

/// How a window turns values into grey: VOI LUT Function, DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VoiFunction {
    /// LINEAR: the width counts values, so that black and white are `width − 1` apart (C.11.2.1.2.1).
    #[default]
    Linear,
    /// LINEAR_EXACT: black and white are exactly one width apart (C.11.2.1.3.2).
    LinearExact,
    /// SIGMOID: no value is quite black or white (C.11.2.1.3.1).
    Sigmoid,
}

impl VoiFunction {
    /// All.
    pub const ALL: [Self; 3] = [Self::Linear, Self::LinearExact, Self::Sigmoid];
    /// Its name in DICOM.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "LINEAR",
            Self::LinearExact => "LINEAR_EXACT",
            Self::Sigmoid => "SIGMOID",
        }
    }
    /// The narrowest width it allows: 1 of LINEAR, anything above 0 of the others.
    pub fn narrowest_hu(self) -> f64 {
        if self == Self::Linear { 1.0 } else { 0.1 }
    }
}

/// A VOI window in HU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Window Center, HU.
    pub centre_hu: f64,
    /// Window Width, HU; at least 1, or above 0 where the function is not LINEAR.
    pub width_hu: f64,
    /// VOI LUT Function.
    pub function: VoiFunction,
}

const fn window(width_hu: f64, centre_hu: f64) -> Window {
    Window::linear(centre_hu, width_hu)
}

/// Presets on keys 1–5: lung, mediastinum, bone, soft tissue, emphysema.
pub const PRESETS: [Window; 5] =
    [window(1500.0, -600.0), window(350.0, 40.0), window(2000.0, 350.0), window(400.0, 40.0), window(600.0, -900.0)];

/// A window as the shaders read it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    /// LINEAR and LINEAR_EXACT: at most this is black. SIGMOID: the centre. HU.
    pub low: f64,
    /// LINEAR and LINEAR_EXACT: above this is white, HU.
    pub high: f64,
    /// Grey per HU; of SIGMOID, 4 / width.
    pub scale: f64,
    /// Whether it is a SIGMOID.
    pub is_sigmoid: bool,
}

impl Ramp {
    /// Grey 0..=1.
    pub fn grey(&self, hu: f64) -> f64 {
        if self.is_sigmoid {
            1.0 / (1.0 + (-(hu - self.low) * self.scale).exp())
        } else if hu <= self.low {
            0.0
        } else if hu > self.high {
            1.0
        } else {
            (hu - self.low) * self.scale
        }
    }
}

impl Window {
    /// Widest that can be dragged or typed to, HU.
    pub const WIDEST_HU: f64 = 8000.0;

    /// With the LINEAR function.
    pub const fn linear(centre_hu: f64, width_hu: f64) -> Self {
        Self { centre_hu, width_hu, function: VoiFunction::Linear }
    }
    /// Grey 0..=1 of a value in HU: the function of DICOM PS3.3 C.11.2.1.2.
    ///
    /// ```
    /// # use hilum::view::Window;
    /// let w = Window::linear(40.0, 401.0);
    /// assert_eq!((w.grey(-160.5), w.grey(39.5), w.grey(239.5)), (0.0, 0.5, 1.0));
    /// ```
    pub fn grey(&self, hu: f64) -> f64 {
        self.ramp().grey(hu)
    }
    /// What the shaders are told.
    pub fn ramp(&self) -> Ramp {
        let width = self.width_hu.max(self.function.narrowest_hu());
        let straight = |middle: f64, span: f64| Ramp {
            low: middle - span / 2.0,
            high: middle + span / 2.0,
            scale: if span > 0.0 { 1.0 / span } else { 0.0 },
            is_sigmoid: false,
        };
        match self.function {
            VoiFunction::Linear => straight(self.centre_hu - 0.5, width - 1.0),
            VoiFunction::LinearExact => straight(self.centre_hu, width),
            VoiFunction::Sigmoid => Ramp { low: self.centre_hu, high: f64::MAX, scale: 4.0 / width, is_sigmoid: true },
        }
    }
    /// With centre and width brought into what can be shown.
    pub fn within_limits(&self) -> Self {
        let (low, high) = (self.function.narrowest_hu(), Self::WIDEST_HU);
        Self { centre_hu: self.centre_hu.clamp(-2000.0, 4000.0), width_hu: self.width_hu.clamp(low, high), ..*self }
    }
    /// After a drag of so many CSS px: to the right widens, down raises the centre.
    pub fn dragged(&self, dx: f64, dy: f64) -> Self {
        let per_px = (self.width_hu / 300.0).max(1.0);
        Self {
            centre_hu: (self.centre_hu + dy * per_px).round(),
            width_hu: (self.width_hu + dx * per_px).round().max(1.0),
            ..*self
        }
        .within_limits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The functions as the standard writes them, ymin 0 and ymax 1.
    fn of_the_standard(w: &Window, x: f64) -> f64 {
        let (c, width) = (w.centre_hu, w.width_hu);
        match w.function {
            VoiFunction::Linear if x <= c - 0.5 - (width - 1.0) / 2.0 => 0.0,
            VoiFunction::Linear if x > c - 0.5 + (width - 1.0) / 2.0 => 1.0,
            VoiFunction::Linear => (x - (c - 0.5)) / (width - 1.0) + 0.5,
            VoiFunction::LinearExact if x <= c - width / 2.0 => 0.0,
            VoiFunction::LinearExact if x > c + width / 2.0 => 1.0,
            VoiFunction::LinearExact => (x - c) / width + 0.5,
            VoiFunction::Sigmoid => 1.0 / (1.0 + (-4.0 * (x - c) / width).exp()),
        }
    }

    proptest! {
        #[test]
        fn grey_is_what_the_standard_says(c in -1000..1500i32, width in 1..4000i32, x in -1100..3100i32, f in 0usize..3) {
            let function = VoiFunction::ALL[f];
            let w = Window { centre_hu: f64::from(c), width_hu: f64::from(width), function };
            let (ours, theirs) = (w.grey(f64::from(x)), of_the_standard(&w, f64::from(x)));
            prop_assert!((ours - theirs).abs() < 1e-9, "{} {}", ours, theirs);
        }
    }

    #[test]
    fn the_edges_of_the_standard_hold() {
        // C.11.2.1.2.1: a width of 1 is a step just above centre − 0.5.
        let step = Window::linear(40.0, 1.0);
        assert_eq!([39.0, 39.5, 39.6, 40.0].map(|x| step.grey(x)), [0.0, 0.0, 1.0, 1.0]);
        // The note there: centre 128, width 256 takes 0 to black and 255 to white.
        let whole = Window::linear(128.0, 256.0);
        assert_eq!([0.0, 255.0].map(|x| whole.grey(x)), [0.0, 1.0]);
        let exact = Window { function: VoiFunction::LinearExact, ..Window::linear(0.0, 0.5) };
        assert_eq!([-0.25, 0.0, 0.25, 0.3].map(|x| exact.grey(x)), [0.0, 0.5, 1.0, 1.0]);
        let sigmoid = Window { function: VoiFunction::Sigmoid, ..Window::linear(0.0, 100.0) };
        assert_eq!(sigmoid.grey(0.0), 0.5);
        assert!((sigmoid.grey(50.0) - 1.0 / (1.0 + (-2f64).exp())).abs() < 1e-12);
    }
}
