//! Running other programs: say what runs, stop at what fails.

use std::path::Path;
use std::process::{Command, Stdio};

/// How a chore ended: nothing, or the one line that says what went wrong.
pub type Outcome<T = ()> = Result<T, String>;

/// A command line in the repository's root.
pub fn command(program: impl AsRef<Path>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program.as_ref());
    command.args(arguments).current_dir(root());
    command
}

/// `cargo` with arguments, in the repository's root.
pub fn cargo(arguments: &[&str]) -> Command {
    command(std::env::var_os("CARGO").as_deref().map_or(Path::new("cargo"), Path::new), arguments)
}

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn line(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    command.get_args().fold(name, |line, argument| line + " " + &argument.to_string_lossy())
}

/// Runs to the end.
///
/// # Errors
/// When the program cannot start or does not end well.
pub fn run(mut command: Command) -> Outcome {
    let said = line(&command);
    println!("$ {said}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{said}` ended with {status}")),
        Err(e) => Err(format!("`{said}` could not be started: {e}")),
    }
}

/// What a program prints, if it ends well.
pub fn output(mut command: Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok().filter(|o| o.status.success())?;
    String::from_utf8(output.stdout).ok()
}

/// Whether a program answers `--version`, or at least starts.
pub fn is_there(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}
