//! A segment: one region with a number, a coded meaning and a look.
//!
//! What derives `Serialize` here is stored by autosave: variants and fields are added at the end, or `stored::VERSION` goes up.

use serde::{Deserialize, Serialize};

/// The label map a segment lives on. Segments of different layers may overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Layer {
    /// Lungs, airways, vessels, zones.
    Anatomy,
    /// Lesions.
    Findings,
}

impl Layer {
    /// Both, in the order they are drawn.
    pub const ALL: [Self; 2] = [Self::Anatomy, Self::Findings];
    /// 0 for anatomy, 1 for findings.
    pub fn index(self) -> usize {
        match self {
            Self::Anatomy => 0,
            Self::Findings => 1,
        }
    }
}

/// A code of DICOM PS3.3 table 8.8-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodedConcept {
    /// Code Value.
    pub value: &'static str,
    /// Coding Scheme Designator.
    pub scheme: &'static str,
    /// Code Meaning, in English as coded.
    pub meaning: &'static str,
}

const fn code(value: &'static str, scheme: &'static str, meaning: &'static str) -> CodedConcept {
    CodedConcept { value, scheme, meaning }
}

/// What a segment is, from a closed list so that no free text leaves by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SegmentMeaning {
    /// The right lung.
    RightLung,
    /// The left lung.
    LeftLung,
    /// Trachea and main bronchi.
    Airways,
    /// An opacity not further described.
    Lesion,
    /// Ground-glass opacity.
    GroundGlass,
    /// Consolidation.
    Consolidation,
}

impl SegmentMeaning {
    /// All, in the order of the menu.
    pub const ALL: [Self; 6] =
        [Self::Lesion, Self::GroundGlass, Self::Consolidation, Self::RightLung, Self::LeftLung, Self::Airways];

    /// The layer such a segment is born on.
    pub fn layer(self) -> Layer {
        match self {
            Self::RightLung | Self::LeftLung | Self::Airways => Layer::Anatomy,
            Self::Lesion | Self::GroundGlass | Self::Consolidation => Layer::Findings,
        }
    }
    /// Whether it is one of the lungs.
    pub fn is_lung(self) -> bool {
        matches!(self, Self::RightLung | Self::LeftLung)
    }
    /// Segmented Property Category (CID 7150 for SEG).
    pub fn category(self) -> CodedConcept {
        match self.layer() {
            Layer::Anatomy => code("123037004", "SCT", "Anatomical Structure"),
            Layer::Findings => code("49755003", "SCT", "Morphologically Abnormal Structure"),
        }
    }
    /// Segmented Property Type.
    pub fn property_type(self) -> CodedConcept {
        match self {
            Self::RightLung | Self::LeftLung => code("39607008", "SCT", "Lung"),
            Self::Airways => code("110726009", "SCT", "Trachea and Bronchus"),
            Self::Lesion => code("52988006", "SCT", "Lesion"),
            Self::GroundGlass => code("112120", "DCM", "Ground glass opacity"),
            Self::Consolidation => code("95436008", "SCT", "Lung consolidation"),
        }
    }
    /// Segmented Property Type Modifier: the side.
    pub fn modifier(self) -> Option<CodedConcept> {
        match self {
            Self::RightLung => Some(code("24028007", "SCT", "Right")),
            Self::LeftLung => Some(code("7771000", "SCT", "Left")),
            _ => None,
        }
    }
    /// Colour it is born with, sRGB.
    pub fn colour(self) -> [u8; 3] {
        match self {
            Self::RightLung => [86, 156, 214],
            Self::LeftLung => [78, 201, 176],
            Self::Airways => [220, 220, 170],
            Self::Lesion => [235, 92, 80],
            Self::GroundGlass => [244, 176, 66],
            Self::Consolidation => [200, 80, 190],
        }
    }
}

/// How a segment came to be (SEG Segment Algorithm Type, PS3.3 C.8.20.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Origin {
    /// Drawn by the reader.
    Manual,
    /// Proposed by an algorithm, whether or not the reader edited it afterwards.
    Proposed {
        /// Name of the algorithm.
        algorithm: String,
        /// Its version.
        version: String,
        /// Its parameters, readable ("threshold_hu=-400; closing_mm=10").
        parameters: String,
        /// Whether the reader changed the result.
        edited: bool,
    },
    /// Read from a DICOM SEG or another file.
    Imported,
}

/// A region the reader names, counts and exports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// 1..=255, unique in the document: the label on its layer and the Segment Number in SEG.
    pub number: u8,
    /// What it is.
    pub meaning: SegmentMeaning,
    /// The label map it lives on; never changes.
    pub layer: Layer,
    /// Name shown to the reader.
    pub name: String,
    /// sRGB.
    pub colour: [u8; 3],
    /// Whether panes draw it.
    pub visible: bool,
    /// Whether tools may change its voxels.
    pub locked: bool,
    /// How it came to be.
    pub origin: Origin,
}
