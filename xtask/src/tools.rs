//! What building needs: the wasm target, Trunk, and the wasm-bindgen that Cargo.lock names.

use crate::run::{Outcome, cache, command, output, root, run};
use std::fs;

const TRUNK: &str = "0.21.14";
const NEXTEST: &str = "0.9.143";
const DENY: &str = "0.20.2";
/// npm's build of wasm-opt.
const BINARYEN: &str = "132.0.0";

/// Installs what `build` needs and is not there.
pub(crate) fn set_up() -> Outcome {
    let bin = cache().join("tools/bin");
    fs::create_dir_all(&bin).map_err(|e| format!("{}: {e}", bin.display()))?;
    if !output(&mut command("rustc", &["--print", "target-libdir", "--target", "wasm32-unknown-unknown"]))
        .is_some_and(|path| fs::exists(path).unwrap_or(false))
    {
        run(&mut command("rustup", &["target", "add", "wasm32-unknown-unknown"]))?;
    }
    let wasm_bindgen = locked("wasm-bindgen")?;
    install("wasm-bindgen", "wasm-bindgen-cli", &wasm_bindgen, &[])?;
    install("trunk", "trunk", TRUNK, &["--locked", "--no-default-features"])?;
    wasm_opt()
}

/// Installs cargo-nextest and cargo-deny if they are not there.
pub(crate) fn set_up_checks() -> Outcome {
    if output(&mut command("cargo", &["nextest", "--version"])).is_none() {
        install(
            "cargo-nextest",
            "cargo-nextest",
            NEXTEST,
            &["--locked", "--no-default-features", "--features", "default-no-update"],
        )?;
    }
    install("cargo-deny", "cargo-deny", DENY, &["--locked"])
}

/// A program of ours at exactly this version.
fn install(program: &str, package: &str, version: &str, flags: &[&str]) -> Outcome {
    let there = output(&mut command(program, &["--version"])).unwrap_or_default();
    if there.split_whitespace().any(|word| word == version) {
        return Ok(());
    }
    println!("installing {package} {version}");
    let (tools, target) = (cache().join("tools"), cache().join("build"));
    let mut cargo = command("cargo", &["install", package, "--version", version, "--force", "--quiet"]);
    cargo.args(flags).arg("--root").arg(tools).arg("--target-dir").arg(target);
    // Built quickly rather than for speed: they run for seconds.
    for (key, value) in [("OPT_LEVEL", "1"), ("DEBUG", "0"), ("LTO", "off"), ("CODEGEN_UNITS", "16")] {
        cargo.env(format!("CARGO_PROFILE_RELEASE_{key}"), value);
    }
    run(&mut cargo)
}

/// wasm-opt, from npm, where the tools are.
fn wasm_opt() -> Outcome {
    let link = cache().join("tools/bin/wasm-opt");
    let home = cache().join("npm");
    let program = home.join("node_modules/binaryen/bin/wasm-opt");
    let described = fs::read_to_string(home.join("node_modules/binaryen/package.json")).unwrap_or_default();
    if link.exists() && program.exists() && described.contains(&format!("\"version\": \"{BINARYEN}\"")) {
        return Ok(());
    }
    fs::create_dir_all(&home).map_err(|e| format!("{}: {e}", home.display()))?;
    let package = format!("binaryen@{BINARYEN}");
    let mut npm = command("npm", &["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", &package]);
    run(npm.current_dir(&home))?;
    // A link that points nowhere is in the way.
    if fs::symlink_metadata(&link).is_ok() {
        fs::remove_file(&link).map_err(|e| format!("{}: {e}", link.display()))?;
    }
    std::os::unix::fs::symlink(&program, &link).map_err(|e| format!("{}: {e}", link.display()))
}

/// The version of a package in Cargo.lock.
fn locked(package: &str) -> Outcome<String> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).map_err(|e| format!("Cargo.lock: {e}"))?;
    let mark = format!("name = \"{package}\"\nversion = \"");
    let rest = lock.split_once(&mark).ok_or_else(|| format!("Cargo.lock does not name {package}"))?.1;
    Ok(rest.chars().take_while(|c| *c != '"').collect())
}
