//! Whose hands a reading went through.
//!
//! What derives `Serialize` here is stored by autosave: variants and fields are added at the end, or `stored::VERSION` goes up.

use serde::{Deserialize, Serialize};

/// A reader who worked on a reading before it came here in a bundle, and what was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Name in the hospital, code in a campaign; empty where it may not be told.
    pub reader: String,
    /// Whether `reader` is the code of a campaign.
    pub in_campaign: bool,
    /// Program and version.
    pub software: String,
    /// When the bundle was made, `YYYYMMDDHHMMSS`; moved by years for a campaign; empty where it may not be told.
    pub at: String,
    /// How many of the first acts are not told for want of room.
    pub forgotten: u64,
    /// What was done, in order; what was undone is not among it.
    pub acts: Vec<Act>,
}

/// One step of a reading.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Key of the words that name it ("brush").
    pub what: String,
    /// Voxels that changed.
    pub voxels: u64,
    /// Segments that were made, renamed or deleted, by their numbers then.
    pub segments: Vec<u8>,
}

/// Acts that are told of one author, the last ones.
pub(super) const MOST_ACTS: usize = 10_000;
