//! x
pub fn peers() -> crate::process::Outcome {
    Ok(())
}
