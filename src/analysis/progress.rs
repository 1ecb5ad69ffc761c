//! How a long computation is watched and stopped.

use super::AnalysisError;

/// Told how far a computation is, and asked whether to go on. Asked several times a second, so it must be cheap.
pub trait Progress {
    /// Done so far, 0 to 1, never falling.
    fn report(&mut self, fraction: f32);
    /// Whether the result is no longer wanted.
    fn cancelled(&self) -> bool;
}

/// Reports a step and ends the computation if it is no longer wanted.
pub(super) fn checkpoint(progress: &mut dyn Progress, fraction: f32) -> Result<(), AnalysisError> {
    if progress.cancelled() {
        return Err(AnalysisError::Cancelled);
    }
    progress.report(fraction);
    Ok(())
}
