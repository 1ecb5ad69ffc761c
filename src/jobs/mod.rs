//! Long work, described and run without knowing where.
//!
//! [`Job`] and [`JobFacts`] are what crosses the worker boundary; [`run()`] is the very function native tests call. A job goes
//! in with its input, facts and payloads come out; nothing is kept in between.

mod job;
mod queue;
#[cfg(feature = "codecs")]
mod run;
#[cfg(feature = "codecs")]
mod source;

pub use crate::import::EntryPlace;
pub use crate::volume::PackedLabels;
pub use job::{
    Along, FileFacts, FileId, Found, Job, JobError, JobEvent, JobFacts, JobId, JobOutput, Payload, VoxelPart,
};
pub use queue::{Priority, Queue};
#[cfg(feature = "codecs")]
pub use run::{JobInput, Listener, run};
#[cfg(feature = "codecs")]
pub use source::{EntrySource, FileSource};
