//! x
pub fn run_steps(_: &[&str]) -> crate::process::Outcome {
    Ok(())
}
