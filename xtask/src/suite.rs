//! All checks, in the order of their cost.

use crate::run::{Outcome, command, root, run};
use crate::{build, machine, tools};
use std::process::Command;
use std::time::Instant;

/// The name of a check and what does it.
type Check = (&'static str, fn() -> Outcome);

const WASM: &str = "wasm32-unknown-unknown";

/// Installs what is missing, then runs every check; stops at the first that fails.
pub(crate) fn test(arguments: &[&str]) -> Outcome {
    let only = match arguments {
        [] => None,
        ["--only", step] => Some(*step),
        _ => return Err("test takes --only STEP".to_owned()),
    };
    let checks = chosen(only)?;
    let begun = Instant::now();
    let mut times = Vec::new();
    step("set-up", &mut times, set_up)?;
    for (name, check) in checks {
        step(name, &mut times, check)?;
    }
    println!("\nAll checks passed in {} s:", begun.elapsed().as_secs());
    for (name, seconds) in times {
        println!("  {name:<12} {seconds:>5} s");
    }
    Ok(())
}

/// The checks to run, in order; a name that no check has is refused, for running none must not look like passing.
fn chosen(only: Option<&str>) -> Outcome<Vec<Check>> {
    let checks: [Check; 10] = [
        ("fmt", || run(&mut command("cargo", &["fmt", "--all", "--check"]))),
        ("deny", || run(&mut command("cargo-deny", &["--all-features", "check", "licenses", "bans", "sources"]))),
        ("clippy", || run(&mut command("cargo", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))),
        ("native", native),
        ("doctest", || run(&mut command("cargo", &["test", "--doc"]))),
        ("doc", || {
            let mut doc = command("cargo", &["doc", "--no-deps", "--document-private-items"]);
            run(doc.env("RUSTDOCFLAGS", "-D warnings"))
        }),
        ("clippy-wasm", || {
            run(&mut command(
                "cargo",
                &[
                    "clippy",
                    "--target",
                    WASM,
                    "--no-default-features",
                    "--features",
                    "app",
                    "--lib",
                    "--bin",
                    "hilum-app",
                    "--",
                    "-D",
                    "warnings",
                ],
            ))?;
            run(&mut command(
                "cargo",
                &[
                    "clippy",
                    "--target",
                    WASM,
                    "--no-default-features",
                    "--features",
                    "worker",
                    "--lib",
                    "--bin",
                    "hilum-worker",
                    "--",
                    "-D",
                    "warnings",
                ],
            ))
        }),
        ("wasm", wasm),
        ("bundle", || build::build(&[])),
        ("browser", browser),
    ];
    let names = checks.map(|(name, _)| name).join(", ");
    let chosen: Vec<Check> = checks.into_iter().filter(|(name, _)| only.is_none_or(|o| o == *name)).collect();
    if chosen.is_empty() { Err(format!("no check has that name; there are {names}")) } else { Ok(chosen) }
}

fn step(name: &str, times: &mut Vec<(String, u64)>, check: impl FnOnce() -> Outcome) -> Outcome {
    println!("\n=== {name}");
    let begun = Instant::now();
    check().map_err(|why| format!("{name}: {why}"))?;
    times.push((name.to_owned(), begun.elapsed().as_secs()));
    Ok(())
}

/// Packages of three kinds side by side with the tools that cargo builds.
fn set_up() -> Outcome {
    std::thread::scope(|scope| {
        let others = scope.spawn(|| {
            machine::packages()?;
            machine::web_servers()?;
            machine::python_environment()?;
            machine::node_packages()
        });
        tools::set_up()?;
        tools::set_up_checks()?;
        others.join().unwrap_or_else(|_| Err("installing packages stopped".to_owned()))
    })
}

fn native() -> Outcome {
    run(&mut with_machine(command("cargo", &["nextest", "run", "--workspace", "--profile", "whole"])))
}

/// Tests that run inside the browser.
fn wasm() -> Outcome {
    let arguments = [
        "test",
        "--target",
        WASM,
        "--no-default-features",
        "--features",
        "codecs",
        "--test",
        "web",
        "--test",
        "worker_decoders",
        "--test",
        "worker_files",
    ];
    let mut test = command("cargo", &arguments);
    run(test.env("CHROMEDRIVER", "/usr/bin/chromedriver").env("WASM_BINDGEN_TEST_TIMEOUT", "120"))
}

fn browser() -> Outcome {
    let mut node = with_machine(command("node", &["--test", "--test-concurrency=1", "--test-reporter=spec"]));
    let mut files: Vec<_> = std::fs::read_dir(root().join("tests/browser"))
        .map_err(|e| format!("tests/browser: {e}"))?
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    run(node.args(files))
}

fn with_machine(mut command: Command) -> Command {
    command.env("HILUM_PYTHON", machine::python());
    command.env("HILUM_SERVERS", machine::servers());
    command
}

#[cfg(test)]
mod tests {
    use super::chosen;

    #[test]
    fn a_check_that_is_not_there_is_refused() {
        assert_eq!(chosen(None).map(|checks| checks.len()), Ok(10));
        let one = chosen(Some("deny")).map(|checks| checks.into_iter().map(|(name, _)| name).collect::<Vec<_>>());
        assert_eq!(one, Ok(vec!["deny"]));
        assert!(chosen(Some("nosuchcheck")).is_err());
    }
}
