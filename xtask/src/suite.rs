//! All checks in one command, in the order CI runs them: quick ones first, the first failure ends the run.

use crate::bundle;
use crate::process::{Outcome, cargo, command, run};
use crate::setup;
use std::process::Command;
use std::time::Instant;

struct Step {
    name: &'static str,
    title: &'static str,
    run: fn() -> Outcome,
}

const fn step(name: &'static str, title: &'static str, run: fn() -> Outcome) -> Step {
    Step { name, title, run }
}

/// What the page and the worker are compiled with in the browser.
const IN_BROWSER: [&str; 5] = ["--target", "wasm32-unknown-unknown", "--no-default-features", "--features", "app,worker"];

const STEPS: [Step; 11] = [
    step("setup", "Tools, packages, validators", setup::everything),
    step("format", "Formatting", || run(cargo(&["fmt", "--all", "--check"]))),
    step("clippy", "Lints, native", || {
        run(cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))
    }),
    step("clippy-wasm", "Lints, in the browser", || {
        let mut clippy = cargo(&["clippy", "--lib", "--bins"]);
        clippy.args(IN_BROWSER).args(["--", "--deny", "warnings"]);
        run(clippy)
    }),
    step("deny", "Licences, bans and sources of dependencies", || {
        run(tool(cargo(&["deny", "--log-level", "error", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"])))
    }),
    step("nextest", "Native tests", || {
        let mut tests = tool(cargo(&["nextest", "run", "--workspace"]));
        tests.env("HILUM_PYTHON", setup::python());
        run(tests)
    }),
    step("doctest", "Examples in the documentation", || run(cargo(&["test", "--quiet", "--doc"]))),
    step("doc", "Documentation", || {
        let mut doc = cargo(&["doc", "--quiet", "--no-deps", "--lib", "--document-private-items"]);
        doc.env("RUSTDOCFLAGS", "--deny warnings");
        run(doc)
    }),
    step("wasm", "Tests in a browser's WebAssembly", wasm_tests),
    step("bundle", "The page as it is released", || bundle::build(&[])),
    step("browser", "The page in a browser, beside a DICOMweb server", browser),
];

/// Finds the cache's programs first.
fn tool(mut command: Command) -> Command {
    command.env("PATH", setup::search_path());
    command
}

fn wasm_tests() -> Outcome {
    let mut tests = tool(cargo(&["test", "--test", "web"]));
    tests
        .args(&IN_BROWSER[..4])
        .arg("gpu,codecs")
        .env("CHROMEDRIVER", "/usr/bin/chromedriver")
        .env("WASM_BINDGEN_TEST_TIMEOUT", "120");
    run(tests)
}

fn browser() -> Outcome {
    let mut tests = command("node", &["--test", "--test-concurrency=1", "--test-reporter=spec", "tests/browser/"]);
    tests.env("HILUM_PYTHON", setup::python());
    run(tests)
}

/// Runs all steps, those named, or those `--from` one on; `--list` names them.
///
/// # Errors
/// The first step that fails, or a step that does not exist.
pub fn run_steps(words: &[&str]) -> Outcome {
    let place = |name: &str| {
        STEPS.iter().position(|step| step.name == name).ok_or_else(|| format!("no step is called {name}; see `test --list`"))
    };
    let chosen: Vec<usize> = match words {
        ["--list"] => {
            STEPS.iter().for_each(|step| println!("{:12} {}", step.name, step.title));
            return Ok(());
        }
        [] => (0..STEPS.len()).collect(),
        ["--from", name] => (place(name)?..STEPS.len()).collect(),
        names => names.iter().map(|name| place(name)).collect::<Outcome<_>>()?,
    };
    let mut times = Vec::new();
    let mut outcome = Ok(());
    for step in chosen.iter().map(|i| &STEPS[*i]) {
        println!("\n== {} ({})", step.title, step.name);
        let start = Instant::now();
        outcome = (step.run)().map_err(|said| format!("{}: {said}", step.name));
        times.push((step, start.elapsed().as_secs_f64()));
        if outcome.is_err() {
            break;
        }
    }
    println!();
    times.iter().for_each(|(step, seconds)| println!("{seconds:7.1} s  {}", step.title));
    println!("{:7.1} s  in all", times.iter().map(|(_, seconds)| seconds).sum::<f64>());
    outcome
}
