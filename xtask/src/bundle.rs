//! The page as files that any web server can hand out: `dist/`.

use crate::process::{Outcome, command, root, run};
use crate::setup;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the finished page.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// Builds `dist/`. Options: `--dev` for a quick build, `--connect-src ORIGIN` for each server the page may talk to
/// besides its own (also `HILUM_CONNECT_SRC`, separated by spaces).
///
/// # Errors
/// When a tool is missing, the build fails, or the result would not run in a browser.
pub fn build(options: &[&str]) -> Outcome {
    let mut release = true;
    let mut origins: Vec<String> =
        std::env::var("HILUM_CONNECT_SRC").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--dev" => release = false,
            "--connect-src" => match options.next() {
                Some(origin) => origins.push((*origin).to_owned()),
                None => return Err("--connect-src wants an origin, such as https://pacs.example".to_owned()),
            },
            other => return Err(format!("build has no option {other}")),
        }
    }
    for origin in &origins {
        check_origin(origin)?;
    }
    setup::bundler()?;
    let mut trunk = Command::new("trunk");
    trunk
        .args(["build", "--offline", "--color", "never"])
        .args(release.then_some("--release"))
        .current_dir(root())
        .env("PATH", setup::search_path())
        .env("TRUNK_SKIP_VERSION_CHECK", "true")
        .env_remove("NO_COLOR");
    run(trunk)?;
    allow_origins(&dist().join("index.html"), &origins)?;
    let mut look = command("node", &["xtask/bundle.mjs", "dist"]);
    look.args(release.then_some("compress"));
    run(look)
}

/// An origin and nothing else: it becomes part of a policy.
fn check_origin(origin: &str) -> Outcome {
    let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let sound = |host: &str| {
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']'))
    };
    match rest {
        Some(host) if sound(host) => Ok(()),
        _ => Err(format!("not an origin such as https://pacs.example: {origin}")),
    }
}

fn allow_origins(page: &Path, origins: &[String]) -> Outcome {
    let said = |e| format!("{}: {e}", page.display());
    let text = std::fs::read_to_string(page).map_err(said)?;
    let place = "connect-src 'self' %CONNECT_SRC%";
    if !text.contains(place) {
        return Err(format!("{}: no place for the allowed origins", page.display()));
    }
    let allowed = origins.iter().fold("connect-src 'self'".to_owned(), |all, origin| all + " " + origin);
    std::fs::write(page, text.replace(place, &allowed)).map_err(said)
}
