//! Long work, described and run without knowing where.
//!
//! [`Job`] and [`JobFacts`] are what crosses the worker boundary; [`run()`] is the very function native tests call. A job goes
//! in with its input, facts and payloads come out; nothing is kept in between.

mod job;
mod queue;
#[cfg(feature = "codecs")]
mod run;

pub use job::{Along, FileFacts, FileId, Job, JobError, JobEvent, JobFacts, JobId, JobOutput, Payload};
pub use queue::{Priority, Queue};
#[cfg(feature = "codecs")]
pub use run::{FileSource, JobInput, run};
