//! What an algorithm hands to the reader: labelled voxels, what it doubts, and how it was run.

use serde::{Deserialize, Serialize};

/// What a part of a proposal is meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Structure {
    /// The right lung.
    RightLung,
    /// The left lung.
    LeftLung,
    /// Trachea and main bronchi.
    Airways,
    /// Ground-glass opacity.
    GroundGlass,
    /// Consolidation.
    Consolidation,
    /// Vessels inside the lungs.
    PulmonaryVessels,
    /// Fat of the chest wall.
    SubcutaneousFat,
    /// Muscle of the chest wall.
    SkeletalMuscle,
    /// The heart.
    Heart,
    /// Calcium in the wall of an artery.
    Calcification,
    /// What a model calls by a name, by its place among the names it was given.
    Named(u8),
}

/// One structure of a proposal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// What it is.
    pub structure: Structure,
    /// Its label in [`Proposal::labels`], not 0.
    pub label: u8,
    /// Voxels that carry it; a part may be empty.
    pub voxels: u64,
}

/// The result of an algorithm, not yet the reader's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Name of the algorithm.
    pub algorithm: String,
    /// Its parameters, readable and complete ("air_below_hu=-400; closing_radius_mm=10").
    pub parameters: String,
    /// Its structures.
    pub parts: Vec<Part>,
    /// What the reader should look at before trusting it.
    pub flags: Vec<QualityFlag>,
    /// [`Part::label`] per voxel, `[k, j, i]`, 0 background. Travels beside, not inside, a serialised proposal.
    #[serde(skip)]
    pub labels: Vec<u8>,
}

/// Something odd an algorithm saw in its own result.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum QualityFlag {
    /// Lung reaches the first or the last slice: volumes are of the part that was scanned.
    LungsTouchEnd {
        /// Whether it reaches the lowest slice.
        bottom: bool,
        /// Whether it reaches the highest slice.
        top: bool,
    },
    /// One lung is far larger than the other.
    LungRatio {
        /// Volume of the right lung / volume of the left lung.
        right_to_left: f64,
    },
    /// Closing added much that is not air: dense disease, or tissue taken for lung.
    LargeClosing {
        /// Added voxels / all lung voxels.
        fraction: f64,
    },
    /// The cross-section of a lung changes abruptly: a part of it may be left out, or something else taken in.
    AreaJump {
        /// Height where it changes most, patient z in mm.
        z_mm: f64,
    },
    /// The trachea was not found, or it leaked: airways may be counted as lung.
    NoAirwayFound,
    /// Only one lung was found; its side is told from its place alone.
    OneLungOnly,
    /// Both lungs were joined and were parted by their distance from the outline.
    LungsWereJoined,
    /// Arms beside the chest: what they press on the wall counts, and their shadow changes HU.
    ArmsInPicture,
    /// Air of the trachea is not near −1000 HU: HU are doubtful.
    AirIsOff {
        /// The HU that a quarter of its voxels does not exceed.
        hu: f64,
    },
    /// So much noise that single voxels pass the limit by chance.
    Noise {
        /// Its standard deviation, HU.
        hu: f64,
    },
    /// So little opacity was found that healthy lungs show as much.
    LikeHealthy {
        /// Opacities / lungs.
        fraction: f64,
    },
    /// Slices so far apart that vessels and the edge of the lung blur into opacities.
    ThickSlices {
        /// Their distance, mm.
        mm: f64,
    },
    /// The proposed heart is smaller or larger than hearts are: a part of it may be left out, or something else taken in.
    HeartSize {
        /// Its volume, ml.
        ml: f64,
    },
}

/// Why an algorithm has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AnalysisError {
    /// No air-filled region inside the body is large enough.
    #[error("no lungs were found")]
    NoLungs,
    /// The lung labels are not of the size of the volume.
    #[error("the lungs do not lie on the grid of the CT")]
    GridMismatch,
    /// Slices are not axial.
    #[error("the slices are not axial")]
    NotAxial,
    /// The field of view cuts off the body.
    #[error("the field of view cuts off the body on this slice")]
    ClippedBody,
    /// No heart was found between the lungs.
    #[error("no heart was found between the lungs")]
    NoHeart,
    /// Blood is as dense as calcium after contrast.
    #[error("blood in the heart is enhanced by contrast")]
    EnhancedHeart,
    /// It was stopped.
    #[error("it was stopped")]
    Cancelled,
}
