//! What can be wrong with a file, and whose fault it is.

use super::data_set::PIXEL_DATA;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A DICOM attribute by tag and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Group and element.
    pub tag: (u16, u16),
    /// Keyword of PS3.6.
    pub name: String,
}

impl Attribute {
    pub(crate) fn new(tag: (u16, u16), name: &str) -> Self {
        Self { tag, name: name.into() }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:04X},{:04X})", self.name, self.tag.0, self.tag.1)
    }
}

/// Why a file or a frame cannot be used. Holds no patient attribute: `found` is only filled for numbers, codes and UIDs.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum DicomError {
    /// Neither a Part 10 file nor a bare data set.
    #[error("not a DICOM file")]
    NotDicom,
    /// A DICOMDIR: an index of a medium. The files it names are read themselves.
    #[error("a DICOMDIR: an index, not an image")]
    Directory,
    /// The bytes end before the data set does; more of the file may help.
    #[error("the file ends too early, at byte {at}")]
    Truncated {
        /// Number of bytes at hand.
        at: usize,
    },
    /// The data set breaks the encoding rules of PS3.5.
    #[error("the data set is malformed at byte {at}: {reason}")]
    Malformed {
        /// Offset in the file (of the inflated data set if deflated).
        at: usize,
        /// What is wrong.
        reason: String,
    },
    /// An attribute that is needed is absent or empty.
    #[error("{attribute} is missing")]
    MissingAttribute {
        /// Which.
        attribute: Attribute,
    },
    /// An attribute has a value that cannot be used.
    #[error("{attribute} has the unusable value {found:?}")]
    BadValue {
        /// Which.
        attribute: Attribute,
        /// The value as text.
        found: String,
    },
    /// No decoder for the transfer syntax.
    #[error("TransferSyntaxUID (0002,0010) {uid} is not supported")]
    UnsupportedTransferSyntax {
        /// Its UID.
        uid: String,
    },
    /// The pixels are encoded soundly, but in a form that is not CT as this product reads it (colour, 32 bit, …).
    #[error("unsupported pixels: {reason}")]
    UnsupportedPixels {
        /// What is unsupported.
        reason: String,
    },
    /// Bits or labels of a segmentation were compressed with loss: what they were is not known.
    #[error("TransferSyntaxUID (0002,0010) {uid}: bits or labels compressed with loss")]
    LossyLabels {
        /// The transfer syntax.
        uid: String,
    },
    /// Pixel data are absent, damaged or contradict the header.
    #[error("PixelData (7FE0,0010) cannot be decoded: {reason}")]
    PixelData {
        /// What is wrong.
        reason: String,
    },
    /// The frame asked for is not in the file.
    #[error("frame {frame} of {frames} does not exist")]
    NoSuchFrame {
        /// Index from 0.
        frame: usize,
        /// How many there are.
        frames: usize,
    },
    /// Larger than the product reads.
    #[error("too large: {what} is {found}, at most {limit} is read")]
    TooLarge {
        /// Which quantity.
        what: Quantity,
        /// Its value.
        found: u64,
        /// The limit.
        limit: u64,
    },
}

/// What may be too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quantity {
    /// A deflated data set, in bytes when inflated.
    DataSet,
    /// A frame, in pixels.
    Frame,
    /// A segmentation, in bytes when its frames are uncompressed.
    Segmentation,
    /// A DICOMDIR, in bytes.
    Directory,
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DataSet => "the inflated data set",
            Self::Frame => "the number of pixels of a frame",
            Self::Segmentation => "the uncompressed segmentation",
            Self::Directory => "the DICOMDIR",
        })
    }
}

impl DicomError {
    /// Pixel Data is absent.
    pub(super) fn no_pixel_data() -> Self {
        Self::MissingAttribute { attribute: Attribute::new(PIXEL_DATA, "PixelData") }
    }
    /// Whether it may come of bytes that are only the beginning of the file.
    pub fn asks_for_more(&self) -> bool {
        match self {
            Self::Truncated { .. } => true,
            Self::MissingAttribute { attribute } => attribute.tag == PIXEL_DATA,
            _ => false,
        }
    }
}
