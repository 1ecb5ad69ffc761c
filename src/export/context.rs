//! What an export is told, and why it can be refused.

use super::campaign::Pseudonymous;
use crate::dicom::Instance;
use crate::geometry::Grid;
use std::collections::BTreeMap;

/// The facts around a document that its exports carry. All of it is input: nothing is asked of a clock or a random source.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportContext {
    /// The CT slices in the order of the grid's k, frames of a multi-frame object each as an image of its own; `None` where a slice
    /// is missing or was computed from its neighbours.
    pub source: Vec<Option<Instance>>,
    /// The images that a slice was computed from, by its k, where it was.
    pub computed: BTreeMap<usize, Vec<Instance>>,
    /// Who read: `Family^Given`, or a code. Without a caret one is appended, so that it is a well-formed person name.
    pub reader: String,
    /// Identifies the reading (one document of one reader); tracking UIDs are derived from it, so it must not be used for two.
    pub reading_id: String,
    /// Date of the export, `YYYYMMDD`.
    pub date: String,
    /// Time of the export, `HHMMSS`.
    pub time: String,
    /// Version of the software that writes.
    pub software_version: String,
    /// What is odd about the geometry of the CT, in words; written into the report and into each segment's description.
    pub quality_notes: Vec<String>,
    /// What its exports are filed under.
    pub filing: Filing,
}

/// Whom an object is made for. Two writers make them; none serves both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// The hospital's archive, or the reader's own files: filed with the CT.
    Hospital,
    /// A campaign outside the hospital: nothing of the patient but a pseudonym.
    Campaign,
}

/// What objects are filed under.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Filing {
    /// Patient and study as the CT names them.
    #[default]
    Hospital,
    /// A pseudonym; [`campaign::context`](super::campaign::context()) makes one.
    Campaign(Box<Pseudonymous>),
}

impl Filing {
    /// Whom objects filed so are for.
    pub fn audience(&self) -> Audience {
        match self {
            Self::Hospital => Audience::Hospital,
            Self::Campaign(_) => Audience::Campaign,
        }
    }
}

impl ExportContext {
    /// The images that slice k is, or was computed from.
    pub(super) fn images(&self, k: usize) -> &[Instance] {
        let own = self.source.get(k).and_then(Option::as_ref).map(std::slice::from_ref);
        own.or_else(|| self.computed.get(&k).map(Vec::as_slice)).unwrap_or_default()
    }
    /// The first slice there is; if all were computed, the first image they come from.
    pub(super) fn first(&self) -> Result<&Instance, ExportError> {
        self.source.iter().flatten().chain(self.computed.values().flatten()).next().ok_or(ExportError::NoSource)
    }
    /// That the slices are those of the grid.
    pub(super) fn check(&self, grid: &Grid) -> Result<(), ExportError> {
        let [columns, rows, slices] = grid.size();
        if self.source.len() != slices {
            return Err(ExportError::SourceMismatch { reason: "another number of slices" });
        }
        let first = self.first()?;
        let series = &first.series.instance_uid;
        if first.study.instance_uid.is_empty() {
            return Err(ExportError::MissingUid { name: "Study Instance UID" });
        }
        if series.is_empty() {
            return Err(ExportError::MissingUid { name: "Series Instance UID" });
        }
        for slice in self.source.iter().flatten().chain(self.computed.values().flatten()) {
            if slice.pixels.as_ref().is_none_or(|p| p.rows != rows || p.columns != columns) {
                return Err(ExportError::SourceMismatch { reason: "another number of rows or columns" });
            }
            if slice.series.instance_uid != *series {
                return Err(ExportError::SourceMismatch { reason: "slices of several series" });
            }
        }
        Ok(())
    }
}

/// Why nothing was written. Holds no patient attribute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// No segment asked for has a voxel.
    #[error("there is no segment with voxels to export")]
    Empty,
    /// It cannot be written in this form; why.
    #[error("it cannot be written: {0}")]
    Unwritable(String),
    /// It is no table of a reading; why.
    #[error("it is no table of a reading: {0}")]
    NoReading(String),
    /// No segment has this number.
    #[error("there is no segment {0}")]
    NoSuchSegment(u8),
    /// The source CT is not known.
    #[error("the CT slices that the segments lie on are not known")]
    NoSource,
    /// The CT slices given are not those of the document.
    #[error("the CT slices do not fit the segments: {reason}")]
    SourceMismatch {
        /// In what.
        reason: &'static str,
    },
    /// The CT lacks a UID that its exports must name, or the archive cannot file them with it.
    #[error("the CT has no {name}")]
    MissingUid {
        /// Which.
        name: &'static str,
    },
    /// A segment is measured that the segmentation object does not hold.
    #[error("segment {0} is not in the segmentation that the report refers to")]
    NotInSegmentation(u8),
    /// A measured value is not a finite number.
    #[error("the value of {concept} is not a number")]
    NotANumber {
        /// Meaning of the measured concept.
        concept: &'static str,
    },
    /// The DICOM encoder refused the data set.
    #[error("the object cannot be encoded: {reason}")]
    Encoding {
        /// What it said.
        reason: String,
    },
    /// The object is not one that may leave.
    #[error("the object may not leave: {reason}")]
    Refused {
        /// Why.
        reason: String,
    },
}

/// What the reader should know about an object that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportNote {
    /// The slices name this many frames of reference; the object carries that of the first.
    MixedFrameOfReference(usize),
    /// The slices name no frame of reference; the object carries a new one.
    NoFrameOfReference,
    /// A segment has no voxels and was left out.
    EmptySegment(u8),
    /// Numbers in the document had gaps; those of the object are 1, 2, 3 … as PS3.3 C.8.20.2 asks.
    Renumbered,
    /// Slice `k` has no source image; its frame refers to none.
    NoSourceSlice(usize),
}
