//! What is odd about the geometry of a series, as facts with numbers.

use serde::{Deserialize, Serialize};

/// How much a finding matters to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// Worth knowing; measurements are exact.
    Note,
    /// Something is missing or uncertain; measurements may be affected.
    Warning,
}

/// One thing that is odd about a series. Travels with the volume to the screen and into exports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum GeometryFinding {
    /// Slices absent from the lattice; shown as missing, never interpolated.
    MissingSlices {
        /// Their indices k.
        slices: Vec<usize>,
    },
    /// Several images in the same place that nothing tells apart; the one acquired first (acquisition, then instance number) was kept.
    DuplicatePositions {
        /// How many images were left out.
        left_out: usize,
    },
    /// Slices lie off the regular lattice.
    IrregularSpacing {
        /// Smallest distance between neighbours, millimetres.
        smallest_mm: f64,
        /// Largest distance between neighbours, millimetres.
        largest_mm: f64,
        /// Largest distance of a slice from its place in the lattice, millimetres.
        deviation_mm: f64,
    },
    /// Images that do not share the spacing of most others, nor lie on one line with them, were left out.
    OffLattice {
        /// How many.
        left_out: usize,
    },
    /// The slices are not perpendicular to the direction in which they are stacked: the grid is sheared, exactly as acquired.
    GantryTilt {
        /// Angle between the normal of the slices and the stacking direction.
        degrees: f64,
    },
    /// The distances between images fit no lattice: slices between them were computed, linearly along the stacking direction.
    /// Their HU were not measured.
    ResampledSpacing {
        /// Smallest distance between images, millimetres.
        smallest_mm: f64,
        /// Largest distance between images, millimetres.
        largest_mm: f64,
        /// Distance between slices of the volume, millimetres.
        spacing_mm: f64,
        /// How many slices were computed.
        slices: usize,
    },
    /// Gantry/Detector Tilt of original axial images is not the angle between the normal of the slices and the stacking direction:
    /// positions or header are wrong.
    TiltDisagrees {
        /// In the header, degrees.
        header_degrees: f64,
        /// By the positions, degrees.
        measured_degrees: f64,
    },
    /// Only every n-th slice was opened: the whole is more than can be held.
    Thinned {
        /// n.
        every: usize,
        /// Slices opened.
        kept: usize,
        /// Slices of the whole.
        of: usize,
        /// Distance between the slices opened, millimetres. Slice Thickness is what it was.
        spacing_mm: f64,
    },
    /// Only neighbouring slices of a part of the CT were opened: the whole is more than can be held.
    SlabOnly {
        /// The first of them among all slices, from 0.
        first: usize,
        /// Slices opened.
        kept: usize,
        /// Slices of the whole.
        of: usize,
    },
    /// The server that the series came from has more images of it, or a DICOMDIR lists more.
    PartOfSeries {
        /// Images and other objects that are open.
        images: usize,
        /// As many as there are.
        of: usize,
    },
    /// The series holds other stacks beside this one: another orientation, size, kernel, acquisition, …
    OtherStacks {
        /// Images in them.
        images: usize,
        /// How many stacks.
        stacks: usize,
    },
    /// Secondary captures and other objects of the series that are no CT image with a place were left out.
    NotSlices {
        /// How many.
        left_out: usize,
    },
    /// Frames of multi-frame images have no place and were left out.
    UnplacedFrames {
        /// How many.
        left_out: usize,
    },
    /// One slice only: the distance to its neighbours is taken from Slice Thickness.
    SingleSlice,
    /// The distance between slices is not in the positions and was assumed.
    AssumedSpacing {
        /// The distance used, millimetres.
        spacing_mm: f64,
    },
    /// Slices have different rescale slope or intercept; each slice is converted with its own.
    MixedRescale,
    /// Some slices have no Rescale Intercept: stored values were taken for HU.
    NoRescale {
        /// How many.
        slices: usize,
    },
    /// Rescale Type of some slices is not HU: their values are another quantity, such as a concentration of iodine.
    NotHu {
        /// How many.
        slices: usize,
    },
    /// Slices name different frames of reference; they were stacked by their positions.
    MixedFrameOfReference {
        /// How many distinct UIDs.
        count: usize,
    },
    /// Slice Thickness differs from the distance between slices: they overlap, or leave a gap. Where that is wide, volumes are
    /// estimates.
    ThicknessNotSpacing {
        /// Slice Thickness, millimetres.
        thickness_mm: f64,
        /// Distance between slices, millimetres.
        spacing_mm: f64,
    },
    /// The volume comes from a research format: units and orientation are what its header claims, and it has no study.
    NotDicom,
    /// The file says nothing of the patient's orientation: its axes were taken for the patient's.
    AssumedOrientation,
    /// The file places its voxels twice, differently; the place that the format prefers was taken.
    OrientationsDisagree {
        /// Largest distance between the two places of a corner, millimetres.
        largest_mm: f64,
    },
    /// Values that are no whole number of HU, or beyond what is stored here, were changed.
    ValuesChanged {
        /// Voxels that were rounded to a whole number.
        rounded: u64,
        /// Voxels that were set to the nearest value that can be stored.
        clamped: u64,
    },
    /// No value is as low as air: these may not be Hounsfield units.
    NoAir {
        /// Smallest value.
        smallest_hu: i16,
        /// Largest value.
        largest_hu: i16,
    },
}

