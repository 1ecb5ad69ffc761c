//! What building and testing need, brought to the machine once and kept in a cache.
//!
//! Everything lands in `$HILUM_TOOLS`, else `$XDG_CACHE_HOME/hilum`, else `~/.cache/hilum`: `tools/` holds programs,
//! `venv/` the Python that judges exported objects. Debian packages come through `apt-get` where it may be used.

use crate::process::{Outcome, command, is_there, output, root, run};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

/// Bundles the page; 0.22 asks for a newer compiler than the pinned one.
const TRUNK: &str = "0.21.14";
const NEXTEST: &str = "0.9.151";
const CARGO_DENY: &str = "0.20.2";

/// Debian packages of the tests, each with a file that shows it is installed.
const PACKAGES: [(&str, &str); 7] = [
    ("chromium", "/usr/bin/chromium"),
    ("chromium-driver", "/usr/bin/chromedriver"),
    ("orthanc", "/usr/sbin/Orthanc"),
    ("orthanc-dicomweb", "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"),
    ("dicom3tools", "/usr/bin/dciodvfy"),
    ("mesa-vulkan-drivers", "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json"),
    ("libvulkan1", "/usr/lib/x86_64-linux-gnu/libvulkan.so.1"),
];

/// Where tools are kept.
pub fn cache() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set("HILUM_TOOLS")
        .or_else(|| set("XDG_CACHE_HOME").map(|c| c.join("hilum")))
        .or_else(|| set("HOME").map(|h| h.join(".cache/hilum")))
        .unwrap_or_else(|| root().join("target/hilum"))
}

/// Where the programs of the cache lie.
pub fn bin() -> PathBuf {
    cache().join("tools/bin")
}

/// The Python with the validators' libraries.
pub fn python() -> PathBuf {
    cache().join("venv/bin/python")
}

/// `PATH` with the cache's programs in front.
pub fn search_path() -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(bin()).chain(std::env::split_paths(&path))).unwrap_or(path)
}

/// Whether a program of the cache or of the machine answers with this version.
fn has_version(program: &str, arguments: &[&str], version: &str) -> bool {
    let mut ask = Command::new(program);
    ask.args(arguments).env("PATH", search_path()).env("TRUNK_SKIP_VERSION_CHECK", "true");
    output(ask).is_some_and(|said| said.split_whitespace().any(|word| word == version))
}

/// The version of wasm-bindgen in Cargo.lock: its command-line part must be the same.
fn locked_wasm_bindgen() -> Outcome<String> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).map_err(|e| format!("Cargo.lock: {e}"))?;
    let mut lines = lock.lines().skip_while(|line| *line != "name = \"wasm-bindgen\"").skip(1);
    lines
        .next()
        .and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        .map(str::to_owned)
        .ok_or_else(|| "Cargo.lock names no wasm-bindgen".to_owned())
}

/// Builds a program from the registry: quick to build rather than quick to run.
fn install(name: &str, version: &str, options: &[&str]) -> Outcome {
    let mut command = Command::new("cargo");
    command
        .args(["install", "--quiet", &format!("{name}@{version}")])
        .args(options)
        .arg("--root")
        .arg(cache().join("tools"))
        .arg("--target-dir")
        .arg(cache().join("build"))
        .current_dir(root())
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    run(command)
}

/// The compiler's wasm32 part, where rustup manages the compiler.
fn wasm_target() -> Outcome {
    let installed = |text: String| text.lines().any(|line| line.trim() == "wasm32-unknown-unknown");
    let list = command("rustup", &["target", "list", "--installed"]);
    match output(list) {
        Some(text) if installed(text.clone()) => Ok(()),
        Some(_) => run(command("rustup", &["target", "add", "wasm32-unknown-unknown"])),
        None if is_there("rustc") => Ok(()), // a compiler of the distribution
        None => Err("no Rust compiler is installed: see https://rustup.rs".to_owned()),
    }
}

