//! Everything one frame needs, as plain data: the bridge from the session to the renderer.

use super::{Camera, Clip, LabelLook, Projection, Slab, TransferFunction, Window};
use crate::geometry::Plane;

/// A rectangle of the canvas, device px.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PxRect {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl PxRect {
    /// The whole of a picture of this size.
    pub fn whole([width, height]: [u32; 2]) -> Self {
        Self { x: 0, y: 0, width, height }
    }
    /// The smallest rectangle that holds both.
    pub fn union(&self, other: &Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        Self { x, y, width: right - x, height: bottom - y }
    }
}

/// One frame.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameInput {
    /// Canvas size, device px.
    pub size: [u32; 2],
    /// How segments look.
    pub look: LabelLook,
    /// Panes that are visible.
    pub panes: Vec<PaneInput>,
}

/// One pane.
#[derive(Clone, Debug, PartialEq)]
pub struct PaneInput {
    /// Where on the canvas.
    pub rect: PxRect,
    /// What it shows.
    pub content: PaneContent,
}

/// What a pane shows.
#[derive(Clone, Debug, PartialEq)]
pub enum PaneContent {
    /// A slice.
    Slice(SliceInput),
    /// The 3D picture.
    Volume(VolumeInput),
}

/// A slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SliceInput {
    /// The plane; its origin is in the middle of the pane.
    pub plane: Plane,
    /// Millimetres a device px spans.
    pub mm_per_px: f64,
    /// HU → grey.
    pub window: Window,
    /// What is seen in front of and behind the plane.
    pub slab: Slab,
    /// Dark is dense.
    pub inverted: bool,
    /// How voxels are blended with their neighbours.
    pub interpolation: Interpolation,
    /// Compartments of the labels that show them are coloured.
    pub compartments: bool,
    /// Of the CT beside the open one.
    pub beside: bool,
}

/// How a slice is read between voxel centres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// Straight lines between centres.
    #[default]
    Linear,
    /// Voxels as they are.
    Nearest,
    /// Cubics through the centres (see [`reslice`](super::reslice)); through a slab, straight lines.
    Cubic,
}

impl VolumeInput {
    /// Whether rays look at shown anatomy alone: the lowest HU of a whole ray would be the air around the patient.
    pub fn only_anatomy(&self, look: &LabelLook) -> bool {
        matches!(self.projection, Some((Projection::Lowest, _))) && look.shows_any(0)
    }
}

impl SliceInput {
    /// The plane alone, blended, light is dense.
    pub fn new(plane: Plane, mm_per_px: f64, window: Window) -> Self {
        Self {
            plane,
            mm_per_px,
            window,
            slab: Slab::default(),
            inverted: false,
            interpolation: Interpolation::Linear,
            compartments: false,
            beside: false,
        }
    }
}

/// The 3D picture.
#[derive(Clone, Debug, PartialEq)]
pub struct VolumeInput {
    /// From where.
    pub camera: Camera,
    /// HU → colour and opacity.
    pub transfer: TransferFunction,
    /// Instead of tissue one looks through: one value of each ray, as grey in this window.
    pub projection: Option<(Projection, Window)>,
    /// What is left out.
    pub clip: Clip,
    /// HU → grey of voxels that are cut.
    pub window: Window,
    /// Distance between samples, mm.
    pub step_mm: f64,
    /// Rays through each px, at places of their own in it and along a step: 1, or more while nothing moves.
    pub rays: u32,
    /// Whether tissue throws soft shadows.
    pub shadows: bool,
    /// Device px that one rendered px covers: 1, or more while something moves.
    pub reduction: u32,
    /// Rows of the picture that are drawn at once: a fine picture is put together from bands while the coarse one is shown, so
    /// that nothing else waits for it.
    pub rows_at_once: u32,
    /// Changes whenever anything in the picture does; an equal one means the last picture is still right.
    pub revision: u64,
}
