//! What the session wants of the page.

use super::outbox::ParcelId;
use super::screenshot::Screenshot;
use crate::export::{Audience, Outbound};
use crate::jobs::{EntryPlace, FileId, JobId};

/// What the page should do; the session itself does nothing to the world.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Run a job in a worker.
    RunJob(Box<super::state::JobRequest>),
    /// Stop it.
    CancelJob(JobId),
    /// Open these entries of an archive as files of these names.
    OpenEntries {
        /// The archive.
        archive: FileId,
        /// Name and place of each.
        entries: Vec<(String, EntryPlace)>,
    },
    /// Turn these bytes into files and open them.
    OpenMade(Vec<(String, Vec<u8>)>),
    /// Offer bytes as a download.
    Download {
        /// Name without path.
        file_name: String,
        /// Media type.
        content_type: &'static str,
        /// The file.
        bytes: Vec<u8>,
    },
    /// Draw a picture of a pane and offer it as a download; [`super::Command::NotDrawn`] where that fails.
    Screenshot(Box<Screenshot>),
    /// Draw a picture of this turn and keep it as a file, answered by [`super::Command::FrameDrawn`].
    TurntableFrame(u32, Box<Screenshot>),
    /// Files that are not needed any more.
    ForgetFiles(Vec<FileId>),
    /// Ask the configured server: a path below its root, answered by [`super::RemoteEvent::Found`].
    Search(String),
    /// Get all instances of a path below its root, answered by [`super::RemoteEvent::Retrieved`]; what came before is let go.
    Retrieve(String),
    /// Stop asking, and let go what came.
    CancelRemote,
    /// Find something out about an audience's server, answered by [`super::ConnectionEvent::Seen`].
    Try(Audience, super::connection::Trial),
    /// Open the files that came.
    OpenRetrieved,
    /// Send to the destination of its audience, answered by [`super::OutboxEvent::Answered`]; without an answer in so many ms,
    /// [`super::RemoteError::NoAnswer`] is one.
    Upload(ParcelId, Box<Outbound>, u32),
    /// Give up an upload that is under way, if it is; it is answered no more.
    StopUpload(ParcelId),
    /// After so many ms, [`super::OutboxEvent::Due`] of this many failures.
    SendLater(ParcelId, u32, u32),
    /// Let the reader type the words of this measurement.
    AskWords(u16),
    /// Ask to [`super::Command::ReadOn`] when the first slice is on screen, or soon if it is not.
    AwaitImage,
    /// Set a User Timing mark; the first of a load clears the older ones.
    Mark(&'static str),
    /// Keep the reading on this computer, or see what is kept.
    Keep(super::keeping::KeepRequest),
}