/// What `build` needs: the wasm32 target, wasm-bindgen and Trunk.
///
/// # Errors
/// When something is missing and cannot be installed.
pub fn bundler() -> Outcome {
    wasm_target()?;
    let wasm_bindgen = locked_wasm_bindgen()?;
    if !has_version("wasm-bindgen", &["--version"], &wasm_bindgen) {
        // Not `--locked`: its lock file may name versions that are withdrawn.
        install("wasm-bindgen-cli", &wasm_bindgen, &[])?;
    }
    if !has_version("trunk", &["--version"], TRUNK) {
        install("trunk", TRUNK, &["--locked", "--no-default-features"])?;
    }
    Ok(())
}

fn checkers() -> Outcome {
    if !is_there("cargo-nextest") && !bin().join("cargo-nextest").exists() {
        install("cargo-nextest", NEXTEST, &["--locked", "--no-default-features", "--features", "default-no-update"])?;
    }
    if !has_version("cargo-deny", &["--version"], CARGO_DENY) {
        install("cargo-deny", CARGO_DENY, &["--locked", "--no-default-features"])?;
    }
    Ok(())
}

fn packages() -> Outcome {
    let missing: Vec<&str> =
        PACKAGES.iter().filter(|(_, file)| !Path::new(file).exists()).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let root_user = output(command("id", &["-u"])).is_some_and(|id| id.trim() == "0");
    if !is_there("apt-get") || !(root_user || is_there("sudo")) {
        return Err(format!("please install (Debian names): {}", missing.join(" ")));
    }
    let apt = |arguments: &[&str]| {
        let mut command = if root_user { Command::new("apt-get") } else { Command::new("sudo") };
        if !root_user {
            command.arg("apt-get");
        }
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        run(command)
    };
    apt(&["update", "--quiet"])?;
    apt(&[&["install", "--quiet", "--yes", "--no-install-recommends"], missing.as_slice()].concat())
}

fn validators() -> Outcome {
    let requirements = root().join("tests/validators/requirements.txt");
    let wanted = std::fs::read(&requirements).map_err(|e| format!("{}: {e}", requirements.display()))?;
    let stamp = cache().join("venv/requirements.txt");
    if std::fs::read(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    let mut venv = command("python3", &["-m", "venv"]);
    venv.arg(cache().join("venv"));
    run(venv).map_err(|e| format!("{e} (Debian: python3-venv)"))?;
    let mut pip =
        command(python(), &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    pip.arg(&requirements);
    run(pip)?;
    std::fs::write(&stamp, wanted).map_err(|e| format!("{}: {e}", stamp.display()))
}

fn browser_driver() -> Outcome {
    let folder = root().join("tests/browser");
    let lock =
        std::fs::read(folder.join("package-lock.json")).map_err(|e| format!("tests/browser/package-lock.json: {e}"))?;
    let stamp = folder.join("node_modules/.installed-lock.json");
    if std::fs::read(&stamp).is_ok_and(|there| there == lock) {
        return Ok(());
    }
    let mut npm = command("npm", &["ci", "--no-audit", "--no-fund", "--silent"]);
    npm.current_dir(&folder);
    run(npm).map_err(|e| format!("{e} (Node 20 or newer is needed)"))?;
    std::fs::write(&stamp, lock).map_err(|e| format!("{}: {e}", stamp.display()))
}

/// Everything, side by side: compiled tools, Debian packages, the Python environment, the browser driver.
///
/// # Errors
/// The first thing that is missing and cannot be installed.
pub fn everything() -> Outcome {
    std::fs::create_dir_all(cache()).map_err(|e| format!("{}: {e}", cache().display()))?;
    thread::scope(|scope| {
        let parts = [
            scope.spawn(|| bundler().and_then(|()| checkers())),
            scope.spawn(packages),
            scope.spawn(validators),
            scope.spawn(browser_driver),
        ];
        let mut outcome = Ok(());
        for part in parts {
            let end = part.join().unwrap_or_else(|_| Err("a part of the set-up stopped".to_owned()));
            outcome = outcome.and(end);
        }
        outcome
    })
}
