//! How segments look over the picture.

/// Colours of both layers by label, and how strongly they cover.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelLook {
    /// `[layer][label]` sRGB and 255 if shown; label 0 and hidden segments are 0.
    pub colours: Box<[[[u8; 4]; 256]; 2]>,
    /// Labels of the first layer whose voxels show their compartment's colour.
    pub compartments: Box<[bool; 256]>,
    /// Opacity of the fill in slices, 0..=1.
    pub fill: f32,
    /// Opacity of the outline in slices, 0..=1.
    pub outline: f32,
}

impl Default for LabelLook {
    fn default() -> Self {
        Self { colours: Box::new([[[0; 4]; 256]; 2]), compartments: Box::new([false; 256]), fill: 0.28, outline: 0.95 }
    }
}

impl LabelLook {
    /// Shows a label of layer 0 or 1 in a colour.
    pub fn show(&mut self, layer: usize, label: u8, [r, g, b]: [u8; 3]) {
        if let Some(colours) = self.colours.get_mut(layer) {
            colours[usize::from(label)] = [r, g, b, 255];
        }
    }
    /// Colours what a label of the first layer holds by compartment.
    pub fn show_compartments(&mut self, label: u8) {
        self.compartments[usize::from(label)] = true;
    }
    /// Whether any label of a layer is shown.
    pub fn shows_any(&self, layer: usize) -> bool {
        self.colours.get(layer).is_some_and(|colours| colours.iter().any(|c| c[3] > 0))
    }
    /// Colour of a label as the shader reads it, 0..=1; the fourth is whether it is shown.
    pub fn colour(&self, layer: usize, label: u8) -> [f32; 4] {
        self.colours.get(layer).map_or([0.0; 4], |c| c[usize::from(label)].map(|v| f32::from(v) / 255.0))
    }
}
