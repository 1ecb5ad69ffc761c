//! The chores: `cargo xtask <chore>`. Standard library only, so that it is there at once.

#![allow(clippy::disallowed_methods, reason = "the chores run natively: clocks and threads are at hand")]

mod bench;
mod bundle;
mod process;
mod serve;
mod setup;
mod suite;

use process::{Outcome, cargo, run};
use std::process::ExitCode;

const USAGE: &str = "cargo xtask <chore>

  setup                                   install what building and testing need
  build [--dev] [--connect-src ORIGIN]…   the page, ready to be served, in dist/
  demo  [--no-build] [--port N]           build and serve it on this machine (8080)
  fixtures [DIR]                          write the demonstration CT and its segmentation as DICOM files
  test  [--list] [--from STEP] [STEP]…    all checks, in the order they run in CI; or those named
  bench [peers]                           native benchmarks; or this viewer beside others in one browser
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match chore(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(said) => {
            eprintln!("xtask: {said}");
            ExitCode::FAILURE
        }
    }
}

fn chore(words: &[&str]) -> Outcome {
    match words {
        ["setup"] => setup::everything(),
        ["build", rest @ ..] => bundle::build(rest),
        ["demo", rest @ ..] => serve::demo(rest),
        ["fixtures", rest @ ..] => {
            let folder = rest.first().copied().unwrap_or("target/fixtures");
            run(cargo(&["run", "--example", "fixtures", "--", folder]))
        }
        ["test", rest @ ..] => suite::run_steps(rest),
        ["bench"] => run(cargo(&["bench"])),
        ["bench", "peers"] => bench::peers(),
        [] | ["help" | "--help" | "-h", ..] => {
            print!("{USAGE}");
            Ok(())
        }
        [other, ..] => Err(format!("no chore is called so: {other}\n\n{USAGE}")),
    }
}
