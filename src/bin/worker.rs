//! The worker: hands messages to the job runner.
fn main() {}
