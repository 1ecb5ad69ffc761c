//! Running other programs, and finding places.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Why a chore stopped.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map(PathBuf::from).unwrap_or_default()
}

/// Where tools and environments are kept: they outlive `target/`.
pub(crate) fn cache() -> PathBuf {
    if let Some(chosen) = std::env::var_os("HILUM_TOOLS") {
        return chosen.into();
    }
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache");
    base.unwrap_or_else(home).join("hilum")
}

/// A program in the repository's root, with our tools first on the path.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    let path = std::env::var("PATH").unwrap_or_default();
    command
        .args(arguments)
        .current_dir(root())
        .env("PATH", format!("{}:{path}", cache().join("tools/bin").display()))
        .env("TRUNK_SKIP_VERSION_CHECK", "true")
        // This program was started by cargo; what it starts begins anew.
        .env_remove("CARGO_MANIFEST_DIR")
        .env_remove("CARGO_PKG_NAME");
    command
}

/// Runs to its end; fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let name = format!("{:?}", command.get_program());
    let status = command.status().map_err(|e| format!("{name} cannot be run: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{name} failed ({status})")) }
}

/// What a program prints, trimmed; `None` if it is not there or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
