//! Bytes out: DICOM SEG, DICOM SR, and the multipart body that carries them; a table of numbers, label maps and
//! archives to be saved.
//!
//! Deterministic: the same document, context and measurements give the same bytes. Date, time and the reading's identifier are
//! inputs; UIDs are `2.25.` followed by 128 bits of SHA-256 over what they name.
//!
//! What may leave the page is an [`Outbound`]; only this room makes one, and it re-reads every object it is given: nothing but
//! a segmentation, a report, a structure set or a bundle passes, so the pixels of the CT cannot.

mod answers;
pub mod archive;
pub mod bundle;
pub mod campaign;
mod content;
mod context;
mod dataset;
mod drawn;
mod leaving;
mod modules;
pub mod nifti;
mod outbound;
mod preview;
pub mod rtstruct;
pub mod seg;
pub mod sr;
pub mod table;
mod token_request;
mod whole_ct;

pub use context::{Audience, ExportContext, ExportError, ExportNote, Filing};
pub use leaving::Reason;
pub use outbound::{ObjectKind, Outbound, OutboundObject, Place};
pub use preview::{PreviewLine, PreviewValue};
pub use token_request::TokenRequest;
pub use whole_ct::WholeCt;
#[cfg(test)]
pub(crate) use whole_ct::own_concepts;
