//! A segment: one region with a number, a coded meaning and a look.
//!
//! What derives `Serialize` here is stored by autosave: variants and fields are added at the end, or `stored::VERSION` goes up.

use serde::{Deserialize, Serialize};

/// The label map a segment lives on. Segments of different layers may overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Layer {
    /// Lungs, airways, organs.
    Anatomy,
    /// Lesions, and what lies inside the anatomy without taking its place: vessels of the lungs.
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

/// What a segment is, from a closed list so that no free text leaves by it. Stored by its place: new ones stand at the end.
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
    /// Crazy paving.
    CrazyPaving,
    /// A reticular pattern.
    Reticulation,
    /// Emphysema.
    Emphysema,
    /// A nodule or mass.
    Nodule,
    /// Fluid in the pleural space.
    PleuralEffusion,
    /// Calcification of an artery.
    Calcification,
    /// The right upper lobe.
    RightUpperLobe,
    /// The middle lobe.
    MiddleLobe,
    /// The right lower lobe.
    RightLowerLobe,
    /// The left upper lobe.
    LeftUpperLobe,
    /// The left lower lobe.
    LeftLowerLobe,
    /// Vessels of the lungs.
    PulmonaryVessels,
    /// The aorta.
    Aorta,
    /// The pulmonary trunk.
    PulmonaryTrunk,
    /// Fat of the chest wall.
    SubcutaneousFat,
    /// Muscle of the chest wall.
    SkeletalMuscle,
    /// The heart.
    Heart,
    /// Honeycombing.
    Honeycombing,
    /// Fluid in the pericardium.
    PericardialEffusion,
}

impl SegmentMeaning {
    /// All, in the order of the menu.
    pub const ALL: [Self; 25] = [
        Self::Lesion,
        Self::GroundGlass,
        Self::Consolidation,
        Self::CrazyPaving,
        Self::Reticulation,
        Self::Honeycombing,
        Self::Emphysema,
        Self::Nodule,
        Self::PleuralEffusion,
        Self::PericardialEffusion,
        Self::Calcification,
        Self::RightLung,
        Self::LeftLung,
        Self::Airways,
        Self::RightUpperLobe,
        Self::MiddleLobe,
        Self::RightLowerLobe,
        Self::LeftUpperLobe,
        Self::LeftLowerLobe,
        Self::PulmonaryVessels,
        Self::Heart,
        Self::Aorta,
        Self::PulmonaryTrunk,
        Self::SubcutaneousFat,
        Self::SkeletalMuscle,
    ];

