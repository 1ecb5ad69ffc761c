//! A 3D picture that the processor draws, row by row, so that nothing else waits for it.

use super::VolumeInput;
use super::raycast::{Scene, Tables, raycast_rows};

/// A 3D picture, or the first rows of one.
#[derive(Clone, Debug)]
pub struct RayPicture {
    input: VolumeInput,
    tables: Tables,
    size: [u32; 2],
    pixels: Vec<u8>,
}

impl RayPicture {
    /// A picture for a pane of this size, px; nothing of it is drawn yet.
    pub fn new(input: VolumeInput, pane: [u32; 2]) -> Self {
        Self { tables: Tables::new(&input), size: size_of(&input, pane), input, pixels: Vec::new() }
    }
    /// What it shows.
    pub fn input(&self) -> &VolumeInput {
        &self.input
    }
    /// Columns and rows, px: those of the pane divided by the reduction.
    pub fn size(&self) -> [u32; 2] {
        self.size
    }
    /// Whether it is what a pane of this size is to show.
    pub fn shows(&self, input: &VolumeInput, pane: [u32; 2]) -> bool {
        self.size == size_of(input, pane) && self.input == *input
    }
    /// RGBA, row by row, of the rows that are drawn.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
    /// The same, for good.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }
    fn rows(&self) -> u32 {
        (self.pixels.len() / (4 * self.size[0] as usize)) as u32
    }
    /// Whether all is drawn.
    pub fn is_whole(&self) -> bool {
        self.rows() >= self.size[1]
    }

    /// Draws one row, and more while `go_on` says so; whether all is drawn then.
    pub fn draw(&mut self, scene: &Scene<'_>, go_on: impl FnMut() -> bool) -> bool {
        let drawn = raycast_rows(scene, &self.input, &self.tables, self.size, self.rows(), go_on);
        self.pixels.extend(drawn);
        self.is_whole()
    }
}

fn size_of(input: &VolumeInput, pane: [u32; 2]) -> [u32; 2] {
    pane.map(|s| s.div_ceil(input.reduction.max(1)).max(1))
}
