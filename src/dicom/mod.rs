//! DICOM: bytes → instances → series, and frames → Hounsfield units.
//!
//! The attributes the product uses stand in plain structs; nothing else of a file is kept. Everything read here came from
//! outside: lengths are checked against the bytes at hand before anything is allocated, and no input stops the program.
//! Imports `geometry` alone.

mod cielab;
#[cfg(feature = "codecs")]
mod codec;
mod data_set;
#[cfg(feature = "codecs")]
mod decode;
mod directory;
#[cfg(feature = "codecs")]
mod encapsulated_frames;
mod error;
mod functional_groups;
mod header;
mod instance;
#[cfg(feature = "codecs")]
mod jpeg12;
#[cfg(feature = "codecs")]
mod jpeg_lossless;
#[cfg(feature = "codecs")]
mod jpeg_ls;
#[cfg(feature = "codecs")]
mod jpeg_stream;
#[cfg(feature = "codecs")]
mod modality;
mod multipart;
#[cfg(feature = "codecs")]
mod native_frames;
mod part10;
mod qido;
mod segmentation;
#[cfg(feature = "codecs")]
mod segmentation_frames;
mod series;
mod stow;
mod structure_set;

pub use cielab::{cielab_from_srgb, srgb_from_cielab};
#[cfg(feature = "codecs")]
pub use decode::{DecodedFrame, decode_frame, decode_frames};
pub use directory::{ListedFile, MOST_DIRECTORY_BYTES, read_directory};
#[cfg(feature = "codecs")]
pub use encapsulated_frames::EncapsulatedFrames;
pub use error::{Attribute, DicomError, Quantity};
pub use header::read_header;
pub(crate) use instance::is_localiser;
pub use instance::{
    Acquisition, FrameFacts, ImagePlane, Instance, LossyCompression, PatientModule, PixelFormat, SeriesModule,
    StudyModule, VoiLutFunction, VoiWindow,
};
pub use multipart::{MOST_PART, Multipart, MultipartError, Part};
#[cfg(feature = "codecs")]
pub use native_frames::NativeFrames;
pub use part10::is_uncompressed;
pub use qido::{
    JsonDataSet, MOST_STUDIES, RemoteSeries, RemoteStudy, StudyQuery, instances_path, is_uid, series, series_path,
    studies,
};
pub use segmentation::{
    Code, SegmentDescription, SegmentationFrame, SegmentationKind, SegmentationObject, SourceImage,
};
#[cfg(feature = "codecs")]
pub use segmentation_frames::native_segmentation;
pub use series::{Series, SeriesKind, group_into_series};
pub use stow::{InstanceFailure, not_stored};
pub use structure_set::{Contour, Roi, StructureSet};

#[cfg(feature = "codecs")]
#[cfg(test)]
mod tests;