    /// The layer such a segment is born on.
    pub fn layer(self) -> Layer {
        match self {
            Self::Lesion | Self::GroundGlass | Self::Consolidation => Layer::Findings,
            Self::CrazyPaving
            | Self::Reticulation
            | Self::Honeycombing
            | Self::Emphysema
            | Self::Nodule
            | Self::PleuralEffusion
            | Self::PericardialEffusion
            | Self::Calcification
            | Self::PulmonaryVessels => Layer::Findings,
            _ => Layer::Anatomy,
        }
    }
    /// Whether it is a lung or a lobe of one: 0 right, 1 left.
    pub fn lung_side(self) -> Option<usize> {
        match self {
            Self::RightLung | Self::RightUpperLobe | Self::MiddleLobe | Self::RightLowerLobe => Some(0),
            Self::LeftLung | Self::LeftUpperLobe | Self::LeftLowerLobe => Some(1),
            _ => None,
        }
    }
    /// Which lobe it is: right upper, middle, right lower, left upper, left lower.
    pub fn lobe(self) -> Option<usize> {
        let all =
            [Self::RightUpperLobe, Self::MiddleLobe, Self::RightLowerLobe, Self::LeftUpperLobe, Self::LeftLowerLobe];
        all.iter().position(|lobe| *lobe == self)
    }
    /// Whether it is a lung or a lobe of one.
    pub fn is_lung(self) -> bool {
        self.lung_side().is_some()
    }
    /// Whether its voxels count as involved lung: opacities do; emphysema, nodules, fluid and calcium are something else.
    pub fn is_involvement(self) -> bool {
        let of_lung = matches!(self, Self::CrazyPaving | Self::Reticulation | Self::Honeycombing);
        of_lung || matches!(self, Self::Lesion | Self::GroundGlass | Self::Consolidation)
    }
    /// Segmented Property Category (CID 7150 for SEG).
    pub fn category(self) -> CodedConcept {
        match (self, self.layer()) {
            (Self::SubcutaneousFat | Self::SkeletalMuscle, _) => code("85756007", "SCT", "Tissue"),
            (Self::PulmonaryVessels, _) | (_, Layer::Anatomy) => code("123037004", "SCT", "Anatomical Structure"),
            (_, Layer::Findings) => code("49755003", "SCT", "Morphologically Abnormal Structure"),
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
            Self::CrazyPaving => code("RID43256", "RADLEX", "Crazy paving"),
            Self::Reticulation => code("112113", "DCM", "Reticular pattern"),
            Self::Honeycombing => code("112106", "DCM", "Honeycomb pattern"),
            Self::Emphysema => code("87433001", "SCT", "Pulmonary emphysema"),
            Self::Nodule => code("27925004", "SCT", "Nodule"),
            Self::PleuralEffusion => code("60046008", "SCT", "Pleural effusion"),
            Self::PericardialEffusion => code("373945007", "SCT", "Pericardial effusion"),
            Self::Calcification => code("237897009", "SCT", "Vascular calcification"),
            Self::RightUpperLobe | Self::LeftUpperLobe => code("45653009", "SCT", "Upper lobe of lung"),
            Self::MiddleLobe => code("72481006", "SCT", "Middle lobe of right lung"),
            Self::RightLowerLobe | Self::LeftLowerLobe => code("90572001", "SCT", "Lower lobe of lung"),
            Self::PulmonaryVessels => code("59820001", "SCT", "Blood vessel"),
            Self::Aorta => code("15825003", "SCT", "Aorta"),
            Self::PulmonaryTrunk => code("45341000", "SCT", "Pulmonary trunk"),
            Self::SubcutaneousFat => code("67769002", "SCT", "Subcutaneous fat"),
            Self::SkeletalMuscle => code("127954009", "SCT", "Skeletal muscle"),
            Self::Heart => code("80891009", "SCT", "Heart"),
        }
    }
    /// Segmented Property Type Modifier: the side.
    pub fn modifier(self) -> Option<CodedConcept> {
        match self {
            Self::RightLung | Self::RightUpperLobe | Self::RightLowerLobe => Some(code("24028007", "SCT", "Right")),
            Self::LeftLung | Self::LeftUpperLobe | Self::LeftLowerLobe => Some(code("7771000", "SCT", "Left")),
            _ => None,
        }
    }
    /// Anatomic Region: where it lies, for what is no place itself.
    pub fn region(self) -> Option<CodedConcept> {
        match self {
            Self::PleuralEffusion => Some(code("3120008", "SCT", "Pleura")),
            Self::PericardialEffusion => Some(code("76848001", "SCT", "Pericardium")),
            Self::Calcification => Some(code("41801008", "SCT", "Coronary artery")),
            Self::SubcutaneousFat | Self::SkeletalMuscle => Some(code("78904004", "SCT", "Chest wall")),
            Self::PulmonaryVessels => Some(LUNG),
            _ => (self.layer() == Layer::Findings).then_some(LUNG),
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
            Self::CrazyPaving => [240, 140, 110],
            Self::Reticulation => [180, 150, 220],
            Self::Emphysema => [120, 190, 250],
            Self::Nodule => [255, 120, 200],
            Self::PleuralEffusion => [110, 130, 240],
            Self::Calcification => [250, 250, 120],
            Self::RightUpperLobe => [70, 130, 180],
            Self::MiddleLobe => [60, 160, 210],
            Self::RightLowerLobe => [100, 180, 230],
            Self::LeftUpperLobe => [60, 170, 140],
            Self::LeftLowerLobe => [110, 210, 170],
            Self::PulmonaryVessels => [220, 90, 90],
            Self::Aorta => [210, 60, 70],
            Self::PulmonaryTrunk => [90, 110, 210],
            Self::SubcutaneousFat => [240, 210, 130],
            Self::SkeletalMuscle => [190, 110, 90],
            Self::Heart => [200, 120, 130],
            Self::Honeycombing => [150, 110, 200],
            Self::PericardialEffusion => [80, 160, 200],
        }
    }
}

const LUNG: CodedConcept = code("39607008", "SCT", "Lung");

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
    /// Who made it, as the reader signs; empty where nobody had said.
    pub author: String,
    /// When it was made, local time as `YYYYMMDDHHMMSS`; empty where that is not known.
    pub made_at: String,
    /// Its place in the list: ascending, by number where alike.
    pub rank: u16,
}