/// Slices farther apart than so many times their thickness are samples: what lies between them was not measured. 1 mm every 1.5 mm
/// is a common protocol, and distances are fitted to rounded positions.
const MOST_APART: f64 = 1.5 * 1.01;

impl GeometryFinding {
    /// Whether volumes measured on the CT are not those of the patient's anatomy: something is missing, or was not measured.
    pub fn affects_volumes(&self) -> bool {
        match self {
            Self::MissingSlices { .. }
            | Self::OffLattice { .. }
            | Self::UnplacedFrames { .. }
            | Self::ResampledSpacing { .. }
            | Self::AssumedSpacing { .. }
            | Self::Thinned { .. }
            | Self::SlabOnly { .. }
            | Self::PartOfSeries { .. } => true,
            Self::ThicknessNotSpacing { thickness_mm, spacing_mm } => *spacing_mm > MOST_APART * thickness_mm,
            _ => false,
        }
    }
    /// How much it matters.
    pub fn severity(&self) -> Severity {
        match self {
            Self::MissingSlices { .. }
            | Self::DuplicatePositions { .. }
            | Self::OffLattice { .. }
            | Self::ResampledSpacing { .. }
            | Self::SingleSlice
            | Self::AssumedSpacing { .. }
            | Self::Thinned { .. }
            | Self::SlabOnly { .. }
            | Self::PartOfSeries { .. }
            | Self::UnplacedFrames { .. }
            | Self::TiltDisagrees { .. }
            | Self::NoRescale { .. }
            | Self::NotHu { .. }
            | Self::NotDicom
            | Self::AssumedOrientation
            | Self::OrientationsDisagree { .. }
            | Self::NoAir { .. } => Severity::Warning,
            Self::ValuesChanged { clamped, .. } if *clamped > 0 => Severity::Warning,
            Self::IrregularSpacing { deviation_mm, .. } if *deviation_mm > 0.1 => Severity::Warning,
            Self::ThicknessNotSpacing { thickness_mm, spacing_mm } if thickness_mm < spacing_mm => Severity::Warning,
            Self::GantryTilt { .. }
            | Self::IrregularSpacing { .. }
            | Self::NotSlices { .. }
            | Self::OtherStacks { .. }
            | Self::MixedRescale
            | Self::MixedFrameOfReference { .. }
            | Self::ThicknessNotSpacing { .. }
            | Self::ValuesChanged { .. } => Severity::Note,
        }
    }
}
