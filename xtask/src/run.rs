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
    cache_of(|name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
}

/// The place that these variables name; a relative one counts from the root, for programs run in several folders.
fn cache_of(variable: impl Fn(&str) -> Option<PathBuf>) -> PathBuf {
    let home = || variable("HOME").unwrap_or_default().join(".cache");
    let place =
        variable("HILUM_TOOLS").unwrap_or_else(|| variable("XDG_CACHE_HOME").unwrap_or_else(home).join("hilum"));
    root().join(place)
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

#[cfg(test)]
mod tests {
    use super::{cache_of, root};
    use std::path::PathBuf;

    #[test]
    fn tools_are_kept_where_the_nearest_variable_says() {
        let with = |set: &[(&str, &str)]| {
            cache_of(|name| set.iter().find(|(set, _)| *set == name).map(|(_, value)| PathBuf::from(value)))
        };
        assert_eq!(with(&[("HOME", "/h")]), PathBuf::from("/h/.cache/hilum"));
        assert_eq!(with(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")]), PathBuf::from("/x/hilum"));
        assert_eq!(with(&[("XDG_CACHE_HOME", "/x"), ("HILUM_TOOLS", "/t")]), PathBuf::from("/t"));
        assert_eq!(with(&[("HILUM_TOOLS", "kept")]), root().join("kept"));
    }
}
