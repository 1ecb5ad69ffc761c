//! The chores: build, demonstrate, test, measure. Everything they need they install themselves, once, outside `target/`.
#![allow(
    clippy::disallowed_methods,
    reason = "clocks and threads are forbidden to what runs in the browser; this does not"
)]

mod build;
mod decoders;
mod fuzz;
mod headers;
mod integrity;
mod machine;
mod measure;
mod proposals;
mod run;
mod serve;
mod suite;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask <command>

  setup                          install what `build` needs
  build [--connect-src ORIGIN]…  leave the release bundle in dist/
  demo [--no-build] [--port N]   build, serve on 127.0.0.1:8080, say what to click
  test [--only STEP]             all checks; `--only` runs one (fmt, clippy, clippy-wasm, deny, native, doctest, doc,
                                 wasm, bundle, browser)
  bench [render | peers [ARGS…] | strokes [ARGS…] | decoders]
                                 native benchmarks; `render` is ms per frame, `peers` the side-by-side harness, `strokes` an hour's
                                 contouring in the browser (after `build`), `decoders` compares MB/s
  fuzz [TARGET] [SECONDS]        fuzz one door or all (needs a nightly compiler and `cargo install cargo-fuzz`)
  fixtures [DIR]                 write the demonstration phantom as DICOM files";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.split_first() {
        Some((&"setup", _)) => tools::set_up(),
        Some((&"build", rest)) => build::build(rest),
        Some((&"demo", rest)) => serve::demo(rest),
        Some((&"test", rest)) => suite::test(rest),
        Some((&"bench", rest)) => measure::bench(rest),
        Some((&"fuzz", rest)) => fuzz::fuzz(rest),
        Some((&"fixtures", rest)) => build::fixtures(rest.first().copied()),
        _ => {
            println!("{USAGE}");
            return if words.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}
